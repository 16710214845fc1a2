//! What a party is at, or was at when it was killed, as its store says: so that a run can tell which moments it has tried.
//!
//! Comes in: a party that has just been killed, or one that runs. Goes out: words. The store is copied first, with its
//! log: what the next start finds is what the kill left, to the byte. A store that cannot be read says nothing here; its
//! own program will. A copy from under a party that writes may be torn: it is good for a glance, and nothing is counted by
//! it.

use std::path::Path;

use sqlx::any::{AnyConnectOptions, install_default_drivers};
use sqlx::{AnyConnection, ConnectOptions as _, Connection as _};

use super::Member;

/// A node: chunks that are on their way, jobs by their stage.
const OF_A_NODE: [(&str, &str); 3] = [
    ("evaluation", "SELECT count(*) FROM chunk WHERE state = 0"),
    ("submission", "SELECT count(*) FROM job WHERE stage = 3"),
    ("report", "SELECT count(*) FROM job WHERE stage = 4"),
];
/// The coordinator: jobs by their state.
const OF_THE_COORDINATOR: [(&str, &str); 3] = [
    ("intake", "SELECT count(*) FROM job WHERE state = 1"),
    ("matching", "SELECT count(*) FROM job WHERE state = 2"),
    ("certification", "SELECT count(*) FROM job WHERE state IN (3, 4)"),
];

/// Whether stores tell of it.
pub(super) fn is_told(word: &str) -> bool {
    OF_A_NODE.iter().chain(&OF_THE_COORDINATOR).any(|(told, _)| *told == word)
}

/// What it was at.
pub(super) async fn of(member: &Member) -> Vec<&'static str> {
    let questions = if member.is_node() { OF_A_NODE } else { OF_THE_COORDINATOR };
    asked(member, &questions).await.unwrap_or_default()
}

async fn asked(
    member: &Member,
    questions: &[(&'static str, &'static str)],
) -> anyhow::Result<Vec<&'static str>> {
    let copy = copied(member)?;
    let mut connection = open(&copy.path().join("store.sqlite")).await?;
    let mut found = Vec::new();
    for (word, question) in questions {
        let count: i64 = sqlx::query_scalar(*question).fetch_one(&mut connection).await?;
        if count > 0 {
            found.push(*word);
        }
    }
    connection.close().await?;
    Ok(found)
}

async fn open(store: &Path) -> anyhow::Result<AnyConnection> {
    install_default_drivers();
    let options: AnyConnectOptions = format!("sqlite://{}?mode=rw", store.display()).parse()?;
    Ok(options.disable_statement_logging().connect().await?)
}

/// The audit log of a copy: events and their bodies.
pub(super) async fn entries(store: &Path) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut connection = open(store).await?;
    let rows = sqlx::query_as("SELECT event, body FROM audit_entry ORDER BY seq");
    let entries = rows.fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(entries)
}

/// The party's store and its write-ahead log, in a folder of their own.
pub(super) fn copied(member: &Member) -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::Builder::new().prefix("lianfang-moment-").tempdir()?;
    for name in ["store.sqlite", "store.sqlite-wal"] {
        let from = member.dir().join(name);
        if from.exists() {
            std::fs::copy(&from, folder.path().join(name))?;
        }
    }
    Ok(folder)
}
