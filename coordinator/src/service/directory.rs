//! `Directory`: the roster, how far holders have charged, and the long poll by which a node learns that there is something to do.

use std::time::Duration;

use lianfang_proto::ids::BankId;
use lianfang_proto::limits::WATCH_WAIT_MS;
use lianfang_proto::v1::directory_server::Directory;
use lianfang_proto::v1::{
    CheckUpReply, CheckUpRequest, GetRosterReply, GetRosterRequest, WatchInboxReply, WatchInboxRequest,
    WitnessReply, WitnessRequest,
};
use tonic::{Request, Response, Status};

use super::{Services, caller};
use crate::ceremony;
use crate::fault::Error;
use crate::job::answers;
use crate::roster::{self, active_member, witness};

impl Services {
    async fn inbox(&self, bank: &BankId, revision: u64) -> Result<WatchInboxReply, Error> {
        let ceremonies = ceremony::concerning(&self.office, bank).await?;
        let jobs = answers::concerning(&self.office, bank).await?;
        let mut connection = self.office.store.readers().acquire().await?;
        let (key_notice, _) = ceremony::life::notices(&mut connection).await?;
        drop(connection);
        Ok(WatchInboxReply {
            revision,
            roster_version: self.office.book.now().roster().version,
            ceremonies: ceremonies.iter().map(|id| id.as_bytes().to_vec().into()).collect(),
            jobs: jobs.iter().map(|id| id.as_bytes().to_vec().into()).collect(),
            key_notice,
        })
    }
}

#[tonic::async_trait]
impl Directory for Services {
    async fn get_roster(
        &self,
        request: Request<GetRosterRequest>,
    ) -> Result<Response<GetRosterReply>, Status> {
        caller(&request)?;
        let roster = roster::signed(&self.office, request.into_inner().version).await?.into();
        Ok(Response::new(GetRosterReply { roster }))
    }

    async fn check_up(&self, request: Request<CheckUpRequest>) -> Result<Response<CheckUpReply>, Status> {
        let bank = caller(&request)?;
        let in_force = self.office.book.now();
        let member = active_member(&in_force, &bank)?;
        let reached = self.office.reach.try_it(&member, self.office.now()).await;
        Ok(Response::new(CheckUpReply {
            time_us: self.office.now(),
            roster_version: in_force.roster().version,
            roster_digest: in_force.digest().as_bytes().to_vec().into(),
            address: member.address,
            reached: reached.to_owned(),
        }))
    }

    async fn watch_inbox(
        &self,
        request: Request<WatchInboxRequest>,
    ) -> Result<Response<WatchInboxReply>, Status> {
        let bank = caller(&request)?;
        let WatchInboxRequest { seen, wait_ms } = request.into_inner();
        let wait = Duration::from_millis(wait_ms.min(WATCH_WAIT_MS).into());
        // What was done before this request is in its answer, whichever process has done it.
        self.office.catch_up().await?;
        let (mut bell, mut stop) = (self.office.bell.listen(), self.stop.clone());
        tokio::select! {
            _ = bell.wait_for(|revision| *revision != seen) => {}
            () = self.office.ports.clock.sleep(wait) => {}
            _ = stop.wait_for(|stopping| *stopping) => {}
        }
        // The change may be that the caller was suspended: then it is told nothing more.
        active_member(&self.office.book.now(), &bank)?;
        // Read before the inbox: a change in between shows as a revision that has moved on.
        let revision = *bell.borrow_and_update();
        Ok(Response::new(self.inbox(&bank, revision).await?))
    }

    async fn witness(&self, request: Request<WitnessRequest>) -> Result<Response<WitnessReply>, Status> {
        let bank = caller(&request)?;
        let statement = self.open(&bank, &request.into_inner().statement, "statement")?;
        let highest = witness::witness(&self.office, &bank, &statement).await?.into();
        Ok(Response::new(WitnessReply { highest }))
    }
}
