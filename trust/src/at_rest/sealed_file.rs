//! A whole small file, sealed: identity keys, key shares, state.
//!
//! ```text
//! canonical("lianfang/sealed-file", 1) ‖ text purpose ‖ fixed24 nonce      ← AAD
//!   ‖ bytes (ciphertext ‖ tag)                                             subkey per purpose
//! ```

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::master::{TAG, cipher, fresh_nonce, open, seal_onto};
use super::{AtRestError, MasterKey};
use crate::canonical::{Decoder, Encoder};

/// The largest content of a sealed file. What grows with the register belongs in sealed columns.
pub const MAX_SEALED_FILE: usize = 16 << 20;

const DOMAIN: &str = "lianfang/sealed-file";
const VERSION: u8 = 1;

/// Seals the content of a file. `purpose` says what it is (`node/identity`), and only opens as that.
pub fn seal_file<R: CryptoRng + ?Sized>(
    master: &MasterKey,
    purpose: &'static str,
    content: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, AtRestError> {
    if content.len() > MAX_SEALED_FILE {
        return Err(AtRestError::TooLong { limit: MAX_SEALED_FILE });
    }
    let nonce = fresh_nonce(rng);
    let mut sealed = Vec::with_capacity(content.len() + TAG);
    seal_onto(
        &cipher(&master.subkey("file", &[purpose])),
        &nonce,
        &aad(purpose, &nonce),
        content,
        &mut sealed,
    );
    let mut to = header(purpose, &nonce);
    to.bytes(&sealed);
    Ok(to.finish())
}

/// Opens what [`seal_file`] made for the same purpose under the same master key.
pub fn open_file(
    master: &MasterKey,
    purpose: &'static str,
    bytes: &[u8],
) -> Result<Zeroizing<Vec<u8>>, AtRestError> {
    let mut from = Decoder::new(DOMAIN, VERSION, bytes)?;
    if from.bytes("purpose", 255)? != purpose.as_bytes() {
        return Err(AtRestError::OtherPurpose { expected: purpose });
    }
    let nonce = from.fixed("nonce")?;
    let sealed = from.bytes("content", MAX_SEALED_FILE + TAG)?;
    from.end()?;
    open(&cipher(&master.subkey("file", &[purpose])), &nonce, &aad(purpose, &nonce), sealed)
}

fn header(purpose: &str, nonce: &[u8; 24]) -> Encoder {
    let mut to = Encoder::new(DOMAIN, VERSION);
    to.text(purpose).fixed(nonce);
    to
}

fn aad(purpose: &str, nonce: &[u8; 24]) -> Vec<u8> {
    header(purpose, nonce).finish()
}
