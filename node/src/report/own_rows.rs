//! This bank's own submission, read once from front to back beside the report.
//!
//! Comes in: the two submission files. Goes out: for a tag, the identifier under which this bank submitted it. Trusts the
//! files: they lie on its own disk since before the first byte was sent. Fails where they do not fit each other.

use std::fs::File;
use std::io::{self, BufReader, Read};

use lianfang_proto::row::{TagBytes, tag_of};

use crate::pipeline::submit::{PADDING, SubmissionFiles};

const INDEX_BYTES: usize = size_of::<i64>();
/// Bytes that are read of a file at once.
const BUFFER: usize = 64 * 1024;

pub(super) struct OwnRows {
    rows: BufReader<File>,
    index: BufReader<File>,
    row: Vec<u8>,
    current: Option<(TagBytes, i64)>,
    left: u64,
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the submission's files do not fit each other")
}

impl OwnRows {
    pub(super) fn open(files: &SubmissionFiles, row_bytes: usize) -> io::Result<Self> {
        let (rows, index) = (File::open(&files.rows)?, File::open(&files.index)?);
        let (length, left) = (rows.metadata()?.len(), index.metadata()?.len() / INDEX_BYTES as u64);
        if left.checked_mul(row_bytes as u64) != Some(length) {
            return Err(damaged());
        }
        let (rows, index) = (BufReader::with_capacity(BUFFER, rows), BufReader::with_capacity(BUFFER, index));
        Ok(Self { rows, index, row: vec![0; row_bytes], current: None, left })
    }

    /// The identifier of this tag, if this bank has submitted it and it is no padding. Tags must not descend.
    pub(super) fn identifier(&mut self, tag: &TagBytes) -> io::Result<Option<i64>> {
        loop {
            match &self.current {
                Some((own, id)) if own >= tag => return Ok((own == tag && *id != PADDING).then_some(*id)),
                _ if self.left == 0 => return Ok(None),
                _ => self.advance()?,
            }
        }
    }

    fn advance(&mut self) -> io::Result<()> {
        let mut id = [0; INDEX_BYTES];
        self.rows.read_exact(&mut self.row)?;
        self.index.read_exact(&mut id)?;
        self.left -= 1;
        let tag = *tag_of(&self.row).ok_or_else(damaged)?;
        self.current = Some((tag, i64::from_be_bytes(id)));
        Ok(())
    }
}
