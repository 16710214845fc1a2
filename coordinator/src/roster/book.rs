//! The roster in force, as TLS and the services ask it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use lianfang_link::{CertificateDer, Directory, Fingerprint, Party, Root};
use lianfang_proto::documents::roster::{Roster, Standing};
use lianfang_trust::{Digest, Signed};

/// One version of the roster with what is looked up in it.
pub struct InForce {
    signed: Signed<Roster>,
    digest: Digest,
    roots: Vec<Root>,
    parties: HashMap<Fingerprint, Party>,
}

impl InForce {
    fn of(signed: Signed<Roster>) -> Self {
        let roster = signed.value();
        let active = || roster.members.iter().filter(|m| m.standing == Standing::Active);
        let own = active().filter_map(|m| {
            let root = m.own_root.clone()?;
            Some(Root::of_bank(CertificateDer::from(root), m.bank.as_str()))
        });
        let authority = Root::authority(CertificateDer::from(roster.authority_root.clone()));
        let roots = std::iter::once(authority).chain(own).collect();
        let parties = active()
            .map(|m| (Fingerprint(m.certificate_key), Party::Bank(m.bank.as_str().to_owned())))
            .chain([(Fingerprint(roster.coordinator_certificate_key), Party::Coordinator)])
            .collect();
        Self { digest: signed.digest(), roots, parties, signed }
    }

    /// The roster.
    pub fn roster(&self) -> &Roster {
        self.signed.value()
    }

    /// As it was signed.
    pub fn bytes(&self) -> &[u8] {
        self.signed.bytes()
    }

    /// Its digest.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// The roster in force; replaced whole.
pub struct Book(RwLock<Arc<InForce>>);

impl Book {
    /// A book with this roster.
    pub fn new(signed: Signed<Roster>) -> Self {
        Self(RwLock::new(Arc::new(InForce::of(signed))))
    }

    /// What is in force now.
    pub fn now(&self) -> Arc<InForce> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From here on this one is, unless a newer one already is.
    pub fn replace(&self, signed: Signed<Roster>) {
        let next = Arc::new(InForce::of(signed));
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if next.roster().version > current.roster().version {
            *current = next;
        }
    }
}

impl Directory for Book {
    fn roots(&self) -> Vec<Root> {
        self.now().roots.clone()
    }

    fn party(&self, key: &Fingerprint) -> Option<Party> {
        self.now().parties.get(key).cloned()
    }
}
