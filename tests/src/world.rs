//! A federation in one process and in memory: the same parties, the same commands, the network's twin instead of TCP.
//!
//! Comes in: names, registers, the terms of jobs. Goes out: what the parties print, and their reports. Every hand that a
//! test may want to move is public: the network and its faults, detours to parties that meddle, the clock, and each
//! party, which can be stopped and started. Panics: where a step of the ordinary course fails, with what the party said.

#![expect(
    clippy::missing_panics_doc,
    reason = "a step of the ordinary course that fails ends the test, everywhere here"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lianfang_coordinator::Coordinator;
use lianfang_coordinator::commands::init::SetUp;
use lianfang_desk::Exit;
use lianfang_link::Memory;
use lianfang_node::Node;
use lianfang_node::config::{Config, Decide, Policy, Unlock};
use lianfang_node::secrets::{Secrets, make_key_file};
use lianfang_ports::Ports;
use lianfang_store::trial::Trial;
use serde_json::Value;

use crate::clock::MovableClock;
use crate::demo::compare::contact_of;
use crate::network::Detour;

mod jobs;

pub use jobs::JobTerms;

/// The coordinator's name, and its host on the network.
pub const COORDINATOR: &str = "coordinator";
/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(20);

/// What a command gave.
#[derive(Debug)]
pub struct Said {
    /// How it ended.
    pub exit: Exit,
    /// Its standard output.
    pub out: String,
    /// What it noted beside.
    pub notes: String,
}

impl Said {
    /// The object that it printed.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert!(self.exit.is_done(), "{:?}: {} {}", self.exit, self.out, self.notes);
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// The whole federation.
pub struct World {
    /// The network; its faults are steered by address.
    pub network: Memory,
    /// Where calls go instead.
    pub detour: Detour,
    /// The time of all parties.
    pub clock: MovableClock,
    folder: tempfile::TempDir,
    coordinator: Option<Coordinator>,
    nodes: BTreeMap<String, Option<Node>>,
    /// Where the parties' stores are, if not in their folders; dropped last.
    places: Vec<Trial>,
}

/// A bank's address on the network.
pub fn address(party: &str) -> String {
    format!("{party}:7000")
}

impl World {
    /// A coordinator and these banks, not yet enrolled. Their policy lets everything happen by itself.
    pub async fn new(banks: &[&str]) -> Self {
        Self::with_policy(banks, |_| automatic()).await
    }

    /// The same with a policy of each bank's own.
    pub async fn with_policy(banks: &[&str], policy: impl Fn(&str) -> Policy) -> Self {
        let network = Memory::default();
        let detour = Detour::over(network.clone());
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = MovableClock::default();
        let mut world = Self {
            network,
            detour,
            clock,
            folder,
            coordinator: None,
            nodes: BTreeMap::new(),
            places: Vec::new(),
        };
        let dir = world.dir(COORDINATOR);
        std::fs::create_dir(&dir).expect("the coordinator's folder");
        let set_up = SetUp::listening(address(COORDINATOR));
        Coordinator::init(&dir, &set_up, &world.clock.ports()).expect("the coordinator is set up");
        world.place(COORDINATOR);
        world.start(COORDINATOR).await;
        for bank in banks {
            set_up_node(&world.dir(bank), bank, policy(bank));
            world.nodes.insert((*bank).to_owned(), None);
            world.place(bank);
            world.start(bank).await;
        }
        world
    }

    /// Enrolled banks that have agreed on a key among the first `holders` of them.
    pub async fn ready(banks: &[&str], holders: usize, key_threshold: usize) -> Self {
        let world = Self::new(banks).await;
        for bank in banks {
            world.enrol(bank, bank).await;
        }
        world.agree(&banks[..holders], key_threshold).await;
        world
    }

    /// Puts a party's store on the server that the environment names, if it names one.
    fn place(&mut self, party: &str) {
        let place = Trial::new();
        place.configure(&self.dir(party));
        self.places.push(place);
    }

    /// A party's folder.
    pub fn dir(&self, party: &str) -> PathBuf {
        self.folder.path().join(party)
    }

    /// The banks' names, sorted.
    pub fn banks(&self) -> Vec<String> {
        self.nodes.keys().cloned().collect()
    }

    /// Starts a party that is set up.
    pub async fn start(&mut self, party: &str) {
        if party == COORDINATOR {
            self.coordinator = Some(self.try_start_coordinator().await.expect("the coordinator starts"));
        } else {
            let node = self.try_start(party).await;
            self.nodes.insert(party.to_owned(), Some(node.expect("the node starts")));
        }
    }

