//! One attempt at a piece of work: from its lease to its release.
//!
//! Comes in: an errand whose turn has come. Goes out: how it ended, and how the work stands from now on. A lease that is
//! lost while a step runs ends the step; what it had not written yet, it does not write. A panic ends the attempt and
//! nothing else.

use std::sync::Arc;
use std::time::Duration;

use lianfang_proto::ids::{CeremonyId, JobId};
use lianfang_proto::{Fault, FaultCode};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::ceremony::plan::Refusal;
use crate::ceremony::{Driver, Progress, StepError};
use crate::fault::of_store;
use crate::job::Context;
use crate::job::runner::Runner;
use crate::job::state::Stage;
use crate::key_holder::ledger::LedgerError;
use crate::key_holder::records::RecordError;
use crate::key_holder::vault::VaultError;
use crate::store::work::{Ending, Held, Lease, Turn};
use crate::work::{Desk, Errand, LOOK_AGAIN, RULE, ending};

/// How an attempt ended, and what stopped it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It went as far as it goes for now.
    Done,
    /// The same, and it is looked at again after a while, though nobody says that it has moved.
    Waits,
    /// Nothing is left to do.
    Over,
    /// Another process has it.
    Elsewhere,
    /// Something stopped it.
    Failed(Fault),
    /// A step panicked.
    Panicked,
}

impl Ended {
    /// As it is counted, and the fault that stopped it.
    pub(super) const fn told(&self) -> (&'static str, Option<&Fault>) {
        match self {
            Self::Done | Self::Waits => ("done", None),
            Self::Over => ("over", None),
            Self::Elsewhere => ("elsewhere", None),
            Self::Failed(fault) => ("failed", Some(fault)),
            Self::Panicked => ("panicked", None),
        }
    }
}

/// An attempt that has ended.
#[derive(Debug)]
pub(super) struct Outcome {
    /// At what.
    pub(super) errand: Errand,
    /// How.
    pub(super) ended: Ended,
    /// How the work stands; `None` if it is over.
    pub(super) turn: Option<Turn>,
}

/// Makes attempts.
pub(super) struct Attempts {
    context: Arc<Context>,
    pub(super) desk: Desk,
    pub(super) runner: Arc<Runner>,
    pub(super) driver: Arc<Driver>,
    /// One ceremony steps at a time.
    stepping: Arc<Mutex<()>>,
}

impl Attempts {
    pub(super) fn new(context: Arc<Context>, desk: Desk, runner: Runner, driver: Driver) -> Self {
        Self { context, desk, runner: Arc::new(runner), driver: Arc::new(driver), stepping: Arc::default() }
    }

    /// Makes one. `stood` is how the work stands by the agenda.
    pub(super) async fn make(&self, errand: Errand, stood: &Turn) -> Outcome {
        let mut lease = match self.desk.take(errand).await {
            Ok(Some(lease)) => lease,
            Ok(None) => {
                let turn = self.as_stored(errand).await;
                return Outcome { errand, ended: Ended::Elsewhere, turn: Some(turn) };
            }
            Err(error) => return self.not_begun(errand, of_store(&error), stood).await,
        };
        let ended = Box::pin(self.work(errand, &mut lease)).await;
        let now = self.context.ports.clock.now();
        let ending = match &ended {
            Ended::Over => {
                self.desk.finish(&lease).await;
                return Outcome { errand, ended, turn: None };
            }
            Ended::Elsewhere => {
                let turn = self.as_stored(errand).await;
                return Outcome { errand, ended, turn: Some(turn) };
            }
            Ended::Done => Ending::Done,
            Ended::Waits => Ending::Waits { until: now + LOOK_AGAIN },
            Ended::Failed(fault) => ending(fault, now),
            Ended::Panicked => Ending::Struck { fault: FaultCode::Internal.code().to_owned() },
        };
        // Whoever names work by the thousand fills no disk with it: of what was only named the agenda alone keeps the pause, as
        // long as it is named.
        let struck = matches!(ended, Ended::Panicked) || lease.before().strikes > 0;
        let turn = if !struck && self.leaves_no_row(errand).await {
            self.desk.finish(&lease).await;
            let chance = self.context.ports.chance.rng().next_u64();
            stood.after(&ending, &RULE, now, chance)
        } else {
            self.desk.give_back(&lease, &ending).await
        };
        Outcome { errand, ended, turn: Some(turn) }
    }

    /// Whether this node does nothing about the work of itself, not even after an attempt: a job whose terms it has never read,
    /// or that is over here unless it is proposed again; a ceremony that it has not joined.
    async fn leaves_no_row(&self, errand: Errand) -> bool {
        match errand {
            Errand::Job(job) => {
                let entry = self.context.book.get(job).await;
                entry.is_ok_and(|entry| entry.is_none_or(|entry| entry.stage.is_over()))
            }
            Errand::Ceremony(id) => self.driver.unfinished().await.is_ok_and(|begun| !begun.contains(&id)),
        }
    }

