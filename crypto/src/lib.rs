//! The mathematics of the federation: a threshold, verifiable oblivious pseudorandom function, the ceremonies that
//! make, refresh and repair its key, and the tag and seal derived from its output.
//!
//! - **Comes in:** bytes and randomness, both as parameters.
//! - **Goes out:** domain types, each of which can only be made by the stage before it, and bytes.
//! - **Never sees:** a network, a file, a clock, a log.
//! - **Trusts:** nobody whose bytes it decodes; the caller's random number generator, hedged where a repeat would hurt.
//! - **Fails:** with an error that names the field, and the holder where a holder is at fault.
//!
//! The rooms, in the order in which a match walks through them:
//!
//! | room | what it holds |
//! | --- | --- |
//! | [`group`] | ristretto255: canonical encodings, hash to group and to scalar, the batch operations |
//! | [`lanes`] | the batch engine: the same computation on many inputs at once, in the lanes of vectors |
//! | [`share`] | thresholds, Shamir's polynomial, Feldman's commitments, a holder's share, the public key set |
//! | [`oprf`] | input → blind → evaluate → check → combine → finalise; the proof; the accusation |
//! | [`tag`], [`seal`] | one tag and one sealing key per job, and the sealed label |
//! | [`ceremony`] | key generation, refresh and repair among the holders |
//! | [`secret`], [`error`] | memory that is wiped, and what is wrong with bytes from outside |
//!
//! `README.md` of this crate has the full mathematics, its sources and the decisions taken.

pub mod ceremony;
mod encoding;
pub mod error;
pub mod group;
pub mod lanes;
pub mod oprf;
pub mod seal;
pub mod secret;
pub mod share;
pub mod tag;

#[cfg(test)]
#[path = "../tests/world/rng.rs"]
mod test_rng;
