//! `key`: records of keys, their comparison by a person, and the RFC's evaluation from the command line.

use std::sync::Arc;

use bytes::Bytes;
use lianfang_desk::{Call, Exit, Problem};
use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::key_notice::KeyState;
use lianfang_proto::documents::key_record::KeyRecord;
use lianfang_proto::ids::{BankId, Epoch};
use lianfang_proto::limits;
use lianfang_trust::Canonical as _;
use serde_json::json;

use super::{args, certificate, epoch, joining, keys, same_digits, tell};
use crate::app::{App, Joined};
use crate::fault::problem;
use crate::key_holder::records::{Event, KeptRecord};
use crate::pipeline::holders::Holders as _;

/// Bytes of standard input: 64 lines of 64 digits, and room for line ends.
const INPUT_BYTES: usize = limits::BLIND_EVALUATE_ELEMENTS * 70;

pub(super) async fn run(node: &Arc<App>, args: &args::Key, call: &Call) -> Result<Exit, Problem> {
    match args {
        args::Key::Backup(backup) => return keys::backup(node, call, backup).await,
        args::Key::Rekey(rekey) => return keys::rekey(node, call, rekey).await,
        args::Key::Restore(_) => return Err(Problem::usage("not-while-serving")),
        _ => {}
    }
    let joined = node.must_have_joined().await?;
    match args {
        args::Key::Backup(_) | args::Key::Rekey(_) | args::Key::Restore(_) => Ok(Exit::Done),
        args::Key::RotateTls { at_once } => certificate::rotate(node, &joined, call, *at_once).await,
        args::Key::List => list(node, &joined, call).await,
        args::Key::Ceremonies => joining::list(&joined, call).await,
        args::Key::Join(join) => joining::decide(node, call, join, true).await,
        args::Key::Decline(join) => joining::decide(node, call, join, false).await,
        args::Key::Compare { confirm, epoch } => compare(&joined, call, confirm.as_deref(), *epoch).await,
        args::Key::Close(close) => epoch::close(&joined, call, close).await,
        args::Key::Lost(lost) => epoch::lost(node, &joined, call, lost).await,
        args::Key::Trust { holder, epoch } => epoch::trust(&joined, call, holder, *epoch).await,
        args::Key::Evaluate { holder, epoch } => evaluate(&joined, call, holder.as_deref(), *epoch).await,
    }
}

/// The record of this epoch, or of the newest that is known; fetched if need be.
async fn record(joined: &Joined, epoch: Option<u32>) -> Result<KeptRecord, Problem> {
    let context = &joined.context;
    let newest = context.records.newest_epoch(Class::Subject).await?;
    let epoch = epoch.map(Epoch).or(newest).unwrap_or(Epoch(1));
    context.fetch_record(Class::Subject, epoch).await.map_err(|fault| problem(&fault))?;
    let kept = context.records.current(Class::Subject, epoch).await?;
    kept.ok_or_else(|| Problem::fault("key-not-agreed"))
}

fn described(kept: &KeptRecord) -> serde_json::Value {
    let record: &KeyRecord = kept.endorsed.record();
    let holders: Vec<_> = record.holders.iter().map(|h| h.bank.as_str()).collect();
    json!({
        "class": record.key.class.code(), "epoch": record.key.epoch.0, "generation": record.key.generation.0,
        "threshold": record.threshold, "holders": holders, "public_key": hex::encode(record.public_key),
        "digest": record.digest().to_hex(), "short_digest": record.digest().short(), "compared": kept.compared,
    })
}

