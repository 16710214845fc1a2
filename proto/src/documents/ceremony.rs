//! A key ceremony's proposal and what holders post on its board.

use lianfang_trust::{Canonical, DecodeError, Decoder, Digest, Encoder};

use super::{Fields, listed};
use crate::catalogue::Class;
use crate::ids::{BankId, CeremonyId, Epoch, Generation, KeyId};
use crate::limits;

/// What the coordinator proposes; holders take part only if it fits the roster that they have pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// A fresh random id.
    pub ceremony: CeremonyId,
    /// Which key it will make.
    pub key: KeyId,
    /// Holders that must evaluate together.
    pub threshold: u16,
    /// The holders, in the order of their share indices (the first has index 1).
    pub holders: Vec<BankId>,
    /// The roster under which the holders' keys are looked up.
    pub roster_digest: Digest,
    /// When it is given up, in microseconds since 1970.
    pub deadline: i64,
}

/// Writes a [`KeyId`] field by field.
pub(crate) fn write_key(to: &mut Encoder, key: KeyId) {
    to.u8(key.class.number()).u32(key.epoch.0).u32(key.generation.0);
}

/// Reads a [`KeyId`] field by field.
pub(crate) fn read_key(from: &mut Decoder<'_>) -> Result<KeyId, DecodeError> {
    Ok(KeyId {
        class: listed("class", from.u8("class")?, Class::from_number)?,
        epoch: Epoch(from.u32("epoch")?),
        generation: Generation(from.u32("generation")?),
    })
}

/// `2 ≤ T ≤ M`, and no holder twice.
pub(crate) fn check_holders(threshold: u16, holders: &[BankId]) -> Result<(), DecodeError> {
    if threshold < 2 || usize::from(threshold) > holders.len() {
        return Err(DecodeError::Value {
            field: "threshold",
            why: "must be from 2 to the number of holders",
        });
    }
    let mut sorted: Vec<_> = holders.iter().collect();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(DecodeError::Value { field: "holders", why: "names a holder twice" });
    }
    Ok(())
}

impl Canonical for Proposal {
    const DOMAIN: &'static str = "lianfang/ceremony-proposal";
    const MAX_BYTES: usize = 16 * 1_024;

    fn write(&self, to: &mut Encoder) {
        to.fixed(self.ceremony.as_bytes());
        write_key(to, self.key);
        to.u16(self.threshold)
            .list(&self.holders, super::write_bank)
            .fixed(self.roster_digest.as_bytes())
            .i64(self.deadline);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let proposal = Self {
            ceremony: CeremonyId::from_random(from.fixed("ceremony")?),
            key: read_key(from)?,
            threshold: from.u16("threshold")?,
            holders: from.list("holders", limits::HOLDERS, |from| from.bank("holder"))?,
            roster_digest: from.digest("roster_digest")?,
            deadline: from.i64("deadline")?,
        };
        check_holders(proposal.threshold, &proposal.holders)?;
        Ok(proposal)
    }
}

/// What a holder posts, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The commitment that all must see alike.
    RoundOne = 1,
    /// The digests of all first-round packages, as this holder saw them, with their dealers' signatures.
    Echo = 2,
    /// A share's part for one other holder, sealed to it.
    RoundTwo = 3,
    /// The signed key record.
    Endorse = 4,
    /// This holder gives the ceremony up and says whose message was wrong.
    Complaint = 5,
}

impl Phase {
    const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::RoundOne),
            2 => Some(Self::Echo),
            3 => Some(Self::RoundTwo),
            4 => Some(Self::Endorse),
            5 => Some(Self::Complaint),
            _ => None,
        }
    }
}

/// One message on the board; signed by the holder's identity key.
#[derive(Clone, PartialEq, Eq)]
pub struct Post {
    /// The ceremony it belongs to.
    pub ceremony: CeremonyId,
    /// The digest of the proposal: class, epoch, generation, `T`, holders and roster are bound by it.
    pub proposal_digest: Digest,
    /// Who posts.
    pub from: BankId,
    /// What it is.
    pub phase: Phase,
    /// For whom it is; all holders if empty.
    pub to: Option<BankId>,
    /// The package, digest, sealed package or signature.
    pub body: Vec<u8>,
}

impl Canonical for Post {
    const DOMAIN: &'static str = "lianfang/ceremony-post";
    const MAX_BYTES: usize = limits::PACKAGE_BYTES + 1_024;

    fn write(&self, to: &mut Encoder) {
        to.fixed(self.ceremony.as_bytes())
            .fixed(self.proposal_digest.as_bytes())
            .text(self.from.as_str())
            .u8(self.phase as u8)
            .option(self.to.as_ref(), super::write_bank)
            .bytes(&self.body);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            ceremony: CeremonyId::from_random(from.fixed("ceremony")?),
            proposal_digest: from.digest("proposal_digest")?,
            from: from.bank("from")?,
            phase: listed("phase", from.u8("phase")?, Phase::from_number)?,
            to: from.option("to", |from| from.bank("to"))?,
            body: from.bytes("body", limits::PACKAGE_BYTES)?.to_vec(),
        })
    }
}

/// The body of a complaint: a holder gives the ceremony up and names the one whose message was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Who.
    pub accused: BankId,
    /// Of what: a number of the holders' own list of reasons.
    pub reason: u8,
}

impl Canonical for Complaint {
    const DOMAIN: &'static str = "lianfang/ceremony-complaint";
    const MAX_BYTES: usize = 256;

    fn write(&self, to: &mut Encoder) {
        to.text(self.accused.as_str()).u8(self.reason);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { accused: from.bank("accused")?, reason: from.u8("reason")? })
    }
}
