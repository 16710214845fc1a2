//! The output of the tag function: `y = Finalize(x, k·H(x))`.
//!
//! - **Comes in:** a [`Blinding`] and the [`Checked`] witness of the same chunk, both consumed.
//! - **Goes out:** one [`Output`] per input, in order; padding gives none.
//! - **Never sees:** unchecked answers: the only way to an output leads through the check.
//! - **Trusts:** the check. **Fails:** if chunk, witness and own share do not belong together.
//!
//! Source: RFC 9497 section 3.3.1 (`Finalize`).

use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;
use zeroize::Zeroizing;

use super::blind::Blinding;
use super::check::Checked;
use super::combine::combine;
use super::input::Input;
use crate::group::hash::length_prefix;
use crate::lanes::hashes::{self, Message, Place};
use crate::secret::SecretBytes;
use crate::share::key_share::OwnShare;

/// `y`, 64 bytes, wiped when dropped; neither `Debug` nor `Clone`.
pub struct Output(SecretBytes<64>);

impl Output {
    /// Takes an output back from the sealed cache, wiping the place it came from.
    pub fn restore(bytes: &mut [u8; 64]) -> Self {
        Self(SecretBytes::take(bytes))
    }

    /// The output in clear, for a cache that seals it at once.
    pub fn to_sealed_bytes(&self) -> Zeroizing<[u8; 64]> {
        Zeroizing::new(*self.0.expose_secret())
    }

    pub(crate) fn secret(&self) -> &[u8; 64] {
        self.0.expose_secret()
    }
}

impl ConstantTimeEq for Output {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

/// The pieces do not belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FinaliseError {
    /// The witness is of another chunk.
    #[error("the check passed another chunk than this blinding's; finalise each chunk with its own witness")]
    OtherChunk,
    /// The check counted on the bank's own share, or did not, and here it is the other way round.
    #[error("the bank's own share must be given exactly if the chunk was gathered with it")]
    OwnShareMismatch,
    /// The own share is not the one the check counted on.
    #[error("the bank's own share is of another generation; gather the chunk again under the current one")]
    OwnShareStale,
}

impl Blinding {
    /// Unblinds and hashes every input of the chunk.
    pub fn finalise(self, checked: Checked, own: Option<&OwnShare>) -> Result<Vec<Output>, FinaliseError> {
        if self.chunk != checked.chunk {
            return Err(FinaliseError::OtherChunk);
        }
        match (own, &checked.own) {
            (None, None) => {}
            (Some(own), Some(part)) if *own.public_point() == part.public => {}
            (Some(_), Some(_)) => return Err(FinaliseError::OwnShareStale),
            (Some(_), None) | (None, Some(_)) => return Err(FinaliseError::OwnShareMismatch),
        }
        let unblinded = combine(&self, checked, own);
        Ok(finalize(&self.inputs, &unblinded))
    }
}

/// `Finalize` of the RFC, once the elements are unblinded.
fn finalize(inputs: &[Input], unblinded: &[[u8; 32]]) -> Vec<Output> {
    let preimages = inputs.iter().zip(unblinded);
    let preimages =
        preimages.map(|(input, unblinded)| Preimage { input: input.canonical_bytes(), unblinded });
    let mut outputs = hashes::digests(&preimages.collect::<Vec<_>>());
    outputs.iter_mut().map(|output| Output(SecretBytes::take(output))).collect()
}

/// `I2OSP(len(x), 2) ‖ x ‖ I2OSP(32, 2) ‖ N ‖ "Finalize"`.
struct Preimage<'a> {
    input: &'a [u8],
    unblinded: &'a [u8; 32],
}

const LABEL: &[u8] = b"Finalize";

impl Message for Preimage<'_> {
    fn len(&self) -> usize {
        2 + self.input.len() + 2 + self.unblinded.len() + LABEL.len()
    }

    fn write(&self, place: &mut Place<'_>) {
        place.put(&length_prefix(self.input));
        place.put(self.input);
        place.put(&length_prefix(self.unblinded));
        place.put(self.unblinded);
        place.put(LABEL);
    }
}
