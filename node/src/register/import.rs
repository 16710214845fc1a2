//! Imports a file: reads and sorts it, then writes all of it in one transaction.
//!
//! * Comes in: the entries of a file, the day, whether the file is all there is. Goes out: a summary, and every issue in
//!   the order of rows, written to the rejects.
//! * Trusts: nobody's file. A second row with one record is a reject and the first stands. A file that is said to be all
//!   there is and lacks too much is believed only on a person's word.
//! * Fails: where the file, the rejects or the store fail, and then the register is as it was before; also where the file
//!   changes while it is read. What was read and sorted of a large file until then is kept, and taken up when the same file
//!   is imported again.
//!
//! Rows are sorted by record and then what they mention by identifier, because the register is kept in these orders: so
//! it is read and written from one end to the other, once, and in the memory of a few blocks. The writer is held from the
//! last row that was read to the end.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::SystemTime;

use jiff::civil::Date;
use lianfang_proto::catalogue::Kind;
use lianfang_trust::Digest;
use rand_core::CryptoRng;
use tokio::sync::OwnedMutexGuard;

use super::entry::{Mark, Said};
use super::kept::{self, Kept};
use super::origin::Origin;
use super::pending::Pending;
use super::reading::{Reading, spilled};
use super::subject::Subject;
use super::{Doubt, ImportError, Register, Standing};
use crate::audit::Event;
use crate::ingest::{Column, Entry, IngestError, Issue, RegisterFile, Rejects};
use crate::normalise::{Canonical, Rules};
use crate::pipeline::spill::Sorter;
use crate::store::{Tx, take_numbers};

/// Rows that a dry run shows, masked.
const PREVIEW: usize = 5;
/// A register of as many records does not lose more than half of them without a person's word.
const MANY: u64 = 20;

/// What is imported: the entries of a file, and what was odd about its header.
pub struct Source<I> {
    /// The digest of what is read, if the same can be read again.
    pub content: Option<Digest>,
    /// Issues of the header.
    pub header: Vec<Issue>,
    /// Columns that are not there of those by which a record enters jobs: what the register knows of them stays, for a column
    /// that is absent is no empty cell.
    pub lacks: Vec<Column>,
    /// The file that is read, if it is one.
    pub origin: Option<Origin>,
    /// The rows.
    pub entries: I,
}

/// The columns by which a record enters jobs or does not.
const STANDING: [Column; 4] = [Column::Role, Column::Typology, Column::Grade, Column::Hold];

impl From<RegisterFile> for Source<RegisterFile> {
    fn from(file: RegisterFile) -> Self {
        let there = file.columns();
        Self {
            content: file.content(),
            header: file.header_issues().to_vec(),
            lacks: STANDING.into_iter().filter(|column| !there.contains(column)).collect(),
            origin: None,
            entries: file,
        }
    }
}

impl<I> Source<I> {
    /// The same, read from this file, which must stay as it is until all of it was read.
    #[must_use]
    pub fn of_origin(self, origin: Option<Origin>) -> Self {
        Self { origin, ..self }
    }
}

/// What the user says about an import.
#[derive(Clone, Copy, Debug)]
pub struct ImportOptions {
    /// Retract records that the file lacks.
    pub full: bool,
    /// And a person says that it may be many or all of them.
    pub retract_many: bool,
    /// Change nothing; tell what would be.
    pub dry_run: bool,
    /// The day of import: no birth date lies behind it.
    pub today: Date,
}

/// A row as a dry run shows it. Masked, but still the bank's own: it has no `Debug`.
pub struct PreviewRow {
    /// Number of the row.
    pub row: u64,
    /// The case number.
    pub record: String,
    /// How the record would stand.
    pub standing: Standing,
    /// Canonical identifiers, masked.
    pub identifiers: Vec<(Kind, String)>,
}

