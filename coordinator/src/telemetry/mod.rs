//! How the coordinator is seen from outside: its numbers, its spans, its readiness.
//!
//! * Comes in: what other rooms have done, as counts and words. Goes out: what `/metrics` and `/readyz` show, and spans.
//! * Never sees: a row, a tag, a label. Names are those of banks, which are in the roster.
//! * Trusts: nobody. Fails: quietly; what cannot be found out is left out.

mod calls;
mod disks;
mod gauges;
mod rates;
mod readiness;

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use lianfang_desk::Problem;
use lianfang_link::Identity;
use lianfang_link::server::FailedHandshake;
use lianfang_proto::ids::JobId;
use lianfang_telemetry::Traces;
use lianfang_telemetry::http::{Check, Limits, Listening, Watched, probes};
use lianfang_telemetry::metrics::{HANDSHAKES_FAILED, Key, Label, Metrics, Moment, SUBMITTED_BYTES};
use lianfang_telemetry::served::Served;
use lianfang_telemetry::trace::{Parent, Span};

use crate::config::{Config, FILE};
use crate::office::Office;
use crate::ports::Micros;

pub use calls::CALLS;
pub use readiness::LEAST_FREE_BYTES;

/// What the coordinator's rooms tell of themselves. Cheap to clone; clones tell together.
#[derive(Clone, Default)]
pub struct Telemetry {
    metrics: Metrics,
    traces: Traces,
    disks: Arc<disks::Question>,
}

impl Telemetry {
    /// As the configuration wants it.
    pub fn open(config: &Config) -> Result<Self, Problem> {
        let traces = Traces::start(config.traces.as_ref(), "lianfang-coordinator", "coordinator");
        let traces = traces.map_err(|error| unusable("traces.collector", &error.to_string()))?;
        Ok(Self { metrics: Metrics::default(), traces, disks: Arc::default() })
    }

    /// The layer before the coordinator's server.
    pub fn served(&self) -> Served {
        Served::new(self.metrics.clone(), self.traces.clone(), CALLS)
    }

    /// A stage of a job begins.
    pub fn stage(&self, job: JobId, name: &'static str) -> Span {
        self.traces.span(Parent::of_job(*job.as_bytes()), name)
    }

    /// Rows have come.
    pub fn submitted(&self, bytes: u64) {
        self.metrics.count(&SUBMITTED_BYTES, &[], bytes);
    }

    /// A connection did not come about.
    pub fn handshake_failed(&self, failed: &FailedHandshake) {
        self.metrics.count(&HANDSHAKES_FAILED, &[Label::word(Key::Code, failed.reason.reason())], 1);
    }

    /// Sends the spans that have ended.
    pub async fn flush(&self) {
        self.traces.flush().await;
    }
}

/// The coordinator, as its probes see it; gone when the office is.
struct Seen {
    office: Weak<Office>,
    identity: Identity,
    served: Served,
}

#[async_trait]
impl Watched for Seen {
    async fn gauges(&self, moment: &Moment) {
        self.served.gauge(moment);
        if let Some(office) = self.office.upgrade() {
            gauges::read(&office, moment).await;
            gauges::certificate(&office, &self.identity, moment);
        }
    }

    async fn readiness(&self) -> Vec<Check> {
        match self.office.upgrade() {
            Some(office) => readiness::checks(&office, &self.identity).await,
            None => vec![Check::of("process", Some("stopping"))],
        }
    }
}

/// Serves the probes, if the configuration says where.
pub async fn listen(
    office: &Arc<Office>,
    served: Served,
    identity: &Identity,
) -> Result<Option<Listening>, Problem> {
    let Some(settings) = &office.config.http else { return Ok(None) };
    let address = settings.address().map_err(|error| unusable("http.listen", &error.to_string()))?;
    let watched = Seen { office: Arc::downgrade(office), identity: identity.clone(), served };
    let router = probes(office.telemetry.metrics.clone(), Arc::new(watched));
    let listening = Listening::start(address, router, Limits::default()).await.map_err(|error| {
        let problem = Problem::usage("coordinator-cannot-listen").with("address", settings.listen.as_str());
        problem.with("detail", error.to_string()).doing("doing-coordinator-serve").because(error)
    })?;
    Ok(Some(listening))
}

fn unusable(field: &str, detail: &str) -> Problem {
    Problem::usage("config-invalid").with("path", FILE).with("detail", detail).field(field)
}

/// What `/metrics` would show now.
pub async fn render(office: &Office) -> String {
    let moment = Moment::default();
    gauges::read(office, &moment).await;
    office.telemetry.metrics.render(&moment)
}

/// How long that is, in seconds.
fn seconds(micros: Micros) -> f64 {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0)).as_secs_f64()
}
