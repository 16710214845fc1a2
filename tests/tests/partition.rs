//! Two hosts and the cable between them, which is pulled in the middle of a job, while chunks and while rows are under way:
//! two network namespaces with a pair of virtual Ethernet devices. Needs iproute2 and the right to make namespaces, which is
//! why it stands behind a feature.

#![cfg(feature = "namespaces")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use jiff::civil::date;
use lianfang_proto::catalogue::Disclosure;
use lianfang_tests::demo::children::{COORDINATOR, NODE, Party};
use lianfang_tests::oracle::{ClearBank, expected_reports, read_register};
use lianfang_tests::people::Plain;
use serde_json::Value;

const DEMO: &str = env!("CARGO_BIN_EXE_demo");
const PATIENCE: Duration = Duration::from_secs(110);
const PAUSE: Duration = Duration::from_millis(100);
/// How long the cable is out the second time: connections outlive it.
const MOMENT: Duration = Duration::from_secs(2);

/// Records of each register, and how many of them both banks have: some 250 chunks at each bank, which take seconds.
const REGISTERS: Plain = Plain { seed: 3, identifiers: 16_000, common: 4_000 };
/// Rows of a submission: eleven megabytes, for which the line needs seven seconds.
const ROWS: &str = "65536";
/// What leaves the bank's host.
const LINE: [&str; 7] = ["tbf", "rate", "12mbit", "burst", "64kb", "latency", "400ms"];

/// Two namespaces and the cable; they go when this does.
struct Hosts {
    names: [String; 2],
}

fn ip(words: &[&str]) {
    iproute("ip", words);
}

