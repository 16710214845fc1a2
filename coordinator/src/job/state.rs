//! The states of a job, as functions: what an event makes of a state, and which event is due.
//!
//! ```text
//! open ──gathered──▶ matching ──reported──▶ reporting ──returned──▶ certified ──agreed──▶ closed
//!                       └──given up──▶ failed
//! ```
//!
//! | state | what is done in it | by |
//! | --- | --- | --- |
//! | open | submissions are taken, until all are in or the deadline passes | banks |
//! | matching | rows become reports; a matching that failed is tried again, with pauses, until it rests or the time for returns is over, and then given up; one whose submissions are not there any more is given up at once | a coordinator under a lease |
//! | reporting | reports are read, returns taken, for as long as the grace lasts | banks |
//! | certified | the certificate is read and countersigned, for as long as the grace lasts | banks |
//! | closed, failed | what is left is destroyed | a coordinator under a lease |

use lianfang_proto::listed;
use lianfang_proto::v1;

use crate::ports::Micros;

listed! {
    /// How far a job has come.
    #[derive(PartialOrd, Ord, Hash)]
    pub enum State {
        /// Submissions are taken.
        Open,
        /// The coordinator is at work.
        Matching,
        /// Reports can be read, returns are taken.
        Reporting,
        /// The certificate can be read and countersigned.
        Certified,
        /// Rows and reports are destroyed.
        Closed,
        /// Given up; nothing was disclosed.
        Failed,
    }
}

listed! {
    /// What happens to a job.
    pub enum Event {
        /// Everybody has submitted or declined, or the deadline has passed.
        Gathered,
        /// All reports are written.
        Reported,
        /// Every return is in, or the time for them is over.
        Returned,
        /// Every countersignature is in, or the time for them is over.
        Agreed,
        /// It cannot be finished.
        GivenUp,
    }
}

/// An event that the state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a job that is {} takes no such event", state.word())]
pub struct OutOfTurn {
    /// The state.
    pub state: State,
    /// The event.
    pub event: Event,
}

impl State {
    /// What the event makes of it.
    pub fn apply(self, event: Event) -> Result<Self, OutOfTurn> {
        let refused = Err(OutOfTurn { state: self, event });
        match (self, event) {
            (Self::Open, Event::Gathered) => Ok(Self::Matching),
            (Self::Matching, Event::Reported) => Ok(Self::Reporting),
            (Self::Reporting, Event::Returned) => Ok(Self::Certified),
            (Self::Certified, Event::Agreed) => Ok(Self::Closed),
            (Self::Matching, Event::GivenUp) => Ok(Self::Failed),
            (Self::Open, Event::Reported | Event::Returned | Event::Agreed | Event::GivenUp)
            | (Self::Matching, Event::Gathered | Event::Returned | Event::Agreed)
            | (Self::Reporting, Event::Gathered | Event::Reported | Event::Agreed | Event::GivenUp)
            | (Self::Certified, Event::Gathered | Event::Reported | Event::Returned | Event::GivenUp)
            | (
                Self::Closed | Self::Failed,
                Event::Gathered | Event::Reported | Event::Returned | Event::Agreed | Event::GivenUp,
            ) => refused,
        }
    }

    /// Whether nothing more will happen.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Failed)
    }

    /// As it is shown, and as scripts wait for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Matching => "matching",
            Self::Reporting => "reporting",
            Self::Certified => "certified",
            Self::Closed => "closed",
            Self::Failed => "failed",
        }
    }

    /// As it travels and is stored.
    pub const fn wire(self) -> v1::JobState {
        match self {
            Self::Open => v1::JobState::Open,
            Self::Matching => v1::JobState::Matching,
            Self::Reporting => v1::JobState::Reporting,
            Self::Certified => v1::JobState::Certified,
            Self::Closed => v1::JobState::Closed,
            Self::Failed => v1::JobState::Failed,
        }
    }

    /// The state with this number.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.wire() as i32 == number)
    }
}

