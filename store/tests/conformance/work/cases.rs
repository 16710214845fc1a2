//! The states of the row, the operations, and what each makes of each.
//!
//! The row is `us`'s or was. An `heir` is the next process in our folder's seat, an `other` works in another folder: seen
//! from those two, what we hold is held by another.

use lianfang_store::work::{Ending, Micros, Rule, Turn, Worker};

pub(super) const NOW: Micros = 10_000;
pub(super) const RULE: Rule = Rule { lease: 30, first: 4, longest: 100, strikes: 3 };

/// What an operation returns, and what it makes of the row:
///
/// | cell | returned | the row |
/// | --- | --- | --- |
/// | taken, none | a lease or none | the worker's, with a higher number, for a whole lease, all else as it was; as it was |
/// | longer, lost | held, lost | held for a whole lease again, all else as it was; as it was |
/// | ended, gone | held | nobody's, and as `Turn::after` says; not there any more |
/// | freed, idle | one or no row was freed | nobody's, all else as it was; as it was |
/// | left, kept, drop | nothing | nobody's, all else as it was; as it was; not there any more |
/// | again, no | whether it was restarted | nobody's and without failures, its number as it was; as it was |
pub(super) const TABLE: &str = "
                       | absent free   awaits waits  rests  held   held-w held-r over   over-w over-r far-h  far-w
state                  | free   free   waits  waits  rests  held   held   held   free   waits  rests  free   free
acquire us             | taken  taken  none   none   none   taken  none   none   taken  none   none   taken  taken
acquire heir           | taken  taken  none   none   none   none   none   none   taken  none   none   taken  taken
acquire other          | taken  taken  none   none   none   none   none   none   taken  none   none   taken  taken
acquire anyway us      | taken  taken  taken  taken  taken  taken  taken  taken  taken  taken  taken  taken  taken
acquire anyway heir    | taken  taken  taken  taken  taken  none   none   none   taken  taken  taken  taken  taken
acquire anyway other   | taken  taken  taken  taken  taken  none   none   none   taken  taken  taken  taken  taken
renew last             | lost   lost   lost   lost   lost   longer longer longer lost   lost   lost   longer lost
renew earlier          | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
renew heir's           | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
renew other's          | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
release done last      | lost   lost   lost   lost   lost   ended  ended  ended  lost   lost   lost   ended  lost
release waits last     | lost   lost   lost   lost   lost   ended  ended  ended  lost   lost   lost   ended  lost
release failed last    | lost   lost   lost   lost   lost   ended  ended  ended  lost   lost   lost   ended  lost
release struck last    | lost   lost   lost   lost   lost   ended  ended  ended  lost   lost   lost   ended  lost
release left last      | lost   lost   lost   lost   lost   ended  ended  ended  lost   lost   lost   ended  lost
release done earlier   | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
release waits earlier  | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
release failed earlier | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
release struck earlier | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
release left earlier   | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
release done heir's    | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
release waits heir's   | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
release failed heir's  | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
release struck heir's  | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
release left heir's    | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
release done other's   | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
release waits other's  | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
release failed other's | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
release struck other's | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
release left other's   | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
finish last            | lost   lost   lost   lost   lost   gone   gone   gone   lost   lost   lost   gone   lost
finish earlier         | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
finish heir's          | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
finish other's         | lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost   lost
take seat us           | idle   idle   idle   idle   idle   idle   idle   idle   idle   idle   idle   idle   idle
take seat heir         | idle   idle   idle   idle   idle   freed  freed  freed  freed  freed  freed  freed  idle
take seat other        | idle   idle   idle   idle   idle   idle   idle   idle   idle   idle   idle   idle   idle
leave us               | kept   kept   kept   kept   kept   left   left   left   left   left   left   left   kept
leave heir             | kept   kept   kept   kept   kept   kept   kept   kept   kept   kept   kept   kept   kept
leave other            | kept   kept   kept   kept   kept   kept   kept   kept   kept   kept   kept   kept   kept
restart                | no     again  no     again  again  no     no     no     again  again  again  again  again
discard                | kept   drop   drop   drop   drop   drop   drop   drop   drop   drop   drop   drop   drop
";

/// In which state the row is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Case {
    /// It is not there.
    Absent,
    /// Its time has come, after a failure.
    Free,
    /// It is looked at again later, at the last moment that is believed; nothing failed.
    Awaits,
    /// After failures.
    Waits,
    /// After the last strike.
    Rests,
    /// Held by us, and free before.
    Held,
    /// Held by us, who took it though it waited; until the last moment that is believed.
    HeldWaits,
    /// Held by us, who took it though it rested.
    HeldRests,
    /// Held by us for the length of a lease, which has just passed; it was free before.
    Over,
    /// The same; it waited before.
    OverWaits,
    /// The same; it rested before.
    OverRests,
    /// Held by us for longer than any lease lasts: the clock was set back.
    HeldAhead,
    /// It waits for longer than any pause: the clock was set back.
    WaitsAhead,
}

/// Who holds the row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    NoRow,
    Nobody,
    /// Since this time.
    Us(Micros),
}

