//! The receiving side of a pruned tree.

use crate::merkle::{Hash, ProofError, leaf_hash, node_hash};

use super::{Item, MAX_LOG2};

struct Subtree {
    height: u8,
    hash: Hash,
    disclosed: bool,
}

/// Follows a pruned tree item by item. What it has told about a leaf counts only once
/// [`finish`](PrunedVerifier::finish) has agreed.
pub struct PrunedVerifier {
    log2: u8,
    place: u64,
    stack: Vec<Subtree>,
    refused: Option<ProofError>,
}

impl PrunedVerifier {
    /// For a tree of `2^leaves_log2` leaves.
    pub fn new(leaves_log2: u8) -> Result<Self, ProofError> {
        if leaves_log2 > MAX_LOG2 {
            return Err(ProofError::TooLarge);
        }
        Ok(Self { log2: leaves_log2, place: 0, stack: Vec::new(), refused: None })
    }

    /// Takes the next item, and tells the place of the leaf if it is one. After a refusal nothing is taken any more.
    pub fn push(&mut self, item: Item<'_>) -> Result<Option<u64>, ProofError> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        let place = self.place;
        let subtree = match item {
            Item::Leaf(leaf) => Subtree { height: 0, hash: leaf_hash(leaf), disclosed: true },
            Item::Hash { height, hash } => Subtree { height, hash, disclosed: false },
        };
        let disclosed = subtree.disclosed;
        self.take(subtree).inspect_err(|refused| self.refused = Some(*refused))?;
        Ok(disclosed.then_some(place))
    }

    /// How many leaves the items so far have covered.
    pub fn covered(&self) -> u64 {
        self.place
    }

    /// All items have been taken: do they make up the tree with this root?
    pub fn finish(self, root: &Hash) -> Result<(), ProofError> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        match self.stack.as_slice() {
            [whole] if whole.height == self.log2 && whole.hash == *root => Ok(()),
            [whole] if whole.height == self.log2 => Err(ProofError::OtherRoot),
            _ => Err(ProofError::Unfinished),
        }
    }

    fn take(&mut self, mut subtree: Subtree) -> Result<(), ProofError> {
        let all = 1_u64 << self.log2;
        if self.place == all {
            return Err(ProofError::Overrun);
        }
        let misplaced = ProofError::Misplaced { height: subtree.height };
        if subtree.height > self.log2 {
            return Err(misplaced);
        }
        // A subtree that begins at a multiple of its size inside a perfect tree also ends inside it.
        let size = 1_u64 << subtree.height;
        if !self.place.is_multiple_of(size) {
            return Err(misplaced);
        }
        self.place += size;
        while let Some(left) = self.stack.pop_if(|left| left.height == subtree.height) {
            if !left.disclosed && !subtree.disclosed {
                return Err(ProofError::NotMaximal);
            }
            let hash = node_hash(&left.hash, &subtree.hash);
            subtree = Subtree { height: subtree.height + 1, hash, disclosed: true };
        }
        self.stack.push(subtree);
        Ok(())
    }
}
