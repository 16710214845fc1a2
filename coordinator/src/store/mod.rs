//! The coordinator's store.
//!
//! Comes in: a place. Goes out: transactions and connections; each room writes its own tables. Never sees: rows of
//! submissions or reports, which live in files and die with the job. Trusts: that this process holds the folder's lock.
//! How a file or a server is opened and held is `lianfang-store`'s.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use lianfang_store::backup::{self, About, BackupError, Manifest};
use lianfang_store::{Database, Kind, Place, Steps, steps};
use sqlx::Any;
use sqlx::pool::PoolConnection;

pub use lianfang_store::{Connection, Pool, Row, Statement, StoreError, Tx, number, work};

/// The embedded store's name within the folder.
pub const FILE: &str = "store.sqlite";

/// The steps from an empty store to the one of this program. A released step never changes.
static STEPS: LazyLock<Steps> = LazyLock::new(|| Steps {
    sqlite: steps!("../../migrations/sqlite": "0001_coordinator", "0002_work", "0003_schedule", "0004_keys", "0005_membership", "0006_rows_fence", "0007_job_order"),
    postgres: steps!("../../migrations/postgres": "0001_coordinator", "0002_work", "0003_schedule", "0004_keys", "0005_membership", "0006_rows_fence", "0007_job_order"),
});

/// An open store.
pub struct Store(Database);

impl Store {
    /// Opens the store, makes it if there is none, and brings it up to this program's last step.
    pub async fn open(place: &Place) -> Result<Self, StoreError> {
        Ok(Self(Database::open(place, &STEPS).await?))
    }

    /// A transaction that holds the store from its first statement, so that what it reads stays true until it commits.
    /// Never begun inside another: there is one writer.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        self.0.begin().await
    }

    /// One statement as a transaction of its own; gives how many rows it touched.
    pub async fn write(&self, statement: Statement<'_>) -> Result<u64, StoreError> {
        self.0.write(statement).await
    }

    /// Of which kind it is.
    pub const fn kind(&self) -> Kind {
        self.0.kind()
    }

    /// Connections for reading.
    pub fn readers(&self) -> &Pool {
        self.0.readers()
    }

    /// A connection for reading.
    pub async fn reader(&self) -> Result<PoolConnection<Any>, StoreError> {
        self.0.reader().await
    }

    /// A reading transaction: all that is read in it is of one moment.
    pub async fn snapshot(&self) -> Result<Tx, StoreError> {
        self.0.snapshot().await
    }

    /// Copies the store and these files of the folder `dir` into a folder that is new or empty.
    pub async fn back_up(
        &self,
        dir: &Path,
        files: &[PathBuf],
        into: &Path,
        about: About<'_>,
    ) -> Result<Manifest, BackupError> {
        backup::make(&self.0, dir, files, into, about).await
    }

    /// Closes all connections. Waits for those that are lent out.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

#[cfg(test)]
mod tests;
