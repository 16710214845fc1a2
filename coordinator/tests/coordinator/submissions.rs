//! Rows on their way in: refusals by name, resuming, conflicts.

use lianfang_coordinator::intake::check_header;
use lianfang_coordinator::job::ledger::Agreed;
use lianfang_proto::FaultCode;
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::v1::{
    GetJobRequest, JobState, OpenSubmissionReply, OpenSubmissionRequest, SealSubmissionRequest,
    SendRowsRequest,
};
use lianfang_trust::merkle::RootBuilder;
use lianfang_trust::{Digest, Signed};
use serde_json::{Value, json};
use tonic::Status;

use crate::bank::Bank;
use crate::world::{World, bank_id, code};

/// A submission's rows, ready to be sent.
pub(crate) struct Rows {
    pub(crate) bytes: Vec<u8>,
    pub(crate) row_bytes: usize,
    pub(crate) header: SubmissionHeader,
}

/// Stands in every label, so that a search finds what was left behind.
pub(crate) const CANARY: &[u8] = b"canary-of-a-label";

/// A row under this tag; its label says whose it is.
pub(crate) fn row(tag: [u8; 16], bank: &str, row_bytes: usize) -> Vec<u8> {
    let mut row = tag.to_vec();
    row.extend_from_slice(CANARY);
    row.extend_from_slice(bank.as_bytes());
    row.resize(row_bytes, 0);
    if row_bytes == 16 {
        row = tag.to_vec();
    }
    row
}

pub(crate) fn tag(number: u32) -> [u8; 16] {
    let mut tag = [0xC3; 16];
    tag[..4].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_be_bytes());
    tag
}

impl Rows {
    /// Rows under these tags, filled up with tags that nobody else has.
    pub(crate) fn of(terms: &Terms, digest: Digest, bank: &str, numbers: &[u32]) -> Self {
        let row_bytes = terms.row_bytes();
        let rows = terms.padded_rows(numbers.len() as u64);
        let own = u32::from(bank.as_bytes()[0]) << 20;
        let padding = (own..).take(usize::try_from(rows).unwrap() - numbers.len());
        let mut all: Vec<Vec<u8>> =
            numbers.iter().copied().chain(padding).map(|number| row(tag(number), bank, row_bytes)).collect();
        all.sort_unstable();
        let mut root = RootBuilder::new();
        for row in &all {
            root.push(row);
        }
        let header = SubmissionHeader {
            terms_digest: digest,
            bank: bank_id(bank),
            rows,
            row_bytes: u32::try_from(row_bytes).unwrap(),
            root: root.finish(),
            padding_commitment: [0; 32],
        };
        Self { bytes: all.concat(), row_bytes, header }
    }
}

impl Bank {
    pub(crate) async fn terms(&self, job: &str) -> (Terms, Digest) {
        let request = GetJobRequest { job: hex::decode(job).unwrap().into() };
        let reply = self.jobs().get_job(request).await.unwrap().into_inner();
        let signed: Signed<Terms> = Signed::open(&reply.terms, &self.roster.coordinator).unwrap();
        let digest = signed.digest();
        (signed.into_value(), digest)
    }

