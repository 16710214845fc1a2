//! The bell: rings whenever something has changed that somebody may be waiting for.
//!
//! Its number is the inbox's revision: opaque but for equality, and never one that an earlier process has given out,
//! since it starts from the clock.

use tokio::sync::watch;

use crate::ports::Micros;

/// Rings for everybody who waits.
pub struct Bell(watch::Sender<u64>);

impl Bell {
    /// A bell whose numbers begin at this time.
    pub fn starting(now: Micros) -> Self {
        Self(watch::Sender::new(u64::try_from(now).unwrap_or(0)))
    }

    /// Something has changed.
    pub fn ring(&self) {
        self.0.send_modify(|revision| *revision += 1);
    }

    /// To wait for the next ring.
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}
