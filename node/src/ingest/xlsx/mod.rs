//! A sheet of a workbook as a table.
//!
//! Comes in: an Office Open XML workbook. Goes out: the rows of one sheet, from its header on, under the sheet's own numbers;
//! blank rows are passed over. The sheet is the one that is named, else the first visible one with a row among its first few
//! that is a header. Other visible sheets that hold a register are told, or refused where they would be retracted.
//!
//! * **A number is not an identifier.** A spreadsheet keeps 15 digits of a number and no leading zero, and makes dates of
//!   what looks like one. So a number, a date or a time in the record's or an identifier's column is a reject
//!   (`numeric-cell`), even where its digits happen to be all there: whoever filled it in cannot tell. In other columns
//!   numbers are read as they are shown, and dates as dates.
//! * Of a formula the value is read that was computed last, with one warning for the workbook. One that was never computed,
//!   as programs write them, has none: its cell is faulty, and not blank.
//! * Memory is that of the workbook's shared texts, whose limits `scan` enforces before the workbook is opened, and of one
//!   row. Never sees: macros (refused), styles beyond the form of a number. Trusts: nobody.
//! * Fails: by the name of what cannot be read. Errors of the library hold values of cells, and are not repeated.
//!
//! Source: ECMA-376, part 1, 18.3 and 18.4.

mod scan;

use std::io::{BufReader, Read, Seek, SeekFrom};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxCellReader, XlsxError};

use super::headers::{HeaderMap, Layout, Origin};
use super::issues;
use super::line::{COLUMNS, Cells, Line, Mark, ROW_BYTES};
use super::pipe::{Outlet, Piped, Stop, guarded};
use super::{Format, Found, IngestError, Issue, Options, RegisterFile, Unread, met};

/// Rows among which the header is looked for: titles stand above it.
const HEADER_ROWS: usize = 10;
/// Sheets that are told by their places.
const SHEETS_TOLD: usize = 16;
/// Columns that a sheet can have.
const SHEET_COLUMNS: u32 = 16_384;

impl From<XlsxError> for IngestError {
    fn from(error: XlsxError) -> Self {
        match error {
            XlsxError::Password => Self::Unread(Unread::Encrypted),
            XlsxError::Io(error) => met(error),
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
        let others = match &options.sheet {
            Some(_) => None,
            None => others(&mut book, &chosen.sheet, &options.map),
        };
        if let (true, Some(places)) = (options.full, &others) {
            return Err(IngestError::OtherSheets { places: places.clone() });
        }
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
        if let Some(places) = others {
            file.issues.push(Issue { column: places, ..Issue::of_header(issues::OTHER_SHEETS) });
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
    let names = match &options.sheet {
        Some(name) if book.sheets_metadata().iter().any(|sheet| sheet.name == *name) => vec![name.clone()],
        Some(_) => {
            let found: Vec<_> = visible(book).iter().map(|(_, name)| super::headers::shown(name)).collect();
            return Err(IngestError::NoSuchSheet { found: found.join(", ") });
        }
        None => visible(book).into_iter().map(|(_, name)| name).collect(),
    };
    let (mut nearest, mut known, mut low) = (IngestError::Empty, None, false);
    for sheet in names {
        let mut rows = SheetRows::new(book.worksheet_cells_reader(&sheet)?);
        for above in 0..HEADER_ROWS {
            let Some(line) = rows.next()? else { break };
            let Line::Cells(header) = line else { continue };
            // A header that is one, and at fault, is told as such.
            match Layout::new(&header, &options.map, Origin::Line) {
                Ok(_) | Err(IngestError::RepeatedHeader { .. } | IngestError::TooManyColumns { .. }) => {
                    return Ok(Chosen { sheet, header, above });
                }
                // What is told is what is wrong with the row that is most like a header.
                Err(error) => {
                    let found = Some(options.map.known(&header));
                    if found > known {
                        (nearest, known) = (error, found);
                    }
                }
            }
        }
        low |= rows.next()?.is_some();
    }
    if low && known.unwrap_or_default() == 0 {
        return Err(IngestError::HeaderTooLow { limit: HEADER_ROWS as u64 });
    }
    Err(nearest)
}

/// The visible sheets with cells: the place of each in the workbook, the first being 1, and its name.
fn visible<S: Read + Seek>(book: &Xlsx<S>) -> Vec<(usize, String)> {
    let sheets = book.sheets_metadata().iter().enumerate();
    sheets
        .filter(|(_, sheet)| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .map(|(index, sheet)| (index + 1, sheet.name.clone()))
        .collect()
}

/// The places of the other visible sheets that hold a register, as far as they can be read; none if there are none.
fn others<S: Read + Seek>(book: &mut Xlsx<S>, chosen: &str, map: &HeaderMap) -> Option<String> {
    let mut places = Vec::new();
    for (place, name) in visible(book) {
        if name != chosen && holds_register(book, &name, map).unwrap_or(false) {
            places.push(format!("#{place}"));
        }
    }
    if places.len() > SHEETS_TOLD {
        places.truncate(SHEETS_TOLD);
        places.push("…".to_owned());
    }
    (!places.is_empty()).then(|| places.join(" "))
}

/// Whether a sheet has a header, and a row below it.
fn holds_register<S: Read + Seek>(
    book: &mut Xlsx<S>,
    sheet: &str,
    map: &HeaderMap,
) -> Result<bool, IngestError> {
    let mut rows = SheetRows::new(book.worksheet_cells_reader(sheet)?);
    for _ in 0..HEADER_ROWS {
        match rows.next()? {
            Some(Line::Cells(header)) if Layout::new(&header, map, Origin::Line).is_ok() => {
                return Ok(rows.next()?.is_some());
            }
            Some(_) => {}
            None => break,
        }
    }
    Ok(false)
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
        cells.row = row.map(|row| u64::from(row) + 1);
        Ok(match row {
            None => None,
            Some(_) if too_long => Some(Line::Unreadable(&issues::ROW_TOO_LONG)),
            Some(_) => Some(Line::Cells(cells)),
        })
    }

    /// The next cell in which something stands.
    fn cell(&mut self) -> Result<Option<Filled>, IngestError> {
        while !self.ended {
            let Some(cell) = self.cells.next_cell_with_formula_metadata()? else {
                self.ended = true;
                break;
            };
            let (row, column) = cell.pos;
            if column >= SHEET_COLUMNS {
                return Err(IngestError::Damaged);
            }
            // A text that was computed to be empty is an empty text; where there is none, nobody knows what would stand.
            if cell.formula.is_some() && matches!(cell.value, DataRef::Empty) {
                return Ok(Some((row, column, String::new(), Some(Mark::Faulty))));
            }
            if let Some((text, mark)) = written(&cell.value) {
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
