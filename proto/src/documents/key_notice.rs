//! The life of a key: what the coordinator announces of an epoch, and the states that an epoch passes through.
//!
//! Comes in: bytes under the coordinator's signature; events. Goes out: a [`KeyNotice`], the next [`KeyState`]. Coordinator
//! and nodes share the machine, so neither can believe in a step that the other does not know. Nothing here erases
//! anything: a notice is an announcement, and what a node does about it is the node's own policy.
//!
//! ```text
//! pending ──activate──▶ active ──retire──▶ retiring ──close──▶ retired
//!    │                                      ▲    │                ▲
//!    │                                      └────┘ retire         │
//!    └────────────────────────────close───────────────────────────┘
//! ```

use lianfang_trust::{Canonical, DecodeError, Decoder, Encoder};

use super::listed;
use crate::catalogue::Class;
use crate::ids::Epoch;

/// Where an epoch's key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyState {
    /// It is made; no job names it yet.
    Pending = 1,
    /// New jobs name it.
    Active = 2,
    /// Jobs that name it are finished; no new one does. It has an end.
    Retiring = 3,
    /// It is over: shares and cached outputs are erased.
    Retired = 4,
}

/// What happens to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyEvent {
    /// New jobs are to name it.
    Activate,
    /// Its end is announced, or moved.
    Retire,
    /// Its end has come.
    Close,
}

/// An event that does not fit the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key that is {} cannot be told to {event:?}", .state.code())]
pub struct OutOfTurn {
    /// The state.
    pub state: KeyState,
    /// The event.
    pub event: KeyEvent,
}

impl KeyState {
    /// Every state.
    pub const ALL: &'static [Self] = &[Self::Pending, Self::Active, Self::Retiring, Self::Retired];

    /// The stable word for it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
        }
    }

    /// The number that travels and is stored.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The state with this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Pending),
            2 => Some(Self::Active),
            3 => Some(Self::Retiring),
            4 => Some(Self::Retired),
            _ => None,
        }
    }

    /// The state after an event.
    pub const fn apply(self, event: KeyEvent) -> Result<Self, OutOfTurn> {
        match (self, event) {
            (Self::Pending, KeyEvent::Activate) => Ok(Self::Active),
            (Self::Active | Self::Retiring, KeyEvent::Retire) => Ok(Self::Retiring),
            (Self::Pending | Self::Retiring, KeyEvent::Close) => Ok(Self::Retired),
            (Self::Active | Self::Retiring | Self::Retired, KeyEvent::Activate)
            | (Self::Pending | Self::Retired, KeyEvent::Retire)
            | (Self::Active | Self::Retired, KeyEvent::Close) => Err(OutOfTurn { state: self, event }),
        }
    }

    /// Whether new jobs may name the key.
    pub const fn takes_jobs(self) -> bool {
        match self {
            Self::Active => true,
            Self::Pending | Self::Retiring | Self::Retired => false,
        }
    }

    /// Whether holders answer under it: from its making to its end, so that two keys overlap.
    pub const fn answers(self) -> bool {
        match self {
            Self::Pending | Self::Active | Self::Retiring => true,
            Self::Retired => false,
        }
    }
}

/// What the coordinator announces of one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyNotice {
    /// The class.
    pub class: Class,
    /// The epoch.
    pub epoch: Epoch,
    /// `Y`: the notice is about this key and no other.
    pub public_key: [u8; 32],
    /// Grows with every notice of the coordinator; an older notice never undoes a later one.
    pub number: u64,
    /// The state from now on.
    pub state: KeyState,
    /// When it was announced, in microseconds since 1970.
    pub announced_at: i64,
    /// When shares and outputs are to be erased; of a key that is retiring or retired.
    pub closes_at: Option<i64>,
}

impl KeyNotice {
    /// Whether this notice may take the place of `earlier`: later, about the same key, and never back in its life.
    pub fn follows(&self, earlier: &Self) -> bool {
        (self.class, self.epoch, self.public_key) == (earlier.class, earlier.epoch, earlier.public_key)
            && self.number > earlier.number
            && self.state >= earlier.state
    }
}

