//! `register` and `hold`: what is stored, and what a person does to one record.

use std::sync::Arc;

use lianfang_desk::{Call, Exit, Problem};
use lianfang_proto::catalogue::Hold;
use serde_json::{Map, Value, json};

use super::{args, tell};
use crate::app::App;
use crate::register::{RecordView, RegisterError};

pub(super) async fn run(node: &Arc<App>, args: &args::Register, call: &Call) -> Result<Exit, Problem> {
    match args {
        args::Register::List => list(node, call).await,
        args::Register::Show { record } => show(node, call, record).await,
        args::Register::Retract { record } => {
            node.register.retract(record, &call.person).await.map_err(told)?;
            tell(&*call.console, &json!({ "retracted": true }), &call.console.text("node-retracted", &[]));
            Ok(Exit::Done)
        }
    }
}

pub(super) async fn hold(node: &Arc<App>, args: &args::Hold, call: &Call) -> Result<Exit, Problem> {
    let id = match &args.kind {
        None => {
            node.register.lift_hold(&args.record, &call.person).await.map_err(told)?;
            "node-hold-lifted"
        }
        Some(kind) => {
            let unknown = || Problem::usage("usage-value").with("got", kind.clone()).field("--kind");
            let hold = Hold::from_code(kind).ok_or_else(unknown)?;
            node.register.hold(&args.record, hold, &call.person).await.map_err(told)?;
            "node-hold-set"
        }
    };
    tell(&*call.console, &json!({ "held": args.kind }), &call.console.text(id, &[]));
    Ok(Exit::Done)
}

fn told(error: RegisterError) -> Problem {
    match error {
        RegisterError::Store(error) => error.into(),
        RegisterError::NoSuchRecord => Problem::data("record-unknown"),
        RegisterError::AlreadyRetracted => Problem::data("record-retracted"),
        RegisterError::NotHeldByHand => Problem::data("record-not-held"),
        other @ RegisterError::Audit(_) => Problem::bug(other),
    }
}

async fn list(node: &Arc<App>, call: &Call) -> Result<Exit, Problem> {
    let overview = node.register.overview().await?;
    let kinds: Map<String, Value> =
        overview.by_kind.iter().map(|(kind, count)| (kind.code().to_owned(), json!(count))).collect();
    let standings: Map<String, Value> =
        overview.by_standing.iter().map(|(s, count)| (s.code().to_owned(), json!(count))).collect();
    let json = json!({
        "records": overview.records(), "identifiers": overview.identifiers(), "by_kind": kinds,
        "by_standing": standings, "held_by_hand": overview.held_by_hand, "outputs": overview.outputs,
    });
    let said = [("records", overview.records().into()), ("identifiers", overview.identifiers().into())];
    tell(&*call.console, &json, &call.console.text("node-register", &said));
    if !call.console.json() {
        let mut table = lianfang_desk::table::Table::new(["kind", "identifiers"]).right(&[1]);
        for (kind, count) in &overview.by_kind {
            table.row([kind.code().to_owned(), lianfang_desk::table::number(*count)]);
        }
        call.console.out(&table.render());
    }
    Ok(Exit::Done)
}

async fn show(node: &Arc<App>, call: &Call, record: &str) -> Result<Exit, Problem> {
    let view: RecordView = node.register.show(record).await.map_err(told)?;
    let identifiers: Vec<Value> = view
        .content
        .iter()
        .flat_map(|content| &content.identifiers)
        .map(|value| json!([value.kind().code(), value.masked()]))
        .collect();
    let json = json!({
        "standing": view.stands().code(), "by_file": view.standing.code(), "hand_hold": view.hand_hold.map(Hold::code),
        "role": view.content.as_ref().and_then(|c| c.facts.role).map(lianfang_proto::catalogue::Role::code),
        "identifiers": identifiers,
    });
    // A record is shown the same way in both forms: field by field, identifiers masked.
    let text = serde_json::to_string_pretty(&json).unwrap_or_default();
    tell(&*call.console, &json, &text);
    Ok(Exit::Done)
}
