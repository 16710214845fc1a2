//! One row of any table: its cells as text, and what the table itself says about how they were written.
//!
//! Comes in: cells, in the order of the columns. Goes out: the same, by number. Sees no meaning of a column. Memory is
//! one row, which the sources bound.

use super::issues::Reason;

/// Bytes of UTF-8 that one row may have.
pub const ROW_BYTES: usize = 1024 * 1024;
/// Columns that a register may have.
pub const COLUMNS: usize = 1024;

/// What is said of a cell besides its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A floating-point number: whoever wrote it may have rounded it, and leading zeros are gone.
    Number,
    /// An error of a formula, a formula that nobody computed, or bytes that are no text. The text may be empty, and does not
    /// mean that nothing stands there.
    Faulty,
}

/// The cells of one row, unquoted.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Cells {
    pub(super) text: String,
    ends: Vec<usize>,
    /// Few cells have one.
    marks: Vec<(usize, Mark)>,
    /// How many cells the row has; those beyond [`COLUMNS`] are counted and not kept.
    pub(super) count: usize,
    /// The number that the table itself gives the row, the first being 1.
    pub(super) row: Option<u64>,
}

impl Cells {
    /// The text of one cell; empty where the row is too short.
    pub(super) fn get(&self, index: usize) -> &str {
        let Some(&end) = self.ends.get(index) else { return "" };
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..end).unwrap_or_default()
    }

    /// What is said of one cell.
    pub(super) fn mark(&self, index: usize) -> Option<Mark> {
        self.marks.iter().find(|(at, _)| *at == index).map(|(_, mark)| *mark)
    }

    /// The cells that were kept.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|index| self.get(index))
    }

    /// Whether nothing stands in any cell; something does where it cannot be read.
    pub(super) fn is_blank(&self) -> bool {
        self.text.chars().all(char::is_whitespace)
            && !self.marks.iter().any(|(_, mark)| *mark == Mark::Faulty)
    }

    /// Bytes of all cells together.
    pub(super) const fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Adds a cell.
    pub(super) fn push(&mut self, text: &str, mark: Option<Mark>) {
        self.text.push_str(text);
        if let Some(mark) = mark {
            self.marks.push((self.count, mark));
        }
        self.end_cell();
    }

    /// What was added to the text since the last cell is one.
    pub(super) fn end_cell(&mut self) {
        self.count += 1;
        if self.ends.len() < COLUMNS {
            self.ends.push(self.text.len());
        } else {
            let kept = self.ends.last().copied().unwrap_or(0);
            self.text.truncate(kept);
        }
    }
}

/// One row of the table, or why it cannot be read as one.
pub(super) enum Line {
    /// Its cells.
    Cells(Cells),
    /// It is left out; reading went on behind it.
    Unreadable(&'static Reason),
}

/// A table that gives its rows one after the other, the header not among them.
pub(super) trait Rows: Send {
    /// The next row; `None` at the end.
    fn next(&mut self) -> Result<Option<Line>, super::IngestError>;
}
