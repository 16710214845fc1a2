//! Which runs of a schedule are due, and what becomes of each: a function of the schedule, its past, and the time.
//!
//! ```text
//! planned ──in time, or caught up──────────────────▶ started
//!   ├──too soon, or behind another──▶ waiting ─────▶ started
//!   ├──too soon, and none may wait─────────────────▶ skipped
//!   ├──no job comes of it, when it would start─────▶ skipped
//!   └──nobody was there, or too many were due──────▶ missed
//!
//! waiting ── overtaken, none may wait any more, no job comes of it, paused, removed ──▶ skipped
//! waiting, skipped, missed ── it was decided by a clock that ran ahead, and its time comes ──▶ planned
//! (by hand) ──▶ started, or skipped where no job comes of it: a row of its own, at the moment of asking
//! ```
//!
//! A run's past is a row under (schedule, planned instant). What was decided by a clock that ran ahead of today's does not
//! count, unless a job was started by it: a clock that was a year ahead for an hour must not silence a schedule for a year.
//! A clock that went back finds its rows and does nothing twice.

use std::collections::VecDeque;

use super::plan::{CatchUp, Plan, TooSoon};
use crate::ports::Micros;

/// A run is in time as long after its instant; later ones were missed.
pub const IN_TIME: Micros = 3_600 * 1_000_000;
/// Missed runs that are each taken down; those before are one row with their number.
const EACH: usize = 64;

/// Whether a schedule plans runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Active,
    /// Not until it is resumed.
    Paused,
    /// Its last day is over.
    Ended,
    /// It was taken away.
    Removed,
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 4] = [Self::Active, Self::Paused, Self::Ended, Self::Removed];

    /// As it is stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Ended => "ended",
            Self::Removed => "removed",
        }
    }

    /// The standing that is stored as this.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.word() == word)
    }
}

/// What has become of a planned run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is due, and waits.
    Waiting,
    /// A job was started.
    Started,
    /// It was left out, for a reason.
    Skipped,
    /// Its time passed while nobody was there.
    Missed,
}

impl Fate {
    /// Every fate.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Started, Self::Skipped, Self::Missed];

    /// As it is stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Started => "started",
            Self::Skipped => "skipped",
            Self::Missed => "missed",
        }
    }

    /// The fate that is stored as this.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fate| fate.word() == word)
    }
}

/// Why a run was left out, where its own terms are not the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Another came while it waited.
    Overtaken,
    /// The one before it is not over.
    Overlap,
    /// The one before it began too short a time ago.
    MinInterval,
}

impl Why {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Overtaken => "overtaken",
            Self::Overlap => "overlap",
            Self::MinInterval => "min-interval",
        }
    }
}

/// What is to become of a planned run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A job is started.
    Start,
    /// It waits.
    Wait,
    /// It is left out.
    Skip(Why),
    /// It was missed.
    Miss,
}

/// A planned run that something is to become of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Its instant.
    pub planned_at: Micros,
    /// How many runs it stands for: more than one only where many were missed.
    pub count: u64,
    /// What is to become of it.
    pub verdict: Verdict,
}

/// A planned run that something has become of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Its instant.
    pub planned_at: Micros,
    /// When that was decided.
    pub decided_at: Micros,
    /// What has become of it.
    pub fate: Fate,
    /// Whether a person asked for it, outside the rhythm.
    pub by_hand: bool,
}

/// What has become of a schedule's runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The latest of them and the last that started, in any order; one may stand here twice.
    pub settled: Vec<Settled>,
    /// Whether one of its jobs is not over.
    pub running: bool,
}

/// A schedule as far as it decides about runs.
#[derive(Clone, Copy, Debug)]
pub struct Schedule<'a> {
    /// What was decided about it.
    pub plan: &'a Plan,
    /// Whether it plans runs.
    pub standing: Standing,
    /// Instants up to this one are none of its business: it was made, changed or resumed then.
    pub since: Micros,
}

impl Past {
    /// What counts by today's clock.
    fn counting(&self, now: Micros) -> impl Iterator<Item = &Settled> {
        let counts = move |one: &&Settled| {
            one.planned_at <= now && (one.fate == Fate::Started || one.decided_at <= now)
        };
        self.settled.iter().filter(counts)
    }

    fn waiting(&self, now: Micros) -> Vec<Micros> {
        let waiting = self.counting(now).filter(|one| one.fate == Fate::Waiting);
        let mut waiting: Vec<_> = waiting.map(|one| one.planned_at).collect();
        waiting.sort_unstable();
        waiting
    }

