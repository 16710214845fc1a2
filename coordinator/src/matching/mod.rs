//! Matching: which tags do at least `t` distinct legal groups hold?
//!
//! Comes in: sorted submissions. Goes out: one [`Match`] after the other, in the order of tags. Never sees: what a tag
//! stands for. What is under the threshold leaves this module in no form, not even as a number. Memory is one row and one
//! small buffer per submission, and the holders of one tag. Fails if a submission is not what intake took.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Read};

use lianfang_proto::row::{TagBytes, tag_of};

/// A submission to be merged.
pub struct Submitted<R> {
    /// Its rows, sorted by tag.
    pub rows: R,
    /// How many there are.
    pub count: u64,
    /// The number of its bank's legal group.
    pub group: u32,
}

/// A submission could not be read, or is not what intake took.
#[derive(Debug, thiserror::Error)]
#[error("submission {bank}: {source}")]
pub struct Unread {
    /// The bank, by its place among the submissions.
    pub bank: usize,
    /// What the system says.
    pub source: io::Error,
}

/// One bank's row under a matched tag.
pub struct Holding {
    bank: usize,
    place: u64,
    row: Vec<u8>,
}

impl Holding {
    /// The bank, by its place among the submissions.
    pub fn bank(&self) -> usize {
        self.bank
    }

    /// The row's place in its submission.
    pub fn place(&self) -> u64 {
        self.place
    }

    /// The row, word for word.
    pub fn row(&self) -> &[u8] {
        &self.row
    }
}

/// A tag that at least `t` legal groups hold. Made here alone. No `Debug`: tags are personal information.
pub struct Match {
    tag: TagBytes,
    groups: u32,
    holdings: Vec<Holding>,
}

impl Match {
    /// The tag.
    pub fn tag(&self) -> &TagBytes {
        &self.tag
    }

    /// Distinct legal groups that hold it.
    pub fn groups(&self) -> u32 {
        self.groups
    }

    /// Who holds it, in the order of the submissions.
    pub fn holdings(&self) -> &[Holding] {
        &self.holdings
    }
}

struct Cursor<R> {
    rows: R,
    row: Vec<u8>,
    place: u64,
    count: u64,
    group: u32,
}

impl<R: Read> Cursor<R> {
    /// Reads the next row; its tag, or `None` at the end.
    fn advance(&mut self) -> io::Result<Option<TagBytes>> {
        if self.place == self.count {
            return Ok(None);
        }
        self.rows.read_exact(&mut self.row)?;
        self.place += 1;
        Ok(tag_of(&self.row).copied())
    }
}

/// Merges submissions and gives the matches. Ends after the first error.
pub struct Matches<R> {
    cursors: Vec<Cursor<R>>,
    heads: BinaryHeap<Reverse<(TagBytes, usize)>>,
    threshold: u32,
    holders: Vec<usize>,
    groups: Vec<u32>,
    failed: bool,
}

impl<R: Read> Matches<R> {
    /// Matches among these submissions of rows of one length.
    pub fn among(submissions: Vec<Submitted<R>>, row_bytes: usize, threshold: u32) -> Result<Self, Unread> {
        let cursor = |s: Submitted<R>| Cursor {
            rows: s.rows,
            row: vec![0; row_bytes],
            place: 0,
            count: s.count,
            group: s.group,
        };
        let mut matches = Self {
            cursors: submissions.into_iter().map(cursor).collect(),
            heads: BinaryHeap::new(),
            threshold,
            holders: Vec::new(),
            groups: Vec::new(),
            failed: false,
        };
        for bank in 0..matches.cursors.len() {
            if let Some(tag) = matches.advance(bank)? {
                matches.heads.push(Reverse((tag, bank)));
            }
        }
        Ok(matches)
    }

    fn advance(&mut self, bank: usize) -> Result<Option<TagBytes>, Unread> {
        self.cursors[bank].advance().map_err(|source| Unread { bank, source })
    }

    fn step(&mut self) -> Result<Option<Match>, Unread> {
        while let Some(&Reverse((tag, _))) = self.heads.peek() {
            self.holders.clear();
            while let Some(&Reverse((head, bank))) = self.heads.peek() {
                if head != tag {
                    break;
                }
                self.heads.pop();
                self.holders.push(bank);
            }
            let found = self.match_of(tag);
            for at in 0..self.holders.len() {
                let bank = self.holders[at];
                if let Some(next) = self.advance(bank)? {
                    if next <= tag {
                        let source =
                            io::Error::new(io::ErrorKind::InvalidData, "a submission is out of order");
                        return Err(Unread { bank, source });
                    }
                    self.heads.push(Reverse((next, bank)));
                }
            }
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn match_of(&mut self, tag: TagBytes) -> Option<Match> {
        self.groups.clear();
        self.groups.extend(self.holders.iter().map(|&bank| self.cursors[bank].group));
        self.groups.sort_unstable();
        self.groups.dedup();
        let groups = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        if groups < self.threshold {
            return None;
        }
        let holding = |&bank: &usize| {
            let cursor = &self.cursors[bank];
            Holding { bank, place: cursor.place - 1, row: cursor.row.clone() }
        };
        Some(Match { tag, groups, holdings: self.holders.iter().map(holding).collect() })
    }
}

impl<R: Read> Iterator for Matches<R> {
    type Item = Result<Match, Unread>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        self.step().inspect_err(|_| self.failed = true).transpose()
    }
}
