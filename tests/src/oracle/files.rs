//! A caller's file, read for the clear answer: the whole of it at once, in the simplest way that follows the rules.
//!
//! Comes in: bytes, the day of import. Goes out: the records that may enter a job. It must agree with the importer about
//! every file, and shares none of its code: encoding, delimiter, quotes, headers and words are decided here anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use jiff::civil::Date;
use lianfang_node::normalise::{Column, Rules};
use lianfang_proto::catalogue::Grade;

use super::{ClearRecord, cells, table};

/// Why a file is no register.
#[derive(Debug, PartialEq, Eq)]
pub enum FileFault {
    /// It is not text in any of the encodings.
    Bytes,
    /// It has no header that can be read.
    Header,
    /// A column is there twice.
    Repeated,
    /// There is no record column.
    NoRecord,
    /// There is no identifier column.
    NoIdentifier,
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "the register is not text in a known encoding",
            Self::Header => "the register has no header that can be read",
            Self::Repeated => "a column of the register is there twice",
            Self::NoRecord => "no column of the register is the record",
            Self::NoIdentifier => "no column of the register is an identifier",
        })
    }
}

impl std::error::Error for FileFault {}

/// The longest row, the longest record and the longest word of a closed list, in bytes.
const ROW: usize = 1024 * 1024;
const RECORD: usize = 128;
const WORD: usize = 1024;
const CELL: usize = 256 * 1024;

/// The records of a file that may enter a job.
pub fn read_register(bytes: &[u8], today: Date) -> Result<Vec<ClearRecord>, FileFault> {
    let text = decode(bytes).ok_or(FileFault::Bytes)?;
    let table = table::columns();
    let by = |delimiter: char| {
        let (header, rest) = rows(&text, delimiter, true);
        let header = header?;
        let known = header.iter().filter(|cell| table.contains_key(cells::folded(cell).as_str())).count();
        Some((known, header, rest, delimiter))
    };
    // Of equal candidates the last wins, so the comma comes last.
    let candidates = ['\t', ';', ','].into_iter().filter_map(by);
    let (_, header, rest, delimiter) =
        candidates.max_by_key(|(known, ..)| *known).ok_or(FileFault::Header)?;
    let places = places(&header, &table)?;
    let (mut seen, mut records) = (BTreeSet::new(), Vec::new());
    let mut rest = rest;
    while !rest.is_empty() {
        let (row, behind) = rows(rest, delimiter, false);
        rest = behind;
        let Some(row) = row.filter(|row| row.len() <= header.len()) else { continue };
        let cell =
            |column: &str| places.get(column).and_then(|&place| row.get(place)).map_or("", String::as_str);
        let record = cells::visible(cell("record"));
        if record.is_empty() || record.len() > RECORD || !seen.insert(record.clone()) {
            continue;
        }
        records.extend(entering(record, cell, today));
    }
    Ok(records)
}

/// The record, unless its role or hold keeps it out.
fn entering<'a>(record: String, cell: impl Fn(&str) -> &'a str, today: Date) -> Option<ClearRecord> {
    let word = |column: &str| Some(cell(column)).filter(|text| text.len() <= WORD);
    let role = cells::role(word("role")?)?;
    if !cells::visible(word("hold")?).is_empty() {
        return None;
    }
    let month = |column| word(column).map(cells::month).unwrap_or_default();
    let rules = Rules::new(today);
    let mut identifiers = BTreeSet::new();
    let mut keep = |findings: lianfang_node::normalise::Findings| {
        identifiers.extend(findings.values.iter().map(|value| (value.kind(), value.value().to_owned())));
    };
    for &column in Column::ALL {
        if cell(column.code()).len() <= CELL {
            keep(rules.cell(column, cell(column.code())));
        }
    }
    keep(rules.name_birth(word("name").unwrap_or(""), word("birth_date").unwrap_or("")));
    Some(ClearRecord {
        record,
        role,
        typologies: word("typology").map(cells::typologies).unwrap_or_default(),
        grade: word("grade").map_or(Grade::Suspected, cells::grade),
        first_month: month("first_seen"),
        last_month: month("last_seen"),
        identifiers,
    })
}

fn places<'t>(
    header: &[String],
    table: &BTreeMap<&'static str, &'t str>,
) -> Result<BTreeMap<&'t str, usize>, FileFault> {
    let (mut places, mut names) = (BTreeMap::new(), BTreeSet::new());
    for (place, cell) in header.iter().enumerate() {
        let name = cells::folded(cell);
        if name.is_empty() {
            continue;
        }
        let taken = table.get(name.as_str()).is_some_and(|column| places.insert(*column, place).is_some());
        if taken || !names.insert(name) {
            return Err(FileFault::Repeated);
        }
    }
    if !places.contains_key("record") {
        return Err(FileFault::NoRecord);
    }
    let by_name_and_birth = places.contains_key("name") && places.contains_key("birth_date");
    if !by_name_and_birth && !Column::ALL.iter().any(|column| places.contains_key(column.code())) {
        return Err(FileFault::NoIdentifier);
    }
    Ok(places)
}

fn decode(bytes: &[u8]) -> Option<String> {
    let whole = |encoding: &'static Encoding, from: usize| {
        encoding.decode_without_bom_handling_and_without_replacement(&bytes[from..]).map(String::from)
    };
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => whole(UTF_8, 3),
        [0xFF, 0xFE, ..] => whole(UTF_16LE, 2),
        [0xFE, 0xFF, ..] => whole(UTF_16BE, 2),
        [0x84, 0x31, 0x95, 0x33, ..] => whole(GB18030, 4),
        _ => whole(UTF_8, 0).or_else(|| whole(GB18030, 0)),
    }
}

/// The first row of the text and what follows it; no row where its quotes are broken or it is too long, and then what
/// follows is the next line.
fn rows(text: &str, delimiter: char, header: bool) -> (Option<Vec<String>>, &str) {
    let mut text = text;
    while let Some(rest) = text.strip_prefix('\n').or_else(|| text.strip_prefix("\r\n")) {
        text = rest;
    }
    if text.is_empty() {
        return (None, "");
    }
    match row(text, delimiter) {
        Some((cells, length)) if length <= ROW => (Some(cells), &text[length..]),
        _ if header => (None, ""),
        _ => (None, text.split_once('\n').map_or("", |(_, rest)| rest)),
    }
}

fn row(text: &str, delimiter: char) -> Option<(Vec<String>, usize)> {
    let mut cells = Vec::new();
    let mut rest = text;
    loop {
        let mut cell = String::new();
        if let Some(mut inside) = rest.strip_prefix('"') {
            loop {
                let (before, behind) = inside.split_once('"')?;
                cell.push_str(before);
                let Some(more) = behind.strip_prefix('"') else {
                    rest = behind;
                    break;
                };
                cell.push('"');
                inside = more;
            }
        } else {
            let end = rest.find([delimiter, '\n']).unwrap_or(rest.len());
            let line_ends = !rest[end..].starts_with(delimiter);
            let bare =
                if line_ends { rest[..end].strip_suffix('\r').unwrap_or(&rest[..end]) } else { &rest[..end] };
            cell.push_str(bare);
            rest = &rest[end..];
        }
        cells.push(cell);
        if let Some(next) = rest.strip_prefix(delimiter) {
            rest = next;
            continue;
        }
        let ends = ["\r\n", "\n"].into_iter().find_map(|end| rest.strip_prefix(end));
        let behind = ends.or_else(|| matches!(rest, "" | "\r").then_some(""))?;
        return Some((cells, text.len() - behind.len()));
    }
}
