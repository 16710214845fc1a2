//! The ceremony of one holder, as a function of (state, event).
//!
//! * Comes in: what the board shows, the deadline, the coordinator's giving up; keys and randomness as parameters.
//! * Goes out: the state after it, with the posts that are due in its outbox, and effects for the shell.
//! * Never sees: the board, the store, a clock. Trusts: [`Sightings`] to hold only what holders have signed.
//! * Fails: into [`Stage::Failed`], with names; secrets are dropped there.
//!
//! ```text
//! accepted ──opens──▶ opened ──all openings──▶ echoed ──all agree──▶ dealt ──all fit──▶ endorsed ──all signed──▶ done
//!                                                                      └─sum─▶ summed ──the loser has signed──────▲
//!
//! accepted, opened, echoed, dealt, summed ── a finding, a complaint, the deadline, given up, superseded ──▶ failed
//! endorsed ── a finding, a complaint, the deadline, given up ──▶ endorsed, and the trouble is shown: the first, but
//!                                                                a finding of one's own takes the place of lateness
//! endorsed ── superseded ──▶ failed
//! ```
//!
//! In every step what this holder finds by itself comes before what others complain of: it has seen it, and they may
//! have found the same. Nothing is said or dealt while there is trouble on the board.
//!
//! An endorsement counts once it stands on the board, this holder's own too: a key is used only where all can see that all
//! have signed.
//!
//! The shell stores the state before a post of its outbox leaves. Once a holder has endorsed, others may already have all
//! endorsements: so from then on trouble is noted and shown, but the share is kept until the last endorsement arrives
//! or another ceremony for the same key takes this one's place. So it is with a refresh: until the last endorsement is seen
//! the old share stays and answers, and from then on the new one; whoever is late sees the same endorsements later. A repair
//! has one endorsement, that of the holder whose share it was: it fits, or nobody has lost anything.

use lianfang_proto::documents::ceremony::Phase;
use lianfang_proto::documents::key_record::{EndorsedKeyRecord, KeyRecord};
use lianfang_proto::ids::BankId;
use lianfang_trust::{Canonical, SigningKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::body::{Echo, Opening};
use super::dealing::{self, Secrets, Table};
use super::failure::{Failure, Reason};
use super::papers::Papers;
use super::plan::{Plan, Role};
use super::sightings::Sightings;
use crate::key_holder::vault::ActiveKey;

mod endorse;

use endorse::{conclude, endorse, repaired};

/// How far this holder is.
pub enum Stage {
    /// Accepted; nothing is signed.
    Accepted,
    /// The opening is out.
    Opened {
        /// From which everything of this holder follows.
        secrets: Secrets,
    },
    /// All openings are in, the echo is out.
    Echoed {
        /// As before.
        secrets: Secrets,
        /// By position.
        openings: Vec<Opening>,
    },
    /// All have seen the same; the sealed packages are out.
    Dealt {
        /// As before.
        secrets: Secrets,
        /// By position.
        openings: Vec<Opening>,
    },
    /// A helper's sum for the holder whose share is repaired is out; whether it fits is awaited.
    Summed,
    /// The share is made, the endorsement of the record is out.
    Endorsed {
        /// The share in `crypto`'s encoding.
        share: Zeroizing<Vec<u8>>,
        /// What all are to sign.
        record: Box<KeyRecord>,
        /// What has gone wrong since; it does not undo the endorsement.
        trouble: Option<Failure>,
    },
    /// All have signed; the share is in the vault.
    Done {
        /// The record.
        record: Box<KeyRecord>,
    },
    /// It ended without a key.
    Failed(Failure),
}

impl Stage {
    /// The stable word for it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Opened { .. } => "opened",
            Self::Echoed { .. } => "echoed",
            Self::Dealt { .. } => "dealt",
            Self::Summed => "summed",
            Self::Endorsed { .. } => "endorsed",
            Self::Done { .. } => "done",
            Self::Failed(_) => "failed",
        }
    }
}

/// One ceremony of this holder.
pub struct State {
    /// The plan and the posts.
    pub papers: Papers,
    /// How far it is.
    pub stage: Stage,
}

/// What happens to a ceremony.
pub enum Event<'a> {
    /// What the board shows now.
    Board(&'a Sightings),
    /// The deadline has passed, and this is what the board shows.
    Deadline(&'a Sightings),
    /// The coordinator has given the ceremony up.
    GivenUp(Failure),
    /// Another ceremony for the same key takes its place.
    Superseded,
}

/// What the shell is to do besides storing the state.
pub enum Effect {
    /// Put the share into the vault, before the state without it is stored.
    Activate {
        /// In `crypto`'s encoding.
        share: Zeroizing<Vec<u8>>,
        /// Signed by all holders.
        record: Box<EndorsedKeyRecord>,
    },
    /// Put the repaired share of a record that is known into the vault, with its counters full.
    Restore {
        /// In `crypto`'s encoding.
        share: Zeroizing<Vec<u8>>,
        /// The record.
        record: Box<KeyRecord>,
    },
    /// The share that this holder has helped to repair fits.
    Repaired,
    /// The ceremony has ended without a key.
    Ended(Failure),
}

/// What a step works with.
pub struct Hands<'a> {
    /// By which this holder signs.
    pub identity: &'a SigningKey,
    /// The share that it answers with in the ceremony's class and epoch.
    pub held: Option<&'a ActiveKey>,
    /// Chance.
    pub rng: &'a mut dyn CryptoRng,
}

