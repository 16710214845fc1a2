//! What is told of a report outside the bank: a digest that commits to it, and totals without small cells.
//!
//! Comes in: the counts of a report and the digest of its bytes. Goes out: the [`Return`] to be signed. Never: a number
//! under [`SUPPRESSED_BELOW`], of which somebody could guess whom it means.

use std::collections::BTreeMap;

use lianfang_proto::catalogue::Kind;
use lianfang_proto::documents::certificate::Return;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::ids::BankId;
use lianfang_trust::{Canonical as _, Digest};

/// Smaller totals are left out.
pub const SUPPRESSED_BELOW: u64 = 5;

/// How a job ended for this bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Rows of the report.
    pub rows: u64,
    /// Rows that the run before had, where there was one.
    pub still: u64,
    /// Rows of the run before that are there no longer.
    pub gone: u64,
    /// Distinct matched identifiers by kind; for this bank's own eyes.
    pub by_kind: BTreeMap<Kind, u64>,
    /// Matches that were reported and of which too few labels opened: the coordinator's fault.
    pub refused_matches: u64,
    /// Matches whose identifier has left the register since it was submitted.
    pub withdrawn: u64,
    /// By bank, how many of its labels did not open, in matches that count or do not.
    pub unopened: BTreeMap<BankId, u64>,
    /// SHA-512 over the salt and the bytes of `report.csv`.
    pub digest: Digest,
}

impl Outcome {
    /// What this bank returns.
    pub fn to_return(&self, terms: &Terms, bank: &BankId) -> Return {
        Return {
            terms_digest: terms.digest(),
            bank: bank.clone(),
            result_digest: self.digest,
            by_kind: suppressed(&self.by_kind),
            refused_matches: self.refused_matches,
        }
    }
}

/// The totals that may be told, by kind.
pub fn suppressed(by_kind: &BTreeMap<Kind, u64>) -> Vec<(Kind, u64)> {
    by_kind
        .iter()
        .filter(|(_, count)| **count >= SUPPRESSED_BELOW)
        .map(|(kind, count)| (*kind, *count))
        .collect()
}
