//! The life of keys over a whole federation: shares are renewed between jobs and in the middle of one, a lost share is
//! repaired, an epoch follows on another with a holder replaced, and what is over is gone.
#![allow(clippy::unwrap_used, reason = "in a test, what should not fail stops the test")]

use std::time::Duration;

use lianfang_proto::catalogue::Disclosure;
use lianfang_tests::demo::compare::contact_of;
use lianfang_tests::oracle::{ClearBank, expected_reports};
use lianfang_tests::people::{Shape, World as People};
use lianfang_tests::world::{COORDINATOR, JobTerms, World};
use serde_json::Value;

const LABELS: Disclosure = Disclosure::Labels;
const DAY: Duration = Duration::from_hours(24);

async fn stocked(banks: usize, holders: usize, records: usize) -> (World, People) {
    let people = People::generate(11, banks, records, Shape::Ordinary);
    let names: Vec<&str> = people.banks.iter().map(|bank| bank.id.as_str()).collect();
    let world = World::ready(&names, holders, 2).await;
    for bank in &people.banks {
        world.import(&bank.id, &bank.file).await;
    }
    (world, people)
}

/// The reports are those of the clear answer.
async fn agree(world: &World, people: &People, job: &str) {
    let clear: Vec<ClearBank> = people.banks.iter().map(ClearBank::of_truth).collect();
    for (bank, expected) in expected_reports(&clear, 2, LABELS, contact_of) {
        assert!(world.report(&bank, job).await == expected, "{bank}");
    }
}

async fn whole_job(world: &World, people: &People) -> String {
    let (job, _) = world.whole_job(&JobTerms::new(2, LABELS)).await;
    agree(world, people, &job).await;
    job
}

/// What `key list` says of an epoch.
async fn key(world: &World, bank: &str, epoch: u32) -> Value {
    let listed = world.run(bank, &["key", "list"]).await.json();
    let keys = listed["keys"].as_array().unwrap();
    keys.iter().find(|key| key["epoch"] == epoch).cloned().unwrap_or_default()
}

/// A ceremony that the coordinator was told to propose, to its good end.
async fn held(world: &World, words: &[&str]) {
    let started = world.run(COORDINATOR, words).await.json();
    let id = started["ceremony"].as_str().unwrap().to_owned();
    let shown = world
        .until("the ceremony is over", async || {
            let shown = world.run(COORDINATOR, &["ceremony", "show", &id]).await.json();
            (shown["state"] != "open").then_some(shown)
        })
        .await;
    assert_eq!(shown["state"], "done", "{shown}");
}

/// Waits until a holder answers under this generation.
async fn answers_under(world: &World, bank: &str, generation: u32) {
    world
        .until(&format!("{bank} answers under generation {generation}"), async || {
            (key(world, bank, 1).await["share_generation"] == generation).then_some(())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_are_renewed_between_two_jobs_and_nothing_is_charged_again() {
    let (world, people) = stocked(3, 3, 40).await;
    whole_job(&world, &people).await;
    let spent = key(&world, "bank-01", 1).await["quota"]["spent"].clone();
    assert_ne!(spent, 0);
    held(&world, &["ceremony", "refresh"]).await;
    for bank in world.banks() {
        answers_under(&world, &bank, 1).await;
    }
    whole_job(&world, &people).await;
    let now = key(&world, "bank-01", 1).await;
    assert_eq!(now["quota"]["spent"], spent, "outputs stay, and counters neither grow nor begin anew");
    assert_eq!((&now["generation"], &now["compared"]), (&1.into(), &true.into()));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_are_renewed_in_the_middle_of_a_job() {
    let (world, people) = stocked(3, 3, 120).await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    held(&world, &["ceremony", "refresh"]).await;
    for bank in world.banks() {
        world.stage(&bank, &job, "done").await;
    }
    agree(&world, &people, &job).await;
    for bank in world.banks() {
        answers_under(&world, &bank, 1).await;
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_lost_everything_but_its_identity_has_its_share_repaired() {
    let (mut world, people) = stocked(3, 3, 40).await;
    whole_job(&world, &people).await;
    world.stop("bank-03").await;
    for file in std::fs::read_dir(world.dir("bank-03")).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("store.sqlite") {
            std::fs::remove_file(path).unwrap();
        }
    }
    world.start("bank-03").await;
    world.enrol("bank-03", "bank-03").await;
    let bank = people.banks.iter().find(|bank| bank.id == "bank-03").unwrap();
    world.import("bank-03", &bank.file).await;
    held(&world, &["ceremony", "repair", "--holder", "bank-03"]).await;
    // A refresh follows by itself: old shares are worth nothing any more.
    for bank in world.banks() {
        answers_under(&world, &bank, 1).await;
    }
    let repaired = key(&world, "bank-03", 1).await;
    assert_eq!(repaired["quota"]["lost"], true, "its counters are full until people allow more");
    let (job, _) = world.whole_job(&JobTerms::new(2, LABELS)).await;
    agree(&world, &people, &job).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_epoch_follows_on_another_with_a_holder_replaced_and_what_is_over_is_gone() {
    let (world, people) = stocked(4, 3, 30).await;
    whole_job(&world, &people).await;
    let next = ["ceremony", "start", "--holders", "bank-01,bank-02,bank-04", "--threshold", "2"];
    held(&world, &next).await;
    let state = async |epoch: u32| {
        let keys = world.run(COORDINATOR, &["ceremony", "keys"]).await.json();
        let keys = keys["keys"].as_array().unwrap().clone();
        keys.iter().find(|key| key["epoch"] == epoch).unwrap()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!((state(1).await.as_str(), state(2).await.as_str()), ("active", "pending"));
    let early = world.run(COORDINATOR, &["ceremony", "close", "--epoch", "1"]).await;
    assert!(!early.exit.is_done(), "an active key is retired first");
    whole_job(&world, &people).await;
    assert_eq!(key(&world, "bank-01", 1).await["state"], "active");

    world.run(COORDINATOR, &["ceremony", "activate", "--epoch", "2", "--overlap", "2d"]).await.json();
    assert_eq!((state(1).await.as_str(), state(2).await.as_str()), ("retiring", "active"));
    let job = whole_job(&world, &people).await;
    assert_eq!(world.job_at("bank-03", &job).await.unwrap()["stage"], "done");
    // Both answer: the old one still has its shares.
    assert_eq!(key(&world, "bank-03", 1).await["own_share"], true);
    assert_eq!(key(&world, "bank-04", 2).await["own_share"], true);

    world.clock.pass(3 * DAY);
    for bank in world.banks() {
        world
            .until(&format!("the epoch is over at {bank}"), async || {
                let old = key(&world, &bank, 1).await;
                (old["closed"] == true && old["own_share"] == false).then_some(())
            })
            .await;
        let entries = world.run(&bank, &["audit", "list", "--limit", "1000"]).await.out;
        assert!(entries.contains("key.epoch-closed") && entries.contains("key.noticed"), "{bank}");
    }
    assert_eq!(state(1).await, "retired");
    let element = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76\n";
    let words = ["key", "evaluate", "--holder", "bank-01", "--epoch", "1", "--json"];
    let refused = world.run_with("bank-02", &words, element).await;
    assert!(!refused.exit.is_done(), "{}", refused.out);
    whole_job(&world, &people).await;
    world.end().await;
}
