//! What must hold of a Parquet file's pages before they are read: the library makes room for whatever a page promises.
//!
//! Comes in: the file's description, and the columns that are wanted. Goes out: nothing. Every page's header is read here
//! once, and gzip, which the library unfolds without end, is unfolded and counted. What rows hold that are read at once is
//! counted by `held`, for which the pages of lists are unfolded. Memory is one page. Fails: with the limit
//! that is exceeded, or as damaged. The library reads the pages of a column as far as its bytes reach, however many values
//! are promised, so as far they are looked at.
//!
//! A page's header is a struct of Thrift's compact protocol; only numbers in it are looked at. Sources: the Parquet
//! format specification, `PageHeader`; Apache Thrift, "Thrift Compact protocol encoding".

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use flate2::read::MultiGzDecoder;
use parquet::basic::{CompressionCodec, Type as Physical};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::schema::types::Type;

use super::Shared;
use super::held::{self, HELD, Held, Lists};
use crate::ingest::IngestError;

/// Bytes of a page, as it lies in the file and unfolded. Writers make them of 1 MiB.
const PAGE_BYTES: i64 = 16 << 20;
/// Values of a dictionary, each of which costs 32 bytes beside its own.
const DICTIONARY: i64 = 1 << 20;
/// Rows of a file.
const ROWS: i64 = 200_000_000;
/// Bytes of a page's header, which may repeat a long value or two.
const HEADER_BYTES: usize = 256 * 1024;
/// Bytes that are looked at first.
const FIRST_BYTES: usize = 512;
/// Structs within structs.
const DEPTH: usize = 8;

fn too_large(what: &'static str, limit: i64) -> IngestError {
    IngestError::TooLarge { what, limit: limit.unsigned_abs() }
}

/// Looks at every page of the columns that are wanted.
pub(super) fn check<S: Read + Seek + Send + 'static>(
    source: &Shared<S>,
    file: &SerializedFileReader<Shared<S>>,
    wanted: &Type,
) -> Result<(), IngestError> {
    let mut rows = 0_i64;
    for (place, group) in file.metadata().row_groups().iter().enumerate() {
        rows = rows
            .checked_add(group.num_rows())
            .filter(|_| group.num_rows() >= 0)
            .ok_or(IngestError::Damaged)?;
        if rows > ROWS {
            return Err(too_large("rows", ROWS));
        }
        let mut most = 0_u64;
        for (column, chunk) in group.columns().iter().enumerate() {
            let first = chunk.column_path().parts().first();
            if !wanted.get_fields().iter().any(|field| Some(field.name()) == first.map(String::as_str)) {
                continue;
            }
            let highest = chunk.column_descr().max_rep_level().unsigned_abs();
            if highest == 0 && chunk.num_values() != group.num_rows() {
                return Err(IngestError::Damaged);
            }
            let flat = check_chunk(source, chunk)?;
            let here = if highest == 0 {
                flat
            } else {
                let bytes = chunk.column_type() == Physical::BYTE_ARRAY;
                let mut pages = file.get_row_group(place)?.get_column_page_reader(column)?;
                Lists { bytes, highest, rows: group.num_rows() }.most(&mut *pages)?
            };
            most = most.saturating_add(here);
            if most > HELD {
                return Err(held::too_large());
            }
        }
    }
    Ok(())
}

