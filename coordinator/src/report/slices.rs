//! A report as it is read: slices that each end with a whole item.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use lianfang_proto::row::{ItemError, read_item};

use crate::fault::{AtFile as _, Error};

/// Bytes of a slice at most, well under the limit of a message.
pub const SLICE: usize = 512 * 1_024;

/// Reads a report slice by slice. Blocks.
pub struct Slices {
    file: File,
    path: PathBuf,
    row_bytes: usize,
    carried: Vec<u8>,
}

impl Slices {
    /// The report at this path.
    pub fn open(path: &Path, row_bytes: usize) -> Result<Self, Error> {
        let file = File::open(path).at_file(path)?;
        Ok(Self { file, path: path.to_owned(), row_bytes, carried: Vec::new() })
    }

    /// The next slice; empty at the end.
    pub fn next_slice(&mut self) -> Result<Vec<u8>, Error> {
        let mut slice = std::mem::take(&mut self.carried);
        let room = (SLICE - slice.len()) as u64;
        (&self.file).take(room).read_to_end(&mut slice).at_file(&self.path)?;
        let whole = whole_items(&slice, self.row_bytes)?;
        self.carried = slice.split_off(whole);
        if slice.is_empty() && !self.carried.is_empty() {
            return Err(Error::Stored { what: "report" });
        }
        Ok(slice)
    }
}

/// How many bytes in front are whole items.
fn whole_items(bytes: &[u8], row_bytes: usize) -> Result<usize, Error> {
    let mut rest = bytes;
    loop {
        match read_item(&mut rest, row_bytes) {
            Ok(Some(_)) => {}
            Ok(None) | Err(ItemError::Truncated) => return Ok(bytes.len() - rest.len()),
            Err(ItemError::Kind(_)) => return Err(Error::Stored { what: "report" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use lianfang_proto::row::Item;

    use super::*;

    #[test]
    fn slices_are_whole_items_and_all_of_them() {
        let mut bytes = Vec::new();
        for number in 0..20_000_u32 {
            let mut row = [7; 90];
            row[..4].copy_from_slice(&number.to_be_bytes());
            Item::Row { source: 1, row: &row }.write(&mut bytes);
            Item::Hash { source: 1, height: 2, hash: [8; 32] }.write(&mut bytes);
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.report");
        std::fs::write(&path, &bytes).unwrap();
        let mut slices = Slices::open(&path, 90).unwrap();
        let mut read = Vec::new();
        let mut count = 0;
        loop {
            let slice = slices.next_slice().unwrap();
            if slice.is_empty() {
                break;
            }
            assert!(slice.len() <= SLICE);
            let mut rest = slice.as_slice();
            while read_item(&mut rest, 90).unwrap().is_some() {}
            read.extend(slice);
            count += 1;
        }
        assert!(read == bytes && count > 3);
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let mut cut = Slices::open(&path, 90).unwrap();
        let failed =
            std::iter::repeat_with(|| cut.next_slice()).find(|s| s.as_ref().map_or(true, Vec::is_empty));
        assert!(matches!(failed, Some(Err(Error::Stored { .. }))));
    }
}
