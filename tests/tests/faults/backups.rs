//! Backups, taken while a party works, and what a restored party is worth.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lianfang_desk::{Buffer, Console, Exit, Lang, Program};
use lianfang_node::commands::NodeArgs;
use lianfang_proto::FaultCode;
use lianfang_store::trial::Trial;
use lianfang_tests::world::{COORDINATOR, JobTerms, Said, World};
use lianfang_trust::at_rest::file::write_atomically;

use crate::certificates::{exchange_tls, exchanges, has_heard, tls_key};
use crate::stage::{LABELS, agree, stocked};
use crate::told::told;

/// Runs a command as its own process would, in a folder that nobody serves.
pub(crate) async fn aside<P: Program>(dir: &Path, name: &str, words: &[&str]) -> Said {
    let mut args = vec![name.to_owned()];
    args.extend(words.iter().map(|&word| word.to_owned()));
    args.extend(["--dir".to_owned(), dir.display().to_string(), "--json".to_owned()]);
    let cwd = dir.to_owned();
    let run = std::thread::spawn(move || {
        let console = Arc::new(Buffer::new(Lang::En).json());
        let shared: Arc<dyn Console> = console.clone();
        let exit = lianfang_desk::run::run_on::<P>(args.into_iter().map(Into::into).collect(), cwd, &shared);
        Said { exit, out: console.out_text(), notes: console.notes_text() }
    });
    tokio::task::spawn_blocking(move || run.join().expect("it ends")).await.expect("it ends")
}

async fn restore(world: &World, bank: &str, words: &[&str]) -> Said {
    aside::<NodeArgs>(&world.dir(bank), "lianfang-node", &[&["restore"], words].concat()).await
}

fn refused(said: &Said, code: &str) {
    assert!(!said.exit.is_done() && said.notes.contains(&format!("\"{code}\"")), "{said:?}");
}

