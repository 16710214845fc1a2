//! What the federation does while it is under siege, and what must be true after it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use rand::RngExt as _;
use serde_json::Value;

use super::killer::{fell, millis, under};
use super::{Member, Siege, aim, backups, books, ceremonies, plan};
use crate::demo::args::Plan;
use crate::demo::compare::Clear;
use crate::people::{Shape, World};

/// Identifiers whose spellings are searched for, of each bank.
const PLANTED: usize = 12;
/// When an import is killed.
const INTO_AN_IMPORT: std::ops::Range<u64> = 5..400;
/// Where imports write what they rejected, under the root folder: it is searched, the registers are not.
const REJECTS: &str = "rejects";
/// Elements of a chunk: many chunks are under way when somebody is killed.
const CHUNK: &str = "64";
/// Rounds at most, if the kills that were asked for do not come together.
const ROUNDS: u32 = 100;

/// The whole course.
pub(super) async fn run(siege: &Siege) -> anyhow::Result<()> {
    let agreed = plan(&siege.options, &siege.root, 0)?;
    for node in siege.nodes() {
        ceremonies::enrol(siege, node).await?;
    }
    under(siege, ceremonies::agree(siege, &agreed)).await?;
    let mut number = 0;
    while number < siege.options.rounds || siege.tally().kills < siege.options.kills {
        ensure!(number < ROUNDS, "{} kills in {ROUNDS} rounds", siege.tally().kills);
        let beside = Beside::ALL[number as usize % Beside::ALL.len()];
        Box::pin(round(siege, number, beside)).await?;
        number += 1;
    }
    aim::at_what_was_missed(siege, number).await
}

/// What happens beside a round's job.
#[derive(Clone, Copy, Debug)]
pub(super) enum Beside {
    /// Nothing.
    Nothing,
    /// Every holder's share is renewed.
    Refresh,
    /// Parties are backed up.
    Backups,
    /// A holder has lost its store, and its share is repaired.
    Repair,
    /// A holder and the coordinator are put back to what they were before the job.
    Restore,
}

impl Beside {
    const ALL: [Self; 5] = [Self::Nothing, Self::Refresh, Self::Backups, Self::Repair, Self::Restore];
}

/// Registers, a job and what happens beside it; then everything is compared.
pub(super) async fn round(siege: &Siege, number: u32, beside: Beside) -> anyhow::Result<()> {
    let agreed = &plan(&siege.options, &siege.root, number)?;
    let world = registers(siege, agreed, number);
    let files = &write(siege, &world, number)?;
    cut_imports(siege, files).await?;
    let job = Box::pin(job(siege, agreed, files, number));
    let mut put_back = Vec::new();
    let (job, reports) = match beside {
        Beside::Nothing => under(siege, job).await?,
        Beside::Refresh => {
            let refresh = Box::pin(ceremonies::refresh(siege, agreed));
            under(siege, async { tokio::try_join!(job, refresh) }).await?.0
        }
        Beside::Backups => {
            let backups = Box::pin(backups::cut(siege));
            under(siege, async { tokio::try_join!(job, backups) }).await?.0
        }
        Beside::Repair => {
            let lost = ceremonies::lose(siege, agreed).await?;
            under(siege, async {
                ceremonies::repair(siege, agreed, &lost).await?;
                job.await
            })
            .await?
        }
        Beside::Restore => {
            put_back = backups::before(siege, agreed).await?;
            under(siege, job).await?
        }
    };
    judge(siege, agreed, &world, &job, &reports).await?;
    siege.count(|tally| tally.jobs += 1);
    backups::put_back(siege, &put_back).await?;
    books::compared(siege, agreed).await
}

pub(super) fn text(value: &Value, member: &str) -> anyhow::Result<String> {
    Ok(value[member].as_str().with_context(|| format!("{member} of {value}"))?.to_owned())
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
    siege.plant(&planted);
    world
}

fn write(siege: &Siege, world: &World, round: u32) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let folder = siege.root.join("registers").join(round.to_string());
    std::fs::create_dir_all(&folder)?;
    std::fs::create_dir_all(siege.root.join(REJECTS))?;
    let mut files = BTreeMap::new();
    for bank in &world.banks {
        let path = folder.join(format!("{}.csv", bank.id));
        std::fs::write(&path, &bank.file)?;
        siege.registers.lock().expect("nobody panics with it").insert(path.clone());
        files.insert(bank.id.clone(), path);
    }
    Ok(files)
}

/// Imports as commands of their own, on folders that nobody serves, killed somewhere in their work.
async fn cut_imports(siege: &Siege, files: &BTreeMap<String, PathBuf>) -> anyhow::Result<()> {
    let chosen = siege.draw(|chance| chance.random_range(0..siege.nodes().len()));
    let node = &siege.nodes()[chosen];
    fell(siege, node).await?;
    for _ in 0..3 {
        let time = millis(siege, INTO_AN_IMPORT);
        let words = import(siege, node, files)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if node.cut(&words, time).await? {
            siege.killed(["import"]);
        }
        siege.search(node)?;
    }
    node.serve().await
}

fn import(siege: &Siege, node: &Member, files: &BTreeMap<String, PathBuf>) -> anyhow::Result<Vec<String>> {
    let file = files.get(&node.name).context("a register for every bank")?.display().to_string();
    let rejects = siege.root.join(REJECTS).join(format!("{}.csv", node.name));
    let rejects = rejects.display().to_string();
    // The register of a round has nothing in common with that of the round before.
    let words = ["import", &file, "--full", "--retract-many", "--rejects", &rejects];
    Ok(words.map(str::to_owned).to_vec())
}

/// Imports, a job, its reports. Gives the job, and where the reports lie.
async fn job(
    siege: &Siege,
    plan: &Plan,
    files: &BTreeMap<String, PathBuf>,
    round: u32,
) -> anyhow::Result<(String, BTreeMap<String, PathBuf>)> {
    let under_way = siege.begin("import");
    for node in siege.nodes() {
        let words = import(siege, node, files)?;
        node.insist(&words.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    }
    drop(under_way);
    let _under_way = siege.begin("job");
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
        ["--chunk", CHUNK],
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
