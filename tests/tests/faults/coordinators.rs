//! Coordinators that show others other terms, spoil reports, or start again.

use std::sync::Arc;

use bytes::Bytes;
use lianfang_desk::Exit;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::{FaultCode, v1};
use lianfang_tests::liars::{Spoiler, coordinators_keys, in_the_place_of};
use lianfang_tests::network::{Meddler, Passing};
use lianfang_tests::world::{COORDINATOR, JobTerms};
use lianfang_trust::Signed;
use prost::Message as _;
use serde_json::Value;
use tonic::Status;

use crate::stage::{LABELS, agree, stocked};
use crate::told::{said_of, told};

/// Changes what one bank is shown of the terms, signed by the coordinator's own key.
struct OtherTerms {
    key: lianfang_trust::SigningKey,
}

impl Meddler for OtherTerms {
    fn reply(&self, call: &Passing, _: &Bytes, messages: Vec<Bytes>) -> Result<Vec<Bytes>, Status> {
        if call.method != "GetJob" || call.from != "bank-02" {
            return Ok(messages);
        }
        let other = |message: Bytes| {
            let mut reply = v1::GetJobReply::decode(message).expect("a reply");
            let signed =
                Signed::<Terms>::open(&reply.terms, &self.key.verifying_key()).expect("signed terms");
            let terms = Terms { purpose: "something else".to_owned(), ..signed.into_value() };
            reply.terms = Bytes::copy_from_slice(Signed::sign(&self.key, terms).bytes());
            reply.encode_to_vec().into()
        };
        Ok(messages.into_iter().map(other).collect())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_that_differ_do_not_match() {
    let (world, _) = stocked(3, 2, 2, 20).await;
    let meddler = OtherTerms { key: coordinators_keys(&world).coordinator };
    let _middle = in_the_place_of(&world, COORDINATOR, Arc::new(meddler)).await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    told(&world, "bank-02", &job, FaultCode::TermsDiffer, "coordinator").await;
    world.end().await;
}

/// Leaves matches out of a report, or alters one, and must be found out.
async fn a_report_is_spoilt(spoil: fn(Bytes) -> Bytes) -> Value {
    let (world, _) = stocked(2, 2, 2, 30).await;
    let spoil_items = move |messages: Vec<Bytes>| {
        let spoilt = |message: Bytes| {
            let mut reply = v1::ReadReportReply::decode(message).expect("a reply");
            reply.items = spoil(reply.items);
            reply.encode_to_vec().into()
        };
        messages.into_iter().map(spoilt).collect()
    };
    let spoiler = Spoiler { method: "ReadReport", of: "bank-01", spoil: spoil_items };
    let _middle = in_the_place_of(&world, COORDINATOR, Arc::new(spoiler)).await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    let fault = world.fault("bank-01", &job).await;
    let code = FaultCode::from_code(fault["code"].as_str().expect("a code")).expect("a known code");
    said_of(&world, "bank-01", &job, code, "coordinator").await;
    let refused = world.run("bank-01", &["report", &job, "--out", "spoilt"]).await;
    assert_ne!(refused.exit, Exit::Done, "nothing of it is shown");
    world.end().await;
    fault
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_hides_matches() {
    let fault = a_report_is_spoilt(|_| Bytes::new()).await;
    assert!(fault["party"] == "coordinator", "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_alters_a_match() {
    let fault = a_report_is_spoilt(|items| {
        let mut items = items.to_vec();
        if let Some(middle) = items.len().checked_div(2).filter(|&at| at > 0) {
            items[middle] ^= 1;
        }
        items.into()
    })
    .await;
    assert!(fault["party"] == "coordinator", "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_starts_again_in_the_middle() {
    let (mut world, people) = stocked(3, 2, 2, 30).await;
    world.stop("bank-03").await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    world.stage("bank-01", &job, "submitted").await;
    world.stop(COORDINATOR).await;
    world.start(COORDINATOR).await;
    world.start("bank-03").await;
    for bank in world.banks() {
        world.stage(&bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02", "bank-03"], &job, 2, LABELS).await;
    world.end().await;
}
