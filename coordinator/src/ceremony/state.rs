//! How far a ceremony has come, as a function: what a post, the clock, or the loss of a holder makes of it. What a post says
//! is [`super::board`]'s.
//!
//! ```text
//! open ──the last endorsement──▶ done: the record is published; of a repair there is none
//!   └──a complaint, the deadline, a holder that is suspended, revoked or enrolled under another identity──▶ failed, with names
//! ```

use lianfang_proto::FaultCode;
use lianfang_proto::documents::ceremony::Phase;
use lianfang_proto::listed;

listed! {
    /// How far a ceremony has come.
    pub enum State {
        /// Posts are taken.
        Open,
        /// The record is published.
        Done,
        /// Given up.
        Failed,
    }
}

listed! {
    /// What happens to a ceremony.
    pub enum Event {
        /// A post that ends nothing.
        Post,
        /// An endorsement; others lack.
        Endorsement,
        /// The endorsement with which all are there.
        LastEndorsement,
        /// A complaint.
        Complaint,
        /// Its deadline is looked at.
        Deadline,
        /// A holder was suspended or revoked, or enrolled anew under another identity.
        HolderGone,
    }
}

listed! {
    /// Why an event changes nothing.
    pub enum Refused {
        /// Its deadline has not come.
        InTime,
        /// Its deadline has passed.
        Late,
        /// It is done.
        Done,
        /// It was given up.
        Failed,
    }
}

impl Event {
    /// What a post of this phase is, as far as it can be told without the others.
    pub const fn of(phase: Phase) -> Self {
        match phase {
            Phase::RoundOne | Phase::Echo | Phase::RoundTwo | Phase::RoundThree => Self::Post,
            Phase::Endorse => Self::Endorsement,
            Phase::Complaint => Self::Complaint,
        }
    }

    /// Whether the board may have come to its end by it.
    pub const fn may_end(self) -> bool {
        match self {
            Self::Post => false,
            Self::Endorsement
            | Self::LastEndorsement
            | Self::Complaint
            | Self::Deadline
            | Self::HolderGone => true,
        }
    }
}

impl State {
    /// As it is stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The state that is stored as this.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// What the event makes of it. `late` says whether the deadline has passed.
    pub const fn apply(self, event: Event, late: bool) -> Result<Self, Refused> {
        match (self, event, late) {
            (Self::Open, Event::Post | Event::Endorsement, false) => Ok(Self::Open),
            (Self::Open, Event::LastEndorsement, false) => Ok(Self::Done),
            (Self::Open, Event::Complaint, false) => Ok(Self::Failed),
            (
                Self::Open,
                Event::Post | Event::Endorsement | Event::LastEndorsement | Event::Complaint,
                true,
            ) => Err(Refused::Late),
            (Self::Open, Event::Deadline, true) => Ok(Self::Failed),
            (Self::Open, Event::Deadline, false) => Err(Refused::InTime),
            (Self::Open, Event::HolderGone, _) => Ok(Self::Failed),
            (
                Self::Done,
                Event::Post
                | Event::Endorsement
                | Event::LastEndorsement
                | Event::Complaint
                | Event::Deadline
                | Event::HolderGone,
                _,
            ) => Err(Refused::Done),
            (
                Self::Failed,
                Event::Post
                | Event::Endorsement
                | Event::LastEndorsement
                | Event::Complaint
                | Event::Deadline
                | Event::HolderGone,
                _,
            ) => Err(Refused::Failed),
        }
    }
}

impl Refused {
    /// What a holder is told, by the code with which the ceremony failed, if it did.
    pub const fn code(self, failure: Option<FaultCode>) -> FaultCode {
        match (self, failure) {
            (Self::Done, _) => FaultCode::MessageRepeated,
            (Self::Failed, Some(failure)) => failure,
            (Self::Failed, None) | (Self::Late | Self::InTime, _) => FaultCode::CeremonyMissing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = [Result<State, Refused>; Event::ALL.len()];

    /// What each event makes of a state, in the order of [`Event::ALL`].
    fn after(state: State, late: bool) -> Row {
        use State::{Done, Failed, Open};
        let (over, early) = (Err(Refused::Late), Err(Refused::InTime));
        match (state, late) {
            (Open, false) => [Ok(Open), Ok(Open), Ok(Done), Ok(Failed), early, Ok(Failed)],
            (Open, true) => [over, over, over, over, Ok(Failed), Ok(Failed)],
            (Done, _) => [Err(Refused::Done); Event::ALL.len()],
            (Failed, _) => [Err(Refused::Failed); Event::ALL.len()],
        }
    }

    #[test]
    fn every_pair_of_state_and_event() {
        for state in State::ALL {
            for late in [false, true] {
                for (event, wanted) in Event::ALL.into_iter().zip(after(state, late)) {
                    assert_eq!(state.apply(event, late), wanted, "{state:?} {event:?} {late}");
                    // What is only looked at by some posts is not missed by the others.
                    let ends = wanted.is_ok_and(|next| next != state);
                    assert!(event.may_end() || !ends, "{state:?} {event:?}");
                }
            }
        }
    }

    #[test]
    fn posts_of_every_phase_are_events() {
        use Event::{Complaint, Endorsement, Post};
        // In the order of `ALL`: rounds one, its echo, and two; the endorsement; a complaint; round three.
        let events: [Event; Phase::ALL.len()] = [Post, Post, Post, Endorsement, Complaint, Post];
        for (phase, event) in Phase::ALL.into_iter().zip(events) {
            assert_eq!(Event::of(phase), event, "{phase:?}");
        }
    }

    #[test]
    fn refusals_are_told_by_code() {
        use FaultCode::{CeremonyLied, CeremonyMissing, MessageRepeated};
        // Without and with a code by which it failed.
        let codes = |refused| match refused {
            Refused::InTime | Refused::Late => [CeremonyMissing; 2],
            Refused::Done => [MessageRepeated; 2],
            Refused::Failed => [CeremonyMissing, CeremonyLied],
        };
        for refused in Refused::ALL {
            let told = [None, Some(CeremonyLied)].map(|failure| refused.code(failure));
            assert_eq!(told, codes(refused), "{refused:?}");
        }
    }

    #[test]
    fn states_survive_the_store() {
        for state in State::ALL {
            assert_eq!(State::from_word(state.word()), Some(state));
        }
        assert_eq!(State::from_word(""), None);
    }
}
