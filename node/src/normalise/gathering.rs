//! Collects what one cell gives while its rules run.
//!
//! Comes in: canonical values and codes. Goes out: [`Findings`], values sorted and without repetition. Never fails.

use lianfang_proto::catalogue::Kind;

use super::{Canonical, Findings, Issue, IssueCode, Place};

/// Findings in the making; every issue is filed under the place at which it was found.
pub(super) struct Gathering {
    place: Place,
    findings: Findings,
}

impl Gathering {
    pub(super) fn new(place: Place) -> Self {
        Self { place, findings: Findings::default() }
    }

    /// A canonical value was found.
    pub(super) fn keep(&mut self, kind: Kind, value: &str) {
        self.findings.values.push(Canonical::from_stored(kind, value.to_owned()));
    }

    /// Something was refused, or a value that is kept is odd; the code knows which.
    pub(super) fn refuse(&mut self, code: IssueCode) {
        self.refuse_at(self.place, code);
    }

    /// Files an issue under another place than the cell's own.
    pub(super) fn refuse_at(&mut self, place: Place, code: IssueCode) {
        self.findings.issues.push(Issue::new(code, place));
    }

    /// A value is kept although it is odd. The same call as a refusal: severity belongs to the code.
    pub(super) fn warn(&mut self, code: IssueCode) {
        self.refuse(code);
    }

    pub(super) fn finish(mut self) -> Findings {
        if self.findings.values.len() > 1 {
            self.findings.values.sort_unstable();
            self.findings.values.dedup();
        }
        self.findings
    }
}
