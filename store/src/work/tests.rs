use super::*;

const RULE: Rule = Rule { lease: 30, first: 4, longest: 100, strikes: 3 };
const NOW: Micros = 1_000;
const FULL: u64 = u64::MAX;

/// The cells of a table: the first word of a line, the word over a column, the word where they meet.
fn cells(table: &'static str) -> Vec<(&'static str, &'static str, &'static str)> {
    let mut lines = table.lines().filter_map(|line| line.split_once('|'));
    let columns: Vec<_> = lines.next().unwrap().1.split_whitespace().collect();
    let mut cells = Vec::new();
    for (name, line) in lines {
        let words: Vec<_> = line.split_whitespace().collect();
        assert_eq!(words.len(), columns.len(), "{name}");
        cells.extend(columns.iter().zip(words).map(|(column, word)| (name.trim(), *column, word)));
    }
    cells
}

/// The cell of this line and column, which is there once.
fn cell(table: &'static str, line: &str, column: &str) -> &'static str {
    let cells = cells(table);
    let found: Vec<_> = cells.iter().filter(|cell| (cell.0, cell.1) == (line, column)).collect();
    assert_eq!(found.len(), 1, "{line}, {column}");
    found[0].2
}

fn word(state: State) -> &'static str {
    match state {
        State::Free => "free",
        State::Held { .. } => "held",
        State::Waiting { .. } => "waiting",
        State::Resting => "resting",
    }
}

/// Lines: until when somebody holds it. Columns: strikes, below the last or at it, and how far away the time is before which
/// it is not tried. What is too far away comes from a clock that was set back.
const STATES: &str = "
         | below-past below-ahead below-far at-past at-ahead at-far
nobody   | free       waiting     free      resting resting  resting
over     | free       waiting     free      resting resting  resting
lasting  | held       held        held      held    held     held
far      | free       waiting     free      resting resting  resting
";

#[test]
fn which_state_follows_from_what_is_stored() {
    let held = [
        ("nobody", vec![None]),
        ("over", vec![Some(0), Some(NOW - 1), Some(NOW)]),
        ("lasting", vec![Some(NOW + 1), Some(NOW + 2 * RULE.lease)]),
        ("far", vec![Some(NOW + 2 * RULE.lease + 1), Some(Micros::MAX)]),
    ];
    let strikes = [("below", [0, RULE.strikes - 1]), ("at", [RULE.strikes, u32::MAX])];
    let times = [
        ("past", [0, NOW]),
        ("ahead", [NOW + 1, NOW + 2 * RULE.longest]),
        ("far", [NOW + 2 * RULE.longest + 1, Micros::MAX]),
    ];
    let mut tried = 0;
    for (line, helds) in &held {
        for (strike, time) in strikes.iter().flat_map(|strike| times.iter().map(move |time| (strike, time))) {
            let wanted = cell(STATES, line, &format!("{}-{}", strike.0, time.0));
            tried += 1;
            for held_until in helds {
                for (strikes, not_before) in strike.1.iter().flat_map(|s| time.1.iter().map(move |t| (s, t)))
                {
                    let turn = Turn {
                        held_until: *held_until,
                        strikes: *strikes,
                        not_before: *not_before,
                        ..Turn::default()
                    };
                    let state = turn.state(&RULE, NOW);
                    assert_eq!(word(state), wanted, "{turn:?}");
                    match state {
                        State::Held { until } => assert_eq!(Some(until), *held_until),
                        State::Waiting { until } => assert_eq!(until, *not_before),
                        State::Free | State::Resting => {}
                    }
                }
            }
        }
    }
    assert_eq!(tried, cells(STATES).len(), "the table says more than is asked");
}

/// Lines: how it stood. Columns: how the attempt ended. Cells: the state after it, its failures and its strikes.
const ENDINGS: &str = "
           | done      waits       failed      struck      left
