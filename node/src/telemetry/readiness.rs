//! Whether the node can do its work: conditions with names of a closed list.

use std::time::Duration;

use lianfang_telemetry::http::Check;
use lianfang_telemetry::volume::Volume;

use crate::app::{App, Joined};

/// Bytes that must be free: under them a job's files may no longer fit.
pub const LEAST_FREE_BYTES: u64 = 256 * 1024 * 1024;
/// How long the coordinator may be silent: its long poll ends by itself well within it.
pub const SILENCE: Duration = Duration::from_mins(3);

/// Every condition.
pub(super) async fn checks(node: &App) -> Vec<Check> {
    let mut checks = vec![
        Check::of("store", store(node).await),
        Check::of("disk", Volume::lack(&node.dir, LEAST_FREE_BYTES)),
    ];
    let joined = node.joined().await;
    checks.push(Check::of("joined", joined.is_none().then_some("not-enrolled")));
    if let Some(joined) = joined {
        checks.push(Check::of("certificate", certificate(node, &joined)));
        checks.push(Check::of("roster", roster(node)));
    }
    checks
}

async fn store(node: &App) -> Option<&'static str> {
    let asked = sqlx::query_scalar::<_, i64>("SELECT 1").fetch_one(node.store.readers()).await;
    asked.is_err().then_some("does-not-answer")
}

fn certificate(node: &App, joined: &Joined) -> Option<&'static str> {
    match joined.identity.expires() {
        Ok(ends) if ends.as_secs() <= node.clock().now().as_secs() => Some("expired"),
        Ok(_) => None,
        Err(_) => Some("unreadable"),
    }
}

/// A roster is as fresh as the coordinator's last word: each names the newest version.
fn roster(node: &App) -> Option<&'static str> {
    let silent = node.ports.clock.now().saturating_sub(node.telemetry.last_contact());
    let longest = i64::try_from(SILENCE.as_micros()).unwrap_or(i64::MAX);
    (silent > longest).then_some("coordinator-silent")
}
