//! What is wrong with a policy, told so that it can be put right.
//!
//! Comes in: a policy that was read. Goes out: the field and its range in a form that needs no translation.

use super::Policy;

impl Policy {
    /// The number that is out of its range, if one is, and the range.
    pub(super) fn wrong(&self) -> Option<(&'static str, &'static str)> {
        let numbers = [
            ((5..=10_080).contains(&self.roster_minutes), "policy.roster_minutes", "5–10080"),
            (self.least_threshold >= 2, "policy.least_threshold", "2–65535"),
            (self.least_rows > 0, "policy.least_rows", "1, 2, 3, …"),
            (self.jobs_days > 0, "policy.jobs_days", "1–65535"),
        ];
        numbers.into_iter().find(|(fits, ..)| !fits).map(|(_, field, wanted)| (field, wanted))
    }
}
