//! The rest of a record: what only the bank's own people read. Sealed.

use lianfang_proto::catalogue::Hold;
use lianfang_trust::{Canonical, DecodeError, Decoder, Encoder};

/// Reads no longer text than a row of a file can hold.
const TEXT_BYTES: usize = 1 << 20;

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

    fn number(self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Reason(hold) => hold.number(),
            Self::Unreadable => Self::UNREADABLE,
        }
    }

    fn from_number(number: u8) -> Result<Self, DecodeError> {
        match (number, Hold::from_number(number)) {
            (0, _) => Ok(Self::Nothing),
            (Self::UNREADABLE, _) => Ok(Self::Unreadable),
            (_, Some(hold)) => Ok(Self::Reason(hold)),
            (_, None) => Err(DecodeError::Value { field: "held_by", why: "is no hold of the catalogue" }),
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

impl Canonical for Body {
    const DOMAIN: &'static str = "lianfang/record-body";
    const MAX_BYTES: usize = 6 * TEXT_BYTES;

    fn write(&self, to: &mut Encoder) {
        to.text(&self.reference).u8(self.held_by.number()).text(&self.basis).text(&self.evidence);
        to.text(&self.note).text(&self.name).text(&self.birth_date);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let reference = from.text("reference", TEXT_BYTES)?.to_owned();
        let held_by = HeldBy::from_number(from.u8("held_by")?)?;
        let mut text = |field| from.text(field, TEXT_BYTES).map(str::to_owned);
        Ok(Self {
            reference,
            held_by,
            basis: text("basis")?,
            evidence: text("evidence")?,
            note: text("note")?,
            name: text("name")?,
            birth_date: text("birth_date")?,
        })
    }
}
