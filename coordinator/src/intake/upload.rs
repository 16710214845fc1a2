//! One submission on its way to the disk.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::limits::ROW_SLICE_BYTES;
use lianfang_proto::row::{TagBytes, tag_of};
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::merkle::pruned::{LevelsError, LevelsWriter};
use lianfang_trust::merkle::{Hash, RootBuilder, leaf_hash};

use crate::fault::{AtFile as _, Error};

/// Bytes that are read at once when the root is computed.
const READ_BYTES: usize = 256 * 1024;

/// How many whole rows lie at this path. The file is opened, and not only looked at: a file system over a network asks its
/// server then.
pub(super) fn rows_at(path: &Path, header: &SubmissionHeader) -> Result<u64, Error> {
    let length = match File::open(path).and_then(|file| file.metadata()) {
        Ok(about) => about.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(source) => return Err(Error::Disk { path: path.to_owned(), source }),
    };
    Ok((length / u64::from(header.row_bytes)).min(header.rows))
}

/// A submission's file and how far it is. No `Debug`: it holds a tag.
pub struct Upload {
    file: File,
    path: PathBuf,
    row_bytes: usize,
    rows: u64,
    root: Hash,
    next_row: u64,
    last_tag: Option<TagBytes>,
}

impl Upload {
    /// Takes up what is there; a row that was cut by a crash is dropped.
    pub fn resume(path: &Path, header: &SubmissionHeader) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path).at_file(path)?;
        let row_bytes = header.row_bytes as usize;
        let length = file.metadata().at_file(path)?.len();
        let next_row = (length / u64::from(header.row_bytes)).min(header.rows);
        let mut upload = Self {
            file,
            path: path.to_owned(),
            row_bytes,
            rows: header.rows,
            root: header.root,
            next_row,
            last_tag: None,
        };
        upload.cut_to(next_row)?;
        Ok(upload)
    }

    fn offset(&self, row: u64) -> u64 {
        row * self.row_bytes as u64
    }

    /// Forgets all rows from this one on.
    fn cut_to(&mut self, row: u64) -> Result<(), Error> {
        self.file.set_len(self.offset(row)).at_file(&self.path)?;
        self.next_row = row;
        self.last_tag = None;
        if row > 0 {
            let mut tag = TagBytes::default();
            self.file.read_exact_at(&mut tag, self.offset(row - 1)).at_file(&self.path)?;
            self.last_tag = Some(tag);
        }
        Ok(())
    }

    /// Takes whole rows that follow on those that are here, or none of them.
    pub fn append(&mut self, first_row: u64, rows: &[u8]) -> Result<u64, Error> {
        let field = |code, name: &str| Fault::field(code, name);
        if rows.len() > ROW_SLICE_BYTES {
            let fault = field(FaultCode::MessageTooLarge, "rows");
            return Err(fault.wanted(ROW_SLICE_BYTES).got(rows.len()).into());
        }
        if rows.is_empty() || !rows.len().is_multiple_of(self.row_bytes) {
            let fault = field(FaultCode::MessageTruncated, "rows");
            return Err(fault.wanted(format!("n × {} bytes", self.row_bytes)).got(rows.len()).into());
        }
        if first_row != self.next_row {
            let fault = field(FaultCode::MessageOutOfOrder, "first_row");
            return Err(fault.wanted(self.next_row).got(first_row).into());
        }
        let count = (rows.len() / self.row_bytes) as u64;
        if count > self.rows - self.next_row {
            let fault = field(FaultCode::MessageTooLarge, "rows");
            return Err(fault.wanted(self.rows).got(self.next_row + count).into());
        }
        let last_tag = self.ascending(rows)?;
        if let Err(source) = self.file.write_all_at(rows, self.offset(self.next_row)) {
            // A part of a row must not stay; if it cannot be cut now, it is at the next start.
            let _ = self.cut_to(self.next_row);
            return Err(Error::Disk { path: self.path.clone(), source });
        }
        self.next_row += count;
        self.last_tag = last_tag;
        Ok(self.next_row)
    }

    /// The last tag, if all ascend strictly from the last one here. A fault names the row and never its tag.
    fn ascending(&self, rows: &[u8]) -> Result<Option<TagBytes>, Error> {
        let mut last = self.last_tag;
        for (place, row) in (self.next_row..).zip(rows.chunks_exact(self.row_bytes)) {
            let tag = tag_of(row).copied();
            if tag <= last {
                let fault = Fault::field(FaultCode::MalformedField, "rows");
                return Err(fault
                    .wanted("tags in strictly ascending order")
                    .got(format!("row {place}"))
                    .into());
            }
            last = tag;
        }
        Ok(last)
    }

    /// Computes the root over what is on the disk, writes the tree's levels if they are wanted, and syncs both. Rows that
    /// do not have the signed root are dropped, so that they can be sent again.
    pub fn seal(&mut self, levels: Option<&Path>) -> Result<(), Error> {
        if self.next_row < self.rows {
            let fault = Fault::field(FaultCode::MessageTruncated, "rows");
            return Err(fault.wanted(self.rows).got(self.next_row).into());
        }
        let root = if let Some(path) = levels { self.write_levels(path)? } else { self.root_of_rows()? };
        if root != self.root {
            self.cut_to(0)?;
            return Err(Fault::field(FaultCode::RootDiffers, "header.root").into());
        }
        self.file.sync_all().at_file(&self.path)
    }

    fn root_of_rows(&self) -> Result<Hash, Error> {
        let mut root = RootBuilder::new();
        self.each_leaf(|leaf| {
            root.push_hash(leaf);
            Ok(())
        })?;
        Ok(root.finish())
    }

    fn write_levels(&self, path: &Path) -> Result<Hash, Error> {
        let failed = |error| match error {
            LevelsError::Write(source) => Error::Disk { path: path.to_owned(), source },
            _ => Error::Bug("levels of a submission"),
        };
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(path).at_file(path)?;
        let log2 = u8::try_from(self.rows.ilog2()).unwrap_or(u8::MAX);
        let mut writer = LevelsWriter::new(file, log2).map_err(failed)?;
        self.each_leaf(|leaf| writer.push(leaf).map_err(failed))?;
        let (root, mut file) = writer.finish().map_err(failed)?;
        file.flush().and_then(|()| file.sync_all()).at_file(path)?;
        Ok(root)
    }

    fn each_leaf(&self, mut take: impl FnMut(Hash) -> Result<(), Error>) -> Result<(), Error> {
        let file = File::open(&self.path).at_file(&self.path)?;
        let mut reader = BufReader::with_capacity(READ_BYTES, file);
        let mut row = vec![0; self.row_bytes];
        for _ in 0..self.rows {
            reader.read_exact(&mut row).at_file(&self.path)?;
            take(leaf_hash(&row))?;
        }
        match reader.read(&mut row[..1]).at_file(&self.path)? {
            0 => Ok(()),
            _ => Err(Error::Disk { path: self.path.clone(), source: io::ErrorKind::InvalidData.into() }),
        }
    }
}
