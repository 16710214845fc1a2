//! `Jobs`: terms and state; decisions, returns, certificates, countersignatures.

use lianfang_proto::v1::jobs_server::Jobs;
use lianfang_proto::v1::{
    AnswerReply, AnswerRequest, CountersignReply, CountersignRequest, GetCertificateReply,
    GetCertificateRequest, GetJobReply, GetJobRequest, ReturnReply, ReturnRequest,
};
use lianfang_proto::{Fault, FaultCode, checked};
use tonic::{Request, Response, Status};

use super::{Services, caller};
use crate::fault::Error;
use crate::intake;
use crate::job::{answers, ledger};

#[tonic::async_trait]
impl Jobs for Services {
    async fn get_job(&self, request: Request<GetJobRequest>) -> Result<Response<GetJobReply>, Status> {
        let bank = caller(&request)?;
        let id = checked::job(&request.into_inner().job)?;
        let mut connection = self.office.store.readers().acquire().await.map_err(Error::from)?;
        let job = ledger::find(&self.office, &mut connection, id).await?;
        let job = job.ok_or_else(|| Fault::field(FaultCode::JobUnknown, "job"))?;
        let party = ledger::party(&mut connection, id, &bank).await?;
        let party = party.ok_or_else(|| Fault::new(FaultCode::NotParticipant).got(&bank))?;
        drop(connection);
        let progress = intake::progress(&self.office, &job, &party).await?;
        Ok(Response::new(GetJobReply {
            terms: job.agreed.signed.bytes().to_vec().into(),
            state: job.state.wire().into(),
            rows_received: progress.next_row,
            submission_sealed: progress.sealed,
            failure: job.failure,
            culprits: job.culprits,
        }))
    }

    async fn answer(&self, request: Request<AnswerRequest>) -> Result<Response<AnswerReply>, Status> {
        let bank = caller(&request)?;
        let AnswerRequest { terms_digest, decision } = request.into_inner();
        let digest = checked::terms_digest(&terms_digest)?;
        let decision = self.open(&bank, &decision, "decision")?;
        answers::decide(&self.office, &bank, &digest, &decision).await?;
        Ok(Response::new(AnswerReply {}))
    }

    async fn r#return(&self, request: Request<ReturnRequest>) -> Result<Response<ReturnReply>, Status> {
        let bank = caller(&request)?;
        let ReturnRequest { terms_digest, signed_return } = request.into_inner();
        let digest = checked::terms_digest(&terms_digest)?;
        let returned = self.open(&bank, &signed_return, "return")?;
        answers::take_return(&self.office, &bank, &digest, &returned).await?;
        Ok(Response::new(ReturnReply {}))
    }

    async fn get_certificate(
        &self,
        request: Request<GetCertificateRequest>,
    ) -> Result<Response<GetCertificateReply>, Status> {
        let bank = caller(&request)?;
        let digest = checked::terms_digest(&request.into_inner().terms_digest)?;
        let mut connection = self.office.store.readers().acquire().await.map_err(Error::from)?;
        let (job, _) = answers::part_of(&self.office, &mut connection, &digest, &bank).await?;
        let certificate = job.certificate.unwrap_or_default().into();
        Ok(Response::new(GetCertificateReply { certificate }))
    }

    async fn countersign(
        &self,
        request: Request<CountersignRequest>,
    ) -> Result<Response<CountersignReply>, Status> {
        let bank = caller(&request)?;
        let CountersignRequest { terms_digest, countersignature } = request.into_inner();
        let digest = checked::terms_digest(&terms_digest)?;
        let signature = self.open(&bank, &countersignature, "countersignature")?;
        answers::countersign(&self.office, &bank, &digest, &signature).await?;
        Ok(Response::new(CountersignReply {}))
    }
}
