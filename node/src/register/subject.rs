//! From a typed row of a file to what will be stored: normalised, numbered, not yet sealed.
//!
//! Comes in: a row and the rules. Goes out: a [`Subject`] as bytes that sort by record and then by row, and the issues of
//! its identifiers. Never sees: the store. A subject carries a print of all that it says, so that a row that says nothing
//! new can be told by 16 bytes.
//!
//! ```text
//! i64 number ‖ mark (8) ‖ u64 row ‖ print (16) ‖ u8 standing ‖ u32 n ‖ n × { i64 number ‖ u8 kind ‖ text value }
//!            ‖ u32 length ‖ said ‖ the rest of the body                                             (see `entry`)
//! ```
//!
//! Of a row that cannot be read the record's number is sorted alone, filled up to the length of the first three.

use lianfang_proto::catalogue::Kind;
use lianfang_proto::label::NumberSet;
use zeroize::Zeroizing;

use super::body::{HeldBy, write_rest};
use super::entry::{self, Fields, Mark, Print, Said, push_bytes, push_text};
use super::facts::{Day, FACTS_BYTES, Facts};
use super::standing::Stood;
use super::{RULES, Seals, Standing};
use crate::ingest::{Holding, Issue, Row};
use crate::normalise::{Canonical, Column, Rules};

/// Where the row's number stands, the print, and what is under it, which begins with the standing.
const ROW_AT: usize = 16;
const PRINT_AT: usize = 24;
const STANDING_AT: usize = 40;

/// One row, ready to be stored.
pub(super) struct Subject(Zeroizing<Vec<u8>>);

/// An identifier of a row: its number, and what it is.
pub(super) struct Found<'a> {
    pub(super) id: i64,
    pub(super) kind: Kind,
    pub(super) value: &'a str,
}

/// The parts of a subject.
pub(super) struct Parts<'a> {
    pub(super) id: i64,
    pub(super) mark: Mark,
    pub(super) row: u64,
    pub(super) print: Print,
    pub(super) standing: Standing,
    pub(super) identifiers: Vec<Found<'a>>,
    pub(super) said: &'a [u8],
    pub(super) rest: &'a [u8],
    /// The subject that these are the parts of.
    whole: &'a [u8],
}

impl Parts<'_> {
    /// What the row says in the columns by which its record stands.
    pub(super) fn stood(&self) -> Option<Stood> {
        Stood::read(self.said, self.rest)
    }

    /// The same row, which says this in those columns.
    pub(super) fn saying(&self, stood: Stood, seals: &Seals) -> Option<Subject> {
        let mut to = Zeroizing::new(self.whole.to_vec());
        let rest_at = to.len().checked_sub(self.rest.len())?;
        let said_at = rest_at.checked_sub(self.said.len())?;
        let Stood { role, typologies, grade, held_by } = stood;
        let facts = Facts { role, typologies, grade, ..Said::read(self.said)?.facts()? };
        to.get_mut(said_at..said_at + FACTS_BYTES)?.copy_from_slice(&facts.encode());
        *to.get_mut(rest_at)? = held_by.number();
        *to.get_mut(STANDING_AT)? = stood.standing() as u8;
        Some(Subject(to).printed(seals))
    }
}

impl Subject {
    /// Normalises a row; what a rule refuses or finds odd is added to the issues.
    pub(super) fn of_row(row: &Row, rules: Rules, seals: &Seals, issues: &mut Vec<Issue>) -> Self {
        let identifiers = identifiers(row, rules, issues);
        let standing = Standing::by_file(row.role, held_by(row));
        let texts = [&row.record, &row.basis, &row.evidence, &row.note, &row.name, &row.birth_date];
        let texts: usize = texts.iter().map(|text| text.len() + 4).sum();
        let values: usize = identifiers.iter().map(|value| 13 + value.value().len()).sum();
        let mut to = Zeroizing::new(Vec::with_capacity(96 + texts + values));
        let (number, mark) = entry::number(seals.reference.of(row.record.as_bytes()));
        to.extend_from_slice(&number.to_be_bytes());
        to.extend_from_slice(&mark);
        to.extend_from_slice(&row.row.to_be_bytes());
        let print_at = to.len();
        to.extend_from_slice(&[0; 16]);
        to.push(standing as u8);
        to.extend_from_slice(&u32::try_from(identifiers.len()).unwrap_or(u32::MAX).to_be_bytes());
        for value in &identifiers {
            let (number, _) = entry::number(seals.x.of(value.tag_input().as_bytes()));
            to.extend_from_slice(&number.to_be_bytes());
            to.push(value.kind().number());
            push_text(&mut to, value.value());
        }
        let said = said(row);
        push_bytes(&mut to, &said);
        write_rest(row, held_by(row), &mut to);
        debug_assert_eq!(print_at, PRINT_AT, "the head has a fixed length");
        Self(to).printed(seals)
    }

