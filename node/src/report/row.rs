//! One row of a report: how it is sorted, and how it is written.
//!
//! Comes in: a record's mention of an identifier and the match that counts. Goes out: bytes whose order is that of the
//! report (record, kind's code, canonical value), and from these a line of CSV or of JSON. The sorted bytes hold the
//! canonical value and live in sealed spills alone; the lines hold only its mask.

use std::io;

use lianfang_proto::catalogue::{Disclosure, Kind, Role};
use lianfang_proto::ids::BankId;
use lianfang_proto::label::{Label, plain_bytes};
use serde::Serialize;
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
            banks: found.groups,
            labels: found.labels.clone(),
        }
    }

    /// Three texts that sort as they would by themselves, then `u8 kind ‖ u8 role ‖ u32 banks ‖ labels`.
    pub(super) fn encode(&self, disclosure: Disclosure) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(256 + self.labels.len() * plain_bytes(disclosure)));
        write_text(&mut out, &self.record);
        write_text(&mut out, self.value.kind().code());
        write_text(&mut out, self.value.value());
        out.push(self.value.kind().number());
        out.push(self.role.number());
        out.extend_from_slice(&self.banks.to_be_bytes());
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

    fn told(&self) -> Vec<Told<'_>> {
        self.labels.iter().filter_map(Told::of).collect()
    }

    /// Appends the line of `report.csv`.
    pub(super) fn write_csv(
        &self,
        own: &BankId,
        disclosure: Disclosure,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        let labels = if disclosure == Disclosure::Labels {
            serde_json::to_string(&self.told())?
        } else {
            String::new()
        };
        let (kind, masked) = (self.value.kind().code(), self.value.masked());
        let (banks, bank_ids) = (self.banks.to_string(), self.bank_ids(own, disclosure).join(";"));
        let cells = [&self.record, self.role.code(), kind, &masked, &banks, &bank_ids, &labels, "true"];
        for (at, cell) in cells.into_iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_cell(cell, out);
        }
        out.push(b'\n');
        Ok(())
    }

    /// Appends the line of `report.jsonl`.
    pub(super) fn write_json(
        &self,
        own: &BankId,
        disclosure: Disclosure,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        let line = Line {
            record: &self.record,
            role: self.role.code(),
            kind: self.value.kind().code(),
            value_masked: self.value.masked(),
            banks: self.banks,
            bank_ids: self.bank_ids(own, disclosure),
            labels: self.told(),
            new: true,
        };
        serde_json::to_writer(&mut *out, &line)?;
        out.push(b'\n');
        Ok(())
    }
}

/// A line of `report.jsonl`, fields in order.
#[derive(Serialize)]
struct Line<'a> {
    record: &'a str,
    role: &'a str,
    kind: &'a str,
    value_masked: String,
    banks: u32,
    bank_ids: Vec<&'a str>,
    labels: Vec<Told<'a>>,
    new: bool,
}

/// What another bank says, fields in order.
#[derive(Serialize)]
struct Told<'a> {
    bank: &'a str,
    role: String,
    typology: String,
    grade: &'a str,
    first_month: String,
    last_month: String,
    contact: &'a str,
}

impl<'a> Told<'a> {
    fn of(label: &'a Label) -> Option<Self> {
        let content = label.content.as_ref()?;
        Some(Self {
            bank: label.bank.as_str(),
            role: content.role_codes(),
            typology: content.typology_codes(),
            grade: content.grade.code(),
            first_month: content.first_month.text(),
            last_month: content.last_month.text(),
            contact: &content.contact,
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
