//! Two jobs of different kinds beside each other, between the same banks.

use std::sync::Arc;

use lianfang_proto::catalogue::{Disclosure, Kind};
use lianfang_proto::{limits, v1};
use lianfang_tests::demo::compare::contact_of;
use lianfang_tests::liars::{BadWire, in_the_place_of};
use lianfang_tests::oracle::{ClearBank, expected_reports};
use lianfang_tests::people::numbers::Numbers;
use lianfang_tests::world::{COORDINATOR, JobTerms, World};
use prost::Message as _;
use serde_json::Value;

use super::stage::{entering, identifiers, records};

const BANKS: [&str; 3] = ["alpha", "beta", "gamma"];
const LABELS: Disclosure = Disclosure::Labels;
/// People in each register, who have an identity number and a mobile each: two chunks of either, the second half full.
const PEOPLE: u64 = 100;
const CHUNK: u64 = 64;

/// The register of a bank: it has sixty people in common with the next.
fn register(bank: u64) -> String {
    let numbers = Numbers::new(23);
    let mut file = "record,role,cn-id,mobile\n".to_owned();
    for person in 40 * bank..40 * bank + PEOPLE {
        let (id, mobile) = (numbers.cn_id(person), numbers.mobile(person));
        file.push_str(&format!("P{person:03},agent,{id},{mobile}\n"));
    }
    file
}

/// How many elements a bank has had evaluated over this wire: those of a chunk count once, however often it was sent.
fn elements(wire: &BadWire, bank: &str) -> u64 {
    let mut bytes = 0;
    for (message, _) in wire.requests(bank, "Evaluate") {
        bytes += v1::EvaluateRequest::decode(message).expect("a request").blinded_elements.len();
    }
    (bytes / limits::ELEMENT_BYTES) as u64
}

/// What each holder has charged, over all banks.
async fn charged(world: &World) -> Vec<Value> {
    let mut charged = Vec::new();
    for holder in ["alpha", "beta"] {
        let listed = world.run(holder, &["key", "list"]).await.json();
        charged.push(listed["keys"][0]["quota"]["spent"].clone());
    }
    charged
}

/// The job ends with the reports of the clear answer. All of its identifiers were evaluated for it, or none.
async fn ended(world: &World, banks: &[ClearBank], job: &str, kinds: &[Kind], evaluated: bool) {
    let clear = banks.iter().map(|bank| entering(&bank.id, &bank.records, kinds));
    let clear: Vec<ClearBank> = clear.collect();
    for (bank, wanted) in expected_reports(&clear, 2, LABELS, contact_of) {
        let shown = world.stage(&bank, job, "done").await;
        let report = world.report(&bank, job).await;
        assert_eq!(String::from_utf8_lossy(&report), String::from_utf8_lossy(&wanted), "{bank} {shown}");
        let lines = report.split(|byte| *byte == b'\n').count() - 1;
        assert!(lines > 1, "{bank}: there is something to report");
        let rows = PEOPLE * kinds.len() as u64;
        let (sent, cached) = if evaluated { (rows, 0) } else { (0, rows) };
        let counts = ["own_rows", "evaluated", "cached"].map(|field| shown["figures"][field].clone());
        assert_eq!(counts, [rows, sent, cached].map(Value::from), "{bank}");
    }
    world.closed(job).await;
}

/// Both are open at the same time, and every identifier is evaluated for one of them alone; a third job, of both kinds, finds
/// nothing left to evaluate.
#[tokio::test(flavor = "multi_thread")]
async fn two_jobs_of_different_kinds_overlap() {
    let mut world = World::ready(&BANKS, 2, 2).await;
    let mut banks = Vec::new();
    for (number, bank) in (0..).zip(BANKS) {
        let file = register(number);
        world.import(bank, file.as_bytes()).await;
        banks.push(entering(bank, &records(&file), Kind::ALL));
    }
    let wire = Arc::new(BadWire::repeating(&[]));
    let _middle = in_the_place_of(&world, "beta", wire.clone()).await;
    // Gamma is late, so that both stand open with two submissions in each.
    world.stop("gamma").await;
    let kinds = [Kind::CnId, Kind::Mobile];
    let mut jobs = Vec::new();
    for kind in kinds {
        let terms = JobTerms::new(2, LABELS).with("--kinds", kind.code());
        jobs.push((kind, world.start_job(&terms).await));
    }
    for (_, job) in &jobs {
        for bank in ["alpha", "beta"] {
            world.stage(bank, job, "submitted").await;
        }
    }
    for (_, job) in &jobs {
        let shown = world.run(COORDINATOR, &["job", "show", job]).await.json();
        assert_eq!(shown["state"], "open", "{shown}");
    }
    world.start("gamma").await;
    for (kind, job) in &jobs {
        ended(&world, &banks, job, &[*kind], true).await;
    }
    for bank in &banks {
        let listed = world.run(&bank.id, &["register", "list"]).await.json();
        let all = identifiers(bank).len();
        assert_eq!((&listed["identifiers"], &listed["outputs"]), (&all.into(), &all.into()), "{listed}");
    }
    for bank in ["alpha", "gamma"] {
        let once = 2 * PEOPLE.div_ceil(CHUNK) * CHUNK;
        assert_eq!(elements(&wire, bank), once, "{bank}: each chunk of either job, and no other");
    }
    let before = charged(&world).await;
    assert!(before.iter().all(|spent| *spent != 0), "{before:?}");
    let both = JobTerms::new(2, LABELS).with("--kinds", "cn-id,mobile");
    let job = world.start_job(&both).await;
    ended(&world, &banks, &job, &kinds, false).await;
    assert_eq!(charged(&world).await, before, "nothing is charged for what is known");
    world.end().await;
}
