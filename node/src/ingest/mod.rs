//! From a file of bytes to typed rows.
//!
//! Comes in: a table as other systems export it: CSV, XLSX, Parquet, or the answer to a query of a PostgreSQL or MySQL
//! server. Goes out: what was found out about it, then one [`Entry`] per row with a typed [`Row`] and the issues of that
//! row. All of them feed the same headers, cell rules and rejects, so one register reads the same from each. Memory is
//! bounded whatever the table holds: by one row and one piece of a CSV file; by the shared texts of a workbook, a page of
//! each Parquet column, a few hundred rows of a query, all of which have limits that are refused by name.
//!
//! | file | answers |
//! | --- | --- |
//! | `format` | which format has the file, by its content? |
//! | `csv`, `encoding`, `records` | text with delimiters |
//! | `xlsx` | workbooks |
//! | `parquet` | columns |
//! | `sql` | a query |
//! | `line`, `pipe` | what do all of them hand over, and how do those that need a thread of their own? |
//! | `content` | is it the same table as another? |
//! | `headers`, `cells`, `row`, `issues` | which column is which, what may a cell be, what was wrong? |
//!
//! Never sees: the store, keys, other rows than the one at hand (a second row with one record is found by
//! the caller, who has the reason [`issues::DUPLICATE_RECORD`]). Trusts: nobody. Fails: where the file cannot be read as a
//! register (65), or cannot be understood as it is named (64); a bad row or cell is an issue and never ends the reading.
//! Sources: RFC 4180; the identifier rules' page on files, version 1.

use std::io::{self, Read, Seek};

use thiserror::Error;

pub mod cells;
mod content;
mod csv;
pub mod encoding;
pub mod format;
pub mod headers;
pub mod issues;
pub mod line;
#[cfg(feature = "parquet")]
mod parquet;
mod pipe;
mod records;
pub mod row;
pub mod sql;
mod xlsx;

#[cfg(test)]
pub(crate) mod tests;

pub use encoding::Encoding;
pub use format::{Format, Unread};
pub use headers::{Column, HeaderMap, Headers};
pub use issues::{Issue, Reason, Rejects, Severity};
pub use row::{Disposition, Holding, IdentifierCell, Row};

use headers::{Layout, Origin};
use lianfang_trust::Digest;
use line::{Cells, Line, Rows};

/// What a library met: a disk that failed has a number of the system's, and all else is the bytes' fault. So is the number of
/// a place that is none, to which only the bytes can have led.
fn met(error: io::Error) -> IngestError {
    if error.raw_os_error().is_some() && error.kind() != io::ErrorKind::InvalidInput {
        IngestError::Read(error)
    } else {
        IngestError::Damaged
    }
}

