//! The server itself: a router behind limits.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse as _;
use http_body_util::Limited;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

/// What a caller may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; further ones wait in the listener's queue.
    pub connections: usize,
    /// Bytes of a request's head.
    pub head: usize,
    /// Lines of a request's head.
    pub header_lines: usize,
    /// Time for a request's head.
    pub head_time: Duration,
    /// Bytes of a request's body.
    pub body: usize,
    /// Time for an answer.
    pub answer: Duration,
    /// Time for a connection, whatever goes over it.
    pub connection: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 64,
            head: 16 * 1024,
            header_lines: 64,
            head_time: Duration::from_secs(10),
            body: 64 * 1024,
            answer: Duration::from_secs(30),
            connection: Duration::from_mins(5),
        }
    }
}

/// A server at work; it ends when dropped.
pub struct Listening {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Listening {
    /// Listens at the address and serves the router.
    pub async fn start(address: SocketAddr, router: Router, limits: Limits) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let router = bounded(router, limits);
        Ok(Self { address, task: tokio::spawn(accept(listener, router, limits)) })
    }

    /// Where it listens, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Bounds what a request may hold, and how long its answer may take.
fn bounded(router: Router, limits: Limits) -> Router {
    router.layer(from_fn(move |request: Request, next: Next| async move {
        let request = request.map(|body| Body::new(Limited::new(body, limits.body)));
        match tokio::time::timeout(limits.answer, next.run(request)).await {
            Ok(answer) => answer,
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }))
}

async fn accept(listener: TcpListener, router: Router, limits: Limits) {
    let slots = Arc::new(Semaphore::new(limits.connections));
    let mut open = JoinSet::new();
    loop {
        while open.try_join_next().is_some() {}
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let router = router.clone();
                open.spawn(async move {
                    // A connection that takes too long, or breaks off, is its caller's loss alone.
                    let _ = tokio::time::timeout(limits.connection, connection(stream, router, limits)).await;
                    drop(slot);
                });
            }
            // Descriptors have run out: connections that end give some back.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn connection(stream: TcpStream, router: Router, limits: Limits) {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(limits.head)
        .max_headers(limits.header_lines);
    let _ = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)).await;
}
