//! Calls to the coordinator: every one named, none of them trusted further than its signature.

use lianfang_link::{Dialer, Party};
use lianfang_proto::ids::{CeremonyId, JobId};
use lianfang_proto::v1::ceremony_board_client::CeremonyBoardClient;
use lianfang_proto::v1::directory_client::DirectoryClient;
use lianfang_proto::v1::enrolment_client::EnrolmentClient;
use lianfang_proto::v1::intake_client::IntakeClient;
use lianfang_proto::v1::jobs_client::JobsClient;
use lianfang_proto::v1::reports_client::ReportsClient;
use lianfang_proto::{Fault, FaultCode, limits, v1};
use lianfang_trust::Digest;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::carry_trace;
use crate::fault;

/// The party's name in faults.
pub const NAME: &str = "coordinator";
/// A whole call that is not a long poll.
const CALL: Duration = Duration::from_mins(1);

/// The way to the coordinator. Cheap to clone.
#[derive(Clone)]
pub struct Coordinator {
    channel: Channel,
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn told(status: Status) -> Fault {
    fault::of_call(&status, NAME)
}

/// A request that is given up after [`CALL`].
fn within<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(CALL);
    carry_trace(&mut request);
    request
}

macro_rules! client {
    ($self:ident, $client:ident) => {
        $client::new($self.channel.clone())
            .max_decoding_message_size(limits::MESSAGE_BYTES)
            .max_encoding_message_size(limits::MESSAGE_BYTES)
    };
}

impl Coordinator {
    /// The coordinator at `address`; connects on first use.
    pub fn new(dialer: &Dialer, address: &str) -> Self {
        Self { channel: dialer.channel(address, &Party::Coordinator) }
    }

    /// Over a channel that leads to the coordinator.
    pub fn over(channel: Channel) -> Self {
        Self { channel }
    }

    /// Hands in a request for the next certificate.
    pub async fn renew(&self, renewal: Vec<u8>) -> Result<v1::Membership, Fault> {
        let message = v1::RenewRequest { renewal: renewal.into() };
        let reply = client!(self, EnrolmentClient).renew(within(message)).await.map_err(told)?;
        let missing = || Fault::field(FaultCode::MalformedField, "membership").at(NAME);
        reply.into_inner().membership.ok_or_else(missing)
    }

    /// States how far this holder has charged; the highest that it has ever stated.
    pub async fn witness(&self, statement: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let message = v1::WitnessRequest { statement: statement.into() };
        let reply = client!(self, DirectoryClient).witness(within(message)).await.map_err(told)?;
        Ok(reply.into_inner().highest.to_vec())
    }

    /// The newest signed roster.
    pub async fn roster(&self) -> Result<Vec<u8>, Fault> {
        self.roster_of(0).await
    }

    /// The signed roster of a version; the newest for 0.
    pub async fn roster_of(&self, version: u64) -> Result<Vec<u8>, Fault> {
        let message = v1::GetRosterRequest { version };
        let reply = client!(self, DirectoryClient).get_roster(within(message)).await;
        Ok(reply.map_err(told)?.into_inner().roster.to_vec())
    }

