//! Kills and spoils, one party after the other, until it is told to stop.
//!
//! Who is killed is drawn. In a round that is made for a moment of which stores tell, wires are slow, which makes it last,
//! and whoever is seen at it is killed, nobody else, until it has been hit.

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
const SHORT: [&str; 4] = ["generate", "refresh", "repair", "backup"];
/// Between two looks at what everybody is at.
const LOOKING: std::ops::Range<u64> = 5..30;
/// How long a party stays down.
const DOWN: std::ops::Range<u64> = 0..700;
/// How long a wire stays spoiled.
const SPOILED: std::ops::Range<u64> = 200..2_500;
/// Bytes a second that pass a slow wire, each way of each connection: rows of a submission need some seconds.
const SLOW: u64 = 20_000;

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
        let Some(member) = chosen(siege).await else {
            pause = LOOKING;
            continue;
        };
        let soon_over = SHORT.iter().any(|word| siege.under_way().contains(word));
        pause = if soon_over || siege.aim().is_some() { IN_HASTE } else { BETWEEN };
        strike(siege, member).await?;
    }
}

/// Whom to kill now: anybody, or whoever is at the moment that is aimed at, if stores tell of it.
async fn chosen(siege: &Siege) -> Option<&Member> {
    let Some(aim) = siege.aim().filter(|word| moment::is_told(word)) else { return Some(anybody(siege)) };
    for member in &siege.members {
        if moment::of(member).await.contains(&aim) {
            return Some(member);
        }
    }
    None
}

fn anybody(siege: &Siege) -> &Member {
    &siege.members[siege.draw(|chance| chance.random_range(0..siege.members.len()))]
}

/// Anybody is killed, now.
pub(super) async fn strike_somebody(siege: &Siege) -> anyhow::Result<()> {
    strike(siege, anybody(siege)).await
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
    let mut at = siege.under_way();
    member.stop().await;
    at.extend(moment::of(member).await);
    siege.killed(at);
    siege.search(member)
}

/// Everybody is killed at once, and searched. Nothing is under way then, so these are none of the kills that were asked for.
pub(super) async fn fell_all(siege: &Siege) -> anyhow::Result<()> {
    for member in &siege.members {
        member.stop().await;
        siege.count(|tally| tally.at_once += 1);
        siege.search(member)?;
    }
    Ok(())
}

async fn spoil(siege: &Siege, mut stopping: watch::Receiver<bool>) -> anyhow::Result<()> {
    loop {
        let wires = begin(siege);
        siege.count(|tally| tally.spoiled += u32::try_from(wires.len()).unwrap_or(u32::MAX));
        let over = tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => true,
            () = tokio::time::sleep(millis(siege, SPOILED)) => false,
        };
        wires.into_iter().for_each(heal);
        if over {
            return Ok(());
        }
    }
}

/// Something goes wrong on a wire, or all are slow while a moment is aimed at; which.
fn begin(siege: &Siege) -> Vec<&Faults> {
    if siege.aim().is_some() {
        let wires: Vec<&Faults> = siege.members.iter().map(|member| member.wire.faults()).collect();
        for wire in &wires {
            wire.throttle(Some(SLOW));
        }
        return wires;
    }
    let wire = anybody(siege).wire.faults();
    go_wrong(siege, wire);
    vec![wire]
}

fn go_wrong(siege: &Siege, wire: &Faults) {
    match siege.draw(|chance| chance.random_range(0..6)) {
        0 => wire.delay(millis(siege, 1..200)),
        1 => wire.throttle(Some(SLOW)),
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
