//! How this node is seen from outside: its numbers, its spans, its readiness.
//!
//! * Comes in: what other rooms have done, as counts and words. Goes out: what `/metrics` and `/readyz` show, and spans.
//! * Never sees: a record, an identifier, a tag, an element. The names of banks and legal entities are in the roster.
//! * Trusts: nobody. Fails: quietly; what cannot be found out is left out.

mod calls;
mod gauges;
mod readiness;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use lianfang_desk::Problem;
use lianfang_link::server::FailedHandshake;
use lianfang_proto::catalogue::Class;
use lianfang_proto::ids::{BankId, JobId};
use lianfang_proto::{Fault, limits};
use lianfang_telemetry::http::{Check, Limits, Listening, Watched, probes};
use lianfang_telemetry::metrics::{
    ATTEMPTS, BYTES_SENT, CHARGED, ELEMENTS, FAULTS, HANDSHAKES_FAILED, Key, Label, Metrics, Moment,
};
use lianfang_telemetry::served::Served;
use lianfang_telemetry::trace::{Parent, Span};
use lianfang_telemetry::{Traces, http};

use crate::app::App;
use crate::config::FILE;
use crate::ports::Micros;

pub use calls::CALLS;
pub use readiness::{LEAST_FREE_BYTES, SILENCE};

/// What the node's rooms tell of themselves. Cheap to clone; clones tell together.
#[derive(Clone, Default)]
pub struct Telemetry(Arc<Inner>);

#[derive(Default)]
struct Inner {
    metrics: Metrics,
    traces: Traces,
    /// When the coordinator last answered.
    contact: AtomicI64,
    /// What each holder said that this bank has left.
    own_quota: Mutex<BTreeMap<(BankId, &'static str), u64>>,
}

impl Telemetry {
    /// With these spans.
    pub fn new(traces: Traces) -> Self {
        Self(Arc::new(Inner { traces, ..Inner::default() }))
    }

    /// The layer before the node's server.
    pub fn served(&self) -> Served {
        Served::new(self.0.metrics.clone(), self.0.traces.clone(), CALLS)
    }

    /// A stage of a job begins.
    pub fn stage(&self, job: JobId, name: &'static str) -> Span {
        self.0.traces.span(Parent::of_job(*job.as_bytes()), name)
    }

    /// A part of the stage that this task is in begins.
    pub fn part(&self, name: &'static str) -> Span {
        self.0.traces.part(name)
    }

    /// Sends the spans that have ended.
    pub async fn flush(&self) {
        self.0.traces.flush().await;
    }

    fn work(&self, word: &'static str, elements: u64) {
        self.0.metrics.count(&ELEMENTS, &[Label::word(Key::Work, word)], elements);
    }

    /// As a holder: elements of another bank were multiplied.
    pub fn evaluated(&self, elements: u64) {
        self.work("evaluated", elements);
    }

    /// Own elements were blinded.
    pub fn blinded(&self, elements: u64) {
        self.work("blinded", elements);
    }

    /// Own elements came back, and the check has passed.
    pub fn checked(&self, elements: u64) {
        self.work("checked", elements);
    }

    /// As a holder: a member was charged.
    pub fn charged(&self, class: Class, elements: u64) {
        self.0.metrics.count(&CHARGED, &[Label::word(Key::Class, class.code())], elements);
    }

    /// An attempt at a job has ended.
    pub fn attempted(&self, outcome: &'static str, fault: Option<&Fault>) {
        self.0.metrics.count(&ATTEMPTS, &[Label::word(Key::Outcome, outcome)], 1);
        if let Some(fault) = fault {
            self.0.metrics.count(&FAULTS, &[Label::word(Key::Code, fault.code.code())], 1);
        }
    }

    /// Requests with elements went to holders.
    pub fn sent_to_holders(&self, bytes: u64) {
        self.sent("holders", bytes);
    }

    /// Rows went to the coordinator.
    pub fn sent_to_coordinator(&self, bytes: u64) {
        self.sent("coordinator", bytes);
    }

    fn sent(&self, peer: &'static str, bytes: u64) {
        self.0.metrics.count(&BYTES_SENT, &[Label::word(Key::Peer, peer)], bytes);
    }

    /// A connection did not come about.
    pub fn handshake_failed(&self, failed: &FailedHandshake) {
        self.0.metrics.count(&HANDSHAKES_FAILED, &[Label::word(Key::Code, failed.reason.reason())], 1);
    }

    /// The coordinator has answered.
    pub fn contacted(&self, now: Micros) {
        self.0.contact.store(now, Ordering::Relaxed);
    }

    /// Since when the coordinator has not answered; 0 if it never has.
    pub fn last_contact(&self) -> Micros {
        self.0.contact.load(Ordering::Relaxed)
    }

    /// A holder has said what this bank has left with it.
    pub fn has_left(&self, holder: &BankId, class: Class, left: u64) {
        let mut known = self.0.own_quota.lock().unwrap_or_else(PoisonError::into_inner);
        // A holder is one of a key's, of which there are not many.
        if known.len() < limits::HOLDERS * limits::HOLDERS {
            known.insert((holder.clone(), class.code()), left);
        }
    }

    fn own_quota(&self) -> BTreeMap<(BankId, &'static str), u64> {
        self.0.own_quota.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The node, as its probes see it; gone when the node is.
struct Seen {
    node: Weak<App>,
    served: Served,
}

#[async_trait]
impl Watched for Seen {
    async fn gauges(&self, moment: &Moment) {
        self.served.gauge(moment);
        if let Some(node) = self.node.upgrade() {
            gauges::read(&node, moment).await;
        }
    }

    async fn readiness(&self) -> Vec<Check> {
        match self.node.upgrade() {
            Some(node) => readiness::checks(&node).await,
            None => vec![Check::of("process", Some("stopping"))],
        }
    }
}

/// Serves the probes, if the configuration says where.
pub async fn listen(node: &Arc<App>, served: Served) -> Result<Option<Listening>, Problem> {
    let Some(settings) = &node.config.http else { return Ok(None) };
    let address = settings.address().map_err(|error| unusable(node, error))?;
    let watched = Arc::new(Seen { node: Arc::downgrade(node), served });
    let router = probes(node.telemetry.0.metrics.clone(), watched);
    let listening = Listening::start(address, router, Limits::default()).await.map_err(|error| {
        Problem::usage("address-not-available").field(settings.listen.clone()).because(error)
    })?;
    Ok(Some(listening))
}

fn unusable(node: &App, error: http::Unusable) -> Problem {
    let path = node.dir.join(FILE);
    let problem = Problem::usage("config-invalid").with("path", path.display().to_string());
    problem.with("detail", error.to_string()).field("http.listen")
}

/// What `/metrics` would show now.
pub async fn render(node: &App) -> String {
    let moment = Moment::default();
    gauges::read(node, &moment).await;
    node.telemetry.0.metrics.render(&moment)
}

/// How long ago that was, in seconds.
fn seconds(micros: Micros) -> f64 {
    let passed = Duration::from_micros(u64::try_from(micros).unwrap_or(0));
    passed.as_secs_f64()
}
