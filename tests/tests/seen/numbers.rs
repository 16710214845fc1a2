//! After a whole job the numbers say what was done, and nothing of whom it was about.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use lianfang_proto::catalogue::{Class, Disclosure};
use lianfang_telemetry::metrics::{ALL, Key};
use lianfang_tests::canary::Canaries;
use lianfang_tests::people::numbers::Numbers;
use lianfang_tests::world::{COORDINATOR, JobTerms, World};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::exposition::{self, Exposition};

const BANKS: [&str; 3] = ["alpha", "beta", "gamma"];

/// Registers that share eight people, and every word that would give one of them away.
pub(crate) fn registers() -> (Vec<Vec<u8>>, Vec<String>) {
    let numbers = Numbers::new(5);
    let mut words = Vec::new();
    let mut register = |bank: u64| {
        let mut text = "record,role,cn-id,mobile,note\n".to_owned();
        for person in (0..8).chain(100 * (bank + 1)..100 * (bank + 1) + 20) {
            let (id, mobile) = (numbers.cn_id(person), numbers.mobile(person));
            let record = format!("fall-{bank}-{person}-akte");
            text.push_str(&format!("{record},agent,{id},{mobile},geheim{person}\n"));
            words.extend([id, mobile, record, format!("geheim{person}")]);
        }
        text.into_bytes()
    };
    let registers = (0..3).map(&mut register).collect();
    (registers, words)
}

