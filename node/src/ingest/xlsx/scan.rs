//! What must hold of a workbook before the library opens it, which keeps whatever an archive unfolds to.
//!
//! Comes in: the archive. Goes out: whether it has formulas. Every part is unfolded once here, counting the
//! bytes that come out and not those that the archive promises: a few kilobytes can promise little and unfold to
//! terabytes. Memory is one piece. Fails: with the limit that is exceeded, or the form of file that is not read.
//!
//! The library keeps the shared texts of a workbook, and of a sheet at most what stands between two cells; so the former
//! are counted together, and the latter one by one. Source: ECMA-376, part 1, 18.4.9 (`sst`), 18.3.1 (`row`, `c`, `f`).

use std::io::{BufReader, Read, Seek, SeekFrom};

use zip::ZipArchive;
use zip::result::ZipError;

use super::met;
use crate::ingest::{IngestError, Unread};

/// Bytes of the archive.
const FILE_BYTES: u64 = 2 << 30;
/// Parts of the archive.
const PARTS: u64 = 10_000;
/// Bytes at the end of an archive in which its directory's end lies: the records and the longest comment.
const TAIL_BYTES: u64 = 66 * 1024;
/// Bytes to which all parts unfold.
const ALL_BYTES: u64 = 16 << 30;
/// Bytes of the shared texts, and how many there may be: each costs about 50 bytes beside its own.
const SHARED_BYTES: u64 = 128 << 20;
const SHARED: u64 = 2_000_000;
/// Bytes of any other part that is not a sheet.
const PART_BYTES: u64 = 32 << 20;
/// Bytes of a picture, or of what else is no text.
const PICTURE_BYTES: u64 = 64 << 20;
/// Rows of a sheet; spreadsheets have half as many.
const ROWS: u64 = 2 << 20;
/// Bytes between two tags, and between the beginnings of two cells: a cell may have 32,767 characters.
const RUN_BYTES: u64 = 1 << 20;
/// Bytes at the beginning of a tag that are looked at.
const TAG_BYTES: usize = 2048;

/// What a scan found out.
pub(super) struct Scanned {
    /// There is a formula in some sheet.
    pub(super) formulas: bool,
}

fn too_large(what: &'static str, limit: u64) -> IngestError {
    IngestError::TooLarge { what, limit }
}

impl From<ZipError> for IngestError {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::Io(error) => met(error),
            ZipError::UnsupportedArchive(why) if why == ZipError::PASSWORD_REQUIRED => {
                Self::Unread(Unread::Encrypted)
            }
            _ => Self::Damaged,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Shared,
    Sheet,
    Other,
    /// Pictures and the like, of any bytes. Nobody reads them, unless the relations of a workbook name one as a sheet.
    Picture,
}

/// Unfolds every part.
pub(super) fn scan<S: Read + Seek>(source: &mut S) -> Result<Scanned, IngestError> {
    if source.seek(SeekFrom::End(0))? > FILE_BYTES {
        return Err(too_large("bytes of an archive", FILE_BYTES));
    }
    if promised_parts(source)? > PARTS {
        return Err(too_large("parts of an archive", PARTS));
    }
    let mut archive = ZipArchive::new(BufReader::new(source))?;
    let names: Vec<String> =
        archive.file_names_raw().map(|name| String::from_utf8_lossy(name).into()).collect();
    known_form(&names)?;
    let (mut all, mut formulas) = (0, false);
    for (index, name) in names.iter().enumerate() {
        let mut tags = Tags::of(part(name));
        let mut entry = archive.by_index(index)?;
        let mut piece = vec![0; 64 * 1024];
        loop {
            let length = entry.read(&mut piece).map_err(met)?;
            all += length as u64;
            if all > ALL_BYTES {
                return Err(too_large("bytes unfolded", ALL_BYTES));
            }
            if length == 0 || !tags.take(piece.get(..length).unwrap_or_default())? {
                break;
            }
        }
        formulas |= tags.end()?;
    }
    Ok(Scanned { formulas })
}

/// How many parts the end of the directory promises, in whichever of its forms: room is made for so many.
fn promised_parts<S: Read + Seek>(source: &mut S) -> Result<u64, IngestError> {
    let length = source.seek(SeekFrom::End(0))?;
    source.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut tail = Vec::new();
    source.take(TAIL_BYTES).read_to_end(&mut tail)?;
    let short = tail.windows(12).filter_map(|record| match record {
        [b'P', b'K', 5, 6, _, _, _, _, _, _, low, high] => Some(u64::from(u16::from_le_bytes([*low, *high]))),
        _ => None,
    });
    // There it says that the longer form has the number.
    let short = short.filter(|&parts| parts != u64::from(u16::MAX));
    let long = tail.windows(40).filter(|record| record.starts_with(b"PK\x06\x06"));
    let long = long.filter_map(|record| record.last_chunk().map(|bytes| u64::from_le_bytes(*bytes)));
    Ok(short.chain(long).max().unwrap_or(0))
}

/// Refuses archives of another kind by what is in them.
fn known_form(names: &[String]) -> Result<(), IngestError> {
    let ends = |end: &str| names.iter().any(|name| name.to_ascii_lowercase().ends_with(end));
    let unread = if ends("vbaproject.bin") {
        Unread::Macros
    } else if ends("xl/workbook.bin") {
        Unread::BinaryWorkbook
    } else if names.iter().any(|name| name == "mimetype") {
        Unread::OpenDocument
    } else if !ends("[content_types].xml") && !ends("workbook.xml") {
        Unread::Compressed
    } else {
        return Ok(());
    };
    Err(IngestError::Unread(unread))
}

