//! The group: ristretto255 with SHA-512 as RFC 9497 section 4.1 fixes it.
//!
//! - **Comes in:** encodings and messages. **Goes out:** elements that are canonical and not the identity, scalars
//!   that are canonical and not zero.
//! - **Never sees:** who sent them, or what they stand for.
//! - **Trusts:** `curve25519-dalek` for the curve. **Fails:** with the position of the entry at fault.

pub mod element;
pub(crate) mod engine;
pub(crate) mod hash;
pub mod scalar;
