//! Plays a list: every operation in its turn, then rest, until nothing is open any more.
//!
//! Comes in: a template, a list. Goes out: a [`Played`], in which every party still runs, and what should have come of it
//! is written down. What cannot be done when its turn comes (a command to a party that is down) is passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lianfang_desk::Exit;
use lianfang_link::{Directory, Party};
use serde::{Deserialize, Serialize};

use super::checks;
use super::copies::Kept;
use super::engine::{Engine, Silent, is_done};
use super::operations::{Change, KINDS, List, Operation, Terms};
use super::register::Register;
use super::schedules::Run;
use super::shapes::{Template, import};
use super::time::Moment;
use super::wire::MIDDLE;
use crate::liars::{BadWire, Credentials, Lie, LyingHolder};
use crate::network::{Between, Meddler, Middle};
use crate::world::{COORDINATOR, Said, address};

mod settle;

/// How long submissions are taken, in virtual seconds.
pub const DEADLINE: u64 = 120;
/// How long everything has to come to rest: the deadline, both graces, the longest pause of a node, and some more.
const REST: Duration = Duration::from_mins(10);
/// After which a dead process is started again by whoever watches it.
const WATCHED: Duration = Duration::from_secs(2);

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The check.
    pub check: String,
    /// What it saw.
    pub seen: String,
}

/// A job that was begun.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its id, once the coordinator has told it.
    pub id: Option<String>,
    /// Its terms.
    pub terms: Terms,
    /// Which version of each register was the newest then.
    pub from: BTreeMap<String, usize>,
    /// How often the coordinator had gone back to an old copy before.
    pub age: u32,
    /// Whether it was begun when all was calm.
    pub calm: bool,
    /// Which run it is, if it began by itself.
    pub run: Option<Run>,
}

/// The options of a job with these terms.
pub(super) fn wording(terms: &Terms, purpose: &str) -> Vec<String> {
    let mut words = vec!["--match-threshold".to_owned(), terms.threshold.to_string()];
    let mut add = |name: &str, value: &str| words.extend([name.to_owned(), value.to_owned()]);
    add("--purpose", purpose);
    add("--disclosure", terms.disclosure.code());
    add("--basis", "simulation");
    add("--chunk", "64");
    add("--least-rows", "64");
    add("--deadline", &format!("{DEADLINE}s"));
    if !KINDS[terms.kinds].is_empty() {
        add("--kinds", &KINDS[terms.kinds].join(","));
    }
    words
}

/// A federation to which a list has happened.
pub struct Played<'a> {
    /// From which it was copied.
    pub template: &'a Template,
    /// The parties.
    pub engine: Engine,
    /// Every version of each register, the newest last.
    pub versions: BTreeMap<String, Vec<Register>>,
    /// The jobs.
    pub jobs: Vec<Job>,
    /// Who went on with an old copy of its folder.
    pub restored: BTreeSet<String>,
    /// What was found on the way.
    pub failures: Vec<Failure>,
    /// Who was revoked.
    pub revoked: BTreeSet<String>,
    /// How often the coordinator has gone back to an old copy.
    pub age: u32,
    /// Whether anything was done about keys.
    pub(super) tended: bool,
    /// Whether another key was made after the coordinator had forgotten some.
    pub(super) renewed: bool,
    /// The terms of the schedules.
    pub(super) schedules: Vec<Terms>,
    /// The newest version of each register when it was last looked which jobs have begun by themselves.
    pub(super) looked: BTreeMap<String, usize>,
    /// Who has lost its store and has not joined again, and the file that it has still.
    pub(super) lost: BTreeMap<String, Register>,
    suspended: BTreeSet<String>,
    pub(super) kept: BTreeMap<String, Kept>,
    /// Who comes back by itself.
    watched: BTreeSet<String>,
    /// Changes of which nobody knows whether they were made.
    pub(super) unsure: BTreeMap<String, (Change, u8)>,
    middles: Vec<Middle>,
    pub(super) numbers: usize,
}

