//! A CSV file as a table: its encoding, its delimiter, and then its records.
//!
//! Comes in: bytes. Goes out: the header and the rows, one at a time. Memory is one row and one piece of the file.
//! Trusts: nobody. Fails: where bytes are not text in the encoding. Source: RFC 4180.

use std::io::{Read, Seek};

use super::encoding::{self, Detected, Text};
use super::line::{Cells, Line, Rows};
use super::records::Records;
use super::{HeaderMap, IngestError, Options};

/// The delimiters that a table may have.
const DELIMITERS: &[u8] = b",;\t|";

pub(super) struct Csv<S> {
    pub(super) records: Records<S>,
    pub(super) detected: Detected,
    pub(super) delimiter: u8,
}

impl<S: Read + Seek> Csv<S> {
    /// Finds encoding and delimiter, and reads the header. The source is read once or twice in full for that.
    pub(super) fn open(mut source: S, options: &Options) -> Result<(Self, Cells), IngestError> {
        let detected = encoding::detect(&mut source, options.encoding)?;
        let mut records = Records::new(Text::new(source, detected)?);
        records.find_line_end()?;
        let delimiter = match records.take_separator(DELIMITERS)? {
            Some(delimiter) => delimiter,
            None => choose_delimiter(&mut records, &options.map)?,
        };
        match records.next(delimiter)? {
            Some(Line::Cells(header)) => Ok((Self { records, detected, delimiter }, header)),
            Some(Line::Unreadable(_)) => Err(IngestError::BadHeader),
            None => Err(IngestError::Empty),
        }
    }
}

impl<S: Read + Seek + Send> Rows for Csv<S> {
    fn next(&mut self) -> Result<Option<Line>, IngestError> {
        self.records.next(self.delimiter)
    }
}

/// The delimiter by which the header yields the most known columns; the comma, if they are equal.
fn choose_delimiter<S: Read + Seek>(records: &mut Records<S>, map: &HeaderMap) -> Result<u8, IngestError> {
    let mut best = (b',', 0);
    for &delimiter in DELIMITERS {
        let known = records.peek(delimiter)?.map_or(0, |header| map.known(&header));
        if known > best.1 {
            best = (delimiter, known);
        }
    }
    Ok(best.0)
}
