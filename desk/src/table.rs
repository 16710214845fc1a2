//! Small tables and numbers for a terminal.
//!
//! A Chinese character fills two cells, so columns are aligned by display width (Unicode Standard Annex 11), not by
//! characters.

use std::fmt::Write as _;
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use crate::lang::Lang;
use crate::messages::{Value, plain, text};

const GAP: &str = "  ";

/// A table in the making.
#[derive(Clone, Debug, Default)]
pub struct Table {
    headers: Vec<String>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headers.
    pub fn new<S: Into<String>>(headers: impl IntoIterator<Item = S>) -> Self {
        let headers: Vec<String> = headers.into_iter().map(|header| plain(&header.into())).collect();
        Self { right: vec![false; headers.len()], headers, rows: Vec::new() }
    }

    /// Sets these columns (from 0) flush right, as numbers stand.
    #[must_use]
    pub fn right(mut self, columns: &[usize]) -> Self {
        for &column in columns {
            if let Some(flag) = self.right.get_mut(column) {
                *flag = true;
            }
        }
        self
    }

    /// Adds a row; cells beyond the headers are left out, missing ones are empty.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        let mut row: Vec<String> = cells.into_iter().map(|cell| plain(&cell.into())).collect();
        row.resize(self.headers.len(), String::new());
        self.rows.push(row);
    }

    /// Whether no row was added.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines: headers, a rule, rows; no blanks at a line's end.
    pub fn render(&self) -> String {
        let widths: Vec<usize> = (0..self.headers.len()).map(|column| self.width(column)).collect();
        let mut out = String::new();
        self.line(&mut out, &self.headers, &widths);
        let rules: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
        self.line(&mut out, &rules, &widths);
        for row in &self.rows {
            self.line(&mut out, row, &widths);
        }
        out
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.chain(self.headers.get(column)).map(|cell| cell.width()).max().unwrap_or(0)
    }

    fn line(&self, out: &mut String, cells: &[String], widths: &[usize]) {
        let mut line = String::new();
        for ((cell, &width), &right) in cells.iter().zip(widths).zip(&self.right) {
            let blanks = " ".repeat(width.saturating_sub(cell.width()));
            let (before, after) = if right { (blanks.as_str(), "") } else { ("", blanks.as_str()) };
            line.push_str(before);
            line.push_str(cell);
            line.push_str(after);
            line.push_str(GAP);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// `4,000,000`.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `12.3 MiB`: powers of 1024, one decimal from KiB up.
pub fn bytes(value: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if value < 1024 {
        return format!("{value} B");
    }
    // Counted in tenths so that no float rounds 1023.96 KiB up to 1024.0 KiB without changing the unit.
    let mut tenths = u128::from(value) * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    let mut out = String::new();
    let _ = write!(out, "{}.{} {}", tenths / 10, tenths % 10, UNITS[unit]);
    out
}

/// `0.4 s`, `42 s`, `3 min 20 s`, `2 h 5 min`, in the reader's words.
pub fn duration(lang: Lang, value: Duration) -> String {
    let seconds = value.as_secs();
    let (id, big, small) = match seconds {
        0..10 => {
            let shown = format!("{}.{}", seconds, value.subsec_millis() / 100);
            return text(lang, "duration-seconds", &[("seconds", shown.into())]);
        }
        10..60 => return text(lang, "duration-seconds", &[("seconds", seconds.into())]),
        60..3600 => ("duration-minutes", seconds / 60, seconds % 60),
        3600..86_400 => ("duration-hours", seconds / 3600, seconds % 3600 / 60),
        _ => ("duration-days", seconds / 86_400, seconds % 86_400 / 3600),
    };
    text(lang, id, &[("big", Value::from(big)), ("small", Value::from(small))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_by_display_width() {
        let mut table = Table::new(["银行", "rows"]).right(&[1]);
        table.row(["alpha", "2,000"]);
        table.row(["工行", "7"]);
        assert_eq!(table.render(), "银行    rows\n-----  -----\nalpha  2,000\n工行       7\n");
        assert!(!table.is_empty());
    }

    #[test]
    fn a_cell_cannot_steer_the_terminal() {
        let mut table = Table::new(["a"]);
        table.row(["x\u{1b}[31m\ny", "surplus"]);
        assert!(!table.render().contains('\u{1b}'));
        assert_eq!(table.render().lines().count(), 3);
    }

    #[test]
    fn numbers_bytes_durations() {
        assert_eq!(
            ["0", "999", "1,000", "4,000,000"],
            [0, 999, 1000, 4_000_000].map(number).each_ref().map(|s| &**s)
        );
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1024), "1.0 KiB");
        assert_eq!(bytes(1024 * 1024 - 1), "1023.9 KiB");
        assert_eq!(bytes(12_900_000), "12.3 MiB");
        assert_eq!(bytes(u64::MAX), "16383.9 PiB");
        let shown = |seconds| duration(Lang::En, Duration::from_millis(seconds));
        assert_eq!(shown(430), "0.4 s");
        assert_eq!(shown(42_000), "42 s");
        assert_eq!(shown(200_000), "3 min 20 s");
        assert_eq!(shown(7_500_000), "2 h 5 min");
        assert_eq!(shown(90_000_000), "1 d 1 h");
        assert_eq!(duration(Lang::Zh, Duration::from_secs(200)), "3 分 20 秒");
    }
}
