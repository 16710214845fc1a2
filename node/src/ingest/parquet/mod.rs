//! A Parquet file as a table.
//!
//! Comes in: columns. Goes out: their rows, row group by row group. Only the columns that mean something are read.
//!
//! * Integers are exact here and are read wherever they stand. Floating-point numbers are not: in the record's or an
//!   identifier's column they are rejects (`numeric-cell`), as are decimals with a fraction and times.
//! * A list of plain values means several values. Other nesting is refused by the column's name.
//! * Binary columns without a type are read as text where they are UTF-8: that is how older writers mark it, not at all.
//! * A time that is adjusted to UTC is shown as in China, where the registers are: its day is the day there.
//! * Memory is a page and a dictionary for each column, and what sixteen rows hold ([`held`]): their lists' values, and more
//!   pages where values are long. [`pages`] enforces the limits of each before anything is read.
//!
//! Trusts: nobody. Fails: by the name of what cannot be read. Errors of the library are not repeated, for they may hold
//! values. Source: the Apache Parquet format specification, 2.11.

mod held;
mod pages;
mod value;

use std::io::{Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result as Outcome};
use parquet::file::reader::{ChunkReader, FileReader as _, Length};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::reader::RowIter;
use parquet::schema::types::{Type, TypePtr};

use super::headers::{Layout, Origin};
use super::line::{Cells, Line, ROW_BYTES};
use super::pipe::{Outlet, Piped, Stop, guarded};
use super::{Format, Found, IngestError, Options, RegisterFile, issues, met};
use value::Shape;

/// Bytes of the file's description at its end.
const FOOTER_BYTES: u64 = 32 << 20;

impl From<ParquetError> for IngestError {
    fn from(error: ParquetError) -> Self {
        let ParquetError::External(error) = error else { return Self::Damaged };
        error.downcast().map_or(Self::Damaged, |error| met(*error))
    }
}

/// Opens a file that is within the limits.
pub(super) fn open<S>(mut source: S, options: &Options) -> Result<RegisterFile, IngestError>
where
    S: Read + Seek + Send + 'static,
{
    guarded(move || {
        check_footer(&mut source)?;
        let source = Shared::new(source)?;
        let file = SerializedFileReader::new(source.clone())?;
        let root = file.metadata().file_metadata().schema_descr().root_schema_ptr();
        let header = header(&root);
        let found = Found { format: Some(Format::Parquet), ..Found::NOTHING };
        let (wanted, shapes) = wanted(&root, options)?;
        pages::check(&source, &file, &wanted)?;
        let width = header.count;
        // Whatever is wrong with the header is told before anything is read.
        Layout::new(&header, &options.map, Origin::Schema)?;
        let rows = Piped::start(move |outlet| stream(file, wanted, &shapes, width, outlet))?;
        RegisterFile::new(&header, options, found, Box::new(rows))
    })
}

/// The end of the file says how long its description is; room is made for all of it.
fn check_footer<S: Read + Seek>(source: &mut S) -> Result<(), IngestError> {
    let length = source.seek(SeekFrom::End(0))?;
    let tail = length.checked_sub(8).ok_or(IngestError::Damaged)?;
    source.seek(SeekFrom::Start(tail))?;
    let mut end = [0; 8];
    source.read_exact(&mut end)?;
    let [a, b, c, d, rest @ ..] = end;
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    match &rest {
        b"PARE" => Err(IngestError::Unread(super::Unread::Encrypted)),
        b"PAR1" if footer <= FOOTER_BYTES => Ok(()),
        b"PAR1" => Err(IngestError::TooLarge { what: "bytes of a file's description", limit: FOOTER_BYTES }),
        _ => Err(IngestError::Damaged),
    }
}

fn header(root: &Type) -> Cells {
    let mut cells = Cells::default();
    for field in root.get_fields() {
        cells.push(field.name(), None);
    }
    cells
}

