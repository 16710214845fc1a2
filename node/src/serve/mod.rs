//! The running node: a server for other banks, and a loop that does what the inbox asks for.
//!
//! Comes in: a node that has joined. Goes out: [`Running`], until it is stopped. Fails at the start if the address
//! cannot be had; after that nothing ends it but its operator: a failed step is written down and tried again.

mod agenda;
mod attempt;
mod inbox;
mod server;

use std::sync::Arc;
use std::time::Duration;

use lianfang_desk::Problem;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::audit::Event;
use crate::ports::Clock;
use crate::work::Desk;

/// How long a store that does not answer is waited for at the end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A node at work.
pub struct Running {
    /// Where it listens.
    pub address: String,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    desk: Desk,
    clock: Arc<dyn Clock>,
    grace: Duration,
}

impl Running {
    /// Starts to listen and to work.
    pub async fn start(node: &Arc<App>) -> Result<Self, Problem> {
        let joined = node.must_have_joined().await?;
        let (stop, stopped) = watch::channel(false);
        let (address, server) = server::start(node, &joined, stopped.clone()).await?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        node.log.record(&Event::Started { version }).await.map_err(Problem::bug)?;
        let desk = Desk::sit(&node.store).await?;
        let inbox = tokio::spawn(inbox::run(Arc::clone(&joined), desk.clone(), stopped));
        let (clock, grace) = (Arc::clone(&node.ports.clock), node.config.serve.grace());
        Ok(Self { address, stop, tasks: vec![server, inbox], desk, clock, grace })
    }

    /// Begins nothing new and ends after the steps in hand, as long as the configuration gives them. What is cut off is
    /// done again at the next start.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let ended = async {
            for task in &mut self.tasks {
                // A task that panicked has ended too.
                let _ = task.await;
            }
        };
        if self.clock.within(self.grace, ended).await.is_none() {
            tracing::warn!("what was in hand has not ended in time, and will be done again");
            self.tasks.iter().for_each(JoinHandle::abort);
        }
        match self.clock.within(LAST_WORDS, self.desk.rise()).await {
            Some(Ok(())) => {}
            _ => tracing::warn!("the leases could not be given back; they end by themselves"),
        }
    }
}

/// Resolves once the node is to stop.
async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone, and the node with it.
    let _ = stop.wait_for(|stop| *stop).await;
}
