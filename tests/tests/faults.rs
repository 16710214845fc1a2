//! What can go wrong, and does: each fault is met, the honest lose nothing, and one sentence in each language says at
//! which party and what to do.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lianfang_desk::{Exit, Lang, Problem};
use lianfang_link::client::DialLimits;
use lianfang_link::{Authority, Dialer, Identity, KeyMaterial, Party, UnixTime, Validity};
use lianfang_node::config::Policy;
use lianfang_node::fault::of_link;
use lianfang_proto::catalogue::Disclosure;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::v1::intake_client::IntakeClient;
use lianfang_proto::v1::key_holder_client::KeyHolderClient;
use lianfang_proto::{Fault, FaultCode, limits, v1};
use lianfang_tests::demo::compare::contact_of;
use lianfang_tests::liars::{Lie, LyingHolder, Spoiler, coordinators_keys, credentials, in_the_place_of};
use lianfang_tests::network::{Meddler, Passing};
use lianfang_tests::oracle::{ClearBank, expected_reports};
use lianfang_tests::people::{Shape, World as People};
use lianfang_tests::world::{COORDINATOR, JobTerms, World, address, automatic};
use lianfang_trust::Signed;
use prost::Message as _;
use serde_json::Value;
use tonic::Status;
use tonic::transport::Channel;

const LABELS: Disclosure = Disclosure::Labels;

/// Banks with a register each.
async fn stocked(banks: usize, holders: usize, threshold: usize, records: usize) -> (World, People) {
    let people = People::generate(11, banks, records, Shape::Ordinary);
    let names: Vec<&str> = people.banks.iter().map(|bank| bank.id.as_str()).collect();
    let world = World::ready(&names, holders, threshold).await;
    stock(&world, &people).await;
    (world, people)
}

async fn stock(world: &World, people: &People) {
    for bank in &people.banks {
        world.import(&bank.id, &bank.file).await;
    }
}

/// The reports of these banks are those of the clear answer over them alone.
async fn agree(
    world: &World,
    people: &People,
    of: &[&str],
    job: &str,
    threshold: usize,
    disclosure: Disclosure,
) {
    let taking_part = people.banks.iter().filter(|bank| of.contains(&bank.id.as_str()));
    let clear: Vec<ClearBank> = taking_part.map(ClearBank::of_truth).collect();
    let mut rows = 0;
    for (bank, expected) in expected_reports(&clear, threshold, disclosure, contact_of) {
        assert!(world.report(&bank, job).await == expected, "{bank}");
        rows += expected.split(|&byte| byte == b'\n').count() - 2;
    }
    assert!(rows > 0, "there is something to report");
}

/// The fault as a person reads it: in both languages the party stands there, and something to do.
#[track_caller]
fn told(fault: &Value, code: FaultCode, party: &str) {
    assert_eq!(fault["code"], code.code(), "{fault}");
    assert_eq!(fault["party"], party, "{fault}");
    let mut problem = Problem::fault(code.code()).at(party);
    for name in ["field", "wanted", "got"] {
        problem = problem.with(name, fault[name].as_str().unwrap_or_default());
    }
    sentences(&problem, party);
}

#[track_caller]
fn sentences(problem: &Problem, party: &str) {
    for lang in Lang::ALL {
        let sentence = problem.sentence(lang);
        assert!(sentence.contains(party), "{sentence}");
        assert!(sentence.contains(&problem.advice(lang)) && !problem.advice(lang).is_empty(), "{sentence}");
        assert_eq!(
            sentence.chars().any(|c| ('\u{4E00}'..='\u{9FFF}').contains(&c)),
            lang == Lang::Zh,
            "{sentence}"
        );
    }
}

/// Whom a bank's log accuses, with evidence.
async fn accused(world: &World, bank: &str) -> Vec<String> {
    let said = world.run(bank, &["audit", "list", "--limit", "1000"]).await;
    let entries = said.out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let accusations = entries.filter(|entry| entry["event"] == "fault.accused");
    accusations.filter_map(|entry| entry["body"]["holder"].as_str().map(str::to_owned)).collect()
}