/// The part of the schema that is read, and for each of its columns where it stands and how it is written.
fn wanted(root: &TypePtr, options: &Options) -> Result<(Type, Vec<(usize, Shape)>), IngestError> {
    let (mut fields, mut shapes) = (Vec::new(), Vec::new());
    for (place, field) in root.get_fields().iter().enumerate() {
        if !options.map.knows(field.name()) {
            continue;
        }
        let shape = Shape::of(field).ok_or_else(|| IngestError::ColumnType {
            column: super::headers::shown(field.name()),
            kind: value::kind(field),
        })?;
        fields.push(Arc::clone(field));
        shapes.push((place, shape));
    }
    let wanted = Type::group_type_builder(root.name()).with_fields(fields).build()?;
    Ok((wanted, shapes))
}

fn stream<S: Read + Seek + Send + 'static>(
    file: SerializedFileReader<Shared<S>>,
    wanted: Type,
    shapes: &[(usize, Shape)],
    width: usize,
    outlet: &mut Outlet,
) -> Result<(), Stop> {
    let rows = RowIter::from_file_into(Box::new(file)).project(Some(wanted))?;
    for row in rows.with_batch_size(held::ROWS) {
        let row = row?;
        let (mut cells, mut too_long) = (Cells::default(), false);
        for ((place, shape), (_, field)) in shapes.iter().zip(row.get_column_iter()) {
            while cells.count < *place {
                cells.push("", None);
            }
            let (text, mark) = shape.written(field);
            too_long |= cells.bytes() + text.len() > ROW_BYTES;
            cells.push(if too_long { "" } else { &text }, mark);
        }
        while cells.count < width {
            cells.push("", None);
        }
        let line = if too_long { Line::Unreadable(&issues::ROW_TOO_LONG) } else { Line::Cells(cells) };
        outlet.give(line)?;
    }
    Ok(())
}

/// A source that several columns are read of at once.
pub(super) struct Shared<S> {
    source: Arc<Mutex<S>>,
    length: u64,
}

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self { source: Arc::clone(&self.source), length: self.length }
    }
}

impl<S: Read + Seek> Shared<S> {
    fn new(mut source: S) -> Result<Self, IngestError> {
        let length = source.seek(SeekFrom::End(0))?;
        Ok(Self { source: Arc::new(Mutex::new(source)), length })
    }

    /// Fills as much of `into` as there is from this place on.
    fn read_at(&self, at: u64, into: &mut [u8]) -> std::io::Result<usize> {
        // Every use begins by seeking, so one that panicked has left nothing behind.
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        source.seek(SeekFrom::Start(at))?;
        let mut filled = 0;
        while let Some(rest) = into.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match source.read(rest)? {
                0 => break,
                count => filled += count,
            }
        }
        Ok(filled)
    }
}

/// Reads on from a place.
pub(super) struct Onward<S> {
    shared: Shared<S>,
    at: u64,
}

impl<S: Read + Seek> Read for Onward<S> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.shared.read_at(self.at, into)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl<S: Read + Seek + Send> Length for Shared<S> {
    fn len(&self) -> u64 {
        self.length
    }
}

impl<S: Read + Seek + Send> ChunkReader for Shared<S> {
    type T = std::io::BufReader<Onward<S>>;

    fn get_read(&self, start: u64) -> Outcome<Self::T> {
        let from = Onward { shared: self.clone(), at: start };
        Ok(std::io::BufReader::with_capacity(1024, from))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Outcome<Bytes> {
        let here = start.checked_add(length as u64).is_some_and(|end| end <= self.length);
        if !here {
            return Err(ParquetError::EOF("a page lies outside of the file".to_owned()));
        }
        let mut bytes = vec![0; length];
        let filled = self.read_at(start, &mut bytes)?;
        bytes.truncate(filled);
        if filled == length {
            Ok(bytes.into())
        } else {
            Err(ParquetError::EOF("a page is cut off".to_owned()))
        }
    }
}
