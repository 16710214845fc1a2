//! The embedded store of a node: one SQLite file, its connections, its keys.
//!
//! * Comes in: a path, the master key, time and chance. Goes out: connections, transactions, and the ciphers of columns.
//! * Never sees: what is stored. Tables belong to the rooms that own them, and each room seals its own columns.
//! * Trusts: that the folder's lock is held by this process, and the master key.
//! * Fails with a [`StoreError`] that says which of disk, lock, damage, version or key it was.
//!
//! One connection writes and a few read, for SQLite has one writer anyway: whoever waits for it waits here, in order,
//! and not in a busy loop. The journal is a write-ahead log that is synced at every commit: what was answered is
//! durable. Deleted content is overwritten. Sources: sqlite.org/wal.html, sqlite.org/pragma.html.

pub mod drawer;
mod error;
pub mod rows;

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lianfang_trust::at_rest::{BlindIndex, ColumnCipher, MasterKey};
use rand_core::CryptoRng;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Row, Sqlite, SqliteConnection, Transaction};

pub use error::StoreError;

use crate::ports::{Micros, Ports};

/// The steps from an empty file to the store of this program. A released step never changes.
static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

const PROBE: &[u8] = b"lianfang/store";
const READERS: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(30);

/// An open store. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    writer: SqlitePool,
    readers: SqlitePool,
    master: Arc<MasterKey>,
    ports: Ports,
    folder: PathBuf,
}

impl Store {
    /// Opens the store, makes it if there is none, and brings it up to this program's last step.
    pub async fn open(path: &Path, master: Arc<MasterKey>, ports: Ports) -> Result<Self, StoreError> {
        create_private(path)?;
        // The writer comes first: it makes the log and the steps that readers then find.
        let writer = pool(path, 1, "-8192").await?;
        let migrated = MIGRATIONS.run(&writer).await;
        migrated.map_err(|error| {
            StoreError::of_migration(error, MIGRATIONS.iter().map(|step| step.version).max().unwrap_or(0))
        })?;
        let readers = pool(path, READERS, "-1024").await?;
        let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        let store = Self(Arc::new(Inner { writer, readers, master, ports, folder }));
        store.prove_key().await?;
        Ok(store)
    }

    /// The writing connection as a pool of one. Never ask for it while holding a transaction: there is no second.
    pub fn pool(&self) -> &SqlitePool {
        &self.0.writer
    }

    /// Connections for reading.
    pub fn readers(&self) -> &SqlitePool {
        &self.0.readers
    }

    /// A transaction that holds the writer from its first statement, so that what it reads stays true until it commits.
    pub async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        match self.0.writer.begin_with("BEGIN IMMEDIATE").await {
            // A full disk made SQLite roll back by itself, and the driver still counts that transaction: this connection
            // begins none again, another one does.
            Err(sqlx::Error::InvalidSavePointStatement) => {
                self.0.writer.acquire().await?.close().await?;
                Ok(self.0.writer.begin_with("BEGIN IMMEDIATE").await?)
            }
            begun => Ok(begun?),
        }
    }

    /// A connection for reading.
    pub async fn reader(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        Ok(self.0.readers.acquire().await?)
    }

    /// A reading transaction: all that is read in it is of one moment.
    pub async fn snapshot(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.0.readers.begin().await?)
    }

    /// The folder in which the store lies, and sealed spills may lie.
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// The cipher of a sealed column.
    pub fn cipher(&self, table: &str, column: &str) -> ColumnCipher {
        ColumnCipher::new(&self.0.master, table, column)
    }

    /// The keyed index of a column that is looked up by equality.
    pub fn index(&self, table: &str, column: &str) -> BlindIndex {
        BlindIndex::new(&self.0.master, table, column)
    }

    /// A generator for one piece of work.
    pub fn rng(&self) -> Box<dyn CryptoRng + Send> {
        self.0.ports.chance.rng()
    }

    /// Now.
    pub fn now(&self) -> Micros {
        self.0.ports.clock.now()
    }

    /// Moves the log into the file and closes all connections. Waits for those that are lent out.
    pub async fn close(&self) {
        self.0.readers.close().await;
        self.0.writer.close().await;
    }

    /// The first start leaves a sealed word that every later start must be able to open.
    async fn prove_key(&self) -> Result<(), StoreError> {
        let cipher = self.cipher("store_key", "probe");
        let mut tx = self.begin().await?;
        let stored = sqlx::query("SELECT probe FROM store_key WHERE id = 1").fetch_optional(&mut *tx).await?;
        if let Some(row) = stored {
            let probe: Vec<u8> = row.try_get(0)?;
            let opened = cipher.open(1, &probe).map_err(|_| StoreError::WrongKey)?;
            return if opened.as_slice() == PROBE { Ok(()) } else { Err(StoreError::WrongKey) };
        }
        let probe = cipher.seal(1, PROBE, &mut *self.rng()).map_err(StoreError::at("store_key", "probe"))?;
        sqlx::query("INSERT INTO store_key (id, probe) VALUES (1, ?)").bind(probe).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }
}

/// Takes `count` numbers of a sequence and gives the first. A number is never given twice, not even after a row is gone.
pub async fn take_numbers(
    tx: &mut SqliteConnection,
    sequence: &'static str,
    count: usize,
) -> Result<i64, StoreError> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let first =
        sqlx::query_scalar("UPDATE sequence SET next = next + ?2 WHERE name = ?1 RETURNING next - ?2");
    Ok(first.bind(sequence).bind(count).fetch_one(tx).await?)
}

async fn pool(path: &Path, connections: u32, cache: &'static str) -> Result<SqlitePool, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .statement_cache_capacity(64)
        .pragma("cache_size", cache)
        .pragma("temp_store", "MEMORY")
        .pragma("secure_delete", "ON")
        .pragma("trusted_schema", "OFF")
        .pragma("wal_autocheckpoint", "4000")
        .pragma("journal_size_limit", "67108864")
        .disable_statement_logging();
    SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await
        .map_err(|error| opening(error, path))
}

fn opening(error: sqlx::Error, path: &Path) -> StoreError {
    match StoreError::from(error) {
        StoreError::Other(_) => StoreError::CannotOpen { path: path.to_owned() },
        known => known,
    }
}

/// The file is made before SQLite sees it, readable by its owner alone; the log files take over its mode.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => StoreError::CannotOpen { path: path.to_owned() },
        _ => sqlx::Error::Io(error).into(),
    })
}

#[cfg(test)]
pub(crate) mod tests;
