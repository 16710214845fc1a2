//! Steps of the stores that were released never change, and every step stands for both kinds of store.
//!
//! `store/released.sha256` names them, as `sha256sum` does. A step is added to it when it is released; from then on it is
//! as it is, and no step is put before it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

const PROGRAMS: [&str; 2] = ["node", "coordinator"];
const KINDS: [&str; 2] = ["sqlite", "postgres"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn digest(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    hex::encode(Sha256::digest(bytes))
}

/// Number and name of each step.
fn steps(folder: &str) -> BTreeMap<u32, String> {
    let mut steps = BTreeMap::new();
    for entry in std::fs::read_dir(root().join(folder)).expect("a folder").flatten() {
        let name = entry.file_name().into_string().expect("a name");
        let number = name.split('_').next().and_then(|number| number.parse().ok());
        let number = number.unwrap_or_else(|| panic!("{folder}/{name} has no number"));
        assert_eq!(Path::new(&name).extension().and_then(|end| end.to_str()), Some("sql"), "{folder}/{name}");
        assert!(steps.insert(number, name).is_none(), "{folder} has two steps {number}");
    }
    steps
}

/// What is wrong with the steps of these folders, given what was released.
fn wrong(released: &BTreeMap<String, String>, folders: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, was) in released {
        match root().join(path) {
            file if !file.exists() => wrong.push(format!("{path} was released and is gone")),
            file if digest(&file) != *was => wrong.push(format!("{path} was released and has changed")),
            _ => {}
        }
    }
    for folder in folders {
        let listed = |name: &String| released.contains_key(&format!("{folder}/{name}"));
        let steps = steps(folder);
        let last = steps.iter().filter(|(_, name)| listed(name)).map(|(number, _)| *number).max();
        for (number, name) in steps.iter().filter(|(_, name)| !listed(name)) {
            if Some(*number) <= last {
                wrong.push(format!("{folder}/{name} stands before a step that was released"));
            }
        }
    }
    wrong
}

fn released() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(root().join("store/released.sha256")).expect("the list");
    let lines = text.lines().map(|line| line.split_once("  ").expect("a digest and a path"));
    lines.map(|(digest, path)| (path.to_owned(), digest.to_owned())).collect()
}

fn folders() -> Vec<String> {
    PROGRAMS.iter().flat_map(|program| KINDS.map(|kind| format!("{program}/migrations/{kind}"))).collect()
}

#[test]
fn released_steps_never_change() {
    let released = released();
    assert!(folders().iter().all(|folder| released.keys().any(|path| path.starts_with(folder))));
    assert_eq!(wrong(&released, &folders()), Vec::<String>::new());
}

#[test]
fn a_change_to_a_released_step_would_be_found() {
    let mut changed = released();
    let first = changed.keys().next().cloned().expect("a step");
    changed.insert(first.clone(), "00".to_owned());
    changed.insert("node/migrations/sqlite/0000_gone.sql".to_owned(), "00".to_owned());
    assert_eq!(wrong(&changed, &[]).len(), 2);
    let mut unlisted = released();
    unlisted.remove("node/migrations/sqlite/0001_register.sql");
    let found = wrong(&unlisted, &folders());
    assert_eq!(found, ["node/migrations/sqlite/0001_register.sql stands before a step that was released"]);
}

#[test]
fn every_step_stands_for_both_kinds() {
    for program in PROGRAMS {
        let [sqlite, postgres] = KINDS.map(|kind| steps(&format!("{program}/migrations/{kind}")));
        assert_eq!(sqlite, postgres, "{program}");
    }
}

/// On a server, text is ordered by its bytes, as it is in a file: whatever the database's own order is.
#[test]
fn text_on_a_server_is_ordered_by_its_bytes() {
    for program in PROGRAMS {
        let folder = format!("{program}/migrations/postgres");
        for name in steps(&folder).values() {
            let text = std::fs::read_to_string(root().join(&folder).join(name)).expect("a step");
            for line in text.lines() {
                let statement = line.split("--").next().unwrap_or_default();
                let words: Vec<&str> =
                    statement.split([' ', ',', '(', ')']).filter(|word| !word.is_empty()).collect();
                for (at, _) in words.iter().enumerate().filter(|(_, word)| **word == "TEXT") {
                    let follows = words.get(at + 1..at + 3);
                    assert_eq!(follows, Some(&["COLLATE", "\"C\""][..]), "{folder}/{name}: {line}");
                }
            }
        }
    }
}

