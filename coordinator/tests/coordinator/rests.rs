//! Schedules that are paused, ended or removed: what they can be told, and what becomes of a run that waits.

use std::time::Duration;

use lianfang_desk::Exit;
use serde_json::json;

use crate::schedules::{TERMS, add, run, runs, shown, to_next};
use crate::world::World;

/// Asks until it stands so.
async fn stands(world: &World, name: &str, standing: &str) {
    let asking = async {
        while shown(world, name).await["standing"] != standing {
            tokio::task::yield_now().await;
        }
    };
    let stands = tokio::time::timeout(Duration::from_mins(1), asking).await;
    assert!(stands.is_ok(), "{name} is not {standing}");
}

async fn is_refused(world: &World, words: &[&str], wanted: Exit, how: &str) {
    let (exit, said) = world.coordinator().run(&[&["schedule"][..], words].concat()).await;
    assert!(exit == wanted && said.contains(how), "{words:?}: {exit:?} {said}");
}

async fn nobody_knows_it(world: &World, name: &str) {
    for word in ["pause", "resume", "change", "remove"] {
        is_refused(world, &[word, name], Exit::Usage, &format!("no schedule {name}")).await;
    }
}

/// Asked for its next runs, it says how it stands, and no instant of its plan.
async fn plans_nothing(world: &World, name: &str, english: &str, chinese: &str) {
    for (lang, wanted) in [("en", english), ("zh", chinese)] {
        let (exit, said) = world.coordinator().run(&["schedule", "next", name, "--lang", lang]).await;
        assert_eq!((exit, said.trim_end()), (Exit::Done, wanted), "{lang}");
    }
    assert_eq!(world.json(&["schedule", "next", name]).await["next"], json!([]), "{name}");
}

/// Makes a schedule of one run.
async fn once(world: &World, name: &str, at: &str) -> serde_json::Value {
    world.json(&[&["schedule", "add", name, "--once", at][..], &TERMS].concat()).await
}

#[tokio::test]
async fn what_a_schedule_cannot_be_told_is_refused_by_how_it_stands() {
    let (world, _) = World::with(&["alpha", "beta"]).await;
    nobody_knows_it(&world, "single").await;
    once(&world, "single", "2027-01-16T02:00").await;
    let again = [&["add", "single", "--once", "2027-01-16T02:00"][..], &TERMS].concat();
    is_refused(&world, &again, Exit::Usage, "a schedule single already").await;
    is_refused(&world, &["resume", "single"], Exit::Refused, "is active, not paused").await;
    let (_, planned) = world.coordinator().run(&["schedule", "next", "single"]).await;
    assert_eq!(planned.trim_end(), "2027-01-16T02:00:00+08:00");
    world.json(&["schedule", "pause", "single"]).await;
    plans_nothing(&world, "single", "single is paused.", "single 已暂停。").await;
    is_refused(&world, &again, Exit::Usage, "a schedule single already").await;
    is_refused(&world, &["pause", "single"], Exit::Refused, "is paused, not active").await;
    world.json(&["schedule", "change", "single", "--min-change", "2"]).await;
    stands(&world, "single", "paused").await;
    world.json(&["schedule", "resume", "single"]).await;
    to_next(&world, "single").await;
    // There is no key yet.
    run(&world, "single", "skipped", "key-not-agreed").await;
    stands(&world, "single", "ended").await;
    plans_nothing(&world, "single", "single has ended.", "single 已结束。").await;
    let later = [&["add", "single", "--once", "2027-03-16T02:00"][..], &TERMS].concat();
    is_refused(&world, &later, Exit::Usage, "a schedule single already").await;
    is_refused(&world, &["pause", "single"], Exit::Refused, "is ended, not active").await;
    is_refused(&world, &["resume", "single"], Exit::Refused, "is ended, not paused").await;
    world.json(&["schedule", "change", "single", "--once", "2027-02-16T02:00"]).await;
    stands(&world, "single", "active").await;
    world.json(&["schedule", "remove", "single"]).await;
    nobody_knows_it(&world, "single").await;
    assert_eq!(once(&world, "single", "2027-03-16T02:00").await["revision"], 7);
}

