//! A backup of keys: one file that leaves the machine and opens without it.
//!
//! ```text
//! "lianfang-key-backup 1 " ‖ party ‖ " " ‖ fingerprint ‖ " " ‖ made at (µs since 1970) ‖ "\n"      readable, no secret
//! age file (age-encryption.org/v1) over
//!   canonical("lianfang/key-backup", 1) ‖ text(the line above) ‖ fixed32 master key ‖ bytes(content)
//! ```
//!
//! * Comes in: the master key and what hangs from it; a passphrase or a recipient. Goes out: bytes for a file; or the same
//!   again. The line says whose keys they are, so that the right file is found among many; it stands inside as well, so a
//!   changed one is noticed. What follows it opens with any program that reads age files.
//! * Trusts: age for the sealing (scrypt with N = 2^18 for a passphrase, X25519 for a recipient), which draws its own
//!   randomness from the operating system.
//! * Fails with a [`BackupError`] that tells a wrong passphrase from a damaged file and from no backup at all.
//!
//! Nothing of it ever lies on a disk in clear; what is opened is wiped when dropped.

use std::io::{Read as _, Write as _};
use std::str::FromStr as _;

use age::secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::MasterKey;
use crate::canonical::{Decoder, Encoder};

/// The longest backup that is read.
pub const MAX_BACKUP: usize = 1 << 20;

const MAGIC: &str = "lianfang-key-backup";
const VERSION: &str = "1";
const DOMAIN: &str = "lianfang/key-backup";
const LINE: usize = 256;
/// `N = 2^18`: about a second, and 256 MiB.
const WORK: u8 = 18;
/// What a file may ask of its reader at most.
const MOST_WORK: u8 = 20;

/// Why a backup was not made, or did not open. Never contains what is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The passphrase is too short or too long to be one.
    #[error("a passphrase has 8 to 1024 bytes of text")]
    Passphrase,
    /// Text that is no recipient.
    #[error("a recipient is a public key of age: age1…")]
    Recipient,
    /// Text that holds no identity.
    #[error("an identity file of age holds a line AGE-SECRET-KEY-1…")]
    Identity,
    /// Not a backup of keys, or one of another version of this program.
    #[error("this is no backup of keys that this program can read")]
    NotABackup,
    /// It was sealed with another secret.
    #[error("the passphrase or identity does not open this backup; give the one that it was made with")]
    WrongSecret,
    /// Cut, changed, or put together from two.
    #[error("the backup is damaged")]
    Damaged,
    /// More than fits.
    #[error("a backup of keys has at most 1 MiB")]
    TooLong,
    /// The sealing failed.
    #[error("the backup could not be sealed")]
    Sealing,
}

/// What stands readable before the sealed part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupHeader {
    /// Which kind of party: `node` or `coordinator`.
    pub party: String,
    /// The fingerprint of the party's identity, in hexadecimal digits.
    pub fingerprint: String,
    /// When it was made, in microseconds since 1970.
    pub made_at: i64,
}

impl BackupHeader {
    fn line(&self) -> String {
        format!("{MAGIC} {VERSION} {} {} {}\n", self.party, self.fingerprint, self.made_at)
    }

    /// Reads the header of a backup, and what follows it.
    pub fn read(bytes: &[u8]) -> Result<(Self, &[u8]), BackupError> {
        let head = bytes.get(..LINE.min(bytes.len())).unwrap_or_default();
        let end = head.iter().position(|byte| *byte == b'\n').ok_or(BackupError::NotABackup)?;
        let line = head.get(..end).and_then(|line| std::str::from_utf8(line).ok());
        let words: Vec<&str> = line.ok_or(BackupError::NotABackup)?.split(' ').collect();
        let [MAGIC, VERSION, party, fingerprint, made_at] = words.as_slice() else {
            return Err(BackupError::NotABackup);
        };
        let header = Self {
            party: (*party).to_owned(),
            fingerprint: (*fingerprint).to_owned(),
            made_at: made_at.parse().map_err(|_| BackupError::NotABackup)?,
        };
        Ok((header, bytes.get(end + 1..).unwrap_or_default()))
    }
}

/// To whom a backup is sealed.
pub struct BackupLock(Lock);

enum Lock {
    Passphrase(SecretString, u8),
    Recipient(age::x25519::Recipient),
}

/// What opens a backup.
pub struct BackupKey(Key);

enum Key {
    Passphrase(SecretString),
    Identity(age::x25519::Identity),
}

