//! What the federation does while it is under siege, and what must be true after it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use rand::RngExt as _;
use serde_json::Value;

use super::killer::under;
use super::{Member, Siege, plan};
use crate::canary::Canaries;
use crate::demo::args::Plan;
use crate::demo::compare::Clear;
use crate::people::{Shape, World};

/// Identifiers whose spellings are searched for, of each bank.
const PLANTED: usize = 12;
/// Ceremonies that may be given up before that is a failure.
const CEREMONIES: u32 = 8;
/// Rounds without the kills that were asked for.
const ROUNDS: u32 = 100;

/// The whole course.
pub(super) async fn run(siege: &Siege) -> anyhow::Result<()> {
    let mut agreed = plan(&siege.options, &siege.root, 0)?;
    enrol(siege).await?;
    under(siege, agree(siege, &agreed)).await?;
    for round in 0..ROUNDS {
        agreed = plan(&siege.options, &siege.root, round)?;
        let world = registers(siege, &agreed, round);
        let files = write(siege, &world, round)?;
        cut_imports(siege, &files).await?;
        let (job, reports) = under(siege, job(siege, &agreed, &files, round)).await?;
        judge(siege, &agreed, &world, &job, &reports).await?;
        siege.count(|tally| tally.jobs += 1);
        if siege.tally().kills >= siege.options.kills {
            return Ok(());
        }
    }
    bail!("{} kills in {ROUNDS} rounds", siege.tally().kills)
}

fn text(value: &Value, member: &str) -> anyhow::Result<String> {
    Ok(value[member].as_str().with_context(|| format!("{member} of {value}"))?.to_owned())
}

/// Joining is done in peace: a person compares fingerprints there.
async fn enrol(siege: &Siege) -> anyhow::Result<()> {
    let coordinator = siege.coordinator();
    for node in siege.nodes() {
        let invite = coordinator.insist(&["invite", &node.name]).await?;
        let (words, print) = (text(&invite, "invite")?, text(&invite, "fingerprint")?);
        let enrol = ["enrol", &words, "--fingerprint", &print, "--wait", "120"];
        let confirm = ["roster", "confirm", &node.name, "--confirm", &node.fingerprint];
        tokio::try_join!(node.insist(&enrol), coordinator.insist(&confirm))?;
        node.serve().await?;
    }
    Ok(())
}

/// A key, however often the ceremony has to begin again.
async fn agree(siege: &Siege, plan: &Plan) -> anyhow::Result<()> {
    let coordinator = siege.coordinator();
    let (holders, threshold) = (plan.banks[..plan.holders].join(","), plan.key_threshold.to_string());
    let start = ["ceremony", "start", "--holders", &holders, "--threshold", &threshold, "--deadline", "90s"];
    for _ in 0..CEREMONIES {
        let listed = coordinator.insist(&["ceremony", "list"]).await?;
        let known = listed["ceremonies"].as_array().map_or(0, Vec::len);
        // An answer that was lost may have begun one; two for one key would not both come to an end.
        let begun = loop {
            let listed = coordinator.insist(&["ceremony", "list"]).await?;
            match listed["ceremonies"].as_array().and_then(|all| all.get(known)) {
                Some(begun) => break text(begun, "ceremony")?,
                None => drop(coordinator.attempt(&start).await?),
            }
        };
        let over = |shown: Value| (shown["state"] != "open").then_some(shown);
        let ended = coordinator.until(&["ceremony", "show", &begun], over).await?;
        siege.count(|tally| tally.ceremonies += 1);
        if ended["state"] == "done" {
            return Ok(());
        }
        siege.count(|tally| tally.repeated += 1);
    }
    bail!("{CEREMONIES} ceremonies came to nothing")
}

/// The registers of a round, and what of them must be found nowhere.
fn registers(siege: &Siege, plan: &Plan, round: u32) -> World {
    let seed = siege.options.seed + u64::from(round);
    let world = World::generate(seed, plan.banks.len(), siege.options.records as usize, Shape::Ordinary);
    let mut planted = Vec::new();
    for bank in &world.banks {
        let long = bank.rows.iter().flat_map(|row| &row.identifiers).filter(|(_, value)| value.len() >= 11);
        planted.extend(long.step_by(7).take(PLANTED).map(|(_, value)| value.as_str()));
    }
    *siege.planted.lock().expect("nobody panics with it") = Canaries::new(planted);
    world
}