fn part(name: &str) -> Part {
    let name = name.to_ascii_lowercase().replace('\\', "/");
    let file = name.rsplit('/').next().unwrap_or_default();
    match file.rsplit_once('.').map(|(_, ending)| ending) {
        _ if file == "sharedstrings.xml" => Part::Shared,
        Some("xml") if name.contains("/worksheets/") => Part::Sheet,
        Some("xml" | "rels") => Part::Other,
        // The relations of a workbook may name a part of any ending as a sheet; such a one is small.
        Some("png" | "jpg" | "jpeg" | "gif" | "emf" | "wmf" | "bin" | "vml") => Part::Picture,
        _ => Part::Other,
    }
}

/// Counts tags as they come by.
struct Tags {
    part: Part,
    bytes: u64,
    /// Since the last `<`, and since the last beginning of a row or cell.
    run: u64,
    cell: u64,
    /// How the tag begins that is under way; none between tags.
    tag: Option<Vec<u8>>,
    shared: u64,
    promised: u64,
    rows: u64,
    formulas: bool,
}

impl Tags {
    const fn of(part: Part) -> Self {
        let (bytes, run, cell, shared, promised, rows) = (0, 0, 0, 0, 0, 0);
        Self { part, bytes, run, cell, tag: None, shared, promised, rows, formulas: false }
    }

    /// Takes a piece; false once nothing more is read of the part.
    fn take(&mut self, mut piece: &[u8]) -> Result<bool, IngestError> {
        self.bytes += piece.len() as u64;
        match self.part {
            Part::Shared if self.bytes > SHARED_BYTES => {
                return Err(too_large("bytes of shared texts", SHARED_BYTES));
            }
            Part::Other if self.bytes > PART_BYTES => return Err(too_large("bytes of a part", PART_BYTES)),
            Part::Picture if self.bytes > PICTURE_BYTES => {
                return Err(too_large("bytes of a picture", PICTURE_BYTES));
            }
            // Whatever stands between its tags is as small as the whole.
            Part::Picture => return Ok(true),
            Part::Shared | Part::Sheet | Part::Other => {}
        }
        while !piece.is_empty() {
            let stop = if self.tag.is_some() { b'>' } else { b'<' };
            let found = piece.iter().position(|&byte| byte == stop || byte == b'<');
            let (before, rest) = piece.split_at(found.unwrap_or(piece.len()));
            if let Some(tag) = &mut self.tag {
                tag.extend(before.iter().take(TAG_BYTES.saturating_sub(tag.len())));
            }
            self.grow(before.len() as u64 + 1)?;
            let Some((&byte, rest)) = rest.split_first() else { break };
            piece = rest;
            if byte == b'<' {
                self.run = 0;
            }
            if let Some(tag) = self.tag.take()
                && !self.see(&tag)?
            {
                return Ok(false);
            }
            self.tag = (byte == b'<').then(Vec::new);
        }
        Ok(true)
    }

    fn grow(&mut self, by: u64) -> Result<(), IngestError> {
        self.run += by;
        self.cell += by;
        if self.run > RUN_BYTES || self.part == Part::Sheet && self.cell > RUN_BYTES {
            return Err(too_large("bytes of a cell", RUN_BYTES));
        }
        Ok(())
    }

    fn see(&mut self, tag: &[u8]) -> Result<bool, IngestError> {
        let end = tag.iter().position(u8::is_ascii_whitespace).unwrap_or(tag.len());
        let name = tag.get(..end).unwrap_or_default();
        let name = name.strip_suffix(b"/").unwrap_or(name);
        let (closes, name) = name.strip_prefix(b"/").map_or((false, name), |name| (true, name));
        let local = name.rsplit(|&byte| byte == b':').next().unwrap_or_default();
        match (self.part, local, closes) {
            (Part::Shared, b"si", false) => self.shared += 1,
            (Part::Shared, b"sst", false) => self.promised = promised(tag),
            (Part::Sheet, b"row", false) => (self.rows, self.cell) = (self.rows + 1, 0),
            (Part::Sheet, b"c", false) => self.cell = 0,
            (Part::Sheet, b"f", false) => self.formulas = true,
            (Part::Sheet, b"sheetData", true) => return Ok(false),
            _ => {}
        }
        if self.shared > SHARED {
            return Err(too_large("shared texts", SHARED));
        }
        if self.rows > ROWS {
            return Err(too_large("rows of a sheet", ROWS));
        }
        Ok(true)
    }

    /// Whether there were formulas. Room is made for as many texts as are promised, so they must be there.
    fn end(self) -> Result<bool, IngestError> {
        if self.promised > self.shared.saturating_mul(2) + 1024 {
            Err(IngestError::Damaged)
        } else {
            Ok(self.formulas)
        }
    }
}

/// How many texts the head of the shared texts promises; one that cannot be read promises too many.
fn promised(tag: &[u8]) -> u64 {
    let name = b"uniqueCount";
    let Some(at) = tag.windows(name.len()).position(|window| window == name) else {
        return if tag.len() < TAG_BYTES { 0 } else { u64::MAX };
    };
    let digits: Vec<u8> = tag
        .iter()
        .skip(at + name.len())
        .skip_while(|byte| !byte.is_ascii_digit())
        .take_while(|byte| byte.is_ascii_digit())
        .copied()
        .collect();
    std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX)
}