/// These tests are of stores in files, whatever the environment names.
fn in_files() -> bool {
    Trial::new().kind() == lianfang_store::Kind::Sqlite
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_holder_answers_nothing_new_until_people_allow_it() {
    assert!(in_files(), "a store on a server is not copied");
    let (mut world, people) = stocked(2, 2, 2, 20).await;
    let (job, _) = world.whole_job(&JobTerms::new(2, LABELS)).await;
    agree(&world, &people, &["bank-01", "bank-02"], &job, 2, LABELS).await;
    let backup = world.dir("bank-02").join("backup");
    let to = backup.display().to_string();
    let made = world.run("bank-02", &["backup", &to]).await.json();
    assert!(made["bytes"].as_u64() > Some(10_000) && backup.join("manifest.json").exists(), "{made}");
    assert!(!backup.join("unlock.key").exists() && !backup.join("secrets/unlock.key").exists());
    assert_eq!(world.run("bank-02", &["backup", &to]).await.exit, Exit::Usage, "it is not empty any more");

    // What bank-01 has evaluated from here on is forgotten by the restore.
    world.import("bank-01", b"record,mobile\nN1,13900000001\n").await;
    world.whole_job(&JobTerms::new(2, LABELS)).await;
    world.stop("bank-02").await;
    let restored = restore(&world, "bank-02", &[&to]).await.json();
    assert_eq!(restored["counters_full"], true);
    let aside = restored["aside"].as_str().expect("a folder");
    assert!(Path::new(aside).join("store.sqlite").exists(), "what was there stands aside");
    world.start("bank-02").await;
    assert!(world.run("bank-02", &["audit", "verify"]).await.exit.is_done());
    let log = world.run("bank-02", &["audit", "list", "--limit", "10000"]).await.out;
    assert!(log.contains("store.backed-up") && log.contains("store.restored"), "{log}");

    world.import("bank-01", b"record,mobile\nN2,13900000002\n").await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    told(&world, "bank-01", &job, FaultCode::QuotaExceeded, "bank-02").await;
    world.run("bank-02", &["policy", "allow", "bank-01", "100000"]).await.json();
    for bank in ["bank-01", "bank-02"] {
        world.stage(bank, &job, "done").await;
    }
    world.end().await;
}

/// Configures a source that names two files of the folder: one that is there and one that is not.
fn source_files(dir: &Path) -> [PathBuf; 2] {
    let [there, lacks] = ["inbox/query.sql", "secrets/db.pass"].map(|name| dir.join(name));
    std::fs::create_dir(dir.join("inbox")).expect("a folder");
    std::fs::write(&there, "SELECT 1").expect("written");
    let config = dir.join("config.toml");
    let text = std::fs::read_to_string(&config).expect("a configuration");
    let source = r#"
[source.cases]
from = "postgres://reader@db/cases"
query_file = "inbox/query.sql"
password_file = "secrets/db.pass"
"#;
    std::fs::write(&config, text + source).expect("written");
    [there, lacks]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_not_whole_replaces_nothing() {
    assert!(in_files(), "a store on a server is not copied");
    let mut world = World::ready(&["alpha", "beta"], 2, 2).await;
    let [there, lacks] = source_files(&world.dir("alpha"));
    let backup = world.dir("alpha").join("backup");
    let to = backup.display().to_string();
    world.run("alpha", &["backup", &to]).await.json();
    world.stop("alpha").await;
    let store = backup.join("store.sqlite");
    let whole = std::fs::read(&store).expect("a store");

    let mut spoilt = whole.clone();
    spoilt[5_000] ^= 1;
    std::fs::write(&store, &spoilt).expect("written");
    refused(&restore(&world, "alpha", &[&to]).await, "backup-changed");
    std::fs::write(&store, &whole[..whole.len() / 2]).expect("written");
    refused(&restore(&world, "alpha", &[&to]).await, "backup-changed");
    std::fs::remove_file(&store).expect("removed");
    refused(&restore(&world, "alpha", &[&to]).await, "backup-changed");
    std::fs::write(&store, &whole).expect("written");

    let manifest = backup.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).expect("a manifest");
    std::fs::write(&manifest, text.replace("lianfang-node", "lianfang-coordinator")).expect("written");
    refused(&restore(&world, "alpha", &[&to]).await, "backup-of-another");
    std::fs::write(&manifest, text.replace("store.sqlite", "../store.sqlite")).expect("written");
    refused(&restore(&world, "alpha", &[&to]).await, "backup-changed");
    std::fs::write(&manifest, &text[..text.len() / 2]).expect("written");
    refused(&restore(&world, "alpha", &[&to]).await, "backup-unfinished");
    std::fs::write(&manifest, &text).expect("written");

    let key = world.dir("alpha").join("unlock.key");
    let right = std::fs::read(&key).expect("a key file");
    std::fs::write(&key, vec![7; right.len()]).expect("written");
    refused(&restore(&world, "alpha", &[&to]).await, "wrong-passphrase");
    std::fs::write(&key, right).expect("written");

    assert!(!world.dir("alpha").join("restoring").exists(), "nothing is left of what was refused");
    world.start("alpha").await;
    world.stop("alpha").await;
    let said = restore(&world, "alpha", &[&to, "--complete"]).await;
    let restored = said.json();
    assert_eq!(restored["counters_full"], false);
    let lacks = lacks.display().to_string();
    assert_eq!(restored["missing"], serde_json::json!([lacks]));
    assert!(said.notes.contains(&lacks) && there.exists(), "{said:?}");
    world.start("alpha").await;
    world.end().await;
}

/// Both folders are unlocked by one file, as on a machine where the key file lies outside of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_another_bank_replaces_nothing() {
    assert!(in_files(), "a store on a server is not copied");
    let mut world = World::ready(&["alpha", "beta"], 2, 2).await;
    world.stop("alpha").await;
    let (alpha, beta) = (world.dir("alpha"), world.dir("beta"));
    let config = alpha.join("config.toml");
    let text = std::fs::read_to_string(&config).expect("a configuration");
    let key = alpha.join("unlock.key").display().to_string();
    assert!(text.contains("\"unlock.key\""), "{text}");
    let absolute = text.replace("\"unlock.key\"", &format!("\"{key}\""));
    std::fs::write(&config, absolute).expect("written");
    world.start("alpha").await;
    let backup = alpha.join("backup").display().to_string();
    world.run("alpha", &["backup", &backup]).await.json();
    world.stop("beta").await;

    let before = std::fs::read(beta.join("store.sqlite")).expect("a store");
    let said = restore(&world, "beta", &[&backup]).await;
    refused(&said, "restore-of-another-bank");
    assert_eq!(said.exit, Exit::Refused);
    for bank in ["alpha", "beta"] {
        assert!(said.notes.contains(&world.fingerprint(bank)), "{said:?}");
    }
    assert_eq!(std::fs::read(beta.join("store.sqlite")).expect("a store"), before);
    assert!(!beta.join("restoring").exists(), "nothing is left of what was refused");
    world.start("beta").await;
    world.end().await;
}

