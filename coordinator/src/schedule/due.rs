//! Which runs of a schedule are due, and what comes to each: a function of the schedule, its past, and the time. What
//! becomes of a run by that is [`super::fate`]'s.
//!
//! A run's past is a row under (schedule, planned instant). What was decided by a clock that ran ahead of today's does not
//! count, unless a job was started by it: a clock that was a year ahead for an hour must not silence a schedule for a year.
//! A clock that went back finds its rows and does nothing twice.

use std::collections::VecDeque;

use super::CLOCKS_DIFFER;
use super::fate::{Event, Fate};
use super::plan::{CatchUp, Plan, TooSoon};
use super::standing::Standing;
use crate::ports::Micros;

/// A run is in time as long after its instant; later ones were missed.
pub const IN_TIME: Micros = 3_600 * 1_000_000;
/// Missed runs that are each taken down; those before are one row with their number.
const EACH: usize = 64;

/// A planned run to which something comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Its instant.
    pub planned_at: Micros,
    /// How many runs it stands for: more than one only where many were missed.
    pub count: u64,
    /// What comes to it.
    pub event: Event,
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
    /// Whether one of its jobs is not over, those aside that were begun more than a day ahead of today's clock.
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

/// Up to which instant runs are none of a schedule's business by today's clock, if this is kept and was decided at
/// `changed_at`. What a clock that ran ahead has decided counts from now on, or the schedule would be silent until that time.
/// Once that time has come it counts from then on: it may have been today's clock that was wrong.
pub fn since_by_clock(since: Micros, changed_at: Micros, now: Micros) -> Micros {
    if changed_at <= now {
        since.max(changed_at)
    } else if since > now.saturating_add(CLOCKS_DIFFER) {
        now
    } else {
        since
    }
}

impl Past {
    /// What counts by today's clock.
    fn counting(&self, now: Micros) -> impl Iterator<Item = &Settled> {
        let counts =
            move |one: &&Settled| one.planned_at <= now && one.fate.by_clock(one.decided_at, now).is_some();
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

    /// What comes to a run that may not wait, if no job may be started now.
    fn too_soon(&self, now: Micros, past: &Past) -> Option<Event> {
        let early = |last: Micros| now < last.saturating_add(self.plan.min_interval);
        if past.running {
            Some(Event::Overlap)
        } else {
            past.last_start(now).is_some_and(early).then_some(Event::MinInterval)
        }
    }
}

/// What is due, in the order of the instants; at most one of them starts.
pub fn due(schedule: Schedule<'_>, now: Micros, past: &Past) -> Vec<Occurrence> {
    if schedule.standing != Standing::Active {
        return Vec::new();
    }
    let (mut fresh, mut decided) = passed(schedule, now, past);
    let one = |planned_at, event| Occurrence { planned_at, count: 1, event };
    if schedule.plan.catch_up == CatchUp::Skip {
        while let Some(late) = fresh.pop_front_if(|planned| *planned < now.saturating_sub(IN_TIME)) {
            decided.push(one(late, Event::Unattended));
        }
    }
    let waited = past.waiting(now);
    let mut queue: VecDeque<(Micros, bool)> = waited.iter().map(|at| (*at, true)).collect();
    queue.extend(fresh.into_iter().map(|at| (at, false)));
    while queue.len() > schedule.plan.catch_up.capacity() {
        decided.extend(queue.pop_front().map(|(planned, _)| one(planned, Event::Overtaken)));
    }
    let wait = |(planned, waited): (Micros, bool)| (!waited).then(|| one(planned, Event::Wait));
    match (schedule.too_soon(now, past), schedule.plan.overlap) {
        (None, _) => {
            decided.extend(queue.pop_front().map(|(planned, _)| one(planned, Event::Start)));
            decided.extend(queue.into_iter().filter_map(wait));
        }
        (Some(_), TooSoon::Wait) => decided.extend(queue.into_iter().filter_map(wait)),
        (Some(too_soon), TooSoon::Skip) => {
            decided.extend(queue.into_iter().map(|(planned, _)| one(planned, too_soon)));
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
            before = Some(Occurrence { planned_at, count, event: Event::Overtaken });
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
