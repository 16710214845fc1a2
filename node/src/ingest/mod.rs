//! From a file of bytes to typed rows.
//!
//! Comes in: a CSV file as other systems export it. Goes out: what was found out about the file, then one [`Entry`] per
//! row with a typed [`Row`] and the issues of that row. Memory is bounded by one row and one piece of the file, whatever
//! the file holds. Never sees: the store, keys, other rows than the one at hand (a second row with one record is found by
//! the caller, who has the reason [`issues::DUPLICATE_RECORD`]). Trusts: nobody. Fails: where the file cannot be read as a
//! register (65), or cannot be understood as it is named (64); a bad row or cell is an issue and never ends the reading.
//! Sources: RFC 4180; the identifier rules' page on files, version 1.

use std::io::{Read, Seek};

use thiserror::Error;

pub mod cells;
pub mod encoding;
pub mod headers;
pub mod issues;
pub mod records;
pub mod row;

#[cfg(test)]
mod tests;

pub use encoding::{Detected, Encoding};
pub use headers::{Column, HeaderMap};
pub use issues::{Issue, Reason, Rejects, Severity};
pub use row::{Disposition, Holding, IdentifierCell, Row};

use encoding::Text;
use headers::Layout;
use records::{Line, Records};

/// Why a file cannot be read as a register.
#[derive(Debug, Error)]
pub enum IngestError {
    /// The file could not be read.
    #[error("the file could not be read: {0}")]
    Read(#[from] std::io::Error),
    /// Some bytes are not text in the encoding.
    #[error(
        "the file is not valid {} at byte {offset}; save it again as UTF-8, or name its encoding with --encoding",
        encoding.name()
    )]
    BadBytes {
        /// The encoding that came furthest, or that was named.
        encoding: Encoding,
        /// Offset of the first bad byte.
        offset: u64,
    },
    /// There is no header line.
    #[error("the file is empty; its first line must name the columns")]
    Empty,
    /// The header has no end, or a quote in it is not closed.
    #[error("the first line cannot be read as a header; check its quotes and its length")]
    BadHeader,
    /// The header has too many cells.
    #[error("the header names {found} columns; at most {} are read", records::COLUMNS)]
    TooManyColumns {
        /// How many it names.
        found: usize,
    },
    /// No column is the record.
    #[error("no column is the record; headers found: {found}; rename one to record, or name it with --map")]
    NoRecordColumn {
        /// The headers, those that look like values being masked.
        found: String,
    },
    /// No column is an identifier.
    #[error("no column is an identifier; headers found: {found}; rename one, or name it with --map")]
    NoIdentifierColumn {
        /// The headers, those that look like values being masked.
        found: String,
    },
    /// Two headers mean one column.
    #[error(
        "the column \"{header}\" is there twice; remove or rename one, or map it to \"ignore\" with --map"
    )]
    RepeatedHeader {
        /// The second of them.
        header: String,
    },
    /// The file of `--map` is not one.
    #[error("the file of --map cannot be read; each line is \"their header\" = \"our column\"")]
    BadMap,
    /// The file of `--map` names a column that does not exist.
    #[error("the file of --map names the column \"{column}\", which does not exist")]
    UnknownMapTarget {
        /// Its name.
        column: String,
    },
}

impl IngestError {
    /// The number a command ends with: 64 where the names must be settled first, 65 where the data are at fault.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::RepeatedHeader { .. } | Self::BadMap | Self::UnknownMapTarget { .. } => 64,
            Self::Read(_)
            | Self::BadBytes { .. }
            | Self::Empty
            | Self::BadHeader
            | Self::TooManyColumns { .. }
            | Self::NoRecordColumn { .. }
            | Self::NoIdentifierColumn { .. } => 65,
        }
    }
}

/// What the user may say about a file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The encoding, instead of the one found.
    pub encoding: Option<Encoding>,
    /// Headers of the user's own.
    pub map: HeaderMap,
}

/// A row of the file as far as it could be read, and what was wrong with it.
pub struct Entry {
    /// Number of the row; the header is 1.
    pub number: u64,
    /// The row, unless it has no usable record or is no row of this table.
    pub row: Option<Row>,
    /// What was wrong with it.
    pub issues: Vec<Issue>,
}

/// A file that is a register; iterate for its rows.
pub struct RegisterFile<S> {
    records: Records<S>,
    layout: Layout,
    detected: Detected,
    delimiter: u8,
    issues: Vec<Issue>,
    number: u64,
    failed: bool,
}

impl<S: Read + Seek> RegisterFile<S> {
    /// Finds encoding, delimiter and columns. The source is read once or twice in full, and then row by row.
    pub fn open(mut source: S, options: &Options) -> Result<Self, IngestError> {
        let detected = encoding::detect(&mut source, options.encoding)?;
        let mut records = Records::new(Text::new(source, detected)?);
        let delimiter = choose_delimiter(&mut records, &options.map)?;
        let header = match records.next(delimiter)? {
            Some(Line::Cells(cells)) => cells,
            Some(Line::Unreadable(_)) => return Err(IngestError::BadHeader),
            None => return Err(IngestError::Empty),
        };
        let (layout, issues) = Layout::new(&header, &options.map)?;
        Ok(Self { records, layout, detected, delimiter, issues, number: 1, failed: false })
    }

    /// The encoding in force.
    pub const fn detected(&self) -> Detected {
        self.detected
    }

    /// The delimiter: comma, semicolon or tab.
    pub const fn delimiter(&self) -> char {
        self.delimiter as char
    }

    /// The columns that the file has, in the order of the product.
    pub fn columns(&self) -> Vec<Column> {
        self.layout.columns().collect()
    }

    /// Warnings about the header.
    pub fn header_issues(&self) -> &[Issue] {
        &self.issues
    }

    fn entry(&mut self) -> Result<Option<Entry>, IngestError> {
        let Some(line) = self.records.next(self.delimiter)? else { return Ok(None) };
        self.number += 1;
        let (number, mut issues) = (self.number, Vec::new());
        let row = match line {
            Line::Cells(cells) => row::Reader::new(number, &cells, &self.layout, &mut issues).read(),
            Line::Unreadable(&reason) => {
                issues.push(Issue { row: number, record: String::new(), column: String::new(), reason });
                None
            }
        };
        Ok(Some(Entry { number, row, issues }))
    }
}

impl<S: Read + Seek> Iterator for RegisterFile<S> {
    type Item = Result<Entry, IngestError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let entry = self.entry().transpose();
        self.failed = matches!(entry, Some(Err(_)));
        entry
    }
}

/// The delimiter by which the header yields the most known columns; the comma, if they are equal.
fn choose_delimiter<S: Read + Seek>(records: &mut Records<S>, map: &HeaderMap) -> Result<u8, IngestError> {
    let mut best = (b',', 0);
    for delimiter in *b",;\t" {
        let known = records.peek(delimiter)?.map_or(0, |header| map.known(&header));
        if known > best.1 {
            best = (delimiter, known);
        }
    }
    Ok(best.0)
}
