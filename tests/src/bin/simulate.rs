//! Plays lists of operations against a simulated federation; see `docs/simulation.md`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser;
use lianfang_tests::simulation::List;
use lianfang_tests::simulation::generate::generate;
use lianfang_tests::simulation::quiet::share_a_core;
use lianfang_tests::simulation::run::{Covered, Outcome, Templates, seconds};
use serde_json::{Value, json};

/// Plays lists of operations against a simulated federation.
#[derive(Clone, Parser)]
struct Args {
    /// How many lists.
    #[arg(long, default_value_t = 100)]
    lists: u64,
    /// The seed of the first; the others follow.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// End after so many seconds, whatever is left.
    #[arg(long)]
    seconds: Option<f64>,
    /// Play these files instead, or all lists of a folder.
    #[arg(long)]
    replay: Vec<PathBuf>,
    /// Where smaller lists of what failed are written.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Leave failing lists as they are.
    #[arg(long)]
    no_shrink: bool,
    /// Play nothing; print the lists of these seeds.
    #[arg(long)]
    show: bool,
    /// How many processes; as many as there are cores if left out.
    #[arg(long)]
    processes: Option<u64>,
    /// Play every so-manieth list and tell a parent process.
    #[arg(long, hide = true)]
    part: Option<u64>,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    if !args.replay.is_empty() {
        return replay(&args);
    }
    if args.show {
        (args.seed..args.seed + args.lists).for_each(|seed| say(&generate(seed).to_string()));
        return Ok(ExitCode::SUCCESS);
    }
    match args.part {
        Some(part) => {
            work(&args, part);
            Ok(ExitCode::SUCCESS)
        }
        None => lead(&args),
    }
}

/// How many a second.
fn rate(count: u64, took: f64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / took
}

fn say(line: &str) {
    // Nobody listens any more: then there is nothing to say.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The files themselves, and every list of the folders.
fn lists_of(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
            let lists = entries.into_iter().map(|entry| entry.path());
            files.extend(lists.filter(|path| path.extension().is_some_and(|end| end == "list")));
        } else {
            files.push(path.clone());
        }
    }
    files.sort();
    Ok(files)
}

fn replay(args: &Args) -> anyhow::Result<ExitCode> {
    let mut templates = Templates::default();
    let mut failed = 0;
    for file in lists_of(&args.replay)? {
        let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let list = List::read(&text).map_err(|line| anyhow::anyhow!("{}: {line}", file.display()))?;
        let began = Instant::now();
        let outcome = templates.play(&list);
        say(&format!("{}: {} failures, {:.2} s", file.display(), outcome.failures.len(), seconds(began)));
        for failure in &outcome.failures {
            say(&format!("  {}: {}", failure.check, failure.seen));
        }
        failed += u64::from(!outcome.failures.is_empty());
    }
    say(&format!("{failed} lists failed"));
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One process' share.
fn work(args: &Args, part: u64) {
    share_a_core(part);
    let began = Instant::now();
    let mut templates = Templates::default();
    let processes = args.processes.unwrap_or(1).max(1);
    let mut seed = args.seed + part;
    while seed < args.seed + args.lists && args.seconds.is_none_or(|limit| seconds(began) < limit) {
        let list = generate(seed);
        let outcome = templates.play(&list);
        let checks: Vec<Value> = outcome.failures.iter().map(|f| json!([f.check, f.seen])).collect();
        let mut told =
            json!({"seed": seed, "jobs": outcome.jobs, "lasted": outcome.lasted, "failures": checks});
        if let Some(failure) = outcome.failures.first() {
            let small = if args.no_shrink { list } else { templates.shrink(&list, failure.check) };
            told["list"] = small.to_string().into();
        }
        say(&told.to_string());
        seed += processes;
    }
}

fn part_of(args: &Args, processes: u64, part: u64) -> anyhow::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--lists", &args.lists.to_string(), "--seed", &args.seed.to_string()]);
    command.args(["--processes", &processes.to_string(), "--part", &part.to_string()]);
    if let Some(limit) = args.seconds {
        command.args(["--seconds", &limit.to_string()]);
    }
    if args.no_shrink {
        command.arg("--no-shrink");
    }
    Ok(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?)
}

/// Starts the processes and gathers what they tell.
fn lead(args: &Args) -> anyhow::Result<ExitCode> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let processes = args.processes.unwrap_or(cores).max(1);
    let began = Instant::now();
    say(&format!("seed {}, {} lists, {processes} processes", args.seed, args.lists));
    let (to, told) = std::sync::mpsc::channel();
    let mut children = Vec::new();
    for part in 0..processes {
        let mut child = part_of(args, processes, part)?;
        let lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
        let to = to.clone();
        children.push(child);
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(to.send(line))));
    }
    drop(to);
    let (mut covered, mut failed) = (Covered::default(), 0);
    for line in told {
        let Ok(told) = serde_json::from_str::<Value>(&line) else {
            say(&line);
            continue;
        };
        let number = |name: &str| told[name].as_u64().unwrap_or_default();
        let outcome = Outcome {
            jobs: usize::try_from(number("jobs")).unwrap_or_default(),
            lasted: number("lasted"),
            ..Outcome::default()
        };
        covered.count(&generate(number("seed")), &outcome);
        if told["list"].is_string() {
            failed += 1;
            tell(args, &told)?;
        }
        if covered.lists.is_multiple_of(1_000) {
            say(&format!("{} lists, {:.1} a second", covered.lists, rate(covered.lists, seconds(began))));
        }
    }
    let mut whole = true;
    for mut child in children {
        whole &= child.wait()?.success();
    }
    close(&covered, failed, seconds(began));
    let all = whole && (covered.lists == args.lists || args.seconds.is_some());
    Ok(if all && failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Tells of a list that failed, and keeps it.
fn tell(args: &Args, told: &Value) -> anyhow::Result<()> {
    let (seed, list) = (&told["seed"], told["list"].as_str().unwrap_or_default());
    let mut checks: BTreeMap<&str, &str> = BTreeMap::new();
    for failure in told["failures"].as_array().into_iter().flatten() {
        let (check, seen) =
            (failure[0].as_str().unwrap_or_default(), failure[1].as_str().unwrap_or_default());
        checks.entry(check).or_insert(seen);
        say(&format!("seed {seed} failed: {check}: {seen}"));
    }
    say(list);
    if let Some(folder) = &args.keep {
        std::fs::create_dir_all(folder)?;
        let why: String = checks.keys().map(|check| format!("# {check}\n")).collect();
        let file = Path::new(folder).join(format!("seed-{seed}.list"));
        std::fs::write(file, format!("{why}{list}"))?;
    }
    Ok(())
}

fn close(covered: &Covered, failed: u64, took: f64) {
    let rate = rate(covered.lists, took);
    let (jobs, hours) = (covered.jobs, covered.lasted / 3_600_000_000);
    say(&format!(
        "{} lists in {took:.1} s, {rate:.1} a second; {jobs} jobs, {hours} hours of their time",
        covered.lists
    ));
    let kinds: Vec<String> =
        covered.operations.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    say(&format!("operations: {}", kinds.join(", ")));
    say(&format!("{failed} failed"));
}
