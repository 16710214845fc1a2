//! Runs a federation on one thread: whose turn it is, when time passes, who dies and comes back.
//!
//! Comes in: folders of parties, commands, deaths. Goes out: what commands printed. Time passes only when no task of any
//! party is ready and no thread is at work, so that waiting costs nothing and nothing is late because the machine is.
//! Trusts the parties to wait by their clock's port alone.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use lianfang_coordinator::Coordinator;
use lianfang_desk::Exit;
use lianfang_node::Node;
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::chance::generator;
use super::fuse::{After, Fuse};
use super::time::{Moment, PartyClock, Time, micros};
use super::turn::Turns;
use super::wire::Net;
use super::{order, quiet};
use crate::world::Said;

mod lives;

/// As long as people wait for a command.
const PATIENCE: Duration = Duration::from_mins(5);
/// Time passes at least so much at a time: what is due within it is due at once.
const STRIDE: Moment = 50_000;
/// Turns at one moment, after which something goes round in circles: time does not pass while anybody has work.
const TURNS: u64 = 20_000;
/// How often threads of the store are let run between the turns of two parties, and not only when all parties wait.
const OTHERS_FIRST: f64 = 0.25;

/// Who stands in the middle belongs to no party.
const OUTSIDE: &str = "outside";

enum Machine {
    Coordinator(Arc<Coordinator>),
    Node(Arc<Node>),
}

struct Life {
    turns: Turns,
    machine: Option<Machine>,
}

struct Member {
    dir: PathBuf,
    skew: Arc<AtomicI64>,
    lives: u64,
    life: Option<Life>,
    fuse: Option<Fuse>,
}

/// Why a command gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silent {
    /// The party is down, or died meanwhile.
    Dead,
    /// It took longer than anybody waits.
    Late,
}

/// A federation at work.
pub struct Engine {
    /// The common time.
    pub time: Time,
    /// The network.
    pub net: Net,
    seed: u64,
    root: PathBuf,
    members: BTreeMap<String, Member>,
    order: StdRng,
    stride: Moment,
    turns: u64,
    /// What stands for all turns so far.
    course: DefaultHasher,
    /// Who has died by a fuse and was not seen to yet.
    fallen: Vec<String>,
}

impl Engine {
    /// Nobody yet; folders are made under `root`.
    pub fn new(seed: u64, root: &Path, now: Moment) -> Self {
        let time = Time::from(now);
        Self {
            net: Net::new(&time),
            time,
            seed,
            root: root.to_owned(),
            members: BTreeMap::new(),
            order: generator(seed, &["order"]),
            stride: STRIDE,
            turns: 0,
            course: DefaultHasher::new(),
            fallen: Vec::new(),
        }
    }

    /// Takes a party in, whose folder lies under the root by its name.
    pub fn add(&mut self, party: &str) {
        let dir = self.root.join(party);
        let member = Member { dir, skew: Arc::default(), lives: 0, life: None, fuse: None };
        self.members.insert(party.to_owned(), member);
    }

    /// Everybody who belongs to the federation.
    pub fn parties(&self) -> Vec<String> {
        self.members.keys().filter(|party| *party != OUTSIDE).cloned().collect()
    }

    /// Runs something that belongs to no party, where those in the middle run.
    pub fn outside<T: Send + 'static>(
        &mut self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Silent> {
        if !self.members.contains_key(OUTSIDE) {
            self.add(OUTSIDE);
            self.member(OUTSIDE).life = Some(Life { turns: Turns::new(), machine: None });
        }
        self.perform(OUTSIDE, work)
    }

    fn member(&mut self, party: &str) -> &mut Member {
        self.members.get_mut(party).expect("a party of this federation")
    }

    /// A party's folder.
    pub fn dir(&self, party: &str) -> PathBuf {
        self.members[party].dir.clone()
    }

    /// A folder for what belongs to no party.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it runs.
    pub fn lives(&self, party: &str) -> bool {
        self.members[party].life.as_ref().is_some_and(|life| life.machine.is_some())
    }

    /// A party's clock.
    pub fn clock(&self, party: &str) -> PartyClock {
        PartyClock { time: self.time.clone(), skew: Arc::clone(&self.members[party].skew) }
    }

    /// Sets a party's clock so much ahead of what it shows.
    pub fn set_clock(&mut self, party: &str, ahead: i64) {
        self.member(party).skew.fetch_add(ahead, Ordering::SeqCst);
    }

    /// All clocks are right again.
    pub fn set_all_clocks(&mut self) {
        self.members.values().for_each(|member| member.skew.store(0, Ordering::SeqCst));
    }

    /// The party dies when it has come so far from here.
    pub fn light_fuse(&mut self, party: &str, after: After) {
        let member = self.member(party);
        member.fuse = Some(Fuse::lit(after, &member.dir));
    }

    /// No party dies any more.
    pub fn put_out_fuses(&mut self) {
        self.members.values_mut().for_each(|member| member.fuse = None);
    }

    /// A number that stands for the course of everything so far: whose turn it was when.
    pub fn course(&self) -> u64 {
        self.course.finish()
    }

    /// Those who have died by a fuse since this was asked last.
    pub fn fallen(&mut self) -> Vec<String> {
        std::mem::take(&mut self.fallen)
    }

