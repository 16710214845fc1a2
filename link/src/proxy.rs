//! A proxy that spoils real connections between real processes.
//!
//! Comes in: TCP connections on a free local port. Goes out: the same bytes to a target, under the faults that are set.
//! Never sees: plaintext; TLS is carried end to end. Refusing closes the port, so that a dialler meets what it would meet
//! at a machine where nothing listens.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::faults::Faults;

/// A running proxy; it stops, with all its connections, when dropped.
pub struct Proxy {
    addr: SocketAddr,
    faults: Faults,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port of 127.0.0.1 and forwards to `target`.
    pub async fn start(target: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let faults = Faults::default();
        let task = tokio::spawn(run(listener, addr, target.to_owned(), faults.clone()));
        Ok(Self { addr, faults, task })
    }

    /// What to dial instead of the target.
    pub fn addr(&self) -> String {
        self.addr.to_string()
    }

    /// The faults of this proxy.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(listener: TcpListener, addr: SocketAddr, target: String, faults: Faults) {
    let mut open = JoinSet::new();
    let mut listening = Some(listener);
    loop {
        let Some(listener) = &listening else {
            faults.until_refusing(false).await;
            listening = TcpListener::bind(addr).await.ok();
            if listening.is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            continue;
        };
        tokio::select! {
            () = faults.until_refusing(true) => listening = None,
            Some(_) = open.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { open.spawn(forward(stream, target.clone(), faults.clone())); }
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
        }
    }
}

/// One connection; where the target does not answer, the dialler's own is closed.
async fn forward(dialer: TcpStream, target: String, faults: Faults) {
    if let Ok(listener) = TcpStream::connect(&target).await {
        let nodelay = dialer.set_nodelay(true).and_then(|()| listener.set_nodelay(true));
        if nodelay.is_ok() {
            faults.relay(dialer, listener).await;
        }
    }
}
