//! HTTP beside gRPC: `/metrics`, `/healthz`, `/readyz`, and whatever else is mounted on the same router.
//!
//! * Comes in: requests of this machine, unless the operator says otherwise. Goes out: numbers and words of closed lists.
//! * Trusts: nobody; there is neither TLS nor a password, so an address that others reach must be asked for by name
//!   (`allow-remote`), and belongs behind a firewall or a proxy.
//! * Fails: at the start if the address cannot be had. Sizes, times and connections are bounded ([`Limits`]).

mod probes;
mod server;

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

pub use probes::{Check, Watched, probes};
pub use server::{Limits, Listening};

/// `[http]` in `config.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// `address:port`; port 0 takes a free one.
    pub listen: String,
    /// Whether it may be an address that other machines reach.
    #[serde(default)]
    pub allow_remote: bool,
}

/// Why the settings cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is not a numeric address with a port.
    #[error("http.listen is not of the form 127.0.0.1:9464")]
    NoAddress,
    /// Others could reach it, and nobody has said that they may.
    #[error("http.listen is an address that other machines reach, without allow-remote = true")]
    Remote,
}

impl Settings {
    /// The address, if it may be listened at.
    pub fn address(&self) -> Result<SocketAddr, Unusable> {
        let (host, port) = self.listen.rsplit_once(':').ok_or(Unusable::NoAddress)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let host = if host == "localhost" { "127.0.0.1" } else { host };
        let ip: IpAddr = host.parse().map_err(|_| Unusable::NoAddress)?;
        let port: u16 = port.parse().map_err(|_| Unusable::NoAddress)?;
        if ip.is_loopback() || self.allow_remote { Ok((ip, port).into()) } else { Err(Unusable::Remote) }
    }
}

#[cfg(test)]
mod tests;
