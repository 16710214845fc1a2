//! Canonical group elements, one or a packed batch.
//!
//! - **Comes in:** 32 bytes, or `n × 32` bytes packed without gaps.
//! - **Goes out:** `Elements`: the points together with the one encoding each of them has.
//! - **Never sees:** whether a point is blinded, evaluated or padding; the types around it know.
//! - **Trusts:** nobody: the identity and every second encoding are refused.
//! - **Fails:** with the position of the first bad entry; the count is checked before anything is allocated.
//!
//! Source: RFC 9497 section 4.1 (`DeserializeElement`), RFC 9496 section 4.3.1.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::traits::IsIdentity;
use sha2::{Digest, Sha512};

use crate::error::{Malformed, Problem};
use crate::lanes::{self, Points, Undecodable};

/// Bytes of an encoded element.
pub const ELEMENT_LEN: usize = 32;

/// The most elements that one batch may ever hold, whatever limit the caller sets below it.
pub const MAX_BATCH: usize = 1 << 16;

/// A batch of elements with their encodings.
#[derive(Clone)]
pub(crate) struct Elements {
    pub(crate) points: Points,
    pub(crate) packed: Vec<u8>,
}

impl Elements {
    /// Decodes `n × 32` bytes of at most `limit` elements.
    pub(crate) fn decode(packed: &[u8], limit: usize, field: &'static str) -> Result<Self, Malformed> {
        let found = packed.len() / ELEMENT_LEN;
        let limit = limit.min(MAX_BATCH);
        let problem = match found {
            _ if !packed.len().is_multiple_of(ELEMENT_LEN) => Some(Problem::Ragged { found: packed.len() }),
            0 => Some(Problem::Empty),
            n if n > limit => Some(Problem::TooMany { found, limit }),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(Malformed::new(field, problem));
        }
        let points = lanes::decode(packed.as_chunks::<ELEMENT_LEN>().0).map_err(|undecodable| {
            let problem = match undecodable {
                Undecodable::NotAnElement(index) => Problem::NotAnElement { index },
                Undecodable::Identity(index) => Problem::Identity { index },
            };
            Malformed::new(field, problem)
        })?;
        Ok(Self { points, packed: packed.to_vec() })
    }

    /// The batch of points whose encodings are already known.
    pub(crate) fn known(points: Points, encodings: &[[u8; 32]]) -> Self {
        debug_assert_eq!(points.len(), encodings.len(), "one encoding per point");
        Self { points, packed: encodings.as_flattened().to_vec() }
    }

    /// Adds the elements of `other` after these.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.points.append(&other.points);
        self.packed.append(&mut other.packed);
    }

    /// The points one by one, for the few that a proof is about.
    pub(crate) fn single_points(&self) -> Vec<RistrettoPoint> {
        self.encodings().iter().filter_map(|encoding| CompressedRistretto(*encoding).decompress()).collect()
    }

    /// The encodings, one by one.
    pub(crate) fn encodings(&self) -> &[[u8; 32]] {
        self.packed.as_chunks().0
    }

    /// The number of elements.
    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }
}

/// Decodes one element, refusing what is not canonical and the identity.
pub(crate) fn decode(
    bytes: &[u8; 32],
    index: usize,
    field: &'static str,
) -> Result<RistrettoPoint, Malformed> {
    let point = CompressedRistretto(*bytes)
        .decompress()
        .ok_or(Malformed::new(field, Problem::NotAnElement { index }))?;
    if point.is_identity() {
        return Err(Malformed::new(field, Problem::Identity { index }));
    }
    Ok(point)
}

/// Encodes one element.
pub(crate) fn encode(point: &RistrettoPoint) -> [u8; 32] {
    point.compress().to_bytes()
}

/// The digest that both sides of an evaluation sign and compare: SHA-512 over the caller's context (bank, class,
/// epoch …, in the caller's canonical form) and every element of the batch.
///
/// The lengths are part of it, so no two pairs of context and batch meet in one preimage.
pub fn elements_digest(context: &[u8], packed: &[u8]) -> [u8; 64] {
    let mut hash = Sha512::new();
    hash.update(b"lianfang v1 elements");
    hash.update((context.len() as u64).to_be_bytes());
    hash.update(context);
    hash.update((packed.len() as u64).to_be_bytes());
    hash.update(packed);
    hash.finalize().into()
}
