//! From what an operator can keep (a passphrase, a file of random bytes) to a wrapping key.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::AtRestError;

/// The kind of secret that opens a key ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnlockMethod {
    /// Typed, or read from a passphrase file; low entropy, so it is stretched.
    Passphrase,
    /// At least 32 random bytes, from a key file or a credential that the service manager hands over.
    KeyFile,
}

impl fmt::Display for UnlockMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passphrase => "passphrase",
            Self::KeyFile => "key file",
        })
    }
}

/// Argon2id parameters. Stored beside the salt, so they can be raised later without losing old key rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
}

impl Cost {
    /// 64 MiB, three passes, four lanes: the second recommendation of RFC 9106, section 4.
    pub const STANDARD: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };

    /// Parameters from a configuration or a stored key ring. Bounded on both sides: a changed key ring must not be
    /// able to make its reader allocate or compute without end.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, AtRestError> {
        let fits = (8..=1 << 20).contains(&memory_kib)
            && (1..=16).contains(&passes)
            && (1..=16).contains(&lanes)
            && memory_kib >= 8 * lanes;
        if fits { Ok(Self { memory_kib, passes, lanes }) } else { Err(AtRestError::Cost) }
    }

    /// Cheap enough for tests and throw-away federations, and worth nothing against a stolen disk.
    pub const fn danger_almost_free() -> Self {
        Self { memory_kib: 8, passes: 1, lanes: 1 }
    }
}

/// A secret as an operator gave it. Wiped on drop, never printed.
pub struct UnlockSecret {
    method: UnlockMethod,
    bytes: Zeroizing<Vec<u8>>,
}

impl UnlockSecret {
    /// A passphrase of 8 to 1024 bytes. One line break at the end, as editors leave it in a file, is not part of it.
    pub fn passphrase(bytes: &[u8]) -> Result<Self, AtRestError> {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        Self::new(UnlockMethod::Passphrase, bytes, 8, 1024)
    }

    /// The content of a key file or credential: 32 to 4096 random bytes, taken as they are.
    pub fn key_file(bytes: &[u8]) -> Result<Self, AtRestError> {
        Self::new(UnlockMethod::KeyFile, bytes, 32, 4096)
    }

    fn new(method: UnlockMethod, bytes: &[u8], least: usize, most: usize) -> Result<Self, AtRestError> {
        if (least..=most).contains(&bytes.len()) {
            Ok(Self { method, bytes: Zeroizing::new(bytes.to_vec()) })
        } else {
            Err(AtRestError::SecretLength { method, least, most })
        }
    }

    /// Which kind it is.
    pub fn method(&self) -> UnlockMethod {
        self.method
    }

    /// The wrapping key for this salt; `cost` matters to passphrases only.
    pub(super) fn wrapping_key(
        &self,
        salt: &[u8; 16],
        cost: Cost,
    ) -> Result<Zeroizing<[u8; 32]>, AtRestError> {
        let mut key = Zeroizing::new([0; 32]);
        match self.method {
            UnlockMethod::Passphrase => {
                let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32))
                    .map_err(|_| AtRestError::Cost)?;
                Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                    .hash_password_into(&self.bytes, salt, &mut *key)
                    .map_err(|_| AtRestError::Cost)?;
            }
            UnlockMethod::KeyFile => Hkdf::<Sha256>::new(Some(salt), &self.bytes)
                .expand(b"lianfang/key-ring", &mut *key)
                .map_err(|_| AtRestError::Cost)?,
        }
        Ok(key)
    }
}