/// Whoever lets a schedule go on, or makes it anew, does not mean a run that was due long ago.
#[tokio::test]
async fn a_run_that_waits_is_left_out_by_a_pause_and_by_a_removal() {
    let (world, banks) = World::with(&["alpha", "beta"]).await;
    world.agree_on_key(&banks).await;
    let schedules = [("resting", "paused"), ("taken-away", "removed")];
    let mut jobs = Vec::new();
    for (name, _) in schedules {
        add(&world, name, &["--deadline-of", "beta=8d"]).await;
    }
    to_next(&world, "resting").await;
    for (name, _) in schedules {
        jobs.push(run(&world, name, "started", "").await["job"].as_str().unwrap().to_owned());
    }
    to_next(&world, "resting").await;
    for (name, _) in schedules {
        run(&world, name, "waiting", "").await;
    }
    world.json(&["schedule", "pause", "resting"]).await;
    world.json(&["schedule", "remove", "taken-away"]).await;
    add(&world, "taken-away", &[]).await;
    for (name, why) in schedules {
        let runs = runs(&world, name).await;
        assert_eq!((&runs[0]["fate"], &runs[0]["why"]), (&json!("skipped"), &json!(why)), "{name}");
        assert_eq!((&runs[1]["fate"], runs.len()), (&json!("started"), 2), "{name}");
    }
    world.json(&["schedule", "resume", "resting"]).await;
    // Nothing is in the way of the next job any more.
    world.pass(2 * 86_400);
    for job in jobs {
        world.until(&job, "closed").await;
    }
    to_next(&world, "resting").await;
    for (name, why) in schedules {
        run(&world, name, "started", "").await;
        let runs = runs(&world, name).await;
        assert_eq!((&runs[1]["fate"], &runs[1]["why"]), (&json!("skipped"), &json!(why)), "{name}");
        assert_eq!(runs.len(), 3, "{name}");
    }
}

/// How often this stands in the audit log of this schedule.
async fn entries(world: &World, what: &str, name: &str) -> usize {
    let whose = format!("\"{name}\"");
    let log = world.coordinator().run(&["audit", "list", "--last", "100"]).await.1;
    log.lines().filter(|line| line.contains(what) && line.contains(&whose)).count()
}

/// Asks until the clerk has set this schedule right, once.
async fn is_set_right(world: &World, name: &str) {
    let asking = async {
        while entries(world, "schedule.set-right", name).await != 1 {
            tokio::task::yield_now().await;
        }
    };
    let right = tokio::time::timeout(Duration::from_mins(1), asking).await;
    assert!(right.is_ok(), "{name}: {}", shown(world, name).await);
}

/// Asks until the run of this instant is started.
async fn is_started(world: &World, name: &str, at: &str) {
    let asking = async {
        while !runs(world, name).await.iter().any(|run| run["planned_at"] == at && run["fate"] == "started") {
            tokio::task::yield_now().await;
        }
    };
    let started = tokio::time::timeout(Duration::from_mins(1), asking).await;
    assert!(started.is_ok(), "{name}: {}", shown(world, name).await);
}

/// A month ahead a campaign of one run is over, and what a person says then counts from then on, for as long as it lasts. The
/// right clock leaves the other's word where it is, and decides anew when its own time comes.
#[tokio::test]
async fn a_clock_that_ran_ahead_ends_no_campaign_and_silences_no_schedule() {
    const AHEAD: i64 = 30 * 86_400;
    const RUN: &str = "2027-01-17T18:00:00Z";
    let (world, _) = World::with_key(&["alpha", "beta"]).await;
    add(&world, "campaign", &["--until", "2027-01-20", "--catch-up", "skip"]).await;
    world.pass(AHEAD);
    run(&world, "campaign", "missed", "not-serving").await;
    stands(&world, "campaign", "ended").await;
    // Nothing rings when the clock is set.
    world.pass(-AHEAD);
    let campaign = shown(&world, "campaign").await;
    assert_eq!((&campaign["standing"], &campaign["next"]), (&json!("active"), &json!(RUN)));
    world.pass(AHEAD);
    stands(&world, "campaign", "ended").await;
    add(&world, "early", &["--catch-up", "skip"]).await;
    world.pass(-AHEAD);
    is_set_right(&world, "early").await;
    for name in ["campaign", "early"] {
        assert_eq!(shown(&world, name).await["next"], RUN, "{name}");
    }
    to_next(&world, "campaign").await;
    for name in ["campaign", "early"] {
        is_started(&world, name, RUN).await;
    }
    stands(&world, "campaign", "ended").await;
    for (what, name, times) in [
        ("schedule.ended", "campaign", 2),
        ("schedule.set-right", "campaign", 0),
        ("schedule.set-right", "early", 1),
    ] {
        assert_eq!(entries(&world, what, name).await, times, "{what} {name}");
    }
}
