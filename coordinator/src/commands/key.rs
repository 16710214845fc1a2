//! `key`: backups of the keys, the secret that opens them, the authority's root, the coordinator's signing key and the key
//! behind its certificate.
//!
//! Comes in: files that hold a passphrase, an identity, an unlocking secret; never the secret itself as an argument. Root
//! and keys are exchanged while nothing serves, the signing key also only while no job runs: nodes take them from the next
//! roster. One that does not know the coordinator's certificate any more asks for that roster as a stranger would, by the
//! authority's root, so nobody has to be told of it before.

use std::path::{Path, PathBuf};

use lianfang_desk::{Call, Console, Exit, Problem};
use lianfang_link::Fingerprint;
use lianfang_trust::Digest;
use lianfang_trust::at_rest::backup::{BackupKey, BackupLock, MAX_BACKUP};
use lianfang_trust::at_rest::file::{read_limited, read_secret, write_atomically};
use serde_json::json;

use crate::audit;
use crate::ceremony;
use crate::config::{Config, Unlock};
use crate::fault::Error;
use crate::job::ledger;
use crate::office::{Office, unix_time};
use crate::ports::{Micros, Ports};
use crate::secrets;
use crate::store::Store;

/// Bytes of a file that holds a passphrase or an identity.
const SECRET_BYTES: usize = 16 * 1_024;

/// The subcommands.
#[derive(clap::Subcommand)]
pub(super) enum Key {
    /// Seals the keys into a file that opens without this machine.
    Backup {
        /// The file, which must not be there yet.
        file: PathBuf,
        /// A file with the passphrase that opens it.
        #[arg(
            long,
            value_name = "FILE",
            required_unless_present = "recipient",
            conflicts_with = "recipient"
        )]
        passphrase_file: Option<PathBuf>,
        /// A public key of age; whoever has its identity opens it.
        #[arg(long, value_name = "AGE1…")]
        recipient: Option<String>,
    },
    /// Makes the keys of a folder that has none from such a file.
    Restore(Restore),
    /// Lets another secret open the keys.
    Rekey(Rekey),
    /// Makes the authority's root last for years more.
    RenewRoot,
    /// Gives the coordinator another key to sign by.
    RotateSigning,
    /// Gives the coordinator another key behind its certificate.
    RotateTls,
}

/// `key restore`.
#[derive(clap::Args)]
pub(super) struct Restore {
    /// The file.
    file: PathBuf,
    /// A file with the passphrase that opens it.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "identity_file",
        conflicts_with = "identity_file"
    )]
    passphrase_file: Option<PathBuf>,
    /// A file with the identity of age that opens it.
    #[arg(long, value_name = "FILE")]
    identity_file: Option<PathBuf>,
}

/// `key rekey`.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct Rekey {
    /// A file of at least 32 random bytes.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// A file with a passphrase.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// A credential of the service manager.
    #[arg(long, value_name = "NAME")]
    credential: Option<String>,
}

