//! One row of a report: how it is sorted, and how it is written.
//!
//! Comes in: a record's mention of an identifier and the match that counts. Goes out: bytes whose order is that of the
//! report (record, kind's code, canonical value), and from these a line of CSV or of JSON. The sorted bytes hold the
//! canonical value and live in sealed spills alone; the lines hold only its mask.

use std::borrow::Cow;
use std::io;

use lianfang_proto::catalogue::{Disclosure, Kind, Role};
use lianfang_proto::ids::BankId;
use lianfang_proto::label::{Label, plain_bytes};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Mention;
use super::accept::Counted;
use crate::normalise::Canonical;

/// The mark and the header.
pub(super) const HEADER: &str = "\u{FEFF}record,role,kind,value_masked,banks,bank_ids,labels,new\n";

pub(super) struct Row {
    record: Zeroizing<String>,
    role: Role,
    value: Canonical,
    /// The identifier's row in the store; the same in every report.
    identifier: i64,
    banks: u32,
    /// By bank, without the reader's own.
    labels: Vec<Label>,
}

impl Row {
    pub(super) fn of(mention: Mention, found: &Counted) -> Self {
        Self {
            record: Zeroizing::new(mention.record),
            role: mention.role,
            value: mention.value,
            identifier: mention.identifier,
            banks: found.groups,
            labels: found.labels.clone(),
        }
    }

    /// Three texts that sort as they would by themselves, then `u8 kind ‖ u8 role ‖ u32 banks ‖ i64 identifier ‖ labels`.
    pub(super) fn encode(&self, disclosure: Disclosure) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(256 + self.labels.len() * plain_bytes(disclosure)));
        write_text(&mut out, &self.record);
        write_text(&mut out, self.value.kind().code());
        write_text(&mut out, self.value.value());
        out.push(self.value.kind().number());
        out.push(self.role.number());
        out.extend_from_slice(&self.banks.to_be_bytes());
        out.extend_from_slice(&self.identifier.to_be_bytes());
        self.labels.iter().for_each(|label| out.extend_from_slice(&label.encode(disclosure)));
        out
    }

    /// Reads what [`encode`](Self::encode) wrote and a sorter gave back.
    pub(super) fn decode(bytes: &[u8], disclosure: Disclosure) -> io::Result<Self> {
        Self::read(bytes, disclosure).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn read(mut bytes: &[u8], disclosure: Disclosure) -> Option<Self> {
        let mut texts = [read_text(&mut bytes)?, read_text(&mut bytes)?, read_text(&mut bytes)?];
        let ([kind, role], rest) = bytes.split_first_chunk()?;
        let (banks, rest) = rest.split_first_chunk()?;
        let (identifier, rest) = rest.split_first_chunk()?;
        let labels = if disclosure == Disclosure::Count {
            Vec::new()
        } else {
            let labels = rest.chunks(plain_bytes(disclosure)).map(|label| Label::decode(label, disclosure));
            labels.collect::<Result<_, _>>().ok()?
        };
        let value = std::mem::take(&mut *texts[2]);
        Some(Self {
            record: std::mem::take(&mut texts[0]),
            role: Role::from_number(*role)?,
            value: Canonical::from_stored(Kind::from_number(*kind)?, value),
            identifier: i64::from_be_bytes(*identifier),
            banks: u32::from_be_bytes(*banks),
            labels,
        })
    }

    /// The banks that hold the identifier, sorted; none under `count`.
    fn bank_ids<'a>(&'a self, own: &'a BankId, disclosure: Disclosure) -> Vec<&'a str> {
        if disclosure == Disclosure::Count {
            return Vec::new();
        }
        let mut banks: Vec<&str> = self.labels.iter().map(|label| label.bank.as_str()).collect();
        banks.push(own.as_str());
        banks.sort_unstable();
        banks
    }

    /// The identifier's row in the store.
    pub(super) fn identifier(&self) -> i64 {
        self.identifier
    }

    /// The line of the report.
    pub(super) fn line<'a>(&'a self, own: &'a BankId, disclosure: Disclosure, new: bool) -> Line<'a> {
        let bank_ids = self.bank_ids(own, disclosure).into_iter().map(Cow::Borrowed).collect();
        Line {
            record: Cow::Borrowed(&self.record),
            role: self.role.code().into(),
            kind: self.value.kind().code().into(),
            value_masked: self.value.masked().into(),
            banks: self.banks,
            bank_ids,
            labels: self.labels.iter().filter_map(Told::of).collect(),
            new,
        }
    }
}

