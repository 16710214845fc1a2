//! `backup` and `restore`: the folder of the coordinator, copied while it works, and put back.
//!
//! Comes in: a folder to write into, or to read. Goes out: a finished backup; a restored folder whose roster is newer than
//! any that the banks may have seen. Submissions and reports are in no backup: they die with their job, and a job that
//! was under way ends as failed. The unlocking secret is in none either: it is kept elsewhere. A key behind the certificate that
//! was exchanged since the backup does not come back: another takes its place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lianfang_desk::{Buffer, Call, Exit, Lang, Problem};
use lianfang_link::Fingerprint;
use lianfang_store::Place;
use lianfang_store::backup::About;
use lianfang_store::restore::Staged;
use serde_json::json;

use crate::audit;
use crate::bell;
use crate::config::{Config, FILE, Unlock};
use crate::fault::Error;
use crate::office::Office;
use crate::ports::Ports;
use crate::roster;
use crate::secrets::{self, Keys, sealed_files};
use crate::store::Store;

const PROGRAM: &str = "lianfang-coordinator";
/// What a restored folder does not have from before: what belongs to the store that is moved aside.
const ASIDE: [&str; 3] = ["store.sqlite-wal", "store.sqlite-shm", "jobs"];

/// `backup`.
#[derive(clap::Args)]
pub(super) struct Backup {
    /// The folder to write into, new or empty.
    to: PathBuf,
}

/// `restore`.
#[derive(clap::Args)]
pub(super) struct Restore {
    /// The folder with the backup.
    #[arg(required_unless_present = "server")]
    from: Option<PathBuf>,
    /// The store is on a PostgreSQL server and was restored there.
    #[arg(long, conflicts_with = "from")]
    server: bool,
}

impl Backup {
    pub(super) async fn perform(self, office: &Office, call: &Call) -> Result<Exit, Problem> {
        let into = call.path(&self.to);
        let mut files = vec![PathBuf::from(FILE)];
        files.extend(sealed_files(&office.dir)?);
        // The entry comes first, so that it is in the backup as well; one whose backup failed is no harm.
        let mut tx = office.store.begin().await?;
        audit::append(&mut tx, office.now(), "store.backed-up", &json!({ "by": call.person })).await?;
        tx.commit().await?;
        let about = About { program: PROGRAM, version: env!("CARGO_PKG_VERSION"), now: office.now() };
        let manifest = office.store.back_up(&office.dir, &files, &into, about).await?;
        let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
        let path = into.display().to_string();
        if call.console.json() {
            let json = json!({ "backup": path, "bytes": bytes, "files": manifest.files.len() });
            call.console.out(&json.to_string());
        } else {
            call.console.say("backup-done", &[("path", path.into()), ("bytes", bytes.into())]);
        }
        Ok(Exit::Done)
    }
}

impl Restore {
    pub(super) async fn perform(self, call: &Call, ports: &Ports) -> Result<Exit, Problem> {
        match &self.from {
            Some(from) => restore_folder(&call.path(from), call, ports).await,
            None => note_server(call, ports).await,
        }
    }
}

/// The same for a folder that nobody serves, within another process.
pub(crate) async fn put_back(dir: &Path, from: &Path, ports: &Ports) -> Result<(), Problem> {
    let console = Arc::new(Buffer::new(Lang::En));
    let call = Call::new(console, dir.to_owned(), dir.to_owned());
    restore_folder(from, &call, ports).await.map(drop)
}

async fn restore_folder(from: &Path, call: &Call, ports: &Ports) -> Result<Exit, Problem> {
    let staged = Staged::take(from, &call.dir, PROGRAM)?;
    let config = Config::read(staged.folder())?;
    let unlock = keep_unlock(&staged, &config, &call.dir)?;
    let keys = Keys::open(staged.folder(), &unlock)?;
    staged.check_store().await?;
    let next = if was_exchanged(&call.dir, &keys)? { Some(secrets::next_tls()?) } else { None };
    let store = Store::open(&Place::File(staged.folder().join(crate::store::FILE))).await?;
    let made_at = staged.manifest().made_at_us;
    let key = next.as_ref().map(|(_, key)| *key);
    let noted = note(&store, &keys, (made_at, key), call, ports).await;
    store.close().await;
    let version = noted?;
    if let Some((tls, _)) = next {
        secrets::put_tls(staged.folder(), &unlock, tls, &mut *ports.chance.rng())?;
    }
    let aside = staged.replace(&ASIDE, ports.clock.now())?.display().to_string();
    if call.console.json() {
        let json =
            json!({ "restored": true, "made_at_us": made_at, "roster_version": version, "aside": aside });
        call.console.out(&json.to_string());
    } else {
        let said = [("aside", aside.into()), ("version", version.into())];
        call.console.say("coordinator-restore-done", &said);
    }
    Ok(Exit::Done)
}

