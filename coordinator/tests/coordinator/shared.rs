//! Several coordinators over one store; and one that is stopped in the middle.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use lianfang_desk::{Exit, Lang};
use lianfang_link::KeyMaterial;
use lianfang_proto::FaultCode;
use lianfang_proto::documents::roster::Roster;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::v1::{GetJobRequest, JobState, WatchInboxReply, WatchInboxRequest};
use lianfang_trust::{Digest, Signed, SigningKey};
use serde_json::{Value, json};

use crate::bank::{Bank, message, request};
use crate::submissions::{Rows, job_under_way, start_job};
use crate::world::{World, bank_id, code};

impl Bank {
    async fn watch(&self, seen: u64) -> WatchInboxReply {
        let request = WatchInboxRequest { seen, wait_ms: 5_000 };
        self.directory().watch_inbox(request).await.unwrap().into_inner()
    }

    async fn rows_received(&self, job: &str) -> u64 {
        let request = GetJobRequest { job: hex::decode(job).unwrap().into() };
        self.jobs().get_job(request).await.unwrap().into_inner().rows_received
    }
}

impl World {
    /// Waits until so many runs of a schedule were started, closing their jobs by time: one runs at a time.
    async fn runs(&self, name: &str, started: usize) {
        for _ in 0..1_000 {
            let shown = self.json(&["schedule", "show", name, "--last", "100"]).await;
            let runs = shown["runs"].as_array().unwrap();
            let done: Vec<_> = runs.iter().filter(|run| run["fate"] == "started").collect();
            if done.len() >= started {
                return;
            }
            for run in done {
                let job = run["job"].as_str().unwrap();
                let state = self.json(&["job", "show", job]).await["state"].clone();
                if state != "closed" && state != "failed" {
                    self.pass(600);
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{name} has not started {started} runs");
    }

    /// How often each event stands in the log.
    async fn events(&self) -> BTreeMap<String, usize> {
        let (_, log) = self.coordinator().run(&["audit", "list", "--last", "10000", "--json"]).await;
        let mut events = BTreeMap::new();
        for line in log.lines() {
            let entry: Value = serde_json::from_str(line).unwrap();
            *events.entry(entry["event"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        events
    }
}

/// A submission that was begun at one coordinator goes on at the other, from what lies on the disk.
async fn submit_at_both(world: &World, bank: &mut Bank, id: &str, terms: &Terms, digest: Digest) {
    let rows = Rows::of(terms, digest, bank.id.as_str(), &[2, 3, 4]);
    bank.announce(&rows.header).await.unwrap();
    bank.send(&digest, 0, &rows.bytes[..7 * rows.row_bytes]).await.unwrap();
    bank.turn_to(world, "hub-b:7443");
    assert_eq!(bank.rows_received(id).await, 7);
    let rest = &rows.bytes[7 * rows.row_bytes..];
    assert_eq!(code(&bank.send(&digest, 7, rest).await.unwrap_err()).0, FaultCode::Busy, "one writes");
    world.pass(21);
    let held = world.rows_of(id, bank.id.as_str());
    assert_eq!(bank.send(&digest, 7, rest).await.unwrap(), 16);
    let now = world.rows_of(id, bank.id.as_str());
    assert_ne!(now, held, "the other one never writes into the first one's file");
    assert_eq!(bank.rows_received(id).await, 16);
    // The first one has lost the submission, and knows it.
    bank.turn_to(world, "hub:7443");
    assert_eq!(code(&bank.seal(&digest).await.unwrap_err()).0, FaultCode::Busy);
    bank.turn_to(world, "hub-b:7443");
    bank.seal(&digest).await.unwrap();
}

/// Whoever is asked says the same, to the byte, and however often; what banks say twice counts once.
async fn conclude_at_both(world: &World, banks: &mut [Bank], id: &str, digest: &Digest) {
    let mut said = Vec::new();
    for address in ["hub:7443", "hub-b:7443", "hub:7443"] {
        banks[0].turn_to(world, address);
        said.push(banks[0].report(digest).await.unwrap());
    }
    assert!(said.windows(2).all(|pair| pair[0] == pair[1]) && !said[0].1.is_empty());
    for bank in &*banks {
        bank.give_return(digest, 3).await.unwrap();
        bank.give_return(digest, 3).await.unwrap();
    }
    world.until(id, "certified").await;
    let mut certificates = Vec::new();
    for address in ["hub:7443", "hub-b:7443"] {
        banks[0].turn_to(world, address);
        certificates.push(banks[0].certificate(digest).await.bytes().to_vec());
    }
    assert_eq!(certificates[0], certificates[1]);
    for bank in &*banks {
        let certificate = bank.certificate(digest).await;
        bank.countersign(digest, certificate.digest()).await.unwrap();
        bank.countersign(digest, certificate.digest()).await.unwrap();
    }
}

#[tokio::test]
async fn two_coordinators_share_a_job_and_nothing_is_done_twice() {
    let (world, mut banks) = World::with(&["alpha", "beta", "gamma"]).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let other = world.beside(elsewhere.path(), "hub-b:7443").await;
    // Who becomes a member at one is let in by the other.
    banks.push(Bank::join(&world, "delta").await);
    let (exit, _) = other.run(&["roster", "list"]).await;
    assert!(exit.is_done());
    for bank in &mut banks[2..] {
        bank.turn_to(&world, "hub-b:7443");
    }
    world.agree_on_key(&banks).await;
    let before = banks[3].watch(0).await;
    let job = start_job(&world, "institutions", &[]).await;
    let id = job["job"].as_str().unwrap().to_owned();
    let mut heard = banks[3].watch(before.revision).await;
    while heard.jobs.is_empty() {
        heard = banks[3].watch(heard.revision).await;
    }
    assert_eq!(heard.jobs, [hex::decode(&id).unwrap()], "what is done at one is heard at the other");
    assert!(heard.revision > before.revision);

    let (terms, digest) = banks[0].terms(&id).await;
    for bank in &banks[1..] {
        bank.submit(&Rows::of(&terms, digest, bank.id.as_str(), &[1, 2, 3])).await;
    }
    submit_at_both(&world, &mut banks[0], &id, &terms, digest).await;
    world.until(&id, "reporting").await;
    conclude_at_both(&world, &mut banks, &id, &digest).await;
    world.until(&id, "closed").await;
    let events = world.events().await;
    for event in ["job.proposed", "job.matching", "job.reporting", "job.certified", "job.closed"] {
        assert_eq!(events.get(event), Some(&1), "{event}");
    }
    for event in ["submission.sealed", "job.returned", "job.countersigned"] {
        assert_eq!(events.get(event), Some(&4), "{event}");
    }
    world.json(&["audit", "verify"]).await;
    other.shutdown().await;
}

#[tokio::test]
async fn many_jobs_at_once_are_each_done_once() {
    let (world, banks) = World::with(&["alpha", "beta"]).await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    world.agree_on_key(&banks).await;
    let mut others = Vec::new();
    for (number, folder) in folders.iter().enumerate() {
        others.push(world.beside(folder.path(), &format!("hub-{number}:7443")).await);
    }
    let mut jobs = Vec::new();
    for _ in 0..8 {
        let job = start_job(&world, "count", &[]).await;
        jobs.push(job["job"].as_str().unwrap().to_owned());
    }
    for job in &jobs {
        let (terms, digest) = banks[0].terms(job).await;
        banks[0].submit(&Rows::of(&terms, digest, "alpha", &[1, 2])).await;
    }
    // All come due in one moment, and nobody returns anything: they end by time alone.
    for (seconds, state) in [(3_600, "reporting"), (3_600, "certified"), (3_600, "closed")] {
        world.pass(seconds);
        for job in &jobs {
            world.until(job, state).await;
        }
    }
    let events = world.events().await;
    for event in ["job.matching", "job.reporting", "job.certified", "job.closed"] {
        assert_eq!(events.get(event), Some(&jobs.len()), "{event}");
    }
    world.json(&["audit", "verify"]).await;
    for other in others {
        other.shutdown().await;
    }
}

/// Three clerks see every instant come due at once. Whatever becomes of a run, one of them decides it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_run_of_a_schedule_is_decided_by_one_of_several() {
    let (world, _) = World::with_key(&["alpha", "beta", "gamma"]).await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut others = Vec::new();
    for (number, folder) in folders.iter().enumerate() {
        others.push(world.beside(folder.path(), &format!("hub-{number}:7443")).await);
    }
    let names = ["one", "two", "three", "four", "five", "six"];
    for name in names {
        let words = ["schedule", "add", name, "--weekly", "mon@02:00", "--catch-up", "run-all:5"];
        let terms = ["--match-threshold", "2", "--disclosure", "labels", "--purpose", "p", "--basis", "b"];
        world.json(&[&words[..], &terms, &["--deadline", "1h"]].concat()).await;
    }
    // A week, and then three at once: their runs take place one after another.
    for (weeks, started) in [(1, 1), (3, 4)] {
        world.pass(weeks * 7 * 86_400);
        for name in names {
            world.runs(name, started).await;
        }
    }
    for name in names {
        let shown = world.json(&["schedule", "show", name, "--last", "100"]).await;
        let mut numbers: Vec<i64> =
            shown["runs"].as_array().unwrap().iter().filter_map(|run| run["number"].as_i64()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3, 4], "{name}: {shown}");
    }
    let events = world.events().await;
    let wanted = names.len() * 4;
    assert_eq!((events.get("schedule.started"), events.get("job.proposed")), (Some(&wanted), Some(&wanted)));
    world.json(&["audit", "verify"]).await;
    for other in others {
        other.shutdown().await;
    }
}

#[tokio::test]
async fn a_coordinator_with_other_keys_is_told_so_and_no_backup_is_advised() {
    let world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let Err(problem) = world.stranger(dir.path()).await else { panic!("it opened") };
    assert_eq!((problem.code(), problem.exit()), ("wrong-keys", Exit::Usage));
    let sentence = problem.sentence(Lang::En);
    assert!(!sentence.contains("damaged") && !sentence.contains("backup"), "{sentence}");
    assert_eq!(world.coordinator().run(&["job", "list"]).await.0, Exit::Done, "the owner goes on");
}

/// Rows that one has taken another must find.
#[tokio::test]
async fn who_keeps_files_elsewhere_is_refused_while_others_work() {
    let (mut world, _) = World::with(&["alpha"]).await;
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let first = world.beside(folders[0].path(), "hub-a:7443").await;
    let files = folders[1].path().join("own");
    let refused = world.beside_over(folders[1].path(), "hub-b:7443", &files).await.err().unwrap();
    assert_eq!((refused.code(), refused.exit()), ("coordinator-files-elsewhere", Exit::Usage));
    assert!(refused.sentence(Lang::En).contains(&files.display().to_string()));
    // Another path to the same folder is the same folder.
    let link = folders[2].path().join("mounted");
    std::os::unix::fs::symlink(world.dir.path().join("jobs"), &link).unwrap();
    let second = world.beside_over(folders[2].path(), "hub-c:7443", &link).await.unwrap();
    let (exit, found) = second.run(&["doctor", "--json"]).await;
    assert!(found.contains("doctor-shared-files-ok"), "{exit:?} {found}");
    // What is mounted there is exchanged while it works.
    std::fs::remove_file(&link).unwrap();
    std::fs::create_dir(&link).unwrap();
    let (exit, found) = second.run(&["doctor", "--json"]).await;
    assert!(exit == Exit::Usage && found.contains("doctor-shared-files-elsewhere"), "{found}");
    first.shutdown().await;
    second.shutdown().await;
    world.stop().await;
    // Nobody else works: the folder may be moved.
    let moved = world.beside_over(folders[1].path(), "hub-b:7443", &files).await.unwrap();
    moved.shutdown().await;
}

/// Two banks have submitted, and the coordinator was stopped as it began to match. Gives the job and a submission's path.
async fn about_to_match(world: &mut World, banks: &[Bank]) -> (String, std::path::PathBuf) {
    world.agree_on_key(banks).await;
    let (id, terms, digest) = job_under_way(world, banks, "count", &[]).await;
    banks[0].submit(&Rows::of(&terms, digest, "alpha", &[1, 2])).await;
    world.stop().await;
    world.change("UPDATE job SET state = 2 WHERE id = $1", &hex::decode(&id).unwrap()).await;
    let rows = world.rows_of(&id, "alpha");
    (id, rows)
}

const MATCHING: i32 = JobState::Matching as i32;

/// A pipe in the place of a file: who reads it waits for whoever writes it.
fn pipe_over(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    std::fs::remove_file(path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    bytes
}

#[tokio::test]
async fn who_dies_holds_its_work_no_longer_than_a_lease() {
    assert_eq!(MATCHING, 2);
    let (mut world, banks) = World::with(&["alpha", "beta"]).await;
    let (id, _) = about_to_match(&mut world, &banks).await;
    // As another machine has left it that lost its power just now.
    let held = world.now() + 30_000_000;
    let row = format!(
        "INSERT INTO work (kind, subject, seat, owner, fence, held_until) VALUES ('job', $1, $1, $1, 5, {held})"
    );
    world.change(Box::leak(row.into_boxed_str()), &hex::decode(&id).unwrap()).await;
    world.start().await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(world.json(&["job", "show", &id]).await["state"], "matching", "it is another's");
    world.pass(31);
    world.until(&id, "reporting").await;
}

#[tokio::test]
async fn a_stop_waits_for_the_step_in_hand() {
    let (mut world, banks) = World::with(&["alpha", "beta"]).await;
    let (id, rows) = about_to_match(&mut world, &banks).await;
    let bytes = pipe_over(&rows);
    world.start().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let stopping = tokio::spawn(world.hand_over().shutdown());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!stopping.is_finished(), "the matching is in hand");
    let fed = tokio::task::spawn_blocking(move || std::fs::write(rows, bytes));
    stopping.await.unwrap();
    fed.await.unwrap().unwrap();
    world.start().await;
    let shown = world.json(&["job", "show", &id]).await;
    assert_eq!((&shown["state"], &shown["attempts"]), (&json!("reporting"), &json!(0)), "it was not cut off");
}

#[tokio::test]
async fn what_a_stop_cuts_off_is_done_again_and_its_late_end_changes_nothing() {
    let (mut world, banks) = World::with(&["alpha", "beta"]).await;
    let (id, rows) = about_to_match(&mut world, &banks).await;
    let config = world.dir.path().join("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}\n[serve]\ngrace_seconds = 1\n")).unwrap();
    let bytes = pipe_over(&rows);
    world.start().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let began = std::time::Instant::now();
    world.stop().await;
    assert!(began.elapsed() < Duration::from_secs(4), "no longer than the configuration says");
    // The pipe keeps its reader, and the rows stand in its place again.
    let pipe = rows.with_extension("pipe");
    std::fs::rename(&rows, &pipe).unwrap();
    std::fs::write(&rows, &bytes).unwrap();
    world.start().await;
    world.until(&id, "reporting").await;
    let (_, digest) = banks[0].terms(&id).await;
    let told = banks[0].report(&digest).await.unwrap();
    let fed = tokio::task::spawn_blocking(move || std::fs::write(pipe, bytes));
    fed.await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(banks[0].report(&digest).await.unwrap() == told);
    assert_eq!(world.events().await.get("job.reporting"), Some(&1));
}

/// However soon it asks: the roster that it is handed has it.
#[tokio::test]
async fn whoever_is_confirmed_at_one_is_a_member_at_the_other() {
    let world = World::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let other = world.beside(elsewhere.path(), "hub-b:7443").await;
    for (seed, name) in (1..).zip(["alpha", "beta", "gamma", "delta", "epsilon"]) {
        let invite = world.invite(name).await;
        let key = SigningKey::from_bytes(&[seed; 32]);
        let asked = message(&request(&invite, &key, &KeyMaterial::generate().unwrap()));
        let mut client = world.enrolment_at("hub-b:7443", invite.authority_root_key);
        assert!(client.enrol(asked.clone()).await.unwrap().into_inner().membership.is_none());
        let fingerprint = key.verifying_key().fingerprint();
        world.json(&["roster", "confirm", name, "--confirm", &fingerprint]).await;
        let membership = client.enrol(asked).await.unwrap().into_inner().membership.unwrap();
        let roster: Signed<Roster> = Signed::open(&membership.roster, &invite.authority_signing_key).unwrap();
        assert!(roster.value().active(&bank_id(name)).is_some(), "{name}");
    }
    other.shutdown().await;
}