async fn list(node: &Arc<App>, joined: &Joined, call: &Call) -> Result<Exit, Problem> {
    let context = &joined.context;
    let mut keys = Vec::new();
    for class in Class::ALL {
        let newest = context.records.newest_epoch(*class).await.map_err(Problem::bug)?;
        for epoch in (1..=newest.map_or(0, |epoch| epoch.0)).map(Epoch) {
            let kept = context.records.current(*class, epoch).await.map_err(Problem::bug)?;
            let Some(kept) = kept else { continue };
            let mut key = described(&kept);
            let notice = context.notices.of(*class, epoch).await?;
            let state = notice.map_or(KeyState::Pending, |kept| kept.notice.state);
            key["closed"] = context.vault.is_closed(*class, epoch).into();
            key["state"] = state.code().into();
            key["closes_at"] = notice.and_then(|kept| kept.notice.closes_at).map(time).into();
            let held = context.vault.current(*class, epoch);
            key["own_share"] = held.is_some().into();
            key["share_generation"] = held.as_ref().map(|held| held.key().generation.0).into();
            if let Some(held) = held {
                let ledger = node.ledger.usage(held.key()).await.map_err(Problem::bug)?;
                key["quota"] = json!({
                    "spent": ledger.spent, "granted": ledger.granted, "entities": ledger.entities,
                    "lost": ledger.lost, "default": context.config.policy.quota,
                });
            }
            keys.push(key);
        }
    }
    let text = serde_json::to_string_pretty(&keys).unwrap_or_default();
    tell(&*call.console, &json!({ "keys": keys }), &text);
    Ok(Exit::Done)
}

fn time(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map(|time| time.to_string()).unwrap_or_default()
}

async fn compare(
    joined: &Joined,
    call: &Call,
    confirm: Option<&str>,
    epoch: Option<u32>,
) -> Result<Exit, Problem> {
    let kept = record(joined, epoch).await?;
    let record = kept.endorsed.record();
    let short = record.digest().short();
    let read_out = match confirm {
        Some(given) => given.to_owned(),
        None => {
            let question = call.console.text("node-ask-key-digest", &[("digest", short.as_str().into())]);
            call.console.ask(&question, "--confirm").await?
        }
    };
    if !same_digits(&read_out, &short) {
        return Err(Problem::refused("key-digest-differs").with("digest", short));
    }
    let compared = joined.context.mark_compared(record, Event::Compare, &call.person).await;
    compared.map_err(|fault| problem(&fault))?;
    let said = [("digest", short.as_str().into())];
    tell(&*call.console, &json!({ "compared": short }), &call.console.text("node-key-compared", &said));
    Ok(Exit::Done)
}

async fn evaluate(
    joined: &Joined,
    call: &Call,
    holder: Option<&str>,
    epoch: Option<u32>,
) -> Result<Exit, Problem> {
    let kept = record(joined, epoch).await?;
    let record = kept.endorsed.record();
    let bank = match holder {
        Some(name) => BankId::parse(name, "--holder")
            .map_err(|_| Problem::usage("usage-value").with("got", name.to_owned()).field("--holder"))?,
        None => joined.context.bank.clone(),
    };
    let (_, holder) =
        record.holder(&bank).ok_or_else(|| Problem::usage("not-a-holder").at(bank.to_string()))?;
    let blinded = read_elements(&call.console.input(INPUT_BYTES).await?)?;
    let proven = joined.context.holders.blind_evaluate(holder, record.key, blinded).await;
    let proven = proven.map_err(|fault| problem(&fault))?;
    let elements: Vec<String> = proven.elements.chunks(limits::ELEMENT_BYTES).map(hex::encode).collect();
    let json = json!({
        "public_key": hex::encode(holder.public_share), "evaluated_elements": elements,
        "proof": hex::encode(&proven.proof),
    });
    // One form for scripts and people alike.
    call.console.out(&json.to_string());
    Ok(Exit::Done)
}

fn read_elements(text: &str) -> Result<Bytes, Problem> {
    let mut packed = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut element = [0; limits::ELEMENT_BYTES];
        hex::decode_to_slice(line.trim(), &mut element)
            .map_err(|_| Problem::data("element-unreadable").with("line", (number as u64) + 1))?;
        packed.extend_from_slice(&element);
    }
    let count = packed.len() / limits::ELEMENT_BYTES;
    if count == 0 || count > limits::BLIND_EVALUATE_ELEMENTS {
        let limit = limits::BLIND_EVALUATE_ELEMENTS as u64;
        return Err(Problem::data("elements-number").with("limit", limit).with("got", count as u64));
    }
    Ok(packed.into())
}