    /// Lets time pass in longer strides, for as long as nobody looks closely.
    pub fn stride(&mut self, stride: Duration) {
        self.stride = micros(stride).max(STRIDE);
    }

    /// Runs a command at a party, in English and with `--json`.
    pub fn run(&mut self, party: &str, words: &[&str]) -> Result<Said, Silent> {
        let answer = self.begin(party, words)?;
        self.answer(party, &answer)
    }

    /// Begins a command; its answer comes when turns are taken.
    pub fn begin(&mut self, party: &str, words: &[&str]) -> Result<mpsc::Receiver<Said>, Silent> {
        let words: Vec<String> =
            words.iter().map(|word| (*word).to_owned()).chain(["--json".to_owned()]).collect();
        let life = self.members[party].life.as_ref().ok_or(Silent::Dead)?;
        let (to, from) = mpsc::channel();
        match life.machine.as_ref().ok_or(Silent::Dead)? {
            Machine::Coordinator(coordinator) => {
                let coordinator = Arc::clone(coordinator);
                life.turns.runtime().spawn(async move {
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    let (exit, out) = coordinator.run(&words).await;
                    drop(coordinator);
                    let _ = to.send(Said { exit, out, notes: String::new() });
                });
            }
            Machine::Node(node) => {
                let node = Arc::clone(node);
                life.turns.runtime().spawn(async move {
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    let (exit, out, notes) = node.run(&words).await;
                    drop(node);
                    let _ = to.send(Said { exit, out, notes });
                });
            }
        }
        Ok(from)
    }

    /// Waits for what was begun.
    pub fn answer<T>(&mut self, party: &str, answer: &mpsc::Receiver<T>) -> Result<T, Silent> {
        let until = self.time.now() + micros(PATIENCE);
        loop {
            if let Ok(answer) = answer.try_recv() {
                return Ok(answer);
            }
            if self.members[party].life.is_none() {
                return Err(Silent::Dead);
            }
            if !self.step(until) {
                return Err(Silent::Late);
            }
        }
    }

    fn perform<T: Send + 'static>(
        &mut self,
        party: &str,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Silent> {
        let (to, from) = mpsc::channel();
        let life = self.members[party].life.as_ref().ok_or(Silent::Dead)?;
        life.turns.runtime().spawn(async move {
            let _ = to.send(work.await);
        });
        self.answer(party, &from)
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        let until = self.time.now() + micros(time);
        while self.step(until) {}
        self.time.advance(until);
        self.turns = 0;
        while self.everybody() {}
    }

    /// One round of turns, or else the next moment; `false` if that is later than `until`.
    fn step(&mut self, until: Moment) -> bool {
        if self.everybody() {
            return true;
        }
        for wait in [order::let_others_run, quiet::wait] {
            wait();
            if self.members.values().any(Member::has_work) {
                return true;
            }
        }
        let now = self.time.now();
        let next = [self.time.next(), self.net.tires_at()].into_iter().flatten().min();
        let Some(next) = next.filter(|next| *next <= until) else { return false };
        self.time.advance(next.max(now + self.stride).min(until.max(next)));
        self.turns = 0;
        self.net.tire();
        true
    }

    /// Everybody who has something to do has a turn. Says whether anybody had.
    fn everybody(&mut self) -> bool {
        let mut due: Vec<String> = Vec::new();
        due.extend(
            self.members.iter().filter(|(_, member)| member.has_work()).map(|(party, _)| party.clone()),
        );
        if due.is_empty() {
            return false;
        }
        self.turns += 1;
        assert!(self.turns < TURNS, "the federation goes round in circles");
        let first = self.order.random_range(0..due.len());
        due.rotate_left(first);
        for party in due {
            if self.order.random_bool(OTHERS_FIRST) {
                order::let_others_run();
            }
            (self.time.now(), &party, self.net.pieces()).hash(&mut self.course);
            let member = self.member(&party);
            let Some(life) = &member.life else { continue };
            if !life.turns.take(&mut member.fuse) {
                self.kill(&party);
                self.fallen.push(party);
            }
        }
        true
    }

    /// Ends everybody, without a word.
    pub fn end(&mut self) {
        let parties: Vec<String> = self.members.keys().cloned().collect();
        for party in parties {
            self.net.gone(&party);
            if let Some(Life { turns, machine }) = self.member(&party).life.take() {
                turns.kill(machine);
            }
        }
        // Where something has gone wrong already, a thread that never rests is not to hide it.
        if !std::thread::panicking() {
            quiet::wait();
        }
    }
}

impl Member {
    fn has_work(&self) -> bool {
        self.life.as_ref().is_some_and(|life| life.turns.has_work())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whether a command did what it was told.
pub fn is_done(said: &Result<Said, Silent>) -> bool {
    said.as_ref().is_ok_and(|said| said.exit == Exit::Done)
}

/// Copies a folder; sockets are left.
///
/// # Panics
/// If the disk is full.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a readable folder").flatten() {
        let target = to.join(entry.file_name());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => copy(&entry.path(), &target),
            Ok(kind) if kind.is_file() => drop(std::fs::copy(entry.path(), target).expect("a copy")),
            _ => {}
        }
    }
}
