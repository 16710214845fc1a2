//! What a stolen disk gives away: sizes, and nothing else.
//!
//! * Comes in: a secret (passphrase, key file, service credential), which [`Unlock`] reads, plain values, a generator of
//!   randomness. Goes out: sealed bytes, and plain values again.
//! * Never sees: where a sealed value is stored. Trusts: whoever holds the secret.
//! * Fails with an [`AtRestError`] that tells a wrong secret from damaged bytes and from bytes of another purpose.
//!
//! ```text
//! passphrase ─ Argon2id ─┐
//!                        ├─▶ wrapping key ─ opens ─▶ key ring ─▶ master key ─ HKDF ─▶ one subkey per
//! key file ──── HKDF ────┘                                                            file, column, index
//! ```
//!
//! The master key is random and is wrapped in the [`KeyRing`], so a passphrase is changed by writing one small file.
//! A [`backup`] carries it away from the machine.
//! Sources: RFC 9106 (Argon2), RFC 5869 (HKDF), draft-irtf-cfrg-xchacha-03 (XChaCha20-Poly1305), RFC 2104 (HMAC).

pub mod backup;
mod blind_index;
mod column;
pub mod file;
mod key_ring;
mod master;
mod sealed_file;
mod secret;
mod unlock;

pub use blind_index::BlindIndex;
pub use column::{ColumnCipher, MAX_VALUE, VALUE_OVERHEAD};
pub use key_ring::KeyRing;
pub use master::MasterKey;
pub use sealed_file::{MAX_SEALED_FILE, open_file, seal_file};
pub use secret::{Cost, UnlockMethod, UnlockSecret};
pub use unlock::{Unlock, UnlockError};

use crate::canonical::DecodeError;

/// Why something at rest could not be sealed or opened. Never contains what was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AtRestError {
    /// The secret does not open the key ring, or the key ring was changed.
    #[error("the secret does not open the key ring; give the one that it was last sealed with")]
    WrongSecret,
    /// The key ring is sealed by another kind of secret.
    #[error("the key ring is sealed by a {stored}, and a {given} was given")]
    OtherMethod {
        /// What the key ring asks for.
        stored: UnlockMethod,
        /// What was given.
        given: UnlockMethod,
    },
    /// The secret is too short or too long to be one.
    #[error("a {method} has {least} to {most} bytes; make a new one")]
    SecretLength {
        /// The kind of secret.
        method: UnlockMethod,
        /// Least number of bytes.
        least: usize,
        /// Greatest number of bytes.
        most: usize,
    },
    /// Cost parameters outside the accepted range, or more memory than there is.
    #[error(
        "the cost of the passphrase is out of range (memory 8 KiB to 1 GiB, 1 to 16 passes, 1 to 16 lanes), or memory is short"
    )]
    Cost,
    /// The outer form is wrong: cut, of another layout, or no such thing at all.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// A sealed file that was made for something else.
    #[error("this file was not sealed as `{expected}`; it has been renamed or exchanged")]
    OtherPurpose {
        /// The purpose that was expected.
        expected: &'static str,
    },
    /// The seal does not open under this key, in this place.
    #[error("the sealed value does not open here; it was damaged, moved or sealed under another key")]
    Broken,
    /// Larger than this module seals in one piece.
    #[error("a value of more than {limit} bytes is not sealed in one piece; split it")]
    TooLong {
        /// Bytes.
        limit: usize,
    },
}
