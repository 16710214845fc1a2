//! Opening, refusing, telling failures apart.

use sqlx::ConnectOptions as _;

use super::*;

/// A store in a folder of its own, under a key of its own.
pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) master: Arc<MasterKey>,
    pub(crate) folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let master = Arc::new(MasterKey::ephemeral(&mut *Ports::system().chance.rng()));
        let store = open(folder.path(), &master).await.unwrap();
        Self { store, master, folder }
    }

    pub(crate) async fn again(&self, master: &Arc<MasterKey>) -> Result<Store, StoreError> {
        open(self.folder.path(), master).await
    }
}

async fn open(folder: &Path, master: &Arc<MasterKey>) -> Result<Store, StoreError> {
    let place = Place::File(folder.join("store.sqlite"));
    Store::open(&place, folder, Arc::clone(master), Ports::system()).await
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
    let bench = Bench::new().await;
    let mut files = 0;
    for entry in std::fs::read_dir(bench.folder.path()).unwrap() {
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
                  VALUES (9999, 'later', TRUE, x'00', 0)";
    sqlx::query(insert).execute(bench.store.pool()).await.unwrap();
    bench.store.close().await;
    let refused = bench.again(&bench.master).await.err().unwrap();
    assert!(matches!(refused, StoreError::Newer { found: 9999, .. }), "{refused}");

    let bench = Bench::new().await;
    sqlx::query("UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1")
        .execute(bench.store.pool())
        .await
        .unwrap();
    bench.store.close().await;
    assert!(matches!(bench.again(&bench.master).await, Err(StoreError::Foreign { step: 1 })));
}

#[tokio::test]
async fn failures_are_told_apart() {
    let bench = Bench::new().await;
    bench.store.close().await;
    let path = bench.folder.path().join("store.sqlite");
    std::fs::write(&path, [0x5a; 8192]).unwrap();
    assert!(matches!(bench.again(&bench.master).await, Err(StoreError::Corrupt)));

    let refused = open(&bench.folder.path().join("no/such"), &bench.master).await;
    assert!(matches!(refused, Err(StoreError::CannotOpen { .. })));

    let bench = Bench::new().await;
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
    let bench = Bench::new().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(bench.folder.path().join("store.sqlite"))
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
