//! What is stored: for `register show`, `register list`, and the summary of a register.
//!
//! Comes in: a case number, or a place in the list. Goes out: the bank's own data to the bank's own people; masking is done
//! where it is shown. None of these types has a `Debug`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use lianfang_proto::catalogue::{Hold, Kind};

use super::body::Body;
use super::entry::{Mention, Record, Said};
use super::facts::Facts;
use super::{RecordId, Register, RegisterError, Standing, outputs};
use crate::normalise::Canonical;
use crate::store::drawer::{Key, exactly, numbers, span};
use crate::store::{Connection, StoreError};

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

impl RecordView {
    /// How it stands: a person's hold keeps it out whatever its file says.
    pub const fn stands(&self) -> Standing {
        self.standing.under(self.hand_hold.is_some())
    }
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
        let mut snapshot = self.store.snapshot().await?;
        let all = span(0, i64::MAX);
        let mut count = |_: &Key, value: &[u8]| {
            let record = self.record(value)?;
            *overview.by_standing.entry(record.standing).or_default() += 1;
            overview.held_by_hand += u64::from(record.hand_hold != 0);
            Ok(ControlFlow::Continue(()))
        };
        self.seals.records.visit(&mut snapshot, &[all], &mut count).await?;
        let mut last = 0;
        let mut count = |key: &Key, value: &[u8]| {
            let id = numbers(key).0;
            if std::mem::replace(&mut last, id) != id {
                let mention = Mention::read(value).ok_or_else(|| self.seals.mentions.malformed())?;
                *overview.by_kind.entry(mention.kind).or_default() += 1;
            }
            Ok(ControlFlow::Continue(()))
        };
        self.seals.mentions.visit(&mut snapshot, &[all], &mut count).await?;
        overview.outputs = outputs::count_all(&mut snapshot).await?;
        Ok(overview)
    }

    /// At least as many as there are identifiers: what records mention, each mention counted. Told without reading them.
    pub async fn identifiers_at_most(&self) -> Result<u64, StoreError> {
        self.seals.mentions.entries(&mut *self.store.reader().await?).await
    }

    /// Up to `limit` records after `after`, retracted ones left out. Begin with [`RecordId::START`].
    pub async fn list(&self, after: RecordId, limit: u32) -> Result<Vec<Listed>, StoreError> {
        let mut listed = Vec::new();
        let mut see = |key: &Key, value: &[u8]| {
            if listed.len() >= limit as usize {
                return Ok(ControlFlow::Break(()));
            }
            let record = self.record(value)?;
            if record.standing != Standing::Retracted {
                listed.push(Listed {
                    id: RecordId(numbers(key).0),
                    reference: self.said(record.said)?.reference.to_owned(),
                    standing: record.standing,
                    hand_hold: Hold::from_number(record.hand_hold),
                });
            }
            Ok(ControlFlow::Continue(()))
        };
        let later = span(after.0.saturating_add(1), i64::MAX);
        self.seals.records.visit(&mut *self.store.snapshot().await?, &[later], &mut see).await?;
        Ok(listed)
    }

    /// All that is stored of one record.
    pub async fn show(&self, reference: &str) -> Result<RecordView, RegisterError> {
        let mut snapshot = self.store.snapshot().await?;
        let (id, stored) = self.found(&mut snapshot, reference).await?;
        let record = self.record(&stored)?;
        let mut view = RecordView {
            id: RecordId(id),
            standing: record.standing,
            hand_hold: Hold::from_number(record.hand_hold),
            content: None,
        };
        if record.standing != Standing::Retracted {
            let said = self.said(record.said)?;
            let malformed = || self.seals.records.malformed();
            view.content = Some(RecordContent {
                facts: said.facts().ok_or_else(malformed)?,
                body: Body::read(&said, record.rest).ok_or_else(malformed)?,
                identifiers: self.identifiers_of(&mut snapshot, id, &record).await?,
            });
        }
        Ok(view)
    }

    fn said<'a>(&self, bytes: &'a [u8]) -> Result<Said<'a>, StoreError> {
        Said::read(bytes).ok_or_else(|| self.seals.records.malformed())
    }

    async fn identifiers_of(
        &self,
        connection: &mut Connection,
        id: i64,
        record: &Record<'_>,
    ) -> Result<Vec<Canonical>, StoreError> {
        let mut mentioned: Vec<i64> = record.identifiers().collect();
        mentioned.sort_unstable();
        let mut identifiers = Vec::with_capacity(mentioned.len());
        let mut see = |_: &Key, value: &[u8]| {
            let mention = Mention::read(value).ok_or_else(|| self.seals.mentions.malformed())?;
            identifiers.push(Canonical::from_stored(mention.kind, mention.value.to_owned()));
            Ok(ControlFlow::Continue(()))
        };
        self.seals.mentions.visit(connection, &exactly(&mentioned, id), &mut see).await?;
        identifiers.sort_unstable();
        Ok(identifiers)
    }
}
