//! The keys of the folder: asks `trust::at_rest` for the unlocking secret.
//!
//! Comes in: the folder and where its unlocking secret lies. Goes out: [`Secrets`]: the master key of everything that
//! is sealed at rest, and the keys by which the node is known. Nothing secret is ever an argument or an environment
//! variable. Fails with a problem that says which file, and never what is in it.
//!
//! | file in `secrets/` | what it is |
//! | --- | --- |
//! | `keyring` | the master key, under the unlocking secret |
//! | `keyring.next` | the same under the secret that the configuration is about to name, see `unlock` |
//! | `keys.sealed` | identity, sealing and certificate keys, under the master key |
//! | `tls-next.sealed` | the certificate key of an exchange that is under way, see `tls` |
//! | `restored.sealed` | what a restored backup leaves to the next start, see `restored` |

mod backup;
mod restored;
mod tls;
mod unlock;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use lianfang_desk::Problem;
use lianfang_link::KeyMaterial;
use lianfang_store::Place;
use lianfang_trust::at_rest::file::{FileError, read_secret, write_atomically};
use lianfang_trust::at_rest::{self, AtRestError, Cost, KeyRing, MasterKey, UnlockError, UnlockSecret};
use lianfang_trust::envelope::SealingKey;
use lianfang_trust::{Canonical, DecodeError, Decoder, Encoder, SigningKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::config::{self, StorePlace, Unlock};

pub use backup::{Restoration, restore, told};
pub use restored::Restored;

const FOLDER: &str = "secrets";
const RING: &str = "keyring";
const KEYS: &str = "keys.sealed";
const PURPOSE: &str = "lianfang/node-keys";
/// The embedded store's name within the folder.
pub(crate) const STORE: &str = "store.sqlite";
/// Bytes of the file with a server's address.
const ADDRESS_BYTES: usize = 4_096;
/// Bytes of the file with a server's password.
const PASSWORD_BYTES: usize = 4_096;

/// A node's secrets, opened.
pub struct Secrets {
    /// Opens the store.
    pub master: Arc<MasterKey>,
    /// Signs.
    pub identity: Arc<SigningKey>,
    /// Opens ceremony packages.
    pub sealing: Arc<SealingKey>,
    /// Goes into derived secrets beside fresh randomness.
    pub hedge: Zeroizing<[u8; 32]>,
    /// The key behind the node's certificate; exchanged while the node runs.
    tls: RwLock<Arc<KeyMaterial>>,
    folder: PathBuf,
}

/// What is sealed in one file.
struct Keys {
    identity: Zeroizing<[u8; 32]>,
    sealing: Zeroizing<[u8; 32]>,
    hedge: Zeroizing<[u8; 32]>,
    tls: Zeroizing<Vec<u8>>,
}

impl Canonical for Keys {
    const DOMAIN: &'static str = PURPOSE;
    const MAX_BYTES: usize = 8 * 1_024;

    fn write(&self, to: &mut Encoder) {
        to.fixed(&self.identity).fixed(&self.sealing).fixed(&self.hedge).bytes(&self.tls);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            identity: Zeroizing::new(from.fixed("identity")?),
            sealing: Zeroizing::new(from.fixed("sealing")?),
            hedge: Zeroizing::new(from.fixed("hedge")?),
            tls: Zeroizing::new(from.bytes("tls", 4 * 1_024)?.to_vec()),
        })
    }
}

impl Secrets {
    /// Makes a node's secrets. They must not be there yet.
    pub fn create(dir: &Path, unlock: &Unlock, rng: &mut dyn CryptoRng) -> Result<Self, Problem> {
        let folder = dir.join(FOLDER);
        if folder.join(RING).exists() {
            return Err(Problem::usage("already-initialised").with("path", dir.display().to_string()));
        }
        make_private(&folder)?;
        let (key_ring, master) =
            KeyRing::create(&read_unlock(unlock)?, Cost::STANDARD, rng).map_err(|e| sealed(&e))?;
        let fresh = |rng: &mut dyn CryptoRng| {
            let mut bytes = Zeroizing::new([0; 32]);
            rng.fill_bytes(bytes.as_mut());
            bytes
        };
        let tls = KeyMaterial::generate().map_err(Problem::bug)?;
        let keys = Keys {
            identity: fresh(rng),
            sealing: fresh(rng),
            hedge: fresh(rng),
            tls: Zeroizing::new(tls.pkcs8().to_vec()),
        };
        write_keys(&folder, &master, &keys, rng)?;
        write_atomically(&folder.join(RING), &key_ring.encode()).map_err(Problem::bug)?;
        Self::of(master, &keys, folder)
    }

    /// Takes back ring and configuration of a folder that had neither before and could not be set up: a write may have failed
    /// after its file was in place. At worst one stays, and the next attempt says so.
    pub fn discard(dir: &Path) {
        for path in [dir.join(config::FILE), ring(dir)] {
            let _ = std::fs::remove_file(path);
        }
    }

    /// Opens a node's secrets.
    pub fn open(dir: &Path, unlock: &Unlock) -> Result<Self, Problem> {
        let folder = dir.join(FOLDER);
        let master = unlock::open_ring(&folder, &read_unlock(unlock)?)?;
        let keys = read_keys(&folder, &master)?;
        Self::of(master, &keys, folder)
    }

