//! `audit`: the node's own log.

use std::sync::Arc;

use lianfang_desk::{Call, Exit, Problem};
use serde_json::{Value, json};

use super::{args, tell};
use crate::app::App;
use crate::audit::AuditError;

/// So many entries are shown if nothing else is asked for.
const ENTRIES: u32 = 100;

pub(super) async fn run(node: &Arc<App>, args: &args::Audit, call: &Call) -> Result<Exit, Problem> {
    match args {
        args::Audit::Verify => {
            let head = node.log.verify(&node.secrets.identity.verifying_key(), &[]).await.map_err(told)?;
            let said = [("entries", head.entries().into()), ("head", head.last().to_hex().into())];
            let json = json!({ "entries": head.entries(), "head": head.last().to_hex() });
            tell(&*call.console, &json, &call.console.text("audit-holds", &said));
        }
        args::Audit::List { last, from, limit } => {
            let entries = match (from, limit) {
                (None, None) => node.log.last(last.unwrap_or(ENTRIES)).await,
                _ => node.log.list(from.unwrap_or(0), limit.unwrap_or(ENTRIES)).await,
            };
            for entry in entries.map_err(told)? {
                let body: Value = serde_json::from_slice(entry.body()).unwrap_or(Value::Null);
                let line = json!({ "seq": entry.seq(), "time_us": entry.time_us(), "event": entry.event(), "body": body });
                call.console.out(&line.to_string());
            }
        }
    }
    Ok(Exit::Done)
}

fn told(error: AuditError) -> Problem {
    match error {
        AuditError::Store(error) => error.into(),
        other => Problem::fault("audit-broken").with("got", other.to_string()).because(other),
    }
}
