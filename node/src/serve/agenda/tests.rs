//! When work is due, as tables of all that may be; and stories of work on its way.

use lianfang_proto::ids::JobId;
use lianfang_proto::listed;
use lianfang_store::work::Ending;

use super::*;

const JOB: Errand = Errand::Job(JobId::from_random([1; 16]));
const START: Micros = 1_000_000_000;

listed! {
    /// How work stands by the store. What waits, does so for eight seconds yet.
    enum Stand {
        /// It has failed too often.
        Resting,
        /// Another process has it.
        Held,
        /// One had it, and let it fall.
        Dropped,
        /// Nobody has done anything about it.
        Free,
        /// Its pause is over.
        Paused,
        /// It waits for others.
        Waiting,
        /// It has failed just now.
        Failed,
        /// It has failed an eighth of its pause ago, and more.
        FailedLongAgo,
    }
}

const SECOND: Micros = 1_000_000;
const WAITS: Micros = START + 8 * SECOND;

impl Stand {
    fn turn(self) -> Turn {
        let waits = Turn { not_before: WAITS, ..Turn::default() };
        match self {
            Self::Resting => Turn { strikes: RULE.strikes, attempts: 9, ..Turn::default() },
            Self::Held => Turn { held_until: Some(WAITS), ..Turn::default() },
            Self::Dropped => Turn { held_until: Some(START), ..Turn::default() },
            Self::Free => Turn::default(),
            Self::Paused => Turn { not_before: START, attempts: 1, ..Turn::default() },
            Self::Waiting => waits,
            Self::Failed | Self::FailedLongAgo => Turn { attempts: 1, ..waits },
        }
    }

    /// When it was last begun or ended.
    const fn tried_at(self) -> Micros {
        if matches!(self, Self::FailedLongAgo) { START - 8 * SECOND } else { START }
    }

    /// Those that the store calls by this state.
    const fn of(state: State) -> &'static [Self] {
        match state {
            State::Resting => &[Self::Resting],
            State::Held { .. } => &[Self::Held],
            State::Free => &[Self::Dropped, Self::Free, Self::Paused],
            State::Waiting { .. } => &[Self::Waiting, Self::Failed, Self::FailedLongAgo],
        }
    }
}

/// Not begun in this life; begun under this revision; under an earlier one.
type Times = [Option<Micros>; 3];

/// When work is due now, by how it stands: left alone since it was begun, and woken since.
const DUE: [(Stand, Times, Times); Stand::ALL.len()] = [
    (Stand::Resting, [None; 3], [None; 3]),
    (Stand::Held, [Some(WAITS); 3], [Some(WAITS); 3]),
    (Stand::Dropped, [Some(START); 3], [Some(START); 3]),
    (Stand::Free, [Some(START), None, Some(START)], [Some(START); 3]),
    (Stand::Paused, [Some(START); 3], [Some(START); 3]),
    (Stand::Waiting, [Some(START), Some(WAITS), Some(START)], [Some(START); 3]),
    (Stand::Failed, FAILED, FAILED),
    (Stand::FailedLongAgo, FAILED_LONG_AGO, FAILED_LONG_AGO),
];
/// Who wakes what has failed neither ends its pause nor makes it longer.
const FAILED: Times = [Some(WAITS), Some(WAITS), Some(START + SECOND)];
const FAILED_LONG_AGO: Times = [Some(WAITS), Some(WAITS), Some(START)];

#[test]
fn when_work_is_due_by_how_it_stands_and_what_has_moved() {
    assert_eq!(DUE.map(|(stand, ..)| stand), Stand::ALL);
    for (stand, alone, woken) in DUE {
        let state = stand.turn().state(&RULE, START);
        assert!(Stand::of(state).contains(&stand), "{stand:?} is {state:?}");
        for (again, row) in [(false, alone), (true, woken)] {
            for (seen, due) in [None, Some(2), Some(1)].into_iter().zip(row) {
                let (tried_at, turn) = (stand.tried_at(), stand.turn());
                let mut item = Item { seen, again, running: false, tried_at, turn };
                assert_eq!(item.due_at(2, START), due, "{stand:?}, begun under {seen:?}, woken: {again}");
                item.running = true;
                assert_eq!(item.due_at(2, START), None, "{stand:?} is not begun twice");
            }
        }
    }
}

