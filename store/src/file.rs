//! The embedded store: one SQLite file. Its journal is a write-ahead log that is synced at every commit: what was
//! answered is durable. Deleted content is overwritten. Sources: sqlite.org/wal.html, sqlite.org/pragma.html.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _};

use crate::backup::BackupError;
use crate::{Pool, Role, StoreError, Tx};

/// Said by every connection before it is used. The cache is in KiB, negative as SQLite wants it.
const WRITER: &str = "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
    PRAGMA foreign_keys = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; \
    PRAGMA trusted_schema = OFF; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;";
const READER: &str = "PRAGMA busy_timeout = 30000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
    PRAGMA cache_size = -1024; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF; \
    PRAGMA query_only = ON;";

/// How long emptying the log waits for others.
const A_MOMENT: Duration = Duration::from_millis(250);

pub(crate) async fn connect(path: &Path, role: Role, options: AnyPoolOptions) -> Result<Pool, StoreError> {
    let say = if role == Role::Writer { WRITER } else { READER };
    let address = address(path)?;
    // What is wrong with the file is said at once: a pool would try again until its patience ends.
    let opened = async {
        let mut connection = address.connect().await?;
        connection.execute(say).await?;
        connection.close().await
    };
    opened.await.map_err(|error| opening(error, path))?;
    options
        .after_connect(move |connection, _| Box::pin(async move { connection.execute(say).await.map(drop) }))
        .connect_with(address)
        .await
        .map_err(|error| opening(error, path))
}

/// The file as a URL, what has a meaning there escaped. A restore looks into a store before any other is open: so what
/// leads to SQLite is put in its place here, which does nothing the second time.
fn address(path: &Path) -> Result<AnyConnectOptions, StoreError> {
    install_default_drivers();
    let cannot = || StoreError::CannotOpen { path: path.to_owned() };
    let absolute = std::path::absolute(path).map_err(|_| cannot())?;
    let text = absolute.to_str().ok_or_else(cannot)?;
    let text = text.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    let options: AnyConnectOptions = format!("sqlite://{text}?mode=rw").parse().map_err(|_| cannot())?;
    Ok(options.disable_statement_logging())
}

/// How often a connection is exchanged for a transaction that does not begin.
const EXCHANGES: usize = 4;

pub(crate) async fn begin(writer: &Pool) -> Result<Tx, StoreError> {
    for _ in 0..EXCHANGES {
        match writer.begin_with("BEGIN IMMEDIATE").await {
            // A full disk made SQLite roll back by itself, and the driver still counts that transaction: this connection
            // begins none again, another one does. Meanwhile somebody else may have met the full disk on that one.
            Err(sqlx::Error::InvalidSavePointStatement) => {
                let exchanged = async { writer.acquire().await?.close().await };
                exchanged.await.map_err(|error| on_a_full_disk(error.into()))?;
            }
            begun => return Ok(Tx::new(begun?, None)),
        }
    }
    Err(StoreError::Full)
}

/// What fails once the disk is known to be full fails for that, whatever SQLite calls it.
fn on_a_full_disk(error: StoreError) -> StoreError {
    if error.is_passing() { error } else { StoreError::Full }
}

/// Moves the write-ahead log into the file and empties it: what was deleted stands in it until then. `false` if somebody
/// reads or writes just now; nobody is kept waiting for longer than a moment.
pub(crate) async fn forget(writer: &Pool) -> Result<bool, StoreError> {
    // It is taken out of the pool: whoever drops this in the middle leaves no impatient writer behind.
    let Ok(connection) = tokio::time::timeout(A_MOMENT, writer.acquire()).await else { return Ok(false) };
    let mut connection = connection?.detach();
    connection.execute("PRAGMA busy_timeout = 250").await?;
    let told = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(told.try_get::<i64, _>(0)? == 0)
}

/// Copies the store as it is at one moment into a new file, without what was deleted.
pub(crate) async fn copy(path: &Path, copy: &Path) -> Result<(), StoreError> {
    create_private(copy)?;
    let mut connection = address(path)?.connect().await?;
    connection.execute("PRAGMA busy_timeout = 30000; PRAGMA temp_store = MEMORY;").await?;
    let name = copy.to_str().ok_or_else(|| StoreError::CannotOpen { path: copy.to_owned() })?;
    sqlx::query("VACUUM INTO $1").bind(name).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// Looks through every page, every index and every reference.
pub(crate) async fn check(path: &Path) -> Result<(), BackupError> {
    let damaged = |found: String| BackupError::Damaged { found };
    let unreadable = |error: sqlx::Error| damaged(StoreError::from(error).to_string());
    let mut connection = address(path)?.connect().await.map_err(unreadable)?;
    let found: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
        .fetch_one(&mut connection)
        .await
        .map_err(unreadable)?;
    if found != "ok" {
        // What SQLite says names trees and pages, never a value.
        return Err(damaged(found));
    }
    let stray =
        sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection).await.map_err(unreadable)?;
    if !stray.is_empty() {
        return Err(damaged("rows refer to rows that are not there".to_owned()));
    }
    connection.close().await.map_err(unreadable)
}

fn opening(error: sqlx::Error, path: &Path) -> StoreError {
    match StoreError::from(error) {
        StoreError::Other(_) => StoreError::CannotOpen { path: path.to_owned() },
        known => known,
    }
}

/// The file is made before SQLite sees it, readable by its owner alone; the log files take over its mode.
pub(crate) fn create_private(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => StoreError::CannotOpen { path: path.to_owned() },
        _ => StoreError::of_file(&error),
    })
}
