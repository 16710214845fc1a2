//! What enters a job: identifiers that a record mentions which enters by itself and by the terms.
//!
//! * Comes in: the terms' admission and kinds. Goes out: pages of identifiers in the order of their ids, each with the
//!   label merged over its admitted records; and for a report the records behind given identifiers.
//! * Memory stays that of one page, however many records mention one identifier: rows stream, and merge as they come.
//! * A page shows the register as it is when it is read. A record that is held between two pages is in none from then on.
//! * Never sees: victims' and held records (the query leaves them out, whatever the terms say).

use futures::TryStreamExt;
use lianfang_proto::catalogue::{Kind, Role};
use lianfang_proto::documents::terms::Admission;
use lianfang_proto::label::{LabelContent, NumberSet};
use lianfang_trust::Canonical as _;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use zeroize::Zeroizing;

use super::body::Body;
use super::facts::Facts;
use super::{IdentifierId, OutputKey, Register, Seals};
use crate::normalise::Canonical;
use crate::store::{StoreError, rows};

const ELIGIBLE: &str = "
    SELECT i.id, i.kind, i.value, r.id, r.facts
    FROM identifier i CROSS JOIN mention m ON m.identifier_id = i.id CROSS JOIN record r ON r.id = m.record_id
    WHERE i.id > ?1 AND ?2 >> i.kind & 1 AND r.enters
    ORDER BY i.id";

const WITHOUT_OUTPUT: &str = "
    SELECT i.id, i.kind, i.value, r.id, r.facts
    FROM identifier i CROSS JOIN mention m ON m.identifier_id = i.id CROSS JOIN record r ON r.id = m.record_id
    WHERE i.id > ?1 AND ?2 >> i.kind & 1 AND r.enters
      AND NOT EXISTS (
          SELECT 1 FROM output_key k CROSS JOIN output o ON o.key_id = k.id
          WHERE k.class = ?3 AND k.epoch = ?4 AND k.public_key = ?5 AND o.identifier_id = i.id)
    ORDER BY i.id";

const MENTIONS: &str = "
    SELECT i.id, i.kind, i.value, r.id, r.facts, r.body
    FROM identifier i CROSS JOIN mention m ON m.identifier_id = i.id CROSS JOIN record r ON r.id = m.record_id
    WHERE i.id IN (SELECT value FROM json_each(?1)) AND ?2 >> i.kind & 1 AND r.enters
    ORDER BY i.id, r.id";

/// An identifier that enters a job.
pub struct Eligible {
    /// Its row.
    pub id: IdentifierId,
    /// Its canonical form.
    pub value: Canonical,
    /// What this bank says about it; the contact is the caller's to add.
    pub label: LabelContent,
}

/// A record that stands behind an identifier, for a line of a report. Personal data; no `Debug`.
pub struct Mention {
    /// The identifier's row.
    pub identifier: IdentifierId,
    /// Its canonical form.
    pub value: Canonical,
    /// The bank's own case number.
    pub record: String,
    /// What the record says its subject is.
    pub role: Role,
    /// Digest or reference of the evidence in the record's file.
    pub evidence: String,
}

/// What one job's terms let in.
#[derive(Clone)]
pub struct Selection {
    register: Register,
    admission: Admission,
    kinds: NumberSet,
}

impl Register {
    /// What these terms let in.
    pub fn selection(&self, admission: Admission, kinds: NumberSet) -> Selection {
        Selection { register: self.clone(), admission, kinds }
    }
}

impl Selection {
    /// Up to `limit` identifiers after `after`; none means that there is no more. Begin with [`IdentifierId::START`].
    pub async fn page(&self, after: IdentifierId, limit: usize) -> Result<Vec<Eligible>, StoreError> {
        let query = sqlx::query(ELIGIBLE).bind(after.0).bind(self.kinds.bits());
        self.merge(query, limit).await
    }

