//! What people say of today's tools, one test for each sentence: the failures that users of PSI and federated-learning
//! products report, and that were seen when those products were run. Each test is named after the complaint that would
//! come if it failed.

use std::collections::BTreeMap;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use encoding_rs::GB18030;
use lianfang_desk::Exit;
use lianfang_proto::catalogue::Disclosure;
use lianfang_tests::demo::compare::contact_of;
use lianfang_tests::oracle::{ClearBank, expected_reports};
use lianfang_tests::people::{Shape, World as People};
use lianfang_tests::world::{COORDINATOR, JobTerms, World, address};
use serde_json::Value;

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

fn program(exe: &str, words: &[&str]) -> Output {
    Command::new(exe).args(words).env_remove("LANG").stdin(Stdio::null()).output().expect("it starts")
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

/// “Tasks fail with no message.”
#[tokio::test(flavor = "multi_thread")]
async fn tasks_fail_with_no_message() {
    let world = pair().await;
    let nowhere = "00000000000000000000000000000000";
    let failing: [(&str, &[&str], Exit); 6] = [
        ("alpha", &["job", "show", nowhere], Exit::Usage),
        ("alpha", &["report", nowhere, "--out", "/nonexistent"], Exit::Usage),
        ("alpha", &["import", "/nonexistent.csv"], Exit::Usage),
        ("alpha", &["register", "retract", "nobody"], Exit::Usage),
        (COORDINATOR, &["job", "show", nowhere], Exit::Usage),
        (COORDINATOR, &["ceremony", "show", nowhere], Exit::Usage),
    ];
    for (party, words, _) in failing {
        for (lang, other) in [("en", "zh"), ("zh", "en")] {
            let said = world.run_plain(party, &[words, &["--lang", lang]].concat()).await;
            assert!(!said.exit.is_done(), "{words:?}");
            let text = format!("{}{}", said.out, said.notes);
            let chinese = text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
            assert!(text.trim().len() > 20, "{party} {words:?} says hardly anything: {text:?}");
            assert_eq!(chinese, lang == "zh", "{party} {words:?} in {lang}, not {other}: {text}");
        }
    }
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

/// “A million rows need tens of gigabytes.” Here a part of them, as processes; `figures --full` runs the million.
#[test]
fn a_million_rows_need_tens_of_gigabytes() {
    let output = program(env!("CARGO_BIN_EXE_figures"), &["--records", "20000"]);
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{out}{}", String::from_utf8_lossy(&output.stderr));
    let peaks: Vec<u64> = out
        .lines()
        .filter_map(|line| line.strip_prefix("| peak memory, "))
        .filter_map(|rest| rest.split('|').nth(1)?.trim().strip_suffix(" MB")?.parse().ok())
        .collect();
    assert_eq!(peaks.len(), 3, "{out}");
    assert!(peaks.iter().all(|peak| *peak < 300), "{peaks:?}");
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

/// “Certificates are copied by hand between nodes.” What passes between people is one text, and two fingerprints that
/// they read out.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_copied_by_hand_between_nodes() {
    let world = World::new(&["alpha", "beta"]).await;
    let files = |party: &str| lianfang_tests::canary::files(&world.dir(party)).len();
    let before = files("alpha");
    world.enrol("alpha", "alpha").await;
    world.enrol("beta", "beta").await;
    // Nothing was laid into the folder: what joining gives lies in the store.
    assert!(files("alpha") <= before + 2, "{before}");
    world.agree(&["alpha", "beta"], 2).await;
    world.import("alpha", &register(&["A1,agent,,13912345678"])).await;
    world.import("beta", &register(&["B1,agent,,13912345678"])).await;
    let (job, _) = world.whole_job(&JobTerms::new(2, COUNT)).await;
    assert_eq!(rows(&world.report("alpha", &job).await).len(), 1);
    world.end().await;
}

/// “Nobody can tell what was sent.”
#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_tell_what_was_sent() {
    let world = pair().await;
    world.import("alpha", &register(&["A1,agent,,13912345678", "A2,agent,,13712345678"])).await;
    world.import("beta", &register(&["B1,agent,,13912345678"])).await;
    let (job, shown) = world.whole_job(&JobTerms::new(2, COUNT)).await;
    assert!(shown["alpha"]["figures"]["bytes_sent"].as_u64().is_some_and(|bytes| bytes > 0));
    for party in ["alpha", "beta", COORDINATOR] {
        world.run(party, &["audit", "verify"]).await.json();
        let said = world.run(party, &["audit", "list"]).await;
        assert!(said.exit.is_done() && said.out.contains(&job), "{party}: {}", said.out);
        // The log tells what was sent, and nothing of whom.
        assert!(!said.out.contains("13912345678") && !said.out.contains("A1"), "{party}");
    }
    world.end().await;
}

/// “One party's bad file makes the other wait half a minute and abort without being told why.”
#[tokio::test(flavor = "multi_thread")]
async fn one_partys_bad_file_makes_the_other_wait_and_abort() {
    let world = pair().await;
    world.import("alpha", &register(&["A1,agent,,13912345678"])).await;
    world.import("beta", &register(&["B1,agent,,13912345678"])).await;
    let bad = world.dir("beta").with_extension("bad.csv");
    std::fs::write(&bad, [0x50, 0x4b, 0xff, 0x00, 0x13]).expect("written");
    let said = world.run("beta", &["import", &bad.display().to_string()]).await;
    assert_eq!(said.exit, Exit::Data, "{} {}", said.out, said.notes);
    // What beta had before stands, and alpha does not so much as notice.
    let (job, _) = world.whole_job(&JobTerms::new(2, COUNT)).await;
    for bank in ["alpha", "beta"] {
        assert_eq!(rows(&world.report(bank, &job).await).len(), 1, "{bank}");
    }
    world.end().await;
}

/// “A peer that dies takes the survivor down.”
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_dies_takes_the_survivor_down() {
    let mut world = World::ready(&["alpha", "beta", "gamma"], 2, 2).await;
    for (bank, record) in [("alpha", "A1"), ("beta", "B1"), ("gamma", "C1")] {
        world.import(bank, &register(&[&format!("{record},agent,,13912345678")])).await;
    }
    world.stop("gamma").await;
    let job = world.start_job(&JobTerms::new(2, COUNT)).await;
    for bank in ["alpha", "beta"] {
        world.stage(bank, &job, "submitted").await;
    }
    world.clock.pass(Duration::from_mins(11));
    for bank in ["alpha", "beta"] {
        world.stage(bank, &job, "done").await;
        assert_eq!(rows(&world.report(bank, &job).await).len(), 1, "{bank}");
    }
    let closed = world.closed(&job).await;
    assert_eq!(closed["missing"], Value::from(vec!["gamma"]));
    world.end().await;
}

/// “After a kill the whole input lies in clear text in the temporary folder.” Real processes, real kills; the search is
/// after every one of them. A longer siege runs on its own.
#[test]
fn after_a_kill_the_whole_input_lies_in_clear_text() {
    let words = ["--kills", "12", "--rounds", "1", "--banks", "3", "--records", "60"];
    let output = program(env!("CARGO_BIN_EXE_endure"), &words);
    let (out, notes) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{notes}");
    let kills: u32 = out.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number");
    assert!(kills >= 12, "{out}");
}
