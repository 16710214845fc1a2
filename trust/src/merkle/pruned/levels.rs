//! All levels of a perfect tree in one file.

use std::io::{self, Seek, SeekFrom, Write};

use crate::merkle::{Hash, ProofError, node_hash};

use super::MAX_LOG2;

/// Random access to the nodes of a perfect tree.
pub trait Levels {
    /// The hash of the node at `index` of the level at `height`; leaves are at height 0.
    fn node(&self, height: u8, index: u64) -> io::Result<Hash>;
}

/// Where a level begins in the file, in bytes. `height` is at most `leaves_log2`, which is at most [`MAX_LOG2`].
pub fn level_offset(leaves_log2: u8, height: u8) -> u64 {
    // 2^k + 2^(k-1) + … + 2^(k-height+1) nodes stand before it.
    let twice = 2_u64 << leaves_log2.min(MAX_LOG2);
    (twice - (twice >> height.min(63))) * 32
}

/// How long the file with all levels is, in bytes.
pub fn levels_bytes(leaves_log2: u8) -> u64 {
    ((2_u64 << leaves_log2.min(MAX_LOG2)) - 1) * 32
}

/// Levels in the layout of [`LevelsWriter`], read through a function that fills a buffer from an offset.
pub struct StoredLevels<F> {
    log2: u8,
    read_at: F,
}

impl<F: Fn(u64, &mut Hash) -> io::Result<()>> StoredLevels<F> {
    /// The tree has `2^leaves_log2` leaves.
    pub fn new(leaves_log2: u8, read_at: F) -> Result<Self, ProofError> {
        if leaves_log2 > MAX_LOG2 {
            return Err(ProofError::TooLarge);
        }
        Ok(Self { log2: leaves_log2, read_at })
    }
}

impl<F: Fn(u64, &mut Hash) -> io::Result<()>> Levels for StoredLevels<F> {
    fn node(&self, height: u8, index: u64) -> io::Result<Hash> {
        if height > self.log2 || index >> (self.log2 - height) != 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no such node in this tree"));
        }
        let mut hash = [0; 32];
        (self.read_at)(level_offset(self.log2, height) + index * 32, &mut hash)?;
        Ok(hash)
    }
}

/// Why the levels could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LevelsError {
    /// The sink refused.
    #[error("the levels of the tree could not be written: {0}")]
    Write(#[from] io::Error),
    /// More leaves than the tree has.
    #[error("the tree of {leaves} leaves is full")]
    Full {
        /// How many it has.
        leaves: u64,
    },
    /// Fewer leaves than the tree has.
    #[error("the tree has {leaves} leaves, and only {given} were given")]
    Unfinished {
        /// How many it has.
        leaves: u64,
        /// How many there were.
        given: u64,
    },
    /// A tree larger than any that is used here.
    #[error(transparent)]
    Tree(#[from] ProofError),
}

/// Bytes that a level collects before they are written: 1024 nodes.
const BUFFER: usize = 32 * 1024;

struct Level {
    /// Where the buffered bytes belong.
    offset: u64,
    buffer: Vec<u8>,
    /// A left sibling that waits for its right one.
    waiting: Option<Hash>,
}

/// Takes leaf hashes in order and writes every level to its place, with one buffer per level.
pub struct LevelsWriter<W> {
    sink: W,
    levels: Vec<Level>,
    leaves: u64,
    given: u64,
}

impl<W: Write + Seek> LevelsWriter<W> {
    /// For a tree of `2^leaves_log2` leaves. `sink` begins with the levels.
    pub fn new(sink: W, leaves_log2: u8) -> Result<Self, LevelsError> {
        if leaves_log2 > MAX_LOG2 {
            return Err(ProofError::TooLarge.into());
        }
        let level =
            |height| Level { offset: level_offset(leaves_log2, height), buffer: Vec::new(), waiting: None };
        Ok(Self { sink, levels: (0..=leaves_log2).map(level).collect(), leaves: 1 << leaves_log2, given: 0 })
    }

    /// Takes the next leaf hash.
    pub fn push(&mut self, leaf: Hash) -> Result<(), LevelsError> {
        if self.given == self.leaves {
            return Err(LevelsError::Full { leaves: self.leaves });
        }
        self.given += 1;
        let mut hash = leaf;
        for level in &mut self.levels {
            level.buffer.extend_from_slice(&hash);
            if level.buffer.len() >= BUFFER {
                flush(&mut self.sink, level)?;
            }
            let Some(left) = level.waiting.take() else {
                level.waiting = Some(hash);
                break;
            };
            hash = node_hash(&left, &hash);
        }
        Ok(())
    }

    /// All leaves have been given: the root, and the sink with everything in it (flushed, not yet synced).
    pub fn finish(mut self) -> Result<(Hash, W), LevelsError> {
        let root = self.levels.last().and_then(|top| top.waiting);
        let (Some(root), true) = (root, self.given == self.leaves) else {
            return Err(LevelsError::Unfinished { leaves: self.leaves, given: self.given });
        };
        for level in &mut self.levels {
            flush(&mut self.sink, level)?;
        }
        self.sink.flush()?;
        Ok((root, self.sink))
    }
}

fn flush<W: Write + Seek>(sink: &mut W, level: &mut Level) -> io::Result<()> {
    sink.seek(SeekFrom::Start(level.offset))?;
    sink.write_all(&level.buffer)?;
    level.offset += level.buffer.len() as u64;
    level.buffer.clear();
    Ok(())
}
