//! How many bytes of a column are in memory at once while its rows are read, before any is.
//!
//! The library takes [`ROWS`] rows of a column at once, and holds the pages that their values lie in. A row of a list is
//! one of them however many values it has, and each of those is copied: a few bytes say that a long one of the dictionary
//! stands there a hundred thousand times. So where rows begin is read here of lists, from their repetition levels.
//!
//! Comes in: pages. Goes out: bytes, which err on the large side: each value is taken for the longest that it can be. Memory
//! is a page. Fails: where the limit is exceeded, or as damaged.
//!
//! Source: the Apache Parquet format specification, 2.11, "Encodings": the hybrid of run lengths and packed bits.

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};

use crate::ingest::IngestError;

/// Rows that are read at once: more hold more pages, fewer take longer.
pub(super) const ROWS: usize = 16;
/// Bytes that a row group's columns may hold at once.
pub(super) const HELD: u64 = 512 << 20;
/// Bytes of a value beside its own: its levels, where it lies, and its place in the row; and the room that grows for these.
const VALUE: u64 = 128;

/// The number of the encoding whose values are each made anew, of the one before: one is no longer than its page.
pub(super) const DELTA: i64 = 7;

pub(super) const fn too_large() -> IngestError {
    IngestError::TooLarge { what: "bytes of rows that are read at once", limit: HELD }
}

/// Counts what the rows of one column hold that are read at once.
#[derive(Debug, Default)]
pub(super) struct Held {
    rows: usize,
    bytes: u64,
    each: u64,
    most: u64,
}

impl Held {
    /// A page of so many bytes begins, each of whose values has up to so many of its own beside them.
    pub(super) const fn page(&mut self, bytes: u64, own: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.each = own.saturating_add(VALUE);
    }

    /// The next value, which may be the first of its row.
    pub(super) fn value(&mut self, begins: bool) -> Result<(), IngestError> {
        if begins && self.rows == ROWS {
            (self.rows, self.bytes) = (0, 0);
        }
        self.rows += usize::from(begins);
        self.bytes = self.bytes.saturating_add(self.each);
        self.most = self.most.max(self.bytes);
        if self.most > HELD { Err(too_large()) } else { Ok(()) }
    }

    /// The most bytes at once.
    pub(super) const fn most(&self) -> u64 {
        self.most
    }
}

/// A column of lists.
pub(super) struct Lists {
    /// Whether its values are bytes of any number.
    pub(super) bytes: bool,
    /// The highest of its repetition levels.
    pub(super) highest: u16,
    /// Its rows.
    pub(super) rows: i64,
}

impl Lists {
    /// The most bytes at once. The pages are within their limits.
    pub(super) fn most(&self, pages: &mut dyn PageReader) -> Result<u64, IngestError> {
        let (mut held, mut longest, mut rows) = (Held::default(), 0, 0_i64);
        while let Some(page) = pages.get_next_page()? {
            let size = page.buffer().len() as u64;
            let second = matches!(page, Page::DataPageV2 { .. });
            let (levels, count, encoding) = match &page {
                Page::DictionaryPage { buf, .. } => {
                    longest = if self.bytes { longest_of(buf) } else { 0 };
                    continue;
                }
                Page::DataPage { buf, num_values, encoding, rep_level_encoding: Encoding::RLE, .. } => {
                    (measured(buf), *num_values, *encoding)
                }
                // Nobody has written any other for many years.
                Page::DataPage { .. } => return Err(IngestError::Damaged),
                Page::DataPageV2 { buf, num_values, encoding, rep_levels_byte_len, .. } => {
                    (prefix(buf, *rep_levels_byte_len), *num_values, *encoding)
                }
            };
            let own = if encoding == Encoding::DELTA_BYTE_ARRAY {
                size
            } else if encoding == Encoding::PLAIN_DICTIONARY || encoding == Encoding::RLE_DICTIONARY {
                longest
            } else {
                0
            };
            held.page(size, own);
            // The second form of page begins with a row, as the first page does.
            let mut first = second || rows == 0;
            self.levels(levels.ok_or(IngestError::Damaged)?, count, |begins| {
                rows += i64::from(begins);
                if (first && !begins) || rows > self.rows {
                    return Err(IngestError::Damaged);
                }
                first = false;
                held.value(begins)
            })?;
        }
        if rows == self.rows { Ok(held.most()) } else { Err(IngestError::Damaged) }
    }

