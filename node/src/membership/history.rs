//! Rosters of earlier versions: what was agreed on under one of them is judged under that one.
//!
//! Comes in: a version. Goes out: the roster as the authority has signed it, from the store or from the coordinator. Trusts:
//! the authority's signature. The roster in force stays what it is.

use std::sync::Arc;

use lianfang_proto::{Fault, FaultCode};

use super::pin_roster;
use crate::fault::of_store;
use crate::job::Context;
use crate::peers::coordinator::NAME;
use crate::peers::roster::Pinned;
use crate::store::StoreError;

impl Context {
    /// The roster of this version; the one in force, if there is no later one yet.
    pub async fn roster_of(&self, version: u64) -> Result<Arc<Pinned>, Fault> {
        let now = self.roster.now();
        if version >= now.roster.version {
            return Ok(now);
        }
        let number = i64::try_from(version).unwrap_or(i64::MAX);
        let kept: Option<Vec<u8>> = sqlx::query_scalar("SELECT roster FROM roster_pin WHERE version = $1")
            .bind(number)
            .fetch_optional(self.store.readers())
            .await
            .map_err(|error| of_store(&StoreError::from(error)))?;
        if let Some(bytes) = kept {
            return self.roster.read(&bytes).map(Arc::new);
        }
        let pinned = self.roster.read(&self.coordinator.roster_of(version).await?)?;
        if pinned.roster.version != version {
            return Err(Fault::field(FaultCode::RosterDiffers, "roster.version").at(NAME));
        }
        pin_roster(&self.store, &pinned).await.map_err(|error| of_store(&error))?;
        Ok(Arc::new(pinned))
    }
}
