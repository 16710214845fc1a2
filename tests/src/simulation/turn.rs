//! One party's turn: its tasks run, on the engine's own thread, until all of them wait, or until it is cut down.
//!
//! Comes in: a runtime that belongs to one party alone. Goes out: why the turn ended. All tasks of a party live on its
//! runtime, so dropping that is what `SIGKILL` is to a process.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use tokio::runtime::{Builder, Runtime};

use super::fuse::Fuse;

/// What the runtime tells when it has nothing left to do.
#[derive(Default)]
struct Parking {
    parked: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

/// A party's runtime, driven turn by turn.
pub struct Turns {
    runtime: Runtime,
    parking: Arc<Parking>,
}

impl Turns {
    /// A runtime of its own.
    ///
    /// # Panics
    /// If the machine gives none.
    pub fn new() -> Self {
        let parking = Arc::new(Parking::default());
        let told = Arc::clone(&parking);
        let runtime = Builder::new_current_thread()
            .enable_time()
            // The turn is looked at between any two tasks.
            .event_interval(1)
            .global_queue_interval(1)
            .max_blocking_threads(8)
            .on_thread_park(move || {
                told.parked.store(true, Ordering::SeqCst);
                let waker = told.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
                waker.into_iter().for_each(Waker::wake);
            })
            .build();
        Self { runtime: runtime.expect("a runtime"), parking }
    }

    /// The runtime.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Whether a task is ready.
    pub fn has_work(&self) -> bool {
        self.runtime.metrics().global_queue_depth() > 0
    }

    /// Runs until all tasks wait; `false` if the fuse had burnt before.
    pub(super) fn take(&self, fuse: &mut Option<Fuse>) -> bool {
        match fuse {
            Some(fuse) => self.take_in_steps(fuse),
            None => self.take_at_once(),
        }
    }

    /// The runtime itself tells when it has nothing left to do.
    fn take_at_once(&self) -> bool {
        let parking = &self.parking;
        parking.parked.store(false, Ordering::SeqCst);
        self.runtime.block_on(poll_fn(|cx| {
            if parking.parked.load(Ordering::SeqCst) {
                return Poll::Ready(true);
            }
            *parking.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
            Poll::Pending
        }))
    }

    /// The runtime is looked at between any two tasks, and so it never rests by itself. Whether any task is left is told by
    /// a mark that is put at the end of the queue again and again: when nothing ran since it came up last, all wait.
    fn take_in_steps(&self, fuse: &mut Fuse) -> bool {
        let came_up = Arc::new(AtomicBool::new(true));
        let mut worked = true;
        self.runtime.block_on(poll_fn(|cx| {
            if !came_up.load(Ordering::SeqCst) {
                // What ran was a task.
                worked = true;
                fuse.step();
            }
            if fuse.has_burnt() {
                return Poll::Ready(false);
            }
            if came_up.swap(false, Ordering::SeqCst) {
                if !std::mem::take(&mut worked) {
                    return Poll::Ready(true);
                }
                let mark = Arc::clone(&came_up);
                drop(tokio::spawn(async move { mark.store(true, Ordering::SeqCst) }));
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }))
    }

    /// Nothing of it goes on. What its threads are at, they end.
    pub fn kill<T>(self, with: T) {
        // What is dropped may want to know where it ran.
        let entered = self.runtime.enter();
        drop(with);
        drop(entered);
        self.runtime.shutdown_background();
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::AtomicU64;

    use super::*;
    use crate::simulation::fuse::After;

    /// Two tasks that give way to each other until each has run `times`.
    fn busy(turns: &Turns, times: u64) -> Arc<AtomicU64> {
        let ran = Arc::new(AtomicU64::new(0));
        for _ in 0..2 {
            let ran = Arc::clone(&ran);
            turns.runtime().spawn(async move {
                for _ in 0..times {
                    ran.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                }
            });
        }
        ran
    }

    #[test]
    fn a_turn_ends_when_all_wait_or_where_the_fuse_says() {
        let steps = |steps| Some(Fuse::lit(After::Steps(steps), Path::new("nowhere")));
        for (mut fuse, goes_on, ran) in
            [(None, true, 200), (steps(5_000), true, 200), (steps(61), false, 61), (steps(0), false, 0)]
        {
            let turns = Turns::new();
            let did = busy(&turns, 100);
            assert_eq!(turns.take(&mut fuse), goes_on);
            assert_eq!(did.load(Ordering::SeqCst), ran);
        }
        // What is left of a fuse burns in the next turn.
        let (turns, mut fuse) = (Turns::new(), steps(300));
        for (goes_on, ran) in [(true, 200), (false, 98)] {
            let did = busy(&turns, 100);
            assert_eq!(turns.take(&mut fuse), goes_on);
            assert_eq!(did.load(Ordering::SeqCst), ran);
        }
    }
}
