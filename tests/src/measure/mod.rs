//! What a whole job costs: CPU seconds of every process, by stage, from the register's file to the written report.
//!
//! Comes in: a case and its scale. Goes out: a table for each job. Every party is a process of its own, as in the demo; the
//! kernel's counters of each (user and system time of all its threads) are sampled all along, and read off at the borders
//! of the stages. A border is where the last party has passed it, by the times that the nodes note themselves; command
//! lines that have ended count as `commands`. `write` is what comes after the last report is kept: certificates, and the
//! files. Founding the federation is before the first border, and what this process
//! does itself (generating, the oracle, waiting) is in no figure. Trusts: the oracle; a report that differs is an error.

mod meter;
mod table;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use lianfang_desk::{Buffer, Lang, Problem};
use lianfang_proto::catalogue::Disclosure;

use crate::demo::args::{Plan, Source};
use crate::demo::compare::Clear;
use crate::demo::federation::{Federation, FinishedJob};
use crate::people::Plain;
use meter::{Meter, now};
use table::Costs;

/// The cases whose cost is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Case {
    /// Two banks of 2^20 identifiers, both of them holders; half is in common.
    TwoBanks,
    /// The same, and then a second job after 5 % new identifiers.
    Next,
    /// Ten banks of 100,000 identifiers, three of five holders; a twentieth is at every bank.
    TenBanks,
}

/// One identifier in so many is new for the next job.
const NEW: u64 = 21;

/// A case in numbers.
struct Sizes {
    banks: u64,
    holders: usize,
    key_threshold: usize,
    identifiers: u64,
    /// One identifier in so many is at every bank.
    common: u64,
}

impl Case {
    fn sizes(self) -> Sizes {
        match self {
            Self::TwoBanks | Self::Next => {
                Sizes { banks: 2, holders: 2, key_threshold: 2, identifiers: 1 << 20, common: 2 }
            }
            Self::TenBanks => {
                Sizes { banks: 10, holders: 5, key_threshold: 3, identifiers: 100_000, common: 20 }
            }
        }
    }
}

/// A case, a scale, a disclosure.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Which.
    pub case: Case,
    /// All sizes are divided by this.
    pub scale: u64,
    /// What the reports tell.
    pub disclosure: Disclosure,
}

/// What one bank imports, and what stands in its register afterwards.
struct Files {
    imported: Vec<PathBuf>,
    whole: Vec<PathBuf>,
}

impl Run {
    /// Runs all jobs of the case; a table for each.
    pub async fn measure(self) -> anyhow::Result<Vec<String>> {
        let folder = tempfile::Builder::new().prefix("lianfang-figures-").tempdir()?;
        let sizes = self.case.sizes();
        let plan = self.plan(&sizes);
        let jobs = self.registers(&sizes, &plan, folder.path())?;
        let console = Buffer::new(Lang::En);
        let most = sizes.identifiers / self.scale * 2;
        let mut federation = Federation::found(&plan, folder.path(), most, &console).await.map_err(told)?;
        federation.enrol().await.map_err(told)?;
        federation.agree_on_key().await.map_err(told)?;
        let mut tables = Vec::new();
        for (number, files) in jobs.iter().enumerate() {
            let costs = self.job(&plan, &federation, files).await?;
            tables.push(costs.table(&self.title(&sizes, number)));
        }
        federation.stop().await;
        Ok(tables)
    }

    fn title(self, sizes: &Sizes, number: usize) -> String {
        let identifiers = sizes.identifiers / self.scale;
        let which = if number == 0 { "first job" } else { "next job, 5 % new" };
        let (threshold, holders) = (sizes.key_threshold, sizes.holders);
        let (banks, disclosure) = (sizes.banks, self.disclosure.code());
        format!("{banks} banks of {identifiers}, {threshold} of {holders} holders, `{disclosure}`: {which}")
    }

