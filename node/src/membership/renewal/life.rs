//! The life of a certificate, and what is done in it: functions of what is known.
//!
//! Comes in: from when until when it holds, the time, whether the coordinator has refused it, whether an exchange of its key
//! was begun. Goes out: what is due, what a look leads to, which way a request goes. Never sees: a key, a connection. Fails:
//! never.

use std::time::Duration;

use lianfang_link::{UnixTime, Validity};

/// What the life of a certificate asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing before this time.
    NotYet(UnixTime),
    /// It is time to renew it.
    Now,
    /// It is over: it opens no connection any more.
    Over,
}

/// Renewal is due after two thirds of a certificate's life, and up to a twelfth of it later: `spread` is different at each
/// node, so that those that joined on one day do not all come on one day.
pub fn due(validity: Validity, now: UnixTime, spread: u8) -> Due {
    let (begin, end) = (validity.not_before.as_secs(), validity.not_after.as_secs());
    let life = end.saturating_sub(begin);
    let at = begin + life / 3 * 2 + life / 12 / 256 * u64::from(spread);
    match now.as_secs() {
        now if now >= end => Due::Over,
        now if now >= at => Due::Now,
        _ => Due::NotYet(UnixTime::since_unix_epoch(Duration::from_secs(at))),
    }
}

/// What a look at the certificate leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is left as it is.
    Wait,
    /// Another is asked for, over the same key.
    Renew,
    /// The exchange of its key goes on.
    Exchange,
}

/// What is done. `doubted` after the coordinator has refused the certificate in use; `begun` where the key of an exchange
/// lies beside the one in use.
pub(super) const fn step(due: Due, doubted: bool, begun: bool) -> Step {
    match (due, begun) {
        (Due::NotYet(_) | Due::Now | Due::Over, true) => Step::Exchange,
        (Due::NotYet(_), false) if !doubted => Step::Wait,
        (Due::NotYet(_) | Due::Now | Due::Over, false) => Step::Renew,
    }
}

/// Whether a request goes to where strangers may call: a certificate that is over opens no connection, and one whose key
/// is exchanged without `overlap` none that outlives the request.
pub(super) const fn goes_as_a_stranger(due: Due, overlap: bool) -> bool {
    match due {
        Due::NotYet(_) | Due::Now => !overlap,
        Due::Over => true,
    }
}

#[cfg(test)]
mod tests {
    use lianfang_proto::listed;

    use super::*;

    /// A life whose parts are whole seconds.
    const LIFE: u64 = 1_200 * 256;
    const BEGIN: u64 = 1_000_000;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    fn from(begin: u64) -> Validity {
        Validity { not_before: at(begin), not_after: at(begin + LIFE) }
    }

    #[test]
    fn renewal_comes_in_time_and_not_for_all_at_once() {
        let first = BEGIN + LIFE / 3 * 2;
        let last = first + LIFE / 12 / 256 * 255;
        for (now, spread, wanted) in [
            (BEGIN, 0, Due::NotYet(at(first))),
            (first - 1, 0, Due::NotYet(at(first))),
            (first, 0, Due::Now),
            (first, 255, Due::NotYet(at(last))),
            (last, 255, Due::Now),
            (BEGIN + LIFE - 1, 255, Due::Now),
            (BEGIN + LIFE, 0, Due::Over),
            (u64::MAX / 2, 9, Due::Over),
        ] {
            assert_eq!(due(from(BEGIN), at(now), spread), wanted, "{now} {spread}");
        }
        assert!(
            last < BEGIN + LIFE / 4 * 3 + 1,
            "a quarter of its life is left for a coordinator that is away"
        );
        let nothing = Validity { not_before: at(0), not_after: at(0) };
        assert_eq!(due(nothing, at(0), 0), Due::Over);
    }

    listed! { enum State { InUse, Due, Over } }
    listed! { enum Happening { NothingYet, TwoThirdsPass, ItEnds, TheClockGoesBack, Renewed, NotRenewed } }

    impl State {
        fn of(due: Due) -> Self {
            match due {
                Due::NotYet(_) => Self::InUse,
                Due::Now => Self::Due,
                Due::Over => Self::Over,
            }
        }

        /// A moment at which a certificate stands so.
        fn moment(self) -> u64 {
            match self {
                Self::InUse => BEGIN + LIFE / 2,
                Self::Due => BEGIN + LIFE / 3 * 2,
                Self::Over => BEGIN + LIFE,
            }
        }
    }

    /// From when the certificate holds, and what time it is, after this happened at `now`.
    fn after(now: u64, happening: Happening) -> (u64, u64) {
        match happening {
            Happening::NothingYet | Happening::NotRenewed => (BEGIN, now),
            Happening::TwoThirdsPass => (BEGIN, now.max(BEGIN + LIFE / 3 * 2)),
            Happening::ItEnds => (BEGIN, BEGIN + LIFE),
            Happening::TheClockGoesBack => (BEGIN, BEGIN - 1),
            Happening::Renewed => (now, now),
        }
    }

    #[test]
    fn every_state_of_a_certificate_and_all_that_happens_to_it() {
        for state in State::ALL {
            for happening in Happening::ALL {
                let wanted = match (state, happening) {
                    (State::InUse, Happening::NothingYet | Happening::NotRenewed) => State::InUse,
                    (State::InUse, Happening::TwoThirdsPass) => State::Due,
                    (State::Due, Happening::NothingYet | Happening::NotRenewed) => State::Due,
                    (State::Due, Happening::TwoThirdsPass) => State::Due,
                    (State::Over, Happening::NothingYet | Happening::NotRenewed) => State::Over,
                    (State::Over, Happening::TwoThirdsPass) => State::Over,
                    (State::InUse | State::Due | State::Over, Happening::ItEnds) => State::Over,
                    (State::InUse | State::Due | State::Over, Happening::TheClockGoesBack) => State::InUse,
                    (State::InUse | State::Due | State::Over, Happening::Renewed) => State::InUse,
                };
                let now = state.moment();
                assert_eq!(State::of(due(from(BEGIN), at(now), 0)), state);
                let (begin, now) = after(now, happening);
                assert_eq!(State::of(due(from(begin), at(now), 0)), wanted, "{state:?} {happening:?}");
            }
        }
    }

    #[test]
    fn what_a_look_leads_to_and_which_way_a_request_goes() {
        for state in State::ALL {
            let due = due(from(BEGIN), at(state.moment()), 0);
            for (doubted, begun) in [(false, false), (false, true), (true, false), (true, true)] {
                let wanted = match (state, doubted, begun) {
                    (State::InUse | State::Due | State::Over, false | true, true) => Step::Exchange,
                    (State::InUse, false, false) => Step::Wait,
                    (State::InUse, true, false) => Step::Renew,
                    (State::Due | State::Over, false | true, false) => Step::Renew,
                };
                assert_eq!(step(due, doubted, begun), wanted, "{state:?} {doubted} {begun}");
            }
            for overlap in [false, true] {
                let wanted = match (state, overlap) {
                    (State::InUse | State::Due, true) => false,
                    (State::InUse | State::Due, false) => true,
                    (State::Over, false | true) => true,
                };
                assert_eq!(goes_as_a_stranger(due, overlap), wanted, "{state:?} {overlap}");
            }
        }
    }
}
