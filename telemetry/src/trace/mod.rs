//! Traces: spans of the stages of a job, those of all parties under one trace.
//!
//! A job's id *is* the trace's id, and the second half of it the span that all parties' spans hang under: so they meet
//! without anybody having to send anything first. Calls between parties carry a `traceparent` (W3C Trace Context,
//! section 3.2), by which the span of an answer hangs under that of its question.
//!
//! * Comes in: ids of jobs, words of closed lists, counts. Goes out: with the feature `traces` and a collector in the
//!   configuration, spans by OTLP over HTTP; else nothing.
//! * Never sees: anything that a span of some library would hold; only spans that are made here are sent.
//! * Trusts: no `traceparent`. One that is not exactly of its form is as good as none, and none is ever logged.
//! * Fails: with lost spans. No work waits for a collector.

#[cfg(feature = "traces")]
mod export;
mod parent;

use std::future::Future;

use serde::{Deserialize, Serialize};

pub use parent::{HEADER, Parent};

tokio::task_local! {
    static CURRENT: Option<Parent>;
}

/// `[traces]` in `config.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the collector takes spans, such as `http://127.0.0.1:4318/v1/traces`.
    pub collector: String,
}

/// Why no traces can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The program was built without them.
    #[error("this program was built without the feature traces")]
    NotBuilt,
    /// The collector's address is none.
    #[error("traces.collector is not of the form http://127.0.0.1:4318/v1/traces")]
    Collector,
}

/// One party's spans. Clones send together.
#[derive(Clone, Default)]
pub struct Traces {
    #[cfg(feature = "traces")]
    sender: Option<export::Sender>,
}

/// Something under way; it ends when dropped.
#[derive(Default)]
#[must_use]
pub struct Span {
    #[cfg(feature = "traces")]
    open: Option<export::Open>,
}

impl Traces {
    /// Sends to the collector of the settings; without settings, nowhere. `program` and `party` are the trace's
    /// `service.name` and `service.instance.id`.
    #[cfg(feature = "traces")]
    pub fn start(settings: Option<&Settings>, program: &'static str, party: &str) -> Result<Self, Unusable> {
        let sender = settings.map(|settings| export::Sender::start(settings, program, party)).transpose()?;
        Ok(Self { sender })
    }

    /// Sends nowhere: this program was built without traces, and says so to one who asks for them.
    #[cfg(not(feature = "traces"))]
    pub fn start(settings: Option<&Settings>, _: &'static str, _: &str) -> Result<Self, Unusable> {
        if settings.is_some() { Err(Unusable::NotBuilt) } else { Ok(Self::default()) }
    }

    /// Begins a stage of a job, or the answer to a call.
    #[cfg(feature = "traces")]
    pub fn span(&self, parent: Parent, name: &'static str) -> Span {
        Span { open: self.sender.as_ref().map(|sender| sender.begin(parent, name)) }
    }

    /// Begins nothing.
    #[cfg(not(feature = "traces"))]
    pub fn span(&self, _: Parent, _: &'static str) -> Span {
        Span {}
    }

    /// Begins a part of what this task is doing; nothing, if it does nothing that is traced.
    pub fn part(&self, name: &'static str) -> Span {
        match current() {
            Some(parent) => self.span(parent, name),
            None => Span::default(),
        }
    }

    /// Sends what has ended, before the party stops.
    #[cfg_attr(
        not(feature = "traces"),
        allow(clippy::unused_async, reason = "the same with and without traces")
    )]
    pub async fn flush(&self) {
        #[cfg(feature = "traces")]
        if let Some(sender) = &self.sender {
            sender.flush().await;
        }
    }
}

#[cfg(feature = "traces")]
impl Span {
    /// So many of something.
    pub fn count(&mut self, what: &'static str, number: u64) {
        if let Some(open) = &mut self.open {
            open.count(what, number);
        }
    }

    /// It failed with this code.
    pub fn failed(&mut self, code: &'static str) {
        if let Some(open) = &mut self.open {
            open.failed(code);
        }
    }

    /// Under which spans begun meanwhile hang.
    pub fn parent(&self) -> Option<Parent> {
        self.open.as_ref().map(export::Open::parent)
    }
}

#[cfg(not(feature = "traces"))]
impl Span {
    /// So many of something.
    pub fn count(&mut self, _: &'static str, _: u64) {}

    /// It failed with this code.
    pub fn failed(&mut self, _: &'static str) {}

    /// Under which spans begun meanwhile hang.
    pub fn parent(&self) -> Option<Parent> {
        None
    }
}

impl Span {
    /// Does something within this span: calls that are made meanwhile carry it.
    pub fn around<F: Future>(&self, work: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self.parent(), work)
    }
}

/// The span that this task works in.
pub fn current() -> Option<Parent> {
    CURRENT.try_with(|current| *current).ok().flatten()
}

/// Lets another task work in the span of this one.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(current(), work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_a_collector_nothing_is_carried() {
        let traces = Traces::start(None, "lianfang-node", "alpha").unwrap();
        let mut span = traces.span(Parent::of_job([1; 16]), "prepare");
        span.count("elements", 4);
        span.failed("busy");
        assert_eq!(span.around(async { current() }).await, None);
        traces.flush().await;
    }

    #[cfg(not(feature = "traces"))]
    #[test]
    fn a_collector_needs_a_program_that_was_built_for_it() {
        let settings = Settings { collector: "http://127.0.0.1:4318/v1/traces".to_owned() };
        assert_eq!(Traces::start(Some(&settings), "x", "y").err(), Some(Unusable::NotBuilt));
    }
}
