//! Sharing the key: Shamir's polynomial among the holders, in the secret and in the public.
//!
//! - **Comes in:** thresholds, indices, public shares, what a ceremony has produced.
//! - **Goes out:** a [`key_share::KeyShare`], a [`commitment::PublicKeySet`], Lagrange weights.
//! - **Never sees:** the key itself: no function here takes more than one secret share.
//! - **Trusts:** nobody's public shares before they are found on one polynomial.
//! - **Fails:** naming the holder's index.
//!
//! Sources: Shamir 1979; Feldman 1987.

pub mod commitment;
pub mod index;
pub mod key_share;
pub(crate) mod polynomial;
pub mod threshold;
