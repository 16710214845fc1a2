//! `key ceremonies`, `key join`, `key decline`: what a person at a holder decides about proposed ceremonies.
//!
//! Comes in: a ceremony's id and a person's word. Goes out: the decision, and an entry in the audit log. The node goes on by
//! itself from there; what a person joins is checked again before anything is signed.

use std::sync::Arc;

use lianfang_desk::{Call, Exit, Problem};
use lianfang_proto::documents::ceremony::Task;
use lianfang_proto::ids::{BankId, CeremonyId};
use serde_json::{Value, json};

use super::{args, tell};
use crate::app::{App, Joined};
use crate::audit::Event;
use crate::ceremony::asked::{Asked, Questions};
use crate::ceremony::known::Judge;

fn described(asked: &Asked) -> Value {
    let proposal = &asked.proposal;
    let names = |banks: &[BankId]| banks.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (lost, helpers) = match &proposal.task {
        Task::Repair { lost, helpers, .. } => (Some(lost.to_string()), names(helpers)),
        Task::Generate | Task::Refresh { .. } => (None, Vec::new()),
    };
    let joins = asked.decision.as_ref().map(|(joins, _)| *joins);
    json!({
        "ceremony": proposal.ceremony.to_string(), "task": proposal.task.code(),
        "class": proposal.key.class.code(), "epoch": proposal.key.epoch.0,
        "generation": proposal.key.generation.0, "threshold": proposal.threshold,
        "holders": names(&proposal.holders), "lost": lost, "helpers": helpers, "joins": joins,
        "by": asked.decision.as_ref().map(|(_, by)| by.clone()),
    })
}

pub(super) async fn list(joined: &Joined, call: &Call) -> Result<Exit, Problem> {
    let asked = Questions::new(joined.context.store.clone()).all().await?;
    let all: Vec<Value> = asked.iter().map(described).collect();
    let text = serde_json::to_string_pretty(&all).unwrap_or_default();
    tell(&*call.console, &json!({ "ceremonies": all }), &text);
    Ok(Exit::Done)
}

/// Whoever is told that the node takes part must not find later that it never did.
async fn can_join(joined: &Joined, asked: &Asked) -> Result<(), Problem> {
    let context = &joined.context;
    let judge =
        Judge { bank: &context.bank, members: &context.roster, store: &context.store, vault: &context.vault };
    let refusal = judge.refuses(&asked.proposal, context.ports.clock.now()).await.map_err(Problem::bug)?;
    match refusal {
        Some(refusal) => Err(Problem::refused("ceremony-not-joined").with("detail", refusal.to_string())),
        None => Ok(()),
    }
}

pub(super) async fn decide(
    node: &Arc<App>,
    call: &Call,
    args: &args::KeyJoin,
    joins: bool,
) -> Result<Exit, Problem> {
    let unknown = || Problem::fault("ceremony-unknown").field("ID").with("got", args.ceremony.clone());
    let ceremony = CeremonyId::parse(&args.ceremony, "ID").map_err(|_| unknown().exiting(Exit::Usage))?;
    let questions = Questions::new(node.store.clone());
    let asked = questions.of(ceremony).await?.ok_or_else(unknown)?;
    if asked.decision.is_some() {
        return Err(Problem::refused("ceremony-decided"));
    }
    if joins && let Some(joined) = node.joined().await {
        can_join(&joined, &asked).await?;
    }
    let event = Event::CeremonyDecided { ceremony, joins, by: call.person.clone() };
    node.log.record(&event).await.map_err(Problem::bug)?;
    questions.decide(ceremony, joins, &call.person).await?;
    let id = if joins { "node-ceremony-joined" } else { "node-ceremony-declined" };
    tell(
        &*call.console,
        &json!({ "ceremony": ceremony.to_string(), "joins": joins }),
        &call.console.text(id, &[]),
    );
    Ok(Exit::Done)
}
