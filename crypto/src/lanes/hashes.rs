//! The hashes of this crate that are wanted for many inputs at once, each the same as for one.
//!
//! - **Comes in:** inputs and what they share. **Goes out:** 64 bytes for each input, in their order.
//! - **Never sees:** what the bytes stand for. Constant time in contents; lengths and numbers are public.
//! - **Trusts:** its callers for the bounds of what they hand over. **Fails:** never.
//!
//! Sources: FIPS 180-4; RFC 2104 (HMAC); RFC 5869 section 2.3 (HKDF); RFC 9380 section 5.3.1 (`expand_message_xmd`).

use sha2::block_api::compress512;
use sha2::{Digest, Sha512};
use zeroize::{Zeroize, Zeroizing};

pub use super::digests::Digests;
use super::engine;
use super::expand::{Expansion, INNER, OUTER};
use super::hashing::{Hashing, Second};
pub use super::message::{Message, Place};
use super::sha512::{AFTER_ZERO_BLOCK, BLOCK, INITIAL};

/// SHA-512 of each message.
pub fn digests<M: Message>(messages: &[M]) -> Digests {
    engine::run(Hashing::plain(messages))
}

/// `expand_message_xmd` with SHA-512 for 64 bytes.
///
/// # Panics
///
/// If the domain is longer than 255 bytes.
pub fn expand_message<M: Message>(messages: &[M], domain: &[u8]) -> Digests {
    let suffix = expansion_suffix(domain);
    engine::run(expansion(messages, &suffix))
}

/// `I2OSP(64, 2) ‖ I2OSP(0, 1) ‖ DST_prime`, which ends the first hash of the expansion.
pub(super) fn expansion_suffix(domain: &[u8]) -> Vec<u8> {
    let domain_len = u8::try_from(domain.len()).expect("domains are shorter than 256 bytes");
    [&[0, 64, 0], domain, &[domain_len]].concat()
}

/// The first hash begins with a block of zeros; the second, of `b_0 ‖ I2OSP(1, 1) ‖ DST_prime`, gives all 64 bytes.
pub(super) fn expansion<'a, M: Message>(messages: &'a [M], suffix: &'a [u8]) -> Hashing<'a, M> {
    let second = Second::new((INITIAL, 0), &[&[1], &suffix[3..]].concat());
    Hashing { start: (AFTER_ZERO_BLOCK, BLOCK), prefix: &[], messages, suffix, second: Some(second) }
}

/// HMAC-SHA512 of `prefix ‖ message` for each message, all under one key.
pub fn macs<M: Message>(key: &[u8], prefix: &[u8], messages: &[M]) -> Digests {
    engine::run(authentication(key, prefix, messages))
}

/// The states after the key's block are computed once.
pub(super) fn authentication<'a, M: Message>(
    key: &[u8],
    prefix: &'a [u8],
    messages: &'a [M],
) -> Hashing<'a, M> {
    let mut block = Zeroizing::new([0; BLOCK]);
    match block.get_mut(..key.len()) {
        Some(place) => place.copy_from_slice(key),
        None => {
            let mut digest = Sha512::digest(key);
            block[..64].copy_from_slice(&digest);
            digest.zeroize();
        }
    }
    let begun = |pad: u64| {
        let mut padded = Zeroizing::new(*block);
        padded.iter_mut().for_each(|byte| *byte ^= pad.to_ne_bytes()[0]);
        let mut state = INITIAL;
        compress512(&mut state, core::slice::from_ref(&*padded));
        (state, BLOCK)
    };
    let second = Some(Second::new(begun(OUTER), &[]));
    Hashing { start: begun(INNER), prefix, messages, suffix: &[], second }
}

/// HKDF-Expand-SHA512 for each pseudorandom key, 64 bytes with the same `info`; fewer are the first of them.
pub fn expand_keys(keys: &[&[u8; 64]], info: &[&[u8]]) -> Digests {
    let message = [info, &[&[1]]].concat().concat();
    engine::run(Expansion::new(keys, &message.as_slice()))
}
