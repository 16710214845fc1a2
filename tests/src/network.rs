//! A party in the middle: what one dials leads elsewhere, and there every message can be read, altered or kept back.
//!
//! Comes in: the keys of the parties at both ends, which only a test has. Goes out: the same calls, with what a
//! [`Meddler`] makes of their messages. TLS ends here and begins anew, so what a meddler sees is what each end hands to
//! TLS, and what it makes comes from the certificate of the party in whose place it stands.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::{BufMut as _, Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use lianfang_link::client::DialLimits;
use lianfang_link::server::{AcceptLimits, builder};
use lianfang_link::transport::BoxStream;
use lianfang_link::{
    Authenticated, Clock, Dialer, Directory, Gate, Identity, Listener, Memory, Party, PeerInfo, Transport,
};
use lianfang_proto::limits;
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::transport::Channel;

/// A network on which some addresses lead elsewhere. Clones are the same network.
#[derive(Clone)]
pub struct Detour {
    inner: Memory,
    routes: Arc<Mutex<HashMap<String, String>>>,
}

impl Detour {
    /// Over this network, without detours yet.
    pub fn over(inner: Memory) -> Self {
        Self { inner, routes: Arc::default() }
    }

    /// From now on whoever dials `from` comes to `to`.
    pub fn lead(&self, from: &str, to: &str) {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        routes.insert(from.to_owned(), to.to_owned());
    }
}

#[async_trait]
impl Transport for Detour {
    async fn dial(&self, addr: &str) -> io::Result<BoxStream> {
        let route = self.routes.lock().unwrap_or_else(PoisonError::into_inner).get(addr).cloned();
        self.inner.dial(route.as_deref().unwrap_or(addr)).await
    }

    async fn listen(&self, addr: &str) -> io::Result<Box<dyn Listener>> {
        self.inner.listen(addr).await
    }
}

/// One call that passes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Passing {
    /// The bank that calls.
    pub from: String,
    /// The method, such as `Evaluate`.
    pub method: String,
}

/// What the party in the middle does.
pub trait Meddler: Send + Sync {
    /// What goes on instead of a request's message.
    fn request(&self, _: &Passing, message: Bytes) -> Bytes {
        message
    }

    /// How often a request goes on, all at the same time; the caller is given the last answer.
    fn copies(&self, _: &Passing, _request: &Bytes) -> usize {
        1
    }

    /// What goes back instead of the reply's messages.
    fn reply(&self, _: &Passing, _request: &Bytes, messages: Vec<Bytes>) -> Result<Vec<Bytes>, Status> {
        Ok(messages)
    }
}

/// What the party in the middle stands between.
pub struct Between {
    /// In whose place it stands.
    pub place: Party,
    /// That party's certificate.
    pub identity: Identity,
    /// Where that party really listens.
    pub target: String,
    /// The certificates of those who call.
    pub callers: BTreeMap<String, Identity>,
    /// Who is who.
    pub directory: Arc<dyn Directory>,
    /// The time.
    pub clock: Clock,
}

/// A party in the middle; it is gone when dropped.
pub struct Middle {
    task: JoinHandle<()>,
}

impl Drop for Middle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Middle {
    /// Listens at `addr` on `network`.
    ///
    /// # Panics
    /// If it cannot.
    pub async fn start(
        network: &Arc<dyn Transport>,
        addr: &str,
        between: Between,
        meddler: Arc<dyn Meddler>,
    ) -> Self {
        let directory = Arc::clone(&between.directory);
        let limits = AcceptLimits::default();
        let gate =
            Gate::new(&between.identity, Arc::clone(&directory), &between.clock, limits).expect("a gate");
        let incoming = gate.open(network.listen(addr).await.expect("the address is free"));
        let none: [&str; 0] = [];
        let relay = Relay { ways: Arc::new(ways(network, &between)), meddler };
        let server = builder()
            .layer(Authenticated::new(directory, none))
            .add_service(Named::<0>(relay.clone()))
            .add_service(Named::<1>(relay.clone()))
            .add_service(Named::<2>(relay.clone()))
            .add_service(Named::<3>(relay.clone()))
            .add_service(Named::<4>(relay.clone()))
            .add_service(Named::<5>(relay));
        let task = tokio::spawn(async move {
            // It ends with the test.
            let _ = server.serve_with_incoming(incoming).await;
        });
        Self { task }
    }
}

