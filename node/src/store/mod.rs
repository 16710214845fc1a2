//! The store of a node: its connections, and the ciphers of its columns.
//!
//! * Comes in: a place, the master key, time and chance. Goes out: connections, transactions, and the ciphers of columns.
//! * Never sees: what is stored. Tables belong to the rooms that own them, and each room seals its own columns.
//! * Trusts: that the folder's lock is held by this process, and the master key.
//! * Fails with a [`StoreError`] that says which of disk, lock, damage, version or key it was.
//!
//! How a file or a server is opened and held is `lianfang-store`'s; the key is the node's own.

pub mod drawer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use lianfang_store::backup::{self, About, BackupError, Manifest};
use lianfang_store::{Database, Place, Steps, steps};
use lianfang_trust::at_rest::{BlindIndex, ColumnCipher, MasterKey};
use rand_core::CryptoRng;
use sqlx::pool::PoolConnection;
use sqlx::{Any, Row as _};

pub use lianfang_store::{Connection, Kind, Pool, Row, Statement, StoreError, Tx, number, work};

use crate::ports::{Micros, Ports};

/// The steps from an empty store to the one of this program. A released step never changes.
static STEPS: LazyLock<Steps> = LazyLock::new(|| Steps {
    sqlite: steps!("../../migrations/sqlite": "0001_register", "0002_key_holder", "0003_ceremony", "0004_audit", "0005_job", "0008_oversight", "0009_keys", "0010_work", "0014_restore", "0015_reminder", "0016_return"),
    postgres: steps!("../../migrations/postgres": "0001_register", "0002_key_holder", "0003_ceremony", "0004_audit", "0005_job", "0008_oversight", "0009_keys", "0010_work", "0014_restore", "0015_reminder", "0016_return"),
});

const PROBE: &[u8] = b"lianfang/store";

/// An open store. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    database: Database,
    master: Arc<MasterKey>,
    ports: Ports,
    folder: PathBuf,
}

impl Store {
    /// Opens the store, makes it if there is none, and brings it up to this program's last step. Sealed spills lie in
    /// `folder`, whatever the place.
    pub async fn open(
        place: &Place,
        folder: &Path,
        master: Arc<MasterKey>,
        ports: Ports,
    ) -> Result<Self, StoreError> {
        let database = Database::open(place, &STEPS).await?;
        let store = Self(Arc::new(Inner { database, master, ports, folder: folder.to_owned() }));
        store.prove_key().await?;
        Ok(store)
    }

    /// The writing connection as a pool of one, for tests that spoil what is stored.
    #[cfg(test)]
    pub(crate) fn pool(&self) -> &Pool {
        self.0.database.writer()
    }

    /// Connections for reading.
    pub fn readers(&self) -> &Pool {
        self.0.database.readers()
    }

    /// A transaction that holds the store from its first statement, so that what it reads stays true until it commits.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        self.0.database.begin().await
    }

    /// One statement as a transaction of its own; gives how many rows it touched.
    pub async fn write(&self, statement: Statement<'_>) -> Result<u64, StoreError> {
        self.0.database.write(statement).await
    }

    /// A connection for reading.
    pub async fn reader(&self) -> Result<PoolConnection<Any>, StoreError> {
        self.0.database.reader().await
    }

    /// A reading transaction: all that is read in it is of one moment.
    pub async fn snapshot(&self) -> Result<Tx, StoreError> {
        self.0.database.snapshot().await
    }

    /// The folder in which sealed spills may lie.
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

    /// Of which kind it is.
    pub fn kind(&self) -> Kind {
        self.0.database.kind()
    }

    /// Copies the store and these files of the folder `dir` into a folder that is new or empty.
    pub async fn back_up(
        &self,
        dir: &Path,
        files: &[PathBuf],
        into: &Path,
        about: About<'_>,
    ) -> Result<Manifest, BackupError> {
        backup::make(&self.0.database, dir, files, into, about).await
    }

    /// Overwrites what was deleted wherever the store still keeps it, as far as it can just now: what is left `serve`
    /// does within minutes. Nothing that was done depends on it, so it fails with a line in the log.
    pub async fn forget(&self) {
        if let Err(error) = self.0.database.forget().await {
            tracing::warn!(event = "store.not-emptied", %error, "the store's log could not be emptied");
        }
    }

    /// Closes all connections. Waits for those that are lent out.
    pub async fn close(&self) {
        self.0.database.close().await;
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
        sqlx::query("INSERT INTO store_key (id, probe) VALUES (1, $1)").bind(probe).execute(&mut *tx).await?;
        tx.commit().await
    }
}

/// Takes `count` numbers of a sequence and gives the first. A number is never given twice, not even after a row is gone.
pub async fn take_numbers(
    tx: &mut Connection,
    sequence: &'static str,
    count: usize,
) -> Result<i64, StoreError> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let first =
        sqlx::query_scalar("UPDATE sequence SET next = next + $2 WHERE name = $1 RETURNING next - $2");
    Ok(first.bind(sequence).bind(count).fetch_one(tx).await?)
}

#[cfg(test)]
pub(crate) mod tests;
