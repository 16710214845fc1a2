//! The messages of the ceremonies as bytes.
//!
//! - **Comes in:** bytes under a signature that the caller has verified (and unsealed, where they are secret).
//! - **Goes out:** [`CommitmentMessage`] for everybody, [`SecretMessage`] for one holder.
//! - **Never sees:** whose certificate signed. **Trusts:** nobody. **Fails:** naming the field.
//!
//! Layouts, after the three header bytes:
//! commitment: context digest (64) ‖ sender ‖ `n` elements ‖ proof `R ‖ z` (generation only);
//! secret: binding digest (64) ‖ sender ‖ receiver ‖ scalar.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use zeroize::Zeroizing;

use super::context::{CeremonyContext, CeremonyKind};
use crate::encoding::{Kind, Reader, header};
use crate::error::{Malformed, Problem};
use crate::group::element::{self, ELEMENT_LEN};
use crate::group::scalar;
use crate::share::threshold::HolderIndex;

/// Bytes of a proof of knowledge `R ‖ z`.
const PROOF_LEN: usize = 64;
/// The most coefficients a polynomial can have.
const MAX_COEFFICIENTS: usize = 255;

/// A holder's public commitment to its polynomial.
#[derive(Clone, PartialEq, Eq)]
pub struct CommitmentMessage {
    pub(super) binding: [u8; 64],
    pub(super) sender: HolderIndex,
    pub(super) coefficients: Vec<[u8; 32]>,
    pub(super) proof: Option<[u8; PROOF_LEN]>,
}

impl CommitmentMessage {
    /// Decodes a commitment of a generation (with proof) or of a refresh (without).
    pub fn decode(bytes: &[u8], kind: CeremonyKind) -> Result<Self, Malformed> {
        let mut reader = Reader::open(bytes, Kind::DealingCommitment, "commitment")?;
        let binding = reader.array()?;
        let sender = reader.holder()?;
        let proof_len = if kind == CeremonyKind::Generate { PROOF_LEN } else { 0 };
        let found = reader.left();
        let body = found.checked_sub(proof_len).filter(|body| body.is_multiple_of(ELEMENT_LEN));
        let count = body.ok_or(reader.refuse(Problem::Ragged { found }))? / ELEMENT_LEN;
        match count {
            0 => return Err(reader.refuse(Problem::Empty)),
            found if found > MAX_COEFFICIENTS => {
                return Err(reader.refuse(Problem::TooMany { found, limit: MAX_COEFFICIENTS }));
            }
            _ => {}
        }
        let mut coefficients = Vec::with_capacity(count);
        for index in 0..count {
            let encoding = reader.array()?;
            element::decode(&encoding, index, "commitment")?;
            coefficients.push(encoding);
        }
        let proof = match kind {
            CeremonyKind::Generate => Some(reader.array()?),
            CeremonyKind::Refresh | CeremonyKind::Repair => None,
        };
        if let Some((point, response)) = proof.as_ref().and_then(|proof| proof.split_first_chunk::<32>()) {
            element::decode(point, 0, "proof of knowledge")?;
            scalar::decode(
                &crate::encoding::exactly(response, "proof of knowledge")?,
                1,
                "proof of knowledge",
            )?;
        }
        reader.finish()?;
        Ok(Self { binding, sender, coefficients, proof })
    }

    /// The message as it is sent.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = header(Kind::DealingCommitment).to_vec();
        bytes.extend(self.binding);
        bytes.push(self.sender.get());
        bytes.extend(self.coefficients.as_flattened());
        bytes.extend(self.proof.into_iter().flatten());
        bytes
    }

    /// The value in the exponent at `holder` of the polynomial committed to; a refresh's constant term is zero.
    pub(super) fn value_at(&self, holder: HolderIndex, context: &CeremonyContext) -> Option<RistrettoPoint> {
        let x = holder.scalar();
        let points = self.coefficients.iter().map(|c| element::decode(c, 0, "commitment").ok());
        let points: Vec<RistrettoPoint> = points.collect::<Option<_>>()?;
        let value = points.iter().rev().copied().reduce(|sum, c| sum * x + c)?;
        Some(match context.kind {
            CeremonyKind::Generate => value,
            CeremonyKind::Refresh | CeremonyKind::Repair => value * x,
        })
    }
}

/// What a secret message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretPurpose {
    /// A dealer's share for one holder.
    Package,
    /// A helper's part for another helper.
    Delta,
    /// A helper's sum for the holder whose share was lost.
    Sigma,
}

impl SecretPurpose {
    fn kind(self) -> Kind {
        match self {
            Self::Package => Kind::DealingPackage,
            Self::Delta => Kind::RepairDelta,
            Self::Sigma => Kind::RepairSigma,
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Package => "share package",
            Self::Delta => "repair delta",
            Self::Sigma => "repair sigma",
        }
    }
}

/// One secret scalar from one holder to another. It travels only inside an envelope for the receiver.
pub struct SecretMessage {
    pub(super) binding: [u8; 64],
    pub(super) sender: HolderIndex,
    pub(super) receiver: HolderIndex,
    pub(super) scalar: Zeroizing<Scalar>,
}

impl SecretMessage {
    /// Decodes a message of this purpose.
    pub fn decode(bytes: &[u8], purpose: SecretPurpose) -> Result<Self, Malformed> {
        let mut reader = Reader::open(bytes, purpose.kind(), purpose.field())?;
        let binding = reader.array()?;
        let (sender, receiver) = (reader.holder()?, reader.holder()?);
        let encoding = Zeroizing::new(reader.array()?);
        let scalar = Zeroizing::new(scalar::decode(&encoding, 0, purpose.field())?);
        reader.finish()?;
        Ok(Self { binding, sender, receiver, scalar })
    }

    /// The message in clear, for an envelope that seals it at once.
    pub fn encode(&self, purpose: SecretPurpose) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(3 + 64 + 2 + 32));
        bytes.extend(header(purpose.kind()));
        bytes.extend(self.binding);
        bytes.extend([self.sender.get(), self.receiver.get()]);
        bytes.extend_from_slice(self.scalar.as_bytes());
        bytes
    }
}