impl<'a> Played<'a> {
    /// Plays the list in a folder.
    pub fn list(template: &'a Template, list: &List, root: &Path) -> Self {
        let engine = template.begin(list.seed, root);
        let versions = template.registers.iter().map(|(bank, first)| (bank.clone(), vec![first.clone()]));
        let mut this = Self {
            template,
            engine,
            versions: versions.collect(),
            jobs: Vec::new(),
            restored: BTreeSet::new(),
            failures: Vec::new(),
            revoked: BTreeSet::new(),
            age: 0,
            tended: false,
            renewed: false,
            schedules: Vec::new(),
            looked: BTreeMap::new(),
            lost: BTreeMap::new(),
            suspended: BTreeSet::new(),
            kept: BTreeMap::new(),
            watched: BTreeSet::new(),
            unsure: BTreeMap::new(),
            middles: Vec::new(),
            numbers: 0,
        };
        for operation in &list.operations {
            this.happen(operation);
            this.pass(Duration::from_millis(10));
            this.look();
        }
        this.rest();
        this
    }

    /// A check has failed.
    pub fn fail(&mut self, check: &str, seen: impl Into<String>) {
        self.failures.push(Failure { check: check.to_owned(), seen: seen.into() });
    }

    pub(super) fn knows(&self, party: &str) -> bool {
        self.engine.parties().iter().any(|known| known == party)
    }

    fn happen(&mut self, operation: &Operation) {
        match operation {
            Operation::Import(bank, change, person) => {
                let waits = self.unsure.contains_key(bank) || self.lost.contains_key(bank);
                if self.versions.contains_key(bank) && !waits {
                    self.change(bank, *change, *person);
                }
            }
            Operation::Job(terms) => self.begin_job(*terms, false),
            Operation::Wait(time) => {
                // The longer it takes, the less closely anybody looks.
                self.engine.stride(*time / 200);
                self.pass(*time);
                self.engine.stride(Duration::ZERO);
            }
            Operation::Wire(accident) => self.engine.net.expect(accident.clone()),
            Operation::Twice(holder) => {
                self.stand_between(holder, |_| Arc::new(BadWire::repeating(&["Evaluate", "BlindEvaluate"])));
            }
            Operation::Lies(holder, lie) => self.lies(holder, *lie),
            Operation::Crash(party, after, back) => {
                if self.knows(party) && self.engine.lives(party) {
                    self.engine.light_fuse(party, *after);
                    if *back {
                        self.watched.insert(party.clone())
                    } else {
                        self.watched.remove(party)
                    };
                }
            }
            Operation::Restart(party) => {
                if self.knows(party) {
                    self.engine.stop(party);
                    self.start(party);
                }
            }
            Operation::Part(parties) => self.engine.net.part(parties.iter().cloned().collect()),
            Operation::Heal => self.heal(),
            Operation::Clock(party, seconds) => {
                if self.knows(party) {
                    self.engine.set_clock(party, seconds * 1_000_000);
                }
            }
            Operation::Refresh => self.refresh(),
            Operation::Epoch => self.next_epoch(),
            Operation::Activate(overlap) => self.activate(*overlap),
            Operation::Close => self.close(),
            Operation::Lose(bank) => self.lose(bank),
            Operation::Schedule(terms) => self.plan(*terms),
            Operation::Revoke(bank) => self.revoke(bank),
            Operation::Suspend(bank) => {
                // It may have been suspended though nobody heard of it.
                let said = self.engine.run(COORDINATOR, &["roster", "suspend", bank]);
                if said.is_err() || is_done(&said) {
                    self.suspended.insert(bank.clone());
                }
            }
            Operation::Resume(bank) => self.resume(bank),
            Operation::Backup(party) => self.keep(party),
            Operation::Restore(party) => self.bring_back(party),
        }
    }

    /// Lets time pass, and sees to those who die meanwhile.
    fn pass(&mut self, time: Duration) {
        self.engine.pass(time);
        for _ in 0..8 {
            let fallen = self.engine.fallen();
            if fallen.is_empty() {
                return;
            }
            self.engine.pass(WATCHED);
            for party in fallen {
                checks::nothing_in_clear(self, &party);
                if self.watched.contains(&party) && !self.engine.lives(&party) {
                    self.start(&party);
                }
            }
        }
    }

    pub(super) fn start(&mut self, party: &str) {
        if self.engine.lives(party) {
            return;
        }
        if let Err(refused) = self.engine.start(party) {
            self.fail("starts", format!("{party}: {refused}"));
        }
        if let Some((change, person)) = self.unsure.get(party).copied() {
            // Who does not know whether it was done does it again.
            let newest = self.newest(party);
            match self.command(party, change, person, &newest) {
                Err(_) => {}
                Ok(said) if said.exit == Exit::Later => {}
                Ok(_) => drop(self.unsure.remove(party)),
            }
        }
    }

    pub(super) fn newest(&self, bank: &str) -> Register {
        self.versions[bank].last().cloned().unwrap_or_default()
    }

