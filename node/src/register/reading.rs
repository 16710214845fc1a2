//! Reads, normalises and sorts a file on a thread of its own.
//!
//! Comes in: the entries of a file. Goes out: its rows, sorted by record, in sealed spills; the issues; and on the way how
//! many rows were read. Memory is that of the sorters, whatever the file's size. Fails with the reader's error.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rand_core::CryptoRng;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::pending::Pending;
use super::subject::Subject;
use super::{ImportError, Seals};
use crate::ingest::{Entry, IngestError, Issue};
use crate::normalise::Rules;
use crate::pipeline::spill::{Sorted, Sorter};
use crate::store::StoreError;

/// Rows between two tellings.
const TOLD_ROWS: u64 = 2048;

/// A file that was read to its end.
pub(super) struct ReadFile {
    pub(super) rows: u64,
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
}

/// A spill fails as the store beside it would.
#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
pub(super) fn spilled(error: io::Error) -> ImportError {
    StoreError::of_file(&error).into()
}

impl Reading {
    /// Rows spill into unnamed files in `folder`; the first few are kept for a preview.
    pub(super) fn new(
        folder: &Path,
        rng: &mut dyn CryptoRng,
        rules: Rules,
        seals: Arc<Seals>,
        wanted_first: usize,
    ) -> Self {
        let (sorter, pending) = (Sorter::new(folder, rng), Pending::new(folder, rng));
        let (first, named) = (Vec::new(), HashSet::new());
        Self { rules, seals, sorter, pending, rows: 0, first, wanted_first, named }
    }

    /// Starts. The channel ends with the file; dropping it ends the reading. The handle tells an end from a thread that
    /// died.
    pub(super) fn start<I>(
        mut self,
        entries: I,
    ) -> (mpsc::Receiver<u64>, JoinHandle<Result<ReadFile, ImportError>>)
    where
        I: Iterator<Item = Result<Entry, IngestError>> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(1);
        let reader = tokio::task::spawn_blocking(move || {
            let mut issues = Vec::new();
            for entry in entries {
                self.take(entry?, &mut issues)?;
                if self.rows.is_multiple_of(TOLD_ROWS) && sender.blocking_send(self.rows).is_err() {
                    return Err(ImportError::ReaderStopped);
                }
            }
            let subjects = self.sorter.finish().map_err(spilled)?;
            Ok(ReadFile { rows: self.rows, subjects, pending: self.pending, first: self.first })
        });
        (receiver, reader)
    }

    fn take(&mut self, mut entry: Entry, issues: &mut Vec<Issue>) -> Result<(), ImportError> {
        self.rows += 1;
        issues.append(&mut entry.issues);
        if let Some(row) = &entry.row {
            let subject = Subject::of_row(row, self.rules, &self.seals, issues);
            self.sorter.push(subject.bytes()).map_err(spilled)?;
            if self.first.len() < self.wanted_first
                && subject.record().is_some_and(|(id, _)| self.named.insert(id))
            {
                self.first.push(subject);
            }
        }
        for issue in issues.drain(..) {
            self.pending.push(&issue).map_err(spilled)?;
        }
        Ok(())
    }
}
