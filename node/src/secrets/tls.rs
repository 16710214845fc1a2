//! The exchange of the key behind the node's certificate.
//!
//! The next key is on the disk before anybody hears of it. The store's certificate decides which of the two is in use:
//! it is written in one transaction when the coordinator has issued it, and the file of keys follows. A crash in between
//! leaves both keys, and the next start takes the one that the certificate is for. One at the very end leaves the next
//! key beside itself: that counts as one key, and the next start removes the other file.

use std::path::Path;
use std::sync::{Arc, PoisonError};

use lianfang_desk::Problem;
use lianfang_link::{CertificateDer, KeyMaterial};
use lianfang_trust::at_rest::{self, MasterKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{Secrets, read, read_keys, remove, sealed, write, write_keys};

pub(super) const NEXT: &str = "tls-next.sealed";
const PURPOSE: &str = "lianfang/node-tls-next";

pub(super) fn keep_next(
    folder: &Path,
    master: &MasterKey,
    pkcs8: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<(), Problem> {
    let file = at_rest::seal_file(master, PURPOSE, pkcs8, rng).map_err(|e| sealed(&e))?;
    write(&folder.join(NEXT), &file)
}

/// Of an exchange that an older attempt to restore has left, which nobody knows of any more.
pub(super) fn forget_next(folder: &Path) -> Result<(), Problem> {
    remove(&folder.join(NEXT))
}

/// Which of this node's keys a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    /// The key in use: it stays.
    InUse,
    /// The next: it takes the place of the one in use, and the exchange ends.
    Next,
    /// None that is here.
    Neither,
}

/// The next is asked first: where it is in use already, the exchange was cut off at its very end.
const fn behind(in_use: bool, next: bool) -> Behind {
    match (in_use, next) {
        (false | true, true) => Behind::Next,
        (true, false) => Behind::InUse,
        (false, false) => Behind::Neither,
    }
}

impl Secrets {
    /// The key of an exchange that was begun.
    pub fn next_tls(&self) -> Result<Option<KeyMaterial>, Problem> {
        let in_use = self.tls();
        Ok(self.lying()?.filter(|next| next.pkcs8() != in_use.pkcs8()))
    }

    /// What lies beside the key in use.
    fn lying(&self) -> Result<Option<KeyMaterial>, Problem> {
        let path = self.folder.join(NEXT);
        if !path.exists() {
            return Ok(None);
        }
        let file = read(&path, 16 * 1_024)?;
        let bytes = at_rest::open_file(&self.master, PURPOSE, &file).map_err(|e| sealed(&e))?;
        KeyMaterial::from_pkcs8(&bytes).map(Some).map_err(Problem::bug)
    }

    /// The key to exchange for: that of an exchange that was begun, or a new one.
    pub fn prepare_tls(&self, rng: &mut dyn CryptoRng) -> Result<KeyMaterial, Problem> {
        if let Some(begun) = self.next_tls()? {
            return Ok(begun);
        }
        let key = KeyMaterial::generate().map_err(Problem::bug)?;
        keep_next(&self.folder, &self.master, key.pkcs8(), rng)?;
        Ok(key)
    }

    /// The key behind this certificate, if this node has it; if it is the next one, the exchange ends with it.
    pub fn tls_behind(
        &self,
        certificate: &CertificateDer<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<Arc<KeyMaterial>>, Problem> {
        let (in_use, next) = (self.tls(), self.lying()?);
        let of_next = next.as_ref().is_some_and(|next| next.is_behind(certificate));
        match (behind(in_use.is_behind(certificate), of_next), next) {
            (Behind::InUse, _) => Ok(Some(in_use)),
            (Behind::Next, Some(next)) => self.take_tls(next, rng).map(Some),
            (Behind::Next | Behind::Neither, _) => Ok(None),
        }
    }

    fn take_tls(&self, next: KeyMaterial, rng: &mut dyn CryptoRng) -> Result<Arc<KeyMaterial>, Problem> {
        let mut keys = read_keys(&self.folder, &self.master)?;
        keys.tls = Zeroizing::new(next.pkcs8().to_vec());
        write_keys(&self.folder, &self.master, &keys, rng)?;
        remove(&self.folder.join(NEXT))?;
        let next = Arc::new(next);
        *self.tls.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&next);
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use lianfang_link::Fingerprint;
    use lianfang_proto::listed;

    use super::*;
    use crate::config::Unlock;
    use crate::ports::Ports;
    use crate::secrets::make_key_file;

    #[test]
    fn the_next_key_is_asked_before_the_one_in_use() {
        assert_eq!(behind(false, false), Behind::Neither);
        assert_eq!(behind(true, false), Behind::InUse);
        assert_eq!(behind(false, true), Behind::Next);
        assert_eq!(behind(true, true), Behind::Next);
    }

    listed! { enum State { OneKey, NextBeside, CutOffAtTheEnd } }
    listed! { enum Deed { Begin, CertificateOfInUse, CertificateOfNext, CertificateOfAnother } }

    /// A key, by what it was before the deed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Key {
        InUse,
        Next,
        New,
    }

    /// What the deed gives, which key is in use then, which is the next, and whether there is a file for one.
    type Outcome = (Option<Key>, Key, Option<Key>, bool);

    /// The table. Where an exchange was cut off at its end, the next is the one in use.
    fn outcome(state: State, deed: Deed) -> Outcome {
        match (state, deed) {
            (State::OneKey, Deed::Begin) => (Some(Key::New), Key::InUse, Some(Key::New), true),
            (State::OneKey, Deed::CertificateOfInUse) => (Some(Key::InUse), Key::InUse, None, false),
            (State::OneKey, Deed::CertificateOfNext) => (None, Key::InUse, None, false),
            (State::OneKey, Deed::CertificateOfAnother) => (None, Key::InUse, None, false),
            (State::NextBeside, Deed::Begin) => (Some(Key::Next), Key::InUse, Some(Key::Next), true),
            (State::NextBeside, Deed::CertificateOfInUse) => {
                (Some(Key::InUse), Key::InUse, Some(Key::Next), true)
            }
            (State::NextBeside, Deed::CertificateOfNext) => (Some(Key::Next), Key::Next, None, false),
            (State::NextBeside, Deed::CertificateOfAnother) => (None, Key::InUse, Some(Key::Next), true),
            (State::CutOffAtTheEnd, Deed::Begin) => (Some(Key::New), Key::InUse, Some(Key::New), true),
            (State::CutOffAtTheEnd, Deed::CertificateOfInUse | Deed::CertificateOfNext) => {
                (Some(Key::InUse), Key::InUse, None, false)
            }
            (State::CutOffAtTheEnd, Deed::CertificateOfAnother) => (None, Key::InUse, None, true),
        }
    }

    fn of(key: &KeyMaterial) -> Fingerprint {
        key.fingerprint().unwrap()
    }

    fn certificate(key: &KeyMaterial) -> CertificateDer<'static> {
        key.uncertified().unwrap().chain().remove(0)
    }

    fn bring(secrets: &Secrets, to: State, rng: &mut dyn CryptoRng) {
        match to {
            State::OneKey => {}
            State::NextBeside => drop(secrets.prepare_tls(rng).unwrap()),
            State::CutOffAtTheEnd => {
                let next = secrets.prepare_tls(rng).unwrap();
                assert!(secrets.tls_behind(&certificate(&next), rng).unwrap().is_some());
                keep_next(&secrets.folder, &secrets.master, next.pkcs8(), rng).unwrap();
            }
        }
    }

    #[test]
    fn every_deed_at_every_state_of_the_keys() {
        let chance = Ports::system().chance;
        let mut rng = chance.rng();
        for state in State::ALL {
            for deed in Deed::ALL {
                let dir = tempfile::tempdir().unwrap();
                let unlock = Unlock::KeyFile(dir.path().join("unlock.key"));
                make_key_file(&dir.path().join("unlock.key"), &mut *rng).unwrap();
                bring(&Secrets::create(dir.path(), &unlock, &mut *rng).unwrap(), state, &mut *rng);

                let secrets = Secrets::open(dir.path(), &unlock).unwrap();
                let (in_use, next) = (secrets.tls(), secrets.lying().unwrap());
                let another = KeyMaterial::generate().unwrap();
                let stored = |key: &KeyMaterial, rng: &mut dyn CryptoRng| {
                    secrets.tls_behind(&certificate(key), rng).unwrap().map(|key| of(&key))
                };
                let given = match deed {
                    Deed::Begin => Some(of(&secrets.prepare_tls(&mut *rng).unwrap())),
                    Deed::CertificateOfInUse => stored(&in_use, &mut *rng),
                    Deed::CertificateOfNext => stored(next.as_ref().unwrap_or(&another), &mut *rng),
                    Deed::CertificateOfAnother => stored(&another, &mut *rng),
                };

                let (in_use, next) = (of(&in_use), next.as_ref().map(of));
                let name = |key: Fingerprint| {
                    if key == in_use {
                        Key::InUse
                    } else if Some(key) == next {
                        Key::Next
                    } else {
                        Key::New
                    }
                };
                // The next start finds the same.
                for at in [&secrets, &Secrets::open(dir.path(), &unlock).unwrap()] {
                    let next = at.next_tls().unwrap().map(|next| name(of(&next)));
                    let file = at.folder.join(NEXT).exists();
                    let found = (given.map(name), name(of(&at.tls())), next, file);
                    assert_eq!(found, outcome(state, deed), "{state:?} {deed:?}");
                }
            }
        }
    }
}
