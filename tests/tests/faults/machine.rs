//! Machines: a full disk, a wrong key file.

use std::time::{Duration, Instant};

use lianfang_desk::Exit;
use lianfang_node::config::Config;
use lianfang_node::secrets::Secrets;
use lianfang_node::store::Store;
use lianfang_tests::world::{COORDINATOR, Said, World};
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
    // So many rejects that the disk is full in the middle of them.
    let many: String = (0..2_000).map(|at| format!("{at},12\n")).collect();
    std::fs::write(&register, format!("record,mobile\n{many}")).expect("written");
    in_both_languages(&world, "alpha", &words, "disk-full", "/dev/full").await;
    world.import("alpha", b"record,mobile\n1,13912345678\n").await;
    world.end().await;
}

/// The code that a command failed with.
fn code_of(said: &Said) -> Value {
    let last = said.notes.lines().last().unwrap_or_else(|| panic!("{said:?}"));
    let error: Value = serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    error["error"]["code"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_are_never_written_over_the_register_and_stay_if_an_import_fails() {
    let world = World::new(&["alpha"]).await;
    let (register, rejects) =
        (world.dir("alpha").join("register.csv"), world.dir("alpha").join("rejects.csv"));
    let text = "record,mobile\n1,13912345678\n2,12\n";
    std::fs::write(&register, text).expect("written");
    let path = register.display().to_string();
    for words in
        [&["import", &path, "--rejects", &path][..], &["import", &path, "--rejects", &path, "--dry-run"]]
    {
        let said = world.run("alpha", words).await;
        assert_eq!((said.exit, code_of(&said)), (Exit::Usage, Value::from("rejects-are-register")));
        in_both_languages(&world, "alpha", words, "rejects-are-register", &path).await;
        assert_eq!(std::fs::read_to_string(&register).expect("a register"), text);
    }
    let said = world.run("alpha", &["import", &path]).await.json();
    assert!(said["records"] == 2 && said["rejected"] == 1, "{said}");
    let told = std::fs::read_to_string(&rejects).expect("rejects");
    assert!(told.contains("3,2,mobile,reject,"), "{told}");
    std::fs::write(&register, "nothing,known\n1,2\n").expect("written");
    assert_eq!(code_of(&world.run("alpha", &["import", &path]).await), "register-no-record-column");
    assert_eq!(std::fs::read_to_string(&rejects).expect("rejects"), told);
    // Who is asked whether so much is to be retracted is told what could not be read.
    std::fs::write(&register, "record,mobile\n,13912345678\n").expect("written");
    let said = world.run("alpha", &["import", &path, "--full"]).await;
    assert_eq!((said.exit, code_of(&said)), (Exit::Data, Value::from("full-no-record")));
    let told = std::fs::read_to_string(&rejects).expect("rejects");
    assert!(told.contains("2,,record,reject,empty-record"), "{told}");
    let said = world.run("alpha", &["import", &path, "--full", "--retract-many"]).await.json();
    assert_eq!(said["retracted"], 2);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_held_by_hand_is_shown_as_held() {
    let world = World::new(&["alpha"]).await;
    world.import("alpha", b"record,mobile\nA1,13912345678\n").await;
    assert_eq!(world.run("alpha", &["register", "show", "A1"]).await.json()["standing"], "enters");
    world.run("alpha", &["hold", "A1", "--kind", "dispute"]).await.json();
    let shown = world.run("alpha", &["register", "show", "A1"]).await.json();
    assert!(shown["standing"] == "held" && shown["by_file"] == "enters", "{shown}");
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
    let other = Store::open(&place, &dir, secrets.master, world.clock.ports()).await.expect("a store");
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
