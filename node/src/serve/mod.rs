//! The running node: a server for other banks, and a loop that does what the inbox asks for.
//!
//! Comes in: a node that has joined. Goes out: [`Running`], until it is stopped. Fails at the start if the address
//! cannot be had; after that nothing ends it but its operator: a failed step is written down and tried again.

mod agenda;
mod inbox;
mod server;

use std::sync::Arc;

use lianfang_desk::Problem;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::audit::Event;

/// A node at work.
pub struct Running {
    /// Where it listens.
    pub address: String,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts to listen and to work.
    pub async fn start(node: &Arc<App>) -> Result<Self, Problem> {
        let joined = node.must_have_joined().await?;
        let (stop, stopped) = watch::channel(false);
        let (address, server) = server::start(node, &joined, stopped.clone()).await?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        node.log.record(&Event::Started { version }).await.map_err(Problem::bug)?;
        let watch = crate::watch::start(node, stopped.clone())?;
        let inbox = tokio::spawn(inbox::run(Arc::clone(&joined), stopped));
        let tasks = [server, inbox].into_iter().chain(watch).collect();
        Ok(Self { address, stop, tasks })
    }

    /// Ends both, after the step in hand.
    pub async fn shutdown(self) {
        let _ = self.stop.send(true);
        for mut task in self.tasks {
            if tokio::time::timeout(std::time::Duration::from_secs(10), &mut task).await.is_err() {
                task.abort();
            }
        }
    }
}

/// Resolves once the node is to stop.
async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone, and the node with it.
    let _ = stop.wait_for(|stop| *stop).await;
}