/// Every label has a value of its closed list.
fn labels_are_of_closed_lists(read: &Exposition, parties: &[&str]) {
    let known: BTreeSet<&str> = ALL.iter().map(|metric| metric.name).collect();
    for name in read.kinds.keys() {
        assert!(known.contains(name.as_str()), "{name} is not of the list");
    }
    for sample in &read.samples {
        for (key, value) in &sample.labels {
            let word = |value: &str| {
                !value.is_empty()
                    && value.len() <= 24
                    && value.chars().all(|c| c.is_ascii_alphabetic() || c == '-' || c == '.')
            };
            let fits = match key.as_str() {
                "bank" | "entity" | "holder" => parties.contains(&value.as_str()),
                "class" => Class::ALL.iter().any(|class| class.code() == value),
                "work" => ["evaluated", "blinded", "checked"].contains(&value.as_str()),
                "outcome" => ["done", "over", "elsewhere", "failed", "panicked"].contains(&value.as_str()),
                "peer" => ["holders", "coordinator"].contains(&value.as_str()),
                "whose" => ["own", "authority"].contains(&value.as_str()),
                "part" => ["store", "wal", "spool"].contains(&value.as_str()),
                "version" => value == env!("CARGO_PKG_VERSION"),
                "engine" => ["portable", "avx2", "ifma"].contains(&value.as_str()),
                "le" => sample.name.ends_with("_bucket"),
                "service" | "method" | "code" | "state" => word(value),
                other => panic!("an unknown label {other}"),
            };
            assert!(fits, "{sample:?}");
        }
    }
    assert!(Key::ALL.iter().all(|key| key.name() != "job" && key.name() != "record"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_whole_job_the_numbers_hold_no_data() {
    let (registers, words) = registers();
    let canaries = Canaries::new(words.iter().map(String::as_str));
    let world = World::ready(&BANKS, 3, 2).await;
    for (bank, register) in BANKS.iter().zip(&registers) {
        world.import(bank, register).await;
    }
    let (job, shown) = world.whole_job(&JobTerms::new(2, Disclosure::Labels)).await;
    let parties: Vec<&str> = BANKS.into_iter().chain([COORDINATOR]).collect();
    for party in &parties {
        let text = world.metrics(party).await;
        assert!(canaries.found_in(text.as_bytes()).is_none(), "{party}: {text}");
        assert!(!text.contains(&job), "{party}: a job's id is no label");
        let read = exposition::read(&text);
        labels_are_of_closed_lists(&read, &parties);
        let state = if *party == COORDINATOR { "closed" } else { "done" };
        assert_eq!(read.value("lianfang_jobs", &[("state", state)]), Some(1.0), "{party}");
        assert!(read.value("lianfang_disk_free_bytes", &[]) > Some(0.0));
        assert!(read.value("lianfang_audit_entries", &[]) > Some(0.0));
        assert!(read.value("lianfang_certificate_left_seconds", &[("whose", "authority")]) > Some(0.0));
        assert!(read.value("lianfang_job_last_done_seconds", &[]) < Some(3_600.0));
    }
    let read = exposition::read(&world.metrics("alpha").await);
    let evaluated = shown["alpha"]["figures"]["evaluated"].as_f64().or(Some(1.0));
    assert!(read.value("lianfang_elements_total", &[("work", "checked")]) >= evaluated);
    // What a job's figures count is what the counter counts, whoever it went to.
    let sent = ["holders", "coordinator"]
        .map(|peer| read.value("lianfang_bytes_sent_total", &[("peer", peer)]).unwrap_or_default());
    assert!(sent.iter().all(|bytes| *bytes > 0.0), "{sent:?}");
    assert_eq!(shown["alpha"]["figures"]["bytes_sent"].as_f64(), Some(sent.iter().sum::<f64>()));
    let blinded = read.value("lianfang_elements_total", &[("work", "blinded")]);
    assert_eq!(read.value("lianfang_elements_total", &[("work", "checked")]), blinded);
    assert!(read.value("lianfang_elements_total", &[("work", "evaluated")]) > Some(0.0), "alpha is a holder");
    assert!(read.value("lianfang_quota_left_elements", &[("entity", "beta")]) > Some(0.0));
    assert!(read.value("lianfang_own_quota_left_elements", &[("holder", "beta")]) > Some(0.0));
    assert!(read.value("lianfang_match_rate_ratio", &[]) > Some(0.0), "sixteen matches are told");
    let evaluate = [("service", "KeyHolder"), ("method", "Evaluate"), ("code", "ok")];
    assert!(read.value("lianfang_calls_total", &evaluate) > Some(0.0));
    let read = exposition::read(&world.metrics(COORDINATOR).await);
    assert!(read.value("lianfang_submission_bytes_total", &[]) > Some(0.0));
    assert!(read.value("lianfang_bank_match_rate_ratio", &[("bank", "alpha")]) >= Some(0.0));
    assert_eq!(read.value("lianfang_bank_match_rate_alarm", &[("bank", "alpha")]), Some(0.0));
    assert_eq!(read.value("lianfang_members", &[("state", "active")]), Some(3.0));
    world.end().await;
}

async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    (status, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_probes_say_when_the_coordinator_is_silent() {
    let mut world = World::ready(&["alpha", "beta"], 2, 2).await;
    for party in ["alpha", COORDINATOR] {
        world.configure(party, "[http]\nlisten = \"127.0.0.1:0\"").await;
    }
    let (node, coordinator) = (world.http("alpha").await, world.http(COORDINATOR).await);
    for address in [node, coordinator] {
        assert_eq!(get(address, "/healthz").await.0, 200);
        let ready = world
            .until("it is ready", async || {
                let (status, body) = get(address, "/readyz").await;
                (status == 200).then_some(body)
            })
            .await;
        assert!(ready.contains("\"ready\":true"), "{ready}");
        let (status, text) = get(address, "/metrics").await;
        assert_eq!(status, 200);
        assert_eq!(exposition::read(&text).value("lianfang_ready", &[]), Some(1.0));
    }
    let read = exposition::read(&get(node, "/metrics").await.1);
    assert!(read.value("lianfang_certificate_left_seconds", &[("whose", "own")]) > Some(0.0));
    assert!(read.value("lianfang_coordinator_contact_age_seconds", &[]) < Some(60.0));
    world.stop(COORDINATOR).await;
    let silent = world
        .until("it is not ready", async || {
            // A last word may be heard after the coordinator has gone.
            world.clock.pass(std::time::Duration::from_mins(4));
            let (status, body) = get(node, "/readyz").await;
            (status == 503).then_some(body)
        })
        .await;
    assert!(silent.contains("coordinator-silent"), "{silent}");
    assert_eq!(get(node, "/healthz").await.0, 200, "it lives all the same");
    world.end().await;
}
