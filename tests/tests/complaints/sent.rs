//! “Nobody can tell what was sent.” What the logs say of a job, what those say to whom it went, and what passed on the wires.

use std::collections::BTreeMap;
use std::sync::Arc;

use lianfang_proto::row::row_bytes;
use lianfang_proto::{limits, v1};
use lianfang_tests::canary::Canaries;
use lianfang_tests::liars::{BadWire, in_the_place_of};
use lianfang_tests::world::{COORDINATOR, JobTerms, World};
use prost::Message as _;
use serde_json::Value;

use super::{COUNT, entries};

/// The banks, how many identifiers each has, and whom it asks: two hold the key, and none asks itself. Gamma's identifiers
/// are more than one chunk holds.
const BANKS: [(&str, u64, &[&str]); 3] =
    [("alpha", 2, &["beta"]), ("beta", 1, &["alpha"]), ("gamma", 70, &["alpha", "beta"])];

/// Wires on which everything is noted, by the party to which they lead.
type Wires = BTreeMap<&'static str, Arc<BadWire>>;

/// Registers that have their first rows in common, and every word that would give one of them away.
fn registers() -> (Vec<Vec<u8>>, Vec<String>) {
    let mut words = Vec::new();
    let mut register = |bank: &str, rows: u64| {
        let mut text = "record,role,mobile\n".to_owned();
        for row in 0..rows {
            let (record, mobile) = (format!("{bank}-akte-{row}"), format!("139{:08}", 12_345_000 + row));
            text.push_str(&format!("{record},agent,{mobile}\n"));
            words.extend([record, mobile]);
        }
        text.into_bytes()
    };
    let registers = BANKS.iter().map(|(bank, rows, _)| register(bank, *rows)).collect();
    (registers, words)
}

#[track_caller]
fn number(of: &Value, name: &str) -> u64 {
    of[name].as_u64().unwrap_or_else(|| panic!("no {name}: {of}"))
}

/// The only entry of this event that is about this bank, or about nobody.
async fn only(world: &World, party: &str, event: &str, bank: &str) -> Value {
    let mut told = entries(world, party, event).await;
    told.retain(|body| body["bank"].is_null() || body["bank"] == bank);
    assert_eq!(told.len(), 1, "{event} of {bank} at {party}: {told:?}");
    told.remove(0)
}

/// What a holder's log says that it has evaluated for a bank, request by request: chunks, and the single elements by which
/// their answers were checked.
async fn charged(world: &World, holder: &str, bank: &str) -> (Vec<u64>, Vec<u64>) {
    let charged = entries(world, holder, "holder.charged").await;
    let of_bank = charged.iter().filter(|body| body["bank"] == bank).map(|body| number(body, "elements"));
    of_bank.partition(|elements| *elements > 1)
}

/// The elements that passed from a bank to a holder, and the bytes of the requests in which they did.
fn passed(wire: &BadWire, bank: &str) -> (usize, usize) {
    let (mut elements, mut bytes) = (0, 0);
    for (message, _) in wire.requests(bank, "Evaluate") {
        let asked = v1::EvaluateRequest::decode(message).expect("a request");
        elements += asked.blinded_elements.len() / limits::ELEMENT_BYTES;
        bytes += asked.request.len() + asked.blinded_elements.len();
    }
    for (message, _) in wire.requests(bank, "BlindEvaluate") {
        let asked = v1::BlindEvaluateRequest::decode(message).expect("a request");
        elements += asked.blinded_elements.len() / limits::ELEMENT_BYTES;
        bytes += asked.key_id.len() + asked.blinded_elements.len();
    }
    (elements, bytes)
}

