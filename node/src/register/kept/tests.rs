//! What is kept on the disk, and what becomes of it.

use lianfang_proto::listed;

use super::*;
use crate::store::tests::Bench;

const DAY: Date = Date::constant(2026, 1, 1);
const FILE: Digest = Digest::from_bytes([1; 64]);

fn open(store: &Store, today: Date) -> Option<(Kept, Option<Stage>)> {
    let options = ImportOptions { full: false, retract_many: false, dry_run: false, today };
    Kept::open(store, Some(&FILE), options)
}

fn stage(kept: &Kept) -> Stage {
    let run = |number| RunMark { number, salt: 5, blocks: 1 };
    for name in ["rows-3.run", "issues-0.run", "rows-1.run"] {
        fs::write(kept.folder.join(name), b"a run").unwrap();
    }
    let reasons = vec![issues::DUPLICATE_RECORD, issues::EMPTY_RECORD];
    Stage { rows: 70, whole: false, runs: [vec![run(3)], vec![run(0)]], found: 9, reasons }
}

#[tokio::test]
async fn a_stage_comes_back_to_the_same_reading_alone() {
    let bench = Bench::new().await;
    let (mut kept, none) = open(&bench.store, DAY).unwrap();
    assert_eq!(none, None);
    let written = stage(&kept);
    kept.save(&written).unwrap();
    assert!(!kept.folder.join("rows-1.run").exists(), "what is not named goes");
    assert!(since(&bench.store).is_some());
    let (again, back) = open(&bench.store, DAY).unwrap();
    assert_eq!(back, Some(written));
    assert_eq!(again.key, kept.key);
    let (other, none) = open(&bench.store, DAY.tomorrow().unwrap()).unwrap();
    assert!(none.is_none() && other.key != kept.key);
    assert_eq!(fs::read_dir(other.folder).unwrap().count(), 0, "what was kept is gone");
    assert!(since(&bench.store).is_none());
}

#[tokio::test]
async fn no_file_of_others_is_removed_and_none_stands_in_the_way() {
    let bench = Bench::new().await;
    let folder = place(&bench.store);
    make(&folder).unwrap();
    let others = ["register.csv", "rows-.run", "rows-1.run.gz", "other-1.run", "rows-x.run"];
    for name in others {
        fs::write(folder.join(name), b"theirs").unwrap();
    }
    let (mut kept, _) = open(&bench.store, DAY).unwrap();
    kept.save(&stage(&kept)).unwrap();
    forget(&bench.store);
    assert!(since(&bench.store).is_none());
    assert!(others.iter().all(|name| folder.join(name).exists()), "only what was put there from here goes");
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, b"no folder at all").unwrap();
    forget(&bench.store);
    assert!(open(&bench.store, DAY).is_none(), "it goes on without");
}

listed! {
    /// What lies on the disk.
    enum State {
        Nothing,
        /// A reading.
        There,
        /// The mark of a full disk.
        Full,
    }
}

impl State {
    /// Brings an empty store there.
    fn reached(self, store: &Store) {
        match self {
            Self::Nothing => {}
            Self::There => {
                let (mut kept, _) = open(store, DAY).unwrap();
                kept.save(&stage(&kept)).unwrap();
            }
            Self::Full => give_way(store),
        }
    }

    fn of(store: &Store) -> Self {
        let (full, kept) = (place(store).join(FULL).exists(), place(store).join(STATE).exists());
        assert!(!(full && kept));
        assert_eq!(since(store).is_some(), kept);
        match (full, kept) {
            (true, _) => Self::Full,
            (false, true) => Self::There,
            (false, false) => Self::Nothing,
        }
    }
}

/// How an import finds what lies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// It neither reads on nor keeps anything.
    Without,
    Anew,
    TakenUp,
    /// None began.
    Ended,
}

fn begun(store: &Store, depends: &Depends<'_>, dry_run: bool) -> Found {
    match Kept::open_as(store, depends, dry_run) {
        None => Found::Without,
        Some((_, None)) => Found::Anew,
        Some((_, Some(_))) => Found::TakenUp,
    }
}

fn ended(store: &Store, dry_run: bool, error: Option<&ImportError>) -> Found {
    end(store, dry_run, error);
    Found::Ended
}

/// Spoils what lies there, if something does, and begins the same.
fn spoilt(store: &Store, spoil: fn(&Path)) -> Found {
    if place(store).join(STATE).exists() {
        spoil(&place(store));
    }
    begun(store, &same(), false)
}

fn same() -> Depends<'static> {
    Depends { content: Some(&FILE), today: DAY, rules: RULES, program: env!("CARGO_PKG_VERSION") }
}

type Event = fn(&Store) -> Found;
/// What is found, and what lies there afterwards, over each that may lie there, in the order of [`State::ALL`].
type After = [(Found, State); State::ALL.len()];

