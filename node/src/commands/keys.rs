//! `key backup`, `key restore`, `key rekey`: keys that outlive the machine, and the secret that opens them.
//!
//! Comes in: files that hold a passphrase, an identity, an unlocking secret; never the secret itself as an argument. Goes
//! out: a sealed file, a folder with keys, a ring under another secret; each with an entry in the audit log (a restored
//! folder makes it at its first start, when the store is there).

use std::path::Path;
use std::sync::Arc;

use lianfang_desk::{Call, Exit, Problem};
use lianfang_trust::Digest;
use lianfang_trust::at_rest::backup::{BackupHeader, BackupKey, BackupLock, MAX_BACKUP};
use lianfang_trust::at_rest::file::{read_limited, read_secret, write_atomically};
use serde_json::json;

use super::{args, tell};
use crate::app::App;
use crate::audit::Event;
use crate::config::Unlock;
use crate::key_holder::vault::Vault;
use crate::ports::Ports;
use crate::secrets;

/// Bytes of a file that holds a passphrase or an identity.
const SECRET_BYTES: usize = 16 * 1_024;

fn secret(call: &Call, path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, Problem> {
    let path = call.path(path);
    read_secret(&path, SECRET_BYTES).map_err(|error| secrets::unreadable(&path, error))
}

/// Seals the keys into a new file.
pub(super) async fn backup(node: &Arc<App>, call: &Call, args: &args::KeyBackup) -> Result<Exit, Problem> {
    let path = call.path(&args.file);
    if path.exists() {
        return Err(Problem::usage("file-exists").with("path", path.display().to_string()));
    }
    let lock = match (&args.passphrase_file, &args.recipient) {
        (Some(file), _) => BackupLock::passphrase(&secret(call, file)?),
        (None, recipient) => BackupLock::recipient(recipient.as_deref().unwrap_or_default()),
    };
    let lock = lock.map_err(|error| secrets::told(&error))?;
    let shares = if args.with_shares {
        Vault::open(node.store.clone(), 1).await.map_err(Problem::bug)?.carried()
    } else {
        Vec::new()
    };
    let count = shares.len() as u64;
    let bytes = node.secrets.back_up(&node.dir, shares, &lock, node.ports.clock.now())?;
    // Written down before it exists: a backup that nobody knows of is worse than one that was not made.
    let file = Digest::of("lianfang/file", &bytes);
    let event = Event::KeysBackedUp { file, shares: count, by: call.person.clone() };
    node.log.record(&event).await.map_err(Problem::bug)?;
    write_atomically(&path, &bytes).map_err(|error| match error {
        lianfang_trust::at_rest::file::FileError::Io { path, source } => Problem::file(&path, source),
        other => Problem::bug(other),
    })?;
    let (header, _) = BackupHeader::read(&bytes).map_err(Problem::bug)?;
    let said = [("path", path.display().to_string().into()), ("shares", count.into())];
    let json =
        json!({ "file": path.display().to_string(), "fingerprint": header.fingerprint, "shares": count });
    tell(&*call.console, &json, &call.console.text("node-keys-backed-up", &said));
    Ok(Exit::Done)
}

/// Makes the keys of a folder that has none.
pub(super) fn restore(args: &args::KeyRestore, call: &Call, ports: &Ports) -> Result<Exit, Problem> {
    let path = call.path(&args.file);
    let bytes = read_limited(&path, MAX_BACKUP).map_err(|error| secrets::unreadable(&path, error))?;
    let key = match (&args.passphrase_file, &args.identity_file) {
        (Some(file), _) => BackupKey::passphrase(&secret(call, file)?),
        (None, Some(file)) => BackupKey::identity_file(&secret(call, file)?),
        (None, None) => return Err(Problem::usage("usage-value").field("--passphrase-file").with("got", "")),
    };
    let key = key.map_err(|error| secrets::told(&error))?;
    let mut rng = ports.chance.rng();
    let restored = secrets::restore(&call.dir, &bytes, &key, &call.person, &mut *rng).map_err(|problem| {
        problem.unless_named("path", path.display().to_string()).doing("doing-key-restore")
    })?;
    let said =
        [("fingerprint", restored.fingerprint.as_str().into()), ("shares", (restored.shares as u64).into())];
    let json = json!({
        "fingerprint": restored.fingerprint.replace(' ', ""), "shares": restored.shares,
        "key_file_made": restored.key_file_made,
    });
    tell(&*call.console, &json, &call.console.text("node-keys-restored", &said));
    Ok(Exit::Done)
}

/// Lets another secret open the keys.
pub(super) async fn rekey(node: &Arc<App>, call: &Call, args: &args::KeyRekey) -> Result<Exit, Problem> {
    let unlock = match (&args.key_file, &args.passphrase_file, &args.credential) {
        (Some(file), ..) => Unlock::KeyFile(call.path(file)),
        (_, Some(file), _) => Unlock::PassphraseFile(call.path(file)),
        (.., name) => Unlock::Credential(name.clone().unwrap_or_default()),
    };
    let line = unlock.line();
    node.secrets.rekey(&unlock, &mut *node.ports.chance.rng())?;
    node.log.record(&Event::Rekeyed { by: call.person.clone() }).await.map_err(Problem::bug)?;
    let said = [("line", line.as_str().into())];
    tell(&*call.console, &json!({ "unlock": line }), &call.console.text("node-rekeyed", &said));
    Ok(Exit::Done)
}
