//! Ceremonies that three holders play with `apply` alone. Every stage that one of them passes through is kept, and can be
//! begun from again under any board.

use lianfang_proto::documents::ceremony::Complaint;
use lianfang_proto::ids::Epoch;
use lianfang_proto::listed;
use zeroize::Zeroizing;

use super::*;
use crate::ceremony::failure::{Failure, Reason};
use crate::ceremony::plan::{Known, Plan};
use crate::ceremony::sightings::Sightings;
use crate::ceremony::state::{Effect, Event, Hands, Stage, State, apply};
use crate::ceremony::stored;
use crate::key_holder::vault::ActiveKey;

pub(super) const HOLDERS: usize = 3;

/// Phases in the order in which holders come to them.
const ORDER: [Phase; 6] =
    [Phase::RoundOne, Phase::Echo, Phase::RoundTwo, Phase::RoundThree, Phase::Endorse, Phase::Complaint];

/// More turns than any ceremony among the honest takes.
const TURNS: usize = 9;

listed! {
    /// What a holder does, and in what.
    pub(super) enum Part {
        /// Deals when a key is made.
        Maker,
        /// Deals when its shares are renewed.
        Refresher,
        /// Has its share repaired.
        Loser,
        /// Helps to repair.
        Helper,
    }
}

listed! {
    /// How far a holder is: the stages, and apart from the rest an endorsement over which there is trouble.
    pub(super) enum At {
        Accepted,
        Opened,
        Echoed,
        Dealt,
        Summed,
        Endorsed,
        /// Endorsed, and somebody is late, or nobody waits any more.
        Troubled,
        /// Endorsed, and this holder has found somebody to have done wrong.
        Accusing,
        /// Endorsed, and another says so of somebody.
        Told,
        Done,
        Failed,
    }
}

listed! {
    /// What the board shows of the posts that are awaited.
    pub(super) enum Shown {
        /// All but the last one's.
        Little,
        /// All of them.
        Enough,
        /// All of them, and the last one's is not of its form.
        Wrong,
        /// All of them; but the share that this holder begins from is here no longer.
        Shareless,
        /// All of them; but none of this holder's own, which are on their way.
        Unheard,
    }
}

listed! {
    /// What it shows besides.
    pub(super) enum Voice {
        /// Nothing.
        Quiet,
        /// Another holder's complaint.
        Complaint,
        /// A second, different opening of another holder.
        Twice,
        /// An opening of this holder that it knows nothing of.
        Strange,
    }
}

/// Who matters in a stage.
#[derive(Clone, Copy)]
pub(super) struct Cast {
    /// Whose stage it is.
    pub(super) me: usize,
    /// The last of those whose posts are awaited: the one that is missing, or lies.
    pub(super) last: usize,
    /// The one that complains, or has signed two openings.
    pub(super) third: usize,
    /// What is awaited.
    pub(super) phase: Phase,
}

impl At {
    pub(super) const fn of(stage: &Stage) -> Self {
        match stage {
            Stage::Accepted => Self::Accepted,
            Stage::Opened { .. } => Self::Opened,
            Stage::Echoed { .. } => Self::Echoed,
            Stage::Dealt { .. } => Self::Dealt,
            Stage::Summed => Self::Summed,
            Stage::Endorsed { trouble: None, .. } => Self::Endorsed,
            Stage::Endorsed {
                trouble: Some(Failure { reason: Reason::Missing | Reason::GivenUp, .. }),
                ..
            } => Self::Troubled,
            Stage::Endorsed { trouble: Some(Failure { reporter: None, .. }), .. } => Self::Accusing,
            Stage::Endorsed { trouble: Some(Failure { reporter: Some(_), .. }), .. } => Self::Told,
            Stage::Done { .. } => Self::Done,
            Stage::Failed(_) => Self::Failed,
        }
    }
}

/// One ceremony, played to its end among the honest.
pub(super) struct Play {
    /// Whose stages are kept.
    pub(super) me: usize,
    /// Those stages, as they are stored.
    pub(super) passed: Vec<Zeroizing<Vec<u8>>>,
    banks: Vec<BankId>,
    identities: Vec<Arc<SigningKey>>,
    held: Vec<Option<Arc<ActiveKey>>>,
    posts: Vec<Notice>,
}

