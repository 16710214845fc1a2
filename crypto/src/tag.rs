//! One tag and one sealing key per job, from the output and the terms.
//!
//! - **Comes in:** an [`Output`] and the digest `D` of the job's terms.
//! - **Goes out:** a [`Tag`] the coordinator may compare, a [`SealKey`] only banks with the same identifier have.
//! - **Never sees:** the identifier. **Trusts:** HKDF's expansion under a 64-byte pseudorandom key.
//! - **Fails:** never. Parties with different terms get different tags and simply do not match.
//!
//! Source: RFC 5869 section 2.3; the output of the tag function is already a pseudorandom key, so nothing is extracted.

use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::Zeroizing;

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
        let (mut tag, mut seal) = ([0; TAG_LEN], [0; 32]);
        tag.copy_from_slice(&okm[..TAG_LEN]);
        seal.copy_from_slice(&okm[TAG_LEN..]);
        (Tag(tag), SealKey(SecretBytes::take(&mut seal)))
    }
}
