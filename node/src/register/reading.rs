//! Reads and normalises on a thread of its own, while the store writes what was read before.
//!
//! Comes in: the entries of a file. Goes out: batches over a short channel, so that memory holds a few of them whatever
//! the file's size. Fails with the reader's error, as the last thing sent.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Seals;
use super::subject::Subject;
use crate::ingest::{Entry, IngestError, Issue};
use crate::normalise::Rules;

const BATCH_ROWS: u64 = 2048;
const BATCH_BYTES: usize = 4 << 20;
const BATCHES_AHEAD: usize = 2;

/// Rows that are stored in one transaction.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) rows: u64,
    pub(super) subjects: Vec<Subject>,
    pub(super) issues: Vec<Issue>,
    weight: usize,
}

impl Batch {
    fn add(&mut self, entry: Entry, rules: Rules, seals: &Seals) {
        self.rows += 1;
        self.issues.extend(entry.issues);
        if let Some(row) = entry.row {
            let subject = Subject::read(row, rules, seals, &mut self.issues);
            self.weight += subject.weight();
            self.subjects.push(subject);
        }
    }

    const fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.weight >= BATCH_BYTES
    }
}

/// Starts reading. The channel ends after the last batch or the first error; dropping it ends the reading.
/// The handle tells an end from a thread that died.
pub(super) fn start<I>(
    entries: I,
    rules: Rules,
    seals: Arc<Seals>,
) -> (mpsc::Receiver<Result<Batch, IngestError>>, JoinHandle<()>)
where
    I: Iterator<Item = Result<Entry, IngestError>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
    let reader = tokio::task::spawn_blocking(move || {
        let mut batch = Batch::default();
        for entry in entries {
            match entry {
                Ok(entry) => batch.add(entry, rules, &seals),
                Err(error) => {
                    // Whoever no longer listens needs no error.
                    let _ = sender.blocking_send(Err(error));
                    return;
                }
            }
            if batch.is_full() && sender.blocking_send(Ok(std::mem::take(&mut batch))).is_err() {
                return;
            }
        }
        let _ = sender.blocking_send(Ok(batch));
    });
    (receiver, reader)
}
