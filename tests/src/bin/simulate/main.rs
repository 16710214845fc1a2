//! Plays lists of operations against a simulated federation; see `docs/simulation.md`.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser;
use lianfang_tests::simulation::List;
use lianfang_tests::simulation::generate::generate;
use lianfang_tests::simulation::order::share_a_core;
use lianfang_tests::simulation::play::Failure;
use lianfang_tests::simulation::run::{self, Covered, Outcome};

use players::Players;

mod players;
mod randomness;

/// What `--twice` looks at. It says nothing of a smaller list.
const SAME_COURSE: &str = "same course";

/// Plays lists of operations against a simulated federation.
#[derive(Clone, Parser)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
struct Args {
    /// How many lists.
    #[arg(long, default_value_t = 100)]
    lists: u64,
    /// The seed of the first; the others follow.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Begin no list after so many seconds.
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
    /// Play each list twice, and take it for failed if it took another course though its threads have an order.
    #[arg(long)]
    twice: bool,
    /// Play nothing; print the lists of these seeds.
    #[arg(long)]
    show: bool,
    /// How many processes play at once; as many as there are cores if left out.
    #[arg(long)]
    processes: Option<u64>,
    /// Let the machine choose the order of threads, and others have their part of the cores.
    #[arg(long)]
    loose: bool,
    /// Do one thing in this process: play the list that comes in, against the federation in this folder.
    #[arg(long, hide = true)]
    alone: Option<PathBuf>,
    /// In which folder, empty, it is played.
    #[arg(long = "in", hide = true, requires = "alone")]
    root: Option<PathBuf>,
    /// Make a federation of this shape there instead.
    #[arg(long, hide = true, requires = "alone")]
    make: Option<String>,
    /// On which core.
    #[arg(long, hide = true, default_value_t = 0)]
    core: u64,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    if let Some(place) = &args.alone {
        return alone(&args, place);
    }
    if args.show {
        (args.seed..args.seed + args.lists).for_each(|seed| say(&generate(seed).to_string()));
        return Ok(ExitCode::SUCCESS);
    }
    if args.replay.is_empty() { many(&args) } else { replay(&args) }
}

