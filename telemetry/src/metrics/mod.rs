//! One party's numbers. Counters and histograms last as long as the party; gauges are read anew for every reader, so that
//! a bank that has left leaves no line behind. There is no recorder of the process: several parties live in one in tests.
//!
//! The text is Prometheus's exposition format 0.0.4, by `metrics-exporter-prometheus`.

mod catalogue;
mod label;

pub use catalogue::*;
pub use label::{Key, Label};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ::metrics::{Key as SeriesKey, Level, Metadata, Recorder as _, SharedString};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};

/// Where the bounds of durations lie, in seconds.
const SECONDS: [f64; 12] = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0];
/// After so many observations the exporter's own buffers are emptied, whether anybody reads or not.
const UPKEEP: u64 = 1_024;

static METADATA: Metadata<'static> = Metadata::new("lianfang", Level::INFO, None);

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It is what it is now.
    Gauge,
    /// Durations in seconds.
    Histogram,
}

/// A metric of the closed list.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name; the unit stands at its end.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What it means.
    pub help: &'static str,
    /// The labels that every line of it has.
    pub keys: &'static [Key],
}

impl Metric {
    fn series(&self, labels: &[Label]) -> SeriesKey {
        debug_assert!(labels.iter().map(Label::key).eq(self.keys.iter().copied()), "{}", self.name);
        let labels: Vec<_> = labels.iter().map(Label::exported).collect();
        SeriesKey::from_parts(self.name, labels)
    }

    fn describe(&self, recorder: &PrometheusRecorder) {
        let (name, help) = (self.name.into(), SharedString::const_str(self.help));
        match self.kind {
            Kind::Counter => recorder.describe_counter(name, None, help),
            Kind::Gauge => recorder.describe_gauge(name, None, help),
            Kind::Histogram => recorder.describe_histogram(name, None, help),
        }
    }
}

fn recorder() -> PrometheusRecorder {
    let mut builder = PrometheusBuilder::new();
    for metric in ALL.iter().filter(|metric| metric.kind == Kind::Histogram) {
        // It fails for an empty list of bounds alone, and then there are none.
        builder = match builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), &SECONDS) {
            Ok(builder) => builder,
            Err(_) => PrometheusBuilder::new(),
        };
    }
    builder.build_recorder()
}

/// A party's numbers. Clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Lasting>);

struct Lasting {
    recorder: PrometheusRecorder,
    observed: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        let recorder = recorder();
        for metric in ALL.iter().filter(|metric| metric.kind != Kind::Gauge) {
            metric.describe(&recorder);
        }
        Self(Arc::new(Lasting { recorder, observed: AtomicU64::new(0) }))
    }
}

impl Metrics {
    /// So many more.
    pub fn count(&self, metric: &'static Metric, labels: &[Label], more: u64) {
        debug_assert_eq!(metric.kind, Kind::Counter);
        self.0.recorder.register_counter(&metric.series(labels), &METADATA).increment(more);
    }

    /// It took so long.
    pub fn took(&self, metric: &'static Metric, labels: &[Label], time: Duration) {
        debug_assert_eq!(metric.kind, Kind::Histogram);
        self.0.recorder.register_histogram(&metric.series(labels), &METADATA).record(time.as_secs_f64());
        if self.0.observed.fetch_add(1, Ordering::Relaxed) % UPKEEP == UPKEEP - 1 {
            self.0.recorder.handle().run_upkeep();
        }
    }

    /// Everything, as Prometheus reads it.
    pub fn render(&self, moment: &Moment) -> String {
        let mut text = self.0.recorder.handle().render();
        text.push_str(&moment.recorder.handle().render());
        text
    }
}

/// The gauges of one moment.
pub struct Moment {
    recorder: PrometheusRecorder,
}

impl Default for Moment {
    fn default() -> Self {
        Self { recorder: PrometheusBuilder::new().build_recorder() }
    }
}

impl Moment {
    /// It is this now.
    pub fn set(&self, metric: &'static Metric, labels: &[Label], value: f64) {
        debug_assert_eq!(metric.kind, Kind::Gauge);
        metric.describe(&self.recorder);
        self.recorder.register_gauge(&metric.series(labels), &METADATA).set(value);
    }

    /// It is this now, if it could be found out.
    pub fn set_known(&self, metric: &'static Metric, labels: &[Label], value: Option<f64>) {
        if let Some(value) = value {
            self.set(metric, labels, value);
        }
    }
}

#[cfg(test)]
mod tests;
