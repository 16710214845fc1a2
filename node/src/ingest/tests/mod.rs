//! Files as banks export them, and files as nobody should.

use std::io::Cursor;

use crate::normalise::Column as Identifier;

use super::*;

pub(crate) mod books;
#[cfg(feature = "parquet")]
pub(crate) mod columns;
mod files;
mod rows;
mod streams;

fn open(bytes: &[u8]) -> Result<RegisterFile, IngestError> {
    RegisterFile::open(Cursor::new(bytes.to_vec()), &Options::default())
}

fn read(bytes: &[u8]) -> Vec<Entry> {
    open(bytes).unwrap().map(Result::unwrap).collect()
}

fn refusal(bytes: &[u8]) -> IngestError {
    open(bytes).err().unwrap()
}

fn codes(entry: &Entry) -> Vec<&str> {
    entry.issues.iter().map(|issue| issue.reason.code).collect()
}

fn cell(entry: &Entry, column: Identifier) -> &str {
    let row = entry.row.as_ref().unwrap();
    row.identifiers.iter().find(|cell| cell.column == column).map_or("", |cell| &cell.text)
}
