//! What may happen to a federation, as a list of lines that people and programs read.
//!
//! Comes in: text, or a generator's choice. Goes out: [`Operation`]s, and the same text again. A list that does not make
//! sense is still played: what cannot be done when its turn comes is passed over.

use std::fmt;
use std::time::Duration;

use lianfang_proto::catalogue::Disclosure;

use super::fuse::After;
use super::wire::{Accident, Fate, Way};
use crate::liars::Lie;

/// What becomes of one person in a bank's register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It stands in the file from now on.
    Add,
    /// The file lacks it from now on.
    Remove,
    /// A person at the bank holds it back, or lifts the hold.
    Hold,
    /// A person at the bank retracts it.
    Retract,
}

/// The terms of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// `t`.
    pub threshold: u16,
    /// What is told.
    pub disclosure: Disclosure,
    /// The kinds that enter, by their place in [`KINDS`].
    pub kinds: usize,
}

impl Terms {
    fn read(threshold: &str, disclosure: &str, kinds: &str) -> Option<Self> {
        Some(Self {
            threshold: threshold.parse().ok()?,
            disclosure: Disclosure::from_code(disclosure)?,
            kinds: kinds.parse().ok().filter(|kinds| *kinds < KINDS.len())?,
        })
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.threshold, self.disclosure.code(), self.kinds)
    }
}

/// Kinds that a job may let in; all of them if there is none.
pub const KINDS: [&[&str]; 3] = [&[], &["cn-id"], &["mobile", "email"]];

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A bank's register changes.
    Import(String, Change, u8),
    /// A job begins.
    Job(Terms),
    /// Time passes.
    Wait(Duration),
    /// Something happens to a piece on a wire.
    Wire(Accident),
    /// From now on every request to this holder arrives twice.
    Twice(String),
    /// From now on this holder lies.
    Lies(String, Lie),
    /// A party dies after so much; whether it is started again at once.
    Crash(String, After, bool),
    /// A party is stopped as its operator would, if it runs, and started.
    Restart(String),
    /// These are cut off from the others.
    Part(Vec<String>),
    /// All connections are whole again, and nobody lies.
    Heal,
    /// A party's clock is set, seconds ahead or back.
    Clock(String, i64),
    /// New shares of the newest key are asked for.
    Refresh,
    /// A key of the next epoch is asked for, among the same holders.
    Epoch,
    /// The newest key that waits is used from now on; the one before it goes on for so many seconds.
    Activate(u64),
    /// The key that retires, or waits, is over.
    Close,
    /// A bank loses its store and joins again with the keys that it kept; a holder's share is repaired.
    Lose(String),
    /// Jobs with these terms begin by themselves, every ten minutes.
    Schedule(Terms),
    /// A membership ends for good.
    Revoke(String),
    /// A member is suspended.
    Suspend(String),
    /// And takes part again.
    Resume(String),
    /// A copy of a party's folder is put aside.
    Backup(String),
    /// A party dies and goes on with that copy. The coordinator's is made and put back by its commands.
    Restore(String),
}

/// Lies by their words.
pub const LIES: [(&str, Lie); 8] = [
    ("reflected", Lie::Reflected),
    ("swapped", Lie::Swapped),
    ("one-wrong", Lie::OneWrong),
    ("wrongly-signed", Lie::WronglySigned),
    ("no-points", Lie::NoPoints),
    ("no-check", Lie::NoCheck),
    ("cut-short", Lie::CutShort),
    ("not-there", Lie::NotThere),
];

const CHANGES: [(&str, Change); 4] =
    [("add", Change::Add), ("remove", Change::Remove), ("hold", Change::Hold), ("retract", Change::Retract)];

