//! Envelopes: a secret for one receiver, unreadable to everybody who passes it on.
//!
//! * Comes in: the receiver's pinned public key, what the secret is for, the secret. Goes out: bytes for the relay.
//! * Never sees: who carries them. Trusts: the pinned key. The sender is *not* authenticated here: an envelope
//!   travels inside a value that its sender signs (see [`signed`](crate::signed)).
//! * Fails with an [`EnvelopeError`].
//!
//! HPKE, RFC 9180, base mode, single shot: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305.
//!
//! ```text
//! 0x01 layout ‖ 0x01 suite ‖ encapsulated key (32) ‖ ciphertext ‖ tag (16)
//! HPKE info = canonical("lianfang/envelope", 1) ‖ u8 layout ‖ u8 suite ‖ bytes(info)
//! ```

use std::fmt;

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::canonical::Encoder;
use crate::known::Known;

/// The largest secret that an envelope carries.
pub const MAX_PLAINTEXT: usize = 1 << 20;

/// By how many bytes an envelope is longer than what it carries.
pub const OVERHEAD: usize = 2 + 32 + 16;

/// Keys that are canonical and not of small order.
static KEYS: Known = Known::new();
const LAYOUT: u8 = 1;
const SUITE: u8 = 1;

type PrivateKey = <X25519HkdfSha256 as Kem>::PrivateKey;
type PublicKey = <X25519HkdfSha256 as Kem>::PublicKey;
type EncappedKey = <X25519HkdfSha256 as Kem>::EncappedKey;

/// Why an envelope could not be made or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The public key is not canonical, or a point that gives away every secret sealed to it.
    #[error("the sealing key is not an acceptable X25519 key; the receiver makes a new one")]
    WeakKey,
    /// Longer than an envelope may be.
    #[error("an envelope carries at most {MAX_PLAINTEXT} bytes; split what it carries")]
    TooLong,
    /// Shorter than an empty envelope.
    #[error("the envelope was cut; fetch it again")]
    Truncated,
    /// Made by another version of the program.
    #[error(
        "the envelope has layout {layout} and suite {suite}, this program reads 1 and 1; update the older side"
    )]
    OtherVersion {
        /// The first byte.
        layout: u8,
        /// The second byte.
        suite: u8,
    },
    /// Sealed to another key, for another purpose, or changed on its way.
    #[error("the envelope does not open; it is for another receiver or purpose, or was changed")]
    DoesNotOpen,
}

/// A private key that envelopes are opened with. Wiped on drop, never printed.
pub struct SealingKey {
    private: PrivateKey,
    public: SealingPublicKey,
}

impl SealingKey {
    /// A fresh key. `rng` is the system's generator, except in tests.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Self::from_seed(&seed)
    }

    /// The key of a stored seed, by RFC 9180's `DeriveKeyPair`.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let (private, public) = X25519HkdfSha256::derive_keypair(seed);
        Self { private, public: SealingPublicKey(public.to_bytes().into()) }
    }

    /// The public half, for others to pin.
    pub fn public(&self) -> SealingPublicKey {
        self.public
    }

    /// Opens an envelope that was sealed to this key with the same `info` and `aad`.
    pub fn open(
        &self,
        info: &[u8],
        aad: &[u8],
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let (head, rest) = envelope.split_first_chunk::<2>().ok_or(EnvelopeError::Truncated)?;
        if *head != [LAYOUT, SUITE] {
            return Err(EnvelopeError::OtherVersion { layout: head[0], suite: head[1] });
        }
        let (encapped, sealed) = rest.split_first_chunk::<32>().ok_or(EnvelopeError::Truncated)?;
        if sealed.len() < 16 {
            return Err(EnvelopeError::Truncated);
        }
        if sealed.len() > MAX_PLAINTEXT + 16 {
            return Err(EnvelopeError::TooLong);
        }
        let encapped = EncappedKey::from_bytes(encapped).map_err(|_| EnvelopeError::DoesNotOpen)?;
        hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.private,
            &encapped,
            &full_info(info),
            sealed,
            aad,
        )
        .map(Zeroizing::new)
        .map_err(|_| EnvelopeError::DoesNotOpen)
    }
}

/// A public key to seal to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SealingPublicKey([u8; 32]);

impl SealingPublicKey {
    /// A key that was received or stored: canonical, and not of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, EnvelopeError> {
        if !is_reduced(bytes) {
            return Err(EnvelopeError::WeakKey);
        }
        // A point of small order gives the all-zero shared secret with every private key, which the KEM refuses
        // (RFC 7748, section 6.1): so one decapsulation under any key at all finds it out.
        KEYS.check(&[bytes], || {
            let (any_key, _) = X25519HkdfSha256::derive_keypair(b"lianfang/probe-for-small-order-0");
            let decapsulated = EncappedKey::from_bytes(bytes)
                .and_then(|point| X25519HkdfSha256::decap(&any_key, None, &point));
            decapsulated.map(drop).map_err(|_| EnvelopeError::WeakKey)
        })?;
        Ok(Self(*bytes))
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SealingPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingPublicKey({}…)", hex::encode(&self.0[..8]))
    }
}

/// Seals `plaintext` to a pinned key. `info` names the use (ceremony, round, receiver), `aad` binds what travels beside
/// it in the clear; [`SealingKey::open`] must be given both again.
pub fn seal<R: CryptoRng + ?Sized>(
    to: &SealingPublicKey,
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, EnvelopeError> {
    if plaintext.len() > MAX_PLAINTEXT {
        return Err(EnvelopeError::TooLong);
    }
    let receiver = PublicKey::from_bytes(&to.0).map_err(|_| EnvelopeError::WeakKey)?;
    let mut rng = rng;
    let (encapped, sealed) =
        hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &receiver,
            &full_info(info),
            plaintext,
            aad,
            &mut rng,
        )
        .map_err(|_| EnvelopeError::WeakKey)?;
    let mut envelope = Vec::with_capacity(plaintext.len() + OVERHEAD);
    envelope.extend_from_slice(&[LAYOUT, SUITE]);
    envelope.extend_from_slice(&encapped.to_bytes());
    envelope.extend_from_slice(&sealed);
    Ok(envelope)
}

fn full_info(info: &[u8]) -> Vec<u8> {
    let mut to = Encoder::new("lianfang/envelope", 1);
    to.u8(LAYOUT).u8(SUITE).bytes(info);
    to.finish()
}

/// Whether a little-endian number is below 2^255 − 19: the one encoding of its coordinate.
fn is_reduced(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = bytes;
    *high < 0x7f || (*high == 0x7f && (*low < 0xed || middle.iter().any(|byte| *byte != 0xff)))
}
