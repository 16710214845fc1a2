//! From text to rows of cells: the delimiter is given, quotes are those of RFC 4180, lines end with LF or CRLF, or with CR
//! alone where the first one does.
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

/// Bytes that a line which names the delimiter has at most, with its end.
const SEPARATOR_BYTES: usize = 7;

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
    /// The last byte of a line end.
    end: u8,
}

impl<S: Read + Seek> Records<S> {
    pub(super) fn new(text: Text<S>) -> Self {
        Self { text, buffer: String::new(), start: 0, ended: false, end: b'\n' }
    }

    /// Looks at how lines end: in tables for the Macintosh by CR alone.
    pub(super) fn find_line_end(&mut self) -> Result<(), IngestError> {
        loop {
            let is_all = self.ended || self.rest().len() > ROW_BYTES;
            match line_end(self.rest(), is_all) {
                Some(end) => {
                    self.end = end;
                    return Ok(());
                }
                None if is_all => return Ok(()),
                None => self.fill()?,
            }
        }
    }

    /// Takes the line `sep=;` with which spreadsheets name the delimiter, if it comes first and names one of these.
    pub(super) fn take_separator(&mut self, delimiters: &[u8]) -> Result<Option<u8>, IngestError> {
        self.skip_blank_lines()?;
        while !self.ended && self.rest().len() < SEPARATOR_BYTES {
            self.fill()?;
        }
        let head = self.rest().as_bytes();
        let Some((&[s, e, p, b'=', delimiter], behind)) = head.split_first_chunk::<5>() else {
            return Ok(None);
        };
        let named = [s, e, p].eq_ignore_ascii_case(b"sep") && delimiters.contains(&delimiter);
        let length = match behind {
            [] => 0,
            [b'\r', b'\n', ..] => 2,
            [end, ..] if *end == self.end => 1,
            _ => return Ok(None),
        };
        if !named {
            return Ok(None);
        }
        self.start += 5 + length;
        Ok(Some(delimiter))
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
            match scan(self.rest(), delimiter, self.end, self.ended) {
                Scan::More if !self.ended && self.rest().len() <= ROW_BYTES => self.fill()?,
                Scan::Row(_, length) if length > ROW_BYTES => return Ok(Scan::More),
                found => return Ok(found),
            }
        }
    }

    /// Whether the line at the cursor ends within the limit: then an open quote made the row too long.
    fn line_fits(&self) -> bool {
        match self.rest().bytes().position(|byte| byte == self.end) {
            Some(length) => length < ROW_BYTES,
            None => self.ended && self.rest().len() <= ROW_BYTES,
        }
    }

    fn skip_blank_lines(&mut self) -> Result<(), IngestError> {
        loop {
            let end = self.end;
            match (self.rest().as_bytes().first(), self.rest().as_bytes().get(1)) {
                (Some(b'\r'), Some(b'\n')) => self.start += 2,
                (None, _) | (Some(b'\r'), None) if !self.ended => self.fill()?,
                (Some(&byte), _) if byte == end => self.start += 1,
                _ => return Ok(()),
            }
        }
    }

    fn skip_line(&mut self) -> Result<(), IngestError> {
        let end = self.end;
        loop {
            if let Some(length) = self.rest().bytes().position(|byte| byte == end) {
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
fn scan(text: &str, delimiter: u8, end: u8, ended: bool) -> Scan {
    let (bytes, mut cells, mut at) = (text.as_bytes(), Cells::default(), 0);
    loop {
        if bytes.get(at) == Some(&b'"') {
            match quoted(text, at + 1, &mut cells.text) {
                Some(after) => at = after,
                None => return Scan::More,
            }
        } else {
            let run = bytes.get(at..).unwrap_or_default();
            let length = run.iter().position(|&byte| byte == delimiter || byte == end).unwrap_or(run.len());
            cells.text.push_str(text.get(at..at + length).unwrap_or_default());
            at += length;
            let line_ends = bytes.get(at).is_none_or(|&byte| byte == end);
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
            (Some(&byte), _) if byte == end => return done(cells, at + 1),
            _ => return Scan::Broken,
        }
        cells.end_cell();
    }
}

/// What ends lines: LF, whatever CR stand before it or by themselves; or CR where no LF stands outside quotes in all of the
/// text, or in as much of it as is looked at. None where that is not known yet.
fn line_end(text: &str, is_all: bool) -> Option<u8> {
    let (mut quoted, mut before, mut cr) = (false, b'\n', false);
    for byte in text.bytes() {
        match byte {
            // A quote opens a cell where one begins, or is the second of two inside quotes.
            b'"' => quoted = !quoted && matches!(before, b',' | b';' | b'\t' | b'|' | b'\r' | b'\n' | b'"'),
            b'\n' if !quoted => return Some(b'\n'),
            b'\r' if !quoted => cr = true,
            _ => {}
        }
        before = byte;
    }
    (cr && is_all).then_some(b'\r')
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