    /// How work stands that another process has, or had; looked at again where the store does not say.
    async fn as_stored(&self, errand: Errand) -> Turn {
        let unknown = Turn { not_before: self.context.ports.clock.now() + LOOK_AGAIN, ..Turn::default() };
        self.desk.turn(errand).await.map_or(unknown, Option::unwrap_or_default)
    }

    /// The store would not let it begin, for its disk may be what is full: that is shown, and tried again.
    async fn not_begun(&self, errand: Errand, fault: Fault, stood: &Turn) -> Outcome {
        if let Errand::Job(job) = errand {
            self.runner.stopped(job, &fault).await;
        }
        // Of what has no row, or cannot be read, the agenda alone knows how often it has failed.
        let before = self.desk.turn(errand).await.ok().flatten().unwrap_or_else(|| stood.clone());
        let now = self.context.ports.clock.now();
        let chance = self.context.ports.chance.rng().next_u64();
        let turn = before.after(&Ending::Failed { fault: fault.code.code().to_owned() }, &RULE, now, chance);
        Outcome { errand, ended: Ended::Failed(fault), turn: Some(turn) }
    }

    async fn work(&self, errand: Errand, lease: &mut Lease) -> Ended {
        match errand {
            Errand::Job(job) => {
                let runner = Arc::clone(&self.runner);
                let ended =
                    self.held(lease, Box::pin(caught(async move { work_on(&runner, job).await }))).await;
                if matches!(ended, Ended::Panicked) {
                    self.runner.panicked(job).await;
                }
                ended
            }
            Errand::Ceremony(id) => {
                let (driver, context) = (Arc::clone(&self.driver), Arc::clone(&self.context));
                let stepping = Arc::clone(&self.stepping);
                let step = async move {
                    let _one_at_a_time = stepping.lock().await;
                    step(&driver, &context, id).await
                };
                self.held(lease, Box::pin(caught(step))).await
            }
        }
    }

    /// Works as long as the lease is held.
    async fn held(&self, lease: &mut Lease, work: impl Future<Output = Ended>) -> Ended {
        tokio::pin!(work);
        let between = Duration::from_micros(u64::try_from(RULE.lease / 3).unwrap_or(1));
        loop {
            tokio::select! {
                biased;
                ended = &mut work => return ended,
                () = self.context.ports.clock.sleep(between) => {}
            }
            match self.desk.renew(lease, &RULE).await {
                Ok(Held::Yes) => {}
                Ok(Held::Lost) => return Ended::Elsewhere,
                // As long as the lease lasts it may still be renewed.
                Err(_) if self.context.ports.clock.now() < lease.until() => {}
                Err(_) => return Ended::Elsewhere,
            }
        }
    }
}

async fn work_on(runner: &Runner, job: JobId) -> Result<Ended, Fault> {
    let stage = runner.work(job).await?;
    let is_over = runner.is_over(job).await.map_err(|e| of_store(&e))?;
    Ok(ended_at(stage, is_over))
}

/// How an attempt ended that left the job at this stage. One that is over here, and yet is to be looked at again as long as it
/// is named, is so after a pause: that it is named makes nothing new of it.
const fn ended_at(stage: Stage, is_over: bool) -> Ended {
    match (is_over, stage.is_over()) {
        (true, _) => Ended::Over,
        (false, true) => Ended::Waits,
        (false, false) => Ended::Done,
    }
}

async fn step(driver: &Driver, context: &Context, ceremony: CeremonyId) -> Result<Ended, Fault> {
    match driver.step(ceremony, &context.coordinator).await {
        // A deadline passes though nobody posts anything.
        Ok(Progress::Waiting { .. }) => Ok(Ended::Waits),
        Ok(Progress::Done(record)) => {
            let key = record.key;
            if let Err(fault) = context.fetch_record(key.class, key.epoch).await {
                tracing::error!(event = "key.not-taken", %fault, "the new key record could not be taken up");
            }
            Ok(Ended::Over)
        }
        Ok(Progress::Failed(failure)) => {
            tracing::error!(event = "ceremony.failed", %ceremony, ?failure, "the ceremony has failed; start it again");
            Ok(Ended::Over)
        }
        // It stands in the log, and in `key ceremonies`.
        Ok(Progress::Refused(Refusal::Undecided)) => Ok(Ended::Waits),
        Ok(Progress::Refused(refusal)) => {
            // The roster that it names may still be on its way, or an earlier ceremony may end.
            tracing::warn!(event = "ceremony.refused", %ceremony, ?refusal, "the ceremony's proposal is not accepted");
            Ok(Ended::Waits)
        }
        Err(error) => {
            let code = match &error {
                StepError::Board(fault) => return Err(fault.clone()),
                StepError::Store(error)
                | StepError::Vault(
                    VaultError::Store(error) | VaultError::Record(RecordError::Store(error)),
                )
                | StepError::Ledger(LedgerError::Store(error))
                | StepError::Records(RecordError::Store(error)) => of_store(error).code,
                StepError::Vault(_) | StepError::Ledger(_) | StepError::Records(_) => FaultCode::Internal,
            };
            Err(Fault::new(code).at(context.bank.as_str()).got(error))
        }
    }
}

