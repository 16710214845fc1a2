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
            Self::Done => ("done", None),
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
            Err(error) => return self.not_begun(errand, of_store(&error)).await,
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
            Ended::Done => match errand {
                Errand::Job(_) => Ending::Done,
                // A deadline passes though nobody posts anything.
                Errand::Ceremony(_) => Ending::Waits { until: now + LOOK_AGAIN },
            },
            Ended::Failed(fault) => ending(fault, now),
            Ended::Panicked => Ending::Struck { fault: FaultCode::Internal.code().to_owned() },
        };
        // Whoever names work by the thousand fills no disk with it: of what was only named the agenda alone keeps the pause, as
        // long as it is named.
        let struck = matches!(ended, Ended::Panicked) || lease.before().strikes > 0;
        let turn = if !struck && self.is_strange(errand).await {
            self.desk.finish(&lease).await;
            let chance = self.context.ports.chance.rng().next_u64();
            stood.after(&ending, &RULE, now, chance)
        } else {
            self.desk.give_back(&lease, &ending).await
        };
        Outcome { errand, ended, turn: Some(turn) }
    }

    /// Whether this node knows nothing of the work, not even after an attempt: a job whose terms it has never read, a ceremony
    /// that it has not joined.
    async fn is_strange(&self, errand: Errand) -> bool {
        match errand {
            Errand::Job(job) => self.context.book.get(job).await.is_ok_and(|entry| entry.is_none()),
            Errand::Ceremony(id) => self.driver.unfinished().await.is_ok_and(|begun| !begun.contains(&id)),
        }
    }

    /// How work stands that another process has, or had; looked at again where the store does not say.
    async fn as_stored(&self, errand: Errand) -> Turn {
        let unknown = Turn { not_before: self.context.ports.clock.now() + LOOK_AGAIN, ..Turn::default() };
        self.desk.turn(errand).await.unwrap_or(unknown)
    }

    /// The store would not let it begin, for its disk may be what is full: that is shown, and tried again.
    async fn not_begun(&self, errand: Errand, fault: Fault) -> Outcome {
        if let Errand::Job(job) = errand {
            self.runner.stopped(job, &fault).await;
        }
        let before = self.desk.turn(errand).await.unwrap_or_default();
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
    Ok(if stage.is_over() { Ended::Over } else { Ended::Done })
}

async fn step(driver: &Driver, context: &Context, ceremony: CeremonyId) -> Result<Ended, Fault> {
    match driver.step(ceremony, &context.coordinator).await {
        Ok(Progress::Waiting { .. }) => Ok(Ended::Done),
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
        Ok(Progress::Refused(Refusal::Undecided)) => Ok(Ended::Done),
        Ok(Progress::Refused(refusal)) => {
            // The roster that it names may still be on its way, or an earlier ceremony may end.
            tracing::warn!(event = "ceremony.refused", %ceremony, ?refusal, "the ceremony's proposal is not accepted");
            Ok(Ended::Done)
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
    use lianfang_trust::Signed;

    use super::super::inbox::driver;
    use super::*;
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

    /// The coordinator is not reached about any of them.
    #[tokio::test]
    async fn what_was_only_named_leaves_no_row_and_its_pauses_grow_all_the_same() {
        let alone = Alone::new().await;
        let context = Arc::clone(&alone.context);
        context.book.note(&Signed::sign(&alone.coordinator, alone.good.clone())).await.unwrap();
        let desk = Desk::sit(&context.store).await.unwrap();
        let runner = Runner::new(Arc::clone(&context));
        let attempts = Attempts::new(Arc::clone(&context), desk, runner, driver(&context));
        let table = [
            (Errand::Job(JobId::from_random([7; 16])), false),
            (Errand::Ceremony(CeremonyId::from_random([7; 16])), false),
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
            let kept = if is_kept { turn } else { Turn::default() };
            assert_eq!(attempts.desk.turn(errand).await.unwrap(), kept, "{errand:?}");
        }
        let rows = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM work");
        assert_eq!(rows.fetch_one(context.store.readers()).await.unwrap(), 1);
    }
}
