//! What the person at the desk hears when the store refuses.

use lianfang_desk::Problem;

use crate::StoreError;
use crate::backup::BackupError;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let problem = match &error {
            StoreError::Full => Self::fault("disk-full"),
            StoreError::ReadOnly => Self::fault("disk-read-only"),
            StoreError::Locked => Self::fault("busy"),
            StoreError::WrongKey => Self::fault("wrong-passphrase"),
            StoreError::Newer { .. } | StoreError::Foreign { .. } => Self::fault("store-newer"),
            StoreError::Unreachable => Self::fault("store-unreachable"),
            StoreError::Refused | StoreError::Unfit { .. } => Self::usage("store-refused"),
            StoreError::NoAddress => Self::usage("store-address"),
            StoreError::NoServers => Self::usage("store-without-servers"),
            _ => Self::fault("store-corrupt"),
        };
        problem.with("path", "store.sqlite").with("detail", error.to_string()).because(error)
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
