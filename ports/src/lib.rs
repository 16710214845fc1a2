//! What a party takes from the machine besides bytes: time and chance.
//!
//! Comes in: nothing. Goes out: the time, waiting, generators. Chosen where a party is put together (`app.rs`) and handed
//! down from there; nobody else asks the machine for either (README: but for what decides nothing between parties), so that
//! tests and simulations can hold both. Never sees: what it is used for. Trusts: the system's clock, which people may set, and its randomness. Fails: by a panic, where the system
//! has no randomness to give, for there is no safe way on.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use chacha20::ChaCha20Rng;
use getrandom::SysRng;
use rand_core::{CryptoRng, SeedableRng as _, UnwrapErr};

/// Microseconds since 1970, UTC.
pub type Micros = i64;

/// Resolves when its time has passed.
pub type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where time comes from. Whoever waits, waits here: under a clock that a simulation moves, waiting costs nothing.
pub trait Clock: Send + Sync {
    /// Now. People may set it, also back.
    fn now(&self) -> Micros;

    /// What has passed since some fixed moment of this process. Nobody sets it.
    fn elapsed(&self) -> Duration {
        static BEGAN: OnceLock<Instant> = OnceLock::new();
        BEGAN.get_or_init(Instant::now).elapsed()
    }

    /// To wait so long.
    fn sleep(&self, time: Duration) -> Pause {
        Box::pin(tokio::time::sleep(time))
    }
}

impl dyn Clock + '_ {
    /// What the work gives; `None` if it takes longer than `limit`, and then it is dropped.
    pub async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        let late = self.sleep(limit);
        tokio::select! {
            biased;
            done = work => Some(done),
            () = late => None,
        }
    }
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

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    /// Stands still; whoever waits has waited already.
    struct Still;

    impl Clock for Still {
        fn now(&self) -> Micros {
            0
        }

        fn sleep(&self, _: Duration) -> Pause {
            Box::pin(ready(()))
        }
    }

    #[tokio::test]
    async fn what_takes_longer_is_dropped_and_what_is_done_is_taken() {
        let clock: &dyn Clock = &Still;
        assert_eq!(clock.within(Duration::from_hours(1), pending::<()>()).await, None);
        assert_eq!(clock.within(Duration::ZERO, ready(7)).await, Some(7), "done at the last moment is done");
    }

    #[test]
    fn every_piece_of_work_has_chance_of_its_own() {
        let draw = || SystemChance.rng().next_u64();
        assert_ne!(draw(), draw());
        let mut rng = SystemChance.rng();
        assert_ne!(rng.next_u64(), rng.next_u64());
    }
}