fn passphrase(bytes: &[u8]) -> Result<SecretString, BackupError> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| BackupError::Passphrase)?;
    if (8..=1024).contains(&text.len()) {
        Ok(SecretString::from(text.to_owned()))
    } else {
        Err(BackupError::Passphrase)
    }
}

impl BackupLock {
    /// A passphrase, as it stands in a file. One line break at the end is not part of it.
    pub fn passphrase(bytes: &[u8]) -> Result<Self, BackupError> {
        Ok(Self(Lock::Passphrase(passphrase(bytes)?, WORK)))
    }

    /// A recipient's public key, `age1…`: only who has the identity opens it, and the machine that makes the backup never
    /// has that.
    pub fn recipient(text: &str) -> Result<Self, BackupError> {
        let recipient = age::x25519::Recipient::from_str(text.trim()).map_err(|_| BackupError::Recipient)?;
        Ok(Self(Lock::Recipient(recipient)))
    }

    /// Cheap enough for tests, and worth little against who finds the file.
    #[must_use]
    pub fn danger_almost_free(mut self) -> Self {
        if let Lock::Passphrase(_, work) = &mut self.0 {
            *work = 4;
        }
        self
    }
}

impl BackupKey {
    /// The passphrase, as it stands in a file.
    pub fn passphrase(bytes: &[u8]) -> Result<Self, BackupError> {
        Ok(Self(Key::Passphrase(passphrase(bytes)?)))
    }

    /// An identity file, as `age-keygen` writes it: the first line that holds an identity counts.
    pub fn identity_file(bytes: &[u8]) -> Result<Self, BackupError> {
        let text = std::str::from_utf8(bytes).map_err(|_| BackupError::Identity)?;
        let mut identities =
            text.lines().filter_map(|line| age::x25519::Identity::from_str(line.trim()).ok());
        Ok(Self(Key::Identity(identities.next().ok_or(BackupError::Identity)?)))
    }
}

/// Seals the master key and what belongs to it.
pub fn seal_backup(
    header: &BackupHeader,
    master: &MasterKey,
    content: &[u8],
    lock: &BackupLock,
) -> Result<Vec<u8>, BackupError> {
    let line = header.line();
    if line.len() > LINE || content.len() > MAX_BACKUP / 2 {
        return Err(BackupError::TooLong);
    }
    let mut plain = Encoder::new(DOMAIN, 1);
    plain.text(&line).fixed(master.as_bytes()).bytes(content);
    let plain = Zeroizing::new(plain.finish());
    let encryptor = match &lock.0 {
        Lock::Passphrase(secret, work) => {
            let mut recipient =
                age::scrypt::Recipient::new(SecretString::from(secret.expose_secret().to_owned()));
            recipient.set_work_factor(*work);
            age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
        }
        Lock::Recipient(recipient) => {
            age::Encryptor::with_recipients(std::iter::once(recipient as &dyn age::Recipient))
        }
    };
    let mut out = line.into_bytes();
    let mut to = encryptor
        .map_err(|_| BackupError::Sealing)?
        .wrap_output(&mut out)
        .map_err(|_| BackupError::Sealing)?;
    to.write_all(&plain).map_err(|_| BackupError::Sealing)?;
    to.finish().map_err(|_| BackupError::Sealing)?;
    Ok(out)
}

/// A backup, opened.
pub struct OpenedBackup {
    /// Whose keys they are.
    pub header: BackupHeader,
    /// The master key.
    pub master: MasterKey,
    /// What was sealed beside it.
    pub content: Zeroizing<Vec<u8>>,
}

