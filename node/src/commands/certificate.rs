//! `certificate`, `key rotate-tls`: what this node shows on every connection.

use std::sync::Arc;

use lianfang_desk::{Call, Exit, Problem};
use serde_json::json;

use super::{args, tell};
use crate::app::{App, Joined};
use crate::membership::renewal::{Done, Renewing};

pub(super) async fn run(node: &Arc<App>, args: &args::Certificate, call: &Call) -> Result<Exit, Problem> {
    let joined = node.must_have_joined().await?;
    if matches!(args, args::Certificate::Renew) {
        let renewing = Renewing { node, joined: &joined };
        renewing.renew().await.map_err(|problem| problem.doing("doing-certificate"))?;
    }
    show(node, &joined, call)
}

/// Exchanges the key behind the certificate.
pub(super) async fn rotate(
    node: &Arc<App>,
    joined: &Joined,
    call: &Call,
    at_once: bool,
) -> Result<Exit, Problem> {
    let renewing = Renewing { node, joined };
    let done = renewing.exchange(!at_once).await.map_err(|problem| problem.doing("doing-certificate"))?;
    debug_assert_eq!(done, Done::Exchanged);
    show(node, joined, call)
}

fn show(node: &App, joined: &Joined, call: &Call) -> Result<Exit, Problem> {
    let fingerprint = joined.identity.fingerprint().map_err(Problem::bug)?.to_string();
    let validity = joined.identity.validity().map_err(Problem::bug)?;
    let time = |at: u64| jiff::Timestamp::from_second(i64::try_from(at).unwrap_or(i64::MAX));
    let ends = time(validity.not_after.as_secs()).map(|time| time.to_string()).unwrap_or_default();
    let days = validity.days_left(node.clock().now());
    let own = node.config.certificate.is_some();
    let roster = joined.context.roster.now();
    let pinned = roster.roster.member(&joined.context.bank);
    let pinned = pinned.is_some_and(|member| hex::encode(member.certificate_key) == fingerprint);
    let said =
        [("fingerprint", fingerprint.as_str().into()), ("ends", ends.as_str().into()), ("days", days.into())];
    let json = json!({
        "fingerprint": fingerprint, "ends": ends, "days_left": days, "own": own, "pinned": pinned,
        "roster_version": roster.roster.version,
    });
    tell(&*call.console, &json, &call.console.text("node-certificate", &said));
    Ok(Exit::Done)
}
