//! One sorted run on the disk: blocks of records, sealed one by one.
//!
//! Comes in: records in order. Goes out: the same records, and a mark by which a run with a name is found again. A run
//! whose blocks are not all there, or do not open, is an error of the kind `InvalidData`, never a shorter run.
//!
//! ```text
//! block × n:   u32 length ‖ sealed { record × m: u32 length ‖ bytes }      nonce = u64 number ‖ u64 block ‖ u64 salt
//! ```

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::RECORD_BYTES;

/// Clear bytes of a block; a longer record makes a longer block.
const BLOCK_BYTES: usize = 32 * 1024;

/// Where runs lie.
pub(super) enum Lair {
    /// In unnamed files: nothing is left of them after a kill.
    Unnamed(PathBuf),
    /// In files with this name and their number.
    Named(PathBuf, &'static str),
}

impl Lair {
    fn create(&self, number: u64) -> io::Result<File> {
        match self {
            Self::Unnamed(folder) => tempfile::tempfile_in(folder),
            Self::Named(folder, name) => {
                let mut options = OpenOptions::new();
                options.read(true).write(true).create(true).truncate(true).mode(0o600);
                options.open(folder.join(file_name(name, number)))
            }
        }
    }

    /// The run with this mark; none can be found without a name.
    pub(super) fn find(&self, mark: RunMark) -> io::Result<Run> {
        match self {
            Self::Unnamed(_) => Err(io::ErrorKind::NotFound.into()),
            Self::Named(folder, name) => {
                Ok(Run { mark, file: File::open(folder.join(file_name(name, mark.number)))? })
            }
        }
    }

    fn is_named(&self) -> bool {
        matches!(self, Self::Named(..))
    }
}

/// The name of a run's file.
pub fn file_name(name: &str, number: u64) -> String {
    format!("{name}-{number}.run")
}

/// What a run is known by, beside its key. Says nothing about what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunMark {
    /// Its number among the runs of its sorter; never given twice.
    pub number: u64,
    /// Random, of the process that wrote it: a number that is written again after a kill repeats no nonce.
    pub salt: u64,
    /// How many blocks it has.
    pub blocks: u64,
}

impl RunMark {
    fn nonce(self, block: u64) -> XNonce {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&self.number.to_be_bytes());
        bytes[8..16].copy_from_slice(&block.to_be_bytes());
        bytes[16..].copy_from_slice(&self.salt.to_be_bytes());
        bytes.into()
    }
}

/// A run that is written.
pub(super) struct Run {
    pub(super) mark: RunMark,
    pub(super) file: File,
}

pub(super) fn broken<E>(_: E) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a spilled block does not open")
}

pub(super) struct RunWriter<'a> {
    file: io::BufWriter<File>,
    cipher: &'a XChaCha20Poly1305,
    mark: RunMark,
    clear: Vec<u8>,
    named: bool,
}

impl<'a> RunWriter<'a> {
    pub(super) fn create(
        lair: &Lair,
        cipher: &'a XChaCha20Poly1305,
        number: u64,
        salt: u64,
    ) -> io::Result<Self> {
        let file = io::BufWriter::new(lair.create(number)?);
        let (mark, clear) = (RunMark { number, salt, blocks: 0 }, Vec::with_capacity(2 * BLOCK_BYTES));
        Ok(Self { file, cipher, mark, clear, named: lair.is_named() })
    }

    pub(super) fn push(&mut self, record: &[u8]) -> io::Result<()> {
        let length = u32::try_from(record.len()).map_err(broken)?;
        self.clear.extend_from_slice(&length.to_be_bytes());
        self.clear.extend_from_slice(record);
        if self.clear.len() >= BLOCK_BYTES { self.seal() } else { Ok(()) }
    }

    fn seal(&mut self) -> io::Result<()> {
        let nonce = self.mark.nonce(self.mark.blocks);
        self.cipher.encrypt_in_place(&nonce, &[], &mut self.clear).map_err(broken)?;
        let length = u32::try_from(self.clear.len()).map_err(broken)?;
        self.file.write_all(&length.to_be_bytes())?;
        self.file.write_all(&self.clear)?;
        self.clear.clear();
        self.mark.blocks += 1;
        Ok(())
    }

    /// Ends the run. With a name it is on the disk for good then, as soon as its folder is.
    pub(super) fn finish(mut self) -> io::Result<Run> {
        if !self.clear.is_empty() {
            self.seal()?;
        }
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        if self.named {
            file.sync_all()?;
        }
        file.seek(SeekFrom::Start(0))?;
        Ok(Run { mark: self.mark, file })
    }
}

pub(super) struct RunReader {
    file: io::BufReader<File>,
    mark: RunMark,
    block: u64,
    clear: Zeroizing<Vec<u8>>,
    at: usize,
}

impl RunReader {
    pub(super) fn new(run: Run) -> Self {
        let file = io::BufReader::with_capacity(BLOCK_BYTES, run.file);
        Self { file, mark: run.mark, block: 0, clear: Zeroizing::new(Vec::new()), at: 0 }
    }

    /// Reads the next record into `record`; `false` after the last.
    pub(super) fn next(&mut self, cipher: &XChaCha20Poly1305, record: &mut Vec<u8>) -> io::Result<bool> {
        if self.at == self.clear.len() {
            if self.block == self.mark.blocks {
                return Ok(false);
            }
            self.next_block(cipher).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => broken(error),
                _ => error,
            })?;
        }
        let rest = &self.clear[self.at..];
        let (length, rest) = rest.split_first_chunk().ok_or_else(|| broken(()))?;
        let length = u32::from_be_bytes(*length) as usize;
        record.clear();
        record.extend_from_slice(rest.get(..length).ok_or_else(|| broken(()))?);
        self.at += 4 + length;
        Ok(true)
    }

    fn next_block(&mut self, cipher: &XChaCha20Poly1305) -> io::Result<()> {
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > RECORD_BYTES + 2 * BLOCK_BYTES {
            return Err(broken(()));
        }
        self.clear.resize(length, 0);
        self.file.read_exact(&mut self.clear)?;
        let nonce = self.mark.nonce(self.block);
        cipher.decrypt_in_place(&nonce, &[], &mut *self.clear).map_err(broken)?;
        self.block += 1;
        self.at = 0;
        Ok(())
    }
}
