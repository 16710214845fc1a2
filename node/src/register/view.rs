//! What is stored: for `register show`, `register list`, and the summary of a register.
//!
//! Comes in: a case number, or a place in the list. Goes out: the bank's own data to the bank's own people; masking is done
//! where it is shown. None of these types has a `Debug`.

use std::collections::BTreeMap;

use lianfang_proto::catalogue::{Hold, Kind};
use sqlx::Row;

use super::body::Body;
use super::facts::Facts;
use super::selection::{open_body, open_facts, open_value};
use super::{RecordId, Register, RegisterError, Standing};
use crate::normalise::Canonical;
use crate::store::StoreError;

/// How much there is of what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Records by how they stand by their file.
    pub by_standing: BTreeMap<Standing, u64>,
    /// Records that a person holds, however they stand.
    pub held_by_hand: u64,
    /// Distinct identifiers by kind.
    pub by_kind: BTreeMap<Kind, u64>,
    /// Cached outputs, under all keys.
    pub outputs: u64,
}

impl Overview {
    /// Records that have content.
    pub fn records(&self) -> u64 {
        self.by_standing
            .iter()
            .filter(|(standing, _)| **standing != Standing::Retracted)
            .map(|(_, n)| n)
            .sum()
    }

    /// Distinct identifiers.
    pub fn identifiers(&self) -> u64 {
        self.by_kind.values().sum()
    }
}

/// A record in the list.
pub struct Listed {
    /// Its row, as the audit log names it.
    pub id: RecordId,
    /// The case number.
    pub reference: String,
    /// How it stands by its file.
    pub standing: Standing,
    /// Why a person holds it.
    pub hand_hold: Option<Hold>,
}

/// All that is stored of a record.
pub struct RecordView {
    /// Its row, as the audit log names it.
    pub id: RecordId,
    /// How it stands by its file.
    pub standing: Standing,
    /// Why a person holds it.
    pub hand_hold: Option<Hold>,
    /// Its content; none once it is retracted.
    pub content: Option<RecordContent>,
}

/// What a file said of a record.
pub struct RecordContent {
    /// Role, typologies, grade, dates.
    pub facts: Facts,
    /// Case number, why the file holds it, legal basis, evidence, note, name and birth date as written.
    pub body: Body,
    /// Its identifiers, by kind and value.
    pub identifiers: Vec<Canonical>,
}

impl Register {
    /// How much there is of what.
    pub async fn overview(&self) -> Result<Overview, StoreError> {
        let mut overview = Overview::default();
        let mut reader = self.store.reader().await?;
        let records = "SELECT disposition, count(*), sum(hand_hold <> 0) FROM record GROUP BY disposition";
        for row in sqlx::query(records).fetch_all(&mut *reader).await? {
            overview.by_standing.insert(Standing::from_number(row.try_get(0)?)?, row.try_get(1)?);
            overview.held_by_hand += row.try_get::<u64, _>(2)?;
        }
        let identifiers = "SELECT kind, count(*) FROM identifier GROUP BY kind";
        for row in sqlx::query(identifiers).fetch_all(&mut *reader).await? {
            let malformed = StoreError::Malformed { table: "identifier", column: "kind" };
            overview.by_kind.insert(Kind::from_number(row.try_get(0)?).ok_or(malformed)?, row.try_get(1)?);
        }
        overview.outputs = sqlx::query_scalar("SELECT count(*) FROM output").fetch_one(&mut *reader).await?;
        Ok(overview)
    }

    /// Up to `limit` records after `after`, retracted ones left out. Begin with [`RecordId::START`].
    pub async fn list(&self, after: RecordId, limit: u32) -> Result<Vec<Listed>, StoreError> {
        let page = sqlx::query(
            "SELECT id, disposition, hand_hold, body FROM record WHERE id > ? AND disposition <> ? ORDER BY id LIMIT ?",
        );
        let mut reader = self.store.reader().await?;
        let page = page.bind(after.0).bind(Standing::Retracted.number()).bind(limit);
        let mut listed = Vec::new();
        for row in page.fetch_all(&mut *reader).await? {
            let id: i64 = row.try_get(0)?;
            listed.push(Listed {
                id: RecordId(id),
                reference: open_body(&self.seals, id, row.try_get(3)?)?.reference,
                standing: Standing::from_number(row.try_get(1)?)?,
                hand_hold: Hold::from_number(row.try_get(2)?),
            });
        }
        Ok(listed)
    }

    /// All that is stored of one record.
    pub async fn show(&self, reference: &str) -> Result<RecordView, RegisterError> {
        let mut reader = self.store.reader().await?;
        let row =
            sqlx::query("SELECT id, disposition, hand_hold, facts, body FROM record WHERE ref_index = ?")
                .bind(self.seals.reference.of(reference.trim().as_bytes()).as_slice())
                .fetch_optional(&mut *reader)
                .await?
                .ok_or(RegisterError::NoSuchRecord)?;
        let (id, standing) = (row.try_get(0)?, Standing::from_number(row.try_get(1)?)?);
        let mut view = RecordView {
            id: RecordId(id),
            standing,
            hand_hold: Hold::from_number(row.try_get(2)?),
            content: None,
        };
        if standing != Standing::Retracted {
            let body = open_body(&self.seals, id, row.try_get(4)?)?;
            view.content = Some(RecordContent {
                facts: open_facts(&self.seals, id, row.try_get(3)?)?,
                body,
                identifiers: self.identifiers_of(&mut reader, id).await?,
            });
        }
        Ok(view)
    }

    async fn identifiers_of(
        &self,
        reader: &mut sqlx::SqliteConnection,
        record: i64,
    ) -> Result<Vec<Canonical>, StoreError> {
        let found = sqlx::query(
            "SELECT i.id, i.kind, i.value FROM mention m JOIN identifier i ON i.id = m.identifier_id
             WHERE m.record_id = ?",
        );
        let found = found.bind(record).fetch_all(reader).await?;
        let open = |row: &sqlx::sqlite::SqliteRow| {
            open_value(&self.seals, row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)
        };
        let mut identifiers = found.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        identifiers.sort_unstable();
        Ok(identifiers)
    }
}
