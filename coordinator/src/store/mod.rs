//! The coordinator's embedded store: one SQLite file.
//!
//! Comes in: a path. Goes out: transactions and connections; each room writes its own tables. Never sees: rows of
//! submissions or reports, which live in files and die with the job. Trusts: that this process holds the folder's lock.
//! One connection writes and a few read; the log is synced at every commit, so what was answered is durable, and deleted
//! content is overwritten. Sources: sqlite.org/wal.html, sqlite.org/pragma.html.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Sqlite, Transaction};

use crate::fault::{AtFile as _, Error};

/// The file's name within the folder.
pub const FILE: &str = "store.sqlite";

/// The steps from an empty file to the store of this program. A released step never changes.
static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

const READERS: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(30);

/// An open store.
pub struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Store {
    /// Opens the store of a folder, makes it if there is none, and brings it up to this program's last step.
    pub async fn open(dir: &Path) -> Result<Self, Error> {
        let path = dir.join(FILE);
        // Made before SQLite sees it, readable by its owner alone; the log files take over its mode.
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600).open(&path).at_file(&path)?;
        let writer = pool(&path, 1).await?;
        MIGRATIONS.run(&writer).await?;
        Ok(Self { writer, readers: pool(&path, READERS).await? })
    }

    /// A transaction that holds the writer from its first statement, so that what it reads stays true until it commits.
    /// Never begun inside another: there is one writer.
    pub async fn begin(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        match self.writer.begin_with("BEGIN IMMEDIATE").await {
            // A full disk made SQLite roll back by itself, and the driver still counts that transaction: this connection
            // begins none again, another one does.
            Err(sqlx::Error::InvalidSavePointStatement) => {
                self.writer.acquire().await?.close().await?;
                Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
            }
            begun => Ok(begun?),
        }
    }

    /// Connections for reading.
    pub fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Moves the log into the file and closes all connections. Waits for those that are lent out.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

async fn pool(path: &Path, connections: u32) -> Result<SqlitePool, Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .pragma("temp_store", "MEMORY")
        .pragma("secure_delete", "ON")
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None);
    Ok(pool.connect_with(options).await?)
}
