//! HMAC-SHA512 of one message under many keys of 64 bytes: the expansion of HKDF for outputs of at most 64 bytes.
//!
//! - **Comes in:** keys, a message. **Goes out:** 64 bytes for each key, in their order.
//! - **Never sees:** what the keys open. Constant time in keys and message.
//! - **Trusts:** nobody. **Fails:** never.
//!
//! Sources: RFC 2104 section 2; RFC 5869 section 2.3, of which `T(1)` is all that is needed.

#![expect(clippy::inline_always, reason = "all of it is to be compiled for the engine's instructions")]

use super::digests::Digests;
use super::engine::{Engine, Kernel};
use super::hashing;
use super::message::{self, Message};
use super::portable::Portable;
use super::sha512::{self, BLOCK, Block, INITIAL, State};
use super::words::{Row, Words};

/// What the key is mixed with before the inner hash, and before the outer.
pub(super) const INNER: u64 = 0x3636_3636_3636_3636;
pub(super) const OUTER: u64 = 0x5c5c_5c5c_5c5c_5c5c;

/// The keys, and the blocks that are the same for all.
pub(super) struct Expansion<'a> {
    keys: &'a [&'a [u8; 64]],
    inner: Vec<[u64; 16]>,
}

impl<'a> Expansion<'a> {
    /// The MAC of `message` under each of the `keys`.
    pub(super) fn new(keys: &'a [&'a [u8; 64]], message: &impl Message) -> Self {
        Self { keys, inner: message::padded_words(message, BLOCK) }
    }

    /// The MACs of at most as many keys as there are lanes.
    #[inline(always)]
    fn group<W: Words>(
        &self,
        engine: W::Engine,
        scratch: &mut Scratch<W::Row>,
        keys: &[&[u8; 64]],
        macs: &mut [[u8; 64]],
    ) {
        let Scratch { block, inner, outer } = scratch;
        *block = Block::splat(&[INNER; 16]);
        for (lane, key) in keys.iter().enumerate() {
            for (row, word) in block.0.iter_mut().zip(key.as_chunks().0) {
                row.as_mut()[lane] = INNER ^ u64::from_be_bytes(*word);
            }
        }
        (*inner, *outer) = (State::splat(&INITIAL), State::splat(&INITIAL));
        sha512::compress::<W>(engine, inner, block);
        for row in &mut block.0 {
            for word in row.as_mut() {
                *word ^= INNER ^ OUTER;
            }
        }
        sha512::compress::<W>(engine, outer, block);
        for words in &self.inner {
            *block = Block::splat(words);
            sha512::compress::<W>(engine, inner, block);
        }
        *block = Block::splat(&hashing::DIGEST_AFTER_A_BLOCK);
        block.0[..8].copy_from_slice(&inner.0);
        sha512::compress::<W>(engine, outer, block);
        for (lane, mac) in macs.iter_mut().enumerate() {
            hashing::take(outer, lane, mac);
        }
    }
}

impl Kernel for Expansion<'_> {
    type Output = Digests;

    #[inline(always)]
    fn run<E: Engine>(self, engine: E) -> Self::Output {
        let lanes = <E::Words as Words>::Row::LANES;
        let mut macs = Digests::zero(self.keys.len());
        let mut scratch = None;
        for (keys, macs) in self.keys.chunks(lanes).zip(macs.chunks_mut(lanes)) {
            if keys.len() < lanes.min(2) {
                self.group::<u64>(Portable, &mut Scratch::new(), keys, macs);
            } else {
                self.group::<E::Words>(engine, scratch.get_or_insert_with(Scratch::new), keys, macs);
            }
        }
        macs
    }
}

/// Memory that the groups of a batch use one after the other.
struct Scratch<R: Row> {
    block: Block<R>,
    inner: State<R>,
    outer: State<R>,
}

impl<R: Row> Scratch<R> {
    fn new() -> Self {
        Self { block: Block::zero(), inner: State::zero(), outer: State::zero() }
    }
}

impl<R: Row> Drop for Scratch<R> {
    fn drop(&mut self) {
        self.block.wipe();
        self.inner.wipe();
        self.outer.wipe();
    }
}
