//! The keys of the folder: asks `trust::at_rest` for the unlocking secret.
//!
//! Comes in: the folder and where its unlocking secret lies. Goes out: [`Keys`], by which the authority and the
//! coordinator are known. Nothing secret is ever an argument or an environment variable. Fails with a problem that says
//! which file, and never what is in it.

mod carry;
mod change;

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use lianfang_desk::Problem;
use lianfang_link::authority::ROOT_LASTS;
use lianfang_link::{Authority, CertificateDer, KeyMaterial, UnixTime, Validity};
use lianfang_proto::documents::enrolment::authority_fingerprint;
use lianfang_proto::limits::CERTIFICATE_BYTES;
use lianfang_store::Place;
use lianfang_trust::at_rest::file::{FileError, read_secret, write_atomically};
use lianfang_trust::at_rest::{AtRestError, Cost, KeyRing, UnlockError, UnlockSecret};
use lianfang_trust::signed::SignedError;
use lianfang_trust::{Canonical, DecodeError, Decoder, Encoder, Signed, SigningKey, VerifyingKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::config::{self, StorePlace, Unlock};

pub use carry::{back_up, restore, told};
pub use change::{next_tls, put_tls, rekey, renew_root, rotate_signing};

const FOLDER: &str = "secrets";
const RING: &str = "key-ring";
const KEYS: &str = "keys";
const PURPOSE: &str = "coordinator/keys";
/// Where `init` puts a key file of its own making, within the folder.
pub const KEY_FILE: &str = "secrets/unlock.key";
/// Bytes of the file with a server's address.
const ADDRESS_BYTES: usize = 4_096;

/// The coordinator's keys, opened. No `Debug`; each wipes itself.
pub struct Keys {
    /// Issues certificates.
    pub authority: Authority,
    /// Signs rosters.
    pub roster: SigningKey,
    /// Signs terms, proposals and certificates of jobs.
    pub coordinator: SigningKey,
    /// The key behind the coordinator's own certificate.
    pub tls: KeyMaterial,
    /// By which the coordinator has signed before, as the rosters tell.
    pub former: Vec<VerifyingKey>,
}

impl Keys {
    /// Opens what the coordinator has signed itself, be it years ago, under another key than today's.
    pub fn open_own<T: Canonical>(&self, bytes: &[u8]) -> Result<Signed<T>, SignedError> {
        let signer = Signed::<T>::claimed_signer(bytes)?;
        let now = self.coordinator.verifying_key();
        let known = self.former.iter().find(|key| **key == signer).unwrap_or(&now);
        Signed::open(bytes, known)
    }

    /// SHA-256 of the public key of the authority's root certificate.
    pub fn root_key(&self) -> Result<[u8; 32], Problem> {
        Ok(self.authority.fingerprint().map_err(Problem::bug)?.0)
    }

    /// What banks compare before they trust the authority.
    pub fn fingerprint(&self) -> Result<[u8; 32], Problem> {
        Ok(authority_fingerprint(&self.root_key()?, &self.roster.verifying_key()))
    }

    /// Makes new keys and seals them in the folder, which must not have any.
    pub fn create(
        dir: &Path,
        unlock: &Unlock,
        now: UnixTime,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, Problem> {
        let folder = dir.join(FOLDER);
        if folder.join(RING).exists() {
            return Err(Problem::usage("directory-not-empty").with("path", dir));
        }
        make_private(&folder)?;
        let secret = read_unlock(dir, unlock)?;
        let (ring, master) =
            KeyRing::create(&secret, Cost::STANDARD, rng).map_err(|e| sealed(&folder, &e))?;
        let authority = Authority::create("Lianfang authority", Validity::starting(now, ROOT_LASTS))
            .map_err(Problem::bug)?;
        let keys = Self {
            authority,
            roster: SigningKey::generate(rng),
            coordinator: SigningKey::generate(rng),
            tls: KeyMaterial::generate().map_err(Problem::bug)?,
            former: Vec::new(),
        };
        // The ring comes last: without it the folder does not count as set up, and `init` may be run again.
        change::write_stored(&folder, &master, &Stored::of(&keys), rng)?;
        write_atomically(&folder.join(RING), &ring.encode()).map_err(unwritten)?;
        Ok(keys)
    }

    /// Takes back ring and configuration of a folder that had neither before and could not be set up: a write may have failed
    /// after its file was in place. At worst one stays, and the next attempt says so.
    pub fn discard(dir: &Path) {
        for path in [dir.join(config::FILE), ring(dir)] {
            let _ = std::fs::remove_file(path);
        }
    }

    /// Opens the folder's keys.
    pub fn open(dir: &Path, unlock: &Unlock) -> Result<Self, Problem> {
        let folder = dir.join(FOLDER);
        let master = change::open_ring(&folder, &read_unlock(dir, unlock)?)?;
        let stored = change::read_stored(&folder, &master)?;
        stored.keys().map_err(|error| damaged(&folder, &error.to_string()))
    }
}

/// The file without which a folder has no keys.
pub fn ring(dir: &Path) -> PathBuf {
    dir.join(FOLDER).join(RING)
}

/// What is sealed in one file.
struct Stored {
    root: Vec<u8>,
    root_key: Zeroizing<Vec<u8>>,
    roster: Zeroizing<[u8; 32]>,
    coordinator: Zeroizing<[u8; 32]>,
    tls: Zeroizing<Vec<u8>>,
}

impl Stored {
    fn of(keys: &Keys) -> Self {
        Self {
            root: keys.authority.certificate().to_vec(),
            root_key: Zeroizing::new(keys.authority.key().pkcs8().to_vec()),
            roster: keys.roster.to_bytes(),
            coordinator: keys.coordinator.to_bytes(),
            tls: Zeroizing::new(keys.tls.pkcs8().to_vec()),
        }
    }

    fn keys(&self) -> Result<Keys, lianfang_link::authority::AuthorityError> {
        let root_key = KeyMaterial::from_pkcs8(&self.root_key)?;
        Ok(Keys {
            authority: Authority::load(CertificateDer::from(self.root.clone()), root_key)?,
            roster: SigningKey::from_bytes(&self.roster),
            coordinator: SigningKey::from_bytes(&self.coordinator),
            tls: KeyMaterial::from_pkcs8(&self.tls)?,
            former: Vec::new(),
        })
    }
}

impl Canonical for Stored {
    const DOMAIN: &'static str = "lianfang/coordinator-keys";
    const MAX_BYTES: usize = 32 * 1_024;

    fn write(&self, to: &mut Encoder) {
        to.bytes(&self.root)
            .bytes(&self.root_key)
            .fixed(&self.roster)
            .fixed(&self.coordinator)
            .bytes(&self.tls);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            root: from.bytes("root", CERTIFICATE_BYTES)?.to_vec(),
            root_key: Zeroizing::new(from.bytes("root_key", 4_096)?.to_vec()),
            roster: Zeroizing::new(from.fixed("roster")?),
            coordinator: Zeroizing::new(from.fixed("coordinator")?),
            tls: Zeroizing::new(from.bytes("tls", 4_096)?.to_vec()),
        })
    }
}

