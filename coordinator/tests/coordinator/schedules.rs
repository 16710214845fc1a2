//! Schedules at the command line, and what becomes of their runs when banks and keys are not what they should be.

use std::time::Duration;

use lianfang_desk::Exit;
use serde_json::{Value, json};

use crate::bank::Bank;
use crate::submissions::Rows;
use crate::world::{World, bank_id};

pub(crate) const TERMS: [&str; 8] =
    ["--match-threshold", "2", "--disclosure", "labels", "--purpose", "p", "--basis", "b"];

pub(crate) async fn add(world: &World, name: &str, more: &[&str]) -> Value {
    let words = ["schedule", "add", name, "--weekly", "mon@02:00"];
    world.json(&[&words[..], &TERMS, more].concat()).await
}

pub(crate) async fn shown(world: &World, name: &str) -> Value {
    world.json(&["schedule", "show", name]).await
}

/// The latest run, once it is the one with this fate and reason.
pub(crate) async fn run(world: &World, name: &str, fate: &str, why: &str) -> Value {
    for _ in 0..200 {
        let run = shown(world, name).await["runs"][0].clone();
        if run["fate"] == fate && run["why"] == why {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no run is {fate}: {}", shown(world, name).await);
}

/// Past the next planned instant.
pub(crate) async fn to_next(world: &World, name: &str) {
    let next = world.json(&["schedule", "next", name, "--count", "1"]).await;
    let next: jiff::Timestamp = next["next"][0]["at"].as_str().unwrap().parse().unwrap();
    world.pass(next.as_second() - world.seconds() + 1);
}

#[tokio::test]
async fn a_schedule_from_its_making_to_its_removal() {
    let (mut world, banks) = World::with_key(&["alpha", "beta", "gamma"]).await;
    let added =
        add(&world, "weekly", &["--remind", "1d,6h", "--grace", "6h", "--deadline-of", "beta=8d"]).await;
    // 2027-01-15 is a Friday.
    assert_eq!(added["next"], "2027-01-17T18:00:00Z");
    let listed = world.json(&["schedule", "list"]).await;
    assert_eq!(listed["schedules"][0]["rhythm"], "weekly mon@02:00");
    to_next(&world, "weekly").await;
    let first = run(&world, "weekly", "started", "").await;
    let job = first["job"].as_str().unwrap().to_owned();
    let (terms, _) = banks[0].terms(&job).await;
    assert_eq!(terms.timing.reminders, [86_400_000_000, 21_600_000_000]);
    assert_eq!(terms.deadline_of(&bank_id("beta")) - terms.deadline_of(&bank_id("alpha")), 86_400_000_000);
    let planned = terms.run.as_ref().unwrap();
    assert_eq!((planned.schedule.as_str(), planned.predecessor), ("weekly", None));
    assert_eq!(first["awaited"], json!(["alpha", "beta", "gamma"]));
    // Another process, or a start after a crash, starts nothing twice.
    world.restart().await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(shown(&world, "weekly").await["runs"].as_array().unwrap().len(), 1);
    // Beta has eight days, so the second run waits for the first.
    to_next(&world, "weekly").await;
    run(&world, "weekly", "waiting", "").await;
    let (exit, said) = world.coordinator().run(&["schedule", "run", "weekly"]).await;
    assert!(exit == Exit::Later && said.contains("not over"), "{said}");
    world.pass(8 * 86_400);
    world.until(&job, "closed").await;
    let second = run(&world, "weekly", "started", "").await;
    let (terms, _) = banks[0].terms(second["job"].as_str().unwrap()).await;
    assert_eq!(terms.run.unwrap().predecessor.unwrap().to_string(), job);
    let before = shown(&world, "weekly").await["runs"].as_array().unwrap().len();
    let paused = world.json(&["schedule", "pause", "weekly"]).await;
    assert_eq!((&paused["standing"], &paused["next"]), (&json!("paused"), &Value::Null));
    let (exit, _) = world.coordinator().run(&["schedule", "pause", "weekly"]).await;
    assert_eq!(exit, Exit::Refused);
    world.pass(30 * 86_400);
    world.until(second["job"].as_str().unwrap(), "closed").await;
    world.json(&["schedule", "resume", "weekly"]).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    let runs = shown(&world, "weekly").await["runs"].as_array().unwrap().len();
    assert_eq!(runs, before, "what was planned in the pause is left out");
    let changed =
        world.json(&["schedule", "change", "weekly", "--monthly", "last@23:00", "--zone", "UTC"]).await;
    assert_eq!((&changed["next"], &changed["revision"]), (&json!("2027-03-31T23:00:00Z"), &json!(4)));
    world.json(&["schedule", "remove", "weekly"]).await;
    assert_eq!(world.json(&["schedule", "list"]).await["schedules"], json!([]));
    let (exit, said) = world.coordinator().run(&["schedule", "show", "weekly"]).await;
    assert!(exit == Exit::Usage && said.contains("no schedule weekly"), "{said}");
    let log = world.coordinator().run(&["audit", "list", "--last", "100"]).await.1;
    for event in ["added", "started", "paused", "resumed", "changed", "removed"] {
        assert!(log.contains(&format!("schedule.{event}")), "{event}: {log}");
    }
    assert!(!log.contains("\"by\":\"\""), "each names who did it: {log}");
}

#[tokio::test]
async fn a_run_without_enough_banks_or_a_key_is_left_out_and_says_why() {
    let (world, banks) = World::with(&["alpha", "beta", "gamma"]).await;
    add(&world, "weekly", &["--banks", "alpha,beta"]).await;
    to_next(&world, "weekly").await;
    run(&world, "weekly", "skipped", "key-not-agreed").await;
    world.agree_on_key(&banks).await;
    world.json(&["roster", "suspend", "beta"]).await;
    to_next(&world, "weekly").await;
    let left = run(&world, "weekly", "skipped", "too-few-groups").await;
    assert_eq!(left["left_out"], json!([{"bank": "beta", "why": "suspended"}]));
    let (exit, said) = world.coordinator().run(&["schedule", "run", "weekly", "--force"]).await;
    assert!(exit == Exit::Refused && said.contains("too-few-groups") && said.contains("beta"), "{said}");
    world.json(&["schedule", "change", "weekly", "--banks", "alpha,beta,gamma"]).await;
    to_next(&world, "weekly").await;
    let started = run(&world, "weekly", "started", "").await;
    assert_eq!(started["left_out"], json!([{"bank": "beta", "why": "suspended"}]));
    assert_eq!(started["awaited"], json!(["alpha", "gamma"]));
}

#[tokio::test]
async fn counts_that_would_single_out_a_bank_are_left_out_unless_forced() {
    let (world, banks) = World::with_key(&["alpha", "beta", "gamma", "delta"]).await;
    add(&world, "weekly", &[]).await;
    world.json(&["schedule", "change", "weekly", "--disclosure", "count", "--deadline", "1h"]).await;
    assert_eq!(shown(&world, "weekly").await["min_change"], 3);
    to_next(&world, "weekly").await;
    take_part(&world, &banks, &run(&world, "weekly", "started", "").await).await;
    world.json(&["roster", "suspend", "delta"]).await;
    to_next(&world, "weekly").await;
    run(&world, "weekly", "skipped", "min-change").await;
    let (exit, said) = world.coordinator().run(&["schedule", "run", "weekly"]).await;
    assert!(exit == Exit::Refused && said.contains("min-change"), "{said}");
    assert!(said.contains("left out: delta"), "{said}");
    let forced = world.json(&["schedule", "run", "weekly", "--force"]).await;
    assert_eq!(forced["fate"], "started");
    take_part(&world, &banks[..3], &forced).await;
    let before = runs(&world, "weekly").await.len();
    to_next(&world, "weekly").await;
    assert_eq!(newer(&world, "weekly", before).await["fate"], "started");
}

/// A count that nobody took part in has told nothing. Others are about those who were named: who stays away once stops nothing.
#[tokio::test]
async fn counts_are_compared_with_the_last_that_told_any() {
    let (world, banks) = World::with_key(&["alpha", "beta", "gamma", "delta"]).await;
    add(&world, "weekly", &[]).await;
    world.json(&["schedule", "change", "weekly", "--disclosure", "count", "--deadline", "1h"]).await;
    to_next(&world, "weekly").await;
    take_part(&world, &[], &run(&world, "weekly", "started", "").await).await;
    world.json(&["roster", "suspend", "delta"]).await;
    to_next(&world, "weekly").await;
    let second = newer(&world, "weekly", 1).await;
    assert_eq!((&second["fate"], &second["why"]), (&json!("started"), &json!("")), "nobody was in the first");
    take_part(&world, &banks[..2], &second).await;
    to_next(&world, "weekly").await;
    let third = newer(&world, "weekly", 2).await;
    assert_eq!(third["fate"], "started", "gamma was named before, too");
    take_part(&world, &banks[..3], &third).await;
    world.json(&["roster", "resume", "delta"]).await;
    let (exit, said) = world.coordinator().run(&["schedule", "run", "weekly"]).await;
    assert!(exit == Exit::Refused && said.contains("min-change"), "{said}");
    assert!(!said.contains("left out"), "nobody is: {said}");
}

/// These banks submit, and time passes until the run's job is over.
async fn take_part(world: &World, banks: &[Bank], run: &Value) {
    let job = run["job"].as_str().unwrap();
    for bank in banks {
        let (terms, digest) = bank.terms(job).await;
        bank.submit(&Rows::of(&terms, digest, bank.id.as_str(), &[1])).await;
    }
    for _ in 0..200 {
        if world.json(&["job", "show", job]).await["state"] == "closed" {
            return;
        }
        world.pass(600);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the job is not over: {}", world.json(&["job", "show", job]).await);
}

pub(crate) async fn runs(world: &World, name: &str) -> Vec<Value> {
    shown(world, name).await["runs"].as_array().unwrap().clone()
}

/// The latest run, once there are more than so many.
async fn newer(world: &World, name: &str, before: usize) -> Value {
    for _ in 0..200 {
        let runs = runs(world, name).await;
        if runs.len() > before {
            return runs[0].clone();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("there is no further run: {}", shown(world, name).await);
}

/// Every run of a schedule, the earliest first, once something has become of each that was planned until now.
async fn all_decided(world: &World, name: &str) -> Vec<Value> {
    let second = |time: &Value| time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
    for _ in 0..200 {
        let shown = world.json(&["schedule", "show", name, "--last", "1000"]).await;
        let runs: Vec<Value> = shown["runs"].as_array().unwrap().iter().rev().cloned().collect();
        let planned = (world.seconds() - second(&runs[0]["planned_at"])) / 600 + 1;
        if i64::try_from(runs.len()).unwrap() == planned {
            return runs;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("runs are not decided: {}", shown(world, name).await);
}

/// When the jobs of a schedule were started, in seconds since 1970.
fn starts(runs: &[Value]) -> Vec<i64> {
    let started = runs.iter().filter(|run| run["fate"] == "started");
    let at = started.map(|run| run["decided_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap());
    at.map(jiff::Timestamp::as_second).collect()
}

/// A run every ten minutes, and a day between two beginnings. Of those that come too soon one waits and gives way to the next,
/// or as many wait as may: either way a hundred and more lie between one job and the next.
#[tokio::test]
async fn the_least_interval_outlasts_many_runs_that_came_to_nothing() {
    let (world, _) = World::with_key(&["alpha", "beta"]).await;
    let schedules = [("one-waits", "run-last"), ("many-wait", "run-all:52")];
    for (name, catch_up) in schedules {
        let when = ["schedule", "add", name, "--cron", "*/10 * * * *", "--min-interval", "1d"];
        let more = ["--catch-up", catch_up, "--deadline", "10m"];
        world.json(&[&when[..], &TERMS, &more].concat()).await;
    }
    to_next(&world, "one-waits").await;
    let began = world.seconds();
    for (name, _) in schedules {
        run(&world, name, "started", "").await;
    }
    // Nobody takes part; then nothing but the interval is in the way of the next job.
    world.pass(601);
    for (name, _) in schedules {
        let runs = all_decided(&world, name).await;
        world.until(runs[0]["job"].as_str().unwrap(), "closed").await;
    }
    for passed in [9 * 3_600, 18 * 3_600, 86_399] {
        world.pass(began + passed - world.seconds());
        for (name, _) in schedules {
            all_decided(&world, name).await;
        }
        // What is decided once may be decided upon again a moment later.
        tokio::time::sleep(Duration::from_millis(700)).await;
        for (name, _) in schedules {
            let runs = all_decided(&world, name).await;
            assert_eq!(starts(&runs), [began], "{name}: {} runs, {passed} s after the start", runs.len());
        }
    }
    for (name, _) in schedules {
        let runs = all_decided(&world, name).await;
        let nothing = runs.iter().filter(|run| run["fate"] == "skipped" || run["fate"] == "missed").count();
        assert!(nothing > 64, "{name}: {nothing} of {} came to nothing", runs.len());
    }
    world.pass(2);
    for (name, _) in schedules {
        for _ in 0..200 {
            if starts(&all_decided(&world, name).await).len() == 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(starts(&all_decided(&world, name).await), [began, world.seconds()], "{name}");
    }
}

#[tokio::test]
async fn every_value_that_cannot_be_used_is_named_with_its_option() {
    let (world, _) = World::with(&["alpha", "beta"]).await;
    let table: &[(&[&str], &str)] = &[
        (&[], "--weekly|--monthly|--cron|--once"),
        (&["--weekly", "monday"], "--weekly"),
        (&["--monthly", "31@02:00"], "--monthly"),
        (&["--cron", "* *"], "--cron"),
        (&["--cron", "*/5 * * * *"], "--cron"),
        (&["--cron", "0 2 30 2 *"], "--cron"),
        (&["--weekly", "mon@02:00", "--monthly", "1@02:00"], "--monthly"),
        (&["--weekly", "mon@02:00", "--zone", "Shanghai"], "--zone"),
        (&["--weekly", "mon@02:00", "--until", "2020-01-01"], "--weekly"),
        (&["--weekly", "mon@02:00", "--from", "2028-01-01", "--until", "2027-12-01"], "--until"),
        (&["--weekly", "mon@02:00", "--catch-up", "all"], "--catch-up"),
        (&["--weekly", "mon@02:00", "--catch-up", "run-all:3", "--overlap", "skip"], "--overlap"),
        (&["--weekly", "mon@02:00", "--min-interval", "7"], "--min-interval"),
        (&["--weekly", "mon@02:00", "--banks", "alpha,omega"], "--banks"),
        (&["--weekly", "mon@02:00", "--groups", "omega"], "--groups"),
        (&["--weekly", "mon@02:00", "--deadline-of", "alpha"], "--deadline-of"),
        (&["--weekly", "mon@02:00", "--deadline-of", "omega=5d"], "--deadline-of"),
        (&["--weekly", "mon@02:00", "--remind", "8d"], "--remind"),
        (&["--weekly", "mon@02:00", "--chunk", "100"], "--chunk"),
        (&["--weekly", "mon@02:00", "--size-cap", "0"], "--size-cap"),
    ];
    for (options, named) in table {
        let words = [&["schedule", "add", "weekly"][..], &TERMS, options].concat();
        let (exit, said) = world.coordinator().run(&words).await;
        assert!(exit == Exit::Usage && said.contains(named), "{options:?}: {said}");
    }
    let lacking = ["schedule", "add", "weekly", "--weekly", "mon@02:00", "--match-threshold", "2"];
    let (exit, said) = world.coordinator().run(&lacking).await;
    assert!(exit == Exit::Usage && said.contains("--disclosure"), "{said}");
    add(&world, "weekly", &[]).await;
    let again = [&["schedule", "add", "weekly", "--weekly", "mon@02:00"][..], &TERMS].concat();
    let (exit, said) = world.coordinator().run(&again).await;
    assert!(exit == Exit::Usage && said.contains("schedule change"), "{said}");
}
