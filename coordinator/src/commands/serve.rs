//! `serve`: the server, and what others forward, until told to stop.

use lianfang_desk::{Call, Exit, Problem};
use serde_json::json;

use super::Cli;
use crate::app::Coordinator;

/// Serves until told to stop.
pub(super) async fn perform(mut call: Call) -> Result<Exit, Problem> {
    let control = call.control().ok_or_else(|| Problem::bug(anyhow::anyhow!("serve without a socket")))?;
    start_log();
    let coordinator = Coordinator::start_on_tcp(&call.dir).await?;
    let fingerprint = hex::encode(coordinator.authority_fingerprint()?);
    let address = coordinator.address().to_owned();
    if call.console.json() {
        // `listening` is the word at every party; `address` is the older one.
        let json = json!({"listening": address, "address": address, "fingerprint": fingerprint});
        call.console.out(&json.to_string());
    } else {
        call.console.say("coordinator-serving", &[("address", address.into())]);
    }
    call.console.flush().await?;
    let office = coordinator.office();
    let forwarded = Call::serve_forwarded(&control, move |command: Cli, call: Call| {
        let office = office.clone();
        async move { command.perform_in(&office, &call).await }
    });
    tokio::select! {
        () = call.console.cancelled() => {}
        () = forwarded => {}
    }
    coordinator.shutdown().await;
    Ok(Exit::Done)
}

/// Log lines are JSON on standard error; `RUST_LOG` chooses which.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().json().with_writer(std::io::stderr).with_env_filter(filter);
    // A second one in this process is that of a test.
    let _ = log.try_init();
}
