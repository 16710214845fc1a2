//! Load: many banks at one coordinator, and one holder at saturation.
//!
//! Comes in: how many, how long. Goes out: what each stage took, how requests fared, the memory of the party under load.
//! The party under load is a process of its own, reached over TCP and mutual TLS; the banks that load it are visitors in
//! this process, with keys and certificates of their own and nothing behind them: their tags are numbers. Fails: if an
//! answer is wrong, if a report does not name exactly what all hold, if a request is neither answered nor refused with a
//! time to come back within a minute, or if memory grows.

mod many_banks;
mod saturation;
mod visitor;

use std::time::Duration;

use anyhow::ensure;
use clap::{Args, Parser, Subcommand};
use lianfang_proto::limits::{BLIND_EVALUATE_ELEMENTS, CHUNK_ELEMENTS};

use crate::demo::args::Plan;
use crate::demo::{Demo, children};

pub use many_banks::many_banks;
pub use saturation::saturation;

/// What to load.
#[derive(Debug, Parser)]
#[command(name = "load")]
pub struct Options {
    /// Which party.
    #[command(subcommand)]
    pub case: Case,
}

/// The two cases.
#[derive(Debug, Subcommand)]
pub enum Case {
    /// Many banks submit to one coordinator.
    Banks(ManyBanks),
    /// One holder is asked for more than it can answer.
    Holder(Saturation),
}

/// Many banks.
#[derive(Clone, Copy, Debug, Args)]
pub struct ManyBanks {
    /// How many.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(2..=1_000))]
    pub banks: u16,
    /// Tags of each.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub tags: u32,
    /// Banks that submit at once.
    #[arg(long, default_value_t = 16)]
    pub at_once: usize,
}

/// Saturation.
#[derive(Clone, Copy, Debug, Args)]
pub struct Saturation {
    /// How long.
    #[arg(long, default_value_t = 600)]
    pub seconds: u64,
    /// Requests that are always under way, or waiting to come back: by default more than a holder takes of one bank, which
    /// are 2,048 small or 8 bulk ones.
    #[arg(long)]
    pub at_once: Option<usize>,
    /// Asks by the bulk call that jobs use, 16,384 elements under a signed request, in place of the small one with proofs.
    #[arg(long)]
    pub bulk: bool,
}

impl Saturation {
    /// Requests at once.
    fn askers(self) -> usize {
        self.at_once.unwrap_or(if self.bulk { 24 } else { 3_000 })
    }

    /// Elements of a request.
    fn elements(self) -> usize {
        if self.bulk { CHUNK_ELEMENTS } else { BLIND_EVALUATE_ELEMENTS }
    }
}

/// A federation of so many real banks, as the demo plans it.
fn plan(banks: u16) -> anyhow::Result<Plan> {
    let demo = Demo::try_parse_from(["demo", "--banks", &banks.to_string(), "--records", "20"])?;
    demo.plan(&std::env::temp_dir()).map_err(told)
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn told(problem: lianfang_desk::Problem) -> anyhow::Error {
    anyhow::anyhow!("{problem}")
}

/// Durations of requests of one kind.
#[derive(Default)]
struct Latencies(Vec<Duration>);

impl Latencies {
    fn push(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// The time that so many in a hundred did not exceed, in milliseconds.
    fn percentile(&mut self, percent: usize) -> f64 {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * percent / 100).map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
    }
}

/// Memory must not grow: what was resident at most in an early part, and in a late one.
fn stays_flat(early_kib: u64, late_kib: u64) -> anyhow::Result<()> {
    ensure!(early_kib > 0, "nothing was measured");
    let allowed = early_kib + early_kib / 10 + 8 * 1_024;
    ensure!(late_kib <= allowed, "memory grew from {early_kib} KiB to {late_kib} KiB");
    Ok(())
}

/// What is resident of a process now.
fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// The coordinator's program, for commands on its folder.
const COORDINATOR: &str = children::COORDINATOR;

#[cfg(test)]
mod tests {
    use super::*;

    /// The first argument also says whether this process is to be a party: a case by such a name would never run.
    #[test]
    fn no_case_has_the_name_of_a_party() {
        for case in ["banks", "holder"] {
            assert!(Options::try_parse_from(["load", case]).is_ok(), "{case}");
        }
        for party in [children::NODE, children::COORDINATOR] {
            assert!(Options::try_parse_from(["load", party]).is_err(), "{party}");
        }
    }

    #[test]
    fn percentiles_and_growth() {
        let mut latencies = Latencies((1..=100).rev().map(Duration::from_millis).collect());
        assert!((latencies.percentile(50) - 50.0).abs() < 1e-9);
        assert!((latencies.percentile(99) - 99.0).abs() < 1e-9);
        assert!(Latencies::default().percentile(50).abs() < 1e-9);
        assert!(stays_flat(100_000, 118_000).is_ok());
        assert!(stays_flat(100_000, 119_000).is_err());
        assert!(stays_flat(0, 0).is_err());
        assert!(resident_kib(std::process::id()) > 0);
    }
}
