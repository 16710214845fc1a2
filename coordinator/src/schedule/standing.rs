//! Whether a schedule plans runs, as a function: what a person's word, or the end of its campaign, makes of it.
//!
//! ```text
//! (none), removed ──add──▶ active ──pause──▶ paused ──resume──▶ active         active, paused, ended ──remove──▶ removed
//!                           ▲  └──nothing will be due again──▶ ended
//!                           └──────────────change────────────────┘             (active and paused stay so by a change)
//! ended ──it ended by a clock that ran ahead──▶ active
//! ```
//!
//! The last is how it is read ([`Standing::by_clock`]), and is not written: what the other clock has decided stays in the store
//! until a person, or the end by today's clock, decides anew.

use lianfang_proto::listed;

use super::CLOCKS_DIFFER;
use crate::ports::Micros;

listed! {
    /// Whether a schedule plans runs.
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
}

listed! {
    /// What happens to a schedule.
    pub enum Event {
        /// A person makes it.
        Add,
        /// A person decides something else about it.
        Change,
        /// A person lets it rest.
        Pause,
        /// A person lets it go on.
        Resume,
        /// A person takes it away.
        Remove,
        /// Nothing will ever be due again.
        Over,
        /// How it stands was decided by a clock that ran ahead of today's.
        RanAhead,
    }
}

/// Why an event changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is one of this name already.
    Exists,
    /// There is none of this name.
    Unknown,
    /// It stands otherwise.
    Stands {
        /// How.
        got: Standing,
        /// How it must stand.
        wanted: Standing,
    },
}

impl Standing {
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

    /// What the event makes of a schedule that stands so; of none, if there is none of its name.
    pub const fn apply(before: Option<Self>, event: Event) -> Result<Self, Refused> {
        match (before, event) {
            (None | Some(Self::Removed), Event::Add) => Ok(Self::Active),
            (Some(Self::Active | Self::Paused | Self::Ended), Event::Add) => Err(Refused::Exists),
            (
                None | Some(Self::Removed),
                Event::Change | Event::Pause | Event::Resume | Event::Remove | Event::Over | Event::RanAhead,
            ) => Err(Refused::Unknown),
            (Some(Self::Active | Self::Ended), Event::Change) => Ok(Self::Active),
            (Some(Self::Paused), Event::Change) => Ok(Self::Paused),
            (Some(Self::Active), Event::Pause) => Ok(Self::Paused),
            (Some(Self::Paused), Event::Resume) => Ok(Self::Active),
            (Some(Self::Active | Self::Paused | Self::Ended), Event::Remove) => Ok(Self::Removed),
            (Some(Self::Active), Event::Over) => Ok(Self::Ended),
            (Some(got @ (Self::Paused | Self::Ended)), Event::Pause | Event::Over) => {
                Err(Refused::Stands { got, wanted: Self::Active })
            }
            (Some(got @ (Self::Active | Self::Ended)), Event::Resume) => {
                Err(Refused::Stands { got, wanted: Self::Paused })
            }
            // What a person has decided stays, whatever the clock said.
            (Some(got @ (Self::Active | Self::Paused)), Event::RanAhead) => {
                Err(Refused::Stands { got, wanted: Self::Ended })
            }
            (Some(Self::Ended), Event::RanAhead) => Ok(Self::Active),
        }
    }

    /// How a schedule stands by today's clock, if this was decided at `changed_at`.
    #[must_use]
    pub fn by_clock(self, changed_at: Micros, now: Micros) -> Self {
        if changed_at <= now.saturating_add(CLOCKS_DIFFER) {
            return self;
        }
        Self::apply(Some(self), Event::RanAhead).unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Refused::{Exists, Stands, Unknown};
    use super::Standing::{Active, Ended, Paused, Removed};
    use super::*;

    type Row = [Result<Standing, Refused>; Event::ALL.len()];

    /// What each event makes of a standing, in the order of [`Event::ALL`].
    fn after(before: Option<Standing>) -> Row {
        let not = |got, wanted| Err(Stands { got, wanted });
        let nobody = Err(Unknown);
        match before {
            None => [Ok(Active), nobody, nobody, nobody, nobody, nobody, nobody],
            Some(Active) => [
                Err(Exists),
                Ok(Active),
                Ok(Paused),
                not(Active, Paused),
                Ok(Removed),
                Ok(Ended),
                not(Active, Ended),
            ],
            Some(Paused) => [
                Err(Exists),
                Ok(Paused),
                not(Paused, Active),
                Ok(Active),
                Ok(Removed),
                not(Paused, Active),
                not(Paused, Ended),
            ],
            Some(Ended) => [
                Err(Exists),
                Ok(Active),
                not(Ended, Active),
                not(Ended, Paused),
                Ok(Removed),
                not(Ended, Active),
                Ok(Active),
            ],
            Some(Removed) => [Ok(Active), nobody, nobody, nobody, nobody, nobody, nobody],
        }
    }

    #[test]
    fn every_pair_of_standing_and_event() {
        for before in Standing::ALL.into_iter().map(Some).chain([None]) {
            for (event, wanted) in Event::ALL.into_iter().zip(after(before)) {
                assert_eq!(Standing::apply(before, event), wanted, "{before:?} {event:?}");
            }
        }
    }

    #[test]
    fn a_clock_that_ran_ahead_has_ended_nothing() {
        for (standing, ahead) in [(Active, Active), (Paused, Paused), (Ended, Active), (Removed, Removed)] {
            assert_eq!(standing.by_clock(11 + CLOCKS_DIFFER, 10), ahead, "{standing:?}");
            for changed_at in [9, 10, 11, 10 + CLOCKS_DIFFER] {
                assert_eq!(standing.by_clock(changed_at, 10), standing, "{standing:?} {changed_at}");
            }
        }
    }

    #[test]
    fn standings_survive_the_store() {
        for standing in Standing::ALL {
            assert_eq!(Standing::from_word(standing.word()), Some(standing));
        }
        assert_eq!(Standing::from_word("resting"), None);
    }
}