const EVENTS: [(&str, Event, After); 22] = {
    use Found::{Anew, Ended, TakenUp, Without};
    use State::{Full, Nothing, There};
    const OTHER: Digest = Digest::from_bytes([2; 64]);
    let over_other = [(Anew, Nothing), (Anew, Nothing), (Without, Full)];
    let as_it_was = [(Ended, Nothing), (Ended, There), (Ended, Full)];
    let cleared = [(Ended, Nothing); State::ALL.len()];
    [
        (
            "the same begins",
            |store| begun(store, &same(), false),
            [(Anew, Nothing), (TakenUp, There), (Without, Full)],
        ),
        (
            "the same begins, and its rows are on the disk",
            |store| match Kept::open_as(store, &same(), false) {
                None => Without,
                Some((mut kept, found)) => {
                    kept.save(&stage(&kept)).unwrap();
                    if found.is_some() { TakenUp } else { Anew }
                }
            },
            [(Anew, There), (TakenUp, There), (Without, Full)],
        ),
        (
            "another file",
            |store| begun(store, &Depends { content: Some(&OTHER), ..same() }, false),
            over_other,
        ),
        (
            "another day",
            |store| begun(store, &Depends { today: Date::constant(2026, 1, 2), ..same() }, false),
            over_other,
        ),
        ("other rules", |store| begun(store, &Depends { rules: RULES + 1, ..same() }, false), over_other),
        ("another program", |store| begun(store, &Depends { program: "0.0.0", ..same() }, false), over_other),
        (
            "a small file",
            |store| begun(store, &Depends { content: None, ..same() }, false),
            [(Without, Nothing); State::ALL.len()],
        ),
        (
            "a dry run",
            |store| begun(store, &same(), true),
            [(Without, Nothing), (Without, There), (Without, Full)],
        ),
        (
            "a dry run of a small file",
            |store| begun(store, &Depends { content: None, ..same() }, true),
            [(Without, Nothing), (Without, There), (Without, Full)],
        ),
        (
            "rows are gone",
            |store| spoilt(store, |folder| fs::remove_file(folder.join("rows-3.run")).unwrap()),
            over_other,
        ),
        (
            "issues are gone",
            |store| spoilt(store, |folder| fs::remove_file(folder.join("issues-0.run")).unwrap()),
            over_other,
        ),
        (
            "the state is gone",
            |store| spoilt(store, |folder| fs::remove_file(folder.join(STATE)).unwrap()),
            over_other,
        ),
        (
            "the state is empty",
            |store| spoilt(store, |folder| fs::write(folder.join(STATE), b"").unwrap()),
            over_other,
        ),
        ("the state does not open", |store| spoilt(store, flipped), over_other),
        ("an import has ended", |store| ended(store, false, None), cleared),
        ("the file has changed", |store| ended(store, false, Some(&ImportError::Changed)), cleared),
        (
            "the disk has failed",
            |store| ended(store, false, Some(&ImportError::from(StoreError::Disk))),
            cleared,
        ),
        (
            "the disk is full",
            |store| ended(store, false, Some(&ImportError::from(StoreError::Full))),
            [(Ended, Full); State::ALL.len()],
        ),
        ("it was cut off", |store| ended(store, false, Some(&ImportError::ReaderStopped)), as_it_was),
        ("a dry run has ended", |store| ended(store, true, None), as_it_was),
        (
            "a dry run found a full disk",
            |store| ended(store, true, Some(&ImportError::from(StoreError::Full))),
            as_it_was,
        ),
        ("a dry run found a change", |store| ended(store, true, Some(&ImportError::Changed)), as_it_was),
    ]
};

fn flipped(folder: &Path) {
    let mut bytes = fs::read(folder.join(STATE)).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(folder.join(STATE), bytes).unwrap();
}

/// Every state and every event. What is not read on is gone, but for the mark of a full disk.
#[tokio::test]
async fn every_event_over_all_that_may_lie_there() {
    let bench = Bench::new().await;
    let store = &bench.store;
    for (what, event, row) in EVENTS {
        for (before, after) in State::ALL.into_iter().zip(row) {
            forget(store);
            before.reached(store);
            assert_eq!(State::of(store), before, "{what}");
            assert_eq!((event(store), State::of(store)), after, "{what} over {before:?}");
            let runs = own_files(&place(store)).unwrap().into_iter().filter(|(_, name)| name.contains('-'));
            assert_eq!(runs.count(), if after.1 == State::There { 2 } else { 0 }, "{what} over {before:?}");
        }
    }
    forget(store);
    forget(store);
    assert!(!place(store).exists());
}

/// What the program asks for is what it is: another version of the rules or of the program would not take it up.
#[tokio::test]
async fn a_reading_depends_on_the_programs_own_rules_and_version() {
    let bench = Bench::new().await;
    State::There.reached(&bench.store);
    assert_eq!(begun(&bench.store, &same(), false), Found::TakenUp);
    assert!(open(&bench.store, DAY).is_some_and(|(_, stage)| stage.is_some()));
}
