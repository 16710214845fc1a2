//! The header under which a bank submits its rows.

use lianfang_trust::{Canonical, DecodeError, Decoder, Digest, Encoder};

use super::Fields;
use crate::ids::BankId;
use crate::limits;

/// Binds a bank to exactly these rows for these terms; signed by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionHeader {
    /// `D`.
    pub terms_digest: Digest,
    /// Whose rows.
    pub bank: BankId,
    /// Rows, the padding included: a power of two.
    pub rows: u64,
    /// Bytes of one row.
    pub row_bytes: u32,
    /// The Merkle root of all rows.
    pub root: [u8; 32],
    /// SHA-256 of the padding's seed.
    pub padding_commitment: [u8; 32],
}

impl Canonical for SubmissionHeader {
    const DOMAIN: &'static str = "lianfang/submission-header";
    const MAX_BYTES: usize = 1_024;

    fn write(&self, to: &mut Encoder) {
        to.fixed(self.terms_digest.as_bytes())
            .text(self.bank.as_str())
            .u64(self.rows)
            .u32(self.row_bytes)
            .fixed(&self.root)
            .fixed(&self.padding_commitment);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let header = Self {
            terms_digest: from.digest("terms_digest")?,
            bank: from.bank("bank")?,
            rows: from.u64("rows")?,
            row_bytes: from.u32("row_bytes")?,
            root: from.fixed("root")?,
            padding_commitment: from.fixed("padding_commitment")?,
        };
        if !header.rows.is_power_of_two() || header.rows > limits::SUBMISSION_ROWS {
            return Err(DecodeError::Value { field: "rows", why: "must be a power of two within the limit" });
        }
        Ok(header)
    }
}
