//! Banks that are late, absent, die, hesitate, or ask for too much.

use std::time::Duration;

use lianfang_node::config::Policy;
use lianfang_proto::FaultCode;
use lianfang_proto::catalogue::Disclosure;
use lianfang_tests::people::{Shape, World as People};
use lianfang_tests::world::{COORDINATOR, JobTerms, World, address, automatic};

use crate::stage::{LABELS, agree, long_submission, stock, stocked};
use crate::told::{said_of, told};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_where_the_policy_says_so() {
    let people = People::generate(11, 2, 20, Shape::Ordinary);
    let strict = |bank: &str| if bank == "bank-01" { Policy::default().accept } else { automatic().accept };
    let names = ["bank-01", "bank-02"];
    let world = World::with_policy(&names, |bank| Policy { accept: strict(bank), ..automatic() }).await;
    for bank in names {
        world.enrol(bank, bank).await;
    }
    world.agree(&names, 2).await;
    stock(&world, &people).await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    told(&world, "bank-01", &job, FaultCode::ConsentPending, "bank-01").await;
    world.run("bank-01", &["job", "accept", &job]).await.json();
    for bank in names {
        world.stage(bank, &job, "done").await;
    }
    agree(&world, &people, &names, &job, 2, LABELS).await;
    let refused = world.start_job(&JobTerms::new(2, LABELS)).await;
    world.fault("bank-01", &refused).await;
    world.run("bank-01", &["job", "refuse", &refused]).await.json();
    world.stage("bank-01", &refused, "refused").await;
    said_of(&world, "bank-01", &refused, FaultCode::ConsentRefused, "bank-01").await;
    said_of(&world, COORDINATOR, &refused, FaultCode::ConsentRefused, "bank-01").await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_is_late_is_waited_for() {
    let (mut world, people) = stocked(3, 2, 2, 30).await;
    world.stop("bank-03").await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    world.stage("bank-01", &job, "submitted").await;
    world.stage("bank-02", &job, "submitted").await;
    said_of(&world, COORDINATOR, &job, FaultCode::ConsentPending, "bank-03").await;
    world.start("bank-03").await;
    for bank in world.banks() {
        world.stage(&bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02", "bank-03"], &job, 2, LABELS).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_is_absent_is_left_out() {
    let (mut world, people) = stocked(3, 2, 2, 30).await;
    world.stop("bank-03").await;
    let job = world.start_job(&JobTerms::new(2, LABELS).with("--deadline", "1h")).await;
    for bank in ["bank-01", "bank-02"] {
        world.stage(bank, &job, "submitted").await;
    }
    world.clock.pass(Duration::from_secs(3_601));
    for bank in ["bank-01", "bank-02"] {
        world.stage(bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02"], &job, 2, LABELS).await;
    let summary = world.run(COORDINATOR, &["summary", &job]).await.json();
    assert_eq!(summary["missing"], serde_json::json!(["bank-03"]));
    said_of(&world, COORDINATOR, &job, FaultCode::JobDeadlinePassed, "bank-03").await;
    world.end().await;
}

/// A bank that stops while its rows are on their way.
async fn stopped_in_mid_submission(world: &mut World, bank: &str, job: &str) {
    let wire = world.network.faults(&address(COORDINATOR));
    let before = wire.passed();
    wire.throttle(Some(4_000_000));
    world.start(bank).await;
    world.until("some rows are over", async || (wire.passed() > before + 2_500_000).then_some(())).await;
    assert_eq!(world.job_at(bank, job).await.expect("known")["stage"], "prepared");
    // A bank that is told to stop would end the step in hand: the wire ends it first.
    wire.refuse(true);
    wire.cut();
    world.stop(bank).await;
    wire.throttle(None);
    wire.refuse(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_comes_back_too_late() {
    let (mut world, people) = stocked(3, 2, 2, 30).await;
    world.stop("bank-03").await;
    let job = world.start_job(&long_submission().with("--deadline", "1h")).await;
    for bank in ["bank-01", "bank-02"] {
        world.stage(bank, &job, "submitted").await;
    }
    stopped_in_mid_submission(&mut world, "bank-03", &job).await;
    world.clock.pass(Duration::from_secs(3_601));
    for bank in ["bank-01", "bank-02"] {
        world.stage(bank, &job, "done").await;
    }
    world.start("bank-03").await;
    world.stage("bank-03", &job, "missed").await;
    said_of(&world, "bank-03", &job, FaultCode::JobDeadlinePassed, "bank-03").await;
    agree(&world, &people, &["bank-01", "bank-02"], &job, 2, LABELS).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_dies_in_mid_submission_comes_back() {
    let (mut world, people) = stocked(3, 2, 2, 30).await;
    world.stop("bank-03").await;
    let job = world.start_job(&long_submission()).await;
    world.stage("bank-01", &job, "submitted").await;
    world.stage("bank-02", &job, "submitted").await;
    stopped_in_mid_submission(&mut world, "bank-03", &job).await;
    let wire = world.network.faults(&address(COORDINATOR));
    let resumed = wire.passed();
    said_of(&world, COORDINATOR, &job, FaultCode::JobNotReady, "bank-03").await;
    world.start("bank-03").await;
    for bank in world.banks() {
        world.stage(&bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02", "bank-03"], &job, 2, LABELS).await;
    let rows = 32_768 * lianfang_proto::row::row_bytes(LABELS) as u64;
    assert!(rows > 5_000_000 && wire.passed() > resumed);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_jobs_at_once() {
    let (world, people) = stocked(3, 3, 2, 30).await;
    let first = world.start_job(&JobTerms::new(2, LABELS)).await;
    let second = world.start_job(&JobTerms::new(3, Disclosure::Count)).await;
    for bank in world.banks() {
        world.stage(&bank, &first, "done").await;
        world.stage(&bank, &second, "done").await;
    }
    let all = ["bank-01", "bank-02", "bank-03"];
    agree(&world, &people, &all, &first, 2, LABELS).await;
    agree(&world, &people, &all, &second, 3, Disclosure::Count).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_over_the_size_cap() {
    let (world, _) = stocked(2, 2, 2, 20).await;
    let job = world.start_job(&JobTerms::new(2, LABELS).with("--size-cap", "10")).await;
    told(&world, "bank-01", &job, FaultCode::SizeCapExceeded, "bank-01").await;
    world.end().await;
}
