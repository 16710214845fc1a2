//! Files the rows of an import among the records, in the order of the records' numbers.
//!
//! * Comes in: subjects, sorted by record. Goes out: entries of the records; for every mention that comes, changes or goes
//!   a line to be sorted for `mentioning`; issues of rows that cannot stand; and what is counted.
//! * A row that says what its record says already changes nothing and costs a comparison. Of two rows with one record the
//!   first stands. With `--full` every record that is passed on the way and has no row is retracted.
//! * What a file has no column for, of that by which a record stands, stays as the register knows it. How the record
//!   stands then is decided in `standing`.
//! * Trusts: the transaction, which holds the writer; what is read in it stays true.

use std::collections::HashMap;
use std::ops::ControlFlow;

use zeroize::Zeroizing;

use super::entry::{Mark, Mention, NewRecord, Print, Record, Said, restated};
use super::import::Import;
use super::reading::spilled;
use super::standing::{State, Stood};
use super::subject::{Parts, Subject};
use super::{ImportError, Standing};
use crate::ingest::{Issue, Reason, issues};
use crate::pipeline::spill::Sorted;
use crate::store::drawer::{Change, key, numbers, span};

/// Rows, and bytes of them, that are filed at once.
const BATCH_ROWS: usize = 4096;
const BATCH_BYTES: usize = 4 << 20;

/// What is known of a record.
pub(super) struct Known {
    mark: Mark,
    print: Print,
    state: State,
    identifiers: Vec<i64>,
    /// How it came to stand so; nothing of a retracted one.
    stood: Option<Stood>,
}

impl Known {
    fn of(record: &Record<'_>) -> Self {
        Self {
            mark: record.mark,
            print: record.print,
            state: State::of(record),
            identifiers: record.identifiers().collect(),
            stood: Stood::read(record.said, record.rest),
        }
    }
}

fn broken() -> ImportError {
    spilled(std::io::ErrorKind::InvalidData.into())
}

/// A line for `mentioning`: identifier, record, and the mention, or nothing where it goes.
pub(super) fn mention_line(
    identifier: i64,
    record: i64,
    mention: Option<&Mention<'_>>,
) -> Zeroizing<Vec<u8>> {
    let mut to = Zeroizing::new(Vec::with_capacity(16 + mention.map_or(0, Mention::bytes)));
    to.extend_from_slice(&key(identifier, record));
    if let Some(mention) = mention {
        mention.write(&mut to);
    }
    to
}

