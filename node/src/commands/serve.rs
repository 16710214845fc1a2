//! `serve`: runs the node until it is told to stop, and meanwhile what other commands forward.

use std::sync::Arc;

use lianfang_desk::{Call, Exit, Problem};
use lianfang_telemetry::notify;
use serde_json::json;

use super::{NodeArgs, run as run_command, tell};
use crate::app::App;
use crate::serve::Running;

pub(super) async fn run(node: &Arc<App>, call: &mut Call) -> Result<Exit, Problem> {
    let control = call.control();
    let running = Running::start(node).await?;
    let address = running.address.clone();
    let said = call.console.text("node-serving", &[("address", address.as_str().into())]);
    let http = running.http.as_ref().map(|http| http.address().to_string());
    let json = match &http {
        Some(http) => json!({ "listening": address, "http": http }),
        None => json!({ "listening": address }),
    };
    tell(&*call.console, &json, &said);
    call.console.flush().await?;
    let notified = notify::ready(&format!("listening at {address}"));
    let console = Arc::clone(&call.console);
    let forwarded = async {
        match &control {
            Some(control) => {
                let node = Arc::clone(node);
                Call::serve_forwarded(control, move |args: NodeArgs, call: Call| {
                    let node = Arc::clone(&node);
                    async move { run_command(&node, args.command, &call).await }
                })
                .await;
            }
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = console.cancelled() => {}
        () = forwarded => {}
    }
    drop(notified);
    running.shutdown().await;
    node.telemetry.flush().await;
    node.store.close().await;
    Ok(Exit::Done)
}
