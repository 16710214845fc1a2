//! The roster in force, as TLS and the services ask it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use lianfang_link::{CertificateDer, Directory, Fingerprint, Party, Root};
use lianfang_proto::documents::roster::Roster;
use lianfang_trust::{Digest, Signed};
use tokio::sync::watch;

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
        let own = roster
            .own_roots()
            .map(|(bank, root)| Root::of_bank(CertificateDer::from(root.to_vec()), bank.as_str()));
        let authority = Root::authority(CertificateDer::from(roster.authority_root.clone()));
        let roots = std::iter::once(authority).chain(own).collect();
        let keys = roster.members.iter().map(|m| m.certificate_key);
        let keys = keys.chain(roster.retiring.iter().map(|key| key.certificate_key));
        let party = |key: [u8; 32]| {
            let member = roster.holder_of(&key)?;
            Some((Fingerprint(key), Party::Bank(member.bank.as_str().to_owned())))
        };
        let parties = keys
            .filter_map(party)
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
pub struct Book {
    in_force: RwLock<Arc<InForce>>,
    /// The version in force, for those who wait for the next.
    version: watch::Sender<u64>,
}

impl Book {
    /// A book with this roster.
    pub fn new(signed: Signed<Roster>) -> Self {
        let version = watch::Sender::new(signed.value().version);
        Self { in_force: RwLock::new(Arc::new(InForce::of(signed))), version }
    }

    /// What is in force now.
    pub fn now(&self) -> Arc<InForce> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From here on this one is, unless a newer one already is.
    pub fn replace(&self, signed: Signed<Roster>) {
        let next = Arc::new(InForce::of(signed));
        let version = next.roster().version;
        {
            let mut current = self.in_force.write().unwrap_or_else(PoisonError::into_inner);
            if version > current.roster().version {
                *current = next;
            }
        }
        // Told after it is in force: who hears of it reads no older one.
        self.version.send_if_modified(|known| {
            let newer = version > *known;
            *known = version.max(*known);
            newer
        });
    }
}

impl Directory for Book {
    fn roots(&self) -> Vec<Root> {
        self.now().roots.clone()
    }

    fn party(&self, key: &Fingerprint) -> Option<Party> {
        self.now().parties.get(key).cloned()
    }

    fn changes(&self) -> Option<watch::Receiver<u64>> {
        Some(self.version.subscribe())
    }
}
