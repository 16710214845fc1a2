//! What the node takes from the world besides bytes: time and chance. Chosen in `app.rs`, given to everything else.

use std::sync::Arc;

use chacha20::ChaCha20Rng;
use getrandom::SysRng;
use rand_core::{CryptoRng, SeedableRng as _, UnwrapErr};

/// Microseconds since 1970, UTC.
pub type Micros = i64;

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Micros;
}

/// Where chance comes from.
pub trait Chance: Send + Sync {
    /// A generator for one piece of work.
    fn rng(&self) -> Box<dyn CryptoRng + Send>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Micros {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Micros::try_from(since.as_micros()).unwrap_or(Micros::MAX)
    }
}

/// The operating system's chance. Each piece of work has a generator of its own (ChaCha20, RFC 8439), seeded there when the
/// work begins and wiped when it ends: a call of the system for every row that is sealed costs more than the sealing.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn rng(&self) -> Box<dyn CryptoRng + Send> {
        Box::new(ChaCha20Rng::from_rng(&mut UnwrapErr(SysRng)))
    }
}

/// Time and chance together, as they are handed down.
#[derive(Clone)]
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub chance: Arc<dyn Chance>,
}

impl Ports {
    /// The machine's own.
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock), chance: Arc::new(SystemChance) }
    }
}
