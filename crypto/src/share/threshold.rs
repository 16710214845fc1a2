//! How many holders there are and how many of them it takes.
//!
//! - **Comes in:** two small numbers. **Goes out:** a [`Threshold`] with `2 ≤ T ≤ M ≤ 255`.
//! - **Never sees:** keys. **Trusts:** nobody. **Fails:** with the number out of range.

pub use super::index::HolderIndex;
use crate::error::{Malformed, Problem};

/// `T` of `M`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    needed: u8,
    holders: u8,
}

impl Threshold {
    /// `needed` of `holders`; `2 ≤ needed ≤ holders`.
    ///
    /// One share is never enough: whoever had it could compute the tag function alone.
    pub fn new(needed: u8, holders: u8) -> Result<Self, Malformed> {
        let range = |found: u8| Malformed::new("threshold", Problem::Range { found: found.into() });
        match (needed, holders) {
            (0 | 1, _) => Err(range(needed)),
            (t, m) if t > m => Err(range(holders)),
            _ => Ok(Self { needed, holders }),
        }
    }

    /// `T`, the holders it takes.
    pub fn needed(self) -> u8 {
        self.needed
    }

    /// `M`, the holders there are.
    pub fn holders(self) -> u8 {
        self.holders
    }

    /// Every holder's index, from 1 to `M`.
    pub fn indices(self) -> impl Iterator<Item = HolderIndex> {
        (1..=self.holders).filter_map(HolderIndex::new)
    }

    /// Whether `index` is one of the `M`.
    pub fn contains(self, index: HolderIndex) -> bool {
        index.get() <= self.holders
    }
}
