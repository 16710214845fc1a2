//! Who may take part: the roots that vouch for certificates and the keys that are pinned to parties.
//!
//! Comes in: the key of a certificate whose chain and signature are checked elsewhere. Goes out: the party it belongs to,
//! or nothing. Trusts: the signed roster, from which the caller makes its [`Directory`]; a certificate's own names are
//! never an identity. The directory is asked at every handshake and request, so a suspension takes effect at once.

use std::fmt;

use rustls::pki_types::CertificateDer;
use tokio::sync::watch;

use crate::identity::Fingerprint;

/// Somebody with a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// The regulator's coordinator.
    Coordinator,
    /// A member, by its id in the roster.
    Bank(String),
}

impl Party {
    /// The name that the authority writes into a certificate, as a URI.
    pub fn uri(&self) -> String {
        match self {
            Self::Coordinator => "lianfang:coordinator".to_owned(),
            Self::Bank(id) => format!("lianfang:bank:{id}"),
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coordinator => f.write_str("the coordinator"),
            Self::Bank(id) => write!(f, "bank {id}"),
        }
    }
}

/// A root certificate and whom it may vouch for.
#[derive(Clone, Debug)]
pub struct Root {
    /// The root itself.
    pub certificate: CertificateDer<'static>,
    /// `None` for the regulator's authority; the one bank of an own root.
    pub only_for: Option<String>,
}

impl Root {
    /// The regulator's authority, which vouches for everybody.
    pub fn authority(certificate: CertificateDer<'static>) -> Self {
        Self { certificate, only_for: None }
    }

    /// A bank's own root, which vouches for that bank and nobody else.
    pub fn of_bank(certificate: CertificateDer<'static>, bank: impl Into<String>) -> Self {
        Self { certificate, only_for: Some(bank.into()) }
    }

    /// Whether this root may vouch for `party`.
    pub fn vouches_for(&self, party: &Party) -> bool {
        match (&self.only_for, party) {
            (None, _) => true,
            (Some(bank), Party::Bank(id)) => bank == id,
            (Some(_), Party::Coordinator) => false,
        }
    }
}

/// The roots and pins of today.
pub trait Directory: Send + Sync {
    /// All roots that vouch for anybody.
    fn roots(&self) -> Vec<Root>;

    /// The party that a certificate's key is pinned to, if it is admitted now.
    fn party(&self, key: &Fingerprint) -> Option<Party>;

    /// Changes whenever an answer of the others may have: open connections are then judged again, and those of parties
    /// that are admitted no longer are closed. `None` where answers never change.
    fn changes(&self) -> Option<watch::Receiver<u64>> {
        None
    }
}