impl State {
    /// A ceremony that this holder has accepted.
    pub fn new(plan: Plan) -> Self {
        Papers { plan, outbox: Vec::new() }.at(Stage::Accepted)
    }

    /// The holders whose post is awaited in this stage.
    pub fn awaited(&self, board: &Sightings) -> Vec<BankId> {
        let plan = &self.papers.plan;
        let (phase, from) = match &self.stage {
            Stage::Accepted | Stage::Opened { .. } => (Phase::RoundOne, plan.participants()),
            Stage::Echoed { .. } => (Phase::Echo, plan.participants()),
            Stage::Dealt { .. } => plan.awaited_sealed(),
            Stage::Summed | Stage::Endorsed { .. } => (Phase::Endorse, plan.endorsers()),
            Stage::Done { .. } | Stage::Failed(_) => return Vec::new(),
        };
        let silent = from.into_iter().filter(|at| *at != plan.me() && board.body(phase, *at).is_none());
        silent.map(|at| plan.seats()[at].bank.clone()).collect()
    }

    /// What has gone wrong, if something has.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.stage {
            Stage::Failed(failure) => Some(failure),
            Stage::Endorsed { trouble, .. } => trouble.as_ref(),
            Stage::Accepted
            | Stage::Opened { .. }
            | Stage::Echoed { .. }
            | Stage::Dealt { .. }
            | Stage::Summed
            | Stage::Done { .. } => None,
        }
    }

    fn missing(&self, board: &Sightings) -> Failure {
        Failure { reason: Reason::Missing, culprits: self.awaited(board), reporter: None }
    }

    /// The end without a key; the stage's secrets are dropped with it.
    fn end(self, failure: Failure) -> Applied {
        let effect = Effect::Ended(failure.clone());
        (self.papers.at(Stage::Failed(failure)), vec![effect])
    }
}

/// The ways from one stage to the next.
impl Papers {
    fn at(self, stage: Stage) -> State {
        State { papers: self, stage }
    }

    /// The next stage, with what is to be said on entering it.
    fn go_on(mut self, stage: Stage, posts: Vec<Said>, hands: &Hands<'_>) -> Applied {
        for (phase, to, body) in posts {
            self.say(phase, to, body, hands.identity);
        }
        (self.at(stage), Vec::new())
    }

    /// The end by a finding; if it is our own, the others are told.
    fn fail(mut self, failure: Failure, hands: &Hands<'_>) -> Applied {
        self.complain(&failure, hands.identity);
        let effect = Effect::Ended(failure.clone());
        (self.at(Stage::Failed(failure)), vec![effect])
    }
}

/// The state after `event`, and what the shell is to do.
pub fn apply(state: State, event: Event<'_>, hands: &mut Hands<'_>) -> Applied {
    let State { papers, stage } = state;
    match (stage, event) {
        (Stage::Accepted, Event::Board(board)) => open(papers, board, hands),
        (Stage::Opened { secrets }, Event::Board(board)) => echo(papers, board, secrets, hands),
        (Stage::Echoed { secrets, openings }, Event::Board(board)) => {
            deal(papers, board, secrets, openings, hands)
        }
        (Stage::Dealt { secrets, openings }, Event::Board(board)) if papers.plan.role() == Role::Helper => {
            sum(papers, board, secrets, openings, hands)
        }
        (Stage::Dealt { secrets, openings }, Event::Board(board)) => {
            endorse(papers, board, secrets, openings, hands)
        }
        (Stage::Summed, Event::Board(board)) => repaired(papers, board, hands),
        (Stage::Endorsed { share, record, trouble }, Event::Board(board)) => {
            conclude(papers, board, share, record, trouble, hands)
        }
        (Stage::Endorsed { share, record, trouble }, Event::Deadline(board)) => {
            let state = papers.at(Stage::Endorsed { share, record, trouble: None });
            let trouble = trouble.unwrap_or_else(|| state.missing(board));
            note(state, trouble)
        }
        (Stage::Endorsed { share, record, trouble }, Event::GivenUp(failure)) => {
            note(papers.at(Stage::Endorsed { share, record, trouble: None }), trouble.unwrap_or(failure))
        }
        (
            stage @ (Stage::Accepted
            | Stage::Opened { .. }
            | Stage::Echoed { .. }
            | Stage::Dealt { .. }
            | Stage::Summed),
            Event::Deadline(board),
        ) => {
            let state = papers.at(stage);
            let failure = state.missing(board);
            state.end(failure)
        }
        (
            stage @ (Stage::Accepted
            | Stage::Opened { .. }
            | Stage::Echoed { .. }
            | Stage::Dealt { .. }
            | Stage::Summed),
            Event::GivenUp(failure),
        ) => papers.at(stage).end(failure),
        (
            stage @ (Stage::Accepted
            | Stage::Opened { .. }
            | Stage::Echoed { .. }
            | Stage::Dealt { .. }
            | Stage::Summed
            | Stage::Endorsed { .. }),
            Event::Superseded,
        ) => papers.at(stage).end(Failure::nobodys(Reason::Superseded)),
        (
            stage @ (Stage::Done { .. } | Stage::Failed(_)),
            Event::Board(_) | Event::Deadline(_) | Event::GivenUp(_) | Event::Superseded,
        ) => (papers.at(stage), Vec::new()),
    }
}

