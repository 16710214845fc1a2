//! The key record: which key it is, who holds it, and its public values. Signed by every holder.

use lianfang_trust::{Canonical, DecodeError, Decoder, Digest, Encoder, Signature, VerifyingKey};

use super::Fields;
use super::ceremony::{check_holders, read_key, write_key};
use crate::ids::{BankId, KeyId};
use crate::limits;

/// One holder of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The bank.
    pub bank: BankId,
    /// By which it signs its answers.
    pub identity: VerifyingKey,
    /// SHA-256 of its certificate's public key.
    pub certificate_key: [u8; 32],
    /// `Y_j = k_j·B`, encoded.
    pub public_share: [u8; 32],
}

/// What people compare by their short digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Class, epoch, generation.
    pub key: KeyId,
    /// `T`.
    pub threshold: u16,
    /// The roster under which the ceremony was held.
    pub roster_digest: Digest,
    /// `Y = k·B`, encoded.
    pub public_key: [u8; 32],
    /// In the order of their share indices (the first has index 1).
    pub holders: Vec<Holder>,
}

impl KeyRecord {
    /// The holder with this id, and its share's index.
    pub fn holder(&self, bank: &BankId) -> Option<(u16, &Holder)> {
        (1..).zip(&self.holders).find(|(_, holder)| &holder.bank == bank)
    }
}

impl Canonical for KeyRecord {
    const DOMAIN: &'static str = "lianfang/key-record";
    const MAX_BYTES: usize = 32 * 1_024;

    fn write(&self, to: &mut Encoder) {
        write_key(to, self.key);
        to.u16(self.threshold).fixed(self.roster_digest.as_bytes()).fixed(&self.public_key).list(
            &self.holders,
            |to, holder| {
                to.text(holder.bank.as_str())
                    .fixed(holder.identity.as_bytes())
                    .fixed(&holder.certificate_key)
                    .fixed(&holder.public_share);
            },
        );
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let record = Self {
            key: read_key(from)?,
            threshold: from.u16("threshold")?,
            roster_digest: from.digest("roster_digest")?,
            public_key: from.fixed("public_key")?,
            holders: from.list("holders", limits::HOLDERS, |from| {
                Ok(Holder {
                    bank: from.bank("holder.bank")?,
                    identity: from.key("holder.identity")?,
                    certificate_key: from.fixed("holder.certificate_key")?,
                    public_share: from.fixed("holder.public_share")?,
                })
            })?,
        };
        let banks: Vec<BankId> = record.holders.iter().map(|h| h.bank.clone()).collect();
        check_holders(record.threshold, &banks)?;
        Ok(record)
    }
}

/// A key record with the signatures of all its holders, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndorsedKeyRecord {
    record: KeyRecord,
    signatures: Vec<[u8; 64]>,
}

impl EndorsedKeyRecord {
    /// Puts a record and its signatures together, if every holder has signed.
    pub fn new(record: KeyRecord, signatures: Vec<[u8; 64]>) -> Result<Self, DecodeError> {
        let endorsed = Self { record, signatures };
        endorsed.verify()?;
        Ok(endorsed)
    }

    /// The record, which every holder that it names has signed.
    pub fn record(&self) -> &KeyRecord {
        &self.record
    }

    fn verify(&self) -> Result<(), DecodeError> {
        const FIELD: &str = "signatures";
        if self.signatures.len() != self.record.holders.len() {
            return Err(DecodeError::Value { field: FIELD, why: "must be one of every holder" });
        }
        let all = self
            .record
            .holders
            .iter()
            .zip(&self.signatures)
            .all(|(h, s)| h.identity.verify_value(&self.record, &Signature::from_bytes(*s)).is_ok());
        if all { Ok(()) } else { Err(DecodeError::Value { field: FIELD, why: "do not all verify" }) }
    }
}

impl Canonical for EndorsedKeyRecord {
    const DOMAIN: &'static str = "lianfang/endorsed-key-record";
    const MAX_BYTES: usize = 48 * 1_024;

    fn write(&self, to: &mut Encoder) {
        to.nested(&self.record).list(&self.signatures, |to, signature| {
            to.fixed(signature);
        });
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let record = from.nested("record")?;
        Self::new(record, from.list("signatures", limits::HOLDERS, |from| from.fixed("signature"))?)
    }
}
