//! Jobs from terms to certificate, and what is left of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lianfang_proto::FaultCode;
use lianfang_proto::catalogue::Kind;
use lianfang_proto::documents::certificate::{Countersignature, JobCertificate, Return};
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::Decision;
use lianfang_proto::row::{Item, read_item, row_bytes};
use lianfang_proto::v1::{self, GetJobRequest, WatchInboxRequest};
use lianfang_trust::merkle::pruned::{self, PrunedVerifier};
use lianfang_trust::{Digest, Signed};
use serde_json::json;
use tonic::Status;

use crate::bank::Bank;
use crate::submissions::{CANARY, Rows, job_under_way, row, tag};
use crate::world::{World, code};

/// What a bank has learned: for each tag the banks that hold it, or their number.
#[derive(Default)]
struct Learned {
    holders: BTreeMap<[u8; 16], BTreeSet<String>>,
    counts: BTreeMap<[u8; 16], u32>,
}

impl Bank {
    pub(crate) async fn report(&self, digest: &Digest) -> Result<(Vec<v1::Source>, Vec<u8>), Status> {
        let request = v1::ReadReportRequest { terms_digest: digest.as_bytes().to_vec().into() };
        let mut stream = self.reports().read_report(request).await?.into_inner();
        let (mut sources, mut items) = (Vec::new(), Vec::new());
        while let Some(slice) = stream.message().await? {
            sources.extend(slice.sources);
            items.extend_from_slice(&slice.items);
            if slice.end {
                return Ok((sources, items));
            }
        }
        panic!("the report ends without its last slice");
    }

    /// Reads and proves the report as a node does.
    async fn learn(&self, digest: &Digest, row_bytes: usize, members: &[Bank]) -> Learned {
        let (sources, items) = self.report(digest).await.unwrap();
        let mut proofs: Vec<(String, SubmissionHeader, PrunedVerifier)> = sources
            .iter()
            .map(|source| {
                let key = members.iter().find(|b| b.id.as_str() == source.bank).unwrap().key.verifying_key();
                let header = Signed::<SubmissionHeader>::open(&source.header, &key).unwrap().into_value();
                let log2 = u8::try_from(header.rows.ilog2()).unwrap();
                (source.bank.clone(), header, PrunedVerifier::new(log2).unwrap())
            })
            .collect();
        let mut learned = Learned::default();
        let (mut rest, mut last) = (items.as_slice(), [0; 16]);
        while let Some(item) = read_item(&mut rest, row_bytes).unwrap() {
            match item {
                Item::Count { tag, groups } => drop(learned.counts.insert(tag, groups)),
                Item::Row { source, row } => {
                    let (bank, _, proof) = &mut proofs[usize::from(source)];
                    proof.push(pruned::Item::Leaf(row)).unwrap();
                    let tag: [u8; 16] = row[..16].try_into().unwrap();
                    assert!(tag >= last, "in the order of tags");
                    last = tag;
                    assert!(row[16..].starts_with(CANARY));
                    learned.holders.entry(tag).or_default().insert(bank.clone());
                }
                Item::Hash { source, height, hash } => {
                    proofs[usize::from(source)].2.push(pruned::Item::Hash { height, hash }).unwrap();
                }
            }
        }
        for (_, header, proof) in proofs {
            proof.finish(&header.root).unwrap();
        }
        learned
    }

    pub(crate) async fn give_return(&self, digest: &Digest, kinds: u64) -> Result<(), Status> {
        let value = Return {
            terms_digest: *digest,
            bank: self.id.clone(),
            result_digest: Digest::of("result", self.id.as_str().as_bytes()),
            by_kind: vec![(Kind::CnId, kinds)],
            refused_matches: 0,
        };
        let signed_return = Signed::sign(&self.key, value).bytes().to_vec().into();
        let terms_digest = digest.as_bytes().to_vec().into();
        self.jobs().r#return(v1::ReturnRequest { terms_digest, signed_return }).await.map(drop)
    }

    pub(crate) async fn certificate(&self, digest: &Digest) -> Signed<JobCertificate> {
        let request = v1::GetCertificateRequest { terms_digest: digest.as_bytes().to_vec().into() };
        let reply = self.jobs().get_certificate(request).await.unwrap().into_inner();
        Signed::open(&reply.certificate, &self.roster.coordinator).unwrap()
    }

    pub(crate) async fn countersign(&self, digest: &Digest, certificate: Digest) -> Result<(), Status> {
        let value = Countersignature { certificate_digest: certificate, bank: self.id.clone() };
        let countersignature = Signed::sign(&self.key, value).bytes().to_vec().into();
        let terms_digest = digest.as_bytes().to_vec().into();
        self.jobs().countersign(v1::CountersignRequest { terms_digest, countersignature }).await.map(drop)
    }

