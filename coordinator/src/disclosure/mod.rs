//! Disclosure: what of a match may be told to whom. The only maker of what a report carries.
//!
//! Comes in: a [`Match`]. Goes out: for each bank that holds the tag itself, a [`Released`]: under `count` the number of
//! legal groups; under `institutions` and `labels` the other banks' rows, and between them the hashes by which the reader
//! proves that they stand in the trees whose roots those banks signed. Never released: anything about a tag to a bank that
//! does not hold it. A source of which nothing is disclosed is one hash of full height.
//!
//! Per reader and source one number is kept: how far the source's tree has been covered.

use std::io;

use lianfang_proto::catalogue::Disclosure as Rule;
use lianfang_proto::row::Item;
use lianfang_trust::merkle::pruned::Levels;

use crate::matching::Match;

/// Packed items that may be told to one reader. Made here alone.
pub struct Released<'a>(&'a [u8]);

impl Released<'_> {
    /// The items, packed.
    pub fn items(&self) -> &[u8] {
        self.0
    }
}

/// What could not be told, and where that lies.
#[derive(Debug, thiserror::Error)]
pub enum Untold {
    /// A tree could not be read.
    #[error("the tree of submission {place}: {error}")]
    Tree {
        /// Its place among the submissions.
        place: usize,
        /// What the system says.
        error: io::Error,
    },
    /// What was released could not be given.
    #[error("the report of submitter {reader}: {error}")]
    Report {
        /// Its place among the submissions.
        reader: usize,
        /// What the system says.
        error: io::Error,
    },
}

/// The tree of one submission.
pub struct Tree<L> {
    /// Its levels; not asked for under `count`.
    pub levels: L,
    /// It has `2^log2` rows.
    pub log2: u8,
}

/// Releases what the rule of one job allows.
pub struct Disclosure<L> {
    rule: Rule,
    trees: Vec<Tree<L>>,
    /// By reader and source: rows that the reader's items have covered.
    covered: Vec<Vec<u64>>,
    buffer: Vec<u8>,
}

impl<L: Levels> Disclosure<L> {
    /// For a job whose submissions have these trees, in the order of matching. Every submitter is a reader.
    pub fn new(rule: Rule, trees: Vec<Tree<L>>) -> Self {
        let covered = vec![vec![0; trees.len()]; trees.len()];
        Self { rule, trees, covered, buffer: Vec::new() }
    }

    /// Gives each holder of the tag what it may be told.
    pub fn release(
        &mut self,
        found: &Match,
        mut give: impl FnMut(usize, Released<'_>) -> io::Result<()>,
    ) -> Result<(), Untold> {
        for reader in found.holdings() {
            self.buffer.clear();
            match self.rule {
                Rule::Count => {
                    Item::Count { tag: *found.tag(), groups: found.groups() }.write(&mut self.buffer);
                }
                Rule::Institutions | Rule::Labels => {
                    for other in found.holdings().iter().filter(|other| other.bank() != reader.bank()) {
                        self.cover(reader.bank(), other.bank(), other.place())?;
                        let source = source_number(reader.bank(), other.bank())
                            .map_err(|error| Untold::Tree { place: other.bank(), error })?;
                        Item::Row { source, row: other.row() }.write(&mut self.buffer);
                        self.covered[reader.bank()][other.bank()] = other.place() + 1;
                    }
                }
            }
            let reader = reader.bank();
            give(reader, Released(&self.buffer)).map_err(|error| Untold::Report { reader, error })?;
        }
        Ok(())
    }

    /// All matches have been released: gives every reader the rest of every tree.
    pub fn finish(
        mut self,
        mut give: impl FnMut(usize, Released<'_>) -> io::Result<()>,
    ) -> Result<(), Untold> {
        if self.rule == Rule::Count {
            return Ok(());
        }
        for reader in 0..self.trees.len() {
            for source in (0..self.trees.len()).filter(|source| *source != reader) {
                self.buffer.clear();
                self.cover(reader, source, 1 << self.trees[source].log2)?;
                give(reader, Released(&self.buffer)).map_err(|error| Untold::Report { reader, error })?;
            }
        }
        Ok(())
    }

    /// Writes hashes over the rows of `source` that are not covered yet, up to `end`: from the left, each the largest
    /// subtree that begins here and ends by then.
    fn cover(&mut self, reader: usize, source: usize, end: u64) -> Result<(), Untold> {
        let covered = self.cover_from(reader, source, end);
        covered.map_err(|error| Untold::Tree { place: source, error })
    }

    fn cover_from(&mut self, reader: usize, source: usize, end: u64) -> io::Result<()> {
        let tree = &self.trees[source];
        let place = &mut self.covered[reader][source];
        let number = source_number(reader, source)?;
        while *place < end {
            let aligned = if *place == 0 { u32::from(tree.log2) } else { place.trailing_zeros() };
            let height = u8::try_from(aligned.min((end - *place).ilog2())).unwrap_or(tree.log2);
            let hash = tree.levels.node(height, *place >> height)?;
            Item::Hash { source: number, height, hash }.write(&mut self.buffer);
            *place += 1 << height;
        }
        Ok(())
    }
}

/// A source's place among the reader's sources: all submitters but the reader, in their order.
fn source_number(reader: usize, source: usize) -> io::Result<u16> {
    let place = if source < reader { source } else { source - 1 };
    u16::try_from(place).map_err(|_| io::ErrorKind::InvalidInput.into())
}
