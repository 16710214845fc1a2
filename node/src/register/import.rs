//! Imports a file: batch by batch, each in a transaction of its own.
//!
//! * Comes in: the entries of a file, the day, whether the file is all there is. Goes out: a summary, and every issue in
//!   the order of rows, written to the rejects.
//! * Trusts: nobody's file. A second row with one record is a reject and the first stands.
//! * Fails: where the file, the rejects or the store fail. What was written before stays written and is right; the same
//!   file imported again ends in the same state. Retraction by `--full` comes last, and only after a file that was read
//!   to its end.

use std::collections::{BTreeMap, HashSet};
use std::io::{Read, Seek, Write};

use jiff::civil::Date;
use lianfang_proto::catalogue::Kind;

use super::reading::{self, Batch};
use super::writing::{self, Sorted};
use super::{Register, RegisterError, Standing, forgetting};
use crate::audit::{AuditError, Event};
use crate::ingest::{Entry, IngestError, Issue, RegisterFile, Rejects, issues};
use crate::normalise::Rules;
use crate::store::{StoreError, take_numbers};

/// Rows that a dry run shows, masked.
const PREVIEW: usize = 5;
/// Records retracted in one transaction.
const RETRACTED_AT_ONCE: u32 = 2048;

/// Why an import ended early.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read as a register, or no longer.
    #[error(transparent)]
    File(#[from] IngestError),
    /// The store, or the audit log in it, failed.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The rejects could not be written.
    #[error("the rejects could not be written ({0}); the import may be run again")]
    Rejects(#[from] csv::Error),
    /// Another import is running.
    #[error("another import is running; start this one when it has ended")]
    Busy,
    /// The reading thread died.
    #[error("the reader of the file stopped before its end; the import may be run again")]
    ReaderStopped,
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::Register(error.into())
    }
}

impl From<sqlx::Error> for ImportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Register(error.into())
    }
}

impl From<AuditError> for ImportError {
    fn from(error: AuditError) -> Self {
        Self::Register(error.into())
    }
}

/// What is imported: the entries of a file, and what was odd about its header.
pub struct Source<I> {
    /// Issues of the header.
    pub header: Vec<Issue>,
    /// The rows.
    pub entries: I,
}

impl<S: Read + Seek> From<RegisterFile<S>> for Source<RegisterFile<S>> {
    fn from(file: RegisterFile<S>) -> Self {
        Self { header: file.header_issues().to_vec(), entries: file }
    }
}

/// What the user says about an import.
#[derive(Clone, Copy, Debug)]
pub struct ImportOptions {
    /// Retract records that the file lacks.
    pub full: bool,
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
    /// Imports a file. `progress` is told the rows read so far, once a batch.
    pub async fn import<I, W>(
        &self,
        source: Source<I>,
        options: ImportOptions,
        rejects: &mut Rejects<W>,
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<ImportSummary, ImportError>
    where
        I: Iterator<Item = Result<Entry, IngestError>> + Send + 'static,
        W: Write + Send,
    {
        let _alone = self.importing.try_lock().map_err(|_| ImportError::Busy)?;
        let before = (rejects.rejected(), rejects.warned());
        for issue in &source.header {
            rejects.write(issue)?;
        }
        let mut import = Import::begin(self, options).await?;
        let (mut batches, reader) =
            reading::start(source.entries, Rules::new(options.today), self.seals.clone());
        while let Some(batch) = batches.recv().await {
            let mut batch = batch?;
            import.take(&mut batch).await?;
            // Rows come in order; a duplicate is found after the other issues of its batch.
            batch.issues.sort_by_key(|issue| issue.row);
            for issue in &batch.issues {
                rejects.write(issue)?;
            }
            progress(import.summary.rows);
        }
        reader.await.map_err(|_| ImportError::ReaderStopped)?;
        import.summary.rejects = rejects.rejected() - before.0;
        import.summary.warnings = rejects.warned() - before.1;
        import.end().await
    }
}

/// An import under way.
struct Import<'a> {
    register: &'a Register,
    options: ImportOptions,
    summary: ImportSummary,
    /// Records of a dry run so far: an import finds them in the store instead.
    seen: HashSet<[u8; 16]>,
}

impl<'a> Import<'a> {
    async fn begin(register: &'a Register, options: ImportOptions) -> Result<Self, ImportError> {
        let mut summary = ImportSummary::default();
        if !options.dry_run {
            let mut tx = register.store.begin().await?;
            let import = take_numbers(&mut tx, "import", 1).await?;
            register.log.append(&mut tx, &Event::ImportBegan { import, full: options.full }).await?;
            tx.commit().await?;
            summary.import = Some(import);
        }
        Ok(Self { register, options, summary, seen: HashSet::new() })
    }

