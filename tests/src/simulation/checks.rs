//! What must hold after every list.
//!
//! Comes in: a federation at rest. Goes out: nothing, or what was found. Every check stands by itself and trusts no other
//! party's word where it can look for itself: reports are compared with the oracle's answer over the registers as they
//! were, counters with charges, charges with the chunks that the banks themselves took down.

use std::collections::{BTreeMap, BTreeSet};

use lianfang_desk::Exit;
use serde_json::Value;

use super::ledgers;
use super::play::{Job, Played};
use super::register::{CANARY, PERSONS, identifiers};
use crate::canary::{contains, files};
use crate::demo::compare::contact_of;
use crate::oracle::{ClearBank, expected_reports};
use crate::world::COORDINATOR;

/// Looks at everything.
pub fn all(played: &mut Played<'_>) {
    let at_coordinator = played.jobs_at(COORDINATOR);
    for number in 0..played.jobs.len() {
        if let Some(shown) = at_coordinator.iter().find(|job| job["purpose"] == format!("list-{number}")) {
            job(played, number, shown);
        } else if played.jobs[number].id.is_some() && !played.restored.contains(COORDINATOR) {
            played.fail("keeps jobs", format!("job {number} is gone"));
        }
    }
    logs(played);
    for party in played.engine.parties() {
        played.engine.stop(&party);
    }
    ledgers::check(played);
    canaries(played);
}

/// One job: who took part, what each was told, who is named missing.
fn job(played: &mut Played<'_>, number: usize, shown: &Value) {
    let id = shown["job"].as_str().unwrap_or_default().to_owned();
    if played.jobs[number].id.as_ref().is_some_and(|known| *known != id) {
        played.fail("keeps jobs", format!("job {number} has become another"));
    }
    let parties = shown["participants"].as_array().cloned().unwrap_or_default();
    let name = |party: &Value| party["bank"].as_str().unwrap_or_default().to_owned();
    let (took_part, missing): (Vec<Value>, Vec<Value>) =
        parties.into_iter().partition(|party| party["submitted"] == true);
    let took_part: BTreeSet<String> = took_part.iter().map(name).collect();
    let missing: BTreeSet<String> = missing.iter().map(name).collect();
    if shown["state"] != "closed" {
        played.fail("closes", shown.to_string());
        return;
    }
    summary(played, number, &id, &took_part, &missing);
    let mut reports = BTreeMap::new();
    for bank in took_part.iter().chain(&missing) {
        let Some(stage) = stage_at(played, bank, &id) else { continue };
        let told = stage == "done" || stage == "returned";
        if told && missing.contains(bank) && !played.restored.contains(COORDINATOR) {
            played.fail("names the missing", format!("{bank} was told of job {number}, and is missing"));
        }
        if told {
            reports.extend(report(played, bank, &id).map(|report| (bank.clone(), report)));
        }
    }
    agrees(played, number, &took_part, &reports);
}

fn stage_at(played: &mut Played<'_>, bank: &str, id: &str) -> Option<String> {
    let said = played.engine.run(bank, &["job", "show", id]).ok()?;
    let shown = (said.exit == Exit::Done).then(|| said.json())?;
    shown["stage"].as_str().map(str::to_owned)
}

