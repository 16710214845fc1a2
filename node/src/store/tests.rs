//! Opening, refusing, telling failures apart.

mod steps;

use sqlx::ConnectOptions as _;

use lianfang_store::trial::Trial;

use super::*;

/// A store in a folder of its own, under a key of its own.
pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) master: Arc<MasterKey>,
    pub(crate) trial: Trial,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::at(Trial::new()).await
    }

    /// For what only a file can be asked.
    pub(crate) async fn in_a_file() -> Self {
        Self::at(Trial::in_a_file()).await
    }

    async fn at(trial: Trial) -> Self {
        let master = Arc::new(MasterKey::ephemeral(&mut *Ports::system().chance.rng()));
        let store = open(&trial.place(), trial.folder(), &master).await.unwrap();
        Self { store, master, trial }
    }

    pub(crate) async fn again(&self, master: &Arc<MasterKey>) -> Result<Store, StoreError> {
        open(&self.trial.place(), self.trial.folder(), master).await
    }

    /// From now on nothing can be written into this table.
    pub(crate) async fn refuse(&self, table: &str) {
        refuse(&self.store, table).await;
    }

    /// It can again.
    pub(crate) async fn allow(&self, table: &str) {
        allow(&self.store, table).await;
    }
}

/// From now on nothing can be inserted into this table.
pub(crate) async fn refuse(store: &Store, table: &str) {
    let statements = match store.kind() {
        Kind::Sqlite => {
            vec![format!(
                "CREATE TRIGGER refuse BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END"
            )]
        }
        Kind::Postgres => vec![
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$"
                .to_owned(),
            format!("CREATE TRIGGER refuse BEFORE INSERT ON {table} EXECUTE FUNCTION refuse()"),
        ],
    };
    for statement in statements {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(store.pool()).await.unwrap();
    }
}

/// It can again.
pub(crate) async fn allow(store: &Store, table: &str) {
    let statement = match store.kind() {
        Kind::Sqlite => "DROP TRIGGER refuse".to_owned(),
        Kind::Postgres => format!("DROP TRIGGER refuse ON {table}"),
    };
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(store.pool()).await.unwrap();
}

async fn open(place: &Place, folder: &Path, master: &Arc<MasterKey>) -> Result<Store, StoreError> {
    Store::open(place, folder, Arc::clone(master), Ports::system()).await
}

#[tokio::test]
async fn a_store_opens_again_and_only_under_its_key() {
    let bench = Bench::new().await;
    bench.store.close().await;
    bench.again(&bench.master).await.unwrap().close().await;
    let other = Arc::new(MasterKey::ephemeral(&mut *Ports::system().chance.rng()));
    assert!(matches!(bench.again(&other).await, Err(StoreError::WrongKey)));
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::in_a_file().await;
    let mut files = 0;
    for entry in std::fs::read_dir(bench.trial.folder()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        files += 1;
    }
    assert!(files >= 2, "the log lies beside the store");
}

#[tokio::test]
async fn a_newer_store_is_refused_and_a_changed_one_too() {
    let bench = Bench::new().await;
    let insert = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                  VALUES (9999, 'later', TRUE, $1, 0)";
    sqlx::query(insert).bind(&[0_u8][..]).execute(bench.store.pool()).await.unwrap();
    bench.store.close().await;
    let refused = bench.again(&bench.master).await.err().unwrap();
    assert!(matches!(refused, StoreError::Newer { found: 9999, .. }), "{refused}");

    let bench = Bench::new().await;
    sqlx::query("UPDATE _sqlx_migrations SET checksum = $1 WHERE version = 1")
        .bind(&[0_u8][..])
        .execute(bench.store.pool())
        .await
        .unwrap();
    bench.store.close().await;
    assert!(matches!(bench.again(&bench.master).await, Err(StoreError::Foreign { step: 1 })));
}

#[tokio::test]
async fn failures_are_told_apart() {
    let bench = Bench::in_a_file().await;
    bench.store.close().await;
    let path = bench.trial.folder().join("store.sqlite");
    std::fs::write(&path, [0x5a; 8192]).unwrap();
    assert!(matches!(bench.again(&bench.master).await, Err(StoreError::Corrupt)));

    let refused =
        open(&Place::File(bench.trial.folder().join("no/such/store")), bench.trial.folder(), &bench.master)
            .await;
    assert!(matches!(refused, Err(StoreError::CannotOpen { .. })));

    let bench = Bench::in_a_file().await;
    let pages = "PRAGMA max_page_count = 1";
    sqlx::query(pages).execute(bench.store.pool()).await.unwrap();
    let fill =
        sqlx::query("INSERT INTO output_key (class, epoch, public_key) VALUES (1, 1, zeroblob(10000000))");
    let refused = StoreError::from(fill.execute(bench.store.pool()).await.unwrap_err());
    assert!(matches!(refused, StoreError::Full), "{refused}");

    sqlx::query("PRAGMA query_only = ON").execute(bench.store.pool()).await.unwrap();
    let refused = sqlx::query("DELETE FROM output_key").execute(bench.store.pool()).await.unwrap_err();
    assert!(matches!(StoreError::from(refused), StoreError::ReadOnly));
}

#[tokio::test]
async fn two_programs_do_not_write_at_once() {
    let bench = Bench::in_a_file().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(bench.trial.folder().join("store.sqlite"))
        .busy_timeout(std::time::Duration::from_millis(10));
    let mut other = options.connect().await.unwrap();
    let _held = bench.store.begin().await.unwrap();
    let refused = sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap_err();
    assert!(matches!(StoreError::from(refused), StoreError::Locked));
}

#[tokio::test]
async fn numbers_are_never_given_twice() {
    let bench = Bench::new().await;
    let mut tx = bench.store.begin().await.unwrap();
    assert_eq!(take_numbers(&mut tx, "import", 10).await.unwrap(), 1);
    assert_eq!(take_numbers(&mut tx, "import", 1).await.unwrap(), 11);
    tx.commit().await.unwrap();
}
