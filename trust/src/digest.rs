//! Digests: what a value is called.
//!
//! * Comes in: a domain and bytes. Goes out: a name for them that nobody can give to other bytes.
//! * Never sees: secrets (a digest is public and is compared as such). Trusts: SHA-512 and SHA-256 (FIPS 180-4).
//! * Fails only when a written form is read back ([`DigestTextError`]).
//!
//! The domain stands in front with its length, so digests of different kinds of thing cannot be taken for each other.

use std::fmt;

use sha2::{Digest as _, Sha256, Sha512};

/// Computes a [`Digest`] over bytes that arrive in pieces.
#[derive(Clone)]
pub struct Digester(Sha512);

impl Digester {
    /// Begins a digest of the given kind.
    pub fn new(domain: &str) -> Self {
        let mut hash = Sha512::new();
        hash.update((domain.len() as u64).to_be_bytes());
        hash.update(domain.as_bytes());
        Self(hash)
    }

    /// Adds bytes. Where one piece ends is not part of the digest; the caller encodes that if it matters.
    pub fn update(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(bytes);
        self
    }

    /// The digest of all that was added.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// SHA-512 over `u64(length of domain) ‖ domain ‖ bytes`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 64]);

/// SHA-256 over `u64(length of domain) ‖ domain ‖ bytes`, where 32 bytes have to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest32([u8; 32]);

impl Digest {
    /// The digest of `bytes` under `domain`.
    pub fn of(domain: &str, bytes: &[u8]) -> Self {
        let mut digester = Digester::new(domain);
        digester.update(bytes);
        digester.finish()
    }

    /// The first 20 bytes for two people to compare: eight groups of four signs, `0-9 A-Z` without `I L O U`.
    ///
    /// 160 bits, because whoever proposes a record may also search for a second one with the same short form.
    pub fn short(&self) -> String {
        const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let mut text = String::with_capacity(39);
        for (group, five) in self.0[..20].chunks(5).enumerate() {
            let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            for sign in 0..8 {
                if (group > 0 && sign == 0) || sign == 4 {
                    text.push('-');
                }
                let index = usize::try_from(bits >> (35 - 5 * sign) & 31).unwrap_or(0);
                text.push(char::from(SIGNS[index]));
            }
        }
        text
    }
}

impl Digest32 {
    /// The digest of `bytes` under `domain`.
    pub fn of(domain: &str, bytes: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update((domain.len() as u64).to_be_bytes());
        hash.update(domain.as_bytes());
        hash.update(bytes);
        Self(hash.finalize().into())
    }
}

/// A written digest could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is written as {0} hexadecimal digits in lower case")]
pub struct DigestTextError(usize);

macro_rules! digest_forms {
    ($name:ident, $length:literal) => {
        impl $name {
            /// A digest that was received or stored.
            pub const fn from_bytes(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// Its bytes.
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }

            /// Lower-case hexadecimal.
            pub fn to_hex(&self) -> String {
                hex::encode(self.0)
            }

            /// Reads what [`to_hex`](Self::to_hex) wrote, and no other spelling.
            pub fn from_hex(text: &str) -> Result<Self, DigestTextError> {
                let mut bytes = [0; $length];
                match hex::decode_to_slice(text, &mut bytes) {
                    Ok(()) if !text.bytes().any(|sign| sign.is_ascii_uppercase()) => Ok(Self(bytes)),
                    _ => Err(DigestTextError(2 * $length)),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.to_hex())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({}…)", stringify!($name), hex::encode(&self.0[..8]))
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
    };
}

digest_forms!(Digest, 64);
digest_forms!(Digest32, 32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden() {
        let digest = Digest::of("lianfang/test", b"abc");
        let by_hand = Sha512::digest(b"\0\0\0\0\0\0\0\x0dlianfang/testabc");
        assert_eq!(digest.as_bytes()[..], by_hand[..]);
        assert_eq!(Digest32::of("", b"").to_hex(), hex::encode(Sha256::digest([0; 8])));
        assert_ne!(Digest::of("ab", b"c"), Digest::of("a", b"bc"));
    }

    #[test]
    fn short_form_is_base32_of_the_first_twenty_bytes() {
        let mut bytes = [0xff; 64];
        assert_eq!(Digest::from_bytes(bytes).short(), "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        bytes[..20].copy_from_slice(&[0; 20]);
        bytes[0] = 0b0000_1000;
        bytes[19] = 0b0000_0010;
        assert_eq!(Digest::from_bytes(bytes).short(), "1000-0000-0000-0000-0000-0000-0000-0002");
    }

    #[test]
    fn hex_has_one_spelling() {
        let digest = Digest32::of("lianfang/test", b"x");
        assert_eq!(Digest32::from_hex(&digest.to_hex()), Ok(digest));
        assert!(Digest32::from_hex(&digest.to_hex().to_uppercase()).is_err());
        assert!(Digest32::from_hex("00").is_err());
    }
}
