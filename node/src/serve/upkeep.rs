//! Looks after the certificate and the store for as long as the node serves.
//!
//! Comes in: time, and the inbox's word that the coordinator refuses the certificate. Goes out: a renewal in time; a warning
//! where a person has to do something; nothing that was deleted stays in the store's log for long. Fails never: what did not work is tried again, after a longer and longer pause.

use std::sync::Arc;
use std::time::Duration;

use lianfang_desk::Lang;
use tokio::sync::watch;

use crate::app::{App, Joined};
use crate::membership::renewal::Renewing;
use crate::ports::{Clock, Micros};

/// Pause between two looks. The bank's own files are read with each.
const LOOK: Duration = Duration::from_secs(30);
/// The least and the longest pause after something that did not work.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(10);
/// Days before its end from which on a certificate that was not renewed is warned about, once a day.
const WARN_DAYS: u64 = 30;
const DAY: Micros = 86_400_000_000;
/// What was deleted is overwritten in the store's log so often.
const FORGET: Micros = 600 * 1_000_000;

/// Runs until stopped.
pub(super) async fn run(node: Arc<App>, joined: Arc<Joined>, stop: watch::Receiver<bool>) {
    let (mut failures, mut doubted, mut warned_at) = (0_u32, false, None);
    let mut forgot_at = node.ports.clock.now();
    loop {
        let renewing = Renewing { node: &node, joined: &joined };
        match renewing.look(doubted).await {
            Ok(_) => failures = 0,
            Err(problem) => {
                failures = failures.saturating_add(1);
                tracing::warn!(event = "certificate.not-renewed", problem = %problem.sentence(Lang::En), "the certificate was not renewed");
            }
        }
        let now = node.ports.clock.now();
        if let Some(days) = joined.certificate_days_left(&node.clock())
            && days < WARN_DAYS
            && warned_at.is_none_or(|at| now >= at + DAY)
        {
            warned_at = Some(now);
            tracing::warn!(event = "certificate.ends", days, "the certificate of this node comes to its end");
        }
        // A clock that went back delays nothing.
        if !(forgot_at..forgot_at + FORGET).contains(&now) {
            forgot_at = now;
            node.store.forget().await;
        }
        let least = FIRST.saturating_mul(1 << failures.min(16)).min(LONGEST);
        doubted = tokio::select! {
            () = super::stopped(stop.clone()) => return,
            doubted = pause(&*node.ports.clock, &joined, failures, least) => doubted,
        };
    }
}

/// Waits until it is time to look again. Says whether that is because the certificate was refused.
async fn pause(clock: &dyn Clock, joined: &Joined, failures: u32, least: Duration) -> bool {
    clock.sleep(least).await;
    let more = if failures == 0 { LOOK } else { Duration::ZERO };
    tokio::select! {
        () = clock.sleep(more) => failures > 0,
        () = joined.refused.notified() => true,
    }
}