    /// Starts the coordinator, which may refuse; the caller keeps it.
    pub async fn try_start_coordinator(&self) -> Result<Coordinator, lianfang_desk::Problem> {
        let network = Arc::new(self.network.clone());
        Coordinator::start(&self.dir(COORDINATOR), self.clock.ports(), network).await
    }

    /// Starts a node that may refuse; the caller keeps it.
    pub async fn try_start(&self, bank: &str) -> Result<Node, lianfang_desk::Problem> {
        Node::start(&self.dir(bank), self.clock.ports(), Arc::new(self.detour.clone())).await
    }

    /// Stops a party. What it was doing is cut off.
    pub async fn stop(&mut self, party: &str) {
        if party == COORDINATOR {
            if let Some(coordinator) = self.coordinator.take() {
                coordinator.shutdown().await;
            }
        } else if let Some(node) = self.nodes.get_mut(party).and_then(Option::take) {
            node.shutdown().await;
        }
    }

    /// Runs a command at a party, in English and with `--json`.
    pub async fn run(&self, party: &str, words: &[&str]) -> Said {
        let words = [words, &["--json"]].concat();
        self.run_plain(party, &words).await
    }

    /// Runs a command at a party, again and again as long as it says that it may go later: whoever has just let days
    /// pass finds holders who have not yet heard anew who the members are.
    pub async fn run_in_time(&self, party: &str, words: &[&str]) -> Said {
        let ended = async || {
            let said = self.run(party, words).await;
            (said.exit != Exit::Later).then_some(said)
        };
        self.until("no answer but later", ended).await
    }

    /// Runs a command at a party as it stands.
    pub async fn run_plain(&self, party: &str, words: &[&str]) -> Said {
        if party == COORDINATOR {
            let (exit, out) = self.coordinator.as_ref().expect("the coordinator runs").run(words).await;
            return Said { exit, out, notes: String::new() };
        }
        let node = self.nodes.get(party).and_then(Option::as_ref).expect("the node runs");
        let (exit, out, notes) = node.run(words).await;
        Said { exit, out, notes }
    }

    /// Runs a command at a bank with something on standard input.
    pub async fn run_with(&self, bank: &str, words: &[&str], input: &str) -> Said {
        let node = self.nodes.get(bank).and_then(Option::as_ref).expect("the node runs");
        let (exit, out, notes) = node.run_with(words, input).await;
        Said { exit, out, notes }
    }

    /// A bank joins, counted under `group`.
    pub async fn enrol(&self, bank: &str, group: &str) {
        let invite = self.run(COORDINATOR, &["invite", bank, "--group", group]).await.json();
        let (text, print) =
            (invite["invite"].as_str().expect("text"), invite["fingerprint"].as_str().expect("hex"));
        let words = ["enrol", text, "--fingerprint", print, "--wait", "60"];
        let own = self.fingerprint(bank);
        let confirm = ["roster", "confirm", bank, "--confirm", &own];
        let enrolling = self.run(bank, &words);
        tokio::pin!(enrolling);
        // Said until the bank is in: of one that joins again an earlier request may be the one that is confirmed first.
        let enrolled = loop {
            tokio::select! {
                enrolled = &mut enrolling => break enrolled,
                () = tokio::time::sleep(PAUSE) => {
                    let said = self.run(COORDINATOR, &confirm).await;
                    assert!(said.exit.is_done() || said.exit == Exit::Later, "{said:?}");
                }
            }
        };
        enrolled.json();
    }

    /// What the bank's people read out.
    pub fn fingerprint(&self, bank: &str) -> String {
        fingerprint_in(&self.dir(bank))
    }

    /// The ceremony among these holders: the coordinator has the record first, each of them a moment later.
    pub async fn agree(&self, holders: &[&str], threshold: usize) {
        let shown = self.ceremony(holders, threshold, "60s").await;
        assert_eq!(shown["state"], "done", "{shown}");
        let keys = self.run(COORDINATOR, &["ceremony", "keys"]).await.json();
        let key = keys["keys"].as_array().and_then(|keys| keys.last()).expect("a key");
        for holder in holders {
            self.until("the holder uses its share", async || {
                let own = self.run(holder, &["key", "list"]).await.json();
                let has = |own: &Value| {
                    let generation = &own["share_generation"];
                    own["epoch"] == key["epoch"] && *generation == key["generation"]
                };
                own["keys"].as_array()?.iter().any(has).then_some(())
            })
            .await;
        }
    }

