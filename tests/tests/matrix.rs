//! Every number of banks, every match threshold, every disclosure, every shape of registers: exactly the oracle's answer,
//! and no evaluation twice.

use std::collections::BTreeMap;

use lianfang_proto::catalogue::Disclosure;
use lianfang_tests::demo::compare::contact_of;
use lianfang_tests::oracle::{ClearBank, expected_reports};
use lianfang_tests::people::{Shape, World as People};
use lianfang_tests::world::{JobTerms, World};

const DISCLOSURES: [Disclosure; 3] = [Disclosure::Count, Disclosure::Institutions, Disclosure::Labels];

/// Runs the job, and compares every report with the clear answer, byte for byte.
async fn agrees(
    world: &World,
    clear: &[ClearBank],
    threshold: usize,
    disclosure: Disclosure,
) -> BTreeMap<String, u64> {
    let (job, shown) = world.whole_job(&JobTerms::new(threshold, disclosure)).await;
    let expected = expected_reports(clear, threshold, disclosure, contact_of);
    let reports = world.reports(&job).await;
    for (bank, expected) in &expected {
        let (got, wanted) = (String::from_utf8_lossy(&reports[bank]), String::from_utf8_lossy(expected));
        let place = got.lines().zip(wanted.lines()).find(|(got, wanted)| got != wanted);
        assert!(
            got == wanted,
            "{bank}, t = {threshold}, {disclosure:?}: {place:?}, {} and {} rows",
            got.lines().count(),
            wanted.lines().count()
        );
    }
    let evaluated = |shown: &serde_json::Value| shown["figures"]["evaluated"].as_u64().expect("a count");
    shown.into_iter().map(|(bank, shown)| (bank, evaluated(&shown))).collect()
}

struct Cell {
    banks: usize,
    holders: usize,
    records: usize,
    shape: Shape,
}

/// One enrolled federation, many jobs over it: only the first one evaluates.
async fn federation(cell: Cell, jobs: &[(usize, Disclosure)]) {
    let people = People::generate(cell.banks as u64, cell.banks, cell.records, cell.shape);
    let names: Vec<&str> = people.banks.iter().map(|bank| bank.id.as_str()).collect();
    let clear: Vec<ClearBank> = people.banks.iter().map(ClearBank::of_truth).collect();
    let world = World::ready(&names, cell.holders, cell.holders / 2 + 1).await;
    for bank in &people.banks {
        world.import(&bank.id, &bank.file).await;
    }
    for (number, &(threshold, disclosure)) in jobs.iter().enumerate() {
        let evaluated = agrees(&world, &clear, threshold, disclosure).await;
        for (bank, evaluated) in evaluated {
            let entering = clear.iter().any(|one| one.id == bank && !one.records.is_empty());
            assert_eq!(evaluated > 0, number == 0 && entering, "{bank} in job {number}");
        }
    }
    // Another job under the same terms, and a report written a second time: the same bytes.
    let (threshold, disclosure) = jobs[0];
    let (again, _) = world.whole_job(&JobTerms::new(threshold, disclosure)).await;
    let reports = world.reports(&again).await;
    assert!(reports == world.reports(&again).await);
    assert!(expected_reports(&clear, threshold, disclosure, contact_of) == reports);
    world.end().await;
}

