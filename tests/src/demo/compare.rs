//! The reports of the parties against the answer in the clear, byte for byte.
//!
//! Comes in: registers, or the truth of a generated world; the files that the nodes wrote. Goes out: every row that is
//! missing, surplus or out of its order, with its masked value. Trusts: the oracle.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lianfang_desk::problem::AtPath as _;
use lianfang_desk::{Exit, Problem};
use serde::Serialize;

use super::args::Plan;
use crate::oracle::{ClearBank, FileFault, expected_reports, read_register};
use crate::people::World;

/// What every report must be.
pub struct Clear {
    reports: BTreeMap<String, Vec<u8>>,
}

/// One row that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// Whose report.
    pub bank: String,
    /// `missing`, `surplus` or `order`.
    pub what: &'static str,
    /// The row as it is written, its value masked.
    pub row: String,
}

/// Where other banks reach this one; the demo's `init` says so, and the oracle must.
pub fn contact_of(bank: &str) -> String {
    format!("desk@{bank}.example")
}

impl Clear {
    /// From the truth of a generated world.
    pub fn of_world(plan: &Plan, world: &World) -> Self {
        Self::of(plan, &world.banks.iter().map(ClearBank::of_truth).collect::<Vec<_>>())
    }

    /// From the caller's files, read by the oracle.
    pub fn of_files(plan: &Plan, files: &[PathBuf]) -> Result<Self, Problem> {
        // The node's day begins where the registers are from.
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8))).date();
        let mut banks = Vec::new();
        for (id, path) in plan.banks.iter().zip(files) {
            let bytes = std::fs::read(path).at_path(path)?;
            let records = read_register(&bytes, today).map_err(|fault| {
                let (exit, code) = match fault {
                    FileFault::Repeated => (Exit::Usage, "register-header-twice"),
                    FileFault::NoRecord => (Exit::Data, "register-no-record-column"),
                    FileFault::NoIdentifier => (Exit::Data, "register-no-identifier-column"),
                    FileFault::Bytes => (Exit::Data, "encoding-undecodable"),
                    FileFault::Header => (Exit::Data, "register-unreadable"),
                };
                let problem = Problem::new(exit, code).at(id).with("path", &**path);
                problem.with("detail", fault.to_string()).because(fault)
            })?;
            banks.push(ClearBank { id: id.clone(), group: id.clone(), records });
        }
        Ok(Self::of(plan, &banks))
    }

    fn of(plan: &Plan, banks: &[ClearBank]) -> Self {
        let threshold = usize::from(plan.match_threshold);
        Self { reports: expected_reports(banks, threshold, plan.disclosure, contact_of) }
    }

    /// Every difference, bank by bank.
    pub fn compare(&self, files: &BTreeMap<String, PathBuf>) -> Result<Vec<Mismatch>, Problem> {
        let mut found = Vec::new();
        for (bank, expected) in &self.reports {
            let written = match files.get(bank) {
                Some(path) => std::fs::read(path).at_path(path)?,
                None => Vec::new(),
            };
            found.extend(differences(bank, expected, &written));
        }
        Ok(found)
    }
}

fn differences(bank: &str, expected: &[u8], written: &[u8]) -> Vec<Mismatch> {
    if expected == written {
        return Vec::new();
    }
    let mismatch = |what, row: &str| Mismatch { bank: bank.to_owned(), what, row: row.to_owned() };
    let (expected, written) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(written));
    let mut balance: BTreeMap<&str, i64> = BTreeMap::new();
    for row in expected.split_inclusive('\n') {
        *balance.entry(row).or_default() += 1;
    }
    for row in written.split_inclusive('\n') {
        *balance.entry(row).or_default() -= 1;
    }
    let rows = balance.iter().flat_map(|(row, &count)| {
        let what = if count > 0 { "missing" } else { "surplus" };
        (0..count.unsigned_abs()).map(move |_| mismatch(what, row.trim_end()))
    });
    let mut found: Vec<Mismatch> = rows.collect();
    if found.is_empty() {
        let first = expected.lines().zip(written.lines()).find(|(one, other)| one != other);
        found.push(mismatch("order", first.map_or("", |(row, _)| row)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(expected: &str, written: &str) -> Vec<(&'static str, String)> {
        let found = differences("alpha", expected.as_bytes(), written.as_bytes());
        found.into_iter().map(|mismatch| (mismatch.what, mismatch.row)).collect()
    }

    #[test]
    fn every_difference_is_told_by_its_row() {
        assert_eq!(what("h\na\nb\n", "h\na\nb\n"), []);
        assert_eq!(what("h\na\nb\n", "h\nb\n"), [("missing", "a".to_owned())]);
        assert_eq!(what("h\na\n", "h\na\na\n"), [("surplus", "a".to_owned())]);
        assert_eq!(what("h\na\nb\n", "h\nb\na\n"), [("order", "a".to_owned())]);
        assert_eq!(what("h\na\n", "h\na"), [("surplus", "a".to_owned()), ("missing", "a".to_owned())]);
        assert_eq!(what("h\n", ""), [("missing", "h".to_owned())]);
    }
}
