//! What the register costs for each row, in microseconds of CPU of the whole process.
//!
//! `cargo bench -p lianfang-node --bench register -- [ROWS]` imports a file of one mobile a record (200,000 unless told),
//! the same file again, one with a twentieth of new rows, and reads and writes what a job reads and writes. A line for
//! each operation: its name, rows, CPU µs a row, wall µs a row, and the most memory that was resident meanwhile. With
//! `--only-import` it ends after the first two.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use jiff::civil::Date;
use lianfang_desk::Lang;
use lianfang_node::audit::Log;
use lianfang_node::ingest::{Options, RegisterFile, Rejects};
use lianfang_node::ports::Ports;
use lianfang_node::register::{
    IdentifierId, ImportOptions, ImportSummary, Output, OutputKey, Register, Selection,
};
use lianfang_node::store::Store;
use lianfang_proto::catalogue::{Class, Kind};
use lianfang_proto::documents::terms::Admission;
use lianfang_proto::ids::Epoch;
use lianfang_store::Place;
use lianfang_trust::at_rest::MasterKey;

type Outcome<T> = Result<T, Box<dyn Error>>;

const ROWS: u64 = 200_000;
/// Identifiers of a chunk, and of a page of a submission.
const CHUNK: usize = 4096;
const KEY: OutputKey = OutputKey { class: Class::Subject, epoch: Epoch(1), public: [7; 32] };

fn main() -> Outcome<()> {
    let rows = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(ROWS);
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(run(rows))
}

async fn run(rows: u64) -> Outcome<()> {
    let folder = tempfile::tempdir_in(std::env::current_dir()?)?;
    let (ports, file) = (Ports::system(), folder.path().join("register.csv"));
    let master = Arc::new(MasterKey::ephemeral(&mut *ports.chance.rng()));
    let store =
        Store::open(&Place::File(folder.path().join("store.sqlite")), folder.path(), master, ports).await?;
    let register = Register::new(store.clone(), Log::new(store.clone(), "alpha"));

    write_register(&file, 0..rows)?;
    let clock = Clock::start()?;
    expect(import(&register, &file, false).await?.added, rows)?;
    clock.tell("import, all new", rows)?;
    let clock = Clock::start()?;
    expect(import(&register, &file, false).await?.unchanged, rows)?;
    clock.tell("import, nothing new", rows)?;
    if std::env::args().any(|word| word == "--only-import") {
        store.close().await;
        return Ok(());
    }

    let selection = register.selection(Admission::everyone(), Kind::ALL.iter().map(|k| k.number()).collect());
    let clock = Clock::start()?;
    expect(select(&selection).await?, rows)?;
    clock.tell("select for a job", rows)?;
    let clock = Clock::start()?;
    let ids = select_for_chunks(&selection).await?;
    expect(ids.len() as u64, rows)?;
    clock.tell("select for chunks", rows)?;
    let clock = Clock::start()?;
    expect(put(&store, &register, &ids).await?, rows)?;
    clock.tell("write outputs", rows)?;
    let clock = Clock::start()?;
    expect(read_with_outputs(&register, &selection).await?, rows)?;
    clock.tell("select with outputs", rows)?;

    let fresh = rows / 20;
    write_register(&file, 0..rows + fresh)?;
    let clock = Clock::start()?;
    expect(import(&register, &file, false).await?.added, fresh)?;
    clock.tell("import, 5 % new", rows)?;
    write_register(&file, fresh..rows + fresh)?;
    let clock = Clock::start()?;
    expect(import(&register, &file, true).await?.retracted, fresh)?;
    clock.tell("import --full, 5 % gone", rows)?;
    expect(register.outputs(KEY).count().await?, rows - fresh)?;
    let clock = Clock::start()?;
    expect(missing(&selection).await?, fresh)?;
    clock.tell("select what has no output", rows)?;
    store.close().await;
    Ok(())
}

fn expect(found: u64, wanted: u64) -> Outcome<()> {
    if found == wanted { Ok(()) } else { Err(format!("{found} rows instead of {wanted}").into()) }
}

/// One mobile a record, each another.
fn write_register(path: &Path, rows: std::ops::Range<u64>) -> Outcome<()> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(b"record,role,mobile\n")?;
    for row in rows {
        let place = u128::from(row) * 2_654_435_761 % 700_000_000;
        let last = place % 10;
        let (head, body) = (place / 100_000_000 + 3, place / 10 % 10_000_000);
        writeln!(file, "P{row:08},agent,1{head}{body:07}{last}{}", (last + 1) % 10)?;
    }
    Ok(file.flush()?)
}

