//! The answer computed in the clear: what every bank's report must be, byte for byte, by a path of its own.
//!
//! Comes in: the truth of a generated world, or the callers' own files; the terms that matter. Goes out: the bytes of
//! every bank's `report.csv`. Of the project's code only the normaliser is used (and, for its masks, the type it gives);
//! reading files, matching, ordering, labels and writing are done here anew, without keys, tags or a network.
//! Fails: where a file cannot be read as a register, with a sentence.
//!
//! # The form of a report
//!
//! UTF-8 with a mark, comma, RFC 4180 with quotes only where needed, LF. A cell that would begin with `=`, `+`, `-` or `@`
//! gets an apostrophe in front. Rows stand by record, kind's code, canonical value, by bytes.
//! - `banks`: how many distinct legal groups hold the identifier, the reader's own included. A row exists if that is `t` or more.
//! - `bank_ids`: every bank that holds it, also of one's own group, sorted, `;` between; empty under `count`.
//! - `labels`: empty but under `labels`; then a JSON array without blanks, one object for every *other* bank that holds it, by
//!   the bank's name, with the members `bank`, `role`, `typology`, `grade`, `first_month`, `last_month`, `contact` in this
//!   order, all strings. Several records of one bank make one: `role` and `typology` are codes without repetition, in the
//!   order of the catalogue's numbers, `;` between; `grade` is the best; months are `YYYY-MM`, the earliest first and the
//!   latest last one, empty where no record has one. No character beyond ASCII is escaped.
//! - `new`: `false` if the run before had the same record, kind and canonical value; `true` where there was none.

use std::collections::{BTreeMap, BTreeSet};

use lianfang_node::normalise::Canonical;
use lianfang_proto::catalogue::{Disclosure, Grade, Kind, Role, Typology};
use serde::Serialize;

use crate::people::{BankRegister, Standing};

mod cells;
mod files;
mod table;

pub use files::{FileFault, read_register};

/// A record that enters the job, in the clear.
#[derive(Clone)]
pub struct ClearRecord {
    /// The bank's own case number.
    pub record: String,
    /// What its subject is.
    pub role: Role,
    /// In the order of the catalogue, each once.
    pub typologies: Vec<Typology>,
    /// Evidence grade.
    pub grade: Grade,
    /// `YYYY-MM`, or empty.
    pub first_month: String,
    /// `YYYY-MM`, or empty.
    pub last_month: String,
    /// Canonical identifiers.
    pub identifiers: BTreeSet<(Kind, String)>,
}

/// One bank's input.
#[derive(Clone)]
pub struct ClearBank {
    /// Its name.
    pub id: String,
    /// Its legal group; its own name, unless the invite names another.
    pub group: String,
    /// The records that may enter a job: no victim, no hold, no role that cannot be read.
    pub records: Vec<ClearRecord>,
}

impl ClearBank {
    /// A bank from the truth of a generated register.
    pub fn of_truth(register: &BankRegister) -> Self {
        let entering = register.rows.iter().filter(|row| row.standing == Standing::In);
        let records = entering.filter_map(|row| {
            Some(ClearRecord {
                record: row.record.clone(),
                role: row.role?,
                typologies: row.typologies.clone(),
                grade: row.grade,
                first_month: row.first_month.clone(),
                last_month: row.last_month.clone(),
                identifiers: row.identifiers.clone(),
            })
        });
        Self { id: register.id.clone(), group: register.id.clone(), records: records.collect() }
    }
}

/// A member of the cell `labels`.
#[derive(Serialize)]
struct Label<'a> {
    bank: &'a str,
    role: String,
    typology: String,
    grade: &'a str,
    first_month: &'a str,
    last_month: &'a str,
    contact: String,
}

/// Who holds an identifier: places of banks, each with the places of its records.
type Holders = BTreeMap<usize, Vec<usize>>;

/// What one bank's report tells of: record, kind, canonical value.
pub type Told = BTreeSet<(String, Kind, String)>;

/// What every bank's `report.csv` must be, by the bank's name.
pub fn expected_reports(
    banks: &[ClearBank],
    match_threshold: usize,
    disclosure: Disclosure,
    contact_of: impl Fn(&str) -> String,
) -> BTreeMap<String, Vec<u8>> {
    let answer = answer(banks, match_threshold, disclosure, contact_of, &BTreeMap::new());
    answer.into_iter().map(|(bank, (report, _))| (bank, report)).collect()
}