type Applied = (State, Vec<Effect>);
type Said = (Phase, Option<usize>, Vec<u8>);

/// Trouble after the endorsement is shown, and changes nothing else.
fn note(mut state: State, failure: Failure) -> Applied {
    if let Stage::Endorsed { trouble, .. } = &mut state.stage {
        *trouble = Some(failure);
    }
    (state, Vec::new())
}

fn open(papers: Papers, board: &Sightings, hands: &mut Hands<'_>) -> Applied {
    let secrets = Secrets::draw(hands.rng);
    let opening = dealing::open(&papers.plan, &secrets, hands.held);
    match opening.and_then(|opening| papers.no_trouble(board).map(|()| opening)) {
        Ok((sealing, package)) => {
            let opening = Opening::sign(&papers.plan, sealing, package, hands.identity).encode();
            papers.go_on(Stage::Opened { secrets }, vec![(Phase::RoundOne, None, opening)], hands)
        }
        Err(failure) => papers.fail(failure, hands),
    }
}

fn echo(papers: Papers, board: &Sightings, secrets: Secrets, hands: &Hands<'_>) -> Applied {
    let echo = |papers: &Papers| {
        let Some(openings) = papers.gathered::<Opening>(Phase::RoundOne, board, Reason::OpeningMalformed)?
        else {
            return papers.no_trouble(board).map(|()| None);
        };
        let view = dealing::view(&papers.plan, &openings)?;
        papers.no_trouble(board)?;
        let echo = Echo::of(view.digest(), &openings).encode();
        Ok(Some((openings, echo)))
    };
    match echo(&papers) {
        Ok(Some((openings, echo))) => {
            papers.go_on(Stage::Echoed { secrets, openings }, vec![(Phase::Echo, None, echo)], hands)
        }
        Ok(None) => (papers.at(Stage::Opened { secrets }), Vec::new()),
        Err(failure) => papers.fail(failure, hands),
    }
}

fn deal(
    papers: Papers,
    board: &Sightings,
    secrets: Secrets,
    openings: Vec<Opening>,
    hands: &mut Hands<'_>,
) -> Applied {
    let mut deal = |papers: &Papers| {
        let Some(echoes) = papers.gathered::<Echo>(Phase::Echo, board, Reason::EchoMalformed)? else {
            return papers.no_trouble(board).map(|()| None);
        };
        dealing::agree(&papers.plan, &openings, &echoes)?;
        let table = Table { plan: &papers.plan, openings: &openings, secrets: &secrets, held: hands.held };
        let packages = table.deal(hands.rng)?;
        papers.no_trouble(board).map(|()| Some(packages))
    };
    match deal(&papers) {
        Ok(Some(packages)) => {
            let posts = packages.into_iter().map(|(to, body)| (Phase::RoundTwo, Some(to), body)).collect();
            papers.go_on(Stage::Dealt { secrets, openings }, posts, hands)
        }
        Ok(None) => (papers.at(Stage::Echoed { secrets, openings }), Vec::new()),
        Err(failure) => papers.fail(failure, hands),
    }
}

/// The sealed messages to this holder that the stage waits for, once all are there.
fn sealed<'a>(papers: &Papers, board: &'a Sightings) -> Option<Vec<(usize, &'a [u8])>> {
    let (phase, from) = papers.plan.awaited_sealed();
    from.into_iter().map(|at| board.body(phase, at).map(|body| (at, body))).collect()
}

fn sum(
    papers: Papers,
    board: &Sightings,
    secrets: Secrets,
    openings: Vec<Opening>,
    hands: &mut Hands<'_>,
) -> Applied {
    let mut sum = |papers: &Papers| {
        let Some(sealed) = sealed(papers, board) else { return papers.no_trouble(board).map(|()| None) };
        let table = Table { plan: &papers.plan, openings: &openings, secrets: &secrets, held: hands.held };
        let summed = table.sum(&sealed, hands.rng)?;
        papers.no_trouble(board).map(|()| Some(summed))
    };
    match sum(&papers) {
        Ok(Some((loser, body))) => {
            papers.go_on(Stage::Summed, vec![(Phase::RoundThree, Some(loser), body)], hands)
        }
        Ok(None) => (papers.at(Stage::Dealt { secrets, openings }), Vec::new()),
        Err(failure) => papers.fail(failure, hands),
    }
}
