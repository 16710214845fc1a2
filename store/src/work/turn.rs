//! The machine, as functions of what is stored and the time.

use super::Micros;

/// How a kind of work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// How long a lease lasts unless it is renewed: what a process that died holds up.
    pub lease: Micros,
    /// The pause after the first failure; it doubles with every further one.
    pub first: Micros,
    /// The longest pause.
    pub longest: Micros,
    /// After so many strikes in a row the work rests until a person restarts it.
    pub strikes: u32,
}

impl Rule {
    /// The pause after this many failures in a row: the doubled one or as little as half of it, by chance, so that those
    /// who failed together do not come again together.
    pub fn pause(&self, failures: u32, chance: u64) -> Micros {
        let doubled = self.first.saturating_mul(1_i64 << failures.saturating_sub(1).min(32));
        let whole = doubled.clamp(0, self.longest);
        let half = whole / 2;
        // The upper half of `chance` as a fraction of one.
        let part = (i128::from(whole - half) * i128::from(chance >> 32)) >> 32;
        half + i64::try_from(part).unwrap_or(0)
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It went as far as it goes for now.
    Done,
    /// It is somebody else's turn; looked at again at this time if nothing happens before.
    Waits {
        /// The time.
        until: Micros,
    },
    /// Something stopped it that passes by itself: a full disk, a peer that is away.
    Failed {
        /// Its code.
        fault: String,
    },
    /// Something stopped it that will hardly pass: counted, and after a few in a row the work rests.
    Struck {
        /// Its code.
        fault: String,
    },
    /// It was not begun, or given back as it was.
    Left,
}

/// What is stored of a piece of work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Until when somebody holds it; `None` if nobody does.
    pub held_until: Option<Micros>,
    /// Failures in a row.
    pub attempts: u32,
    /// Those of them that will hardly pass, in a row.
    pub strikes: u32,
    /// Not before this time.
    pub not_before: Micros,
    /// What the last attempt failed with; empty if it did not.
    pub fault: String,
}

/// In which state it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Whoever wants may take it.
    Free,
    /// Somebody works on it.
    Held {
        /// Until then, unless the lease is renewed.
        until: Micros,
    },
    /// Nobody may take it yet.
    Waiting {
        /// Before then.
        until: Micros,
    },
    /// Nobody takes it before a person says so.
    Resting,
}

impl Turn {
    /// Its state now. A time that lies further ahead than any rule puts it comes from a clock that was set back since: it
    /// is not believed.
    pub fn state(&self, rule: &Rule, now: Micros) -> State {
        let far = |length: Micros| now.saturating_add(length.saturating_mul(2));
        match self.held_until {
            Some(until) if until > now && until <= far(rule.lease) => return State::Held { until },
            _ => {}
        }
        if self.strikes >= rule.strikes {
            State::Resting
        } else if self.not_before > now && self.not_before <= far(rule.longest) {
            State::Waiting { until: self.not_before }
        } else {
            State::Free
        }
    }

    /// What an ending makes of it.
    #[must_use]
    pub fn after(&self, ending: &Ending, rule: &Rule, now: Micros, chance: u64) -> Self {
        let attempts = self.attempts.saturating_add(1);
        let not_before = now.saturating_add(rule.pause(attempts, chance));
        match ending {
            Ending::Done => Self::default(),
            Ending::Waits { until } => Self { not_before: *until, ..Self::default() },
            Ending::Failed { fault } => {
                Self { held_until: None, attempts, strikes: 0, not_before, fault: fault.clone() }
            }
            Ending::Struck { fault } => {
                let strikes = self.strikes.saturating_add(1);
                Self { held_until: None, attempts, strikes, not_before, fault: fault.clone() }
            }
            Ending::Left => Self { held_until: None, ..self.clone() },
        }
    }
}
