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
            State::Free => (moved || self.turn.not_before > 0).then_some(now),
            // What waits for others, and has failed at nothing: they may have come while nobody looked.
            State::Waiting { .. } if moved && self.turn.attempts == 0 => Some(now),
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
            running: false,
            tried_at: 0,
            turn: Turn::default(),
        });
        if !item.running {
            item.turn = turn;
        }
    }

    /// A person has done something about this work: it is due again, unless it has failed and its pause goes on.
    pub(super) fn woken(&mut self, errand: Errand, turn: Turn) {
        let turn = if turn.attempts == 0 { Turn { not_before: 0, ..turn } } else { turn };
        self.stands(errand, turn);
        if let Some(item) = self.items.get_mut(&errand) {
            item.seen = None;
        }
    }

    /// The inbox as it is now: all else is forgotten, but for what is being worked on.
    pub(super) fn inbox(&mut self, revision: u64, errands: &[Errand]) {
        self.revision = revision;
        self.items.retain(|errand, item| item.running || errands.contains(errand));
    }

    /// All that is not being worked on, to be read from the store again.
    pub(super) fn idle(&self) -> Vec<Errand> {
        self.items.iter().filter(|(_, item)| !item.running).map(|(errand, _)| *errand).collect()
    }

    /// Work to begin now; it counts as running from here on.
    pub(super) fn begin(&mut self, now: Micros) -> Vec<Errand> {
        let revision = self.revision;
        let mut due = Vec::new();
        for (errand, item) in &mut self.items {
            if item.due_at(revision, now).is_some_and(|at| at <= now) {
                item.running = true;
                item.seen = Some(revision);
                item.tried_at = now;
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
mod tests {
    use lianfang_proto::ids::JobId;
    use lianfang_store::work::Ending;

    use super::*;

    const JOB: Errand = Errand::Job(JobId::from_random([1; 16]));
    const START: Micros = 1_000_000_000;

    fn agenda(revision: u64, turn: &Turn) -> Agenda {
        let mut agenda = Agenda::default();
        agenda.stands(JOB, turn.clone());
        agenda.inbox(revision, &[JOB]);
        agenda
    }

    fn failed(turn: &Turn, now: Micros) -> Turn {
        turn.after(&Ending::Failed { fault: "unreachable".to_owned() }, &RULE, now, u64::MAX)
    }

    #[test]
    fn work_is_begun_once_for_each_revision() {
        let done = || Some(Turn::default());
        let mut agenda = agenda(1, &Turn::default());
        assert_eq!(agenda.begin(START), [JOB]);
        assert!(agenda.begin(START).is_empty(), "it is running");
        agenda.inbox(2, &[JOB]);
        assert!(agenda.begin(START).is_empty(), "it is still running");
        agenda.ended(JOB, done(), START + 1);
        assert_eq!(agenda.begin(START + 1), [JOB], "the inbox moved while it ran");
        agenda.ended(JOB, done(), START + 2);
        assert!(agenda.begin(START + 2).is_empty(), "nothing has moved since");
        assert_eq!(agenda.pause(START + 2), LONGEST_PAUSE);
        agenda.inbox(3, &[JOB]);
        assert_eq!(agenda.begin(START + 2), [JOB]);
        agenda.ended(JOB, None, START + 3);
        assert!(agenda.begin(START + 3).is_empty(), "it is over");
    }

    #[test]
    fn pauses_grow_after_failures_and_end() {
        let mut agenda = agenda(1, &Turn::default());
        let (mut now, mut turn) = (START, Turn::default());
        let mut pauses = Vec::new();
        for _ in 0..9 {
            assert_eq!(agenda.begin(now), [JOB]);
            turn = failed(&turn, now);
            agenda.ended(JOB, Some(turn.clone()), now);
            assert!(agenda.begin(now).is_empty());
            let pause = agenda.pause(now);
            pauses.push(pause.as_millis());
            now += i64::try_from(pause.as_micros()).unwrap();
        }
        assert_eq!(pauses, [249, 499, 999, 1_999, 3_999, 7_999, 15_999, 29_999, 29_999]);
    }

    #[test]
    fn a_move_shortens_a_pause_and_a_restart_does_not() {
        let turn = (0..20).fold(Turn::default(), |turn, _| failed(&turn, START));
        let mut before = agenda(1, &Turn::default());
        before.begin(START);
        before.ended(JOB, Some(turn.clone()), START);
        before.inbox(2, &[JOB]);
        assert!(before.begin(START + 3_000_000).is_empty(), "not at once");
        assert_eq!(before.begin(START + 3_750_000), [JOB], "but soon");
        let mut restarted = agenda(2, &turn);
        assert!(restarted.begin(START + 29_000_000).is_empty());
        restarted.inbox(3, &[JOB]);
        assert!(restarted.begin(START + 29_000_000).is_empty(), "it was not tried in this life");
        assert_eq!(restarted.begin(START + 30_000_000), [JOB]);
    }

    #[test]
    fn what_waits_for_others_is_begun_when_they_move_or_after_a_while() {
        let mut agenda = agenda(1, &Turn::default());
        let waits = |now: Micros| Some(Turn { not_before: now + 30_000_000, ..Turn::default() });
        agenda.begin(START);
        agenda.ended(JOB, waits(START), START);
        assert!(agenda.begin(START + 1).is_empty());
        agenda.inbox(2, &[JOB]);
        assert_eq!(agenda.begin(START + 1), [JOB], "at once");
        agenda.ended(JOB, waits(START + 1), START + 1);
        assert!(agenda.begin(START + 30_000_000).is_empty());
        assert_eq!(agenda.begin(START + 30_000_001), [JOB]);
        let mut restarted = self::agenda(2, &waits(START).unwrap());
        assert_eq!(restarted.begin(START + 1), [JOB], "they may have moved while nobody looked");
    }

    #[test]
    fn who_has_decided_or_mended_something_need_not_wait() {
        let mut agenda = agenda(1, &Turn::default());
        agenda.begin(START);
        let waits = Turn { not_before: START + 30_000_000, ..Turn::default() };
        agenda.ended(JOB, Some(waits.clone()), START);
        agenda.woken(JOB, waits);
        assert_eq!(agenda.begin(START + 1), [JOB]);
        let failed = failed(&Turn::default(), START + 1);
        agenda.ended(JOB, Some(failed.clone()), START + 1);
        agenda.woken(JOB, failed);
        assert!(agenda.begin(START + 2).is_empty(), "nobody has restarted it");
        agenda.woken(JOB, Turn::default());
        assert_eq!(agenda.begin(START + 2), [JOB]);
    }

    #[test]
    fn what_rests_or_another_process_has_is_left_alone() {
        let resting = Turn { strikes: RULE.strikes, attempts: 9, ..Turn::default() };
        let mut agenda = agenda(1, &resting);
        assert!(agenda.begin(START).is_empty());
        assert_eq!(agenda.pause(START), LONGEST_PAUSE, "nothing is due");
        agenda.stands(JOB, Turn { held_until: Some(START + 5_000_000), ..Turn::default() });
        assert!(agenda.begin(START).is_empty());
        assert_eq!(agenda.pause(START), Duration::from_secs(5));
        assert_eq!(agenda.begin(START + 5_000_000), [JOB], "it has gone");
    }

    #[test]
    fn what_was_lost_in_the_middle_is_taken_up_again() {
        let mut agenda = agenda(1, &Turn::default());
        agenda.begin(START);
        let held = |until| Some(Turn { held_until: Some(until), ..Turn::default() });
        agenda.ended(JOB, held(START + 5_000_000), START);
        assert!(agenda.begin(START + 4_000_000).is_empty(), "another has it");
        assert_eq!(agenda.begin(START + 5_000_000), [JOB], "and has let it fall");
        agenda.ended(JOB, held(START), START + 5_000_000);
        assert_eq!(agenda.begin(START + 5_000_000), [JOB], "the clock has leapt over the lease");
    }

    #[test]
    fn what_left_the_inbox_is_forgotten() {
        let mut agenda = agenda(1, &Turn::default());
        agenda.begin(START);
        agenda.ended(JOB, Some(failed(&Turn::default(), START)), START);
        agenda.inbox(2, &[]);
        assert!(agenda.begin(START + 100_000_000).is_empty());
        assert_eq!(agenda.unknown(&[JOB]).collect::<Vec<_>>(), [JOB]);
    }
}