impl Import<'_> {
    /// Files all of them.
    pub(super) async fn file(&mut self, mut subjects: Sorted) -> Result<(), ImportError> {
        loop {
            let (mut batch, mut bytes) = (Vec::new(), 0);
            while batch.len() < BATCH_ROWS && bytes < BATCH_BYTES {
                let Some(subject) = subjects.next().map_err(spilled)? else { break };
                bytes += subject.len();
                batch.push(Subject::from_sorted(subject));
            }
            if batch.is_empty() {
                break;
            }
            let (mut rows, mut unread) = (Vec::with_capacity(batch.len()), Vec::new());
            for subject in &batch {
                match subject.names_only() {
                    Some(id) => unread.push(id),
                    None => rows.push(subject.parts().ok_or_else(broken)?),
                }
            }
            self.file_batch(&rows, &unread).await?;
        }
        if self.options.full {
            self.sweep(i64::MAX, &[], &mut HashMap::new()).await?;
        }
        Ok(())
    }

    /// Files rows. What stands in the file and cannot be read (`unread`, 0 where it names no record) counts only for a file
    /// that is all there is: its record is not lacking.
    async fn file_batch(&mut self, batch: &[Parts<'_>], unread: &[i64]) -> Result<(), ImportError> {
        if !self.options.full {
            return self.file_by_block(batch).await;
        }
        self.nameless += unread.iter().filter(|id| **id == 0).count() as u64;
        let mut ids: Vec<i64> = batch.iter().map(|parts| parts.id).chain(unread.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        let Some(&last) = ids.last() else { return Ok(()) };
        let mut known = HashMap::with_capacity(ids.len());
        self.sweep(last, &ids, &mut known).await?;
        // Unread rows sort behind the others of their record: one in an earlier batch has made it pass already.
        let spared = |id: &&i64| {
            batch.binary_search_by_key(*id, |parts| parts.id).is_err()
                && known.get(*id).is_some_and(|known| known.state.standing != Standing::Retracted)
        };
        self.summary.spared += ids.iter().filter(spared).count() as u64;
        let mut changes = Vec::new();
        for parts in batch {
            self.file_one(parts, known.get(&parts.id), &mut changes)?;
        }
        self.change_records(&changes).await
    }

    /// Block by block: each is opened once, to be looked at and to be changed.
    async fn file_by_block(&mut self, mut batch: &[Parts<'_>]) -> Result<(), ImportError> {
        let records = &self.register.seals.records;
        while let Some(first) = batch.first() {
            let mut block = records.holding(&mut self.tx, &key(first.id, 0)).await?;
            let (here, later) =
                batch.split_at(batch.partition_point(|parts| block.reaches(&key(parts.id, 0))));
            batch = later;
            let (mut changes, mut known) = (Vec::new(), None::<(i64, Option<Known>)>);
            for parts in here {
                let found = match known {
                    Some((id, found)) if id == parts.id => found,
                    _ => {
                        let here = (key(parts.id, 0), key(parts.id, 0));
                        let entry = block.first_within(&here).map(|(_, value)| Record::read(value));
                        let malformed = || records.malformed();
                        entry.map(|record| record.ok_or_else(malformed)).transpose()?.as_ref().map(Known::of)
                    }
                };
                self.file_one(parts, found.as_ref(), &mut changes)?;
                known = Some((parts.id, found));
            }
            if !self.options.dry_run {
                records.rewrite(&mut self.tx, &mut *self.rng, block, &changes).await?;
            }
        }
        Ok(())
    }

    fn file_one(
        &mut self,
        parts: &Parts<'_>,
        known: Option<&Known>,
        changes: &mut Vec<Change>,
    ) -> Result<(), ImportError> {
        let standing = self.placed.filter(|(id, _)| *id == parts.id).map(|(_, mark)| mark);
        match standing.or(known.map(|known| known.mark)) {
            Some(mark) if mark != parts.mark => self.refuse(parts, issues::RECORD_NUMBER),
            _ if standing.is_some() => self.refuse(parts, issues::DUPLICATE_RECORD),
            _ => self.place(parts, known, changes),
        }
    }

    /// Passes all records up to a number: those of `ids` become known, the others are retracted.
    async fn sweep(
        &mut self,
        to: i64,
        ids: &[i64],
        known: &mut HashMap<i64, Known>,
    ) -> Result<(), ImportError> {
        let register = self.register;
        let records = &register.seals.records;
        while self.swept < to {
            let (mut lacking, mut reached, mut passed) = (Vec::new(), to, 0);
            let mut see = |key: &_, value: &[u8]| {
                let (id, _) = numbers(key);
                let record = Record::read(value).ok_or_else(|| records.malformed())?;
                let (state, lacked) = (State::of(&record), State::of(&record).lacking());
                passed += u64::from(state.standing != Standing::Retracted);
                if ids.binary_search(&id).is_ok() {
                    known.insert(id, Known::of(&record));
                } else if state != lacked {
                    lacking.push((id, record.identifiers().collect::<Vec<_>>(), restated(&record, lacked)));
                    if lacking.len() >= BATCH_ROWS {
                        reached = id;
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            };
            records.visit(&mut self.tx, &[span(self.swept + 1, to)], &mut see).await?;
            self.swept = reached;
            self.passed += passed;
            self.summary.retracted += lacking.len() as u64;
            let mut changes = Vec::with_capacity(lacking.len());
            for (id, identifiers, emptied) in lacking {
                for identifier in identifiers {
                    self.mentions.push(&mention_line(identifier, id, None)).map_err(spilled)?;
                }
                changes.push(Change { key: key(id, 0), value: Some(emptied) });
            }
            self.change_records(&changes).await?;
        }
        Ok(())
    }

    async fn change_records(&mut self, changes: &[Change]) -> Result<(), ImportError> {
        if self.options.dry_run {
            return Ok(());
        }
        let records = &self.register.seals.records;
        Ok(records.apply(&mut self.tx, &mut *self.rng, changes).await?)
    }

    fn refuse(&mut self, parts: &Parts<'_>, reason: Reason) -> Result<(), ImportError> {
        let said = Said::read(parts.said);
        let record = said.map(|said| said.reference.to_owned()).unwrap_or_default();
        let issue = Issue { row: parts.row, record, column: "record".to_owned(), reason };
        self.pending.push(&issue).map_err(spilled)
    }

    /// Gives a row its record.
    fn place(
        &mut self,
        parts: &Parts<'_>,
        known: Option<&Known>,
        changes: &mut Vec<Change>,
    ) -> Result<(), ImportError> {
        self.placed = Some((parts.id, parts.mark));
        let keeping = self.keeping(parts, known)?;
        let keeping = keeping.as_ref().map(|subject| subject.parts().ok_or_else(broken)).transpose()?;
        let parts = keeping.as_ref().unwrap_or(parts);
        self.count(parts, known);
        let summary = &mut self.summary;
        match known {
            Some(known) if known.state.standing != Standing::Retracted && known.print == parts.print => {
                summary.unchanged += 1;
                return Ok(());
            }
            Some(known) if known.state.standing != Standing::Retracted => summary.changed += 1,
            _ => summary.added += 1,
        }
        if self.options.dry_run {
            return Ok(());
        }
        let ids = || parts.identifiers.iter().map(|found| found.id);
        for gone in known.iter().flat_map(|known| &known.identifiers) {
            if !ids().any(|id| id == *gone) {
                self.mentions.push(&mention_line(*gone, parts.id, None)).map_err(spilled)?;
            }
        }
        let state = State::filed(known.map(|known| known.state), parts.standing);
        let said = Said::repeated(parts.said);
        let said = said.ok_or_else(broken)?;
        for found in &parts.identifiers {
            let mention =
                Mention { kind: found.kind, enters: state.enters(), value: found.value, said: &said };
            self.mentions.push(&mention_line(found.id, parts.id, Some(&mention))).map_err(spilled)?;
        }
        let entry = NewRecord {
            mark: parts.mark,
            print: parts.print,
            standing: state.standing,
            hand_hold: state.hand_hold,
            identifiers: ids(),
            said: parts.said,
            rest: parts.rest,
        };
        changes.push(Change { key: key(parts.id, 0), value: Some(entry.encode()) });
        Ok(())
    }

    /// What the row of a known record says where its file lacks columns: an absent column lifts no hold.
    fn keeping(&self, parts: &Parts<'_>, known: Option<&Known>) -> Result<Option<Subject>, ImportError> {
        let known =
            known.filter(|known| known.state.standing != Standing::Retracted && !self.lacks.is_empty());
        let Some(known) = known else { return Ok(None) };
        let stood = parts.stood().zip(known.stood).map(|(row, known)| row.keeping(known, &self.lacks));
        let kept = stood.and_then(|stood| parts.saying(stood, &self.register.seals));
        kept.map(Some).ok_or_else(broken)
    }

    fn count(&mut self, parts: &Parts<'_>, known: Option<&Known>) {
        if let Some(shown) = self.shown.get_mut(&parts.id) {
            *shown = Some(State::filed(known.map(|known| known.state), parts.standing).stands());
        }
        let summary = &mut self.summary;
        summary.records += 1;
        summary.identifiers += parts.identifiers.len() as u64;
        *summary.by_standing.entry(parts.standing).or_default() += 1;
        for found in &parts.identifiers {
            *summary.by_kind.entry(found.kind).or_default() += 1;
        }
    }
}
