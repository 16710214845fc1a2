//! Stores on a PostgreSQL server that is stopped without a word and started again, while a job is under way.
//!
//! Ignored unless asked for: it needs a server (`LIANFANG_TEST_POSTGRES`) and a program that stops and starts it
//! ([`CONTROL`], called with `stop` or `start`). Asked for without them it fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lianfang_coordinator::Cli;
use lianfang_node::commands::NodeArgs;
use lianfang_proto::{limits, v1};
use lianfang_store::trial;
use lianfang_tests::liars::{BadWire, in_the_place_of};
use lianfang_tests::world::{COORDINATOR, JobTerms, World};
use prost::Message as _;

use crate::backups::aside;
use crate::stage::{LABELS, agree, stocked};
use crate::wire::charged;

/// Names the program that stops and starts the server.
const CONTROL: &str = "LIANFANG_TEST_POSTGRES_CONTROL";
const BANKS: [&str; 3] = ["bank-01", "bank-02", "bank-03"];

async fn control(word: &'static str) {
    let program = std::env::var(CONTROL).unwrap_or_else(|_| panic!("{CONTROL} names no program"));
    let done = tokio::process::Command::new(program).arg(word).status().await;
    assert!(done.expect("the program runs").success(), "the server did not {word}");
}

/// Stops and starts the server until told to end; gives how often.
async fn disturb(over: Arc<AtomicBool>) -> u32 {
    let mut times = 0;
    while !over.load(Ordering::SeqCst) && times < 6 {
        tokio::time::sleep(Duration::from_millis(900)).await;
        control("stop").await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        control("start").await;
        times += 1;
    }
    times
}

/// Elements of different messages to a holder: of all, and of those that were answered.
fn elements(wire: &BadWire, bank: &str) -> (u64, u64) {
    let (mut sent, mut answered) = (0, 0);
    let mut count = |packed: usize, times: usize| {
        let elements = (packed / limits::ELEMENT_BYTES) as u64;
        sent += elements;
        answered += if times > 0 { elements } else { 0 };
    };
    for (message, times) in wire.requests(bank, "Evaluate") {
        let message = v1::EvaluateRequest::decode(message).expect("a request");
        count(message.blinded_elements.len(), times);
    }
    for (message, times) in wire.requests(bank, "BlindEvaluate") {
        let message = v1::BlindEvaluateRequest::decode(message).expect("a request");
        count(message.blinded_elements.len(), times);
    }
    (sent, answered)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server, and a program that stops and starts it"]
async fn a_database_that_goes_away_under_load() {
    assert!(trial::server().is_some(), "{} names no server", trial::SERVER);
    let (world, people) = stocked(3, 2, 2, 400).await;
    let wire = Arc::new(BadWire::repeating(&[]));
    let _between = in_the_place_of(&world, "bank-02", wire.clone()).await;
    let over = Arc::new(AtomicBool::new(false));
    let disturbing = tokio::spawn(disturb(Arc::clone(&over)));
    let job = world.start_job(&JobTerms::new(2, LABELS).with("--least-rows", "8192")).await;
    for bank in BANKS {
        world.stage(bank, &job, "done").await;
    }
    over.store(true, Ordering::SeqCst);
    assert!(disturbing.await.expect("it ended") > 0, "the server was stopped while the job ran");
    world.closed(&job).await;
    agree(&world, &people, &BANKS, &job, 2, LABELS).await;
    for bank in ["bank-01", "bank-03"] {
        let (sent, answered) = elements(&wire, bank);
        let charged = charged(&world, bank, "bank-02").await;
        assert!((answered..=sent).contains(&charged), "{bank}: {charged} of {answered} to {sent}");
        assert!(answered > 0, "{bank} was answered");
    }
    for party in BANKS.into_iter().chain([COORDINATOR]) {
        assert!(world.run(party, &["audit", "verify"]).await.exit.is_done(), "{party}");
    }
    let again = world.start_job(&JobTerms::new(2, LABELS)).await;
    for bank in BANKS {
        let shown = world.stage(bank, &again, "done").await;
        assert_eq!(shown["figures"]["evaluated"], 0, "{bank}: no output was lost");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn a_database_is_not_copied_and_its_restore_is_noted() {
    assert!(trial::server().is_some(), "{} names no server", trial::SERVER);
    let mut world = World::ready(&["alpha", "beta"], 2, 2).await;
    for party in ["alpha", COORDINATOR] {
        let to = world.dir(party).join("backup").display().to_string();
        let said = world.run(party, &["backup", &to]).await;
        assert!(!said.exit.is_done() && format!("{said:?}").contains("pg_dump"), "{said:?}");
    }
    world.stop("alpha").await;
    world.stop(COORDINATOR).await;
    let restored = aside::<NodeArgs>(&world.dir("alpha"), "lianfang-node", &["restore", "--server"]).await;
    assert_eq!(restored.json()["counters_full"], true);
    let dir = world.dir(COORDINATOR);
    let restored = aside::<Cli>(&dir, "lianfang-coordinator", &["restore", "--server"]).await.json();
    assert!(restored["roster_version"].as_u64() > Some(10_000), "{restored}");
    world.start(COORDINATOR).await;
    world.start("alpha").await;
    let standing = world.run("beta", &["audit", "verify"]).await;
    assert!(standing.exit.is_done());
    world.end().await;
}
