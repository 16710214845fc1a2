//! Why the store refused, in sentences that say what to do.
//!
//! Comes in: SQLite's result codes (sqlite.org/rescode.html). Goes out: one case per remedy. Never carries a value that
//! was to be stored: SQLite's own messages name tables and columns only.

use std::path::PathBuf;

use lianfang_trust::at_rest::AtRestError;
use sqlx::migrate::MigrateError;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No room is left.
    #[error("the disk that holds the store is full; make room and do it again, nothing was lost")]
    Full,
    /// The file or its folder may not be written.
    #[error(
        "the store may not be written; check the owner and mode of its folder, and that the disk is writable"
    )]
    ReadOnly,
    /// Another process or a long transaction holds it.
    #[error("the store is in use; one process at a time may have it, try again when the other has ended")]
    Locked,
    /// Its pages do not make sense.
    #[error("the store is damaged or no store at all; restore it from a backup")]
    Corrupt,
    /// The disk failed to read or write.
    #[error("the disk that holds the store failed to read or write; check it, then start again")]
    Disk,
    /// It cannot be opened or made.
    #[error("the store {path} cannot be opened; check that its folder exists and may be written")]
    CannotOpen {
        /// The file.
        path: PathBuf,
    },
    /// A later program made it.
    #[error("the store was made by a newer program (step {found}, this one knows {known}); install that one")]
    Newer {
        /// The step that it has taken.
        found: i64,
        /// The last step that this program knows.
        known: i64,
    },
    /// A step that it has taken is not the one of this program.
    #[error("step {step} of the store is not the one of this program; install the program that made it")]
    Foreign {
        /// The step.
        step: i64,
    },
    /// It was made under another key.
    #[error("the store does not open under this key; give the secrets folder that it was made with")]
    WrongKey,
    /// A sealed value does not open.
    #[error(
        "a sealed value of {table}.{column} does not open; the store was changed from outside, restore a backup"
    )]
    Sealed {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A value is too long to be sealed.
    #[error("a value of {table}.{column} is too long to be stored")]
    TooLong {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A plain or opened value is not of its form.
    #[error(
        "a value of {table}.{column} is not of its form; the store was changed from outside, restore a backup"
    )]
    Malformed {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// Anything else that SQLite says.
    #[error("the store failed: {0}")]
    Other(#[source] sqlx::Error),
}

impl StoreError {
    /// Names the column at which sealing or opening failed.
    pub fn at(table: &'static str, column: &'static str) -> impl Fn(AtRestError) -> Self {
        move |error| match error {
            AtRestError::TooLong { .. } => Self::TooLong { table, column },
            _ => Self::Sealed { table, column },
        }
    }

    /// Whether the same call may work later without anybody doing anything.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Locked)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => {
                // The low byte is the class; the rest tells cases of it apart.
                match database.code().and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff) {
                    Some(13) => Self::Full,
                    Some(3 | 8 | 23) => Self::ReadOnly,
                    Some(5 | 6) => Self::Locked,
                    Some(11 | 26) => Self::Corrupt,
                    Some(10) => Self::Disk,
                    _ => Self::Other(error),
                }
            }
            sqlx::Error::Io(io) => match io.kind() {
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full,
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                    Self::ReadOnly
                }
                _ => Self::Disk,
            },
            sqlx::Error::PoolTimedOut => Self::Locked,
            _ => Self::Other(error),
        }
    }
}

impl StoreError {
    /// What a failed migration means; `known` is the last step of this program.
    pub(super) fn of_migration(error: MigrateError, known: i64) -> Self {
        match error {
            MigrateError::VersionMissing(found) if found > known => Self::Newer { found, known },
            MigrateError::VersionMissing(step) | MigrateError::VersionMismatch(step) => {
                Self::Foreign { step }
            }
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            other => Self::Other(sqlx::Error::Migrate(Box::new(other))),
        }
    }
}