    /// When the last job was started; one that a clock which ran ahead has started says nothing about when.
    fn last_start(&self, now: Micros) -> Option<Micros> {
        let started = self.settled.iter().filter(|one| one.fate == Fate::Started);
        started.map(|one| one.decided_at).filter(|at| *at <= now).max()
    }
}

impl Schedule<'_> {
    /// Up to which instant everything is decided.
    fn frontier(&self, now: Micros, past: &Past) -> Micros {
        let decided = past.counting(now).filter(|one| !one.by_hand).map(|one| one.planned_at);
        decided.max().map_or(self.since, |last| last.max(self.since))
    }

    /// Why no job may be started now, if none may.
    fn too_soon(&self, now: Micros, past: &Past) -> Option<Why> {
        let early = |last: Micros| now < last.saturating_add(self.plan.min_interval);
        if past.running {
            Some(Why::Overlap)
        } else {
            past.last_start(now).is_some_and(early).then_some(Why::MinInterval)
        }
    }
}

/// What is due, in the order of the instants; at most one of them starts.
pub fn due(schedule: Schedule<'_>, now: Micros, past: &Past) -> Vec<Occurrence> {
    if schedule.standing != Standing::Active {
        return Vec::new();
    }
    let (mut fresh, mut decided) = passed(schedule, now, past);
    let one = |planned_at, verdict| Occurrence { planned_at, count: 1, verdict };
    if schedule.plan.catch_up == CatchUp::Skip {
        while let Some(late) = fresh.pop_front_if(|planned| *planned < now.saturating_sub(IN_TIME)) {
            decided.push(one(late, Verdict::Miss));
        }
    }
    let waited = past.waiting(now);
    let mut queue: VecDeque<(Micros, bool)> = waited.iter().map(|at| (*at, true)).collect();
    queue.extend(fresh.into_iter().map(|at| (at, false)));
    while queue.len() > schedule.plan.catch_up.capacity() {
        if let Some((planned, waited)) = queue.pop_front() {
            decided.push(one(planned, if waited { Verdict::Skip(Why::Overtaken) } else { Verdict::Miss }));
        }
    }
    let wait = |(planned, waited): (Micros, bool)| (!waited).then(|| one(planned, Verdict::Wait));
    match (schedule.too_soon(now, past), schedule.plan.overlap) {
        (None, _) => {
            decided.extend(queue.pop_front().map(|(planned, _)| one(planned, Verdict::Start)));
            decided.extend(queue.into_iter().filter_map(wait));
        }
        (Some(_), TooSoon::Wait) => decided.extend(queue.into_iter().filter_map(wait)),
        (Some(why), TooSoon::Skip) => {
            decided.extend(queue.into_iter().map(|(planned, _)| one(planned, Verdict::Skip(why))));
        }
    }
    decided
}

/// Planned instants that have passed and are not decided: the last of them, and one occurrence for all before.
fn passed(schedule: Schedule<'_>, now: Micros, past: &Past) -> (VecDeque<Micros>, Vec<Occurrence>) {
    let mut last = VecDeque::new();
    let mut before: Option<Occurrence> = None;
    let after = schedule.frontier(now, past);
    let by_hand = |planned: &Micros| past.settled.iter().any(|one| one.by_hand && one.planned_at == *planned);
    let planned = schedule.plan.planned_after(after).take_while(|planned| *planned <= now);
    for planned in planned.filter(|planned| !by_hand(planned)) {
        last.push_back(planned);
        if last.len() > EACH
            && let Some(planned_at) = last.pop_front()
        {
            let count = before.map_or(1, |before| before.count + 1);
            before = Some(Occurrence { planned_at, count, verdict: Verdict::Miss });
        }
    }
    (last, before.into_iter().collect())
}

/// When something may be due by the passing of time alone.
pub fn wakes(schedule: Schedule<'_>, now: Micros, past: &Past) -> Option<Micros> {
    if schedule.standing != Standing::Active {
        return None;
    }
    let next = schedule.plan.planned_after(schedule.frontier(now, past).max(now)).next();
    let waits = !past.running && !past.waiting(now).is_empty();
    let allowed = past.last_start(now).filter(|_| waits);
    let allowed = allowed.map(|last| last.saturating_add(schedule.plan.min_interval));
    [next, allowed, schedule.plan.ends().filter(|ends| *ends > now)].into_iter().flatten().min()
}

/// Whether nothing will ever be due again.
pub fn is_over(schedule: Schedule<'_>, now: Micros, past: &Past) -> bool {
    let nothing_waits = past.waiting(now).is_empty();
    let after = schedule.frontier(now, past).max(now);
    schedule.standing == Standing::Active
        && nothing_waits
        && schedule.plan.planned_after(after).next().is_none()
        && due(schedule, now, past).is_empty()
}
