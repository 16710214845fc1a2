//! A node inside another process, as tests and embedders run it: the same commands, over any network.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Parser as _;
use lianfang_desk::{Buffer, Call, Console, Exit, Lang, Problem};
use lianfang_link::Transport;
use tokio::sync::Mutex;

use crate::app::App;
use crate::commands::{self, NodeArgs};
use crate::ports::Ports;
use crate::serve::Running;

/// A node whose folder is open in this process. It serves once it has joined a federation and [`Node::serve`] was called.
pub struct Node {
    app: Arc<App>,
    running: Mutex<Option<Running>>,
    dir: PathBuf,
}

impl Node {
    /// Opens a folder that `init` has made, and serves if it has joined a federation.
    pub async fn start(dir: &Path, ports: Ports, transport: Arc<dyn Transport>) -> Result<Self, Problem> {
        let app = Arc::new(App::open(dir, ports, transport).await?);
        let node = Self { app, running: Mutex::new(None), dir: dir.to_owned() };
        if node.app.joined().await.is_some() {
            node.serve().await?;
        }
        Ok(node)
    }

    /// Listens and works, if it does not yet; gives the address.
    pub async fn serve(&self) -> Result<String, Problem> {
        let mut running = self.running.lock().await;
        if let Some(running) = &*running {
            return Ok(running.address.clone());
        }
        let started = Running::start(&self.app).await?;
        let address = started.address.clone();
        *running = Some(started);
        Ok(address)
    }

    /// Runs a command as the command line would (without `--dir`; English unless `--lang` says otherwise), with nothing on
    /// standard input; gives its exit code, what it printed and what it noted. A node that has just enrolled begins to
    /// serve.
    pub async fn run(&self, args: &[&str]) -> (Exit, String, String) {
        self.run_with(args, "").await
    }

    /// The same with `input` on standard input.
    pub async fn run_with(&self, args: &[&str], input: &str) -> (Exit, String, String) {
        let parsed = NodeArgs::try_parse_from(std::iter::once("lianfang-node").chain(args.iter().copied()));
        let args = match parsed {
            Ok(args) => args,
            Err(error) => return (Exit::Usage, String::new(), error.to_string()),
        };
        let voice = args.common.voice;
        let buffer = Buffer::new(voice.lang.unwrap_or(Lang::En)).with_input(input);
        let console = Arc::new(if voice.json { buffer.json() } else { buffer });
        let shared: Arc<dyn Console> = console.clone();
        let call = Call::new(shared, self.dir.clone(), self.dir.clone());
        let exit = match Box::pin(commands::run(&self.app, args.command, &call)).await {
            Ok(exit) => exit,
            Err(problem) => {
                console.report(&problem);
                problem.exit()
            }
        };
        if self.app.joined().await.is_some()
            && let Err(problem) = self.serve().await
        {
            console.report(&problem);
        }
        (exit, console.out_text(), console.notes_text())
    }

    /// What `/metrics` shows.
    pub async fn metrics(&self) -> String {
        crate::telemetry::render(&self.app).await
    }

    /// Where probes and numbers are served, if they are.
    pub async fn http_address(&self) -> Option<std::net::SocketAddr> {
        let running = self.running.lock().await;
        running
            .as_ref()
            .and_then(|running| running.http.as_ref())
            .map(lianfang_telemetry::http::Listening::address)
    }

    /// Stops serving and closes the store.
    pub async fn shutdown(self) {
        if let Some(running) = self.running.into_inner() {
            running.shutdown().await;
        }
        self.app.telemetry.flush().await;
        self.app.store.close().await;
    }
}
