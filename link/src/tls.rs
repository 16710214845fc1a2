//! The one configuration of TLS: version 1.3, X25519MLKEM768, AWS-LC, HTTP/2, no resumption.
//!
//! The provider is passed explicitly, so no process-wide default matters. Resumption and early data are off: a resumed
//! session would skip the check of the certificate, and with it a suspension.

use std::fmt;
use std::sync::Arc;

use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::UnixTime;
use rustls::server::{NoServerSessionStorage, ServerConfig};
use rustls::time_provider::TimeProvider;

use crate::admission::Directory;
use crate::identity::Identity;
use crate::verifier::{ClientVerifier, ServerVerifier};

/// HTTP/2 in the handshake (RFC 9113, section 3.2).
pub(crate) const ALPN: &[u8] = b"h2";

/// The time by which certificates are judged.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> UnixTime + Send + Sync>);

impl Clock {
    /// A clock that asks `now` every time.
    pub fn new(now: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time now.
    pub fn now(&self) -> UnixTime {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.now())
    }
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.kx_groups = vec![aws_lc_rs::kx_group::X25519MLKEM768];
    provider.cipher_suites.retain(|suite| suite.tls13().is_some());
    Arc::new(provider)
}

pub(crate) fn server(
    identity: &Identity,
    directory: Arc<dyn Directory>,
    clock: &Clock,
    allow_anonymous: bool,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = provider();
    let verifier = ClientVerifier::new(directory, Arc::clone(&provider), allow_anonymous);
    let mut config = ServerConfig::builder_with_details(provider, Arc::new(clock.clone()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(Arc::new(identity.clone()));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok(Arc::new(config))
}

pub(crate) fn client(
    verifier: ServerVerifier,
    identity: Option<&Identity>,
    clock: &Clock,
) -> Result<Arc<ClientConfig>, rustls::Error> {
    let builder = ClientConfig::builder_with_details(provider(), Arc::new(clock.clone()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match identity {
        Some(identity) => builder.with_client_cert_resolver(Arc::new(identity.clone())),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    config.enable_sni = false;
    Ok(Arc::new(config))
}
