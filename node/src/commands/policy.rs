//! `policy`: what happens without a person, and whom a person here has admitted.

use std::sync::Arc;

use lianfang_desk::{Call, Exit, Problem};
use lianfang_proto::catalogue::Class;
use lianfang_proto::ids::{BankId, Epoch, Generation, KeyId};
use serde_json::json;

use super::{args, tell};
use crate::app::{App, Joined};
use crate::audit::Event;
use crate::config::Decide;
use crate::key_holder::admissions::Admission;
use crate::key_holder::ledger::LedgerError;
use crate::key_holder::ports::{MemberKeys, Members as _};

pub(super) async fn run(node: &Arc<App>, args: &args::Policy, call: &Call) -> Result<Exit, Problem> {
    let joined = node.must_have_joined().await?;
    match args {
        args::Policy::Show => show(node, &joined, call).await,
        args::Policy::Admit { bank, quota } => {
            if node.config.policy.admit == Decide::Refuse {
                return Err(Problem::refused("admit-refused").at(joined.context.bank.to_string()));
            }
            let member = member(&joined, bank)?;
            let quota = quota.unwrap_or(node.config.policy.quota);
            node.ledger.admit(&member, quota, &call.person).await.map_err(told)?;
            let (class, epoch) = newest(&joined).await?;
            let event = Event::Admitted { bank: member.bank, class, epoch, quota, by: call.person.clone() };
            node.log.record(&event).await?;
            let said = [("bank", bank.as_str().into()), ("quota", quota.into())];
            tell(
                &*call.console,
                &json!({ "admitted": bank, "quota": quota }),
                &call.console.text("node-admitted", &said),
            );
            Ok(Exit::Done)
        }
        args::Policy::Revoke { bank } => {
            let id = known(node, &joined, bank).await?;
            node.ledger.revoke(&id, &call.person).await.map_err(told)?;
            let (class, epoch) = newest(&joined).await?;
            let event = Event::Admitted { bank: id, class, epoch, quota: 0, by: call.person.clone() };
            node.log.record(&event).await?;
            let said = [("bank", bank.as_str().into())];
            tell(&*call.console, &json!({ "revoked": bank }), &call.console.text("node-revoked", &said));
            Ok(Exit::Done)
        }
        args::Policy::Allow { bank, elements } => {
            let member = member(&joined, bank)?;
            let (class, epoch) = newest(&joined).await?;
            allow(node, &member, class, epoch, *elements, &call.person).await?;
            let said = [("bank", bank.as_str().into()), ("elements", (*elements).into())];
            tell(&*call.console, &json!({ "allowed": elements }), &call.console.text("node-allowed", &said));
            Ok(Exit::Done)
        }
    }
}

async fn allow(
    node: &App,
    member: &MemberKeys,
    class: Class,
    epoch: Epoch,
    elements: u64,
    by: &str,
) -> Result<(), Problem> {
    let key = KeyId { class, epoch, generation: Generation(0) };
    node.ledger.grant(member, key, elements).await.map_err(told)?;
    let event = Event::Allowed { bank: member.bank.clone(), class, epoch, elements, by: by.to_owned() };
    node.log.record(&event).await.map_err(Problem::bug)
}

fn parse(bank: &str) -> Result<BankId, Problem> {
    BankId::parse(bank, "BANK")
        .map_err(|_| Problem::usage("usage-value").with("got", bank.to_owned()).field("BANK"))
}

fn member(joined: &Joined, bank: &str) -> Result<MemberKeys, Problem> {
    let id = parse(bank)?;
    joined.context.roster.active(&id).ok_or_else(|| unknown(bank))
}

/// Whoever the roster has, be it suspended or revoked there, or somebody here has decided on. A name that is neither was
/// mistyped: the bank that was meant would go on to be answered.
async fn known(node: &App, joined: &Joined, bank: &str) -> Result<BankId, Problem> {
    let id = parse(bank)?;
    let listed = joined.context.roster.now().roster.member(&id).is_some();
    let decisions = node.ledger.admissions().await.map_err(told)?;
    let decided = decisions.iter().any(|decision| decision.bank == id.as_str());
    if listed || decided { Ok(id) } else { Err(unknown(bank)) }
}

fn unknown(bank: &str) -> Problem {
    Problem::data("member-unknown").with("bank", bank.to_owned())
}

async fn newest(joined: &Joined) -> Result<(Class, Epoch), Problem> {
    let newest = joined.context.records.newest_epoch(Class::Subject).await?;
    Ok((Class::Subject, newest.unwrap_or(Epoch(1))))
}

fn told(error: LedgerError) -> Problem {
    match error {
        LedgerError::Store(error) => error.into(),
        other => Problem::bug(other),
    }
}

async fn show(node: &App, joined: &Joined, call: &Call) -> Result<Exit, Problem> {
    let admissions = node.ledger.admissions().await.map_err(told)?;
    let shown =
        |a: &Admission| json!({ "bank": a.bank, "quota": a.quota, "revoked": a.revoked, "by": a.decided_by });
    // Who was revoked is admitted no longer, if ever.
    let (revoked, admitted): (Vec<_>, Vec<_>) = admissions.iter().partition(|admission| admission.revoked);
    let admitted: Vec<_> = admitted.into_iter().map(shown).collect();
    let revoked: Vec<_> = revoked.into_iter().map(shown).collect();
    let doubts = joined.context.sightings.list().await?;
    let doubted: Vec<_> = doubts
        .iter()
        .map(|d| {
            json!({ "holder": d.holder.as_str(), "epoch": d.epoch.0, "seen": d.seen, "shown": d.shown,
                    "settled_by": d.settled_by })
        })
        .collect();
    let json = json!({
        "policy": node.config.policy, "admitted": admitted, "revoked": revoked,
        "doubted": doubted,
        "holder_of": joined.context.vault.keys().iter().map(|k| k.epoch.0).collect::<Vec<_>>(),
    });
    let text = serde_json::to_string_pretty(&json).unwrap_or_default();
    tell(&*call.console, &json, &text);
    Ok(Exit::Done)
}