fn write(siege: &Siege, world: &World, round: u32) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let folder = siege.root.join("registers").join(round.to_string());
    std::fs::create_dir_all(&folder)?;
    let mut files = BTreeMap::new();
    for bank in &world.banks {
        let path = folder.join(format!("{}.csv", bank.id));
        std::fs::write(&path, &bank.file)?;
        files.insert(bank.id.clone(), path);
    }
    Ok(files)
}

/// Imports as commands of their own, on folders that nobody serves, killed somewhere in their work.
async fn cut_imports(siege: &Siege, files: &BTreeMap<String, PathBuf>) -> anyhow::Result<()> {
    let chosen = siege.draw(|chance| chance.random_range(0..siege.nodes().len()));
    let node = &siege.nodes()[chosen];
    node.stop().await;
    siege.count(|tally| tally.kills += 1);
    for _ in 0..3 {
        let time = Duration::from_millis(siege.draw(|chance| chance.random_range(5..400)));
        let words = import(siege, node, files)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let killed = node.cut(&words, time).await?;
        siege.count(|tally| tally.kills += u32::from(killed));
        siege.search(node)?;
    }
    node.serve().await
}

fn import(siege: &Siege, node: &Member, files: &BTreeMap<String, PathBuf>) -> anyhow::Result<Vec<String>> {
    let file = files.get(&node.name).context("a register for every bank")?.display().to_string();
    let rejects = siege.root.join("registers").join(format!("{}.rejects.csv", node.name));
    Ok(["import", &file, "--full", "--rejects", &rejects.display().to_string()].map(str::to_owned).to_vec())
}

/// Imports, a job, its reports. Gives the job, and where the reports lie.
async fn job(
    siege: &Siege,
    plan: &Plan,
    files: &BTreeMap<String, PathBuf>,
    round: u32,
) -> anyhow::Result<(String, BTreeMap<String, PathBuf>)> {
    for node in siege.nodes() {
        let words = import(siege, node, files)?;
        node.insist(&words.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    }
    let id = start(siege, plan, round).await?;
    for node in siege.nodes() {
        let over = |shown: Value| {
            let stage = shown["stage"].as_str().unwrap_or_default();
            ["done", "failed", "missed", "refused"].contains(&stage).then_some(shown)
        };
        let ended = node.until(&["job", "show", &id], over).await?;
        ensure!(ended["stage"] == "done", "{}: {ended}", node.name);
    }
    let mut reports = BTreeMap::new();
    for node in siege.nodes() {
        let out = siege.root.join("reports").join(&id).join(&node.name);
        node.insist(&["report", &id, "--out", &out.display().to_string()]).await?;
        reports.insert(node.name.clone(), out.join("report.csv"));
    }
    Ok((id, reports))
}

/// The job of this round, begun once: an answer that was lost may have begun it.
async fn start(siege: &Siege, plan: &Plan, round: u32) -> anyhow::Result<String> {
    let coordinator = siege.coordinator();
    let (purpose, threshold) = (format!("round {round}"), plan.match_threshold.to_string());
    let words = [
        ["job", "start"],
        ["--match-threshold", &threshold],
        ["--disclosure", plan.disclosure.code()],
        ["--purpose", &purpose],
        ["--basis", "consent of all participants"],
        ["--deadline", "20m"],
        ["--chunk", "256"],
    ];
    loop {
        let listed = coordinator.insist(&["job", "list"]).await?;
        let jobs = listed["jobs"].as_array().into_iter().flatten();
        if let Some(job) = jobs.into_iter().find(|job| job["purpose"] == *purpose) {
            return text(job, "job");
        }
        coordinator.attempt(words.as_flattened()).await?;
    }
}

/// Every report is the clear answer, the coordinator comes to its end, every log holds, and no bank was told of the job
/// twice.
async fn judge(
    siege: &Siege,
    plan: &Plan,
    world: &World,
    job: &str,
    reports: &BTreeMap<String, PathBuf>,
) -> anyhow::Result<()> {
    let mismatches = Clear::of_world(plan, world).compare(reports).map_err(super::member::told)?;
    ensure!(mismatches.is_empty(), "{mismatches:?}");
    let closed = |shown: Value| (shown["state"] == "closed").then_some(shown);
    let closed = siege.coordinator().until(&["job", "show", job], closed).await?;
    ensure!(closed["missing"].as_array().is_some_and(Vec::is_empty), "{closed}");
    for member in &siege.members {
        member.insist(&["audit", "verify"]).await?;
        siege.search(member)?;
    }
    Ok(())
}
