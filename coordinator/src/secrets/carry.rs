//! A backup of the authority's and the coordinator's keys, and a folder made of one.
//!
//! Comes in: the folder's keys and a lock; or such a file, its key, and a folder without keys. Goes out: the bytes of a
//! file; or the folder with its keys, under the unlocking secret that its configuration names. Everything is checked before
//! anything is written, and no keys that open are overwritten.

use std::path::Path;

use lianfang_desk::Problem;
use lianfang_trust::at_rest::backup::{
    BackupError, BackupHeader, BackupKey, BackupLock, open_backup, seal_backup,
};
use lianfang_trust::at_rest::file::write_atomically;
use lianfang_trust::at_rest::{Cost, KeyRing};
use lianfang_trust::{Canonical, DecodeError, Decoder, Encoder};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::change::{open_ring, read_stored, write_stored};
use super::{FOLDER, Keys, Stored, make_key_file, make_private, read_unlock, sealed, unwritten};
use crate::config::{self, Config, Unlock};

const PARTY: &str = "coordinator";
const CONFIG_BYTES: usize = 64 * 1_024;

struct Carried {
    keys: Stored,
    config: String,
}

impl Canonical for Carried {
    const DOMAIN: &'static str = "lianfang/coordinator-key-backup";

    fn write(&self, to: &mut Encoder) {
        to.nested(&self.keys).text(&self.config);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { keys: from.nested("keys")?, config: from.text("config", CONFIG_BYTES)?.to_owned() })
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

fn fingerprint(stored: &Stored) -> Result<String, Problem> {
    Ok(hex::encode(stored.keys().map_err(Problem::bug)?.fingerprint()?))
}

/// Seals a backup of the folder's keys.
pub fn back_up(dir: &Path, unlock: &Unlock, lock: &BackupLock, now: i64) -> Result<Vec<u8>, Problem> {
    let folder = dir.join(FOLDER);
    let master = open_ring(&folder, &read_unlock(dir, unlock)?)?;
    let path = dir.join(config::FILE);
    let config = std::fs::read_to_string(&path).map_err(|error| Problem::file(&path, error))?;
    let carried = Carried { keys: read_stored(&folder, &master)?, config };
    let fingerprint = fingerprint(&carried.keys)?;
    let header = BackupHeader { party: PARTY.to_owned(), fingerprint, made_at: now };
    let content = Zeroizing::new(carried.encode());
    seal_backup(&header, &master, &content, lock).map_err(|error| told(&error))
}

/// Makes the keys of a folder that has none; the authority's fingerprint.
pub fn restore(
    dir: &Path,
    bytes: &[u8],
    key: &BackupKey,
    rng: &mut dyn CryptoRng,
) -> Result<String, Problem> {
    let folder = dir.join(FOLDER);
    // Keys without a ring are what an attempt has left that was cut off: nothing opens them.
    if super::ring(dir).exists() {
        return Err(Problem::usage("already-initialised").with("path", dir));
    }
    let opened = open_backup(bytes, key).map_err(|error| told(&error))?;
    let damaged = |detail: &str| Problem::data("key-backup-damaged").with("detail", detail.to_owned());
    if opened.header.party != PARTY {
        return Err(Problem::usage("key-backup-of-another").with("got", opened.header.party));
    }
    let carried = Carried::decode(&opened.content).map_err(|error| damaged(&error.to_string()))?;
    let fingerprint = fingerprint(&carried.keys)?;
    if fingerprint != opened.header.fingerprint {
        return Err(damaged("its fingerprint is not that of its keys"));
    }
    // A configuration that somebody has put there goes before the carried one.
    let fresh = !dir.join(config::FILE).exists();
    let config = if fresh { Config::parse(dir, &carried.config) } else { Config::read(dir) }?;
    make_private(&folder)?;
    if let Unlock::KeyFile(path) = &config.unlock {
        make_key_file(&dir.join(path), rng)?;
    }
    let ring = KeyRing::wrap(&opened.master, &read_unlock(dir, &config.unlock)?, Cost::STANDARD, rng);
    let ring = ring.map_err(|error| sealed(&folder, &error))?;
    write_stored(&folder, &opened.master, &carried.keys, rng)?;
    finish(dir, fresh.then_some(carried.config.as_str()), &ring.encode())?;
    Ok(fingerprint)
}

/// Writes the carried configuration, if it is taken, and the ring. The ring comes last: without it the folder has no keys, and
/// any backup may be restored into it. The configuration comes just before it and goes if it fails, or the next attempt would
/// take it for one that somebody has put there.
fn finish(dir: &Path, carried: Option<&str>, ring: &[u8]) -> Result<(), Problem> {
    let write = |path: &Path, bytes: &[u8]| write_atomically(path, bytes).map_err(unwritten);
    let Some(carried) = carried else { return write(&super::ring(dir), ring) };
    write(&dir.join(config::FILE), carried.as_bytes())
        .and_then(|()| write(&super::ring(dir), ring))
        .inspect_err(|_| Keys::discard(dir))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lianfang_link::UnixTime;

    use super::*;
    use crate::commands::init::{SetUp, set_up};
    use crate::ports::{Chance as _, Ports, SystemChance};
    use crate::secrets::{KEY_FILE, KEYS, RING, next_tls, put_tls, rekey, renew_root, rotate_signing};

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        set_up(dir.path(), &SetUp::listening("127.0.0.1:7000"), &Ports::system()).unwrap();
        dir
    }