/// The regulator's totals name who took part and who did not, and nothing under the threshold.
fn summary(
    played: &mut Played<'_>,
    number: usize,
    id: &str,
    took_part: &BTreeSet<String>,
    missing: &BTreeSet<String>,
) {
    let summary = match played.engine.run(COORDINATOR, &["summary", id]) {
        Ok(said) if said.exit == Exit::Done => said.json(),
        other => return played.fail("sums up", format!("job {number}: {other:?}")),
    };
    let named: BTreeSet<String> = summary["missing"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let submitted: BTreeSet<String> =
        summary["submitted"].as_object().into_iter().flatten().map(|(bank, _)| bank.clone()).collect();
    if named != *missing || submitted != *took_part {
        played.fail("names the missing", format!("job {number}: {summary}, but {missing:?} are missing"));
    }
    let threshold = u64::from(played.jobs[number].terms.threshold);
    let groups = summary["matches_by_banks"].as_object().cloned().unwrap_or_default();
    if groups.keys().any(|groups| groups.parse::<u64>().is_ok_and(|groups| groups < threshold)) {
        played.fail("nothing under the threshold", format!("job {number}: {summary}"));
    }
}

/// A bank's report, read twice.
fn report(played: &mut Played<'_>, bank: &str, id: &str) -> Option<Vec<u8>> {
    let mut read = Vec::new();
    for time in ["first", "second"] {
        let folder = played.engine.root().join("reports").join(id).join(bank).join(time);
        let words = ["report", id, "--out", &folder.display().to_string()];
        match played.engine.run(bank, &words) {
            Ok(said) if said.exit == Exit::Done => read.push(std::fs::read(folder.join("report.csv")).ok()?),
            other => {
                played.fail("reports", format!("{bank}, {id}: {other:?}"));
                return None;
            }
        }
    }
    if read[0] != read[1] {
        played.fail("tells the same", format!("{bank}, {id}"));
    }
    read.into_iter().next()
}

/// There is one version of each register under which all reports are the clear answer.
fn agrees(
    played: &mut Played<'_>,
    number: usize,
    took_part: &BTreeSet<String>,
    reports: &BTreeMap<String, Vec<u8>>,
) {
    let job = played.jobs[number].clone();
    let threshold = usize::from(job.terms.threshold);
    under_threshold(played, number, threshold, reports);
    let choices: Vec<Vec<ClearBank>> = took_part.iter().map(|bank| versions(played, &job, bank)).collect();
    let mut nearest = None;
    for choice in products(&choices) {
        let expected = expected_reports(&choice, threshold, job.terms.disclosure, contact_of);
        let wrong = reports.iter().find(|(bank, report)| {
            let expected = expected.get(*bank).map(Vec::as_slice).unwrap_or_default();
            !still_there(played, &job, bank).iter().any(|records| only(expected, records) == **report)
        });
        match wrong {
            None => return,
            Some((bank, report)) => {
                let expected = expected.get(bank).cloned().unwrap_or_default();
                nearest = Some((bank.clone(), report.clone(), expected));
            }
        }
    }
    let Some((bank, got, wanted)) = nearest else { return };
    let (got, wanted) =
        (String::from_utf8_lossy(&got).into_owned(), String::from_utf8_lossy(&wanted).into_owned());
    played.fail(
        "the oracle's answer",
        format!("job {number} ({id:?}) with {took_part:?}, {bank}:\n{got}\nwanted:\n{wanted}", id = job.id),
    );
}

/// Different versions of a bank's register from the job's begin on, as the terms let them in.
fn versions(played: &Played<'_>, job: &Job, bank: &str) -> Vec<ClearBank> {
    let all = &played.versions[bank];
    // A change that was under way when its bank died may be made later, or may have been undone by a restored copy.
    let from = job.from.get(bank).copied().unwrap_or(0).saturating_sub(1);
    let mut different: Vec<_> = all[from..].to_vec();
    different.dedup();
    let group = played.template.shape.group(bank);
    different.iter().map(|register| register.clear(group, &job.terms)).collect()
}

/// What a bank removed or holds after it has submitted, its own report leaves out, whatever others are told: the records
/// of every version that may have been in force when it was told.
fn still_there(played: &Played<'_>, job: &Job, bank: &str) -> Vec<BTreeSet<String>> {
    let records = |bank: ClearBank| bank.records.into_iter().map(|record| record.record).collect();
    versions(played, job, bank).into_iter().map(records).collect()
}

/// The header, and the rows of these records.
fn only(report: &[u8], records: &BTreeSet<String>) -> Vec<u8> {
    let text = String::from_utf8_lossy(report);
    let there = |line: &str| line.split_once(',').is_some_and(|(record, _)| records.contains(record));
    let kept = text.split_inclusive('\n').enumerate().filter(|(number, line)| *number == 0 || there(line));
    kept.flat_map(|(_, line)| line.bytes()).collect()
}

/// Every way to take one of each; the newest versions last.
fn products(choices: &[Vec<ClearBank>]) -> Vec<Vec<ClearBank>> {
    choices.iter().fold(vec![Vec::new()], |chosen, next| {
        let longer = |chosen: &Vec<ClearBank>| {
            let chosen = chosen.clone();
            next.iter().map(move |one| {
                let mut chosen = chosen.clone();
                chosen.push(one.clone());
                chosen
            })
        };
        chosen.iter().flat_map(longer).collect()
    })
}

fn under_threshold(
    played: &mut Played<'_>,
    number: usize,
    threshold: usize,
    reports: &BTreeMap<String, Vec<u8>>,
) {
    for (bank, report) in reports {
        let mut rows = csv::Reader::from_reader(report.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(report));
        let column = rows.headers().ok().and_then(|names| names.iter().position(|name| name == "banks"));
        let under = rows.records().flatten().any(|row| {
            let banks = column.and_then(|column| row.get(column)).and_then(|cell| cell.parse::<usize>().ok());
            banks.is_none_or(|banks| banks < threshold)
        });
        if under {
            played.fail("nothing under the threshold", format!("{bank}, job {number}"));
        }
    }
}

/// The events that a job may leave in a bank's log once.
const ONCE: [&[&str]; 4] = [
    &["job.accepted", "job.refused"],
    &["job.submitted"],
    &["job.reported"],
    &["job.certified", "job.certified-late"],
];

/// Every log holds together, and says of every job once what happened once.
fn logs(played: &mut Played<'_>) {
    for party in played.engine.parties() {
        match played.engine.run(&party, &["audit", "verify"]) {
            Ok(said) if said.exit == Exit::Done => {}
            other => played.fail("logs verify", format!("{party}: {other:?}")),
        }
        if party != COORDINATOR {
            log_of(played, &party);
        }
    }
}

fn log_of(played: &mut Played<'_>, bank: &str) {
    let Ok(said) = played.engine.run(bank, &["audit", "list", "--limit", "100000"]) else { return };
    let mut said_of: BTreeMap<(String, usize), Vec<String>> = BTreeMap::new();
    for line in said.out.lines() {
        let entry: Value = serde_json::from_str(line).unwrap_or_default();
        let Some(terms) = entry["body"]["terms"].as_str() else { continue };
        let event = entry["event"].as_str().unwrap_or_default();
        if let Some(place) = ONCE.iter().position(|events| events.contains(&event)) {
            said_of.entry((terms.to_owned(), place)).or_default().push(entry["body"].to_string());
        }
    }
    for ((terms, place), bodies) in &said_of {
        if bodies.len() > 1 {
            let said = format!("{bank}: {} of {terms}: {bodies:?}", ONCE[*place][0]);
            played.fail("logs once", said);
        }
    }
    for job in played.jobs_at(bank) {
        let Some(terms) = job["terms_digest"].as_str().filter(|_| job["stage"] == "done") else { continue };
        for (place, events) in ONCE.iter().enumerate() {
            if !said_of.contains_key(&(terms.to_owned(), place)) {
                played.fail("logs all", format!("{bank}: no {} of {terms}", events[0]));
            }
        }
    }
}

/// Nothing of what was planted lies in any party's folder.
fn canaries(played: &mut Played<'_>) {
    let mut words = vec![CANARY.to_owned()];
    for person in 0..PERSONS {
        let [id, mobile, _] = identifiers(person);
        words.extend([id, mobile.trim_start_matches("+86").to_owned()]);
    }
    for party in played.engine.parties() {
        for file in files(&played.engine.dir(&party)) {
            let bytes = std::fs::read(&file).unwrap_or_default();
            if let Some(word) = words.iter().find(|word| contains(&bytes, word.as_bytes())) {
                played.fail("nothing in clear", format!("{word} in {}", file.display()));
            }
        }
    }
}
