//! A small federation: an authority, a directory that tests can change, a clock, servers with the health service.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lianfang_link::client::DialLimits;
use lianfang_link::server::{AcceptLimits, builder};
use lianfang_link::{
    Authenticated, Authority, Clock, Dialer, Directory, Fingerprint, Gate, Identity, KeyMaterial, LinkError,
    Memory, Party, Root, Transport, UnixTime, Validity,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

pub(crate) const DAY: u64 = 86_400;
const START: u64 = 1_800_000_000;

#[derive(Default)]
pub(crate) struct Book {
    pub(crate) roots: Mutex<Vec<Root>>,
    pub(crate) parties: Mutex<HashMap<Fingerprint, Party>>,
    /// Rings only where a test says so.
    pub(crate) changes: Option<watch::Sender<u64>>,
}

impl Directory for Book {
    fn roots(&self) -> Vec<Root> {
        self.roots.lock().unwrap().clone()
    }

    fn party(&self, key: &Fingerprint) -> Option<Party> {
        self.parties.lock().unwrap().get(key).cloned()
    }

    fn changes(&self) -> Option<watch::Receiver<u64>> {
        self.changes.as_ref().map(watch::Sender::subscribe)
    }
}

pub(crate) struct World {
    pub(crate) authority: Authority,
    pub(crate) book: Arc<Book>,
    pub(crate) memory: Memory,
    pub(crate) clock: Clock,
    now: Arc<AtomicU64>,
}

pub(crate) fn bank(id: &str) -> Party {
    Party::Bank(id.to_owned())
}

pub(crate) fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

pub(crate) fn days(n: u64) -> Duration {
    Duration::from_secs(DAY * n)
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Book::default())
    }

    pub(crate) fn with(book: Book) -> Self {
        let authority = Authority::create("authority", Validity::starting(at(START), days(3650))).unwrap();
        let book = Arc::new(book);
        book.roots.lock().unwrap().push(Root::authority(authority.certificate().clone()));
        let now = Arc::new(AtomicU64::new(START));
        let reading = Arc::clone(&now);
        let clock = Clock::new(move || at(reading.load(Ordering::SeqCst)));
        Self { authority, book, memory: Memory::default(), clock, now }
    }

    pub(crate) fn now(&self) -> UnixTime {
        at(self.now.load(Ordering::SeqCst))
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.now.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    pub(crate) fn rewind(&self, time: Duration) {
        self.now.fetch_sub(time.as_secs(), Ordering::SeqCst);
    }

    /// A certificate of `authority` for `party` that is pinned to nobody.
    pub(crate) fn certify(&self, authority: &Authority, party: &Party, lasts: Duration) -> Identity {
        let key = KeyMaterial::generate().unwrap();
        let request = key.certificate_request().unwrap();
        let issued = authority.issue(&request, party, Validity::starting(self.now(), lasts)).unwrap();
        key.certified(issued.chain).unwrap()
    }

    pub(crate) fn pin(&self, identity: &Identity, party: &Party) {
        self.book.parties.lock().unwrap().insert(identity.fingerprint().unwrap(), party.clone());
    }

    pub(crate) fn unpin(&self, identity: &Identity) {
        self.book.parties.lock().unwrap().remove(&identity.fingerprint().unwrap());
    }

    /// An admitted party with a certificate for a year.
    pub(crate) fn member(&self, party: &Party) -> Identity {
        let identity = self.certify(&self.authority, party, days(366));
        self.pin(&identity, party);
        identity
    }

    pub(crate) fn dialer(&self, identity: Option<&Identity>) -> Dialer {
        self.dialer_over(Arc::new(self.memory.clone()), identity)
    }

    pub(crate) fn dialer_over(&self, transport: Arc<dyn Transport>, identity: Option<&Identity>) -> Dialer {
        let limits = DialLimits { connect: Duration::from_secs(3), ..DialLimits::default() };
        Dialer::new(transport, identity, self.book.clone(), &self.clock, limits)
    }

    pub(crate) async fn serve(&self, identity: &Identity) -> Running {
        let gate = Gate::new(identity, self.book.clone(), &self.clock, limits()).unwrap();
        self.run(&self.memory, "server:0", gate, &[]).await
    }

    pub(crate) async fn serve_anybody(&self, identity: &Identity, open: &[&str]) -> Running {
        let gate = Gate::with_anonymous(identity, self.book.clone(), &self.clock, limits()).unwrap();
        self.run(&self.memory, "server:0", gate, open).await
    }

    pub(crate) async fn run(
        &self,
        transport: &dyn Transport,
        addr: &str,
        gate: Gate,
        open: &[&str],
    ) -> Running {
        let failures = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&failures);
        let gate = gate.on_failure(move |failed| seen.lock().unwrap().push(failed.reason.clone()));
        let incoming = gate.open(transport.listen(addr).await.unwrap());
        let addr = incoming.local_addr().to_owned();
        let (_, health) = tonic_health::server::health_reporter();
        let layer = Authenticated::new(self.book.clone(), open.iter().copied());
        let server = builder().layer(layer).add_service(health).serve_with_incoming(incoming);
        let task = tokio::spawn(async move { server.await.unwrap() });
        Running { addr, failures, task }
    }
}

pub(crate) fn limits() -> AcceptLimits {
    AcceptLimits {
        handshake: Duration::from_millis(600),
        handshakes: 8,
        anonymous: 2,
        idle: Duration::from_secs(30),
    }
}

pub(crate) struct Running {
    pub(crate) addr: String,
    failures: Arc<Mutex<Vec<LinkError>>>,
    task: JoinHandle<()>,
}

impl Running {
    /// The reasons reported so far; waits for the first.
    pub(crate) async fn reported(&self) -> Vec<LinkError> {
        for _ in 0..200 {
            let seen = self.failures.lock().unwrap().clone();
            if !seen.is_empty() {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Vec::new()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One call; the error is the link's, or the code the server answered with.
pub(crate) async fn call(channel: Channel) -> Result<(), Result<LinkError, tonic::Code>> {
    let request = HealthCheckRequest { service: String::new() };
    match HealthClient::new(channel).check(request).await {
        Ok(_) => Ok(()),
        Err(status) => Err(LinkError::of(&status).ok_or(status.code())),
    }
}
