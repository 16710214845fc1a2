//! Dialling: an address and an expected party become a gRPC channel.
//!
//! Comes in: an address from the roster or an invitation, and who should answer there. Goes out: a lazy channel that
//! connects on first use and again after a loss, always with the full check. A connection counts only once the server's
//! first bytes have come: in TLS 1.3 they come after the server has judged our certificate, so a refusal is told as such
//! and not as a reset in the middle of a call. (HTTP/2 servers that speak only after the client would wait in vain; those
//! of this project send their settings at once, RFC 9113 section 3.4.)

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};
use tower::Service;

use crate::admission::{Directory, Party};
use crate::failure::LinkError;
use crate::identity::{Fingerprint, Identity};
use crate::tls::{self, Clock};
use crate::transport::{BoxStream, Transport};
use crate::verifier::{Expectation, ServerVerifier};

/// The authority of requests and the name in TLS; identities are pinned, so it names nobody and SNI is not sent.
const NAME: &str = "lianfang.invalid";
const ORIGIN: &str = "http://lianfang.invalid";
/// As many of the server's first bytes as are read to see that it has accepted us.
const GREETING: usize = 1024;

/// How long to wait for what. Sizes of messages are set at each generated client.
#[derive(Clone, Copy, Debug)]
pub struct DialLimits {
    /// Dialling, handshake and first bytes together.
    pub connect: Duration,
    /// A whole call; `None` for long polls, which carry their own deadline.
    pub call: Option<Duration>,
    /// Pause between HTTP/2 pings, also on an idle connection.
    pub ping_every: Duration,
    /// How long a ping may stay unanswered.
    pub ping_timeout: Duration,
    /// Bytes of headers that are accepted.
    pub max_header_bytes: u32,
    /// Bytes in flight on one stream, and four times that on a connection.
    pub window: u32,
}

impl Default for DialLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            call: None,
            ping_every: Duration::from_secs(20),
            ping_timeout: Duration::from_secs(20),
            max_header_bytes: 16 * 1024,
            window: 1024 * 1024,
        }
    }
}

/// One party's way to all others.
#[derive(Clone)]
pub struct Dialer {
    transport: Arc<dyn Transport>,
    identity: Option<Identity>,
    directory: Arc<dyn Directory>,
    clock: Clock,
    limits: DialLimits,
}

impl Dialer {
    /// `identity` is shown to every peer; `None` only where a service takes strangers.
    pub fn new(
        transport: Arc<dyn Transport>,
        identity: Option<&Identity>,
        directory: Arc<dyn Directory>,
        clock: &Clock,
        limits: DialLimits,
    ) -> Self {
        Self { transport, identity: identity.cloned(), directory, clock: clock.clone(), limits }
    }

    /// The same way with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: DialLimits) -> Self {
        self.limits = limits;
        self
    }

    /// A channel to `expected` at `addr`. It connects on first use.
    pub fn channel(&self, addr: &str, expected: &Party) -> Channel {
        let (dialer, addr, expected) = (self.clone(), addr.to_owned(), expected.clone());
        lazy(&self.limits, move || {
            let (dialer, addr, expected) = (dialer.clone(), addr.clone(), expected.clone());
            async move { dialer.connect(&addr, &expected).await }
        })
    }

    /// One checked connection to `expected` at `addr`, as a trial or for a protocol of one's own.
    pub async fn connect(&self, addr: &str, expected: &Party) -> Result<ClientStream, LinkError> {
        let expectation =
            Expectation::Party { party: expected.clone(), directory: Arc::clone(&self.directory) };
        let dial = Dial { transport: &*self.transport, addr, limit: self.limits.connect, clock: &self.clock };
        dial.run(expectation, self.identity.as_ref()).await
    }
}

