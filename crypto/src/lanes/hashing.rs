//! One SHA-512 for each of many messages, a message in each lane.
//!
//! - **Comes in:** messages of any lengths, what stands before and after each of them, the state to begin with, and
//!   what is done with the digests. **Goes out:** 64 bytes for each message, in their order.
//! - **Never sees:** what the bytes stand for. Branches and addresses follow from lengths alone, which are public.
//! - **Trusts:** [`Message`]s to be as long as they say. **Fails:** never.
//!
//! Messages are taken in the order of their lengths in blocks, so that the lanes of a group end together, or nearly;
//! a lane that ends earlier has its digest taken out and computes on, for nobody. A group of one goes to the `sha2`
//! crate (see [`super::sha512`]). What a group leaves in memory is overwritten by the next, and wiped at the end.

#![expect(clippy::inline_always, reason = "all of it is to be compiled for the engine's instructions")]

use super::digests::Digests;
use super::engine::{Engine, Kernel};
use super::message::{self, Message};
use super::portable::Portable;
use super::sha512::{self, BLOCK, Block, INITIAL, State};
use super::words::{Row, Words};
use crate::secret::wipe;

/// The block that holds a digest and ends a hash which began with one block: the outer hash of HMAC.
pub(super) const DIGEST_AFTER_A_BLOCK: [u64; 16] =
    [0, 0, 0, 0, 0, 0, 0, 0, 1 << 63, 0, 0, 0, 0, 0, 0, (BLOCK as u64 + 64) * 8];

/// What is hashed.
pub(super) struct Hashing<'a, M> {
    /// The state to begin with, and how many bytes it has absorbed.
    pub(super) start: ([u64; 8], usize),
    /// What stands before each message.
    pub(super) prefix: &'a [u8],
    /// What differs.
    pub(super) messages: &'a [M],
    /// What stands after each message.
    pub(super) suffix: &'a [u8],
    /// A second hash, of the digest.
    pub(super) second: Option<Second>,
}

/// A hash of a digest and some bytes that are the same for all.
pub(super) struct Second {
    start: [u64; 8],
    /// The padded blocks; the digest belongs into the first eight words.
    blocks: Vec<[u64; 16]>,
}

impl Second {
    /// `SHA-512(digest ‖ suffix)`, begun with a state that has absorbed some bytes.
    pub(super) fn new((start, absorbed): ([u64; 8], usize), suffix: &[u8]) -> Self {
        Self { start, blocks: message::padded_words(&[&[0; 64], suffix], absorbed) }
    }

    /// Hashes the `digest` of each lane.
    #[inline(always)]
    pub(super) fn hash<W: Words>(
        &self,
        engine: W::Engine,
        digest: &mut State<W::Row>,
        block: &mut Block<W::Row>,
    ) {
        let mut state = State::splat(&self.start);
        for (taken, words) in self.blocks.iter().enumerate() {
            *block = Block::splat(words);
            if taken == 0 {
                block.0[..8].copy_from_slice(&digest.0);
            }
            sha512::compress::<W>(engine, &mut state, block);
        }
        *digest = state;
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        wipe(&mut self.start, 0);
    }
}

impl<M> Drop for Hashing<'_, M> {
    fn drop(&mut self) {
        wipe(&mut self.start.0, 0);
    }
}

impl<'a, M: Message> Hashing<'a, M> {
    /// The hash as it is, of the messages as they are.
    pub(super) fn plain(messages: &'a [M]) -> Self {
        Self { start: (INITIAL, 0), prefix: &[], messages, suffix: &[], second: None }
    }

    #[inline(always)]
    fn blocks(&self, index: usize) -> usize {
        message::blocks(self.prefix.len() + self.messages[index].len() + self.suffix.len())
    }