    pub(crate) async fn announce(&self, header: &SubmissionHeader) -> Result<OpenSubmissionReply, Status> {
        let request = OpenSubmissionRequest {
            terms_digest: header.terms_digest.as_bytes().to_vec().into(),
            header: Signed::sign(&self.key, header.clone()).bytes().to_vec().into(),
        };
        self.intake().open_submission(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn send(&self, digest: &Digest, first_row: u64, rows: &[u8]) -> Result<u64, Status> {
        let terms_digest = digest.as_bytes().to_vec().into();
        let request = SendRowsRequest { terms_digest, first_row, rows: rows.to_vec().into() };
        self.intake().send_rows(request).await.map(|reply| reply.into_inner().next_row)
    }

    pub(crate) async fn seal(&self, digest: &Digest) -> Result<(), Status> {
        let request = SealSubmissionRequest { terms_digest: digest.as_bytes().to_vec().into() };
        self.intake().seal_submission(request).await.map(drop)
    }

    pub(crate) async fn submit(&self, rows: &Rows) {
        self.announce(&rows.header).await.unwrap();
        self.send(&rows.header.terms_digest, 0, &rows.bytes).await.unwrap();
        self.seal(&rows.header.terms_digest).await.unwrap();
    }
}

pub(crate) async fn start_job(world: &World, disclosure: &str, more: &[&str]) -> Value {
    let mut args = vec!["job", "start", "--match-threshold", "2", "--disclosure", disclosure];
    args.extend(["--purpose", "a test", "--basis", "none", "--least-rows", "16", "--deadline", "1h"]);
    args.extend(more);
    world.json(&args).await
}

/// A job that was started: its id, its terms and their digest, as the first bank has them.
pub(crate) async fn job_under_way(
    world: &World,
    banks: &[Bank],
    disclosure: &str,
    more: &[&str],
) -> (String, Terms, Digest) {
    let job = start_job(world, disclosure, more).await;
    let id = job["job"].as_str().unwrap().to_owned();
    let (terms, digest) = banks[0].terms(&id).await;
    assert_eq!(digest.to_hex(), job["terms_digest"].as_str().unwrap());
    (id, terms, digest)
}

fn named(code: FaultCode, field: &str) -> (FaultCode, Option<String>) {
    (code, Some(field.to_owned()))
}

#[tokio::test]
async fn headers_and_rows_are_refused_by_name() {
    let (world, banks) = World::with_key(&["alpha", "beta", "gamma"]).await;
    let job = start_job(&world, "institutions", &["--banks", "alpha,beta", "--size-cap", "20"]).await;
    let (terms, digest) = banks[0].terms(job["job"].as_str().unwrap()).await;
    assert_eq!(digest.to_hex(), job["terms_digest"].as_str().unwrap());
    let alpha = &banks[0];
    let good = Rows::of(&terms, digest, "alpha", &[1, 2, 3]);
    let refused = |header: SubmissionHeader| async move { code(&alpha.announce(&header).await.unwrap_err()) };
    let header = || good.header.clone();
    let out_of_order = code(&alpha.send(&digest, 0, &good.bytes).await.unwrap_err());
    assert_eq!(out_of_order, named(FaultCode::MessageOutOfOrder, "header"));
    assert_eq!(
        refused(SubmissionHeader { bank: bank_id("beta"), ..header() }).await,
        named(FaultCode::Unauthenticated, "header.bank")
    );
    assert_eq!(
        refused(SubmissionHeader { row_bytes: 16, ..header() }).await,
        named(FaultCode::MalformedField, "header.row_bytes")
    );
    assert_eq!(
        refused(SubmissionHeader { rows: 64, ..header() }).await,
        named(FaultCode::SizeCapExceeded, "header.rows")
    );
    let agreed = Agreed { signed: Signed::sign(&alpha.key, terms.clone()), digest };
    for uneven in [17, 20, 31] {
        // Nobody can even write it down, and whoever could is refused by the field's name.
        let header = SubmissionHeader { rows: uneven, ..header() };
        assert_eq!(refused(header.clone()).await, named(FaultCode::MalformedField, "header"));
        let fault = check_header(&header, &alpha.id, &agreed).unwrap_err();
        assert_eq!((fault.code, fault.field.as_deref()), (FaultCode::MalformedField, Some("header.rows")));
    }
    assert_eq!(
        refused(SubmissionHeader { rows: 8, ..header() }).await,
        named(FaultCode::MalformedField, "header.rows")
    );
    assert_eq!(
        refused(SubmissionHeader { terms_digest: Digest::of("x", b""), ..header() }).await,
        named(FaultCode::JobUnknown, "terms_digest")
    );
    let stranger = Rows::of(&terms, digest, "gamma", &[1]);
    assert_eq!(code(&banks[2].announce(&stranger.header).await.unwrap_err()).0, FaultCode::NotParticipant);
    alpha.announce(&good.header).await.unwrap();
    let other = Rows::of(&terms, digest, "alpha", &[1, 2, 4]);
    assert_eq!(refused(other.header).await, named(FaultCode::SubmissionConflict, "header"));
    let row = good.row_bytes;
    let sent = |first: u64, bytes: Vec<u8>| async move {
        code(&alpha.send(&digest, first, &bytes).await.unwrap_err())
    };
    assert_eq!(sent(0, good.bytes[..row - 1].to_vec()).await, named(FaultCode::MessageTruncated, "rows"));
    assert_eq!(sent(0, Vec::new()).await, named(FaultCode::MessageTruncated, "rows"));
    assert_eq!(sent(1, good.bytes[row..].to_vec()).await, named(FaultCode::MessageOutOfOrder, "first_row"));
    let twice = [&good.bytes[..row], &good.bytes[..row]].concat();
    assert_eq!(sent(0, twice).await, named(FaultCode::MalformedField, "rows"));
    assert_eq!(alpha.send(&digest, 0, &good.bytes[..4 * row]).await.unwrap(), 4);
    assert_eq!(sent(4, good.bytes[..row].to_vec()).await, named(FaultCode::MalformedField, "rows"));
    let too_many = vec![0xFF; 17 * row];
    assert_eq!(sent(4, too_many).await, named(FaultCode::MessageTooLarge, "rows"));
    assert_eq!(code(&alpha.seal(&digest).await.unwrap_err()), named(FaultCode::MessageTruncated, "rows"));
}

#[tokio::test]
async fn a_submission_is_resumed_and_its_root_is_checked() {
    let (mut world, banks) = World::with_key(&["alpha", "beta"]).await;
    let (id, terms, digest) = job_under_way(&world, &banks, "labels", &[]).await;
    let rows = Rows::of(&terms, digest, "alpha", &[1, 2, 3]);
    let alpha = &banks[0];
    alpha.announce(&rows.header).await.unwrap();
    alpha.send(&digest, 0, &rows.bytes[..5 * rows.row_bytes]).await.unwrap();
    world.restart().await;
    // A row that a crash has cut is dropped.
    let file = world.rows_of(&id, "alpha");
    let cut = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
    cut.set_len(5 * rows.row_bytes as u64 - 1).unwrap();
    let reply = alpha.announce(&rows.header).await.unwrap();
    assert_eq!((reply.next_row, reply.sealed), (4, false));
    let mut wrong = rows.bytes[4 * rows.row_bytes..].to_vec();
    *wrong.last_mut().unwrap() ^= 1;
    alpha.send(&digest, 4, &wrong).await.unwrap();
    assert_eq!(code(&alpha.seal(&digest).await.unwrap_err()), named(FaultCode::RootDiffers, "header.root"));
    assert_eq!(alpha.announce(&rows.header).await.unwrap().next_row, 0, "they may be sent again");
    alpha.send(&digest, 0, &rows.bytes).await.unwrap();
    alpha.seal(&digest).await.unwrap();
    alpha.seal(&digest).await.unwrap();
    let reply = alpha.announce(&rows.header).await.unwrap();
    assert_eq!((reply.next_row, reply.sealed), (16, true));
    let late = code(&alpha.send(&digest, 0, &rows.bytes).await.unwrap_err());
    assert_eq!(late, named(FaultCode::MessageOutOfOrder, "first_row"));
    world.pass(3_600);
    let beta = Rows::of(&terms, digest, "beta", &[1]);
    assert_eq!(code(&banks[1].announce(&beta.header).await.unwrap_err()).0, FaultCode::JobDeadlinePassed);
}

#[tokio::test]
async fn nothing_is_taken_of_a_bank_that_has_declined() {
    let (world, banks) = World::with_key(&["alpha", "beta"]).await;
    let job = start_job(&world, "labels", &[]).await;
    let (terms, digest) = banks[0].terms(job["job"].as_str().unwrap()).await;
    let rows = Rows::of(&terms, digest, "alpha", &[1, 2, 3]);
    let (first, rest) = rows.bytes.split_at(rows.row_bytes);
    let alpha = &banks[0];
    let is_refused = |status: Status| assert_eq!(code(&status).0, FaultCode::ConsentRefused);
    alpha.answer(&digest, false).await.unwrap();
    is_refused(alpha.announce(&rows.header).await.unwrap_err());
    alpha.answer(&digest, true).await.unwrap();
    alpha.announce(&rows.header).await.unwrap();
    alpha.send(&digest, 0, first).await.unwrap();
    alpha.answer(&digest, false).await.unwrap();
    is_refused(alpha.send(&digest, 1, rest).await.unwrap_err());
    is_refused(alpha.seal(&digest).await.unwrap_err());
    // It has thought better of it, and goes on where it was.
    alpha.answer(&digest, true).await.unwrap();
    alpha.send(&digest, 1, rest).await.unwrap();
    alpha.seal(&digest).await.unwrap();
}

/// As after a restore from a backup, in which no submission is: nothing brings the files back, so nobody waits.
#[tokio::test]
async fn a_job_whose_submissions_are_gone_is_given_up_at_once() {
    let (mut world, banks) = World::with_key(&["alpha", "beta"]).await;
    for disclosure in ["count", "labels"] {
        let (id, terms, digest) = job_under_way(&world, &banks, disclosure, &[]).await;
        banks[0].submit(&Rows::of(&terms, digest, "alpha", &[1, 2])).await;
        std::fs::remove_dir_all(world.dir.path().join("jobs").join(&id)).unwrap();
        world.restart_in(&id, JobState::Matching).await;
        let failed = world.until(&id, "failed").await;
        assert_eq!((&failed["failure"], &failed["rests"]), (&json!("submission-files-gone"), &json!(false)));
        let (_, told) = world.coordinator().run(&["job", "show", &id]).await;
        let sentence = lianfang_desk::text(lianfang_desk::Lang::En, "submission-files-gone", &[]);
        assert!(told.contains(&sentence), "{told}");
    }
    world.json(&["audit", "verify"]).await;
}
