//! What is said of programs: how much memory they need, and what lies about when they are killed. Each is a process here.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use lianfang_tests::canary::Canaries;
use lianfang_tests::demo::children::peak_of;
use lianfang_tests::people::{Plain, Shape, World as People};
use serde_json::Value;

/// Rows of two files. An import fills its sorters before they spill (docs/performance.md): with the fewer of these all are
/// full or nearly so, and what the others took more would be the file's own.
const ROWS: [u64; 2] = [100_000, 200_000];
/// What twice the rows may cost: what a buffer that was not quite full has still to fill.
const MORE_KIB: u64 = 8 * 1_024;
/// And no import may come near this, whatever its file.
const MOST_KIB: u64 = 300_000_000 / 1_024;

/// Between two looks at a process that runs. Its peak only grows, so what the last look misses is what came within this.
const LOOK: Duration = Duration::from_millis(5);

/// A command of a node in this folder.
fn node(dir: &Path, words: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command.arg("node").args(words).args(["--json", "--dir"]).arg(dir).env_remove("LANG");
    // As the units in packaging/systemd have it: how many arenas threads make of one heap is chance.
    command.env("MALLOC_ARENA_MAX", "2");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
}

/// What the command gave, and the most memory that it had resident, in KiB. It would end with its standard input, which is
/// kept open until it has ended by itself.
fn watched(mut child: Child) -> (Output, u64) {
    let mut peak = 0;
    while child.try_wait().expect("a child").is_none() {
        peak = peak.max(peak_of(child.id()));
        std::thread::sleep(LOOK);
    }
    (child.wait_with_output().expect("ended"), peak)
}

/// The most memory of a process that imports so many rows and does nothing else.
fn peak_of_import(folder: &Path, rows: u64) -> u64 {
    let (register, dir) = (folder.join(format!("{rows}.csv")), folder.join(rows.to_string()));
    let mut file = BufWriter::new(File::create(&register).expect("created"));
    let plain = Plain { seed: 3, identifiers: rows, common: 0 };
    plain.write_register(0, &mut file).and_then(|()| file.flush()).expect("written");
    let (made, _) = watched(node(&dir, &["init", "--listen", "127.0.0.1:0"]));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (output, peak) = watched(node(&dir, &["import", &register.display().to_string()]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).expect("an object");
    assert_eq!(told["added"], rows, "{told}");
    peak
}

/// “A million rows need tens of gigabytes.” A file of twice the rows needs hardly more memory, so a million do not either;
/// `figures --quick` compares a whole job so, and `figures --full` runs the million.
#[test]
fn a_million_rows_need_tens_of_gigabytes() {
    let dir = tempfile::tempdir().expect("a folder");
    let [few, many] = ROWS.map(|rows| peak_of_import(dir.path(), rows));
    assert!(few > 0, "nothing was measured");
    assert!(many <= few + MORE_KIB, "{few} KiB for {} rows, {many} KiB for {}", ROWS[0], ROWS[1]);
    assert!(many < MOST_KIB, "{many} KiB");
}

const SEED: u64 = 1;
const BANKS: usize = 3;
const RECORDS: usize = 60;

/// What would give away somebody in the registers of a round, which are made as the siege makes them: every long identifier
/// as it is normalised, and a mobile as a bank writes it.
fn planted(round: u64) -> Vec<String> {
    let people = People::generate(SEED + round, BANKS, RECORDS, Shape::Ordinary);
    let identifiers = people.banks.iter().flat_map(|bank| &bank.rows).flat_map(|row| &row.identifiers);
    let long = identifiers.map(|(_, value)| value).filter(|value| value.len() >= 11);
    long.flat_map(|value| [value.clone(), value.trim_start_matches("+86").to_owned()]).collect()
}

/// “After a kill the whole input lies in clear text in the temporary folder.” Real processes, real kills. After every one
/// of them the folder of whoever was killed is searched; the temporary folder of all, which is theirs alone and which nobody
/// tidies up, at the end. A longer siege runs on its own.
#[test]
fn after_a_kill_the_whole_input_lies_in_clear_text() {
    let dir = tempfile::tempdir().expect("a folder");
    let (temporary, kept) = (dir.path().join("tmp"), dir.path().join("kept"));
    std::fs::create_dir(&temporary).expect("made");
    let (seed, banks, records) = (SEED.to_string(), BANKS.to_string(), RECORDS.to_string());
    let mut command = Command::new(env!("CARGO_BIN_EXE_endure"));
    let sizes = [["--seed", seed.as_str()], ["--banks", &banks], ["--records", &records]];
    command.args(["--kills", "12", "--rounds", "1"]).args(sizes.as_flattened());
    command.arg("--keep").arg(&kept).env("TMPDIR", &temporary).env_remove("LANG").stdin(Stdio::null());
    let output = command.output().expect("it starts");
    let (out, notes) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{notes}");
    let kills: u32 = out.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number");
    assert!(kills >= 12, "{out}");

    let registers = kept.join("registers");
    let rounds = (0..).take_while(|round: &u64| registers.join(round.to_string()).is_dir());
    let planted: Vec<String> = rounds.flat_map(planted).collect();
    let canaries = Canaries::new(planted.iter().map(String::as_str));
    assert!(!canaries.found_under(&registers).is_empty(), "they stand in what was imported");
    let found = canaries.found_under(&temporary);
    assert!(found.is_empty(), "{found:?}");
}
