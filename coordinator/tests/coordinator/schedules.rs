//! Schedules at the command line, and what becomes of their runs when banks and keys are not what they should be.

use std::time::Duration;

use lianfang_desk::Exit;
use serde_json::{Value, json};

use super::world::*;

const TERMS: [&str; 8] =
    ["--match-threshold", "2", "--disclosure", "labels", "--purpose", "p", "--basis", "b"];

async fn add(world: &World, name: &str, more: &[&str]) -> Value {
    let words = ["schedule", "add", name, "--weekly", "mon@02:00"];
    world.json(&[&words[..], &TERMS, more].concat()).await
}

async fn shown(world: &World, name: &str) -> Value {
    world.json(&["schedule", "show", name]).await
}

/// The latest run, once it is the one with this fate and reason.
async fn run(world: &World, name: &str, fate: &str, why: &str) -> Value {
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
async fn to_next(world: &World, name: &str) {
    let next = world.json(&["schedule", "next", name, "--count", "1"]).await;
    let next: jiff::Timestamp = next["next"][0]["at"].as_str().unwrap().parse().unwrap();
    world.pass(next.as_second() - world.seconds() + 1);
}

#[tokio::test]
async fn a_schedule_from_its_making_to_its_removal() {
    let (mut world, banks) = World::with(&["alpha", "beta", "gamma"]).await;
    world.agree_on_key(&banks).await;
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
    let (world, banks) = World::with(&["alpha", "beta", "gamma", "delta"]).await;
    world.agree_on_key(&banks).await;
    add(&world, "weekly", &[]).await;
    world.json(&["schedule", "change", "weekly", "--disclosure", "count", "--deadline", "1h"]).await;
    assert_eq!(shown(&world, "weekly").await["min_change"], 3);
    to_next(&world, "weekly").await;
    let first = run(&world, "weekly", "started", "").await;
    world.json(&["roster", "suspend", "delta"]).await;
    world.pass(3_600);
    world.until(first["job"].as_str().unwrap(), "closed").await;
    to_next(&world, "weekly").await;
    run(&world, "weekly", "skipped", "min-change").await;
    let (exit, said) = world.coordinator().run(&["schedule", "run", "weekly"]).await;
    assert!(exit == Exit::Refused && said.contains("min-change"), "{said}");
    let forced = world.json(&["schedule", "run", "weekly", "--force"]).await;
    assert_eq!(forced["fate"], "started");
    world.pass(3_600);
    world.until(forced["job"].as_str().unwrap(), "closed").await;
    to_next(&world, "weekly").await;
    run(&world, "weekly", "started", "").await;
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
