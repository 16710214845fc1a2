//! Reads, normalises and sorts a file on a thread of its own.
//!
//! Comes in: the entries of a file. Goes out: its rows, sorted by record, in sealed spills; the issues; and on the way how
//! many rows were read. Memory is that of the sorters, whatever the file's size. Fails with the reader's error, or because
//! the file is not what was opened any more.
//!
//! A large file is kept on the way (`kept`), each time that a sorter is full. Who reads it again goes through the rows that
//! are kept without looking at them; when all of them are, it is not read at all.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rand_core::CryptoRng;
use tokio::sync::{OwnedMutexGuard, mpsc};
use tokio::task::JoinHandle;

use super::kept::{Kept, Stage};
use super::origin::Origin;
use super::pending::Pending;
use super::subject::Subject;
use super::{ImportError, Seals};
use crate::ingest::{Entry, IngestError, Issue};
use crate::normalise::Rules;
use crate::pipeline::spill::{BUFFER_BYTES, Sorted, Sorter};
use crate::store::StoreError;

/// Rows between two tellings.
const TOLD_ROWS: u64 = 2048;
/// Bytes in a sorter's memory with which the reading is kept: nearly all it takes before it spills by itself.
const SETTLED_BYTES: usize = BUFFER_BYTES / 8 * 7;

/// A file that was read to its end.
pub(super) struct ReadFile {
    pub(super) rows: u64,
    /// How many of them an earlier reading had taken.
    pub(super) taken_up: u64,
    /// By record, then by row.
    pub(super) subjects: Sorted,
    pub(super) pending: Pending,
    /// The first rows that name another record each, for a preview.
    pub(super) first: Vec<Subject>,
}

/// Reads entry after entry.
pub(super) struct Reading {
    rules: Rules,
    seals: Arc<Seals>,
    sorter: Sorter,
    pending: Pending,
    rows: u64,
    first: Vec<Subject>,
    wanted_first: usize,
    named: HashSet<i64>,
    /// What is read, if it is a file.
    origin: Option<Origin>,
    kept: Option<Kept>,
    /// What was kept last, and how many rows had been kept before this reading.
    stage: Stage,
    taken_up: u64,
}

/// A spill fails as the store beside it would.
#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
pub(super) fn spilled(error: io::Error) -> ImportError {
    StoreError::of_file(&error).into()
}

impl Reading {
    /// Rows spill into unnamed files in `folder`, or are kept where an earlier reading may have kept some; the first few
    /// are held for a preview.
    pub(super) fn new(
        folder: &Path,
        rng: &mut dyn CryptoRng,
        rules: Rules,
        seals: Arc<Seals>,
        kept: Option<(Kept, Option<Stage>)>,
        wanted_first: usize,
    ) -> io::Result<Self> {
        let (kept, stage) = kept.map_or((None, None), |(kept, stage)| (Some(kept), stage));
        let stage = stage.unwrap_or_default();
        let (sorter, pending) = match &kept {
            Some(kept) => {
                let (folder, [of_rows, of_issues]) = (kept.folder(), kept.sorters(&stage));
                let pending = Pending::kept(folder, &of_issues, &stage, rng)?;
                (Sorter::kept(folder, &of_rows, rng)?, pending)
            }
            None => (Sorter::new(folder, rng), Pending::new(folder, rng)),
        };
        let (first, named, taken_up) = (Vec::new(), HashSet::new(), stage.rows);
        let origin = None;
        Ok(Self {
            rules,
            seals,
            sorter,
            pending,
            rows: 0,
            first,
            wanted_first,
            named,
            origin,
            kept,
            stage,
            taken_up,
        })
    }

    /// Starts. The channel ends with the file; dropping it ends the reading. The handle tells an end from a thread that
    /// died. `alone` is held until the thread has ended, for it writes into one place.
    pub(super) fn start<I>(
        mut self,
        entries: I,
        origin: Option<Origin>,
        alone: Arc<OwnedMutexGuard<()>>,
    ) -> (mpsc::Receiver<u64>, JoinHandle<Result<ReadFile, ImportError>>)
    where
        I: Iterator<Item = Result<Entry, IngestError>> + Send + 'static,
    {
        self.origin = origin;
        let (sender, receiver) = mpsc::channel(1);
        let reader = tokio::task::spawn_blocking(move || {
            let _alone = alone;
            if self.stage.whole {
                self.rows = self.stage.rows;
            } else {
                let read = self.read(entries, &sender);
                // What is wrong with a file that changes meanwhile may be that it changed.
                self.unchanged()?;
                read?;
            }
            let subjects = self.sorter.finish().map_err(spilled)?;
            let (rows, pending, first) = (self.rows, self.pending, self.first);
            Ok(ReadFile { rows, taken_up: self.taken_up, subjects, pending, first })
        });
        (receiver, reader)
    }

    fn read<I>(&mut self, entries: I, told: &mpsc::Sender<u64>) -> Result<(), ImportError>
    where
        I: Iterator<Item = Result<Entry, IngestError>>,
    {
        let mut issues = Vec::new();
        for entry in entries {
            let entry = entry?;
            self.rows += 1;
            if self.rows > self.taken_up {
                self.take(entry, &mut issues)?;
            }
            if self.rows.is_multiple_of(TOLD_ROWS) && told.blocking_send(self.rows).is_err() {
                return Err(ImportError::ReaderStopped);
            }
        }
        // A file that has less rows than were kept of it is none that was kept.
        if self.rows < self.taken_up {
            return Err(spilled(io::ErrorKind::InvalidData.into()));
        }
        // One that never filled a sorter is read again sooner than kept.
        if self.stage.rows > 0 { self.keep(true) } else { Ok(()) }
    }

    fn unchanged(&self) -> Result<(), ImportError> {
        match self.origin.as_ref().map(Origin::is_intact) {
            None | Some(Ok(true)) => Ok(()),
            Some(Ok(false)) => Err(ImportError::Changed),
            // Nobody can say: what is kept stays, for its digest tells whether it is of this file.
            Some(Err(error)) => Err(IngestError::Read(error).into()),
        }
    }

    fn keep(&mut self, whole: bool) -> Result<(), ImportError> {
        // Rows of another state than the one that has the digest would be taken up as its own.
        self.unchanged()?;
        let Some(kept) = &mut self.kept else { return Ok(()) };
        (self.stage.rows, self.stage.whole) = (self.rows, whole);
        self.stage.runs[0] = self.sorter.settle().map_err(spilled)?;
        self.pending.settle(&mut self.stage).map_err(spilled)?;
        kept.save(&self.stage)
    }

    fn take(&mut self, mut entry: Entry, issues: &mut Vec<Issue>) -> Result<(), ImportError> {
        issues.append(&mut entry.issues);
        if let Some(row) = &entry.row {
            let subject = Subject::of_row(row, self.rules, &self.seals, issues);
            self.sorter.push(subject.bytes()).map_err(spilled)?;
            if self.first.len() < self.wanted_first
                && subject.record().is_some_and(|(id, _)| self.named.insert(id))
            {
                self.first.push(subject);
            }
        } else {
            // It stands in the file nevertheless, and what it names is not lacking.
            let record = issues.iter().map(|issue| issue.record.as_str()).find(|record| !record.is_empty());
            self.sorter.push(&Subject::unread(record, &self.seals)).map_err(spilled)?;
        }
        for issue in issues.drain(..) {
            self.pending.push(&issue).map_err(spilled)?;
        }
        if self.sorter.unsettled().max(self.pending.unsettled()) < SETTLED_BYTES {
            return Ok(());
        }
        self.keep(false)
    }
}
