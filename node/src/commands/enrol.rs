//! `enrol`: joins the federation whose invite was handed over, once a person has compared the authority's fingerprint.

use std::sync::Arc;
use std::time::Duration;

use lianfang_desk::{Call, Exit, Problem};
use lianfang_trust::Digest32;
use serde_json::json;

use super::{args, same_digits, tell};
use crate::app::App;
use crate::audit::Event;
use crate::membership::{Enrolling, enrol, read_invite};

pub(super) async fn run(node: &Arc<App>, args: &args::Enrol, call: &Call) -> Result<Exit, Problem> {
    if let Some(joined) = node.joined().await {
        return Err(Problem::usage("already-enrolled").with("bank", joined.context.bank.to_string()));
    }
    let invite = read_invite(&args.invite)?;
    if invite.expires_at < node.ports.clock.now() {
        return Err(Problem::fault("invite-expired").at(crate::peers::coordinator::NAME));
    }
    let authority = Digest32::from_bytes(invite.authority).to_hex();
    let own = node.secrets.identity.verifying_key().fingerprint();
    call.console.note(&call.console.text("node-own-fingerprint", &[("fingerprint", own.as_str().into())]));
    let read_out = match &args.fingerprint {
        Some(given) => given.clone(),
        None => {
            let question =
                call.console.text("node-ask-fingerprint", &[("fingerprint", authority.as_str().into())]);
            call.console.ask(&question, "--fingerprint").await?
        }
    };
    if !same_digits(&read_out, &authority) {
        let differs = Problem::fault("fingerprint-differs").at(crate::peers::coordinator::NAME);
        return Err(differs.with("got", authority).with("wanted", read_out));
    }
    let with = Enrolling {
        transport: Arc::clone(&node.transport),
        clock: node.clock(),
        pauses: Arc::clone(&node.ports.clock),
        config: &node.config,
        secrets: &node.secrets,
        store: &node.store,
    };
    let Some(membership) = enrol(&with, &invite, Duration::from_secs(args.wait)).await? else {
        return Err(Problem::later("enrolment-not-confirmed").at(crate::peers::coordinator::NAME));
    };
    node.join().await?;
    let joined = node.must_have_joined().await?;
    let roster = joined.context.roster.now();
    let event = Event::Enrolled { bank: membership.bank.clone(), roster: roster.digest };
    node.log.record(&event).await?;
    let version = roster.roster.version;
    let said = [("bank", membership.bank.as_str().into()), ("version", version.into())];
    let json = json!({ "bank": membership.bank.as_str(), "roster_version": version });
    tell(&*call.console, &json, &call.console.text("node-enrolled", &said));
    Ok(Exit::Done)
}
