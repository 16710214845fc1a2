//! Everybody goes down at once, the books of all banks are compared, and everybody comes back.
//!
//! What must be: at every holder the counters are the sum of its charges; a chunk that was charged is one that the bank
//! took down before it was sent, of the same size, so nothing that was sent twice was charged as two; and a chunk that
//! gave outputs was charged at as many holders as it takes; and a bank's log says once of every job what happens once in
//! it. A bank whose store was lost or put back has forgotten chunks,
//! a holder has forgotten charges: these are left out where they must be.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::killer::fell_all;
use super::{Siege, moment};
use crate::demo::args::Plan;
use crate::simulation::ledgers::{Books, read};

/// What a bank's log may say once of a job.
const ONCE: [&[&str]; 4] = [
    &["job.accepted", "job.refused"],
    &["job.submitted"],
    &["job.reported"],
    &["job.certified", "job.certified-late"],
];

/// All parties are killed, compared, and started again.
pub(super) async fn compared(siege: &Siege, plan: &Plan) -> anyhow::Result<()> {
    fell_all(siege).await?;
    let mut books = BTreeMap::new();
    for node in siege.nodes() {
        let copy = moment::copied(node)?;
        let path = copy.path().join("store.sqlite");
        let own = read(&node.name, &path).await.with_context(|| node.name.clone())?;
        once(&path).await.with_context(|| node.name.clone())?;
        books.insert(node.name.clone(), own);
    }
    for (holder, own) in &books {
        counters(holder, own)?;
        charged(siege, holder, &books)?;
    }
    paid(siege, plan, &books)?;
    for member in &siege.members {
        member.serve().await.with_context(|| member.name.clone())?;
    }
    Ok(())
}

async fn once(store: &Path) -> anyhow::Result<()> {
    let entries = moment::entries(store).await?;
    for of_one_kind in ONCE {
        let mut said: BTreeMap<String, &str> = BTreeMap::new();
        for (event, body) in entries.iter().filter(|(event, _)| of_one_kind.contains(&event.as_str())) {
            let body: Value = serde_json::from_slice(body)?;
            let terms = body["terms"].as_str().context("terms in an entry of a job")?;
            let before = said.insert(terms.to_owned(), event);
            ensure!(before.is_none(), "the log says {event} of {terms} after {}", before.unwrap_or_default());
        }
    }
    Ok(())
}

fn counters(holder: &str, own: &Books) -> anyhow::Result<()> {
    for ((entity, epoch), (spent, sum)) in own.spent() {
        // A ledger that counts as lost has begun anew, with everything used up.
        let lost = own.lost.contains(epoch);
        ensure!(lost || spent == sum, "{holder}: {entity} has spent {spent}, its charges come to {sum}");
    }
    Ok(())
}

fn charged(siege: &Siege, holder: &str, books: &BTreeMap<String, Books>) -> anyhow::Result<()> {
    for charge in books[holder].charges.iter().filter(|charge| charge.committed) {
        let (bank, elements) = (&charge.bank, charge.elements);
        let Some(own) = books.get(bank).filter(|_| !siege.has_forgotten(bank)) else { continue };
        let known = own.chunks.get(&charge.batch).is_some_and(|(count, _)| *count == elements);
        ensure!(known, "{holder} charged {bank} for {elements} elements that it never took down");
    }
    Ok(())
}

fn paid(siege: &Siege, plan: &Plan, books: &BTreeMap<String, Books>) -> anyhow::Result<()> {
    let holders = &plan.banks[..plan.holders];
    let forgetful = holders.iter().filter(|holder| siege.has_forgotten(holder)).count();
    let mut elements = 0;
    for (bank, own) in books {
        // Its own share a holder applies by itself, without a charge.
        let needed = plan.key_threshold - usize::from(holders.contains(bank));
        for (batch, (count, finished)) in &own.chunks {
            let charges = books.values().flat_map(|books| &books.charges);
            let charged =
                charges.filter(|charge| charge.batch == *batch && charge.elements == *count).count();
            ensure!(
                !finished || charged + forgetful >= needed,
                "{bank} had {count} elements evaluated that {charged} holders charged, not {needed}"
            );
            elements += if *finished { *count } else { 0 };
        }
    }
    siege.count(|tally| {
        tally.compared += 1;
        tally.elements = u64::try_from(elements).unwrap_or_default();
    });
    Ok(())
}
