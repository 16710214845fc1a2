//! Issues that wait until all of them are known, so that the rejects can list them in the order of rows.
//!
//! Comes in: issues as they are found. Goes out: all of them by row, and within a row in the order in which they came.
//! They lie in a sealed spill, for they name records. A reason is one of a closed list and is kept once.

use std::io::{self, Write};
use std::path::Path;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::ImportError;
use super::entry::{Fields, push_text};
use super::kept::Stage;
use super::reading::spilled;
use crate::ingest::{Issue, Reason, Rejects};
use crate::pipeline::spill::{Keep, Sorter};

/// Issues in the order in which they were found.
pub(super) struct Pending {
    sorter: Sorter,
    reasons: Vec<Reason>,
    found: u64,
}

impl Pending {
    /// None yet; they spill into unnamed files in `folder`.
    pub(super) fn new(folder: &Path, rng: &mut dyn CryptoRng) -> Self {
        Self { sorter: Sorter::new(folder, rng), reasons: Vec::new(), found: 0 }
    }

    /// Those that an earlier reading has kept.
    pub(super) fn kept(
        folder: &Path,
        keep: &Keep<'_>,
        stage: &Stage,
        rng: &mut dyn CryptoRng,
    ) -> io::Result<Self> {
        let sorter = Sorter::kept(folder, keep, rng)?;
        Ok(Self { sorter, reasons: stage.reasons.clone(), found: stage.found })
    }

    /// Puts all of them on the disk, and writes into the stage how they are found there.
    pub(super) fn settle(&mut self, stage: &mut Stage) -> io::Result<()> {
        stage.runs[1] = self.sorter.settle()?;
        stage.found = self.found;
        stage.reasons.clone_from(&self.reasons);
        Ok(())
    }

    /// Bytes of them that are not on the disk yet.
    pub(super) fn unsettled(&self) -> usize {
        self.sorter.unsettled()
    }

    /// Takes one.
    pub(super) fn push(&mut self, issue: &Issue) -> io::Result<()> {
        let reason = match self.reasons.iter().position(|reason| *reason == issue.reason) {
            Some(place) => place,
            None => {
                self.reasons.push(issue.reason);
                self.reasons.len() - 1
            }
        };
        let mut record = Zeroizing::new(Vec::with_capacity(32 + issue.record.len() + issue.column.len()));
        record.extend_from_slice(&issue.row.to_be_bytes());
        record.extend_from_slice(&self.found.to_be_bytes());
        record.extend_from_slice(&(reason as u64).to_be_bytes());
        push_text(&mut record, &issue.record);
        push_text(&mut record, &issue.column);
        self.found += 1;
        self.sorter.push(&record)
    }

    /// Writes all of them. Fails as the store, or as the writer.
    pub(super) fn write<W: Write>(self, rejects: &mut Rejects<W>) -> Result<(), ImportError> {
        let mut sorted = self.sorter.finish().map_err(spilled)?;
        while let Some(record) = sorted.next().map_err(spilled)? {
            let malformed = || spilled(io::ErrorKind::InvalidData.into());
            rejects.write(&read(record, &self.reasons).ok_or_else(malformed)?)?;
        }
        Ok(())
    }
}

fn read(record: &[u8], reasons: &[Reason]) -> Option<Issue> {
    let mut fields = Fields::of(record);
    let (row, _) = (u64::from_be_bytes(fields.fixed()?), fields.fixed::<8>()?);
    let reason = usize::try_from(u64::from_be_bytes(fields.fixed()?)).ok()?;
    let reason = *reasons.get(reason)?;
    let (record, column) = (fields.text()?.to_owned(), fields.text()?.to_owned());
    fields.end(Issue { row, record, column, reason })
}