    /// The messages' positions, those with most blocks first.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.messages.len()).collect();
        order.sort_by_cached_key(|index| core::cmp::Reverse(self.blocks(*index)));
        order
    }

    /// Hashes the messages at `members`, at most one for each lane.
    #[inline(always)]
    fn group<W: Words>(
        &self,
        engine: W::Engine,
        scratch: &mut Scratch<W::Row>,
        members: &[usize],
        digests: &mut [[u8; 64]],
    ) {
        let longest = self.blocks(members[0]);
        let stride = longest * BLOCK;
        if scratch.bytes.len() < W::Row::LANES * stride {
            wipe(&mut scratch.bytes, 0);
            scratch.bytes = vec![0; W::Row::LANES * stride];
        }
        for (bytes, index) in scratch.bytes.chunks_exact_mut(stride).zip(members) {
            let own = &mut bytes[..self.blocks(*index) * BLOCK];
            message::lay(own, self.prefix, &self.messages[*index], self.suffix, self.start.1);
        }
        scratch.state = State::splat(&self.start.0);
        for done in 1..=longest {
            for lane in 0..W::Row::LANES {
                let bytes = &scratch.bytes[lane * stride + (done - 1) * BLOCK..][..BLOCK];
                for (row, word) in scratch.block.0.iter_mut().zip(bytes.as_chunks().0) {
                    row.as_mut()[lane] = u64::from_be_bytes(*word);
                }
            }
            sha512::compress::<W>(engine, &mut scratch.state, &scratch.block);
            scratch.keep(members.iter().map(|index| self.blocks(*index) == done));
        }
        if let Some(second) = &self.second {
            second.hash::<W>(engine, &mut scratch.digest, &mut scratch.block);
        }
        for (lane, index) in members.iter().enumerate() {
            take(&scratch.digest, lane, &mut digests[*index]);
        }
    }
}

impl<M: Message> Kernel for Hashing<'_, M> {
    type Output = Digests;

    #[inline(always)]
    fn run<E: Engine>(self, engine: E) -> Self::Output {
        let mut digests = Digests::zero(self.messages.len());
        let order = self.order();
        let mut scratch = None;
        let lanes = <E::Words as Words>::Row::LANES;
        for members in order.chunks(lanes) {
            if members.len() < lanes.min(2) {
                self.group::<u64>(Portable, &mut Scratch::new(), members, &mut digests);
            } else {
                self.group::<E::Words>(
                    engine,
                    scratch.get_or_insert_with(Scratch::new),
                    members,
                    &mut digests,
                );
            }
        }
        digests
    }
}

/// The bytes of one lane's digest.
#[inline(always)]
pub(super) fn take<R: Row>(digest: &State<R>, lane: usize, bytes: &mut [u8; 64]) {
    for (bytes, row) in bytes.as_chunks_mut().0.iter_mut().zip(&digest.0) {
        *bytes = row.as_ref()[lane].to_be_bytes();
    }
}

/// Memory that the groups of a batch use one after the other.
struct Scratch<R: Row> {
    /// The padded messages, those of one lane together.
    bytes: Vec<u8>,
    block: Block<R>,
    state: State<R>,
    digest: State<R>,
}

impl<R: Row> Scratch<R> {
    fn new() -> Self {
        Self { bytes: Vec::new(), block: Block::zero(), state: State::zero(), digest: State::zero() }
    }

    /// Keeps the state of those lanes that have ended.
    #[inline(always)]
    fn keep(&mut self, ended: impl ExactSizeIterator<Item = bool> + Clone) {
        if ended.clone().all(|ended| ended) {
            self.digest = self.state;
            return;
        }
        for (lane, _) in ended.enumerate().filter(|(_, ended)| *ended) {
            for (kept, row) in self.digest.0.iter_mut().zip(&self.state.0) {
                kept.as_mut()[lane] = row.as_ref()[lane];
            }
        }
    }
}

impl<R: Row> Drop for Scratch<R> {
    fn drop(&mut self) {
        wipe(&mut self.bytes, 0);
        self.block.wipe();
        self.state.wipe();
        self.digest.wipe();
    }
}
