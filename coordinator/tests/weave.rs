//! Matching, disclosure and reports against the answer in the clear, for random banks, groups and thresholds.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use std::collections::{BTreeMap, BTreeSet};

use lianfang_coordinator::fault::Error;
use lianfang_coordinator::intake::Upload;
use lianfang_coordinator::job::files::JobFiles;
use lianfang_coordinator::report::weave::{Standing, weave};
use lianfang_proto::catalogue::{Class, Disclosure};
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::{Admission, Method, Participant, Terms, Timing};
use lianfang_proto::ids::{BankId, Epoch, Generation, GroupId, JobId, KeyId};
use lianfang_proto::label::NumberSet;
use lianfang_proto::row::{Item, read_item};
use lianfang_trust::Digest;
use lianfang_trust::merkle::RootBuilder;
use lianfang_trust::merkle::pruned::{self, PrunedVerifier};
use proptest::prelude::*;

type Tag = [u8; 16];

#[derive(Clone, Debug)]
struct Case {
    groups: Vec<usize>,
    threshold: u16,
    disclosure: Disclosure,
    tags: Vec<BTreeSet<u8>>,
}

fn case() -> impl Strategy<Value = Case> {
    let disclosure =
        prop_oneof![Just(Disclosure::Count), Just(Disclosure::Institutions), Just(Disclosure::Labels)];
    (2_usize..=20).prop_flat_map(move |banks| {
        let groups = prop::collection::vec(0..banks, banks);
        let tags = prop::collection::vec(prop::collection::btree_set(0_u8..60, 0..30), banks);
        (groups, 2_u16..=5, disclosure.clone(), tags).prop_map(|(groups, threshold, disclosure, tags)| Case {
            groups,
            threshold,
            disclosure,
            tags,
        })
    })
}

fn tag(number: u8) -> Tag {
    let mut tag = [0x5A; 16];
    tag[0] = number.wrapping_mul(7);
    tag[1] = number;
    tag
}

impl Case {
    fn terms(&self) -> Terms {
        let participant = |(at, group): (usize, &usize)| Participant {
            bank: BankId::parse(&format!("b{at:02}"), "bank").unwrap(),
            group: GroupId::parse(&format!("g{group}"), "group").unwrap(),
        };
        Terms {
            job: JobId::from_random([1; 16]),
            key: KeyId { class: Class::Subject, epoch: Epoch(1), generation: Generation(0) },
            key_record_digest: Digest::of("x", b""),
            roster_version: 1,
            roster_digest: Digest::of("x", b""),
            participants: self.groups.iter().enumerate().map(participant).collect(),
            rule_set: 1,
            kinds: NumberSet::from_bits(2),
            admission: Admission::everyone(),
            match_threshold: self.threshold,
            disclosure: self.disclosure,
            method: Method::Plain,
            chunk_elements: 64,
            size_cap: 1_000,
            least_rows: 16,
            deadline: 0,
            timing: Timing::default(),
            run: None,
            purpose: "p".to_owned(),
            legal_basis: "b".to_owned(),
        }
    }

    /// Distinct groups and banks that hold a tag.
    fn holders(&self, tag: u8) -> (usize, Vec<usize>) {
        let banks: Vec<usize> = (0..self.tags.len()).filter(|bank| self.tags[*bank].contains(&tag)).collect();
        let groups: BTreeSet<usize> = banks.iter().map(|bank| self.groups[*bank]).collect();
        (groups.len(), banks)
    }

    fn rows(&self, terms: &Terms, bank: usize) -> Vec<Vec<u8>> {
        let padded = usize::try_from(terms.padded_rows(self.tags[bank].len() as u64)).unwrap();
        let padding = (0..padded - self.tags[bank].len()).map(|at| {
            let mut tag = [0xA5; 16];
            (tag[0], tag[1], tag[2]) =
                (u8::try_from(at * 9 % 256).unwrap(), u8::try_from(bank).unwrap(), u8::try_from(at).unwrap());
            tag
        });
        let mut rows: Vec<Vec<u8>> = self.tags[bank]
            .iter()
            .map(|number| tag(*number))
            .chain(padding)
            .map(|tag| {
                let mut row = tag.to_vec();
                row.resize(terms.row_bytes(), u8::try_from(bank).unwrap());
                row
            })
            .collect();
        rows.sort_unstable();
        rows
    }

    fn submit(&self, files: &JobFiles, terms: &Terms) -> Vec<SubmissionHeader> {
        files.make().unwrap();
        let submit = |bank: usize| {
            let rows = self.rows(terms, bank);
            let mut root = RootBuilder::new();
            for row in &rows {
                root.push(row);
            }
            let header = SubmissionHeader {
                terms_digest: Digest::of("x", b""),
                bank: terms.participants[bank].bank.clone(),
                rows: rows.len() as u64,
                row_bytes: u32::try_from(terms.row_bytes()).unwrap(),
                root: root.finish(),
                padding_commitment: [0; 32],
            };
            let with_levels = terms.disclosure != Disclosure::Count;
            let mut upload = Upload::resume(files, &header, (0, turn(bank)), with_levels).unwrap();
            upload.append(0, &rows.concat()).unwrap();
            upload.seal().unwrap();
            header
        };
        (0..self.tags.len()).map(submit).collect()
    }
}

