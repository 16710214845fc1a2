//! Lists from seeds, and smaller ones from those that fail.
//!
//! Comes in: a seed; a list and whether it still fails. Goes out: a list that is the same for the same seed; the smallest
//! one found. The reducing is delta debugging (Zeller and Hildebrandt, 2002): halves are left out, then quarters, down to
//! single lines; then numbers become smaller.

use std::time::Duration;

use lianfang_proto::catalogue::Disclosure;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::chance::generator;
use super::fuse::After;
use super::operations::{Change, KINDS, LIES, List, Operation, Terms};
use super::register::PERSONS;
use super::shapes::{SHAPES, Shape};
use super::wire::{Accident, Fate, Way};
use crate::world::COORDINATOR;

/// The list of this seed.
pub fn generate(seed: u64) -> List {
    let mut rng = generator(seed, &["list"]);
    let (keys, schedule) = (rng.random_bool(0.2), rng.random_bool(0.1));
    let mut draw = Draw { rng, shape: &SHAPES[0], keys };
    // The smaller shapes are cheaper, and most of what can go wrong goes wrong among three.
    draw.shape = &SHAPES[*[0, 0, 0, 1, 2, 2, 3, 4].choose(&mut draw.rng).unwrap_or(&0)];
    let length = draw.rng.random_range(3..=12);
    let mut operations: Vec<Operation> = Vec::new();
    if schedule {
        operations.push(Operation::Schedule(draw.terms()));
    }
    if draw.rng.random_bool(0.7) {
        operations.push(Operation::Job(draw.terms()));
    }
    while operations.len() < length {
        let operation = draw.operation();
        let work = match &operation {
            Operation::Crash(party, ..) if draw.rng.random_bool(0.4) => Some(draw.work_of(party)),
            _ => None,
        };
        operations.push(operation);
        operations.extend(work);
    }
    if !operations.iter().any(|one| matches!(one, Operation::Job(_) | Operation::Schedule(_))) {
        operations.push(Operation::Job(draw.terms()));
    }
    List { shape: draw.shape.name.to_owned(), seed, operations }
}

struct Draw {
    rng: StdRng,
    shape: &'static Shape,
    /// Whether the list is much about keys.
    keys: bool,
}

impl Draw {
    fn bank(&mut self) -> String {
        (*self.shape.banks().choose(&mut self.rng).unwrap_or(&"alpha")).to_owned()
    }

    fn holder(&mut self) -> String {
        let holders = &self.shape.banks()[..self.shape.holders];
        (*holders.choose(&mut self.rng).unwrap_or(&"alpha")).to_owned()
    }

    fn party(&mut self) -> String {
        if self.rng.random_bool(0.3) { COORDINATOR.to_owned() } else { self.bank() }
    }

    fn terms(&mut self) -> Terms {
        let disclosures =
            [Disclosure::Count, Disclosure::Institutions, Disclosure::Labels, Disclosure::Labels];
        Terms {
            threshold: if self.rng.random_bool(0.8) { 2 } else { 3 },
            disclosure: *disclosures.choose(&mut self.rng).unwrap_or(&Disclosure::Labels),
            kinds: if self.rng.random_bool(0.6) { 0 } else { self.rng.random_range(0..KINDS.len()) },
        }
    }

    /// Small numbers as often as large ones.
    fn steps(&mut self, most: u32) -> u64 {
        let bits = self.rng.random_range(1..=most);
        self.rng.random_range(0..1_u64 << bits)
    }

    fn wire(&mut self) -> Operation {
        let from = self.bank();
        let to = if self.rng.random_bool(0.6) { COORDINATOR.to_owned() } else { self.holder() };
        let way = if self.rng.random_bool(0.5) { Way::Request } else { Way::Response };
        let after = u32::try_from(self.steps(6)).unwrap_or(0);
        let late = Duration::from_millis(self.rng.random_range(100..20_000));
        let fate = if self.rng.random_bool(0.8) { Fate::Lost } else { Fate::Late(late) };
        Operation::Wire(Accident { from, to, way, after, fate })
    }

    fn death(&mut self) -> Operation {
        let party = self.party();
        let after = if self.rng.random_bool(0.5) {
            After::Steps(self.steps(11))
        } else {
            After::Changes(self.steps(6))
        };
        Operation::Crash(party, after, self.rng.random_bool(0.7))
    }

    /// What keeps a party busy that is to die: chances are that it dies of that.
    fn work_of(&mut self, party: &str) -> Operation {
        if party == COORDINATOR || self.rng.random_bool(0.6) {
            return Operation::Job(self.terms());
        }
        Operation::Import(party.to_owned(), Change::Add, self.rng.random_range(0..PERSONS))
    }

