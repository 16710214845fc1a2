//! What went wrong in this house, in one type, and what it is called outside.
//!
//! Comes in: a refusal by the protocol's rules, a failed disk, a store's error. Goes out: a [`Fault`] for the peer (what
//! is ours is told as `internal` and logged here), or a [`Problem`] for the person at the desk.

use std::io;
use std::path::{Path, PathBuf};

use lianfang_desk::Problem;
use lianfang_link::authority::AuthorityError;
use lianfang_proto::{Fault, FaultCode};
use lianfang_store::StoreError;
use tonic::Status;

/// What a folder is refused with whose keys are older than those of the newest roster.
pub const OLD_KEYS: &str = "coordinator-keys-older";

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The rules say no.
    #[error("{0}")]
    Refused(#[from] Fault),
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file of a submission that stands is not there.
    #[error("{path} is not there, though its submission stands")]
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// What was stored does not read back.
    #[error("what is stored as {what} is not of its form")]
    Stored {
        /// What it should be.
        what: &'static str,
    },
    /// The authority issued nothing.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The folder's keys were exchanged for others that the newest roster names.
    #[error("the folder's keys are older than those of the newest roster")]
    OldKeys,
    /// A defect: something that cannot be was.
    #[error("{0}")]
    Bug(&'static str),
}

impl Error {
    /// A refusal that says no more than its code.
    pub fn refused(code: FaultCode) -> Self {
        Self::Refused(Fault::new(code))
    }

    /// What a peer is told.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Refused(fault) => fault.clone(),
            Self::Disk { source, .. } if is_full(source) => Fault::new(FaultCode::DiskFull),
            Self::Store(StoreError::Full) => Fault::new(FaultCode::DiskFull),
            Self::Store(error) if error.is_passing() => Fault::new(FaultCode::Busy),
            Self::Gone { .. } => Fault::new(FaultCode::SubmissionFilesGone),
            Self::Store(_)
            | Self::Disk { .. }
            | Self::Stored { .. }
            | Self::Authority(_)
            | Self::OldKeys
            | Self::Bug(_) => Fault::new(FaultCode::Internal),
        }
    }
}

/// Gives a failed file operation its path.
pub trait AtFile<T> {
    /// The value, or the error with this path in it.
    fn at_file(self, path: &Path) -> Result<T, Error>;
}

impl<T> AtFile<T> for io::Result<T> {
    fn at_file(self, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Disk { path: path.to_owned(), source })
    }
}

/// Names what was stored, where it does not read back.
pub trait StoredAs<T> {
    /// The value, or the error that says what it should have been.
    fn stored_as(self, what: &'static str) -> Result<T, Error>;
}

impl<T, E> StoredAs<T> for Result<T, E> {
    fn stored_as(self, what: &'static str) -> Result<T, Error> {
        self.map_err(|_| Error::Stored { what })
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let fault = error.fault();
        if !matches!(error, Error::Refused(_)) {
            tracing::error!(event = "request.failed", error = %error, "a request failed on this side");
        }
        fault.at("coordinator").into()
    }
}

/// A fault as a person hears it.
pub fn problem(fault: &Fault) -> Problem {
    let mut problem = Problem::fault(fault.code.code());
    if let Some(party) = &fault.party {
        problem = problem.at(party.clone());
    }
    for (name, value) in [("field", &fault.field), ("wanted", &fault.wanted), ("got", &fault.got)] {
        if let Some(value) = value {
            problem = problem.with(name, value.clone());
        }
    }
    problem
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(fault) => problem(&fault),
            Error::Disk { path, source } => Self::file(&path, source),
            Error::Gone { path } => Self::fault("submission-files-gone").with("path", path.as_path()),
            Error::Store(error) => error.into(),
            Error::Stored { what } => {
                Self::fault("store-corrupt").with("place", "store").with("detail", what)
            }
            Error::Authority(error) => Self::bug(error),
            Error::OldKeys => Self::usage(OLD_KEYS),
            Error::Bug(what) => Self::bug(anyhow::anyhow!(what)),
        }
    }
}
