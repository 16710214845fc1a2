//! `doctor`: what an operator has to look after, each with what to do.
//!
//! Comes in: a folder that opens, which is the first thing found out: configuration, secrets and store hold together.
//! Goes out: a finding for each matter; the exit code is that of the first problem.

use std::sync::Arc;

use lianfang_crypto::lanes::Lanes;
use lianfang_desk::table::Table;
use lianfang_desk::{Call, Exit, Problem};
use serde_json::json;

use super::tell;
use crate::app::{App, Joined};
use crate::fault::problem;

/// Days before the certificate's end from which on it is a problem.
const DAYS_LEFT: u64 = 14;

/// What was found of one matter.
struct Finding {
    about: &'static str,
    found: Result<String, Problem>,
}

impl Finding {
    fn of(about: &'static str, found: Result<String, Problem>) -> Self {
        Self { about, found }
    }
}

pub(super) async fn run(node: &Arc<App>, call: &Call) -> Result<Exit, Problem> {
    let mut findings = vec![
        Finding::of("lanes", Ok(Lanes::current().name().to_owned())),
        Finding::of("audit", audit(node).await),
    ];
    match node.must_have_joined().await {
        Ok(joined) => {
            findings.push(Finding::of("certificate", certificate(node, &joined)));
            findings.push(Finding::of("coordinator", coordinator(&joined).await));
        }
        Err(problem) => findings.push(Finding::of("membership", Err(problem))),
    }
    say(call, &findings);
    let first = findings.iter().find_map(|finding| finding.found.as_ref().err());
    Ok(first.map_or(Exit::Done, Problem::exit))
}

async fn audit(node: &App) -> Result<String, Problem> {
    let head = node.log.verify(&node.secrets.identity.verifying_key(), &[]).await;
    let broken = |error: crate::audit::AuditError| {
        Problem::fault("audit-broken").with("got", error.to_string()).because(error)
    };
    Ok(head.map_err(broken)?.entries().to_string())
}

/// Days until it ends.
fn certificate(node: &App, joined: &Joined) -> Result<String, Problem> {
    let days = joined.certificate_days_left(&node.clock()).unwrap_or_default();
    if days < DAYS_LEFT {
        return Err(Problem::refused("certificate-ends").with("days", days.to_string()));
    }
    Ok(days.to_string())
}

/// The version of the roster that it shows; what it shows is checked where it is taken up.
async fn coordinator(joined: &Joined) -> Result<String, Problem> {
    joined.context.coordinator.roster().await.map_err(|fault| problem(&fault))?;
    Ok(joined.context.roster.now().roster.version.to_string())
}

fn say(call: &Call, findings: &[Finding]) {
    let lang = call.console.lang();
    let mut table = Table::new(["about", "found"]);
    let mut all = serde_json::Map::new();
    for Finding { about, found } in findings {
        let (text, value) = match found {
            Ok(found) => (found.clone(), json!({ "ok": true, "found": found })),
            Err(problem) => (problem.sentence(lang), json!({ "ok": false, "problem": problem.json() })),
        };
        table.row([(*about).to_owned(), text]);
        all.insert((*about).to_owned(), value);
    }
    tell(&*call.console, &all.into(), &table.render());
}