    /// A ceremony, to its end of whatever kind.
    pub async fn ceremony(&self, holders: &[&str], threshold: usize, deadline: &str) -> Value {
        let (names, threshold) = (holders.join(","), threshold.to_string());
        let words =
            ["ceremony", "start", "--holders", &names, "--threshold", &threshold, "--deadline", deadline];
        let started = self.run(COORDINATOR, &words).await.json();
        let id = started["ceremony"].as_str().expect("an id").to_owned();
        self.until("the ceremony is over", async || {
            let shown = self.run(COORDINATOR, &["ceremony", "show", &id]).await.json();
            (shown["state"] != "open").then_some(shown)
        })
        .await
    }

    /// Imports a register.
    pub async fn import(&self, bank: &str, file: &[u8]) -> Value {
        let path = self.folder.path().join(format!("{bank}.csv"));
        std::fs::write(&path, file).expect("the register is written");
        let rejects = self.folder.path().join(format!("{bank}.rejects.csv"));
        let words = ["import", &path.display().to_string(), "--rejects", &rejects.display().to_string()];
        self.run(bank, &words).await.json()
    }

    /// Adds to a party's configuration, and starts it again.
    pub async fn configure(&mut self, party: &str, lines: &str) {
        self.stop(party).await;
        let path = self.dir(party).join("config.toml");
        let text = std::fs::read_to_string(&path).expect("a configuration");
        std::fs::write(&path, format!("{text}\n{lines}\n")).expect("the configuration is written");
        self.start(party).await;
    }

    /// What a party's `/metrics` would show.
    pub async fn metrics(&self, party: &str) -> String {
        if party == COORDINATOR {
            return self.coordinator.as_ref().expect("the coordinator runs").metrics().await;
        }
        self.nodes.get(party).and_then(Option::as_ref).expect("the node runs").metrics().await
    }

    /// Where a party serves its probes.
    pub async fn http(&self, party: &str) -> std::net::SocketAddr {
        let address = if party == COORDINATOR {
            self.coordinator.as_ref().expect("the coordinator runs").http_address()
        } else {
            self.nodes.get(party).and_then(Option::as_ref).expect("the node runs").http_address().await
        };
        address.expect("it serves probes")
    }

    /// Asks until there is an answer.
    pub async fn until<T>(&self, what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
        self.within(PATIENCE, ask).await.unwrap_or_else(|| panic!("in vain: {what}"))
    }

    async fn within<T>(&self, time: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
        let end = Instant::now() + time;
        loop {
            let answer = ask().await;
            if answer.is_some() || Instant::now() >= end {
                return answer;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Stops everybody.
    pub async fn end(mut self) {
        for bank in self.banks() {
            self.stop(&bank).await;
        }
        self.stop(COORDINATOR).await;
    }
}

/// A policy that asks nobody.
pub fn automatic() -> Policy {
    let decide = Decide::Automatic;
    // The jobs of a test pad to few rows; see `JobTerms`.
    let least_rows = 64;
    Policy {
        admit: decide,
        compare: decide,
        ceremony: decide,
        close_days: 0,
        accept: decide,
        accept_small: decide,
        least_rows,
        ..Policy::default()
    }
}

/// What a bank's people read out, from its folder.
pub(crate) fn fingerprint_in(dir: &Path) -> String {
    let unlock = Config::load(dir).expect("a configuration").unlock;
    let secrets = Secrets::open(dir, &unlock).expect("secrets");
    secrets.identity.verifying_key().fingerprint()
}

pub(crate) fn set_up_node(dir: &Path, bank: &str, policy: Policy) {
    std::fs::create_dir(dir).expect("the node's folder");
    let key_file = "unlock.key";
    let ports = Ports::system();
    let mut rng = ports.chance.rng();
    make_key_file(&dir.join(key_file), &mut *rng).expect("a key file");
    let config = Config {
        contact: contact_of(bank),
        policy,
        ..Config::new(address(bank), Unlock::KeyFile(key_file.into()))
    };
    config.store(dir).expect("the configuration is written");
    // As it will be read: the key file lies in the folder, wherever that is copied to.
    let unlock = Config::load(dir).expect("a configuration").unlock;
    Secrets::create(dir, &unlock, &mut *rng).expect("secrets are made");
}
