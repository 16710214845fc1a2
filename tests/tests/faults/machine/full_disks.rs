//! Disks that fill up in the middle of a job: it stops with a sentence, and goes on once there is room; nothing is lost.
//!
//! A party's folder is moved onto a small disk, which is mounted in a namespace of the test's own: each test runs itself
//! again there (`unshare --user --map-root-user --mount`, util-linux).

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use lianfang_proto::FaultCode;
use lianfang_tests::world::{COORDINATOR, JobTerms, World, address};

use crate::stage::{LABELS, agree, long_submission, stocked};
use crate::told::{said_of, told};

const INSIDE: &str = "LIANFANG_TEST_INSIDE_NAMESPACE";

/// Whether this process may mount; if not, the test is run by one that may.
fn inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let itself = std::env::current_exe().expect("this executable");
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount"]).arg(itself);
    command.args(["--exact", &format!("machine::full_disks::{test}"), "--nocapture"]).env(INSIDE, "1");
    let output = command.output().expect("unshare is there");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    false
}

fn run(program: &str, args: &[&str]) {
    let output = Command::new(program).args(args).output().expect("it starts");
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A small disk under a party's folder, and what takes up the room on it.
struct SmallDisk {
    ballast: PathBuf,
}

impl SmallDisk {
    /// Moves the folder of a party onto a disk of its own. The party is stopped and started again.
    async fn under(world: &mut World, party: &str) -> Self {
        world.stop(party).await;
        let dir = world.dir(party);
        let aside = dir.with_extension("aside");
        let text = |path: &Path| path.display().to_string();
        std::fs::rename(&dir, &aside).expect("moved aside");
        std::fs::create_dir(&dir).expect("made");
        run("mount", &["-t", "tmpfs", "-o", "size=64m,mode=700", "none", &text(&dir)]);
        run("cp", &["-a", &format!("{}/.", text(&aside)), &text(&dir)]);
        world.start(party).await;
        Self { ballast: dir.join("ballast") }
    }

    /// Leaves so many bytes.
    fn fill_up_to(&self, left: u64) {
        let mut file = File::options().create(true).append(true).open(&self.ballast).expect("made");
        let piece = vec![7; 4_096];
        while file.write_all(&piece).is_ok() {}
        let length = file.metadata().expect("a length").len();
        file.set_len(length.saturating_sub(left)).expect("cut");
    }

    /// Makes the disk read-only, or writable again. Nobody may have a file of it open for writing.
    fn remount(&self, how: &str) {
        let folder = self.ballast.parent().expect("a folder").display().to_string();
        run("mount", &["-o", &format!("remount,{how}"), &folder]);
    }

    fn make_room(&self) {
        std::fs::remove_file(&self.ballast).expect("removed");
    }
}

/// All banks come to the end, with the right reports.
async fn ends_well(world: World, people: &lianfang_tests::people::World, job: &str) {
    for bank in world.banks() {
        world.stage(&bank, job, "done").await;
        assert!(world.run(&bank, &["audit", "verify"]).await.exit.is_done());
    }
    world.closed(job).await;
    assert!(world.run(COORDINATOR, &["audit", "verify"]).await.exit.is_done());
    let banks = world.banks();
    let banks: Vec<&str> = banks.iter().map(String::as_str).collect();
    agree(&world, people, &banks, job, 2, LABELS).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_coordinators_disk_is_full_while_rows_come_in() {
    if !inside("the_coordinators_disk_is_full_while_rows_come_in") {
        return;
    }
    let (mut world, people) = stocked(2, 2, 2, 30).await;
    let disk = SmallDisk::under(&mut world, COORDINATOR).await;
    disk.fill_up_to(3_000_000);
    let job = world.start_job(&long_submission()).await;
    told(&world, "bank-01", &job, FaultCode::DiskFull, "coordinator").await;
    disk.make_room();
    ends_well(world, &people, &job).await;
}

/// A disk that comes back read-only after a restart of the machine, in the middle of a job.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_is_read_only_for_a_while() {
    if !inside("a_disk_is_read_only_for_a_while") {
        return;
    }
    let (mut world, people) = stocked(2, 2, 2, 30).await;
    let disk = SmallDisk::under(&mut world, "bank-02").await;
    let job = world.start_job(&JobTerms::new(2, LABELS).with("--deadline", "1h")).await;
    world.stop("bank-02").await;
    disk.remount("ro");
    let Err(problem) = world.try_start("bank-02").await else { panic!("it opened") };
    assert_eq!(problem.code(), "disk-read-only");
    disk.remount("rw");
    world.start("bank-02").await;
    let coordinators = SmallDisk::under(&mut world, COORDINATOR).await;
    world.stop(COORDINATOR).await;
    coordinators.remount("ro");
    let Err(problem) = world.try_start_coordinator().await else { panic!("it opened") };
    assert_eq!(problem.code(), "disk-read-only");
    coordinators.remount("rw");
    world.start(COORDINATOR).await;
    ends_well(world, &people, &job).await;
}

/// The submissions fit, and the reports do not: the job waits longer than it would for any other failure.
#[tokio::test(flavor = "multi_thread")]
async fn the_coordinators_disk_is_full_while_it_matches() {
    if !inside("the_coordinators_disk_is_full_while_it_matches") {
        return;
    }
    let (mut world, people) = stocked(3, 2, 2, 200).await;
    let disk = SmallDisk::under(&mut world, COORDINATOR).await;
    world.stop("bank-03").await;
    let job = world.start_job(&JobTerms::new(2, LABELS).with("--deadline", "1h")).await;
    for bank in ["bank-01", "bank-02"] {
        world.stage(bank, &job, "submitted").await;
    }
    // The third does not come, and with the deadline the matching begins.
    disk.fill_up_to(120_000);
    world.clock.pass(Duration::from_secs(3_601));
    world
        .until("the coordinator says so", async || {
            let shown = world.run(COORDINATOR, &["job", "show", &job]).await.json();
            assert!(shown["state"] == "open" || shown["state"] == "matching", "{shown}");
            (shown["failure"] == "disk-full").then_some(())
        })
        .await;
    said_of(&world, COORDINATOR, &job, FaultCode::DiskFull, COORDINATOR).await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(world.run(COORDINATOR, &["job", "show", &job]).await.json()["state"], "matching");
    disk.make_room();
    for bank in ["bank-01", "bank-02"] {
        world.stage(bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02"], &job, 2, LABELS).await;
    assert!(world.run(COORDINATOR, &["audit", "verify"]).await.exit.is_done());
    world.end().await;
}

/// The submission does not fit into the spool.
#[tokio::test(flavor = "multi_thread")]
async fn a_nodes_spool_is_full() {
    if !inside("a_nodes_spool_is_full") {
        return;
    }
    let (mut world, people) = stocked(2, 2, 2, 30).await;
    let disk = SmallDisk::under(&mut world, "bank-01").await;
    disk.fill_up_to(3_000_000);
    let job = world.start_job(&long_submission()).await;
    told(&world, "bank-01", &job, FaultCode::DiskFull, "bank-01").await;
    disk.make_room();
    ends_well(world, &people, &job).await;
}

/// Not one byte is left for the store while chunks are under way.
#[tokio::test(flavor = "multi_thread")]
async fn a_nodes_store_is_full() {
    if !inside("a_nodes_store_is_full") {
        return;
    }
    let (mut world, people) = stocked(2, 2, 2, 200).await;
    let disk = SmallDisk::under(&mut world, "bank-01").await;
    let wire = world.network.faults(&address("bank-02"));
    wire.blackhole(true);
    let job = world.start_job(&long_submission()).await;
    world.until("the job is known", async || world.job_at("bank-01", &job).await).await;
    disk.fill_up_to(0);
    wire.blackhole(false);
    told(&world, "bank-01", &job, FaultCode::DiskFull, "bank-01").await;
    disk.make_room();
    ends_well(world, &people, &job).await;
}
