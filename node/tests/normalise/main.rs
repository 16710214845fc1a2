//! The normaliser from outside: every sentence of the rule set, the shipped vectors, other people's implementations, and
//! properties over arbitrary text.

mod oracles;
mod properties;
mod rules_of_names;
mod rules_of_numbers;
mod vectors;

use jiff::civil::Date;
use lianfang_node::normalise::{Column, Findings, IssueCode, Rules, Severity};

/// The day of import of every test.
pub(crate) fn on_test_day() -> Rules {
    Rules::new(Date::constant(2026, 1, 31))
}

/// `kind:value` of everything that was found.
pub(crate) fn values(findings: &Findings) -> Vec<String> {
    findings.values.iter().map(|value| format!("{}:{}", value.kind(), value.value())).collect()
}

/// What a cell gives.
pub(crate) fn read(column: Column, cell: &str) -> Vec<String> {
    values(&on_test_day().cell(column, cell))
}

/// The codes of a cell's issues with this severity.
pub(crate) fn issues(column: Column, cell: &str, severity: Severity) -> Vec<IssueCode> {
    let findings = on_test_day().cell(column, cell);
    findings.issues.iter().filter(|issue| issue.severity == severity).map(|issue| issue.code).collect()
}

/// The one code for which a cell was refused, having given nothing.
#[track_caller]
pub(crate) fn refused(column: Column, cell: &str) -> IssueCode {
    assert_eq!(read(column, cell), Vec::<String>::new());
    let codes = issues(column, cell, Severity::Reject);
    assert_eq!(codes.len(), 1, "one reject, not {codes:?}");
    codes[0]
}
