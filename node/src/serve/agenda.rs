//! What is due and when: a pure list of work with how it stands.
//!
//! Comes in: the inbox's revisions, ends of attempts, what is stored of earlier ones. Goes out: which work to begin now. It
//! is attempted when its inbox has moved, or when its pause after a failure is over; never twice at once. A move shortens a
//! pause to an eighth, for it may be what was missing; what has only been read again after a restart is no move, but what
//! has failed at nothing and only waits for others is looked at then.

use std::collections::BTreeMap;
use std::time::Duration;

use lianfang_store::work::{State, Turn};

use crate::ports::Micros;
use crate::work::{Errand, RULE};

/// The longest time for which nothing is looked at.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
/// A pause that the inbox's move shortens becomes this part of itself.
const SHORTENED: Micros = 8;

/// One piece of work's place on the agenda.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    /// The revision under which it was last begun, if it was; a later one makes it due.
    seen: Option<u64>,
    /// Whether a person has done something about it since it was last begun.
    again: bool,
    running: bool,
    /// When it was last begun or ended.
    tried_at: Micros,
    turn: Turn,
}

impl Item {
    /// When it is due, if it is not being worked on and does not rest.
    fn due_at(&self, revision: u64, now: Micros) -> Option<Micros> {
        if self.running {
            return None;
        }
        let moved = self.seen != Some(revision);
        match self.turn.state(&RULE, now) {
            State::Resting => None,
            State::Held { until } => Some(until),
            // Somebody held it until a moment ago and did not give it back: nobody knows how far it came.
            State::Free if self.turn.held_until.is_some() => Some(now),
            State::Free => (self.again || moved || self.turn.not_before > 0).then_some(now),
            // What waits for others, and has failed at nothing: they may have come while nobody looked.
            State::Waiting { .. } if (self.again || moved) && self.turn.attempts == 0 => Some(now),
            State::Waiting { until } if !moved || self.seen.is_none() => Some(until),
            State::Waiting { until } => {
                Some(self.tried_at.saturating_add(until.saturating_sub(self.tried_at) / SHORTENED).max(now))
            }
        }
    }
}

/// Work and its next attempts.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    revision: u64,
    items: BTreeMap<Errand, Item>,
}

impl Agenda {
    /// Those of these that are not on it.
    pub(super) fn unknown<'a>(&'a self, errands: &'a [Errand]) -> impl Iterator<Item = Errand> + 'a {
        errands.iter().copied().filter(|errand| !self.items.contains_key(errand))
    }

    /// How a piece of work stands, as the store has it. What is not on the agenda comes on it.
    pub(super) fn stands(&mut self, errand: Errand, turn: Turn) {
        let item = self.items.entry(errand).or_insert(Item {
            seen: None,
            again: false,
            running: false,
            tried_at: 0,
            turn: Turn::default(),
        });
        if !item.running {
            item.turn = turn;
        }
    }

    /// A person has done something about this work: it is due again, unless it has failed and its pause goes on. What the store has
    /// no row of stands as it stood here. An attempt that is under way may have looked before that, so another follows it.
    pub(super) fn woken(&mut self, errand: Errand, stored: Option<Turn>) {
        let turn = stored.unwrap_or_else(|| self.turn(errand));
        let turn = if turn.attempts == 0 { Turn { not_before: 0, ..turn } } else { turn };
        self.stands(errand, turn);
        if let Some(item) = self.items.get_mut(&errand) {
            item.again = true;
        }
    }

    /// The inbox as it is now: all else is forgotten, but for what is being worked on.
    pub(super) fn inbox(&mut self, revision: u64, errands: &[Errand]) {
        self.revision = revision;
        self.items.retain(|errand, item| item.running || errands.contains(errand));
    }

    /// How a piece of work on it stood when it was read or tried last.
    pub(super) fn turn(&self, errand: Errand) -> Turn {
        self.items.get(&errand).map(|item| item.turn.clone()).unwrap_or_default()
    }

    /// Whether an attempt at it is under way.
    pub(super) fn is_running(&self, errand: Errand) -> bool {
        self.items.get(&errand).is_some_and(|item| item.running)
    }

    /// All that is on it.
    pub(super) fn all(&self) -> Vec<Errand> {
        self.items.keys().copied().collect()
    }

    /// Work to begin now; it counts as running from here on.
    pub(super) fn begin(&mut self, now: Micros) -> Vec<Errand> {
        let revision = self.revision;
        let mut due = Vec::new();
        for (errand, item) in &mut self.items {
            if item.due_at(revision, now).is_some_and(|at| at <= now) {
                (item.running, item.again) = (true, false);
                (item.seen, item.tried_at) = (Some(revision), now);
                due.push(*errand);
            }
        }
        due
    }

    /// An attempt has ended, and the work stands so from now on; `None` if it is over.
    pub(super) fn ended(&mut self, errand: Errand, turn: Option<Turn>, now: Micros) {
        let Some(turn) = turn else {
            self.items.remove(&errand);
            return;
        };
        let Some(item) = self.items.get_mut(&errand) else { return };
        (item.running, item.tried_at, item.turn) = (false, now, turn);
    }

    /// How long nothing is due.
    pub(super) fn pause(&self, now: Micros) -> Duration {
        let next = self.items.values().filter_map(|item| item.due_at(self.revision, now)).min();
        let pause = next.map(|at| Duration::from_micros(u64::try_from(at - now).unwrap_or(0)));
        pause.unwrap_or(LONGEST_PAUSE).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
    }
}

#[cfg(test)]
mod tests;
