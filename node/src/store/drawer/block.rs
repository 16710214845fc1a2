//! The bytes of one block: entries in the order of their keys.
//!
//! ```text
//! low (16) ‖ { key (16) ‖ u32 length ‖ value } …
//! ```
//!
//! `low` is the key under which the block is filed, so that a block which was moved within its drawer is noticed. Comes
//! in: opened bytes, changes. Goes out: entries, or the blocks that take this one's place. Never sees: keys of ciphers.

use std::cmp::Ordering;

use zeroize::Zeroizing;

/// Bytes of a key.
const KEY_BYTES: usize = 16;
/// Keys sort as their bytes do.
pub type Key = [u8; KEY_BYTES];

/// A block may grow to this before it is cut.
const FULL: usize = 64 * 1024;
/// What is cut is cut into pieces of about this, so that there is room for what comes later.
const CUT: usize = 48 * 1024;
const HEAD: usize = KEY_BYTES + 4;

/// What becomes of one key.
pub struct Change {
    /// The key.
    pub key: Key,
    /// Its value from now on; none takes the entry away.
    pub value: Option<Zeroizing<Vec<u8>>>,
}

/// An opened block, and how far it has been read.
pub(super) struct Block {
    bytes: Zeroizing<Vec<u8>>,
    at: usize,
}

impl Block {
    /// Checks the whole form once; then entries need no checking.
    pub(super) fn new(bytes: Zeroizing<Vec<u8>>, low: &[u8]) -> Option<Self> {
        let mut last = None;
        let mut at = KEY_BYTES;
        while at < bytes.len() {
            let (key, _, next) = entry(&bytes, at)?;
            if last.is_some_and(|last| last >= key) {
                return None;
            }
            (last, at) = (Some(key), next);
        }
        (at == bytes.len() && bytes.get(..KEY_BYTES)? == low).then_some(Self { bytes, at: KEY_BYTES })
    }

    /// The next entry whose key lies within the bounds; keys below them are passed over for good.
    pub(super) fn next_within(&mut self, from: &Key, to: &Key) -> Option<(&Key, &[u8])> {
        while let Some((key, _, next)) = entry(&self.bytes, self.at) {
            if key > to {
                return None;
            }
            let at = std::mem::replace(&mut self.at, next);
            if key >= from {
                return entry(&self.bytes, at).map(|(key, value, _)| (key, value));
            }
        }
        None
    }
}

fn entry(bytes: &[u8], at: usize) -> Option<(&Key, &[u8], usize)> {
    let (key, rest) = bytes.get(at..)?.split_first_chunk::<KEY_BYTES>()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = u32::from_be_bytes(*length) as usize;
    Some((key, rest.get(..length)?, at + HEAD + length))
}

/// A block to be written.
pub(super) struct Piece {
    pub(super) entries: i64,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

impl Piece {
    pub(super) fn low(&self) -> &[u8] {
        &self.bytes[..KEY_BYTES]
    }
}

/// What a block becomes under changes, which are sorted and name each key once.
pub(super) fn changed(block: Option<&Block>, changes: &[Change]) -> Vec<Piece> {
    let kept = block.map_or(&[][..], |block| &block.bytes);
    let added: usize =
        changes.iter().filter_map(|change| change.value.as_ref()).map(|v| v.len() + HEAD).sum();
    let limit = if kept.len() + added <= FULL { FULL } else { CUT };
    let mut pieces = Cutter { pieces: Vec::new(), limit, ahead: kept.len() + added };
    let (mut at, mut changes) = (KEY_BYTES, changes);
    loop {
        let (old, new) = (entry(kept, at), changes.split_first());
        let order = match (&old, &new) {
            (None, None) => return pieces.pieces,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((key, ..)), Some((change, _))) => (**key).cmp(&change.key),
        };
        if let Some((key, value, next)) = old.filter(|_| order.is_le()) {
            at = next;
            if order.is_lt() {
                pieces.push(key, value);
            }
        }
        if let Some((change, rest)) = new.filter(|_| order.is_ge()) {
            changes = rest;
            if let Some(value) = &change.value {
                pieces.push(&change.key, value);
            }
        }
    }
}

