//! Which format a file has, by its content alone: a name can lie, and a folder that is watched has names of any kind.
//!
//! Comes in: the first bytes, and for a ZIP archive the names in it (looked at by `xlsx`). Goes out: a
//! [`Format`], or the refusal of a known format that is not read, with its remedy. What has no mark of its own is CSV,
//! whose rules find out the rest. Sources: the formats' own signatures ([MS-CFB] 2.2, APPNOTE 4.3.7, the Parquet
//! specification, RFC 1952).

use std::io::{Read, Seek, SeekFrom};

use super::IngestError;

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text with delimiters.
    Csv,
    /// An Office Open XML workbook.
    Xlsx,
    /// Columns, as data platforms write them.
    Parquet,
}

/// A format that is known and not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// The binary workbook of Excel 97 to 2003.
    OldWorkbook,
    /// A workbook or Parquet file under a password or key.
    Encrypted,
    /// A workbook with macros.
    Macros,
    /// A binary workbook of Office Open XML.
    BinaryWorkbook,
    /// An OpenDocument spreadsheet.
    OpenDocument,
    /// An archive or a compressed file.
    Compressed,
}

impl Unread {
    /// What it is called in a message; the desk's files have a sentence for each.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OldWorkbook => "old-workbook",
            Self::Encrypted => "encrypted",
            Self::Macros => "macros",
            Self::BinaryWorkbook => "binary-workbook",
            Self::OpenDocument => "open-document",
            Self::Compressed => "compressed",
        }
    }
}

impl Format {
    /// Every format that `--format` takes.
    pub const ALL: &'static [Self] = &[Self::Csv, Self::Xlsx, Self::Parquet];

    /// The name as the command line and the preview write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
        }
    }

    /// The format with this name, in any letter case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.name().eq_ignore_ascii_case(name.trim()))
    }

    /// The format that the end of a file's name promises, if it promises one.
    pub fn promised(file_name: &str) -> Option<Self> {
        let (_, ending) = file_name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "csv" | "txt" | "tsv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            "parquet" | "parq" => Some(Self::Parquet),
            _ => None,
        }
    }
}

/// How much of a compound file is looked through for the name of an encrypted package.
const COMPOUND_HEAD: u64 = 1 << 20;

/// The format of a source by its content. Leaves the position anywhere.
pub(super) fn detect<S: Read + Seek>(source: &mut S) -> Result<Format, IngestError> {
    source.seek(SeekFrom::Start(0))?;
    let mut head = Vec::with_capacity(8);
    source.take(8).read_to_end(&mut head)?;
    match head.as_slice() {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Ok(Format::Xlsx),
        [b'P', b'A', b'R', b'1', ..] => Ok(Format::Parquet),
        [b'P', b'A', b'R', b'E', ..] => Err(IngestError::Unread(Unread::Encrypted)),
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1] => Err(IngestError::Unread(compound(source)?)),
        [0x1F, 0x8B, ..]
        | [0x28, 0xB5, 0x2F, 0xFD, ..]
        | [b'R', b'a', b'r', b'!', ..]
        | [b'7', b'z', 0xBC, 0xAF, ..] => Err(IngestError::Unread(Unread::Compressed)),
        _ => Ok(Format::Csv),
    }
}

/// A compound file is an old workbook, or a new one that is encrypted as a whole.
fn compound<S: Read + Seek>(source: &mut S) -> Result<Unread, IngestError> {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    // The directory of a small file is near its beginning, that of a large one near its end.
    let length = source.seek(SeekFrom::End(0))?;
    for start in [0, length.saturating_sub(COMPOUND_HEAD)] {
        source.seek(SeekFrom::Start(start))?;
        let mut piece = Vec::new();
        source.take(COMPOUND_HEAD).read_to_end(&mut piece)?;
        if piece.windows(name.len()).any(|window| window == name) {
            return Ok(Unread::Encrypted);
        }
    }
    Ok(Unread::OldWorkbook)
}