/// Opens what [`seal_backup`] made.
pub fn open_backup(bytes: &[u8], key: &BackupKey) -> Result<OpenedBackup, BackupError> {
    if bytes.len() > MAX_BACKUP {
        return Err(BackupError::TooLong);
    }
    let (header, sealed) = BackupHeader::read(bytes)?;
    let decryptor = age::Decryptor::new(sealed).map_err(|_| BackupError::Damaged)?;
    let reader = match &key.0 {
        Key::Passphrase(secret) => {
            let mut identity =
                age::scrypt::Identity::new(SecretString::from(secret.expose_secret().to_owned()));
            identity.set_max_work_factor(MOST_WORK);
            decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity))
        }
        Key::Identity(identity) => decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)),
    };
    let mut reader = reader.map_err(|error| match error {
        age::DecryptError::NoMatchingKeys
        | age::DecryptError::DecryptionFailed
        | age::DecryptError::KeyDecryptionFailed => BackupError::WrongSecret,
        _ => BackupError::Damaged,
    })?;
    // Room for all of it at once, so that no copy is left behind where it grew.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader.read_to_end(&mut plain).map_err(|_| BackupError::Damaged)?;
    let mut from = Decoder::new(DOMAIN, 1, &plain).map_err(|_| BackupError::Damaged)?;
    let mut read = || {
        let line = from.text("header", LINE)?.to_owned();
        let master = Zeroizing::new(from.fixed::<32>("master key")?);
        let content = Zeroizing::new(from.bytes("content", MAX_BACKUP)?.to_vec());
        Ok::<_, crate::canonical::DecodeError>((line, master, content))
    };
    let (line, master, content) = read().map_err(|_| BackupError::Damaged)?;
    from.end().map_err(|_| BackupError::Damaged)?;
    if line != header.line() {
        return Err(BackupError::Damaged);
    }
    Ok(OpenedBackup { header, master: MasterKey::from_bytes(*master), content })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSPHRASE: &[u8] = b"correct horse battery staple\n";
    /// A recipient, and an identity file as `age-keygen` writes it.
    fn pair() -> (String, Vec<u8>) {
        let identity = age::x25519::Identity::generate();
        let (public, secret) = (identity.to_public().to_string(), identity.to_string());
        let file = format!("# created: today\n# public key: {public}\n{}\n", secret.expose_secret());
        (public, file.into_bytes())
    }

    fn header() -> BackupHeader {
        BackupHeader { party: "node".to_owned(), fingerprint: "00ff".to_owned(), made_at: 7 }
    }

    fn sealed(lock: BackupLock) -> Vec<u8> {
        let master = MasterKey::from_bytes([5; 32]);
        seal_backup(&header(), &master, b"content", &lock.danger_almost_free()).unwrap()
    }

    fn error(bytes: &[u8], key: &BackupKey) -> BackupError {
        open_backup(bytes, key).err().unwrap()
    }

    #[test]
    fn keys_come_back_by_passphrase_and_by_identity() {
        let (recipient, identity) = pair();
        for (lock, key) in [
            (BackupLock::passphrase(PASSPHRASE), BackupKey::passphrase(&PASSPHRASE[..PASSPHRASE.len() - 1])),
            (BackupLock::recipient(&recipient), BackupKey::identity_file(&identity)),
        ] {
            let bytes = sealed(lock.unwrap());
            assert!(bytes.starts_with(b"lianfang-key-backup 1 node 00ff 7\nage-encryption.org/v1\n"));
            let opened = open_backup(&bytes, &key.unwrap()).unwrap();
            assert_eq!((&opened.header, opened.content.as_slice()), (&header(), &b"content"[..]));
            assert_eq!(opened.master.as_bytes(), &[5; 32]);
        }
    }

    #[test]
    fn a_wrong_secret_is_told_from_a_damaged_file() {
        let by_passphrase = sealed(BackupLock::passphrase(PASSPHRASE).unwrap());
        let by_recipient = sealed(BackupLock::recipient(&pair().0).unwrap());
        let right = BackupKey::passphrase(PASSPHRASE).unwrap();
        let other = BackupKey::passphrase(b"another passphrase").unwrap();
        assert_eq!(error(&by_passphrase, &other), BackupError::WrongSecret);
        assert_eq!(error(&by_recipient, &right), BackupError::WrongSecret);
        let mut cut = by_passphrase.clone();
        cut.pop();
        assert_eq!(error(&cut, &right), BackupError::Damaged);
        let mut changed = by_passphrase.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(error(&changed, &right), BackupError::Damaged);
        // The readable line of another backup before the sealed part of this one.
        let (_, body) = BackupHeader::read(&by_passphrase).unwrap();
        let line = BackupHeader { fingerprint: "11ee".to_owned(), ..header() }.line();
        assert_eq!(error(&[line.as_bytes(), body].concat(), &right), BackupError::Damaged);
        for no_backup in [&b""[..], b"\n", b"lianfang-key-backup 2 node 00 7\nx", &[0xff; 300]] {
            assert_eq!(error(no_backup, &right), BackupError::NotABackup);
        }
    }

    #[test]
    fn what_is_no_secret_is_not_taken_for_one() {
        assert_eq!(BackupLock::passphrase(b"short\n").err(), Some(BackupError::Passphrase));
        assert_eq!(BackupLock::recipient("age1nobody").err(), Some(BackupError::Recipient));
        assert_eq!(BackupKey::identity_file(b"# nothing\n").err(), Some(BackupError::Identity));
    }
}
