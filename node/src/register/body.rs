//! The rest of a record: what only the bank's own people read. Sealed.
//!
//! A record is kept in two parts, for its reference and evidence stand in its mentions as well (`entry`):
//! `said` is `facts ‖ reference ‖ evidence`, and the rest is `u8 held_by ‖ basis ‖ note ‖ name ‖ birth date`.

use lianfang_proto::catalogue::Hold;
use zeroize::Zeroizing;

use super::entry::{Fields, Said, push_text};

/// Why a file holds a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBy {
    /// Nothing does.
    Nothing,
    /// For this reason.
    Reason(Hold),
    /// For a reason that could not be read.
    Unreadable,
}

impl HeldBy {
    const UNREADABLE: u8 = 255;

    pub(super) fn number(self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Reason(hold) => hold.number(),
            Self::Unreadable => Self::UNREADABLE,
        }
    }

    pub(super) fn from_number(number: u8) -> Option<Self> {
        match (number, Hold::from_number(number)) {
            (0, _) => Some(Self::Nothing),
            (Self::UNREADABLE, _) => Some(Self::Unreadable),
            (_, hold) => hold.map(Self::Reason),
        }
    }
}

/// What is kept of a row beside its facts and identifiers. Personal data, and so no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    /// The bank's own case number.
    pub reference: String,
    /// Why the file holds it.
    pub held_by: HeldBy,
    /// Legal basis.
    pub basis: String,
    /// Digest of evidence, or a reference.
    pub evidence: String,
    /// Free text.
    pub note: String,
    /// The name as written.
    pub name: String,
    /// The birth date as written.
    pub birth_date: String,
}

/// Everything that is not among what mentions repeat.
pub(super) fn write_rest(row: &crate::ingest::Row, held_by: HeldBy, to: &mut Zeroizing<Vec<u8>>) {
    to.push(held_by.number());
    for text in [&row.basis, &row.note, &row.name, &row.birth_date] {
        push_text(to, text);
    }
}

impl Body {
    /// Reads the rest; reference and evidence are what its mentions repeat.
    pub(super) fn read(said: &Said<'_>, rest: &[u8]) -> Option<Self> {
        let mut fields = Fields::of(rest);
        let held_by = HeldBy::from_number(fields.u8()?)?;
        let mut text = || fields.text().map(str::to_owned);
        let (basis, note, name, birth_date) = (text()?, text()?, text()?, text()?);
        let (reference, evidence) = (said.reference.to_owned(), said.evidence?.to_owned());
        fields.end(Self { reference, held_by, basis, evidence, note, name, birth_date })
    }
}
