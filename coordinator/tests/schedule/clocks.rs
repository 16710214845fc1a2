//! Clocks that are set, over the little world of [`super::due`].

use lianfang_coordinator::ports::Micros;
use lianfang_coordinator::schedule::CLOCKS_DIFFER;
use lianfang_coordinator::schedule::due::since_by_clock;
use lianfang_coordinator::schedule::fate::Fate;
use lianfang_coordinator::schedule::plan::{CatchUp, Plan, TooSoon};
use proptest::prelude::*;

use super::due::{Clerk, MADE};
use super::{DAY, HOUR, MINUTE, at, weekly};

#[test]
fn a_clock_that_goes_back_does_nothing_twice() {
    let mut clerk = Clerk::new(weekly(), MADE, DAY);
    clerk.serve_until(MADE, "2026-12-22T00:00:00+08:00", HOUR);
    assert_eq!(clerk.starts.len(), 3);
    clerk.serve_until("2026-12-10T00:00:00+08:00", "2026-12-22T00:00:00+08:00", HOUR);
    assert_eq!(clerk.starts.len(), 3, "the same three weeks again");
    clerk.serve_until("2026-11-01T00:00:00+08:00", "2026-12-29T00:00:00+08:00", HOUR);
    // By a clock that was set to before its making, it was made ahead: November has five Mondays.
    let mut planned: Vec<_> = clerk.starts.iter().map(|(planned, _)| *planned).collect();
    planned.sort_unstable();
    assert_eq!(planned.len(), 4 + 5);
    assert!(planned.windows(2).all(|two| two[1] - two[0] == 7 * DAY), "each Monday once");
}

/// A clock that was behind for a while, but not at a planned instant, does not bring back what lies before its making.
#[test]
fn a_clock_that_was_behind_brings_back_nothing() {
    let mut clerk = Clerk::new(weekly(), MADE, HOUR);
    clerk.serve_until("2026-11-04T00:00:00+08:00", "2026-11-04T02:00:00+08:00", HOUR);
    clerk.serve_until(MADE, "2026-12-08T00:00:00+08:00", HOUR);
    clerk.fates_are(&[("2026-12-07", Fate::Started, "")]);
}

#[test]
fn a_schedule_that_was_made_by_a_clock_that_ran_ahead_begins_at_once() {
    let mut clerk = Clerk::new(weekly(), "2027-12-01T00:00:00+08:00", HOUR);
    clerk.serve_until(MADE, "2027-12-15T00:00:00+08:00", 6 * HOUR);
    // From 7 December to 13 December of the next year, also past the moment of its making.
    assert_eq!(clerk.starts.len(), 54);
    assert!(clerk.starts.windows(2).all(|two| two[1].0 - two[0].0 == 7 * DAY));
}

#[test]
fn since_when_a_schedule_plans_runs() {
    let now = at(MADE);
    for (since, changed_at, wanted) in [
        (now - 2, now - 2, now - 2),
        (now, now, now),
        // A clock that was set right since: it had been set back to where what is kept was written.
        (now - 2, now - 1, now - 1),
        (now - 2, now, now),
        // Another process's clock.
        (now + 1, now + 1, now + 1),
        (now + CLOCKS_DIFFER, now + CLOCKS_DIFFER, now + CLOCKS_DIFFER),
        (now + CLOCKS_DIFFER + 1, now + CLOCKS_DIFFER + 1, now),
        (now + 365 * DAY, now + 365 * DAY, now),
        // It was set right before.
        (now - 2, now + 365 * DAY, now - 2),
    ] {
        let after = since_by_clock(since, changed_at, now);
        assert_eq!(after, wanted, "{} {}", since - now, changed_at - now);
    }
}

