//! `CeremonyBoard`: what holders post, and the records that they have signed.

use lianfang_proto::checked;
use lianfang_proto::ids::{Epoch, Generation, KeyId};
use lianfang_proto::v1::ceremony_board_server::CeremonyBoard;
use lianfang_proto::v1::{
    GetKeyRecordReply, GetKeyRecordRequest, ListKeyNoticesReply, ListKeyNoticesRequest, PostReply,
    PostRequest, ReadBoardReply, ReadBoardRequest,
};
use lianfang_trust::Canonical as _;
use tonic::{Request, Response, Status};

use super::{Services, caller};
use crate::ceremony::{self, ledger, life};
use crate::fault::Error;

#[tonic::async_trait]
impl CeremonyBoard for Services {
    async fn read_board(
        &self,
        request: Request<ReadBoardRequest>,
    ) -> Result<Response<ReadBoardReply>, Status> {
        let bank = caller(&request)?;
        let id = checked::ceremony(&request.into_inner().ceremony)?;
        Ok(Response::new(ceremony::read(&self.office, &bank, id).await?))
    }

    async fn post(&self, request: Request<PostRequest>) -> Result<Response<PostReply>, Status> {
        let bank = caller(&request)?;
        let post = self.open(&bank, &request.into_inner().post, "post")?;
        ceremony::post(&self.office, &bank, &post).await?;
        Ok(Response::new(PostReply {}))
    }

    async fn get_key_record(
        &self,
        request: Request<GetKeyRecordRequest>,
    ) -> Result<Response<GetKeyRecordReply>, Status> {
        caller(&request)?;
        let GetKeyRecordRequest { class, epoch, generation } = request.into_inner();
        let (class, epoch) = checked::class_epoch(class, epoch)?;
        // Epochs are counted from 1; 0 asks for the newest.
        let wanted = (epoch != Epoch(0)).then_some(epoch);
        let mut connection = self.office.store.readers().acquire().await.map_err(Error::from)?;
        let record = match generation {
            None => ledger::newest_record(&mut connection, class, wanted).await?,
            Some(generation) => {
                let key = KeyId { class, epoch, generation: Generation(generation) };
                ledger::exact_record(&mut connection, key).await?
            }
        };
        let record = record.map(|record| record.encode()).unwrap_or_default().into();
        Ok(Response::new(GetKeyRecordReply { record }))
    }

    async fn list_key_notices(
        &self,
        request: Request<ListKeyNoticesRequest>,
    ) -> Result<Response<ListKeyNoticesReply>, Status> {
        caller(&request)?;
        let mut connection = self.office.store.readers().acquire().await.map_err(Error::from)?;
        let (_, notices) = life::notices(&mut connection).await?;
        Ok(Response::new(ListKeyNoticesReply { notices: notices.into_iter().map(Into::into).collect() }))
    }
}
