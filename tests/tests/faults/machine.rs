//! Machines: a full disk, a wrong key file.

use std::time::{Duration, Instant};

use lianfang_desk::Exit;
use lianfang_node::config::Config;
use lianfang_node::secrets::Secrets;
use lianfang_node::store::Store;
use lianfang_tests::world::{COORDINATOR, World};
use serde_json::Value;

use crate::told::{in_both_languages, sentences};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk() {
    let world = World::new(&["alpha"]).await;
    let register = world.dir("alpha").join("register.csv");
    std::fs::write(&register, "record,mobile\n1,13912345678\n2,12\n").expect("written");
    let words = ["import", &register.display().to_string(), "--rejects", "/dev/full"];
    for _ in 0..2 {
        let said = world.run("alpha", &words).await;
        assert_eq!(said.exit, Exit::Later, "{} {}", said.out, said.notes);
        let error: Value =
            serde_json::from_str(said.notes.lines().last().expect("a line")).expect("an object");
        assert_eq!(error["error"]["code"], "disk-full");
    }
    in_both_languages(&world, "alpha", &words, "disk-full", "/dev/full").await;
    world.import("alpha", b"record,mobile\n1,13912345678\n").await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_file() {
    let mut world = World::ready(&["alpha", "beta"], 2, 2).await;
    world.stop("alpha").await;
    let key = world.dir("alpha").join("unlock.key");
    let right = std::fs::read(&key).expect("a key file");
    std::fs::write(&key, vec![7; right.len()]).expect("written");
    let Err(problem) = world.try_start("alpha").await else { panic!("it opened") };
    assert_eq!((problem.code(), problem.exit()), ("wrong-passphrase", Exit::Usage));
    sentences(&problem, "alpha");
    std::fs::write(&key, right).expect("written");
    world.start("alpha").await;
    world.end().await;
}

/// Somebody else holds a store for a while: whoever needs it waits, and nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_another_holds_is_waited_for() {
    const A_WHILE: Duration = Duration::from_millis(1_500);
    let world = World::ready(&["alpha", "beta"], 2, 2).await;
    let dir = world.dir("alpha");
    let config = Config::load(&dir).expect("a configuration");
    let secrets = Secrets::open(&dir, &config.unlock).expect("secrets");
    let place = lianfang_node::secrets::place(&dir, &config.store).expect("a place");
    let other = Store::open(&place, &dir, secrets.master, world.clock.of_node()).await.expect("a store");
    let held = other.begin().await.expect("it is free");
    let released = async {
        tokio::time::sleep(A_WHILE).await;
        drop(held);
        Instant::now()
    };
    let imported = async {
        let summary = world.import("alpha", b"record,mobile\n1,13912345678\n").await;
        (summary, Instant::now())
    };
    let (released, (summary, imported)) = tokio::join!(released, imported);
    assert!(imported > released && summary["added"] == 1, "{summary}");
    other.close().await;

    let dir = world.dir(COORDINATOR);
    let config = lianfang_coordinator::config::Config::read(&dir).expect("a configuration");
    let place = lianfang_coordinator::secrets::place(&dir, &config.store).expect("a place");
    let other = lianfang_coordinator::store::Store::open(&place).await.expect("a store");
    let held = other.begin().await.expect("it is free");
    let released = async {
        tokio::time::sleep(A_WHILE).await;
        drop(held);
        Instant::now()
    };
    let invited = async { (world.run(COORDINATOR, &["invite", "gamma"]).await.json(), Instant::now()) };
    let (released, (_, invited)) = tokio::join!(released, invited);
    assert!(invited > released);
    other.close().await;
    world.end().await;
}

#[cfg(feature = "namespaces")]
mod full_disks;
