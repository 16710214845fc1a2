//! “Certificates are copied by hand between nodes.”

use std::path::{Path, PathBuf};

use lianfang_desk::Exit;
use lianfang_tests::canary::files;
use lianfang_tests::world::{COORDINATOR, JobTerms, World};

use super::{COUNT, register, rows};

/// All that ever lies in a bank's folder, each of it written by the bank's own node: its configuration and what unlocks its
/// secrets, the secrets, the store or the address of its server, who works in the folder, how far it has charged.
const OWN: [&str; 10] = [
    "charges.stated",
    "config.toml",
    "seat",
    "secrets/keyring",
    "secrets/keys.sealed",
    "store.sqlite",
    "store.sqlite-shm",
    "store.sqlite-wal",
    "store.url",
    "unlock.key",
];

/// What `invite` tells: one text and one fingerprint to carry, and for whom and how long they are.
const TOLD: [&str; 5] = ["bank", "expires_at", "fingerprint", "group", "invite"];

/// A bank joins, step by step as its people do it. Between the two parties go one word and two fingerprints: the word and the
/// regulator's to the bank, the bank's own back.
async fn join(world: &World, bank: &str) {
    let told = world.run(COORDINATOR, &["invite", bank]).await.json();
    let mut members: Vec<&str> = told.as_object().expect("an object").keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, TOLD);
    let (word, print) = (told["invite"].as_str().expect("text"), told["fingerprint"].as_str().expect("hex"));
    assert!(word.starts_with("lfi1-") && word.len() < 512, "{word}");
    assert!(word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'), "one word: {word}");
    assert!(print.len() == 64 && print.chars().all(|c| c.is_ascii_hexdigit()), "{print}");

    let enrol = ["enrol", word, "--fingerprint", print, "--wait", "0"];
    let asked = world.run(bank, &enrol).await;
    assert_eq!(asked.exit, Exit::Later, "nobody has confirmed it: {asked:?}");
    let own = world.fingerprint(bank);
    assert!(asked.notes.contains(&own), "the bank is told what to read out: {asked:?}");
    world.run(COORDINATOR, &["roster", "confirm", bank, "--confirm", &own]).await.json();
    world.run(bank, &enrol).await.json();
}

/// What is in a party's files that are not empty.
fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let read = |path: PathBuf| (path.clone(), std::fs::read(path).expect("a file"));
    files(dir).into_iter().map(read).filter(|(_, bytes)| !bytes.is_empty()).collect()
}

/// What was carried is enough for a whole job, and nothing of another party's lies in a bank's folder after it.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_copied_by_hand_between_nodes() {
    let mut world = World::new(&["alpha", "beta"]).await;
    for bank in ["alpha", "beta"] {
        join(&world, bank).await;
    }
    world.agree(&["alpha", "beta"], 2).await;
    world.import("alpha", &register(&["A1,agent,,13912345678"])).await;
    world.import("beta", &register(&["B1,agent,,13912345678"])).await;
    let (job, _) = world.whole_job(&JobTerms::new(2, COUNT)).await;
    for bank in ["alpha", "beta"] {
        assert_eq!(rows(&world.report(bank, &job).await).len(), 1, "{bank}");
    }

    for party in ["alpha", "beta", COORDINATOR] {
        world.stop(party).await;
    }
    for (bank, other) in [("alpha", "beta"), ("beta", "alpha")] {
        let dir = world.dir(bank);
        for path in files(&dir) {
            let name = path.strip_prefix(&dir).expect("within").display().to_string();
            assert!(OWN.contains(&name.as_str()), "{bank} has {name}");
        }
        let others = [contents(&world.dir(other)), contents(&world.dir(COORDINATOR))].concat();
        for (path, bytes) in contents(&dir) {
            let copied = others.iter().find(|(_, theirs)| *theirs == bytes);
            assert!(copied.is_none(), "{path:?} is {:?}", copied.map(|(theirs, _)| theirs));
        }
    }
    world.end().await;
}
