//! What the service manager is told: ready, still alive, stopping. Source: systemd's `sd_notify(3)`.
//!
//! Where no service manager has started this process, nothing is said and nothing fails.

use std::time::Duration;

use sd_notify::NotifyState;

/// A process that the service manager watches. Dropped, it says that it stops.
#[must_use]
pub struct Notified {
    pulse: Option<tokio::task::JoinHandle<()>>,
}

/// Everything listens; `status` is shown beside the unit. Where a watchdog is set, it hears from the runtime's own timer
/// twice in its interval: a runtime whose threads are all stuck falls silent and is restarted.
pub fn ready(status: &str) -> Notified {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
    let pulse = sd_notify::watchdog_enabled().map(|interval| tokio::spawn(pulse(interval / 2)));
    Notified { pulse }
}

async fn pulse(every: Duration) {
    let mut beat = tokio::time::interval(every.max(Duration::from_millis(100)));
    loop {
        beat.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

impl Drop for Notified {
    fn drop(&mut self) {
        if let Some(pulse) = &self.pulse {
            pulse.abort();
        }
        tell(&[NotifyState::Stopping]);
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(event = "notify.failed", kind = ?error.kind(), "the service manager could not be told");
    }
}