/// Makes a key file: random bytes, readable by the owner alone. One that is there already is kept.
pub fn make_key_file(path: &Path, rng: &mut dyn CryptoRng) -> Result<(), Problem> {
    if path.exists() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_private(parent)?;
    }
    let mut bytes = Zeroizing::new([0; 64]);
    rng.fill_bytes(&mut *bytes);
    write_atomically(path, &*bytes).map_err(unwritten)
}

/// Where the store is: a file in the folder, or the server whose address, with its password, lies in a secret file.
pub fn place(dir: &Path, store: &StorePlace) -> Result<Place, Problem> {
    match &store.url_file {
        None => Ok(Place::File(dir.join(crate::store::FILE))),
        Some(path) => Ok(Place::server(&read_secret(&dir.join(path), ADDRESS_BYTES).map_err(unreadable)?)?),
    }
}

/// The sealed files, relative to `dir`: what a backup takes of the folder of secrets. They are found by their names, for
/// whatever else lies there is in clear: the unlocking secret of today, of before or of tomorrow, a server's password.
pub fn sealed_files(dir: &Path) -> Result<Vec<PathBuf>, Problem> {
    let folder = Path::new(FOLDER);
    let mut files = vec![folder.join(RING), folder.join(KEYS)];
    let next = dir.join(folder).join(change::NEXT);
    if next.try_exists().map_err(|error| Problem::file(&next, error))? {
        files.push(folder.join(change::NEXT));
    }
    Ok(files)
}

