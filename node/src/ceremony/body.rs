//! What stands inside posts. Every post is signed by its sender and carries ceremony id and proposal digest; see
//! [`lianfang_proto::documents::ceremony::Post`].
//!
//! An opening also brings a sealing key that is made for this ceremony alone and erased when it ends: what is sealed to it
//! on the board opens for nobody afterwards, not even for who has the board's history and all that a node still keeps.
//!
//! Comes in: bytes of a post whose signature holds. Goes out: one of the types below, or an error that names the field.
//!
//! An opening carries a second signature, over its digest alone. An echo repeats digest and signature of every opening
//! that its author has seen: so whoever finds another digest in an echo can tell a dealer that signed two openings from
//! an author that made one up, and can prove it to others.

use lianfang_proto::documents::ceremony::Phase;
use lianfang_proto::ids::{BankId, CeremonyId};
use lianfang_proto::limits;
use lianfang_trust::{Canonical, DecodeError, Decoder, Digest, Encoder, Signature, SigningKey, VerifyingKey};

use super::plan::Plan;

/// What a dealer signs of its opening.
struct Statement {
    ceremony: CeremonyId,
    proposal: Digest,
    dealer: BankId,
    package: Digest,
}

impl Statement {
    fn of(plan: &Plan, dealer: usize, package: Digest) -> Self {
        Self {
            ceremony: plan.proposal().ceremony,
            proposal: plan.digest(),
            dealer: plan.seats()[dealer].bank.clone(),
            package,
        }
    }
}

impl Canonical for Statement {
    const DOMAIN: &'static str = "lianfang/ceremony-opening-statement";
    const VERSION: u8 = 2;

    fn write(&self, to: &mut Encoder) {
        to.fixed(self.ceremony.as_bytes())
            .fixed(self.proposal.as_bytes())
            .text(self.dealer.as_str())
            .fixed(self.package.as_bytes());
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            ceremony: CeremonyId::from_random(from.fixed("ceremony")?),
            proposal: Digest::from_bytes(from.fixed("proposal")?),
            dealer: bank(from, "dealer")?,
            package: Digest::from_bytes(from.fixed("package")?),
        })
    }
}

/// What a holder has seen of one dealer: the opening's digest, and the dealer's signature over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The digest of the package.
    pub package: Digest,
    /// The dealer's signature.
    pub signature: [u8; 64],
}

impl Seen {
    /// Whether the dealer at this position has signed an opening of this digest.
    pub fn is_of(&self, plan: &Plan, dealer: usize) -> bool {
        let key: &VerifyingKey = &plan.seats()[dealer].identity;
        let statement = Statement::of(plan, dealer, self.package);
        key.verify_value(&statement, &Signature::from_bytes(self.signature)).is_ok()
    }
}

/// The first round: a dealer's commitment, and the key to which others seal what is for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The sealing key of this ceremony.
    pub sealing: [u8; 32],
    /// The commitment as `crypto` wrote it; empty of who commits to nothing.
    pub package: Vec<u8>,
    /// The dealer's signature over the digest of both.
    pub signature: [u8; 64],
}

impl Opening {
    /// This holder's own.
    pub fn sign(plan: &Plan, sealing: [u8; 32], package: Vec<u8>, key: &SigningKey) -> Self {
        let statement = Statement::of(plan, plan.me(), package_digest(&sealing, &package));
        Self { sealing, signature: *key.sign_value(&statement).as_bytes(), package }
    }

    /// What an echo says of it.
    pub fn seen(&self) -> Seen {
        Seen { package: package_digest(&self.sealing, &self.package), signature: self.signature }
    }
}

fn package_digest(sealing: &[u8; 32], package: &[u8]) -> Digest {
    Digest::of("lianfang/ceremony-opening", &[sealing.as_slice(), package].concat())
}

impl Canonical for Opening {
    const DOMAIN: &'static str = "lianfang/ceremony-opening";
    const VERSION: u8 = 2;
    const MAX_BYTES: usize = limits::PACKAGE_BYTES;

    fn write(&self, to: &mut Encoder) {
        to.fixed(&self.sealing).bytes(&self.package).fixed(&self.signature);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            sealing: from.fixed("sealing")?,
            package: from.bytes("package", limits::PACKAGE_BYTES)?.to_vec(),
            signature: from.fixed("signature")?,
        })
    }
}

/// What a holder has seen of all dealers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echo {
    /// The digest of the ceremony and of all openings.
    pub transcript: [u8; 64],
    /// Opening by opening, in the order of the share indices.
    pub seen: Vec<Seen>,
}

impl Echo {
    /// The echo of these openings.
    pub fn of(transcript: [u8; 64], openings: &[Opening]) -> Self {
        Self { transcript, seen: openings.iter().map(Opening::seen).collect() }
    }
}

impl Canonical for Echo {
    const DOMAIN: &'static str = "lianfang/ceremony-echo";
    const MAX_BYTES: usize = limits::PACKAGE_BYTES;

    fn write(&self, to: &mut Encoder) {
        to.fixed(&self.transcript).list(&self.seen, |to, seen| {
            to.fixed(seen.package.as_bytes()).fixed(&seen.signature);
        });
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            transcript: from.fixed("transcript")?,
            seen: from.list("seen", limits::HOLDERS, |from| {
                Ok(Seen {
                    package: Digest::from_bytes(from.fixed("package")?),
                    signature: from.fixed("signature")?,
                })
            })?,
        })
    }
}

/// To what a sealed package is bound beside its receiver's key: everything that the proposal says, phase, sender, receiver.
pub fn package_info(plan: &Plan, phase: Phase, sender: usize, receiver: usize) -> Vec<u8> {
    let proposal = plan.proposal();
    let mut to = Encoder::new("lianfang/ceremony-package", 2);
    to.fixed(proposal.ceremony.as_bytes())
        .fixed(plan.digest().as_bytes())
        .fixed(&proposal.key.to_bytes())
        .u16(proposal.threshold)
        .u64(plan.seats().len() as u64)
        .u8(phase as u8)
        .text(plan.seats()[sender].bank.as_str())
        .text(plan.seats()[receiver].bank.as_str());
    to.finish()
}

/// A bank's id in a body or in stored state.
pub(super) fn bank(from: &mut Decoder<'_>, field: &'static str) -> Result<BankId, DecodeError> {
    let text = from.text(field, 32)?;
    BankId::parse(text, field).map_err(|_| DecodeError::Value { field, why: "is not a bank's id" })
}
