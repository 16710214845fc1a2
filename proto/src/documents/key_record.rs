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

/// Why a record does not follow on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotNext {
    /// Another class.
    #[error("class")]
    Class,
    /// No later epoch, or no later generation of the same.
    #[error("epoch")]
    Epoch,
    /// A refresh that changes `Y`.
    #[error("public_key")]
    PublicKey,
    /// A refresh with other holders, or another number of them needed.
    #[error("holders")]
    Holders,
    /// Fewer than `T` holders of the record before have signed it.
    #[error("signatures")]
    Signatures,
}

impl EndorsedKeyRecord {
    /// Whether this record may be taken because `before` was: `T` holders of that one have signed this one, under the
    /// same keys. Of the same epoch it has the same `Y`, holders and threshold and is of a later generation; else it is
    /// of a later epoch.
    pub fn follows(&self, before: &KeyRecord) -> Result<(), NotNext> {
        let record = &self.record;
        let (old, new) = (before.key, record.key);
        if old.class != new.class {
            return Err(NotNext::Class);
        }
        if (new.epoch, new.generation) <= (old.epoch, old.generation) {
            return Err(NotNext::Epoch);
        }
        if old.epoch == new.epoch {
            if before.public_key != record.public_key {
                return Err(NotNext::PublicKey);
            }
            let banks =
                |record: &KeyRecord| record.holders.iter().map(|h| h.bank.clone()).collect::<Vec<_>>();
            if before.threshold != record.threshold || banks(before) != banks(record) {
                return Err(NotNext::Holders);
            }
        }
        let same = |holder: &&Holder| {
            record.holder(&holder.bank).is_some_and(|(_, now)| now.identity == holder.identity)
        };
        let signed = before.holders.iter().filter(same).count();
        if signed < usize::from(before.threshold) { Err(NotNext::Signatures) } else { Ok(()) }
    }

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

#[cfg(test)]
mod tests {
    use lianfang_trust::SigningKey;

    use super::*;
    use crate::catalogue::Class;
    use crate::ids::{Epoch, Generation};

    fn record(names: &[u8], epoch: u32, generation: u32) -> KeyRecord {
        let holder = |name: &u8| Holder {
            bank: BankId::parse(&char::from(*name).to_string(), "bank").unwrap(),
            identity: SigningKey::from_bytes(&[*name; 32]).verifying_key(),
            certificate_key: [*name; 32],
            public_share: [*name; 32],
        };
        KeyRecord {
            key: KeyId { class: Class::Subject, epoch: Epoch(epoch), generation: Generation(generation) },
            threshold: 2,
            roster_digest: Digest::from_bytes([0; 64]),
            public_key: [1; 32],
            holders: names.iter().map(holder).collect(),
        }
    }

    fn signed(names: &[u8], record: KeyRecord) -> EndorsedKeyRecord {
        let sign = |name: &u8| *SigningKey::from_bytes(&[*name; 32]).sign_value(&record).as_bytes();
        let signatures = names.iter().map(sign).collect();
        EndorsedKeyRecord::new(record, signatures).unwrap()
    }

    #[test]
    fn a_later_record_rests_on_the_signatures_of_those_before() {
        let before = record(b"abc", 1, 1);
        let follows = |names: &[u8], record: KeyRecord| signed(names, record).follows(&before);
        assert_eq!(follows(b"abc", record(b"abc", 1, 2)), Ok(()));
        assert_eq!(follows(b"abd", record(b"abd", 2, 0)), Ok(()), "two of three remain");
        assert_eq!(follows(b"ade", record(b"ade", 2, 0)), Err(NotNext::Signatures));
        assert_eq!(follows(b"abc", record(b"abc", 1, 1)), Err(NotNext::Epoch), "the same");
        assert_eq!(follows(b"abc", record(b"abc", 1, 0)), Err(NotNext::Epoch));
        assert_eq!(follows(b"abd", record(b"abd", 1, 2)), Err(NotNext::Holders));
        assert_eq!(follows(b"bac", record(b"bac", 1, 2)), Err(NotNext::Holders), "another order");
        let other = KeyRecord { public_key: [2; 32], ..record(b"abc", 1, 2) };
        assert_eq!(follows(b"abc", other), Err(NotNext::PublicKey));
        let stricter = KeyRecord { threshold: 3, ..record(b"abc", 1, 2) };
        assert_eq!(follows(b"abc", stricter), Err(NotNext::Holders));
        // The same names under other keys are other holders.
        let mut impostors = record(b"abc", 2, 0);
        for (holder, key) in impostors.holders.iter_mut().zip(b"xy") {
            holder.identity = SigningKey::from_bytes(&[*key; 32]).verifying_key();
        }
        assert_eq!(follows(b"xyc", impostors), Err(NotNext::Signatures));
    }
}
