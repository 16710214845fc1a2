//! Where everything meets: the only place that chooses ports, and the server.
//!
//! Comes in: a folder that `init` made, time and chance, a transport. Goes out: a running [`Coordinator`]; the same over
//! the network's twin in memory, for tests and simulation.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use lianfang_desk::{Buffer, Call, Console, Exit, Lang, Problem};
use lianfang_link::authority::AuthorityError;
use lianfang_link::client::DialLimits;
use lianfang_link::server::{AcceptLimits, builder};
use lianfang_link::{Authenticated, Clock, Dialer, Gate, Identity, Incoming, Party, Tcp, Transport};
use lianfang_store::Place;
use lianfang_telemetry::http::Listening;
use lianfang_telemetry::served::Served;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic_reflection::server::v1::{ServerReflection, ServerReflectionServer};

use crate::bell;
use crate::commands::{Cli, backup, init};
use crate::job::{clerk, folder};
use crate::office::{Office, unix_time};
use crate::ports::{Micros, Ports};
use crate::roster::renewal;
use crate::service::{OPEN, Services};
use crate::telemetry;
use crate::work;

/// How long a store that does not answer is waited for at the end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How old the coordinator's certificate becomes before it is issued anew; it lasts a year.
const RENEW_AFTER: Micros = 180 * 24 * 3_600 * 1_000_000;
/// How often that is looked at, if nothing rings.
const LOOK_AGAIN: Duration = Duration::from_mins(10);
/// Days before the root's end from which on a person is told, and how often: its certificates last a year.
const ROOT_DAYS: u64 = 500;
const WARN_AGAIN: Micros = 24 * 3_600 * 1_000_000;

/// A coordinator that serves.
pub struct Coordinator {
    office: Arc<Office>,
    address: String,
    http: Option<Listening>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Coordinator {
    /// Sets a folder up, as the command `init` does.
    pub fn init(dir: &Path, set_up: &init::SetUp, ports: &Ports) -> Result<(), Problem> {
        init::set_up(dir, set_up, ports)
    }

    /// Puts a backup in the place of a folder that nobody serves, as the command `restore` does.
    pub async fn restore(dir: &Path, backup: &Path, ports: &Ports) -> Result<(), Problem> {
        Box::pin(backup::put_back(dir, backup, ports)).await
    }

    /// Opens the folder and serves over `transport`.
    pub async fn start(dir: &Path, ports: Ports, transport: Arc<dyn Transport>) -> Result<Self, Problem> {
        Self::serve(Office::open(dir, ports).await?, transport).await
    }

    /// Opens the folder over a store at another place, which others may share, and serves over `transport`.
    pub async fn start_over(
        dir: &Path,
        place: &Place,
        ports: Ports,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, Problem> {
        Self::serve(Office::open_over(dir, place, ports).await?, transport).await
    }

    /// Serves over the machine's own network.
    pub(crate) async fn start_on_tcp(dir: &Path) -> Result<Self, Problem> {
        Self::serve(Office::open(dir, Ports::system()).await?, Arc::new(Tcp::default())).await
    }

    async fn serve(office: Arc<Office>, transport: Arc<dyn Transport>) -> Result<Self, Problem> {
        let listen = office.config.listen.clone();
        let listener = transport.listen(&listen).await.map_err(|error| {
            let problem = Problem::usage("coordinator-cannot-listen").with("address", listen.as_str());
            problem.with("detail", error.to_string()).doing("doing-coordinator-serve").because(error)
        })?;
        let identity = certify(&office).map_err(Problem::bug)?;
        office.shows(&identity);
        let reflection = if office.config.reflection { Some(reflection()?) } else { None };
        let served = office.telemetry.served();
        let http = telemetry::listen(&office, served.clone(), &identity).await?;
        let incoming = gate(&office, &identity)?.open(listener);
        reach(&office, &identity, transport);
        let address = incoming.local_addr().to_owned();
        office.listens_at(&address);
        work::sit(&office).await?;
        let claimed = folder::claim(&office).await?;
        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(bell::tend(Arc::clone(&office), stopping.clone()));
        tasks.spawn(clerk::work(Arc::clone(&office), stopping.clone()));
        tasks.spawn(folder::keep(Arc::clone(&office), claimed, stopping.clone()));
        let mut stop_renewing = stopping.clone();
        tasks.spawn(answer(Arc::clone(&office), served, incoming, reflection, stopping));
        let renewing = upkeep(Arc::clone(&office), identity);
        tasks.spawn(async move {
            tokio::select! {
                () = renewing => {}
                _ = stop_renewing.wait_for(|stopping| *stopping) => {}
            }
        });
        tracing::info!(event = "serve.began", version = env!("CARGO_PKG_VERSION"), %address, "the coordinator serves");
        Ok(Self { office, address, http, stop, tasks })
    }

    /// The address that it listens at, with the real port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where it serves probes and numbers, if it does.
    pub fn http_address(&self) -> Option<std::net::SocketAddr> {
        self.http.as_ref().map(Listening::address)
    }

    /// What `/metrics` shows.
    pub async fn metrics(&self) -> String {
        telemetry::render(&self.office).await
    }

    /// What banks compare before they trust the authority.
    pub fn authority_fingerprint(&self) -> Result<[u8; 32], Problem> {
        self.office.keys.fingerprint()
    }

    /// The office behind it, for a command that was forwarded.
    pub(crate) fn office(&self) -> Arc<Office> {
        Arc::clone(&self.office)
    }

    /// Runs a command as if it had been forwarded: `["job", "list", "--json"]`; English unless `--lang` says otherwise. Gives
    /// the exit code and standard output; of a command that fails, the sentence.
    pub async fn run(&self, args: &[&str]) -> (Exit, String) {
        run_in(&self.office, args).await
    }

    /// The same in a folder that nobody serves.
    pub async fn run_alone(dir: &Path, ports: Ports, args: &[&str]) -> (Exit, String) {
        match spoken(args, dir) {
            Ok((command, call, console)) => {
                let ended = Box::pin(command.perform_alone(&call, &ports)).await;
                said(ended, &console)
            }
            Err(unheard) => unheard,
        }
    }

    /// Begins nothing new, lets the steps in hand and the requests under way end, as long as the configuration gives them,
    /// and closes the store. What is cut off is done again, here or by another process: the leases are given back.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if self.office.ports.clock.within(self.office.config.serve.grace(), ended).await.is_none() {
            tracing::warn!(
                event = "serve.cut-off",
                "what was in hand has not ended in time, and will be done again"
            );
            self.tasks.shutdown().await;
        }
        self.office.telemetry.flush().await;
        match self.office.ports.clock.within(LAST_WORDS, work::rise(&self.office)).await {
            Some(Ok(())) => {}
            _ => tracing::warn!(
                event = "serve.leases-kept",
                "the leases could not be given back; they end by themselves"
            ),
        }
        self.office.store.close().await;
    }
}

