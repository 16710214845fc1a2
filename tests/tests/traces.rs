//! Spans of one job, of several parties, meet under one trace at a collector, and hold no data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use lianfang_proto::catalogue::Disclosure;
use lianfang_tests::canary::Canaries;
use lianfang_tests::people::numbers::Numbers;
use lianfang_tests::world::{COORDINATOR, JobTerms, World};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

const BANKS: [&str; 2] = ["alpha", "beta"];

/// What was posted.
type Posted = Arc<Mutex<Vec<Vec<u8>>>>;

/// Takes posts until the test ends.
async fn collector() -> (String, Posted) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let posted = Posted::default();
    let kept = Arc::clone(&posted);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(take(stream, Arc::clone(&kept)));
        }
    });
    (format!("http://{address}/v1/traces"), posted)
}

async fn take(stream: TcpStream, posted: Posted) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim().to_ascii_lowercase();
            if let Some(text) = line.strip_prefix("content-length:") {
                length = text.trim().parse().expect("a length");
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.expect("a body");
        posted.lock().expect("whole").push(body);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        stream.get_mut().write_all(answer).await.expect("it listens");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_spans_of_a_job_meet_and_hold_no_data() {
    let (url, posted) = collector().await;
    let mut world = World::ready(&BANKS, 2, 2).await;
    for party in BANKS.into_iter().chain([COORDINATOR]) {
        world.configure(party, &format!("[traces]\ncollector = \"{url}\"")).await;
    }
    let numbers = Numbers::new(9);
    let mut words = Vec::new();
    for bank in BANKS {
        let mut text = "record,role,cn-id\n".to_owned();
        for person in 0..12 {
            let (record, id) = (format!("fall-{bank}-{person}-akte"), numbers.cn_id(person));
            text.push_str(&format!("{record},agent,{id}\n"));
            words.extend([record, id]);
        }
        world.import(bank, text.as_bytes()).await;
    }
    let (job, _) = world.whole_job(&JobTerms::new(2, Disclosure::Institutions)).await;
    world.end().await;

    let canaries = Canaries::new(words.iter().map(String::as_str));
    let mut spans: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for body in posted.lock().expect("whole").iter() {
        assert!(canaries.found_in(body).is_none(), "a span holds data");
        let request = ExportTraceServiceRequest::decode(&body[..]).expect("OTLP");
        for of_party in request.resource_spans {
            let attributes = of_party.resource.expect("a resource").attributes;
            let service =
                attributes.iter().find(|one| one.key == "service.instance.id").expect("an instance");
            let party = format!("{:?}", service.value);
            for span in of_party.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                if hex::encode(&span.trace_id) == job {
                    spans.entry(party.clone()).or_default().insert(span.name);
                }
            }
        }
    }
    assert_eq!(spans.len(), 3, "all parties meet under the job's id: {spans:?}");
    let of = |party: &str| spans.iter().find(|(name, _)| name.contains(party)).expect("it sent spans").1;
    for bank in BANKS {
        for stage in ["prepare", "evaluate", "upload", "report", "countersign", "Evaluate"] {
            assert!(of(bank).contains(stage), "{bank} lacks {stage}: {spans:?}");
        }
    }
    for stage in ["matching", "OpenSubmission", "SealSubmission"] {
        assert!(of(COORDINATOR).contains(stage), "the coordinator lacks {stage}: {spans:?}");
    }
}
