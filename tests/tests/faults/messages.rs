//! Messages that are too large, out of turn, cut, or malformed: each refused by name, nothing harmed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use lianfang_node::fault::problem;
use lianfang_proto::v1::intake_client::IntakeClient;
use lianfang_proto::v1::key_holder_client::KeyHolderClient;
use lianfang_proto::{Fault, FaultCode, limits, v1};
use lianfang_tests::liars::in_the_place_of;
use lianfang_tests::network::{Meddler, Passing};
use lianfang_tests::world::{COORDINATOR, JobTerms, World, address};
use prost::Message as _;

use crate::stage::{LABELS, agree, channel, long_submission, stocked};
use crate::told::{sentences, told};

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_takes_no_malformed_message() {
    let world = World::ready(&["alpha", "beta"], 2, 2).await;
    let channel = channel(&world, "alpha", "beta").await;
    let mut client = KeyHolderClient::new(channel).max_encoding_message_size(16 * 1_024 * 1_024);
    let ask =
        |blinded: Vec<u8>| v1::EvaluateRequest { request: Bytes::new(), blinded_elements: blinded.into() };
    let too_large = ask(vec![0; limits::MESSAGE_BYTES + 1]);
    let cases =
        [(ask(vec![0; 32]), None), (ask(vec![0; 31]), None), (too_large, Some(FaultCode::MessageTooLarge))];
    for (request, code) in cases {
        let status = client.evaluate(request).await.expect_err("refused");
        let fault = Fault::from_status(&status).at("beta");
        assert!(code.is_none_or(|code| code == fault.code), "{fault}");
        assert_ne!(fault.code, FaultCode::Internal, "{status:?}");
        sentences(&problem(&fault), "beta");
    }
    let key_id = vec![1, 1, 0, 0, 0, 1, 0, 0, 0, 0];
    let blind = |count: usize, byte: u8| v1::BlindEvaluateRequest {
        key_id: key_id.clone().into(),
        blinded_elements: vec![byte; count].into(),
    };
    let cases = [
        (blind(0, 0), "blinded_elements"),
        (blind(33, 0), "blinded_elements"),
        (blind(65 * 32, 0), "blinded_elements"),
        (blind(32, 0), "blinded_elements"),
        (blind(32, 0xFF), "blinded_elements"),
    ];
    for (request, field) in cases {
        let status = client.blind_evaluate(request).await.expect_err("refused");
        let fault = Fault::from_status(&status);
        assert!(fault.field.as_deref().is_some_and(|named| named.contains(field)), "{fault}: {status:?}");
        assert_eq!(fault.party.as_deref(), Some("beta"), "{fault}");
        sentences(&problem(&fault), "beta");
    }
    world.end().await;
}

/// Rows that are out of order, repeated, cut or too many are refused by name, and the submission goes on unharmed.
#[tokio::test(flavor = "multi_thread")]
async fn the_coordinator_takes_no_rows_out_of_turn() {
    let (mut world, people) = stocked(3, 2, 2, 30).await;
    world.stop("bank-03").await;
    let job = world.start_job(&long_submission()).await;
    let shown = world.stage("bank-01", &job, "submitted").await;
    world.stage("bank-02", &job, "submitted").await;
    let terms = hex::decode(shown["terms_digest"].as_str().expect("hex")).expect("hex");
    let wire = world.network.faults(&address(COORDINATOR));
    let before = wire.passed();
    wire.throttle(Some(4_000_000));
    world.start("bank-03").await;
    world.until("some rows are over", async || (wire.passed() > before + 2_500_000).then_some(())).await;
    // A bank that is told to stop would end the step in hand: the wire ends it first.
    wire.refuse(true);
    wire.cut();
    world.stop("bank-03").await;
    wire.throttle(None);
    wire.refuse(false);
    let mut client = IntakeClient::new(channel(&world, "bank-03", COORDINATOR).await)
        .max_encoding_message_size(16 * 1_024 * 1_024);
    let row = lianfang_proto::row::row_bytes(LABELS);
    let send = |first_row: u64, bytes: usize| v1::SendRowsRequest {
        terms_digest: terms.clone().into(),
        first_row,
        rows: vec![7; bytes].into(),
    };
    let cases = [
        (send(1 << 40, row), FaultCode::MessageOutOfOrder),
        (send(0, row), FaultCode::MessageOutOfOrder),
        (send(0, row - 1), FaultCode::MessageTruncated),
        (send(0, limits::ROW_SLICE_BYTES / row * row + row), FaultCode::MessageTooLarge),
        (send(0, 3 * limits::MESSAGE_BYTES), FaultCode::MessageTooLarge),
    ];
    for (request, code) in cases {
        let status = client.send_rows(request).await.expect_err("refused");
        let fault = Fault::from_status(&status).at("coordinator");
        assert_eq!(fault.code, code, "{status:?}");
        sentences(&problem(&fault), "coordinator");
    }
    let early = client.seal_submission(v1::SealSubmissionRequest { terms_digest: terms.into() }).await;
    let fault = Fault::from_status(&early.expect_err("refused"));
    assert!(
        matches!(
            fault.code,
            FaultCode::MessageTruncated | FaultCode::MessageOutOfOrder | FaultCode::JobNotReady
        ),
        "{fault}"
    );
    world.start("bank-03").await;
    for bank in world.banks() {
        world.stage(&bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02", "bank-03"], &job, 2, LABELS).await;
    world.end().await;
}

/// Spoils the rows that one bank sends, as long as it is switched on.
struct SpoiltRows {
    spoil: fn(&mut v1::SendRowsRequest),
    on: AtomicBool,
}

impl Meddler for SpoiltRows {
    fn request(&self, call: &Passing, message: Bytes) -> Bytes {
        if call.method != "SendRows" || call.from != "bank-01" || !self.on.load(Ordering::SeqCst) {
            return message;
        }
        let mut request = v1::SendRowsRequest::decode(message).expect("a request");
        (self.spoil)(&mut request);
        request.encode_to_vec().into()
    }
}

/// The sender is told in both languages what its message was; sent as it should be, it is taken and nothing is harmed.
async fn rows_are_spoilt(spoil: fn(&mut v1::SendRowsRequest), code: FaultCode) {
    let (world, people) = stocked(2, 2, 2, 20).await;
    let spoiler = Arc::new(SpoiltRows { spoil, on: AtomicBool::new(true) });
    let _middle = in_the_place_of(&world, COORDINATOR, spoiler.clone()).await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    told(&world, "bank-01", &job, code, "coordinator").await;
    spoiler.on.store(false, Ordering::SeqCst);
    for bank in world.banks() {
        world.stage(&bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02"], &job, 2, LABELS).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_too_large() {
    let too_many = |request: &mut v1::SendRowsRequest| request.rows = vec![7; limits::MESSAGE_BYTES].into();
    rows_are_spoilt(too_many, FaultCode::MessageTooLarge).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_out_of_order() {
    rows_are_spoilt(|request| request.first_row += 1, FaultCode::MessageOutOfOrder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_cut() {
    rows_are_spoilt(|request| request.rows.truncate(request.rows.len() - 1), FaultCode::MessageTruncated)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_stand_twice_in_a_message() {
    let twice = |request: &mut v1::SendRowsRequest| {
        let row = lianfang_proto::row::row_bytes(LABELS);
        let mut rows = request.rows.to_vec();
        rows.copy_within(..row, row);
        request.rows = rows.into();
    };
    rows_are_spoilt(twice, FaultCode::MalformedField).await;
}