/// A file's tables keep the types of their columns.
#[test]
fn tables_in_a_file_are_strict() {
    let mut tables = BTreeSet::new();
    for program in PROGRAMS {
        let folder = format!("{program}/migrations/sqlite");
        for name in steps(&folder).values() {
            let text = std::fs::read_to_string(root().join(&folder).join(name)).expect("a step");
            for table in text.split("CREATE TABLE ").skip(1) {
                let end = table.find("\n)").unwrap_or_else(|| panic!("{folder}/{name}"));
                let after = table[end + 2..].split(';').next().unwrap_or_default();
                assert!(after.contains("STRICT"), "{folder}/{name}: {}", &table[..40.min(end)]);
                tables.insert(table.split_whitespace().next().unwrap_or_default().to_owned());
            }
        }
    }
    assert!(tables.len() > 20, "the steps were read");
}

/// The statements of a step that make or change tables and fill them, in the words of a file's dialect. What differs by
/// design is left out: types' names, order of text, how numbers are given out. Of triggers, which both kinds put in words
/// of their own, their name, moment and table are told.
fn said(folder: &str, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(folder).join(name)).expect("a step");
    let lines: Vec<&str> = text.lines().filter_map(|line| line.split("--").next()).collect();
    let mut words = lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    for (ours, theirs) in [
        (", WITHOUT ROWID", ""),
        (" STRICT", ""),
        (" AUTOINCREMENT", ""),
        (" COLLATE \"C\"", ""),
        (" GENERATED BY DEFAULT AS IDENTITY", ""),
        ("BIGINT", "INTEGER"),
        ("BYTEA", "BLOB"),
    ] {
        words = words.replace(ours, theirs);
    }
    let kept = |statement: &str| {
        let statement = statement.trim();
        if statement.starts_with("CREATE TRIGGER") {
            return Some(statement.split(' ').take(7).collect::<Vec<_>>().join(" "));
        }
        let is_body = ["CREATE FUNCTION", "SELECT", "END", "RETURN", "RAISE", "IF "];
        let is_body = statement.is_empty() || is_body.iter().any(|word| statement.starts_with(word));
        (!is_body).then(|| statement.to_owned())
    };
    words.split(';').filter_map(kept).collect()
}

/// Columns, defaults, keys, references, checks and indexes are the same for both kinds, and so is what is copied.
#[test]
fn every_step_says_the_same_for_both_kinds() {
    for program in PROGRAMS {
        let [sqlite, postgres] = KINDS.map(|kind| format!("{program}/migrations/{kind}"));
        for name in steps(&sqlite).values() {
            let (ours, theirs) = (said(&sqlite, name), said(&postgres, name));
            assert!(!ours.is_empty(), "{name}");
            assert_eq!(ours, theirs, "{program}: {name}");
        }
    }
}

/// The machine of work is tested over a table of its own, which is the programs'.
#[test]
fn all_have_one_table_of_work() {
    for kind in KINDS {
        let places = [
            (format!("store/tests/steps/work/{kind}"), "0001_work.sql"),
            (format!("node/migrations/{kind}"), "0010_work.sql"),
            (format!("coordinator/migrations/{kind}"), "0002_work.sql"),
        ];
        let tables = places.map(|(folder, name)| {
            let is_table = |statement: &String| statement.starts_with("CREATE TABLE work ");
            let found: Vec<String> = said(&folder, name).into_iter().filter(is_table).collect();
            assert_eq!(found.len(), 1, "{folder}/{name}");
            found
        });
        assert!(tables.windows(2).all(|pair| pair[0] == pair[1]), "{tables:?}");
    }
}
