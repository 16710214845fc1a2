//! One idempotent step of a ceremony against a board.
//!
//! * Comes in: a ceremony's id and a board. Goes out: how far this holder is. Safe to call at any time, again, after any
//!   crash: what is decided is on the disk before it is posted, and what was posted is posted to the byte again.
//! * Never sees: how the board is reached. Trusts: the board with nothing but delivery.
//! * Fails: with a [`StepError`] that leaves the stored state where it was; call again.

use std::sync::Arc;

use async_trait::async_trait;
use lianfang_crypto::share::key_share::KeyShare;
use lianfang_proto::documents::ceremony::{Phase, Proposal};
use lianfang_proto::ids::{BankId, CeremonyId};
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::{Canonical, Signed, SigningKey};
use serde_json::{Value, json};

use super::asked::Questions;
use super::failure::{Failure, Reason};
use super::plan::{Plan, Refusal};
use super::progress::{Progress, progress};
use super::sightings::Sightings;
use super::state::{Effect, Event, Hands, Stage, State, apply};
use super::stored;
use crate::config::Decide;
use crate::key_holder::ledger::{Ledger, LedgerError};
use crate::key_holder::ports::{AuditSink, Members, Noted};
use crate::key_holder::records::{RecordError, Records};
use crate::key_holder::vault::{Vault, VaultError};
use crate::ports::Ports;
use crate::store::{Store, StoreError};

/// What a board shows of one ceremony.
#[derive(Clone, Default)]
pub struct BoardView {
    /// The signed proposal.
    pub proposal: Vec<u8>,
    /// Signed posts: everyone's to all, and what is addressed to this holder.
    pub posts: Vec<Vec<u8>>,
    /// The endorsed record that a refresh or a repair begins from, for a holder that does not have it.
    pub record: Vec<u8>,
    /// Whom the coordinator names, if it has given the ceremony up.
    pub given_up: Option<Vec<BankId>>,
}

/// A notice board: the coordinator's, or one in memory.
#[async_trait]
pub trait Board: Send + Sync {
    /// All that stands on the board of this ceremony, as far as it concerns this holder.
    async fn read(&self, ceremony: CeremonyId) -> Result<BoardView, Fault>;
    /// Posts a signed message. Posting the same bytes again is safe.
    async fn post(&self, ceremony: CeremonyId, post: &[u8]) -> Result<(), Fault>;
}

