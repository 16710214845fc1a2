//! What an inspection may be shown of the register: the records behind identifiers that were evaluated.
//!
//! * Comes in: a case number, or rows of identifiers. Goes out: rows and content, for the bank's own people.
//! * Unlike [`selection`](super::selection), a record that is held by now is found too: it may have entered before.
//! * Never finds: what was retracted; its content is gone.

use std::ops::ControlFlow;

use super::entry::{self, Said};
use super::{IdentifierId, Register, RegisterError};
use crate::normalise::Canonical;
use crate::store::StoreError;
use crate::store::drawer::{Key, numbers, spans};

/// A record that mentions an identifier. Personal data; no `Debug`.
pub struct Inspected {
    /// The identifier's row.
    pub identifier: IdentifierId,
    /// Its canonical form.
    pub value: Canonical,
    /// The bank's own case number.
    pub record: String,
    /// Digest or reference of the evidence in the record's file.
    pub evidence: String,
}

impl Register {
    /// The rows of all identifiers that a record mentions.
    pub async fn identifiers_of_record(&self, reference: &str) -> Result<Vec<IdentifierId>, RegisterError> {
        let mut snapshot = self.store.snapshot().await?;
        let (_, stored) = self.found(&mut snapshot, reference).await?;
        let mut ids: Vec<_> = self.record(&stored)?.identifiers().map(IdentifierId).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    /// Every record that mentions one of these identifiers. The caller bounds the list.
    pub async fn inspected(&self, ids: &[IdentifierId]) -> Result<Vec<Inspected>, StoreError> {
        let mut ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let malformed = || self.seals.mentions.malformed();
        let mut inspected: Vec<Inspected> = Vec::new();
        let mut elsewhere: Vec<(i64, usize)> = Vec::new();
        let mut see = |key: &Key, value: &[u8]| {
            let mention = entry::Mention::read(value).ok_or_else(malformed)?;
            let said = Said::read(mention.said).ok_or_else(malformed)?;
            if said.evidence.is_none() {
                elsewhere.push((numbers(key).1, inspected.len()));
            }
            inspected.push(Inspected {
                identifier: IdentifierId(numbers(key).0),
                value: Canonical::from_stored(mention.kind, mention.value.to_owned()),
                record: said.reference.to_owned(),
                evidence: said.evidence.unwrap_or_default().to_owned(),
            });
            Ok(ControlFlow::Continue(()))
        };
        let mut snapshot = self.store.snapshot().await?;
        self.seals.mentions.visit(&mut snapshot, &spans(&ids), &mut see).await?;
        let mut fill = |at: usize, evidence: &str| evidence.clone_into(&mut inspected[at].evidence);
        self.long_evidence(&mut snapshot, &mut elsewhere, &mut fill).await?;
        Ok(inspected)
    }
}
