//! The doctor finds what an operator gets wrong, and says what to do.

use std::time::Duration;

use lianfang_desk::Exit;
use lianfang_tests::world::{COORDINATOR, Said, World, address};
use serde_json::Value;

/// What the doctor of a party said, and how it ended.
pub(crate) async fn findings(world: &World, party: &str) -> (Exit, Value) {
    let Said { exit, out, notes } = world.run(party, &["doctor"]).await;
    let found = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out} {notes}"));
    (exit, found)
}

/// The findings of one check.
pub(crate) fn of<'a>(found: &'a Value, check: &str) -> Vec<&'a Value> {
    let checks = found["checks"].as_array().expect("checks").iter();
    checks.filter(|finding| finding["check"] == check).collect()
}

#[track_caller]
pub(crate) fn code(found: &Value, check: &str, state: &str, code: &str) {
    let these = of(found, check);
    assert!(these.iter().any(|f| f["state"] == state && f["code"] == code), "{check}: {these:?}");
    let without = these.iter().any(|f| f["state"] != "ok" && f["remedy"].as_str().is_none_or(str::is_empty));
    assert!(!without, "a finding without a remedy: {these:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_federation_in_order_has_nothing_wrong() {
    let world = World::ready(&["alpha", "beta"], 2, 2).await;
    let (exit, found) = findings(&world, "alpha").await;
    assert_eq!(exit, Exit::Done, "{found}");
    for (check, wanted) in [
        ("store", "doctor-store-ok"),
        ("audit", "doctor-audit-ok"),
        ("certificate", "doctor-certificate-ok"),
        ("port", "doctor-port-ok"),
        ("coordinator", "doctor-coordinator-ok"),
        ("clock", "doctor-clock-ok"),
        ("roster", "doctor-roster-ok"),
        ("address", "doctor-address-ok"),
        ("holder", "doctor-holder-ok"),
        ("share", "doctor-share-ok"),
        ("keys", "doctor-key-ok"),
        ("jobs", "doctor-jobs-ok"),
    ] {
        code(&found, check, "ok", wanted);
    }
    let people = world.run_plain("alpha", &["doctor", "--lang", "zh"]).await;
    assert!(people.out.contains("检查项") && people.out.contains("协调方"), "{}", people.out);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reached_is_named() {
    let mut world = World::ready(&["alpha", "beta", "gamma"], 3, 2).await;
    // A firewall before alpha: the coordinator and alpha itself meet it.
    world.network.faults(&address("alpha")).refuse(true);
    let (exit, found) = findings(&world, "alpha").await;
    assert!(!exit.is_done(), "{found}");
    code(&found, "address", "fail", "doctor-address-unreachable");
    world.network.faults(&address("alpha")).refuse(false);

    // One holder of three is away, and two are enough.
    world.stop("beta").await;
    let (_, found) = findings(&world, "gamma").await;
    let away = of(&found, "holder").into_iter().find(|finding| finding["state"] == "warn");
    let away = away.unwrap_or_else(|| panic!("beta is away: {found}"));
    assert_eq!(away["code"], "unreachable");
    assert!(!away["remedy"].as_str().unwrap_or_default().is_empty());

    // And now the coordinator.
    world.stop(COORDINATOR).await;
    let (exit, found) = findings(&world, "gamma").await;
    assert_eq!(exit, Exit::Unreachable, "{found}");
    code(&found, "coordinator", "fail", "unreachable");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_than_the_rosters_is_told() {
    let mut world = World::ready(&["alpha", "beta"], 2, 2).await;
    world.stop("alpha").await;
    let path = world.dir("alpha").join("config.toml");
    let text = std::fs::read_to_string(&path).expect("a configuration");
    std::fs::write(&path, format!("advertise = \"elsewhere:7000\"\n{text}")).expect("written");
    world.start("alpha").await;
    let (exit, found) = findings(&world, "alpha").await;
    assert_eq!(exit, Exit::Usage, "{found}");
    code(&found, "configuration", "fail", "doctor-address-differs");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_coordinators_doctor_looks_after_its_own() {
    let mut world = World::ready(&["alpha", "beta"], 2, 2).await;
    let (exit, found) = findings(&world, COORDINATOR).await;
    assert_eq!(exit, Exit::Done, "{found}");
    for check in ["store", "audit", "authority", "port", "members", "advertise", "jobs"] {
        assert!(of(&found, check).iter().all(|finding| finding["state"] == "ok"), "{check}: {found}");
    }
    world.stop("beta").await;
    let (exit, found) = findings(&world, COORDINATOR).await;
    assert_eq!(exit, Exit::Done, "a bank's absence is a warning here: {found}");
    code(&found, "members", "warn", "doctor-member-unreachable");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_without_a_backup_is_told_so_in_time() {
    if lianfang_store::trial::server().is_some() {
        // Who looks after a server copies what is on it.
        return;
    }
    let world = World::ready(&["alpha", "beta"], 2, 2).await;
    for party in ["alpha", COORDINATOR] {
        let (_, found) = findings(&world, party).await;
        code(&found, "backup", "ok", "doctor-backup-young");
    }
    world.clock.pass(Duration::from_hours(10 * 24));
    for party in ["alpha", COORDINATOR] {
        let (_, found) = findings(&world, party).await;
        code(&found, "backup", "warn", "doctor-backup-none");
        let to = world.dir(party).join("copy").display().to_string();
        assert!(world.run(party, &["backup", &to]).await.exit.is_done());
        let (_, found) = findings(&world, party).await;
        code(&found, "backup", "ok", "doctor-backup-ok");
    }
    world.clock.pass(Duration::from_hours(9 * 24));
    let (_, found) = findings(&world, "alpha").await;
    code(&found, "backup", "warn", "doctor-backup-old");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_in_the_watched_folder_is_told() {
    let mut world = World::ready(&["alpha", "beta"], 2, 2).await;
    world.stop("alpha").await;
    let (dir, inbox) = (world.dir("alpha"), world.dir("alpha").join("inbox"));
    std::fs::create_dir_all(inbox.join("failed")).expect("a folder");
    let path = dir.join("config.toml");
    let text = std::fs::read_to_string(&path).expect("a configuration");
    let watch = format!("\n[watch]\nfolder = {inbox:?}\nevery = \"24h\"\n");
    std::fs::write(&path, text + &watch).expect("written");
    world.start("alpha").await;
    let (_, found) = findings(&world, "alpha").await;
    code(&found, "watch", "ok", "doctor-watch-ok");
    std::fs::write(inbox.join("failed/20270101T000000Z-a.csv.json"), "{}").expect("written");
    let (_, found) = findings(&world, "alpha").await;
    code(&found, "watch", "warn", "doctor-watch-failed");
    std::fs::remove_dir_all(&inbox).expect("removed");
    let (exit, found) = findings(&world, "alpha").await;
    assert!(
        !exit.is_done() && of(&found, "watch").iter().all(|finding| finding["state"] == "fail"),
        "{found}"
    );
    world.end().await;
}
