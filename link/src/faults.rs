//! What can go wrong on a wire, on request.
//!
//! Comes in: settings from a test. Goes out: the same bytes, late, slowly, partly or never. Never sees: plaintext, since
//! TLS runs end to end above it. One [`Faults`] steers every connection of one address; the in-memory network and the
//! proxy for real processes share it.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::sync::watch;

use crate::transport::ByteStream;

/// Bytes that a pump moves at a time.
const PIECE: usize = 16 * 1024;

/// A handle on the faults of one address; clones steer the same address.
#[derive(Clone, Default)]
pub struct Faults {
    inner: Arc<Inner>,
}

struct Inner {
    settings: watch::Sender<Settings>,
    cuts: watch::Sender<u64>,
    connections: AtomicU64,
    passed: AtomicU64,
    recording: Mutex<Option<Recording>>,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            settings: watch::Sender::new(Settings::default()),
            cuts: watch::Sender::new(0),
            connections: AtomicU64::new(0),
            passed: AtomicU64::new(0),
            recording: Mutex::new(None),
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Settings {
    refuse: bool,
    blackhole: bool,
    delay: Duration,
    cut_after: Option<u64>,
    bytes_per_second: Option<u64>,
}

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// From the party that dialled.
    ToListener,
    /// From the party that listens.
    ToDialer,
}

/// The raw bytes of the wire, per connection and direction.
#[derive(Clone, Default)]
pub struct Recording {
    /// The bytes, by number of the connection and direction.
    pub streams: BTreeMap<(u64, Direction), Vec<u8>>,
    /// Whether the limit was reached and later bytes are missing.
    pub truncated: bool,
    limit: usize,
    held: usize,
}

impl Recording {
    /// Whether `needle` passed in one direction of one connection.
    pub fn contains(&self, needle: &[u8]) -> bool {
        !needle.is_empty() && self.streams.values().any(|s| s.windows(needle.len()).any(|w| w == needle))
    }

    fn push(&mut self, key: (u64, Direction), bytes: &[u8]) {
        let room = self.limit.saturating_sub(self.held);
        let kept = bytes.get(..room).unwrap_or(bytes);
        self.truncated |= kept.len() < bytes.len();
        self.held = self.held.saturating_add(kept.len());
        self.streams.entry(key).or_default().extend_from_slice(kept);
    }
}

impl Faults {
    /// New connections are refused (`true`) or accepted again.
    pub fn refuse(&self, on: bool) {
        self.inner.settings.send_modify(|s| s.refuse = on);
    }

    /// Bytes are taken and not delivered (`true`), as behind a dead router; on `false` the held ones go on.
    pub fn blackhole(&self, on: bool) {
        self.inner.settings.send_modify(|s| s.blackhole = on);
    }

    /// Every piece of up to 16 KiB waits this long.
    pub fn delay(&self, by: Duration) {
        self.inner.settings.send_modify(|s| s.delay = by);
    }

    /// A connection dies once this many bytes, both directions together, have passed on it.
    pub fn cut_after(&self, bytes: Option<u64>) {
        self.inner.settings.send_modify(|s| s.cut_after = bytes);
    }

    /// Each direction of a connection passes at most so many bytes a second.
    pub fn throttle(&self, bytes_per_second: Option<u64>) {
        self.inner.settings.send_modify(|s| s.bytes_per_second = bytes_per_second);
    }

    /// Cuts all connections that are open now.
    pub fn cut(&self) {
        self.inner.cuts.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Starts to record raw bytes afresh, at most `limit` of them.
    pub fn record(&self, limit: usize) {
        *self.recording() = Some(Recording { limit, ..Recording::default() });
    }

    /// What has been recorded so far.
    pub fn recorded(&self) -> Recording {
        self.recording().clone().unwrap_or_default()
    }

    /// How many connections were opened.
    pub fn connections(&self) -> u64 {
        self.inner.connections.load(Ordering::Relaxed)
    }

    /// How many bytes were delivered, both directions together.
    pub fn passed(&self) -> u64 {
        self.inner.passed.load(Ordering::Relaxed)
    }

    pub(crate) fn refuses(&self) -> bool {
        self.inner.settings.borrow().refuse
    }

    /// Waits until refusing is `on`.
    pub(crate) async fn until_refusing(&self, on: bool) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.inner.settings.subscribe().wait_for(|s| s.refuse == on).await;
    }

    fn recording(&self) -> std::sync::MutexGuard<'_, Option<Recording>> {
        self.inner.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries bytes between the two until both have ended, or a fault ends it.
    pub(crate) async fn relay(&self, dialer: impl ByteStream, listener: impl ByteStream) {
        let mut cuts = self.inner.cuts.subscribe();
        let number = self.inner.connections.fetch_add(1, Ordering::Relaxed);
        let passage = Passage { faults: self, number, passed: AtomicU64::new(0) };
        let (from_dialer, to_dialer) = split(dialer);
        let (from_listener, to_listener) = split(listener);
        tokio::select! {
            _ = cuts.changed() => {}
            _ = async { tokio::try_join!(
                passage.pump(from_dialer, to_listener, Direction::ToListener),
                passage.pump(from_listener, to_dialer, Direction::ToDialer),
            ) } => {}
        }
    }
}

/// One connection under way.
struct Passage<'a> {
    faults: &'a Faults,
    number: u64,
    passed: AtomicU64,
}

impl Passage<'_> {
    async fn pump<R, W>(
        &self,
        mut from: ReadHalf<R>,
        mut to: WriteHalf<W>,
        direction: Direction,
    ) -> io::Result<()>
    where
        R: ByteStream,
        W: ByteStream,
    {
        let mut settings = self.faults.inner.settings.subscribe();
        let mut piece = vec![0_u8; PIECE];
        loop {
            let read = from.read(&mut piece).await?;
            let now = match settings.wait_for(|s| !s.blackhole).await {
                Ok(now) => *now,
                Err(_) => return Ok(()),
            };
            if read == 0 {
                return to.shutdown().await;
            }
            tokio::time::sleep(now.delay + at_rate(read, now.bytes_per_second)).await;
            let allowed = self.allowed(read, now.cut_after);
            let bytes = piece.get(..allowed).unwrap_or_default();
            to.write_all(bytes).await?;
            to.flush().await?;
            self.faults.inner.passed.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            if let Some(recording) = self.faults.recording().as_mut() {
                recording.push((self.number, direction), bytes);
            }
            if allowed < read {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
        }
    }

    /// How many of `read` bytes may still pass on this connection.
    fn allowed(&self, read: usize, cut_after: Option<u64>) -> usize {
        let before = self.passed.fetch_add(read as u64, Ordering::Relaxed);
        let left = cut_after.map_or(u64::MAX, |limit| limit.saturating_sub(before));
        usize::try_from(left).unwrap_or(usize::MAX).min(read)
    }
}

fn at_rate(bytes: usize, bytes_per_second: Option<u64>) -> Duration {
    match bytes_per_second {
        Some(rate) => Duration::from_nanos(
            (bytes as u64).saturating_mul(1_000_000_000).checked_div(rate).unwrap_or(u64::MAX),
        ),
        None => Duration::ZERO,
    }
}
