//! `key close`, `key lost`, `key trust`: what a person decides about an epoch, a ledger, a holder.
//!
//! Comes in: a decision, confirmed. Goes out: an entry in the audit log, then the deed. What cannot be taken back is
//! asked for twice: `--yes`, or the number typed again.

use std::sync::Arc;

use lianfang_desk::{Call, Exit, Problem};
use lianfang_proto::catalogue::Class;
use lianfang_proto::ids::{BankId, Epoch, Generation, KeyId};
use serde_json::json;

use super::{args, tell};
use crate::app::{App, Joined};
use crate::audit::Event;
use crate::fault::problem;
use crate::job::Context;
use crate::key_holder::ledger::LedgerError;

const CLASS: Class = Class::Subject;

/// Asks for the number again, unless it was confirmed with the command.
async fn confirm(call: &Call, yes: bool, question: &str, epoch: Epoch) -> Result<(), Problem> {
    if yes {
        return Ok(());
    }
    let number = u64::from(epoch.0);
    let question = call.console.text(question, &[("epoch", number.into())]);
    let answer = call.console.ask(&question, "--yes").await?;
    if answer.trim() == epoch.0.to_string() { Ok(()) } else { Err(Problem::refused("not-confirmed")) }
}

/// The epoch that was named, or the newest that is known here.
async fn named_epoch(context: &Context, epoch: Option<u32>) -> Result<Epoch, Problem> {
    let newest = context.records.newest_epoch(CLASS).await?;
    epoch.map(Epoch).or(newest).ok_or_else(|| Problem::fault("key-not-agreed"))
}

pub(super) async fn close(joined: &Joined, call: &Call, args: &args::KeyClose) -> Result<Exit, Problem> {
    let (context, epoch) = (&joined.context, Epoch(args.epoch));
    let kept = context.records.current(CLASS, epoch).await?;
    let unknown = || Problem::fault("epoch-unknown").with("got", u64::from(epoch.0)).exiting(Exit::Usage);
    kept.ok_or_else(unknown)?;
    if let Some(job) = context.job_under(CLASS, epoch, 0).await.map_err(|fault| problem(&fault))? {
        return Err(Problem::later("epoch-in-use").with("job", job));
    }
    confirm(call, args.yes, "node-ask-close", epoch).await?;
    let erased = context.close_epoch(CLASS, epoch, &call.person).await.map_err(|fault| problem(&fault))?;
    let (shares, outputs) = (erased.shares, erased.outputs);
    let said = [("epoch", u64::from(epoch.0).into()), ("shares", shares.into()), ("outputs", outputs.into())];
    let json = json!({ "closed": epoch.0, "class": CLASS.code(), "shares": shares, "outputs": outputs });
    tell(&*call.console, &json, &call.console.text("node-epoch-closed", &said));
    Ok(Exit::Done)
}

pub(super) async fn lost(
    node: &Arc<App>,
    joined: &Joined,
    call: &Call,
    args: &args::KeyLost,
) -> Result<Exit, Problem> {
    let context = &joined.context;
    let epoch = named_epoch(context, args.epoch).await?;
    if context.vault.current(CLASS, epoch).is_none() {
        return Err(Problem::usage("not-a-holder").at(context.bank.to_string()));
    }
    confirm(call, args.yes, "node-ask-lost", epoch).await?;
    let event = Event::LedgerLost { class: CLASS, epoch, by: call.person.clone() };
    node.log.record(&event).await?;
    let key = KeyId { class: CLASS, epoch, generation: Generation(0) };
    let told = |error| match error {
        LedgerError::Store(error) => Problem::from(error),
        other => Problem::bug(other),
    };
    node.ledger.declare_lost(&[key], args.seen.unwrap_or(0), &call.person, None).await.map_err(told)?;
    let number = node.ledger.charge_number().await.map_err(told)?;
    let said = [("epoch", u64::from(epoch.0).into()), ("number", number.into())];
    let json = json!({ "lost": epoch.0, "class": CLASS.code(), "charge_number": number });
    tell(&*call.console, &json, &call.console.text("node-ledger-lost", &said));
    Ok(Exit::Done)
}

pub(super) async fn trust(
    joined: &Joined,
    call: &Call,
    holder: &str,
    epoch: Option<u32>,
) -> Result<Exit, Problem> {
    let context = &joined.context;
    let epoch = named_epoch(context, epoch).await?;
    let bank = BankId::parse(holder, "HOLDER")
        .map_err(|_| Problem::usage("usage-value").with("got", holder.to_owned()).field("HOLDER"))?;
    if !context.sightings.settle(&bank, CLASS, epoch, None, &call.person).await? {
        return Err(Problem::usage("holder-not-in-doubt").at(holder.to_owned()));
    }
    let json = json!({ "trusted": holder, "epoch": epoch.0 });
    tell(&*call.console, &json, &call.console.text("node-holder-trusted", &[("holder", holder.into())]));
    Ok(Exit::Done)
}
