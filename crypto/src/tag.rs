//! One tag and one sealing key per job, from the output and the terms.
//!
//! - **Comes in:** an [`Output`] and the digest `D` of the job's terms.
//! - **Goes out:** a [`Tag`] the coordinator may compare, a [`SealKey`] only banks with the same identifier have.
//! - **Never sees:** the identifier. **Trusts:** HKDF's expansion under a 64-byte pseudorandom key.
//! - **Fails:** never. Parties with different terms get different tags and simply do not match.
//!
//! Source: RFC 5869 section 2.3; the output of the tag function is already a pseudorandom key, so nothing is extracted.

use std::borrow::Borrow;

use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::Zeroizing;

use crate::lanes::hashes::{self, Digests};
use crate::oprf::finalise::Output;
use crate::secret::SecretBytes;

/// Bytes of a tag.
pub const TAG_LEN: usize = 16;

/// The word of the method; another method uses another word.
const PLAIN: &[u8] = b"lianfang v1 plain";

/// What is submitted and matched. It has no `Debug`: tags stay out of every log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag([u8; TAG_LEN]);

impl Tag {
    /// A tag from a submission.
    pub fn from_bytes(bytes: [u8; TAG_LEN]) -> Self {
        Self(bytes)
    }

    /// The tag's bytes.
    pub fn as_bytes(&self) -> &[u8; TAG_LEN] {
        &self.0
    }
}

/// The key that seals a bank's label under one tag.
pub struct SealKey(SecretBytes<32>);

impl SealKey {
    pub(crate) fn secret(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }
}

impl Output {
    /// `tag ‖ seal = HKDF-Expand-SHA512(y, "lianfang v1 plain" ‖ D, 48)`.
    ///
    /// # Panics
    ///
    /// Never: key and output have lengths that HKDF takes.
    pub fn tag_and_seal(&self, terms_digest: &[u8; 64]) -> (Tag, SealKey) {
        let mut okm = Zeroizing::new([0; TAG_LEN + 32]);
        Hkdf::<Sha512>::from_prk(self.secret())
            .expect("64 bytes are a key for SHA-512")
            .expand_multi_info(&[PLAIN, terms_digest], &mut *okm)
            .expect("48 bytes are far below HKDF's limit");
        split(&*okm)
    }
}

/// [`Output::tag_and_seal`] of each output, in their order, many at once.
pub fn tags_and_seals<O: Borrow<Output>>(outputs: &[O], terms_digest: &[u8; 64]) -> Vec<(Tag, SealKey)> {
    let okms = expand(outputs, terms_digest);
    okms.iter().map(|okm| split(okm)).collect()
}

/// The tag of each output, in their order, for jobs in which nothing is sealed.
pub fn tags<O: Borrow<Output>>(outputs: &[O], terms_digest: &[u8; 64]) -> Vec<Tag> {
    let okms = expand(outputs, terms_digest);
    okms.iter().map(|okm| tag(okm)).collect()
}

/// The first block of HKDF's expansion, of which [`Output::tag_and_seal`] takes 48 bytes.
fn expand<O: Borrow<Output>>(outputs: &[O], terms_digest: &[u8; 64]) -> Digests {
    let keys: Vec<&[u8; 64]> = outputs.iter().map(|output| output.borrow().secret()).collect();
    hashes::expand_keys(&keys, &[PLAIN, terms_digest])
}

/// The first bytes of `tag ‖ seal`.
fn tag(okm: &[u8]) -> Tag {
    let mut tag = [0; TAG_LEN];
    tag.copy_from_slice(&okm[..TAG_LEN]);
    Tag(tag)
}

/// `tag ‖ seal`, and perhaps more.
fn split(okm: &[u8]) -> (Tag, SealKey) {
    let mut seal = [0; 32];
    seal.copy_from_slice(&okm[TAG_LEN..][..32]);
    (tag(okm), SealKey(SecretBytes::take(&mut seal)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_at_once_equal_one_at_a_time() {
        for count in 0..=20_u8 {
            let outputs: Vec<_> = (0..count).map(|i| Output::restore(&mut [i; 64])).collect();
            let (pairs, tags) = (tags_and_seals(&outputs, &[9; 64]), tags(&outputs, &[9; 64]));
            assert!(pairs.len() == outputs.len() && tags.len() == outputs.len());
            for ((output, (tag, seal)), only) in outputs.iter().zip(&pairs).zip(&tags) {
                let (expected_tag, expected_seal) = output.tag_and_seal(&[9; 64]);
                assert!(*tag == expected_tag && *only == expected_tag);
                assert_eq!(seal.secret(), expected_seal.secret());
            }
        }
    }
}
