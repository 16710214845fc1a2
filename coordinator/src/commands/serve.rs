//! `serve`: the server, and what others forward, until told to stop.

use lianfang_desk::{Call, Exit, Problem};
use lianfang_telemetry::{log, notify};
use serde_json::json;

use super::Cli;
use crate::app::Coordinator;
use crate::config::Config;

/// Serves until told to stop.
pub(super) async fn perform(mut call: Call) -> Result<Exit, Problem> {
    let control = call.control().ok_or_else(|| Problem::bug(anyhow::anyhow!("serve without a socket")))?;
    // A configuration that cannot be read is told when it is opened.
    log::start(&Config::read(&call.dir).map(|config| config.log).unwrap_or_default());
    let coordinator = Coordinator::start_on_tcp(&call.dir).await?;
    let fingerprint = hex::encode(coordinator.authority_fingerprint()?);
    let address = coordinator.address().to_owned();
    if call.console.json() {
        // `listening` is the word at every party; `address` is the older one.
        let mut json = json!({"listening": address, "address": address, "fingerprint": fingerprint});
        if let Some(http) = coordinator.http_address() {
            json["http"] = http.to_string().into();
        }
        call.console.out(&json.to_string());
    } else {
        call.console.say("coordinator-serving", &[("address", address.into())]);
    }
    call.console.flush().await?;
    let notified = notify::ready(&format!("listening at {}", coordinator.address()));
    let office = coordinator.office();
    let forwarded = Call::serve_forwarded(&control, move |command: Cli, call: Call| {
        let office = office.clone();
        async move { command.perform_in(&office, &call).await }
    });
    tokio::select! {
        () = call.console.cancelled() => {}
        () = forwarded => {}
    }
    drop(notified);
    coordinator.shutdown().await;
    Ok(Exit::Done)
}
