//! A sheet of a workbook as a table.
//!
//! Comes in: an Office Open XML workbook. Goes out: the rows of one sheet, from its header on; blank rows are passed over.
//! The sheet is the one that is named, else the first visible one with a row among its first few that is a header.
//!
//! * **A number is not an identifier.** A spreadsheet keeps 15 digits of a number and no leading zero, and makes dates of
//!   what looks like one. So a number, a date or a time in the record's or an identifier's column is a reject
//!   (`numeric-cell`), even where its digits happen to be all there: whoever filled it in cannot tell. In other columns
//!   numbers are read as they are shown, and dates as dates.
//! * Of a formula the value is read that was computed last, with one warning for the workbook.
//! * Memory is that of the workbook's shared texts, whose limits `scan` enforces before the workbook is opened, and of one
//!   row. Never sees: macros (refused), styles beyond the form of a number. Trusts: nobody.
//! * Fails: by the name of what cannot be read. Errors of the library hold values of cells, and are not repeated.
//!
//! Source: ECMA-376, part 1, 18.3 and 18.4.

mod scan;

use std::io::{BufReader, Read, Seek, SeekFrom};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxCellReader, XlsxError};

use super::headers::Layout;
use super::issues;
use super::line::{COLUMNS, Cells, Line, Mark, ROW_BYTES};
use super::pipe::{Outlet, Piped, Stop, guarded};
use super::{Format, Found, IngestError, Issue, Options, RegisterFile, Unread};

/// Rows among which the header is looked for: titles stand above it.
const HEADER_ROWS: usize = 10;
/// Columns that a sheet can have.
const SHEET_COLUMNS: u32 = 16_384;

impl From<XlsxError> for IngestError {
    fn from(error: XlsxError) -> Self {
        match error {
            XlsxError::Password => Self::Unread(Unread::Encrypted),
            XlsxError::Io(error) => Self::Read(error),
            _ => Self::Damaged,
        }
    }
}

/// Opens a workbook that is within the limits.
pub(super) fn open<S>(mut source: S, options: &Options) -> Result<RegisterFile, IngestError>
where
    S: Read + Seek + Send + 'static,
{
    guarded(move || {
        let scanned = scan::scan(&mut source)?;
        source.seek(SeekFrom::Start(0))?;
        let mut book = Xlsx::new(BufReader::new(source))?;
        let chosen = choose(&mut book, options)?;
        let found = Found { format: Some(Format::Xlsx), sheet: Some(chosen.sheet.clone()), ..Found::NOTHING };
        let (sheet, skipped) = (chosen.sheet, chosen.above + 1);
        let rows = Piped::start(move |outlet| stream(&mut book, &sheet, skipped, outlet))?;
        let mut file = RegisterFile::new(&chosen.header, options, found, Box::new(rows))?;
        for (wanted, reason) in
            [(chosen.above > 0, issues::ABOVE_HEADER), (scanned.formulas, issues::FORMULAS)]
        {
            if wanted {
                file.issues.push(Issue::of_header(reason));
            }
        }
        Ok(file)
    })
}

/// The header that was found, and where.
struct Chosen {
    sheet: String,
    header: Cells,
    /// Rows above it that are not blank.
    above: usize,
}

fn choose<S: Read + Seek>(book: &mut Xlsx<S>, options: &Options) -> Result<Chosen, IngestError> {
    let sheets: Vec<_> = book.sheets_metadata().to_vec();
    let visible = sheets
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible);
    let names: Vec<String> = match &options.sheet {
        Some(name) if sheets.iter().any(|sheet| sheet.name == *name) => vec![name.clone()],
        Some(_) => {
            let found =
                visible.map(|sheet| super::headers::shown(&sheet.name)).collect::<Vec<_>>().join(", ");
            return Err(IngestError::NoSuchSheet { found });
        }
        None => visible.map(|sheet| sheet.name.clone()).collect(),
    };
    let mut first = None;
    for sheet in names {
        let mut rows = SheetRows::new(book.worksheet_cells_reader(&sheet)?);
        for above in 0..HEADER_ROWS {
            let Some(line) = rows.next()? else { break };
            let Line::Cells(header) = line else { continue };
            // A header that is one, and at fault, is told as such.
            match Layout::new(&header, &options.map) {
                Ok(_) | Err(IngestError::RepeatedHeader { .. } | IngestError::TooManyColumns { .. }) => {
                    return Ok(Chosen { sheet, header, above });
                }
                Err(error) => drop(first.get_or_insert(error)),
            }
        }
    }
    Err(first.unwrap_or(IngestError::Empty))
}

