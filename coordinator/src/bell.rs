//! The bell: rings whenever something has changed that somebody may be waiting for, in whatever process it was changed.
//!
//! Comes in: changes, each in its own transaction; [`audit::append`](crate::audit::append) rings for all that is written
//! down. Goes out: a number, the inbox's revision: opaque but for equality, growing, and the same in every process that
//! shares the store, where it lies in one row. It grows to the clock's microseconds at least, so that a store that was
//! restored from a backup gives out no number again. A process looks at the row when it has changed something itself, and
//! else a few times a second. Fails with nothing: a row that cannot be read is looked at again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::fault::Error;
use crate::office::Office;
use crate::ports::Micros;
use crate::store::Connection;

/// How long a change by another process may go unheard.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Rings for everybody in this process who waits.
pub struct Bell {
    heard: watch::Sender<u64>,
    rung: Notify,
}

impl Bell {
    /// A bell that has rung as often as this.
    pub fn after(revision: u64) -> Self {
        Self { heard: watch::Sender::new(revision), rung: Notify::new() }
    }

    /// This process has changed something: its listeners hear of it at once.
    pub fn ring(&self) {
        self.rung.notify_one();
    }

    /// To wait for the next ring.
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.heard.subscribe()
    }

    /// The revision that was last heard.
    pub fn revision(&self) -> u64 {
        *self.heard.borrow()
    }

    pub(crate) fn hear(&self, revision: u64) {
        self.heard.send_if_modified(|heard| std::mem::replace(heard, revision) != revision);
    }
}

/// Something changes in this transaction that somebody may be waiting for.
pub async fn moved(tx: &mut Connection, now: Micros) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO bell (id, revision) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET
         revision = CASE WHEN bell.revision < $1 THEN $1 ELSE bell.revision + 1 END",
    )
    .bind(now.max(1))
    .execute(tx)
    .await?;
    Ok(())
}

/// The revision that the store has come to.
pub async fn revision(tx: &mut Connection) -> Result<u64, Error> {
    let revision: Option<i64> =
        sqlx::query_scalar("SELECT revision FROM bell WHERE id = 1").fetch_optional(tx).await?;
    Ok(revision.and_then(|revision| u64::try_from(revision).ok()).unwrap_or(0))
}

/// Listens for what other processes change, until told to stop.
pub async fn tend(office: Arc<Office>, mut stop: watch::Receiver<bool>) {
    let mut silent = true;
    loop {
        match office.catch_up().await {
            Ok(()) => silent = true,
            Err(error) => {
                // Said once, not five times a second.
                if std::mem::take(&mut silent) {
                    tracing::error!(event = "work.not-heard", error = %error, "what other processes change cannot be heard");
                }
            }
        }
        tokio::select! {
            () = office.bell.rung.notified() => {}
            () = office.ports.clock.sleep(LOOK_AGAIN) => {}
            _ = stop.wait_for(|stopping| *stopping) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_hear_of_changes_and_of_nothing_else() {
        let bell = Bell::after(7);
        let mut listener = bell.listen();
        bell.hear(7);
        assert!(!listener.has_changed().unwrap());
        bell.hear(8);
        assert!(listener.has_changed().unwrap());
        assert_eq!((*listener.borrow_and_update(), bell.revision()), (8, 8));
        // A store that was restored is believed too.
        bell.hear(3);
        assert_eq!(*listener.borrow_and_update(), 3);
    }
}
