//! Where the secret lies that opens all others, and what is in it.
//!
//! Comes in: what a configuration names (a file or a credential), and where the service manager's credentials are. Goes out:
//! an [`UnlockSecret`]. The secret is never an argument or an environment variable. Fails with an [`UnlockError`] that names
//! the file, and never what is in it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::file::{FileError, read_limited, read_secret};
use super::{AtRestError, UnlockSecret};

/// Bytes that a secret's file may have.
const LIMIT: usize = 4_096;

/// Where the secret lies that opens all others, as a configuration names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Unlock {
    /// A file of at least 32 random bytes; relative to the party's folder.
    KeyFile(PathBuf),
    /// A file with a passphrase; relative to the party's folder.
    PassphraseFile(PathBuf),
    /// A credential that the service manager hands over.
    Credential(String),
}

/// Why the secret could not be read.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// Nobody says where credentials are.
    #[error("the credential {name} is not there, for nobody says where credentials are")]
    NoCredentials {
        /// Its name.
        name: String,
    },
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// What is in it.
    #[error(transparent)]
    Secret(#[from] AtRestError),
}

impl Unlock {
    /// A relative path is meant from `dir` from here on.
    pub fn resolve(&mut self, dir: &Path) {
        if let Some(path) = self.file_mut() {
            *path = dir.join(&*path);
        }
    }

    /// Where the file lies, to be put right; nothing if the service manager hands the secret over.
    pub fn file_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::KeyFile(path) | Self::PassphraseFile(path) => Some(path),
            Self::Credential(_) => None,
        }
    }

    /// The file, if the party's operator keeps one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::KeyFile(path) | Self::PassphraseFile(path) => Some(path),
            Self::Credential(_) => None,
        }
    }

    /// Its line in a configuration, under `[unlock]`.
    pub fn line(&self) -> String {
        match self {
            Self::KeyFile(path) => format!("key-file = {:?}", path.display().to_string()),
            Self::PassphraseFile(path) => format!("passphrase-file = {:?}", path.display().to_string()),
            Self::Credential(name) => format!("credential = {name:?}"),
        }
    }

    /// Reads the secret. A relative path is meant from `dir`; `credentials` is the folder that the service manager names.
    pub fn read(&self, dir: &Path, credentials: Option<&Path>) -> Result<UnlockSecret, UnlockError> {
        Ok(match self {
            Self::KeyFile(path) => UnlockSecret::key_file(&read_secret(&dir.join(path), LIMIT)?)?,
            Self::PassphraseFile(path) => UnlockSecret::passphrase(&read_secret(&dir.join(path), LIMIT)?)?,
            Self::Credential(name) => {
                let folder = credentials.ok_or_else(|| UnlockError::NoCredentials { name: name.clone() })?;
                // Its rights are the service manager's: an access list can show as bits of the group.
                UnlockSecret::key_file(&read_limited(&folder.join(name), LIMIT)?)?
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::file::write_atomically;
    use super::super::{Cost, KeyRing};
    use super::*;

    #[test]
    fn a_secret_is_read_from_where_it_is_named() {
        let (dir, credentials) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write_atomically(&dir.path().join("key"), &[7; 64]).unwrap();
        write_atomically(&dir.path().join("words"), b"a passphrase\n").unwrap();
        fs::write(credentials.path().join("unlock"), [7; 64]).unwrap();
        let mut rng = <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(1);
        let named = [
            Unlock::KeyFile("key".into()),
            Unlock::PassphraseFile("words".into()),
            Unlock::Credential("unlock".to_owned()),
        ];
        let read = |unlock: &Unlock| unlock.read(dir.path(), Some(credentials.path())).unwrap();
        let opens = |ring: &KeyRing, unlock: &Unlock| ring.unlock(&read(unlock)).is_ok();
        let [file, words, credential] = &named;
        let (ring, _) = KeyRing::create(&read(file), Cost::danger_almost_free(), &mut rng).unwrap();
        assert!(opens(&ring, file) && opens(&ring, credential) && !opens(&ring, words));
        let plain = UnlockSecret::passphrase(b"a passphrase").unwrap();
        let (ring, _) = KeyRing::create(&plain, Cost::danger_almost_free(), &mut rng).unwrap();
        assert!(opens(&ring, words) && !opens(&ring, file));

        let mut moved = named.clone();
        for unlock in &mut moved {
            unlock.resolve(dir.path());
        }
        let files: Vec<_> = moved.iter().map(|unlock| unlock.file().map(Path::to_owned)).collect();
        assert_eq!(files, [Some(dir.path().join("key")), Some(dir.path().join("words")), None]);
        assert!(moved[0].read(Path::new("/nowhere"), None).is_ok());
        let lines: Vec<_> = named.iter().map(Unlock::line).collect();
        assert_eq!(lines, ["key-file = \"key\"", "passphrase-file = \"words\"", "credential = \"unlock\""]);
    }

    #[test]
    fn what_cannot_be_read_is_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        write_atomically(&dir.path().join("short"), &[7; 31]).unwrap();
        fs::write(dir.path().join("open"), [7; 64]).unwrap();
        let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o644);
        fs::set_permissions(dir.path().join("open"), mode).unwrap();
        let fails =
            |unlock: Unlock, credentials: Option<&Path>| unlock.read(dir.path(), credentials).err().unwrap();
        let file = |name: &str| fails(Unlock::KeyFile(name.into()), None);
        assert!(matches!(file("short"), UnlockError::Secret(AtRestError::SecretLength { least: 32, .. })));
        assert!(matches!(file("open"), UnlockError::File(FileError::TooOpen { mode: 0o644, .. })));
        let UnlockError::File(missing) = file("missing") else { panic!("there is no such file") };
        assert_eq!(missing.path(), dir.path().join("missing"));
        let credential = || Unlock::Credential("open".to_owned());
        assert!(matches!(fails(credential(), None), UnlockError::NoCredentials { name } if name == "open"));
        assert!(
            credential().read(Path::new(""), Some(dir.path())).is_ok(),
            "its rights are not ours to judge"
        );
    }
}
