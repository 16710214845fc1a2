//! What two parties must agree on to the byte, and what one party must be able to trust of its own disk.
//!
//! Bytes in, bytes out. Nothing here reads a clock, opens a connection or does curve arithmetic of its own;
//! randomness is a parameter; the one thing that touches a disk is [`at_rest::file`], which writes whole files.
//!
//! | module | answers |
//! | --- | --- |
//! | [`canonical`] | how is a value written so that there is exactly one way to write it? |
//! | [`digest`] | what is it called, and what do two people read to each other over the telephone? |
//! | [`signed`] | who said it? |
//! | [`envelope`] | how does a secret pass a relay? |
//! | [`at_rest`] | what does a stolen disk give away? |
//! | [`merkle`] | is this row one of those that were committed to? |
//! | [`audit`] | is anything missing from the log? |

pub mod at_rest;
pub mod audit;
pub mod canonical;
pub mod digest;
pub mod envelope;
mod known;
pub mod merkle;
pub mod signed;

pub use canonical::{Canonical, DecodeError, Decoder, Encoder};
pub use digest::{Digest, Digest32, Digester};
pub use signed::{Signature, Signed, SigningKey, VerifyingKey};
