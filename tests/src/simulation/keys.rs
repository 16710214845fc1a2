//! The life of keys: what a list does to them, and how they must stand in the end.
//!
//! Comes in: a federation under way. Goes out: ceremonies, epochs, stores that are lost; later what does not fit. The
//! coordinator says where each epoch stands, every node what it has of it.

use std::time::Duration;

use lianfang_ports::Clock as _;
use serde_json::Value;

use super::engine::{Silent, is_done};
use super::play::Played;
use super::shapes::{enrol, import};
use crate::world::{COORDINATOR, Said};

/// How long a ceremony may take.
const LASTS: &str = "5m";
const CEREMONY: Duration = Duration::from_mins(5);

impl Played<'_> {
    /// A command to the coordinator about keys. One that it refuses changes nothing.
    fn tend(&mut self, words: &[&str]) {
        self.tended = true;
        let _ = self.engine.run(COORDINATOR, words);
    }

    /// New shares of the newest key.
    pub(super) fn refresh(&mut self) {
        self.tend(&["ceremony", "refresh", "--deadline", LASTS]);
    }

    /// The next key, among the same holders as far as they are members.
    pub(super) fn next_epoch(&mut self) {
        self.epoch_among_members(&[]);
    }

    fn epoch_among_members(&mut self, more: &[&str]) {
        let shape = self.template.shape;
        let holders: Vec<&str> = shape.banks()[..shape.holders]
            .iter()
            .copied()
            .filter(|bank| !self.revoked.contains(*bank))
            .collect();
        let (names, needed) = (holders.join(","), shape.needed.to_string());
        let words = ["ceremony", "start", "--holders", &names, "--threshold", &needed, "--deadline", LASTS];
        self.tend(&[&words, more].concat());
    }

    /// A coordinator that went back to before a ceremony names keys that holders have no longer. People make another, of an
    /// epoch later than all that any bank knows, and from then on jobs come about again.
    pub(super) fn renew_keys(&mut self) {
        let shape = self.template.shape;
        let holders = shape.banks()[..shape.holders].iter().filter(|bank| !self.revoked.contains(**bank));
        let only_it = self.restored.iter().all(|party| party == COORDINATOR);
        if !self.tended || self.age == 0 || !only_it || holders.count() < shape.needed {
            return;
        }
        let mut newest = 0;
        for bank in self.members() {
            newest = newest
                .max(self.keys_at(&bank).iter().filter_map(|key| key["epoch"].as_u64()).max().unwrap_or(0));
        }
        let epoch = (newest + 1).to_string();
        // What the restored coordinator remembers as under way is over by then.
        self.engine.pass(CEREMONY);
        self.epoch_among_members(&["--epoch", &epoch]);
        for _ in 0..60 {
            self.engine.pass(Duration::from_secs(5));
            if self.epoch_that(&["pending"]).as_ref() == Some(&epoch) {
                self.tend(&["ceremony", "activate", "--epoch", &epoch, "--overlap", "1s"]);
                self.renewed = true;
                return;
            }
        }
        let lives = self.lives();
        self.fail("another key", format!("epoch {epoch} is not agreed on: {lives:?}"));
    }

    /// The newest key that waits is used from now on.
    pub(super) fn activate(&mut self, overlap: u64) {
        if let Some(epoch) = self.epoch_that(&["pending"]) {
            let overlap = format!("{}s", overlap.max(1));
            self.tend(&["ceremony", "activate", "--epoch", &epoch, "--overlap", &overlap]);
        }
    }

    /// The key that retires, or waits, is over.
    pub(super) fn close(&mut self) {
        if let Some(epoch) = self.epoch_that(&["retiring", "pending"]) {
            self.tend(&["ceremony", "close", "--epoch", &epoch]);
        }
    }

    fn epoch_that(&mut self, states: &[&str]) -> Option<String> {
        let lives = self.lives();
        let stands = |life: &&Value| states.contains(&life["state"].as_str().unwrap_or_default());
        lives.iter().rev().find(stands).map(|life| life["epoch"].to_string())
    }

    /// Every epoch as the coordinator knows it.
    fn lives(&mut self) -> Vec<Value> {
        let said = self.engine.run(COORDINATOR, &["ceremony", "keys"]);
        listed(said, "keys")
    }

    fn keys_at(&mut self, bank: &str) -> Vec<Value> {
        let said = self.engine.run(bank, &["key", "list"]);
        listed(said, "keys")
    }

    /// A bank's store is gone, and it joins again with the keys that lie beside it.
    pub(super) fn lose(&mut self, bank: &str) {
        if !self.versions.contains_key(bank) || self.revoked.contains(bank) {
            return;
        }
        self.tended = true;
        self.engine.kill(bank);
        let files = std::fs::read_dir(self.engine.dir(bank)).expect("a readable folder").flatten();
        for file in files.filter(|file| file.file_name().to_string_lossy().starts_with("store.sqlite")) {
            std::fs::remove_file(file.path()).expect("it is removed");
        }
        self.restored.insert(bank.to_owned());
        self.unsure.remove(bank);
        let newest = self.newest(bank);
        self.versions.entry(bank.to_owned()).or_default().push(newest.emptied());
        self.lost.entry(bank.to_owned()).or_insert_with(|| newest.without_holds());
        self.start(bank);
        self.recover(bank);
    }

    /// Whoever has lost its store joins again, imports its file, and has its share repaired.
    pub(super) fn recover(&mut self, bank: &str) {
        let Some(register) = self.lost.get(bank).cloned() else { return };
        if !enrol(&mut self.engine, bank, self.template.shape.group(bank)) && !self.has_joined(bank) {
            return;
        }
        let versions = self.versions.entry(bank.to_owned()).or_default();
        if versions.last() != Some(&register) {
            versions.push(register.clone());
        }
        if !is_done(&import(&mut self.engine, bank, &register)) {
            return;
        }
        self.lost.remove(bank);
        let shape = self.template.shape;
        if shape.banks()[..shape.holders].contains(&bank) {
            self.tend(&["ceremony", "repair", "--holder", bank, "--deadline", LASTS]);
        }
    }

    /// Whether the bank knows that it belongs to the federation.
    fn has_joined(&mut self, bank: &str) -> bool {
        is_done(&self.engine.run(bank, &["key", "list"]))
    }

    /// Ceremonies that go on, and epochs that are over and of which somebody still has something.
    pub(super) fn open_keys(&mut self) -> Vec<String> {
        if !self.tended {
            return Vec::new();
        }
        let now = self.now();
        let said = self.engine.run(COORDINATOR, &["ceremony", "list"]);
        // One that a restored holder cannot take part in ends at its deadline, by whatever clock that was chosen.
        let waits = self.restored.is_empty() && self.revoked.is_empty();
        let goes_on =
            |one: &Value| one["state"] == "open" && (waits || time_of(one, "deadline") <= Some(now));
        let mut open: Vec<String> =
            listed(said, "ceremonies").iter().filter(|one| goes_on(one)).map(ToString::to_string).collect();
        open.extend(self.not_gone());
        open.extend(self.behind());
        open
    }

    /// Holders that forgot nothing, and do not answer under the generation that the coordinator has published: one that was
    /// down when the last endorsement came looks for it again by itself.
    fn behind(&mut self) -> Vec<String> {
        if !self.tended || self.restored.contains(COORDINATOR) {
            return Vec::new();
        }
        let lives = self.lives();
        let mut behind = Vec::new();
        for bank in self.members() {
            if self.restored.contains(&bank) {
                continue;
            }
            let keys = self.keys_at(&bank);
            for life in lives.iter().filter(|life| life["state"] != "retired") {
                let holds = life["holders"].as_array().is_some_and(|all| all.iter().any(|one| *one == *bank));
                let key = keys.iter().find(|key| key["epoch"] == life["epoch"]);
                let generation = key.map(|key| key["share_generation"].clone()).unwrap_or_default();
                if holds && generation != life["generation"] {
                    behind.push(format!("{bank}: {key:?}, and {life}"));
                }
            }
        }
        behind
    }

    /// What is left of epochs whose end has come.
    fn not_gone(&mut self) -> Vec<String> {
        let now = self.now();
        let over = |life: &Value| life["state"] == "retired" && time_of(life, "closes_at") <= Some(now);
        let over: Vec<Value> =
            self.lives().into_iter().filter(over).map(|life| life["epoch"].clone()).collect();
        if over.is_empty() {
            return Vec::new();
        }
        let mut left = Vec::new();
        for bank in self.members() {
            for key in self.keys_at(&bank).into_iter().filter(|key| over.contains(&key["epoch"])) {
                if key["closed"] != true || key["own_share"] != false {
                    left.push(format!("{bank}: {key}"));
                }
            }
        }
        left
    }

    /// Banks that were not revoked.
    pub(super) fn members(&self) -> Vec<String> {
        self.versions.keys().filter(|bank| !self.revoked.contains(*bank)).cloned().collect()
    }

    /// Whether nothing stands in the way of a job: nobody forgot anything, the quota is ample, enough holders are left. A
    /// coordinator that went back to before a ceremony names keys that holders have no longer, until another is made.
    pub(super) fn is_whole(&self) -> bool {
        let shape = self.template.shape;
        let holders = shape.banks()[..shape.holders].iter().filter(|bank| !self.revoked.contains(**bank));
        let forgot = self.restored.iter().any(|party| party != COORDINATOR || (self.tended && !self.renewed));
        !forgot && shape.name != "scarce" && holders.count() >= shape.needed
    }

    fn now(&self) -> i64 {
        self.engine.clock(COORDINATOR).now()
    }
}

/// Every holder that forgot nothing answers under the generation that the coordinator has published.
pub(super) fn check(played: &mut Played<'_>) {
    for behind in played.behind() {
        played.fail("holders agree", behind);
    }
}

fn listed(said: Result<Said, Silent>, name: &str) -> Vec<Value> {
    let said = said.ok().filter(|said| said.exit.is_done());
    said.map(|said| said.json()[name].as_array().cloned().unwrap_or_default()).unwrap_or_default()
}

/// A time that a command has told, in microseconds.
pub(super) fn time_of(object: &Value, name: &str) -> Option<i64> {
    let time: jiff::Timestamp = object[name].as_str()?.parse().ok()?;
    Some(time.as_microsecond())
}
