//! What is due, over a little world that does what it is told: whatever the clock does, no run takes place twice.

use std::collections::BTreeMap;

use lianfang_coordinator::ports::Micros;
use lianfang_coordinator::schedule::BEGUN_AHEAD;
use lianfang_coordinator::schedule::due::{Past, Schedule, Settled, due, is_over, since_by_clock, wakes};
use lianfang_coordinator::schedule::fate::{Event, Fate};
use lianfang_coordinator::schedule::plan::{CatchUp, Plan, TooSoon};
use lianfang_coordinator::schedule::rhythm::Rhythm;
use lianfang_coordinator::schedule::standing::Standing;

use super::{DAY, HOUR, MINUTE, at, weekly};

/// Keeps rows as the store does, and lets jobs last for a while.
pub(super) struct Clerk {
    plan: Plan,
    standing: Standing,
    since: Micros,
    changed_at: Micros,
    lasts: Micros,
    rows: BTreeMap<Micros, (Fate, Micros, u64, &'static str)>,
    /// When each job began, by the order in which they did.
    pub(super) starts: Vec<(Micros, Micros)>,
    /// When those jobs began that are not over; one that is over stays so, whatever the clock does.
    at_work: Vec<Micros>,
}

impl Clerk {
    pub(super) fn new(plan: Plan, since: &str, lasts: Micros) -> Self {
        Self {
            plan,
            standing: Standing::Active,
            since: at(since),
            changed_at: at(since),
            lasts,
            rows: BTreeMap::new(),
            starts: Vec::new(),
            at_work: Vec::new(),
        }
    }

    fn schedule(&self) -> Schedule<'_> {
        Schedule { plan: &self.plan, standing: self.standing, since: self.since }
    }

    fn past(&self, now: Micros) -> Past {
        let settled = self.rows.iter().map(|(planned_at, (fate, decided_at, ..))| Settled {
            planned_at: *planned_at,
            decided_at: *decided_at,
            fate: *fate,
            by_hand: false,
        });
        let is_running = |began: &Micros| (*began - BEGUN_AHEAD..*began + self.lasts).contains(&now);
        let running = self.at_work.iter().any(is_running);
        Past { settled: settled.collect(), running }
    }

    /// Does what is due until nothing is.
    pub(super) fn serve(&mut self, now: Micros) {
        self.since = since_by_clock(self.since, self.changed_at, now);
        let lasts = self.lasts;
        self.at_work.retain(|began| now < *began + lasts);
        for round in 0.. {
            assert!(round < 200, "it comes to an end");
            let occurrences = due(self.schedule(), now, &self.past(now));
            if occurrences.is_empty() {
                return;
            }
            let starts = occurrences.iter().filter(|one| one.event == Event::Start).count();
            assert!(starts <= 1);
            for one in occurrences {
                assert!(one.planned_at <= now, "nothing is decided before its time");
                let before = self.rows.get(&one.planned_at);
                let before = before.and_then(|(fate, decided_at, ..)| fate.by_clock(*decided_at, now));
                let fate = Fate::apply(before, one.event).unwrap().unwrap();
                let why = one.event.why(fate);
                if one.event == Event::Start {
                    let far_ahead = |began: &Micros| *began > now + DAY;
                    assert!(self.at_work.iter().all(far_ahead), "never two at once, but for a day ahead");
                    self.at_work.push(now);
                    self.starts.push((one.planned_at, now));
                }
                self.rows.insert(one.planned_at, (fate, now, one.count, why));
            }
        }
    }

    /// Serves every so often.
    pub(super) fn serve_until(&mut self, from: &str, until: &str, every: Micros) {
        let mut now = at(from);
        while now <= at(until) {
            self.serve(now);
            now += every;
        }
    }

    fn fates(&self) -> Vec<(String, Fate, &'static str)> {
        let day = |planned| self.plan.zone.shown(planned)[..10].to_owned();
        self.rows.iter().map(|(planned, (fate, _, _, why))| (day(*planned), *fate, *why)).collect()
    }