    async fn take(&mut self, batch: &mut Batch) -> Result<(), ImportError> {
        let sorted = match self.summary.import {
            Some(import) => self.write(import, batch).await?,
            None => self.look(batch).await?,
        };
        self.count(batch, &sorted);
        for &at in &sorted.duplicates {
            let subject = &batch.subjects[at];
            batch.issues.push(Issue {
                row: subject.row,
                record: subject.reference.clone(),
                column: "record".to_owned(),
                reason: issues::DUPLICATE_RECORD,
            });
        }
        Ok(())
    }

    async fn write(&self, import: i64, batch: &Batch) -> Result<Sorted, ImportError> {
        let register = self.register;
        let mut tx = register.store.begin().await?;
        let rng = &mut *register.store.rng();
        let sorted = writing::write(&mut tx, &register.seals, rng, import, &batch.subjects).await?;
        tx.commit().await?;
        Ok(sorted)
    }

    async fn look(&mut self, batch: &Batch) -> Result<Sorted, ImportError> {
        let mut reader = self.register.store.reader().await?;
        // Imports are numbered from 1.
        let sorted = writing::sort(&mut reader, 0, &batch.subjects, &self.seen).await?;
        self.seen.extend(batch.subjects.iter().map(|subject| subject.ref_index));
        Ok(sorted)
    }

    fn count(&mut self, batch: &Batch, sorted: &Sorted) {
        let duplicates: HashSet<_> = sorted.duplicates.iter().collect();
        let summary = &mut self.summary;
        summary.rows += batch.rows;
        summary.added += sorted.added.len() as u64 + sorted.revived;
        summary.changed += sorted.changed.len() as u64 - sorted.revived;
        summary.unchanged += sorted.unchanged.len() as u64;
        for (_, subject) in batch.subjects.iter().enumerate().filter(|(at, _)| !duplicates.contains(at)) {
            summary.records += 1;
            summary.identifiers += subject.identifiers.len() as u64;
            *summary.by_standing.entry(subject.standing).or_default() += 1;
            for found in &subject.identifiers {
                *summary.by_kind.entry(found.value.kind()).or_default() += 1;
            }
            if self.options.dry_run && summary.preview.len() < PREVIEW {
                let masked = subject.identifiers.iter().map(|f| (f.value.kind(), f.value.masked())).collect();
                summary.preview.push(PreviewRow {
                    row: subject.row,
                    record: subject.reference.clone(),
                    standing: subject.standing,
                    identifiers: masked,
                });
            }
        }
    }

    async fn end(mut self) -> Result<ImportSummary, ImportError> {
        if self.options.full {
            self.summary.retracted = match self.summary.import {
                Some(import) => self.retract_lacking(import).await?,
                None => self.count_lacking().await?,
            };
        }
        let ImportSummary { rows, added, changed, retracted, rejects, .. } = self.summary;
        if let Some(import) = self.summary.import {
            let event = Event::Imported { import, rows, added, changed, retracted, rejects };
            self.register.log.record(&event).await?;
        }
        Ok(self.summary)
    }

    async fn retract_lacking(&self, import: i64) -> Result<u64, ImportError> {
        let mut retracted = 0;
        loop {
            let mut tx = self.register.store.begin().await?;
            let lacking: Vec<i64> = sqlx::query_scalar(
                "SELECT r.id FROM record r JOIN record_seen s ON s.record_id = r.id
                 WHERE s.import <> ?1 AND r.disposition <> ?2 ORDER BY r.id LIMIT ?3",
            )
            .bind(import)
            .bind(Standing::Retracted.number())
            .bind(RETRACTED_AT_ONCE)
            .fetch_all(&mut *tx)
            .await?;
            if lacking.is_empty() {
                return Ok(retracted);
            }
            forgetting::retract(&mut tx, &lacking).await?;
            tx.commit().await?;
            retracted += lacking.len() as u64;
        }
    }

    /// What a dry run would retract: every record but those that it met.
    async fn count_lacking(&self) -> Result<u64, ImportError> {
        let mut reader = self.register.store.reader().await?;
        let standing: i64 = sqlx::query_scalar("SELECT count(*) FROM record WHERE disposition <> ?")
            .bind(Standing::Retracted.number())
            .fetch_one(&mut *reader)
            .await?;
        let standing = u64::try_from(standing).unwrap_or(0);
        let met = self.summary.changed + self.summary.unchanged;
        Ok(standing.saturating_sub(met))
    }
}