/// Keeps the file of the unlocking secret, which no backup has, if it lies in the folder. Gives where it lies until the folder
/// is replaced.
fn keep_unlock(staged: &Staged, config: &Config, dir: &Path) -> Result<Unlock, Problem> {
    let mut unlock = config.unlock.clone();
    if let Some(path) = unlock.file_mut() {
        *path = staged.keep(path)?;
        let place = staged.place(path);
        if place.starts_with(dir) && !path.exists() {
            return Err(Problem::usage("restore-unlock-missing").with("path", place.as_path()));
        }
    }
    Ok(unlock)
}

/// Whether the coordinator that is replaced has another key behind its certificate than the backup: it was exchanged since,
/// perhaps because somebody else has the older one, and of that the restored store knows nothing.
fn was_exchanged(dir: &Path, restored: &Keys) -> Result<bool, Problem> {
    let before = match Config::read(dir).and_then(|config| Keys::open(dir, &config.unlock)) {
        Ok(before) => before,
        // Nothing is replaced.
        Err(_) if dir.join(FILE).try_exists().is_ok_and(|there| !there) => return Ok(false),
        // It may be lost, and the restore is to go on; a person has to know what could not be seen.
        Err(problem) => {
            tracing::warn!(
                event = "restore.key-not-compared",
                error = %problem,
                "the folder that is replaced does not open: the key behind the certificate is the backup's"
            );
            return Ok(false);
        }
    };
    let key = |keys: &Keys| keys.tls.fingerprint().map_err(Problem::bug);
    Ok(before.fingerprint()? == restored.fingerprint()? && key(&before)? != key(restored)?)
}

/// The store is on a server, and was restored there: what follows from it is done.
async fn note_server(call: &Call, ports: &Ports) -> Result<Exit, Problem> {
    let config = Config::read(&call.dir)?;
    let keys = Keys::open(&call.dir, &config.unlock)?;
    let place = secrets::place(&call.dir, &config.store)?;
    if matches!(place, Place::File(_)) {
        return Err(Problem::usage("restore-no-server").field("BACKUP"));
    }
    let store = Store::open(&place).await?;
    let noted = note(&store, &keys, (0, None), call, ports).await;
    store.close().await;
    let version = noted?;
    if call.console.json() {
        let json = json!({ "restored": true, "made_at_us": null, "roster_version": version, "aside": null });
        call.console.out(&json.to_string());
    } else {
        call.console.say("coordinator-restore-noted", &[("version", version.into())]);
    }
    Ok(Exit::Done)
}

/// Checks the log, takes down in it the restore of this moment, and which key takes the place of the one behind the
/// certificate, if one does, and signs the roster anew, all of it or nothing.
async fn note(
    store: &Store,
    keys: &Keys,
    (made_at, next): (i64, Option<Fingerprint>),
    call: &Call,
    ports: &Ports,
) -> Result<u64, Problem> {
    if let audit::Verified::Broken(broken) = audit::verify(store.readers()).await? {
        return Err(Problem::fault("audit-broken").with("got", broken.seq.to_string()).because(broken));
    }
    let now = ports.clock.now();
    let mut tx = store.begin().await?;
    let body = json!({ "made_at": made_at, "by": call.person });
    audit::append(&mut tx, now, "store.restored", &body).await?;
    if let Some(key) = next {
        let body = json!({ "key": key.to_string(), "by": call.person });
        audit::append(&mut tx, now, audit::CERTIFICATE_KEY_ROTATED, &body).await?;
    }
    let version = roster::after_restore(&mut tx, keys, next, now).await?;
    // Banks wait for a revision after one that is forgotten here: the next is of now.
    bell::moved(&mut tx, now).await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(version)
}