    /// Says of each of so many values whether a row begins with it.
    fn levels(
        &self,
        mut bytes: &[u8],
        count: u32,
        mut each: impl FnMut(bool) -> Result<(), IngestError>,
    ) -> Result<(), IngestError> {
        let width = (u16::BITS - self.highest.leading_zeros()).max(1) as usize;
        let mut left = u64::from(count);
        while left > 0 {
            let head = varint(&mut bytes).filter(|&head| head > 0).ok_or(IngestError::Damaged)?;
            let run = head >> 1;
            if head & 1 == 0 {
                let (&level, rest) = bytes.split_first().ok_or(IngestError::Damaged)?;
                bytes = rest;
                let run = run.min(left);
                for _ in 0..run {
                    each(level == 0)?;
                }
                left -= run;
                continue;
            }
            // Groups of eight values, of which the last may be cut off where no more values are.
            let length = usize::try_from(run).unwrap_or(usize::MAX).saturating_mul(width).min(bytes.len());
            let (packed, rest) = bytes.split_at(length);
            bytes = rest;
            let run = (packed.len() * 8 / width).min(usize::try_from(left).unwrap_or(usize::MAX));
            let is_set = |bit: usize| packed.get(bit / 8).is_some_and(|byte| (byte >> (bit % 8)) & 1 == 1);
            for at in 0..run {
                each(!(at * width..(at + 1) * width).any(is_set))?;
            }
            left -= run as u64;
        }
        Ok(())
    }
}

fn prefix(bytes: &[u8], length: u32) -> Option<&[u8]> {
    bytes.get(..usize::try_from(length).ok()?)
}

/// The bytes behind their length.
fn measured(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    prefix(rest, u32::from_le_bytes(*length))
}

/// The length of the longest of a dictionary's values, each of which stands behind its length.
fn longest_of(mut bytes: &[u8]) -> u64 {
    let mut longest = 0;
    while let Some(value) = measured(bytes) {
        longest = longest.max(value.len());
        bytes = bytes.get(4 + value.len()..).unwrap_or_default();
    }
    longest as u64
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_rows_begin_is_read_from_levels() {
        let begins = |highest, bytes: &[u8], count| {
            let mut found = String::new();
            let lists = Lists { bytes: true, highest, rows: 0 };
            let read = lists.levels(bytes, count, |begins| {
                found.push(if begins { '^' } else { '-' });
                Ok(())
            });
            read.ok().map(|()| found)
        };
        let of = |text: &str| Some(text.to_owned());
        // A run of two zeros, a run of three ones, and a group of eight.
        let runs: [u8; 6] = [4, 0, 6, 1, 3, 0b1010_0110];
        assert_eq!(begins(1, &runs, 13), of("^^---^--^^-^-"));
        assert_eq!(begins(1, &runs, 4), of("^^--"));
        assert_eq!(begins(1, &runs, 14), None, "there are no more");
        assert_eq!(begins(1, &runs[..3], 3), None, "cut off");
        // Of two bits each: 0, 1, 2, 3, and the other four of the group are cut off.
        assert_eq!(begins(2, &[3, 0b1110_0100], 4), of("^---"));
        assert_eq!(begins(1, &[0, 0, 0], 1), None, "a run of none");
        assert_eq!(begins(1, &[0xFF; 12], 1), None, "a length without end");
    }

    #[test]
    fn the_longest_value_of_a_dictionary_counts() {
        let bytes = [2, 0, 0, 0, b'a', b'b', 3, 0, 0, 0, b'c', b'd', b'e', 0, 0, 0, 0, 9, 0, 0, 0, b'x'];
        assert_eq!((longest_of(&bytes), longest_of(&bytes[..12]), longest_of(&[])), (3, 2, 0));
    }

    /// A row group as the common writers make it, with the dictionary of short values, and four in each list.
    #[test]
    fn a_million_rows_of_short_lists_are_far_below_the_limit() {
        let mut held = Held::default();
        for row in 0..1 << 20 {
            if row % 20_000 == 0 {
                held.page(1 << 20, 20);
            }
            for at in 0..4 {
                held.value(at == 0).unwrap();
            }
        }
        // Sixteen rows, and a page that begins among them.
        assert_eq!(held.most(), (1 << 20) + 16 * 4 * (20 + VALUE));
        assert!(held.most() * 25 < HELD, "as many columns as there are");
    }

    #[test]
    fn rows_that_are_read_at_once_count_together() {
        let values = |own: u64, count: u64, rows: bool| {
            let mut held = Held::default();
            (0..count).try_for_each(|at| {
                held.page(1, own);
                held.value(rows || at == 0)
            })
        };
        // Pages of one value each: no more than sixteen are held, unless they are of one row.
        assert!(values(30 << 20, 1_000, true).is_ok());
        assert!(values(33 << 20, 1_000, true).is_err());
        assert!(values(1 << 20, 1_000, true).is_ok());
        assert!(values(1 << 20, 1_000, false).is_err());
        assert!(values(0, 5 << 20, true).is_ok() && values(0, 5 << 20, false).is_err());
    }
}
