//! Kills and spoils, one party after the other, until it is told to stop.

use std::time::Duration;

use anyhow::Context as _;
use lianfang_link::faults::Faults;
use rand::RngExt as _;
use tokio::sync::watch;

use super::{Member, Siege, moment};

/// Between two kills.
const BETWEEN: std::ops::Range<u64> = 150..900;
/// The same in a ceremony or a backup, which do not last long.
const IN_HASTE: std::ops::Range<u64> = 20..250;
/// What is over soon.
const SHORT: [&str; 5] = ["generate", "refresh", "repair", "backup", "restore"];
/// How long a party stays down.
const DOWN: std::ops::Range<u64> = 0..700;
/// How long a wire stays spoiled.
const SPOILED: std::ops::Range<u64> = 200..2_500;

pub(super) fn millis(siege: &Siege, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(siege.draw(|chance| chance.random_range(range)))
}

/// Does the work while parties are killed; both ends are waited for.
pub(super) async fn under<T>(
    siege: &Siege,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let (stop, stopping) = watch::channel(false);
    let worked = async {
        let ended = work.await;
        stop.send_replace(true);
        ended
    };
    // A party that does not come back ends the work too: what it waits for will not happen.
    let killing = async { tokio::try_join!(kill(siege, stopping.clone()), spoil(siege, stopping)).map(drop) };
    tokio::pin!(worked, killing);
    tokio::select! {
        done = &mut worked => {
            killing.await?;
            done
        }
        ended = &mut killing => {
            ended?;
            worked.await
        }
    }
}

async fn kill(siege: &Siege, mut stopping: watch::Receiver<bool>) -> anyhow::Result<()> {
    // The first strike comes soon, for what is under way has just begun.
    let mut pause = IN_HASTE;
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return Ok(()),
            () = tokio::time::sleep(millis(siege, pause)) => {}
        }
        pause = if SHORT.iter().any(|word| siege.under_way().contains(word)) { IN_HASTE } else { BETWEEN };
        let chosen = siege.draw(|chance| chance.random_range(0..siege.members.len()));
        strike(siege, &siege.members[chosen]).await?;
    }
}

/// One party is killed, searched, and comes back.
async fn strike(siege: &Siege, member: &Member) -> anyhow::Result<()> {
    let _fate = member.fate().await;
    fell(siege, member).await?;
    tokio::time::sleep(millis(siege, DOWN)).await;
    member.serve().await.with_context(|| member.name.clone())
}

/// One party is killed and searched, and what it was at is taken down. Its fate is in the caller's hands.
pub(super) async fn fell(siege: &Siege, member: &Member) -> anyhow::Result<()> {
    member.stop().await;
    let mut at = siege.under_way();
    at.extend(moment::of(member).await);
    siege.count(|tally| {
        tally.kills += 1;
        for word in at {
            *tally.during.entry(word).or_default() += 1;
        }
    });
    siege.search(member)
}

async fn spoil(siege: &Siege, mut stopping: watch::Receiver<bool>) -> anyhow::Result<()> {
    loop {
        let chosen = siege.draw(|chance| chance.random_range(0..siege.members.len()));
        let wire = siege.members[chosen].wire.faults();
        begin(siege, wire);
        siege.count(|tally| tally.spoiled += 1);
        let over = tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => true,
            () = tokio::time::sleep(millis(siege, SPOILED)) => false,
        };
        heal(wire);
        if over {
            return Ok(());
        }
    }
}

/// Something goes wrong on a wire.
fn begin(siege: &Siege, wire: &Faults) {
    match siege.draw(|chance| chance.random_range(0..6)) {
        0 => wire.delay(millis(siege, 1..200)),
        1 => wire.throttle(Some(20_000)),
        // Somewhere in a message, or in a handshake.
        2 => wire.cut_after(Some(siege.draw(|chance| chance.random_range(1..60_000)))),
        // Half open: what is sent is taken and never delivered.
        3 => wire.blackhole(true),
        4 => wire.refuse(true),
        _ => wire.cut(),
    }
}

fn heal(wire: &Faults) {
    wire.delay(Duration::ZERO);
    wire.throttle(None);
    wire.cut_after(None);
    wire.blackhole(false);
    wire.refuse(false);
}