/// The files of a backup, by their paths within it.
fn files_of(backup: &Path) -> BTreeSet<String> {
    let names = |folder: &str| {
        let entries = std::fs::read_dir(backup.join(folder)).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect()
    };
    let (top, sealed): (Vec<String>, Vec<String>) = (names(""), names("secrets"));
    let sealed = sealed.into_iter().map(|name| format!("secrets/{name}"));
    top.into_iter().filter(|name| name != "secrets").chain(sealed).collect()
}

/// The unlocking files of before, of now and of after a change lie beside what they unlock, and the one in use is named by
/// a path that does not read like one of the folder: none is in a backup, and a restore leaves the one that it needs.
#[tokio::test(flavor = "multi_thread")]
async fn no_unlocking_file_is_in_a_backup_and_a_restore_leaves_the_one_in_use() {
    assert!(in_files(), "a store on a server is not copied");
    let mut world = World::ready(&["alpha", "beta"], 2, 2).await;
    for (party, of_old, sealed) in [
        ("alpha", "unlock.key", ["keyring", "keyring.next", "keys.sealed"]),
        (COORDINATOR, "secrets/unlock.key", ["key-ring", "key-ring.next", "keys"]),
    ] {
        world.stop(party).await;
        let dir = world.dir(party);
        let key = std::fs::read(dir.join(of_old)).expect("a key file");
        let current = dir.join("secrets/../secrets/current.key");
        for (path, bytes) in [
            ("secrets/unlock.key", &key[..]),
            ("secrets/current.key", &key[..]),
            ("secrets/new.key", &[9; 64][..]),
        ] {
            write_atomically(&dir.join(path), bytes).expect("written");
        }
        let config = dir.join("config.toml");
        let text = std::fs::read_to_string(&config).expect("a configuration");
        let named = text.replace(&format!("\"{of_old}\""), &format!("\"{}\"", current.display()));
        assert_ne!(named, text);
        std::fs::write(&config, named).expect("written");
        world.start(party).await;
        let new = dir.join("secrets/new.key").display().to_string();
        world.run(party, &["key", "rekey", "--key-file", &new]).await.json();
        let backup = dir.join("backup");
        let to = backup.display().to_string();
        world.run(party, &["backup", &to]).await.json();
        let others = ["config.toml", "manifest.json", "store.sqlite"].map(str::to_owned);
        let wanted: BTreeSet<String> =
            sealed.iter().map(|name| format!("secrets/{name}")).chain(others).collect();
        assert_eq!(files_of(&backup), wanted, "{party}");

        world.stop(party).await;
        std::fs::rename(&current, dir.join("elsewhere.key")).expect("moved");
        refused(&restore_party(&world, party, &to).await, "restore-unlock-missing");
        std::fs::rename(dir.join("elsewhere.key"), &current).expect("moved");
        restore_party(&world, party, &to).await.json();
        assert_eq!(std::fs::read(&current).expect("the file in use"), key);
        world.start(party).await;
    }
    world.end().await;
}

