//! What people say of today's tools, one test for each sentence: the failures that users of PSI and federated-learning
//! products report, and that were seen when those products were run. Each test is named after the complaint that would
//! come if it failed.
//!
//! | room | what is said |
//! | --- | --- |
//! | `told` | tasks fail with no message |
//! | `sent` | nobody can tell what was sent |
//! | `died` | a peer that dies takes the survivor down |
//! | `joined` | certificates are copied by hand between nodes |
//! | `programs` | a million rows need tens of gigabytes; after a kill the whole input lies in clear text |
//!
//! What takes a few lines stands here.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use encoding_rs::GB18030;
use lianfang_desk::{Exit, Lang};
use lianfang_proto::catalogue::Disclosure;
use lianfang_tests::demo::compare::contact_of;
use lianfang_tests::oracle::{ClearBank, expected_reports};
use lianfang_tests::people::{Shape, World as People};
use lianfang_tests::world::{COORDINATOR, JobTerms, World, address};
use serde_json::Value;

mod died;
mod joined;
mod programs;
mod sent;
mod told;

const HEADER: &str = "record,role,cn-id,mobile\n";
const COUNT: Disclosure = Disclosure::Count;

/// A register of these lines.
fn register(lines: &[&str]) -> Vec<u8> {
    let mut text = HEADER.to_owned();
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text.into_bytes()
}

fn rows(report: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(report).lines().skip(1).map(str::to_owned).collect()
}

async fn pair() -> World {
    World::ready(&["alpha", "beta"], 2, 2).await
}

/// What a party's log says of one kind of event: the bodies of its entries, in their order.
async fn entries(world: &World, party: &str, event: &str) -> Vec<Value> {
    let at_most = if party == COORDINATOR { "--last" } else { "--limit" };
    let said = world.run(party, &["audit", "list", at_most, "1000"]).await;
    assert!(said.exit.is_done(), "{party}: {said:?}");
    let lines = said.out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|entry| entry["event"] == event).map(|entry| entry["body"].clone()).collect()
}

/// “More than three parties is not possible.”
#[tokio::test(flavor = "multi_thread")]
async fn more_than_three_parties_is_possible() {
    let people = People::generate(5, 7, 25, Shape::Ordinary);
    let names: Vec<&str> = people.banks.iter().map(|bank| bank.id.as_str()).collect();
    let world = World::ready(&names, 4, 3).await;
    for bank in &people.banks {
        world.import(&bank.id, &bank.file).await;
    }
    let (job, _) = world.whole_job(&JobTerms::new(3, Disclosure::Institutions)).await;
    let clear: Vec<ClearBank> = people.banks.iter().map(ClearBank::of_truth).collect();
    assert!(world.reports(&job).await == expected_reports(&clear, 3, Disclosure::Institutions, contact_of));
    world.end().await;
}

/// “It hangs with no error.”
#[tokio::test(flavor = "multi_thread")]
async fn it_hangs_with_no_error() {
    let mut world = pair().await;
    world.import("alpha", &register(&["A1,agent,,13912345678"])).await;
    world.import("beta", &register(&["B1,agent,,13912345678"])).await;
    world.network.faults(&address("beta")).blackhole(true);
    world.stop("beta").await;
    let begun = Instant::now();
    let job = world.start_job(&JobTerms::new(2, COUNT)).await;
    let fault = world.fault("alpha", &job).await;
    assert_eq!(fault["party"], "beta", "{fault}");
    assert!(begun.elapsed() < Duration::from_mins(1), "a person would have given up");
    world.network.faults(&address("beta")).blackhole(false);
    world.start("beta").await;
    world.stage("alpha", &job, "done").await;
    world.end().await;
}

/// “One empty cell, one duplicate row, a GBK file, an empty result crash it.”
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_cell_a_duplicate_row_a_gbk_file_or_an_empty_result_crash_it() {
    let world = pair().await;
    let told = world
        .import("alpha", &register(&["A1,agent,,", "A2,agent,,13912345678", "A2,agent,,13912345678"]))
        .await;
    assert_eq!((&told["records"], &told["rejected"]), (&2.into(), &1.into()), "{told}");
    let chinese = "编号,角色,身份证号,手机号\nB1,代理人,,13812345678\n";
    let told = world.import("beta", &GB18030.encode(chinese).0).await;
    assert_eq!(told["records"], 1, "{told}");
    let (job, shown) = world.whole_job(&JobTerms::new(2, COUNT)).await;
    assert!(shown.values().all(|shown| shown["stage"] == "done"));
    for (bank, report) in world.reports(&job).await {
        assert_eq!(rows(&report), Vec::<String>::new(), "{bank} has an empty report");
    }
    world.end().await;
}

/// “The match rate differs from run to run.”
#[tokio::test(flavor = "multi_thread")]
async fn the_match_rate_differs_from_run_to_run() {
    let people = People::generate(9, 3, 30, Shape::Ordinary);
    let names: Vec<&str> = people.banks.iter().map(|bank| bank.id.as_str()).collect();
    let world = World::ready(&names, 3, 2).await;
    for bank in &people.banks {
        world.import(&bank.id, &bank.file).await;
    }
    let mut seen: Option<BTreeMap<String, Vec<u8>>> = None;
    for _ in 0..3 {
        let (job, _) = world.whole_job(&JobTerms::new(2, Disclosure::Labels)).await;
        let reports = world.reports(&job).await;
        assert!(seen.as_ref().is_none_or(|before| *before == reports));
        seen = Some(reports);
    }
    world.end().await;
}

/// How much longer a job may take for somebody's bad file. What a job takes where nothing is wrong is measured, for machines
/// differ.
const LONGER: Duration = Duration::from_secs(10);

/// “One party's bad file makes the other wait half a minute and abort without being told why.” It is imported beside a
/// job, and told in both languages.
#[tokio::test(flavor = "multi_thread")]
async fn one_partys_bad_file_makes_the_other_wait_and_abort() {
    let world = pair().await;
    world.import("alpha", &register(&["A1,agent,,13912345678"])).await;
    world.import("beta", &register(&["B1,agent,,13912345678"])).await;
    let terms = JobTerms::new(2, COUNT);
    let begun = Instant::now();
    world.whole_job(&terms).await;
    let at_peace = begun.elapsed();

    let bad = world.dir("beta").with_extension("bad.csv");
    std::fs::write(&bad, [0x50, 0x4b, 0xff, 0x00, 0x13]).expect("written");
    let path = bad.display().to_string();
    let importing = async {
        for lang in Lang::ALL {
            let said = world.run_plain("beta", &["import", &path, "--lang", lang.as_str()]).await;
            assert_eq!(said.exit, Exit::Data, "{said:?}");
            assert!(said.notes.contains(&path), "beta is told which file it is: {said:?}");
        }
    };
    let begun = Instant::now();
    let ((), (job, _)) = tokio::join!(importing, world.whole_job(&terms));
    let took = begun.elapsed();
    assert!(took < at_peace + LONGER, "{took:?} beside a bad file, and {at_peace:?} without one");
    // What beta had before stands, and alpha does not so much as notice.
    for bank in ["alpha", "beta"] {
        assert_eq!(rows(&world.report(bank, &job).await).len(), 1, "{bank}");
    }
    world.end().await;
}