/// Runs a command, and gives what it says.
async fn run_in(office: &Arc<Office>, args: &[&str]) -> (Exit, String) {
    match spoken(args, &office.dir) {
        Ok((command, call, console)) => {
            let ended = Box::pin(command.perform_in(office, &call)).await;
            said(ended, &console)
        }
        Err(unheard) => unheard,
    }
}

/// A command by its words, and where it speaks; if it is none, what is told of that.
fn spoken(args: &[&str], dir: &Path) -> Result<(Cli, Call, Arc<Buffer>), (Exit, String)> {
    let words = std::iter::once("lianfang-coordinator").chain(args.iter().copied());
    let command = Cli::try_parse_from(words).map_err(|error| (Exit::Usage, error.to_string()))?;
    let voice = command.voice();
    let console = Buffer::new(voice.lang.unwrap_or(Lang::En));
    let console = Arc::new(if voice.json { console.json() } else { console });
    let shared: Arc<dyn Console> = console.clone();
    Ok((command, Call::new(shared, dir.to_owned(), PathBuf::from(".")), console))
}

fn said(ended: Result<Exit, Problem>, console: &Buffer) -> (Exit, String) {
    match ended {
        Ok(exit) => (exit, console.out_text()),
        Err(problem) => (problem.exit(), problem.sentence(console.lang())),
    }
}

/// The coordinator's certificate, issued over the key that the roster pins.
pub(crate) fn certify(office: &Office) -> Result<Identity, AuthorityError> {
    let keys = &office.keys;
    let request = keys.tls.certificate_request()?;
    let validity = keys.authority.leaf_validity(unix_time(office.now()))?;
    let issued = keys.authority.issue(&request, &Party::Coordinator, validity)?;
    Ok(keys.tls.certified(issued.chain)?)
}

/// The gate before the services.
fn gate(office: &Office, identity: &Identity) -> Result<Gate, Problem> {
    let ports = office.ports.clone();
    let clock = Clock::new(move || unix_time(ports.clock.now()));
    let directory = Arc::clone(&office.book);
    let gate = Gate::with_anonymous(identity, directory, &clock, AcceptLimits::default());
    let telemetry = office.telemetry.clone();
    Ok(gate.map_err(Problem::bug)?.on_failure(move |failed| telemetry.handshake_failed(failed)))
}