    /// Waits until the inbox has moved past `seen`.
    pub async fn watch(&self, seen: u64, wait: Duration) -> Result<v1::WatchInboxReply, Fault> {
        let wait_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).min(limits::WATCH_WAIT_MS);
        let mut request = Request::new(v1::WatchInboxRequest { seen, wait_ms });
        request.set_timeout(wait + CALL);
        Ok(client!(self, DirectoryClient).watch_inbox(request).await.map_err(told)?.into_inner())
    }

    /// What the coordinator sees of this node.
    pub async fn check_up(&self) -> Result<v1::CheckUpReply, Fault> {
        let reply = client!(self, DirectoryClient).check_up(within(v1::CheckUpRequest {})).await;
        Ok(reply.map_err(told)?.into_inner())
    }

    /// A ceremony's board.
    pub async fn board(&self, ceremony: CeremonyId) -> Result<v1::ReadBoardReply, Fault> {
        let message = v1::ReadBoardRequest { ceremony: ceremony.as_bytes().to_vec().into() };
        Ok(client!(self, CeremonyBoardClient).read_board(within(message)).await.map_err(told)?.into_inner())
    }

    /// Posts on a ceremony's board.
    pub async fn post(&self, post: Vec<u8>) -> Result<(), Fault> {
        let message = v1::PostRequest { post: post.into() };
        client!(self, CeremonyBoardClient).post(within(message)).await.map_err(told)?;
        Ok(())
    }

    /// The endorsed record of a key; empty if there is none yet.
    pub async fn key_record(&self, class: u32, epoch: u32) -> Result<Vec<u8>, Fault> {
        let message = v1::GetKeyRecordRequest { class, epoch };
        let reply = client!(self, CeremonyBoardClient).get_key_record(within(message)).await;
        Ok(reply.map_err(told)?.into_inner().record.to_vec())
    }

    /// A job's terms and state.
    pub async fn job(&self, job: JobId) -> Result<v1::GetJobReply, Fault> {
        let message = v1::GetJobRequest { job: job.as_bytes().to_vec().into() };
        Ok(client!(self, JobsClient).get_job(within(message)).await.map_err(told)?.into_inner())
    }

    /// Hands in the bank's decision.
    pub async fn answer(&self, terms: &Digest, decision: Vec<u8>) -> Result<(), Fault> {
        let message = v1::AnswerRequest { terms_digest: bytes(terms), decision: decision.into() };
        client!(self, JobsClient).answer(within(message)).await.map_err(told)?;
        Ok(())
    }

    /// Announces the submission; from which row to go on.
    pub async fn open_submission(&self, terms: &Digest, header: Vec<u8>) -> Result<(u64, bool), Fault> {
        let message = v1::OpenSubmissionRequest { terms_digest: bytes(terms), header: header.into() };
        let reply = client!(self, IntakeClient).open_submission(within(message)).await;
        let reply = reply.map_err(told)?.into_inner();
        Ok((reply.next_row, reply.sealed))
    }

    /// Sends rows; from which row to go on.
    pub async fn send_rows(&self, terms: &Digest, first_row: u64, rows: Vec<u8>) -> Result<u64, Fault> {
        let message = v1::SendRowsRequest { terms_digest: bytes(terms), first_row, rows: rows.into() };
        Ok(client!(self, IntakeClient).send_rows(within(message)).await.map_err(told)?.into_inner().next_row)
    }

    /// Has the root checked; from here on the submission stands.
    pub async fn seal_submission(&self, terms: &Digest) -> Result<(), Fault> {
        let message = v1::SealSubmissionRequest { terms_digest: bytes(terms) };
        client!(self, IntakeClient).seal_submission(within(message)).await.map_err(told)?;
        Ok(())
    }

    /// The report, slice by slice.
    pub async fn report(&self, terms: &Digest) -> Result<tonic::Streaming<v1::ReadReportReply>, Fault> {
        let mut message = Request::new(v1::ReadReportRequest { terms_digest: bytes(terms) });
        carry_trace(&mut message);
        Ok(client!(self, ReportsClient).read_report(message).await.map_err(told)?.into_inner())
    }

    /// Hands in the return.
    pub async fn hand_in(&self, terms: &Digest, signed_return: Vec<u8>) -> Result<(), Fault> {
        let message = v1::ReturnRequest { terms_digest: bytes(terms), signed_return: signed_return.into() };
        client!(self, JobsClient).r#return(within(message)).await.map_err(told)?;
        Ok(())
    }

    /// The job's certificate; empty while it is not there.
    pub async fn certificate(&self, terms: &Digest) -> Result<Vec<u8>, Fault> {
        let message = v1::GetCertificateRequest { terms_digest: bytes(terms) };
        let reply = client!(self, JobsClient).get_certificate(within(message)).await;
        Ok(reply.map_err(told)?.into_inner().certificate.to_vec())
    }

    /// Countersigns it.
    pub async fn countersign(&self, terms: &Digest, countersignature: Vec<u8>) -> Result<(), Fault> {
        let message =
            v1::CountersignRequest { terms_digest: bytes(terms), countersignature: countersignature.into() };
        client!(self, JobsClient).countersign(within(message)).await.map_err(told)?;
        Ok(())
    }
}

fn bytes(digest: &Digest) -> bytes::Bytes {
    bytes::Bytes::copy_from_slice(digest.as_bytes())
}
