//! The register behind the two ports.
//!
//! Comes in: rows of identifiers. Goes out: cached outputs in the form that makes tags, and the records that the terms of
//! the [`Selection`] admit. Fails with the store.

use async_trait::async_trait;
use lianfang_crypto::oprf::finalise::Output;

use super::{Mention, Mentions, Outputs};
use crate::register::{self, IdentifierId, Selection};
use crate::store::StoreError;

fn ids(identifiers: &[i64]) -> Vec<IdentifierId> {
    identifiers.iter().map(|id| IdentifierId::from_number(*id)).collect()
}

#[async_trait]
impl Outputs for register::Outputs {
    async fn outputs_of(&self, identifiers: &[i64]) -> Result<Vec<(i64, Output)>, StoreError> {
        let found = self.of(&ids(identifiers)).await?;
        Ok(found.into_iter().map(|(id, mut y)| (id.number(), Output::restore(&mut y))).collect())
    }
}

#[async_trait]
impl Mentions for Selection {
    async fn mentions_of(&self, identifiers: &[i64]) -> Result<Vec<Mention>, StoreError> {
        let found = self.mentions(&ids(identifiers)).await?;
        let mention = |found: register::Mention| Mention {
            identifier: found.identifier.number(),
            value: found.value,
            record: found.record,
            role: found.role,
        };
        Ok(found.into_iter().map(mention).collect())
    }
}
