//! What a job cost and gave, as it stands in the job's row.

use std::collections::BTreeMap;
use std::time::Duration;

use lianfang_proto::catalogue::Kind;

use crate::ports::Micros;

/// What a job cost and gave: for this bank's own eyes.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Figures {
    /// Rows of its own that were submitted.
    pub own_rows: u64,
    /// Identifiers that were evaluated for it.
    pub evaluated: u64,
    /// Identifiers whose output was cached before.
    pub cached: u64,
    /// Bytes that were sent for it: requests with their elements to holders, and rows to the coordinator; no framing, no TLS,
    /// no other calls.
    pub bytes_sent: u64,
    /// Rows of the report.
    pub report_rows: u64,
    /// Those that the schedule's run before did not have; all of them where there was none.
    pub new_rows: u64,
    /// Those that it had.
    pub still_rows: u64,
    /// Those that it had and this one has not.
    pub gone_rows: u64,
    /// Matches that were reported and not accepted.
    pub refused_matches: u64,
    /// Matched identifiers by kind.
    pub matched_by_kind: BTreeMap<String, u64>,
    /// Seconds by stage.
    pub stages: BTreeMap<String, f64>,
    /// When a stage ended last.
    pub ended: BTreeMap<String, Micros>,
}

impl Figures {
    /// Adds to a stage's seconds; it ended `at`.
    pub fn stage(&mut self, name: &str, took: Duration, at: Micros) {
        *self.stages.entry(name.to_owned()).or_default() += took.as_secs_f64();
        self.ended.insert(name.to_owned(), at);
    }

    /// Takes matched identifiers over from the report.
    pub fn matched(&mut self, by_kind: &BTreeMap<Kind, u64>) {
        self.matched_by_kind = by_kind.iter().map(|(kind, count)| (kind.code().to_owned(), *count)).collect();
    }

    pub(in crate::job) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
