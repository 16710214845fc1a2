//! When a file is complete, and what becomes of it once it was read: two pure tables.
//!
//! ```text
//! (absent) ──a first look──▶ changing ──the same again──▶ ready ──imported, or refused: put away──▶ (absent)
//!
//! changing, ready           ── something else ──▶ changing
//! changing, ready           ── gone ──▶ (absent)
//! (absent), changing, ready ── there, and said to be ready ──▶ ready
//! ready ── it cannot be opened or read on, the store or the disk failed, another import runs: taken again ──▶ ready
//! ready ── written to, or another in its place, by the time that it was read ──▶ changing
//! ```
//!
//! What stands behind a changing one by name is not ready, whatever was seen of it or said, until that is ready or gone: what
//! is older by its name may not be imported after what is newer. One that has come since holds nobody up, or a steady stream of
//! files would keep back those behind it for ever.
//!
//! Comes in: looks, and how a reading ended. Goes out: names that are ready, in their order, and where a file goes. Never
//! sees: a file. A file whose writer pauses longer than two looks apart is taken too early. If it is written to while it is
//! imported, it stays where it is and is seen anew; if later, its writer goes on in the file that was put away, and nobody
//! reads that. Writers that pause say `.ready`, or write under another name and rename.

use std::collections::{BTreeMap, BTreeSet};

use super::folder::Place;
use crate::ingest::IngestError;
use crate::register::ImportError;

/// What can be seen of a file without opening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Which file it is.
    pub(super) file: (u64, u64),
    /// How long.
    pub(super) bytes: u64,
    /// When it was written to last, and its entry changed: seconds and nanoseconds.
    pub(super) written: (i64, i64),
}

/// What is known of a file that is there.
#[derive(Debug)]
struct Known {
    seen: Seen,
    /// At which look it was there first.
    since: u64,
    /// At which look it had come to rest, or was said to be ready; nothing while it changes.
    rests: Option<u64>,
}

/// The last look.
#[derive(Debug, Default)]
pub(super) struct Settle {
    looks: u64,
    last: BTreeMap<String, Known>,
}

impl Settle {
    /// A look at all files, and the names that are said to be ready; gives those that are, and wait for none before them.
    pub(super) fn look(&mut self, now: BTreeMap<String, Seen>, said: &BTreeSet<String>) -> Vec<String> {
        self.looks += 1;
        let looks = self.looks;
        let mut last = std::mem::take(&mut self.last);
        let known = now.into_iter().map(|(name, seen)| {
            let before = last.remove(&name);
            let rests = said.contains(&name) || before.as_ref().is_some_and(|before| before.seen == seen);
            let rested = before.as_ref().and_then(|before| before.rests).unwrap_or(looks);
            let since = before.map_or(looks, |before| before.since);
            (name, Known { seen, since, rests: rests.then_some(rested) })
        });
        self.last = known.collect();
        let mut waits_since: Option<u64> = None;
        let ready = self.last.iter().filter(|(_, known)| {
            let goes = known.rests.is_some_and(|at| waits_since.is_none_or(|since| since >= at));
            if !goes {
                waits_since = Some(waits_since.map_or(known.since, |since| since.min(known.since)));
            }
            goes
        });
        ready.map(|(name, _)| name.clone()).collect()
    }
}

/// What becomes of a file that was ready, once it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It goes there, unless it has changed by now.
    PutAway(Place),
    /// It is not what was opened: it stays, and is looked at anew.
    Changed,
    /// It is not the file's fault: it stays, and is taken with the next look.
    Again,
}