/// How far one participant has come.
#[expect(clippy::struct_excessive_bools, reason = "four independent signatures, each there or not")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Until when its submission is taken.
    pub taken_until: Micros,
    /// It takes no part.
    pub declined: bool,
    /// Its submission stands.
    pub sealed: bool,
    /// Its return is in.
    pub returned: bool,
    /// It has countersigned the certificate.
    pub countersigned: bool,
}

/// All that decides what is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The state.
    pub state: State,
    /// Since when.
    pub entered_at: Micros,
    /// Until when anybody's submission is taken.
    pub deadline: Micros,
    /// How long after that, or after entering the state, returns and countersignatures are waited for.
    pub grace: Micros,
    /// The coordinator's own work in this state has failed, and nobody is at it now.
    pub stuck: bool,
    /// The participants.
    pub parts: Vec<Part>,
}

/// What a coordinator has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// The event has happened: its state is entered.
    Enter(Event),
    /// Submissions are matched.
    Match,
}

impl Facts {
    /// What is to be done now.
    pub fn task(&self, now: Micros) -> Option<Task> {
        match (self.due(now), self.state) {
            (Some(event), _) => Some(Task::Enter(event)),
            (None, State::Matching) => Some(Task::Match),
            (None, State::Open | State::Reporting | State::Certified | State::Closed | State::Failed) => None,
        }
    }

    /// Until when the state lasts at most; `None` where it ends with the coordinator's own work, if that succeeds, or never.
    pub fn lasts_until(&self) -> Option<Micros> {
        match self.state {
            State::Open => {
                let awaited = self.parts.iter().filter(|part| !part.sealed && !part.declined);
                Some(awaited.map(|part| part.taken_until).max().unwrap_or(self.deadline))
            }
            State::Reporting | State::Certified => Some(self.window()),
            State::Matching => self.stuck.then(|| self.window()),
            State::Closed | State::Failed => None,
        }
    }

    fn window(&self) -> Micros {
        self.deadline.max(self.entered_at).saturating_add(self.grace)
    }

