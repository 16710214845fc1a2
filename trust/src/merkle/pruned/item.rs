//! The items of a pruned tree as bytes.

use crate::merkle::{Hash, ProofError};

use super::MAX_LOG2;

const LEAF: u8 = 0x80;

/// One item of a pruned tree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// A disclosed leaf.
    Leaf(&'a [u8]),
    /// A maximal subtree without a disclosed leaf.
    Hash {
        /// It has `2^height` leaves.
        height: u8,
        /// Its root.
        hash: Hash,
    },
}

impl Item<'_> {
    /// Appends the item to `out`. A leaf longer than 4 GiB is refused.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), ProofError> {
        match self {
            Self::Leaf(bytes) => {
                let limit = u32::MAX as usize;
                let length = u32::try_from(bytes.len()).map_err(|_| ProofError::LeafTooLong { limit })?;
                out.push(LEAF);
                out.extend_from_slice(&length.to_be_bytes());
                out.extend_from_slice(bytes);
            }
            Self::Hash { height, hash } => {
                out.push(*height);
                out.extend_from_slice(hash);
            }
        }
        Ok(())
    }
}

/// Reads items out of bytes that hold a whole number of them. Ends after the first error.
pub struct ItemReader<'a> {
    rest: &'a [u8],
    leaf_limit: usize,
}

impl<'a> ItemReader<'a> {
    /// Reads items whose leaves have at most `leaf_limit` bytes.
    pub fn new(bytes: &'a [u8], leaf_limit: usize) -> Self {
        Self { rest: bytes, leaf_limit }
    }

    fn read(&mut self) -> Result<Item<'a>, ProofError> {
        let (kind, rest) = self.rest.split_first().ok_or(ProofError::Malformed)?;
        let (item, rest) = if *kind == LEAF {
            let (length, rest) = rest.split_first_chunk().ok_or(ProofError::Malformed)?;
            let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| ProofError::Malformed)?;
            if length > self.leaf_limit {
                return Err(ProofError::LeafTooLong { limit: self.leaf_limit });
            }
            let (leaf, rest) = rest.split_at_checked(length).ok_or(ProofError::Malformed)?;
            (Item::Leaf(leaf), rest)
        } else {
            let (hash, rest) = rest.split_first_chunk().ok_or(ProofError::Malformed)?;
            if *kind > MAX_LOG2 {
                return Err(ProofError::Malformed);
            }
            (Item::Hash { height: *kind, hash: *hash }, rest)
        };
        self.rest = rest;
        Ok(item)
    }
}

impl<'a> Iterator for ItemReader<'a> {
    type Item = Result<Item<'a>, ProofError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        Some(self.read().inspect_err(|_| self.rest = &[]))
    }
}
