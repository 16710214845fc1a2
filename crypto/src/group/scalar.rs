//! Canonical scalars of the ristretto255 group.
//!
//! - **Comes in:** 32 bytes. **Goes out:** a scalar below the group order and not zero.
//! - **Never sees:** its meaning. **Trusts:** nobody. **Fails:** naming the entry.
//!
//! Source: RFC 9497 section 4.1 (`DeserializeScalar`).

use curve25519_dalek::scalar::Scalar;
use zeroize::Zeroizing;

use crate::error::{Malformed, Problem};

/// Bytes of an encoded scalar.
pub const SCALAR_LEN: usize = 32;

/// Decodes one scalar, refusing what is not canonical.
pub(crate) fn decode(bytes: &[u8; 32], index: usize, field: &'static str) -> Result<Scalar, Malformed> {
    Option::from(Scalar::from_canonical_bytes(*bytes))
        .ok_or(Malformed::new(field, Problem::NotAScalar { index }))
}

/// Decodes one secret scalar, refusing what is not canonical and zero.
pub(crate) fn decode_secret(bytes: &[u8; 32], field: &'static str) -> Result<Zeroizing<Scalar>, Malformed> {
    let scalar = Zeroizing::new(decode(bytes, 0, field)?);
    if *scalar == Scalar::ZERO {
        return Err(Malformed::new(field, Problem::Zero { index: 0 }));
    }
    Ok(scalar)
}
