//! Sorting more than fits into memory, without leaving clear text behind.
//!
//! Comes in: byte records in any order. Goes out: the same records in the order of their bytes. Memory is bounded by
//! [`BUFFER_BYTES`] and one block for each run, whatever the number of records. Runs lie in unnamed files (nothing is
//! left of them after a kill) and are sealed under a key that exists in this process alone, so that neither a
//! snapshot of the disk nor a core of the file system shows what was sorted.
//!
//! The shape is the classic external merge sort (Knuth, The Art of Computer Programming, vol. 3, 5.4.1).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Records held in memory before a run is written.
pub const BUFFER_BYTES: usize = 8 * 1024 * 1024;
/// What is taken for a start: most sorts are small.
const LEAST_BUFFER_BYTES: usize = 64 * 1024;
/// Clear bytes of a block of a run; a longer record makes a longer block.
const BLOCK_BYTES: usize = 32 * 1024;
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
    dir: PathBuf,
    cipher: XChaCha20Poly1305,
    buffer: Zeroizing<Vec<u8>>,
    ends: Vec<usize>,
    runs: Vec<File>,
    runs_made: u64,
    limit: usize,
}

impl Sorter {
    /// A sorter that spills into unnamed files in `dir`.
    pub fn new(dir: &Path, rng: &mut dyn CryptoRng) -> Self {
        Self::with_buffer(dir, rng, BUFFER_BYTES)
    }

    fn with_buffer(dir: &Path, rng: &mut dyn CryptoRng, limit: usize) -> Self {
        let mut key = Zeroizing::new([0_u8; 32]);
        rng.fill_bytes(key.as_mut());
        Self {
            dir: dir.to_owned(),
            cipher: XChaCha20Poly1305::new(&(*key).into()),
            buffer: Zeroizing::new(Vec::new()),
            ends: Vec::new(),
            runs: Vec::new(),
            runs_made: 0,
            limit,
        }
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
        if !self.ends.is_empty() {
            self.spill()?;
        }
        let runs = std::mem::take(&mut self.runs);
        Sorted::open(runs, self.cipher)
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
        let mut run = RunWriter::create(&self.dir, &self.cipher, self.runs_made)?;
        for span in spans.iter() {
            run.push(&self.buffer[span.start..span.end])?;
        }
        self.runs.push(run.finish()?);
        self.runs_made += 1;
        self.buffer.zeroize();
        self.buffer.clear();
        self.ends.clear();
        if self.runs.len() == FAN_IN { self.merge_runs() } else { Ok(()) }
    }

    fn merge_runs(&mut self) -> io::Result<()> {
        let mut sorted = Sorted::open(std::mem::take(&mut self.runs), self.cipher.clone())?;
        let mut run = RunWriter::create(&self.dir, &self.cipher, self.runs_made)?;
        while let Some(record) = sorted.next()? {
            run.push(record)?;
        }
        self.runs.push(run.finish()?);
        self.runs_made += 1;
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
    fn open(files: Vec<File>, cipher: XChaCha20Poly1305) -> io::Result<Self> {
        let mut sorted =
            Self { cipher, runs: Vec::new(), heads: BinaryHeap::new(), current: Head::default() };
        for (at, file) in files.into_iter().enumerate() {
            let mut run = RunReader::open(file)?;
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

struct RunWriter<'a> {
    file: io::BufWriter<File>,
    cipher: &'a XChaCha20Poly1305,
    run: u64,
    block: u64,
    clear: Vec<u8>,
}

/// A key seals each block once: the nonce is the run's number and the block's.
fn nonce(run: u64, block: u64) -> XNonce {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&run.to_be_bytes());
    bytes[8..16].copy_from_slice(&block.to_be_bytes());
    bytes.into()
}

fn broken<E>(_: E) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a spilled block does not open")
}

impl<'a> RunWriter<'a> {
    fn create(dir: &Path, cipher: &'a XChaCha20Poly1305, run: u64) -> io::Result<Self> {
        let mut file = io::BufWriter::new(tempfile::tempfile_in(dir)?);
        file.write_all(&run.to_be_bytes())?;
        Ok(Self { file, cipher, run, block: 0, clear: Vec::with_capacity(2 * BLOCK_BYTES) })
    }