    /// The event that is due.
    pub fn due(&self, now: Micros) -> Option<Event> {
        let late = self.lasts_until().is_some_and(|until| now >= until);
        let mut present = self.parts.iter().filter(|part| part.sealed);
        match self.state {
            State::Open => (late || self.parts.iter().all(|part| part.sealed || part.declined))
                .then_some(Event::Gathered),
            State::Reporting => (late || present.all(|part| part.returned)).then_some(Event::Returned),
            State::Certified => (late || present.all(|part| part.countersigned)).then_some(Event::Agreed),
            // What fails for as long as returns would have been waited for will not come right.
            State::Matching => (self.stuck && late).then_some(Event::GivenUp),
            State::Closed | State::Failed => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each event makes of a state, in the order of [`Event::ALL`].
    fn after(state: State) -> [Option<State>; Event::ALL.len()] {
        use State::{Certified, Closed, Failed, Matching, Open, Reporting};
        match state {
            Open => [Some(Matching), None, None, None, None],
            Matching => [None, Some(Reporting), None, None, Some(Failed)],
            Reporting => [None, None, Some(Certified), None, None],
            Certified => [None, None, None, Some(Closed), None],
            Closed => [None; Event::ALL.len()],
            Failed => [None; Event::ALL.len()],
        }
    }

    #[test]
    fn every_pair_of_state_and_event() {
        for state in State::ALL {
            for (event, wanted) in Event::ALL.into_iter().zip(after(state)) {
                let refused = OutOfTurn { state, event };
                assert_eq!(state.apply(event), wanted.ok_or(refused), "{state:?} {event:?}");
            }
            assert_eq!(state.is_over(), after(state) == [None; Event::ALL.len()], "{state:?}");
        }
    }

    #[test]
    fn states_survive_the_store() {
        for state in State::ALL {
            assert_eq!(State::from_number(state.wire() as i32), Some(state));
        }
        assert_eq!(State::from_number(0), None);
    }

    fn facts(state: State, parts: &[&str]) -> Facts {
        let part = |letters: &&str| Part {
            taken_until: if letters.contains('l') { 120 } else { 100 },
            declined: letters.contains('d'),
            sealed: letters.contains('s'),
            returned: letters.contains('r'),
            countersigned: letters.contains('c'),
        };
        Facts {
            state,
            entered_at: 50,
            deadline: 100,
            grace: 10,
            stuck: false,
            parts: parts.iter().map(part).collect(),
        }
    }

    /// What there can be of participants: one is awaited; one has declined; all have returned; all have countersigned; one
    /// has done this and one that; nobody takes part.
    const PARTS: [&[&str]; 6] =
        [&["s", ""], &["s", "d"], &["sr", "sr"], &["sc", "sc"], &["sr", "sc"], &["d", "d"]];

    /// Which event is due from when on, for each of [`PARTS`].
    fn due_from(state: State, stuck: bool) -> [Option<(Event, Micros)>; PARTS.len()] {
        const AT_ONCE: Micros = Micros::MIN;
        let event = |event| move |from| Some((event, from));
        match (state, stuck) {
            (State::Open, _) => {
                [100, AT_ONCE, AT_ONCE, AT_ONCE, AT_ONCE, AT_ONCE].map(event(Event::Gathered))
            }
            (State::Matching, false) => [None; PARTS.len()],
            (State::Matching, true) => [110; PARTS.len()].map(event(Event::GivenUp)),
            (State::Reporting, _) => [110, 110, AT_ONCE, 110, 110, AT_ONCE].map(event(Event::Returned)),
            (State::Certified, _) => [110, 110, 110, AT_ONCE, 110, AT_ONCE].map(event(Event::Agreed)),
            (State::Closed | State::Failed, _) => [None; PARTS.len()],
        }
    }

    #[test]
    fn what_is_due_when() {
        for (state, stuck) in State::ALL.into_iter().flat_map(|state| [(state, false), (state, true)]) {
            let own_work = (state == State::Matching).then_some(Task::Match);
            for (parts, wanted) in PARTS.into_iter().zip(due_from(state, stuck)) {
                let facts = Facts { stuck, ..facts(state, parts) };
                for now in [0, 99, 100, 109, 110, 1_000] {
                    let wanted = wanted.filter(|(_, from)| now >= *from).map(|(event, _)| event);
                    assert_eq!(facts.due(now), wanted, "{state:?} {stuck} {parts:?} {now}");
                    let task = wanted.map(Task::Enter).or(own_work);
                    assert_eq!(facts.task(now), task, "{state:?} {stuck} {parts:?} {now}");
                    assert!(wanted.is_none_or(|event| state.apply(event).is_ok()), "{state:?} {wanted:?}");
                }
            }
        }
    }

    #[test]
    fn until_when_a_state_lasts() {
        // Whoever has a deadline of its own is waited for as long as that, and nobody else is.
        let table: &[(State, bool, &[&str], Option<Micros>)] = &[
            (State::Open, false, &["s", ""], Some(100)),
            (State::Open, false, &["s", "l"], Some(120)),
            (State::Open, false, &["sl", ""], Some(100)),
            (State::Open, false, &["", "dl"], Some(100)),
            (State::Open, true, &["s", "s"], Some(100)),
            (State::Matching, false, &["s"], None),
            (State::Matching, true, &["s"], Some(110)),
            (State::Reporting, false, &["sl"], Some(110)),
            (State::Reporting, true, &["s"], Some(110)),
            (State::Certified, false, &["sl"], Some(110)),
            (State::Certified, true, &["s"], Some(110)),
            (State::Closed, false, &["s"], None),
            (State::Closed, true, &["s"], None),
            (State::Failed, false, &["s"], None),
            (State::Failed, true, &["s"], None),
        ];
        for (state, stuck, parts, wanted) in table {
            let facts = Facts { stuck: *stuck, ..facts(*state, parts) };
            assert_eq!(facts.lasts_until(), *wanted, "{state:?} {stuck} {parts:?}");
        }
        assert!(State::ALL.iter().all(|state| table.iter().any(|row| row.0 == *state)));
        // A state that was entered after the deadline lasts its own while.
        for state in [State::Reporting, State::Certified] {
            let late = Facts { entered_at: 500, ..facts(state, &["s"]) };
            assert_eq!(late.lasts_until(), Some(510), "{state:?}");
        }
    }
}
