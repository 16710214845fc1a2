//! What enters a job: identifiers that a record mentions which enters by itself and by the terms.
//!
//! * Comes in: the terms' admission and kinds. Goes out: pages of identifiers in the order of their numbers, each with the
//!   label merged over its admitted records; and for a report the records behind given identifiers.
//! * Memory stays that of one page, however many records mention one identifier: mentions merge as they come.
//! * A page shows the register as it is when it is read. A record that is held between two pages is in none from then on.
//! * Never sees: victims' and held records (their mentions do not enter, whatever the terms say).

use std::ops::ControlFlow;

use lianfang_proto::catalogue::Role;
use lianfang_proto::documents::terms::Admission;
use lianfang_proto::label::{LabelContent, NumberSet};

use super::entry::{self, Said};
use super::facts::Facts;
use super::{IdentifierId, OutputKey, Register};
use crate::normalise::Canonical;
use crate::store::drawer::{Key, exactly, numbers, span, spans};
use crate::store::{Connection, StoreError};

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

impl Register {
    /// Evidence that is too long to be repeated, from the records: by record and the place that `fill` is told.
    pub(super) async fn long_evidence(
        &self,
        connection: &mut Connection,
        elsewhere: &mut [(i64, usize)],
        fill: &mut (dyn FnMut(usize, &str) + Send),
    ) -> Result<(), StoreError> {
        elsewhere.sort_unstable();
        let mut records: Vec<i64> = elsewhere.iter().map(|(record, _)| *record).collect();
        records.dedup();
        let mut see = |key: &Key, value: &[u8]| {
            let id = numbers(key).0;
            let said = Said::read(self.record(value)?.said);
            let said = said.ok_or_else(|| self.seals.records.malformed())?;
            let first = elsewhere.partition_point(|(record, _)| *record < id);
            for (_, place) in elsewhere[first..].iter().take_while(|(record, _)| *record == id) {
                fill(*place, said.evidence.unwrap_or_default());
            }
            Ok(ControlFlow::Continue(()))
        };
        self.seals.records.visit(connection, &exactly(&records, 0), &mut see).await
    }
}

impl Selection {
    /// Up to `limit` identifiers after `after`; none means that there is no more. Begin with [`IdentifierId::START`].
    pub async fn page(&self, after: IdentifierId, limit: usize) -> Result<Vec<Eligible>, StoreError> {
        self.merge(&mut *self.register.store.snapshot().await?, after, limit).await
    }

    /// The same, of identifiers alone that have no output under the key.
    pub async fn page_without_output(
        &self,
        key: &OutputKey,
        after: IdentifierId,
        limit: usize,
    ) -> Result<Vec<Eligible>, StoreError> {
        let outputs = self.register.outputs(*key);
        let mut snapshot = self.register.store.snapshot().await?;
        let (mut page, mut after): (Vec<Eligible>, _) = (Vec::new(), after);
        while page.len() < limit {
            let wanted = limit - page.len();
            // A page is looked through whole, also where only a few more are wanted.
            let more = self.merge(&mut snapshot, after, limit).await?;
            let Some(last) = more.last() else { break };
            after = last.id;
            let ids: Vec<i64> = more.iter().map(|eligible| eligible.id.0).collect();
            let cached = outputs.cached(&mut snapshot, &ids).await?;
            let missing = more.into_iter().filter(|eligible| cached.binary_search(&eligible.id.0).is_err());
            page.extend(missing.take(wanted));
        }
        Ok(page)
    }

    /// Every admitted record that mentions one of these identifiers, by identifier and record. The caller bounds the
    /// list; popular identifiers have many records.
    pub async fn mentions(&self, ids: &[IdentifierId]) -> Result<Vec<Mention>, StoreError> {
        let mut ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut mentions = Vec::with_capacity(ids.len());
        let mut elsewhere: Vec<(i64, usize)> = Vec::new();
        let mut see = |key: &Key, value: &[u8]| {
            if let Some((mention, facts)) = self.admitted(value)? {
                let said = self.said(&mention)?;
                let Some(role) = facts.role else { return Ok(ControlFlow::Continue(())) };
                if said.evidence.is_none() {
                    elsewhere.push((numbers(key).1, mentions.len()));
                }
                mentions.push(Mention {
                    identifier: IdentifierId(numbers(key).0),
                    value: Canonical::from_stored(mention.kind, mention.value.to_owned()),
                    record: said.reference.to_owned(),
                    role,
                    evidence: said.evidence.unwrap_or_default().to_owned(),
                });
            }
            Ok(ControlFlow::Continue(()))
        };
        let mut snapshot = self.register.store.snapshot().await?;
        self.register.seals.mentions.visit(&mut snapshot, &spans(&ids), &mut see).await?;
        let mut fill = |at: usize, evidence: &str| evidence.clone_into(&mut mentions[at].evidence);
        self.register.long_evidence(&mut snapshot, &mut elsewhere, &mut fill).await?;
        Ok(mentions)
    }

    async fn merge(
        &self,
        connection: &mut Connection,
        after: IdentifierId,
        limit: usize,
    ) -> Result<Vec<Eligible>, StoreError> {
        let mut page: Vec<Eligible> = Vec::with_capacity(limit.min(4096));
        let mut see = |key: &Key, value: &[u8]| {
            let id = IdentifierId(numbers(key).0);
            let same = page.last().is_some_and(|last| last.id == id);
            if !same && page.len() >= limit {
                return Ok(ControlFlow::Break(()));
            }
            if let Some((mention, facts)) = self.admitted(value)? {
                match page.last_mut().filter(|_| same) {
                    Some(last) => last.label.merge(&facts.label()),
                    None => {
                        let value = Canonical::from_stored(mention.kind, mention.value.to_owned());
                        page.push(Eligible { id, value, label: facts.label() });
                    }
                }
            }
            Ok(ControlFlow::Continue(()))
        };
        let all = span(after.0.saturating_add(1), i64::MAX);
        self.register.seals.mentions.visit(connection, &[all], &mut see).await?;
        Ok(page)
    }

    /// The mention with its record's facts, if its record enters and the terms let it in.
    fn admitted<'a>(&self, entry: &'a [u8]) -> Result<Option<(entry::Mention<'a>, Facts)>, StoreError> {
        if !entry::Mention::says_enters(entry) {
            return Ok(None);
        }
        let malformed = || self.register.seals.mentions.malformed();
        let mention = entry::Mention::read(entry).ok_or_else(malformed)?;
        if !self.kinds.contains(mention.kind.number()) {
            return Ok(None);
        }
        let facts = self.said(&mention)?.facts().ok_or_else(malformed)?;
        Ok(facts.admitted(&self.admission).then_some((mention, facts)))
    }

    fn said<'a>(&self, mention: &entry::Mention<'a>) -> Result<Said<'a>, StoreError> {
        Said::read(mention.said).ok_or_else(|| self.register.seals.mentions.malformed())
    }
}
