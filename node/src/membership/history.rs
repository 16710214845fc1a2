//! Rosters of earlier versions: what was agreed on under one of them is judged under that one.
//!
//! Comes in: a version. Goes out: the roster as the authority has signed it, from the store or from the coordinator. Trusts:
//! the authority's signature. The roster in force stays what it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::VerifyingKey;

use super::pin_roster;
use crate::fault::of_store;
use crate::job::Context;
use crate::peers::coordinator::NAME;
use crate::peers::roster::Pinned;
use crate::store::StoreError;

/// Versions next to the first and next to the last that are asked for, of those that this node has missed.
const MISSED: usize = 64;

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

    /// Whether the coordinator signed by this key under a roster of the version `first` or a later one.
    pub async fn was_coordinators(&self, key: &VerifyingKey, first: u64) -> Result<bool, Fault> {
        if self.roster_of(first).await?.roster.coordinator == *key {
            return Ok(true);
        }
        let later = sqlx::query_scalar("SELECT roster FROM roster_pin WHERE version > $1")
            .bind(i64::try_from(first).unwrap_or(i64::MAX));
        let later: Vec<Vec<u8>> = later
            .fetch_all(self.store.readers())
            .await
            .map_err(|error| of_store(&StoreError::from(error)))?;
        for bytes in &later {
            if self.roster.read(bytes)?.roster.coordinator == *key {
                return Ok(true);
            }
        }
        let between = first.saturating_add(1)..self.roster.now().roster.version;
        let missed: BTreeSet<u64> = between.clone().take(MISSED).chain(between.rev().take(MISSED)).collect();
        for version in missed {
            match self.roster_of(version).await {
                Ok(then) if then.roster.coordinator == *key => return Ok(true),
                Ok(_) => {}
                // A coordinator that was restored has left versions out.
                Err(fault) if fault.code == FaultCode::MalformedField => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use lianfang_proto::documents::roster::Roster;
    use lianfang_trust::{Signed, SigningKey};

    use super::*;
    use crate::job::tests::Alone;

    /// Terms under one roster, a certificate under the next, and today a third: a key counts from its roster on, not before.
    #[tokio::test]
    async fn a_key_is_the_coordinators_under_every_roster_since() {
        let alone = Alone::new().await;
        let context = &alone.context;
        let first = context.roster.now();
        let key = |version: u8| SigningKey::from_bytes(&[100 + version; 32]).verifying_key();
        pin_roster(&context.store, &first).await.unwrap();
        for version in [2, 3, 4] {
            let coordinator = key(version);
            let next = Roster { version: version.into(), coordinator, ..first.roster.clone() };
            let signed = Signed::sign(&SigningKey::from_bytes(&[1; 32]), next);
            let pinned = context.roster.newer(signed.bytes()).unwrap().unwrap();
            pin_roster(&context.store, &pinned).await.unwrap();
            context.roster.take(pinned);
        }
        let former = alone.coordinator.verifying_key();
        let table = [
            (former, 1, true),
            (former, 2, false),
            (key(2), 1, true),
            (key(2), 2, true),
            (key(2), 3, false),
            (key(3), 1, true),
            (key(4), 1, true),
            (key(9), 1, false),
        ];
        for (number, (key, since, wanted)) in table.into_iter().enumerate() {
            assert_eq!(context.was_coordinators(&key, since).await.unwrap(), wanted, "{number}");
        }
    }
}
