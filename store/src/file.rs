//! The embedded store: one SQLite file. Its journal is a write-ahead log that is synced at every commit: what was
//! answered is durable. Deleted content is overwritten. Sources: sqlite.org/wal.html, sqlite.org/pragma.html.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use crate::backup::BackupError;
use crate::{Pool, Role, StoreError, Tx};

/// Said by every connection before it is used. The cache is in KiB, negative as SQLite wants it.
const WRITER: &str = "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
    PRAGMA foreign_keys = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; \
    PRAGMA trusted_schema = OFF; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;";
const READER: &str = "PRAGMA busy_timeout = 30000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
    PRAGMA cache_size = -1024; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF; \
    PRAGMA query_only = ON;";

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

pub(crate) async fn begin(writer: &Pool) -> Result<Tx, StoreError> {
    let begun = match writer.begin_with("BEGIN IMMEDIATE").await {
        // A full disk made SQLite roll back by itself, and the driver still counts that transaction: this connection
        // begins none again, another one does.
        Err(sqlx::Error::InvalidSavePointStatement) => {
            writer.acquire().await?.close().await?;
            writer.begin_with("BEGIN IMMEDIATE").await
        }
        begun => begun,
    };
    Ok(Tx::new(begun?, None))
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
