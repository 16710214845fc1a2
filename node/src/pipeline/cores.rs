//! Where the pipeline's arithmetic runs: beside the event loop, on as many threads as there are cores.
//!
//! Comes in: a computation of milliseconds. Goes out: its result. More threads than cores would compute nothing sooner, and
//! each of them keeps what it once had of memory. Fails only where the process is ending.

use std::sync::Arc;

use lianfang_proto::{Fault, FaultCode};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Room for as many computations at once as there are cores. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Cores(Arc<Semaphore>);

impl Cores {
    /// All cores of this machine.
    pub fn all() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self(Arc::new(Semaphore::new(cores)))
    }

    /// Runs the computation as soon as there is room.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let ending = || Fault::new(FaultCode::Internal);
        let room = Arc::clone(&self.0).acquire_owned().await.map_err(|_| ending())?;
        let done = spawn_blocking(move || {
            let result = work();
            drop(room);
            result
        });
        done.await.map_err(|_| ending())
    }
}
