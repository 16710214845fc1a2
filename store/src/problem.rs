//! What the person at the desk hears when the store refuses.
//!
//! Comes in: an error; who has just opened a store gives its place as well. Goes out: a problem, whose sentence names the
//! file, the schema on the server, or, where only the error is known and says neither, the store. Restoring a backup is
//! advised for what does not read back and for nothing else.

use lianfang_desk::Problem;

use crate::backup::BackupError;
use crate::{Place, StoreError};

impl Place {
    /// The problem of a store that lies here.
    pub fn problem(&self, error: StoreError) -> Problem {
        let problem = Problem::from(error);
        match self {
            Self::File(path) => problem.with("place", "file").with("path", path.as_path()),
            Self::Server(_) => problem.with("place", "server"),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let anywhere = |code| Self::fault(code).with("place", "store");
        let problem = match &error {
            StoreError::Full => anywhere("disk-full"),
            StoreError::ReadOnly => anywhere("disk-read-only"),
            StoreError::Locked => Self::fault("store-busy"),
            StoreError::WrongKey => anywhere("wrong-keys"),
            StoreError::Newer { .. } => anywhere("store-newer"),
            StoreError::Foreign { step } => anywhere("store-foreign").with("step", step.to_string()),
            StoreError::Unreachable => Self::fault("store-unreachable"),
            StoreError::Refused | StoreError::Unfit { .. } => Self::usage("store-refused"),
            StoreError::NoAddress => Self::usage("store-address"),
            StoreError::NoServers => Self::usage("store-without-servers"),
            StoreError::Corrupt
            | StoreError::Sealed { .. }
            | StoreError::Malformed { .. }
            | StoreError::Other(sqlx::Error::ColumnDecode { .. }) => anywhere("store-corrupt"),
            StoreError::CannotOpen { path } => {
                Self::fault("store-failed").with("place", "file").with("path", path.as_path())
            }
            StoreError::Disk | StoreError::TooLong { .. } | StoreError::Trouble(_) | StoreError::Other(_) => {
                let place = if error.is_a_servers() { "server" } else { "store" };
                Self::fault("store-failed").with("place", place)
            }
        };
        problem.with("detail", error.to_string()).because(error)
    }
}

impl From<BackupError> for Problem {
    fn from(error: BackupError) -> Self {
        let problem = match error {
            BackupError::Store(error) => return error.into(),
            BackupError::File { path, source } => return Self::file(&path, source),
            BackupError::Server => Self::usage("backup-on-server"),
            BackupError::NotEmpty { ref path } => {
                Self::usage("backup-not-empty").with("path", path.as_path())
            }
            BackupError::NoManifest { ref path } => {
                Self::data("backup-unfinished").with("path", path.as_path())
            }
            BackupError::Other { ref found, ref wanted } => {
                Self::data("backup-of-another").with("got", found.clone()).with("wanted", wanted.clone())
            }
            BackupError::Changed { ref file } => Self::data("backup-changed").with("path", file.as_path()),
            BackupError::Damaged { .. } => Self::data("backup-damaged"),
        };
        problem.with("detail", error.to_string()).because(error)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use lianfang_desk::{Exit, Lang};

    use super::*;
    use crate::error::tests::said;

    fn on_a_server() -> Place {
        Place::server(b"postgres://u:p@h/d").unwrap()
    }

    fn in_a_file() -> Place {
        Place::File(PathBuf::from("/data/store.sqlite"))
    }

    fn server(code: &'static str) -> StoreError {
        said(code, "could not write init file").into()
    }

    /// Every code of a server that says nothing of what is stored: no backup is to be restored for it.
    #[test]
    fn a_backup_is_advised_for_damage_alone() {
        for code in ["XX000", "53200", "53400", "58030", "42P07", "22P02", "23505", "08006", "53100", "55P03"]
        {
            let problem = Problem::from(server(code));
            for lang in Lang::ALL {
                let sentence = problem.sentence(lang);
                for word in ["damaged", "backup", "store.sqlite", "损坏", "备份"] {
                    assert!(!sentence.contains(word), "{code}: {sentence}");
                }
            }
            assert!(
                matches!(problem.exit(), Exit::Later | Exit::Unreachable),
                "{code}: {:?}",
                problem.exit()
            );
        }
        for error in [
            server("XX001"),
            StoreError::Corrupt,
            StoreError::Sealed { table: "t", column: "c" },
            StoreError::Malformed { table: "t", column: "c" },
        ] {
            let problem = Problem::from(error);
            assert_eq!((problem.code(), problem.exit()), ("store-corrupt", Exit::Data));
        }
    }

    #[test]
    fn a_code_for_each_remedy() {
        for (error, code, exit) in [
            (server("XX000"), "store-failed", Exit::Later),
            (server("42P01"), "store-failed", Exit::Later),
            (StoreError::Disk, "store-failed", Exit::Later),
            (StoreError::CannotOpen { path: "/data/x".into() }, "store-failed", Exit::Later),
            (StoreError::Full, "disk-full", Exit::Later),
            (StoreError::ReadOnly, "disk-read-only", Exit::Later),
            (server("55P03"), "store-busy", Exit::Later),
            (server("57P01"), "store-unreachable", Exit::Unreachable),
            (server("28P01"), "store-refused", Exit::Usage),
            (StoreError::WrongKey, "wrong-keys", Exit::Usage),
            (StoreError::Newer { found: 9, known: 2 }, "store-newer", Exit::Usage),
            (StoreError::Foreign { step: 3 }, "store-foreign", Exit::Usage),
        ] {
            let problem = Problem::from(error);
            assert_eq!((problem.code(), problem.exit()), (code, exit));
        }
        let held = Problem::from(server("55P03")).sentence(Lang::En);
        assert!(held.contains("another process of this party"), "{held}");
        let foreign = Problem::from(StoreError::Foreign { step: 3 }).sentence(Lang::En);
        assert!(foreign.contains("step 3") && !foreign.contains("newer"), "{foreign}");
    }

    /// Whatever a place is told for, the sentence is of that place.
    #[test]
    fn a_server_is_not_told_as_a_file() {
        let errors: [fn() -> StoreError; 7] = [
            || StoreError::Full,
            || StoreError::ReadOnly,
            || StoreError::Corrupt,
            || StoreError::WrongKey,
            || StoreError::Newer { found: 9, known: 2 },
            || StoreError::Foreign { step: 3 },
            || StoreError::Disk,
        ];
        for error in errors {
            let (file, server) = (in_a_file().problem(error()), on_a_server().problem(error()));
            let nowhere = Problem::from(error());
            for (lang, word) in [(Lang::En, "server"), (Lang::Zh, "服务器")] {
                let told = |problem: &Problem| problem.sentence(lang);
                assert!(told(&file).contains("/data/store.sqlite"), "{}", told(&file));
                assert!(told(&server).contains(word), "{}", told(&server));
                for problem in [&server, &nowhere] {
                    let sentence = told(problem);
                    assert!(!sentence.contains("sqlite") && !sentence.contains('–'), "{sentence}");
                }
            }
        }
        assert!(Problem::from(server("XX000")).sentence(Lang::En).contains("could not write init file"));
    }
}
