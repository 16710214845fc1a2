//! From the cells of one line to a typed row, and what was wrong with them.
//!
//! Comes in: a line's cells and the layout of the file. Goes out: a [`Row`] and issues. **What cannot be read protects**:
//! an unknown hold holds the record, an unknown role keeps it out of every job; other unreadable cells are left out alone.
//! Identifiers are passed on as written. A row of text with too many cells names no record: a stray delimiter has shifted its
//! cells or cut one, and a name, a number or half a record in the record's place is neither told as one nor taken for one.
//! Never sees: other rows, so a second row with one record is the caller's to find. Fails: never; without a usable record
//! there is no row.

use jiff::civil::Date;
use lianfang_proto::catalogue::{Grade, Hold, Role, Typology};

use super::cells::{self, CELL_BYTES, RECORD_BYTES, Unreadable, WORD_BYTES};
use super::headers::{Column, Layout};
use super::issues::{self, Issue, Reason};
use super::line::{Cells, Mark};

/// What the cell of a protective column said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Nothing holds the record.
    Free,
    /// This does.
    Held(Hold),
    /// Something does that could not be read.
    Unreadable,
}

/// Whether a record may enter jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// It may, if the terms admit its role, typology and grade.
    In,
    /// Its subject is a victim; it never may.
    Victim,
    /// It is held, by a known reason or one that could not be read.
    Held,
    /// Its role could not be read; it stays out until a later file says it.
    Out,
}

/// One identifier cell as written; it may have several values.
pub struct IdentifierCell {
    /// The column it stood in.
    pub column: crate::normalise::Column,
    /// The text of the cell.
    pub text: String,
}

/// One subject of a register. It holds personal data and so has no `Debug`.
pub struct Row {
    /// Number of the row: the header is 1, or of a workbook the sheet's own.
    pub row: u64,
    /// The bank's own case number, never empty.
    pub record: String,
    /// What the subject is; `None` where it could not be read.
    pub role: Option<Role>,
    /// In the order of the catalogue, each once.
    pub typologies: Vec<Typology>,
    /// Evidence grade.
    pub grade: Grade,
    /// Legal basis code, or empty.
    pub basis: String,
    /// First date.
    pub first_seen: Option<Date>,
    /// Last date.
    pub last_seen: Option<Date>,
    /// Why the record is kept out of jobs.
    pub hold: Holding,
    /// Digest of evidence or a reference, or empty.
    pub evidence: String,
    /// Free text that stays at the bank, or empty.
    pub note: String,
    /// The name as written, or empty.
    pub name: String,
    /// The birth date as written, or empty.
    pub birth_date: String,
    /// The identifier cells that are not blank, in the order of the interface.
    pub identifiers: Vec<IdentifierCell>,
}

impl Row {
    /// Whether the record may enter jobs; a known victim is named as such before any other reason.
    pub fn disposition(&self) -> Disposition {
        match (self.role, self.hold) {
            (Some(Role::Victim), _) => Disposition::Victim,
            (_, Holding::Held(_) | Holding::Unreadable) => Disposition::Held,
            (None, Holding::Free) => Disposition::Out,
            (Some(Role::Agent | Role::Agency | Role::Complainant), Holding::Free) => Disposition::In,
        }
    }
}

/// Reads the cells of one line.
pub(super) struct Reader<'a> {
    layout: &'a Layout,
    cells: &'a Cells,
    row: u64,
    delimited: bool,
    record: String,
    issues: &'a mut Vec<Issue>,
}

