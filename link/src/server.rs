//! Accepting: a listener becomes a stream of connections whose peers are proven.
//!
//! Comes in: raw streams from anybody. Goes out: TLS streams with their [`PeerInfo`], for tonic's
//! `serve_with_incoming_shutdown`. Handshakes run side by side, each with a time limit, at most a fixed number at once; one
//! that fails is reported with its reason and never stops the listener. After a refusal the socket is read for a moment
//! before it is closed: closing over unread bytes would make the kernel reset the connection, and the alert that tells
//! the other side why may be lost with it (RFC 9112, section 9.6, describes the same for HTTP).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::transport::Server;
use tonic::transport::server::Connected;

use crate::admission::{Directory, Party};
use crate::failure::{LinkError, Refusal};
use crate::identity::{Fingerprint, Identity};
use crate::idle::Requests;
use crate::peer::PeerInfo;
use crate::tls::{self, Clock};
use crate::transport::{BoxStream, Listener};

/// How long a failed handshake's socket is read before it is closed.
const LINGER: Duration = Duration::from_millis(500);
/// How many bytes are read away meanwhile.
const LINGER_BYTES: u64 = 64 * 1024;
/// How long to wait when accepting fails, as when descriptors run out.
const BREATHER: Duration = Duration::from_millis(50);

/// A tonic server with the limits that every service here needs: dead peers are found by pings, headers and streams are
/// bounded. Sizes of messages are set at each generated service.
pub fn builder() -> Server {
    Server::builder()
        .http2_keepalive_interval(Some(Duration::from_secs(20)))
        .http2_keepalive_timeout(Some(Duration::from_secs(20)))
        .max_concurrent_streams(256)
        .http2_max_header_list_size(16 * 1024)
        .initial_stream_window_size(1024 * 1024)
        .initial_connection_window_size(4 * 1024 * 1024)
}

/// What strangers may cost at most.
#[derive(Clone, Copy, Debug)]
pub struct AcceptLimits {
    /// Time for a handshake.
    pub handshake: Duration,
    /// Handshakes at once; further connections wait in the listener's queue.
    pub handshakes: usize,
    /// Open connections without certificate; further ones are closed.
    pub anonymous: usize,
    /// How long one of these may be open while nothing is asked over it.
    pub idle: Duration,
}

impl Default for AcceptLimits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            handshakes: 256,
            anonymous: 64,
            idle: Duration::from_secs(30),
        }
    }
}

/// A connection that did not come about.
#[derive(Clone, Debug)]
pub struct FailedHandshake {
    /// Where it came from.
    pub addr: String,
    /// Why it failed.
    pub reason: LinkError,
}

type Report = Arc<dyn Fn(&FailedHandshake) + Send + Sync>;

/// Everything that decides who comes in.
#[derive(Clone)]
pub struct Gate {
    config: Arc<ServerConfig>,
    directory: Arc<dyn Directory>,
    limits: AcceptLimits,
    report: Report,
    strangers: Arc<Semaphore>,
}

impl Gate {
    /// A gate for peers with an admitted certificate. `identity` may be renewed while it stands.
    pub fn new(
        identity: &Identity,
        directory: Arc<dyn Directory>,
        clock: &Clock,
        limits: AcceptLimits,
    ) -> Result<Self, LinkError> {
        Self::build(identity, directory, clock, limits, false)
    }

    /// A gate for peers without certificate too, as enrolment needs it. Put [`crate::Authenticated`] before the services.
    pub fn with_anonymous(
        identity: &Identity,
        directory: Arc<dyn Directory>,
        clock: &Clock,
        limits: AcceptLimits,
    ) -> Result<Self, LinkError> {
        Self::build(identity, directory, clock, limits, true)
    }

    fn build(
        identity: &Identity,
        directory: Arc<dyn Directory>,
        clock: &Clock,
        limits: AcceptLimits,
        allow_anonymous: bool,
    ) -> Result<Self, LinkError> {
        let config = tls::server(identity, Arc::clone(&directory), clock, allow_anonymous)
            .map_err(|_| LinkError::Incompatible)?;
        let strangers = Arc::new(Semaphore::new(limits.anonymous));
        Ok(Self { config, directory, limits, report: Arc::new(|_| {}), strangers })
    }

    /// Calls `report` for every handshake that fails, beside the log line.
    #[must_use]
    pub fn on_failure(mut self, report: impl Fn(&FailedHandshake) + Send + Sync + 'static) -> Self {
        self.report = Arc::new(report);
        self
    }

    /// Starts to accept. Dropping what is returned closes the listener and handshakes under way.
    pub fn open(self, listener: Box<dyn Listener>) -> Incoming {
        let local_addr = listener.local_addr();
        let (ready, accepted) = mpsc::channel(16);
        let task = tokio::spawn(self.run(listener, ready));
        Incoming { accepted, task, local_addr }
    }

    async fn run(self, mut listener: Box<dyn Listener>, ready: mpsc::Sender<ServerStream>) {
        let slots = Arc::new(Semaphore::new(self.limits.handshakes));
        let mut under_way = JoinSet::new();
        loop {
            while under_way.try_join_next().is_some() {}
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, addr)) => {
                    let (gate, ready) = (self.clone(), ready.clone());
                    under_way.spawn(async move {
                        let outcome = gate.handshake(stream, addr).await;
                        // The queue to the server is no part of the handshake.
                        drop(slot);
                        if let Some(stream) = outcome {
                            // Nobody receives any more only when the server has stopped.
                            let _ = ready.send(stream).await;
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(event = "connection.not-accepted", kind = ?error.kind(), "a connection could not be accepted");
                    tokio::time::sleep(BREATHER).await;
                }
            }
        }
    }