fn stream<S: Read + Seek>(
    book: &mut Xlsx<S>,
    sheet: &str,
    skipped: usize,
    outlet: &mut Outlet,
) -> Result<(), Stop> {
    let mut rows = SheetRows::new(book.worksheet_cells_reader(sheet)?);
    for _ in 0..skipped {
        rows.next()?;
    }
    while let Some(line) = rows.next()? {
        outlet.give(line)?;
    }
    Ok(())
}

/// Puts the cells of a sheet together to rows.
struct SheetRows<'a, S: Read + Seek> {
    cells: XlsxCellReader<'a, S>,
    /// The first cell of the next row.
    ahead: Option<(u32, u32, String, Option<Mark>)>,
    /// What stands behind the last row is not asked for.
    ended: bool,
}

/// A cell in which something stands: row, column, text, and what is to be said of it.
type Filled = (u32, u32, String, Option<Mark>);

impl<'a, S: Read + Seek> SheetRows<'a, S> {
    const fn new(cells: XlsxCellReader<'a, S>) -> Self {
        Self { cells, ahead: None, ended: false }
    }

    /// The next row that is not blank.
    fn next(&mut self) -> Result<Option<Line>, IngestError> {
        loop {
            match self.row()? {
                Some(Line::Cells(cells)) if cells.is_blank() => {}
                other => return Ok(other),
            }
        }
    }

    fn row(&mut self) -> Result<Option<Line>, IngestError> {
        let (mut cells, mut row, mut too_long) = (Cells::default(), None, false);
        loop {
            let next = match self.ahead.take() {
                Some(next) => Some(next),
                None => self.cell()?,
            };
            let Some((at, column, text, mark)) = next else { break };
            if *row.get_or_insert(at) != at {
                self.ahead = Some((at, column, text, mark));
                break;
            }
            let column = column as usize;
            if column < cells.count {
                return Err(IngestError::Damaged);
            }
            too_long |= cells.bytes() + text.len() > ROW_BYTES;
            if too_long {
                continue;
            }
            while cells.count < column {
                cells.push("", None);
            }
            cells.push(&text, mark);
        }
        Ok(match row {
            None => None,
            Some(_) if too_long => Some(Line::Unreadable(&issues::ROW_TOO_LONG)),
            Some(_) => Some(Line::Cells(cells)),
        })
    }

    /// The next cell in which something stands.
    fn cell(&mut self) -> Result<Option<Filled>, IngestError> {
        while !self.ended {
            let Some(cell) = self.cells.next_cell()? else {
                self.ended = true;
                break;
            };
            let (row, column) = cell.get_position();
            if column >= SHEET_COLUMNS {
                return Err(IngestError::Damaged);
            }
            if let Some((text, mark)) = written(cell.get_value()) {
                return Ok(Some((row, column, text, mark)));
            }
        }
        Ok(None)
    }
}

/// The text of a cell; none where nothing stands in it.
fn written(value: &DataRef<'_>) -> Option<(String, Option<Mark>)> {
    let number = Some(Mark::Number);
    Some(match value {
        DataRef::Empty => return None,
        DataRef::String(text) if text.is_empty() => return None,
        DataRef::SharedString("") => return None,
        DataRef::String(text) => (text.clone(), None),
        DataRef::SharedString(text) => ((*text).to_owned(), None),
        DataRef::Int(value) => (value.to_string(), number),
        DataRef::Float(value) => (value.to_string(), number),
        DataRef::Bool(value) => (value.to_string(), None),
        DataRef::DateTime(value) if value.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = value.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            let midnight = (hour, minute, second) == (0, 0, 0);
            let text = if midnight { date } else { format!("{date} {hour:02}:{minute:02}:{second:02}") };
            (text, number)
        }
        DataRef::DateTime(value) => (value.as_f64().to_string(), number),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => (text.clone(), number),
        DataRef::Error(error) => (error.to_string(), Some(Mark::Faulty)),
    })
}

/// A header is never wider than what is kept of it, or it would not be told.
const _: () = assert!(COLUMNS < SHEET_COLUMNS as usize);
