//! From text to rows of cells: the delimiter is given, quotes are those of RFC 4180, lines end with LF or CRLF.
//!
//! Comes in: decoded text, piece by piece. Goes out: one `Line` after the other, each within explicit limits.
//! At most one row and one piece are in memory. A quote that is opened and not closed properly costs its own row alone:
//! reading goes on at the line after the one in which the row began, so it never swallows what follows.
//! Never sees: what a column means. Fails: when the source fails. Source: RFC 4180, section 2.

use std::io::{Read, Seek};

use super::IngestError;
use super::encoding::Text;
use super::issues;
use super::line::{Cells, Line, ROW_BYTES};

/// What a look at the buffer found, with the number of bytes up to the next row.
enum Scan {
    Row(Cells, usize),
    /// The row is not complete, or not all of it is in memory.
    More,
    /// A closing quote is followed by something else than a delimiter or a line end.
    Broken,
}

/// Cuts text into rows.
pub(super) struct Records<S> {
    text: Text<S>,
    buffer: String,
    start: usize,
    ended: bool,
}

impl<S: Read + Seek> Records<S> {
    pub(super) fn new(text: Text<S>) -> Self {
        Self { text, buffer: String::new(), start: 0, ended: false }
    }

    /// Whether the row that comes next can be read with this delimiter, and its cells; nothing is consumed.
    pub(super) fn peek(&mut self, delimiter: u8) -> Result<Option<Cells>, IngestError> {
        self.skip_blank_lines()?;
        if self.rest().is_empty() {
            return Ok(None);
        }
        Ok(match self.whole(delimiter)? {
            Scan::Row(cells, _) => Some(cells),
            Scan::More | Scan::Broken => None,
        })
    }

    /// The next row; `None` at the end of the file.
    pub(super) fn next(&mut self, delimiter: u8) -> Result<Option<Line>, IngestError> {
        self.skip_blank_lines()?;
        if self.rest().is_empty() {
            return Ok(None);
        }
        let reason = match self.whole(delimiter)? {
            Scan::Row(cells, length) => {
                self.start += length;
                return Ok(Some(Line::Cells(cells)));
            }
            Scan::Broken => &issues::BAD_QUOTES,
            Scan::More if self.line_fits() => &issues::UNCLOSED_QUOTE,
            Scan::More => &issues::ROW_TOO_LONG,
        };
        self.skip_line()?;
        Ok(Some(Line::Unreadable(reason)))
    }

    /// Bytes that the buffer takes up.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.buffer.capacity()
    }

    fn rest(&self) -> &str {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Reads on until the row is complete, is broken, or has reached the limit.
    fn whole(&mut self, delimiter: u8) -> Result<Scan, IngestError> {
        loop {
            match scan(self.rest(), delimiter, self.ended) {
                Scan::More if !self.ended && self.rest().len() <= ROW_BYTES => self.fill()?,
                Scan::Row(_, length) if length > ROW_BYTES => return Ok(Scan::More),
                found => return Ok(found),
            }
        }
    }

    /// Whether the line at the cursor ends within the limit: then an open quote made the row too long.
    fn line_fits(&self) -> bool {
        match self.rest().bytes().position(|byte| byte == b'\n') {
            Some(length) => length < ROW_BYTES,
            None => self.ended && self.rest().len() <= ROW_BYTES,
        }
    }

    fn skip_blank_lines(&mut self) -> Result<(), IngestError> {
        loop {
            match (self.rest().as_bytes().first(), self.rest().as_bytes().get(1)) {
                (Some(b'\n'), _) => self.start += 1,
                (Some(b'\r'), Some(b'\n')) => self.start += 2,
                (None, _) | (Some(b'\r'), None) if !self.ended => self.fill()?,
                _ => return Ok(()),
            }
        }
    }

    fn skip_line(&mut self) -> Result<(), IngestError> {
        loop {
            if let Some(length) = self.rest().bytes().position(|byte| byte == b'\n') {
                self.start += length + 1;
                return Ok(());
            }
            self.start = self.buffer.len();
            if self.ended {
                return Ok(());
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Result<(), IngestError> {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.ended = !self.text.read_into(&mut self.buffer)?;
        Ok(())
    }
}

/// Reads one row from the start of `text`. Delimiters, quotes and line ends are ASCII, so every cut is on a boundary.
fn scan(text: &str, delimiter: u8, ended: bool) -> Scan {
    let (bytes, mut cells, mut at) = (text.as_bytes(), Cells::default(), 0);
    loop {
        if bytes.get(at) == Some(&b'"') {
            match quoted(text, at + 1, &mut cells.text) {
                Some(after) => at = after,
                None => return Scan::More,
            }
        } else {
            let run = bytes.get(at..).unwrap_or_default();
            let length = run.iter().position(|&byte| byte == delimiter || byte == b'\n').unwrap_or(run.len());
            cells.text.push_str(text.get(at..at + length).unwrap_or_default());
            at += length;
            let line_ends = bytes.get(at).is_none_or(|&byte| byte == b'\n');
            if length > 0 && line_ends && cells.text.ends_with('\r') {
                cells.text.pop();
            }
        }
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(&byte), _) if byte == delimiter => at += 1,
            (Some(b'\r'), Some(b'\n')) => return done(cells, at + 2),
            (None, _) | (Some(b'\r'), None) if !ended => return Scan::More,
            (None, _) => return done(cells, at),
            (Some(b'\n'), _) | (Some(b'\r'), None) => return done(cells, at + 1),
            _ => return Scan::Broken,
        }
        cells.end_cell();
    }
}

fn done(mut cells: Cells, length: usize) -> Scan {
    cells.end_cell();
    Scan::Row(cells, length)
}

/// Copies a quoted cell whose text begins at `at`, two quotes standing for one; the position behind its closing quote.
fn quoted(text: &str, mut at: usize, into: &mut String) -> Option<usize> {
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let length = rest.bytes().position(|byte| byte == b'"')?;
        into.push_str(rest.get(..length).unwrap_or_default());
        at += length + 1;
        if text.as_bytes().get(at) != Some(&b'"') {
            return Some(at);
        }
        into.push('"');
        at += 1;
    }
}