    /// The same, of identifiers alone that have no output under the key.
    pub async fn page_without_output(
        &self,
        key: &OutputKey,
        after: IdentifierId,
        limit: usize,
    ) -> Result<Vec<Eligible>, StoreError> {
        let query = sqlx::query(WITHOUT_OUTPUT)
            .bind(after.0)
            .bind(self.kinds.bits())
            .bind(key.class.number())
            .bind(key.epoch.0)
            .bind(key.public.as_slice());
        self.merge(query, limit).await
    }

    /// Every admitted record that mentions one of these identifiers, by identifier and record row. The caller bounds the
    /// list; popular identifiers have many records.
    pub async fn mentions(&self, ids: &[IdentifierId]) -> Result<Vec<Mention>, StoreError> {
        let ids = rows::ints(ids.iter().map(|id| id.0));
        let mut reader = self.register.store.reader().await?;
        let mut found = sqlx::query(MENTIONS).bind(ids).bind(self.kinds.bits()).fetch(&mut *reader);
        let seals = &*self.register.seals;
        let mut mentions = Vec::new();
        while let Some(row) = found.try_next().await? {
            let facts = facts(seals, &row)?;
            if !facts.admitted(&self.admission) {
                continue;
            }
            let Some(role) = facts.role else { continue };
            let body = open_body(seals, row.try_get(3)?, row.try_get(5)?)?;
            mentions.push(Mention {
                identifier: IdentifierId(row.try_get(0)?),
                value: value(seals, &row)?,
                record: body.reference,
                role,
                evidence: body.evidence,
            });
        }
        Ok(mentions)
    }

    async fn merge(&self, query: Query<'_>, limit: usize) -> Result<Vec<Eligible>, StoreError> {
        let seals = &*self.register.seals;
        let mut reader = self.register.store.reader().await?;
        let mut found = query.fetch(&mut *reader);
        let mut page: Vec<Eligible> = Vec::new();
        while let Some(row) = found.try_next().await? {
            let id = IdentifierId(row.try_get(0)?);
            let same = page.last_mut().filter(|last| last.id == id);
            if same.is_none() && page.len() >= limit {
                break;
            }
            let facts = facts(seals, &row)?;
            if !facts.admitted(&self.admission) {
                continue;
            }
            match page.last_mut().filter(|last| last.id == id) {
                Some(last) => last.label.merge(&facts.label()),
                None => page.push(Eligible { id, value: value(seals, &row)?, label: facts.label() }),
            }
        }
        Ok(page)
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn facts(seals: &Seals, row: &SqliteRow) -> Result<Facts, StoreError> {
    open_facts(seals, row.try_get(3)?, row.try_get(4)?)
}

fn value(seals: &Seals, row: &SqliteRow) -> Result<Canonical, StoreError> {
    open_value(seals, row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)
}

/// Opens the facts of a record.
pub(super) fn open_facts(seals: &Seals, record: i64, sealed: &[u8]) -> Result<Facts, StoreError> {
    let opened = seals.facts.open(record, sealed).map_err(StoreError::at("record", "facts"))?;
    Facts::decode(&opened).ok_or(StoreError::Malformed { table: "record", column: "facts" })
}

/// Opens the body of a record.
pub(super) fn open_body(seals: &Seals, record: i64, sealed: &[u8]) -> Result<Body, StoreError> {
    let opened = seals.body.open(record, sealed).map_err(StoreError::at("record", "body"))?;
    Body::decode(&opened).map_err(|_| StoreError::Malformed { table: "record", column: "body" })
}

/// Opens an identifier.
pub(super) fn open_value(seals: &Seals, id: i64, kind: u8, sealed: &[u8]) -> Result<Canonical, StoreError> {
    let opened: Zeroizing<Vec<u8>> =
        seals.value.open(id, sealed).map_err(StoreError::at("identifier", "value"))?;
    let malformed = |column| StoreError::Malformed { table: "identifier", column };
    let kind = Kind::from_number(kind).ok_or_else(|| malformed("kind"))?;
    let text = std::str::from_utf8(&opened).map_err(|_| malformed("value"))?;
    Ok(Canonical::from_stored(kind, text.to_owned()))
}
