//! The federations that lists happen to, each made once and copied for every list.
//!
//! Comes in: a shape. Goes out: a [`Template`]: folders of parties that have enrolled, agreed on a key, imported their
//! registers and were stopped; and what a liar needs to stand in a holder's place.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lianfang_coordinator::Coordinator;
use lianfang_coordinator::commands::init::SetUp;
use lianfang_node::config::Policy;
use lianfang_ports::Ports;

use super::chance::Seeded;
use super::engine::{Engine, copy, is_done};
use super::register::Register;
use super::time::{Moment, PartyClock, Time};
use crate::liars::{Credentials, credentials_in};
use crate::world::{COORDINATOR, address, automatic, fingerprint_in, set_up_node};

const BANKS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];
/// How long the coordinator waits for returns, and then for countersignatures.
const GRACE: u32 = 60;
/// The federation was made a day before lists begin: clocks may go back a little without certificates being too young.
const REST: Duration = Duration::from_hours(24);
/// The file that tells when a federation was put to rest, in microseconds.
const NOW: &str = "now";

/// A federation's size.
#[derive(Debug)]
pub struct Shape {
    /// Its name in lists.
    pub name: &'static str,
    /// How many banks.
    pub banks: usize,
    /// How many of them hold shares: the first ones.
    pub holders: usize,
    /// How many holders an evaluation takes.
    pub needed: usize,
    /// Whether the last two banks belong to one legal group.
    pub kin: bool,
    /// `Q`.
    pub quota: u64,
}

/// All shapes. In a scarce federation a holder's part of the quota, 125, is one chunk of 64 elements with its check, and
/// four short of a second.
pub const SHAPES: [Shape; 5] = [
    Shape { name: "three", banks: 3, holders: 3, needed: 2, kin: false, quota: 4_000_000 },
    Shape { name: "four", banks: 4, holders: 4, needed: 3, kin: false, quota: 4_000_000 },
    Shape { name: "pair", banks: 2, holders: 2, needed: 2, kin: false, quota: 4_000_000 },
    Shape { name: "kin", banks: 4, holders: 3, needed: 2, kin: true, quota: 4_000_000 },
    Shape { name: "scarce", banks: 3, holders: 3, needed: 2, kin: false, quota: 187 },
];

impl Shape {
    /// The shape of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        SHAPES.iter().find(|shape| shape.name == name)
    }

    /// The banks' names.
    pub fn banks(&self) -> &'static [&'static str] {
        &BANKS[..self.banks]
    }

    /// A bank's legal group.
    pub fn group<'a>(&self, bank: &'a str) -> &'a str {
        let kin = self.kin && BANKS[self.banks - 2..self.banks].contains(&bank);
        if kin { "kin" } else { bank }
    }
}

/// A federation that is ready, at rest.
pub struct Template {
    /// Its shape.
    pub shape: &'static Shape,
    /// When it was put to rest.
    pub now: Moment,
    /// What stands in the registers.
    pub registers: BTreeMap<String, Register>,
    credentials: OnceLock<BTreeMap<String, Credentials>>,
    folder: PathBuf,
}

/// A folder in memory if there is one.
///
/// # Panics
/// If there is no room.
pub fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a temporary folder")
}

impl Template {
    /// Makes it in a folder, which stays.
    ///
    /// # Panics
    /// If a step of the ordinary course fails.
    pub fn make(shape: &'static Shape, folder: &Path) {
        let mut engine = Engine::new(0, folder, 0);
        set_up_coordinator(&folder.join(COORDINATOR));
        engine.add(COORDINATOR);
        engine.start(COORDINATOR).expect("the coordinator starts");
        for bank in shape.banks() {
            let policy = Policy { quota: shape.quota, ..automatic() };
            set_up_node(&folder.join(bank), bank, policy);
            engine.add(bank);
            engine.start(bank).expect("the node starts");
            assert!(enrol(&mut engine, bank, shape.group(bank)), "{bank} joins");
        }
        agree(&mut engine, shape);
        for (bank, register) in beginnings(shape) {
            assert!(is_done(&import(&mut engine, &bank, &register)), "{bank} imports");
        }
        engine.stride(Duration::from_hours(1));
        engine.pass(REST);
        for party in engine.parties() {
            engine.stop(&party);
        }
        std::fs::write(folder.join(NOW), engine.time.now().to_string()).expect("the time is noted");
    }

    /// One that was made in this folder.
    pub fn open(shape: &'static Shape, folder: &Path) -> io::Result<Self> {
        let now = std::fs::read_to_string(folder.join(NOW))?.parse().map_err(io::Error::other)?;
        let (registers, credentials) = (beginnings(shape), OnceLock::new());
        Ok(Self { shape, now, registers, credentials, folder: folder.to_owned() })
    }

