//! Stores and keys that were put back from a backup: whatever is restored, nobody evaluates more than was granted.

use std::path::Path;

use lianfang_node::commands::NodeArgs;
use lianfang_node::config::Policy;
use lianfang_tests::world::{COORDINATOR, World, automatic};
use lianfang_trust::at_rest::backup::BackupKey;
use serde_json::Value;

use crate::backups::aside;
use crate::members::until_evaluated;

const QUOTA: u64 = 4;

/// Two holders of two, and a bank that asks them; each counter is `QUOTA`.
async fn federation() -> World {
    let policy = |_: &str| Policy { quota: QUOTA, ..automatic() };
    let world = World::with_policy(&["alpha", "beta", "gamma"], policy).await;
    for bank in ["alpha", "beta", "gamma"] {
        world.enrol(bank, bank).await;
    }
    world.agree(&["alpha", "beta"], 2).await;
    world
}

/// Blinded elements are random to a holder; these are multiples of the base point, each another one.
const POINTS: [&str; 6] = [
    "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
    "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
    "94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
    "da80862773358b466ffadfe0b3293ab3d9fd53c5ea6c955358f568322daf6a57",
    "e882b131016b52c1d3337080187cf768423efccbb517bb495ab812c4160ff44e",
    "f64746d3c92b13050ed8d80236a7f0007c3b3f962f5ba793d19a601ebb1df403",
];

/// How many of the points the holder evaluates for the bank from here on, until it refuses.
async fn spent(world: &World, bank: &str, holder: &str, points: &[&str]) -> usize {
    let mut answered = 0;
    for point in points {
        let words = ["key", "evaluate", "--holder", holder, "--json"];
        let said = world.run_with(bank, &words, point).await;
        if !said.exit.is_done() {
            assert_eq!(crate::members::code(&said.notes), "quota-exceeded", "{said:?}");
            break;
        }
        answered += 1;
    }
    answered
}

async fn logged(world: &World, bank: &str, event: &str) -> Vec<Value> {
    let said = world.run(bank, &["audit", "list", "--limit", "1000"]).await;
    let lines = said.out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|entry| entry["event"] == event).collect()
}

fn copy(from: &Path) -> Vec<u8> {
    std::fs::read(from.join("store.sqlite")).expect("a store")
}

fn put_back(into: &Path, store: &[u8]) {
    std::fs::write(into.join("store.sqlite"), store).expect("the store is put back");
}

/// What a holder notes beside its store is put back too, as with a machine's whole disk.
fn forget_note(dir: &Path) {
    std::fs::remove_file(dir.join("charges.stated")).expect("a note");
}

/// A holder's store is put back, and the only bank that knows of the charges in between would rather not tell: the
/// coordinator shows the holder its own last statement before it answers anybody.
#[tokio::test(flavor = "multi_thread")]
async fn a_holder_whose_charges_only_the_spender_knows() {
    let mut world = federation().await;
    until_evaluated(&world, "gamma", "alpha", None).await;
    world.stop("alpha").await;
    let older = copy(&world.dir("alpha"));
    world.start("alpha").await;
    until_evaluated(&world, "gamma", "alpha", None).await;
    assert_eq!(spent(&world, "gamma", "alpha", &POINTS[1..]).await as u64, QUOTA - 1);
    // The inbox moves, and with it the holder's statement.
    world.stop("alpha").await;
    world.start("alpha").await;
    until_evaluated(&world, "gamma", "alpha", None).await;
    world.stop("alpha").await;
    put_back(&world.dir("alpha"), &older);
    forget_note(&world.dir("alpha"));
    // The spender forgets what it has seen.
    world.stop("gamma").await;
    world.start("alpha").await;
    world.start("gamma").await;
    // What was charged before the backup is answered again, and charged to nobody.
    until_evaluated(&world, "gamma", "alpha", None).await;
    assert_eq!(spent(&world, "gamma", "alpha", &POINTS[4..]).await, 0, "every counter is full");
    let behind = logged(&world, "alpha", "holder.ledger-behind").await;
    assert_eq!(behind.len(), 1, "{behind:?}");
    assert_eq!(behind[0]["body"]["shown_by"], "coordinator");
    // A person opens it again, as far as that person says.
    world.run("alpha", &["policy", "allow", "gamma", "1"]).await.json();
    assert_eq!(spent(&world, "gamma", "alpha", &POINTS[3..]).await, 1);
    world.end().await;
}

/// All holders at once, as when a whole site is put back: none of them answers beyond what it had granted.
#[tokio::test(flavor = "multi_thread")]
async fn all_holders_and_the_bank_are_put_back() {
    let mut world = federation().await;
    let all = ["alpha", "beta", "gamma"];
    until_evaluated(&world, "gamma", "alpha", None).await;
    until_evaluated(&world, "gamma", "beta", None).await;
    for bank in all {
        world.stop(bank).await;
    }
    let older = all.map(|bank| copy(&world.dir(bank)));
    for bank in all {
        world.start(bank).await;
    }
    for holder in ["alpha", "beta"] {
        until_evaluated(&world, "gamma", holder, None).await;
        assert_eq!(spent(&world, "gamma", holder, &POINTS[1..]).await as u64, QUOTA - 1);
    }
    for bank in all {
        world.stop(bank).await;
        world.start(bank).await;
    }
    for holder in ["alpha", "beta"] {
        until_evaluated(&world, "gamma", holder, None).await;
    }
    for bank in all {
        world.stop(bank).await;
    }
    for (bank, store) in all.into_iter().zip(&older) {
        put_back(&world.dir(bank), store);
        if bank != "gamma" {
            forget_note(&world.dir(bank));
        }
        world.start(bank).await;
    }
    for holder in ["alpha", "beta"] {
        until_evaluated(&world, "gamma", holder, None).await;
        assert_eq!(spent(&world, "gamma", holder, &POINTS[4..]).await, 0);
    }
    world.end().await;
}

