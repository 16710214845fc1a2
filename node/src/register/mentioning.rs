//! Enters what an import says about mentions, in the order of the identifiers' numbers.
//!
//! Comes in: the lines of `filing`, sorted. Goes out: entries of the mentions; and outputs that no entering record needs
//! any more are gone. An identifier whose number another one has is left out, with an issue.

use std::collections::HashMap;
use std::ops::ControlFlow;

use lianfang_proto::catalogue::Kind;
use zeroize::Zeroizing;

use super::entry::{Mention, Said};
use super::forgetting;
use super::import::{Import, ImportError};
use super::reading::spilled;
use crate::ingest::{Issue, issues};
use crate::pipeline::spill::Sorted;
use crate::store::StoreError;
use crate::store::drawer::{Change, Key, numbers, spans};

const BATCH_ROWS: usize = 4096;
const BATCH_BYTES: usize = 4 << 20;

/// What stands under a number: its kind and value.
type Holder = (Kind, Zeroizing<String>);

fn holder(mention: &Mention<'_>) -> Holder {
    (mention.kind, Zeroizing::new(mention.value.to_owned()))
}

fn broken() -> ImportError {
    spilled(std::io::ErrorKind::InvalidData.into())
}

impl Import<'_> {
    /// Enters all of them.
    pub(super) async fn mention(&mut self, mut lines: Sorted) -> Result<(), ImportError> {
        let empty = self.register.seals.mentions.entries(&mut self.tx).await? == 0;
        let mut last: Option<(i64, Holder)> = None;
        let mut touched = Vec::new();
        loop {
            let (mut batch, mut bytes) = (Vec::new(), 0);
            while batch.len() < BATCH_ROWS && bytes < BATCH_BYTES {
                let Some(line) = lines.next().map_err(spilled)? else { break };
                bytes += line.len();
                let (key, value) = line.split_first_chunk().ok_or_else(broken)?;
                let value = (!value.is_empty()).then(|| Zeroizing::new(value.to_vec()));
                batch.push(Change { key: *key, value });
            }
            let Some(end) = batch.last().map(|change| numbers(&change.key).0) else { break };
            let known = if empty { HashMap::new() } else { self.holders(&batch).await? };
            self.refuse_strangers(&mut batch, &known, &mut last)?;
            let mentions = &self.register.seals.mentions;
            mentions.apply(&mut self.tx, &mut *self.rng, &batch).await?;
            for change in &batch {
                let id = numbers(&change.key).0;
                let enters = change.value.as_ref().is_some_and(|value| Mention::says_enters(value));
                if !enters && touched.last() != Some(&id) {
                    touched.push(id);
                }
            }
            // The next batch may have more to say about the last identifier.
            let open = touched.pop_if(|id| *id == end);
            forgetting::forget_outputs(&mut self.tx, &mut *self.rng, self.register, &touched).await?;
            touched.clear();
            touched.extend(open);
        }
        Ok(forgetting::forget_outputs(&mut self.tx, &mut *self.rng, self.register, &touched).await?)
    }

    /// Who has the numbers already for which the batch has something to enter.
    async fn holders(&mut self, batch: &[Change]) -> Result<HashMap<i64, Holder>, StoreError> {
        let entered = batch.iter().filter(|change| change.value.is_some());
        let mut ids: Vec<i64> = entered.map(|change| numbers(&change.key).0).collect();
        ids.dedup();
        let mentions = &self.register.seals.mentions;
        let mut holders = HashMap::new();
        let mut see = |key: &Key, value: &[u8]| {
            let id = numbers(key).0;
            if let std::collections::hash_map::Entry::Vacant(place) = holders.entry(id) {
                let mention = Mention::read(value).ok_or_else(|| mentions.malformed())?;
                place.insert(holder(&mention));
            }
            Ok(ControlFlow::Continue(()))
        };
        mentions.visit(&mut self.tx, &spans(&ids), &mut see).await?;
        Ok(holders)
    }

    fn refuse_strangers(
        &mut self,
        batch: &mut Vec<Change>,
        known: &HashMap<i64, Holder>,
        last: &mut Option<(i64, Holder)>,
    ) -> Result<(), ImportError> {
        let mut kept = Vec::with_capacity(batch.len());
        for change in batch.drain(..) {
            let Some(value) = &change.value else {
                kept.push(change);
                continue;
            };
            let id = numbers(&change.key).0;
            let mention = Mention::read(value).ok_or_else(broken)?;
            let before = last.as_ref().filter(|(last, _)| *last == id).map(|(_, holder)| holder);
            match known.get(&id).or(before) {
                Some((kind, value)) if *kind == mention.kind && **value == mention.value => kept.push(change),
                Some(_) => {
                    let record = Said::read(mention.said).ok_or_else(broken)?.reference.to_owned();
                    let column = mention.kind.code().to_owned();
                    let issue = Issue { row: 0, record, column, reason: issues::VALUE_NUMBER };
                    self.pending.push(&issue).map_err(spilled)?;
                }
                None => {
                    *last = Some((id, holder(&mention)));
                    kept.push(change);
                }
            }
        }
        *batch = kept;
        Ok(())
    }
}