struct Cutter {
    pieces: Vec<Piece>,
    limit: usize,
    /// At most so many bytes are to come.
    ahead: usize,
}

impl Cutter {
    fn push(&mut self, key: &Key, value: &[u8]) {
        let bytes = HEAD + value.len();
        let fits = |piece: &&mut Piece| piece.bytes.len() + bytes <= self.limit;
        let piece = match self.pieces.last_mut().filter(fits) {
            Some(piece) => piece,
            None => {
                // All at once: a buffer that grew would leave copies of what it held.
                let room = self.ahead.min(self.limit).max(bytes) + KEY_BYTES;
                let mut start = Zeroizing::new(Vec::with_capacity(room));
                start.extend_from_slice(key);
                self.pieces.push(Piece { entries: 0, bytes: start });
                let last = self.pieces.len() - 1;
                &mut self.pieces[last]
            }
        };
        piece.bytes.extend_from_slice(key);
        piece.bytes.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
        piece.bytes.extend_from_slice(value);
        piece.entries += 1;
        self.ahead = self.ahead.saturating_sub(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(key: u8, value: Option<&[u8]>) -> Change {
        Change { key: [key; KEY_BYTES], value: value.map(|value| Zeroizing::new(value.to_vec())) }
    }

    fn opened(piece: Piece) -> Block {
        let low = piece.low().to_vec();
        Block::new(piece.bytes, &low).unwrap()
    }

    fn listed(mut block: Block) -> Vec<(u8, Vec<u8>)> {
        let mut all = Vec::new();
        while let Some((key, value)) = block.next_within(&[0; KEY_BYTES], &[255; KEY_BYTES]) {
            all.push((key[0], value.to_vec()));
        }
        all
    }

    #[test]
    fn changes_are_merged_in_order() {
        let mut pieces = changed(None, &[change(2, Some(b"b")), change(4, Some(b"d")), change(5, None)]);
        let block = opened(pieces.pop().unwrap());
        assert!(pieces.is_empty());
        let changes = [change(1, Some(b"a")), change(2, None), change(4, Some(b"dd")), change(9, Some(b""))];
        let next = changed(Some(&block), &changes).pop().unwrap();
        assert_eq!(next.entries, 3);
        let wanted = [(1, b"a".to_vec()), (4, b"dd".to_vec()), (9, Vec::new())];
        assert_eq!(listed(opened(next)), wanted);
        assert!(changed(Some(&block), &[change(2, None), change(4, None)]).is_empty());
    }

    #[test]
    fn what_is_too_large_is_cut_and_a_giant_stands_alone() {
        let (large, giant) = (vec![1; 40_000], vec![7; 3 * FULL]);
        let changes = [change(1, Some(&large)), change(2, Some(&giant)), change(3, Some(b"c"))];
        let pieces = changed(None, &changes);
        assert_eq!(pieces.iter().map(|piece| piece.entries).collect::<Vec<_>>(), [1, 1, 1]);
        assert!(pieces.iter().all(|piece| piece.bytes.capacity() <= 3 * FULL + HEAD + KEY_BYTES));
        let all: Vec<_> =
            pieces.into_iter().flat_map(|piece| listed(opened(piece))).map(|(key, _)| key).collect();
        assert_eq!(all, [1, 2, 3]);
    }

    #[test]
    fn bytes_of_another_form_are_refused() {
        let piece = changed(None, &[change(2, Some(b"b")), change(4, Some(b"d"))]).pop().unwrap();
        let bytes = piece.bytes.to_vec();
        let read = |bytes: &[u8], low: &[u8]| Block::new(Zeroizing::new(bytes.to_vec()), low).is_some();
        assert!(read(&bytes, &[2; KEY_BYTES]) && !read(&bytes, &[3; KEY_BYTES]));
        for cut in 1..bytes.len() {
            let entries_end = cut == KEY_BYTES || cut == KEY_BYTES + HEAD + 1;
            assert_eq!(read(&bytes[..cut], &[2; KEY_BYTES]), entries_end, "{cut}");
        }
        let mut disorder = bytes.clone();
        disorder[KEY_BYTES..2 * KEY_BYTES].fill(4);
        assert!(!read(&disorder, &[2; KEY_BYTES]));
    }
}