fn secret(call: &Call, path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, Problem> {
    read_secret(&call.path(path), SECRET_BYTES)
        .map_err(|error| Problem::usage("coordinator-secret-file").with("detail", error.to_string()))
}

impl Key {
    pub(super) async fn perform(self, office: &Office, call: &Call) -> Result<Exit, Problem> {
        match self {
            Self::Backup { file, passphrase_file, recipient } => {
                let lock = match passphrase_file {
                    Some(file) => BackupLock::passphrase(&secret(call, &file)?),
                    None => BackupLock::recipient(recipient.as_deref().unwrap_or_default()),
                };
                let lock = lock.map_err(|error| secrets::told(&error))?;
                backup(office, call, &call.path(&file), &lock).await
            }
            Self::Rekey(args) => rekey(office, call, args).await,
            Self::RenewRoot => {
                // Jobs may be under way: name and key stay, so whatever was signed or issued before stands.
                idle(office)?;
                let now = unix_time(office.now());
                note(&office.store, office.now(), "authority.root-renewed", &json!({"by": call.person}))
                    .await?;
                let mut rng = office.ports.chance.rng();
                secrets::renew_root(&office.dir, &office.config.unlock, now, &mut *rng)?;
                Ok(told(&*call.console, "coordinator-root-renewed", &[]))
            }
            Self::RotateSigning => {
                quiet(office).await?;
                note(&office.store, office.now(), "coordinator.key-rotated", &json!({"by": call.person}))
                    .await?;
                let mut rng = office.ports.chance.rng();
                secrets::rotate_signing(&office.dir, &office.config.unlock, &mut *rng)?;
                Ok(told(&*call.console, "coordinator-key-rotated", &[]))
            }
            Self::RotateTls => rotate_tls(office, call).await,
            Self::Restore(_) => Err(Problem::usage("not-while-serving")),
        }
    }

    /// The restoration, which needs no opened folder.
    pub(super) fn restore(args: &Restore, call: &Call, ports: &Ports) -> Result<Exit, Problem> {
        let path = call.path(&args.file);
        let bytes = read_limited(&path, MAX_BACKUP)
            .map_err(|error| Problem::usage("coordinator-secret-file").with("detail", error.to_string()))?;
        let key = match (&args.passphrase_file, &args.identity_file) {
            (Some(file), _) => BackupKey::passphrase(&secret(call, file)?),
            (None, Some(file)) => BackupKey::identity_file(&secret(call, file)?),
            (None, None) => {
                return Err(Problem::usage("usage-value").field("--passphrase-file").with("got", ""));
            }
        };
        let key = key.map_err(|error| secrets::told(&error))?;
        let restored = secrets::restore(&call.dir, &bytes, &key, &mut *ports.chance.rng());
        let fingerprint = restored.map_err(|problem| {
            problem.unless_named("path", path.display().to_string()).doing("doing-key-restore")
        })?;
        if call.console.json() {
            call.console.out(&json!({"fingerprint": fingerprint}).to_string());
        } else {
            call.console.say("coordinator-keys-restored", &[("fingerprint", fingerprint.into())]);
        }
        Ok(Exit::Done)
    }

    /// What needs no opened folder.
    pub(super) const fn restores(&self) -> Option<&Restore> {
        match self {
            Self::Restore(restore) => Some(restore),
            Self::Backup { .. }
            | Self::Rekey(_)
            | Self::RenewRoot
            | Self::RotateSigning
            | Self::RotateTls => None,
        }
    }
}

fn told(console: &dyn Console, id: &str, args: &[(&str, lianfang_desk::messages::Value)]) -> Exit {
    if console.json() {
        console.out(&json!({"done": true}).to_string());
    } else {
        console.say(id, args);
    }
    Exit::Done
}

async fn note(
    store: &Store,
    now: Micros,
    event: &'static str,
    body: &serde_json::Value,
) -> Result<(), Problem> {
    let noted = async {
        let mut tx = store.begin().await?;
        audit::append(&mut tx, now, event, body).await?;
        tx.commit().await.map_err(Error::from)
    };
    Ok(noted.await?)
}

/// Nothing serves: a server would go on with the keys that it has in hand.
fn idle(office: &Office) -> Result<(), Problem> {
    if office.serves() { Err(Problem::usage("not-while-serving")) } else { Ok(()) }
}

/// Nothing serves and nothing runs: what was signed by the key before would be refused in the middle.
async fn quiet(office: &Office) -> Result<(), Problem> {
    idle(office)?;
    let busy = async {
        let mut connection = office.store.readers().acquire().await?;
        let jobs = ledger::running(office, &mut connection).await?.len();
        let ceremonies = ceremony::ledger::open(&mut connection, &office.keys).await?.len();
        Ok::<_, Error>(jobs + ceremonies)
    };
    match busy.await? {
        0 => Ok(()),
        number => Err(Problem::later("coordinator-not-quiet").with("number", number as u64)),
    }
}

async fn backup(office: &Office, call: &Call, path: &Path, lock: &BackupLock) -> Result<Exit, Problem> {
    if path.exists() {
        return Err(Problem::usage("file-exists").with("path", path.display().to_string()));
    }
    let bytes = secrets::back_up(&office.dir, &office.config.unlock, lock, office.now())?;
    // Written down before it exists: a backup that nobody knows of is worse than one that was not made.
    let digest = Digest::of("lianfang/file", &bytes).to_hex();
    note(&office.store, office.now(), "key.backed-up", &json!({"file": digest, "by": call.person})).await?;
    write_atomically(path, &bytes).map_err(secrets::unwritten)?;
    let shown = path.display().to_string();
    if call.console.json() {
        call.console.out(&json!({"file": shown}).to_string());
    } else {
        call.console.say("coordinator-keys-backed-up", &[("path", shown.into())]);
    }
    Ok(Exit::Done)
}

/// Nothing is signed by that key, so jobs and ceremonies may be under way.
async fn rotate_tls(office: &Office, call: &Call) -> Result<Exit, Problem> {
    idle(office)?;
    let (tls, key) = secrets::next_tls()?;
    // Here too: a key that nobody knows to be exchanged is worse than an entry of an exchange that then failed.
    note_exchange(&office.store, office.now(), call, &key).await?;
    let mut rng = office.ports.chance.rng();
    secrets::put_tls(&office.dir, &office.config.unlock, tls, &mut *rng)?;
    Ok(told_exchange(call, &key))
}

/// The same in a folder that does not open, for its keys are older than the newest roster: if the one behind the certificate
/// alone is, the folder opens with another. The exchange is written down first here too, for which the store alone is opened.
pub(super) async fn rotate_older_tls(call: &Call, ports: &Ports) -> Result<Exit, Problem> {
    let config = Config::read(&call.dir)?;
    let (tls, key) = secrets::next_tls()?;
    let place = secrets::place(&call.dir, &config.store)?;
    let store = Store::open(&place).await.map_err(|error| place.problem(error))?;
    let noted = note_exchange(&store, ports.clock.now(), call, &key).await;
    store.close().await;
    noted?;
    secrets::put_tls(&call.dir, &config.unlock, tls, &mut *ports.chance.rng())?;
    // Whoever opens the folder signs the roster that names the key.
    Office::open(&call.dir, ports.clone()).await?.store.close().await;
    Ok(told_exchange(call, &key))
}

async fn note_exchange(store: &Store, now: Micros, call: &Call, key: &Fingerprint) -> Result<(), Problem> {
    let body = json!({"key": key.to_string(), "by": call.person});
    note(store, now, audit::CERTIFICATE_KEY_ROTATED, &body).await
}

fn told_exchange(call: &Call, key: &Fingerprint) -> Exit {
    let key = key.to_string();
    if call.console.json() {
        call.console.out(&json!({"done": true, "key": key}).to_string());
    } else {
        call.console.say("coordinator-tls-rotated", &[("key", key.into())]);
    }
    Exit::Done
}

async fn rekey(office: &Office, call: &Call, args: Rekey) -> Result<Exit, Problem> {
    let unlock = match (args.key_file, args.passphrase_file, args.credential) {
        (Some(file), ..) => Unlock::KeyFile(call.path(&file)),
        (_, Some(file), _) => Unlock::PassphraseFile(call.path(&file)),
        (.., name) => Unlock::Credential(name.unwrap_or_default()),
    };
    let line = unlock.line();
    let mut rng = office.ports.chance.rng();
    secrets::rekey(&office.dir, &office.config.unlock, &unlock, &mut *rng)?;
    note(&office.store, office.now(), "key.rekeyed", &json!({"by": call.person})).await?;
    if call.console.json() {
        call.console.out(&json!({"unlock": line}).to_string());
    } else {
        call.console.say("coordinator-rekeyed", &[("line", line.into())]);
    }
    Ok(Exit::Done)
}