/// Why a step could not be taken; the state is where it was.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The board cannot be reached, or refuses.
    #[error("the board: {0}")]
    Board(Fault),
    /// The share could not be stored.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Records could not be read.
    #[error(transparent)]
    Records(#[from] RecordError),
    /// The counters of a repaired share could not be filled.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The state could not be stored or read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a ceremony of this node works with.
pub struct Driver {
    /// This node.
    pub bank: BankId,
    /// By which it signs.
    pub identity: Arc<SigningKey>,
    /// Whether it takes part by itself.
    pub policy: Decide,
    /// The pinned roster.
    pub members: Arc<dyn Members>,
    /// Where the share goes.
    pub vault: Vault,
    /// The counters, which are full once the share was lost.
    pub ledger: Ledger,
    /// Where the state is.
    pub store: Store,
    /// The log.
    pub audit: Arc<dyn AuditSink>,
    /// Time and chance.
    pub ports: Ports,
}

impl Driver {
    /// Takes this ceremony as far as it goes with what the board shows now. The runner calls it whenever the board may
    /// have changed, and once after the deadline.
    pub async fn step(&self, ceremony: CeremonyId, board: &dyn Board) -> Result<Progress, StepError> {
        match self.go_on(ceremony, board).await {
            // It may have been closed in the middle of the step: then nothing is kept of the ceremony.
            Err(StepError::Vault(VaultError::Closed)) => Ok(Progress::Refused(Refusal::Closed)),
            Ok(progress) => Ok(progress),
            Err(error) => Err(error),
        }
    }

    async fn go_on(&self, ceremony: CeremonyId, board: &dyn Board) -> Result<Progress, StepError> {
        let stored = stored::load(&self.store, ceremony, &self.bank).await?;
        if let Some(state) = &stored {
            self.look_again(state).await?;
        }
        let view = match board.read(ceremony).await {
            Ok(view) => view,
            // Without the board the deadline still passes.
            Err(fault) => match stored {
                Some(state) if self.is_late(&state) => {
                    // A coordinator that has forgotten the ceremony will never say that it is given up.
                    let forgotten = fault.code == FaultCode::CeremonyUnknown;
                    let after = self.unseen(state, forgotten).await?;
                    return if after.is_over() { Ok(after) } else { Err(StepError::Board(fault)) };
                }
                _ => return Err(StepError::Board(fault)),
            },
        };
        let state = match stored {
            Some(state) => state,
            None => match self.accept(ceremony, &view).await? {
                Ok((state, joined)) => {
                    self.keep(&state, &[joined]).await?;
                    state
                }
                Err(refusal) => return Ok(Progress::Refused(refusal)),
            },
        };
        self.follow(ceremony, state, view, board).await
    }

    /// Does what the board asks for, and posts. Whether this holder's endorsement was the last shows only on the board: so it
    /// is read once more when that has been taken.
    async fn follow(
        &self,
        ceremony: CeremonyId,
        mut state: State,
        mut view: BoardView,
        board: &dyn Board,
    ) -> Result<Progress, StepError> {
        let mut first = true;
        loop {
            let sightings = Sightings::read(&state.papers.plan, &view.posts);
            let given_up = view.given_up.is_some();
            state = self.advance(state, &sightings, view.given_up).await?;
            if first {
                say_again(&mut state, &sightings);
            }
            self.post(&mut state, board).await?;
            let unseen = matches!(state.stage, Stage::Endorsed { .. })
                && sightings.body(Phase::Endorse, state.papers.plan.me()).is_none();
            if !(first && unseen) {
                return Ok(progress(&state, &sightings, given_up));
            }
            first = false;
            match board.read(ceremony).await {
                Ok(newer) => view = newer,
                // It is looked at again in any case.
                Err(_) => return Ok(progress(&state, &sightings, given_up)),
            }
        }
    }

    /// Ceremonies that this holder has joined and that have not ended for it: the board may list them no longer, once
    /// everybody else has seen the last endorsement.
    pub async fn unfinished(&self) -> Result<Vec<CeremonyId>, StepError> {
        Ok(stored::unfinished(&self.store).await?)
    }

    fn is_late(&self, state: &State) -> bool {
        self.ports.clock.now() >= state.papers.plan.proposal().deadline
    }

    async fn unseen(&self, state: State, forgotten: bool) -> Result<Progress, StepError> {
        let nothing = Sightings::default();
        // Who has posted cannot be seen, so nobody is named as missing.
        let state = self.take(state, Event::GivenUp(Failure::nobodys(Reason::Missing))).await?;
        Ok(progress(&state, &nothing, forgotten))
    }

    /// Checks the proposal, and ends what is left of earlier ceremonies for the same key.
    async fn accept(
        &self,
        ceremony: CeremonyId,
        view: &BoardView,
    ) -> Result<Result<(State, Noted<'_>), Refusal>, StepError> {
        let proposal = Signed::<Proposal>::open(&view.proposal, &self.members.coordinator());
        let Some(proposal) = proposal.ok().map(Signed::into_value).filter(|p| p.ceremony == ceremony) else {
            return Ok(Err(Refusal::NotTheCoordinators));
        };
        let key = proposal.key;
        let known = self.known(&proposal, view).await?;
        let now = self.ports.clock.now();
        let plan = match Plan::accept(proposal, &self.bank, &*self.members, known, now) {
            Ok(plan) => plan,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let by = match self.decided(plan.proposal()).await? {
            Ok(by) => by,
            Err(refusal) => return Ok(Err(refusal)),
        };
        for other in stored::others(&self.store, key, ceremony).await? {
            if matches!(other.stage.as_str(), "failed" | "done") {
                continue;
            }
            let Some(state) = stored::load(&self.store, other.ceremony, &self.bank).await? else { continue };
            if state.failure().is_none() && !self.is_late(&state) {
                return Ok(Err(Refusal::Running));
            }
            self.take(state, Event::Superseded).await?;
        }
        let body = json!({
            "ceremony": ceremony.to_string(), "task": plan.proposal().task.code(), "class": key.class.code(),
            "epoch": key.epoch.0, "generation": key.generation.0, "threshold": plan.proposal().threshold,
            "holders": plan.seats().len(), "by": by,
        });
        Ok(Ok((State::new(plan), self.says("ceremony.joined", body))))
    }

    /// By whose word this holder takes part.
    async fn decided(&self, proposal: &Proposal) -> Result<Result<String, Refusal>, StepError> {
        let policy = || "policy".to_owned();
        let questions = Questions::new(self.store.clone());
        let asked = questions.of(proposal.ceremony).await?;
        Ok(match (self.policy, asked.and_then(|asked| asked.decision)) {
            (_, Some((true, by))) => Ok(by),
            (_, Some((false, by))) => Err(Refusal::Declined { by }),
            (Decide::Automatic, None) => Ok(policy()),
            (Decide::Refuse, None) => Err(Refusal::Declined { by: policy() }),
            (Decide::Ask, None) => {
                let body = json!({
                    "ceremony": proposal.ceremony.to_string(), "task": proposal.task.code(),
                    "class": proposal.key.class.code(), "epoch": proposal.key.epoch.0,
                });
                if questions.ask(proposal, &self.says("ceremony.asked", body)).await? {
                    let deadline = jiff::Timestamp::from_microsecond(proposal.deadline);
                    let deadline = deadline.map(|time| time.to_string()).unwrap_or_default();
                    tracing::warn!(event = "ceremony.asked", ceremony = %proposal.ceremony, task = proposal.task.code(), deadline, "a key ceremony waits for a person at this bank");
                }
                Err(Refusal::Undecided)
            }
        })
    }

    /// Applies what the board shows until nothing more follows from it.
    async fn advance(
        &self,
        mut state: State,
        board: &Sightings,
        given_up: Option<Vec<BankId>>,
    ) -> Result<State, StepError> {
        loop {
            let before = state.stage.code();
            state = self.take(state, Event::Board(board)).await?;
            if state.stage.code() == before {
                break;
            }
        }
        if let Some(culprits) = given_up {
            let failure = Failure { reason: Reason::GivenUp, culprits, reporter: None };
            state = self.take(state, Event::GivenUp(failure)).await?;
        }
        if self.is_late(&state) {
            state = self.take(state, Event::Deadline(board)).await?;
        }
        Ok(state)
    }

    fn says(&self, event: &'static str, body: Value) -> Noted<'_> {
        Noted::new(&*self.audit, event, body)
    }

    /// One event: its effects first (they are safe to repeat), then the state, with what the log says of them.
    async fn take(&self, state: State, event: Event<'_>) -> Result<State, StepError> {
        let seen = |state: &State| (state.stage.code(), state.papers.outbox.len(), state.failure().cloned());
        let before = seen(&state);
        let (state, effects) = {
            let key = state.papers.plan.proposal().key;
            let held = self.vault.current(key.class, key.epoch);
            let mut rng = self.ports.chance.rng();
            let mut hands = Hands { identity: &self.identity, held: held.as_deref(), rng: &mut *rng };
            apply(state, event, &mut hands)
        };
        let mut said = Vec::with_capacity(effects.len());
        for effect in effects {
            said.push(self.perform(&state, effect).await?);
        }
        if seen(&state) != before || !said.is_empty() {
            self.keep(&state, &said).await?;
        }
        Ok(state)
    }

    async fn keep(&self, state: &State, said: &[Noted<'_>]) -> Result<(), StepError> {
        if stored::save(&self.store, state, said).await? { Ok(()) } else { Err(VaultError::Closed.into()) }
    }

    /// Takes up what another process that shares the store has done with the key since: a share from before a refresh, or none,
    /// would look like one that is lost.
    async fn look_again(&self, state: &State) -> Result<(), StepError> {
        let key = state.papers.plan.proposal().key;
        self.vault.refresh(key.class, key.epoch).await?;
        if self.vault.is_closed(key.class, key.epoch) { self.keep(state, &[]).await } else { Ok(()) }
    }

    async fn perform(&self, state: &State, effect: Effect) -> Result<Noted<'_>, StepError> {
        let ceremony = state.papers.plan.proposal().ceremony.to_string();
        Ok(match effect {
            Effect::Activate { share, record } => {
                let share = KeyShare::decode(&share).map_err(VaultError::Malformed)?;
                let digest = record.record().digest();
                self.vault.activate(*record, share, &*self.ports.chance).await?;
                let body =
                    json!({ "ceremony": ceremony, "key_record": digest.to_hex(), "short": digest.short() });
                self.says("ceremony.done", body)
            }
            Effect::Restore { share, record } => {
                let share = KeyShare::decode(&share).map_err(VaultError::Malformed)?;
                let kept = Records::new(self.store.clone()).exact(record.key).await?;
                let endorsed = kept.ok_or(RecordError::Differs)?.endorsed;
                // Whoever lost its share may have lost its charges with it: no counter opens by a repair.
                self.ledger.declare_lost(&[record.key], 0, "repair", None).await?;
                self.vault.activate(endorsed, share, &*self.ports.chance).await?;
                let body = json!({
                    "ceremony": ceremony, "key_record": record.digest().to_hex(), "counters": "full",
                });
                self.says("ceremony.repaired", body)
            }
            Effect::Repaired => self.says("ceremony.helped", json!({ "ceremony": ceremony })),
            Effect::Ended(failure) => {
                let names: Vec<_> = failure.culprits.iter().map(BankId::as_str).collect();
                let reporter = failure.reporter.as_ref().map(BankId::as_str);
                let body = json!({
                    "ceremony": ceremony, "reason": failure.reason.code(), "culprits": names, "reporter": reporter,
                });
                self.says("ceremony.failed", body)
            }
        })
    }

    /// Posts what has not been taken yet. A ceremony that has failed is over, whether or not the board takes the
    /// complaint.
    async fn post(&self, state: &mut State, board: &dyn Board) -> Result<(), StepError> {
        let ceremony = state.papers.plan.proposal().ceremony;
        let mut sent = false;
        let mut refused = None;
        for outgoing in state.papers.outbox.iter_mut().filter(|outgoing| !outgoing.sent) {
            match board.post(ceremony, outgoing.post.bytes()).await {
                Ok(()) => (outgoing.sent, sent) = (true, true),
                Err(fault) => {
                    let later = fault.code.retry();
                    refused.get_or_insert(fault);
                    // A board that is not there takes nothing else either. One that refuses this post, because of what
                    // another holder has posted first, must still hear the complaint about that holder.
                    if later {
                        break;
                    }
                }
            }
        }
        if sent {
            self.keep(state, &[]).await?;
        }
        let over = state.failure().is_some() || matches!(state.stage, Stage::Done { .. });
        match refused {
            Some(fault) if !over => Err(StepError::Board(fault)),
            Some(_) | None => Ok(()),
        }
    }
}

/// A board that was restored from a backup may lack this holder's endorsement, on which others wait: it is posted again.
fn say_again(state: &mut State, board: &Sightings) {
    let signed = matches!(state.stage, Stage::Endorsed { .. } | Stage::Done { .. });
    if !signed || board.body(Phase::Endorse, state.papers.plan.me()).is_some() {
        return;
    }
    let endorsements = state.papers.outbox.iter_mut().filter(|o| o.post.value().phase == Phase::Endorse);
    endorsements.for_each(|outgoing| outgoing.sent = false);
}