listed! {
    /// Where a piece of work is.
    enum Place {
        /// Not on the agenda.
        Off,
        /// On it, and not due yet.
        Waits,
        /// On it, and due.
        Due,
        /// An attempt is under way.
        Running,
        /// The same, and it is to be looked at again when that has ended.
        Behind,
    }
}

impl Place {
    fn of(agenda: &Agenda) -> Self {
        let Some(item) = agenda.items.get(&JOB) else { return Self::Off };
        match (item.running, item.again || item.seen != Some(agenda.revision)) {
            (true, false) => Self::Running,
            (true, true) => Self::Behind,
            (false, _) if item.due_at(agenda.revision, START).is_some_and(|at| at <= START) => Self::Due,
            (false, _) => Self::Waits,
        }
    }

    /// An agenda under its second revision with the work in this place.
    fn agenda(self) -> Agenda {
        let mut agenda = Agenda::default();
        agenda.inbox(1, &[JOB]);
        match self {
            Self::Off => agenda.inbox(2, &[]),
            Self::Waits => {
                agenda.inbox(2, &[JOB]);
                agenda.stands(JOB, Turn::default());
                agenda.begin(START);
                agenda.ended(JOB, Some(Turn::default()), START);
            }
            Self::Due => {
                agenda.inbox(2, &[JOB]);
                agenda.stands(JOB, Turn::default());
            }
            Self::Running => {
                agenda.inbox(2, &[JOB]);
                agenda.stands(JOB, Turn::default());
                agenda.begin(START);
            }
            Self::Behind => {
                agenda.stands(JOB, Turn::default());
                agenda.begin(START);
                agenda.inbox(2, &[JOB]);
            }
        }
        assert_eq!(Self::of(&agenda), self);
        agenda
    }
}

listed! {
    /// What happens to it.
    enum Event {
        /// The inbox has not moved, and names it.
        Named,
        /// The inbox has moved, and names it.
        Moved,
        /// The inbox names it no longer.
        Forgotten,
        /// As the store has it, it is free; it waits for others; it has failed.
        ReadFree, ReadWaiting, ReadFailed,
        /// A person has done something; and as the store has it, it is so.
        WokenFree, WokenWaiting, WokenFailed, WokenWithoutRow,
        /// What is due is begun.
        Begun,
        /// An attempt has ended, and it is so from now on.
        EndedFree, EndedWaiting, EndedFailed,
        /// Nothing is left to do.
        Over,
    }
}

impl Event {
    fn happen(self, agenda: &mut Agenda) {
        let (free, waiting, failed) = (Stand::Free.turn(), Stand::Waiting.turn(), Stand::Failed.turn());
        match self {
            Self::Named => agenda.inbox(2, &[JOB]),
            Self::Moved => agenda.inbox(3, &[JOB]),
            Self::Forgotten => agenda.inbox(3, &[]),
            Self::ReadFree => agenda.stands(JOB, free),
            Self::ReadWaiting => agenda.stands(JOB, waiting),
            Self::ReadFailed => agenda.stands(JOB, failed),
            Self::WokenFree => agenda.woken(JOB, Some(free)),
            Self::WokenWaiting => agenda.woken(JOB, Some(waiting)),
            Self::WokenFailed => agenda.woken(JOB, Some(failed)),
            Self::WokenWithoutRow => agenda.woken(JOB, None),
            Self::Begun => {
                let due = Place::of(agenda) == Place::Due;
                assert_eq!(agenda.begin(START), if due { vec![JOB] } else { Vec::new() });
            }
            Self::EndedFree => agenda.ended(JOB, Some(free), START),
            Self::EndedWaiting => agenda.ended(JOB, Some(waiting), START),
            Self::EndedFailed => agenda.ended(JOB, Some(failed), START),
            Self::Over => agenda.ended(JOB, None, START),
        }
    }
}