/// Looks at every page of a column in a row group; gives the most bytes that it holds at once, unless it has lists.
fn check_chunk<S: Read + Seek>(source: &Shared<S>, chunk: &ColumnChunkMetaData) -> Result<u64, IngestError> {
    let gzip = match chunk.compression_codec() {
        CompressionCodec::UNCOMPRESSED
        | CompressionCodec::SNAPPY
        | CompressionCodec::ZSTD
        | CompressionCodec::LZ4_RAW => false,
        CompressionCodec::GZIP => true,
        codec => return Err(IngestError::Compression { kind: format!("{codec:?}") }),
    };
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    let length = chunk.compressed_size();
    let (start, length) = (u64::try_from(start), u64::try_from(length));
    let (Ok(mut at), Ok(length)) = (start, length) else { return Err(IngestError::Damaged) };
    let end = at.checked_add(length).filter(|&end| end <= source.length).ok_or(IngestError::Damaged)?;
    let flat = chunk.column_descr().max_rep_level() == 0;
    let (mut left, mut held) = (chunk.num_values(), Held::default());
    while at < end {
        let (page, header) = read_header(source, at)?;
        at += header;
        let values = page.values()?;
        left = left.checked_sub(values).filter(|&left| left >= 0).ok_or(IngestError::Damaged)?;
        if flat && values > 0 {
            held.page(page.unfolded.unsigned_abs(), page.own());
            for _ in 0..values {
                held.value(true)?;
            }
        }
        if gzip {
            page.unfold(source, at)?;
        }
        at += page.folded.unsigned_abs();
    }
    if (at, left) == (end, 0) { Ok(held.most()) } else { Err(IngestError::Damaged) }
}

/// What a page's header says.
struct Page {
    /// Bytes in the file, and unfolded.
    folded: i64,
    unfolded: i64,
    numbers: Numbers,
}

/// Numbers of a struct, by the field they stand in and the field within it (0 for its own).
type Numbers = BTreeMap<(i64, i64), i64>;

impl Page {
    /// How many values it has for the column; a dictionary has none.
    fn values(&self) -> Result<i64, IngestError> {
        let number = |field, inner| self.numbers.get(&(field, inner)).copied();
        if let Some(entries) = number(7, 1) {
            return match entries {
                0..=DICTIONARY => Ok(0),
                _ => Err(too_large("values of a dictionary", DICTIONARY)),
            };
        }
        let values = number(5, 1).or_else(|| number(8, 1));
        // An index page has none, and a page without values may not be endless.
        let values = values.or_else(|| self.numbers.contains_key(&(6, 0)).then_some(0));
        values.filter(|&values| values >= 0).ok_or(IngestError::Damaged)
    }

    /// Bytes that each of its values may have of its own.
    fn own(&self) -> u64 {
        let delta = [(5, 2), (8, 4)].iter().any(|place| self.numbers.get(place) == Some(&held::DELTA));
        if delta { self.unfolded.unsigned_abs() } else { 0 }
    }

    fn unfold<S: Read + Seek>(&self, source: &Shared<S>, at: u64) -> Result<(), IngestError> {
        let mut bytes = vec![0; usize::try_from(self.folded).map_err(|_| IngestError::Damaged)?];
        if source.read_at(at, &mut bytes)? != bytes.len() {
            return Err(IngestError::Damaged);
        }
        // The levels of the second form of page stand before what is folded.
        let levels = [(8, 5), (8, 6)].iter().filter_map(|place| self.numbers.get(place)).sum::<i64>();
        let folded = usize::try_from(levels).ok().and_then(|levels| bytes.get(levels..));
        let folded = folded.ok_or(IngestError::Damaged)?;
        let most = self.unfolded.unsigned_abs().saturating_add(1);
        let unfolded = std::io::copy(&mut MultiGzDecoder::new(folded).take(most), &mut std::io::sink());
        match unfolded {
            Ok(length) if length < most => Ok(()),
            _ if self.numbers.get(&(8, 7)) == Some(&0) => Ok(()),
            _ => Err(IngestError::Damaged),
        }
    }
}

/// The header at a place, and its length.
fn read_header<S: Read + Seek>(source: &Shared<S>, at: u64) -> Result<(Page, u64), IngestError> {
    let mut wanted = FIRST_BYTES;
    loop {
        let mut bytes = vec![0; wanted];
        let filled = source.read_at(at, &mut bytes)?;
        bytes.truncate(filled);
        let mut thrift = Thrift { bytes: &bytes, at: 0 };
        let mut numbers = Numbers::new();
        if thrift.structure(0, 0, &mut numbers).is_some() {
            let size = |field| numbers.get(&(field, 0)).copied().filter(|&size| size >= 0);
            let (Some(kind @ 0..=3), Some(unfolded), Some(folded)) = (size(1), size(2), size(3)) else {
                return Err(IngestError::Damaged);
            };
            // Of four structs the library reads the one that is the kind's; what another says here may be anything.
            numbers.retain(|&(field, _), _| field < 5 || field == 5 + kind);
            if unfolded > PAGE_BYTES || folded > PAGE_BYTES {
                return Err(too_large("bytes of a page", PAGE_BYTES));
            }
            return Ok((Page { folded, unfolded, numbers }, thrift.at as u64));
        }
        // Cut off here, or not of the form: more bytes tell.
        if filled < wanted || wanted >= HEADER_BYTES {
            return Err(IngestError::Damaged);
        }
        wanted *= 8;
    }
}

