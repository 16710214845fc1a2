//! One job's costs as Markdown.

use std::fmt::Write as _;

use super::meter::{Sample, at};
use crate::demo::report::NodeJob;

/// All that was measured of one job.
pub(super) struct Costs {
    /// The processes' names.
    pub(super) parties: Vec<String>,
    /// What the kernel said of them.
    pub(super) samples: Vec<Sample>,
    /// A stage's name and end; the first is where all begins.
    pub(super) borders: Vec<(&'static str, i64)>,
    /// Peak memory of those that serve, in KiB.
    pub(super) peaks: Vec<u64>,
    /// What the nodes say.
    pub(super) jobs: Vec<NodeJob>,
}

/// One stage: seconds on the clock, and of CPU by party.
struct Stage {
    name: &'static str,
    wall: f64,
    cpu: Vec<f64>,
    /// CPU seconds of everybody on the machine.
    machine: f64,
}

impl Stage {
    fn total(&self) -> f64 {
        self.cpu.iter().sum()
    }

    /// Seconds on the clock for each second that the cores which others left over would need.
    fn slack(&self, cores: f64) -> f64 {
        let others = (self.machine - self.total()).max(0.0) / self.wall.max(0.01);
        self.wall * (cores - others).max(0.1) / self.total().max(0.01)
    }
}

impl Costs {
    fn stages(&self) -> Vec<Stage> {
        let pairs = self.borders.windows(2);
        let mut stages: Vec<Stage> = pairs
            .map(|pair| {
                let (from, to) = (at(&self.samples, pair[0].1), at(&self.samples, pair[1].1));
                let mut cpu: Vec<f64> = from.iter().zip(&to).map(|(from, to)| to - from).collect();
                let machine = cpu.pop().unwrap_or(0.0);
                Stage { name: pair[1].0, wall: seconds(pair[1].1 - pair[0].1), cpu, machine }
            })
            .collect();
        let all = (0..self.parties.len()).map(|party| stages.iter().map(|stage| stage.cpu[party]).sum());
        let all = Stage {
            name: "all",
            wall: stages.iter().map(|stage| stage.wall).sum(),
            cpu: all.collect(),
            machine: stages.iter().map(|stage| stage.machine).sum(),
        };
        stages.push(all);
        stages
    }

    /// The table, to be put into a document as it is.
    pub(super) fn table(&self, title: &str) -> String {
        let stages = self.stages();
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as f64;
        let mut text = format!("\n{title}\n\n| CPU seconds |");
        let names = stages.iter().map(|stage| format!(" {} |", stage.name)).collect::<Vec<_>>().concat();
        let _ = writeln!(text, "{names}\n| --- |{}", " ---: |".repeat(stages.len()));
        let mut row = |name: &str, value: &dyn Fn(&Stage) -> String| {
            let cells =
                stages.iter().map(|stage| format!(" {} |", value(stage))).collect::<Vec<_>>().concat();
            let _ = writeln!(text, "| {name} |{cells}");
        };
        for (place, party) in self.parties.iter().enumerate() {
            row(party, &|stage| format!("{:.2}", stage.cpu[place]));
        }
        let identifiers: u64 = self.jobs.iter().map(|job| job.evaluated + job.cached).sum();
        let each = |stage: &Stage| stage.total() * 1e6 / identifiers.max(1) as f64;
        row("**all**", &|stage| format!("**{:.2}**", stage.total()));
        row("µs per identifier", &|stage| format!("{:.2}", each(stage)));
        row("wall seconds", &|stage| format!("{:.2}", stage.wall));
        row("wall ÷ (CPU ÷ free cores)", &|stage| format!("{:.2}", stage.slack(cores)));
        text.push_str(&self.footer());
        text
    }

    fn footer(&self) -> String {
        let mut text = String::from("\n| | peak memory | evaluated | cached | sent | report rows |\n");
        text.push_str("| --- | ---: | ---: | ---: | ---: | ---: |\n");
        for (place, (party, peak)) in self.parties.iter().zip(&self.peaks).enumerate() {
            let _ = write!(text, "| {party} | {:.0} MB |", *peak as f64 * 1_024.0 / 1e6);
            let told = place.checked_sub(1).and_then(|node| self.jobs.get(node)).map(|job| {
                let (evaluated, cached, rows) = (job.evaluated, job.cached, job.report_rows);
                format!(" {evaluated} | {cached} | {:.1} MB | {rows} |", job.bytes_sent as f64 / 1e6)
            });
            let _ = writeln!(text, "{}", told.unwrap_or_else(|| " | | | |".to_owned()));
        }
        text
    }
}

fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_its_part_of_every_process() {
        let sample = |at, one, other| Sample { at, cpu: vec![one, other, one + other] };
        let costs = Costs {
            parties: vec!["coordinator".to_owned(), "commands".to_owned()],
            samples: vec![sample(0, 1.0, 0.0), sample(2_000_000, 3.0, 0.5), sample(6_000_000, 9.0, 0.5)],
            borders: vec![("", 0), ("import", 2_000_000), ("evaluate", 6_000_000)],
            peaks: vec![2_000],
            jobs: vec![NodeJob { evaluated: 400_000, cached: 600_000, ..NodeJob::default() }],
        };
        let table = costs.table("title");
        for line in [
            "| coordinator | 2.00 | 6.00 | 8.00 |",
            "| commands | 0.50 | 0.00 | 0.50 |",
            "| **all** | **2.50** | **6.00** | **8.50** |",
            "| µs per identifier | 2.50 | 6.00 | 8.50 |",
            "| wall seconds | 2.00 | 4.00 | 6.00 |",
        ] {
            assert!(table.contains(line), "{line} is not in {table}");
        }
    }
}
