//! The report room: from the coordinator's stream of one job to this bank's own report of it.
//!
//! * Comes in: the terms, this bank's submission files, the coordinator's slices, the cached outputs and the records behind
//!   the bank's own identifiers (two ports). Goes out: a report, kept sealed and written to files on demand, and the
//!   [`Outcome`] for the signed return.
//! * Never sees: another bank's records beyond the labels that open, anything under the match threshold, the network.
//! * Trusts: the keys under which the sources' headers were opened, and its own files. **Not the coordinator**: a row counts
//!   if it stands in the tree whose root its bank signed, under a tag that this bank submitted itself; a match counts if
//!   labels of enough legal groups open. Under `count` no label travels, and the number is the coordinator's word.
//! * Fails with a [`ReportError`]: what is wrong with the stream is a [`Fault`] that names source or coordinator, and then
//!   nothing of the report is shown. A match of which too few labels open is counted, and the rest stands.
//!
//! | file | answers |
//! | --- | --- |
//! | `read` | are the slices in order, and are the sources who they say? |
//! | `verify`, `own_rows` | do the rows lead to the signed roots, and are the tags our own? |
//! | `accept` | which matches count, and which records stand behind them? |
//! | `row` | what does one row say, and in which order do rows stand? |
//! | `earlier` | which rows had the run before, and which are gone? |
//! | `keep` | how is the report stored, and given out again? |
//! | `outcome` | what is told of it outside the bank? |
//! | `shelves` | how does the register serve the two ports? |
//!
//! Each step takes only what the step before it made, and nobody else can make that: [`Verified`], then [`Accepted`].
//! Memory is bounded by construction: one hash for each level of each source's tree, the sorters' buffers, and a batch of
//! matches; whatever is larger lies in sealed, unnamed files. Rows, files and spills are read in short blocking calls.
//!
//! # The two forms
//!
//! `report.csv`: UTF-8 with a mark, comma, RFC 4180 with quotes only where needed, LF, always a header. A cell that would
//! begin with `=`, `+`, `-` or `@` gets an apostrophe in front. `report.jsonl`: the same fields in the same order, one
//! compact object in a line, no mark, no apostrophes; `banks` is a number, `bank_ids` an array of strings, `labels` an array
//! of objects, `new` a boolean; what the disclosure does not tell is an empty array.
//!
//! `gone.csv` stands beside them in a schedule's run and has the columns of `report.csv`: the rows that this bank's report
//! of the run before had and this one has not, as they stood there; `new` is `false`.

mod accept;
mod earlier;
mod keep;
mod outcome;
mod own_rows;
mod read;
mod row;
mod shelves;
mod verify;

use std::io;
use std::path::Path;

use async_trait::async_trait;
use lianfang_crypto::oprf::finalise::Output;
use lianfang_proto::catalogue::Role;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::ids::BankId;
use lianfang_proto::{Fault, FaultCode};

pub use accept::{Accepted, accept};
pub use earlier::Earlier;
pub use keep::{Form, copy_out, export, is_kept, keep};
pub use outcome::{Outcome, SUPPRESSED_BELOW, suppressed};
pub use read::read;
pub use verify::{Verified, Verifier};

use crate::normalise::Canonical;
use crate::pipeline::submit::SubmissionFiles;
use crate::ports::Chance;
use crate::store::StoreError;

/// Whom faults name that are nobody's but the sender's.
const COORDINATOR: &str = "coordinator";

/// One job, as this bank took part in it.
#[derive(Clone, Copy)]
pub struct Participation<'a> {
    /// What was agreed.
    pub terms: &'a Terms,
    /// This bank.
    pub bank: &'a BankId,
    /// What it submitted.
    pub files: &'a SubmissionFiles,
    /// Where sealed spills may lie.
    pub spool: &'a Path,
    /// Keys of spills come from here.
    pub chance: &'a dyn Chance,
}

/// The sealed cache of outputs.
#[async_trait]
pub trait Outputs: Send + Sync {
    /// The outputs of these identifiers (rows of the store), in any order; those without one are left out.
    async fn outputs_of(&self, identifiers: &[i64]) -> Result<Vec<(i64, Output)>, StoreError>;
}

/// The register, as far as the terms admit it.
#[async_trait]
pub trait Mentions: Send + Sync {
    /// Every eligible record that mentions one of these identifiers, in any order, each pair once.
    async fn mentions_of(&self, identifiers: &[i64]) -> Result<Vec<Mention>, StoreError>;
}

/// A record that mentions an identifier. Personal data; no `Debug`.
pub struct Mention {
    /// The identifier's row in the store.
    pub identifier: i64,
    /// Its canonical form.
    pub value: Canonical,
    /// The bank's own case number.
    pub record: String,
    /// What the record says its subject is.
    pub role: Role,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// What came is not sound; nothing of it is shown.
    #[error("the report is refused: {0}")]
    Refused(#[from] Fault),
    /// A submission file, a spill or a file of the report could not be read or written.
    #[error("a file of the report could not be read or written: {0}")]
    Disk(#[from] io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A cached output does not lead to the tag that was submitted with it.
    #[error("a cached output is not the one that was submitted; the store was changed, restore a backup")]
    OtherOutput,
    /// No report of the job is kept.
    #[error(
        "no report of this job is kept; wait until the job has reached its report, or it is past its time"
    )]
    NotKept,
}

impl From<ReportError> for Fault {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Refused(fault) => fault,
            ReportError::Disk(error) => crate::fault::of_file(&error),
            ReportError::Store(error) => crate::fault::of_store(&error),
            ReportError::NotKept => Self::new(FaultCode::JobNotReady),
            other @ ReportError::OtherOutput => Self::new(FaultCode::Internal).got(other),
        }
    }
}

#[cfg(test)]
mod tests;