impl Canonical for KeyNotice {
    const DOMAIN: &'static str = "lianfang/key-notice";
    const MAX_BYTES: usize = 256;

    fn write(&self, to: &mut Encoder) {
        to.u8(self.class.number())
            .u32(self.epoch.0)
            .fixed(&self.public_key)
            .u64(self.number)
            .u8(self.state.number())
            .i64(self.announced_at)
            .option(self.closes_at.as_ref(), |to, at| {
                to.i64(*at);
            });
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let notice = Self {
            class: listed("class", from.u8("class")?, Class::from_number)?,
            epoch: Epoch(from.u32("epoch")?),
            public_key: from.fixed("public_key")?,
            number: from.u64("number")?,
            state: listed("state", from.u8("state")?, KeyState::from_number)?,
            announced_at: from.i64("announced_at")?,
            closes_at: from.option("closes_at", |from| from.i64("closes_at"))?,
        };
        let ends = notice.state >= KeyState::Retiring;
        if ends == notice.closes_at.is_some() {
            return Ok(notice);
        }
        Err(DecodeError::Value {
            field: "closes_at",
            why: "must stand with a key that ends, and with no other",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTICE: KeyNotice = KeyNotice {
        class: Class::Subject,
        epoch: Epoch(3),
        public_key: [9; 32],
        number: 5,
        state: KeyState::Retiring,
        announced_at: 10,
        closes_at: Some(20),
    };

    #[test]
    fn the_table_of_states_and_events() {
        use KeyEvent::{Activate, Close, Retire};
        use KeyState::{Active, Pending, Retired, Retiring};
        let rows = [
            (Pending, [Some(Active), None, Some(Retired)]),
            (Active, [None, Some(Retiring), None]),
            (Retiring, [None, Some(Retiring), Some(Retired)]),
            (Retired, [None, None, None]),
        ];
        for (state, after) in rows {
            for (event, wanted) in [Activate, Retire, Close].into_iter().zip(after) {
                let got = state.apply(event);
                assert_eq!(got.ok(), wanted, "{state:?} {event:?}");
                // Never back.
                assert!(got.is_ok_and(|next| next >= state) || wanted.is_none());
            }
            assert_eq!(KeyState::from_number(state.number()), Some(state));
        }
        let jobs: Vec<bool> = KeyState::ALL.iter().map(|state| state.takes_jobs()).collect();
        assert_eq!(jobs, [false, true, false, false]);
        let answers: Vec<bool> = KeyState::ALL.iter().map(|state| state.answers()).collect();
        assert_eq!(answers, [true, true, true, false]);
    }

    #[test]
    fn notice_bytes_are_golden() {
        let prefix = Encoder::new(KeyNotice::DOMAIN, KeyNotice::VERSION).finish();
        let expected =
            format!("0100000003{}000000000000000503000000000000000a010000000000000014", "09".repeat(32));
        assert_eq!(hex::encode(&NOTICE.encode()[prefix.len()..]), expected);
        assert_eq!(KeyNotice::decode(&NOTICE.encode()), Ok(NOTICE));
    }

    #[test]
    fn an_end_stands_with_a_key_that_ends_and_with_no_other() {
        for (state, closes_at, fits) in [
            (KeyState::Pending, None, true),
            (KeyState::Active, None, true),
            (KeyState::Active, Some(1), false),
            (KeyState::Retiring, None, false),
            (KeyState::Retired, Some(1), true),
        ] {
            let notice = KeyNotice { state, closes_at, ..NOTICE };
            assert_eq!(KeyNotice::decode(&notice.encode()).is_ok(), fits, "{notice:?}");
        }
    }

    #[test]
    fn a_notice_never_takes_a_key_back_in_its_life() {
        let later = KeyNotice { number: 6, ..NOTICE };
        assert!(later.follows(&NOTICE));
        assert!(!NOTICE.follows(&NOTICE), "the same number");
        assert!(!KeyNotice { state: KeyState::Active, closes_at: None, ..later }.follows(&NOTICE));
        assert!(!KeyNotice { public_key: [8; 32], ..later }.follows(&NOTICE), "another key");
        assert!(!KeyNotice { epoch: Epoch(4), ..later }.follows(&NOTICE));
    }
}
