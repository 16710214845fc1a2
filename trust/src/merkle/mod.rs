//! Merkle trees: one short root for many rows, and later proofs for some of them.
//!
//! * Comes in: leaves in order. Goes out: a root to be signed; later, proofs against it.
//! * Never sees: what a leaf means (secret leaves carry their own salt). Trusts: SHA-256.
//! * Fails with a [`ProofError`] that says what does not fit.
//!
//! The tree of RFC 6962, section 2.1: `leaf = SHA-256(0x00 ‖ bytes)`, `node = SHA-256(0x01 ‖ left ‖ right)`, the left
//! half is the largest power of two below the number of leaves, and the empty tree is `SHA-256("")`.
//! The number of leaves is not part of the root: whoever signs a root signs the number beside it.
//!
//! [`pruned`] proves many leaves of a perfect tree at once.

mod inclusion;
pub mod pruned;

pub use inclusion::{InclusionProof, prove};

use sha2::{Digest as _, Sha256};

/// The hash of a leaf or of an inner node.
pub type Hash = [u8; 32];

/// Why leaves, proof and root do not belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The path is not as long as the place of the leaf requires.
    #[error(
        "the path does not have the length that this place in the tree requires; ask for the proof again"
    )]
    PathLength,
    /// The place lies outside the tree.
    #[error("the leaf lies outside the tree of {leaves} leaves")]
    OutsideTree {
        /// How many leaves the tree has.
        leaves: u64,
    },
    /// Everything is well formed and leads to another root.
    #[error("the leaves do not lead to the signed root; they are not what was committed to")]
    OtherRoot,
    /// A tree larger than any that is used here.
    #[error("a tree has at most 2^{} leaves", pruned::MAX_LOG2)]
    TooLarge,
    /// A pruned tree with more items than leaves.
    #[error("the pruned tree goes on after its last leaf")]
    Overrun,
    /// A pruned tree that ended too early.
    #[error("the pruned tree ends before its last leaf; fetch the rest")]
    Unfinished,
    /// A subtree that does not begin where one of its height can begin.
    #[error("a subtree of height {height} cannot stand at this place")]
    Misplaced {
        /// Its height.
        height: u8,
    },
    /// Two neighbouring subtrees without a disclosed leaf should have been one.
    #[error(
        "two undisclosed subtrees stand where their parent belongs; the pruned tree is not in its one form"
    )]
    NotMaximal,
    /// The bytes of a pruned tree end within an item, or begin one that does not exist.
    #[error("the bytes of the pruned tree are malformed")]
    Malformed,
    /// A disclosed leaf is longer than leaves of this tree are.
    #[error("a disclosed leaf is longer than {limit} bytes")]
    LeafTooLong {
        /// Bytes.
        limit: usize,
    },
}

/// The hash of a leaf.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new_with_prefix([0]).chain_update(leaf).finalize().into()
}

/// The hash of an inner node.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new_with_prefix([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of no leaves at all.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// Computes a root over leaves that arrive one by one, in memory for one hash per level.
///
/// The stack holds the roots of the perfect subtrees that the binary digits of the count name, largest first.
#[derive(Clone, Default)]
pub struct RootBuilder {
    leaves: u64,
    stack: Vec<Hash>,
}

impl RootBuilder {
    /// A tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a leaf.
    pub fn push(&mut self, leaf: &[u8]) {
        self.push_hash(leaf_hash(leaf));
    }

    /// Adds a leaf that has been hashed already.
    pub fn push_hash(&mut self, mut hash: Hash) {
        for _ in 0..self.leaves.trailing_ones() {
            if let Some(left) = self.stack.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.stack.push(hash);
        self.leaves += 1;
    }

    /// How many leaves there are so far.
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    /// The root.
    pub fn finish(mut self) -> Hash {
        let Some(mut hash) = self.stack.pop() else { return empty_root() };
        while let Some(left) = self.stack.pop() {
            hash = node_hash(&left, &hash);
        }
        hash
    }
}