/// What an import did, or a dry run would have done.
#[derive(Default)]
pub struct ImportSummary {
    /// Its number; none for a dry run.
    pub import: Option<i64>,
    /// Rows of the file.
    pub rows: u64,
    /// How many of them an import that was cut off had read already.
    pub taken_up: u64,
    /// Rows that became records.
    pub records: u64,
    /// Records that were not there before.
    pub added: u64,
    /// Records that say something else now.
    pub changed: u64,
    /// Records that the file left as they were.
    pub unchanged: u64,
    /// Records that the file lacks and that were retracted.
    pub retracted: u64,
    /// Records that a full file names in rows that cannot be read, and that are left as they were.
    pub spared: u64,
    /// Canonical identifiers of the records, each counted once a record.
    pub identifiers: u64,
    /// The same by kind.
    pub by_kind: BTreeMap<Kind, u64>,
    /// Records by how they stand.
    pub by_standing: BTreeMap<Standing, u64>,
    /// Rejects written.
    pub rejects: u64,
    /// Warnings written.
    pub warnings: u64,
    /// The first rows; only of a dry run.
    pub preview: Vec<PreviewRow>,
}

impl Register {
    /// Imports a file. `progress` is told the rows read so far, now and then.
    pub async fn import<I, W>(
        &self,
        source: Source<I>,
        options: ImportOptions,
        rejects: &mut Rejects<W>,
        progress: impl FnMut(u64) + Send,
    ) -> Result<ImportSummary, ImportError>
    where
        I: Iterator<Item = Result<Entry, IngestError>> + Send + 'static,
        W: Write + Send,
    {
        let alone = Arc::clone(&self.importing).try_lock_owned().map_err(|_| ImportError::Busy)?;
        let alone = Arc::new(alone);
        let done = self.import_all(source, options, rejects, progress, Arc::clone(&alone)).await;
        kept::end(&self.store, options.dry_run, done.as_ref().err());
        done
    }

    /// When an import that was cut off last came further, if one waits to be taken up.
    pub fn cut_off(&self) -> Option<SystemTime> {
        kept::since(&self.store)
    }

    async fn import_all<I, W>(
        &self,
        source: Source<I>,
        options: ImportOptions,
        rejects: &mut Rejects<W>,
        mut progress: impl FnMut(u64) + Send,
        alone: Arc<OwnedMutexGuard<()>>,
    ) -> Result<ImportSummary, ImportError>
    where
        I: Iterator<Item = Result<Entry, IngestError>> + Send + 'static,
        W: Write + Send,
    {
        let before = (rejects.rejected(), rejects.warned());
        for issue in &source.header {
            rejects.write(issue)?;
        }
        let number = self.begin_import(options).await?;
        let reading = self.reading(source.content, options)?;
        // Who stops waiting for an import leaves its reader behind, for a moment: no other begins before that has ended.
        let (mut told, reader) = reading.start(source.entries, source.origin, Arc::clone(&alone));
        while let Some(rows) = told.recv().await {
            progress(rows);
        }
        let file = reader.await.map_err(|_| ImportError::ReaderStopped)??;
        progress(file.rows);
        let mut import = Import::new(self, options, (file.rows, file.taken_up), file.pending).await?;
        import.lacks = source.lacks;
        import.shown = file.first.iter().filter_map(|subject| Some((subject.record()?.0, None))).collect();
        import.file(file.subjects).await?;
        if let Some(doubt) = import.doubt() {
            // What could not be read may be why, and is told.
            import.pending.write(rejects)?;
            return Err(doubt.into());
        }
        if !options.dry_run {
            let folder = self.store.folder();
            let none = Sorter::new(folder, &mut *import.rng);
            let lines = std::mem::replace(&mut import.mentions, none);
            import.mention(lines.finish().map_err(spilled)?).await?;
        }
        let (mut summary, tx, pending) = import.into_parts(&file.first)?;
        pending.write(rejects)?;
        summary.rejects = rejects.rejected() - before.0;
        summary.warnings = rejects.warned() - before.1;
        summary.import = number;
        self.end_import(tx, &summary).await?;
        Ok(summary)
    }

    fn reading(&self, content: Option<Digest>, options: ImportOptions) -> Result<Reading, ImportError> {
        let (folder, rules) = (self.store.folder(), Rules::new(options.today));
        let kept = Kept::open(&self.store, content.as_ref(), options);
        let preview = if options.dry_run { PREVIEW } else { 0 };
        Reading::new(folder, &mut *self.store.rng(), rules, self.seals.clone(), kept, preview)
            .map_err(spilled)
    }

