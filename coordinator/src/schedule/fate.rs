//! What becomes of a planned run, as a function. [`super::due()`] says which event comes to it, [`super::ledger::settle`]
//! writes down what it makes of the run.
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
//! A run that is planned has no row: it is `None` here. A job that was started stays started, whatever a clock says.

use lianfang_proto::listed;

use crate::ports::Micros;

listed! {
    /// What has become of a planned run.
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
}

listed! {
    /// What happens to a planned run.
    pub enum Event {
        /// Its turn has come, in time or caught up: a job is started.
        Start,
        /// Its turn has come, and no job comes of it.
        NoJob,
        /// It comes too soon, or behind another, and may wait.
        Wait,
        /// It comes before the last one is over, and none may wait.
        Overlap,
        /// It comes too short a time after the last one began, and none may wait.
        MinInterval,
        /// More runs are due than may wait.
        Overtaken,
        /// Nobody was there in its time, and it is not caught up.
        Unattended,
        /// Its schedule is paused.
        Pause,
        /// Its schedule is removed.
        Remove,
        /// A person asks for a run at this moment, and a job is started.
        ByHand,
        /// What was decided was decided by a clock that ran ahead of today's.
        RanAhead,
    }
}

/// An event that changes nothing of what was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a run that is {} takes no such event", .fate.word())]
pub struct Decided {
    /// What was decided.
    pub fate: Fate,
    /// The event.
    pub event: Event,
}

impl Fate {
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

    /// What the event makes of a run; `None`, before and after, is one that is planned.
    pub const fn apply(before: Option<Self>, event: Event) -> Result<Option<Self>, Decided> {
        match (before, event) {
            (None, Event::Start | Event::ByHand) => Ok(Some(Self::Started)),
            (None, Event::NoJob | Event::Overlap | Event::MinInterval) => Ok(Some(Self::Skipped)),
            (None, Event::Wait) => Ok(Some(Self::Waiting)),
            (None, Event::Overtaken | Event::Unattended) => Ok(Some(Self::Missed)),
            // While its schedule rests, a planned instant is nobody's business.
            (None, Event::Pause | Event::Remove | Event::RanAhead) => Ok(None),
            (Some(Self::Waiting), Event::Start) => Ok(Some(Self::Started)),
            (Some(Self::Waiting), Event::Wait) => Ok(Some(Self::Waiting)),
            (
                Some(Self::Waiting),
                Event::NoJob
                | Event::Overlap
                | Event::MinInterval
                | Event::Overtaken
                | Event::Pause
                | Event::Remove,
            ) => Ok(Some(Self::Skipped)),
            (Some(Self::Waiting | Self::Skipped | Self::Missed), Event::RanAhead) => Ok(None),
            (Some(fate @ Self::Waiting), Event::Unattended | Event::ByHand) => Err(Decided { fate, event }),
            (
                Some(fate @ (Self::Skipped | Self::Missed)),
                Event::Start
                | Event::NoJob
                | Event::Wait
                | Event::Overlap
                | Event::MinInterval
                | Event::Overtaken
                | Event::Unattended
                | Event::Pause
                | Event::Remove
                | Event::ByHand,
            ) => Err(Decided { fate, event }),
            (
                Some(fate @ Self::Started),
                Event::Start
                | Event::NoJob
                | Event::Wait
                | Event::Overlap
                | Event::MinInterval
                | Event::Overtaken
                | Event::Unattended
                | Event::Pause
                | Event::Remove
                | Event::ByHand
                | Event::RanAhead,
            ) => Err(Decided { fate, event }),
        }
    }

    /// What has become of a run by today's clock, if this was decided at `decided_at`.
    pub fn by_clock(self, decided_at: Micros, now: Micros) -> Option<Self> {
        if decided_at <= now {
            return Some(self);
        }
        Self::apply(Some(self), Event::RanAhead).unwrap_or(Some(self))
    }
}

impl Event {
    /// The stable code of why a run came to this fate by it. Nothing where there is no reason, and where the run's own
    /// terms are the reason.
    pub const fn why(self, fate: Fate) -> &'static str {
        match fate {
            Fate::Waiting | Fate::Started => "",
            Fate::Missed => "not-serving",
            Fate::Skipped => match self {
                Self::Overlap => "overlap",
                Self::MinInterval => "min-interval",
                Self::Overtaken => "overtaken",
                Self::Pause => "paused",
                Self::Remove => "removed",
                Self::Start | Self::NoJob | Self::Wait | Self::Unattended | Self::ByHand | Self::RanAhead => {
                    ""
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fate::{Missed, Skipped, Started, Waiting};
    use super::*;

    /// What an event makes of a run that is planned, waits, was started, was left out, was missed: the fate after it and
    /// why, or nothing where all stays as it was decided.
    type Column = [Option<(Option<Fate>, &'static str)>; 1 + Fate::ALL.len()];

    fn made_by(event: Event) -> Column {
        let to = |fate, why| Some((Some(fate), why));
        let planned = Some((None, ""));
        match event {
            Event::Start => [to(Started, ""), to(Started, ""), None, None, None],
            Event::NoJob => [to(Skipped, ""), to(Skipped, ""), None, None, None],
            Event::Wait => [to(Waiting, ""), to(Waiting, ""), None, None, None],
            Event::Overlap => [to(Skipped, "overlap"), to(Skipped, "overlap"), None, None, None],
            Event::MinInterval => {
                [to(Skipped, "min-interval"), to(Skipped, "min-interval"), None, None, None]
            }
            Event::Overtaken => [to(Missed, "not-serving"), to(Skipped, "overtaken"), None, None, None],
            Event::Unattended => [to(Missed, "not-serving"), None, None, None, None],
            Event::Pause => [planned, to(Skipped, "paused"), None, None, None],
            Event::Remove => [planned, to(Skipped, "removed"), None, None, None],
            Event::ByHand => [to(Started, ""), None, None, None, None],
            Event::RanAhead => [planned, planned, None, planned, planned],
        }
    }

    fn fates() -> [Option<Fate>; 1 + Fate::ALL.len()] {
        [None, Some(Waiting), Some(Started), Some(Skipped), Some(Missed)]
    }

    #[test]
    fn every_pair_of_fate_and_event() {
        assert!(Fate::ALL.iter().all(|fate| fates().contains(&Some(*fate))));
        for event in Event::ALL {
            for (before, wanted) in fates().into_iter().zip(made_by(event)) {
                let after = Fate::apply(before, event);
                assert_eq!(after.ok(), wanted.map(|(fate, _)| fate), "{before:?} {event:?}");
                if let Some((Some(fate), why)) = wanted {
                    assert_eq!(event.why(fate), why, "{before:?} {event:?}");
                }
            }
        }
    }

    #[test]
    fn a_clock_that_ran_ahead_has_decided_nothing_but_what_it_started() {
        for (fate, ahead) in [(Waiting, None), (Started, Some(Started)), (Skipped, None), (Missed, None)] {
            assert_eq!(fate.by_clock(11, 10), ahead, "{fate:?}");
            for decided_at in [9, 10] {
                assert_eq!(fate.by_clock(decided_at, 10), Some(fate), "{fate:?} {decided_at}");
            }
        }
    }

    #[test]
    fn fates_survive_the_store() {
        for fate in Fate::ALL {
            assert_eq!(Fate::from_word(fate.word()), Some(fate));
        }
        assert_eq!(Fate::from_word("planned"), None);
    }
}