/// Why a file cannot be read as a register.
#[derive(Debug, Error)]
pub enum IngestError {
    /// The file could not be read.
    #[error("the file could not be read: {0}")]
    Read(#[from] io::Error),
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
    #[error("the header names {found} columns; at most {} are read", line::COLUMNS)]
    TooManyColumns {
        /// How many it names.
        found: usize,
    },
    /// No column of the first line is known: it may be data, and nothing of it is repeated.
    #[error(
        "none of the {columns} columns of the first line is known, which seems to be data; put a header above it"
    )]
    NoHeader {
        /// How many columns it has.
        columns: usize,
    },
    /// No row among the first of a sheet is a header.
    #[error("none of the first {limit} rows is a header; delete the rows above it")]
    HeaderTooLow {
        /// Among how many rows that are not blank it is looked for.
        limit: u64,
    },
    /// Several sheets hold a register, and what is left out would be retracted.
    #[error(
        "the sheets {places} hold registers too, whose records would be retracted; name one with --sheet"
    )]
    OtherSheets {
        /// Their places in the workbook.
        places: String,
    },
    /// No column is the record.
    #[error("no column is the record; {found}; rename one to record, or name it with --map")]
    NoRecordColumn {
        /// The headers, as far as they may be told.
        found: Headers,
    },
    /// No column is an identifier.
    #[error("no column is an identifier; {found}; rename one, or name it with --map")]
    NoIdentifierColumn {
        /// The headers, as far as they may be told.
        found: Headers,
    },
    /// Two headers mean one column.
    #[error(
        "the column \"{header}\" is there twice; remove or rename one, or map it to \"ignore\" with --map"
    )]
    RepeatedHeader {
        /// The second of them.
        header: String,
    },
    /// The format is known and not read.
    #[error("the file is not read in this form ({}); save it as XLSX without macros and password, or as CSV", .0.code())]
    Unread(Unread),
    /// The content is not in the format that was named.
    #[error("the file is no {} file, as --format says; leave --format out", .0.name())]
    NotOfFormat(Format),
    /// The program was built without the format.
    #[error("this program was built without {0}; use one that has it, or export the register as CSV")]
    NotBuilt(&'static str),
    /// The file is damaged.
    #[error("the file is damaged or not of its format; export it again")]
    Damaged,
    /// Something in the file is over its limit.
    #[error("the file has more {what} than are read ({limit}); export it as CSV, or in parts")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much is read.
        limit: u64,
    },
    /// There is no such sheet.
    #[error("the workbook has no sheet of that name; it has {found}")]
    NoSuchSheet {
        /// The sheets that it has.
        found: String,
    },
    /// A known column has a type that is no text.
    #[error("the column \"{column}\" is of the type {kind}, which is not read; export it as text")]
    ColumnType {
        /// The column.
        column: String,
        /// Its type.
        kind: String,
    },
    /// A column is compressed in a way that is not read.
    #[error(
        "the file is compressed with {kind}; write it with snappy, zstd, gzip, lz4-raw or without compression"
    )]
    Compression {
        /// What it is compressed with.
        kind: String,
    },
    /// The server, or the way to it.
    #[error(transparent)]
    Server(#[from] sql::ServerError),
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
            Self::RepeatedHeader { .. }
            | Self::BadMap
            | Self::UnknownMapTarget { .. }
            | Self::NotOfFormat(_)
            | Self::NotBuilt(_)
            | Self::OtherSheets { .. }
            | Self::NoSuchSheet { .. } => 64,
            Self::Server(error) => error.exit_code(),
            Self::Read(_)
            | Self::BadBytes { .. }
            | Self::Empty
            | Self::BadHeader
            | Self::TooManyColumns { .. }
            | Self::NoHeader { .. }
            | Self::HeaderTooLow { .. }
            | Self::Compression { .. }
            | Self::NoRecordColumn { .. }
            | Self::NoIdentifierColumn { .. }
            | Self::Unread(_)
            | Self::Damaged
            | Self::TooLarge { .. }
            | Self::ColumnType { .. } => 65,
        }
    }
}

/// What the user may say about a file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The format, instead of the one found.
    pub format: Option<Format>,
    /// The encoding, instead of the one found.
    pub encoding: Option<Encoding>,
    /// The sheet of a workbook, instead of the first with a header that can be read.
    pub sheet: Option<String>,
    /// The file's own name, of which only the ending is looked at.
    pub name: Option<String>,
    /// Headers of the user's own.
    pub map: HeaderMap,
    /// Whether the records that the table lacks will be retracted: then it must be sure that it is the whole register.
    pub full: bool,
}

/// What was found out about a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its format; none for a query.
    pub format: Option<Format>,
    /// The encoding of a text file.
    pub encoding: Option<Encoding>,
    /// The delimiter of a text file: comma, semicolon, tab or bar.
    pub delimiter: Option<char>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
}

impl Found {
    /// Found in a query.
    pub(super) const NOTHING: Self = Self { format: None, encoding: None, delimiter: None, sheet: None };
}

/// A row of the file as far as it could be read, and what was wrong with it.
pub struct Entry {
    /// Number of the row: the header is 1, or of a workbook the sheet's own.
    pub number: u64,
    /// The row, unless it has no usable record or is no row of this table.
    pub row: Option<Row>,
    /// What was wrong with it.
    pub issues: Vec<Issue>,
}

