//! A store on a PostgreSQL server, 15 or later, behind the feature `postgres`. Several processes may share it: a
//! transaction takes the store's advisory lock, which falls with it, however it ends (postgresql.org, “Advisory Locks”).
//!
//! What the server's operator may have set otherwise and a store depends on is said by every connection for itself: the
//! isolation (with one snapshot for a transaction, what is read after waiting for the lock would be what stood before
//! it), and that a commit is answered only when it is durable. A process that stops in the middle of a transaction holds
//! the others up for [`IDLE`] at most; one that reads holds nobody up and may take longer.

use std::time::{Duration, Instant};

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _};

use crate::{Connection, PATIENCE, Pool, Role, StoreError, Tx};

/// Begins a transaction that writes: each of its statements sees what was committed before it.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// Begins a transaction that reads one moment.
pub(crate) const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// One lock for the schema that the store lies in; several stores may share a database. The first number is this
/// product's, so that others who share the database have locks of their own. The transaction's number is wanted for the
/// case that its commit is not answered.
const HOLD: &str = "SELECT CAST(pg_current_xact_id() AS TEXT) AS number \
    FROM (SELECT pg_advisory_xact_lock(1818846566, hashtext(current_schema()::text))) AS held";

/// Said by every connection before it is used.
const SETTINGS: &str = "SET lock_timeout = '30s'; \
    SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; \
    SET tcp_user_timeout = '30s'; SET client_connection_check_interval = '5s'; SET client_min_messages = 'error'; \
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';";
/// And by the one that writes. Our own longest silence is an import's, which holds the store while it merges sorted runs
/// of half a gigabyte and more, and while it writes its rejects: seconds, and on a slow disk several times that.
const WRITER: &str = "SET idle_in_transaction_session_timeout = '90s'";
/// And by those that read, which hold no lock: what they read may go to somebody slow.
const READER: &str =
    "SET default_transaction_read_only = on; SET idle_in_transaction_session_timeout = '5min'";

/// How long a transaction that writes may say nothing before the server ends it; as in [`WRITER`].
#[cfg(doc)]
const IDLE: Duration = Duration::from_secs(90);

/// After how long without an answer a server counts as gone: longer than it lets anybody wait for the lock.
pub(crate) const SILENCE: Duration = Duration::from_secs(45);

/// The oldest version that is served, as the server counts.
const OLDEST: i64 = 150_000;

/// Pause between questions after what became of a transaction.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// What an address may say beside user, host, port and database. What else stands there is refused: the driver would
/// pass over it, and write it into the log.
const KNOWN: [&str; 16] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
];

/// Checks an address without using it.
pub(crate) fn check(address: &str) -> Result<AnyConnectOptions, StoreError> {
    let parsed: AnyConnectOptions = address.parse().map_err(|_| StoreError::NoAddress)?;
    let url = &parsed.database_url;
    let known = |key: &str| KNOWN.contains(&key) || key == "options" || key.starts_with("options[");
    if !matches!(url.scheme(), "postgres" | "postgresql") || !url.query_pairs().all(|(key, _)| known(&key)) {
        return Err(StoreError::NoAddress);
    }
    Ok(parsed.disable_statement_logging())
}

pub(crate) async fn connect(address: &str, role: Role, options: AnyPoolOptions) -> Result<Pool, StoreError> {
    if cfg!(not(feature = "postgres")) {
        return Err(StoreError::NoServers);
    }
    let address = check(address)?;
    // What is wrong with the address is said at once: a pool would try again until its patience ends.
    let fit = async {
        let mut connection = address.connect().await?;
        let fit = fit(&mut connection).await;
        connection.close().await?;
        fit
    };
    tokio::time::timeout(PATIENCE, fit).await.map_err(|_| StoreError::Unreachable)??;
    let options = options.after_connect(move |connection, _| {
        Box::pin(async move {
            connection.execute(SETTINGS).await?;
            connection.execute(if role == Role::Writer { WRITER } else { READER }).await?;
            Ok(())
        })
    });
    options.connect_with(address).await.map_err(|error| match error {
        // There is no pool yet that others could hold.
        sqlx::Error::PoolTimedOut => StoreError::Unreachable,
        error => error.into(),
    })
}

/// Whether a store may lie in this database: else the reason, for the operator.
async fn fit(connection: &mut Connection) -> Result<(), StoreError> {
    let about = sqlx::query(
        "SELECT CAST(current_setting('server_version_num') AS BIGINT), current_setting('server_encoding'), \
         CASE WHEN current_schema() IS NULL THEN 0 ELSE 1 END",
    );
    let row = about.fetch_one(connection).await?;
    let encoding: String = row.try_get(1)?;
    if row.try_get::<i64, _>(0)? < OLDEST {
        return Err(StoreError::Unfit { why: "the server is older than PostgreSQL 15" });
    }
    if encoding != "UTF8" {
        return Err(StoreError::Unfit { why: "its encoding is not UTF8" });
    }
    if row.try_get::<i64, _>(2)? == 0 {
        return Err(StoreError::Unfit { why: "the schema of its search_path does not exist" });
    }
    Ok(())
}

pub(crate) async fn begin(writer: &Pool, silence: Duration) -> Result<Tx, StoreError> {
    let mut transaction = writer.begin_with(BEGIN).await.map_err(|error| waiting(error, writer))?;
    let held = within(silence, sqlx::query(HOLD).fetch_one(&mut *transaction)).await?;
    let stake = Stake { number: held.try_get(0)?, writer: writer.clone() };
    Ok(Tx::new(transaction, Some(stake)))
}

/// What a server may take longer over than an instant, if it answers at all: without one the connection is given up, for the
/// driver asks no signs of life of it (the server does of ours, see [`SETTINGS`]). What goes back over it then is answered by
/// nobody either, and ends it for the system.
pub(crate) async fn within<T>(
    silence: Duration,
    asked: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    let answered = tokio::time::timeout(silence, asked).await;
    Ok(answered.map_err(|_| StoreError::Unreachable)??)
}

/// A pool that has no connection at all has waited for the server, not for its own users.
pub(crate) fn waiting(error: sqlx::Error, pool: &Pool) -> StoreError {
    match error {
        sqlx::Error::PoolTimedOut if pool.num_idle() == 0 && pool.size() == 0 => StoreError::Unreachable,
        error => error.into(),
    }
}

/// What is needed to find out what became of a transaction whose commit was not answered.
pub(crate) struct Stake {
    number: String,
    writer: Pool,
}

impl Stake {
    /// Asks until the server knows: what it had not committed when it went down, it has aborted when it is up again.
    pub(crate) async fn settle(self) -> Result<(), StoreError> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            match self.ask().await {
                Ok(Some(state)) if state == "committed" => return Ok(()),
                Ok(Some(state)) if state == "aborted" => return Err(StoreError::Unreachable),
                Ok(_) | Err(StoreError::Unreachable | StoreError::Locked) => {}
                Err(other) => return Err(other),
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
        Err(StoreError::Unreachable)
    }

    async fn ask(&self) -> Result<Option<String>, StoreError> {
        let state = sqlx::query_scalar("SELECT pg_xact_status(CAST($1 AS xid8))").bind(&self.number);
        let mut connection = self.writer.acquire().await.map_err(|error| waiting(error, &self.writer))?;
        Ok(state.fetch_one(&mut *connection).await?)
    }
}
