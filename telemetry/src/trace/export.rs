//! Sends spans by OTLP over HTTP (OpenTelemetry Protocol 1.x), in batches, beside the work.
//!
//! The batches are made by a thread of the SDK's own; the connection belongs to the runtime that started it.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
    Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, Span as SdkSpan,
    SpanLimits,
};
use tokio::runtime::Handle;

use super::{Parent, Settings, Unusable};

/// Spans that may wait for the collector; further ones are lost.
const WAITING: usize = 4_096;
/// Spans of one batch, and how long it is waited for.
const BATCH: usize = 256;
const EVERY: Duration = Duration::from_secs(2);
/// Time for a batch on its way.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of an answer that are read.
const ANSWER: usize = 64 * 1024;
/// Attributes of a span.
const ATTRIBUTES: u32 = 16;

#[derive(Clone)]
pub(super) struct Sender {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Sender {
    pub(super) fn start(settings: &Settings, program: &'static str, party: &str) -> Result<Self, Unusable> {
        let uri: http::Uri = settings.collector.parse().map_err(|_| Unusable::Collector)?;
        if uri.scheme_str() != Some("http") || uri.host().is_none() {
            return Err(Unusable::Collector);
        }
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Courier::new())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(&settings.collector)
            .with_timeout(PATIENCE)
            .build()
            .map_err(|_| Unusable::Collector)?;
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(WAITING)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(EVERY);
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(config.build()).build();
        let named = [
            KeyValue::new("service.name", program),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", party.to_owned()),
        ];
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor)
            .with_sampler(Sampler::AlwaysOn)
            .with_span_limits(SpanLimits { max_attributes_per_span: ATTRIBUTES, ..SpanLimits::default() })
            .with_resource(Resource::builder_empty().with_attributes(named).build())
            .build();
        let tracer = provider.tracer("lianfang");
        Ok(Self { provider, tracer })
    }

    pub(super) fn begin(&self, parent: Parent, name: &'static str) -> Open {
        let (trace, span) = (TraceId::from_bytes(parent.trace), SpanId::from_bytes(parent.span));
        let remote = SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::default());
        let context = Context::new().with_remote_span_context(remote);
        let builder = self.tracer.span_builder(name).with_kind(SpanKind::Internal);
        Open { trace: parent.trace, span: self.tracer.build_with_context(builder, &context) }
    }

    /// Waits on a thread of its own: the SDK blocks until the collector has answered.
    pub(super) async fn flush(&self) {
        let provider = self.provider.clone();
        let flushed = tokio::task::spawn_blocking(move || provider.force_flush());
        // Whatever is lost now is lost.
        let _ = tokio::time::timeout(PATIENCE, flushed).await;
    }
}

/// A span under way; the SDK ends it when it is dropped.
pub(super) struct Open {
    trace: [u8; 16],
    span: SdkSpan,
}

impl Open {
    pub(super) fn count(&mut self, what: &'static str, number: u64) {
        self.span.set_attribute(KeyValue::new(what, i64::try_from(number).unwrap_or(i64::MAX)));
    }

    pub(super) fn failed(&mut self, code: &'static str) {
        self.span.set_status(Status::error(code));
    }

    pub(super) fn parent(&self) -> Parent {
        Parent { trace: self.trace, span: self.span.span_context().span_id().to_bytes() }
    }
}

/// Carries batches to the collector, on the runtime that made it.
#[derive(Debug)]
struct Courier {
    client: Client<HttpConnector, Full<Bytes>>,
    runtime: Handle,
}

impl Courier {
    fn new() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), runtime: Handle::current() }
    }
}

#[async_trait]
impl HttpClient for Courier {
    async fn send_bytes(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let answer = client.request(request.map(Full::new)).await.map_err(HttpError::from)?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER).collect().await?.to_bytes();
            Ok::<_, HttpError>(http::Response::from_parts(head, body))
        });
        sent.await?
    }
}