impl End {
    /// That of a file that was imported, or whose import ended early.
    pub(super) const fn of(error: Option<&ImportError>) -> Self {
        match error {
            None => Self::PutAway(Place::Done),
            // Its disk failed, or the network before it; the file may be as good as any.
            Some(ImportError::File(IngestError::Read(_))) => Self::Again,
            Some(ImportError::File(_) | ImportError::Retracts(_)) => Self::PutAway(Place::Failed),
            Some(ImportError::Changed) => Self::Changed,
            // A store that is damaged or refuses says nothing of the file.
            Some(
                ImportError::Register(_)
                | ImportError::Rejects(_)
                | ImportError::Busy
                | ImportError::ReaderStopped,
            ) => Self::Again,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use lianfang_proto::listed;

    use super::*;
    use crate::register::{Doubt, RegisterError};
    use crate::store::StoreError;

    fn look(settle: &mut Settle, files: &[(&str, u64, i64)], said: &[&str]) -> Vec<String> {
        let seen = |bytes, at| Seen { file: (1, 1), bytes, written: (at, 0) };
        let files = files.iter().map(|(name, bytes, at)| ((*name).to_owned(), seen(*bytes, *at)));
        settle.look(files.collect(), &said.iter().map(|&name| name.to_owned()).collect())
    }

    listed! {
        /// Where one file stands after a look.
        enum State { Absent, Changing, Ready }
    }
    use State::{Absent, Changing, Ready};

    const STATES: usize = State::ALL.len();

    const NAME: &str = "a.csv";
    const SEEN: Seen = Seen { file: (1, 2), bytes: 3, written: (4, 5) };

    fn look_at(settle: &mut Settle, file: Option<Seen>, said: bool) -> State {
        let files = file.map(|seen| (NAME.to_owned(), seen)).into_iter().collect();
        let said = said.then(|| NAME.to_owned()).into_iter().collect();
        match settle.look(files, &said).as_slice() {
            [] if settle.last.contains_key(NAME) => Changing,
            [] => Absent,
            names => {
                assert_eq!(names, [NAME]);
                Ready
            }
        }
    }

    /// One that was looked at until it stands so, as `SEEN`.
    fn settled(state: State) -> Settle {
        let mut settle = Settle::default();
        let looks = match state {
            Absent => 0,
            Changing => 1,
            Ready => 2,
        };
        for _ in 0..looks {
            look_at(&mut settle, Some(SEEN), false);
        }
        settle
    }

    /// What is seen, whether it is said to be ready, and what that makes of a file in each state.
    type Looked = (&'static str, Option<Seen>, bool, [State; STATES]);

    fn table() -> [Looked; 11] {
        let other = |change: fn(&mut Seen)| {
            let mut seen = SEEN;
            change(&mut seen);
            Some(seen)
        };
        [
            ("the same", Some(SEEN), false, [Changing, Ready, Ready]),
            ("longer", other(|seen| seen.bytes += 1), false, [Changing; STATES]),
            ("shorter", other(|seen| seen.bytes -= 1), false, [Changing; STATES]),
            ("written to a second later", other(|seen| seen.written.0 += 1), false, [Changing; STATES]),
            ("written to within the second", other(|seen| seen.written.1 += 1), false, [Changing; STATES]),
            ("another file", other(|seen| seen.file.1 += 1), false, [Changing; STATES]),
            ("of another disk", other(|seen| seen.file.0 += 1), false, [Changing; STATES]),
            ("gone", None, false, [Absent; STATES]),
            ("the same, said to be ready", Some(SEEN), true, [Ready; STATES]),
            ("something else, said to be ready", other(|seen| seen.bytes += 1), true, [Ready; STATES]),
            ("gone, said to be ready", None, true, [Absent; STATES]),
        ]
    }

    #[test]
    fn every_file_after_every_look() {
        for (what, seen, said, after) in table() {
            for (before, after) in State::ALL.into_iter().zip(after) {
                let mut settle = settled(before);
                assert_eq!(look_at(&mut settle, seen, said), after, "{before:?}, then {what}");
                // What is said counts for one look; what was seen last is what the next is compared with.
                let again = if after == Absent { Absent } else { Ready };
                assert_eq!(look_at(&mut settle, seen, false), again, "{before:?}, then {what}, twice");
            }
        }
    }

    /// Whatever was seen of it before, and is seen of it then; also those that are said to be ready.
    #[test]
    fn files_behind_one_that_changes_wait_until_it_rests_or_is_gone() {
        const BEFORE: &str = "a.CSV";
        const BEHIND: [&str; 2] = ["b.csv", "c.csv"];
        for (what, seen, said, after) in table() {
            for (state, after) in State::ALL.into_iter().zip(after) {
                let mut settle = settled(state);
                let there = || Known { seen: SEEN, since: 0, rests: None };
                settle.last.extend([BEFORE, BEHIND[0]].map(|name| (name.to_owned(), there())));
                let mut look = |said: bool| {
                    let others = [BEFORE, BEHIND[0], BEHIND[1]].map(|name| (name, Some(SEEN)));
                    let files = others.into_iter().chain([(NAME, seen)]);
                    let files = files.filter_map(|(name, seen)| Some((name.to_owned(), seen?))).collect();
                    let said = said.then_some(NAME).into_iter().chain([BEHIND[1]]);
                    settle.look(files, &said.map(str::to_owned).collect())
                };
                let ready: &[&str] = match after {
                    Absent => &[BEFORE, BEHIND[0], BEHIND[1]],
                    // It came when those behind it had come to rest.
                    Changing if state == Absent => &[BEFORE, BEHIND[0], BEHIND[1]],
                    Changing => &[BEFORE],
                    Ready => &[BEFORE, NAME, BEHIND[0], BEHIND[1]],
                };
                assert_eq!(look(said), ready, "{state:?}, {what}");
                assert!(look(false).ends_with(&BEHIND.map(str::to_owned)), "{state:?}, {what}, twice");
            }
        }
    }

    #[test]
    fn of_several_that_change_the_first_is_waited_for_first() {
        let mut settle = Settle::default();
        let files = |b: i64, c: i64| [("a", 1, 1), ("b", 1, b), ("c", 1, c), ("d", 1, 1)];
        look(&mut settle, &files(1, 1), &[]);
        assert_eq!(look(&mut settle, &files(2, 2), &[]), ["a"]);
        assert_eq!(look(&mut settle, &files(3, 2), &[]), ["a"], "c rests, and waits for b");
        assert_eq!(
            look(&mut settle, &files(3, 3), &[]),
            ["a", "b"],
            "it has changed again, and d waits for it"
        );
        assert_eq!(look(&mut settle, &files(3, 3), &[]), ["a", "b", "c", "d"]);
    }

    #[test]
    fn files_that_come_later_hold_nobody_up() {
        let mut settle = Settle::default();
        assert!(look(&mut settle, &[("z", 1, 1)], &[]).is_empty());
        assert_eq!(
            look(&mut settle, &[("m", 1, 1), ("z", 1, 1)], &[]),
            ["z"],
            "m came when z had come to rest"
        );
        let stream = [("a", 1, 1), ("m", 1, 1), ("y", 1, 1), ("z", 1, 1)];
        assert_eq!(look(&mut settle, &stream, &["y"]), ["m", "y", "z"], "a came after them, or with them");
        let changed = [("a", 2, 2), ("m", 2, 2), ("y", 1, 1), ("z", 1, 1)];
        assert_eq!(look(&mut settle, &changed, &[]), ["z"], "m was there before y");
    }

    listed! {
        /// How a reading ends.
        enum Kind { Imported, Read, File, Register, Rejects, Busy, ReaderStopped, Changed, Retracts }
    }

    impl Kind {
        /// A kind of error that is new does not compile here.
        const fn of(error: Option<&ImportError>) -> Self {
            match error {
                None => Self::Imported,
                Some(ImportError::File(IngestError::Read(_))) => Self::Read,
                Some(ImportError::File(_)) => Self::File,
                Some(ImportError::Register(_)) => Self::Register,
                Some(ImportError::Rejects(_)) => Self::Rejects,
                Some(ImportError::Busy) => Self::Busy,
                Some(ImportError::ReaderStopped) => Self::ReaderStopped,
                Some(ImportError::Changed) => Self::Changed,
                Some(ImportError::Retracts(_)) => Self::Retracts,
            }
        }
    }

    #[test]
    fn every_end_of_a_reading() {
        let corrupt = || RegisterError::Store(StoreError::Corrupt);
        let unwritten = csv::Error::from(io::Error::from(io::ErrorKind::PermissionDenied));
        let failed = End::PutAway(Place::Failed);
        let table = [
            (None, End::PutAway(Place::Done)),
            (Some(ImportError::File(IngestError::Empty)), failed),
            (Some(ImportError::File(IngestError::Damaged)), failed),
            (
                Some(ImportError::File(IngestError::Read(io::ErrorKind::StaleNetworkFileHandle.into()))),
                End::Again,
            ),
            (Some(ImportError::Retracts(Doubt::NoRecord { retracted: 1 })), failed),
            (Some(ImportError::Changed), End::Changed),
            (Some(ImportError::Register(corrupt())), End::Again),
            (Some(ImportError::Register(RegisterError::Store(StoreError::Full))), End::Again),
            (Some(ImportError::Register(RegisterError::Audit(StoreError::Refused.into()))), End::Again),
            (Some(ImportError::Rejects(unwritten)), End::Again),
            (Some(ImportError::Busy), End::Again),
            (Some(ImportError::ReaderStopped), End::Again),
        ];
        for kind in Kind::ALL {
            assert!(
                table.iter().any(|(error, _)| Kind::of(error.as_ref()) == kind),
                "{kind:?} is not in the table"
            );
        }
        for (error, end) in table {
            assert_eq!(End::of(error.as_ref()), end, "{error:?}");
        }
    }

    #[test]
    fn a_file_that_grows_is_not_taken() {
        let mut settle = Settle::default();
        assert!(look(&mut settle, &[("a", 1, 1), ("A", 5, 1)], &[]).is_empty(), "seen for the first time");
        assert_eq!(look(&mut settle, &[("a", 2, 2), ("A", 5, 1)], &[]), ["A"]);
        assert!(look(&mut settle, &[("a", 2, 3)], &[]).is_empty(), "written to without growing");
        assert_eq!(look(&mut settle, &[("a", 2, 3)], &[]), ["a"]);
    }

    #[test]
    fn what_is_said_to_be_ready_is_taken_at_once_and_in_order() {
        let mut settle = Settle::default();
        assert_eq!(look(&mut settle, &[("b", 1, 1), ("a", 1, 1), ("c", 1, 1)], &["b", "a", "d"]), ["a", "b"]);
    }

    #[test]
    fn what_was_gone_is_seen_anew() {
        let mut settle = Settle::default();
        look(&mut settle, &[("a", 1, 1)], &[]);
        look(&mut settle, &[], &[]);
        assert!(look(&mut settle, &[("a", 1, 1)], &[]).is_empty());
    }
}