fn iproute(program: &str, words: &[&str]) {
    let output = Command::new(program).args(words).output().expect("iproute2 is there");
    assert!(output.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The addresses of the two hosts: of a range that RFC 5737 keeps for examples, and that lead nowhere else.
const ADDRESSES: [&str; 2] = ["192.0.2.1", "192.0.2.2"];

impl Hosts {
    fn new() -> Self {
        let names = ["hub", "bank"].map(|role| format!("lf-{role}-{}", std::process::id()));
        for name in &names {
            ip(&["netns", "add", name]);
        }
        ip(&[
            "-n", &names[0], "link", "add", "cable0", "type", "veth", "peer", "name", "cable1", "netns",
            &names[1],
        ]);
        for (number, (name, address)) in names.iter().zip(ADDRESSES).enumerate() {
            ip(&["-n", name, "address", "add", &format!("{address}/24"), "dev", &format!("cable{number}")]);
            ip(&["-n", name, "link", "set", "lo", "up"]);
            ip(&["-n", name, "link", "set", &format!("cable{number}"), "up"]);
        }
        let slow = ["-n", &names[1], "qdisc", "add", "dev", "cable1", "root"];
        iproute("tc", &[&slow[..], &LINE].concat());
        Self { names }
    }

    /// Pulls the cable, or puts it back.
    fn cable(&self, state: &str) {
        ip(&["-n", &self.names[1], "link", "set", "cable1", state]);
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for name in &self.names {
            // What could not be made cannot be taken away.
            let _ = Command::new("ip").args(["netns", "delete", name]).output();
        }
    }
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_else(|| panic!("{member} of {value}")).to_owned()
}

async fn run(party: &Party, words: &[&str]) -> Value {
    party.run(words).await.unwrap_or_else(|problem| panic!("{}: {words:?}: {problem}", party.name))
}

async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "in vain: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// A bank that serves on its host and has joined.
async fn bank(coordinator: &Party, root: &Path, hosts: &Hosts, name: &str, host: usize, port: u16) -> Party {
    let mut party = Party::new(Path::new(DEMO), NODE, name, root).within(&hosts.names[host]);
    let listen = format!("{}:{port}", ADDRESSES[host]);
    let own = text(&run(&party, &["init", "--listen", &listen, "--contact", name]).await, "fingerprint");
    let path = party.dir().join("config.toml");
    let mut config: toml::Table = std::fs::read_to_string(&path).expect("written").parse().expect("a table");
    let mut policy = toml::Table::new();
    for decision in ["admit", "ceremony", "compare", "accept", "accept_small"] {
        policy.insert(decision.to_owned(), "automatic".into());
    }
    config.insert("policy".to_owned(), policy.into());
    std::fs::write(&path, config.to_string()).expect("written");
    let invite = run(coordinator, &["invite", name]).await;
    let (words, print) = (text(&invite, "invite"), text(&invite, "fingerprint"));
    let confirm = ["roster", "confirm", name, "--confirm", &own];
    let confirmed = until("confirmed", async || coordinator.attempt(&confirm).await.expect("it runs").ok());
    let enrol = ["enrol", &words, "--fingerprint", &print, "--wait", "60"];
    tokio::join!(run(&party, &enrol), confirmed);
    party.serve().await.expect("it serves");
    party
}

/// Agrees on a key that both banks hold.
async fn agree(coordinator: &Party) {
    let ceremony = ["ceremony", "start", "--holders", "alpha,beta", "--threshold", "2", "--deadline", "60s"];
    let id = text(&run(coordinator, &ceremony).await, "ceremony");
    until("a key", async || {
        (run(coordinator, &["ceremony", "show", &id]).await["state"] == "done").then_some(())
    })
    .await;
}

/// Imports a register at each bank; what their reports must be.
async fn stock(root: &Path, banks: [&Party; 2]) -> BTreeMap<String, Vec<u8>> {
    let mut clear = Vec::new();
    for (number, party) in (0..).zip(banks) {
        let mut file = Vec::new();
        REGISTERS.write_register(number, &mut file).expect("written");
        let path = root.join(format!("{}.csv", party.name));
        std::fs::write(&path, &file).expect("written");
        run(party, &["import", &path.display().to_string()]).await;
        let records = read_register(&file, date(2026, 11, 22)).expect("a register");
        clear.push(ClearBank { id: party.name.clone(), group: party.name.clone(), records });
    }
    expected_reports(&clear, 2, Disclosure::Labels, str::to_owned)
}

/// How many identifiers of a bank are evaluated, and how many there are.
async fn evaluated(party: &Party) -> [u64; 2] {
    let listed = run(party, &["register", "list"]).await;
    ["outputs", "identifiers"].map(|member| listed[member].as_u64().expect("a count"))
}

/// The bank has joined the job and is evaluating: some of it is done, and not all.
async fn is_evaluating(party: &Party, job: &str) {
    let shown = run(party, &["job", "show", job]).await;
    let [done, all] = evaluated(party).await;
    let under_way = shown["stage"] == "accepted" && (1..all).contains(&done);
    assert!(under_way, "{}: {done} of {all}: {shown}", party.name);
}

async fn stage(party: &Party, job: &str) -> Option<String> {
    let shown = party.attempt(&["job", "show", job]).await.expect("it runs").ok()?;
    Some(text(&shown, "stage"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cable_that_is_pulled_in_the_middle_of_a_job() {
    let dir = tempfile::tempdir().expect("a folder");
    let hosts = Hosts::new();
    let mut coordinator =
        Party::new(Path::new(DEMO), COORDINATOR, "coordinator", dir.path()).within(&hosts.names[0]);
    run(&coordinator, &["init", "--listen", &format!("{}:7443", ADDRESSES[0])]).await;
    coordinator.serve().await.expect("it serves");
    let alpha = bank(&coordinator, dir.path(), &hosts, "alpha", 0, 7444).await;
    let beta = bank(&coordinator, dir.path(), &hosts, "beta", 1, 7445).await;
    agree(&coordinator).await;
    let reports = stock(dir.path(), [&alpha, &beta]).await;
    let terms = ["--match-threshold", "2", "--disclosure", "labels", "--purpose", "test", "--basis", "test"];
    let sizes = ["--chunk", "64", "--least-rows", ROWS, "--deadline", "30m"];
    let job = text(&run(&coordinator, &[&["job", "start"][..], &terms, &sizes].concat()).await, "job");

    until("chunks are under way", async || {
        let [[one, _], [other, _]] = [evaluated(&alpha).await, evaluated(&beta).await];
        (one > 0 && other > 0).then_some(())
    })
    .await;
    hosts.cable("down");
    is_evaluating(&alpha, &job).await;
    is_evaluating(&beta, &job).await;
    // Alpha, beside the coordinator, misses beta; it says so, and waits.
    until("alpha says whom it misses", async || {
        (run(&alpha, &["job", "show", &job]).await["fault"]["party"] == "beta").then_some(())
    })
    .await;
    is_evaluating(&alpha, &job).await;
    is_evaluating(&beta, &job).await;
    hosts.cable("up");

    until("rows are under way", async || stage(&beta, &job).await.filter(|stage| stage == "prepared")).await;
    hosts.cable("down");
    tokio::time::sleep(MOMENT).await;
    let now = stage(&beta, &job).await;
    assert_eq!(now.as_deref(), Some("prepared"), "beta has not handed in all of its rows");
    hosts.cable("up");
    for party in [&alpha, &beta] {
        until("done", async || stage(party, &job).await.filter(|stage| stage == "done")).await;
        let out = dir.path().join("reports").join(&party.name);
        run(party, &["report", &job, "--out", &out.display().to_string()]).await;
        let report = std::fs::read(out.join("report.csv")).expect("a report");
        let lines = report.split(|byte| *byte == b'\n').count() - 1;
        assert_eq!(lines as u64, 1 + REGISTERS.common, "{}", party.name);
        assert!(report == reports[&party.name], "{}: the report differs", party.name);
    }
    for mut party in [alpha, beta, coordinator] {
        party.stop().await;
    }
}
