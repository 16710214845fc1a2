//! Reminders: a job's terms say how long before its deadline a bank is reminded, and its people are, once each.
//!
//! Comes in: terms, how far this bank has come, the time, how many reminders were told. Goes out: which reminder is due, and
//! how a job stands to its deadline. Pure, but for the rows: a reminder is an audit entry in the transaction that counts it,
//! so it is told once whatever happens to the process. Of reminders that have passed together, the last is told.

use lianfang_proto::documents::terms::Terms;
use lianfang_proto::ids::BankId;
use sqlx::Row as _;

use super::Context;
use super::book::{Book, COLUMNS, Entry, read};
use super::state::Stage;
use crate::audit::{AuditError, Event, Log};
use crate::ports::Micros;
use crate::store::StoreError;

/// How a job that awaits this bank's submission stands to its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressing {
    /// The first reminder has passed.
    Soon,
    /// The deadline has passed; what comes within the grace is late and still taken.
    Overdue,
}

impl Pressing {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Soon => "due-soon",
            Self::Overdue => "overdue",
        }
    }
}

/// Whether a submission is still to come from this bank.
const fn is_awaited(stage: Stage) -> bool {
    match stage {
        Stage::Proposed | Stage::Accepted | Stage::Prepared => true,
        Stage::Submitted | Stage::Returned | Stage::Done | Stage::Refused | Stage::Missed | Stage::Failed => {
            false
        }
    }
}

/// Reminders that have passed; the deadline itself is the last of them, where there is a grace behind it.
fn passed(terms: &Terms, bank: &BankId, now: Micros) -> usize {
    let deadline = terms.deadline_of(bank);
    let before = &terms.timing.reminders;
    let reminders = before.iter().filter(|before| deadline.saturating_sub(**before) <= now).count();
    reminders + usize::from(terms.timing.grace > 0 && deadline <= now)
}

/// The number of the reminder to tell now, after `told` of them were.
pub fn due(stage: Stage, terms: &Terms, bank: &BankId, now: Micros, told: usize) -> Option<usize> {
    let in_time = now < terms.taken_until(bank);
    let passed = passed(terms, bank, now);
    (is_awaited(stage) && in_time && passed > told).then_some(passed)
}

/// How a job stands to its deadline, for lists.
pub fn pressing(stage: Stage, terms: &Terms, bank: &BankId, now: Micros) -> Option<Pressing> {
    if !is_awaited(stage) {
        None
    } else if now >= terms.deadline_of(bank) {
        Some(Pressing::Overdue)
    } else {
        (passed(terms, bank, now) > 0).then_some(Pressing::Soon)
    }
}

/// Tells this bank's people of deadlines that come near, each reminder once.
pub async fn tell(context: &Context) {
    let coordinator = context.roster.now().roster.coordinator;
    let awaited = match context.book.awaited().await {
        Ok(awaited) => awaited,
        Err(error) => {
            return tracing::error!(event = "job.not-read", %error, "jobs that await a submission could not be read");
        }
    };
    for (entry, told) in awaited {
        let Some(terms) = entry.opened(&coordinator) else { continue };
        let now = context.ports.clock.now();
        let Some(reminder) = due(entry.stage, &terms, &context.bank, now, told) else { continue };
        match context.book.remind(&context.log, &entry, reminder).await {
            Ok(true) => {
                let deadline = jiff::Timestamp::from_microsecond(terms.deadline_of(&context.bank));
                let deadline = deadline.map(|time| time.to_string()).unwrap_or_default();
                tracing::warn!(event = "job.reminder", job = %entry.job, stage = entry.stage.code(), deadline, "the job awaits this bank");
            }
            Ok(false) => {}
            Err(error) => {
                tracing::error!(event = "job.reminder-not-told", job = %entry.job, %error, "a reminder could not be told");
            }
        }
    }
}

impl Book {
    /// Jobs that await this bank's submission, each with the number of reminders that were told.
    async fn awaited(&self) -> Result<Vec<(Entry, usize)>, StoreError> {
        let sql = format!("SELECT {COLUMNS}, reminded FROM job WHERE stage IN ($1, $2, $3) ORDER BY id");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(Stage::Proposed.number())
            .bind(Stage::Accepted.number())
            .bind(Stage::Prepared.number())
            .fetch_all(self.store.readers())
            .await?;
        let awaited = rows.iter().map(|row| {
            let told: i64 = row.try_get("reminded")?;
            Ok((read(row)?, usize::try_from(told).unwrap_or(usize::MAX)))
        });
        awaited.collect()
    }

