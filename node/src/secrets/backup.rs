//! A backup of this node's keys, and a folder made of one.
//!
//! Comes in: the opened secrets and, by the holder's choice, its shares; a lock. Goes out: the bytes of a file. Or: such a
//! file and its key, and a folder without keys; goes out the folder with them, wrapped under the unlocking secret that
//! its configuration names. Everything is checked before anything is written, and no keys that open are overwritten.
//! Fails with a problem that tells a wrong passphrase from a damaged file and from a folder that has keys already.

use std::path::Path;

use lianfang_desk::Problem;
use lianfang_trust::at_rest::backup::{
    BackupError, BackupHeader, BackupKey, BackupLock, OpenedBackup, open_backup, seal_backup,
};
use lianfang_trust::at_rest::{Cost, KeyRing};
use lianfang_trust::{Canonical, DecodeError, Decoder, Encoder, SigningKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::restored::{CarriedShare, Restored, read_shares, write_shares};
use super::{FOLDER, Keys, Secrets, make_key_file, make_private, read_keys, read_unlock, sealed};
use super::{tls, write, write_keys};
use crate::config::{self, Config, Unlock};

const PARTY: &str = "node";
const CONFIG_BYTES: usize = 64 * 1_024;

/// What a backup of a node's keys holds beside the master key.
struct NodeBackup {
    keys: Keys,
    next_tls: Option<Zeroizing<Vec<u8>>>,
    config: String,
    shares: Vec<CarriedShare>,
}

impl Canonical for NodeBackup {
    const DOMAIN: &'static str = "lianfang/node-key-backup";

    fn write(&self, to: &mut Encoder) {
        to.nested(&self.keys)
            .option(self.next_tls.as_ref(), |to, key| {
                to.bytes(key);
            })
            .text(&self.config);
        write_shares(to, &self.shares);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            keys: from.nested("keys")?,
            next_tls: from
                .option("next_tls", |from| Ok(Zeroizing::new(from.bytes("next_tls", 4 * 1_024)?.to_vec())))?,
            config: from.text("config", CONFIG_BYTES)?.to_owned(),
            shares: read_shares(from)?,
        })
    }
}

/// The fingerprint as the header has it: digits alone.
fn digits(key: &SigningKey) -> String {
    key.verifying_key().fingerprint().chars().filter(char::is_ascii_alphanumeric).collect()
}

impl Secrets {
    /// Seals a backup. `shares` are records with the shares that belong to them.
    pub fn back_up(
        &self,
        dir: &Path,
        shares: Vec<(Vec<u8>, Zeroizing<Vec<u8>>)>,
        lock: &BackupLock,
        now: i64,
    ) -> Result<Vec<u8>, Problem> {
        let path = dir.join(config::FILE);
        let config = std::fs::read_to_string(&path).map_err(|error| Problem::file(&path, error))?;
        let backup = NodeBackup {
            keys: read_keys(&self.folder, &self.master)?,
            next_tls: self.next_tls()?.map(|key| Zeroizing::new(key.pkcs8().to_vec())),
            config,
            shares: shares.into_iter().map(|(record, share)| CarriedShare { record, share }).collect(),
        };
        let header =
            BackupHeader { party: PARTY.to_owned(), fingerprint: digits(&self.identity), made_at: now };
        let content = Zeroizing::new(backup.encode());
        seal_backup(&header, &self.master, &content, lock).map_err(|error| told(&error))
    }
}

/// A problem that says what is wrong with a backup or its key.
pub fn told(error: &BackupError) -> Problem {
    match error {
        BackupError::WrongSecret => Problem::fault("wrong-passphrase"),
        BackupError::NotABackup | BackupError::Damaged => {
            Problem::data("key-backup-damaged").with("detail", error.to_string())
        }
        other => Problem::usage("key-backup-secret").with("detail", other.to_string()),
    }
}

/// What was restored.
pub struct Restoration {
    /// The identity's fingerprint.
    pub fingerprint: String,
    /// How many shares the next start will look at.
    pub shares: usize,
    /// Whether a key file was made, for the one that the configuration names was not there.
    pub key_file_made: bool,
}

