//! What must hold after every list.
//!
//! Comes in: a federation at rest. Goes out: nothing, or what was found. Every check stands by itself and trusts no other
//! party's word where it can look for itself: reports are compared with the oracle's answer over the registers as they
//! were, counters with charges, charges with the chunks that the banks themselves took down.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use lianfang_desk::Exit;
use lianfang_proto::catalogue::Disclosure;
use serde_json::Value;

use super::play::{Job, Played};
use super::register::{CANARY, PERSONS, identifiers};
use super::{keys, ledgers, schedules};
use crate::canary::files;
use crate::demo::compare::contact_of;
use crate::oracle::{ClearBank, answer};
use crate::world::COORDINATOR;

/// What each bank was told, by job and bank.
type Told = BTreeMap<(String, String), Vec<u8>>;

/// Looks at everything.
pub fn all(played: &mut Played<'_>) {
    let at_coordinator = played.jobs_at(COORDINATOR);
    let (mut told, mut took_part) = (Told::new(), BTreeMap::new());
    for number in 0..played.jobs.len() {
        let known = &played.jobs[number];
        let is_it = |job: &&Value| match known.run {
            Some(_) => job["job"].as_str() == known.id.as_deref(),
            None => job["purpose"] == format!("list-{number}"),
        };
        if let Some(shown) = at_coordinator.iter().find(is_it) {
            took_part.extend(job(played, number, shown, &mut told).map(|banks| (number, banks)));
        } else if known.id.is_some() && known.age == played.age {
            played.fail("keeps jobs", format!("job {number} is gone"));
        }
    }
    for (number, banks) in &took_part {
        agrees(played, *number, banks, &told);
    }
    if played.age == 0 {
        schedules::check(played, &at_coordinator);
    }
    keys::check(played);
    logs(played);
    for party in played.engine.parties() {
        played.engine.stop(&party);
    }
    ledgers::check(played);
    for party in played.engine.parties() {
        nothing_in_clear(played, &party);
    }
}

