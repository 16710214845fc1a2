//! The sealed label: only a bank that holds the same identifier can open it.
//!
//! - **Comes in:** a label in the caller's encoding, a fresh random nonce, where it belongs.
//! - **Goes out:** the label's bytes and [`OVERHEAD`] more, which look random; or the label again.
//! - **Never sees:** what a label says. **Trusts:** the caller for a nonce that is never used twice.
//! - **Fails:** [`SealError`]; an unopened label says nothing about why.
//!
//! XChaCha20-Poly1305 under the tag's own key, associated data `D ‖ bank ‖ tag`: both ends have fixed lengths, so the
//! three cannot be cut differently. A sealed label tells the length of its label: the caller encodes all labels of a job
//! to one length. Source: draft-irtf-cfrg-xchacha-03; RFC 8439.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::tag::{SealKey, Tag};

/// Bytes of the nonce.
pub const NONCE_LEN: usize = 24;
/// Bytes that a label may have at most.
pub const MAX_LABEL: usize = 254;
/// Bytes that sealing adds: the nonce in front, the authenticator behind. A padding row carries as many random bytes as
/// a sealed label of its job.
pub const OVERHEAD: usize = NONCE_LEN + 16;

/// Where a sealed label belongs.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The digest `D` of the job's terms.
    pub terms_digest: &'a [u8; 64],
    /// The bank whose label it is, in the caller's canonical bytes.
    pub bank: &'a [u8],
    /// The tag it stands beside.
    pub tag: &'a Tag,
}

impl Place<'_> {
    fn associated_data(self) -> Vec<u8> {
        [self.terms_digest.as_slice(), self.bank, self.tag.as_bytes()].concat()
    }
}

/// A label that was not sealed or not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// The label is longer than [`MAX_LABEL`].
    #[error("the label has {0} bytes, at most {MAX_LABEL} fit; shorten the contact point")]
    TooLong(usize),
    /// The sealed label is shorter than its nonce and authenticator, or longer than any label.
    #[error("the sealed label has {0} bytes, which no sealed label has; the row is broken")]
    Length(usize),
    /// The label was sealed by nobody who holds the identifier, or for another place.
    #[error("the label does not open under this tag; treat the row as no match")]
    DoesNotOpen,
}

/// Seals `label` at `place`. The nonce must be fresh and random.
pub fn seal(
    key: &SealKey,
    nonce: [u8; NONCE_LEN],
    place: Place<'_>,
    label: &[u8],
) -> Result<Vec<u8>, SealError> {
    if label.len() > MAX_LABEL {
        return Err(SealError::TooLong(label.len()));
    }
    let payload = Payload { msg: label, aad: &place.associated_data() };
    // The cipher refuses what is over its own limit, which no label comes near.
    let body = cipher(key).encrypt(&XNonce::from(nonce), payload);
    let body = body.map_err(|_| SealError::TooLong(label.len()))?;
    Ok([nonce.as_slice(), &body].concat())
}

/// Opens a sealed label found at `place`.
pub fn open(key: &SealKey, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    if !(OVERHEAD..=OVERHEAD + MAX_LABEL).contains(&sealed.len()) {
        return Err(SealError::Length(sealed.len()));
    }
    let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Length(sealed.len()))?;
    let payload = Payload { msg: body, aad: &place.associated_data() };
    cipher(key)
        .decrypt(&XNonce::from(*nonce), payload)
        .map(Zeroizing::new)
        .map_err(|_| SealError::DoesNotOpen)
}

fn cipher(key: &SealKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key.secret()))
}
