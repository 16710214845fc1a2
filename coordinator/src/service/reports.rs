//! `Reports`: each bank reads its own.

use std::sync::Arc;
use std::time::Duration;

use lianfang_proto::catalogue::Disclosure;
use lianfang_proto::ids::BankId;
use lianfang_proto::v1::reports_server::Reports;
use lianfang_proto::v1::{ReadReportReply, ReadReportRequest, Source};
use lianfang_proto::{Fault, FaultCode, checked};
use lianfang_trust::Digest;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::{Services, caller};
use crate::fault::Error;
use crate::job::answers::part_of;
use crate::job::ledger::{self, Party};
use crate::job::state::State;
use crate::ports::Clock;
use crate::report::slices::Slices;

/// Slices that wait for a slow reader.
const AHEAD: usize = 2;
/// How long a reader may take nothing: it holds a thread and a report meanwhile, and can begin again.
const IDLE: Duration = Duration::from_mins(1);

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
        let files = self.office.files(agreed.job()).written_under(job.reports);
        let slices = Slices::open(&files.report(bank), terms.row_bytes())?;
        Ok((slices, others.map(source).collect()))
    }
}

/// Sends slice by slice, the last one marked as such, as long as somebody reads. Runs on a thread of its own within
/// `runtime`.
fn send(
    mut slices: Slices,
    sources: Vec<Source>,
    to: &mpsc::Sender<Result<ReadReportReply, Status>>,
    runtime: &Handle,
    clock: &dyn Clock,
) {
    let mut sources = Some(sources);
    loop {
        let slice = slices.next_slice();
        let reply = slice.map(|items| ReadReportReply {
            sources: sources.take().unwrap_or_default(),
            end: items.is_empty(),
            items: items.into(),
        });
        let last = reply.as_ref().map_or(true, |reply| reply.end);
        if !taken(runtime, clock, to, reply.map_err(Status::from), IDLE) || last {
            return;
        }
    }
}

/// Hands one reply over; `false` if nobody takes it within `idle`, or nobody is there any more.
fn taken<T>(runtime: &Handle, clock: &dyn Clock, to: &mpsc::Sender<T>, reply: T, idle: Duration) -> bool {
    matches!(runtime.block_on(clock.within(idle, to.send(reply))), Some(Ok(())))
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
        let runtime = Handle::current();
        let clock = Arc::clone(&self.office.ports.clock);
        spawn_blocking(move || send(slices, sources, &to, &runtime, &*clock));
        Ok(Response::new(ReceiverStream::new(from)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SystemClock;

    #[tokio::test]
    async fn a_reader_that_takes_nothing_holds_nothing() {
        let (to, mut from) = mpsc::channel(1);
        let runtime = Handle::current();
        let idle = Duration::from_millis(20);
        let hand_over = move |to: &mpsc::Sender<u8>| taken(&runtime, &SystemClock, to, 1, idle);
        let (first, second, to) = spawn_blocking({
            let hand_over = hand_over.clone();
            move || (hand_over(&to), hand_over(&to), to)
        })
        .await
        .unwrap();
        assert_eq!((first, second), (true, false), "there is room for one");
        assert_eq!(from.recv().await, Some(1));
        let (third, to) = spawn_blocking(move || (hand_over(&to), to)).await.unwrap();
        assert!(third, "who reads is sent more");
        drop((from, to));
    }
}