/// A table that is a register; iterate for its rows.
pub struct RegisterFile {
    rows: Box<dyn Rows>,
    layout: Layout,
    found: Found,
    issues: Vec<Issue>,
    /// How its bytes are read.
    reading: Vec<u8>,
    content: Option<Digest>,
    number: u64,
    failed: bool,
}

impl RegisterFile {
    /// Finds format, columns and what else there is to find. A text file is read once or twice in full for that, and
    /// once more for its digest.
    pub fn open<S: Read + Seek + Send + 'static>(
        mut source: S,
        options: &Options,
    ) -> Result<Self, IngestError> {
        let format = match (options.format, format::detect(&mut source)) {
            // Any bytes may be text, whatever they look like.
            (Some(Format::Csv), Ok(_) | Err(IngestError::Unread(_))) => Format::Csv,
            (Some(said), Ok(found)) if said != found => return Err(IngestError::NotOfFormat(said)),
            (_, found) => found?,
        };
        let content = content::of_source(&mut source)?;
        let mut file = match format {
            Format::Csv => Self::open_csv(source, options)?,
            Format::Xlsx => xlsx::open(source, options)?,
            #[cfg(feature = "parquet")]
            Format::Parquet => parquet::open(source, options)?,
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => return Err(IngestError::NotBuilt("Parquet")),
        };
        let promised = options.name.as_deref().and_then(Format::promised);
        if options.format.is_none() && promised.is_some_and(|promised| promised != format) {
            file.issues.push(Issue::of_header(issues::OTHER_FORMAT));
        }
        file.content = content.map(|bytes| content::as_read(&bytes, &file.reading));
        Ok(file)
    }

    fn open_csv<S: Read + Seek + Send + 'static>(source: S, options: &Options) -> Result<Self, IngestError> {
        let (csv, header) = csv::Csv::open(source, options)?;
        let found = Found {
            format: Some(Format::Csv),
            encoding: Some(csv.detected.encoding),
            delimiter: Some(csv.delimiter.into()),
            sheet: None,
        };
        Self::new(&header, options, found, Box::new(csv))
    }

    /// The table with this header, whose rows come from `rows`.
    fn new(
        header: &Cells,
        options: &Options,
        found: Found,
        rows: Box<dyn Rows>,
    ) -> Result<Self, IngestError> {
        let origin = match found.format {
            Some(Format::Csv | Format::Xlsx) => Origin::Line,
            Some(Format::Parquet) | None => Origin::Schema,
        };
        let (layout, issues) = Layout::new(header, &options.map, origin)?;
        let reading = content::of_reading(header, &found, &layout);
        Ok(Self { rows, layout, found, issues, reading, content: None, number: 1, failed: false })
    }

    /// What was found out about it.
    pub const fn found(&self) -> &Found {
        &self.found
    }

    /// A digest by which another reading can tell that it would give the same rows; of a large file only.
    pub const fn content(&self) -> Option<Digest> {
        self.content
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
        let Some(line) = self.rows.next()? else { return Ok(None) };
        // What a sheet says of its rows may be anything; numbers only grow.
        let own = match &line {
            Line::Cells(cells) => cells.row.unwrap_or_default(),
            Line::Unreadable(_) => 0,
        };
        self.number = own.max(self.number + 1);
        let (number, mut issues) = (self.number, Vec::new());
        let row = match line {
            Line::Cells(cells) => {
                let delimited = self.found.delimiter.is_some();
                row::Reader::new(number, &cells, (&self.layout, delimited), &mut issues).read()
            }
            Line::Unreadable(&reason) => {
                issues.push(Issue { row: number, record: String::new(), column: String::new(), reason });
                None
            }
        };
        Ok(Some(Entry { number, row, issues }))
    }
}

impl Iterator for RegisterFile {
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
