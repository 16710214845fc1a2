//! The master key and the subkeys derived from it.

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::AtRestError;
use crate::canonical::Encoder;

pub(super) const NONCE: usize = 24;
pub(super) const TAG: usize = 16;

/// The random key that everything at rest hangs from. Wiped on drop, never printed.
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// A key that is never stored: what it seals dies with the process. For spill files.
    pub fn ephemeral<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *key);
        Self(key)
    }

    pub(super) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// HKDF-Expand over a canonical list of names: no two uses share a subkey.
    pub(super) fn subkey(&self, usage: &'static str, names: &[&str]) -> Zeroizing<[u8; 32]> {
        let mut info = Encoder::new("lianfang/subkey", 1);
        info.text(usage).list(names, |to, name| {
            to.text(name);
        });
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, &*self.0)
            .expand(&info.finish(), &mut *key)
            .expect("HKDF-SHA256 gives up to 8160 bytes, and 32 are asked for");
        key
    }
}

pub(super) fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.into())
}

pub(super) fn fresh_nonce<R: CryptoRng + ?Sized>(rng: &mut R) -> [u8; NONCE] {
    let mut nonce = [0; NONCE];
    rng.fill_bytes(&mut nonce);
    nonce
}

/// Appends `ciphertext ‖ tag` to `out`. The caller has bounded the plaintext far below the cipher's own limit.
pub(super) fn seal_onto(
    cipher: &XChaCha20Poly1305,
    nonce: &[u8; NONCE],
    aad: &[u8],
    plaintext: &[u8],
    out: &mut Vec<u8>,
) {
    let start = out.len();
    out.extend_from_slice(plaintext);
    let tag = cipher
        .encrypt_inout_detached(&XNonce::from(*nonce), aad, (&mut out[start..]).into())
        .expect("the cipher takes 256 GiB, and callers stop at megabytes");
    out.extend_from_slice(&tag);
}

/// Opens `ciphertext ‖ tag`.
pub(super) fn open(
    cipher: &XChaCha20Poly1305,
    nonce: &[u8; NONCE],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, AtRestError> {
    let (ciphertext, tag) = sealed.split_last_chunk::<TAG>().ok_or(AtRestError::Broken)?;
    let mut plaintext = Zeroizing::new(ciphertext.to_vec());
    cipher
        .decrypt_inout_detached(&XNonce::from(*nonce), aad, plaintext.as_mut_slice().into(), tag.into())
        .map_err(|_| AtRestError::Broken)?;
    Ok(plaintext)
}
