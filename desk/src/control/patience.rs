//! Giving up politely: a command that is cancelled may end by itself, for a while.

use std::future::Future;
use std::time::Duration;

/// The future's output; or, once `cancelled` and `grace` are over, nothing, and the future is dropped.
pub(crate) async fn patiently<T>(
    work: impl Future<Output = T>,
    cancelled: impl Future<Output = ()>,
    grace: Duration,
) -> Option<T> {
    let too_long = async {
        cancelled.await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        biased;
        done = work => Some(done),
        () = too_long => None,
    }
}