    /// Everything is under the print but the row's place in the file, and the space for the print itself.
    fn printed(mut self, seals: &Seals) -> Self {
        let print = seals.print.of_parts(&[&RULES.to_be_bytes(), &self.0[STANDING_AT..]]);
        self.0[PRINT_AT..STANDING_AT].copy_from_slice(&print);
        self
    }

    /// What is sorted for a row that cannot be read and stands in the file nevertheless: the number of the record that it
    /// names, or 0, which no record has. It comes behind the rows that can be read.
    pub(super) fn unread(record: Option<&str>, seals: &Seals) -> [u8; PRINT_AT] {
        let number = record.map_or(0, |record| entry::number(seals.reference.of(record.as_bytes())).0);
        let mut to = [255; PRINT_AT];
        to[..8].copy_from_slice(&number.to_be_bytes());
        to
    }

    /// The number that such a row names; nothing for one that can be read.
    pub(super) fn names_only(&self) -> Option<i64> {
        (self.0.len() == PRINT_AT).then(|| Fields::of(&self.0).number()).flatten()
    }

    /// What a sorter gave back.
    pub(super) fn from_sorted(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// Sorts by record, then by row.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The record's number and mark: what two rows of one record have in common.
    pub(super) fn record(&self) -> Option<(i64, Mark)> {
        let mut fields = Fields::of(&self.0);
        Some((fields.number()?, fields.fixed()?))
    }

    /// The parts; `None` for bytes that no subject was made of.
    pub(super) fn parts(&self) -> Option<Parts<'_>> {
        let mut fields = Fields::of(&self.0);
        let (id, mark) = (fields.number()?, fields.fixed()?);
        debug_assert_eq!(self.0.len() - fields.rest().len(), ROW_AT, "the head has a fixed length");
        let row = u64::from_be_bytes(fields.fixed()?);
        let print = fields.fixed()?;
        let standing = Standing::from_number(fields.u8()?)?;
        let count = fields.length()?;
        let mut identifiers = Vec::with_capacity(count.min(64));
        for _ in 0..count {
            let (id, kind) = (fields.number()?, Kind::from_number(fields.u8()?)?);
            identifiers.push(Found { id, kind, value: fields.text()? });
        }
        let said = fields.length()?;
        let said = fields.bytes(said)?;
        Some(Parts { id, mark, row, print, standing, identifiers, said, rest: fields.rest(), whole: &self.0 })
    }
}

fn identifiers(row: &Row, rules: Rules, issues: &mut Vec<Issue>) -> Vec<Canonical> {
    let cells = row.identifiers.iter().filter_map(|cell| {
        let column = Column::from_code(cell.column.code())?;
        Some(rules.cell(column, &cell.text))
    });
    let name_birth = std::iter::once_with(|| rules.name_birth(&row.name, &row.birth_date));
    let mut values = Vec::new();
    for findings in cells.chain(name_birth) {
        values.extend(findings.values);
        issues.extend(findings.issues.iter().map(|found| Issue::of_value(row.row, &row.record, found)));
    }
    values.sort_unstable();
    values.dedup();
    values
}

fn said(row: &Row) -> Zeroizing<Vec<u8>> {
    let facts = Facts {
        role: row.role,
        typologies: row.typologies.iter().map(|typology| typology.number()).collect::<NumberSet>(),
        grade: row.grade,
        first: row.first_seen.map(Day::of),
        last: row.last_seen.map(Day::of),
    };
    let facts = facts.encode();
    let mut to = Zeroizing::new(Vec::with_capacity(facts.len() + 8 + row.record.len() + row.evidence.len()));
    to.extend_from_slice(&facts);
    push_text(&mut to, &row.record);
    push_text(&mut to, &row.evidence);
    to
}

fn held_by(row: &Row) -> HeldBy {
    match row.hold {
        Holding::Free => HeldBy::Nothing,
        Holding::Held(hold) => HeldBy::Reason(hold),
        Holding::Unreadable => HeldBy::Unreadable,
    }
}