fn word<T: Copy + PartialEq>(words: &[(&'static str, T)], of: T) -> &'static str {
    words.iter().find(|(_, value)| *value == of).map_or("?", |(word, _)| word)
}

fn value<T: Copy>(words: &[(&'static str, T)], of: &str) -> Option<T> {
    words.iter().find(|(word, _)| *word == of).map(|(_, value)| *value)
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Import(bank, change, person) => {
                write!(f, "import {bank} {} {person}", word(&CHANGES, *change))
            }
            Self::Job(terms) => write!(f, "job {terms}"),
            Self::Schedule(terms) => write!(f, "schedule {terms}"),
            Self::Refresh => f.write_str("refresh"),
            Self::Epoch => f.write_str("epoch"),
            Self::Activate(overlap) => write!(f, "activate {overlap}"),
            Self::Close => f.write_str("close"),
            Self::Lose(bank) => write!(f, "lose {bank}"),
            Self::Revoke(bank) => write!(f, "revoke {bank}"),
            Self::Wait(time) => write!(f, "wait {}", time.as_millis()),
            Self::Wire(Accident { from, to, way, after, fate }) => {
                let way = if *way == Way::Request { "request" } else { "response" };
                match fate {
                    Fate::Lost => write!(f, "lose {way} {from} {to} {after}"),
                    Fate::Late(by) => write!(f, "late {way} {from} {to} {after} {}", by.as_millis()),
                }
            }
            Self::Twice(holder) => write!(f, "twice {holder}"),
            Self::Lies(holder, lie) => write!(f, "lies {holder} {}", word(&LIES, *lie)),
            Self::Crash(party, after, back) => {
                let (word, after) = match after {
                    After::Steps(steps) => ("crash", steps),
                    After::Changes(changes) => ("die", changes),
                };
                write!(f, "{word} {party} {after} {}", if *back { "back" } else { "down" })
            }
            Self::Restart(party) => write!(f, "restart {party}"),
            Self::Part(parties) => write!(f, "part {}", parties.join(" ")),
            Self::Heal => f.write_str("heal"),
            Self::Clock(party, seconds) => write!(f, "clock {party} {seconds}"),
            Self::Suspend(bank) => write!(f, "suspend {bank}"),
            Self::Resume(bank) => write!(f, "resume {bank}"),
            Self::Backup(party) => write!(f, "backup {party}"),
            Self::Restore(party) => write!(f, "restore {party}"),
        }
    }
}

impl Operation {
    /// Reads a line; `None` if it is none.
    pub fn read(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let owned = |word: &&str| (*word).to_owned();
        Some(match words.as_slice() {
            ["import", bank, change, person] => {
                Self::Import(owned(bank), value(&CHANGES, change)?, person.parse().ok()?)
            }
            ["job", threshold, disclosure, kinds] => Self::Job(Terms::read(threshold, disclosure, kinds)?),
            ["schedule", threshold, disclosure, kinds] => {
                Self::Schedule(Terms::read(threshold, disclosure, kinds)?)
            }
            ["refresh"] => Self::Refresh,
            ["epoch"] => Self::Epoch,
            ["activate", overlap] => Self::Activate(overlap.parse().ok()?),
            ["close"] => Self::Close,
            ["lose", bank] => Self::Lose(owned(bank)),
            ["revoke", bank] => Self::Revoke(owned(bank)),
            ["wait", millis] => Self::Wait(Duration::from_millis(millis.parse().ok()?)),
            ["lose", way, from, to, after] => {
                let (way, after) = (way_of(way)?, after.parse().ok()?);
                Self::Wire(Accident { from: owned(from), to: owned(to), way, after, fate: Fate::Lost })
            }
            ["late", way, from, to, after, by] => {
                let fate = Fate::Late(Duration::from_millis(by.parse().ok()?));
                let (way, after) = (way_of(way)?, after.parse().ok()?);
                Self::Wire(Accident { from: owned(from), to: owned(to), way, after, fate })
            }
            ["twice", holder] => Self::Twice(owned(holder)),
            ["lies", holder, lie] => Self::Lies(owned(holder), value(&LIES, lie)?),
            [word @ ("crash" | "die"), party, after, back] => {
                let after = after.parse().ok()?;
                let after = if *word == "die" { After::Changes(after) } else { After::Steps(after) };
                Self::Crash(owned(party), after, value(&[("back", true), ("down", false)], back)?)
            }
            ["restart", party] => Self::Restart(owned(party)),
            ["part", parties @ ..] => Self::Part(parties.iter().map(owned).collect()),
            ["heal"] => Self::Heal,
            ["clock", party, seconds] => Self::Clock(owned(party), seconds.parse().ok()?),
            ["suspend", bank] => Self::Suspend(owned(bank)),
            ["resume", bank] => Self::Resume(owned(bank)),
            ["backup", party] => Self::Backup(owned(party)),
            ["restore", party] => Self::Restore(owned(party)),
            _ => return None,
        })
    }

    /// The kind, to be counted by.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Import(..) => "import",
            Self::Job(_) => "job",
            Self::Wait(_) => "wait",
            Self::Wire(Accident { fate: Fate::Lost, way: Way::Request, .. }) => "lose-request",
            Self::Wire(Accident { fate: Fate::Lost, way: Way::Response, .. }) => "lose-response",
            Self::Wire(_) => "late",
            Self::Twice(_) => "twice",
            Self::Lies(..) => "lies",
            Self::Crash(_, After::Steps(_), _) => "crash",
            Self::Crash(..) => "die",
            Self::Restart(_) => "restart",
            Self::Part(_) => "part",
            Self::Heal => "heal",
            Self::Clock(..) => "clock",
            Self::Refresh => "refresh",
            Self::Epoch => "epoch",
            Self::Activate(_) => "activate",
            Self::Close => "close",
            Self::Lose(_) => "lose",
            Self::Schedule(_) => "schedule",
            Self::Revoke(_) => "revoke",
            Self::Suspend(_) => "suspend",
            Self::Resume(_) => "resume",
            Self::Backup(_) => "backup",
            Self::Restore(_) => "restore",
        }
    }
}

fn way_of(word: &str) -> Option<Way> {
    value(&[("request", Way::Request), ("response", Way::Response)], word)
}

/// A list, with the federation that it happens to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// The shape's name.
    pub shape: String,
    /// From which all chance comes.
    pub seed: u64,
    /// What happens.
    pub operations: Vec<Operation>,
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "shape {}\nseed {}", self.shape, self.seed)?;
        self.operations.iter().try_for_each(|operation| writeln!(f, "{operation}"))
    }
}

impl List {
    /// Reads a list. What stands behind `#` is for people.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut list = Self { shape: "three".to_owned(), seed: 0, operations: Vec::new() };
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            match line.split_once(' ') {
                Some(("shape", shape)) => shape.clone_into(&mut list.shape),
                Some(("seed", seed)) => list.seed = seed.parse().map_err(|_| line.to_owned())?,
                _ if line.is_empty() => {}
                _ => list.operations.push(Operation::read(line).ok_or_else(|| line.to_owned())?),
            }
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::super::generate::generate;
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut kinds = std::collections::BTreeSet::new();
        for seed in 0..1_000 {
            let list = generate(seed);
            assert_eq!(List::read(&list.to_string()), Ok(list.clone()));
            kinds.extend(list.operations.iter().map(Operation::kind));
        }
        assert_eq!(kinds.len(), 25, "{kinds:?}");
        assert_eq!(List::read("# nothing\n\nfly away\n"), Err("fly away".to_owned()));
    }
}
