//! `doctor`: what an operator has to look after, each with what to do.
//!
//! Comes in: a folder that opens, for configuration, secrets and store hold together; or what keeps it from opening, which
//! is a finding like others ([`unopened`]).
//! Goes out: a finding for each matter. It works whether or not the node serves: what a server would be needed for is
//! asked of the coordinator and of the network. A check is a small function that gives a [`Finding`]; a new one is a line
//! in one of the lists.

mod keys;
mod local;
mod network;
mod time;

use std::sync::Arc;

use lianfang_desk::{Call, Exit, Problem};
use lianfang_telemetry::doctor::{Finding, tell};

use crate::app::App;
use crate::ports::Ports;

pub(super) async fn run(node: &Arc<App>, call: &Call) -> Result<Exit, Problem> {
    let mut findings = local::checks(node).await;
    match node.must_have_joined().await {
        Ok(joined) => {
            findings.extend(network::checks(node, &joined).await);
            findings.extend(keys::checks(node, &joined).await);
        }
        Err(problem) => findings.push(Finding::problem("membership", problem)),
    }
    Ok(tell(&*call.console, &findings))
}

/// What is found of a folder that does not open.
pub(super) fn unopened(call: &Call, ports: &Ports, problem: Problem) -> Exit {
    tell(&*call.console, &local::unopened(&call.dir, ports.clock.now(), problem))
}