    fn of_keys(&mut self) -> Operation {
        match self.rng.random_range(0..100) {
            0..25 => Operation::Refresh,
            25..45 => Operation::Epoch,
            45..65 => Operation::Activate(self.steps(12)),
            65..75 => Operation::Close,
            75..85 => Operation::Lose(self.bank()),
            // A ceremony takes some seconds.
            _ => Operation::Wait(Duration::from_millis(self.rng.random_range(1_000..20_000))),
        }
    }

    fn operation(&mut self) -> Operation {
        if self.keys && self.rng.random_bool(0.5) {
            return self.of_keys();
        }
        match self.rng.random_range(0..100) {
            0..16 => {
                let changes = [Change::Add, Change::Add, Change::Remove, Change::Hold, Change::Retract];
                let change = *changes.choose(&mut self.rng).unwrap_or(&Change::Add);
                Operation::Import(self.bank(), change, self.rng.random_range(0..PERSONS))
            }
            16..30 => Operation::Job(self.terms()),
            30..41 => Operation::Wait(Duration::from_millis(self.steps(15))),
            41..42 => Operation::Wait(Duration::from_secs(self.steps(11))),
            42..58 => self.wire(),
            58..74 => self.death(),
            74..78 => Operation::Restart(self.party()),
            78..82 => {
                let banks = self.shape.banks();
                let apart = banks.iter().filter(|_| self.rng.random_bool(0.4)).map(|bank| (*bank).to_owned());
                let apart: Vec<String> = apart.collect();
                if apart.is_empty() {
                    Operation::Part(vec![COORDINATOR.to_owned()])
                } else {
                    Operation::Part(apart)
                }
            }
            82..85 => Operation::Heal,
            85..88 => {
                let far = i64::try_from(self.steps(13)).unwrap_or(0);
                let seconds = if self.rng.random_bool(0.5) { far } else { -far };
                Operation::Clock(self.party(), seconds)
            }
            88..90 => Operation::Suspend(self.bank()),
            90..91 => Operation::Resume(self.bank()),
            91..93 => Operation::Backup(self.party()),
            93..95 => Operation::Restore(self.party()),
            95..96 => Operation::Revoke(self.bank()),
            96..97 => Operation::Twice(self.holder()),
            _ => {
                let (_, lie) = *LIES.choose(&mut self.rng).unwrap_or(&LIES[0]);
                Operation::Lies(self.holder(), lie)
            }
        }
    }
}

/// The smallest list found that still fails, in at most so many trials.
pub fn shrink(list: &List, trials: usize, mut fails: impl FnMut(&List) -> bool) -> List {
    let mut best = list.clone();
    let mut left = trials;
    let mut part = best.operations.len().div_ceil(2);
    while part > 0 && left > 0 {
        let mut at = 0;
        let mut smaller = false;
        while at < best.operations.len() && left > 0 {
            let mut trial = best.clone();
            trial.operations.drain(at..(at + part).min(best.operations.len()));
            left -= 1;
            if fails(&trial) {
                best = trial;
                smaller = true;
            } else {
                at += part;
            }
        }
        if !smaller || part > 1 {
            part /= 2;
        }
    }
    for at in 0..best.operations.len() {
        while left > 0
            && let Some(operation) = simpler(&best.operations[at])
        {
            let mut trial = best.clone();
            trial.operations[at] = operation;
            left -= 1;
            if !fails(&trial) {
                break;
            }
            best = trial;
        }
    }
    best
}

/// The same with smaller numbers.
fn simpler(operation: &Operation) -> Option<Operation> {
    match operation {
        Operation::Wait(time) if *time >= Duration::from_millis(20) => Some(Operation::Wait(*time / 2)),
        Operation::Crash(party, After::Steps(after), back) if *after > 1 => {
            Some(Operation::Crash(party.clone(), After::Steps(after / 2), *back))
        }
        Operation::Crash(party, After::Changes(after), back) if *after > 1 => {
            Some(Operation::Crash(party.clone(), After::Changes(after - 1), *back))
        }
        Operation::Wire(accident) if accident.after > 0 => {
            Some(Operation::Wire(Accident { after: accident.after / 2, ..accident.clone() }))
        }
        Operation::Clock(party, seconds) if seconds.abs() > 1 => {
            Some(Operation::Clock(party.clone(), seconds / 2))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_list_becomes_small() {
        let list = generate(5);
        assert_eq!(list, generate(5));
        let crash = Operation::Crash("alpha".to_owned(), After::Steps(900), true);
        let mut long = list;
        long.operations.insert(2, crash);
        let fails = |list: &List| {
            list.operations
                .iter()
                .any(|one| matches!(one, Operation::Crash(party, After::Steps(100..), _) if party == "alpha"))
        };
        let small = shrink(&long, 200, fails);
        assert_eq!(small.operations, [Operation::Crash("alpha".to_owned(), After::Steps(112), true)]);
    }
}
