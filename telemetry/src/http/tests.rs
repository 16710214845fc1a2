use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::metrics::{JOBS, Key, Label, Metrics, Moment};

struct Party {
    ready: bool,
}

#[async_trait]
impl Watched for Party {
    async fn gauges(&self, moment: &Moment) {
        moment.set(&JOBS, &[Label::word(Key::State, "open")], 2.0);
    }

    async fn readiness(&self) -> Vec<Check> {
        let disk = if self.ready { None } else { Some("full") };
        vec![Check::of("store", None), Check::of("disk", disk)]
    }
}

async fn started(ready: bool, limits: Limits) -> Listening {
    let router = probes(Metrics::default(), Arc::new(Party { ready }));
    Listening::start(([127, 0, 0, 1], 0).into(), router, limits).await.unwrap()
}

async fn ask(server: &Listening, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    // What is refused may be cut off.
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_string(&mut answer)).await;
    answer
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn the_three_probes_answer() {
    let server = started(true, Limits::default()).await;
    let numbers = ask(&server, &get("/metrics")).await;
    assert!(numbers.starts_with("HTTP/1.1 200") && numbers.contains("version=0.0.4"), "{numbers}");
    assert!(numbers.contains("lianfang_jobs{state=\"open\"} 2\n"), "{numbers}");
    assert!(numbers.contains("lianfang_ready 1\n"), "{numbers}");
    assert!(ask(&server, &get("/healthz")).await.contains("{\"status\":\"alive\"}"));
    let ready = ask(&server, &get("/readyz")).await;
    assert!(ready.starts_with("HTTP/1.1 200") && ready.contains("\"ready\":true"), "{ready}");
    assert!(ask(&server, &get("/elsewhere")).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn a_party_that_is_not_ready_says_what_it_lacks() {
    let server = started(false, Limits::default()).await;
    let answer = ask(&server, &get("/readyz")).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("{\"found\":\"full\",\"name\":\"disk\",\"ok\":false}"), "{answer}");
    assert!(ask(&server, &get("/metrics")).await.contains("lianfang_ready 0\n"));
}

#[tokio::test]
async fn a_callers_cost_is_bounded() {
    let limits = Limits { head_time: Duration::from_millis(200), connections: 1, ..Limits::default() };
    let server = started(true, limits).await;
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(limits.head + 1));
    let refused = ask(&server, &long).await;
    assert!(!refused.contains(" 200 "), "{refused}");
    let many: String = (0..=limits.header_lines).map(|n| format!("h{n}: 1\r\n")).collect();
    let refused = ask(&server, &format!("GET /healthz HTTP/1.1\r\n{many}\r\n")).await;
    assert!(!refused.contains(" 200 "), "{refused}");
    // One who says nothing holds the only slot no longer than a head may take.
    let mut silent = TcpStream::connect(server.address()).await.unwrap();
    silent.write_all(b"GET /hea").await.unwrap();
    assert!(ask(&server, &get("/healthz")).await.contains("alive"));
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(5), silent.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the silent one was shown out");
}

#[test]
fn other_machines_come_in_only_when_asked() {
    let settings =
        |listen: &str, allow_remote| Settings { listen: listen.to_owned(), allow_remote }.address();
    assert_eq!(settings("127.0.0.1:0", false), Ok(([127, 0, 0, 1], 0).into()));
    assert_eq!(settings("localhost:9464", false), Ok(([127, 0, 0, 1], 9464).into()));
    assert!(settings("[::1]:9464", false).is_ok());
    assert_eq!(settings("0.0.0.0:9464", false), Err(Unusable::Remote));
    assert_eq!(settings("10.1.2.3:9464", false), Err(Unusable::Remote));
    assert_eq!(settings("[::]:9464", false), Err(Unusable::Remote));
    assert!(settings("10.1.2.3:9464", true).is_ok());
    for wrong in ["9464", "bank.example:9464", "127.0.0.1:http", ""] {
        assert_eq!(settings(wrong, true), Err(Unusable::NoAddress), "{wrong}");
    }
}
