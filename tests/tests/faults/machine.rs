//! Machines: a full disk, a wrong key file.

use lianfang_desk::Exit;
use lianfang_tests::world::World;
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

#[cfg(feature = "namespaces")]
mod full_disks;
