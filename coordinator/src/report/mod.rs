//! Reports: one file per submitter, holding what has been released to it, in the order of tags.
//!
//! Comes in: [`Released`] items. Goes out: files, synced before the job is said to report; later the same bytes in slices
//! that each end with a whole item. Fails on a full disk, leaving nothing that anybody is told of.

pub mod slices;
pub mod weave;

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use crate::disclosure::Released;
use crate::fault::{AtFile as _, Error};

/// Bytes that each report collects before it writes: there are as many as banks.
const BUFFER: usize = 16 * 1_024;

/// The reports of one job while they are written.
pub struct Reports {
    files: Vec<(PathBuf, BufWriter<File>)>,
}

impl Reports {
    /// Empty reports at these paths, one per submitter. What an interrupted run has left is overwritten.
    pub fn create(paths: Vec<PathBuf>) -> Result<Self, Error> {
        let create = |path: PathBuf| {
            let mut options = OpenOptions::new();
            let file =
                options.write(true).create(true).truncate(true).mode(0o600).open(&path).at_file(&path)?;
            Ok((path, BufWriter::with_capacity(BUFFER, file)))
        };
        Ok(Self { files: paths.into_iter().map(create).collect::<Result<_, Error>>()? })
    }

    /// Adds what this reader may be told.
    pub fn put(&mut self, reader: usize, released: &Released<'_>) -> io::Result<()> {
        match self.files.get_mut(reader) {
            Some((_, file)) => file.write_all(released.items()),
            None => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// All is written, and stays.
    pub fn finish(self) -> Result<(), Error> {
        for (path, file) in self.files {
            let file = file.into_inner().map_err(io::IntoInnerError::into_error).at_file(&path)?;
            file.sync_all().at_file(&path)?;
        }
        Ok(())
    }
}
