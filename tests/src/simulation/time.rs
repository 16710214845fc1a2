//! Time that passes only when everybody waits.
//!
//! Comes in: sleepers. Goes out: the same sleepers, woken in the order of their times, when the engine says that it is
//! later now. Fails never.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use lianfang_ports::{Clock, Micros, Pause};

/// Microseconds since the federation was made.
pub type Moment = u64;

/// The day on which every simulated federation is made: 1 July 2026, noon, UTC.
pub const BEGINNING: i64 = 1_782_907_200_000_000;

#[derive(Default)]
struct Waiting {
    now: Moment,
    numbers: u64,
    sleepers: BTreeMap<(Moment, u64), Waker>,
}

/// The time of one federation. Clones are the same time.
#[derive(Clone, Default)]
pub struct Time {
    waiting: Arc<Mutex<Waiting>>,
}

/// A time as microseconds.
pub fn micros(time: Duration) -> Moment {
    Moment::try_from(time.as_micros()).unwrap_or(Moment::MAX)
}

impl Time {
    /// A time that begins later.
    pub fn from(now: Moment) -> Self {
        let time = Self::default();
        time.lock().now = now;
        time
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now.
    pub fn now(&self) -> Moment {
        self.lock().now
    }

    /// When the next sleeper is to wake.
    pub fn next(&self) -> Option<Moment> {
        self.lock().sleepers.first_key_value().map(|((moment, _), _)| *moment)
    }

    /// It is `moment` now, if it was not later already. Wakes whoever has slept until then.
    pub fn advance(&self, moment: Moment) {
        let due = {
            let mut waiting = self.lock();
            waiting.now = waiting.now.max(moment);
            let after = (waiting.now + 1, 0);
            let later = waiting.sleepers.split_off(&after);
            std::mem::replace(&mut waiting.sleepers, later)
        };
        for waker in due.into_values() {
            waker.wake();
        }
    }

    /// Resolves after `time`.
    pub fn sleep(&self, time: Duration) -> Sleep {
        self.sleep_until(self.now().saturating_add(micros(time)))
    }

    /// Resolves at `until`.
    pub fn sleep_until(&self, until: Moment) -> Sleep {
        Sleep { time: self.clone(), until, number: None }
    }
}

/// A sleeper.
pub struct Sleep {
    time: Time,
    until: Moment,
    number: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let time = self.time.clone();
        let mut waiting = time.lock();
        if waiting.now >= self.until {
            return Poll::Ready(());
        }
        let number = *self.number.get_or_insert_with(|| {
            waiting.numbers += 1;
            waiting.numbers
        });
        waiting.sleepers.insert((self.until, number), cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let waker = self.time.lock().sleepers.remove(&(self.until, number));
        drop(waker);
    }
}

/// One party's clock: the common time, and how far it goes wrong.
#[derive(Clone)]
pub struct PartyClock {
    /// The common time, by which everybody waits.
    pub time: Time,
    /// Microseconds by which this party's clock is ahead.
    pub skew: Arc<AtomicI64>,
}

impl PartyClock {
    fn micros(&self) -> i64 {
        let passed = i64::try_from(self.time.now()).unwrap_or(i64::MAX);
        BEGINNING.saturating_add(passed).saturating_add(self.skew.load(Ordering::SeqCst))
    }

    /// By which a bystander judges certificates.
    pub fn of_link(&self) -> lianfang_link::Clock {
        let clock = self.clone();
        lianfang_link::Clock::new(move || {
            let micros = u64::try_from(clock.micros()).unwrap_or_default();
            lianfang_link::UnixTime::since_unix_epoch(Duration::from_micros(micros))
        })
    }
}

impl Clock for PartyClock {
    fn now(&self) -> Micros {
        self.micros()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.time.now())
    }

    fn sleep(&self, time: Duration) -> Pause {
        Box::pin(self.time.sleep(time))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn nobody_wakes_early_and_who_has_gone_is_forgotten() {
        let time = Time::default();
        let (mut short, mut long) = (time.sleep(Duration::from_secs(1)), time.sleep(Duration::from_secs(2)));
        assert!((&mut short).now_or_never().is_none() && (&mut long).now_or_never().is_none());
        assert_eq!(time.next(), Some(1_000_000));
        time.advance(1_000_000);
        assert!((&mut short).now_or_never().is_some() && (&mut long).now_or_never().is_none());
        drop(long);
        assert_eq!(time.next(), None);
        time.advance(5);
        assert_eq!(time.now(), 1_000_000, "it never goes back");
    }
}
