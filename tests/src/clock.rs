//! Time that a test moves: the machine's own, and a distance that grows or shrinks at a word.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use lianfang_ports::{Clock, Micros, Ports};

/// A clock that all parties of a world share. Clones are the same clock.
#[derive(Clone, Debug, Default)]
pub struct MovableClock {
    ahead: Arc<AtomicI64>,
}

impl MovableClock {
    /// Lets so much time pass at once.
    pub fn pass(&self, time: Duration) {
        self.ahead.fetch_add(i64::try_from(time.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Sets the clock back by so much.
    pub fn back(&self, time: Duration) {
        self.ahead.fetch_sub(i64::try_from(time.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Moves the clock to this instant, in microseconds since 1970.
    pub fn set(&self, to: i64) {
        self.ahead.fetch_add(to - self.micros(), Ordering::SeqCst);
    }

    /// Now.
    pub fn micros(&self) -> i64 {
        jiff::Timestamp::now().as_microsecond().saturating_add(self.ahead.load(Ordering::SeqCst))
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Micros {
        self.micros()
    }
}

impl MovableClock {
    /// This clock, with the machine's chance.
    pub fn ports(&self) -> Ports {
        Ports { clock: Arc::new(self.clone()), ..Ports::system() }
    }

    /// By which certificates are judged.
    pub fn of_link(&self) -> lianfang_link::Clock {
        let clock = self.clone();
        lianfang_link::Clock::new(move || {
            let micros = u64::try_from(clock.micros()).unwrap_or_default();
            lianfang_link::UnixTime::since_unix_epoch(Duration::from_micros(micros))
        })
    }
}