    /// What liars need, by bank; read out of a copy in a folder that is not there yet.
    pub fn credentials(&self, copy_in: &Path) -> &BTreeMap<String, Credentials> {
        self.credentials.get_or_init(|| {
            for bank in self.shape.banks() {
                copy(&self.folder.join(bank), &copy_in.join(bank));
            }
            let read = liars_need(self.shape, copy_in, &Time::from(self.now));
            let _ = std::fs::remove_dir_all(copy_in);
            read
        })
    }

    /// A federation of its own, all running, under `root`.
    ///
    /// # Panics
    /// If a party does not start.
    pub fn begin(&self, seed: u64, root: &Path) -> Engine {
        let mut engine = Engine::new(seed, root, self.now);
        for party in self.shape.banks().iter().chain(&[COORDINATOR]) {
            copy(&self.folder.join(party), &root.join(party));
            engine.add(party);
        }
        for party in engine.parties() {
            engine.start(&party).expect("the party starts");
        }
        engine
    }
}

/// What stands in each register at first.
fn beginnings(shape: &Shape) -> BTreeMap<String, Register> {
    let banks = shape.banks().iter().enumerate();
    banks.map(|(place, bank)| ((*bank).to_owned(), Register::beginning(bank, place))).collect()
}

fn set_up_coordinator(dir: &Path) {
    std::fs::create_dir(dir).expect("the coordinator's folder");
    let clock = PartyClock { time: Time::default(), skew: Arc::default() };
    let chance = Arc::new(Seeded::of(0, COORDINATOR, 0));
    let ports = Ports { clock: Arc::new(clock), chance };
    Coordinator::init(dir, &SetUp::listening(address(COORDINATOR)), &ports)
        .expect("the coordinator is set up");
    let mut config = lianfang_coordinator::config::Config::read(dir).expect("a configuration");
    config.grace_seconds = GRACE;
    config.write(dir).expect("it is written");
}

/// Has a bank join, or join again with the keys that it has. Says whether it has joined.
pub fn enrol(engine: &mut Engine, bank: &str, group: &str) -> bool {
    let invite = engine.run(COORDINATOR, &["invite", bank, "--group", group]);
    let Some(invite) = invite.ok().filter(|said| said.exit.is_done()).map(|said| said.json()) else {
        return false;
    };
    let word = |name: &str| invite[name].as_str().unwrap_or_default().to_owned();
    let (text, print) = (word("invite"), word("fingerprint"));
    let Ok(enrolled) = engine.begin(bank, &["enrol", &text, "--fingerprint", &print, "--wait", "60"]) else {
        return false;
    };
    let own = fingerprint_in(&engine.dir(bank));
    // Said until the bank is in: of one that joins again an earlier request may be the one that is confirmed first.
    for _ in 0..100 {
        if let Ok(said) = enrolled.try_recv() {
            return said.exit.is_done();
        }
        let _ = engine.run(COORDINATOR, &["roster", "confirm", bank, "--confirm", &own]);
        engine.pass(Duration::from_millis(500));
    }
    is_done(&engine.answer(bank, &enrolled))
}

fn agree(engine: &mut Engine, shape: &Shape) {
    let (names, needed) = (shape.banks()[..shape.holders].join(","), shape.needed.to_string());
    let words = ["ceremony", "start", "--holders", &names, "--threshold", &needed, "--deadline", "10m"];
    let started = engine.run(COORDINATOR, &words).expect("a ceremony").json();
    let id = started["ceremony"].as_str().expect("an id").to_owned();
    for _ in 0..120 {
        engine.pass(Duration::from_secs(1));
        let shown = engine.run(COORDINATOR, &["ceremony", "show", &id]).expect("a ceremony").json();
        if shown["state"] == "done" {
            return;
        }
    }
    panic!("no key was agreed on");
}

/// Has a bank import a register, whole.
///
/// # Panics
/// Where the course of the ordinary fails.
pub fn import(
    engine: &mut Engine,
    bank: &str,
    register: &Register,
) -> Result<crate::world::Said, super::engine::Silent> {
    let path = engine.root().join(format!("{bank}.csv"));
    std::fs::write(&path, register.file()).expect("the register is written");
    let (path, rejects) = (path.display().to_string(), engine.root().join("rejects").display().to_string());
    // Small registers lose many of their records, or all.
    engine.run(bank, &["import", &path, "--full", "--retract-many", "--rejects", &rejects])
}

fn liars_need(shape: &Shape, root: &Path, time: &Time) -> BTreeMap<String, Credentials> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let clock = Arc::new(PartyClock { time: time.clone(), skew: Arc::default() });
    let mut all = BTreeMap::new();
    for bank in shape.banks() {
        let chance = Arc::new(Seeded::of(0, "liar", 0));
        let ports = Ports { clock: Arc::clone(&clock) as _, chance };
        all.insert((*bank).to_owned(), runtime.block_on(credentials_in(&root.join(bank), ports)));
    }
    all
}
