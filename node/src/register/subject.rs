//! From a typed row of a file to what will be stored: normalised, indexed, not yet sealed.
//!
//! Comes in: a row and the rules. Goes out: a [`Subject`] and the issues of its identifiers. Never sees: the store.
//! A subject carries a print of all that it says, so that a row that says nothing new can be told by 16 bytes.

use lianfang_proto::label::NumberSet;
use lianfang_trust::Canonical as _;
use zeroize::Zeroizing;

use super::body::{Body, HeldBy};
use super::facts::{Day, FACTS_BYTES, Facts};
use super::{RULES, Seals, Standing};
use crate::ingest::{Disposition, Holding, Issue, Row};
use crate::normalise::{Canonical, Column, Rules};

/// One row, ready to be stored.
pub(super) struct Subject {
    pub(super) row: u64,
    pub(super) reference: String,
    pub(super) ref_index: [u8; 16],
    pub(super) print: [u8; 16],
    pub(super) standing: Standing,
    pub(super) facts: [u8; FACTS_BYTES],
    pub(super) body: Zeroizing<Vec<u8>>,
    pub(super) identifiers: Vec<Found>,
}

/// An identifier of a row, with the index by which it is looked up.
pub(super) struct Found {
    pub(super) x_index: [u8; 16],
    pub(super) value: Canonical,
}

impl Subject {
    /// Normalises a row; what a rule refuses or finds odd is added to the issues.
    pub(super) fn read(row: Row, rules: Rules, seals: &Seals, issues: &mut Vec<Issue>) -> Self {
        let identifiers = identifiers(&row, rules, seals, issues);
        let standing = match row.disposition() {
            Disposition::In => Standing::Enters,
            Disposition::Victim => Standing::Victim,
            Disposition::Held => Standing::Held,
            Disposition::Out => Standing::RoleUnknown,
        };
        let facts = facts(&row).encode();
        let reference = row.record.clone();
        let number = row.row;
        let body = Zeroizing::new(body(row).encode());
        Self {
            row: number,
            ref_index: seals.reference.of(reference.as_bytes()),
            print: print(seals, standing, &facts, &body, &identifiers),
            reference,
            standing,
            facts,
            body,
            identifiers,
        }
    }

    /// About how much memory it takes.
    pub(super) fn weight(&self) -> usize {
        self.body.len() + self.identifiers.iter().map(|found| 64 + found.value.value().len()).sum::<usize>()
    }
}

fn identifiers(row: &Row, rules: Rules, seals: &Seals, issues: &mut Vec<Issue>) -> Vec<Found> {
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
    let found = |value: Canonical| Found { x_index: seals.x.of(value.tag_input().as_bytes()), value };
    values.into_iter().map(found).collect()
}

fn facts(row: &Row) -> Facts {
    Facts {
        role: row.role,
        typologies: row.typologies.iter().map(|typology| typology.number()).collect::<NumberSet>(),
        grade: row.grade,
        first: row.first_seen.map(Day::of),
        last: row.last_seen.map(Day::of),
    }
}

fn body(row: Row) -> Body {
    Body {
        reference: row.record,
        held_by: match row.hold {
            Holding::Free => HeldBy::Nothing,
            Holding::Held(hold) => HeldBy::Reason(hold),
            Holding::Unreadable => HeldBy::Unreadable,
        },
        basis: row.basis,
        evidence: row.evidence,
        note: row.note,
        name: row.name,
        birth_date: row.birth_date,
    }
}

fn print(
    seals: &Seals,
    standing: Standing,
    facts: &[u8; FACTS_BYTES],
    body: &[u8],
    identifiers: &[Found],
) -> [u8; 16] {
    // Every part but the body has a fixed length, and the body comes with its own.
    let mut all = Zeroizing::new(Vec::with_capacity(64 + body.len() + 16 * identifiers.len()));
    all.extend_from_slice(&RULES.to_be_bytes());
    all.push(standing as u8);
    all.extend_from_slice(facts);
    all.extend_from_slice(&(body.len() as u64).to_be_bytes());
    all.extend_from_slice(body);
    for found in identifiers {
        all.extend_from_slice(&found.x_index);
    }
    seals.print.of(&all)
}
