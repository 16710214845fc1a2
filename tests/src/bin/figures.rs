//! Measures the main job: two banks, both of them holders, one identifier per record, a twentieth of them in common.
//!
//! Comes in: sizes. Goes out: a table of banks, records, stage times, memory and bytes, and a verdict on the memory of
//! every party. Measures by running the demo, which is this executable under another first argument, on registers that
//! are written to files; so each party is a process of its own, and the reports are compared with the clear answer.
//! Fails: with 64 on bad usage, else with 1.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, ensure};
use clap::Parser;
use lianfang_proto::catalogue::Disclosure;
use lianfang_tests::demo::{Demo, children};
use lianfang_tests::measure::{self as whole_job, Case};
use lianfang_tests::people::Plain;
use lianfang_tests::tool;
use serde_json::Value;

/// The first argument of the demo's process.
const DEMO: &str = "demo";
/// The two banks, both of which hold a share.
const BANKS: [&str; 2] = ["alpha", "beta"];
/// The sizes that a quick run compares.
const QUICK: [u64; 2] = [100_000, 200_000];
/// The size of a full run.
const FULL: u64 = 1_000_000;
/// The most memory that a party may have resident in a full run: 300 MB.
const FULL_LIMIT_KIB: u64 = 300_000_000 / 1_024;
/// What a larger register may cost beyond a smaller one: so much of it in a hundred …
const MORE_PERCENT: u64 = 15;
/// … and so much more, for allocators and caches that fill up once.
const MORE_KIB: u64 = 8 * 1_024;
/// One identifier of so many is in common.
const COMMON: u64 = 20;

/// Measures the main job, with every party a process of its own.
#[derive(Debug, Parser)]
#[command(name = "figures")]
#[command(group(clap::ArgGroup::new("size").required(true)))]
struct Options {
    /// 100,000 and 200,000 records per bank; fails if the larger run needs much more memory in any party.
    #[arg(long, group = "size")]
    quick: bool,
    /// 1,000,000 records per bank; fails if any party needs more than 300 MB.
    #[arg(long, group = "size")]
    full: bool,
    /// These sizes, and no verdict on the memory.
    #[arg(long, group = "size", value_name = "N", num_args = 1.., value_parser = clap::value_parser!(u64).range(20..=10_000_000))]
    records: Vec<u64>,
    /// CPU seconds of a whole job, by process and stage.
    #[arg(long, group = "size", value_enum)]
    job: Option<Case>,
    /// Divides the sizes of `--job`.
    #[arg(long, requires = "job", conflicts_with_all = ["quick", "full", "records"], default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    scale: u64,
    /// What the reports of `--job` tell.
    #[arg(long, requires = "job", conflicts_with_all = ["quick", "full", "records"], default_value = "count", value_parser = disclosure)]
    disclosure: Disclosure,
}

fn disclosure(text: &str) -> Result<Disclosure, String> {
    Disclosure::from_code(text).ok_or_else(|| "count, institutions or labels".to_owned())
}

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    match args.get(1) {
        Some(word) if word == DEMO => lianfang_desk::run::main::<Demo>(args.into_iter().skip(1)),
        _ => tool::main(|options: Options| measure_all(&options)),
    }
}

fn measure_all(options: &Options) -> anyhow::Result<()> {
    if let Some(case) = options.job {
        let run = whole_job::Run { case, scale: options.scale, disclosure: options.disclosure };
        let tables = tokio::runtime::Runtime::new()?.block_on(run.measure())?;
        tool::print(&tables.concat());
        return Ok(());
    }
    let sizes = match options {
        Options { quick: true, .. } => QUICK.to_vec(),
        Options { full: true, .. } => vec![FULL],
        Options { records, .. } => records.clone(),
    };
    let mut runs = Vec::new();
    for records in sizes {
        let run = measure(records)?;
        tool::print(&run.table());
        runs.push(run);
    }
    if let (true, [smaller, larger]) = (options.quick, runs.as_slice()) {
        larger.needs_hardly_more_than(smaller)?;
    }
    if options.full {
        runs.iter().try_for_each(|run| run.stays_under(FULL_LIMIT_KIB))?;
    }
    Ok(())
}

/// One run, as the demo's object tells it.
struct Run {
    records: u64,
    told: Value,
}

fn measure(records: u64) -> anyhow::Result<Run> {
    let folder = tempfile::Builder::new().prefix("lianfang-figures-").tempdir()?;
    let plain = Plain { seed: 1, identifiers: records, common: records / COMMON };
    let mut command = Command::new(children::this_executable().map_err(anyhow::Error::from)?);
    command.args([DEMO, "--json", "--lang", "en", "--holders", "2", "--key-threshold", "2"]);
    for (number, bank) in (0..).zip(BANKS) {
        let file = write_register(folder.path(), bank, number, &plain)?;
        let mut pair = OsString::from(format!("{bank}="));
        pair.push(file);
        command.arg("--register").arg(pair);
    }
    let ended =
        command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("the demo did not start")?;
    ensure!(ended.status.success(), "the demo with {records} records per bank ended with {}", ended.status);
    let told: Value = serde_json::from_slice(&ended.stdout).context("the demo's object cannot be read")?;
    let run = Run { records, told };
    for bank in run.banks() {
        let identifiers = count(bank, "identifiers");
        ensure!(identifiers == records, "{identifiers} identifiers were imported of {records}");
    }
    Ok(run)
}

fn write_register(folder: &Path, bank: &str, number: u64, plain: &Plain) -> anyhow::Result<PathBuf> {
    let path = folder.join(format!("{bank}.csv"));
    let mut file = BufWriter::new(File::create(&path)?);
    plain.write_register(number, &mut file)?;
    file.flush()?;
    Ok(path)
}

