//! Processes of their own that share a store: this test's program, run again.

use std::process::Stdio;

use lianfang_store::trial::Trial;
use lianfang_store::{Database, Place};
use tokio::process::Command;

use super::{STEPS, suite};

/// Numbers that each process takes.
pub(crate) const EACH: i64 = 25;
const PLACE: &str = "LIANFANG_CONFORMANCE_PLACE";

/// Has so many processes take numbers at once; gives all of them, sorted.
pub(crate) async fn run(trial: &Trial, processes: usize) -> Vec<i64> {
    let place = match trial.place() {
        Place::Server(address) => address.to_string(),
        Place::File(path) => path.display().to_string(),
    };
    let start = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["processes::takes_numbers", "--exact", "--ignored", "--nocapture"]);
        command.env(PLACE, &place).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap()
    };
    let started: Vec<_> = (0..processes).map(|_| start()).collect();
    let mut taken = Vec::new();
    for process in started {
        let output = process.wait_with_output().await.unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}");
        taken.extend(said.lines().filter_map(|line| line.strip_prefix("took ")?.parse::<i64>().ok()));
    }
    taken.sort_unstable();
    taken
}

/// What each of them does. Alone it does nothing.
#[tokio::test]
#[ignore = "run by several_processes_count_together"]
async fn takes_numbers() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let place = if place.contains("://") { Place::Server(place.into()) } else { Place::File(place.into()) };
    let database = Database::open(&place, &STEPS).await.unwrap();
    // The harness has begun a line.
    println!();
    for _ in 0..EACH {
        println!("took {}", suite::take(&database).await.unwrap());
    }
    database.close().await;
}