/// The elements of a bank: its own log, each holder's log, each wire. Gives the bytes that went to holders.
async fn elements_agree(world: &World, wires: &Wires, shown: &Value, bank: &str, holders: &[&str]) -> u64 {
    let told = only(world, bank, "job.evaluated", bank).await;
    assert_eq!(told["terms"], shown["terms_digest"], "{bank}");
    let (mut sent, elements) = (0, number(&told, "elements"));
    for holder in holders {
        let (chunks, checks) = charged(world, holder, bank).await;
        assert!(
            !chunks.is_empty() && chunks.len() == checks.len(),
            "{bank} at {holder}: {chunks:?} {checks:?}"
        );
        assert_eq!(chunks.iter().sum::<u64>(), elements, "{bank} at {holder}");
        let (seen, bytes) = passed(&wires[*holder], bank);
        assert_eq!(seen as u64, elements + checks.len() as u64, "{bank} at {holder}");
        sent += bytes as u64;
    }
    sent
}

/// The rows of a bank: its own log, the coordinator's, the wire. Gives their bytes.
async fn rows_agree(world: &World, wires: &Wires, shown: &Value, bank: &str) -> u64 {
    let told = only(world, bank, "job.submitted", bank).await;
    assert_eq!(told["terms"], shown["terms_digest"], "{bank}");
    let taken = only(world, COORDINATOR, "submission.announced", bank).await;
    assert_eq!((&told["rows"], &told["root"]), (&taken["rows"], &taken["root"]), "{bank}");
    only(world, COORDINATOR, "submission.sealed", bank).await;
    let bytes = number(&told, "rows") * row_bytes(COUNT) as u64;
    let slices = wires[COORDINATOR].requests(bank, "SendRows").into_iter();
    let slices = slices.map(|(message, _)| v1::SendRowsRequest::decode(message).expect("rows").rows.len());
    assert_eq!(slices.sum::<usize>() as u64, bytes, "{bank}");
    bytes
}

/// A holder's ledger has no more and no less than its log.
async fn ledger_agrees(world: &World, holder: &str) {
    let all = entries(world, holder, "holder.charged").await;
    let logged: u64 = all.iter().map(|body| number(body, "elements")).sum();
    let listed = world.run(holder, &["key", "list"]).await.json();
    assert_eq!(number(&listed["keys"][0]["quota"], "spent"), logged, "{holder}: {listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_tell_what_was_sent() {
    let (registers, words) = registers();
    let world = World::ready(&BANKS.map(|(bank, ..)| bank), 2, 2).await;
    let (mut wires, mut middles) = (Wires::new(), Vec::new());
    for party in ["alpha", "beta", COORDINATOR] {
        let wire = Arc::new(BadWire::repeating(&[]));
        middles.push(in_the_place_of(&world, party, wire.clone()).await);
        wires.insert(party, wire);
    }
    for ((bank, ..), register) in BANKS.iter().zip(&registers) {
        world.import(bank, register).await;
    }
    let (_, shown) = world.whole_job(&JobTerms::new(2, COUNT)).await;

    let mut submitted = 0;
    for (bank, identifiers, holders) in BANKS {
        let shown = &shown[bank];
        assert_eq!(number(&shown["figures"], "evaluated"), identifiers, "{bank}: {shown}");
        let to_holders = elements_agree(&world, &wires, shown, bank, holders).await;
        let to_coordinator = rows_agree(&world, &wires, shown, bank).await;
        assert_eq!(number(&shown["figures"], "bytes_sent"), to_holders + to_coordinator, "{bank}: {shown}");
        submitted += to_coordinator;
    }
    for holder in ["alpha", "beta"] {
        ledger_agrees(&world, holder).await;
    }
    let metrics = world.metrics(COORDINATOR).await;
    let counted = metrics.lines().find_map(|line| line.strip_prefix("lianfang_submission_bytes_total "));
    let counted: Option<f64> = counted.and_then(|value| value.parse().ok());
    assert_eq!(counted, Some(submitted as f64), "the coordinator's own count");

    // The logs hold, and tell what was sent and nothing of whom.
    let canaries = Canaries::new(words.iter().map(String::as_str));
    for party in BANKS.map(|(bank, ..)| bank).into_iter().chain([COORDINATOR]) {
        world.run(party, &["audit", "verify"]).await.json();
        let said = world.run(party, &["audit", "list"]).await;
        assert!(canaries.found_in(said.out.as_bytes()).is_none(), "{party}: {}", said.out);
    }
    drop(middles);
    world.end().await;
}
