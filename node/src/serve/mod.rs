//! The running node: a server for other banks, and a loop that does what the inbox asks for.
//!
//! Comes in: a node that has joined. Goes out: [`Running`], until it is stopped. Fails at the start if the address
//! cannot be had; after that nothing ends it but its operator: a failed step is written down and tried again.

mod agenda;
mod attempt;
mod duty;
mod inbox;
mod server;
mod upkeep;

use std::sync::Arc;
use std::time::Duration;

use duty::Duty;
use lianfang_desk::Problem;
use lianfang_telemetry::http::Listening;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::audit::Event;
use crate::key_holder::vault::Vault;
use crate::ports::Clock;
use crate::telemetry;
use crate::work::Desk;

/// How long a store that does not answer is waited for at the end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How often shares are looked up that nobody asks for.
const KEEP_UP: Duration = Duration::from_secs(5);

/// A node at work.
pub struct Running {
    /// Where it listens.
    pub address: String,
    /// Where it serves probes and numbers, if it does.
    pub http: Option<Listening>,
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
        joined.context.tidy_spool().await?;
        let (stop, stopped) = watch::channel(false);
        let served = node.telemetry.served();
        let http = telemetry::listen(node, served.clone()).await?;
        let desk = Desk::sit(&node.store).await?;
        let (duty, claimed) = Duty::claim(&node.config, &desk).await?;
        let (address, server) = server::start(node, &joined, served, stopped.clone()).await?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        node.log.record(&Event::Started { version }).await?;
        let watch = crate::watch::start(node, stopped.clone())?;
        let upkeep = tokio::spawn(upkeep::run(Arc::clone(node), Arc::clone(&joined), stopped.clone()));
        let inbox =
            tokio::spawn(inbox::run(Arc::clone(&joined), desk.clone(), duty.clone(), stopped.clone()));
        let (clock, grace) = (Arc::clone(&node.ports.clock), node.config.serve.grace());
        let on_duty = tokio::spawn(duty.keep(claimed, desk.clone(), Arc::clone(&clock), stopped.clone()));
        let keeping_up = tokio::spawn(keep_up(joined.context.vault.clone(), Arc::clone(&clock), stopped));
        tracing::info!(event = "serve.began", version = env!("CARGO_PKG_VERSION"), %address, "the node serves");
        let tasks = [server, inbox, upkeep, on_duty, keeping_up].into_iter().chain(watch).collect();
        Ok(Self { address, http, stop, tasks, desk, clock, grace })
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
            tracing::warn!(
                event = "serve.cut-off",
                "what was in hand has not ended in time, and will be done again"
            );
            self.tasks.iter().for_each(JoinHandle::abort);
        }
        match self.clock.within(LAST_WORDS, self.desk.rise()).await {
            Some(Ok(())) => {}
            _ => tracing::warn!(
                event = "serve.leases-kept",
                "the leases could not be given back; they end by themselves"
            ),
        }
    }
}

/// Takes up what another process changes that shares the store: a share that was erased there leaves the memory here even
/// if nobody asks for it.
async fn keep_up(vault: Vault, clock: Arc<dyn Clock>, stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = stopped(stop.clone()) => return,
            () = clock.sleep(KEEP_UP) => {}
        }
        if let Err(error) = vault.refresh_all().await {
            tracing::warn!(event = "key.not-read", %error, "shares could not be looked up");
        }
    }
}

/// Resolves once the node is to stop.
async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone, and the node with it.
    let _ = stop.wait_for(|stop| *stop).await;
}
