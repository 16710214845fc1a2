//! Planted identifiers are never found where they must not be; and what a job has not disclosed is gone when it closes.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use lianfang_proto::catalogue::Disclosure;
use lianfang_proto::row::{TAG_BYTES, row_bytes};
use lianfang_proto::v1;
use lianfang_tests::canary::{Canaries, contains, files};
use lianfang_tests::liars::{Curious, in_the_place_of};
use lianfang_tests::people::numbers::Numbers;
use lianfang_tests::world::{COORDINATOR, JobTerms, World, address};
use prost::Message as _;

const BANKS: [&str; 3] = ["alpha", "beta", "gamma"];
/// As much of a wire as a test looks at.
const RECORDED: usize = 64 * 1_024 * 1_024;

/// One planted person: what stands in the register, and every form of it that would give it away.
struct Planted {
    row: String,
    words: Vec<String>,
}

fn planted(bank: usize, number: u64) -> Planted {
    let numbers = Numbers::new(77);
    let (id, mobile, card) = (numbers.cn_id(number), numbers.mobile(number), numbers.bank_card(number));
    let (name, email) =
        (format!("欧阳{}", ["金丝", "雀鸟", "鸣笛"][bank]), format!("canary{number}@planted.example"));
    let local = mobile.trim_start_matches("+86").to_owned();
    let row =
        format!("X{bank}{number},agent,{id},{local},{card},{email},{name},1980-01-02,绝密备注{number}\n");
    Planted { row, words: vec![id, mobile, local, card, email, name, format!("绝密备注{number}")] }
}

/// Registers in which every person stands at one bank, two or three, besides a hundred more rows of the bank's own.
fn registers() -> (Vec<Vec<u8>>, Vec<String>) {
    let mut texts = vec!["record,role,cn-id,mobile,bank-card,email,name,birth_date,note\n".to_owned(); 3];
    let mut words = Vec::new();
    for (number, holders) in (1_u64..).zip([&[0][..], &[1], &[2], &[0, 1], &[1, 2], &[0, 1, 2], &[0, 1, 2]]) {
        for &bank in holders {
            let planted = planted(bank, number);
            texts[bank].push_str(&planted.row);
            words.extend(planted.words);
        }
    }
    for (bank, text) in (0..).zip(&mut texts) {
        for number in 0..40 {
            text.push_str(&planted(bank, 1_000 * (bank as u64 + 1) + number).row);
        }
    }
    (texts.into_iter().map(String::into_bytes).collect(), words)
}

/// Nothing of what was planted lies in any party's folder, its own bank's included: all is sealed at rest.
fn folders_are_clean(world: &World, canaries: &Canaries, when: &str) {
    for party in BANKS.into_iter().chain([COORDINATOR]) {
        let found = canaries.found_under(&world.dir(party));
        assert!(found.is_empty(), "{when}: {found:?}");
    }
}

/// Tags of all rows that banks have handed to the coordinator.
fn tags(seen: &[u8], row: usize) -> BTreeSet<[u8; TAG_BYTES]> {
    let rows = seen.chunks_exact(row).filter_map(|row| row.first_chunk::<TAG_BYTES>().copied());
    rows.collect()
}

fn tags_under(dir: &Path, tags: &BTreeSet<[u8; TAG_BYTES]>) -> usize {
    let contents: Vec<Vec<u8>> = files(dir).iter().filter_map(|path| std::fs::read(path).ok()).collect();
    tags.iter().filter(|tag| contents.iter().any(|bytes| contains(bytes, &tag[..]))).count()
}

/// The rows of `SendRows` requests, as the coordinator saw them.
struct Rows(Arc<Curious>);

impl Rows {
    fn all(&self) -> Vec<u8> {
        let sent = self.0.requests("SendRows");
        let decoded = sent.iter().filter_map(|message| v1::SendRowsRequest::decode(message.clone()).ok());
        decoded.flat_map(|request| request.rows.to_vec()).collect()
    }
}

/// What each end handed to TLS, and what went over the wire.
fn nothing_was_carried(world: &World, canaries: &Canaries, views: [(&Curious, &str); 2]) {
    for (view, whose) in views {
        let seen = view.seen();
        assert!(!seen.is_empty(), "{whose} saw something");
        for (call, bytes) in seen {
            assert!(canaries.found_in(&bytes).is_none(), "{whose} sees one in {call:?}");
        }
    }
    for party in BANKS.into_iter().chain([COORDINATOR]) {
        let recording = world.network.faults(&address(party)).recorded();
        assert!(!recording.truncated);
        for bytes in recording.streams.values() {
            assert!(canaries.found_in(bytes).is_none(), "on the wire to {party}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_identifier_is_found_where_it_must_not_be() {
    let (registers, words) = registers();
    let canaries = Canaries::new(words.iter().map(String::as_str));
    assert!(registers.iter().all(|register| canaries.found_in(register).is_some()), "they are planted");

    let mut world = World::ready(&BANKS, 3, 2).await;
    for party in BANKS.into_iter().chain([COORDINATOR]) {
        world.network.faults(&address(party)).record(RECORDED);
    }
    let coordinators_view = Arc::new(Curious::default());
    let holders_view = Arc::new(Curious::default());
    let _middle = in_the_place_of(&world, COORDINATOR, coordinators_view.clone()).await;
    let _other = in_the_place_of(&world, "beta", holders_view.clone()).await;
    for (bank, register) in BANKS.iter().zip(&registers) {
        world.import(bank, register).await;
    }
    folders_are_clean(&world, &canaries, "after the import");

    // Gamma is late, so that the job stands open with two submissions in it.
    world.stop("gamma").await;
    let job = world.start_job(&JobTerms::new(3, Disclosure::Labels)).await;
    for bank in ["alpha", "beta"] {
        world.stage(bank, &job, "submitted").await;
    }
    folders_are_clean(&world, &canaries, "while the job is open");
    let rows = Rows(coordinators_view.clone());
    let tags = tags(&rows.all(), row_bytes(Disclosure::Labels));
    assert!(tags.len() >= 128, "{} tags were seen", tags.len());
    assert_eq!(tags_under(&world.dir(COORDINATOR), &tags), tags.len(), "an open job has its rows");

    world.start("gamma").await;
    for bank in BANKS {
        world.stage(bank, &job, "done").await;
    }
    world.closed(&job).await;
    folders_are_clean(&world, &canaries, "when the job is closed");
    let tags = self::tags(&rows.all(), row_bytes(Disclosure::Labels));
    assert_eq!(tags_under(&world.dir(COORDINATOR), &tags), 0, "a closed job has no rows, matched or not");
    let reports = world.reports(&job).await;
    assert!(reports.values().all(|report| report.split(|&b| b == b'\n').count() > 3), "there were matches");

    let views = [(&*coordinators_view, "the coordinator"), (&*holders_view, "a holder")];
    nothing_was_carried(&world, &canaries, views);
    assert!(holders_view.seen().keys().any(|(_, method)| method == "Evaluate"), "the holder was asked");
    let dir = world.dir(COORDINATOR);
    for bank in BANKS {
        world.stop(bank).await;
    }
    world.stop(COORDINATOR).await;
    folders_are_clean(&world, &canaries, "at rest");
    assert_eq!(tags_under(&dir, &tags), 0, "at rest");
}