impl Play {
    /// Holders that have made the key of this record play another ceremony, in which one of them has this part.
    pub(super) fn new(world: &World, drivers: &[Driver], record: &KeyRecord, part: Part) -> Self {
        let repair = || world.repair(2, record, 0, &[1, 2]);
        let (proposal, me) = match part {
            Part::Maker => (world.proposal(2, 2, KeyId { epoch: Epoch(2), ..KEY }), 0),
            Part::Refresher => (world.refresh(2, record), 0),
            Part::Loser => (repair(), 0),
            Part::Helper => (repair(), 1),
        };
        let lost = match &proposal.task {
            Task::Repair { lost, .. } => Some(lost),
            Task::Generate | Task::Refresh { .. } => None,
        };
        let (class, epoch) = (proposal.key.class, proposal.key.epoch);
        let share =
            |driver: &Driver| driver.vault.current(class, epoch).filter(|_| lost != Some(&driver.bank));
        let held: Vec<Option<Arc<ActiveKey>>> = drivers.iter().map(share).collect();
        let plan = |at: usize| {
            let known = Known {
                newest: Some(KEY.epoch),
                record: proposal.task.record().map(|_| record.clone()),
                share: held[at].as_ref().map(|held| held.key()),
                closed: false,
                roster: None,
            };
            Plan::accept(proposal.clone(), &world.parties[at].bank, &*world.members, known, 0).unwrap()
        };
        let states: Vec<State> = (0..HOLDERS).map(plan).map(State::new).collect();
        let banks = world.parties.iter().map(|party| party.bank.clone()).collect();
        let identities = world.parties.iter().map(|party| party.identity.clone()).collect();
        let mut play = Self { me, passed: Vec::new(), banks, identities, held, posts: Vec::new() };
        play.run(states);
        play
    }

    fn run(&mut self, mut states: Vec<State>) {
        self.passed.push(stored::write(&states[self.me]));
        for _ in 0..TURNS {
            let before = std::mem::take(&mut states);
            for (at, state) in before.into_iter().enumerate() {
                let (stage, said) = (state.stage.code(), state.papers.outbox.len());
                let posts: Vec<Vec<u8>> = self.posts.iter().map(|old| old.bytes.clone()).collect();
                let board = Sightings::read(&state.papers.plan, &posts);
                let (state, _) = self.step(at, state, Event::Board(&board), false);
                let new = state.papers.outbox[said..].iter().map(|own| notice(own.post.bytes()));
                self.posts.extend(new);
                if at == self.me && state.stage.code() != stage {
                    self.passed.push(stored::write(&state));
                }
                states.push(state);
            }
        }
        assert!(states.iter().all(|state| matches!(state.stage, Stage::Done { .. })), "it has ended well");
    }

    pub(super) fn bank(&self, at: usize) -> &BankId {
        &self.banks[at]
    }

    /// The holder as it was kept.
    pub(super) fn read(&self, kept: &[u8]) -> State {
        stored::read(kept, &self.banks[self.me]).unwrap()
    }

    /// One event at the holder at this position.
    pub(super) fn step(
        &self,
        at: usize,
        state: State,
        event: Event<'_>,
        shareless: bool,
    ) -> (State, Vec<Effect>) {
        let mut rng = Ports::system().chance.rng();
        let held = self.held[at].as_deref().filter(|_| !shareless);
        apply(state, event, &mut Hands { identity: &self.identities[at], held, rng: &mut *rng })
    }

    /// A board of this ceremony, up to the phase that is awaited.
    pub(super) fn board(&self, state: &State, cast: Cast, shown: Shown, voice: Voice) -> Sightings {
        let plan = &state.papers.plan;
        let (me, last) = (self.bank(cast.me), self.bank(cast.last));
        let all = match shown {
            Shown::Enough | Shown::Shareless | Shown::Unheard => true,
            Shown::Little | Shown::Wrong => false,
        };
        let place = |phase: Phase| ORDER.iter().position(|other| *other == phase);
        let stands = |old: &&Notice| {
            let Post { from, phase, .. } = &old.post;
            let awaited = *phase == cast.phase && from == last;
            from != me && place(*phase) <= place(cast.phase) && (all || !awaited)
        };
        let mut posts = Vec::new();
        if voice == Voice::Strange {
            posts.push(self.signed(plan, cast.me, Phase::RoundOne, vec![1]));
        }
        if shown != Shown::Unheard {
            posts.extend(state.papers.outbox.iter().map(|own| own.post.bytes().to_vec()));
        }
        posts.extend(self.posts.iter().filter(stands).map(|old| old.bytes.clone()));
        if shown == Shown::Wrong {
            posts.push(self.signed(plan, cast.last, cast.phase, vec![0; 64]));
        }
        match voice {
            Voice::Quiet | Voice::Strange => {}
            Voice::Complaint => {
                let complaint = Complaint { accused: last.clone(), reason: Reason::PackageWrong.number() };
                posts.push(self.signed(plan, cast.third, Phase::Complaint, complaint.encode()));
            }
            Voice::Twice => posts.push(self.signed(plan, cast.third, Phase::RoundOne, vec![2])),
        }
        Sightings::read(plan, &posts)
    }

    /// A post of this holder, to all or sealed to the one whose stages are kept.
    fn signed(&self, plan: &Plan, from: usize, phase: Phase, body: Vec<u8>) -> Vec<u8> {
        let sealed = matches!(phase, Phase::RoundTwo | Phase::RoundThree);
        let post = Post {
            ceremony: plan.proposal().ceremony,
            proposal_digest: plan.digest(),
            from: self.bank(from).clone(),
            phase,
            to: sealed.then(|| self.bank(self.me).clone()),
            body,
        };
        Signed::sign(&self.identities[from], post).bytes().to_vec()
    }
}
