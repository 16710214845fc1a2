//! Evidence against a holder that anybody can verify.
//!
//! - **Comes in:** what a holder was sent, what it answered, and why that cannot be right.
//! - **Goes out:** bytes for an inspector; a verdict that needs nothing but the key record.
//! - **Never sees:** inputs or blinding scalars: it gives away blinded elements and spent weights, nothing else.
//! - **Trusts:** the caller to verify the holder's signature over the digest of the same elements
//!   ([`crate::group::element::elements_digest`]); without that signature an accusation accuses nobody.
//! - **Fails:** [`Unfounded`] if it does not show what it claims.
//!
//! No choice of weights turns this against an honest holder: the proof pins `Z_C = k_j·C`, and `Z_i = k_j·B_i` then
//! gives `Σ d_i·Z_i = k_j·Σ d_i·B_i = Z_C` for every `d`.

use std::fmt;

use curve25519_dalek::ristretto::RistrettoPoint;
use thiserror::Error;

use super::evaluate::{MAX_PROVEN, decode_answer};
use super::proof::{PROOF_LEN, Proof};
use crate::encoding::{Kind, Reader, header};
use crate::error::{Malformed, Problem};
use crate::group::element::{self, ELEMENT_LEN, Elements, MAX_BATCH};
use crate::group::engine;
use crate::share::commitment::PublicKeySet;
use crate::share::threshold::HolderIndex;

const FIELD: &str = "accusation";

/// What the holder did.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The weighted sum of the answers is not the holder's own, proven evaluation of the weighted sum of the elements.
    Sum { weights: Vec<u128>, evaluated_check: [u8; 32], proof: Proof },
    /// The proof sent with the answer does not hold.
    Proof(Proof),
    /// An element came back unchanged.
    Reflected,
}

/// The accusation does not show a fault of this holder.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unfounded {
    /// The public share is not that of the key record.
    #[error("the accused public share is not in this key record; verify under the record of that generation")]
    OtherKey,
    /// The elements or the answer cannot be decoded.
    #[error("the accusation is malformed: {0}")]
    Malformed(#[from] Malformed),
    /// The proof on the check element does not hold, so nothing pins what the sum should be.
    #[error("the proof on the check element does not hold; the accuser must show the holder's own")]
    NothingPinned,
    /// What was answered is right.
    #[error("the holder answered correctly; the accusation is to be dropped")]
    Honest,
}

/// One holder, one answer, one fault.
#[derive(Clone, PartialEq, Eq)]
pub struct Accusation {
    holder: HolderIndex,
    public: [u8; 32],
    blinded: Vec<u8>,
    evaluated: Vec<u8>,
    fault: Fault,
}

impl Accusation {
    pub(super) fn new(
        holder: HolderIndex,
        public: &RistrettoPoint,
        blinded: &[u8],
        evaluated: &[u8],
        fault: Fault,
    ) -> Self {
        let (blinded, evaluated) = (blinded.to_vec(), evaluated.to_vec());
        Self { holder, public: element::encode(public), blinded, evaluated, fault }
    }

    /// The accused.
    pub fn holder(&self) -> HolderIndex {
        self.holder
    }

    /// The elements that were sent; their digest is what the bank signed.
    pub fn blinded(&self) -> &[u8] {
        &self.blinded
    }

    /// The answer; its digest is what the holder signed.
    pub fn evaluated(&self) -> &[u8] {
        &self.evaluated
    }

    /// The proof that must stand under the holder's signature for this accusation to count, if there is one.
    pub fn signed_proof(&self) -> Option<[u8; PROOF_LEN]> {
        match &self.fault {
            Fault::Proof(proof) => Some(proof.encode()),
            Fault::Sum { .. } | Fault::Reflected => None,
        }
    }

