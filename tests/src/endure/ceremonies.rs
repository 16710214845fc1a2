//! Keys while everybody is killed: made, their shares renewed, a lost share repaired.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use rand::RngExt as _;
use serde_json::Value;

use super::killer::strike_somebody;
use super::{Member, Siege, course::text};
use crate::demo::args::Plan;

/// Ceremonies that may be given up before that is a failure.
const TRIES: u32 = 8;
/// How long one may take until it is given up.
const DEADLINE: &str = "90s";
/// What every other bank may have evaluated by a holder whose counters are full.
const ALLOWANCE: &str = "1000000";
/// Between two confirmations.
const AGAIN: Duration = Duration::from_millis(300);

/// A key, however often the ceremony has to begin again.
pub(super) async fn agree(siege: &Siege, plan: &Plan) -> anyhow::Result<()> {
    let (holders, threshold) = (plan.banks[..plan.holders].join(","), plan.key_threshold.to_string());
    held(siege, "generate", &["start", "--holders", &holders, "--threshold", &threshold]).await
}

/// New shares at every holder.
pub(super) async fn refresh(siege: &Siege, plan: &Plan) -> anyhow::Result<()> {
    held(siege, "refresh", &["refresh"]).await?;
    answered_under(siege, plan, generation(siege).await?).await
}

/// A holder loses its store, and nothing but that; it joins again with its identity.
pub(super) async fn lose(siege: &Siege, plan: &Plan) -> anyhow::Result<String> {
    let chosen = siege.draw(|chance| chance.random_range(0..plan.holders));
    let lost = &siege.nodes()[chosen];
    lost.stop().await;
    lost.lose_store()?;
    siege.forgets(&lost.name);
    enrol(siege, lost).await?;
    Ok(lost.name.clone())
}

/// Its share is repaired, and a refresh follows; then people allow it to answer anew.
pub(super) async fn repair(siege: &Siege, plan: &Plan, lost: &str) -> anyhow::Result<()> {
    let before = generation(siege).await?;
    held(siege, "repair", &["repair", "--holder", lost]).await?;
    // The refresh comes by itself, and rests for a day if it fails: then people ask for it.
    if generation(siege).await? == before {
        held(siege, "refresh", &["refresh"]).await?;
    }
    let after = generation(siege).await?;
    ensure!(after > before, "no refresh has followed the repair");
    answered_under(siege, plan, after).await?;
    allow(siege, lost).await
}

/// The holder's people allow every other bank what it needs.
pub(super) async fn allow(siege: &Siege, holder: &str) -> anyhow::Result<()> {
    let holder = siege.node(holder)?;
    for bank in siege.nodes().iter().filter(|bank| bank.name != holder.name) {
        holder.insist(&["policy", "allow", &bank.name, ALLOWANCE]).await?;
    }
    Ok(())
}

/// Joining is done in peace: a person compares fingerprints there.
pub(super) async fn enrol(siege: &Siege, node: &Member) -> anyhow::Result<()> {
    let coordinator = siege.coordinator();
    let invite = coordinator.insist(&["invite", &node.name]).await?;
    let (words, print) = (text(&invite, "invite")?, text(&invite, "fingerprint")?);
    let enrol = ["enrol", &words, "--fingerprint", &print, "--wait", "120"];
    let confirm = ["roster", "confirm", &node.name, "--confirm", &node.fingerprint];
    // Until the bank has asked there is nothing to confirm, or only what was confirmed when it joined before.
    let confirming = async {
        loop {
            coordinator.attempt(&confirm).await?;
            tokio::time::sleep(AGAIN).await;
        }
    };
    tokio::select! {
        enrolled = node.insist(&enrol) => drop(enrolled?),
        failed = confirming => return failed,
    }
    node.serve().await
}

/// A ceremony of this task that comes to its good end, however often it has to begin again.
async fn held(siege: &Siege, task: &'static str, words: &[&str]) -> anyhow::Result<()> {
    let start = [&["ceremony"], words, &["--deadline", DEADLINE]].concat();
    let coordinator = siege.coordinator();
    for _ in 0..TRIES {
        let known = ids(&of_task(coordinator, task).await?, |_| true);
        // An answer that was lost may have begun one; two for one key would not both come to an end.
        let begun = loop {
            let there = of_task(coordinator, task).await?;
            let open = ids(&there, |ceremony| ceremony["state"] == "open");
            let fresh = ids(&there, |ceremony| !known.contains(&id(ceremony)));
            if let Some(begun) = open.into_iter().chain(fresh).next() {
                break begun;
            }
            drop(coordinator.attempt(&start).await?);
        };
        let under_way = siege.begin(task);
        // It is soon over: the first of its kind is not left to luck.
        if siege.missed().contains(&task) {
            Box::pin(strike_somebody(siege)).await?;
        }
        let over = |shown: Value| (shown["state"] != "open").then_some(shown);
        let ended = coordinator.until(&["ceremony", "show", &begun], over).await?;
        drop(under_way);
        siege.count(|tally| *tally.ceremonies.entry(task).or_default() += 1);
        if ended["state"] == "done" {
            return Ok(());
        }
        siege.count(|tally| tally.repeated += 1);
    }
    bail!("{TRIES} ceremonies ({task}) came to nothing")
}

async fn of_task(coordinator: &Member, task: &str) -> anyhow::Result<Vec<Value>> {
    let listed = coordinator.insist(&["ceremony", "list"]).await?;
    let all = listed["ceremonies"].as_array().context("ceremonies")?;
    Ok(all.iter().filter(|ceremony| ceremony["task"] == task).cloned().collect())
}

fn id(ceremony: &Value) -> String {
    ceremony["ceremony"].as_str().unwrap_or_default().to_owned()
}

fn ids(ceremonies: &[Value], which: impl Fn(&Value) -> bool) -> Vec<String> {
    ceremonies.iter().filter(|ceremony| which(ceremony)).map(id).collect()
}

/// Which shares the coordinator's newest record is of.
async fn generation(siege: &Siege) -> anyhow::Result<u64> {
    let listed = siege.coordinator().insist(&["ceremony", "keys"]).await?;
    let keys = listed["keys"].as_array().context("keys")?;
    keys.iter().filter_map(|key| key["generation"].as_u64()).max().context("a generation")
}

/// Every holder answers with its new share.
async fn answered_under(siege: &Siege, plan: &Plan, generation: u64) -> anyhow::Result<()> {
    for holder in &plan.banks[..plan.holders] {
        let node = siege.node(holder)?;
        let there = |listed: Value| {
            let mut keys = listed["keys"].as_array()?.iter();
            keys.any(|key| key["share_generation"].as_u64() >= Some(generation)).then_some(())
        };
        node.until(&["key", "list"], there).await?;
    }
    Ok(())
}
