//! Backups of parties that are killed while they make them, and what a restore makes of whatever was left.

use std::path::Path;

use anyhow::{Context as _, ensure};
use rand::RngExt as _;

use super::ceremonies::allow;
use super::killer::{fell, millis};
use super::member::told;
use super::{Member, Siege};
use crate::demo::args::Plan;

/// Backups of each party of which the party is killed.
const CUTS: u32 = 3;
/// When it is killed after the word to make one.
const INTO_A_BACKUP: std::ops::Range<u64> = 5..250;
/// When a restore is killed.
const INTO_A_RESTORE: std::ops::Range<u64> = 5..250;

/// A bank and the coordinator are backed up and killed in it; what is left restores, or is refused as unfinished.
pub(super) async fn cut(siege: &Siege) -> anyhow::Result<()> {
    let chosen = siege.draw(|chance| chance.random_range(0..siege.nodes().len()));
    for member in [&siege.nodes()[chosen], siege.coordinator()] {
        let folder = siege.fresh(&format!("backups-{}", member.name))?;
        for number in 0..CUTS {
            let to = folder.join(number.to_string());
            let finished = cut_once(siege, member, &to).await?;
            try_out(siege, member, &to, finished).await?;
        }
        let to = folder.join("whole");
        whole(siege, member, &to).await?;
        try_out(siege, member, &to, true).await?;
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

/// Begins a backup and kills the party in it; whether it had been finished.
async fn cut_once(siege: &Siege, member: &Member, to: &Path) -> anyhow::Result<bool> {
    let _fate = member.fate().await;
    let path = to.display().to_string();
    let words = ["backup", &path];
    // If it is done before the kill comes, nothing is hit.
    let made = async {
        let _under_way = siege.begin("backup");
        member.attempt(&words).await
    };
    let killed = async {
        tokio::time::sleep(millis(siege, INTO_A_BACKUP)).await;
        fell(siege, member).await
    };
    tokio::try_join!(made, killed)?;
    let finished = to.join("manifest.json").exists();
    siege.count(|tally| if finished { tally.backups += 1 } else { tally.cut_backups += 1 });
    member.serve().await.with_context(|| member.name.clone())?;
    Ok(finished)
}

/// A backup, in a folder of its own for every try.
async fn whole(siege: &Siege, member: &Member, to: &Path) -> anyhow::Result<()> {
    let _under_way = siege.begin("backup");
    for number in 0_u32.. {
        let tried = to.with_extension(number.to_string());
        let done = member.attempt(&["backup", &tried.display().to_string()]).await?.is_some();
        // The word that it is done may have been lost.
        if done || tried.join("manifest.json").exists() {
            std::fs::rename(&tried, to)?;
            siege.count(|tally| tally.backups += 1);
            return Ok(());
        }
        ensure!(number < 100, "{}: no backup comes about", member.name);
        siege.count(|tally| tally.cut_backups += 1);
    }
    Ok(())
}

/// Restores it into a folder of its own: it holds together, or is refused for what it is.
async fn try_out(siege: &Siege, member: &Member, from: &Path, finished: bool) -> anyhow::Result<()> {
    if !from.exists() {
        return Ok(());
    }
    let folder = siege.fresh("restored")?;
    let spare = member.spare(&folder)?;
    let path = from.display().to_string();
    let words = ["restore", &path];
    if finished {
        for _ in 0..2 {
            let killed = spare.cut(&words, millis(siege, INTO_A_RESTORE)).await.map_err(told)?;
            siege.count(|tally| tally.cut_restores += u32::from(killed));
        }
        spare.run(&words).await.map_err(told).context("the backup restores")?;
        spare.run(&["audit", "verify"]).await.map_err(told).context("the restored log holds")?;
        siege.count(|tally| tally.restores += 1);
    } else {
        let refused = spare.attempt(&words).await.map_err(told)?.err();
        let code = refused.map(|refused| refused.code).unwrap_or_default();
        ensure!(code == "backup-unfinished", "{}: half a backup: {code:?}", member.name);
    }
    siege.search_folder(&member.name, &folder)?;
    siege.search_folder(&member.name, from)?;
    Ok(std::fs::remove_dir_all(&folder)?)
}

/// A bank that holds the key, and the coordinator, are backed up.
pub(super) async fn before(siege: &Siege, plan: &Plan) -> anyhow::Result<Vec<String>> {
    let chosen = siege.draw(|chance| chance.random_range(0..plan.holders));
    let mut names = Vec::new();
    for member in [&siege.nodes()[chosen], siege.coordinator()] {
        whole(siege, member, &siege.root.join("before").join(&member.name)).await?;
        names.push(member.name.clone());
    }
    Ok(names)
}

/// They are put back to what they were then, by restores that are killed before they are let go on.
pub(super) async fn put_back(siege: &Siege, names: &[String]) -> anyhow::Result<()> {
    for member in siege.members.iter().filter(|member| names.contains(&member.name)) {
        let from = siege.root.join("before").join(&member.name);
        let path = from.display().to_string();
        fell(siege, member).await?;
        for _ in 0..2 {
            if member.cut(&["restore", &path], millis(siege, INTO_A_RESTORE)).await? {
                siege.killed(["restore"]);
                siege.count(|tally| tally.cut_restores += 1);
            }
        }
        member.insist(&["restore", &path]).await?;
        siege.count(|tally| tally.restores += 1);
        siege.search(member)?;
        member.serve().await?;
        std::fs::remove_dir_all(&from)?;
    }
    for name in names.iter().filter(|name| **name != siege.coordinator().name) {
        siege.forgets(name);
        allow(siege, name).await?;
    }
    Ok(())
}
