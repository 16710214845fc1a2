//! A store on a PostgreSQL server, 15 or later, behind the feature `postgres`. Several processes may share it: a
//! transaction takes the store's advisory lock, which falls with it, however it ends (postgresql.org, “Advisory Locks”).

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{ConnectOptions as _, Executor as _};

use crate::{Pool, StoreError, Tx};

/// Begins a transaction that reads one moment.
pub(crate) const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// One lock for the schema that the store lies in; several stores may share a database.
const HOLD: &str = "SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtext(current_schema()))) AS held";

pub(crate) async fn connect(address: &str, options: AnyPoolOptions) -> Result<Pool, StoreError> {
    if cfg!(not(feature = "postgres")) {
        return Err(StoreError::NoServers);
    }
    let parsed: AnyConnectOptions = address.parse().map_err(|_| StoreError::NoAddress)?;
    if parsed.database_url.scheme() != "postgres" {
        return Err(StoreError::NoAddress);
    }
    Ok(options.connect_with(parsed.disable_statement_logging()).await?)
}

pub(crate) async fn begin(writer: &Pool) -> Result<Tx, StoreError> {
    let mut tx = writer.begin().await?;
    tx.execute(HOLD).await?;
    Ok(tx)
}