fn make_private(folder: &Path) -> Result<(), Problem> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| Problem::file(folder, error))
}

fn read_unlock(dir: &Path, unlock: &Unlock) -> Result<UnlockSecret, Problem> {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    unlock.read(dir, credentials.as_deref()).map_err(|error| match error {
        UnlockError::NoCredentials { name } => {
            Problem::usage("coordinator-no-credentials").with("name", name)
        }
        UnlockError::File(error) => unreadable(error),
        UnlockError::Secret(error) => sealed(dir, &error),
    })
}

fn unreadable(error: FileError) -> Problem {
    match error {
        FileError::Io { path, source } => Problem::file(&path, source),
        other => Problem::usage("coordinator-secret-file").with("detail", other.to_string()),
    }
}

/// A file that could not be written.
pub fn unwritten(error: FileError) -> Problem {
    unreadable(error)
}

fn damaged(folder: &Path, detail: &str) -> Problem {
    Problem::fault("store-corrupt").with("path", folder).with("detail", detail)
}

fn sealed(folder: &Path, error: &AtRestError) -> Problem {
    match error {
        AtRestError::WrongSecret | AtRestError::OtherMethod { .. } => {
            Problem::fault("wrong-passphrase").with("path", folder)
        }
        AtRestError::SecretLength { .. } => {
            Problem::usage("coordinator-secret-file").with("detail", error.to_string())
        }
        other => damaged(folder, &other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ports::{Chance, SystemChance};

    #[test]
    fn a_backup_takes_the_sealed_files_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let mut rng = SystemChance.rng();
        let now = UnixTime::since_unix_epoch(Duration::from_hours(500_000));
        let unlock = Unlock::KeyFile(KEY_FILE.into());
        make_key_file(&dir.path().join(KEY_FILE), &mut *rng).unwrap();
        Keys::create(dir.path(), &unlock, now, &mut *rng).unwrap();
        let taken = || {
            let files = sealed_files(dir.path()).unwrap();
            files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>()
        };
        for name in ["old.key", "store.url", "keys.unfinished"] {
            std::fs::write(dir.path().join(FOLDER).join(name), "in clear").unwrap();
        }
        assert_eq!(taken(), ["secrets/key-ring", "secrets/keys"]);
        let next = Unlock::KeyFile("secrets/next.key".into());
        make_key_file(&dir.path().join("secrets/next.key"), &mut *rng).unwrap();
        rekey(dir.path(), &unlock, &next, &mut *rng).unwrap();
        assert_eq!(taken(), ["secrets/key-ring", "secrets/keys", "secrets/key-ring.next"]);
    }

    #[test]
    fn keys_lead_back_and_another_key_file_opens_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut rng = SystemChance.rng();
        let now = UnixTime::since_unix_epoch(Duration::from_hours(500_000));
        let unlock = Unlock::KeyFile(KEY_FILE.into());
        make_key_file(&dir.path().join(KEY_FILE), &mut *rng).unwrap();
        let made = Keys::create(dir.path(), &unlock, now, &mut *rng).unwrap();
        let opened = Keys::open(dir.path(), &unlock).unwrap();
        assert_eq!(made.fingerprint().unwrap(), opened.fingerprint().unwrap());
        assert!(made.coordinator.verifying_key() == opened.coordinator.verifying_key());
        let again = Keys::create(dir.path(), &unlock, now, &mut *rng).err().unwrap();
        assert_eq!(again.code(), "directory-not-empty");
        std::fs::remove_file(dir.path().join(KEY_FILE)).unwrap();
        make_key_file(&dir.path().join(KEY_FILE), &mut *rng).unwrap();
        assert_eq!(Keys::open(dir.path(), &unlock).err().unwrap().code(), "wrong-passphrase");
    }
}