/// The same for a schedule's run, and what each report tells of; `before` is what each bank's report of the run before told of.
pub fn answer(
    banks: &[ClearBank],
    match_threshold: usize,
    disclosure: Disclosure,
    contact_of: impl Fn(&str) -> String,
    before: &BTreeMap<String, Told>,
) -> BTreeMap<String, (Vec<u8>, Told)> {
    let mut holders: BTreeMap<(Kind, &str), Holders> = BTreeMap::new();
    for (place, bank) in banks.iter().enumerate() {
        for (number, record) in bank.records.iter().enumerate() {
            for (kind, value) in &record.identifiers {
                let held = holders.entry((*kind, value)).or_default();
                held.entry(place).or_default().push(number);
            }
        }
    }
    let answer = Answer { banks, holders, match_threshold, disclosure, contact_of, before };
    (0..banks.len()).map(|place| (banks[place].id.clone(), answer.report(place))).collect()
}

struct Answer<'a, F> {
    banks: &'a [ClearBank],
    holders: BTreeMap<(Kind, &'a str), Holders>,
    match_threshold: usize,
    disclosure: Disclosure,
    contact_of: F,
    before: &'a BTreeMap<String, Told>,
}

impl<F: Fn(&str) -> String> Answer<'_, F> {
    fn report(&self, place: usize) -> (Vec<u8>, Told) {
        let (mut rows, mut told) = (Vec::new(), Told::new());
        for record in &self.banks[place].records {
            for (kind, value) in &record.identifiers {
                let Some(holders) = self.holders.get(&(*kind, value.as_str())) else { continue };
                let groups: BTreeSet<&str> =
                    holders.keys().map(|&holder| self.banks[holder].group.as_str()).collect();
                if groups.len() >= self.match_threshold {
                    let order = (record.record.as_str(), kind.code(), value.as_str());
                    rows.push((order, self.row(place, record, (*kind, value), groups.len())));
                    told.insert((record.record.clone(), *kind, value.clone()));
                }
            }
        }
        rows.sort_by_key(|(order, _)| *order);
        (written(rows.into_iter().map(|(_, row)| row)), told)
    }

    fn row(
        &self,
        place: usize,
        record: &ClearRecord,
        (kind, value): (Kind, &str),
        groups: usize,
    ) -> [String; 8] {
        let holders = &self.holders[&(kind, value)];
        let mut names: Vec<&str> = holders.keys().map(|&holder| self.banks[holder].id.as_str()).collect();
        names.sort_unstable();
        let bank_ids = if self.disclosure == Disclosure::Count { String::new() } else { names.join(";") };
        let labels =
            if self.disclosure == Disclosure::Labels { self.labels(place, holders) } else { String::new() };
        let masked = Canonical::from_stored(kind, value.to_owned()).masked();
        let one = (record.record.clone(), kind, value.to_owned());
        let had = self.before.get(&self.banks[place].id).is_some_and(|told| told.contains(&one));
        let (role, kind) = (record.role.code().to_owned(), kind.code().to_owned());
        [record.record.clone(), role, kind, masked, groups.to_string(), bank_ids, labels, (!had).to_string()]
    }

    fn labels(&self, place: usize, holders: &Holders) -> String {
        let others = holders.iter().filter(|&(&holder, _)| holder != place);
        let mut labels: Vec<Label<'_>> =
            others.map(|(&holder, records)| self.label(&self.banks[holder], records)).collect();
        labels.sort_by_key(|label| label.bank);
        serde_json::to_string(&labels).unwrap_or_default()
    }

    fn label<'a>(&self, bank: &'a ClearBank, records: &[usize]) -> Label<'a> {
        let records: Vec<&ClearRecord> = records.iter().map(|&number| &bank.records[number]).collect();
        let roles: BTreeSet<Role> = records.iter().map(|record| record.role).collect();
        let typologies: BTreeSet<Typology> =
            records.iter().flat_map(|record| record.typologies.clone()).collect();
        let codes = |codes: Vec<&str>| codes.join(";");
        let first =
            records.iter().map(|record| record.first_month.as_str()).filter(|month| !month.is_empty()).min();
        Label {
            bank: &bank.id,
            role: codes(roles.into_iter().map(Role::code).collect()),
            typology: codes(typologies.into_iter().map(Typology::code).collect()),
            grade: records.iter().map(|record| record.grade).min().map_or("", Grade::code),
            first_month: first.unwrap_or_default(),
            last_month: records.iter().map(|record| record.last_month.as_str()).max().unwrap_or_default(),
            contact: (self.contact_of)(&bank.id),
        }
    }
}

/// The file: mark, header, rows.
fn written(rows: impl Iterator<Item = [String; 8]>) -> Vec<u8> {
    let mut file = "\u{FEFF}record,role,kind,value_masked,banks,bank_ids,labels,new\n".to_owned();
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        file.push_str(&cells.join(","));
        file.push('\n');
    }
    file.into_bytes()
}

fn quoted(cell: &str) -> String {
    let cell = if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests;
