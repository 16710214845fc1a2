//! Where a party keeps its rows: a file of its own, or a PostgreSQL server. One set of statements serves both.
//!
//! * Comes in: a [`Place`] and the [`Steps`] from an empty store to the program's own. Goes out: a [`Database`], its
//!   connections and transactions.
//! * Never sees: what the rows mean. Tables belong to the rooms of node and coordinator that write them.
//! * Trusts: for a file, that the folder's lock is held by this process; for a server, its access rules.
//! * Fails with a [`StoreError`] that says which of disk, lock, damage, version, key or connection it was.
//!
//! Statements are written once, in the dialect that SQLite and PostgreSQL have in common: parameters `$1`, numbers as
//! `BIGINT`, texts, bytes; `ON CONFLICT`, `RETURNING`; no boolean (0 and 1 stand for them), no `INSERT OR …`, an
//! `EXISTS` inside a `CASE`. What differs, the definition of tables and the way a transaction takes hold of the store,
//! is in here and in the folders of steps.
//!
//! One connection writes and a few read. A transaction holds the store from its first statement, so that what it reads
//! stays true until it commits: SQLite has one writer anyway, and on a server an advisory lock makes it so among all
//! processes that share it. Whoever waits for the writer waits here, in order, and not in a busy loop.

pub mod backup;
mod error;
mod file;
mod problem;
pub mod restore;
mod server;
mod steps;
#[cfg(feature = "trial")]
pub mod trial;
mod tx;
pub mod work;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::{Any, Row as _};
use zeroize::Zeroizing;

use backup::BackupError;
pub use error::StoreError;
pub use steps::steps_of;
pub use tx::Tx;

/// A row that was read.
pub type Row = sqlx::any::AnyRow;
/// One connection.
pub type Connection = sqlx::AnyConnection;
/// Connections of one kind.
pub type Pool = sqlx::AnyPool;
/// A statement with its parameters.
pub type Statement<'q> = sqlx::query::Query<'q, Any, sqlx::any::AnyArguments>;

const READERS: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a store is.
#[derive(Clone)]
pub enum Place {
    /// A file of SQLite, made if it is not there.
    File(PathBuf),
    /// A database on a PostgreSQL server: `postgres://…`, with what the server wants to hear.
    Server(Zeroizing<String>),
}

impl Place {
    /// The server whose address stands in a file: blanks around it do not count. What cannot be one is refused before
    /// anything is dialled.
    pub fn server(file: &[u8]) -> Result<Self, StoreError> {
        let text = std::str::from_utf8(file).map_err(|_| StoreError::NoAddress)?.trim();
        server::check(text)?;
        Ok(Self::Server(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            // The address holds a password.
            Self::Server(_) => f.write_str("Server(…)"),
        }
    }
}

/// The steps from an empty store to the one of this program, for both kinds. A released step never changes.
pub struct Steps {
    /// For a file.
    pub sqlite: Migrator,
    /// For a server.
    pub postgres: Migrator,
}

/// Which kind a store is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file of SQLite.
    Sqlite,
    /// A database on a PostgreSQL server.
    Postgres,
}

/// An open store.
pub struct Database {
    kind: Kind,
    /// Of a store in a file.
    path: Option<PathBuf>,
    writer: Pool,
    readers: Pool,
}

impl Database {
    /// Opens the store, makes its tables if there are none, and brings it up to this program's last step.
    pub async fn open(place: &Place, steps: &Steps) -> Result<Self, StoreError> {
        install_default_drivers();
        let (kind, steps) = match place {
            Place::File(path) => {
                file::create_private(path)?;
                (Kind::Sqlite, &steps.sqlite)
            }
            Place::Server(_) => (Kind::Postgres, &steps.postgres),
        };
        // The writer comes first: it makes the log and the steps that readers then find.
        let writer = pool(place, Role::Writer).await?;
        let migrated = steps.run(&writer).await;
        migrated.map_err(|error| {
            StoreError::of_migration(error, steps.iter().map(|step| step.version).max().unwrap_or(0))
        })?;
        let readers = pool(place, Role::Reader).await?;
        let path = match place {
            Place::File(path) => Some(path.clone()),
            Place::Server(_) => None,
        };
        Ok(Self { kind, path, writer, readers })
    }

    /// Of which kind it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The writing connection as a pool of one, for tests that spoil what is stored. What is written here holds no lock.
    #[cfg(feature = "trial")]
    pub const fn writer(&self) -> &Pool {
        &self.writer
    }

    /// Connections for reading.
    pub const fn readers(&self) -> &Pool {
        &self.readers
    }

    /// A transaction that holds the store from its first statement, so that what it reads stays true until it commits.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        match self.kind {
            Kind::Sqlite => file::begin(&self.writer).await,
            Kind::Postgres => server::begin(&self.writer, server::SILENCE).await,
        }
    }

    /// The same, with less patience towards a server that does not answer, for tests.
    #[cfg(feature = "trial")]
    pub async fn begin_within(&self, silence: Duration) -> Result<Tx, StoreError> {
        match self.kind {
            Kind::Sqlite => file::begin(&self.writer).await,
            Kind::Postgres => server::begin(&self.writer, silence).await,
        }
    }

    /// One statement as a transaction of its own; gives how many rows it touched.
    pub async fn write(&self, statement: Statement<'_>) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let done = statement.execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }

    /// A connection for reading.
    pub async fn reader(&self) -> Result<PoolConnection<Any>, StoreError> {
        self.readers.acquire().await.map_err(|error| server::waiting(error, &self.readers))
    }

    /// A reading transaction: all that is read in it is of one moment.
    pub async fn snapshot(&self) -> Result<Tx, StoreError> {
        let begun = match self.kind {
            Kind::Sqlite => self.readers.begin().await,
            Kind::Postgres => self.readers.begin_with(server::SNAPSHOT).await,
        };
        Ok(Tx::new(begun.map_err(|error| server::waiting(error, &self.readers))?, None))
    }

    /// Copies a store in a file, as it is at one moment, into a new file, and looks through the copy.
    pub async fn copy_to(&self, copy: &Path) -> Result<(), BackupError> {
        let path = self.path.as_ref().ok_or(BackupError::Server)?;
        file::copy(path, copy).await?;
        file::check(copy).await
    }

    /// Has a file's log emptied, in which what was deleted stands until then; a server does so in its own time. Says
    /// whether it is done: somebody may be at work, and then it is done another time.
    pub async fn forget(&self) -> Result<bool, StoreError> {
        match self.kind {
            Kind::Sqlite => file::forget(&self.writer).await,
            Kind::Postgres => Ok(true),
        }
    }

    /// Closes all connections; a file's log is moved into it. Waits for those that are lent out.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// A column's number in the type that it must fit.
pub fn number<T: TryFrom<i64>>(row: &Row, column: &str) -> Result<T, StoreError> {
    let value: i64 = row.try_get(column)?;
    let unfit =
        || sqlx::Error::ColumnDecode { index: column.to_owned(), source: "a number out of range".into() };
    Ok(T::try_from(value).map_err(|_| unfit())?)
}

/// What connections of a pool are for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Writer,
    Reader,
}

async fn pool(place: &Place, role: Role) -> Result<Pool, StoreError> {
    let connections = if role == Role::Writer { 1 } else { READERS };
    let options = AnyPoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None);
    match place {
        Place::File(path) => file::connect(path, role, options).await,
        Place::Server(address) => server::connect(address, role, options).await,
    }
}