/// A value that was passed.
enum Value {
    /// A number, or a truth value as one.
    Number(i64),
    /// Anything else.
    Else,
}

/// Reads the compact protocol; `None` for what is cut off or of another form.
struct Thrift<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Thrift<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn pass(&mut self, count: u64) -> Option<()> {
        let at = self.at.checked_add(usize::try_from(count).ok()?)?;
        self.at = Some(at).filter(|&at| at <= self.bytes.len())?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// Passes a struct; its numbers and those of the structs directly in it are noted.
    fn structure(&mut self, within: i64, depth: usize, numbers: &mut Numbers) -> Option<()> {
        let mut field = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return (depth <= DEPTH).then_some(());
            }
            field = match head >> 4 {
                0 => self.zigzag()?,
                delta => field.checked_add(delta.into())?,
            };
            let place = if depth == 0 { (field, 0) } else { (within, field) };
            let value = match head & 0x0F {
                12 if depth == 0 => {
                    self.structure(field, 1, numbers)?;
                    Value::Number(0)
                }
                kind => self.value(kind, depth)?,
            };
            if let Value::Number(number) = value
                && depth <= 1
            {
                numbers.insert(place, number);
            }
        }
    }

    /// Passes a value.
    fn value(&mut self, kind: u8, depth: usize) -> Option<Value> {
        if depth > DEPTH {
            return None;
        }
        match kind {
            1 => Some(Value::Number(1)),
            2 => Some(Value::Number(0)),
            3 => self.byte().map(|byte| Value::Number(byte.into())),
            4..=6 => self.zigzag().map(Value::Number),
            7 => self.pass(8).map(|()| Value::Else),
            8 => {
                let length = self.varint()?;
                self.pass(length).map(|()| Value::Else)
            }
            9 | 10 => self.list(depth).map(|()| Value::Else),
            12 => self.structure(0, depth + 2, &mut Numbers::new()).map(|()| Value::Else),
            _ => None,
        }
    }

    fn list(&mut self, depth: usize) -> Option<()> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => count.into(),
        };
        for _ in 0..count {
            match head & 0x0F {
                1 | 2 => {
                    self.byte()?;
                }
                kind => {
                    self.value(kind, depth + 1)?;
                }
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_far_as_numbers_go() {
        // type 0, unfolded 10, folded 8, data page { values 3, encoding 0, statistics { max "ab" } }.
        let bytes =
            [0x15, 0, 0x15, 20, 0x15, 16, 0x2C, 0x15, 6, 0x15, 0, 0x3C, 0x18, 2, b'a', b'b', 0, 0, 0, 9];
        let mut numbers = Numbers::new();
        let mut thrift = Thrift { bytes: &bytes, at: 0 };
        assert!(thrift.structure(0, 0, &mut numbers).is_some());
        assert_eq!(thrift.at, bytes.len() - 1);
        assert_eq!((numbers[&(2, 0)], numbers[&(3, 0)], numbers[&(5, 1)]), (10, 8, 3));
        for cut in 0..bytes.len() - 1 {
            let mut thrift = Thrift { bytes: &bytes[..cut], at: 0 };
            assert!(thrift.structure(0, 0, &mut Numbers::new()).is_none(), "{cut}");
        }
        // A list that promises more than there is ends with the bytes.
        let endless = [0x19, 0xFC, 0xFF, 0xFF, 0xFF, 0x7F];
        assert!(Thrift { bytes: &endless, at: 0 }.structure(0, 0, &mut Numbers::new()).is_none());
    }
}
