//! Tells the coordinator how far this holder has charged, and is shown the highest that it has ever told.
//!
//! Comes in: the ledger. Goes out: a signed statement, to the coordinator and into the folder; full counters, if an earlier
//! statement of this holder's is above its ledger. So a ledger that was put back is found even where the only bank that was
//! charged since would rather not tell: by the folder, if the store alone was put back; by the coordinator, if the whole
//! machine was; by the answers that other members show, if both were.
//!
//! What it cannot find: charges between the last statement and the moment that a backup was made of; statements follow the
//! inbox, within seconds. Trusts: nobody; a statement that this holder's own key has not signed says nothing. Fails with the
//! coordinator's fault; then nothing is confirmed, and the holder answers nobody for long.

use std::path::PathBuf;

use lianfang_proto::documents::membership::ChargeStatement;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::at_rest::file::{read_limited, write_atomically};
use lianfang_trust::{Canonical as _, Signed};

use crate::job::Context;
use crate::key_holder::behind;
use crate::key_holder::ledger::Ledger;
use crate::peers::coordinator::NAME;

/// The last statement, in the node's folder and outside of the store.
const FILE: &str = "charges.stated";
/// Who shows it.
const FOLDER: &str = "folder";

fn path(context: &Context) -> PathBuf {
    context.store.folder().join(FILE)
}

/// The number of a statement of this holder's own.
fn number_of(context: &Context, statement: &[u8]) -> Option<u64> {
    let own = context.secrets.identity.verifying_key();
    let statement = Signed::<ChargeStatement>::open(statement, &own).ok()?.into_value();
    (statement.holder == context.bank).then_some(statement.number)
}

/// States the charge number, if it is another than the one that was stated last.
pub async fn state(context: &Context, last: &mut Option<u64>) -> Result<(), Fault> {
    if context.vault.keys().is_empty() {
        return Ok(());
    }
    let ledger = Ledger::new(context.store.clone());
    let number = ledger.charge_number().await?;
    if *last == Some(number) {
        return Ok(());
    }
    let judge = |seen: Option<u64>, by: &'static str| {
        let ledger = &ledger;
        async move { behind::judge(ledger, &context.vault, &context.log, seen.unwrap_or(0), by).await }
    };
    if last.is_none()
        && let Ok(kept) = read_limited(&path(context), ChargeStatement::MAX_BYTES * 4)
    {
        judge(number_of(context, &kept), FOLDER).await?;
    }
    let statement = ChargeStatement { holder: context.bank.clone(), number, at: context.ports.clock.now() };
    let statement = Signed::sign(&context.secrets.identity, statement);
    let highest = context.coordinator.witness(statement.bytes().to_vec()).await?;
    let highest_number = number_of(context, &highest);
    judge(highest_number, NAME).await?;
    // What stands in the folder never goes back either.
    let keep = if highest_number > Some(number) { &highest } else { statement.bytes() };
    write_atomically(&path(context), keep).map_err(|_| Fault::new(FaultCode::DiskFull))?;
    *last = Some(number);
    Ok(())
}
