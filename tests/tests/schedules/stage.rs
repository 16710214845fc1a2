//! Schedules of small jobs, registers that change, and reports beside the answer in the clear.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::civil::date;
use lianfang_proto::catalogue::{Disclosure, Kind};
use lianfang_tests::demo::compare::contact_of;
use lianfang_tests::oracle::{ClearBank, ClearRecord, Told, answer, read_register};
use lianfang_tests::world::{COORDINATOR, World};
use serde_json::Value;

pub(crate) const DAY: Duration = Duration::from_hours(24);
pub(crate) const HOUR: Duration = Duration::from_hours(1);

/// An identifier in the clear.
pub(crate) type Identifier = (Kind, String);

/// Adds a schedule of small jobs; further options behind.
pub(crate) async fn add(world: &World, name: &str, options: &[&str]) -> Value {
    let words = ["schedule", "add", name, "--match-threshold", "2", "--purpose", "test", "--basis", "test"];
    let small = ["--chunk", "64", "--least-rows", "64"];
    world.run(COORDINATOR, &[&words[..], &small, options].concat()).await.json()
}

pub(crate) async fn shown(world: &World, name: &str) -> Value {
    world.run(COORDINATOR, &["schedule", "show", name, "--last", "100"]).await.json()
}

/// Lets time pass until the next run is planned.
pub(crate) async fn to_next_run(world: &World, name: &str) {
    let next = world.run(COORDINATOR, &["schedule", "next", name, "--count", "1"]).await.json();
    let next: jiff::Timestamp = next["next"][0]["at"].as_str().expect("a time").parse().expect("a time");
    world.clock.set(next.as_microsecond() + 1_000_000);
}

/// The job of the run that is planned last, once it has one.
pub(crate) async fn started(world: &World, name: &str, number: usize) -> String {
    world
        .until("a run is started", async || {
            let runs = shown(world, name).await["runs"].clone();
            let run = runs.as_array()?.iter().find(|run| run["number"] == number)?.clone();
            run["job"].as_str().map(str::to_owned)
        })
        .await
}

/// The register of a bank in a week: phones come and go.
pub(crate) fn register(bank: usize, week: usize) -> String {
    let mut file = "record,role,mobile\n".to_owned();
    for phone in 0..24_usize {
        let mix = (phone * 31 + bank * 17) % 101;
        let (from, lasts) = (mix % 20, 4 + mix % 13);
        let known = mix.is_multiple_of(3) || (from..from + lasts).contains(&week);
        if (phone + bank).is_multiple_of(2) && known {
            file.push_str(&format!("R{phone:02},agent,139{:08}\n", 10_000 + phone));
        }
    }
    file
}

/// The records of a register that may enter a job.
pub(crate) fn records(file: &str) -> Vec<ClearRecord> {
    read_register(file.as_bytes(), date(2026, 11, 22)).expect("a register")
}

/// A bank with these records, as far as a job of these kinds sees them.
pub(crate) fn entering(bank: &str, records: &[ClearRecord], kinds: &[Kind]) -> ClearBank {
    let only = |record: &ClearRecord| {
        let identifiers = record.identifiers.iter().filter(|(kind, _)| kinds.contains(kind));
        ClearRecord { identifiers: identifiers.cloned().collect(), ..record.clone() }
    };
    ClearBank { id: bank.to_owned(), group: bank.to_owned(), records: records.iter().map(only).collect() }
}

/// Everything that a bank's records mention, each once.
pub(crate) fn identifiers(bank: &ClearBank) -> BTreeSet<Identifier> {
    bank.records.iter().flat_map(|record| record.identifiers.iter().cloned()).collect()
}

/// Every report of a schedule's run is what it must be, and says what is new, still there and gone since the run before.
/// Gives what each bank says of the job, and what its report told of.
pub(crate) async fn compared(
    world: &World,
    job: &str,
    clear: &[ClearBank],
    disclosure: Disclosure,
    before: &BTreeMap<String, Told>,
) -> BTreeMap<String, (Value, Told)> {
    let mut found = BTreeMap::new();
    for (bank, (report, told)) in answer(clear, 2, disclosure, contact_of, before) {
        let shown = world.stage(&bank, job, "done").await;
        let got = world.report(&bank, job).await;
        assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(&report), "{bank} {shown}");
        let had = before.get(&bank).cloned().unwrap_or_default();
        let counts = ["new_rows", "still_rows", "gone_rows"]
            .map(|field| usize::try_from(shown["figures"][field].as_u64().expect("a count")).expect("few"));
        let wanted =
            [told.difference(&had).count(), told.intersection(&had).count(), had.difference(&told).count()];
        assert_eq!(counts, wanted, "{bank}");
        check_gone(world, &bank, job, &had, &told);
        found.insert(bank, (shown, told));
    }
    found
}

/// `gone.csv` lies beside the report and names what the run before had.
fn check_gone(world: &World, bank: &str, job: &str, had: &Told, told: &Told) {
    let path = world.dir("reports").join(job).join(bank).join("gone.csv");
    let text = std::fs::read_to_string(path).expect("gone.csv");
    let records: Vec<&str> =
        text.lines().skip(1).map(|line| line.split(',').next().unwrap_or_default()).collect();
    let wanted: Vec<&str> = had.difference(told).map(|(record, ..)| record.as_str()).collect();
    assert_eq!(records, wanted, "{bank}");
    assert!(text.lines().skip(1).all(|line| line.ends_with(",false")));
}