    fn change(&mut self, bank: &str, change: Change, person: u8) {
        let Some(next) = self.newest(bank).after(change, person) else { return };
        if !self.engine.lives(bank) {
            return;
        }
        match self.command(bank, change, person, &next) {
            Ok(said) if said.exit == Exit::Done => {}
            Ok(said) => {
                self.fail("changes", format!("{bank}: {change:?} {person}: {} {}", said.out, said.notes));
                return;
            }
            Err(Silent::Late) => self.fail("changes", format!("{bank} does not answer")),
            Err(Silent::Dead) => drop(self.unsure.insert(bank.to_owned(), (change, person))),
        }
        self.versions.entry(bank.to_owned()).or_default().push(next);
    }

    /// Has the bank change its register to `next`.
    fn command(&mut self, bank: &str, change: Change, person: u8, next: &Register) -> Result<Said, Silent> {
        let record = next.record(person);
        match change {
            Change::Add | Change::Remove => import(&mut self.engine, bank, next),
            Change::Retract => self.engine.run(bank, &["register", "retract", &record]),
            Change::Hold if next.is_held(person) => {
                self.engine.run(bank, &["hold", &record, "--kind", "dispute"])
            }
            Change::Hold => self.engine.run(bank, &["hold", &record, "--lift"]),
        }
    }

    fn begin_job(&mut self, terms: Terms, calm: bool) {
        let from = self.versions.iter().map(|(bank, versions)| (bank.clone(), versions.len() - 1)).collect();
        let options = wording(&terms, &format!("list-{}", self.jobs.len()));
        let words: Vec<&str> =
            ["job", "start"].into_iter().chain(options.iter().map(String::as_str)).collect();
        let id = match self.engine.run(COORDINATOR, &words) {
            Ok(said) if said.exit == Exit::Done => said.json()["job"].as_str().map(str::to_owned),
            Ok(said) if calm => return self.fail("begins", format!("{} {}", said.out, said.notes)),
            Ok(_) => return,
            // It may have been begun all the same.
            Err(_) => None,
        };
        self.jobs.push(Job { id, terms, from, age: self.age, calm, run: None });
    }

    fn revoke(&mut self, bank: &str) {
        if self.versions.contains_key(bank) && !self.lost.contains_key(bank) {
            // It may have been revoked though nobody heard of it.
            let said = self.engine.run(COORDINATOR, &["roster", "revoke", bank, "--yes"]);
            if said.is_err() || is_done(&said) {
                self.revoked.insert(bank.to_owned());
            }
        }
    }

    fn resume(&mut self, bank: &str) {
        if self.suspended.contains(bank)
            && is_done(&self.engine.run(COORDINATOR, &["roster", "resume", bank]))
        {
            self.suspended.remove(bank);
        }
    }

    fn lies(&mut self, holder: &str, lie: Lie) {
        self.stand_between(holder, |own| {
            Arc::new(LyingHolder { bank: holder.to_owned(), signing: Arc::clone(&own.signing), lie })
        });
    }

    /// Puts somebody in the place of a holder, for all other banks.
    fn stand_between(&mut self, holder: &str, meddler: impl FnOnce(&Credentials) -> Arc<dyn Meddler>) {
        let credentials = self.template.credentials(&self.engine.root().join("credentials"));
        let Some(own) = credentials.get(holder) else { return };
        self.numbers += 1;
        let name = format!("{MIDDLE}{holder}-{}", self.numbers);
        let callers = credentials.iter().map(|(bank, own)| (bank.clone(), own.identity.clone()));
        let between = Between {
            place: Party::Bank(holder.to_owned()),
            identity: own.identity.clone(),
            target: address(holder),
            callers: callers.collect(),
            directory: Arc::new(own.roster.clone()) as Arc<dyn Directory>,
            clock: self.engine.clock(COORDINATOR).of_link(),
        };
        let (network, addr, meddler) = (self.engine.net.without_detours(&name), address(&name), meddler(own));
        let started = {
            let addr = addr.clone();
            self.engine.outside(async move { Middle::start(&network, &addr, between, meddler).await })
        };
        self.middles.push(started.expect("somebody stands in the middle"));
        self.engine.net.lead(&address(holder), &addr, holder);
    }

    fn heal(&mut self) {
        self.engine.net.heal();
        self.engine.net.straighten();
        self.middles.clear();
    }

    /// How long it took, in its own time.
    pub fn lasted(&self) -> Moment {
        self.engine.time.now() - self.template.now
    }
}