    pub(crate) async fn answer(&self, digest: &Digest, accepted: bool) -> Result<(), Status> {
        let value = Decision { terms_digest: *digest, bank: self.id.clone(), accepted };
        let decision = Signed::sign(&self.key, value).bytes().to_vec().into();
        let terms_digest = digest.as_bytes().to_vec().into();
        self.jobs().answer(v1::AnswerRequest { terms_digest, decision }).await.map(drop)
    }
}

/// Files under `dir` in which these bytes stand.
fn found_in(dir: &Path, wanted: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(found_in(&path, wanted));
        } else if std::fs::read(&path).unwrap().windows(wanted.len()).any(|bytes| bytes == wanted) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn holders(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn a_job_from_terms_to_nothing_left() {
    let (mut world, banks) = World::with_key(&["alpha", "beta", "gamma"]).await;
    let (id, terms, digest) = job_under_way(&world, &banks, "labels", &[]).await;
    let inbox = banks[2].directory().watch_inbox(WatchInboxRequest { seen: 0, wait_ms: 0 }).await.unwrap();
    assert_eq!(inbox.into_inner().jobs, [hex::decode(&id).unwrap()]);
    let numbers: [&[u32]; 3] = [&[1, 2, 3, 50], &[2, 3, 4, 60], &[3, 4, 70]];
    world.restart().await;
    for (bank, numbers) in banks.iter().zip(numbers) {
        bank.submit(&Rows::of(&terms, digest, bank.id.as_str(), numbers)).await;
    }
    world.until(&id, "reporting").await;
    let width = row_bytes(terms.disclosure);
    // What is under the threshold is gone as soon as reports stand.
    for (number, bank) in [(1, "alpha"), (50, "alpha"), (60, "beta"), (70, "gamma")] {
        assert_eq!(found_in(world.dir.path(), &tag(number)), Vec::<String>::new(), "{number}");
        assert_eq!(found_in(world.dir.path(), &row(tag(number), bank, width)), Vec::<String>::new());
    }
    assert!(!found_in(world.dir.path(), &tag(2)).is_empty(), "the search finds what is there");
    world.restart().await;
    let alpha = banks[0].learn(&digest, width, &banks).await;
    let expected = BTreeMap::from([(tag(2), holders(&["beta"])), (tag(3), holders(&["beta", "gamma"]))]);
    assert!(alpha.holders == expected, "alpha");
    let gamma = banks[2].learn(&digest, width, &banks).await;
    let expected = BTreeMap::from([(tag(3), holders(&["alpha", "beta"])), (tag(4), holders(&["beta"]))]);
    assert!(gamma.holders == expected, "gamma");
    for bank in &banks {
        bank.give_return(&digest, 7).await.unwrap();
        bank.give_return(&digest, 7).await.unwrap();
    }
    world.until(&id, "certified").await;
    world.restart().await;
    for bank in &banks {
        let certificate = bank.certificate(&digest).await;
        assert!(
            certificate.value().entries.iter().all(|e| e.submission.is_some() && e.result_digest.is_some())
        );
        let wrong = bank.countersign(&digest, digest).await.unwrap_err();
        assert_eq!(code(&wrong).0, FaultCode::DigestDiffers);
        bank.countersign(&digest, certificate.digest()).await.unwrap();
    }
    world.until(&id, "closed").await;
    assert_eq!(found_in(world.dir.path(), CANARY), Vec::<String>::new());
    for number in [1, 2, 3, 4, 50, 60, 70] {
        assert_eq!(found_in(world.dir.path(), &tag(number)), Vec::<String>::new(), "{number}");
    }
    assert!(!world.dir.path().join("jobs").join(&id).exists());
    world.restart().await;
    assert_eq!(code(&banks[0].report(&digest).await.unwrap_err()).0, FaultCode::JobClosed);
    let summary = world.json(&["summary", &id]).await;
    let expected = json!({
        "job": id, "epoch": 1, "terms_digest": digest.to_hex(), "match_threshold": 2,
        "submitted": {"alpha": 16, "beta": 16, "gamma": 16}, "missing": [],
        "matches_by_banks": {"2": null, "3": null}, "by_kind": {"cn-id": 21}, "suppressed_below": 5,
    });
    assert_eq!(summary, expected);
    world.json(&["audit", "verify"]).await;
}

#[tokio::test]
async fn a_count_job_tells_numbers_of_legal_groups_and_no_names() {
    let world = World::new().await;
    let mut banks = Vec::new();
    for (name, group) in [("alpha", "ab"), ("beta", "ab"), ("gamma", "gamma")] {
        banks.push(Bank::join_group(&world, name, group).await);
    }
    world.agree_on_key(&banks).await;
    let (id, terms, digest) = job_under_way(&world, &banks, "count", &[]).await;
    for bank in &banks {
        bank.submit(&Rows::of(&terms, digest, bank.id.as_str(), &[5, 6])).await;
    }
    world.until(&id, "reporting").await;
    let (sources, _) = banks[0].report(&digest).await.unwrap();
    assert!(sources.is_empty());
    let learned = banks[0].learn(&digest, row_bytes(terms.disclosure), &banks).await;
    assert!(learned.holders.is_empty());
    assert_eq!(learned.counts, BTreeMap::from([(tag(5), 2), (tag(6), 2)]));
}

#[tokio::test]
async fn who_is_late_is_missing_and_who_declines_is_not_waited_for() {
    let (mut world, banks) = World::with_key(&["alpha", "beta", "gamma"]).await;
    let (id, terms, digest) = job_under_way(&world, &banks, "institutions", &[]).await;
    banks[0].submit(&Rows::of(&terms, digest, "alpha", &[1, 2])).await;
    banks[1].answer(&digest, false).await.unwrap();
    assert_eq!(world.json(&["job", "show", &id]).await["state"], "open");
    world.restart().await;
    world.pass(3_600);
    let shown = world.until(&id, "reporting").await;
    assert_eq!(shown["missing"], json!(["beta", "gamma"]));
    assert_eq!(code(&banks[2].report(&digest).await.unwrap_err()).0, FaultCode::JobDeadlinePassed);
    assert_eq!(code(&banks[2].give_return(&digest, 5).await.unwrap_err()).0, FaultCode::JobDeadlinePassed);
    let learned = banks[0].learn(&digest, row_bytes(terms.disclosure), &banks).await;
    assert!(learned.holders.is_empty(), "one group matches nothing");
    // Nobody returns: the window closes, twice.
    world.pass(3_600);
    world.until(&id, "certified").await;
    let certificate = banks[0].certificate(&digest).await;
    assert!(certificate.value().entries[0].result_digest.is_none());
    let absent = banks[2].countersign(&digest, certificate.digest()).await.unwrap_err();
    assert_eq!(code(&absent).0, FaultCode::JobDeadlinePassed, "it was missing");
    world.pass(3_600);
    world.until(&id, "closed").await;
    assert_eq!(code(&banks[0].give_return(&digest, 5).await.unwrap_err()).0, FaultCode::JobClosed);
    let gone = GetJobRequest { job: vec![9; 16].into() };
    assert_eq!(code(&banks[0].jobs().get_job(gone).await.unwrap_err()).0, FaultCode::JobUnknown);
}

#[tokio::test]
async fn a_job_that_everybody_declines_closes_at_once_and_bad_terms_are_bad_usage() {
    let (world, banks) = World::with(&["alpha", "beta"]).await;
    let start =
        ["job", "start", "--match-threshold", "2", "--disclosure", "count", "--purpose", "p", "--basis", "b"];
    let (exit, _) = world.coordinator().run(&start).await;
    assert_eq!(exit, lianfang_desk::Exit::Later, "there is no key yet");
    world.agree_on_key(&banks).await;
    for bad in [["--banks", "alpha"], ["--banks", "alpha,omega"], ["--chunk", "100"], ["--size-cap", "0"]] {
        let args: Vec<&str> = start.iter().chain(&bad).copied().collect();
        let (exit, said) = world.coordinator().run(&args).await;
        assert_eq!(exit, lianfang_desk::Exit::Usage, "{bad:?}: {said}");
    }
    let (id, _, digest) = job_under_way(&world, &banks, "count", &[]).await;
    for bank in &banks {
        bank.answer(&digest, true).await.unwrap();
        bank.answer(&digest, false).await.unwrap();
    }
    let shown = world.until(&id, "closed").await;
    assert_eq!(shown["missing"], json!(["alpha", "beta"]));
}

#[tokio::test]
async fn a_matching_that_was_interrupted_is_done_again() {
    let (mut world, banks) = World::with_key(&["alpha", "beta", "gamma"]).await;
    let (id, terms, digest) = job_under_way(&world, &banks, "institutions", &[]).await;
    for bank in &banks[..2] {
        bank.submit(&Rows::of(&terms, digest, bank.id.as_str(), &[1, 2])).await;
    }
    // What the interrupted run had written so far is written over.
    std::fs::write(world.dir.path().join("jobs").join(&id).join("alpha.report"), vec![7; 10_000]).unwrap();
    world.restart_in(&id, v1::JobState::Matching).await;
    world.until(&id, "reporting").await;
    let learned = banks[0].learn(&digest, row_bytes(terms.disclosure), &banks).await;
    let expected = BTreeMap::from([(tag(1), holders(&["beta"])), (tag(2), holders(&["beta"]))]);
    assert!(learned.holders == expected);
}

#[tokio::test]
async fn a_matching_that_fails_again_and_again_rests_and_is_given_up_in_the_end() {
    let (mut world, banks) = World::with_key(&["alpha", "beta"]).await;
    let (id, terms, digest) = job_under_way(&world, &banks, "count", &[]).await;
    banks[0].submit(&Rows::of(&terms, digest, "alpha", &[1, 2])).await;
    // A submission that ends too soon cannot be matched.
    std::fs::write(world.rows_of(&id, "alpha"), b"").unwrap();
    world.restart_in(&id, v1::JobState::Matching).await;
    let resting = world.attempted(&id, 5).await;
    assert_eq!((&resting["rests"], &resting["next_attempt"]), (&json!(true), &json!(null)));
    assert_eq!((&resting["state"], &resting["failure"]), (&json!("matching"), &json!("internal")));
    let (exit, found) = world.coordinator().run(&["doctor", "--json"]).await;
    assert!(!exit.is_done() && found.contains("doctor-jobs-stuck"), "a person is to hear of it: {found}");
    world.restart().await;
    assert_eq!(world.json(&["job", "show", &id]).await["attempts"], 5, "also after a restart");
    // A person sees to it and restarts it; it fails again, for nothing was mended, and is given up when its time is over.
    world.json(&["job", "retry", &id]).await;
    world.attempted(&id, 2).await;
    world.pass(2 * 3_600);
    let failed = world.until(&id, "failed").await;
    assert_eq!((&failed["failure"], &failed["rests"]), (&json!("internal"), &json!(false)));
    assert!(!world.dir.path().join("jobs").join(&id).exists());
    let (exit, _) = world.coordinator().run(&["job", "retry", &id]).await;
    assert_eq!(exit, lianfang_desk::Exit::Refused, "there is nothing to retry");
}

#[tokio::test]
async fn a_person_who_has_mended_what_was_wrong_restarts_a_job_that_rests() {
    let (mut world, banks) = World::with_key(&["alpha", "beta"]).await;
    let (id, terms, digest) = job_under_way(&world, &banks, "count", &[]).await;
    banks[0].submit(&Rows::of(&terms, digest, "alpha", &[1, 2])).await;
    let rows = world.rows_of(&id, "alpha");
    let bytes = std::fs::read(&rows).unwrap();
    std::fs::write(&rows, b"").unwrap();
    world.restart_in(&id, v1::JobState::Matching).await;
    world.attempted(&id, 5).await;
    std::fs::write(&rows, bytes).unwrap();
    world.json(&["job", "retry", &id]).await;
    let shown = world.until(&id, "reporting").await;
    assert_eq!((&shown["failure"], &shown["attempts"]), (&json!(""), &json!(0)));
    banks[0].learn(&digest, row_bytes(terms.disclosure), &banks).await;
}

#[tokio::test]
async fn entries_of_commands_name_the_person_and_others_nobody() {
    let (world, banks) = World::with_key(&["alpha", "beta"]).await;
    let (id, _, digest) = job_under_way(&world, &banks, "count", &[]).await;
    for bank in &banks {
        bank.answer(&digest, false).await.unwrap();
    }
    world.until(&id, "closed").await;
    let (_, log) = world.coordinator().run(&["audit", "list", "--json"]).await;
    let entries: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let by = |event: &str| {
        let entry = entries.iter().find(|entry| entry["event"] == event).unwrap();
        entry["body"]["by"].as_str().map(str::to_owned)
    };
    for event in ["job.proposed", "ceremony.proposed", "enrolment.confirmed", "invite.made"] {
        assert!(by(event).is_some_and(|person| !person.is_empty()), "{event}");
    }
    for event in ["job.answered", "job.matching", "job.closed", "ceremony.done", "enrolment.asked"] {
        assert_eq!(by(event), None, "{event}");
    }
    world.json(&["audit", "verify"]).await;
}

impl World {
    /// Waits for so many failed attempts, letting their pauses pass.
    async fn attempted(&self, job: &str, attempts: u64) -> serde_json::Value {
        for _ in 0..400 {
            let shown = self.json(&["job", "show", job]).await;
            if shown["attempts"].as_u64() >= Some(attempts) {
                return shown;
            }
            self.pass(1);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("it does not fail so often: {}", self.json(&["job", "show", job]).await);
    }
}