    async fn begin_import(&self, options: ImportOptions) -> Result<Option<i64>, ImportError> {
        if options.dry_run {
            return Ok(None);
        }
        let mut tx = self.store.begin().await?;
        let import = take_numbers(&mut tx, "import", 1).await?;
        self.log.append(&mut tx, &Event::ImportBegan { import, full: options.full }).await?;
        tx.commit().await?;
        Ok(Some(import))
    }

    async fn end_import(&self, mut tx: Tx, summary: &ImportSummary) -> Result<(), ImportError> {
        let ImportSummary { rows, added, changed, retracted, rejects, .. } = *summary;
        if let Some(import) = summary.import {
            let event = Event::Imported { import, rows, added, changed, retracted, rejects };
            self.log.append(&mut tx, &event).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// An import under way: what `filing` and `mentioning` work on.
pub(super) struct Import<'a> {
    pub(super) register: &'a Register,
    pub(super) options: ImportOptions,
    pub(super) summary: ImportSummary,
    /// Writes, or only reads for a dry run.
    pub(super) tx: Tx,
    pub(super) rng: Box<dyn CryptoRng + Send>,
    pub(super) pending: Pending,
    /// What is to become of mentions.
    pub(super) mentions: Sorter,
    /// The record that was given a row last.
    pub(super) placed: Option<(i64, Mark)>,
    /// Columns that the file does not have and that the register's own knowledge stands for.
    pub(super) lacks: Vec<Column>,
    /// How the records of the preview would stand, as far as they were given their rows.
    pub(super) shown: BTreeMap<i64, Option<Standing>>,
    /// With `--full`: up to here, records without a row are retracted.
    pub(super) swept: i64,
    /// Records with content that were passed on the way.
    pub(super) passed: u64,
    /// Rows that name no record that can be read.
    pub(super) nameless: u64,
}

impl<'a> Import<'a> {
    pub(super) async fn new(
        register: &'a Register,
        options: ImportOptions,
        (rows, taken_up): (u64, u64),
        pending: Pending,
    ) -> Result<Self, ImportError> {
        let store = &register.store;
        let tx = if options.dry_run { store.snapshot().await? } else { store.begin().await? };
        let mut rng = store.rng();
        let mentions = Sorter::new(store.folder(), &mut *rng);
        let summary = ImportSummary { rows, taken_up, ..ImportSummary::default() };
        Ok(Self {
            register,
            options,
            summary,
            tx,
            rng,
            pending,
            mentions,
            placed: None,
            lacks: Vec::new(),
            shown: BTreeMap::new(),
            swept: 0,
            passed: 0,
            nameless: 0,
        })
    }

    /// Why so much is not retracted without a person's word. Who exports half a file, or a header alone, does not notice.
    fn doubt(&self) -> Option<Doubt> {
        let (records, retracted, rows) = (self.passed, self.summary.retracted, self.nameless);
        if self.options.retract_many || retracted == 0 {
            None
        } else if self.summary.records == 0 {
            Some(Doubt::NoRecord { retracted })
        } else if rows > 0 {
            Some(Doubt::UnreadableRows { rows, retracted })
        } else {
            (records >= MANY && retracted > records / 2).then_some(Doubt::Many { retracted, records })
        }
    }

    fn into_parts(mut self, first: &[Subject]) -> Result<(ImportSummary, Tx, Pending), ImportError> {
        for subject in first.iter().take(PREVIEW) {
            let mut row = preview(subject).ok_or_else(|| spilled(std::io::ErrorKind::InvalidData.into()))?;
            let stands = subject.record().and_then(|(id, _)| self.shown.get(&id).copied().flatten());
            row.standing = stands.unwrap_or(row.standing);
            self.summary.preview.push(row);
        }
        Ok((self.summary, self.tx, self.pending))
    }
}

fn preview(subject: &Subject) -> Option<PreviewRow> {
    let parts = subject.parts()?;
    let masked = |kind, value: &str| (kind, Canonical::from_stored(kind, value.to_owned()).masked());
    Some(PreviewRow {
        row: parts.row,
        record: Said::read(parts.said)?.reference.to_owned(),
        standing: parts.standing,
        identifiers: parts.identifiers.iter().map(|found| masked(found.kind, found.value)).collect(),
    })
}
