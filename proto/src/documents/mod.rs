//! What parties sign: one file per document, each with its canonical encoding.
//!
//! Comes in: bytes that a peer sent or a disk held. Goes out: a domain type whose fields are all of their form, or a
//! [`DecodeError`] that names the field. A document says nothing of who signed it: it is
//! opened with the key that the reader has pinned (`lianfang_trust::Signed::open`).

pub mod ceremony;
pub mod certificate;
pub mod enrolment;
pub mod evaluation;
pub mod key_record;
pub mod membership;
pub mod roster;
pub mod submission;
pub mod terms;

use lianfang_trust::{DecodeError, Decoder, Digest, Encoder, VerifyingKey};

use crate::ids::{BankId, GroupId};
use crate::limits;

/// Field readers that several documents share; each turns a malformed value into an error with the field's name.
pub(crate) trait Fields {
    fn bank(&mut self, field: &'static str) -> Result<BankId, DecodeError>;
    fn group(&mut self, field: &'static str) -> Result<GroupId, DecodeError>;
    fn digest(&mut self, field: &'static str) -> Result<Digest, DecodeError>;
    fn key(&mut self, field: &'static str) -> Result<VerifyingKey, DecodeError>;
    fn free_text(&mut self, field: &'static str) -> Result<String, DecodeError>;
}

const NAME_BYTES: usize = 32;

impl Fields for Decoder<'_> {
    fn bank(&mut self, field: &'static str) -> Result<BankId, DecodeError> {
        let text = self.text(field, NAME_BYTES)?;
        BankId::parse(text, field).map_err(|_| DecodeError::Value { field, why: "is not a bank's id" })
    }

    fn group(&mut self, field: &'static str) -> Result<GroupId, DecodeError> {
        let text = self.text(field, NAME_BYTES)?;
        GroupId::parse(text, field)
            .map_err(|_| DecodeError::Value { field, why: "is not a legal group's id" })
    }

    fn digest(&mut self, field: &'static str) -> Result<Digest, DecodeError> {
        self.fixed(field).map(Digest::from_bytes)
    }

    fn key(&mut self, field: &'static str) -> Result<VerifyingKey, DecodeError> {
        let bytes = self.fixed(field)?;
        VerifyingKey::from_bytes(&bytes)
            .map_err(|_| DecodeError::Value { field, why: "is not a usable Ed25519 key" })
    }

    fn free_text(&mut self, field: &'static str) -> Result<String, DecodeError> {
        self.text(field, limits::TEXT_BYTES).map(str::to_owned)
    }
}

/// The member of a closed list with this number.
pub(crate) fn listed<T>(
    field: &'static str,
    number: u8,
    from_number: impl Fn(u8) -> Option<T>,
) -> Result<T, DecodeError> {
    from_number(number).ok_or(DecodeError::Value { field, why: "is not in this program's catalogue" })
}

/// Writes a text field of a bank's or group's id.
pub(crate) fn write_bank(to: &mut Encoder, bank: &BankId) {
    to.text(bank.as_str());
}
