//! What stands in the banks' registers, in the clear, version by version.
//!
//! Comes in: changes. Goes out: the file that a bank imports, and what of it may enter a job, read by the oracle.

use std::collections::BTreeSet;

use super::operations::{Change, KINDS, Terms};
use super::time::BEGINNING;
use crate::oracle::{ClearBank, ClearRecord, read_register};
use crate::people::numbers::Numbers;

/// Persons who may stand in a register.
pub const PERSONS: u8 = 10;
/// What every planted address begins with; it stands in no file of a party.
pub const CANARY: &str = "zqcanary";

/// One bank's register: who stands in its file, and whose record people hold back. A hold outlives the file's row: a record
/// that comes back is held still.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Register {
    bank: String,
    rows: BTreeSet<u8>,
    held: BTreeSet<u8>,
}

/// Every identifier of a person, as files have them.
pub fn identifiers(person: u8) -> [String; 3] {
    let numbers = Numbers::new(4_711);
    let number = u64::from(person);
    [numbers.cn_id(number), numbers.mobile(number), format!("{CANARY}{person}@planted.example")]
}

impl Register {
    /// The register that a bank begins with: half of all persons, other ones at every bank.
    pub fn beginning(bank: &str, place: usize) -> Self {
        let stands = |person: &u8| !(usize::from(*person) + place).is_multiple_of(3);
        let rows = (0..PERSONS - 3).filter(stands).collect();
        Self { bank: bank.to_owned(), rows, held: BTreeSet::new() }
    }

    /// The case number of a person.
    pub fn record(&self, person: u8) -> String {
        format!("{}-{person}", self.bank)
    }

    /// Whether people hold the record back.
    pub fn is_held(&self, person: u8) -> bool {
        self.held.contains(&person)
    }

    /// The register after a change; `None` if there is nothing to change.
    pub fn after(&self, change: Change, person: u8) -> Option<Self> {
        let mut next = self.clone();
        match (change, self.rows.contains(&person)) {
            (Change::Add, false) => drop(next.rows.insert(person)),
            (Change::Remove | Change::Retract, true) => drop(next.rows.remove(&person)),
            (Change::Hold, true) if !next.held.insert(person) => drop(next.held.remove(&person)),
            (Change::Hold, true) => {}
            _ => return None,
        }
        Some(next)
    }

    /// The register of a bank that has its file alone.
    #[must_use]
    pub fn without_holds(&self) -> Self {
        Self { held: BTreeSet::new(), ..self.clone() }
    }

    /// The register of a bank that has nothing.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self { bank: self.bank.clone(), ..Self::default() }
    }

    /// The file.
    pub fn file(&self) -> String {
        let roles = ["agent", "agency", "complainant", "victim"];
        let row = |person: &u8| {
            let [id, mobile, email] = identifiers(*person);
            let role = roles[(usize::from(*person) * 7 + self.bank.len()) % 4];
            format!("{},{role},{id},{mobile},{email}\n", self.record(*person))
        };
        let rows: String = self.rows.iter().map(row).collect();
        format!("record,role,cn-id,mobile,email\n{rows}")
    }

    /// What of it enters a job.
    ///
    /// # Panics
    /// If the oracle cannot read the file.
    pub fn clear(&self, group: &str, terms: &Terms) -> ClearBank {
        let day = jiff::Timestamp::from_microsecond(BEGINNING).expect("a day");
        let today = day.to_zoned(jiff::tz::TimeZone::UTC).date();
        let records = read_register(self.file().as_bytes(), today).expect("a register");
        let held: Vec<String> = self.held.iter().map(|person| self.record(*person)).collect();
        let kinds = KINDS[terms.kinds];
        let entering = records.into_iter().filter(|record| !held.contains(&record.record));
        let records = entering.map(|record| ClearRecord {
            identifiers: record
                .identifiers
                .into_iter()
                .filter(|(kind, _)| kinds.is_empty() || kinds.contains(&kind.code()))
                .collect(),
            ..record
        });
        ClearBank { id: self.bank.clone(), group: group.to_owned(), records: records.collect() }
    }
}
