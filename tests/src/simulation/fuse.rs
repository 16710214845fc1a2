//! When a party dies by itself: after so many steps of its tasks, or after so many changes of its store.
//!
//! Comes in: a number, and the folder of the party. Goes out, before every step: whether it comes to the step at all. A
//! change is a transaction of the store, or a file that comes or goes. It is counted when it stands and before the task that
//! made it hears of it, so that a death by changes is one between two of them.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What a party's death waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// So many steps.
    Steps(u64),
    /// So many changes of its store and its files; the first one if it is 0.
    Changes(u64),
}

/// A fuse that burns.
pub(super) enum Fuse {
    Steps(u64),
    Changes { left: u64, dir: PathBuf, seen: Seen },
}

impl Fuse {
    /// Lit now, at a party that lives in this folder.
    pub(super) fn lit(after: After, dir: &Path) -> Self {
        match after {
            After::Steps(steps) => Self::Steps(steps),
            After::Changes(changes) => {
                Self::Changes { left: changes.max(1), seen: Seen::of(dir), dir: dir.to_owned() }
            }
        }
    }

    /// A step was taken.
    pub(super) fn step(&mut self) {
        if let Self::Steps(left) = self {
            *left = left.saturating_sub(1);
        }
    }

    /// Whether the party dies before its next step.
    pub(super) fn has_burnt(&mut self) -> bool {
        match self {
            Self::Steps(left) => *left == 0,
            Self::Changes { left, dir, seen } => {
                let now = Seen::of(dir);
                *left = left.saturating_sub((now != *seen).into());
                *seen = now;
                *left == 0
            }
        }
    }
}

/// What shows that something has changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// How many transactions the log of the store has taken.
    transactions: Option<u32>,
    /// When a file came or went, in the folder and in what is sent.
    files: [Option<SystemTime>; 2],
}

impl Seen {
    fn of(dir: &Path) -> Self {
        let changed = |dir: &Path| std::fs::metadata(dir).and_then(|about| about.modified()).ok();
        Self { transactions: transactions(dir), files: [changed(dir), changed(&dir.join("spool"))] }
    }
}

/// `iChange` in the header of the log's index, in the order of the machine's bytes (sqlite.org/walformat.html, section 2.1).
fn transactions(dir: &Path) -> Option<u32> {
    let mut header = [0; 12];
    File::open(dir.join("store.sqlite-shm")).ok()?.read_exact_at(&mut header, 0).ok()?;
    header.last_chunk().map(|count| u32::from_ne_bytes(*count))
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, Executor as _, SqliteConnection};

    use super::*;

    #[test]
    fn steps_are_counted_down() {
        let mut fuse = Fuse::lit(After::Steps(2), Path::new("nowhere"));
        let burnt = [(); 4].map(|()| {
            let burnt = fuse.has_burnt();
            fuse.step();
            burnt
        });
        assert_eq!(burnt, [false, false, true, true]);
    }

    #[tokio::test]
    async fn changes_are_counted_when_they_stand() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", dir.path().join("store.sqlite").display());
        let mut store = SqliteConnection::connect(&url).await.unwrap();
        store.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (x INTEGER)").await.unwrap();
        let mut fuse = Fuse::lit(After::Changes(2), dir.path());
        for (statement, burnt) in [
            ("BEGIN IMMEDIATE", false),
            ("INSERT INTO t VALUES (1)", false),
            ("INSERT INTO t VALUES (2)", false),
            ("COMMIT", false),
            ("SELECT x FROM t", false),
            ("INSERT INTO t VALUES (3)", true),
        ] {
            assert!(!fuse.has_burnt(), "before {statement}");
            store.execute(statement).await.unwrap();
            assert_eq!(fuse.has_burnt(), burnt, "{statement}");
        }
        let mut fuse = Fuse::lit(After::Changes(0), dir.path());
        assert!(!fuse.has_burnt());
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert!(fuse.has_burnt(), "a file came");
        assert!(!Fuse::lit(After::Changes(0), Path::new("nowhere")).has_burnt());
    }
}
