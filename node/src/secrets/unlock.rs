//! The key ring, and how the secret that opens it is changed.
//!
//! The master key stays, so nothing is sealed anew: it is wrapped once more, under the new secret, into a file beside the
//! ring. The node goes on to open with the old secret until its configuration names the new one; at that start the new
//! ring takes the old one's place. A crash at any point leaves a secret that opens: the configured one.

use std::path::Path;

use lianfang_desk::Problem;
use lianfang_trust::Canonical as _;
use lianfang_trust::at_rest::{AtRestError, Cost, KeyRing, MasterKey, UnlockSecret};
use rand_core::CryptoRng;

use super::{RING, Secrets, read, read_unlock, remove, sealed, write};
use crate::config::Unlock;

pub(super) const NEXT: &str = "keyring.next";

fn unlocked(path: &Path, secret: &UnlockSecret) -> Result<Result<MasterKey, AtRestError>, Problem> {
    let ring = KeyRing::decode(&read(path, KeyRing::MAX_BYTES)?).map_err(|error| {
        Problem::usage("secrets-damaged").with("detail", error.to_string()).because(error)
    })?;
    Ok(ring.unlock(secret))
}

/// Opens the ring; the next one takes its place if that is the one that the secret opens.
pub(super) fn open_ring(folder: &Path, secret: &UnlockSecret) -> Result<MasterKey, Problem> {
    let (ring, next) = (folder.join(RING), folder.join(NEXT));
    let error = match unlocked(&ring, secret)? {
        Ok(master) => return Ok(master),
        Err(error) => error,
    };
    if !next.exists() {
        return Err(sealed(&error).with("path", folder));
    }
    let master = unlocked(&next, secret)?.map_err(|_| sealed(&error).with("path", folder))?;
    // From here on the older secret opens nothing any more.
    write(&ring, &read(&next, KeyRing::MAX_BYTES)?)?;
    remove(&next)?;
    Ok(master)
}

impl Secrets {
    /// Lets another secret open everything, as soon as the configuration names it.
    pub fn rekey(&self, unlock: &Unlock, rng: &mut dyn CryptoRng) -> Result<(), Problem> {
        let secret = read_unlock(unlock)?;
        let ring = KeyRing::wrap(&self.master, &secret, Cost::STANDARD, rng).map_err(|e| sealed(&e))?;
        write(&self.folder.join(NEXT), &ring.encode())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Ports;
    use crate::secrets::make_key_file;

    #[test]
    fn the_new_secret_takes_over_at_the_start_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let chance = Ports::system().chance;
        let mut rng = chance.rng();
        let files = ["old", "new", "other"].map(|name| Unlock::KeyFile(dir.path().join(name)));
        for unlock in &files {
            let Unlock::KeyFile(path) = unlock else { panic!("a key file") };
            make_key_file(path, &mut *rng).unwrap();
        }
        let [old, new, other] = files;
        let made = Secrets::create(dir.path(), &old, &mut *rng).unwrap();
        made.rekey(&new, &mut *rng).unwrap();
        let code = |unlock: &Unlock| {
            Secrets::open(dir.path(), unlock).err().map(|problem| problem.code().to_owned())
        };
        assert_eq!(code(&old), None, "the configuration has not changed yet");
        assert_eq!(code(&other).as_deref(), Some("wrong-passphrase"));
        let opened = Secrets::open(dir.path(), &new).unwrap();
        assert!(opened.identity.verifying_key() == made.identity.verifying_key());
        assert_eq!(code(&old).as_deref(), Some("wrong-passphrase"), "the old secret opens nothing any more");
        assert_eq!(code(&new), None);
        assert!(!dir.path().join("secrets").join(NEXT).exists());
    }
}
