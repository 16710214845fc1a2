//! Wires that are cut, repeat messages, or lose answers.

use std::sync::Arc;
use std::time::Duration;

use lianfang_proto::v1::key_holder_client::KeyHolderClient;
use lianfang_proto::{FaultCode, limits, v1};
use lianfang_tests::liars::{BadWire, in_the_place_of};
use lianfang_tests::world::{COORDINATOR, JobTerms, World, address};
use prost::Message as _;

use crate::stage::{LABELS, agree, channel, long_submission, stocked};
use crate::told::told;

#[tokio::test(flavor = "multi_thread")]
async fn a_wire_that_is_cut_again_and_again() {
    let (world, people) = stocked(2, 2, 2, 30).await;
    let wire = world.network.faults(&address(COORDINATOR));
    wire.cut_after(Some(3_000_000));
    wire.cut();
    let (job, _) = world.whole_job(&long_submission()).await;
    agree(&world, &people, &["bank-01", "bank-02"], &job, 2, LABELS).await;
    world.end().await;
}

/// Methods by which a node asks holders and the coordinator for anything that leaves a trace.
const OF_HOLDERS: &[&str] = &["Evaluate", "BlindEvaluate"];
const OF_COORDINATOR: &[&str] =
    &["Answer", "OpenSubmission", "SendRows", "SealSubmission", "Return", "Countersign"];

/// What a holder has charged a bank.
pub(crate) async fn charged(world: &World, bank: &str, holder: &str) -> u64 {
    let mut client = KeyHolderClient::new(channel(world, bank, holder).await);
    let standing = client
        .get_standing(v1::GetStandingRequest { class: 1, epoch: 1, highest_answer: Vec::new().into() })
        .await;
    standing.expect("an answer").into_inner().charged
}

/// How many different elements a bank has sent through this wire, and that each request was answered `times`.
fn elements(wire: &BadWire, bank: &str, times: usize) -> u64 {
    let mut bytes = 0;
    let chunks = wire.requests(bank, "Evaluate");
    assert!(chunks.len() > 1, "{bank} sent {} chunks", chunks.len());
    for (message, answered) in chunks {
        assert_eq!(answered, times, "{bank}");
        bytes += v1::EvaluateRequest::decode(message).expect("a request").blinded_elements.len();
    }
    for (message, _) in wire.requests(bank, "BlindEvaluate") {
        bytes += v1::BlindEvaluateRequest::decode(message).expect("a request").blinded_elements.len();
    }
    (bytes / limits::ELEMENT_BYTES) as u64
}

/// Every evaluation, header, slice, seal, return and countersignature arrives twice at the same time.
#[tokio::test(flavor = "multi_thread")]
async fn every_message_arrives_twice() {
    let (world, people) = stocked(3, 2, 2, 60).await;
    let holder = Arc::new(BadWire::repeating(OF_HOLDERS));
    let coordinator = Arc::new(BadWire::repeating(OF_COORDINATOR));
    let _one = in_the_place_of(&world, "bank-02", holder.clone()).await;
    let _other = in_the_place_of(&world, COORDINATOR, coordinator.clone()).await;
    let (job, _) = world.whole_job(&JobTerms::new(2, LABELS).with("--least-rows", "8192")).await;
    agree(&world, &people, &["bank-01", "bank-02", "bank-03"], &job, 2, LABELS).await;
    for bank in ["bank-01", "bank-03"] {
        assert_eq!(charged(&world, bank, "bank-02").await, elements(&holder, bank, 1), "{bank}");
    }
    for bank in ["bank-01", "bank-02", "bank-03"] {
        for method in OF_COORDINATOR {
            assert!(!coordinator.requests(bank, method).is_empty(), "{bank} called {method}");
        }
        assert!(world.run(bank, &["audit", "verify"]).await.exit.is_done());
    }
    let log = world.run(COORDINATOR, &["audit", "list"]).await.out;
    for event in ["submission.announced", "submission.sealed"] {
        assert_eq!(log.matches(event).count(), 3, "{event} once for each bank");
    }
    world.end().await;
}

/// The answer to every evaluation is lost after the holder has charged it: asked again, byte for byte, charged once.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_after_the_charge() {
    let (world, people) = stocked(2, 2, 2, 60).await;
    let holder = Arc::new(BadWire::losing(&["Evaluate"]));
    let _middle = in_the_place_of(&world, "bank-02", holder.clone()).await;
    let job = world.start_job(&JobTerms::new(2, LABELS).with("--deadline", "30d")).await;
    told(&world, "bank-01", &job, FaultCode::HoldersMissing, "bank-02").await;
    world
        .until("the job is done", async || {
            // A holder that did not answer is left alone for some seconds.
            world.clock.pass(Duration::from_secs(5));
            let shown = world.job_at("bank-01", &job).await?;
            (shown["stage"] == "done").then_some(())
        })
        .await;
    world.stage("bank-02", &job, "done").await;
    agree(&world, &people, &["bank-01", "bank-02"], &job, 2, LABELS).await;
    assert_eq!(charged(&world, "bank-01", "bank-02").await, elements(&holder, "bank-01", 2));
    world.end().await;
}

/// The answer to every call of the coordinator that leaves a trace is lost once.
#[tokio::test(flavor = "multi_thread")]
async fn answers_of_the_coordinator_that_are_lost() {
    let (world, people) = stocked(2, 2, 2, 30).await;
    let wire = Arc::new(BadWire::losing(OF_COORDINATOR));
    let _middle = in_the_place_of(&world, COORDINATOR, wire.clone()).await;
    let (job, _) = world.whole_job(&JobTerms::new(2, LABELS)).await;
    agree(&world, &people, &["bank-01", "bank-02"], &job, 2, LABELS).await;
    for method in OF_COORDINATOR {
        assert!(!wire.requests("bank-01", method).is_empty(), "{method} was called");
    }
    world.end().await;
}
