//! `Reports`: each bank reads its own.

use lianfang_proto::catalogue::Disclosure;
use lianfang_proto::ids::BankId;
use lianfang_proto::v1::reports_server::Reports;
use lianfang_proto::v1::{ReadReportReply, ReadReportRequest, Source};
use lianfang_proto::{Fault, FaultCode, checked};
use lianfang_trust::Digest;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::{Services, caller};
use crate::fault::Error;
use crate::job::answers::part_of;
use crate::job::ledger::{self, Party};
use crate::job::state::State;
use crate::report::slices::Slices;

/// Slices that wait for a slow reader.
const AHEAD: usize = 2;

impl Services {
    /// The caller's report and the sources that it names, if it may be read now.
    async fn report(&self, bank: &BankId, digest: &Digest) -> Result<(Slices, Vec<Source>), Error> {
        let mut connection = self.office.store.readers().acquire().await?;
        let (job, party) = part_of(&self.office, &mut connection, digest, bank).await?;
        let agreed = &job.agreed;
        match job.state {
            State::Open | State::Matching => return Err(Error::refused(FaultCode::JobNotReady)),
            State::Closed | State::Failed => return Err(Error::refused(FaultCode::JobClosed)),
            State::Reporting | State::Certified => {}
        }
        if !party.sealed {
            return Err(Fault::field(FaultCode::JobDeadlinePassed, "submission").into());
        }
        let terms = agreed.terms();
        let parties = ledger::parties(&mut connection, agreed.job()).await?;
        let disclosed = terms.disclosure != Disclosure::Count;
        let others = parties.into_iter().filter(|p| disclosed && p.sealed && &p.bank != bank);
        let source = |p: Party| Source {
            bank: p.bank.as_str().to_owned(),
            header: p.header.unwrap_or_default().into(),
        };
        let slices = Slices::open(&self.office.files(agreed.job()).report(bank), terms.row_bytes())?;
        Ok((slices, others.map(source).collect()))
    }
}

/// Sends slice by slice, the last one marked as such.
fn send(mut slices: Slices, sources: Vec<Source>, to: &mpsc::Sender<Result<ReadReportReply, Status>>) {
    let mut sources = Some(sources);
    loop {
        let slice = slices.next_slice();
        let reply = slice.map(|items| ReadReportReply {
            sources: sources.take().unwrap_or_default(),
            end: items.is_empty(),
            items: items.into(),
        });
        let last = reply.as_ref().map_or(true, |reply| reply.end);
        if to.blocking_send(reply.map_err(Status::from)).is_err() || last {
            return;
        }
    }
}

#[tonic::async_trait]
impl Reports for Services {
    type ReadReportStream = ReceiverStream<Result<ReadReportReply, Status>>;

    async fn read_report(
        &self,
        request: Request<ReadReportRequest>,
    ) -> Result<Response<Self::ReadReportStream>, Status> {
        let bank = caller(&request)?;
        let digest = checked::terms_digest(&request.into_inner().terms_digest)?;
        let (slices, sources) = self.report(&bank, &digest).await?;
        let (to, from) = mpsc::channel(AHEAD);
        spawn_blocking(move || send(slices, sources, &to));
        Ok(Response::new(ReceiverStream::new(from)))
    }
}