/// The lie costs nobody anything, and the liar is named where there is evidence, and nobody where there is none.
async fn a_lie_is_met(lie: Lie, evident: bool) {
    let (world, people) = stocked(3, 3, 2, 40).await;
    let _liar = LyingHolder::start(&world, "bank-03", lie).await;
    let (job, _) = world.whole_job(&JobTerms::new(2, LABELS)).await;
    agree(&world, &people, &["bank-01", "bank-02", "bank-03"], &job, 2, LABELS).await;
    for bank in ["bank-01", "bank-02"] {
        let accused = accused(&world, bank).await;
        assert_eq!(!accused.is_empty(), evident, "{lie:?}: {accused:?}");
        assert!(accused.iter().all(|holder| holder == "bank-03"), "{lie:?}: {accused:?}");
        assert!(world.run(bank, &["audit", "verify"]).await.exit.is_done());
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_returns_what_it_was_sent() {
    a_lie_is_met(Lie::Reflected, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_swaps_two_answers() {
    a_lie_is_met(Lie::Swapped, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_with_one_wrong_answer() {
    a_lie_is_met(Lie::OneWrong, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_signs_something_else() {
    a_lie_is_met(Lie::WronglySigned, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_whose_answers_are_no_points() {
    a_lie_is_met(Lie::NoPoints, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_does_not_answer_the_check() {
    a_lie_is_met(Lie::NoCheck, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_whose_answer_is_cut_short() {
    a_lie_is_met(Lie::CutShort, false).await;
}

/// Without another holder to take, the job stops at the liar's name.
#[tokio::test(flavor = "multi_thread")]
async fn a_lying_holder_that_nobody_can_replace() {
    let (world, _) = stocked(2, 2, 2, 20).await;
    let _liar = LyingHolder::start(&world, "bank-02", Lie::OneWrong).await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    told(&world.fault("bank-01", &job).await, FaultCode::HolderLied, "bank-02");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_is_down_is_replaced() {
    let (mut world, people) = stocked(3, 3, 2, 40).await;
    world.stop("bank-03").await;
    let terms = JobTerms::new(2, LABELS).with("--banks", "bank-01,bank-02");
    let job = world.start_job(&terms).await;
    for bank in ["bank-01", "bank-02"] {
        world.stage(bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02"], &job, 2, LABELS).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_holders_are_named() {
    let (world, people) = stocked(3, 2, 2, 20).await;
    let middle = LyingHolder::start(&world, "bank-02", Lie::NotThere).await;
    let terms = JobTerms::new(2, LABELS).with("--banks", "bank-01,bank-03");
    let job = world.start_job(&terms).await;
    told(&world.fault("bank-01", &job).await, FaultCode::HoldersMissing, "bank-02");
    // Once it answers again, the job goes on by itself.
    world.detour.lead(&address("bank-02"), &address("bank-02"));
    drop(middle);
    world.network.faults("middle-of-bank-02:7000").cut();
    for bank in ["bank-01", "bank-03"] {
        world.stage(bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-03"], &job, 2, LABELS).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_is_gone_is_named_before_consent() {
    let (mut world, _) = stocked(3, 2, 2, 20).await;
    world.stop("bank-02").await;
    let terms = JobTerms::new(2, LABELS).with("--banks", "bank-01,bank-03");
    let job = world.start_job(&terms).await;
    told(&world.fault("bank-01", &job).await, FaultCode::Unreachable, "bank-02");
    world.start("bank-02").await;
    for bank in ["bank-01", "bank-03"] {
        world.stage(bank, &job, "done").await;
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_where_the_policy_says_so() {
    let people = People::generate(11, 2, 20, Shape::Ordinary);
    let strict = |bank: &str| if bank == "bank-01" { Policy::default().accept } else { automatic().accept };
    let names = ["bank-01", "bank-02"];
    let world = World::with_policy(&names, |bank| Policy { accept: strict(bank), ..automatic() }).await;
    for bank in names {
        world.enrol(bank, bank).await;
    }
    world.agree(&names, 2).await;
    stock(&world, &people).await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    told(&world.fault("bank-01", &job).await, FaultCode::ConsentPending, "bank-01");
    world.run("bank-01", &["job", "accept", &job]).await.json();
    for bank in names {
        world.stage(bank, &job, "done").await;
    }
    agree(&world, &people, &names, &job, 2, LABELS).await;
    let refused = world.start_job(&JobTerms::new(2, LABELS)).await;
    world.fault("bank-01", &refused).await;
    world.run("bank-01", &["job", "refuse", &refused]).await.json();
    world.stage("bank-01", &refused, "refused").await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_is_late_is_waited_for() {
    let (mut world, people) = stocked(3, 2, 2, 30).await;
    world.stop("bank-03").await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    world.stage("bank-01", &job, "submitted").await;
    world.stage("bank-02", &job, "submitted").await;
    world.start("bank-03").await;
    for bank in world.banks() {
        world.stage(&bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02", "bank-03"], &job, 2, LABELS).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_is_absent_is_left_out() {
    let (mut world, people) = stocked(3, 2, 2, 30).await;
    world.stop("bank-03").await;
    let job = world.start_job(&JobTerms::new(2, LABELS).with("--deadline", "1h")).await;
    for bank in ["bank-01", "bank-02"] {
        world.stage(bank, &job, "submitted").await;
    }
    world.clock.pass(Duration::from_secs(3_601));
    for bank in ["bank-01", "bank-02"] {
        world.stage(bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02"], &job, 2, LABELS).await;
    let summary = world.run(COORDINATOR, &["summary", &job]).await.json();
    assert_eq!(summary["missing"], serde_json::json!(["bank-03"]));
    world.end().await;
}

/// A submission of a few slices, slow enough to be cut in the middle.
fn long_submission() -> JobTerms {
    JobTerms::new(2, LABELS).with("--least-rows", "32768")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_dies_in_mid_submission_comes_back() {
    let (mut world, people) = stocked(3, 2, 2, 30).await;
    world.stop("bank-03").await;
    let job = world.start_job(&long_submission()).await;
    world.stage("bank-01", &job, "submitted").await;
    world.stage("bank-02", &job, "submitted").await;
    let wire = world.network.faults(&address(COORDINATOR));
    let before = wire.passed();
    wire.throttle(Some(4_000_000));
    world.start("bank-03").await;
    world.until("some rows are over", async || (wire.passed() > before + 2_500_000).then_some(())).await;
    assert_eq!(world.job_at("bank-03", &job).await.expect("known")["stage"], "prepared");
    world.stop("bank-03").await;
    wire.throttle(None);
    wire.cut();
    let resumed = wire.passed();
    world.start("bank-03").await;
    for bank in world.banks() {
        world.stage(&bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02", "bank-03"], &job, 2, LABELS).await;
    let rows = 32_768 * lianfang_proto::row::row_bytes(LABELS) as u64;
    assert!(rows > 5_000_000 && wire.passed() > resumed);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wire_that_is_cut_again_and_again() {
    let (world, people) = stocked(2, 2, 2, 30).await;
    let wire = world.network.faults(&address(COORDINATOR));
    wire.cut_after(Some(3_000_000));
    wire.cut();
    let (job, _) = world.whole_job(&long_submission()).await;
    agree(&world, &people, &["bank-01", "bank-02"], &job, 2, LABELS).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_starts_again_in_the_middle() {
    let (mut world, people) = stocked(3, 2, 2, 30).await;
    world.stop("bank-03").await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    world.stage("bank-01", &job, "submitted").await;
    world.stop(COORDINATOR).await;
    world.start(COORDINATOR).await;
    world.start("bank-03").await;
    for bank in world.banks() {
        world.stage(&bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02", "bank-03"], &job, 2, LABELS).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_jobs_at_once() {
    let (world, people) = stocked(3, 3, 2, 30).await;
    let first = world.start_job(&JobTerms::new(2, LABELS)).await;
    let second = world.start_job(&JobTerms::new(3, Disclosure::Count)).await;
    for bank in world.banks() {
        world.stage(&bank, &first, "done").await;
        world.stage(&bank, &second, "done").await;
    }
    let all = ["bank-01", "bank-02", "bank-03"];
    agree(&world, &people, &all, &first, 2, LABELS).await;
    agree(&world, &people, &all, &second, 3, Disclosure::Count).await;
    world.end().await;
}

/// How a call fails between two parties of a world, at the time of its clock.
async fn dialled(world: &World, identity: &Identity, to: &str) -> Result<(), Fault> {
    let directory = Arc::new(credentials(world, to).await.roster);
    let transport = Arc::new(world.network.clone());
    let dialer =
        Dialer::new(transport, Some(identity), directory, &world.clock.of_link(), DialLimits::default());
    let party = Party::Bank(to.to_owned());
    dialer.connect(&address(to), &party).await.map(drop).map_err(|error| of_link(&error).at(to))
}

fn problem_of(fault: &Fault) -> Problem {
    lianfang_node::fault::problem(fault)
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_are_expired_or_foreign() {
    let world = World::ready(&["alpha", "beta"], 2, 2).await;
    let own = credentials(&world, "alpha").await.identity;
    dialled(&world, &own, "beta").await.expect("it is admitted");
    let key = KeyMaterial::generate().expect("a key");
    let now = UnixTime::now();
    let lasts = Validity::starting(now, Duration::from_hours(24));
    let foreign = Authority::create("somebody", lasts).expect("an authority");
    let request = key.certificate_request().expect("a request");
    let issued = foreign.issue(&request, &Party::Bank("alpha".to_owned()), lasts).expect("a certificate");
    let foreign = key.certified(issued.chain).expect("an identity");
    let refused = dialled(&world, &foreign, "beta").await.expect_err("nobody vouches for it");
    assert_eq!(refused.code, FaultCode::CertificateUnknown);
    sentences(&problem_of(&refused), "beta");
    world.clock.pass(Duration::from_hours(400 * 24));
    let refused = dialled(&world, &own, "beta").await.expect_err("a year is over");
    assert_eq!(refused.code, FaultCode::CertificateExpired);
    sentences(&problem_of(&refused), "beta");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_over_its_quota() {
    let people = People::generate(11, 2, 30, Shape::Ordinary);
    let policy = |bank: &str| Policy { quota: if bank == "bank-02" { 40 } else { 4_000_000 }, ..automatic() };
    let world = World::with_policy(&["bank-01", "bank-02"], policy).await;
    for bank in ["bank-01", "bank-02"] {
        world.enrol(bank, bank).await;
    }
    world.agree(&["bank-01", "bank-02"], 2).await;
    stock(&world, &people).await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    told(&world.fault("bank-01", &job).await, FaultCode::QuotaExceeded, "bank-02");
    // A person there allows more, and the job goes on.
    world.run("bank-02", &["policy", "allow", "bank-01", "100000"]).await.json();
    for bank in ["bank-01", "bank-02"] {
        world.stage(bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02"], &job, 2, LABELS).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_over_the_size_cap() {
    let (world, _) = stocked(2, 2, 2, 20).await;
    let job = world.start_job(&JobTerms::new(2, LABELS).with("--size-cap", "10")).await;
    told(&world.fault("bank-01", &job).await, FaultCode::SizeCapExceeded, "bank-01");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_admitted_by_default() {
    let people = People::generate(11, 2, 20, Shape::Ordinary);
    let policy = |bank: &str| {
        if bank == "bank-02" { Policy { admit: Policy::default().admit, ..automatic() } } else { automatic() }
    };
    let world = World::with_policy(&["bank-01", "bank-02"], policy).await;
    for bank in ["bank-01", "bank-02"] {
        world.enrol(bank, bank).await;
    }
    world.agree(&["bank-01", "bank-02"], 2).await;
    stock(&world, &people).await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    told(&world.fault("bank-01", &job).await, FaultCode::NotAdmitted, "bank-02");
    world.run("bank-02", &["policy", "admit", "bank-01"]).await.json();
    world.stage("bank-01", &job, "done").await;
    world.end().await;
}

/// Changes what one bank is shown of the terms, signed by the coordinator's own key.
struct OtherTerms {
    key: lianfang_trust::SigningKey,
}

impl Meddler for OtherTerms {
    fn reply(&self, call: &Passing, _: &Bytes, messages: Vec<Bytes>) -> Result<Vec<Bytes>, Status> {
        if call.method != "GetJob" || call.from != "bank-02" {
            return Ok(messages);
        }
        let other = |message: Bytes| {
            let mut reply = v1::GetJobReply::decode(message).expect("a reply");
            let signed =
                Signed::<Terms>::open(&reply.terms, &self.key.verifying_key()).expect("signed terms");
            let terms = Terms { purpose: "something else".to_owned(), ..signed.into_value() };
            reply.terms = Bytes::copy_from_slice(Signed::sign(&self.key, terms).bytes());
            reply.encode_to_vec().into()
        };
        Ok(messages.into_iter().map(other).collect())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_that_differ_do_not_match() {
    let (world, _) = stocked(3, 2, 2, 20).await;
    let meddler = OtherTerms { key: coordinators_keys(&world).coordinator };
    let _middle = in_the_place_of(&world, COORDINATOR, Arc::new(meddler)).await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    let fault = world.fault("bank-02", &job).await;
    told(&fault, FaultCode::TermsDiffer, "coordinator");
    world.end().await;
}

/// Leaves matches out of a report, or alters one, and must be found out.
async fn a_report_is_spoilt(spoil: fn(Bytes) -> Bytes) -> Value {
    let (world, _) = stocked(2, 2, 2, 30).await;
    let spoil_items = move |messages: Vec<Bytes>| {
        let spoilt = |message: Bytes| {
            let mut reply = v1::ReadReportReply::decode(message).expect("a reply");
            reply.items = spoil(reply.items);
            reply.encode_to_vec().into()
        };
        messages.into_iter().map(spoilt).collect()
    };
    let spoiler = Spoiler { method: "ReadReport", of: "bank-01", spoil: spoil_items };
    let _middle = in_the_place_of(&world, COORDINATOR, Arc::new(spoiler)).await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    let fault = world.fault("bank-01", &job).await;
    let refused = world.run("bank-01", &["report", &job, "--out", "spoilt"]).await;
    assert_ne!(refused.exit, Exit::Done, "nothing of it is shown");
    world.end().await;
    fault
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_hides_matches() {
    let fault = a_report_is_spoilt(|_| Bytes::new()).await;
    assert!(fault["party"] == "coordinator", "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_alters_a_match() {
    let fault = a_report_is_spoilt(|items| {
        let mut items = items.to_vec();
        if let Some(middle) = items.len().checked_div(2).filter(|&at| at > 0) {
            items[middle] ^= 1;
        }
        items.into()
    })
    .await;
    assert!(fault["party"] == "coordinator", "{fault}");
}

async fn channel(world: &World, from: &str, to: &str) -> Channel {
    let own = credentials(world, from).await;
    let transport = Arc::new(world.network.clone());
    let directory = Arc::new(own.roster);
    let dialer =
        Dialer::new(transport, Some(&own.identity), directory, &world.clock.of_link(), DialLimits::default());
    let party = if to == COORDINATOR { Party::Coordinator } else { Party::Bank(to.to_owned()) };
    dialer.channel(&address(to), &party)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_takes_no_malformed_message() {
    let world = World::ready(&["alpha", "beta"], 2, 2).await;
    let channel = channel(&world, "alpha", "beta").await;
    let mut client = KeyHolderClient::new(channel).max_encoding_message_size(16 * 1_024 * 1_024);
    let ask =
        |blinded: Vec<u8>| v1::EvaluateRequest { request: Bytes::new(), blinded_elements: blinded.into() };
    let too_large = ask(vec![0; limits::MESSAGE_BYTES + 1]);
    let cases =
        [(ask(vec![0; 32]), None), (ask(vec![0; 31]), None), (too_large, Some(FaultCode::MessageTooLarge))];
    for (request, code) in cases {
        let status = client.evaluate(request).await.expect_err("refused");
        let fault = Fault::from_status(&status).at("beta");
        assert!(code.is_none_or(|code| code == fault.code), "{fault}");
        assert_ne!(fault.code, FaultCode::Internal, "{status:?}");
        sentences(&problem_of(&fault), "beta");
    }
    let key_id = vec![1, 1, 0, 0, 0, 1, 0, 0, 0, 0];
    let blind = |count: usize, byte: u8| v1::BlindEvaluateRequest {
        key_id: key_id.clone().into(),
        blinded_elements: vec![byte; count].into(),
    };
    let cases = [
        (blind(0, 0), "blinded_elements"),
        (blind(33, 0), "blinded_elements"),
        (blind(65 * 32, 0), "blinded_elements"),
        (blind(32, 0), "blinded_elements"),
        (blind(32, 0xFF), "blinded_elements"),
    ];
    for (request, field) in cases {
        let status = client.blind_evaluate(request).await.expect_err("refused");
        let fault = Fault::from_status(&status);
        assert!(fault.field.as_deref().is_some_and(|named| named.contains(field)), "{fault}: {status:?}");
        assert_eq!(fault.party.as_deref(), Some("beta"), "{fault}");
        sentences(&problem_of(&fault), "beta");
    }
    world.end().await;
}

/// Rows that are out of order, repeated, cut or too many are refused by name, and the submission goes on unharmed.
#[tokio::test(flavor = "multi_thread")]
async fn the_coordinator_takes_no_rows_out_of_turn() {
    let (mut world, people) = stocked(3, 2, 2, 30).await;
    world.stop("bank-03").await;
    let job = world.start_job(&long_submission()).await;
    let shown = world.stage("bank-01", &job, "submitted").await;
    world.stage("bank-02", &job, "submitted").await;
    let terms = hex::decode(shown["terms_digest"].as_str().expect("hex")).expect("hex");
    let wire = world.network.faults(&address(COORDINATOR));
    let before = wire.passed();
    wire.throttle(Some(4_000_000));
    world.start("bank-03").await;
    world.until("some rows are over", async || (wire.passed() > before + 2_500_000).then_some(())).await;
    world.stop("bank-03").await;
    wire.throttle(None);
    let mut client = IntakeClient::new(channel(&world, "bank-03", COORDINATOR).await)
        .max_encoding_message_size(16 * 1_024 * 1_024);
    let row = lianfang_proto::row::row_bytes(LABELS);
    let send = |first_row: u64, bytes: usize| v1::SendRowsRequest {
        terms_digest: terms.clone().into(),
        first_row,
        rows: vec![7; bytes].into(),
    };
    let cases = [
        (send(1 << 40, row), FaultCode::MessageOutOfOrder),
        (send(0, row), FaultCode::MessageOutOfOrder),
        (send(0, row - 1), FaultCode::MessageTruncated),
        (send(0, limits::ROW_SLICE_BYTES / row * row + row), FaultCode::MessageTooLarge),
        (send(0, 3 * limits::MESSAGE_BYTES), FaultCode::MessageTooLarge),
    ];
    for (request, code) in cases {
        let status = client.send_rows(request).await.expect_err("refused");
        let fault = Fault::from_status(&status).at("coordinator");
        assert_eq!(fault.code, code, "{status:?}");
        sentences(&problem_of(&fault), "coordinator");
    }
    let early = client.seal_submission(v1::SealSubmissionRequest { terms_digest: terms.into() }).await;
    let fault = Fault::from_status(&early.expect_err("refused"));
    assert!(
        matches!(
            fault.code,
            FaultCode::MessageTruncated | FaultCode::MessageOutOfOrder | FaultCode::JobNotReady
        ),
        "{fault}"
    );
    world.start("bank-03").await;
    for bank in world.banks() {
        world.stage(&bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02", "bank-03"], &job, 2, LABELS).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk() {
    let world = World::new(&["alpha"]).await;
    let register = world.dir("alpha").join("register.csv");
    std::fs::write(&register, "record,mobile\n1,13912345678\n2,12\n").expect("written");
    let words = ["import", &register.display().to_string(), "--rejects", "/dev/full"];
    for _ in 0..2 {
        let said = world.run("alpha", &words).await;
        assert_eq!(said.exit, Exit::Later, "{} {}", said.out, said.notes);
        let error: Value =
            serde_json::from_str(said.notes.lines().last().expect("a line")).expect("an object");
        assert_eq!(error["error"]["code"], "disk-full");
    }
    let problem = Problem::fault("disk-full").with("path", "/dev/full").at("alpha");
    sentences(&problem, "alpha");
    world.import("alpha", b"record,mobile\n1,13912345678\n").await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_file() {
    let mut world = World::ready(&["alpha", "beta"], 2, 2).await;
    world.stop("alpha").await;
    let key = world.dir("alpha").join("unlock.key");
    let right = std::fs::read(&key).expect("a key file");
    std::fs::write(&key, vec![7; right.len()]).expect("written");
    let Err(problem) = world.try_start("alpha").await else { panic!("it opened") };
    assert_eq!((problem.code(), problem.exit()), ("wrong-passphrase", Exit::Usage));
    sentences(&problem, "alpha");
    std::fs::write(&key, right).expect("written");
    world.start("alpha").await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ceremony_names_who_was_missing_and_can_be_started_again() {
    let mut world = World::new(&["alpha", "beta", "gamma"]).await;
    for bank in ["alpha", "beta", "gamma"] {
        world.enrol(bank, bank).await;
    }
    world.stop("gamma").await;
    let shown = world.ceremony(&["alpha", "beta", "gamma"], 2, "2s").await;
    assert_eq!((&shown["state"], &shown["failure"]), (&"failed".into(), &"ceremony-failed-missing".into()));
    assert_eq!(shown["culprits"], serde_json::json!(["gamma"]));
    sentences(&Problem::fault("ceremony-failed-missing").at("gamma"), "gamma");
    world.start("gamma").await;
    world.agree(&["alpha", "beta", "gamma"], 2).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_that_is_expired_used_or_for_another() {
    let world = World::new(&["alpha", "beta"]).await;
    let invite = world.run(COORDINATOR, &["invite", "alpha"]).await.json();
    let (text, print) =
        (invite["invite"].as_str().expect("text"), invite["fingerprint"].as_str().expect("hex"));
    let wrong = format!("{:0>64}", "1");
    let code = |notes: &str| {
        let last = notes.lines().last().unwrap_or_default();
        let error: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{notes}"));
        error["error"]["code"].as_str().unwrap_or_default().to_owned()
    };
    let said = world.run("alpha", &["enrol", text, "--fingerprint", &wrong, "--wait", "1"]).await;
    assert_eq!((said.exit, code(&said.notes).as_str()), (Exit::Refused, "fingerprint-differs"));
    let said = world.run("alpha", &["enrol", text, "--fingerprint", print, "--wait", "0"]).await;
    assert_eq!(said.exit, Exit::Later, "nobody has confirmed: {}", said.notes);
    let said = world.run("beta", &["enrol", text, "--fingerprint", print, "--wait", "0"]).await;
    assert_eq!((said.exit, code(&said.notes).as_str()), (Exit::Refused, "invite-used"));
    sentences(&Problem::fault("invite-used").at("coordinator"), "coordinator");
    world.clock.pass(Duration::from_hours(8 * 24));
    let said = world.run("beta", &["enrol", text, "--fingerprint", print, "--wait", "0"]).await;
    assert_eq!((said.exit, code(&said.notes).as_str()), (Exit::Refused, "invite-expired"));
    world.end().await;
}
