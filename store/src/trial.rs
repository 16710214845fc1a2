//! Stores for tests, behind the feature `trial`: each in a folder of its own, or in a schema of its own on the server
//! that the environment variable [`SERVER`] names; gone when dropped. So one suite runs on both kinds.
//!
//! Panics where a test cannot go on, and says why: a server that is named and does not answer fails a test.

#![expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "what a test needs and does not get ends the test"
)]

mod steps;

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::any::{AnyConnectOptions, install_default_drivers};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use zeroize::Zeroizing;

use crate::{Connection, Kind, Place};

pub use steps::{Seed, Sown, assert_schema};

/// Names the server for tests: `postgres://…`, with a user that may make schemas.
pub const SERVER: &str = "LIANFANG_TEST_POSTGRES";

/// How long a schema is waited for when it is dropped: a test that failed may hold it.
const PATIENCE: Duration = Duration::from_secs(20);

/// The server that is named, if one is.
pub fn server() -> Option<String> {
    std::env::var(SERVER).ok().filter(|address| !address.is_empty())
}

/// A place for one store.
pub struct Trial {
    schema: Option<Schema>,
    folder: tempfile::TempDir,
}

impl Default for Trial {
    fn default() -> Self {
        Self::new()
    }
}

impl Trial {
    /// On the server that is named, else in a file.
    pub fn new() -> Self {
        match server() {
            Some(address) => Self::on(&address),
            None => Self::in_a_file(),
        }
    }

    /// In a file.
    pub fn in_a_file() -> Self {
        Self { schema: None, folder: folder() }
    }

    /// On this server.
    pub fn on(address: &str) -> Self {
        Self { schema: Some(Schema::make(address)), folder: folder() }
    }

    /// The folder beside the store; of a store in a file, the one that it lies in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Of which kind the store is.
    pub fn kind(&self) -> Kind {
        if self.schema.is_some() { Kind::Postgres } else { Kind::Sqlite }
    }

    /// Where the store is.
    pub fn place(&self) -> Place {
        match &self.schema {
            Some(schema) => Place::Server(schema.address.clone()),
            None => Place::File(self.folder.path().join("store.sqlite")),
        }
    }

    /// Has a party whose folder this is, with its `config.toml` in it, keep its store here.
    pub fn configure(&self, dir: &Path) {
        let Place::Server(address) = self.place() else { return };
        let (config, file) = (dir.join("config.toml"), dir.join("store.url"));
        std::fs::write(&file, address.as_bytes()).expect("the address is written");
        #[cfg(unix)]
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("its mode");
        let mut text = std::fs::read_to_string(&config).expect("a configuration");
        text.push_str("\n[store]\nurl-file = \"store.url\"\n");
        std::fs::write(&config, text).expect("the configuration is written");
    }

    /// A connection beside the store's own.
    pub async fn connect(&self) -> Connection {
        install_default_drivers();
        let address = match self.place() {
            Place::Server(address) => address.to_string(),
            Place::File(path) => format!("sqlite://{}?mode=rwc", path.display()),
        };
        let options: AnyConnectOptions = address.parse().expect("an address");
        options.disable_statement_logging().connect().await.expect("a connection")
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A schema of its own on a server.
pub struct Schema {
    /// Leads into it.
    pub address: Zeroizing<String>,
    root: Zeroizing<String>,
    name: String,
}

impl Schema {
    /// Makes one with a name that no other has.
    pub fn make(root: &str) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("trial_{}_{now}_{number}", std::process::id());
        aside(root, format!("CREATE SCHEMA {name}")).expect("the server that is named makes a schema");
        let joint = if root.contains('?') { '&' } else { '?' };
        let address = Zeroizing::new(format!("{root}{joint}options=-csearch_path%3D{name}"));
        Self { address, root: Zeroizing::new(root.to_owned()), name }
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let name = &self.name;
        // A test that is over may have left a reader in the middle of a transaction: nobody would end that before the
        // connection is given up. What stays behind after a failure stays until the server, which is the tests' own, is
        // thrown away.
        let holders = "SELECT pg_terminate_backend(l.pid) FROM pg_locks l
                       JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
                       WHERE l.pid <> pg_backend_pid() AND n.nspname =";
        let drop = format!("DROP SCHEMA IF EXISTS {name} CASCADE");
        let _ = aside(&self.root, format!("{holders} '{name}'; SET lock_timeout = '10s'; {drop}"));
    }
}

/// Runs a statement in a thread of its own, wherever it is called.
fn aside(address: &str, sql: String) -> Result<(), sqlx::Error> {
    let address = Zeroizing::new(address.to_owned());
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let done = async { tokio::time::timeout(PATIENCE, run(&address, sql)).await };
        runtime.block_on(done).map_err(|_| sqlx::Error::PoolTimedOut)?
    });
    thread.join().unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

async fn run(address: &str, sql: String) -> Result<(), sqlx::Error> {
    install_default_drivers();
    let options: AnyConnectOptions = address.parse()?;
    let mut connection = options.disable_statement_logging().connect().await?;
    connection.execute(AssertSqlSafe(sql)).await?;
    connection.close().await
}
