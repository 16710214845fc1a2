//! Why an import ended early: the register is as it was before.

use super::RegisterError;
use crate::audit::AuditError;
use crate::ingest::IngestError;
use crate::store::StoreError;

/// Why an import ended early.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read as a register, or no longer.
    #[error(transparent)]
    File(#[from] IngestError),
    /// The store, or the audit log in it, failed.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The rejects could not be written.
    #[error("the rejects could not be written ({0}); the import may be run again")]
    Rejects(#[from] csv::Error),
    /// Another import is running.
    #[error("another import is running; start this one when it has ended")]
    Busy,
    /// The reading thread died.
    #[error("the reader of the file stopped before its end; the import may be run again")]
    ReaderStopped,
    /// Somebody wrote to the file, or put another in its place.
    #[error("the file changed while it was read; import it again when nobody writes to it any more")]
    Changed,
    /// The file would retract more than it is believed in.
    #[error(transparent)]
    Retracts(#[from] Doubt),
}

/// Why a file is not believed to be all there is, unless a person says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// It has no record that can be read.
    #[error("the file has no readable record, and {retracted} records would be retracted")]
    NoRecord {
        /// Records that would be retracted.
        retracted: u64,
    },
    /// Some of its rows may be those of records that it seems to lack.
    #[error("{rows} rows name no record that can be read, and {retracted} records would be retracted")]
    UnreadableRows {
        /// Such rows.
        rows: u64,
        /// Records that would be retracted.
        retracted: u64,
    },
    /// It lacks more than half of the register.
    #[error("the file lacks {retracted} of {records} records, which would be retracted")]
    Many {
        /// Records that would be retracted.
        retracted: u64,
        /// Records of the register before.
        records: u64,
    },
}

impl From<sqlx::Error> for ImportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Register(error.into())
    }
}

impl From<AuditError> for ImportError {
    fn from(error: AuditError) -> Self {
        Self::Register(error.into())
    }
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::Register(RegisterError::Store(error))
    }
}