/// A backup of keys with shares, on a machine without the ledger: the share is there again, and every counter is full.
#[tokio::test(flavor = "multi_thread")]
async fn shares_from_a_backup_come_with_full_counters() {
    let mut world = federation().await;
    until_evaluated(&world, "gamma", "alpha", None).await;
    let dir = world.dir("alpha");
    let (secret, file) = (dir.join("backup.pass"), dir.join("alpha.keys"));
    std::fs::write(&secret, "a passphrase for tests\n").expect("a passphrase");
    let private = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600);
    std::fs::set_permissions(&secret, private).expect("its rights");
    let (secret_path, file_path) = (secret.display().to_string(), file.display().to_string());
    let words = ["key", "backup", &file_path, "--passphrase-file", &secret_path, "--with-shares"];
    let made = world.run("alpha", &words).await.json();
    assert_eq!(made["shares"], 1);
    let again = world.run("alpha", &words).await;
    assert_eq!(crate::members::code(&again.notes), "file-exists", "{again:?}");
    assert_eq!(logged(&world, "alpha", "key.backed-up").await.len(), 1);

    world.stop("alpha").await;
    // Keys that are there are not overwritten, and it is their folder that is named, not the backup's file.
    let words = ["key", "restore", &file_path, "--passphrase-file", &secret_path];
    let over = aside::<NodeArgs>(&dir, "lianfang-node", &words).await;
    assert_eq!(crate::members::code(&over.notes), "already-initialised", "{over:?}");
    assert!(
        over.notes.contains(&dir.display().to_string()) && !over.notes.contains("alpha.keys"),
        "{over:?}"
    );
    std::fs::remove_file(dir.join("store.sqlite")).expect("a store");
    std::fs::remove_dir_all(dir.join("secrets")).expect("secrets");
    let key = BackupKey::passphrase(&std::fs::read(&secret).expect("a passphrase")).expect("a key");
    let bytes = std::fs::read(&file).expect("a backup");
    let ports = world.clock.ports();
    let restored = lianfang_node::secrets::restore(&dir, &bytes, &key, "li", &mut *ports.chance.rng());
    assert_eq!(restored.expect("restored").shares, 1);
    world.start("alpha").await;
    // The membership was in the store: it is confirmed again, under the same keys.
    let invite = world.run(COORDINATOR, &["invite", "alpha"]).await.json();
    let (text, print) =
        (invite["invite"].as_str().expect("text"), invite["fingerprint"].as_str().expect("hex"));
    let enrol = ["enrol", text, "--fingerprint", print, "--wait", "0"];
    assert!(!world.run("alpha", &enrol).await.exit.is_done(), "a person confirms it first");
    let own = world.fingerprint("alpha");
    world.run(COORDINATOR, &["roster", "confirm", "alpha", "--confirm", &own]).await.json();
    world.run("alpha", &enrol).await.json();
    until_evaluated(&world, "gamma", "alpha", Some("quota-exceeded")).await;
    let restored = logged(&world, "alpha", "key.restored").await;
    assert_eq!((&restored[0]["body"]["shares"], &restored[0]["body"]["by"]), (&1.into(), &"li".into()));
    world.run("alpha", &["policy", "allow", "gamma", "2"]).await.json();
    until_evaluated(&world, "gamma", "alpha", None).await;
    world.end().await;
}

/// The coordinator's store and the holder's are put back: what the holder has noted in its folder is above its ledger.
#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_and_a_holder_are_put_back() {
    let mut world = federation().await;
    until_evaluated(&world, "gamma", "alpha", None).await;
    for party in ["alpha", COORDINATOR] {
        world.stop(party).await;
    }
    let older = [copy(&world.dir("alpha")), copy(&world.dir(COORDINATOR))];
    for party in [COORDINATOR, "alpha"] {
        world.start(party).await;
    }
    until_evaluated(&world, "gamma", "alpha", None).await;
    assert_eq!(spent(&world, "gamma", "alpha", &POINTS[1..]).await as u64, QUOTA - 1);
    world.stop("alpha").await;
    world.start("alpha").await;
    until_evaluated(&world, "gamma", "alpha", None).await;
    for party in ["alpha", COORDINATOR] {
        world.stop(party).await;
    }
    put_back(&world.dir("alpha"), &older[0]);
    put_back(&world.dir(COORDINATOR), &older[1]);
    for party in [COORDINATOR, "alpha"] {
        world.start(party).await;
    }
    until_evaluated(&world, "gamma", "alpha", None).await;
    assert_eq!(spent(&world, "gamma", "alpha", &POINTS[4..]).await, 0, "every counter is full");
    let behind = logged(&world, "alpha", "holder.ledger-behind").await;
    assert_eq!(behind[0]["body"]["shown_by"], "folder", "{behind:?}");
    world.end().await;
}
