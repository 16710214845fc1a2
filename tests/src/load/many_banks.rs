//! Many banks at one coordinator: each holds its inbox open, submits, reads its report, returns and countersigns.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use lianfang_proto::catalogue::Kind;
use lianfang_proto::documents::ceremony::{Phase, Post, Proposal};
use lianfang_proto::documents::certificate::{Countersignature, JobCertificate, Return};
use lianfang_proto::documents::key_record::{Holder, KeyRecord};
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::limits::{MESSAGE_BYTES, ROW_SLICE_BYTES};
use lianfang_proto::row::{Item, TagBytes, read_item};
use lianfang_proto::v1::{
    self, ceremony_board_client::CeremonyBoardClient, directory_client::DirectoryClient,
    intake_client::IntakeClient, jobs_client::JobsClient, reports_client::ReportsClient,
};
use lianfang_trust::merkle::RootBuilder;
use lianfang_trust::{Digest, Signed};
use serde_json::Value;

use super::visitor::Visitor;
use super::{COORDINATOR, Latencies, ManyBanks, told};
use crate::demo::children::{Party, this_executable};
use crate::demo::report::Usage;

/// Tags that every bank holds.
const COMMON: u32 = 1_000;
const PATIENCE: Duration = Duration::from_mins(20);

/// Runs the case; a table.
///
/// # Panics
/// Where a task that shares the latencies has panicked.
pub async fn many_banks(options: ManyBanks) -> anyhow::Result<String> {
    let folder = tempfile::Builder::new().prefix("lianfang-load-").tempdir()?;
    let exe = this_executable().map_err(told)?;
    let mut coordinator = Party::new(&exe, COORDINATOR, "coordinator", folder.path());
    coordinator.run(&["init", "--listen", "127.0.0.1:0"]).await.map_err(told)?;
    coordinator.serve().await.map_err(told)?;
    let mut table = String::from("| stage | seconds |\n| --- | ---: |\n");
    let begun = Instant::now();
    let mut visitors = Vec::new();
    for bank in 0..options.banks {
        let name = format!("bank-{bank:04}");
        visitors.push(Arc::new(Visitor::join(&coordinator, &coordinator.address, &name).await?));
    }
    let mut stage =
        |name: &str, begun: Instant| writeln!(table, "| {name} | {:.1} |", begun.elapsed().as_secs_f64());
    stage("join", begun)?;
    endorse(&coordinator, &visitors[..2]).await?;
    let watching = watch(&visitors);
    let begun = Instant::now();
    let job = start(&coordinator).await?;
    let told_after = watching.await??;
    let latencies = Arc::new(Mutex::new(Latencies::default()));
    let common: Arc<[TagBytes]> = common(options.tags).into();
    each(&visitors, options.at_once, |visitor| {
        submit(visitor, job.clone(), options.tags, Arc::clone(&latencies))
    })
    .await?;
    stage("submit", begun)?;
    let begun = Instant::now();
    until(&coordinator, &job, "reporting").await?;
    stage("match and write reports", begun)?;
    let begun = Instant::now();
    each(&visitors, options.at_once, |visitor| {
        conclude(visitor, job.clone(), options.banks, Arc::clone(&common))
    })
    .await?;
    until(&coordinator, &job, "certified").await?;
    each(&visitors, options.at_once, |visitor| countersign(visitor, job.clone())).await?;
    until(&coordinator, &job, "closed").await?;
    stage("read, return, certify, close", begun)?;
    let summary = coordinator.run(&["summary", &job]).await.map_err(told)?;
    let expected = serde_json::json!({ options.banks.to_string(): common.len() });
    ensure!(summary["matches_by_banks"] == expected, "{summary}");
    let latencies = std::mem::take(&mut *latencies.lock().expect("nobody panics with it"));
    let usage = coordinator.usage();
    table.push_str(&told_below(&options, told_after, latencies, &usage));
    coordinator.stop().await;
    Ok(table)
}

