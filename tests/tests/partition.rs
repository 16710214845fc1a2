//! Two hosts and the cable between them, which is pulled in the middle of a job: two network namespaces with a pair of
//! virtual Ethernet devices. Needs iproute2 and the right to make namespaces, which is why it stands behind a feature.

#![cfg(feature = "namespaces")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use lianfang_tests::demo::children::{COORDINATOR, NODE, Party};
use serde_json::Value;

const DEMO: &str = env!("CARGO_BIN_EXE_demo");
const PATIENCE: Duration = Duration::from_secs(110);
const PAUSE: Duration = Duration::from_millis(100);

/// Two namespaces and the cable; they go when this does.
struct Hosts {
    names: [String; 2],
}

fn ip(words: &[&str]) {
    let output = Command::new("ip").args(words).output().expect("iproute2 is there");
    assert!(output.status.success(), "ip {words:?}: {}", String::from_utf8_lossy(&output.stderr));
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
    let ceremony = ["ceremony", "start", "--holders", "alpha,beta", "--threshold", "2", "--deadline", "60s"];
    let id = text(&run(&coordinator, &ceremony).await, "ceremony");
    until("a key", async || {
        (run(&coordinator, &["ceremony", "show", &id]).await["state"] == "done").then_some(())
    })
    .await;
    for (party, record) in [(&alpha, "A1"), (&beta, "B1")] {
        let file = dir.path().join(format!("{record}.csv"));
        std::fs::write(&file, format!("record,mobile\n{record},13912345678\n")).expect("written");
        run(party, &["import", &file.display().to_string()]).await;
    }
    hosts.cable("down");
    let job = ["job", "start", "--match-threshold", "2", "--disclosure", "count", "--purpose", "test"];
    let job = [&job[..], &["--basis", "test", "--deadline", "30m"]].concat();
    let job = text(&run(&coordinator, &job).await, "job");
    // Alpha, beside the coordinator, hears of the job and misses beta; it says so, and waits.
    until("alpha says whom it misses", async || {
        let shown = alpha.attempt(&["job", "show", &job]).await.expect("it runs").ok()?;
        (shown["fault"]["party"] == "beta").then_some(())
    })
    .await;
    hosts.cable("up");
    for party in [&alpha, &beta] {
        until("done", async || {
            let shown = party.attempt(&["job", "show", &job]).await.expect("it runs").ok()?;
            (shown["stage"] == "done").then_some(())
        })
        .await;
        let out = dir.path().join("reports").join(&party.name);
        run(party, &["report", &job, "--out", &out.display().to_string()]).await;
        let report = std::fs::read_to_string(out.join("report.csv")).expect("a report");
        assert_eq!(report.lines().count(), 2, "{}: {report}", party.name);
    }
    for mut party in [alpha, beta, coordinator] {
        party.stop().await;
    }
}
