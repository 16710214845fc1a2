//! Lists of operations against simulated federations: those that found something once, and some more. Ten thousand are
//! played by CI's step `simulation`. Processes of their own play them, since each list must have its threads to itself.

use std::path::Path;
use std::process::Command;

#[track_caller]
fn simulate(words: &[&str]) {
    // Other tests run beside these, and need the cores, too.
    let played =
        Command::new(env!("CARGO_BIN_EXE_simulate")).arg("--loose").args(words).output().expect("it runs");
    let told = String::from_utf8_lossy(&played.stdout);
    assert!(played.status.success(), "{told}\n{}", String::from_utf8_lossy(&played.stderr));
}

#[test]
fn lists_that_failed_once() {
    let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("simulation");
    simulate(&["--replay", &lists.display().to_string()]);
}

#[test]
fn some_lists_of_every_kind() {
    simulate(&["--lists", "60", "--seed", "100000", "--processes", "2"]);
}
