//! Ed25519 keys and bare signatures over domain-separated messages.

use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::SignedError;
use crate::canonical::{Canonical, Encoder};
use crate::digest::Digest32;
use crate::known::Known;

/// Encodings that are canonical, of points of prime order.
static KEYS: Known = Known::new();
/// Key, signature, and what it signs.
static SIGNATURES: Known = Known::new();

/// Why 32 bytes are not accepted as a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes are no point of the curve, or not the canonical encoding of one.
    #[error("it is not the canonical encoding of a curve point; copy the key again")]
    NotAPoint,
    /// The point lies outside the group of prime order, so one signature could fit several keys or messages.
    #[error("it is a weak key (outside the prime-order group); make a new key pair")]
    Weak,
}

/// A private signing key. Wiped on drop; neither printed, compared nor cloned.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// A fresh key. `rng` is the system's generator, except in tests.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Self::from_bytes(&seed)
    }

    /// The key of a stored seed (RFC 8032, section 5.1.5).
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The seed, to be sealed and stored.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.0.as_bytes())
    }

    /// The public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    /// Signs `message` as a thing of the kind `domain`. Deterministic, so it needs no randomness and no clock.
    pub fn sign(&self, domain: &str, message: &[u8]) -> Signature {
        use ed25519_dalek::Signer as _;
        Signature(self.0.sign(&signed_bytes(domain, message)).to_bytes())
    }

    /// Signs a value apart from it, where several parties sign the same one.
    pub fn sign_value<T: Canonical>(&self, value: &T) -> Signature {
        self.sign(T::DOMAIN, &value.encode())
    }
}

/// A public key: canonical, and of prime order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// A key that was received or stored.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotAPoint)?;
        KEYS.check(&[bytes], || {
            let point = key.to_edwards();
            if point.compress().to_bytes() != *bytes {
                return Err(KeyError::NotAPoint);
            }
            if key.is_weak() || !point.is_torsion_free() {
                return Err(KeyError::Weak);
            }
            Ok(())
        })?;
        Ok(Self(key))
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// What people compare before they pin the key: 128 bits of a digest, as eight groups of four hexadecimal signs.
    pub fn fingerprint(&self) -> String {
        let digest = Digest32::of("lianfang/verifying-key", self.as_bytes());
        let groups: Vec<String> = digest.as_bytes()[..16].chunks(2).map(hex::encode).collect();
        groups.join(" ")
    }

    /// Checks a signature over `message` as a thing of the kind `domain`.
    pub fn verify(&self, domain: &str, message: &[u8], signature: &Signature) -> Result<(), SignedError> {
        let signed = signed_bytes(domain, message);
        SIGNATURES.check(&[self.as_bytes(), &signature.0, &signed], || {
            let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
            self.0.verify_strict(&signed, &signature).map_err(|_| SignedError::BadSignature)
        })
    }

    /// Checks a signature that is kept apart from its value.
    pub fn verify_value<T: Canonical>(&self, value: &T, signature: &Signature) -> Result<(), SignedError> {
        self.verify(T::DOMAIN, &value.encode(), signature)
    }
}

/// Shows the fingerprint, which is what people know the key by.
impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.fingerprint())
    }
}

impl PartialOrd for VerifyingKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The order of the encodings, for canonical lists of keys.
impl Ord for VerifyingKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl std::hash::Hash for VerifyingKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

/// 64 bytes that somebody claims to be a signature.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature([u8; 64]);

impl Signature {
    /// A signature that was received or stored; says nothing of its worth.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({}…)", hex::encode(&self.0[..8]))
    }
}

fn signed_bytes(domain: &str, message: &[u8]) -> Vec<u8> {
    let mut to = Encoder::new("lianfang/signature", 1);
    to.text(domain).bytes(message);
    to.finish()
}
