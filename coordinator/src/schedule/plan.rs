//! What an operator has decided about a schedule: when, from when until when, what happens to runs that were missed or come
//! too soon, and the terms of each.
//!
//! Comes in: options, or JSON of the store with its version. Goes out: planned instants. Pure.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::rhythm::{Malformed, Rhythm, Zone};
use crate::job::template::Template;
use crate::ports::Micros;

/// The version of the stored form.
pub const VERSION: i64 = 1;

/// Runs that are less apart than this could not be told apart by those who take part: a job needs longer.
pub const LEAST_APART: Micros = 10 * 60 * 1_000_000;
/// So many planned instants are looked at to know how far they are apart.
const SAMPLED: usize = 64;

/// What happens to runs whose time passed while the coordinator did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CatchUp {
    /// They are left out; the next one comes at its time.
    Skip,
    /// The last of them takes place at once.
    RunLast,
    /// The last so many take place, one after the other.
    RunAll(u16),
}

impl CatchUp {
    /// `skip`, `run-last`, `run-all:5`.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let form = Malformed("skip, run-last, or run-all and how many at most, as in run-all:5");
        match (text, text.strip_prefix("run-all:").map(str::parse)) {
            ("skip", _) => Ok(Self::Skip),
            ("run-last", _) => Ok(Self::RunLast),
            (_, Some(Ok(most))) if (1..=52).contains(&most) => Ok(Self::RunAll(most)),
            _ => Err(form),
        }
    }

    /// As it is typed.
    pub fn text(self) -> String {
        match self {
            Self::Skip => "skip".to_owned(),
            Self::RunLast => "run-last".to_owned(),
            Self::RunAll(most) => format!("run-all:{most}"),
        }
    }

    /// How many runs may wait.
    pub(super) fn capacity(self) -> usize {
        match self {
            Self::Skip | Self::RunLast => 1,
            Self::RunAll(most) => usize::from(most),
        }
    }
}

/// What happens to a run that comes too soon: the one before it is not over, or the least interval has not passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TooSoon {
    /// It waits.
    Wait,
    /// It is left out.
    Skip,
}

impl TooSoon {
    /// `wait`, `skip`.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        match text {
            "wait" => Ok(Self::Wait),
            "skip" => Ok(Self::Skip),
            _ => Err(Malformed("wait or skip")),
        }
    }

    /// As it is typed.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Skip => "skip",
        }
    }
}

/// Everything that was decided about a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Plan {
    /// When runs are planned.
    pub rhythm: Rhythm,
    /// By which wall clock.
    pub zone: Zone,
    /// The first day, if there is one.
    pub from: Option<Date>,
    /// The last day, if there is one.
    pub until: Option<Date>,
    /// What happens to runs that were missed.
    pub catch_up: CatchUp,
    /// What happens to a run that comes too soon.
    pub overlap: TooSoon,
    /// The least time between the beginnings of two runs.
    pub min_interval: Micros,
    /// A run is left out whose participants differ from those of the last like job by at least one bank and fewer than this.
    pub min_change: u16,
    /// The terms of each run.
    pub template: Template,
}

/// Why a plan cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The last day lies before the first.
    #[error("the last day lies before the first")]
    EndsBeforeItBegins,
    /// Nothing is ever planned.
    #[error("no run is ever planned")]
    Never,
    /// Runs are planned closer than a job takes.
    #[error("runs are less than ten minutes apart")]
    TooClose,
    /// Missed runs are to take place one after the other, and none may wait.
    #[error("runs that are caught up one after the other must be allowed to wait")]
    NoneMayWait,
}

impl Plan {
    /// Whether it can be, for somebody who decides it now.
    pub fn check(&self, now: Micros) -> Result<(), PlanError> {
        if self.from.zip(self.until).is_some_and(|(from, until)| until < from) {
            return Err(PlanError::EndsBeforeItBegins);
        }
        if matches!(self.catch_up, CatchUp::RunAll(_)) && self.overlap == TooSoon::Skip {
            return Err(PlanError::NoneMayWait);
        }
        let sample: Vec<_> = self.planned_after(now).take(SAMPLED).collect();
        if sample.is_empty() {
            return Err(PlanError::Never);
        }
        let close = |pair: &[Micros]| pair[1] - pair[0] < LEAST_APART;
        if sample.windows(2).any(close) { Err(PlanError::TooClose) } else { Ok(()) }
    }

    /// Every planned instant after this one, within the campaign.
    pub fn planned_after(&self, at: Micros) -> impl Iterator<Item = Micros> + '_ {
        let begins = self.from.and_then(|day| self.zone.begin_of(day));
        // The first instant of the first day belongs to it.
        let mut last = begins.map_or(at, |begins| at.max(begins - 1));
        let ends = self.ends();
        std::iter::from_fn(move || {
            let next = self.rhythm.after(&self.zone, last)?;
            last = next;
            ends.is_none_or(|ends| next < ends).then_some(next)
        })
    }

    /// The first instant after the last day.
    pub fn ends(&self) -> Option<Micros> {
        self.until.and_then(|day| self.zone.begin_of(day.tomorrow().ok()?))
    }
}
