//! Keys that change while the folder stays: the secret that opens them, the authority's root, the signing key, the key
//! behind the certificate.
//!
//! The unlocking secret: the master key is wrapped once more, beside the ring; the next ring takes the ring's place at the
//! start at which the configuration names its secret. The others: the file of keys is replaced whole; whoever opens the folder
//! next finds that the newest roster names others, and signs the next one. A crash at any point leaves the old keys or the new, and a
//! secret that opens them.

use std::path::Path;

use lianfang_desk::Problem;
use lianfang_link::authority::ROOT_LASTS;
use lianfang_link::{Fingerprint, KeyMaterial, UnixTime, Validity};
use lianfang_trust::at_rest::file::{read_limited, write_atomically};
use lianfang_trust::at_rest::{AtRestError, Cost, KeyRing, MasterKey, UnlockSecret, open_file, seal_file};
use lianfang_trust::{Canonical as _, SigningKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{FOLDER, KEYS, Keys, PURPOSE, RING, Stored};
use super::{damaged, read_unlock, sealed, unreadable, unwritten};
use crate::config::Unlock;

pub(super) const NEXT: &str = "key-ring.next";

fn unlocked(
    folder: &Path,
    file: &str,
    secret: &UnlockSecret,
) -> Result<Result<MasterKey, AtRestError>, Problem> {
    let ring = read_limited(&folder.join(file), KeyRing::MAX_BYTES).map_err(unreadable)?;
    let ring = KeyRing::decode(&ring).map_err(|error| damaged(folder, &error.to_string()))?;
    Ok(ring.unlock(secret))
}

/// Opens the ring; the next one takes its place if that is the one that the secret opens.
pub(super) fn open_ring(folder: &Path, secret: &UnlockSecret) -> Result<MasterKey, Problem> {
    let error = match unlocked(folder, RING, secret)? {
        Ok(master) => return Ok(master),
        Err(error) => error,
    };
    let next = folder.join(NEXT);
    if !next.exists() {
        return Err(sealed(folder, &error));
    }
    let master = unlocked(folder, NEXT, secret)?.map_err(|_| sealed(folder, &error))?;
    let ring = read_limited(&next, KeyRing::MAX_BYTES).map_err(unreadable)?;
    write_atomically(&folder.join(RING), &ring).map_err(unwritten)?;
    std::fs::remove_file(&next).map_err(|error| Problem::file(&next, error))?;
    Ok(master)
}

pub(super) fn read_stored(folder: &Path, master: &MasterKey) -> Result<Stored, Problem> {
    let file = read_limited(&folder.join(KEYS), 64 * 1_024).map_err(unreadable)?;
    let plain = open_file(master, PURPOSE, &file).map_err(|e| sealed(folder, &e))?;
    Stored::decode(&plain).map_err(|error| damaged(folder, &error.to_string()))
}

pub(super) fn write_stored(
    folder: &Path,
    master: &MasterKey,
    stored: &Stored,
    rng: &mut dyn CryptoRng,
) -> Result<(), Problem> {
    let plain = Zeroizing::new(stored.encode());
    let file = seal_file(master, PURPOSE, &plain, rng).map_err(|e| sealed(folder, &e))?;
    write_atomically(&folder.join(KEYS), &file).map_err(unwritten)
}

/// Lets another secret open everything, as soon as the configuration names it.
pub fn rekey(dir: &Path, now: &Unlock, next: &Unlock, rng: &mut dyn CryptoRng) -> Result<(), Problem> {
    let folder = dir.join(FOLDER);
    let master = open_ring(&folder, &read_unlock(dir, now)?)?;
    let ring = KeyRing::wrap(&master, &read_unlock(dir, next)?, Cost::STANDARD, rng);
    let ring = ring.map_err(|error| sealed(&folder, &error))?;
    write_atomically(&folder.join(NEXT), &ring.encode()).map_err(unwritten)
}

/// Replaces the file of keys by what `change` makes of it.
fn replace(
    dir: &Path,
    unlock: &Unlock,
    rng: &mut dyn CryptoRng,
    change: impl FnOnce(Keys, &mut dyn CryptoRng) -> Result<Keys, Problem>,
) -> Result<(), Problem> {
    let folder = dir.join(FOLDER);
    let master = open_ring(&folder, &read_unlock(dir, unlock)?)?;
    let keys = read_stored(&folder, &master)?.keys();
    let keys = change(keys.map_err(|error| damaged(&folder, &error.to_string()))?, rng)?;
    write_stored(&folder, &master, &Stored::of(&keys), rng)
}

/// The authority's root for years more, under the same key and fingerprint.
pub fn renew_root(
    dir: &Path,
    unlock: &Unlock,
    now: UnixTime,
    rng: &mut dyn CryptoRng,
) -> Result<(), Problem> {
    replace(dir, unlock, rng, |keys, _| {
        let authority = keys.authority.renewed(Validity::starting(now, ROOT_LASTS)).map_err(Problem::bug)?;
        Ok(Keys { authority, ..keys })
    })
}

/// Another key by which the coordinator signs.
pub fn rotate_signing(dir: &Path, unlock: &Unlock, rng: &mut dyn CryptoRng) -> Result<(), Problem> {
    replace(dir, unlock, rng, |keys, rng| Ok(Keys { coordinator: SigningKey::generate(rng), ..keys }))
}

/// A key that may come behind the coordinator's certificate, and its fingerprint. It is not in the folder yet, so that it can
/// be written down first.
pub fn next_tls() -> Result<(KeyMaterial, Fingerprint), Problem> {
    let tls = KeyMaterial::generate().map_err(Problem::bug)?;
    let fingerprint = tls.fingerprint().map_err(Problem::bug)?;
    Ok((tls, fingerprint))
}

/// Puts this key behind the coordinator's certificate, which is issued at the next start, as at every start.
pub fn put_tls(
    dir: &Path,
    unlock: &Unlock,
    tls: KeyMaterial,
    rng: &mut dyn CryptoRng,
) -> Result<(), Problem> {
    replace(dir, unlock, rng, |keys, _| Ok(Keys { tls, ..keys }))
}