    fn own() -> Unlock {
        Unlock::KeyFile(KEY_FILE.into())
    }

    #[test]
    fn an_empty_folder_becomes_the_coordinator_again() {
        let (before, after) = (folder(), tempfile::tempdir().unwrap());
        let lock = BackupLock::passphrase(b"a passphrase for tests").unwrap().danger_almost_free();
        let bytes = back_up(before.path(), &own(), &lock, 77).unwrap();
        let mut rng = SystemChance.rng();
        let key = |text: &[u8]| BackupKey::passphrase(text).unwrap();
        let wrong = restore(after.path(), &bytes, &key(b"another passphrase"), &mut *rng).err().unwrap();
        assert_eq!(wrong.code(), "wrong-passphrase");
        assert!(std::fs::read_dir(after.path()).unwrap().next().is_none(), "nothing was written");
        let right = key(b"a passphrase for tests");
        let fingerprint = restore(after.path(), &bytes, &right, &mut *rng).unwrap();
        let (old, new) =
            (Keys::open(before.path(), &own()).unwrap(), Keys::open(after.path(), &own()).unwrap());
        assert_eq!(hex::encode(old.fingerprint().unwrap()), fingerprint);
        assert_eq!(old.fingerprint().unwrap(), new.fingerprint().unwrap());
        assert!(old.coordinator.verifying_key() == new.coordinator.verifying_key());
        let over = restore(before.path(), &bytes, &right, &mut *rng).err().unwrap();
        assert_eq!(over.code(), "already-initialised");
    }

    #[test]
    fn a_restore_that_was_cut_off_is_done_again() {
        let (before, after) = (folder(), tempfile::tempdir().unwrap());
        let lock = BackupLock::passphrase(b"a passphrase for tests").unwrap().danger_almost_free();
        let bytes = back_up(before.path(), &own(), &lock, 77).unwrap();
        let path = before.path().join(config::FILE);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace(":7000", ":7001")).unwrap();
        let other = back_up(before.path(), &own(), &lock, 78).unwrap();
        let key = BackupKey::passphrase(b"a passphrase for tests").unwrap();
        let mut rng = SystemChance.rng();
        let secrets = after.path().join(FOLDER);
        // The ring cannot be written, as on a full disk: everything before it is.
        let unfinished = secrets.join(format!("{RING}.unfinished"));
        std::fs::create_dir_all(&unfinished).unwrap();
        assert!(restore(after.path(), &other, &key, &mut *rng).is_err());
        assert!(secrets.join(KEYS).exists() && !secrets.join(RING).exists());
        assert!(!after.path().join(config::FILE).exists());
        // One that somebody has put there stays.
        std::fs::copy(&path, after.path().join(config::FILE)).unwrap();
        assert!(restore(after.path(), &bytes, &key, &mut *rng).is_err());
        assert_eq!(Config::read(after.path()).unwrap().listen, "127.0.0.1:7001");
        std::fs::remove_file(after.path().join(config::FILE)).unwrap();
        std::fs::remove_dir(&unfinished).unwrap();
        let fingerprint = restore(after.path(), &bytes, &key, &mut *rng).unwrap();
        assert_eq!(Config::read(after.path()).unwrap().listen, "127.0.0.1:7000", "not of the first attempt");
        let opened = Keys::open(after.path(), &own()).unwrap();
        assert_eq!(hex::encode(opened.fingerprint().unwrap()), fingerprint);
    }

    #[test]
    fn keys_change_and_the_authority_stays_the_same() {
        let dir = folder();
        let mut rng = SystemChance.rng();
        let before = Keys::open(dir.path(), &own()).unwrap();
        let later = UnixTime::since_unix_epoch(Duration::from_hours(24 * 365 * 60));
        renew_root(dir.path(), &own(), later, &mut *rng).unwrap();
        rotate_signing(dir.path(), &own(), &mut *rng).unwrap();
        let (key, tls) = next_tls().unwrap();
        put_tls(dir.path(), &own(), key, &mut *rng).unwrap();
        std::fs::write(dir.path().join("new.key"), [9; 64]).unwrap();
        let private = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600);
        std::fs::set_permissions(dir.path().join("new.key"), private).unwrap();
        let next = Unlock::KeyFile("new.key".into());
        rekey(dir.path(), &own(), &next, &mut *rng).unwrap();
        assert!(Keys::open(dir.path(), &own()).is_ok(), "the configuration has not changed yet");
        let after = Keys::open(dir.path(), &next).unwrap();
        assert_eq!(Keys::open(dir.path(), &own()).err().unwrap().code(), "wrong-passphrase");
        assert_eq!(before.fingerprint().unwrap(), after.fingerprint().unwrap());
        assert!(before.coordinator.verifying_key() != after.coordinator.verifying_key());
        assert_eq!(after.tls.fingerprint().unwrap(), tls);
        assert_ne!(before.tls.fingerprint().unwrap(), tls);
        assert!(after.authority.validity().unwrap().days_left(later) > 3_000);
    }
}
