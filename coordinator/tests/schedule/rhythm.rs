//! Planned instants across months, leap days, and clocks that are put forward and back.

use std::collections::BTreeSet;

use lianfang_coordinator::schedule::plan::CatchUp;
use lianfang_coordinator::schedule::plan::{Plan, PlanError, TooSoon};
use lianfang_coordinator::schedule::rhythm::{Rhythm, Zone};

use super::{HOUR, at, weekly, zone};

/// The first few instants after `from`, as the zone's wall clock shows them.
fn planned(rhythm: &Rhythm, zone_name: &str, from: &str, count: usize) -> Vec<String> {
    let zone = zone(zone_name);
    let mut last = at(from);
    let mut found = Vec::new();
    while found.len() < count {
        let Some(next) = rhythm.after(&zone, last) else { break };
        assert!(next > last, "time goes on");
        found.push(zone.shown(next));
        last = next;
    }
    found
}

/// A rhythm, a zone, an instant, and what is planned after it.
type Row<'a> = (Rhythm, &'a str, &'a str, &'a [&'a str]);

fn check(table: &[Row<'_>]) {
    for (rhythm, zone, from, expected) in table {
        let count = expected.len().max(1);
        assert_eq!(planned(rhythm, zone, from, count), *expected, "{rhythm} in {zone} after {from}");
    }
}

#[test]
fn what_is_planned_by_the_week() {
    let weekly = |text| Rhythm::weekly(text).unwrap();
    check(&[
        (
            weekly("mon@02:00"),
            "Asia/Shanghai",
            "2026-12-25T00:00:00+08:00",
            &["2026-12-28T02:00:00+08:00", "2027-01-04T02:00:00+08:00", "2027-01-11T02:00:00+08:00"],
        ),
        // An instant itself is not after itself.
        (weekly("mon@02:00"), "Asia/Shanghai", "2026-12-28T02:00:00+08:00", &["2027-01-04T02:00:00+08:00"]),
        (
            weekly("mon@02:00"),
            "Asia/Shanghai",
            "2026-12-28T01:59:59.999999+08:00",
            &["2026-12-28T02:00:00+08:00"],
        ),
        (
            weekly("thu,mon@08:30"),
            "Asia/Shanghai",
            "2026-12-28T09:00:00+08:00",
            &["2026-12-31T08:30:00+08:00", "2027-01-04T08:30:00+08:00"],
        ),
        // Clocks are put forward from two to three: half past two is half past three, once a week all the same.
        (
            weekly("sun@02:30"),
            "Europe/Berlin",
            "2027-03-22T00:00:00+01:00",
            &["2027-03-28T03:30:00+02:00", "2027-04-04T02:30:00+02:00"],
        ),
        // Clocks are put back from three to two: half past two comes twice, and the first counts.
        (
            weekly("sun@02:30"),
            "Europe/Berlin",
            "2027-10-25T00:00:00+02:00",
            &["2027-10-31T02:30:00+02:00", "2027-11-07T02:30:00+01:00"],
        ),
        // Put forward at midnight: the day has no midnight.
        (weekly("sun@00:00"), "America/Havana", "2027-03-10T00:00:00-05:00", &["2027-03-14T01:00:00-04:00"]),
    ]);
}

#[test]
fn what_is_planned_by_the_month() {
    let monthly = |text| Rhythm::monthly(text).unwrap();
    check(&[
        (
            monthly("last@02:00"),
            "Asia/Shanghai",
            "2027-12-31T02:00:00+08:00",
            &[
                "2028-01-31T02:00:00+08:00",
                "2028-02-29T02:00:00+08:00",
                "2028-03-31T02:00:00+08:00",
                "2028-04-30T02:00:00+08:00",
            ],
        ),
        (
            monthly("1@00:00"),
            "Asia/Shanghai",
            "2027-01-31T16:00:00Z",
            &["2027-03-01T00:00:00+08:00", "2027-04-01T00:00:00+08:00"],
        ),
        (
            monthly("28@23:59"),
            "Asia/Shanghai",
            "2027-02-01T00:00:00+08:00",
            &["2027-02-28T23:59:00+08:00", "2027-03-28T23:59:00+08:00"],
        ),
    ]);
}

#[test]
fn what_is_planned_by_a_pattern_or_once() {
    let cron = |text| Rhythm::cron(text).unwrap();
    check(&[
        (
            cron("0 2 29 2 *"),
            "Asia/Shanghai",
            "2026-01-01T00:00:00+08:00",
            &["2028-02-29T02:00:00+08:00", "2032-02-29T02:00:00+08:00"],
        ),
        (
            cron("0 2 1 */3 *"),
            "Asia/Shanghai",
            "2026-11-22T00:00:00+08:00",
            &["2027-01-01T02:00:00+08:00", "2027-04-01T02:00:00+08:00"],
        ),
        (
            cron("30 2 * * *"),
            "Europe/Berlin",
            "2027-10-30T12:00:00+02:00",
            &["2027-10-31T02:30:00+02:00", "2027-11-01T02:30:00+01:00"],
        ),
        (
            Rhythm::once("2027-01-15T02:00").unwrap(),
            "Asia/Shanghai",
            "2027-01-01T00:00:00+08:00",
            &["2027-01-15T02:00:00+08:00"],
        ),
        (Rhythm::once("2027-01-15T02:00").unwrap(), "Asia/Shanghai", "2027-01-15T02:00:00+08:00", &[]),
        // No year has this day.
        (cron("0 2 30 2 *"), "Asia/Shanghai", "2027-01-01T00:00:00+08:00", &[]),
    ]);
}

#[test]
fn what_a_pattern_plans_when_clocks_are_put_forward_and_back() {
    let cron = |text| Rhythm::cron(text).unwrap();
    let (forward, back) = ("2027-03-27T15:00:00+01:00", "2027-10-30T15:00:00+02:00");
    check(&[
        (
            cron("0 2,14 * * *"),
            "Europe/Berlin",
            forward,
            &["2027-03-28T03:00:00+02:00", "2027-03-28T14:00:00+02:00", "2027-03-29T02:00:00+02:00"],
        ),
        (
            cron("0 2,14 * * *"),
            "Europe/Berlin",
            back,
            &["2027-10-31T02:00:00+02:00", "2027-10-31T14:00:00+01:00", "2027-11-01T02:00:00+01:00"],
        ),
        (
            cron("30 2 * * *"),
            "Europe/Berlin",
            forward,
            &["2027-03-28T03:30:00+02:00", "2027-03-29T02:30:00+02:00"],
        ),
        (
            cron("0,30 2 * * *"),
            "Europe/Berlin",
            forward,
            &["2027-03-28T03:00:00+02:00", "2027-03-28T03:30:00+02:00", "2027-03-29T02:00:00+02:00"],
        ),
        // Half past two and half past three are one instant on that day.
        (
            cron("30 2,3 * * *"),
            "Europe/Berlin",
            forward,
            &["2027-03-28T03:30:00+02:00", "2027-03-29T02:30:00+02:00"],
        ),
        // Every half hour, the hour that comes twice once.
        (
            cron("*/30 * * * *"),
            "Europe/Berlin",
            "2027-10-31T02:00:00+02:00",
            &["2027-10-31T02:30:00+02:00", "2027-10-31T03:00:00+01:00"],
        ),
        // From within the hour that comes again.
        (cron("0,30 2 * * *"), "Europe/Berlin", "2027-10-31T02:10:00+01:00", &["2027-11-01T02:00:00+01:00"]),
        // Put forward by half an hour: ten past two comes after what was planned behind it.
        (
            cron("10,35 2 * * *"),
            "Australia/Lord_Howe",
            "2027-10-02T12:00:00+10:30",
            &["2027-10-03T02:35:00+11:00", "2027-10-03T02:40:00+11:00", "2027-10-04T02:10:00+11:00"],
        ),
    ]);
}

/// Each time of the wall clock that a pattern names is planned, once, and in the order in which they come.
#[test]
fn a_year_of_a_pattern_has_each_of_its_times_once() {
    let patterns: [(&str, &[i8], &[i8]); 5] = [
        ("30 2 * * *", &[2], &[30]),
        ("0 2,14 * * *", &[2, 14], &[0]),
        ("0,30 0-3 * * *", &[0, 1, 2, 3], &[0, 30]),
        ("10,35 2 * * *", &[2], &[10, 35]),
        ("5,20,50 1,2,23 * * *", &[1, 2, 23], &[5, 20, 50]),
    ];
    for name in ["Asia/Shanghai", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe"] {
        let zone = zone(name);
        let new_year: jiff::civil::Date = "2027-01-01".parse().unwrap();
        for (text, hours, minutes) in patterns {
            let mut wanted = BTreeSet::new();
            for day in new_year.series(jiff::Span::new().days(1)).take(365) {
                for hour in hours {
                    let times = minutes.iter().map(|minute| day.at(*hour, *minute, 0, 0));
                    wanted.extend(times.map(|time| zone.instant(time).unwrap()));
                }
            }
            let rhythm = Rhythm::cron(text).unwrap();
            let begin = zone.begin_of(new_year).unwrap() - 1;
            let planned =
                std::iter::successors(rhythm.after(&zone, begin), |last| rhythm.after(&zone, *last));
            let planned: Vec<_> = planned.take(wanted.len()).collect();
            assert_eq!(planned, wanted.into_iter().collect::<Vec<_>>(), "{text} in {name}");
        }
    }
}

#[test]
fn a_week_has_one_run_whatever_clocks_do() {
    for name in ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"] {
        let rhythm = Rhythm::weekly("sun@02:15").unwrap();
        let (zone, mut last) = (zone(name), at("2026-06-01T00:00:00Z"));
        last = rhythm.after(&zone, last).unwrap();
        for _ in 0..520 {
            let next = rhythm.after(&zone, last).unwrap();
            let days = next - last;
            assert!(
                (7 * 24 * HOUR - HOUR..=7 * 24 * HOUR + HOUR).contains(&days),
                "{name}: {}",
                zone.shown(next)
            );
            // From any instant in between it is the same next one.
            for between in [last + 1, last + HOUR, last + days / 2, next - HOUR, next - 1] {
                assert_eq!(rhythm.after(&zone, between), Some(next));
            }
            last = next;
        }
    }
}

#[test]
fn text_that_is_not_of_its_form_is_refused() {
    for text in [
        "",
        "mon",
        "mon@",
        "mon@2:00",
        "mon@24:00",
        "mon@02:60",
        "monday@02:00",
        "mon,@02:00",
        "@02:00",
        "mon@02:00:00",
    ] {
        assert!(Rhythm::weekly(text).is_err(), "{text}");
    }
    for text in ["0@02:00", "29@02:00", "31@02:00", "-1@02:00", "first@02:00", "1", "1@26:00"] {
        assert!(Rhythm::monthly(text).is_err(), "{text}");
    }
    for text in ["", "* * * *", "0 0 2 * * *", "61 2 * * *", "0 2 * * mondays", "0 2 1 1 * 2027"] {
        assert!(Rhythm::cron(text).is_err(), "{text}");
    }
    for text in ["2027-02-29T02:00", "2027-01-15", "2027-01-15 02:00", "tomorrow"] {
        assert!(Rhythm::once(text).is_err(), "{text}");
    }
    for name in ["", "Shanghai", "Asia/Shangai", "+08:00"] {
        assert!(Zone::named(name).is_err(), "{name}");
    }
    for text in ["", "run", "run-all", "run-all:0", "run-all:53", "run-all:x"] {
        assert!(CatchUp::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_campaign_has_a_first_and_a_last_day() {
    let plan = Plan {
        from: Some("2027-01-04".parse().unwrap()),
        until: Some("2027-01-18".parse().unwrap()),
        ..weekly()
    };
    let all: Vec<_> = plan.planned_after(at("2026-11-22T00:00:00Z")).map(|at| plan.zone.shown(at)).collect();
    let expected = ["2027-01-04T02:00:00+08:00", "2027-01-11T02:00:00+08:00", "2027-01-18T02:00:00+08:00"];
    assert_eq!(all, expected);
    // A run at the very first instant of the first day belongs to it.
    let midnight = Plan { rhythm: Rhythm::weekly("mon@00:00").unwrap(), ..plan.clone() };
    assert_eq!(midnight.planned_after(at("2026-11-22T00:00:00Z")).count(), 3);
    assert_eq!(midnight.planned_after(at("2027-01-10T15:59:59Z")).count(), 2);
}

#[test]
fn plans_that_cannot_be() {
    let now = at("2026-11-22T00:00:00Z");
    let day = |text: &str| Some(text.parse().unwrap());
    let cron = |text| Plan { rhythm: Rhythm::cron(text).unwrap(), ..weekly() };
    let table = [
        (weekly(), Ok(())),
        (
            Plan { from: day("2027-02-01"), until: day("2027-01-31"), ..weekly() },
            Err(PlanError::EndsBeforeItBegins),
        ),
        (Plan { until: day("2026-11-21"), ..weekly() }, Err(PlanError::Never)),
        (Plan { from: day("2027-01-05"), until: day("2027-01-10"), ..weekly() }, Err(PlanError::Never)),
        (cron("0 2 30 2 *"), Err(PlanError::Never)),
        (cron("*/5 * * * *"), Err(PlanError::TooClose)),
        (cron("0,5 2 * * mon"), Err(PlanError::TooClose)),
        (cron("*/10 * * * *"), Ok(())),
        (
            Plan { catch_up: CatchUp::RunAll(3), overlap: TooSoon::Skip, ..weekly() },
            Err(PlanError::NoneMayWait),
        ),
    ];
    for (plan, expected) in table {
        assert_eq!(plan.check(now), expected, "{}", plan.rhythm);
    }
}