/// Makes the keys of a folder that has none.
pub fn restore(
    dir: &Path,
    bytes: &[u8],
    key: &BackupKey,
    by: &str,
    rng: &mut dyn CryptoRng,
) -> Result<Restoration, Problem> {
    let folder = dir.join(FOLDER);
    // Keys without a ring are what an attempt has left that was cut off: nothing opens them.
    if super::ring(dir).exists() {
        return Err(Problem::usage("already-initialised").with("path", dir.display().to_string()));
    }
    let OpenedBackup { header, master, content } = open_backup(bytes, key).map_err(|error| told(&error))?;
    let damaged = |detail: &dyn std::fmt::Display| {
        Problem::data("key-backup-damaged").with("detail", detail.to_string())
    };
    if header.party != PARTY {
        return Err(Problem::usage("key-backup-of-another").with("got", header.party));
    }
    let backup = NodeBackup::decode(&content).map_err(|error| damaged(&error))?;
    let identity = SigningKey::from_bytes(&backup.keys.identity);
    if digits(&identity) != header.fingerprint {
        return Err(damaged(&"its fingerprint is not that of its keys"));
    }
    // A configuration that somebody has put there goes before the carried one.
    let fresh = !dir.join(config::FILE).exists();
    let config = if fresh { Config::parse(dir, &backup.config) } else { Config::load(dir) }?;
    make_private(&folder)?;
    let mut key_file_made = false;
    if let Unlock::KeyFile(path) = &config.unlock
        && !path.exists()
    {
        make_key_file(path, rng)?;
        key_file_made = true;
    }
    let ring = KeyRing::wrap(&master, &read_unlock(&config.unlock)?, Cost::STANDARD, rng);
    let ring = ring.map_err(|error| sealed(&error))?;
    let shares = backup.shares.len();
    let left = Restored { made_at: header.made_at, by: by.to_owned(), shares: backup.shares };
    left.keep(&folder, &master, rng)?;
    match &backup.next_tls {
        Some(next) => tls::keep_next(&folder, &master, next, rng)?,
        None => tls::forget_next(&folder)?,
    }
    write_keys(&folder, &master, &backup.keys, rng)?;
    finish(dir, fresh.then_some(backup.config.as_str()), &ring.encode())?;
    Ok(Restoration { fingerprint: identity.verifying_key().fingerprint(), shares, key_file_made })
}