#[test]
fn a_clock_that_ran_ahead_for_an_hour_silences_nothing() {
    for catch_up in [CatchUp::Skip, CatchUp::RunLast, CatchUp::RunAll(2)] {
        let mut clerk = Clerk::new(Plan { catch_up, ..weekly() }, MADE, HOUR);
        clerk.serve_until(MADE, "2026-12-16T00:00:00+08:00", HOUR);
        clerk.serve_until("2027-12-16T00:00:00+08:00", "2027-12-16T02:00:00+08:00", 10 * MINUTE);
        let ahead = clerk.starts.len() - 2;
        assert!(ahead <= catch_up_most(catch_up));
        clerk.serve_until("2026-12-16T03:00:00+08:00", "2027-12-31T00:00:00+08:00", 6 * HOUR);
        // Every Monday of 55 weeks has its run, each once.
        let mut planned: Vec<_> = clerk.starts.iter().map(|(planned, _)| *planned).collect();
        planned.sort_unstable();
        assert!(planned.windows(2).all(|two| two[1] - two[0] == 7 * DAY), "{catch_up:?}");
        assert_eq!(planned.len(), 56, "{catch_up:?}");
    }
}

/// Two runs are due, and one is started by a clock that is ahead: the other waits for it, but not for a day and more.
#[test]
fn a_clock_that_is_set_back_starts_no_second_job_beside_the_first() {
    let plan = Plan { catch_up: CatchUp::RunAll(2), ..weekly() };
    let mut clerk = Clerk::new(plan, MADE, 2 * DAY);
    let now = at("2026-12-17T12:00:00+08:00");
    clerk.serve(now);
    for ahead in [0, 1, 2 * MINUTE, HOUR, DAY] {
        clerk.serve(now - ahead);
        assert_eq!(clerk.starts.len(), 1, "{ahead}");
    }
    clerk.serve(now - DAY - 1);
    assert_eq!(clerk.starts.len(), 2);
}

fn catch_up_most(rule: CatchUp) -> usize {
    match rule {
        CatchUp::Skip => 0,
        CatchUp::RunLast => 1,
        CatchUp::RunAll(most) => usize::from(most),
    }
}

fn rules() -> impl Strategy<Value = Plan> {
    let catch_up =
        prop_oneof![Just(CatchUp::Skip), Just(CatchUp::RunLast), (1_u16..5).prop_map(CatchUp::RunAll)];
    (catch_up, any::<bool>(), 0_i64..12).prop_map(|(catch_up, skip, days)| {
        let skip = skip && !matches!(catch_up, CatchUp::RunAll(_));
        let overlap = if skip { TooSoon::Skip } else { TooSoon::Wait };
        Plan { catch_up, overlap, min_interval: days * DAY, ..weekly() }
    })
}

/// By how much the clock is set: days, or minutes.
fn jump() -> impl Strategy<Value = Micros> {
    prop_oneof![
        (-40_i64..60).prop_map(|days| days * DAY + HOUR),
        (-90_i64..90).prop_map(|minutes| minutes * MINUTE)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The clock jumps back and forth, the coordinator is off for a while, jobs last as long as they like: each planned
    /// instant has at most one job, and two jobs are never at work at once (see [`Clerk::serve`]), unless the first began more
    /// than a day ahead.
    #[test]
    fn no_run_takes_place_twice(
        plan in rules(),
        jumps in proptest::collection::vec(jump(), 1..40),
        lasts in 0_i64..20,
    ) {
        let mut clerk = Clerk::new(plan, MADE, lasts * DAY + 1);
        let mut now = at(MADE);
        let mut earliest = now;
        for jump in jumps {
            now += jump;
            earliest = earliest.min(now);
            clerk.serve(now);
            for _ in 0..5 {
                now += 3 * DAY;
                clerk.serve(now);
            }
        }
        let mut planned: Vec<_> = clerk.starts.iter().map(|(planned, _)| *planned).collect();
        planned.sort_unstable();
        prop_assert!(planned.windows(2).all(|two| two[0] < two[1]));
        prop_assert!(planned.iter().all(|planned| *planned > earliest));
    }
}