impl Case {
    pub(super) const ALL: [Self; 13] = [
        Self::Absent,
        Self::Free,
        Self::Awaits,
        Self::Waits,
        Self::Rests,
        Self::Held,
        Self::HeldWaits,
        Self::HeldRests,
        Self::Over,
        Self::OverWaits,
        Self::OverRests,
        Self::HeldAhead,
        Self::WaitsAhead,
    ];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Free => "free",
            Self::Awaits => "awaits",
            Self::Waits => "waits",
            Self::Rests => "rests",
            Self::Held => "held",
            Self::HeldWaits => "held-w",
            Self::HeldRests => "held-r",
            Self::Over => "over",
            Self::OverWaits => "over-w",
            Self::OverRests => "over-r",
            Self::HeldAhead => "far-h",
            Self::WaitsAhead => "far-w",
        }
    }

    pub(super) const fn holder(self) -> Holder {
        match self {
            Self::Absent => Holder::NoRow,
            Self::Free | Self::Awaits | Self::Waits | Self::Rests | Self::WaitsAhead => Holder::Nobody,
            Self::Held | Self::HeldRests => Holder::Us(NOW - RULE.lease + 1),
            Self::HeldWaits => Holder::Us(NOW + RULE.lease),
            Self::Over | Self::OverWaits | Self::OverRests => Holder::Us(NOW - RULE.lease),
            Self::HeldAhead => Holder::Us(NOW + RULE.lease + 1),
        }
    }

    /// What is stored beside the lease.
    pub(super) fn turn(self) -> Turn {
        let turn = |attempts: u32, strikes, not_before| {
            let fault = if attempts > 0 { "unreachable" } else { "" };
            Turn { held_until: None, attempts, strikes, not_before, fault: fault.to_owned() }
        };
        match self {
            Self::Absent => Turn::default(),
            Self::Free | Self::Held | Self::Over | Self::HeldAhead => turn(1, 0, NOW),
            Self::Awaits => turn(0, 0, NOW + 2 * RULE.longest),
            Self::Waits | Self::HeldWaits | Self::OverWaits => turn(2, 1, NOW + 1),
            Self::Rests | Self::HeldRests | Self::OverRests => turn(4, RULE.strikes, NOW - 1),
            Self::WaitsAhead => turn(2, 1, NOW + 2 * RULE.longest + 1),
        }
    }
}

/// Who works.
#[derive(Clone, Copy, Debug)]
pub(super) enum Who {
    Us,
    Heir,
    Other,
}

impl Who {
    pub(super) const ALL: [Self; 3] = [Self::Us, Self::Heir, Self::Other];

    pub(super) const fn worker(self) -> Worker {
        match self {
            Self::Us => Worker { seat: [1; 16], owner: [11; 16] },
            Self::Heir => Worker { seat: [1; 16], owner: [12; 16] },
            Self::Other => Worker { seat: [2; 16], owner: [22; 16] },
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Heir => "heir",
            Self::Other => "other",
        }
    }
}

/// Under which lease.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose {
    /// The last that was given, to us.
    Last,
    /// One that we had before.
    Earlier,
    /// One that an heir had before.
    Heirs,
    /// One that another had before.
    Others,
}

impl Whose {
    pub(super) const ALL: [Self; 4] = [Self::Last, Self::Earlier, Self::Heirs, Self::Others];

    /// Who had it.
    pub(super) const fn who(self) -> Who {
        match self {
            Self::Last | Self::Earlier => Who::Us,
            Self::Heirs => Who::Heir,
            Self::Others => Who::Other,
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Earlier => "earlier",
            Self::Heirs => "heir's",
            Self::Others => "other's",
        }
    }
}

fn endings() -> [Ending; 5] {
    let fault = || "internal".to_owned();
    [
        Ending::Done,
        Ending::Waits { until: NOW + 9 },
        Ending::Failed { fault: fault() },
        Ending::Struck { fault: fault() },
        Ending::Left,
    ]
}

#[derive(Clone, Debug)]
pub(super) enum Op {
    Acquire(Who),
    AcquireAnyway(Who),
    Renew(Whose),
    Release(Whose, Ending),
    Finish(Whose),
    TakeSeat(Who),
    Leave(Who),
    Restart,
    Discard,
}

impl Op {
    pub(super) fn all() -> Vec<Self> {
        let mut all = vec![Self::Restart, Self::Discard];
        for who in Who::ALL {
            all.extend([Self::Acquire(who), Self::AcquireAnyway(who), Self::TakeSeat(who), Self::Leave(who)]);
        }
        for whose in Whose::ALL {
            all.extend([Self::Renew(whose), Self::Finish(whose)]);
            all.extend(endings().map(|ending| Self::Release(whose, ending)));
        }
        all
    }

    pub(super) fn word(&self) -> String {
        match self {
            Self::Acquire(who) => format!("acquire {}", who.word()),
            Self::AcquireAnyway(who) => format!("acquire anyway {}", who.word()),
            Self::Renew(whose) => format!("renew {}", whose.word()),
            Self::Release(whose, Ending::Done) => format!("release done {}", whose.word()),
            Self::Release(whose, Ending::Waits { .. }) => format!("release waits {}", whose.word()),
            Self::Release(whose, Ending::Failed { .. }) => format!("release failed {}", whose.word()),
            Self::Release(whose, Ending::Struck { .. }) => format!("release struck {}", whose.word()),
            Self::Release(whose, Ending::Left) => format!("release left {}", whose.word()),
            Self::Finish(whose) => format!("finish {}", whose.word()),
            Self::TakeSeat(who) => format!("take seat {}", who.word()),
            Self::Leave(who) => format!("leave {}", who.word()),
            Self::Restart => "restart".to_owned(),
            Self::Discard => "discard".to_owned(),
        }
    }
}