    /// The key behind the node's certificate.
    pub fn tls(&self) -> Arc<KeyMaterial> {
        Arc::clone(&self.tls.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn of(master: MasterKey, keys: &Keys, folder: PathBuf) -> Result<Self, Problem> {
        Ok(Self {
            master: Arc::new(master),
            identity: Arc::new(SigningKey::from_bytes(&keys.identity)),
            sealing: Arc::new(SealingKey::from_seed(&keys.sealing)),
            hedge: keys.hedge.clone(),
            tls: RwLock::new(Arc::new(KeyMaterial::from_pkcs8(&keys.tls).map_err(Problem::bug)?)),
            folder,
        })
    }
}

/// The file without which a folder has no secrets.
pub fn ring(dir: &Path) -> PathBuf {
    dir.join(FOLDER).join(RING)
}

fn write_keys(
    folder: &Path,
    master: &MasterKey,
    keys: &Keys,
    rng: &mut dyn CryptoRng,
) -> Result<(), Problem> {
    let bytes = Zeroizing::new(keys.encode());
    let file = at_rest::seal_file(master, PURPOSE, &bytes, rng).map_err(|e| sealed(&e))?;
    write(&folder.join(KEYS), &file)
}

fn read_keys(folder: &Path, master: &MasterKey) -> Result<Keys, Problem> {
    let file = read(&folder.join(KEYS), 16 * 1_024)?;
    let bytes = at_rest::open_file(master, PURPOSE, &file).map_err(|e| sealed(&e).with("path", folder))?;
    Keys::decode(&bytes)
        .map_err(|error| Problem::usage("secrets-damaged").with("detail", error.to_string()).because(error))
}

/// Writes a file whole, and tells a full disk as one.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    write_atomically(path, bytes).map_err(|error| match error {
        FileError::Io { path, source } => Problem::file(&path, source),
        other => Problem::bug(other),
    })
}

/// Removes a file that need not be there.
fn remove(path: &Path) -> Result<(), Problem> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Problem::file(path, error)),
        _ => Ok(()),
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
    rng.fill_bytes(bytes.as_mut());
    write_atomically(path, bytes.as_ref()).map_err(Problem::bug)
}

/// Where the store is: a file in the folder, or the server whose address, with its password, lies in a secret file.
pub fn place(dir: &Path, store: &StorePlace) -> Result<Place, Problem> {
    match &store.url_file {
        None => Ok(Place::File(dir.join(STORE))),
        Some(path) => Ok(Place::server(&read(path, ADDRESS_BYTES)?)?),
    }
}

/// The sealed files, relative to `dir`: what a backup takes of the folder of secrets. They are found by their names, for
/// whatever else lies there is in clear: the unlocking secret of today, of before or of tomorrow, a server's password.
pub fn sealed_files(dir: &Path) -> Result<Vec<PathBuf>, Problem> {
    let folder = Path::new(FOLDER);
    let mut files = vec![folder.join(RING), folder.join(KEYS)];
    for name in [unlock::NEXT, tls::NEXT, restored::FILE] {
        let path = dir.join(folder).join(name);
        if path.try_exists().map_err(|error| Problem::file(&path, error))? {
            files.push(folder.join(name));
        }
    }
    Ok(files)
}

/// What is in the file of a password for a server.
pub fn read_password(path: &Path) -> Result<Zeroizing<Vec<u8>>, Problem> {
    read(path, PASSWORD_BYTES)
}

fn make_private(folder: &Path) -> Result<(), Problem> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| Problem::file(folder, error))
}

fn read(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
    read_secret(path, limit).map_err(|error| unreadable(path, error))
}

/// A secret file that was not read: which one, and with which mode where others may read it.
pub(crate) fn unreadable(path: &Path, error: FileError) -> Problem {
    let problem = match &error {
        FileError::TooOpen { mode, .. } => {
            Problem::usage("secret-file-open").with("mode", format!("{mode:03o}"))
        }
        _ => Problem::usage("secret-file-unreadable"),
    };
    problem.with("path", path).because(error)
}

fn read_unlock(unlock: &Unlock) -> Result<UnlockSecret, Problem> {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    // What the configuration names was resolved when it was read.
    unlock.read(Path::new(""), credentials.as_deref()).map_err(|error| match error {
        UnlockError::NoCredentials { name } => {
            Problem::usage("credentials-directory-missing").with("name", name)
        }
        UnlockError::File(error) => {
            let path = error.path().to_owned();
            unreadable(&path, error)
        }
        UnlockError::Secret(error) => sealed(&error),
    })
}

fn sealed(error: &AtRestError) -> Problem {
    match error {
        AtRestError::WrongSecret | AtRestError::OtherMethod { .. } => Problem::fault("wrong-passphrase"),
        other => Problem::usage("secrets-damaged").with("detail", other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Ports;

    #[test]
    fn a_backup_takes_the_sealed_files_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let chance = Ports::system().chance;
        let mut rng = chance.rng();
        let file = |name: &str| dir.path().join(FOLDER).join(name);
        let taken = || {
            let files = sealed_files(dir.path()).unwrap();
            files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>()
        };
        make_key_file(&file("unlock.key"), &mut *rng).unwrap();
        let made = Secrets::create(dir.path(), &Unlock::KeyFile(file("unlock.key")), &mut *rng).unwrap();
        for name in ["old.key", "db.password", "keyring.unfinished"] {
            std::fs::write(file(name), "in clear").unwrap();
        }
        assert_eq!(taken(), ["secrets/keyring", "secrets/keys.sealed"]);

        make_key_file(&file("next.key"), &mut *rng).unwrap();
        made.rekey(&Unlock::KeyFile(file("next.key")), &mut *rng).unwrap();
        made.prepare_tls(&mut *rng).unwrap();
        let left = Restored { made_at: 0, by: String::new(), shares: Vec::new() };
        left.keep(&file(""), &made.master, &mut *rng).unwrap();
        let optional = ["secrets/keyring.next", "secrets/tls-next.sealed", "secrets/restored.sealed"];
        assert_eq!(taken(), [&["secrets/keyring", "secrets/keys.sealed"][..], &optional].concat());
    }
}