/// What is told below the table.
fn told_below(options: &ManyBanks, told_after: Duration, mut latencies: Latencies, usage: &Usage) -> String {
    format!(
        "\n{} banks, {} tags each; all of them knew of the job after {:.2} s.\n\
         A slice of rows was taken in {:.0} ms (median), {:.0} ms (99 in 100).\n\
         The coordinator needed {} MB at most and {:.1} CPU seconds.\n",
        options.banks,
        options.tags,
        told_after.as_secs_f64(),
        latencies.percentile(50),
        latencies.percentile(99),
        usage.peak_kib * 1_024 / 1_000_000,
        usage.cpu_s
    )
}

type Visitors = [Arc<Visitor>];

/// The work of all visitors, so many at once.
async fn each<F>(visitors: &Visitors, at_once: usize, work: impl Fn(Arc<Visitor>) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let all: Vec<_> = visitors.iter().map(|visitor| work(Arc::clone(visitor))).collect();
    stream::iter(all).buffer_unordered(at_once).try_collect::<()>().await
}

/// A key record that two banks endorse, by a ceremony without mathematics: no tag here was made under a key.
async fn endorse(coordinator: &Party, holders: &Visitors) -> anyhow::Result<()> {
    let names: Vec<&str> = holders.iter().map(|holder| holder.id.as_str()).collect();
    let words = ["ceremony", "start", "--holders", &names.join(","), "--threshold", "2"];
    let started = coordinator.run(&words).await.map_err(told)?;
    let id = hex::decode(started["ceremony"].as_str().context("an id")?)?;
    for holder in holders {
        let mut board = CeremonyBoardClient::new(holder.coordinator.clone());
        let read = v1::ReadBoardRequest { ceremony: id.clone().into() };
        let proposal = board.read_board(read).await?.into_inner().proposal;
        let proposal: Signed<Proposal> = Signed::open(&proposal, &holder.roster.coordinator)?;
        let mut directory = DirectoryClient::new(holder.coordinator.clone());
        let roster = directory.get_roster(v1::GetRosterRequest { version: 0 }).await?.into_inner().roster;
        let signer = Signed::<lianfang_proto::documents::roster::Roster>::claimed_signer(&roster)?;
        let roster =
            Signed::<lianfang_proto::documents::roster::Roster>::open(&roster, &signer)?.into_value();
        let seat = |bank| {
            let member = roster.member(bank).context("a member")?;
            Ok(Holder {
                bank: member.bank.clone(),
                identity: member.identity,
                certificate_key: member.certificate_key,
                public_share: [1; 32],
            })
        };
        let record = KeyRecord {
            key: proposal.value().key,
            threshold: proposal.value().threshold,
            roster_digest: proposal.value().roster_digest,
            public_key: [2; 32],
            holders: proposal.value().holders.iter().map(seat).collect::<anyhow::Result<_>>()?,
        };
        let post = Post {
            ceremony: proposal.value().ceremony,
            proposal_digest: proposal.digest(),
            from: holder.id.clone(),
            phase: Phase::Endorse,
            to: None,
            body: Signed::sign(&holder.key, record).bytes().to_vec(),
        };
        let post = Signed::sign(&holder.key, post).bytes().to_vec().into();
        board.post(v1::PostRequest { post }).await?;
    }
    Ok(())
}

/// Every visitor holds its inbox open; gives how long after the call the last one has heard of a job.
fn watch(visitors: &Visitors) -> tokio::task::JoinHandle<anyhow::Result<Duration>> {
    let begun = Instant::now();
    let waiting: Vec<_> = visitors.iter().map(|visitor| hears(Arc::clone(visitor))).collect();
    tokio::spawn(async move {
        let all = waiting.len();
        stream::iter(waiting).buffer_unordered(all).try_collect::<()>().await?;
        Ok(begun.elapsed())
    })
}

async fn hears(visitor: Arc<Visitor>) -> anyhow::Result<()> {
    let mut directory = DirectoryClient::new(visitor.coordinator.clone());
    let mut seen = 0;
    loop {
        let reply =
            directory.watch_inbox(v1::WatchInboxRequest { seen, wait_ms: 20_000 }).await?.into_inner();
        if !reply.jobs.is_empty() {
            return Ok(());
        }
        seen = reply.revision;
    }
}