fn every(thresholds: std::ops::RangeInclusive<usize>) -> Vec<(usize, Disclosure)> {
    thresholds.flat_map(|threshold| DISCLOSURES.map(|disclosure| (threshold, disclosure))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_banks() {
    let cell = Cell { banks: 2, holders: 2, records: 60, shape: Shape::Ordinary };
    federation(cell, &every(2..=5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_banks() {
    let cell = Cell { banks: 3, holders: 3, records: 50, shape: Shape::Ordinary };
    federation(cell, &every(2..=5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_banks() {
    let cell = Cell { banks: 5, holders: 5, records: 40, shape: Shape::Ordinary };
    federation(cell, &every(2..=5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_banks() {
    let cell = Cell { banks: 8, holders: 5, records: 30, shape: Shape::Ordinary };
    federation(cell, &every(2..=5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_banks() {
    let cell = Cell { banks: 20, holders: 5, records: 24, shape: Shape::Ordinary };
    federation(cell, &every(2..=5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identical_registers() {
    let cell = Cell { banks: 3, holders: 3, records: 40, shape: Shape::Identical };
    federation(cell, &every(2..=3)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn registers_with_nothing_in_common() {
    let cell = Cell { banks: 3, holders: 2, records: 40, shape: Shape::Disjoint };
    federation(cell, &every(2..=2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_register() {
    let cell = Cell { banks: 3, holders: 2, records: 30, shape: Shape::OneEmpty };
    federation(cell, &every(2..=2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bank_with_a_hundred_times_the_records() {
    let cell = Cell { banks: 2, holders: 2, records: 6, shape: Shape::OneLarge };
    federation(cell, &every(2..=2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_stand_twice() {
    let cell = Cell { banks: 3, holders: 2, records: 30, shape: Shape::ValuesTwice };
    federation(cell, &every(2..=3)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_empty_registers() {
    let cell = Cell { banks: 2, holders: 2, records: 0, shape: Shape::Ordinary };
    federation(cell, &every(2..=2)).await;
}

/// What one bank writes in one form and another in another meets in the identifiers that are derived from both.
#[tokio::test(flavor = "multi_thread")]
async fn derived_kinds() {
    let world = World::ready(&["alpha", "beta", "gamma"], 2, 2).await;
    let registers = [
        "record,role,uscc,email,address\nA1,agency,91350100m000100y43,10001@qq.com,福建省福州市鼓楼区东街1号2单元301室\n",
        "record,role,org-code,qq,address\nB1,agency,M000100Y-4,10001,福建省福州市鼓楼区东街1号2单元302室\n",
        "record,role,uscc,email,address\nC1,agency,91350100M000100Y43,10001@QQ.com,福建省福州市鼓楼区东街1号3单元101室\n",
    ];
    for (bank, register) in ["alpha", "beta", "gamma"].iter().zip(registers) {
        world.import(bank, register.as_bytes()).await;
    }
    let (job, _) = world.whole_job(&JobTerms::new(2, Disclosure::Institutions)).await;
    let kinds = |report: &[u8]| -> Vec<String> {
        let text = String::from_utf8_lossy(report).into_owned();
        let cells = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{} {}", cells[2], cells[5])
        };
        text.lines().skip(1).map(cells).collect()
    };
    let (all, outer) = ("alpha;beta;gamma", "alpha;gamma");
    let expected = [
        vec![
            format!("address-building {all}"),
            format!("email {outer}"),
            format!("org-code {all}"),
            format!("qq {all}"),
            format!("uscc {outer}"),
        ],
        vec![format!("address-building {all}"), format!("org-code {all}"), format!("qq {all}")],
        vec![
            format!("address-building {all}"),
            format!("email {outer}"),
            format!("org-code {all}"),
            format!("qq {all}"),
            format!("uscc {outer}"),
        ],
    ];
    for (bank, expected) in ["alpha", "beta", "gamma"].iter().zip(expected) {
        assert_eq!(kinds(&world.report(bank, &job).await), expected, "{bank}");
    }
    world.end().await;
}

/// Banks of one legal group count once, and are all named.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_counts_once() {
    let people = People::generate(9, 3, 40, Shape::Ordinary);
    let groups = ["one", "one", "other"];
    let names: Vec<&str> = people.banks.iter().map(|bank| bank.id.as_str()).collect();
    let world = World::new(&names).await;
    let mut clear = Vec::new();
    for (bank, group) in people.banks.iter().zip(groups) {
        world.enrol(&bank.id, group).await;
        clear.push(ClearBank { group: group.to_owned(), ..ClearBank::of_truth(bank) });
    }
    world.agree(&names, 2).await;
    for bank in &people.banks {
        world.import(&bank.id, &bank.file).await;
    }
    for disclosure in DISCLOSURES {
        agrees(&world, &clear, 2, disclosure).await;
    }
    agrees(&world, &clear, 3, Disclosure::Labels).await;
    world.end().await;
}

/// The same registers in another federation, with other keys and other tags: the same bytes.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_on_every_run() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let people = People::generate(4, 2, 40, Shape::Ordinary);
        let names: Vec<&str> = people.banks.iter().map(|bank| bank.id.as_str()).collect();
        let world = World::ready(&names, 2, 2).await;
        for bank in &people.banks {
            world.import(&bank.id, &bank.file).await;
        }
        let (job, _) = world.whole_job(&JobTerms::new(2, Disclosure::Labels)).await;
        runs.push(world.reports(&job).await);
        world.end().await;
    }
    assert!(runs[0] == runs[1]);
    assert!(runs[0].values().any(|report| report.split(|&byte| byte == b'\n').count() > 10));
}
