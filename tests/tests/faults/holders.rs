//! Holders that lie, are gone, or refuse.

use lianfang_node::config::Policy;
use lianfang_proto::FaultCode;
use lianfang_tests::liars::{Lie, LyingHolder};
use lianfang_tests::people::{Shape, World as People};
use lianfang_tests::world::{JobTerms, World, address, automatic};
use serde_json::{Value, json};

use crate::stage::{LABELS, agree, stock, stocked};
use crate::told::{in_both_languages, told};

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
    told(&world, "bank-01", &job, FaultCode::HolderLied, "bank-02").await;
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
    told(&world, "bank-01", &job, FaultCode::HoldersMissing, "bank-02").await;
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
    told(&world, "bank-01", &job, FaultCode::Unreachable, "bank-02").await;
    world.start("bank-02").await;
    for bank in ["bank-01", "bank-03"] {
        world.stage(bank, &job, "done").await;
    }
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
    told(&world, "bank-01", &job, FaultCode::QuotaExceeded, "bank-02").await;
    // A person there allows more, and the job goes on.
    world.run("bank-02", &["policy", "allow", "bank-01", "100000"]).await.json();
    for bank in ["bank-01", "bank-02"] {
        world.stage(bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02"], &job, 2, LABELS).await;
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
    told(&world, "bank-01", &job, FaultCode::NotAdmitted, "bank-02").await;
    world.run("bank-02", &["policy", "admit", "bank-01"]).await.json();
    world.stage("bank-01", &job, "done").await;
    world.end().await;
}

/// Who mistypes a bank's name is told so; a bank that the roster has is revoked, also before anybody has admitted it.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_revoked_by_a_mistyped_name() {
    let policy = |_: &str| Policy { admit: Policy::default().admit, ..automatic() };
    let world = World::with_policy(&["bank-01", "bank-02"], policy).await;
    for bank in ["bank-01", "bank-02"] {
        world.enrol(bank, bank).await;
    }
    // By then each has the roster in which the other is.
    world.agree(&["bank-01", "bank-02"], 2).await;
    let shown = async || world.run("bank-01", &["policy", "show"]).await.json();
    in_both_languages(&world, "bank-01", &["policy", "revoke", "bank-20"], "member-unknown", "bank-20").await;
    let untouched = shown().await;
    assert_eq!((&untouched["admitted"], &untouched["revoked"]), (&json!([]), &json!([])));

    for decided_before in [false, true] {
        if decided_before {
            world.run("bank-01", &["policy", "admit", "bank-02", "--quota", "7"]).await.json();
            let admitted = shown().await;
            assert_eq!(admitted["admitted"][0]["bank"], "bank-02", "{admitted}");
            assert_eq!(admitted["revoked"], json!([]), "{admitted}");
        }
        let said = world.run("bank-01", &["policy", "revoke", "bank-02"]).await.json();
        assert_eq!(said["revoked"], "bank-02", "{said}");
        let revoked = shown().await;
        assert_eq!(revoked["admitted"], json!([]), "{revoked}");
        assert_eq!(revoked["revoked"][0]["bank"], "bank-02", "{revoked}");
    }
    world.end().await;
}