    fn plan(self, sizes: &Sizes) -> Plan {
        Plan {
            banks: (1..=sizes.banks).map(|bank| format!("bank-{bank:02}")).collect(),
            holders: sizes.holders,
            key_threshold: sizes.key_threshold,
            match_threshold: 2,
            disclosure: self.disclosure,
            source: Source::Files(Vec::new()),
            out: None,
            keep: false,
        }
    }

    /// Writes what is imported before each job.
    fn registers(self, sizes: &Sizes, plan: &Plan, folder: &Path) -> anyhow::Result<Vec<Files>> {
        let base = (sizes.identifiers / self.scale).max(NEW);
        let identifiers = if self.case == Case::Next { base + base / (NEW - 1) } else { base };
        let plain = Plain { seed: 1, identifiers, common: identifiers / sizes.common };
        let is_new = |row: u64| self.case == Case::Next && row % NEW == NEW - 1;
        let write = |name: &str, wanted: &dyn Fn(u64) -> bool| {
            let banks = (0..).zip(&plan.banks);
            let paths = banks.map(|(number, bank)| {
                let path = folder.join(format!("{bank}.{name}.csv"));
                let mut file = BufWriter::new(File::create(&path)?);
                plain.write_rows(number, wanted, &mut file)?;
                file.flush()?;
                Ok(path)
            });
            paths.collect::<std::io::Result<Vec<_>>>()
        };
        let first = write("first", &|row| !is_new(row))?;
        let mut jobs = vec![Files { imported: first.clone(), whole: first }];
        if self.case == Case::Next {
            jobs.push(Files { imported: write("new", &is_new)?, whole: write("whole", &|_| true)? });
        }
        Ok(jobs)
    }

    async fn job(self, plan: &Plan, federation: &Federation<'_>, files: &Files) -> anyhow::Result<Costs> {
        let clear = Clear::of_files(plan, &files.whole).map_err(told)?;
        let meter = Meter::start(federation.processes());
        let mut borders = vec![("", now())];
        federation.import(&files.imported).await.map_err(told)?;
        borders.push(("import", now()));
        let job = federation.job().await.map_err(told)?;
        let reports = federation.write_reports(&job).await.map_err(told)?;
        borders.extend(stages(&job)?);
        borders.push(("write", now()));
        // The last commands were waited for; one sample more has them.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (parties, samples) = meter.stop();
        let mismatches = clear.compare(&reports).map_err(told)?;
        ensure!(mismatches.is_empty(), "{} rows of the reports are not what they must be", mismatches.len());
        let (coordinator, nodes) = federation.usage();
        let peaks = std::iter::once(coordinator).chain(nodes).map(|usage| usage.peak_kib).collect();
        Ok(Costs { parties, samples, borders, peaks, jobs: job.nodes })
    }
}

/// Where the last node passed each border.
fn stages(job: &FinishedJob) -> anyhow::Result<[(&'static str, i64); 4]> {
    let ended = |stage: &str| {
        let ends = job.nodes.iter().map(|node| node.ended.get(stage).copied());
        ends.collect::<Option<Vec<i64>>>().with_context(|| format!("a node does not say when {stage} ended"))
    };
    let last = |stage: &str| ended(stage).map(|ends| ends.into_iter().max().unwrap_or_default());
    let began = job.nodes.iter().zip(ended("report")?).map(|(node, end)| {
        let took = node.stages.iter().find(|(name, _)| name == "report").map_or(0.0, |(_, took)| *took);
        end - i64::try_from(Duration::from_secs_f64(took).as_micros()).unwrap_or(0)
    });
    let (evaluate, submit) = (last("evaluate")?, last("submit")?);
    let matched = began.min().unwrap_or(submit).max(submit);
    Ok([("evaluate", evaluate), ("submit", submit), ("match", matched), ("report", last("report")?)])
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn told(problem: Problem) -> anyhow::Error {
    anyhow::anyhow!("{}", problem.json())
}
