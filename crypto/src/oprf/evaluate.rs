//! Evaluation by a holder: `Z_i = k_j·B_i`, in bulk without a proof, or as RFC 9497's own call with one.
//!
//! - **Comes in:** blinded elements that were counted against the quota **before** this is called.
//! - **Goes out:** evaluated elements, in the order asked; for the RFC's call a proof under `Y_j`.
//! - **Never sees:** an identifier, a tag, who asks.
//! - **Trusts:** nobody: decoding has already refused the identity and every second encoding.
//! - **Fails:** only on a batch too long for a proof. Constant time in `k_j`.
//!
//! Source: RFC 9497 section 3.3.2 (`BlindEvaluate`).

use rand_core::CryptoRng;

use super::blind::BlindedElements;
use super::proof::{self, Proof};
use crate::error::{Malformed, Problem};
use crate::group::element::Elements;
use crate::group::engine;
use crate::share::key_share::KeyShare;

/// Elements that one call with a proof may hold at most.
pub const MAX_PROVEN: usize = 64;

/// A holder's answer, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluatedElements(Vec<u8>);

impl EvaluatedElements {
    /// The elements packed without gaps.
    pub fn packed(&self) -> &[u8] {
        &self.0
    }

    /// The packed elements themselves.
    pub fn into_packed(self) -> Vec<u8> {
        self.0
    }
}

impl KeyShare {
    /// The bulk call: no proof, for the bank checks the sum (see [`super::check`]).
    pub fn evaluate(&self, blinded: &BlindedElements) -> EvaluatedElements {
        EvaluatedElements(engine::mul_all(&blinded.0.points, self.secret()).into_flattened())
    }

    /// The RFC's call: at most [`MAX_PROVEN`] elements and one proof for all of them, under `Y_j`.
    pub fn blind_evaluate(
        &self,
        blinded: &BlindedElements,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(EvaluatedElements, Proof), Malformed> {
        let found = blinded.count();
        if found > MAX_PROVEN {
            let problem = Problem::TooMany { found, limit: MAX_PROVEN };
            return Err(Malformed::new("blinded elements", problem));
        }
        let encodings = engine::mul_all(&blinded.0.points, self.secret());
        let proof = proof::generate(self, &blinded.0, &encodings, rng);
        Ok((EvaluatedElements(encodings.into_flattened()), proof))
    }
}

/// Decodes the answer to a batch of `count` elements.
pub(crate) fn decode_answer(packed: &[u8], count: usize) -> Result<Elements, Malformed> {
    const FIELD: &str = "evaluated elements";
    let expected = count * 32;
    if packed.len() != expected {
        return Err(Malformed::new(FIELD, Problem::Length { found: packed.len(), expected }));
    }
    Elements::decode(packed, count, FIELD)
}
