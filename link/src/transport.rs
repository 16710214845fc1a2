//! The port to the network: something that can dial and listen.
//!
//! Comes in: addresses as text. Goes out: byte streams. Trusts nobody; all trust is made above it. [`Tcp`] is the real
//! network, [`crate::Memory`] its twin for tests and simulation; a relay for nodes that cannot accept connections would be
//! a third.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

/// Bytes in both directions.
pub trait ByteStream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> ByteStream for T {}

/// A byte stream whose kind does not matter.
pub type BoxStream = Box<dyn ByteStream>;

/// Dials and listens.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Opens a stream to `addr`.
    async fn dial(&self, addr: &str) -> io::Result<BoxStream>;

    /// Starts to listen at `addr`; port 0 asks for a free one.
    async fn listen(&self, addr: &str) -> io::Result<Box<dyn Listener>>;
}

/// Accepts streams.
#[async_trait]
pub trait Listener: Send {
    /// The next stream and where it came from.
    async fn accept(&mut self) -> io::Result<(BoxStream, String)>;

    /// The address that others dial, with the real port.
    fn local_addr(&self) -> String;
}

/// The real network.
#[derive(Clone, Copy, Debug)]
pub struct Tcp {
    /// How long a connection may take to open.
    pub connect_timeout: Duration,
}

impl Default for Tcp {
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(10) }
    }
}

#[async_trait]
impl Transport for Tcp {
    async fn dial(&self, addr: &str) -> io::Result<BoxStream> {
        let stream = tokio::time::timeout(self.connect_timeout, TcpStream::connect(addr))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }

    async fn listen(&self, addr: &str) -> io::Result<Box<dyn Listener>> {
        let listener = TcpListener::bind(addr).await?;
        let local = listener.local_addr()?.to_string();
        Ok(Box::new(TcpDoor { listener, local }))
    }
}

struct TcpDoor {
    listener: TcpListener,
    local: String,
}

#[async_trait]
impl Listener for TcpDoor {
    async fn accept(&mut self) -> io::Result<(BoxStream, String)> {
        let (stream, peer) = self.listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok((Box::new(stream), peer.to_string()))
    }

    fn local_addr(&self) -> String {
        self.local.clone()
    }
}

/// Where a party is dialled from its own machine: an address that means every one of the machine is dialled at its own.
pub fn at_home(listen: &str) -> String {
    match listen.rsplit_once(':') {
        Some(("0.0.0.0" | "*", port)) => format!("127.0.0.1:{port}"),
        Some(("[::]", port)) => format!("[::1]:{port}"),
        _ => listen.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_all_is_dialled_at_home() {
        assert_eq!(at_home("0.0.0.0:7000"), "127.0.0.1:7000");
        assert_eq!(at_home("*:7000"), "127.0.0.1:7000");
        assert_eq!(at_home("[::]:7000"), "[::1]:7000");
        assert_eq!(at_home("bank:7000"), "bank:7000");
    }
}
