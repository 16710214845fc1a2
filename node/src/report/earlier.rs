//! Earlier: what the run before had.
//!
//! * Comes in: the lines of a report in its order, and the report of the run before, as it is kept. Goes out: for each line
//!   whether it is new; beside, the lines that are there no longer.
//! * Two lines are of one thing if record, kind and identifier are the same. The identifier is compared by its row in this
//!   bank's store, so that terms, key and disclosure of the two runs may differ, and no report holds a canonical value.
//! * Both reports stand in one order but for the identifiers of one record and kind, so they are read side by side, and in
//!   memory are the lines of one record and kind, and two parts.
//! * Fails with the store: a report that cannot be read back is a damaged store.

use lianfang_trust::at_rest::ColumnCipher;
use zeroize::{Zeroize as _, Zeroizing};

use super::ReportError;
use super::keep::{Form, cipher, part};
use super::row::Line;
use crate::store::{Connection, Store, StoreError};

const INDEX_BYTES: usize = size_of::<i64>();

/// What a report is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// With nothing: the job is no schedule's.
    NoSchedule,
    /// With nothing: it is the schedule's first run that this bank has a report of.
    Nothing,
    /// With the report of this job (its row in the store).
    Report(i64),
}

fn malformed() -> StoreError {
    StoreError::Malformed { table: "report_part", column: "body" }
}

/// One form of a kept report, from front to back.
struct Kept {
    job: i64,
    form: Form,
    next_part: Option<u32>,
    text: Zeroizing<Vec<u8>>,
    read: usize,
}

impl Kept {
    fn new(job: i64, form: Form) -> Self {
        Self { job, form, next_part: Some(0), text: Zeroizing::default(), read: 0 }
    }

    /// Another part behind what is not read yet; `false` at the end.
    async fn more(&mut self, cipher: &ColumnCipher, tx: &mut Connection) -> Result<bool, StoreError> {
        let Some(number) = self.next_part else { return Ok(false) };
        let found = part(cipher, tx, (self.job, self.form, number)).await?;
        let (text, last) = found.ok_or_else(malformed)?;
        self.next_part = (!last).then_some(number + 1);
        let left = self.text.len() - self.read;
        self.text.copy_within(self.read.., 0);
        self.text[left..].zeroize();
        self.text.truncate(left);
        self.read = 0;
        self.text.extend_from_slice(&text);
        Ok(true)
    }

    /// As many bytes as `length` finds among those that are not read; `None` at the end.
    async fn take(
        &mut self,
        cipher: &ColumnCipher,
        tx: &mut Connection,
        length: impl Fn(&[u8]) -> Option<usize>,
    ) -> Result<Option<&[u8]>, StoreError> {
        loop {
            let rest = &self.text[self.read..];
            if let Some(length) = length(rest) {
                let from = self.read;
                self.read += length;
                return Ok(Some(&self.text[from..from + length]));
            }
            let at_end = rest.is_empty();
            if !self.more(cipher, &mut *tx).await? {
                return if at_end { Ok(None) } else { Err(malformed()) };
            }
        }
    }
}

/// A line of the report of the run before.
struct Had {
    line: Line<'static>,
    identifier: i64,
    seen: bool,
}

impl Had {
    fn key(&self) -> (&str, &str) {
        (&self.line.record, &self.line.kind)
    }
}

/// Both forms of the report of the run before.
struct Side {
    cipher: ColumnCipher,
    lines: Kept,
    identifiers: Kept,
}

impl Side {
    async fn next(&mut self, tx: &mut Connection) -> Result<Option<Had>, StoreError> {
        let end = |text: &[u8]| text.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let Some(line) = self.lines.take(&self.cipher, &mut *tx, end).await? else { return Ok(None) };
        let line = serde_json::from_slice(line).map_err(|_| malformed())?;
        let whole = |text: &[u8]| (text.len() >= INDEX_BYTES).then_some(INDEX_BYTES);
        let identifier = self.identifiers.take(&self.cipher, tx, whole).await?;
        let identifier = identifier.and_then(|bytes| bytes.try_into().ok()).ok_or_else(malformed)?;
        Ok(Some(Had { line, identifier: i64::from_be_bytes(identifier), seen: false }))
    }
}

/// Reads the report of the run before beside the one that is written.
pub(super) struct Comparison {
    side: Option<Side>,
    /// The lines of the record and kind that is being compared.
    group: Vec<Had>,
    /// The first line behind them.
    ahead: Option<Had>,
    begun: bool,
    /// Lines that both have.
    pub(super) still: u64,
    /// Lines that only the one before has.
    pub(super) gone: u64,
}

impl Comparison {
    pub(super) fn with(store: &Store, earlier: Earlier) -> Self {
        let side = match earlier {
            Earlier::NoSchedule | Earlier::Nothing => None,
            Earlier::Report(job) => Some(Side {
                cipher: cipher(store),
                lines: Kept::new(job, Form::JsonLines),
                identifiers: Kept::new(job, Form::Identifiers),
            }),
        };
        Self { side, group: Vec::new(), ahead: None, begun: false, still: 0, gone: 0 }
    }

    async fn advance(&mut self, tx: &mut Connection) -> Result<Option<Had>, StoreError> {
        let next = match &mut self.side {
            Some(side) => side.next(tx).await?,
            None => None,
        };
        Ok(std::mem::replace(&mut self.ahead, next))
    }

    /// Whether the run before lacks this line. What it had before this line, and this report has not, is appended to `gone`.
    pub(super) async fn is_new(
        &mut self,
        tx: &mut Connection,
        line: &Line<'_>,
        identifier: i64,
        gone: &mut Vec<u8>,
    ) -> Result<bool, ReportError> {
        let key = (&*line.record, &*line.kind);
        if self.group.first().is_none_or(|first| first.key() != key) {
            self.part_with_group(gone)?;
            if !self.begun {
                self.begun = true;
                self.advance(&mut *tx).await?;
            }
            while self.ahead.as_ref().is_some_and(|ahead| ahead.key() <= key) {
                let Some(had) = self.advance(&mut *tx).await? else { break };
                if had.key() == key {
                    self.group.push(had);
                } else {
                    self.part_with(had, gone)?;
                }
            }
        }
        let found = self.group.iter_mut().find(|had| had.identifier == identifier);
        let is_new = found.map(|had| had.seen = true).is_none();
        self.still += u64::from(!is_new);
        Ok(is_new)
    }

    /// Appends some of what is left of the run before to `gone`; `false` once nothing is.
    pub(super) async fn drain(
        &mut self,
        tx: &mut Connection,
        gone: &mut Vec<u8>,
    ) -> Result<bool, ReportError> {
        self.part_with_group(gone)?;
        let first = !self.begun;
        self.begun = true;
        let had = self.advance(tx).await?;
        let more = first || had.is_some();
        if let Some(had) = had {
            self.part_with(had, gone)?;
        }
        Ok(more)
    }

    fn part_with_group(&mut self, gone: &mut Vec<u8>) -> Result<(), ReportError> {
        for had in std::mem::take(&mut self.group) {
            if !had.seen {
                self.part_with(had, gone)?;
            }
        }
        Ok(())
    }

    fn part_with(&mut self, had: Had, gone: &mut Vec<u8>) -> Result<(), ReportError> {
        self.gone += 1;
        Line { new: false, ..had.line }.write_csv(gone)?;
        Ok(())
    }
}
