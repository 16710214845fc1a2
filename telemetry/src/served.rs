//! A layer before a gRPC server: counts what is answered, how and how fast, and opens the span that a caller asks for.
//!
//! The path of a call is the caller's word, so it becomes a label only if it is of the server's own list.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use tower::{Layer, Service};

use crate::metrics::{CALL_SECONDS, CALLS, CALLS_UNDER_WAY, Key, Label, Metrics, Moment};
use crate::trace::{HEADER, Parent, Traces};

/// A call of the closed list: its path, and what it is called in numbers and spans.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// `/lianfang.v1.Jobs/GetJob`.
    pub path: &'static str,
    /// `Jobs`.
    pub service: &'static str,
    /// `GetJob`.
    pub method: &'static str,
}

/// A list of [`Call`]s: each service with its methods, as the schema names them.
#[macro_export]
macro_rules! calls {
    ($($service:ident: $($method:ident)+;)+) => {
        &[$($($crate::served::Call {
            path: concat!("/lianfang.v1.", stringify!($service), "/", stringify!($method)),
            service: stringify!($service),
            method: stringify!($method),
        }),+),+]
    };
}

/// What is not of the list.
const OTHER: Call = Call { path: "", service: "other", method: "other" };

/// gRPC's statuses by number, as its documents spell them.
const STATUSES: [&str; 17] = [
    "ok",
    "cancelled",
    "unknown",
    "invalid-argument",
    "deadline-exceeded",
    "not-found",
    "already-exists",
    "permission-denied",
    "resource-exhausted",
    "failed-precondition",
    "aborted",
    "out-of-range",
    "unimplemented",
    "internal",
    "unavailable",
    "data-loss",
    "unauthenticated",
];

/// The layer.
#[derive(Clone)]
pub struct Served {
    metrics: Metrics,
    traces: Traces,
    calls: &'static [Call],
    under_way: Arc<AtomicI64>,
}

impl Served {
    /// Counts calls of this list by name, all others together.
    pub fn new(metrics: Metrics, traces: Traces, calls: &'static [Call]) -> Self {
        Self { metrics, traces, calls, under_way: Arc::default() }
    }

    /// How many are being answered.
    pub fn gauge(&self, moment: &Moment) {
        let under_way = i32::try_from(self.under_way.load(Ordering::Relaxed)).unwrap_or(i32::MAX);
        moment.set(&CALLS_UNDER_WAY, &[], under_way.into());
    }

    fn call_of(&self, path: &str) -> Call {
        self.calls.iter().find(|call| call.path == path).copied().unwrap_or(OTHER)
    }

    fn answered(&self, call: Call, began: Instant, status: &'static str) {
        let service = Label::word(Key::Service, call.service);
        let method = Label::word(Key::Method, call.method);
        self.metrics.took(&CALL_SECONDS, &[service.clone(), method.clone()], began.elapsed());
        self.metrics.count(&CALLS, &[service, method, Label::word(Key::Code, status)], 1);
    }
}

/// One call that is being answered; a caller who goes away before it is answered is counted too.
struct Answering {
    served: Served,
    call: Call,
    began: Instant,
    status: &'static str,
}

impl Answering {
    fn begin(served: &Served, call: Call) -> Self {
        served.under_way.fetch_add(1, Ordering::Relaxed);
        Self { served: served.clone(), call, began: Instant::now(), status: "cancelled" }
    }

    fn ended(&mut self, status: &'static str) {
        self.status = status;
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.served.under_way.fetch_sub(1, Ordering::Relaxed);
        self.served.answered(self.call, self.began, self.status);
    }
}

impl<S> Layer<S> for Served {
    type Service = ServedService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ServedService { served: self.clone(), inner }
    }
}

/// A server behind [`Served`].
#[derive(Clone)]
pub struct ServedService<S> {
    served: Served,
    inner: S,
}

impl<S, B, R> Service<http::Request<B>> for ServedService<S>
where
    S: Service<http::Request<B>, Response = http::Response<R>>,
    S::Future: Send + 'static,
{
    type Response = http::Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let call = self.served.call_of(request.uri().path());
        let mut answering = Answering::begin(&self.served, call);
        let parent = request.headers().get(HEADER).and_then(|sent| Parent::read(sent.as_bytes()));
        let span = parent.map(|parent| self.served.traces.span(parent, call.method));
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = match &span {
                Some(span) => span.around(answer).await?,
                None => answer.await?,
            };
            let status = status(&answer);
            answering.ended(status);
            if let Some(mut span) = span
                && status != "ok"
            {
                span.failed(status);
            }
            Ok(answer)
        })
    }
}

/// What tonic answers, under `internal`, where a call ended before its message had come: its caller has changed its mind,
/// as one that begins a long poll and at once has something better to do, or its connection was cut.
const NO_MESSAGE: &[u8] = b"Missing%20request%20message.";

/// A refusal has its status in the head of the answer; what has none there was answered.
fn status<R>(answer: &http::Response<R>) -> &'static str {
    let Some(sent) = answer.headers().get("grpc-status") else { return "ok" };
    if answer.headers().get("grpc-message").is_some_and(|message| message.as_bytes() == NO_MESSAGE) {
        return "cancelled";
    }
    let number = sent.to_str().ok().and_then(|text| text.parse::<usize>().ok());
    number.and_then(|number| STATUSES.get(number)).copied().unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use tower::service_fn;

    use super::*;

    static LIST: [Call; 1] = [Call { path: "/lianfang.v1.Jobs/GetJob", service: "Jobs", method: "GetJob" }];

    #[test]
    fn a_caller_who_left_before_its_message_came_is_no_fault_of_ours() {
        let answered = |message: &str| {
            let answer = http::Response::builder().header("grpc-status", "13");
            status(&answer.header("grpc-message", message).body(()).unwrap())
        };
        assert_eq!(answered("Missing%20request%20message."), "cancelled");
        assert_eq!(answered("internal%20at%20coordinator"), "internal");
    }

    #[tokio::test]
    async fn calls_are_counted_by_name_and_strangers_together() {
        let metrics = Metrics::default();
        let served = Served::new(metrics.clone(), Traces::default(), &LIST);
        let answer = |request: http::Request<()>| async move {
            let refused = request.uri().path().ends_with('9');
            let answer = http::Response::builder();
            let answer = if refused { answer.header("grpc-status", "7") } else { answer };
            Ok::<_, Infallible>(answer.body(()).unwrap())
        };
        let mut service = served.layer(service_fn(answer));
        for path in ["/lianfang.v1.Jobs/GetJob", "/139123456789", "/110105491231002"] {
            let request = http::Request::builder().uri(path).header(HEADER, "secret").body(()).unwrap();
            service.call(request).await.unwrap();
        }
        // One whose caller goes away.
        drop(service.call(http::Request::builder().uri("/1").body(()).unwrap()));
        let moment = Moment::default();
        served.gauge(&moment);
        let text = metrics.render(&moment);
        for line in [
            "lianfang_calls_total{service=\"Jobs\",method=\"GetJob\",code=\"ok\"} 1\n",
            "lianfang_calls_total{service=\"other\",method=\"other\",code=\"permission-denied\"} 1\n",
            "lianfang_calls_total{service=\"other\",method=\"other\",code=\"ok\"} 1\n",
            "lianfang_calls_total{service=\"other\",method=\"other\",code=\"cancelled\"} 1\n",
            "lianfang_calls_under_way 0\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!text.contains("139123") && !text.contains("110105") && !text.contains("secret"));
    }
}