free       | free/0/0  waiting/0/0 waiting/1/0 waiting/1/1 free/0/0
held       | free/0/0  waiting/0/0 waiting/1/0 waiting/1/1 free/0/0
held-again | free/0/0  waiting/0/0 waiting/3/0 waiting/3/2 free/2/1
waiting    | free/0/0  waiting/0/0 waiting/3/0 waiting/3/2 waiting/2/1
near-rest  | free/0/0  waiting/0/0 waiting/6/0 resting/6/3 waiting/5/2
resting    | free/0/0  waiting/0/0 waiting/5/0 resting/5/4 resting/4/3
";

#[test]
fn what_an_ending_makes_of_every_state() {
    let turn = |held_until, attempts: u32, strikes, not_before| {
        let fault = if attempts > 0 { "before" } else { "" };
        Turn { held_until, attempts, strikes, not_before, fault: fault.to_owned() }
    };
    let before = [
        ("free", turn(None, 0, 0, 0)),
        ("held", turn(Some(NOW + 9), 0, 0, 0)),
        ("held-again", turn(Some(NOW + 9), 2, 1, NOW)),
        ("waiting", turn(None, 2, 1, NOW + 7)),
        ("near-rest", turn(None, 5, 2, NOW + 7)),
        ("resting", turn(None, 4, 3, NOW + 7)),
    ];
    // One line at least begins in each state.
    for state in [State::Free, State::Held { until: 0 }, State::Waiting { until: 0 }, State::Resting] {
        assert!(before.iter().any(|(_, turn)| word(turn.state(&RULE, NOW)) == word(state)), "{state:?}");
    }
    let fault = || "now".to_owned();
    let endings = [
        Ending::Done,
        Ending::Waits { until: NOW + 50 },
        Ending::Failed { fault: fault() },
        Ending::Struck { fault: fault() },
        Ending::Left,
    ];
    assert_eq!(cells(ENDINGS).len(), before.len() * endings.len(), "the table says more than is asked");
    for (line, turn) in &before {
        for ending in &endings {
            let after = turn.after(ending, &RULE, NOW, FULL);
            let paused = NOW + RULE.pause(turn.attempts + 1, FULL);
            let (column, not_before, fault) = match ending {
                Ending::Done => ("done", 0, ""),
                Ending::Waits { until } => ("waits", *until, ""),
                Ending::Failed { .. } => ("failed", paused, "now"),
                Ending::Struck { .. } => ("struck", paused, "now"),
                Ending::Left => ("left", turn.not_before, turn.fault.as_str()),
            };
            let state = word(after.state(&RULE, NOW));
            let got = format!("{state}/{}/{}", after.attempts, after.strikes);
            assert_eq!(got, cell(ENDINGS, line, column), "{line}, {column}");
            let rest = (after.held_until, after.not_before, after.fault.as_str());
            assert_eq!(rest, (None, not_before, fault), "{line}, {column}");
        }
    }
}

#[test]
fn failures_are_counted_no_further_than_numbers_go() {
    let before = Turn { attempts: u32::MAX, strikes: u32::MAX, ..Turn::default() };
    let after = before.after(&Ending::Struck { fault: String::new() }, &RULE, NOW, 0);
    assert_eq!((after.attempts, after.strikes), (u32::MAX, u32::MAX));
    assert_eq!(after.not_before, NOW + RULE.longest / 2);
}

#[test]
fn pauses_double_to_the_longest_and_are_spread() {
    let table =
        [(1, 2, 3), (2, 4, 7), (3, 8, 15), (5, 32, 63), (6, 50, 99), (40, 50, 99), (u32::MAX, 50, 99)];
    for (failures, least, most) in table {
        assert_eq!((RULE.pause(failures, 0), RULE.pause(failures, FULL)), (least, most), "{failures}");
        let middle = RULE.pause(failures, FULL / 2);
        assert!((least..=most).contains(&middle), "{failures} {middle}");
    }
    assert_eq!(Rule { first: i64::MAX, longest: i64::MAX, ..RULE }.pause(9, 0), i64::MAX / 2);
}
