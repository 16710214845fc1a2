//! What a bank's own people and policy make of a schedule's runs.

use std::time::Duration;

use lianfang_node::config::{Decide, Policy};
use lianfang_tests::world::{COORDINATOR, World, automatic};
use serde_json::{Value, json};

use super::stage::{DAY, HOUR, add, register, shown, started, to_next_run};

async fn reminders_in_log(world: &World, bank: &str) -> usize {
    let log = world.run(bank, &["audit", "list", "--limit", "1000"]).await;
    log.out.matches("job.reminded").count()
}

/// A bank whose people decide is reminded before its own deadline, once for each reminder, and is late within the grace.
#[tokio::test(flavor = "multi_thread")]
async fn a_bank_is_reminded_once_for_each_reminder() {
    let asks = |bank: &str| if bank == "beta" { Decide::Ask } else { Decide::Automatic };
    let banks = ["alpha", "beta"];
    let mut world = World::with_policy(&banks, |bank| Policy { accept: asks(bank), ..automatic() }).await;
    for bank in banks {
        world.enrol(bank, bank).await;
    }
    world.agree(&banks, 2).await;
    for (number, bank) in banks.iter().enumerate() {
        world.import(bank, register(2 * number, 0).as_bytes()).await;
    }
    let options = ["--monthly", "last@02:00", "--disclosure", "labels", "--deadline", "3d", "--grace", "12h"];
    let more = ["--deadline-of", "beta=4d", "--remind", "1d,6h"];
    add(&world, "monthly", &[&options[..], &more].concat()).await;
    let run = world.run(COORDINATOR, &["schedule", "run", "monthly"]).await.json();
    let job = run["job"].as_str().expect("a job").to_owned();
    world.stage("alpha", &job, "submitted").await;
    world.fault("beta", &job).await;
    let reminder = async |world: &World, wanted: Value, told: usize| {
        world
            .until("beta is reminded", async || {
                let shown = world.job_at("beta", &job).await?;
                let told = reminders_in_log(world, "beta").await == told;
                (shown["reminder"] == wanted && told).then_some(())
            })
            .await;
    };
    reminder(&world, Value::Null, 0).await;
    world.clock.pass(3 * DAY + HOUR);
    reminder(&world, json!("due-soon"), 1).await;
    // Neither another start nor the same moment again tells it twice.
    world.stop("beta").await;
    world.start("beta").await;
    world.clock.back(2 * HOUR);
    world.clock.pass(2 * HOUR);
    tokio::time::sleep(Duration::from_millis(300)).await;
    reminder(&world, json!("due-soon"), 1).await;
    world.clock.pass(18 * HOUR);
    reminder(&world, json!("due-soon"), 2).await;
    world.clock.pass(6 * HOUR);
    reminder(&world, json!("overdue"), 3).await;
    assert_eq!(reminders_in_log(&world, "alpha").await, 0, "who has submitted is not reminded");
    world.run_in_time("beta", &["job", "accept", &job]).await.json();
    for bank in banks {
        world.stage(bank, &job, "done").await;
    }
    world.closed(&job).await;
    let shown = shown(&world, "monthly").await;
    assert_eq!(shown["runs"][0]["late"], json!(["beta"]));
    world.end().await;
}

/// A record enters only as often as its bank's policy lets it: that bank leaves runs out, and is reported.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_bounds_how_often_a_record_enters() {
    let banks = ["alpha", "beta", "gamma"];
    let seldom = |bank: &str| if bank == "gamma" { 2 } else { 0 };
    let policy = |bank: &str| Policy { jobs_of_a_record: seldom(bank), jobs_days: 20, ..automatic() };
    let world = World::with_policy(&banks, policy).await;
    for bank in banks {
        world.enrol(bank, bank).await;
    }
    world.agree(&banks, 2).await;
    for (number, bank) in banks.iter().enumerate() {
        world.import(bank, register(2 * number, 0).as_bytes()).await;
    }
    add(&world, "weekly", &["--weekly", "mon@02:00", "--disclosure", "labels"]).await;
    for week in 1..=6 {
        to_next_run(&world, "weekly").await;
        let job = started(&world, "weekly", week).await;
        world.closed(&job).await;
    }
    let runs = shown(&world, "weekly").await["runs"].clone();
    let declined = |run: &Value| run["declined"] == json!(["gamma"]);
    // Twice, then not until 20 days after the first.
    let expected = [false, false, true, false, false, true];
    let mut found: Vec<bool> = runs.as_array().expect("runs").iter().map(declined).collect();
    found.reverse();
    assert_eq!(found, expected);
    world.end().await;
}