    /// Takes down that a reminder is told now. `false` if it was before.
    async fn remind(&self, log: &Log, entry: &Entry, reminder: usize) -> Result<bool, AuditError> {
        let number = i64::try_from(reminder).unwrap_or(i64::MAX);
        let mut tx = self.store.begin().await?;
        let counted = sqlx::query("UPDATE job SET reminded = $2 WHERE id = $1 AND reminded < $2")
            .bind(entry.id)
            .bind(number)
            .execute(&mut *tx)
            .await?;
        if counted.rows_affected() == 0 {
            return Ok(false);
        }
        let event =
            Event::JobReminded { job: entry.job, terms: entry.terms_digest, reminder: reminder as u64 };
        log.append(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use lianfang_proto::documents::terms::Timing;

    use super::*;
    use crate::job::consent::tests::terms;

    fn bank(name: &str) -> BankId {
        BankId::parse(name, "bank").unwrap()
    }

    fn reminded() -> Terms {
        let timing = Timing { exceptions: vec![(bank("b"), 2_000)], reminders: vec![300, 100], grace: 50 };
        Terms { deadline: 1_000, timing, ..terms(&["a", "b"], 2) }
    }

    /// The stages that await a submission; no other does.
    const AWAITED: [Stage; 3] = [Stage::Proposed, Stage::Accepted, Stage::Prepared];

    /// A moment, and which reminder is due then when none, one, two or three were told.
    type Moment = (Micros, [Option<usize>; 4]);

    /// Two reminders, the deadline where there is a grace behind it, and the end of the grace.
    #[test]
    fn every_moment_of_every_stage_after_every_number_of_reminders() {
        const NONE: [Option<usize>; 4] = [None; 4];
        let (first, second) = ([Some(1), None, None, None], [Some(2), Some(2), None, None]);
        let third = [Some(3), Some(3), Some(3), None];
        let graced = [
            (Micros::MIN, NONE),
            (699, NONE),
            (700, first),
            (899, first),
            (900, second),
            (999, second),
            (1_000, third),
            (1_049, third),
            (1_050, NONE),
            (Micros::MAX, NONE),
        ];
        // Another deadline for one bank moves all of that, and without a grace the deadline is the end.
        let excepted = graced.map(|(now, row)| (now.saturating_add(1_000), row));
        let strict = [(699, NONE), (700, first), (899, first), (900, second), (999, second), (1_000, NONE)];
        let terms = reminded();
        let timing = Timing { grace: 0, ..terms.timing.clone() };
        let without_grace = Terms { timing, ..reminded() };
        let cases: [(&Terms, &str, &[Moment]); 3] =
            [(&terms, "a", &graced), (&terms, "b", &excepted), (&without_grace, "a", &strict)];
        for (terms, name, table) in cases {
            for (now, row) in table {
                for (told, expected) in row.iter().enumerate() {
                    for stage in Stage::ALL {
                        let expected = expected.filter(|_| AWAITED.contains(&stage));
                        let found = due(stage, terms, &bank(name), *now, told);
                        assert_eq!(found, expected, "{stage:?} of {name} at {now}, {told} were told");
                    }
                }
            }
        }
    }

    /// However the clock goes, forward or back, a reminder is told once, and of several that have passed the last.
    #[test]
    fn each_reminder_is_due_once_and_none_after_the_end() {
        let clocks: [(&[Micros], &[usize]); 5] = [
            (&[600, 700, 700, 800, 900, 950, 1_000, 1_049, 1_050], &[1, 2, 3]),
            (&[600, 900, 1_000], &[2, 3]),
            (&[600, 1_049, 1_050], &[3]),
            (&[600, 2_000], &[]),
            (&[900, 600, 700, 900, 1_000, 700, 1_000], &[2, 3]),
        ];
        for (clock, expected) in clocks {
            let mut told: Vec<usize> = Vec::new();
            for now in clock {
                let before = told.last().copied().unwrap_or(0);
                told.extend(due(Stage::Accepted, &reminded(), &bank("a"), *now, before));
            }
            assert_eq!(told, expected, "{clock:?}");
        }
    }

    #[test]
    fn lists_say_how_a_job_stands() {
        let table = [
            (699, None),
            (700, Some(Pressing::Soon)),
            (999, Some(Pressing::Soon)),
            (1_000, Some(Pressing::Overdue)),
            (2_000, Some(Pressing::Overdue)),
        ];
        for (now, expected) in table {
            for stage in Stage::ALL {
                let expected = expected.filter(|_| AWAITED.contains(&stage));
                assert_eq!(pressing(stage, &reminded(), &bank("a"), now), expected, "{stage:?} at {now}");
            }
        }
    }
}
