//! The disclosing side of a pruned tree.

use std::io;
use std::iter::Peekable;

use crate::merkle::{Hash, ProofError};

use super::{Levels, MAX_LOG2};

/// What comes next in a pruned tree. The leaf itself is fetched by whoever keeps the leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The leaf at this place is disclosed here.
    Leaf(u64),
    /// A maximal subtree without a disclosed leaf.
    Hash {
        /// It has `2^height` leaves.
        height: u8,
        /// Its root.
        hash: Hash,
    },
}

/// Why the pruned tree could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The levels could not be read.
    #[error("the levels of the tree could not be read: {0}")]
    Read(#[from] io::Error),
    /// The places are not strictly ascending, or lie outside the tree.
    #[error("leaf {place} is out of order or outside the tree")]
    Place {
        /// The place that does not fit.
        place: u64,
    },
    /// A tree larger than any that is used here.
    #[error(transparent)]
    Tree(#[from] ProofError),
}

/// Writes a pruned tree step by step. Ends after the first error.
pub struct Prover<'a, L: ?Sized, I: Iterator<Item = u64>> {
    levels: &'a L,
    disclosed: Peekable<I>,
    place: u64,
    leaves: u64,
    log2: u8,
    ended: bool,
}

impl<'a, L: Levels + ?Sized, I: Iterator<Item = u64>> Prover<'a, L, I> {
    /// Discloses the leaves at these strictly ascending places of a tree of `2^leaves_log2` leaves.
    pub fn new(
        levels: &'a L,
        leaves_log2: u8,
        disclosed: impl IntoIterator<IntoIter = I>,
    ) -> Result<Self, ProofError> {
        if leaves_log2 > MAX_LOG2 {
            return Err(ProofError::TooLarge);
        }
        let leaves = 1 << leaves_log2;
        Ok(Self {
            levels,
            disclosed: disclosed.into_iter().peekable(),
            place: 0,
            leaves,
            log2: leaves_log2,
            ended: false,
        })
    }

    fn step(&mut self) -> Result<Step, ProveError> {
        let next = match self.disclosed.peek() {
            Some(&place) if place < self.place || place >= self.leaves => {
                return Err(ProveError::Place { place });
            }
            Some(&place) => place,
            None => self.leaves,
        };
        if next == self.place {
            self.disclosed.next();
            self.place += 1;
            return Ok(Step::Leaf(next));
        }
        // The largest subtree that begins here and ends before the next disclosed leaf.
        let aligned = if self.place == 0 { u32::from(self.log2) } else { self.place.trailing_zeros() };
        let height = u8::try_from(aligned.min((next - self.place).ilog2())).unwrap_or(self.log2);
        let hash = self.levels.node(height, self.place >> height)?;
        self.place += 1 << height;
        Ok(Step::Hash { height, hash })
    }
}

impl<L: Levels + ?Sized, I: Iterator<Item = u64>> Iterator for Prover<'_, L, I> {
    type Item = Result<Step, ProveError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        if self.place < self.leaves {
            return Some(self.step().inspect_err(|_| self.ended = true));
        }
        self.ended = true;
        // A place too many is an error and not an end.
        self.disclosed.next().map(|place| Err(ProveError::Place { place }))
    }
}
