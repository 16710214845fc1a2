//! Sorting more than fits into memory, without leaving clear text behind.
//!
//! Comes in: byte records in any order. Goes out: the same records in the order of their bytes. Memory is bounded by
//! [`BUFFER_BYTES`] and one block for each run, whatever the number of records. Runs lie in unnamed files (nothing is
//! left of them after a kill) and are sealed under a key that exists in this process alone, so that neither a
//! snapshot of the disk nor a core of the file system shows what was sorted. A long piece of work may give its runs a name
//! and a key that it keeps elsewhere, sealed: with them and the marks of the runs another process goes on ([`Sorter::kept`]).
//!
//! The shape is the classic external merge sort (Knuth, The Art of Computer Programming, vol. 3, 5.4.1).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io;
use std::path::Path;

use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

mod run;

use run::{Lair, Run, RunReader, RunWriter};
pub use run::{RunMark, file_name};

/// Records held in memory before a run is written.
pub const BUFFER_BYTES: usize = 8 * 1024 * 1024;
/// What is taken for a start: most sorts are small.
const LEAST_BUFFER_BYTES: usize = 64 * 1024;
/// Runs that are merged at once; more are first merged into one.
const FAN_IN: usize = 64;
/// Bytes of one record: what a row of a register can come to, with all its identifiers.
const RECORD_BYTES: usize = 8 * 1024 * 1024;

/// Where a record lies in the buffer, and how it begins: most comparisons need not look at the record.
#[derive(Zeroize)]
struct Span {
    prefix: u64,
    start: usize,
    end: usize,
}

/// The first bytes as a number that sorts as they do. What is shorter counts as filled with zeros, which never puts it
/// behind what it is the beginning of.
fn prefix(record: &[u8]) -> u64 {
    let mut first = [0; 8];
    let length = record.len().min(8);
    first[..length].copy_from_slice(&record[..length]);
    u64::from_be_bytes(first)
}

/// Takes records in any order.
pub struct Sorter {
    lair: Lair,
    cipher: XChaCha20Poly1305,
    salt: u64,
    buffer: Zeroizing<Vec<u8>>,
    ends: Vec<usize>,
    runs: Vec<Run>,
    /// The number of the next run.
    next: u64,
    limit: usize,
}

/// What a sorter with a name needs beside its folder.
pub struct Keep<'a> {
    /// What its files begin with.
    pub name: &'static str,
    /// The key that all its runs are sealed under, in every process that goes on with them.
    pub key: &'a [u8; 32],
    /// The runs that are there.
    pub runs: &'a [RunMark],
}

impl Sorter {
    /// A sorter that spills into unnamed files in `dir`.
    pub fn new(dir: &Path, rng: &mut dyn CryptoRng) -> Self {
        Self::with_buffer(dir, rng, BUFFER_BYTES)
    }

    fn with_buffer(dir: &Path, rng: &mut dyn CryptoRng, limit: usize) -> Self {
        let mut key = Zeroizing::new([0_u8; 32]);
        rng.fill_bytes(key.as_mut());
        Self::of(Lair::Unnamed(dir.to_owned()), &key, rng, limit)
    }

    /// A sorter that spills into named files in `dir` and goes on with those that are there. Fails where one is missing;
    /// that one is damaged shows when it is read. Files that no mark names are the caller's to remove.
    pub fn kept(dir: &Path, keep: &Keep<'_>, rng: &mut dyn CryptoRng) -> io::Result<Self> {
        let mut sorter = Self::of(Lair::Named(dir.to_owned(), keep.name), keep.key, rng, BUFFER_BYTES);
        for &mark in keep.runs {
            sorter.runs.push(sorter.lair.find(mark)?);
            sorter.next = sorter.next.max(mark.number + 1);
        }
        Ok(sorter)
    }

    fn of(lair: Lair, key: &[u8; 32], rng: &mut dyn CryptoRng, limit: usize) -> Self {
        let (mut salt, cipher) = ([0; 8], XChaCha20Poly1305::new(&(*key).into()));
        rng.fill_bytes(&mut salt);
        Self {
            lair,
            cipher,
            salt: u64::from_be_bytes(salt),
            buffer: Zeroizing::new(Vec::new()),
            ends: Vec::new(),
            runs: Vec::new(),
            next: 0,
            limit,
        }
    }

    /// Bytes that lie in memory and in no run yet.
    pub fn unsettled(&self) -> usize {
        self.buffer.len()
    }

    /// Puts all that was taken into runs, and gives the marks of all of them.
    pub fn settle(&mut self) -> io::Result<Vec<RunMark>> {
        if !self.ends.is_empty() {
            self.spill()?;
        }
        Ok(self.runs.iter().map(|run| run.mark).collect())
    }

