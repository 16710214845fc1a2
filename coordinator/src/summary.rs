//! A job's totals, as the regulator may read them: small cells suppressed.
//!
//! Comes in: what the matching counted and what banks returned. Goes out: the object of `summary.json`. A number from 1
//! to one less than the limit is given as null; zero is left out.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::certificate::read_return;
use crate::fault::Error;
use crate::job::ledger::{Job, Party};
use crate::job::state::State;

/// The totals of a job.
pub fn of(job: &Job, parties: &[Party], suppressed_below: u64) -> Result<Value, Error> {
    let terms = job.agreed.terms();
    let mut submitted = Map::new();
    let mut missing = Vec::new();
    let mut by_kind: BTreeMap<&'static str, u64> = BTreeMap::new();
    for party in parties {
        match party.submission()? {
            Some(header) => drop(submitted.insert(party.bank.as_str().to_owned(), json!(header.rows))),
            None if job.state > State::Open => missing.push(party.bank.as_str()),
            None => {}
        }
        if let Some(returned) = &party.returned {
            for (kind, count) in read_return(returned)?.by_kind {
                let total = by_kind.entry(kind.code()).or_default();
                *total = total.saturating_add(count);
            }
        }
    }
    let matches = job.matches.iter().map(|(groups, count)| (groups.to_string(), *count));
    let by_kind = by_kind.into_iter().map(|(kind, count)| (kind.to_owned(), count));
    Ok(json!({
        "job": terms.job.to_string(),
        "epoch": terms.key.epoch.0,
        "terms_digest": job.agreed.digest.to_hex(),
        "match_threshold": terms.match_threshold,
        "submitted": submitted,
        "missing": missing,
        "matches_by_banks": cells(matches, suppressed_below),
        "by_kind": cells(by_kind, suppressed_below),
        "suppressed_below": suppressed_below,
    }))
}

fn cells(counts: impl Iterator<Item = (String, u64)>, suppressed_below: u64) -> Value {
    let shown = |count: u64| if count < suppressed_below { Value::Null } else { json!(count) };
    Value::Object(counts.filter(|(_, count)| *count > 0).map(|(key, count)| (key, shown(count))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_cells_are_null_and_empty_ones_absent() {
        let counts = [("2", 0), ("3", 1), ("4", 4), ("5", 5), ("6", 6)];
        let counts = counts.into_iter().map(|(key, count)| (key.to_owned(), count));
        assert_eq!(cells(counts, 5), json!({"3": null, "4": null, "5": 5, "6": 6}));
    }
}