    /// Verifies the accusation under the key record's public shares. `Ok` means that the holder is at fault.
    pub fn verify(&self, keys: &PublicKeySet) -> Result<(), Unfounded> {
        let public = keys.share_point(self.holder).filter(|public| element::encode(public) == self.public);
        let public = public.ok_or(Unfounded::OtherKey)?;
        let blinded = Elements::decode(&self.blinded, MAX_BATCH, "accused elements")?;
        let evaluated = decode_answer(&self.evaluated, blinded.len())?;
        let at_fault = match &self.fault {
            Fault::Reflected => reflects(blinded.encodings(), evaluated.encodings()),
            Fault::Proof(proof) => !proof.holds(public, &blinded, &evaluated),
            Fault::Sum { weights, evaluated_check, proof } => {
                // Weights whose sum is the identity pin nothing.
                let check = engine::sum(weights, &blinded.points);
                let check =
                    Elements::decode(&check, 1, "check element").map_err(|_| Unfounded::NothingPinned)?;
                let claimed = decode_answer(evaluated_check, 1)?;
                if !proof.holds(public, &check, &claimed) {
                    return Err(Unfounded::NothingPinned);
                }
                engine::sum(weights, &evaluated.points) != claimed.encodings()[0]
            }
        };
        if at_fault { Ok(()) } else { Err(Unfounded::Honest) }
    }

    /// Version, suite, kind, fault, `j`, `Y_j`, `n`, all `B`, all `Z`, then what the fault needs.
    ///
    /// # Panics
    ///
    /// Never: an accusation holds at most [`MAX_BATCH`] elements.
    pub fn encode(&self) -> Vec<u8> {
        let fault = match &self.fault {
            Fault::Sum { .. } => 1,
            Fault::Proof(_) => 2,
            Fault::Reflected => 3,
        };
        let count = u32::try_from(self.blinded.len() / ELEMENT_LEN).expect("a batch is bounded");
        let mut bytes = header(Kind::Accusation).to_vec();
        bytes.extend([fault, self.holder.get()]);
        bytes.extend(self.public);
        bytes.extend(count.to_be_bytes());
        bytes.extend(&self.blinded);
        bytes.extend(&self.evaluated);
        match &self.fault {
            Fault::Sum { weights, evaluated_check, proof } => {
                bytes.extend(weights.iter().flat_map(|weight| weight.to_le_bytes()));
                bytes.extend(evaluated_check);
                bytes.extend(proof.encode());
            }
            Fault::Proof(proof) => bytes.extend(proof.encode()),
            Fault::Reflected => {}
        }
        bytes
    }

    /// Decodes an accusation; only [`Self::verify`] says whether it holds.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(bytes, Kind::Accusation, FIELD)?;
        let fault = reader.byte()?;
        let holder = reader.holder()?;
        let public = reader.array()?;
        let limit = if fault == 2 { MAX_PROVEN } else { MAX_BATCH };
        let count = reader.count(limit)?;
        let blinded = reader.take(count * ELEMENT_LEN)?.to_vec();
        let evaluated = reader.take(count * ELEMENT_LEN)?.to_vec();
        let fault = match fault {
            1 => {
                let (weights, _) = reader.take(count * 16)?.as_chunks();
                Fault::Sum {
                    weights: weights.iter().map(|weight| u128::from_le_bytes(*weight)).collect(),
                    evaluated_check: reader.array()?,
                    proof: Proof::decode(reader.take(PROOF_LEN)?)?,
                }
            }
            2 => Fault::Proof(Proof::decode(reader.take(PROOF_LEN)?)?),
            3 => Fault::Reflected,
            found => return Err(reader.refuse(Problem::Range { found: found.into() })),
        };
        reader.finish()?;
        Ok(Self { holder, public, blinded, evaluated, fault })
    }
}

impl fmt::Debug for Accusation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accusation").field("holder", &self.holder).finish_non_exhaustive()
    }
}

/// Whether any element came back as it was sent: then its multiplier was 1, which no share is.
pub(super) fn reflects(blinded: &[[u8; 32]], evaluated: &[[u8; 32]]) -> bool {
    blinded.iter().zip(evaluated).any(|(sent, returned)| sent == returned)
}
