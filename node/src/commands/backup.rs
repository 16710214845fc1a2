//! `backup` and `restore`: the folder of a node, copied while it works, and put back.
//!
//! Comes in: a folder to write into, or to read. Goes out: a finished backup; a restored folder whose ledger says what
//! it is worth. The unlocking secret is in no backup: it is kept elsewhere, or the backup would be worth as much as the
//! node itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lianfang_desk::{Call, Exit, Problem};
use lianfang_store::Place;
use lianfang_store::backup::{About, STORE};
use lianfang_store::restore::Staged;
use serde_json::json;

use super::{args, tell};
use crate::app::App;
use crate::audit::{Event, Log};
use crate::config::{Config, FILE, Unlock};
use crate::key_holder::restored;
use crate::ports::Ports;
use crate::secrets::{Secrets, sealed_files};
use crate::store::Store;

const PROGRAM: &str = "lianfang-node";
/// What a restored folder does not have from before: what belongs to the store that is moved aside.
const ASIDE: [&str; 3] = ["store.sqlite-wal", "store.sqlite-shm", "spool"];

pub(super) async fn back_up(node: &Arc<App>, args: &args::Backup, call: &Call) -> Result<Exit, Problem> {
    let into = call.path(&args.to);
    let mut files = vec![PathBuf::from(FILE)];
    files.extend(sealed_files(&node.dir)?);
    // The entry comes first, so that it is in the backup as well; one whose backup failed is no harm.
    node.log.record(&Event::BackedUp { by: call.person.clone() }).await?;
    let about = About { program: PROGRAM, version: env!("CARGO_PKG_VERSION"), now: node.ports.clock.now() };
    let manifest = node.store.back_up(&node.dir, &files, &into, about).await?;
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    let path = into.display().to_string();
    let said = [("path", path.as_str().into()), ("bytes", bytes.into())];
    let json = json!({ "backup": path, "bytes": bytes, "files": manifest.files.len() });
    tell(&*call.console, &json, &call.console.text("backup-done", &said));
    Ok(Exit::Done)
}

pub(super) async fn restore(args: &args::Restore, call: &Call, ports: &Ports) -> Result<Exit, Problem> {
    match &args.from {
        Some(from) => restore_folder(&call.path(from), args, call, ports).await,
        None => note_server(args, call, ports).await,
    }
}

async fn restore_folder(
    from: &Path,
    args: &args::Restore,
    call: &Call,
    ports: &Ports,
) -> Result<Exit, Problem> {
    let staged = Staged::take(from, &call.dir, PROGRAM)?;
    let config = Config::load(staged.folder())?;
    let (unlock, missing) = keep_files(&staged, &config, &call.dir)?;
    let secrets = Secrets::open(staged.folder(), &unlock)?;
    of_the_same_bank(&call.dir, &secrets, &unlock)?;
    staged.check_store().await?;
    let place = Place::File(staged.folder().join(STORE));
    let store = Store::open(&place, staged.folder(), Arc::clone(&secrets.master), ports.clone()).await;
    let store = store.map_err(|error| place.problem(error))?;
    let noted = note(&store, &secrets, staged.manifest().made_at_us, args.complete, call).await;
    store.close().await;
    noted?;
    let made_at = staged.manifest().made_at_us;
    let aside = staged.replace(&ASIDE, ports.clock.now())?.display().to_string();
    let said = [("aside", aside.as_str().into())];
    let sentence = if args.complete { "restore-done-complete" } else { "node-restore-done" };
    let json = json!({
        "restored": true,
        "made_at_us": made_at,
        "counters_full": !args.complete,
        "aside": aside,
        "missing": missing,
    });
    tell(&*call.console, &json, &call.console.text(sentence, &said));
    if !missing.is_empty() {
        call.console.remark("node-restore-missing", &[("paths", missing.join(", ").into())]);
    }
    Ok(Exit::Done)
}

/// Keeps what the configuration names in the folder and no backup has. Gives where the unlocking secret lies until the folder
/// is replaced, for without it the rest would be of no use; and the paths of other files that are not on this machine.
fn keep_files(staged: &Staged, config: &Config, dir: &Path) -> Result<(Unlock, Vec<String>), Problem> {
    let mut unlock = config.unlock.clone();
    if let Some(path) = unlock.file_mut() {
        *path = staged.keep(path)?;
        let place = staged.place(path);
        if place.starts_with(dir) && !path.exists() {
            return Err(Problem::usage("restore-unlock-missing").with("path", place.as_path()));
        }
    }
    let mut missing = BTreeSet::new();
    for path in config.files() {
        let kept = staged.keep(path)?;
        if !kept.exists() {
            missing.insert(staged.place(&kept).display().to_string());
        }
    }
    Ok((unlock, missing.into_iter().collect()))
}

/// Another bank's backup is no backup of this folder: whoever means to move a bank to this machine names an empty one. Keys
/// that do not open stop nobody, for they are what a backup is there for; what was there stands aside afterwards.
fn of_the_same_bank(dir: &Path, restored: &Secrets, unlock: &Unlock) -> Result<(), Problem> {
    let own = Config::load(dir).map(|config| config.unlock);
    // A configuration that cannot be read is no reason to forget whose folder it is.
    let Ok(there) = Secrets::open(dir, own.as_ref().unwrap_or(unlock)) else { return Ok(()) };
    let [here, backup] = [&there, restored].map(|secrets| secrets.identity.verifying_key().fingerprint());
    if here == backup {
        return Ok(());
    }
    let problem = Problem::refused("restore-of-another-bank").with("path", dir);
    Err(problem.with("wanted", here).with("got", backup))
}

/// The store is on a server, and was restored there: what follows from it is taken down.
async fn note_server(args: &args::Restore, call: &Call, ports: &Ports) -> Result<Exit, Problem> {
    let config = Config::load(&call.dir)?;
    let secrets = Secrets::open(&call.dir, &config.unlock)?;
    let place = crate::secrets::place(&call.dir, &config.store)?;
    if matches!(place, Place::File(_)) {
        return Err(Problem::usage("restore-no-server").field("BACKUP"));
    }
    let store = Store::open(&place, &call.dir, Arc::clone(&secrets.master), ports.clone()).await;
    let store = store.map_err(|error| place.problem(error))?;
    let noted = note(&store, &secrets, 0, args.complete, call).await;
    store.close().await;
    noted?;
    let json =
        json!({ "restored": true, "made_at_us": null, "counters_full": !args.complete, "aside": null });
    tell(&*call.console, &json, &call.console.text("node-restore-noted", &[]));
    Ok(Exit::Done)
}

async fn note(
    store: &Store,
    secrets: &Secrets,
    made_at: i64,
    complete: bool,
    call: &Call,
) -> Result<(), Problem> {
    let log = Log::new(store.clone(), &secrets.identity.verifying_key().fingerprint());
    log.verify(&secrets.identity.verifying_key(), &[]).await?;
    let mut tx = store.begin().await?;
    restored::note(&mut tx, made_at, &call.person, complete, store.now()).await?;
    let event = Event::Restored { made_at, complete, by: call.person.clone() };
    log.append(&mut tx, &event).await?;
    Ok(tx.commit().await?)
}
