//! What the demo tells at its end: a table for people, one object for scripts.

use std::collections::BTreeMap;
use std::time::Duration;

use lianfang_desk::table::{Table, bytes, duration, number};
use lianfang_desk::{Console, Value};
use serde::{Serialize, Serializer};

use super::args::{Plan, Source};
use super::compare::Mismatch;

/// What a process has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Usage {
    /// The most memory that it had resident, in KiB.
    pub peak_kib: u64,
    /// User and system time, in seconds.
    pub cpu_s: f64,
}

impl Usage {
    /// Takes a later sample in; a process that is gone gives zeros, which change nothing.
    pub fn take(&mut self, later: Self) {
        self.peak_kib = self.peak_kib.max(later.peak_kib);
        self.cpu_s = self.cpu_s.max(later.cpu_s);
    }
}

/// What an import counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Import {
    /// Records that stand in the register.
    pub records: u64,
    /// Distinct identifiers of theirs.
    pub identifiers: u64,
    /// Values and cells that were refused.
    pub rejected: u64,
}

/// What a node says of its part in the job.
#[derive(Clone, Debug, Default)]
pub struct NodeJob {
    /// Identifiers evaluated with holders.
    pub evaluated: u64,
    /// Identifiers whose output was there already.
    pub cached: u64,
    /// Bytes of elements and rows sent, as the node's own figures have it.
    pub bytes_sent: u64,
    /// Rows of its report.
    pub report_rows: u64,
    /// What its stages took.
    pub stages: Vec<(String, f64)>,
    /// When each ended, in microseconds since 1970.
    pub ended: BTreeMap<String, i64>,
}

/// Everything that was measured.
pub struct Figures {
    /// Per bank, in the order of the plan, as is all below.
    pub imports: Vec<Import>,
    /// Per bank.
    pub jobs: Vec<NodeJob>,
    /// The coordinator's, then per bank.
    pub usage: (Usage, Vec<Usage>),
    /// What the stages of the whole took.
    pub stages: Vec<(String, f64)>,
}

#[derive(Serialize)]
struct BankLine {
    id: String,
    records: u64,
    identifiers: u64,
    rejected: u64,
    report_rows: u64,
    evaluated: u64,
    cached: u64,
    bytes_sent: u64,
    peak_kib: u64,
    cpu_s: f64,
}

/// The end of a run.
#[derive(Serialize)]
pub struct Outcome {
    ok: bool,
    seed: Option<u64>,
    banks: Vec<BankLine>,
    coordinator: Usage,
    holders: usize,
    key_threshold: usize,
    match_threshold: u16,
    disclosure: &'static str,
    #[serde(serialize_with = "as_object")]
    stages: Vec<(String, f64)>,
    mismatches: Vec<Mismatch>,
}

/// Differing rows that a person is shown; all of them stand in the object.
const SHOWN: usize = 20;

impl Outcome {
    /// Puts together what is known.
    pub fn new(plan: &Plan, figures: Figures, mismatches: Vec<Mismatch>) -> Self {
        let (coordinator, of_banks) = figures.usage;
        let lines = plan.banks.iter().zip(figures.imports).zip(&figures.jobs).zip(of_banks);
        let banks = lines.map(|(((id, import), job), usage)| BankLine {
            id: id.clone(),
            records: import.records,
            identifiers: import.identifiers,
            rejected: import.rejected,
            report_rows: job.report_rows,
            evaluated: job.evaluated,
            cached: job.cached,
            bytes_sent: job.bytes_sent,
            peak_kib: usage.peak_kib,
            cpu_s: usage.cpu_s,
        });
        Self {
            ok: mismatches.is_empty(),
            seed: match plan.source {
                Source::Generated { seed, .. } => Some(seed),
                Source::Files(_) => None,
            },
            banks: banks.collect(),
            coordinator,
            holders: plan.holders,
            key_threshold: plan.key_threshold,
            match_threshold: plan.match_threshold,
            disclosure: plan.disclosure.code(),
            stages: stages(figures.stages, &figures.jobs),
            mismatches,
        }
    }

    /// Whether reports and clear answer agree.
    pub fn ok(&self) -> bool {
        self.ok
    }

    /// The object on standard output, or the tables.
    pub fn print(&self, console: &dyn Console, addresses: &[(String, String)]) {
        if console.json() {
            console.out(&serde_json::to_string(self).unwrap_or_default());
        } else {
            console.out(&self.parties(console, addresses));
            console.say("demo-learned", &[]);
            console.out(&format!("\n{}", self.times(console)));
        }
        for mismatch in self.mismatches.iter().take(SHOWN) {
            let what = console.text(&format!("demo-{}", mismatch.what), &[]);
            let party = Value::from(&mismatch.bank);
            console.remark(
                "demo-difference",
                &[("party", party), ("what", what.into()), ("row", Value::from(&mismatch.row))],
            );
        }
        let verdict = if self.ok { "demo-agrees" } else { "demo-differs" };
        let args = [("count", Value::from(self.mismatches.len()))];
        if console.json() { console.remark(verdict, &args) } else { console.say(verdict, &args) }
    }