/// Where each event leads from each place, in their order.
fn places() -> [(Event, [Place; Place::ALL.len()]); Event::ALL.len()] {
    use Place::{Behind, Due, Off, Running, Waits};

    [
        (Event::Named, [Off, Waits, Due, Running, Behind]),
        (Event::Moved, [Off, Due, Due, Behind, Behind]),
        (Event::Forgotten, [Off, Off, Off, Behind, Behind]),
        (Event::ReadFree, [Due, Waits, Due, Running, Behind]),
        (Event::ReadWaiting, [Due, Waits, Due, Running, Behind]),
        (Event::ReadFailed, [Waits, Waits, Waits, Running, Behind]),
        (Event::WokenFree, [Due, Due, Due, Behind, Behind]),
        (Event::WokenWaiting, [Due, Due, Due, Behind, Behind]),
        (Event::WokenFailed, [Waits, Waits, Waits, Behind, Behind]),
        (Event::WokenWithoutRow, [Due, Due, Due, Behind, Behind]),
        (Event::Begun, [Off, Waits, Running, Running, Behind]),
        (Event::EndedFree, [Off, Waits, Due, Waits, Due]),
        (Event::EndedWaiting, [Off, Waits, Due, Waits, Due]),
        (Event::EndedFailed, [Off, Waits, Waits, Waits, Waits]),
        (Event::Over, [Off, Off, Off, Off, Off]),
    ]
}

#[test]
fn every_place_and_every_event() {
    assert_eq!(places().map(|(event, _)| event), Event::ALL);
    for (event, row) in places() {
        for (before, after) in Place::ALL.into_iter().zip(row) {
            let mut agenda = before.agenda();
            event.happen(&mut agenda);
            assert_eq!(Place::of(&agenda), after, "{before:?}, {event:?}");
        }
    }
}

#[test]
fn what_is_told_of_work_in_each_place() {
    let table = [
        (Place::Off, (false, LONGEST_PAUSE)),
        (Place::Waits, (true, LONGEST_PAUSE)),
        (Place::Due, (true, SHORTEST_PAUSE)),
        (Place::Running, (true, LONGEST_PAUSE)),
        (Place::Behind, (true, LONGEST_PAUSE)),
    ];
    assert_eq!(table.map(|(place, _)| place), Place::ALL);
    for (place, told) in table {
        let agenda = place.agenda();
        let on_it = agenda.all() == [JOB];
        assert_eq!((on_it, agenda.pause(START)), told, "{place:?}");
        assert_eq!(agenda.unknown(&[JOB]).count() == 1, !on_it, "{place:?}");
        assert_eq!(agenda.is_running(JOB), matches!(place, Place::Running | Place::Behind), "{place:?}");
    }
}

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
    before.woken(JOB, Some(turn.clone()));
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
    agenda.woken(JOB, Some(waits));
    assert_eq!(agenda.begin(START + 1), [JOB]);
    let failed = failed(&Turn::default(), START + 1);
    agenda.ended(JOB, Some(failed.clone()), START + 1);
    for stored in [Some(failed), None] {
        agenda.woken(JOB, stored);
        assert!(agenda.begin(START + 2).is_empty(), "nobody has restarted it");
    }
    agenda.woken(JOB, Some(Turn::default()));
    assert_eq!(agenda.begin(START + 2), [JOB]);
    agenda.woken(JOB, Some(Turn::default()));
    agenda.ended(JOB, Some(Turn { not_before: START + 30_000_000, ..Turn::default() }), START + 3);
    assert_eq!(agenda.begin(START + 3), [JOB], "what was under way may have looked before that");
    agenda.ended(JOB, Some(Turn::default()), START + 4);
    assert!(agenda.begin(START + 4).is_empty(), "once");
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