async fn import(register: &Register, path: &Path, full: bool) -> Outcome<ImportSummary> {
    let file = RegisterFile::open(File::open(path)?, &Options::default())?;
    let options =
        ImportOptions { full, retract_many: false, dry_run: false, today: Date::constant(2026, 1, 1) };
    let mut rejects = Rejects::new(Vec::new(), Lang::En)?;
    Ok(register.import(file.into(), options, &mut rejects, |_| ()).await?)
}

async fn select(selection: &Selection) -> Outcome<u64> {
    let (mut after, mut seen) = (IdentifierId::START, 0);
    loop {
        let page = selection.page(after, CHUNK).await?;
        let Some(last) = page.last() else { return Ok(seen) };
        (after, seen) = (last.id, seen + page.len() as u64);
    }
}

/// As an evaluation does: a page of what has no output, then the records behind it.
async fn select_for_chunks(selection: &Selection) -> Outcome<Vec<IdentifierId>> {
    let (mut after, mut all) = (IdentifierId::START, Vec::new());
    loop {
        let page = selection.page_without_output(&KEY, after, CHUNK).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = last.id;
        let ids: Vec<_> = page.iter().map(|eligible| eligible.id).collect();
        expect(selection.mentions(&ids).await?.len() as u64, ids.len() as u64)?;
        all.extend(ids);
    }
}

async fn put(store: &Store, register: &Register, ids: &[IdentifierId]) -> Outcome<u64> {
    let (outputs, mut stored) = (register.outputs(KEY), 0);
    for chunk in ids.chunks(CHUNK) {
        let fresh: Vec<_> = chunk.iter().map(|id| (*id, Output::new([3; 64]))).collect();
        let mut tx = store.begin().await?;
        stored += outputs.put(&mut tx, &fresh).await?;
        tx.commit().await?;
    }
    Ok(stored)
}

/// As a submission does that evaluates nothing: pages with their outputs.
async fn read_with_outputs(register: &Register, selection: &Selection) -> Outcome<u64> {
    let (mut after, mut seen, outputs) = (IdentifierId::START, 0, register.outputs(KEY));
    loop {
        let page = selection.page(after, CHUNK).await?;
        let Some(last) = page.last() else { return Ok(seen) };
        after = last.id;
        let ids: Vec<_> = page.iter().map(|eligible| eligible.id).collect();
        seen += outputs.of(&ids).await?.len() as u64;
    }
}

async fn missing(selection: &Selection) -> Outcome<u64> {
    let (mut after, mut seen) = (IdentifierId::START, 0);
    loop {
        let page = selection.page_without_output(&KEY, after, CHUNK).await?;
        let Some(last) = page.last() else { return Ok(seen) };
        (after, seen) = (last.id, seen + page.len() as u64);
    }
}

struct Clock {
    wall: Instant,
    cpu: f64,
}

impl Clock {
    fn start() -> Outcome<Self> {
        // The mark of the most memory begins anew (proc(5), clear_refs).
        std::fs::write("/proc/self/clear_refs", "5")?;
        Ok(Self { wall: Instant::now(), cpu: cpu_seconds()? })
    }

    fn tell(&self, what: &str, rows: u64) -> Outcome<()> {
        let each = |seconds: f64| seconds * 1e6 / rows as f64;
        let (cpu, wall) = (each(cpu_seconds()? - self.cpu), each(self.wall.elapsed().as_secs_f64()));
        let peak = peak_megabytes()?;
        let line = format!("{what:<28} {rows:>9} rows {cpu:>7.2} µs CPU {wall:>7.2} µs wall {peak:>6.0} MB");
        Ok(writeln!(std::io::stdout(), "{line}")?)
    }
}

/// User and system time of all threads so far; Linux tells it in hundredths of a second (proc(5)).
fn cpu_seconds() -> Outcome<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let behind = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: Vec<f64> = behind.split_whitespace().skip(11).take(2).filter_map(|t| t.parse().ok()).collect();
    Ok(ticks.iter().sum::<f64>() / 100.0)
}

fn peak_megabytes() -> Outcome<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kibibytes: f64 = peak.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes / 1024.0)
}
