//! What the node takes from the world besides bytes: time and chance. Chosen in `app.rs`, given to everything else.

use std::sync::Arc;

use rand_core::CryptoRng;

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

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn rng(&self) -> Box<dyn CryptoRng + Send> {
        Box::new(rand_core::UnwrapErr(getrandom::SysRng))
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
