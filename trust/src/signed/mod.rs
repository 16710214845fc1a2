//! Signatures: who said it.
//!
//! * Comes in: a value and a signing key, or bytes and the key that is pinned for their sender.
//! * Goes out: an envelope, or the value that the pinned key has signed.
//! * Never sees: the transport. Trusts: the pinned key it is given; the key that an envelope names is only a claim.
//! * Fails with a [`SignedError`] that says whether the bytes, the signer or the signature is wrong.
//!
//! Ed25519 (RFC 8032), checked by the strict rule: small-order keys and nonces are refused, and a public key must be
//! the one canonical encoding of a point of prime order, so a signature fits one key and one message.
//! What is signed is never the bare message but
//! `canonical("lianfang/signature", 1) ‖ text(domain) ‖ bytes(message)`.

mod key;

use std::fmt;

pub use key::{KeyError, Signature, SigningKey, VerifyingKey};

use crate::canonical::{Canonical, DecodeError, Decoder, Encoder};
use crate::digest::Digest;

/// Why a signed value was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignedError {
    /// The envelope or the value in it is malformed.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// The envelope carries a value of another kind.
    #[error("the envelope does not carry a `{expected}`; send the message that is due here")]
    OtherKind {
        /// The domain that was expected.
        expected: &'static str,
    },
    /// The envelope names a key that is no acceptable key.
    #[error("the envelope names its signer by an unusable key: {0}")]
    SignerKey(KeyError),
    /// The envelope is signed by somebody else than the caller expects.
    #[error(
        "the signer is not the one whose key is pinned; compare the fingerprints with the sender's people"
    )]
    OtherSigner,
    /// The signature does not fit key and message.
    #[error("the signature does not fit; the message was changed or signed with another key")]
    BadSignature,
}

const ENVELOPE_DOMAIN: &str = "lianfang/signed";
const ENVELOPE_VERSION: u8 = 1;

/// Room for the envelope around a value: header, key, domain and signature.
const ENVELOPE_ROOM: usize = 512;

/// A value whose signature by a pinned key has been checked. There is no other way to come by one than to
/// sign or to [`open`](Signed::open).
#[derive(Clone)]
pub struct Signed<T> {
    value: T,
    signer: VerifyingKey,
    signature: Signature,
    bytes: Vec<u8>,
}

impl<T: Canonical> Signed<T> {
    /// Signs a value.
    pub fn sign(key: &SigningKey, value: T) -> Self {
        let body = value.encode();
        let signature = key.sign(T::DOMAIN, &body);
        let signer = key.verifying_key();
        let mut envelope = Encoder::new(ENVELOPE_DOMAIN, ENVELOPE_VERSION);
        envelope.fixed(signer.as_bytes()).text(T::DOMAIN).bytes(&body).fixed(signature.as_bytes());
        Self { value, signer, signature, bytes: envelope.finish() }
    }

    /// Reads an envelope, checks that `expected` has signed it, and only then looks at the value.
    pub fn open(bytes: &[u8], expected: &VerifyingKey) -> Result<Self, SignedError> {
        let parts = Parts::read::<T>(bytes)?;
        if parts.signer != *expected.as_bytes() {
            return Err(SignedError::OtherSigner);
        }
        expected.verify(T::DOMAIN, parts.body, &parts.signature)?;
        let value = T::decode(parts.body)?;
        Ok(Self { value, signer: *expected, signature: parts.signature, bytes: bytes.to_vec() })
    }

    /// The key that the envelope *names*, with nothing checked: to look up the pinned one, and then to
    /// [`open`](Signed::open) with that.
    pub fn claimed_signer(bytes: &[u8]) -> Result<VerifyingKey, SignedError> {
        VerifyingKey::from_bytes(&Parts::read::<T>(bytes)?.signer).map_err(SignedError::SignerKey)
    }

    /// The value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The value without its envelope.
    pub fn into_value(self) -> T {
        self.value
    }

    /// The key that signed.
    pub fn signer(&self) -> &VerifyingKey {
        &self.signer
    }

    /// The signature alone, to be kept beside others over the same value.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The envelope, to be sent or stored.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digest of the value: the same whoever signed it.
    pub fn digest(&self) -> Digest {
        self.value.digest()
    }
}

/// Says who signed and what kind of thing; the value decides for itself whether it may be shown, and is not.
impl<T: Canonical> fmt::Debug for Signed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed")
            .field("kind", &T::DOMAIN)
            .field("signer", &self.signer)
            .finish_non_exhaustive()
    }
}

struct Parts<'a> {
    signer: [u8; 32],
    body: &'a [u8],
    signature: Signature,
}

impl<'a> Parts<'a> {
    fn read<T: Canonical>(bytes: &'a [u8]) -> Result<Self, SignedError> {
        if bytes.len() > T::MAX_BYTES + ENVELOPE_ROOM {
            return Err(DecodeError::TooLong { field: T::DOMAIN, limit: T::MAX_BYTES }.into());
        }
        let mut from = Decoder::new(ENVELOPE_DOMAIN, ENVELOPE_VERSION, bytes)?;
        let signer = from.fixed("signer")?;
        if from.bytes("kind", 255)? != T::DOMAIN.as_bytes() {
            return Err(SignedError::OtherKind { expected: T::DOMAIN });
        }
        let body = from.bytes("body", T::MAX_BYTES)?;
        let signature = Signature::from_bytes(from.fixed("signature")?);
        from.end()?;
        Ok(Self { signer, body, signature })
    }
}
