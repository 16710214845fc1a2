//! Messages, and how they are laid out for SHA-512.
//!
//! - **Comes in:** a message, whole or in pieces. **Goes out:** its bytes, padded to whole blocks.
//! - **Never sees:** what the bytes stand for. Lengths are public, contents are not looked at.
//! - **Trusts:** [`Message::len`] to be the number of bytes that [`Message::write`] gives. **Fails:** with a panic if
//!   it is not, which is a mistake in this crate.
//!
//! Source: FIPS 180-4 section 5.1.2.

#![expect(
    clippy::inline_always,
    reason = "a lane's message is short, a call for each of its pieces would be felt"
)]

use super::sha512::BLOCK;

/// Bytes that padding takes at least: the one bit, and the length.
const PADDING: usize = 1 + 16;

/// A message that one lane hashes.
pub trait Message {
    /// The number of its bytes.
    fn len(&self) -> usize;

    /// Writes these bytes.
    fn write(&self, place: &mut Place<'_>);

    /// Whether it has no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Message for &[u8] {
    #[inline(always)]
    fn len(&self) -> usize {
        <[u8]>::len(self)
    }

    #[inline(always)]
    fn write(&self, place: &mut Place<'_>) {
        place.put(self);
    }
}

/// Pieces of one message, one after the other.
impl<const N: usize> Message for [&[u8]; N] {
    #[inline(always)]
    fn len(&self) -> usize {
        self.iter().map(Message::len).sum()
    }

    #[inline(always)]
    fn write(&self, place: &mut Place<'_>) {
        for piece in self {
            place.put(piece);
        }
    }
}

/// Where a lane's message is written to.
pub struct Place<'a>(&'a mut [u8]);

impl Place<'_> {
    /// Writes the next bytes.
    #[inline(always)]
    pub fn put(&mut self, bytes: &[u8]) {
        let (here, rest) = core::mem::take(&mut self.0).split_at_mut(bytes.len());
        here.copy_from_slice(bytes);
        self.0 = rest;
    }
}

/// How many blocks `len` bytes fill, with their padding.
pub(super) fn blocks(len: usize) -> usize {
    (len + PADDING).div_ceil(BLOCK)
}

/// Writes `prefix ‖ message ‖ suffix` and its padding over all of `blocks`; `absorbed` bytes went before it.
#[inline(always)]
pub(super) fn lay(blocks: &mut [u8], prefix: &[u8], message: &impl Message, suffix: &[u8], absorbed: usize) {
    let len = prefix.len() + message.len() + suffix.len();
    let (text, padding) = blocks.split_at_mut(len);
    let mut place = Place(text);
    place.put(prefix);
    message.write(&mut place);
    place.put(suffix);
    let (zeros, bits) = padding.split_at_mut(padding.len() - 16);
    zeros.fill(0);
    zeros[0] = 0x80;
    bits.copy_from_slice(&(((absorbed + len) as u128) * 8).to_be_bytes());
}

/// The words of `message` padded, block after block; `absorbed` bytes went before it.
pub(super) fn padded_words(message: &impl Message, absorbed: usize) -> Vec<[u64; 16]> {
    let mut bytes = vec![0; blocks(message.len()) * BLOCK];
    lay(&mut bytes, &[], message, &[], absorbed);
    let words = bytes.as_chunks().0.iter().map(|word| u64::from_be_bytes(*word));
    words.collect::<Vec<u64>>().as_chunks().0.to_vec()
}
