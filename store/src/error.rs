//! Why the store refused, in sentences that say what to do.
//!
//! Comes in: SQLite's result codes (sqlite.org/rescode.html), PostgreSQL's five characters (its manual, appendix A). Goes
//! out: one case per remedy. Never carries a value that was to be stored: SQLite's messages name tables and columns only,
//! and of PostgreSQL's the detail, which quotes values, is left out.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use lianfang_trust::at_rest::AtRestError;
use sqlx::migrate::MigrateError;

/// `SQLITE_IOERR_SHMSIZE`: 10 with 19 above it.
const IOERR_SHMSIZE: i32 = 0x130a;

/// Why the store could not do what was asked.
#[derive(thiserror::Error)]
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
    #[error(
        "another process of this party, or long work in this one, holds the store; try again when that has ended"
    )]
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
    /// A step that it has taken is not the one of this program, or one that it has not taken by its list is there.
    #[error(
        "step {step} of the store is not the one of this program: another program made it, or it was changed from outside"
    )]
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
    /// The server does not answer, or has gone away.
    #[error(
        "the database server does not answer or has ended the connection; \
         check that it runs and can be reached, nothing was lost"
    )]
    Unreachable,
    /// The server cannot do what it should, for a reason of its own: memory, files, its configuration.
    #[error("the database server has trouble of its own: {0}")]
    Trouble(#[source] sqlx::Error),
    /// The address of a server cannot be read.
    #[error("the address of the database server is not of the form postgres://user@host/database")]
    NoAddress,
    /// The server lets this user or program not in.
    #[error(
        "the database server refuses: check the user, the password, the database and its rights, and TLS"
    )]
    Refused,
    /// The database cannot hold a store.
    #[error("the database cannot hold a store: {why}")]
    Unfit {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The program was built without servers.
    #[error(
        "this program was built without PostgreSQL; install the build that has it, or leave the store in its file"
    )]
    NoServers,
    /// Anything else that the store says.
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
        matches!(self, Self::Locked | Self::Unreachable | Self::Trouble(_))
    }

    /// Whether only a server says this.
    pub(crate) fn is_a_servers(&self) -> bool {
        match self {
            Self::Unreachable | Self::Trouble(_) | Self::Refused | Self::Unfit { .. } => true,
            Self::Other(error) => code_of(error).is_some_and(|code| is_a_servers(&code)),
            _ => false,
        }
    }
}

/// As it is displayed: a server's details, which quote values, are in the driver's own form.
impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreError({self})")
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let Some(code) = code_of(&error) {
            return match Self::of_code(&code) {
                Some(known) => known,
                None if is_trouble(&code) => Self::Trouble(error),
                None => Self::Other(error),
            };
        }
        match &error {
            sqlx::Error::Io(io) => Self::of_connection(io),
            sqlx::Error::Tls(_) => Self::Refused,
            sqlx::Error::PoolTimedOut => Self::Locked,
            _ => Self::Other(error),
        }
    }
}

/// The code of what a database says.
fn code_of(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(Cow::into_owned)
}

/// Five characters are a server's, fewer digits SQLite's.
const fn is_a_servers(code: &str) -> bool {
    code.len() == 5
}

/// Whether a server has no resources, meets errors of its system or of its own, or is being operated on: nothing that a
/// statement or what is stored could be blamed for.
fn is_trouble(code: &str) -> bool {
    const CLASSES: [&str; 5] = ["53", "57", "58", "F0", "XX"];
    is_a_servers(code) && CLASSES.iter().any(|class| code.starts_with(class))
}

/// Whether a step cannot be taken because of what is there: a server's class 42 (a table that exists already, a column
/// that does not), SQLite's one code for the same.
fn does_not_fit(error: &sqlx::Error) -> bool {
    code_of(error).is_some_and(|code| {
        let of_sqlite = || code.parse::<i32>().is_ok_and(|code| code & 0xff == 1);
        if is_a_servers(&code) { code.starts_with("42") } else { of_sqlite() }
    })
}

impl StoreError {
    /// What a code means by itself; of the others [`is_trouble`] tells two kinds apart.
    fn of_code(code: &str) -> Option<Self> {
        if is_a_servers(code) {
            return match code {
                "53100" => Some(Self::Full),
                "25006" => Some(Self::ReadOnly),
                "55P03" | "40001" | "40P01" | "57014" => Some(Self::Locked),
                "XX001" | "XX002" => Some(Self::Corrupt),
                "53300" | "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25P04" => {
                    Some(Self::Unreachable)
                }
                "3D000" | "3F000" | "42501" | "57P04" => Some(Self::Refused),
                _ if code.starts_with("28") => Some(Self::Refused),
                _ if code.starts_with("08") => Some(Self::Unreachable),
                _ => None,
            };
        }
        let code = code.parse::<i32>().ok()?;
        // Its log's index could not grow, for want of room.
        if code == IOERR_SHMSIZE {
            return Some(Self::Full);
        }
        // The low byte is the class; the rest tells cases of it apart.
        match code & 0xff {
            13 => Some(Self::Full),
            3 | 8 | 23 => Some(Self::ReadOnly),
            5 | 6 => Some(Self::Locked),
            11 | 26 => Some(Self::Corrupt),
            10 => Some(Self::Disk),
            _ => None,
        }
    }

    /// What a connection's failure means. SQLite has none: its failures come with a code.
    fn of_connection(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            // The server's certificate, or a socket that is not for this user.
            ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::PermissionDenied => Self::Refused,
            _ => Self::Unreachable,
        }
    }

    /// What the failure of a file of the caller's own beside the store means.
    pub fn of_file(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::Disk,
        }
    }

    /// What a failed migration means; `known` is the last step of this program.
    pub(crate) fn of_migration(error: MigrateError, known: i64) -> Self {
        match error {
            MigrateError::VersionMissing(found) if found > known => Self::Newer { found, known },
            MigrateError::VersionMissing(step) | MigrateError::VersionMismatch(step) => {
                Self::Foreign { step }
            }
            MigrateError::Execute(error) => error.into(),
            MigrateError::ExecuteMigration(error, step) => match Self::from(error) {
                Self::Other(error) if does_not_fit(&error) => Self::Foreign { step },
                known => known,
            },
            other => Self::Other(sqlx::Error::Migrate(Box::new(other))),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
