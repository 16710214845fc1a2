//! Strangers' connections end when nothing is asked over them. Few may be open at once, and whoever holds one without need
//! keeps out others, who have no other way in.
//!
//! Comes in: the beginning and the end of each request. Goes out: the moment at which the connection is to be closed. The
//! pings of HTTP/2 do not count: both sides answer them without being asked anything.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// How long a stranger's connection may go without a moment in which nothing is under way: a request whose end never comes
/// would keep it open for ever. What strangers may ask is answered within a minute.
const LONGEST: Duration = Duration::from_mins(2);

/// How many requests a connection carries now.
#[derive(Clone, Debug, Default)]
pub struct Requests(watch::Sender<usize>);

impl Requests {
    /// Counts one more, until what is given is dropped.
    pub(crate) fn begin(&self) -> UnderWay {
        self.0.send_modify(|number| *number += 1);
        UnderWay(self.clone())
    }

    /// Resolves when there has been none for so long, or one for longer than any takes.
    pub(crate) fn idle(&self, limit: Duration) -> impl Future<Output = ()> + Send + use<> {
        let mut number = self.0.subscribe();
        async move {
            loop {
                // The count is the connection's own: it is gone only where there is nothing left to close.
                match timeout(LONGEST, number.wait_for(|number| *number == 0)).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(_)) | Err(_) => return,
                }
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

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_connection_ends_when_nothing_is_asked_or_nothing_is_ever_answered() {
        let requests = Requests::default();
        let began = Instant::now();
        requests.idle(LIMIT).await;
        assert_eq!(began.elapsed(), LIMIT);

        let (began, endless) = (Instant::now(), requests.begin());
        requests.idle(LIMIT).await;
        assert_eq!(began.elapsed(), LONGEST);
        drop(endless);

        let (began, again) = (Instant::now(), requests.clone());
        let asks = tokio::spawn(async move {
            for _ in 0..5 {
                sleep(LIMIT / 2).await;
                drop(again.begin());
            }
        });
        requests.idle(LIMIT).await;
        asks.await.unwrap();
        assert_eq!(began.elapsed(), LIMIT / 2 * 5 + LIMIT);
    }
}