    pub(super) fn fates_are(&self, expected: &[(&str, Fate, &'static str)]) {
        let expected: Vec<_> =
            expected.iter().map(|(day, fate, why)| ((*day).to_owned(), *fate, *why)).collect();
        assert_eq!(self.fates(), expected);
    }
}

pub(super) const MADE: &str = "2026-12-01T00:00:00+08:00";

#[test]
fn a_run_every_week_each_once() {
    let mut clerk = Clerk::new(weekly(), MADE, 3 * DAY);
    clerk.serve_until(MADE, "2027-06-01T00:00:00+08:00", 7 * MINUTE);
    assert_eq!(clerk.starts.len(), 26);
    assert!(clerk.starts.iter().all(|(planned, began)| *began - *planned < 7 * MINUTE));
    assert!(clerk.starts.windows(2).all(|two| two[1].0 - two[0].0 == 7 * DAY));
    assert_eq!(clerk.rows.len(), 26);
}

/// Served to the end of the year, then not for three months, then again.
fn off_for_three_months(catch_up: CatchUp) -> Clerk {
    let mut clerk = Clerk::new(Plan { catch_up, ..weekly() }, MADE, DAY);
    clerk.serve_until(MADE, "2026-12-31T00:00:00+08:00", HOUR);
    assert_eq!(clerk.starts.len(), 4);
    clerk.serve_until("2027-04-01T12:00:00+08:00", "2027-04-12T12:00:00+08:00", HOUR);
    clerk
}

#[test]
fn three_months_off_are_caught_up_by_rule() {
    // 13 Mondays from 4 January to 29 March were missed; 5 and 12 April come in time.
    let counted =
        |clerk: &Clerk, wanted: Fate| clerk.rows.values().filter(|(fate, ..)| *fate == wanted).count();
    let skip = off_for_three_months(CatchUp::Skip);
    assert_eq!((counted(&skip, Fate::Missed), counted(&skip, Fate::Started)), (13, 4 + 2));
    let last = off_for_three_months(CatchUp::RunLast);
    assert_eq!((counted(&last, Fate::Missed), counted(&last, Fate::Started)), (12, 4 + 1 + 2));
    assert_eq!(last.plan.zone.shown(last.starts[4].0), "2027-03-29T02:00:00+08:00");
    assert_eq!(last.plan.zone.shown(last.starts[4].1), "2027-04-01T12:00:00+08:00");
    let all = off_for_three_months(CatchUp::RunAll(3));
    assert_eq!((counted(&all, Fate::Missed), counted(&all, Fate::Started)), (10, 4 + 3 + 2));
    assert!(all.starts.is_sorted(), "one after the other, the oldest first");
    let waited: Vec<_> = all.starts[4..7].iter().map(|(_, began)| *began - all.starts[4].1).collect();
    assert_eq!(waited, [0, DAY, 2 * DAY]);
}

#[test]
fn very_many_missed_runs_are_one_row_and_the_last_few() {
    let plan = Plan { rhythm: Rhythm::cron("*/30 * * * *").unwrap(), ..weekly() };
    let mut clerk = Clerk::new(plan, MADE, MINUTE);
    clerk.serve(at("2027-03-01T00:10:00+08:00"));
    // 90 days of 48 runs.
    assert_eq!(clerk.rows.len(), 65);
    assert_eq!(clerk.rows.values().map(|(_, _, count, _)| count).sum::<u64>(), 90 * 48);
    assert_eq!(clerk.starts.len(), 1);
}

#[test]
fn a_run_that_comes_too_soon_waits_or_is_left_out() {
    use Fate::{Skipped, Started, Waiting};

    // A job takes ten days, a week has seven.
    let ten_days = |overlap| Clerk::new(Plan { overlap, ..weekly() }, MADE, 10 * DAY);
    let mut skips = ten_days(TooSoon::Skip);
    skips.serve_until(MADE, "2027-01-05T00:00:00+08:00", HOUR);
    skips.fates_are(&[
        ("2026-12-07", Started, ""),
        ("2026-12-14", Skipped, "overlap"),
        ("2026-12-21", Started, ""),
        ("2026-12-28", Skipped, "overlap"),
        ("2027-01-04", Started, ""),
    ]);
    let mut waits = ten_days(TooSoon::Wait);
    waits.serve_until(MADE, "2027-01-05T00:00:00+08:00", HOUR);
    waits.fates_are(&[
        ("2026-12-07", Started, ""),
        ("2026-12-14", Started, ""),
        ("2026-12-21", Started, ""),
        ("2026-12-28", Skipped, "overtaken"),
        ("2027-01-04", Waiting, ""),
    ]);
    assert!(waits.starts.windows(2).all(|two| two[1].1 - two[0].1 >= 10 * DAY), "never two at once");
    // The least interval works as a job that lasts so long.
    let mut apart = Clerk::new(Plan { min_interval: 10 * DAY, ..weekly() }, MADE, HOUR);
    apart.serve_until(MADE, "2027-01-05T00:00:00+08:00", HOUR);
    assert_eq!(apart.fates(), waits.fates());
    let skip = Plan { min_interval: 10 * DAY, overlap: TooSoon::Skip, ..weekly() };
    let mut apart = Clerk::new(skip, MADE, HOUR);
    apart.serve_until(MADE, "2026-12-15T00:00:00+08:00", HOUR);
    apart.fates_are(&[("2026-12-07", Started, ""), ("2026-12-14", Skipped, "min-interval")]);
}

#[test]
fn a_campaign_ends_after_its_last_run() {
    let plan = Plan { until: Some("2026-12-14".parse().unwrap()), ..weekly() };
    let mut clerk = Clerk::new(plan, MADE, 10 * DAY);
    clerk.serve_until(MADE, "2026-12-16T00:00:00+08:00", HOUR);
    let over = |clerk: &Clerk, now: &str| is_over(clerk.schedule(), at(now), &clerk.past(at(now)));
    assert!(!over(&clerk, "2026-12-16T00:00:00+08:00"), "the second run waits for the first");
    clerk.serve_until("2026-12-17T02:00:00+08:00", "2026-12-17T04:00:00+08:00", HOUR);
    assert_eq!(clerk.starts.len(), 2);
    assert!(over(&clerk, "2026-12-17T04:00:00+08:00"));
    clerk.serve_until("2026-12-17T04:00:00+08:00", "2027-02-01T00:00:00+08:00", HOUR);
    assert_eq!(clerk.starts.len(), 2);
}

#[test]
fn who_rests_plans_nothing_and_wakes_in_time() {
    let mut clerk = Clerk::new(weekly(), MADE, DAY);
    let now = at(MADE);
    assert_eq!(wakes(clerk.schedule(), now, &Past::default()), Some(at("2026-12-07T02:00:00+08:00")));
    clerk.serve(at("2026-12-07T02:00:00+08:00"));
    let now = at("2026-12-07T02:00:01+08:00");
    assert_eq!(wakes(clerk.schedule(), now, &clerk.past(now)), Some(at("2026-12-14T02:00:00+08:00")));
    for standing in [Standing::Paused, Standing::Ended, Standing::Removed] {
        clerk.standing = standing;
        let later = at("2027-02-01T00:00:00+08:00");
        assert!(due(clerk.schedule(), later, &clerk.past(later)).is_empty());
        assert_eq!(wakes(clerk.schedule(), later, &clerk.past(later)), None);
    }
    // What was planned during a pause is none of its business after it.
    clerk.standing = Standing::Active;
    clerk.since = at("2027-02-01T00:00:00+08:00");
    clerk.serve(at("2027-02-01T00:00:00+08:00"));
    assert_eq!(clerk.starts.len(), 1);
    clerk.serve(at("2027-02-01T02:00:00+08:00"));
    assert_eq!(clerk.starts.len(), 2);
}

/// What comes to one run: its row in the table is what there was before it, what stands in its way, and what happens to runs
/// that come too soon; its column is when it is looked at, and what happens to runs that were missed.
#[test]
fn which_event_comes_to_a_run() {
    use Event::{MinInterval, Overlap, Start, Unattended, Wait};
    let planned = at("2026-12-07T02:00:00+08:00");
    let times = [
        (planned, CatchUp::Skip),
        (planned + HOUR, CatchUp::Skip),
        (planned + HOUR + 1, CatchUp::Skip),
        (planned + HOUR + 1, CatchUp::RunLast),
    ];
    let (at_once, never) = ([Some(Start); 4], [None; 4]);
    let once = |event| [Some(event), Some(event), Some(Unattended), Some(event)];
    let table = [
        (false, None, TooSoon::Wait, once(Start)),
        (false, None, TooSoon::Skip, once(Start)),
        (false, Some(Overlap), TooSoon::Wait, once(Wait)),
        (false, Some(Overlap), TooSoon::Skip, once(Overlap)),
        (false, Some(MinInterval), TooSoon::Wait, once(Wait)),
        (false, Some(MinInterval), TooSoon::Skip, once(MinInterval)),
        (true, None, TooSoon::Wait, at_once),
        (true, None, TooSoon::Skip, at_once),
        (true, Some(Overlap), TooSoon::Wait, never),
        (true, Some(Overlap), TooSoon::Skip, [Some(Overlap); 4]),
        (true, Some(MinInterval), TooSoon::Wait, never),
        (true, Some(MinInterval), TooSoon::Skip, [Some(MinInterval); 4]),
    ];
    for (waits, in_the_way, overlap, row) in table {
        for ((now, catch_up), wanted) in times.into_iter().zip(row) {
            // The last one was started a day before, and a week is the least interval where there is one.
            let min_interval = if in_the_way == Some(MinInterval) { 7 * DAY } else { 0 };
            let plan = Plan { catch_up, overlap, min_interval, ..weekly() };
            let schedule = Schedule { plan: &plan, standing: Standing::Active, since: planned - DAY };
            let started = Settled {
                planned_at: planned - DAY,
                decided_at: planned - DAY,
                fate: Fate::Started,
                by_hand: false,
            };
            let waiting =
                Settled { planned_at: planned, decided_at: planned, fate: Fate::Waiting, ..started };
            let settled = if waits { vec![started, waiting] } else { vec![started] };
            let past = Past { settled, running: in_the_way == Some(Overlap) };
            let events: Vec<_> = due(schedule, now, &past).iter().map(|one| one.event).collect();
            let wanted: Vec<_> = wanted.into_iter().collect();
            assert_eq!(events, wanted, "{waits} {in_the_way:?} {overlap:?} {catch_up:?} {now}");
        }
    }
}

/// One run may wait, and two are due: whatever the older one was, the newer one overtakes it.
#[test]
fn the_newer_run_overtakes_the_older_one() {
    let (older, newer) = (at("2026-12-07T02:00:00+08:00"), at("2026-12-14T02:00:00+08:00"));
    for (waits, running, wanted) in [
        (false, false, vec![(older, Event::Overtaken), (newer, Event::Start)]),
        (true, false, vec![(older, Event::Overtaken), (newer, Event::Start)]),
        (false, true, vec![(older, Event::Overtaken), (newer, Event::Wait)]),
        (true, true, vec![(older, Event::Overtaken), (newer, Event::Wait)]),
    ] {
        let plan = weekly();
        let schedule = Schedule { plan: &plan, standing: Standing::Active, since: older - DAY };
        let waiting = Settled { planned_at: older, decided_at: older, fate: Fate::Waiting, by_hand: false };
        let past = Past { settled: vec![waiting; usize::from(waits)], running };
        let due = due(schedule, newer, &past);
        let events: Vec<_> = due.iter().map(|one| (one.planned_at, one.event)).collect();
        assert_eq!(events, wanted, "{waits} {running}");
    }
}