async fn start(coordinator: &Party) -> anyhow::Result<String> {
    let words = ["job", "start", "--match-threshold", "2", "--disclosure", "count", "--purpose", "load"];
    let words = [&words[..], &["--basis", "none", "--deadline", "2h"]].concat();
    let started = coordinator.run(&words).await.map_err(told)?;
    Ok(started["job"].as_str().context("an id")?.to_owned())
}

async fn until(coordinator: &Party, job: &str, state: &str) -> anyhow::Result<Value> {
    let end = Instant::now() + PATIENCE;
    loop {
        let shown = coordinator.run(&["job", "show", job]).await.map_err(told)?;
        // It may have gone past the state already.
        let order = ["open", "matching", "reporting", "certified", "closed"];
        let place = |word: &str| order.iter().position(|known| *known == word);
        ensure!(shown["state"] != "failed", "{shown}");
        if place(shown["state"].as_str().unwrap_or_default()) >= place(state) {
            return Ok(shown);
        }
        ensure!(Instant::now() < end, "in vain: {state}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A tag: what is mixed is even, so that tags lie as if they had come from the function.
fn tag(number: u128) -> TagBytes {
    (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes()
}

/// The tags that every bank submits, in the order of reports.
fn common(tags: u32) -> Vec<TagBytes> {
    let mut common: Vec<TagBytes> = (0..COMMON.min(tags)).map(|number| tag(number.into())).collect();
    common.sort_unstable();
    common
}

async fn terms(visitor: &Visitor, job: &str) -> anyhow::Result<(Terms, Digest)> {
    let request = v1::GetJobRequest { job: hex::decode(job)?.into() };
    let reply = JobsClient::new(visitor.coordinator.clone()).get_job(request).await?.into_inner();
    let signed: Signed<Terms> = Signed::open(&reply.terms, &visitor.roster.coordinator)?;
    let digest = signed.digest();
    Ok((signed.into_value(), digest))
}

async fn submit(
    visitor: Arc<Visitor>,
    job: String,
    tags: u32,
    latencies: Arc<Mutex<Latencies>>,
) -> anyhow::Result<()> {
    let (terms, digest) = terms(&visitor, &job).await?;
    let at: u128 = visitor.id.as_str().trim_start_matches("bank-").parse()?;
    let padded = terms.padded_rows(tags.into());
    let common = u64::from(COMMON.min(tags));
    let numbers = (0..padded).map(|row| u128::from(row) + if row < common { 0 } else { (at + 1) << 40 });
    let mut rows: Vec<TagBytes> = numbers.map(tag).collect();
    rows.sort_unstable();
    let mut root = RootBuilder::new();
    for row in &rows {
        root.push(row);
    }
    let header = SubmissionHeader {
        terms_digest: digest,
        bank: visitor.id.clone(),
        rows: padded,
        row_bytes: 16,
        root: root.finish(),
        padding_commitment: [0; 32],
    };
    let terms_digest = bytes::Bytes::copy_from_slice(digest.as_bytes());
    let mut intake = IntakeClient::new(visitor.coordinator.clone()).max_encoding_message_size(MESSAGE_BYTES);
    let header = Signed::sign(&visitor.key, header).bytes().to_vec().into();
    intake.open_submission(v1::OpenSubmissionRequest { terms_digest: terms_digest.clone(), header }).await?;
    let mut first_row = 0;
    for slice in rows.chunks(ROW_SLICE_BYTES / 16) {
        let begun = Instant::now();
        let rows = slice.as_flattened().to_vec().into();
        let request = v1::SendRowsRequest { terms_digest: terms_digest.clone(), first_row, rows };
        first_row = intake.send_rows(request).await?.into_inner().next_row;
        latencies.lock().expect("nobody panics with it").push(begun.elapsed());
    }
    intake.seal_submission(v1::SealSubmissionRequest { terms_digest }).await?;
    Ok(())
}

/// Reads the report, which must name what all hold and nothing else, and hands the return in.
async fn conclude(
    visitor: Arc<Visitor>,
    job: String,
    banks: u16,
    common: Arc<[TagBytes]>,
) -> anyhow::Result<()> {
    let (terms, digest) = terms(&visitor, &job).await?;
    let terms_digest = bytes::Bytes::copy_from_slice(digest.as_bytes());
    let request = v1::ReadReportRequest { terms_digest: terms_digest.clone() };
    let mut reports =
        ReportsClient::new(visitor.coordinator.clone()).max_decoding_message_size(MESSAGE_BYTES);
    let mut stream = reports.read_report(request).await?.into_inner();
    let mut items = Vec::new();
    loop {
        let slice = stream.message().await?.context("a report that breaks off")?;
        items.extend_from_slice(&slice.items);
        if slice.end {
            break;
        }
    }
    let named = names(&items, terms.row_bytes(), banks, &common);
    let matched = named.with_context(|| format!("the report of {}", visitor.id.as_str()))?;
    let value = Return {
        terms_digest: digest,
        bank: visitor.id.clone(),
        result_digest: Digest::of("load", &items),
        by_kind: vec![(Kind::CnId, matched)],
        refused_matches: 0,
    };
    let signed_return = Signed::sign(&visitor.key, value).bytes().to_vec().into();
    JobsClient::new(visitor.coordinator.clone())
        .r#return(v1::ReturnRequest { terms_digest, signed_return })
        .await?;
    Ok(())
}

/// How many tags a report names: each of those in common once, in their order, as held by all banks, and no other.
fn names(items: &[u8], row_bytes: usize, banks: u16, common: &[TagBytes]) -> anyhow::Result<u64> {
    let (mut rest, mut named) = (items, Vec::new());
    while let Some(item) = read_item(&mut rest, row_bytes)? {
        let Item::Count { tag, groups } = item else { anyhow::bail!("a row in a report of counts") };
        ensure!(groups == u32::from(banks), "{groups} groups");
        named.push(tag);
    }
    ensure!(named.len() == common.len(), "{} tags, and {} are in common", named.len(), common.len());
    ensure!(named == common, "tags that are not those in common");
    Ok(common.len() as u64)
}

async fn countersign(visitor: Arc<Visitor>, job: String) -> anyhow::Result<()> {
    let (_, digest) = terms(&visitor, &job).await?;
    let terms_digest = bytes::Bytes::copy_from_slice(digest.as_bytes());
    let mut jobs = JobsClient::new(visitor.coordinator.clone());
    let request = v1::GetCertificateRequest { terms_digest: terms_digest.clone() };
    let certificate = jobs.get_certificate(request).await?.into_inner().certificate;
    let certificate: Signed<JobCertificate> = Signed::open(&certificate, &visitor.roster.coordinator)?;
    let value = Countersignature { certificate_digest: certificate.digest(), bank: visitor.id.clone() };
    let countersignature = Signed::sign(&visitor.key, value).bytes().to_vec().into();
    jobs.countersign(v1::CountersignRequest { terms_digest, countersignature }).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(tags: &[TagBytes], groups: u32) -> Vec<u8> {
        let mut items = Vec::new();
        for tag in tags {
            Item::Count { tag: *tag, groups }.write(&mut items);
        }
        items
    }

    #[test]
    fn a_report_names_all_that_is_in_common_and_nothing_else() {
        let common = common(5);
        let judged = |items: &[u8]| names(items, 16, 7, &common).ok();
        assert_eq!(judged(&report(&common, 7)), Some(5));
        assert_eq!(judged(&report(&common, 6)), None, "a bank is missing");
        assert_eq!(judged(&[]), None, "an empty report");
        assert_eq!(judged(&report(&common[..4], 7)), None, "one is missing");
        assert_eq!(judged(&report(&[&common[..], &[tag(5)]].concat(), 7)), None, "one is surplus");
        assert_eq!(judged(&report(&[&common[..4], &[tag(5)]].concat(), 7)), None, "one is another");
        let row = [&report(&common[..4], 7)[..], &[2; 19]].concat();
        assert_eq!(judged(&row), None, "a row");
    }
}
