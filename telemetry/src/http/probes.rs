//! The three probes: numbers, life, readiness. What is read for them is read once in a while, however often they ask.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::Mutex;

use crate::metrics::{Metrics, Moment, READY};

/// For how long what was read stands.
const FRESH: Duration = Duration::from_secs(2);
/// How long reading may take: a store that does not answer within it is a store that is not ready.
const PATIENCE: Duration = Duration::from_secs(10);

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const JSON: &str = "application/json";

/// One condition of readiness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name, of a closed list.
    pub name: &'static str,
    /// Whether it holds.
    pub ok: bool,
    /// What was found, a word of a closed list.
    pub found: &'static str,
}

impl Check {
    /// A condition that holds (`ok`), or the word for what is wrong.
    pub const fn of(name: &'static str, wrong: Option<&'static str>) -> Self {
        match wrong {
            None => Self { name, ok: true, found: "ok" },
            Some(found) => Self { name, ok: false, found },
        }
    }
}

/// A party that can be looked at.
#[async_trait]
pub trait Watched: Send + Sync {
    /// Its gauges. What cannot be found out is left out.
    async fn gauges(&self, moment: &Moment);
    /// The conditions under which it can do its work.
    async fn readiness(&self) -> Vec<Check>;
}

struct Seen {
    at: Instant,
    moment: Arc<Moment>,
    checks: Vec<Check>,
}

struct Probes {
    metrics: Metrics,
    watched: Arc<dyn Watched>,
    /// One reader at a time.
    seen: Mutex<Option<Seen>>,
}

impl Probes {
    async fn look(&self) -> (Arc<Moment>, Vec<Check>) {
        let mut seen = self.seen.lock().await;
        if let Some(seen) = seen.as_ref().filter(|seen| seen.at.elapsed() < FRESH) {
            return (Arc::clone(&seen.moment), seen.checks.clone());
        }
        let moment = Arc::new(Moment::default());
        let read = async {
            let checks = self.watched.readiness().await;
            self.watched.gauges(&moment).await;
            checks
        };
        let late = |_| vec![Check::of("store", Some("too-slow"))];
        let checks = tokio::time::timeout(PATIENCE, read).await.unwrap_or_else(late);
        let ready = checks.iter().all(|check| check.ok);
        moment.set(&READY, &[], f64::from(u8::from(ready)));
        *seen = Some(Seen { at: Instant::now(), moment: Arc::clone(&moment), checks: checks.clone() });
        (moment, checks)
    }
}

/// A router with the probes, to be extended and served.
pub fn probes(metrics: Metrics, watched: Arc<dyn Watched>) -> Router {
    let probes = Arc::new(Probes { metrics, watched, seen: Mutex::new(None) });
    Router::new()
        .route("/metrics", get(numbers))
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .with_state(probes)
}

async fn numbers(State(probes): State<Arc<Probes>>) -> Response {
    let (moment, _) = probes.look().await;
    ([(header::CONTENT_TYPE, TEXT)], probes.metrics.render(&moment)).into_response()
}

async fn alive() -> Response {
    ([(header::CONTENT_TYPE, JSON)], "{\"status\":\"alive\"}").into_response()
}

async fn ready(State(probes): State<Arc<Probes>>) -> Response {
    let (_, checks) = probes.look().await;
    let ready = checks.iter().all(|check| check.ok);
    let named: Vec<_> = checks
        .iter()
        .map(|check| serde_json::json!({ "name": check.name, "ok": check.ok, "found": check.found }))
        .collect();
    let body = serde_json::json!({ "ready": ready, "checks": named }).to_string();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CONTENT_TYPE, JSON)], body).into_response()
}
