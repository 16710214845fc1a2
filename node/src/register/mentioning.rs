//! Enters what an import says about mentions, in the order of the identifiers' numbers.
//!
//! Comes in: the lines of `filing`, sorted. Goes out: entries of the mentions; and outputs that no entering record needs
//! any more are gone. An identifier whose number another one has is left out, with an issue.

use std::ops::ControlFlow;

use lianfang_proto::catalogue::Kind;
use zeroize::Zeroizing;

use super::ImportError;
use super::entry::{Mention, Said};
use super::forgetting;
use super::import::Import;
use super::reading::spilled;
use crate::ingest::{Issue, issues};
use crate::pipeline::spill::Sorted;
use crate::store::StoreError;
use crate::store::drawer::{Change, Key, numbers, span};

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
            if empty {
                self.refuse_strangers(&mut batch, &mut last, &mut |_| Ok(None))?;
                self.register.seals.mentions.apply(&mut self.tx, &mut *self.rng, &batch).await?;
            } else {
                batch = self.mention_by_block(batch, &mut last).await?;
            }
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

    /// Block by block: each is opened once, to see who has the numbers already and to be changed. Gives what was entered.
    async fn mention_by_block(
        &mut self,
        mut batch: Vec<Change>,
        last: &mut Option<(i64, Holder)>,
    ) -> Result<Vec<Change>, ImportError> {
        let mentions = &self.register.seals.mentions;
        let mut entered = Vec::with_capacity(batch.len());
        while let Some(first) = batch.first() {
            let mut block = mentions.holding(&mut self.tx, &first.key).await?;
            let later = batch.split_off(batch.partition_point(|change| block.reaches(&change.key)));
            let mut here = std::mem::replace(&mut batch, later);
            // Mentions of the last identifier may all lie behind this block.
            let (mut behind, end) = (None, here.last().map(|change| numbers(&change.key).0));
            if let Some(id) = end
                && block.ends_within(&span(id, id))
            {
                behind = self.holder(id).await?;
            }
            let mut holder_of = |id| {
                let here = block.first_within(&span(id, id));
                let mention = here.map(|(_, value)| Mention::read(value).ok_or_else(|| mentions.malformed()));
                Ok(mention
                    .transpose()?
                    .as_ref()
                    .map(holder)
                    .or_else(|| behind.take().filter(|_| Some(id) == end)))
            };
            self.refuse_strangers(&mut here, last, &mut holder_of)?;
            mentions.rewrite(&mut self.tx, &mut *self.rng, block, &here).await?;
            entered.append(&mut here);
        }
        Ok(entered)
    }

    /// Who has a number already.
    async fn holder(&mut self, id: i64) -> Result<Option<Holder>, StoreError> {
        let mentions = &self.register.seals.mentions;
        let mut found = None;
        let mut see = |_: &Key, value: &[u8]| {
            let mention = Mention::read(value).ok_or_else(|| mentions.malformed())?;
            found = Some(holder(&mention));
            Ok(ControlFlow::Break(()))
        };
        mentions.visit(&mut self.tx, &[span(id, id)], &mut see).await?;
        Ok(found)
    }

    fn refuse_strangers(
        &mut self,
        batch: &mut Vec<Change>,
        last: &mut Option<(i64, Holder)>,
        holder_of: &mut dyn FnMut(i64) -> Result<Option<Holder>, StoreError>,
    ) -> Result<(), ImportError> {
        let mut kept = Vec::with_capacity(batch.len());
        for change in batch.drain(..) {
            let Some(value) = &change.value else {
                kept.push(change);
                continue;
            };
            let id = numbers(&change.key).0;
            let mention = Mention::read(value).ok_or_else(broken)?;
            if last.as_ref().is_none_or(|(last, _)| *last != id)
                && let Some(holder) = holder_of(id)?
            {
                *last = Some((id, holder));
            }
            match last.as_ref().filter(|(last, _)| *last == id).map(|(_, holder)| holder) {
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
