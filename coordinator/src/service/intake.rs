//! `Intake`: submissions come in.

use lianfang_proto::checked;
use lianfang_proto::v1::intake_server::Intake;
use lianfang_proto::v1::{
    OpenSubmissionReply, OpenSubmissionRequest, SealSubmissionReply, SealSubmissionRequest, SendRowsReply,
    SendRowsRequest,
};
use tonic::{Request, Response, Status};

use super::{Services, caller};
use crate::intake;

#[tonic::async_trait]
impl Intake for Services {
    async fn open_submission(
        &self,
        request: Request<OpenSubmissionRequest>,
    ) -> Result<Response<OpenSubmissionReply>, Status> {
        let bank = caller(&request)?;
        let OpenSubmissionRequest { terms_digest, header } = request.into_inner();
        let digest = checked::terms_digest(&terms_digest)?;
        let header = self.open(&bank, &header, "header")?;
        let progress = intake::open(&self.office, &bank, &digest, &header).await?;
        Ok(Response::new(OpenSubmissionReply { next_row: progress.next_row, sealed: progress.sealed }))
    }

    async fn send_rows(&self, request: Request<SendRowsRequest>) -> Result<Response<SendRowsReply>, Status> {
        let bank = caller(&request)?;
        let SendRowsRequest { terms_digest, first_row, rows } = request.into_inner();
        let digest = checked::terms_digest(&terms_digest)?;
        let bytes = rows.len() as u64;
        let next_row = intake::rows(&self.office, &bank, &digest, first_row, rows).await?;
        self.office.telemetry.submitted(bytes);
        Ok(Response::new(SendRowsReply { next_row }))
    }

    async fn seal_submission(
        &self,
        request: Request<SealSubmissionRequest>,
    ) -> Result<Response<SealSubmissionReply>, Status> {
        let bank = caller(&request)?;
        let digest = checked::terms_digest(&request.into_inner().terms_digest)?;
        intake::seal(&self.office, &bank, &digest).await?;
        Ok(Response::new(SealSubmissionReply {}))
    }
}