/// From here on banks can be dialled.
fn reach(office: &Office, identity: &Identity, transport: Arc<dyn Transport>) {
    let ports = office.ports.clone();
    let clock = Clock::new(move || unix_time(ports.clock.now()));
    let directory = Arc::clone(&office.book);
    let dialer = Dialer::new(transport, Some(identity), directory, &clock, DialLimits::default());
    office.reach.begin(dialer);
}

/// Issues the certificate anew where that is due. Gives when the one in use was issued.
fn keep_valid(office: &Office, identity: &Identity, certified_at: Micros) -> Micros {
    let now = office.now();
    if !is_due(certified_at, now) {
        return certified_at;
    }
    match certify(office) {
        Ok(newer) => {
            identity.replace(&newer);
            now
        }
        Err(error) => {
            tracing::error!(event = "certificate.not-renewed", error = %error, "the certificate could not be renewed");
            certified_at
        }
    }
}

/// Whether a certificate that was issued then is old, or of a time that is yet to come: the clock was put right since, and no
/// bank takes it before.
fn is_due(certified_at: Micros, now: Micros) -> bool {
    !(certified_at..certified_at.saturating_add(RENEW_AFTER)).contains(&now)
}

/// What years bring about, for a coordinator that is not restarted: the certificate is issued anew long before it ends,
/// certificate keys that members have exchanged are dropped, and an authority that comes to its end is said to.
async fn upkeep(office: Arc<Office>, identity: Identity) {
    let mut certified_at = office.now();
    let mut warned_at = None;
    let mut bell = office.bell.listen();
    loop {
        certified_at = keep_valid(&office, &identity, certified_at);
        let now = office.now();
        if let Err(error) = renewal::end_overlaps(&office).await {
            tracing::error!(event = "certificate.not-dropped", error = %error, "exchanged certificate keys could not be dropped");
        }
        let days = office.root_days_left();
        if days < ROOT_DAYS && warned_at.is_none_or(|at| now >= at + WARN_AGAIN) {
            warned_at = Some(now);
            tracing::warn!(
                event = "authority.ends",
                days,
                "the authority's root comes to its end: renew it with `key renew-root`"
            );
        }
        tokio::select! {
            () = office.ports.clock.sleep(LOOK_AGAIN) => {}
            _ = bell.changed() => {}
        }
    }
}

/// The schema, for clients that ask a server for it (`grpc.reflection.v1`).
fn reflection() -> Result<ServerReflectionServer<impl ServerReflection>, Problem> {
    let schema = lianfang_proto::DESCRIPTORS;
    let service = tonic_reflection::server::Builder::configure().register_encoded_file_descriptor_set(schema);
    service.build_v1().map_err(Problem::bug)
}

async fn answer(
    office: Arc<Office>,
    served: Served,
    incoming: Incoming,
    reflection: Option<ServerReflectionServer<impl ServerReflection>>,
    mut stopping: watch::Receiver<bool>,
) {
    let (reporter, health) = tonic_health::server::health_reporter();
    for service in ["", "lianfang.v1.Jobs"] {
        reporter.set_service_status(service, tonic_health::ServingStatus::Serving).await;
    }
    let directory = Arc::clone(&office.book);
    let services = Services::new(office, stopping.clone());
    let server = builder()
        .layer(served)
        .layer(Authenticated::new(directory, [OPEN]))
        .add_routes(services.routes())
        .add_service(health)
        .add_optional_service(reflection)
        .serve_with_incoming_shutdown(incoming, async move {
            // A sender that is gone means the same.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        });
    if let Err(error) = server.await {
        tracing::error!(event = "serve.ended", error = %error, "the server has ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{Bench, SECOND};

    const DAY: i64 = 24 * 3_600;

    #[test]
    fn a_certificate_is_issued_anew_when_it_is_old_or_of_the_future() {
        let at = 1_800_000_000 * SECOND;
        for (passed, wanted) in
            [(-1, true), (0, false), (1, false), (RENEW_AFTER - 1, false), (RENEW_AFTER, true)]
        {
            assert_eq!(is_due(at, at + passed), wanted, "{passed}");
        }
    }

    /// It was started while its clock was ahead by a month.
    #[tokio::test]
    async fn a_clock_that_is_put_right_shuts_nobody_out() {
        let bench = Bench::new().await;
        let office = &bench.us;
        bench.hand.pass(30 * DAY);
        let identity = certify(office).unwrap();
        let ahead = office.now();
        let begins = || identity.validity().unwrap().not_before;
        assert_eq!(keep_valid(office, &identity, ahead), ahead);
        bench.hand.pass(-30 * DAY);
        assert!(begins() > unix_time(office.now()));
        assert_eq!(keep_valid(office, &identity, ahead), office.now());
        assert!(begins() <= unix_time(office.now()));
    }
}
