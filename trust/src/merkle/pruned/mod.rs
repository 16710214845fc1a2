//! A pruned tree: many leaves of one perfect tree, proven at once.
//!
//! * Comes in: the tree of `2^k` leaves and the ascending places of those to disclose.
//! * Goes out: from left to right, each disclosed leaf, and between them one hash for each maximal subtree without any.
//! * The receiver learns every leaf's place and, at the end, that all of them stand in the tree with the signed root.
//! * Both sides use memory for one hash per level, however many leaves there are.
//!
//! For one set of places there is exactly one pruned tree: a hash that could be part of a larger one is refused.
//! As every item says how many leaves it covers, nothing has to be said about places:
//!
//! ```text
//! leaf   0x80 ‖ u32 length ‖ bytes
//! hash   height (0 … 40) ‖ 32 bytes
//! ```
//!
//! The coordinator keeps all levels of a bank's tree in one file ([`LevelsWriter`], [`StoredLevels`]): level 0 first, each
//! next level behind it, 32 bytes a node.

mod item;
mod levels;
mod prover;
mod verifier;

pub use item::{Item, ItemReader};
pub use levels::{Levels, LevelsError, LevelsWriter, StoredLevels, level_offset, levels_bytes};
pub use prover::{ProveError, Prover, Step};
pub use verifier::PrunedVerifier;

/// Trees have at most `2^40` leaves.
pub const MAX_LOG2: u8 = 40;