/// Writes the carried configuration, if it is taken, and the ring. The ring comes last: without it the folder has no keys, and
/// any backup may be restored into it. The configuration comes just before it and goes if it fails, or the next attempt would
/// take it for one that somebody has put there.
fn finish(dir: &Path, carried: Option<&str>, ring: &[u8]) -> Result<(), Problem> {
    let Some(carried) = carried else { return write(&super::ring(dir), ring) };
    write(&dir.join(config::FILE), carried.as_bytes())
        .and_then(|()| write(&super::ring(dir), ring))
        .inspect_err(|_| Secrets::discard(dir))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Ports;
    use crate::secrets::{KEYS, RING};

    const PASSPHRASE: &[u8] = b"a passphrase for tests";

    fn configure(dir: &Path, port: u16) {
        let text = format!("listen = \"127.0.0.1:{port}\"\n[unlock]\nkey-file = \"secrets/unlock.key\"\n");
        std::fs::write(dir.join(config::FILE), text).unwrap();
    }

    fn made(dir: &Path) -> Secrets {
        let chance = Ports::system().chance;
        let mut rng = chance.rng();
        configure(dir, 7000);
        let config = Config::load(dir).unwrap();
        let Unlock::KeyFile(path) = &config.unlock else { panic!("a key file") };
        make_key_file(path, &mut *rng).unwrap();
        Secrets::create(dir, &config.unlock, &mut *rng).unwrap()
    }

    fn sealed_backup(secrets: &Secrets, dir: &Path) -> Vec<u8> {
        let lock = BackupLock::passphrase(PASSPHRASE).unwrap().danger_almost_free();
        let shares = vec![(vec![1, 2], Zeroizing::new(vec![3, 4]))];
        secrets.back_up(dir, shares, &lock, 77).unwrap()
    }

    #[test]
    fn an_empty_folder_becomes_the_node_again_and_a_full_one_is_left_alone() {
        let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let secrets = made(before.path());
        let next = secrets.prepare_tls(&mut *Ports::system().chance.rng()).unwrap();
        let bytes = sealed_backup(&secrets, before.path());
        let chance = Ports::system().chance;
        let restore = |dir: &Path, bytes: &[u8], key: &[u8]| {
            restore(dir, bytes, &BackupKey::passphrase(key).unwrap(), "li", &mut *chance.rng())
        };
        let wrong = restore(after.path(), &bytes, b"another passphrase").err().unwrap();
        assert_eq!(wrong.code(), "wrong-passphrase");
        let cut = restore(after.path(), &bytes[..bytes.len() - 1], PASSPHRASE).err().unwrap();
        assert_eq!(cut.code(), "key-backup-damaged");
        assert!(std::fs::read_dir(after.path()).unwrap().next().is_none(), "nothing was written");

        let restored = restore(after.path(), &bytes, PASSPHRASE).unwrap();
        assert_eq!((restored.shares, restored.key_file_made), (1, true));
        let config = Config::load(after.path()).unwrap();
        let again = Secrets::open(after.path(), &config.unlock).unwrap();
        assert!(again.identity.verifying_key() == secrets.identity.verifying_key());
        assert_eq!(again.sealing.public().as_bytes(), secrets.sealing.public().as_bytes());
        assert_eq!(again.tls().fingerprint().unwrap(), secrets.tls().fingerprint().unwrap());
        assert_eq!(again.next_tls().unwrap().unwrap().fingerprint().unwrap(), next.fingerprint().unwrap());
        let left = again.restored().unwrap().unwrap();
        assert_eq!(
            (left.made_at, left.by.as_str(), left.shares[0].share.as_slice()),
            (77, "li", &[3, 4][..])
        );
        again.forget_restored().unwrap();
        assert!(again.restored().unwrap().is_none());

        let twice = restore(after.path(), &bytes, PASSPHRASE).err().unwrap();
        assert_eq!(twice.code(), "already-initialised");
        let over = restore(before.path(), &bytes, PASSPHRASE).err().unwrap();
        assert_eq!(over.code(), "already-initialised");
    }

    /// Cut off after any of its writes, a restore may be done again, also of another backup.
    #[test]
    fn a_restore_that_was_cut_off_is_done_again() {
        let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let secrets = made(before.path());
        let without_next = sealed_backup(&secrets, before.path());
        secrets.prepare_tls(&mut *Ports::system().chance.rng()).unwrap();
        configure(before.path(), 7001);
        let with_next = sealed_backup(&secrets, before.path());
        let chance = Ports::system().chance;
        let restore = |bytes: &[u8]| {
            let key = BackupKey::passphrase(PASSPHRASE).unwrap();
            restore(after.path(), bytes, &key, "li", &mut *chance.rng())
        };
        let folder = after.path().join(FOLDER);
        // The ring cannot be written, as on a full disk: everything before it is.
        let unfinished = folder.join(format!("{RING}.unfinished"));
        std::fs::create_dir_all(&unfinished).unwrap();
        assert!(restore(&with_next).is_err());
        assert!(folder.join(KEYS).exists() && !folder.join(RING).exists());
        assert!(!after.path().join(config::FILE).exists());
        // One that somebody has put there stays.
        configure(after.path(), 7002);
        assert!(restore(&with_next).is_err());
        assert_eq!(Config::load(after.path()).unwrap().listen, "127.0.0.1:7002");
        std::fs::remove_file(after.path().join(config::FILE)).unwrap();
        std::fs::remove_dir(&unfinished).unwrap();

        restore(&without_next).unwrap();
        let config = Config::load(after.path()).unwrap();
        assert_eq!(config.listen, "127.0.0.1:7000", "not that of the first attempt");
        let again = Secrets::open(after.path(), &config.unlock).unwrap();
        assert!(again.identity.verifying_key() == secrets.identity.verifying_key());
        assert!(again.next_tls().unwrap().is_none(), "the first attempt's is gone");
        assert_eq!(restore(&with_next).err().unwrap().code(), "already-initialised");
    }

    /// Nothing of a key is readable in the file, nor the master key in what a restored folder has on its disk.
    #[test]
    fn no_key_lies_in_clear() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = made(dir.path());
        let bytes = sealed_backup(&secrets, dir.path());
        let found =
            |haystack: &[u8], needle: &[u8]| haystack.windows(needle.len()).any(|part| part == needle);
        let keys = read_keys(&dir.path().join(FOLDER), &secrets.master).unwrap();
        for secret in [&keys.identity[..], &keys.sealing[..], &keys.hedge[..], &keys.tls[..]] {
            assert!(!found(&bytes, secret));
            for file in [KEYS, RING] {
                assert!(!found(&std::fs::read(dir.path().join(FOLDER).join(file)).unwrap(), secret));
            }
        }
        assert!(found(&bytes, digits(&secrets.identity).as_bytes()), "the header says whose keys they are");
    }
}