/// Does work as a task of its own, so that a panic ends it and nothing else; in a set, so that it does not outlive this.
async fn caught(work: impl Future<Output = Result<Ended, Fault>> + Send + 'static) -> Ended {
    let mut task = JoinSet::new();
    task.spawn(work);
    match task.join_next().await {
        Some(Ok(Ok(ended))) => ended,
        Some(Ok(Err(fault))) => Ended::Failed(fault),
        Some(Err(error)) if error.is_panic() => Ended::Panicked,
        // Nobody aborts it; an end without a word is a failure.
        Some(Err(_)) | None => Ended::Failed(Fault::new(FaultCode::Busy)),
    }
}

#[cfg(test)]
mod tests {
    use lianfang_proto::documents::terms::Terms;
    use lianfang_trust::Signed;

    use super::super::inbox::driver;
    use super::*;
    use crate::job::state::may_reopen;
    use crate::job::tests::Alone;

    #[tokio::test]
    async fn a_panic_ends_an_attempt_and_nothing_else() {
        assert_eq!(caught(async { Ok(Ended::Over) }).await, Ended::Over);
        let fault = Fault::new(FaultCode::DiskFull);
        let stopped = fault.clone();
        assert_eq!(caught(async { Err(stopped) }).await, Ended::Failed(fault));
        let broken = async {
            let none: Option<Ended> = std::hint::black_box(None);
            Ok(none.expect("a defect"))
        };
        assert_eq!(caught(broken).await, Ended::Panicked);
    }

    /// By the functions of two states that a runner asks: what is over, and what may yet be taken up.
    #[test]
    fn how_an_attempt_ends_by_the_stage_that_it_leaves() {
        for stage in Stage::ALL {
            for (late, decided) in [(false, false), (false, true), (true, false), (true, true)] {
                let is_over = stage.is_over() && !may_reopen(stage, late, decided);
                let ended = match stage {
                    Stage::Proposed
                    | Stage::Accepted
                    | Stage::Prepared
                    | Stage::Submitted
                    | Stage::Returned => Ended::Done,
                    Stage::Missed if !late && !decided => Ended::Waits,
                    Stage::Done | Stage::Refused | Stage::Missed | Stage::Failed => Ended::Over,
                };
                assert_eq!(ended_at(stage, is_over), ended, "{stage:?}, late: {late}, decided: {decided}");
            }
        }
    }

    async fn attempts(context: &Arc<Context>) -> Attempts {
        let desk = Desk::sit(&context.store).await.unwrap();
        Attempts::new(Arc::clone(context), desk, Runner::new(Arc::clone(context)), driver(context))
    }

    /// The coordinator is not reached about any of them.
    #[tokio::test]
    async fn what_this_node_does_nothing_about_leaves_no_row_and_its_pauses_grow_all_the_same() {
        let alone = Alone::new().await;
        let context = Arc::clone(&alone.context);
        // Missed by a clock that ran ahead.
        let missed = Terms { job: JobId::from_random([8; 16]), ..alone.good.clone() };
        for terms in [&alone.good, &missed] {
            context.book.note(&Signed::sign(&alone.coordinator, terms.clone())).await.unwrap();
        }
        let id = context.book.get(missed.job).await.unwrap().unwrap().id;
        context.book.advance(id, Stage::Missed).await.unwrap();
        let attempts = attempts(&context).await;
        let table = [
            (Errand::Job(JobId::from_random([7; 16])), false),
            (Errand::Ceremony(CeremonyId::from_random([7; 16])), false),
            (Errand::Job(missed.job), false),
            (Errand::Job(alone.good.job), true),
        ];
        for (errand, is_kept) in table {
            let mut turn = Turn::default();
            for attempt in 1..=3 {
                let outcome = attempts.make(errand, &turn).await;
                assert!(matches!(outcome.ended, Ended::Failed(_)), "{outcome:?}");
                turn = outcome.turn.unwrap();
                assert_eq!(turn.attempts, attempt, "{errand:?}");
            }
            assert_eq!(attempts.desk.turn(errand).await.unwrap(), is_kept.then_some(turn), "{errand:?}");
        }
        let rows = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM work");
        assert_eq!(rows.fetch_one(context.store.readers()).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn what_cannot_be_begun_goes_on_from_its_row_or_else_from_the_agenda() {
        let alone = Alone::new().await;
        let attempts = attempts(&alone.context).await;
        let full = || Fault::new(FaultCode::DiskFull);
        let errand = Errand::Job(alone.good.job);
        let stood = Turn { attempts: 6, ..Turn::default() };
        let tried = async || attempts.not_begun(errand, full(), &stood).await.turn.unwrap().attempts;
        assert_eq!(tried().await, 7, "there is no row");
        let lease = attempts.desk.take(errand).await.unwrap().unwrap();
        attempts.desk.give_back(&lease, &ending(&full(), 0)).await;
        assert_eq!(tried().await, 2);
    }
}