    fn parties(&self, console: &dyn Console, addresses: &[(String, String)]) -> String {
        let columns = [
            "party",
            "records",
            "identifiers",
            "rejected",
            "learned",
            "evaluated",
            "sent",
            "memory",
            "cpu",
            "address",
        ];
        let headers = columns.map(|column| console.text(&format!("demo-column-{column}"), &[]));
        let mut table = Table::new(headers).right(&[1, 2, 3, 4, 5, 6, 7, 8]);
        let cpu = |seconds| duration(console.lang(), seconds_of(seconds));
        let address = |name: &str| addresses.iter().find(|(known, _)| known == name).map_or("", |(_, at)| at);
        for bank in &self.banks {
            let counts = [bank.records, bank.identifiers, bank.rejected, bank.report_rows, bank.evaluated];
            let mut row = vec![bank.id.clone()];
            row.extend(counts.map(number));
            row.push(bank.bytes_sent.checked_div(bank.evaluated).map_or_else(|| "–".to_owned(), number));
            row.extend([bytes(bank.peak_kib * 1_024), cpu(bank.cpu_s), address(&bank.id).to_owned()]);
            table.row(row);
        }
        let mut row = vec![console.text("demo-coordinator", &[])];
        row.extend(vec!["–".to_owned(); 6]);
        row.extend([bytes(self.coordinator.peak_kib * 1_024), cpu(self.coordinator.cpu_s)]);
        row.push(address("coordinator").to_owned());
        table.row(row);
        table.render()
    }

    fn times(&self, console: &dyn Console) -> String {
        let headers = ["stage", "took"].map(|column| console.text(&format!("demo-column-{column}"), &[]));
        let mut table = Table::new(headers).right(&[1]);
        for (stage, took) in &self.stages {
            let id = format!("demo-stage-{stage}");
            let name = if lianfang_desk::messages::has(&id) {
                console.text(&id, &[])
            } else {
                console.text("demo-stage-within", &[("stage", stage.trim_start_matches("job.").into())])
            };
            table.row([name, duration(console.lang(), seconds_of(*took))]);
        }
        table.render()
    }
}

fn seconds_of(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// In their order, which an object of `serde_json`'s own would not keep.
fn as_object<S: Serializer>(stages: &[(String, f64)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(stages.iter().map(|(name, seconds)| (name, seconds)))
}

/// The stages of the whole in their order, and within the job the slowest bank's.
fn stages(whole: Vec<(String, f64)>, jobs: &[NodeJob]) -> Vec<(String, f64)> {
    let mut stages: Vec<(String, f64)> = Vec::new();
    for (name, seconds) in whole {
        let is_job = name == "job";
        stages.push((name, rounded(seconds)));
        if !is_job {
            continue;
        }
        for (stage, seconds) in jobs.iter().flat_map(|job| &job.stages) {
            let (name, seconds) = (format!("job.{stage}"), rounded(*seconds));
            match stages.iter_mut().find(|(known, _)| *known == name) {
                Some((_, slowest)) => *slowest = slowest.max(seconds),
                None => stages.push((name, seconds)),
            }
        }
    }
    stages
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::Parser as _;
    use lianfang_desk::{Buffer, Lang};

    use super::*;
    use crate::demo::Demo;

    fn outcome(mismatches: Vec<Mismatch>) -> Outcome {
        let plan = Demo::try_parse_from(["demo", "--banks", "2"]).unwrap().plan(Path::new("/")).unwrap();
        let job = |seconds| NodeJob {
            evaluated: 10,
            bytes_sent: 420,
            stages: vec![("evaluate".to_owned(), seconds)],
            ..NodeJob::default()
        };
        let usage = Usage { peak_kib: 2_048, cpu_s: 1.25 };
        let figures = Figures {
            imports: vec![Import { records: 3, identifiers: 10, rejected: 1 }; 2],
            jobs: vec![job(0.5), job(2.0)],
            usage: (usage, vec![usage; 2]),
            stages: vec![("import".to_owned(), 1.0), ("job".to_owned(), 3.0)],
        };
        Outcome::new(&plan, figures, mismatches)
    }

    #[test]
    fn the_object_has_the_members_that_scripts_rely_on() {
        let console = Buffer::new(Lang::En).json();
        outcome(Vec::new()).print(&console, &[]);
        let object: serde_json::Value = serde_json::from_str(&console.out_text()).unwrap();
        let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let mut wanted = vec![
            "ok",
            "seed",
            "banks",
            "coordinator",
            "holders",
            "key_threshold",
            "match_threshold",
            "disclosure",
            "stages",
            "mismatches",
        ];
        wanted.sort_unstable();
        assert_eq!(keys(&object), wanted);
        let mut wanted = vec![
            "id",
            "records",
            "identifiers",
            "rejected",
            "report_rows",
            "evaluated",
            "cached",
            "bytes_sent",
            "peak_kib",
            "cpu_s",
        ];
        wanted.sort_unstable();
        assert_eq!(keys(&object["banks"][0]), wanted);
        assert_eq!(keys(&object["coordinator"]), ["cpu_s", "peak_kib"]);
        assert_eq!(object["stages"]["job.evaluate"], 2.0);
        assert_eq!((&object["ok"], &object["seed"]), (&true.into(), &1.into()));
        assert!(console.notes_text().contains("agree"));
    }

    #[test]
    fn a_person_reads_tables_and_what_differs() {
        for lang in Lang::ALL {
            let console = Buffer::new(lang);
            let row = "A1,agent,mobile,*******5678,2".to_owned();
            let mismatch = Mismatch { bank: "bank-02".to_owned(), what: "missing", row };
            let outcome = outcome(vec![mismatch]);
            outcome.print(&console, &[("bank-01".to_owned(), "127.0.0.1:7".to_owned())]);
            assert!(!outcome.ok());
            let shown = console.out_text();
            assert!(
                shown.contains("127.0.0.1:7") && shown.contains("2.0 MiB") && shown.contains("42"),
                "{shown}"
            );
            assert!(console.notes_text().contains("*******5678"));
        }
    }
}
