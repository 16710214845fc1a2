//! When a file is complete: a pure table of what was seen of each at the last look.
//!
//! ```text
//!            first look               same again, or said to be ready
//! (absent) ────────────▶ changing ──────────────────────────────────▶ ready
//!   ▲   │                │  ▲ ▲ │ something else                      ▲  │
//!   │   │      gone      │  │ └─┘                                     │  │
//!   ├───│────────────────┘  └───── the store or the disk failed ──────│──┤
//!   │   └──────────────── said to be ready at the first look ─────────┘  │
//!   └────────────────── imported or refused, and put away ───────────────┘
//! ```
//!
//! Comes in: looks. Goes out: names that are ready, in their order. Never sees: a file. A file whose writer pauses longer
//! than two looks apart is taken too early. If it is written to while it is imported, it stays where it is and is seen anew;
//! if later, its writer goes on in the file that was put away, and nobody reads that. Writers that pause say `.ready`, or
//! write under another name and rename.

use std::collections::{BTreeMap, BTreeSet};

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

/// The last look.
#[derive(Debug, Default)]
pub(super) struct Settle {
    last: BTreeMap<String, Seen>,
}

impl Settle {
    /// A look at all files, and the names that are said to be ready; gives those that are.
    pub(super) fn look(&mut self, now: BTreeMap<String, Seen>, said: &BTreeSet<String>) -> Vec<String> {
        let ready: Vec<String> = now
            .iter()
            .filter(|(name, seen)| said.contains(*name) || self.last.get(*name) == Some(seen))
            .map(|(name, _)| name.clone())
            .collect();
        self.last = now;
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(settle: &mut Settle, files: &[(&str, u64, i64)], said: &[&str]) -> Vec<String> {
        let seen = |bytes, at| Seen { file: (1, 1), bytes, written: (at, 0) };
        let files = files.iter().map(|(name, bytes, at)| ((*name).to_owned(), seen(*bytes, *at)));
        settle.look(files.collect(), &said.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn a_file_that_grows_is_not_taken() {
        let mut settle = Settle::default();
        assert!(look(&mut settle, &[("a", 1, 1), ("b", 5, 1)], &[]).is_empty(), "seen for the first time");
        assert_eq!(look(&mut settle, &[("a", 2, 2), ("b", 5, 1)], &[]), ["b"]);
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
