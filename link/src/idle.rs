//! Strangers' connections end when nothing is asked over them. Few may be open at once, and whoever holds one without need
//! keeps out others, who have no other way in.
//!
//! Comes in: the beginning and the end of each request. Goes out: the moment at which the connection is to be closed. The
//! pings of HTTP/2 do not count: both sides answer them without being asked anything.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// How many requests a connection carries now.
#[derive(Clone, Debug, Default)]
pub struct Requests(watch::Sender<usize>);

impl Requests {
    /// Counts one more, until what is given is dropped.
    pub(crate) fn begin(&self) -> UnderWay {
        self.0.send_modify(|number| *number += 1);
        UnderWay(self.clone())
    }

    /// Resolves when there has been none for so long.
    pub(crate) fn idle(&self, limit: Duration) -> impl Future<Output = ()> + Send + use<> {
        let mut number = self.0.subscribe();
        async move {
            // The count is the connection's own: it is gone only where there is nothing left to close.
            while number.wait_for(|number| *number == 0).await.is_ok() {
                match timeout(limit, number.changed()).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) | Err(_) => return,
                }
            }
        }
    }
}

/// A request that a connection carries.
#[derive(Debug)]
pub(crate) struct UnderWay(Requests);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0.send_modify(|number| *number -= 1);
    }
}
