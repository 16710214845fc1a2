//! Where an answer's rows go, and until when all of them must be here.
//!
//! Comes in: rows of a server. Goes out: batches, to whoever takes them, and at last that these were all, or why they were
//! not: a reader that ends without a word, as one does that panics, has left out what nobody knows. Fails with
//! [`ServerError::TimedOut`].

#[cfg(any(feature = "postgres", feature = "mysql"))]
use std::time::Duration;

use tokio::sync::mpsc;

use super::super::IngestError;
use super::super::line::Line;
use super::ServerError;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use super::TIMEOUT;

/// Rows; or nothing, once these were all.
pub(super) type Batch = Result<Option<Vec<Line>>, IngestError>;

/// Where the rows of an answer go. Whoever takes them may be gone: then there is no more to do.
pub(super) struct Outlet {
    pub(super) to: mpsc::Sender<Batch>,
}

impl Outlet {
    pub(super) async fn give(&self, lines: Vec<Line>) -> bool {
        self.to.send(Ok(Some(lines))).await.is_ok()
    }

    /// Says how the answer ended.
    pub(super) async fn end(&self, fetched: Result<(), ServerError>) {
        let last: Batch = match fetched {
            Ok(()) => Ok(None),
            Err(error) => Err(error.into()),
        };
        // Whoever is gone needs no last word.
        let _ = self.to.send(last).await;
    }
}

/// When the whole of an answer must be here. A server counts its own timeout anew for every batch, or, stopped or cut off,
/// not at all.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) struct Deadline(tokio::time::Instant);

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl Deadline {
    pub(super) fn after(time: Duration) -> Self {
        let now = tokio::time::Instant::now();
        // A time beyond all clocks is none that anybody waits for.
        Self(now.checked_add(time).unwrap_or(now + TIMEOUT))
    }

    /// Waits for a part of the answer.
    pub(super) async fn within<T>(
        &self,
        part: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, ServerError> {
        tokio::time::timeout_at(self.0, part)
            .await
            .map_err(|_| ServerError::TimedOut)?
            .map_err(ServerError::from)
    }

    /// Hands rows over. The time for which nobody takes them is not the server's.
    pub(super) async fn give(&mut self, outlet: &Outlet, lines: Vec<Line>) -> bool {
        let begun = tokio::time::Instant::now();
        let taken = outlet.give(lines).await;
        self.0 += begun.elapsed();
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_ends_with_a_word() {
        let (to, mut from) = mpsc::channel(1);
        let outlet = Outlet { to };
        assert!(outlet.give(Vec::new()).await);
        assert!(matches!(from.recv().await, Some(Ok(Some(lines))) if lines.is_empty()));
        outlet.end(Ok(())).await;
        assert!(matches!(from.recv().await, Some(Ok(None))));
        outlet.end(Err(ServerError::TimedOut)).await;
        assert!(matches!(from.recv().await, Some(Err(IngestError::Server(ServerError::TimedOut)))));
        drop(from);
        outlet.end(Ok(())).await;
    }

    #[tokio::test]
    async fn a_server_that_stalls_is_not_waited_for() {
        let (to, mut from) = mpsc::channel(1);
        let outlet = Outlet { to };
        let mut deadline = Deadline::after(Duration::from_millis(50));
        assert!(deadline.within(async { Ok(()) }).await.is_ok());
        assert!(deadline.give(&outlet, Vec::new()).await);
        // The channel is full, and whoever takes the rows is slow: that is not the server's time.
        let slow = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            from.recv().await
        };
        let before = deadline.0;
        let (taken, _) = tokio::join!(deadline.give(&outlet, Vec::new()), slow);
        assert!(taken && deadline.0 - before >= Duration::from_millis(50));
        let stalled = deadline.within(std::future::pending::<Result<(), sqlx::Error>>()).await;
        assert!(matches!(stalled, Err(ServerError::TimedOut)));
    }
}
