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
    sqlite: steps!("../../migrations/sqlite": "0001_coordinator", "0002_work", "0003_schedule", "0004_keys", "0005_membership", "0006_rows_fence"),
    postgres: steps!("../../migrations/postgres": "0001_coordinator", "0002_work", "0003_schedule", "0004_keys", "0005_membership", "0006_rows_fence"),
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
mod tests {
    use lianfang_store::trial::{Trial, columns};

    use super::*;

    /// Every file of the folders is one of the steps: a forgotten one would be missed only where it is needed.
    #[test]
    fn no_step_is_forgotten() {
        for (folder, steps) in [("sqlite", &STEPS.sqlite), ("postgres", &STEPS.postgres)] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
            assert_eq!(std::fs::read_dir(folder).unwrap().count(), steps.iter().count());
        }
    }

    /// Stores that earlier programs made, with something in them, are brought up to this program's last step.
    #[tokio::test]
    async fn a_store_of_every_earlier_step_opens() {
        let fresh = Trial::new();
        let store = Store::open(&fresh.place()).await.unwrap();
        let wanted = columns(&mut fresh.connect().await, fresh.kind()).await;
        store.close().await;
        for step in STEPS.numbers() {
            let trial = Trial::new();
            STEPS.run_to(step, &trial).await;
            let mut connection = trial.connect().await;
            let roster = sqlx::query("INSERT INTO roster (version, signed) VALUES (7, $1)").bind(vec![1]);
            roster.execute(&mut connection).await.unwrap();
            let ceremony = "INSERT INTO ceremony (id, class, epoch, proposal, state, created_at)
                            VALUES ($1, 1, 1, $1, 'open', 0)";
            sqlx::query(ceremony).bind(vec![1; 16]).execute(&mut connection).await.unwrap();
            drop(connection);
            let store = Store::open(&trial.place()).await.unwrap();
            assert_eq!(columns(&mut trial.connect().await, trial.kind()).await, wanted, "from step {step}");
            for table in ["roster", "ceremony"] {
                let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
                let count: i64 = sqlx::query_scalar(count).fetch_one(store.readers()).await.unwrap();
                assert_eq!(count, 1, "{table} from step {step}");
            }
            store.close().await;
        }
    }
}