    /// One handshake, reported if it fails.
    async fn handshake(&self, stream: BoxStream, addr: String) -> Option<ServerStream> {
        let reason = match self.prove(stream, &addr).await {
            Ok(stream) => return Some(stream),
            Err(reason) => reason,
        };
        tracing::warn!(event = "handshake.failed", peer = %addr, reason = %reason, "handshake failed");
        (self.report)(&FailedHandshake { addr, reason });
        None
    }

    async fn prove(&self, stream: BoxStream, addr: &str) -> Result<ServerStream, LinkError> {
        let accept = TlsAcceptor::from(Arc::clone(&self.config)).accept(stream).into_fallible();
        let tls = match timeout(self.limits.handshake, accept).await {
            Err(_) => return Err(LinkError::TimedOut),
            Ok(Err((error, stream))) => {
                linger(stream).await;
                return Err(LinkError::of(&error).unwrap_or(LinkError::Garbled));
            }
            Ok(Ok(tls)) => tls,
        };
        let leaf = tls.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let key = leaf.map(Fingerprint::of).transpose();
        let key = key.map_err(|_| LinkError::Untrusted(Refusal::Invalid))?;
        // Asked again, for the directory may have changed since the certificate was judged.
        let party = key.as_ref().map(|key| {
            let party = self.directory.party(key);
            party.ok_or(LinkError::Untrusted(Refusal::NotAdmitted(Some(*key))))
        });
        let party = party.transpose()?;
        let stranger = if party.is_some() {
            None
        } else {
            let permit = Arc::clone(&self.strangers).try_acquire_owned();
            Some(permit.map_err(|_| LinkError::Overloaded)?)
        };
        let peer = PeerInfo { party, key, addr: addr.to_owned(), requests: Requests::default() };
        let dismissal = Dismissal::of(&self.directory, &peer, self.limits.idle);
        Ok(ServerStream { tls, peer, dismissal, _stranger: stranger })
    }
}

/// Lets the alert arrive before the socket is closed.
async fn linger(mut stream: BoxStream) {
    let drain = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(LINGER_BYTES), &mut tokio::io::sink()).await
    };
    // Whatever the peer does now, its connection is over.
    let _ = timeout(LINGER, drain).await;
}

/// Accepted connections, for `serve_with_incoming_shutdown`.
pub struct Incoming {
    accepted: mpsc::Receiver<ServerStream>,
    task: JoinHandle<()>,
    local_addr: String,
}

impl Incoming {
    /// The address that others dial.
    pub fn local_addr(&self) -> &str {
        &self.local_addr
    }
}

impl Stream for Incoming {
    type Item = io::Result<ServerStream>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.accepted.poll_recv(cx).map(|stream| stream.map(Ok))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Resolves when a connection is to end, and says why.
struct Dismissal(Pin<Box<dyn Future<Output = &'static str> + Send>>);

impl Dismissal {
    /// `None` for parties under a directory that never changes. Strangers are judged by every service itself.
    fn of(directory: &Arc<dyn Directory>, peer: &PeerInfo, limit: Duration) -> Option<Self> {
        let (Some(party), Some(key)) = (peer.party.clone(), peer.key) else {
            let idle = peer.requests.idle(limit);
            return Some(Self(Box::pin(async move {
                idle.await;
                "a stranger has asked for nothing for a while"
            })));
        };
        let changes = directory.changes()?;
        let directory = Arc::clone(directory);
        Some(Self(Box::pin(async move {
            dismissed(directory, changes, party, key).await;
            "its party is admitted no longer"
        })))
    }
}

async fn dismissed(
    directory: Arc<dyn Directory>,
    mut changes: watch::Receiver<u64>,
    party: Party,
    key: Fingerprint,
) {
    // Asked before the first change too: one may have come between the handshake and now.
    while directory.party(&key).as_ref() == Some(&party) {
        if changes.changed().await.is_err() {
            // Nobody is left to change anything.
            return std::future::pending().await;
        }
    }
}

/// A connection with a proven peer. It ends once the peer is admitted no longer, in the middle of whatever it carries; one
/// with a stranger, when it carries nothing.
pub struct ServerStream {
    tls: TlsStream<BoxStream>,
    peer: PeerInfo,
    dismissal: Option<Dismissal>,
    _stranger: Option<OwnedSemaphorePermit>,
}

impl ServerStream {
    /// Who is at the other end.
    pub fn peer(&self) -> &PeerInfo {
        &self.peer
    }
}

impl Connected for ServerStream {
    type ConnectInfo = PeerInfo;

    fn connect_info(&self) -> PeerInfo {
        self.peer.clone()
    }
}

impl AsyncRead for ServerStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // HTTP/2 always waits to read, so this is asked as soon as the directory has changed, or the time is over.
        if let Some(Dismissal(dismissed)) = &mut self.dismissal
            && let Poll::Ready(reason) = dismissed.as_mut().poll(cx)
        {
            self.dismissal = None;
            tracing::info!(event = "connection.closed", peer = %self.peer.addr, reason, "a connection was closed");
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.tls).poll_read(cx, buf)
    }
}

impl AsyncWrite for ServerStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_shutdown(cx)
    }
}