/// Each bank's submission was taken under a lease of its own.
fn turn(bank: usize) -> i64 {
    i64::try_from(bank).unwrap() * 3 + 1
}

fn standing(headers: &[SubmissionHeader]) -> Vec<Standing> {
    let one =
        |(bank, header): (usize, &SubmissionHeader)| Standing { header: header.clone(), turn: turn(bank) };
    headers.iter().enumerate().map(one).collect()
}

/// Everything in one reader's report, its proofs checked: by tag, the other banks' rows or the number of groups.
fn read(
    case: &Case,
    files: &JobFiles,
    terms: &Terms,
    headers: &[SubmissionHeader],
    reader: usize,
) -> BTreeMap<Tag, (u32, Vec<usize>)> {
    let bytes = std::fs::read(files.report(&headers[reader].bank)).unwrap();
    let sources: Vec<usize> = (0..headers.len()).filter(|source| *source != reader).collect();
    let proof =
        |source: &usize| PrunedVerifier::new(u8::try_from(headers[*source].rows.ilog2()).unwrap()).unwrap();
    let mut proofs: Vec<PrunedVerifier> = sources.iter().map(proof).collect();
    let mut learned: BTreeMap<Tag, (u32, Vec<usize>)> = BTreeMap::new();
    let mut rest = bytes.as_slice();
    while let Some(item) = read_item(&mut rest, terms.row_bytes()).unwrap() {
        match item {
            Item::Count { tag, groups } => assert!(learned.insert(tag, (groups, Vec::new())).is_none()),
            Item::Row { source, row } => {
                let at = usize::from(source);
                proofs[at].push(pruned::Item::Leaf(row)).unwrap();
                assert!(case.rows(terms, sources[at]).iter().any(|sent| sent == row), "word for word");
                learned.entry(row[..16].try_into().unwrap()).or_default().1.push(sources[at]);
            }
            Item::Hash { source, height, hash } => {
                proofs[usize::from(source)].push(pruned::Item::Hash { height, hash }).unwrap();
            }
        }
    }
    if terms.disclosure != Disclosure::Count {
        for (proof, source) in proofs.into_iter().zip(sources) {
            proof.finish(&headers[source].root).unwrap();
        }
    }
    learned
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn reports_are_the_answer_in_the_clear_and_nothing_more(case in case()) {
        let dir = tempfile::tempdir().unwrap();
        let terms = case.terms();
        let files = JobFiles::of(dir.path(), terms.job);
        let headers = case.submit(&files, &terms);
        let counts = weave(&files, &terms, &standing(&headers)).unwrap();
        let mut expected_counts: BTreeMap<u32, u64> = BTreeMap::new();
        let mut expected = vec![BTreeMap::new(); headers.len()];
        for number in 0..60_u8 {
            let (groups, banks) = case.holders(number);
            if groups < usize::from(case.threshold) {
                continue;
            }
            let groups = u32::try_from(groups).unwrap();
            *expected_counts.entry(groups).or_default() += 1;
            for reader in &banks {
                let others: Vec<usize> = banks.iter().copied().filter(|bank| bank != reader).collect();
                let told = if case.disclosure == Disclosure::Count { (groups, Vec::new()) } else { (0, others) };
                expected[*reader].insert(tag(number), told);
            }
        }
        prop_assert_eq!(counts, expected_counts);
        for (reader, expected) in expected.iter().enumerate() {
            let learned = read(&case, &files, &terms, &headers, reader);
            prop_assert!(learned == *expected, "reader {}", reader);
        }
    }
}

/// A case of two banks, submitted; its files and headers.
fn submitted(dir: &std::path::Path) -> (Terms, JobFiles, Vec<SubmissionHeader>) {
    let tags = vec![BTreeSet::from([1, 2]), BTreeSet::from([2, 3])];
    let case = Case { groups: vec![0, 1], threshold: 2, disclosure: Disclosure::Labels, tags };
    let terms = case.terms();
    let files = JobFiles::of(dir, terms.job).written_under(9);
    let headers = case.submit(&files, &terms);
    (terms, files, headers)
}

#[test]
fn what_cannot_be_matched_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (terms, files, headers) = submitted(dir.path());
    let woven = || weave(&files, &terms, &standing(&headers));
    // Of the second bank, and from the middle on: the first one is well.
    let paths =
        [files.rows(&headers[1].bank, turn(1)), files.levels(&headers[1].bank, turn(1))].map(|path| {
            let bytes = std::fs::read(&path).unwrap();
            (path, bytes)
        });
    for (path, bytes) in &paths {
        std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        match woven() {
            Err(Error::Disk { path: named, .. }) => assert_eq!(named, *path),
            other => panic!("{other:?}"),
        }
        std::fs::remove_file(path).unwrap();
        match woven() {
            Err(Error::Gone { path: named }) => assert_eq!(named, *path),
            other => panic!("{other:?}"),
        }
        std::fs::write(path, bytes).unwrap();
    }
    woven().unwrap();
}
