//! What stands at a job's end: every bank's return, the coordinator's certificate, the countersignatures.

use lianfang_trust::canonical::strictly_ascending;
use lianfang_trust::{Canonical, DecodeError, Decoder, Digest, Encoder};

use super::{Fields, listed};
use crate::catalogue::Kind;
use crate::ids::BankId;
use crate::limits;

/// What a bank tells of its result; signed by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// `D`.
    pub terms_digest: Digest,
    /// Whose return.
    pub bank: BankId,
    /// SHA-512 over a salt of the bank's own and its report.
    pub result_digest: Digest,
    /// Matched identifiers by kind, sorted by kind; kinds with fewer than the suppression limit are left out.
    pub by_kind: Vec<(Kind, u64)>,
    /// Banks of whose rows too few opened: matches that were reported and not accepted.
    pub refused_matches: u64,
}

impl Canonical for Return {
    const DOMAIN: &'static str = "lianfang/return";
    const MAX_BYTES: usize = 4 * 1_024;

    fn write(&self, to: &mut Encoder) {
        to.fixed(self.terms_digest.as_bytes())
            .text(self.bank.as_str())
            .fixed(self.result_digest.as_bytes())
            .list(&self.by_kind, |to, (kind, count)| {
                to.u8(kind.number()).u64(*count);
            })
            .u64(self.refused_matches);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let value = Self {
            terms_digest: from.digest("terms_digest")?,
            bank: from.bank("bank")?,
            result_digest: from.digest("result_digest")?,
            by_kind: from.list("by_kind", Kind::ALL.len(), |from| {
                Ok((listed("kind", from.u8("kind")?, Kind::from_number)?, from.u64("count")?))
            })?,
            refused_matches: from.u64("refused_matches")?,
        };
        strictly_ascending("by_kind", &value.by_kind.iter().map(|(kind, _)| *kind).collect::<Vec<_>>())?;
        Ok(value)
    }
}

/// One participant in a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The participant.
    pub bank: BankId,
    /// What it submitted; `None` if it was missing.
    pub submission: Option<EntrySubmission>,
    /// The digest of its result; `None` if it made no return in time.
    pub result_digest: Option<Digest>,
}

/// What a participant submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntrySubmission {
    /// Padded rows.
    pub rows: u64,
    /// The Merkle root that its bank signed.
    pub root: [u8; 32],
}

/// The job's record; signed by the coordinator, countersigned by the participants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobCertificate {
    /// `D`.
    pub terms_digest: Digest,
    /// All participants, sorted by bank.
    pub entries: Vec<Entry>,
    /// When it was drawn up, in microseconds since 1970.
    pub certified_at: i64,
}

impl JobCertificate {
    /// The entry of this bank.
    pub fn entry(&self, bank: &BankId) -> Option<&Entry> {
        self.entries.binary_search_by(|e| e.bank.cmp(bank)).ok().map(|at| &self.entries[at])
    }
}

impl Canonical for JobCertificate {
    const DOMAIN: &'static str = "lianfang/job-certificate";
    const MAX_BYTES: usize = 256 * 1_024;

    fn write(&self, to: &mut Encoder) {
        to.fixed(self.terms_digest.as_bytes())
            .list(&self.entries, |to, entry| {
                to.text(entry.bank.as_str())
                    .option(entry.submission, |to, s| {
                        to.u64(s.rows).fixed(&s.root);
                    })
                    .option(entry.result_digest.as_ref(), |to, digest| {
                        to.fixed(digest.as_bytes());
                    });
            })
            .i64(self.certified_at);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let value = Self {
            terms_digest: from.digest("terms_digest")?,
            entries: from.list("entries", limits::PARTICIPANTS, |from| {
                Ok(Entry {
                    bank: from.bank("entry.bank")?,
                    submission: from.option("entry.submission", |from| {
                        Ok(EntrySubmission { rows: from.u64("entry.rows")?, root: from.fixed("entry.root")? })
                    })?,
                    result_digest: from
                        .option("entry.result_digest", |from| from.digest("entry.result_digest"))?,
                })
            })?,
            certified_at: from.i64("certified_at")?,
        };
        strictly_ascending("entries", &value.entries.iter().map(|e| &e.bank).collect::<Vec<_>>())?;
        Ok(value)
    }
}

/// A participant has checked the certificate; signed by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Countersignature {
    /// The digest of the certificate.
    pub certificate_digest: Digest,
    /// Who has checked it.
    pub bank: BankId,
}

impl Canonical for Countersignature {
    const DOMAIN: &'static str = "lianfang/countersignature";
    const MAX_BYTES: usize = 1_024;

    fn write(&self, to: &mut Encoder) {
        to.fixed(self.certificate_digest.as_bytes()).text(self.bank.as_str());
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { certificate_digest: from.digest("certificate_digest")?, bank: from.bank("bank")? })
    }
}
