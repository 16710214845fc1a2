//! The connections between parties: mutual TLS 1.3 whose identity comes from the certificate, over any byte stream.
//!
//! Comes in: an address, the party that is expected there, this party's own [`identity`], and a [`admission::Directory`]
//! that says which keys belong to whom today. Goes out: a gRPC channel to exactly that party, or a stream of accepted
//! connections whose peer is proven. Never sees: a message's content. Trusts: the roots and pins of the directory, and no
//! name, header or field that a peer sends. Fails with a [`LinkError`] that can be told in one sentence.
//!
//! TLS 1.3 (RFC 8446) only, key exchange X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem) only, no session resumption.

pub mod admission;
pub mod authority;
pub mod client;
pub mod failure;
pub mod faults;
pub mod identity;
pub mod idle;
pub mod memory;
pub mod peer;
pub mod possession;
pub mod proxy;
pub mod server;
mod tls;
pub mod transport;
mod verifier;

pub use admission::{Directory, Party, Root};
pub use authority::{Authority, Validity};
pub use client::Dialer;
pub use failure::{LinkError, Refusal};
pub use faults::Faults;
pub use identity::{Fingerprint, Identity, KeyMaterial};
pub use memory::Memory;
pub use peer::{Authenticated, PeerInfo, require_bank, require_coordinator, require_party};
pub use rustls::pki_types::{CertificateDer, UnixTime, pem};
pub use server::{Gate, Incoming};
pub use tls::Clock;
pub use transport::{Listener, Tcp, Transport};
