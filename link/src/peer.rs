//! Who is on the other end of an accepted connection, as a service sees it.
//!
//! Comes in: a request whose extensions carry the [`PeerInfo`] of its connection. Goes out: the proven party, or a status.
//! Trusts: the handshake; never a field of the message. [`Authenticated`] asks the directory again at every request, so a
//! party that is suspended loses connections that it already holds.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::{Either, Ready, ready};
use tonic::body::Body;
use tonic::{Request, Status};
use tower::{Layer, Service};

use crate::admission::{Directory, Party};
use crate::identity::Fingerprint;
use crate::idle::{Requests, UnderWay};

/// The peer of a connection.
#[derive(Clone, Debug, Default)]
pub struct PeerInfo {
    /// Who it has proven to be; `None` for a peer without certificate.
    pub party: Option<Party>,
    /// The fingerprint of its certificate's key.
    pub key: Option<Fingerprint>,
    /// Where it came from, for logs only.
    pub addr: String,
    /// What it asks just now; counted of strangers alone.
    pub requests: Requests,
}

/// The party behind a request.
pub fn require_party<T>(request: &Request<T>) -> Result<Party, Status> {
    let peer = request.extensions().get::<PeerInfo>();
    peer.and_then(|peer| peer.party.clone()).ok_or_else(anonymous)
}

/// The bank behind a request, from its certificate alone.
pub fn require_bank<T>(request: &Request<T>) -> Result<String, Status> {
    match require_party(request)? {
        Party::Bank(id) => Ok(id),
        Party::Coordinator => {
            Err(Status::permission_denied("this call is for banks; the coordinator may not make it"))
        }
    }
}

/// Lets only the coordinator pass.
pub fn require_coordinator<T>(request: &Request<T>) -> Result<(), Status> {
    match require_party(request)? {
        Party::Coordinator => Ok(()),
        Party::Bank(_) => {
            Err(Status::permission_denied("this call is for the coordinator; a bank may not make it"))
        }
    }
}

fn anonymous() -> Status {
    Status::unauthenticated("this service needs a certificate that is admitted; enrol first")
}

/// A layer that turns away peers who are not, or no longer, admitted, from all but the named services.
#[derive(Clone)]
pub struct Authenticated {
    directory: Arc<dyn Directory>,
    open: Arc<[String]>,
}

impl Authenticated {
    /// `open` lists full gRPC service names, such as `lianfang.v1.Enrolment`, that anybody may call.
    pub fn new<S: Into<String>>(directory: Arc<dyn Directory>, open: impl IntoIterator<Item = S>) -> Self {
        Self { directory, open: open.into_iter().map(Into::into).collect() }
    }

    fn check<B>(&self, request: &http::Request<B>) -> Result<(), Status> {
        let service = request.uri().path().strip_prefix('/').and_then(|path| path.split_once('/'));
        if service.is_some_and(|(service, _)| self.open.iter().any(|open| open == service)) {
            return Ok(());
        }
        let Some(PeerInfo { party: Some(party), key: Some(key), .. }) = request.extensions().get() else {
            return Err(anonymous());
        };
        if self.directory.party(key).as_ref() == Some(party) {
            return Ok(());
        }
        Err(Status::permission_denied("this party is no longer admitted; ask the coordinator why"))
    }
}

impl<S> Layer<S> for Authenticated {
    type Service = AuthenticatedService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthenticatedService { layer: self.clone(), inner }
    }
}

/// A service behind [`Authenticated`].
#[derive(Clone)]
pub struct AuthenticatedService<S> {
    layer: Authenticated,
    inner: S,
}

impl<S, B> Service<http::Request<B>> for AuthenticatedService<S>
where
    S: Service<http::Request<B>, Response = http::Response<Body>>,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = Either<Ready<Result<Self::Response, S::Error>>, Answering<S::Future>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        match self.layer.check(&request) {
            Ok(()) => {
                // What is refused is not counted, so that it keeps no connection open.
                let peer = request.extensions().get::<PeerInfo>().filter(|peer| peer.party.is_none());
                let under_way = peer.map(|peer| peer.requests.begin());
                Either::Right(Answering { answer: Box::pin(self.inner.call(request)), _under_way: under_way })
            }
            Err(status) => Either::Left(ready(Ok(status.into_http()))),
        }
    }
}

/// An answer that is being made; until it is, a stranger's request counts as under way. What strangers may ask is answered in
/// one message, so the head of the answer is the end of it.
pub struct Answering<F> {
    answer: Pin<Box<F>>,
    _under_way: Option<UnderWay>,
}

impl<F: Future> Future for Answering<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.answer.as_mut().poll(cx)
    }
}
