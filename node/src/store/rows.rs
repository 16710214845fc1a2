//! Many rows in one parameter.
//!
//! A statement that names a thousand parameters is another statement for every number of rows; one that unfolds a
//! single JSON parameter with `json_each` is compiled once. Comes in: numbers and (sealed) bytes. Goes out: JSON text,
//! bytes in hexadecimal for `unhex`. Source: sqlite.org/json1.html.

use std::fmt::Write;

/// A JSON array of arrays: `[[1,"00ff"],[2,"01"]]`, read as `value ->> 0`, `unhex(value ->> 1)`.
#[derive(Default)]
pub struct Rows {
    text: String,
    rows: usize,
}

impl Rows {
    /// Begins a row; the fields follow in order.
    pub fn row(&mut self) -> Fields<'_> {
        self.text.push(if self.rows == 0 { '[' } else { ',' });
        self.rows += 1;
        Fields { text: &mut self.text, first: true }
    }

    /// How many rows there are.
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The parameter.
    pub fn finish(mut self) -> String {
        self.text.push_str(if self.rows == 0 { "[]" } else { "]" });
        self.text
    }
}

/// The fields of one row; [`end`](Self::end) closes it.
#[must_use]
pub struct Fields<'a> {
    text: &'a mut String,
    first: bool,
}

impl Fields<'_> {
    /// A number.
    pub fn int(mut self, value: i64) -> Self {
        self.separate();
        let _ = write!(self.text, "{value}");
        self
    }

    /// Bytes.
    pub fn blob(mut self, value: &[u8]) -> Self {
        self.separate();
        push_hex(self.text, value);
        self
    }

    /// Closes the row.
    pub fn end(self) {
        self.text.push_str(if self.first { "[]" } else { "]" });
    }

    fn separate(&mut self) {
        self.text.push(if self.first { '[' } else { ',' });
        self.first = false;
    }
}

/// `[1,2,3]`, read as `value`.
pub fn ints(values: impl IntoIterator<Item = i64>) -> String {
    list(values, |text, value| {
        let _ = write!(text, "{value}");
    })
}

/// `["00ff","01"]`, read as `unhex(value)`.
pub fn blobs<B: AsRef<[u8]>>(values: impl IntoIterator<Item = B>) -> String {
    list(values, |text, value| push_hex(text, value.as_ref()))
}

fn list<T>(values: impl IntoIterator<Item = T>, push: impl Fn(&mut String, T)) -> String {
    let mut text = String::from("[");
    for value in values {
        if text.len() > 1 {
            text.push(',');
        }
        push(&mut text, value);
    }
    text.push(']');
    text
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.reserve(bytes.len() * 2 + 2);
    text.push('"');
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_json() {
        let mut rows = Rows::default();
        rows.row().int(-1).blob(&[0, 255]).end();
        rows.row().int(2).blob(&[]).end();
        assert_eq!(rows.finish(), r#"[[-1,"00ff"],[2,""]]"#);
        assert_eq!(Rows::default().finish(), "[]");
        assert_eq!(ints([1, 2]), "[1,2]");
        assert_eq!(ints([]), "[]");
        assert_eq!(blobs([[1_u8, 16]]), r#"["0110"]"#);
    }
}
