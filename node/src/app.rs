//! Puts the node together: the only place that chooses stores, keys, time, chance and network.
//!
//! Comes in: a folder and the ports. Goes out: an [`App`], with everything that its commands and its service need.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lianfang_desk::Problem;
use lianfang_link::client::DialLimits;
use lianfang_link::{Clock, Dialer, Identity, Transport, UnixTime};
use lianfang_store::restore;
use lianfang_telemetry::Traces;
use tokio::sync::{Notify, RwLock};

use crate::audit::Log;
use crate::config::Config;
use crate::job::Context;
use crate::job::book::Book;
use crate::job::sightings::Sightings;
use crate::key_holder::ledger::Ledger;
use crate::key_holder::notices::Notices;
use crate::key_holder::records::Records;
use crate::key_holder::vault::Vault;
use crate::membership::{Membership, restored};
use crate::peers::coordinator::Coordinator;
use crate::peers::holders::GrpcHolders;
use crate::peers::roster::RosterInForce;
use crate::ports::Ports;
use crate::register::Register;
use crate::secrets::{self, Secrets};
use crate::store::Store;
use crate::telemetry::Telemetry;

pub(crate) const SPOOL: &str = "spool";

/// A node whose folder is open.
pub struct App {
    /// Its folder.
    pub dir: PathBuf,
    /// What its operator decided.
    pub config: Arc<Config>,
    /// Its keys.
    pub secrets: Arc<Secrets>,
    /// Its store.
    pub store: Store,
    /// Its register.
    pub register: Register,
    /// Its audit log.
    pub log: Log,
    /// Charges and admissions.
    pub ledger: Ledger,
    /// Time and chance.
    pub ports: Ports,
    /// What is seen of it from outside.
    pub telemetry: Telemetry,
    /// The way to others.
    pub transport: Arc<dyn Transport>,
    joined: RwLock<Option<Arc<Joined>>>,
}

/// A node that belongs to a federation.
pub struct Joined {
    /// What jobs need.
    pub context: Arc<Context>,
    /// What it shows on every connection.
    pub identity: Identity,
    /// Rings when the coordinator has refused it.
    pub refused: Notify,
}

impl Joined {
    /// Whole days until the certificate ends; `None` if it cannot be read.
    pub fn certificate_days_left(&self, clock: &Clock) -> Option<u64> {
        Some(self.identity.validity().ok()?.days_left(clock.now()))
    }
}

impl App {
    /// Opens a folder that `init` has made.
    pub async fn open(dir: &Path, ports: Ports, transport: Arc<dyn Transport>) -> Result<Self, Problem> {
        if restore::unfinished(dir) {
            return Err(Problem::usage("restore-unfinished").with("path", dir));
        }
        let config = Arc::new(Config::load(dir)?);
        let secrets = Arc::new(Secrets::open(dir, &config.unlock)?);
        let telemetry = telemetry(&config)?;
        let spool = dir.join(SPOOL);
        std::fs::create_dir_all(&spool).map_err(|error| Problem::file(&spool, error))?;
        let place = secrets::place(dir, &config.store)?;
        let store = Store::open(&place, dir, Arc::clone(&secrets.master), ports.clone()).await;
        let store = store.map_err(|error| place.problem(error))?;
        let log = Log::new(store.clone(), &secrets.identity.verifying_key().fingerprint());
        let app = Self {
            dir: dir.to_owned(),
            register: Register::new(store.clone(), log.clone()),
            ledger: Ledger::new(store.clone()),
            joined: RwLock::new(None),
            config,
            secrets,
            store,
            log,
            ports,
            telemetry,
            transport,
        };
        restored::take_up(&app).await?;
        app.join().await?;
        Ok(app)
    }

    /// The federation, if the node has joined one.
    pub async fn joined(&self) -> Option<Arc<Joined>> {
        self.joined.read().await.clone()
    }

    /// The federation, or the refusal that says to enrol first.
    pub async fn must_have_joined(&self) -> Result<Arc<Joined>, Problem> {
        self.joined().await.ok_or_else(|| Problem::usage("not-enrolled"))
    }

    /// The clock by which certificates are judged.
    pub fn clock(&self) -> Clock {
        let clock = Arc::clone(&self.ports.clock);
        Clock::new(move || {
            let micros = u64::try_from(clock.now()).unwrap_or_default();
            UnixTime::since_unix_epoch(std::time::Duration::from_micros(micros))
        })
    }

    /// The day of an import. The registers are Chinese: their day has begun when it has begun there.
    pub fn today(&self) -> jiff::civil::Date {
        let now = jiff::Timestamp::from_microsecond(self.ports.clock.now()).unwrap_or_default();
        now.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8))).date()
    }

    /// Takes up a membership that is stored.
    pub async fn join(&self) -> Result<(), Problem> {
        let Some((membership, roster)) = Membership::load(&self.store).await? else { return Ok(()) };
        let identity = membership.identity(&self.config, &self.secrets, &mut *self.ports.chance.rng())?;
        let context = Arc::new(self.context(&membership, roster, &identity).await?);
        let joined = Joined { context, identity, refused: Notify::new() };
        *self.joined.write().await = Some(Arc::new(joined));
        Ok(())
    }

    async fn context(
        &self,
        membership: &Membership,
        roster: RosterInForce,
        identity: &Identity,
    ) -> Result<Context, Problem> {
        let directory = Arc::new(roster.clone());
        let transport = Arc::clone(&self.transport);
        let dialer = Dialer::new(transport, Some(identity), directory, &self.clock(), DialLimits::default());
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let vault = Vault::open(self.store.clone(), cores).await?;
        Ok(Context {
            bank: membership.bank.clone(),
            config: Arc::clone(&self.config),
            secrets: Arc::clone(&self.secrets),
            store: self.store.clone(),
            register: self.register.clone(),
            log: self.log.clone(),
            ports: self.ports.clone(),
            telemetry: self.telemetry.clone(),
            coordinator: Coordinator::new(&dialer, &membership.coordinator),
            holders: Arc::new(GrpcHolders::new(dialer, roster.clone(), Arc::clone(&self.ports.clock))),
            roster,
            records: Records::new(self.store.clone()),
            notices: Notices::new(self.store.clone()),
            vault,
            sightings: Sightings::new(self.store.clone(), self.log.clone()),
            spool: self.dir.join(SPOOL),
            book: Book::new(self.store.clone()),
        })
    }
}

/// Spans carry the name under which the node advertises itself: it may not have joined yet.
fn telemetry(config: &Config) -> Result<Telemetry, Problem> {
    let traces = Traces::start(config.traces.as_ref(), "lianfang-node", config.advertised());
    let traces = traces.map_err(|error| {
        let problem = Problem::usage("config-invalid").with("path", crate::config::FILE);
        problem.with("detail", error.to_string()).field("traces.collector")
    })?;
    Ok(Telemetry::new(traces))
}