async fn restore_party(world: &World, party: &str, from: &str) -> Said {
    if party == COORDINATOR {
        let words = ["restore", from];
        aside::<lianfang_coordinator::Cli>(&world.dir(COORDINATOR), "lianfang-coordinator", &words).await
    } else {
        restore(world, party, &[from]).await
    }
}

/// Puts the backup back while nothing serves; the version of the roster that is signed then.
async fn restore_coordinator(world: &World, from: &str) -> u64 {
    let restored = restore_party(world, COORDINATOR, from).await.json();
    let version = restored["roster_version"].as_u64();
    version.filter(|version| *version > 10_000).unwrap_or_else(|| panic!("{restored}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_coordinator_goes_on_with_a_roster_that_banks_take() {
    assert!(in_files(), "a store on a server is not copied");
    let (mut world, people) = stocked(2, 2, 2, 20).await;
    let backup = world.dir(COORDINATOR).join("backup");
    let to = backup.display().to_string();
    world.run(COORDINATOR, &["backup", &to]).await.json();
    assert!(!backup.join("jobs").exists());
    // A roster that is forgotten: its version must not come back with another content.
    world.run(COORDINATOR, &["roster", "suspend", "bank-02"]).await.json();
    world.run(COORDINATOR, &["roster", "resume", "bank-02"]).await.json();
    world.stop(COORDINATOR).await;
    let key = tls_key(&world.dir(COORDINATOR));
    restore_coordinator(&world, &to).await;
    assert_eq!(tls_key(&world.dir(COORDINATOR)), key, "it was not exchanged since");
    world.start(COORDINATOR).await;
    assert_eq!(exchanges(&world).await, 0);
    let (job, _) = world.whole_job(&JobTerms::new(2, LABELS)).await;
    agree(&world, &people, &["bank-01", "bank-02"], &job, 2, LABELS).await;
    assert!(world.run(COORDINATOR, &["audit", "verify"]).await.exit.is_done());
    world.end().await;
}

/// The key behind the certificate was exchanged since the backup was made, for somebody else has the older one: it does not come
/// back, though the restored store knows nothing of that. Nor does it at a second restore of the same backup, and the banks hear
/// of the key that comes then, though they have a roster of the first.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_coordinator_does_not_go_back_to_a_key_that_was_exchanged() {
    assert!(in_files(), "a store on a server is not copied");
    let (mut world, people) = stocked(2, 2, 2, 20).await;
    let dir = world.dir(COORDINATOR);
    let to = dir.join("backup").display().to_string();
    world.run(COORDINATOR, &["backup", &to]).await.json();
    world.stop(COORDINATOR).await;
    let mut keys = vec![tls_key(&dir), exchange_tls(&world).await];
    world.start(COORDINATOR).await;
    let mut versions = Vec::new();
    for _ in 0..2 {
        world.stop(COORDINATOR).await;
        versions.push(restore_coordinator(&world, &to).await);
        let key = tls_key(&dir);
        assert!(!keys.contains(&key), "{key:?} of {keys:?}");
        keys.push(key);
        world.start(COORDINATOR).await;
        for bank in ["bank-01", "bank-02"] {
            let heard = async || has_heard(&world, bank, &keys).await.then_some(());
            world.until("the bank has heard of the key of this restore", heard).await;
        }
    }
    assert!(versions[0] < versions[1], "{versions:?}");
    let (job, _) = world.whole_job(&JobTerms::new(2, LABELS)).await;
    agree(&world, &people, &["bank-01", "bank-02"], &job, 2, LABELS).await;
    assert_eq!(exchanges(&world).await, 1, "that of the restore; the store has forgotten the other");
    assert!(world.run(COORDINATOR, &["audit", "verify"]).await.exit.is_done());
    world.end().await;
}
