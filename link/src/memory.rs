//! The network's twin in memory, for tests and simulation.
//!
//! Comes in: any text as an address. Goes out: pipes between dialler and listener in one process, carried by the same
//! relay as the fault proxy, so that every fault of a wire can be had without one. Fails as TCP does: refused where
//! nobody listens, in use where somebody does.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::io::duplex;
use tokio::sync::mpsc;

use crate::faults::Faults;
use crate::transport::{BoxStream, Listener, Transport};

/// Bytes that a pipe holds before its writer waits.
const PIPE: usize = 64 * 1024;
/// Connections that wait to be accepted before further ones are refused.
const BACKLOG: usize = 256;

type Arrival = (BoxStream, String);

/// A network of its own; clones are the same network.
#[derive(Clone, Default)]
pub struct Memory {
    hub: Arc<Hub>,
}

#[derive(Default)]
struct Hub {
    doors: Mutex<HashMap<String, mpsc::Sender<Arrival>>>,
    faults: Mutex<HashMap<String, Faults>>,
    names: AtomicU64,
}

impl Hub {
    fn doors(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<Arrival>>> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self, addr: &str) -> Faults {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.entry(addr.to_owned()).or_default().clone()
    }

    fn fresh(&self) -> u64 {
        self.names.fetch_add(1, Ordering::Relaxed)
    }
}

impl Memory {
    /// The faults of an address; they outlive its listener, and may be set before it.
    pub fn faults(&self, addr: &str) -> Faults {
        self.hub.faults(addr)
    }
}

#[async_trait]
impl Transport for Memory {
    async fn dial(&self, addr: &str) -> io::Result<BoxStream> {
        let faults = self.hub.faults(addr);
        let door = self.hub.doors().get(addr).cloned();
        let door = door.filter(|_| !faults.refuses()).ok_or(io::ErrorKind::ConnectionRefused)?;
        let (dialer, near) = duplex(PIPE);
        let (far, listener) = duplex(PIPE);
        let name = format!("memory-dialer:{}", self.hub.fresh());
        door.try_send((Box::new(listener), name)).map_err(|_| io::ErrorKind::ConnectionRefused)?;
        tokio::spawn(async move { faults.relay(near, far).await });
        Ok(Box::new(dialer))
    }

    async fn listen(&self, addr: &str) -> io::Result<Box<dyn Listener>> {
        let addr = match addr.strip_suffix(":0") {
            Some(host) => format!("{host}:{}", self.hub.fresh() + 1),
            None => addr.to_owned(),
        };
        let (door, arrivals) = mpsc::channel(BACKLOG);
        let mut doors = self.hub.doors();
        if doors.contains_key(&addr) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        doors.insert(addr.clone(), door);
        Ok(Box::new(MemoryDoor { arrivals, addr, hub: Arc::clone(&self.hub) }))
    }
}

struct MemoryDoor {
    arrivals: mpsc::Receiver<Arrival>,
    addr: String,
    hub: Arc<Hub>,
}

#[async_trait]
impl Listener for MemoryDoor {
    async fn accept(&mut self) -> io::Result<Arrival> {
        self.arrivals.recv().await.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    fn local_addr(&self) -> String {
        self.addr.clone()
    }
}

impl Drop for MemoryDoor {
    fn drop(&mut self) {
        self.hub.doors().remove(&self.addr);
    }
}