    fn push(&mut self, record: &[u8]) -> io::Result<()> {
        let length = u32::try_from(record.len()).map_err(broken)?;
        self.clear.extend_from_slice(&length.to_be_bytes());
        self.clear.extend_from_slice(record);
        if self.clear.len() >= BLOCK_BYTES { self.seal() } else { Ok(()) }
    }

    fn seal(&mut self) -> io::Result<()> {
        self.cipher.encrypt_in_place(&nonce(self.run, self.block), &[], &mut self.clear).map_err(broken)?;
        let length = u32::try_from(self.clear.len()).map_err(broken)?;
        self.file.write_all(&length.to_be_bytes())?;
        self.file.write_all(&self.clear)?;
        self.clear.clear();
        self.block += 1;
        Ok(())
    }

    fn finish(mut self) -> io::Result<File> {
        if !self.clear.is_empty() {
            self.seal()?;
        }
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

struct RunReader {
    file: io::BufReader<File>,
    run: u64,
    block: u64,
    clear: Zeroizing<Vec<u8>>,
    at: usize,
}

impl RunReader {
    fn open(file: File) -> io::Result<Self> {
        let mut file = io::BufReader::with_capacity(BLOCK_BYTES, file);
        let mut run = [0; 8];
        file.read_exact(&mut run)?;
        let clear = Zeroizing::new(Vec::new());
        Ok(Self { file, run: u64::from_be_bytes(run), block: 0, clear, at: 0 })
    }

    /// Reads the next record into `record`; `false` after the last.
    fn next(&mut self, cipher: &XChaCha20Poly1305, record: &mut Vec<u8>) -> io::Result<bool> {
        if self.at == self.clear.len() && !self.next_block(cipher)? {
            return Ok(false);
        }
        let rest = &self.clear[self.at..];
        let (length, rest) = rest.split_first_chunk().ok_or_else(|| broken(()))?;
        let length = u32::from_be_bytes(*length) as usize;
        record.clear();
        record.extend_from_slice(rest.get(..length).ok_or_else(|| broken(()))?);
        self.at += 4 + length;
        Ok(true)
    }

    fn next_block(&mut self, cipher: &XChaCha20Poly1305) -> io::Result<bool> {
        let mut length = [0; 4];
        match self.file.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            other => other?,
        }
        let length = u32::from_be_bytes(length) as usize;
        if length > RECORD_BYTES + 2 * BLOCK_BYTES {
            return Err(broken(()));
        }
        self.clear.resize(length, 0);
        self.file.read_exact(&mut self.clear)?;
        cipher.decrypt_in_place(&nonce(self.run, self.block), &[], &mut *self.clear).map_err(broken)?;
        self.block += 1;
        self.at = 0;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn sort(records: &[Vec<u8>], buffer: usize) -> Vec<Vec<u8>> {
        let dir = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::with_buffer(dir.path(), &mut StdRng::seed_from_u64(1), buffer);
        for record in records {
            sorter.push(record).unwrap();
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "a run has a name");
        let mut sorted = sorter.finish().unwrap();
        let mut out = Vec::new();
        while let Some(record) = sorted.next().unwrap() {
            out.push(record.to_vec());
        }
        out
    }

    #[test]
    fn sorts_as_memory_would() {
        let mut rng = StdRng::seed_from_u64(7);
        // A buffer this small makes more runs than are merged at once.
        for (count, buffer) in [(0, 64), (1, 64), (10, 1 << 20), (3_000, 200), (5_000, 4_096)] {
            let mut records: Vec<Vec<u8>> = (0..count)
                .map(|_| (0..rng.random_range(0..40)).map(|_| rng.random_range(0..3)).collect())
                .collect();
            let sorted = sort(&records, buffer);
            records.sort();
            assert!(sorted == records, "{count} records, {buffer} bytes");
        }
    }

    #[test]
    fn a_changed_block_does_not_open() {
        let dir = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::new(dir.path(), &mut StdRng::seed_from_u64(1));
        sorter.push(b"13912345678").unwrap();
        sorter.spill().unwrap();
        let file = &mut sorter.runs[0];
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert!(!bytes.windows(11).any(|w| w == b"13912345678"), "clear text in a run");
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(&bytes).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let error = sorter.finish().err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