/// A channel for enrolment: without certificate, to a coordinator whose authority has the invitation's fingerprint. The
/// server sends its root with its chain.
pub fn enrolment_channel(
    transport: Arc<dyn Transport>,
    addr: &str,
    root: Fingerprint,
    clock: &Clock,
    limits: DialLimits,
) -> Channel {
    let (addr, clock) = (addr.to_owned(), clock.clone());
    lazy(&limits, move || {
        let (transport, addr, clock) = (Arc::clone(&transport), addr.clone(), clock.clone());
        async move {
            let dial = Dial { transport: &*transport, addr: &addr, limit: limits.connect, clock: &clock };
            dial.run(Expectation::Invitation { root }, None).await
        }
    })
}

/// One attempt.
struct Dial<'a> {
    transport: &'a dyn Transport,
    addr: &'a str,
    limit: Duration,
    clock: &'a Clock,
}

impl Dial<'_> {
    async fn run(
        &self,
        expectation: Expectation,
        identity: Option<&Identity>,
    ) -> Result<ClientStream, LinkError> {
        let attempt = self.attempt(expectation, identity);
        tokio::time::timeout(self.limit, attempt).await.map_err(|_| LinkError::TimedOut)?
    }

    async fn attempt(
        &self,
        expectation: Expectation,
        identity: Option<&Identity>,
    ) -> Result<ClientStream, LinkError> {
        let verifier = ServerVerifier::new(expectation, tls::provider());
        let config = tls::client(verifier, identity, self.clock).map_err(|_| LinkError::Incompatible)?;
        let name = ServerName::try_from(NAME).map_err(|_| LinkError::Incompatible)?;
        let stream = self.transport.dial(self.addr).await.map_err(|e| LinkError::of_io(&e))?;
        let connected = TlsConnector::from(config).connect(name, stream).await;
        let mut tls = connected.map_err(|e| LinkError::of(&e).unwrap_or(LinkError::Closed))?;
        if tls.get_ref().1.alpn_protocol() != Some(tls::ALPN) {
            return Err(LinkError::Incompatible);
        }
        let mut greeting = vec![0; GREETING];
        let read =
            tls.read(&mut greeting).await.map_err(|e| LinkError::of(&e).unwrap_or(LinkError::Closed))?;
        if read == 0 {
            return Err(LinkError::Closed);
        }
        greeting.truncate(read);
        Ok(ClientStream { tls, greeting, given: 0 })
    }
}

/// A connection to a proven server that has accepted us.
pub struct ClientStream {
    tls: TlsStream<BoxStream>,
    greeting: Vec<u8>,
    given: usize,
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let left = self.greeting.get(self.given..).unwrap_or_default();
        if left.is_empty() {
            return Pin::new(&mut self.tls).poll_read(cx, buf);
        }
        let now = left.get(..buf.remaining()).unwrap_or(left);
        buf.put_slice(now);
        let given = now.len();
        self.given += given;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientStream {
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

/// The connector that tonic calls whenever it needs a connection; where to is fixed in `connect`, not in the URI.
struct Connector<F>(F);

impl<F, A> Service<Uri> for Connector<F>
where
    F: Fn() -> A,
    A: Future<Output = Result<ClientStream, LinkError>> + Send + 'static,
{
    type Response = TokioIo<ClientStream>;
    type Error = LinkError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, LinkError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let attempt = (self.0)();
        Box::pin(async move { attempt.await.map(TokioIo::new) })
    }
}

fn lazy<F, A>(limits: &DialLimits, connect: F) -> Channel
where
    F: Fn() -> A + Send + 'static,
    A: Future<Output = Result<ClientStream, LinkError>> + Send + 'static,
{
    let mut endpoint = Endpoint::from_static(ORIGIN)
        .http2_keep_alive_interval(limits.ping_every)
        .keep_alive_timeout(limits.ping_timeout)
        .keep_alive_while_idle(true)
        .http2_max_header_list_size(limits.max_header_bytes)
        .initial_stream_window_size(limits.window)
        .initial_connection_window_size(limits.window.saturating_mul(4));
    if let Some(call) = limits.call {
        endpoint = endpoint.timeout(call);
    }
    endpoint.connect_with_connector_lazy(Connector(connect))
}
