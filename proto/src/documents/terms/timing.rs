//! What a job's terms say of time beyond the deadline: exceptions for single banks, reminders, grace; and which run of
//! which schedule the job is.

use lianfang_trust::canonical::strictly_ascending;
use lianfang_trust::{DecodeError, Decoder, Encoder};

use crate::documents::Fields;
use crate::ids::{BankId, JobId, ScheduleName};
use crate::limits;

/// The longest grace and the earliest reminder, in microseconds: 366 days.
const LONGEST: i64 = 366 * 86_400 * 1_000_000;

/// Deadlines of single banks, reminders, grace. The default is none of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// Banks whose deadline is not that of the others; sorted by bank, each once.
    pub exceptions: Vec<(BankId, i64)>,
    /// How long before its deadline a bank is reminded, in microseconds; the earliest reminder first, each once.
    pub reminders: Vec<i64>,
    /// How long after a bank's deadline its submission is still taken, in microseconds.
    pub grace: i64,
}

impl Timing {
    /// The deadline of a bank, where the others have `deadline`.
    pub fn deadline_of(&self, bank: &BankId, deadline: i64) -> i64 {
        let own = self.exceptions.binary_search_by(|(other, _)| other.cmp(bank));
        own.map_or(deadline, |at| self.exceptions[at].1)
    }

    pub(super) fn check(&self, participates: impl Fn(&BankId) -> bool) -> Result<(), DecodeError> {
        let wrong = |field, why| Err(DecodeError::Value { field, why });
        let banks: Vec<_> = self.exceptions.iter().map(|(bank, _)| bank).collect();
        strictly_ascending("exceptions", &banks)?;
        if !banks.into_iter().all(participates) {
            return wrong("exceptions", "must be of participants");
        }
        let earlier_first: Vec<_> = self.reminders.iter().map(|before| -before).collect();
        strictly_ascending("reminders", &earlier_first)?;
        if !self.reminders.iter().all(|before| (1..=LONGEST).contains(before)) {
            return wrong("reminders", "must be up to 366 days before the deadline");
        }
        if !(0..=LONGEST).contains(&self.grace) {
            return wrong("grace", "must be up to 366 days");
        }
        Ok(())
    }

    pub(super) fn write(&self, to: &mut Encoder) {
        to.list(&self.exceptions, |to, (bank, deadline)| {
            to.text(bank.as_str()).i64(*deadline);
        })
        .list(&self.reminders, |to, before| {
            to.i64(*before);
        })
        .i64(self.grace);
    }

    pub(super) fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            exceptions: from.list("exceptions", limits::PARTICIPANTS, |from| {
                Ok((from.bank("exception.bank")?, from.i64("exception.deadline")?))
            })?,
            reminders: from.list("reminders", limits::REMINDERS, |from| from.i64("reminder"))?,
            grace: from.i64("grace")?,
        })
    }
}

/// Which run of which schedule a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The schedule.
    pub schedule: ScheduleName,
    /// When this run was planned for, in microseconds since 1970.
    pub planned_at: i64,
    /// The run before it, if there was one.
    pub predecessor: Option<JobId>,
}

impl Run {
    pub(super) fn write(&self, to: &mut Encoder) {
        to.text(self.schedule.as_str()).i64(self.planned_at).option(self.predecessor, |to, job| {
            to.fixed(job.as_bytes());
        });
    }

    pub(super) fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            schedule: from.schedule("run.schedule")?,
            planned_at: from.i64("run.planned_at")?,
            predecessor: from
                .option("run.predecessor", |from| from.fixed("run.predecessor").map(JobId::from_random))?,
        })
    }
}
