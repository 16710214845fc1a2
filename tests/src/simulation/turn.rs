//! One party's turn: its tasks run, on the engine's own thread, until all of them wait, or until it is cut down.
//!
//! Comes in: a runtime that belongs to one party alone. Goes out: why the turn ended. All tasks of a party live on its
//! runtime, so dropping that is what `SIGKILL` is to a process.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use tokio::runtime::{Builder, Runtime};

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

    /// Runs until all tasks wait; `false` if the steps in `fuse` were used up before.
    pub fn take(&self, fuse: &mut Option<u64>) -> bool {
        let parking = &self.parking;
        parking.parked.store(false, Ordering::SeqCst);
        self.runtime.block_on(poll_fn(|cx| {
            match fuse {
                Some(0) => return Poll::Ready(false),
                Some(steps) => *steps -= 1,
                None => {}
            }
            if parking.parked.load(Ordering::SeqCst) {
                return Poll::Ready(true);
            }
            *parking.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
            if fuse.is_some() {
                cx.waker().wake_by_ref();
            }
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