fn count(of: &Value, name: &str) -> u64 {
    of[name].as_u64().unwrap_or(0)
}

impl Run {
    fn banks(&self) -> &[Value] {
        self.told["banks"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Every party with the most memory that it had resident.
    fn peaks(&self) -> Vec<(&str, u64)> {
        let banks =
            self.banks().iter().map(|bank| (bank["id"].as_str().unwrap_or("?"), count(bank, "peak_kib")));
        banks.chain([("coordinator", count(&self.told["coordinator"], "peak_kib"))]).collect()
    }

    /// Markdown, to be put into a document as it is.
    fn table(&self) -> String {
        let mut text =
            format!("\n{} banks, {} records each\n\n| | |\n| --- | ---: |\n", BANKS.len(), self.records);
        let mut row = |name: &str, value: String| text.extend(["| ", name, " | ", &value, " |\n"]);
        for (stage, seconds) in self.told["stages"].as_object().into_iter().flatten() {
            row(stage, format!("{:.1} s", seconds.as_f64().unwrap_or(0.0)));
        }
        for (party, peak) in self.peaks() {
            row(&format!("peak memory, {party}"), format!("{:.0} MB", kib_in_mb(peak)));
        }
        for bank in self.banks() {
            let name = bank["id"].as_str().unwrap_or("?");
            row(&format!("report rows, {name}"), count(bank, "report_rows").to_string());
            let per_identifier = count(bank, "bytes_sent").checked_div(count(bank, "evaluated"));
            row(&format!("bytes sent per identifier, {name}"), per_identifier.unwrap_or(0).to_string());
        }
        text
    }

    fn needs_hardly_more_than(&self, smaller: &Self) -> anyhow::Result<()> {
        // Both nodes do the same work; which of them has the larger peak is chance, so each is held against the larger.
        let largest_node = smaller.banks().iter().map(|bank| count(bank, "peak_kib")).max().unwrap_or(0);
        for ((party, more), (_, own)) in self.peaks().into_iter().zip(smaller.peaks()) {
            ensure!(own > 0, "the memory of {party} was not measured");
            let less = if party == "coordinator" { own } else { largest_node };
            let allowed = less * (100 + MORE_PERCENT) / 100 + MORE_KIB;
            ensure!(
                more <= allowed,
                "{party} needs {more} KiB with {} records per bank and {less} KiB with {}: at most {allowed} would do",
                self.records,
                smaller.records,
            );
        }
        Ok(())
    }

    fn stays_under(&self, limit: u64) -> anyhow::Result<()> {
        for (party, peak) in self.peaks() {
            ensure!((1..=limit).contains(&peak), "{party} needs {peak} KiB, and {limit} KiB is the limit");
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "a peak in KiB is far below 2^52")]
fn kib_in_mb(kib: u64) -> f64 {
    kib as f64 * 1_024.0 / 1e6
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(records: u64, alpha: u64, coordinator: u64) -> Run {
        let bank = |id: &str, peak: u64| json!({"id": id, "peak_kib": peak, "bytes_sent": 4_200, "evaluated": 100, "report_rows": 5});
        let told = json!({
            "banks": [bank("alpha", alpha), bank("beta", 50_000)],
            "coordinator": {"peak_kib": coordinator},
            "stages": {"job": 1.25},
        });
        Run { records, told }
    }

    #[test]
    fn memory_that_grows_with_the_register_is_found_in_any_party() {
        let smaller = run(25_000, 50_000, 20_000);
        assert!(run(50_000, 65_000, 31_000).needs_hardly_more_than(&smaller).is_ok());
        let error = run(50_000, 70_000, 31_000).needs_hardly_more_than(&smaller).unwrap_err();
        assert!(error.to_string().starts_with("alpha"), "{error}");
        let error = run(50_000, 50_000, 33_000).needs_hardly_more_than(&smaller).unwrap_err();
        assert!(error.to_string().starts_with("coordinator"), "{error}");
        assert!(
            run(50_000, 1, 1).needs_hardly_more_than(&run(25_000, 0, 1)).is_err(),
            "nothing was measured"
        );
    }

    #[test]
    fn the_limit_holds_for_every_party() {
        assert!(run(1, 292_968, 1).stays_under(FULL_LIMIT_KIB).is_ok());
        assert!(run(1, 292_969, 1).stays_under(FULL_LIMIT_KIB).is_err());
        assert!(run(1, 1, 0).stays_under(FULL_LIMIT_KIB).is_err());
    }

    #[test]
    fn a_table_has_every_figure() {
        let table = run(25_000, 50_000, 20_000).table();
        for figure in
            ["2 banks, 25000 records each", "| job | 1.2 s |", "| bytes sent per identifier, beta | 42 |"]
        {
            assert!(table.contains(figure), "{figure} is not in {table}");
        }
    }

    #[test]
    fn one_size_is_chosen() {
        for bad in [&["figures"][..], &["figures", "--quick", "--full"], &["figures", "--records", "1"]] {
            assert!(Options::try_parse_from(bad).is_err(), "{bad:?}");
        }
        let options = Options::try_parse_from(["figures", "--records", "1000", "2000"]).unwrap();
        assert_eq!(options.records, [1_000, 2_000]);
        let options = Options::try_parse_from(["figures", "--job", "next", "--scale", "16"]).unwrap();
        assert_eq!((options.job, options.scale), (Some(Case::Next), 16));
        assert!(Options::try_parse_from(["figures", "--quick", "--scale", "16"]).is_err());
    }
}