/// One job: who took part, what each was told, who is named missing. Gives who took part if their reports are to be the
/// clear answer.
fn job(played: &mut Played<'_>, number: usize, shown: &Value, told: &mut Told) -> Option<BTreeSet<String>> {
    let id = shown["job"].as_str().unwrap_or_default().to_owned();
    if played.jobs[number].id.as_ref().is_some_and(|known| *known != id) {
        played.fail("keeps jobs", format!("job {number} has become another"));
    }
    played.jobs[number].id = Some(id.clone());
    // What a coordinator that went back in time says of a job from before may not be what banks were told.
    let remembered = played.jobs[number].age == played.age;
    let parties = shown["participants"].as_array().cloned().unwrap_or_default();
    let name = |party: &Value| party["bank"].as_str().unwrap_or_default().to_owned();
    let (took_part, missing): (Vec<Value>, Vec<Value>) =
        parties.into_iter().partition(|party| party["submitted"] == true);
    let took_part: BTreeSet<String> = took_part.iter().map(name).collect();
    let missing: BTreeSet<String> = missing.iter().map(name).collect();
    if shown["state"] != "closed" {
        if remembered || shown["state"] != "failed" {
            played.fail("closes", shown.to_string());
        }
        return None;
    }
    if played.jobs[number].calm && !missing.is_empty() && played.is_whole() {
        played.fail("takes part", format!("job {number}: {missing:?}"));
    }
    summary(played, number, &id, &took_part, &missing);
    for bank in took_part.iter().chain(&missing) {
        let Some(stage) = stage_at(played, bank, &id) else { continue };
        if stage != "done" && stage != "returned" {
            continue;
        }
        if missing.contains(bank) && remembered {
            played.fail("names the missing", format!("{bank} was told of job {number}, and is missing"));
        }
        if let Some(report) = report(played, bank, &id) {
            under_threshold(played, number, bank, &report);
            told.insert((id.clone(), bank.clone()), report);
        }
    }
    remembered.then_some(took_part)
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
fn agrees(played: &mut Played<'_>, number: usize, took_part: &BTreeSet<String>, told: &Told) {
    let job = played.jobs[number].clone();
    let before = played.told_before(&job, told);
    let versions: Vec<Vec<ClearBank>> = took_part.iter().map(|bank| versions(played, &job, bank)).collect();
    let id = job.id.clone().unwrap_or_default();
    let reports: Vec<Option<&Vec<u8>>> =
        took_part.iter().map(|bank| told.get(&(id.clone(), bank.clone()))).collect();
    let mut nearest = None;
    for choice in products(&versions) {
        let clear: Vec<ClearBank> =
            choice.iter().zip(&versions).map(|(place, all)| all[*place].clone()).collect();
        let threshold = usize::from(job.terms.threshold);
        let expected = answer(&clear, threshold, job.terms.disclosure, contact_of, &before);
        let wrong = clear.iter().enumerate().find_map(|(place, bank)| {
            let expected = &expected.get(&bank.id)?.0;
            let later: Vec<BTreeSet<&str>> = versions[place][choice[place]..].iter().map(records).collect();
            let got = reports[place]?;
            (!is_told(expected, got, &later, job.terms.disclosure))
                .then(|| (bank.id.clone(), got.clone(), expected.clone()))
        });
        match wrong {
            None => return,
            wrong => nearest = wrong,
        }
    }
    let Some((bank, got, wanted)) = nearest else { return };
    let (got, wanted) =
        (String::from_utf8_lossy(&got).into_owned(), String::from_utf8_lossy(&wanted).into_owned());
    played.fail(
        "the oracle's answer",
        format!("job {number} ({id}) with {took_part:?}, {bank}:\n{got}\nwanted:\n{wanted}"),
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

fn records(bank: &ClearBank) -> BTreeSet<&str> {
    bank.records.iter().map(|record| record.record.as_str()).collect()
}

/// Whether a bank that submitted the first of these versions may be told this, if the answer is `expected`.
///
/// A node reads its report when the register has perhaps become a later version. Then its own report lacks the rows of
/// records that are no longer there, and no others: an output is erased with the last record that needs it, and without it
/// no label opens. A record that was gone in between and is back by then has its output only if another job has made it
/// anew, so its rows may be there or not; counts need no output.
fn is_told(expected: &[u8], got: &[u8], later: &[BTreeSet<&str>], disclosure: Disclosure) -> bool {
    let (expected, got) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(got));
    let got_rows: BTreeSet<&str> = got.split_inclusive('\n').collect();
    (0..later.len()).any(|read| {
        let stands = |row: &&str| {
            let record = row.split(',').next().unwrap_or_default();
            let always = later[..=read].iter().all(|records| records.contains(record));
            let counted = disclosure == Disclosure::Count;
            later[read].contains(record) && (always || counted || got_rows.contains(row))
        };
        let rows = expected.split_inclusive('\n').enumerate();
        let told: String =
            rows.filter(|(number, row)| *number == 0 || stands(row)).map(|(_, row)| row).collect();
        told == got
    })
}

/// Every way to take one of each, by its place; the newest last.
fn products(choices: &[Vec<ClearBank>]) -> Vec<Vec<usize>> {
    choices.iter().fold(vec![Vec::new()], |chosen, next| {
        let longer = |chosen: &Vec<usize>| {
            let chosen = chosen.clone();
            (0..next.len()).map(move |one| [chosen.as_slice(), &[one]].concat())
        };
        chosen.iter().flat_map(longer).collect()
    })
}

fn under_threshold(played: &mut Played<'_>, number: usize, bank: &str, report: &[u8]) {
    let threshold = usize::from(played.jobs[number].terms.threshold);
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

/// All that was planted, to be looked for at once.
static PLANTED: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let mut words = vec![CANARY.to_owned()];
    for person in 0..PERSONS {
        let [id, mobile, _] = identifiers(person);
        words.extend([id, mobile.trim_start_matches("+86").to_owned()]);
    }
    AhoCorasick::new(words).expect("few words")
});

/// Nothing of what was planted lies in a party's folder.
pub fn nothing_in_clear(played: &mut Played<'_>, party: &str) {
    for file in files(&played.engine.dir(party)) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        if let Some(found) = PLANTED.find(&bytes) {
            let word = String::from_utf8_lossy(&bytes[found.range()]).into_owned();
            played.fail("nothing in clear", format!("{word} in {}", file.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_lacks_what_is_gone_and_nothing_else() {
        let expected = b"head\na,1\nb,2\nc,3\n";
        let is = |got: &str, later: &[&[&str]], disclosure| {
            let later: Vec<BTreeSet<&str>> = later.iter().map(|all| all.iter().copied().collect()).collect();
            is_told(expected, got.as_bytes(), &later, disclosure)
        };
        let (labels, count) = (Disclosure::Labels, Disclosure::Count);
        let whole: &[&str] = &["a", "b", "c"];
        assert!(is("head\na,1\nb,2\nc,3\n", &[whole], labels));
        assert!(!is("head\na,1\nc,3\n", &[whole], labels), "a row is missing");
        assert!(!is("head\na,1\nb,2\nc,3\nd,4\n", &[whole, &["a", "d"]], labels), "a row too many");
        let gone: [&[&str]; 2] = [whole, &["a", "c"]];
        assert!(is("head\na,1\nb,2\nc,3\n", &gone, labels), "read before");
        assert!(is("head\na,1\nc,3\n", &gone, labels), "read after");
        assert!(!is("head\na,1\n", &gone, labels), "c was never gone");
        let back: [&[&str]; 3] = [whole, &["a", "c"], whole];
        assert!(is("head\na,1\nc,3\n", &back, labels), "its output is gone");
        assert!(is("head\na,1\nc,3\n", &back[..2], count) && is("head\na,1\nb,2\nc,3\n", &back, count));
        let other: [&[&str]; 4] = [whole, &["a", "c"], whole, &["b", "c"]];
        assert!(is("head\nc,3\n", &other, labels), "one is gone, of the other its output");
        assert!(!is("head\nc,3\n", &other, count), "a count needs none");
    }
}