    /// Takes one record.
    pub fn push(&mut self, record: &[u8]) -> io::Result<()> {
        self.push_joined(&[record])
    }

    /// Takes one record that lies in pieces.
    pub fn push_joined(&mut self, pieces: &[&[u8]]) -> io::Result<()> {
        let length = pieces.iter().map(|piece| piece.len()).sum();
        if length > RECORD_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a record to sort is over its limit"));
        }
        if !self.ends.is_empty() && self.buffer.len() + length > self.limit {
            self.spill()?;
        }
        self.make_room(length);
        for piece in pieces {
            self.buffer.extend_from_slice(piece);
        }
        self.ends.push(self.buffer.len());
        Ok(())
    }

    /// A buffer that grew by itself would leave copies of what it held.
    fn make_room(&mut self, bytes: usize) {
        let wanted = self.buffer.len() + bytes;
        if wanted > self.buffer.capacity() {
            let room =
                (4 * self.buffer.capacity()).clamp(LEAST_BUFFER_BYTES, self.limit.max(LEAST_BUFFER_BYTES));
            let mut larger = Zeroizing::new(Vec::with_capacity(room.max(wanted)));
            larger.extend_from_slice(&self.buffer);
            self.buffer = larger;
        }
    }

    /// All records, sorted.
    pub fn finish(mut self) -> io::Result<Sorted> {
        self.settle()?;
        Sorted::open(self.runs, self.cipher)
    }

    fn spill(&mut self) -> io::Result<()> {
        // All at once, as the buffer: what a span begins with is of the records.
        let mut spans: Zeroizing<Vec<Span>> = Zeroizing::new(Vec::with_capacity(self.ends.len()));
        let mut start = 0;
        for &end in &self.ends {
            spans.push(Span { prefix: prefix(&self.buffer[start..end]), start, end });
            start = end;
        }
        let bytes = &self.buffer;
        spans.sort_unstable_by(|a, b| {
            a.prefix.cmp(&b.prefix).then_with(|| bytes[a.start..a.end].cmp(&bytes[b.start..b.end]))
        });
        let mut run = RunWriter::create(&self.lair, &self.cipher, self.next, self.salt)?;
        for span in spans.iter() {
            run.push(&self.buffer[span.start..span.end])?;
        }
        self.runs.push(run.finish()?);
        self.next += 1;
        self.buffer.zeroize();
        self.buffer.clear();
        self.ends.clear();
        if self.runs.len() == FAN_IN { self.merge_runs() } else { Ok(()) }
    }

    fn merge_runs(&mut self) -> io::Result<()> {
        let mut sorted = Sorted::open(std::mem::take(&mut self.runs), self.cipher.clone())?;
        let mut run = RunWriter::create(&self.lair, &self.cipher, self.next, self.salt)?;
        while let Some(record) = sorted.next()? {
            run.push(record)?;
        }
        self.runs.push(run.finish()?);
        self.next += 1;
        Ok(())
    }
}

/// Records in the order of their bytes.
pub struct Sorted {
    cipher: XChaCha20Poly1305,
    runs: Vec<RunReader>,
    heads: BinaryHeap<Reverse<(Head, usize)>>,
    current: Head,
}

/// A run's next record; wiped when the merge is over.
#[derive(Default, PartialEq, Eq, PartialOrd, Ord, Zeroize, ZeroizeOnDrop)]
struct Head(Vec<u8>);

impl Sorted {
    fn open(runs: Vec<Run>, cipher: XChaCha20Poly1305) -> io::Result<Self> {
        let mut sorted =
            Self { cipher, runs: Vec::new(), heads: BinaryHeap::new(), current: Head::default() };
        for (at, run) in runs.into_iter().enumerate() {
            let mut run = RunReader::new(run);
            let mut head = Head::default();
            if run.next(&sorted.cipher, &mut head.0)? {
                sorted.heads.push(Reverse((head, at)));
            }
            sorted.runs.push(run);
        }
        Ok(sorted)
    }

    /// The next record, or `None` after the last.
    #[expect(clippy::should_implement_trait, reason = "lends its buffer, which an iterator cannot")]
    pub fn next(&mut self) -> io::Result<Option<&[u8]>> {
        let Some(mut top) = self.heads.peek_mut() else { return Ok(None) };
        let Reverse((head, at)) = &mut *top;
        std::mem::swap(&mut self.current, head);
        if self.runs[*at].next(&self.cipher, &mut head.0)? {
            drop(top); // sifts the new head to its place
        } else {
            PeekMut::pop(top);
        }
        Ok(Some(&self.current.0))
    }
}

#[cfg(test)]
mod tests;