/// A line of a report, fields in order.
#[derive(Serialize, Deserialize)]
pub(super) struct Line<'a> {
    pub(super) record: Cow<'a, str>,
    pub(super) role: Cow<'a, str>,
    pub(super) kind: Cow<'a, str>,
    pub(super) value_masked: Cow<'a, str>,
    pub(super) banks: u32,
    pub(super) bank_ids: Vec<Cow<'a, str>>,
    /// Only under `labels`, and there of at least one other bank.
    pub(super) labels: Vec<Told<'a>>,
    pub(super) new: bool,
}

impl Line<'_> {
    /// Appends it as a line of `report.csv`.
    pub(super) fn write_csv(&self, out: &mut Vec<u8>) -> io::Result<()> {
        let labels =
            if self.labels.is_empty() { String::new() } else { serde_json::to_string(&self.labels)? };
        let (banks, bank_ids) = (self.banks.to_string(), self.bank_ids.join(";"));
        let new = if self.new { "true" } else { "false" };
        let cells: [&str; 8] =
            [&self.record, &self.role, &self.kind, &self.value_masked, &banks, &bank_ids, &labels, new];
        for (at, cell) in cells.into_iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_cell(cell, out);
        }
        out.push(b'\n');
        Ok(())
    }

    /// Appends it as a line of `report.jsonl`.
    pub(super) fn write_json(&self, out: &mut Vec<u8>) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.push(b'\n');
        Ok(())
    }
}

/// What another bank says, fields in order.
#[derive(Serialize, Deserialize)]
pub(super) struct Told<'a> {
    bank: Cow<'a, str>,
    role: Cow<'a, str>,
    typology: Cow<'a, str>,
    grade: Cow<'a, str>,
    first_month: Cow<'a, str>,
    last_month: Cow<'a, str>,
    contact: Cow<'a, str>,
}

impl<'a> Told<'a> {
    fn of(label: &'a Label) -> Option<Self> {
        let content = label.content.as_ref()?;
        Some(Self {
            bank: label.bank.as_str().into(),
            role: content.role_codes().into(),
            typology: content.typology_codes().into(),
            grade: content.grade.code().into(),
            first_month: content.first_month.text().into(),
            last_month: content.last_month.text().into(),
            contact: content.contact.as_str().into(),
        })
    }
}

/// RFC 4180, section 2; and nothing that a spreadsheet would take for a formula.
fn write_cell(cell: &str, out: &mut Vec<u8>) {
    let guard = if cell.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    let quote = cell.contains([',', '"', '\n', '\r']);
    if quote {
        out.push(b'"');
    }
    out.extend_from_slice(guard.as_bytes());
    for byte in cell.bytes() {
        if byte == b'"' {
            out.push(byte);
        }
        out.push(byte);
    }
    if quote {
        out.push(b'"');
    }
}

/// The text with every zero followed by 255, then two zeros: no text is the beginning of another, and the order stays.
fn write_text(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        out.push(byte);
        if byte == 0 {
            out.push(0xff);
        }
    }
    out.extend_from_slice(&[0, 0]);
}

fn read_text(bytes: &mut &[u8]) -> Option<Zeroizing<String>> {
    let mut text = Zeroizing::new(Vec::with_capacity(64));
    loop {
        let end = bytes.iter().position(|byte| *byte == 0)?;
        text.extend_from_slice(&bytes[..end]);
        let after = *bytes.get(end + 1)?;
        *bytes = &bytes[end + 2..];
        match after {
            0 => return String::from_utf8(std::mem::take(&mut *text)).ok().map(Zeroizing::new),
            0xff => text.push(0),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(texts: &[String]) -> Vec<u8> {
        let mut out = Vec::new();
        for text in texts {
            write_text(&mut out, text);
        }
        out
    }

    proptest! {
        #[test]
        fn encoded_texts_sort_as_texts_do(
            one in proptest::array::uniform2("[\0\u{1}a险]{0,4}"), other in proptest::array::uniform2("[\0\u{1}a险]{0,4}")
        ) {
            prop_assert_eq!(encoded(&one).cmp(&encoded(&other)), one.cmp(&other));
            let bytes = encoded(&one);
            let mut rest = bytes.as_slice();
            for text in &one {
                let read = read_text(&mut rest);
                prop_assert_eq!(read.as_deref(), Some(text));
            }
            prop_assert!(rest.is_empty());
        }
    }

    #[test]
    fn cells_are_quoted_where_needed_and_never_formulas() {
        for (cell, written) in [
            ("A1", "A1"),
            ("", ""),
            ("=1+1", "'=1+1"),
            ("+86", "'+86"),
            ("-x,y", "\"'-x,y\""),
            ("@a", "'@a"),
            ("a\"b", "\"a\"\"b\""),
            ("a\nb", "\"a\nb\""),
            ("a;b c", "a;b c"),
        ] {
            let mut out = Vec::new();
            write_cell(cell, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), written);
        }
    }
}
