//! Rows that a thread of their own reads, for libraries that lend what they read and cannot be asked row by row.
//!
//! Comes in: a reader that hands over row after row. Goes out: the same rows, in order; a few batches are on the way at
//! most, so a reader waits for whoever takes them. Dropping this end ends the reading. A reader that panics on bytes that
//! its library did not expect ends the table with [`IngestError::Damaged`], and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::IngestError;
use super::line::{Line, Rows};

/// Rows that go over at once, and bytes of them.
const BATCH_ROWS: usize = 256;
const BATCH_BYTES: usize = 256 * 1024;
/// Batches that may wait.
const WAITING: usize = 2;

type Batch = Result<Vec<Line>, IngestError>;

/// Nobody takes rows any more.
pub(super) struct Unwanted;

/// Where a reader hands its rows over.
pub(super) struct Outlet {
    to: SyncSender<Batch>,
    batch: Vec<Line>,
    bytes: usize,
}

impl Outlet {
    pub(super) fn give(&mut self, line: Line) -> Result<(), Unwanted> {
        self.bytes += match &line {
            Line::Cells(cells) => cells.bytes(),
            Line::Unreadable(_) => 0,
        };
        self.batch.push(line);
        if self.batch.len() < BATCH_ROWS && self.bytes < BATCH_BYTES { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), Unwanted> {
        self.bytes = 0;
        self.to.send(Ok(std::mem::take(&mut self.batch))).map_err(|_| Unwanted)
    }
}

/// Why a reader stopped before its end.
pub(super) enum Stop {
    /// Nobody takes rows any more.
    Unwanted,
    /// The table cannot be read on.
    Failed(IngestError),
}

impl From<Unwanted> for Stop {
    fn from(Unwanted: Unwanted) -> Self {
        Self::Unwanted
    }
}

impl<E: Into<IngestError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

pub(super) struct Piped {
    from: Receiver<Batch>,
    batch: std::vec::IntoIter<Line>,
}

impl Piped {
    /// Starts to read.
    pub(super) fn start(
        read: impl FnOnce(&mut Outlet) -> Result<(), Stop> + Send + 'static,
    ) -> Result<Self, IngestError> {
        let (to, from) = sync_channel(WAITING);
        let reader = move || {
            let mut outlet = Outlet { to: to.clone(), batch: Vec::new(), bytes: 0 };
            let ended = catch_unwind(AssertUnwindSafe(|| read(&mut outlet)));
            // Whoever is gone needs no last word.
            let _ = match ended {
                Ok(Ok(())) => outlet.flush().map_err(drop),
                Ok(Err(Stop::Unwanted)) => Ok(()),
                Ok(Err(Stop::Failed(error))) => to.send(Err(error)).map_err(drop),
                Err(_) => to.send(Err(IngestError::Damaged)).map_err(drop),
            };
        };
        std::thread::Builder::new().name("register-file".to_owned()).spawn(reader)?;
        Ok(Self { from, batch: Vec::new().into_iter() })
    }
}

impl Rows for Piped {
    fn next(&mut self) -> Result<Option<Line>, IngestError> {
        loop {
            if let Some(line) = self.batch.next() {
                return Ok(Some(line));
            }
            match self.from.recv() {
                Ok(batch) => self.batch = batch?.into_iter(),
                Err(_) => return Ok(None),
            }
        }
    }
}

/// Does work on bytes of which a library may panic.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, IngestError>) -> Result<T, IngestError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(IngestError::Damaged))
}
