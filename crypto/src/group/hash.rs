//! Hash to group and hash to scalar, as RFC 9497 fixes them for ristretto255-SHA512 in mode VOPRF.
//!
//! - **Comes in:** a message. **Goes out:** an element or a scalar nobody knows more about than the message tells.
//! - **Never sees:** keys. **Trusts:** SHA-512 and dalek's map from uniform bytes (RFC 9496 section 4.3.4).
//! - **Fails:** never; the lengths are constants.
//!
//! Sources: RFC 9497 sections 3.1 and 4.1; RFC 9380 section 5.3.1 (`expand_message_xmd`). dalek's own
//! `hash_from_bytes` is another function and must not be used here.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use sha2::{Digest, Sha512};
use zeroize::{Zeroize, Zeroizing};

use crate::lanes::hashes::{self, Digests};

/// `"OPRFV1-" ‖ 0x01 ‖ "-" ‖ identifier`, RFC 9497 section 3.1, mode VOPRF.
macro_rules! with_context {
    ($prefix:literal) => {
        concat!($prefix, "OPRFV1-\x01-ristretto255-SHA512").as_bytes()
    };
}

const TO_GROUP: &[u8] = with_context!("HashToGroup-");
const TO_SCALAR: &[u8] = with_context!("HashToScalar-");
/// Domain of the seed that binds a batch proof to its public key, RFC 9497 section 2.2.1.
pub(crate) const SEED: &[u8] = with_context!("Seed-");

/// `expand_message_xmd` with SHA-512 for exactly 64 bytes, where one block suffices.
fn expand(message: &[&[u8]], domain: &[u8]) -> Zeroizing<[u8; 64]> {
    const BLOCK: [u8; 128] = [0; 128];
    let domain_len = [u8::try_from(domain.len()).expect("the domains above are short")];
    let mut first = Sha512::new();
    first.update(BLOCK);
    for part in message {
        first.update(part);
    }
    first.update([0, 64, 0]);
    first.update(domain);
    first.update(domain_len);
    let mut first = first.finalize();

    let mut second = Sha512::new();
    second.update(first);
    second.update([1]);
    second.update(domain);
    second.update(domain_len);
    first.zeroize();
    Zeroizing::new(second.finalize().into())
}

/// `HashToGroup`.
pub(crate) fn to_group(message: &[u8]) -> RistrettoPoint {
    RistrettoPoint::from_uniform_bytes(&expand(&[message], TO_GROUP))
}

/// The uniform bytes of `HashToGroup` for each message, which the map to the group comes after.
pub(crate) fn to_group_uniform(messages: &[&[u8]]) -> Digests {
    hashes::expand_message(messages, TO_GROUP)
}

/// `HashToScalar` over the concatenation of `message`.
pub(crate) fn to_scalar(message: &[&[u8]]) -> Scalar {
    Scalar::from_bytes_mod_order_wide(&expand(message, TO_SCALAR))
}

/// `I2OSP(len, 2)` of an encoding shorter than 64 KiB.
pub(crate) fn length_prefix(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).expect("callers bound their messages to 65535 bytes").to_be_bytes()
}