/// A channel to the target for every caller, under the caller's own certificate.
fn ways(network: &Arc<dyn Transport>, between: &Between) -> BTreeMap<String, Channel> {
    let way = |(bank, identity): (&String, &Identity)| {
        let transport = Arc::clone(network);
        let directory = Arc::clone(&between.directory);
        let dialer = Dialer::new(transport, Some(identity), directory, &between.clock, DialLimits::default());
        (bank.clone(), dialer.channel(&between.target, &between.place))
    };
    between.callers.iter().map(way).collect()
}

const SERVICES: [&str; 6] = [
    "lianfang.v1.KeyHolder",
    "lianfang.v1.Directory",
    "lianfang.v1.CeremonyBoard",
    "lianfang.v1.Jobs",
    "lianfang.v1.Intake",
    "lianfang.v1.Reports",
];

/// The relay under the name of one service.
#[derive(Clone)]
struct Named<const N: usize>(Relay);

impl<const N: usize> NamedService for Named<N> {
    const NAME: &'static str = SERVICES[N];
}

impl<const N: usize> tower::Service<http::Request<Body>> for Named<N> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let relay = self.0.clone();
        Box::pin(async move { Ok(relay.pass(request).await.unwrap_or_else(Status::into_http)) })
    }
}

#[derive(Clone)]
struct Relay {
    ways: Arc<BTreeMap<String, Channel>>,
    meddler: Arc<dyn Meddler>,
}

fn broken(error: impl std::fmt::Display) -> Status {
    Status::unavailable(error.to_string())
}

impl Relay {
    async fn pass(&self, request: http::Request<Body>) -> Result<http::Response<Body>, Status> {
        let (mut head, body) = request.into_parts();
        let party = head.extensions.get::<PeerInfo>().and_then(|peer| peer.party.clone());
        let Some(Party::Bank(from)) = party else { return Err(Status::unauthenticated("no bank")) };
        let method = head.uri.path().rsplit('/').next().unwrap_or_default().to_owned();
        let passing = Passing { from, method };
        let way = self.ways.get(&passing.from).cloned().ok_or_else(|| broken("no way"))?;
        let sent = body.collect().await.map_err(broken)?.to_bytes();
        let asked = messages(sent).into_iter().next().unwrap_or_default();
        let asked = self.meddler.request(&passing, asked);
        head.extensions.clear();
        head.headers.remove(http::header::CONTENT_LENGTH);
        let copies = (0..self.meddler.copies(&passing, &asked)).map(|_| {
            let forward =
                http::Request::from_parts(head.clone(), Body::new(Full::new(framed([asked.clone()]))));
            forwarded(way.clone(), forward)
        });
        let answers: Vec<_> = futures::future::join_all(copies).await;
        let last = answers.into_iter().next_back().ok_or_else(|| broken("kept back"))?;
        let (head, body) = last?.into_parts();
        let body = body.collect().await.map_err(|error| Status::from_error(Box::new(error)))?;
        let trailers = body.trailers().cloned();
        let told = messages(body.to_bytes());
        let told = self.meddler.reply(&passing, &asked, told)?;
        let mut back = Full::new(framed(told)).boxed();
        if let Some(trailers) = trailers {
            back = back.with_trailers(async move { Some(Ok(trailers)) }).boxed();
        }
        Ok(http::Response::from_parts(head, Body::new(back)))
    }
}

async fn forwarded(mut way: Channel, request: http::Request<Body>) -> Result<http::Response<Body>, Status> {
    std::future::poll_fn(|cx| tower::Service::poll_ready(&mut way, cx)).await.map_err(broken)?;
    tower::Service::call(&mut way, request).await.map_err(broken)
}

/// The messages of a gRPC body: a byte that says whether it is compressed, a length, the message.
fn messages(mut body: Bytes) -> Vec<Bytes> {
    let mut found = Vec::new();
    while body.len() >= 5 {
        let length = u32::from_be_bytes([body[1], body[2], body[3], body[4]]) as usize;
        if body.len() < 5 + length || length > limits::MESSAGE_BYTES {
            break;
        }
        let mut message = body.split_to(5 + length);
        found.push(message.split_off(5));
    }
    found
}

fn framed(messages: impl IntoIterator<Item = Bytes>) -> Bytes {
    let mut body = BytesMut::new();
    for message in messages {
        body.put_u8(0);
        body.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
        body.put(message);
    }
    body.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_its_messages() {
        let sent = [Bytes::from_static(b"one"), Bytes::new(), Bytes::from_static(b"three")];
        assert_eq!(messages(framed(sent.clone())), sent);
        assert_eq!(messages(framed(sent).slice(..10)), [Bytes::from_static(b"one")]);
    }
}
