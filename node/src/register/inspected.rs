//! What an inspection may be shown of the register: the records behind identifiers that were evaluated.
//!
//! * Comes in: a case number, or rows of identifiers. Goes out: rows and content, for the bank's own people.
//! * Unlike [`selection`](super::selection), a record that is held by now is found too: it may have entered before.
//! * Never finds: what was retracted; its content is gone.

use futures::TryStreamExt as _;
use sqlx::Row as _;

use super::selection::{open_body, open_value};
use super::{IdentifierId, Register, RegisterError};
use crate::normalise::Canonical;
use crate::store::{StoreError, rows};

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
        let mut reader = self.store.reader().await?;
        let record: Option<i64> = sqlx::query_scalar("SELECT id FROM record WHERE ref_index = ?")
            .bind(self.seals.reference.of(reference.trim().as_bytes()).as_slice())
            .fetch_optional(&mut *reader)
            .await?;
        let record = record.ok_or(RegisterError::NoSuchRecord)?;
        let ids = sqlx::query_scalar(
            "SELECT identifier_id FROM mention WHERE record_id = ? ORDER BY identifier_id",
        );
        let ids: Vec<i64> = ids.bind(record).fetch_all(&mut *reader).await?;
        Ok(ids.into_iter().map(IdentifierId).collect())
    }

    /// Every record that mentions one of these identifiers. The caller bounds the list.
    pub async fn inspected(&self, ids: &[IdentifierId]) -> Result<Vec<Inspected>, StoreError> {
        let query = sqlx::query(
            "SELECT i.id, i.kind, i.value, r.id, r.body
             FROM identifier i CROSS JOIN mention m ON m.identifier_id = i.id CROSS JOIN record r ON r.id = m.record_id
             WHERE i.id IN (SELECT value FROM json_each(?1)) ORDER BY i.id, r.id",
        );
        let mut reader = self.store.reader().await?;
        let mut found = query.bind(rows::ints(ids.iter().map(|id| id.0))).fetch(&mut *reader);
        let mut inspected = Vec::new();
        while let Some(row) = found.try_next().await? {
            let id: i64 = row.try_get(0)?;
            let body = open_body(&self.seals, row.try_get(3)?, row.try_get(4)?)?;
            inspected.push(Inspected {
                identifier: IdentifierId(id),
                value: open_value(&self.seals, id, row.try_get(1)?, row.try_get(2)?)?,
                record: body.reference,
                evidence: body.evidence,
            });
        }
        Ok(inspected)
    }
}
