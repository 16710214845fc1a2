//! Whether the roster in force is known to be the newest: a function of what was heard.
//!
//! Comes in: what the coordinator says, and when. Goes out: how long ago it said that there is no newer roster. Never sees: a
//! roster, a connection. Fails: never.

use crate::ports::Micros;

/// By how much the clock may be set back without more ado.
pub(super) const CLOCK_STEP: Micros = 300_000_000;

/// When the coordinator last confirmed that there is no newer roster. Kept nowhere: a node that was restored from a backup
/// has an old roster, and one that was just started knows no more than when it stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Confirmation {
    /// Not since the start.
    #[default]
    Never,
    /// Then.
    At(Micros),
}

/// What is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// At this time the coordinator names its newest version, while another, or the same, is in force here.
    Named { newest: u64, in_force: u64, now: Micros },
    /// Another roster is in force from now on. That one came says nothing of whether a newer one did.
    Taken,
}

impl Confirmation {
    /// What is known after `event`.
    pub(super) const fn after(self, event: Event) -> Self {
        match (self, event) {
            (Self::Never | Self::At(_), Event::Named { newest, in_force, now }) => {
                if newest <= in_force {
                    Self::At(now)
                } else {
                    self
                }
            }
            (Self::Never | Self::At(_), Event::Taken) => self,
        }
    }

    /// How long ago that was; for ever, if it was not since the start.
    pub(super) fn age(self, now: Micros) -> Micros {
        match self {
            Self::Never => Micros::MAX,
            Self::At(confirmed_at) => {
                let ago = now.saturating_sub(confirmed_at);
                // Confirmed by a clock that was ahead and was set back: nobody knows how long ago that is.
                if ago < -CLOCK_STEP { Micros::MAX } else { ago.max(0) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use lianfang_proto::listed;

    use super::*;

    listed! { enum State { Never, Confirmed } }
    listed! { enum Deed { NamesAnOlder, NamesTheSame, NamesANewer, Taken } }

    impl State {
        fn confirmation(self) -> Confirmation {
            match self {
                Self::Never => Confirmation::Never,
                Self::Confirmed => Confirmation::At(3),
            }
        }

        fn of(confirmation: Confirmation) -> Self {
            match confirmation {
                Confirmation::Never => Self::Never,
                Confirmation::At(_) => Self::Confirmed,
            }
        }
    }

    impl Deed {
        fn event(self) -> Event {
            let named = |newest| Event::Named { newest, in_force: 7, now: 5 };
            match self {
                Self::NamesAnOlder => named(6),
                Self::NamesTheSame => named(7),
                Self::NamesANewer => named(8),
                Self::Taken => Event::Taken,
            }
        }

        fn all_of(event: Event) -> &'static [Self] {
            match event {
                Event::Named { .. } => &[Self::NamesAnOlder, Self::NamesTheSame, Self::NamesANewer],
                Event::Taken => &[Self::Taken],
            }
        }
    }

    #[test]
    fn whatever_is_heard_confirmed_or_not() {
        for state in State::ALL {
            assert_eq!(State::of(state.confirmation()), state);
            for deed in Deed::ALL {
                let wanted = match (state, deed) {
                    (State::Never | State::Confirmed, Deed::NamesAnOlder) => Confirmation::At(5),
                    (State::Never | State::Confirmed, Deed::NamesTheSame) => Confirmation::At(5),
                    (State::Never, Deed::NamesANewer | Deed::Taken) => Confirmation::Never,
                    (State::Confirmed, Deed::NamesANewer | Deed::Taken) => Confirmation::At(3),
                };
                assert!(Deed::all_of(deed.event()).contains(&deed), "{deed:?}");
                assert_eq!(state.confirmation().after(deed.event()), wanted, "{state:?} {deed:?}");
            }
        }
    }
}