fn say(line: &str) {
    // Nobody listens any more: then there is nothing to say.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// What a process does that [`Players`] have started.
fn alone(args: &Args, place: &Path) -> anyhow::Result<ExitCode> {
    // Whoever started this has gone: then nobody waits for it, and nothing else would end it.
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    share_a_core(args.core);
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let outcome = if let Some(shape) = &args.make {
        randomness::begin(0);
        run::make(shape, place)
    } else {
        let list = List::read(&text).map_err(|line| anyhow::anyhow!("not a list: {line}"))?;
        randomness::begin(list.seed);
        run::play(&list, place, args.root.as_deref().context("--in is missing")?)
    };
    say(&serde_json::to_string(&outcome)?);
    Ok(ExitCode::SUCCESS)
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
    let players = Players::new(!args.loose);
    let mut failed = 0;
    for file in lists_of(&args.replay)? {
        let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let list = List::read(&text).map_err(|line| anyhow::anyhow!("{}: {line}", file.display()))?;
        let began = Instant::now();
        let outcome = played(args, &players, args.core, &list);
        let (failures, took) = (outcome.failures.len(), began.elapsed().as_secs_f64());
        say(&format!("{}: {failures} failures, {took:.2} s, {}", file.display(), course(&outcome)));
        for failure in &outcome.failures {
            say(&format!("  {}: {}", failure.check, failure.seen));
        }
        failed += u64::from(failures > 0);
    }
    say(&format!("{failed} lists failed"));
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn course(outcome: &Outcome) -> String {
    let order = if outcome.ordered { "" } else { ", in the machine's order" };
    format!("course {:016x}{order}", outcome.course)
}

/// A list that was played; if it failed, also the smallest that does.
struct Told {
    list: List,
    outcome: Outcome,
    smaller: Option<List>,
}

/// Plays a list, or plays it twice and compares.
fn played(args: &Args, players: &Players, core: u64, list: &List) -> Outcome {
    let mut outcome = players.play(core, list);
    if args.twice {
        let again = players.play(core, list);
        if outcome.ordered && again.ordered && again.course != outcome.course {
            let seen = format!("{}, and {}", course(&outcome), course(&again));
            outcome.failures.push(Failure { check: SAME_COURSE.to_owned(), seen });
        }
        outcome.failures.extend(again.failures);
    }
    outcome
}

/// Plays list after list on one core, until none is left.
fn work(
    args: &Args,
    players: &Players,
    core: u64,
    began: Instant,
    next: &AtomicU64,
    to: &mpsc::Sender<Told>,
) {
    while args.seconds.is_none_or(|limit| began.elapsed().as_secs_f64() < limit) {
        let number = next.fetch_add(1, Ordering::SeqCst);
        if number >= args.lists {
            break;
        }
        let list = generate(args.seed + number);
        let outcome = played(args, players, core, &list);
        let failure = outcome.failures.iter().find(|failure| failure.check != SAME_COURSE);
        let smaller =
            failure.filter(|_| !args.no_shrink).map(|failure| players.shrink(core, &list, &failure.check));
        if to.send(Told { list, outcome, smaller }).is_err() {
            break;
        }
    }
}

fn many(args: &Args) -> anyhow::Result<ExitCode> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let processes = args.processes.unwrap_or(cores).max(1);
    say(&format!("seed {}, {} lists, {processes} at once", args.seed, args.lists));
    if let Some(folder) = &args.keep {
        std::fs::create_dir_all(folder)?;
    }
    // Those who share a core have no order among each other.
    let players = Players::new(!args.loose && processes <= cores);
    let (next, began) = (AtomicU64::new(0), Instant::now());
    let (to, told) = mpsc::channel();
    let covered = std::thread::scope(|scope| {
        for core in 0..processes {
            let (players, next, to) = (&players, &next, to.clone());
            scope.spawn(move || work(args, players, core, began, next, &to));
        }
        drop(to);
        gather(args, began, told)
    })?;
    close(&covered, began);
    let all = covered.lists == args.lists || args.seconds.is_some();
    Ok(if all && covered.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Takes what is told as long as anybody plays; whoever plays ends when this cannot go on.
fn gather(args: &Args, began: Instant, told: mpsc::Receiver<Told>) -> anyhow::Result<Covered> {
    let mut covered = Covered::default();
    for told in told {
        covered.count(&told.list, &told.outcome);
        if !told.outcome.failures.is_empty() {
            tell(args, &told)?;
        }
        if covered.lists.is_multiple_of(1_000) {
            say(&format!("{} lists, {:.1} a second", covered.lists, rate(covered.lists, began)));
        }
    }
    Ok(covered)
}

/// Tells of a list that failed, and keeps it.
fn tell(args: &Args, told: &Told) -> anyhow::Result<()> {
    let seed = told.list.seed;
    let mut checks: BTreeMap<&str, &str> = BTreeMap::new();
    for failure in &told.outcome.failures {
        checks.entry(&failure.check).or_insert(&failure.seen);
        say(&format!("seed {seed} failed: {}: {}", failure.check, failure.seen));
    }
    let list = told.smaller.as_ref().unwrap_or(&told.list).to_string();
    say(&format!("{}\n{list}", course(&told.outcome)));
    if let Some(folder) = &args.keep {
        let why: String = checks.keys().map(|check| format!("# {check}\n")).collect();
        let file = Path::new(folder).join(format!("seed-{seed}.list"));
        std::fs::write(file, format!("{why}{list}"))?;
    }
    Ok(())
}

/// How many a second.
fn rate(count: u64, began: Instant) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / began.elapsed().as_secs_f64()
}

fn close(covered: &Covered, began: Instant) {
    let (took, rate) = (began.elapsed().as_secs_f64(), rate(covered.lists, began));
    let (jobs, hours) = (covered.jobs, covered.lasted / 3_600_000_000);
    say(&format!(
        "{} lists in {took:.1} s, {rate:.1} a second; {jobs} jobs, {hours} hours of their time",
        covered.lists
    ));
    let kinds: Vec<String> =
        covered.operations.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    say(&format!("operations: {}", kinds.join(", ")));
    if covered.unordered > 0 {
        say(&format!("{} in the machine's order of threads", covered.unordered));
    }
    say(&format!("{} failed", covered.failed));
}