impl<'a> Reader<'a> {
    /// In a table that is `delimited`, a stray delimiter cuts a cell and shifts all behind it.
    pub(super) fn new(
        row: u64,
        cells: &'a Cells,
        (layout, delimited): (&'a Layout, bool),
        issues: &'a mut Vec<Issue>,
    ) -> Self {
        Self { layout, cells, row, delimited, record: String::new(), issues }
    }

    /// The row, unless it names no usable record or has more cells than the header.
    pub(super) fn read(mut self) -> Option<Row> {
        let long = self.cells.count > self.layout.width;
        // Another cell may stand in the record's place, or half of the record itself.
        if !(long && self.delimited) {
            self.read_record();
        }
        if long {
            self.issues.push(Issue {
                row: self.row,
                record: self.record,
                column: String::new(),
                reason: issues::LONG_ROW,
            });
            return None;
        }
        if self.record.is_empty() {
            if self.issues.is_empty() {
                self.issue(Column::Record, issues::EMPTY_RECORD);
            }
            return None;
        }
        Some(self.row())
    }

    fn read_record(&mut self) {
        let written = cells::text(self.cell(Column::Record));
        if let Some(mark) = self.mark(Column::Record) {
            let faulty = mark == Mark::Faulty;
            self.issue(Column::Record, if faulty { issues::FAULTY_CELL } else { issues::NUMERIC_CELL });
        } else if written.len() <= RECORD_BYTES {
            self.record = written;
        } else {
            self.issue(Column::Record, issues::RECORD_TOO_LONG);
        }
    }

    fn row(mut self) -> Row {
        let role = self.word(Column::Role, cells::role, issues::UNKNOWN_ROLE).ok();
        let hold = match self.word(Column::Hold, cells::hold, issues::UNKNOWN_HOLD) {
            Ok(None) => Holding::Free,
            Ok(Some(hold)) => Holding::Held(hold),
            Err(Unreadable) => Holding::Unreadable,
        };
        let typologies = self.word(Column::Typology, cells::typologies, issues::UNKNOWN_TYPOLOGY);
        let grade = self.word(Column::Grade, cells::grade, issues::UNKNOWN_GRADE);
        let first_seen = self.word(Column::FirstSeen, cells::date, issues::BAD_DATE).unwrap_or_default();
        let last_seen = self.word(Column::LastSeen, cells::date, issues::BAD_DATE).unwrap_or_default();
        if first_seen.zip(last_seen).is_some_and(|(first, last)| last < first) {
            self.issue(Column::LastSeen, issues::DATE_ORDER);
        }
        let basis = cells::text(self.bounded(Column::Basis, WORD_BYTES));
        let evidence = cells::text(self.bounded(Column::Evidence, CELL_BYTES));
        let note = cells::lines(self.bounded(Column::Note, CELL_BYTES));
        let name = self.bounded(Column::Name, WORD_BYTES).trim().to_owned();
        let birth_date = self.bounded(Column::BirthDate, WORD_BYTES).trim().to_owned();
        let identifiers = self.identifiers();
        if identifiers.is_empty() && (name.is_empty() || birth_date.is_empty()) {
            self.issues.push(Issue {
                row: self.row,
                record: self.record.clone(),
                column: String::new(),
                reason: issues::NO_IDENTIFIER,
            });
        }
        Row {
            row: self.row,
            record: self.record,
            role,
            typologies: typologies.unwrap_or_default(),
            grade: grade.unwrap_or(Grade::Suspected),
            basis,
            first_seen,
            last_seen,
            hold,
            evidence,
            note,
            name,
            birth_date,
            identifiers,
        }
    }

    fn identifiers(&mut self) -> Vec<IdentifierCell> {
        let layout = self.layout;
        layout
            .identifiers()
            .map(|(column, _)| (column, self.exact(Column::Identifier(column), CELL_BYTES)))
            .filter(|(_, text)| !cells::is_blank(text))
            .map(|(column, text)| IdentifierCell { column, text: text.to_owned() })
            .collect()
    }

    fn cell(&self, column: Column) -> &'a str {
        self.layout.place(column).map_or("", |place| self.cells.get(place))
    }

    /// The cell, or nothing and an issue where it is too long or faulty.
    fn bounded(&mut self, column: Column, limit: usize) -> &'a str {
        let cell = self.cell(column);
        let reason = match self.mark(column) {
            Some(Mark::Faulty) => issues::FAULTY_CELL,
            _ if cell.len() <= limit => return cell,
            _ => issues::CELL_TOO_LONG,
        };
        self.issue(column, reason);
        ""
    }

    /// The cell of a column in which every digit counts: a number that may have been rounded is left out.
    fn exact(&mut self, column: Column, limit: usize) -> &'a str {
        if self.mark(column) == Some(Mark::Number) {
            self.issue(column, issues::NUMERIC_CELL);
            return "";
        }
        self.bounded(column, limit)
    }

    fn mark(&self, column: Column) -> Option<Mark> {
        self.layout.place(column).and_then(|place| self.cells.mark(place))
    }

    /// The value of a cell, with an issue where it cannot be read; a cell too long or faulty cannot be read either: its
    /// text is empty, and what is empty means something else.
    fn word<T>(
        &mut self,
        column: Column,
        read: impl FnOnce(&str) -> Result<T, Unreadable>,
        reason: Reason,
    ) -> Result<T, Unreadable> {
        let cell = self.cell(column);
        let readable = cell.len() <= WORD_BYTES && self.mark(column) != Some(Mark::Faulty);
        let value = if readable { read(cell) } else { Err(Unreadable) };
        if value.is_err() {
            self.issue(column, reason);
        }
        value
    }

    fn issue(&mut self, column: Column, reason: Reason) {
        let (record, column) = (self.record.clone(), column.name().to_owned());
        self.issues.push(Issue { row: self.row, record, column, reason });
    }
}
