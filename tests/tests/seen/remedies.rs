//! The doctor names the cause, and no other: a suspended bank, a wrong clock, an old coordinator, an address that leads
//! elsewhere, a ceremony that waits for a person, a folder that does not open.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lianfang_desk::{Buffer, Console, Exit, Lang, Program};
use lianfang_node::Node;
use lianfang_node::commands::NodeArgs;
use lianfang_node::config::{Decide, Policy};
use lianfang_tests::clock::MovableClock;
use lianfang_tests::simulation::engine::copy;
use lianfang_tests::world::{COORDINATOR, Said, World, address, automatic};
use serde_json::Value;
use sqlx::{Connection as _, SqliteConnection};

use crate::doctor::{code, findings, of};

const DAY: Duration = Duration::from_hours(24);

/// Every code that stands in an answer.
fn codes(found: &Value) -> Vec<&str> {
    let checks = found["checks"].as_array().expect("checks").iter();
    checks.filter_map(|check| check["code"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_takes_no_part_is_told_so_once() {
    let world = World::ready(&["alpha", "beta", "gamma"], 3, 2).await;
    let rows: [(&[&str], &str, &str); 2] = [
        (&["roster", "suspend", "beta"], "beta", "member-suspended"),
        (&["roster", "revoke", "gamma", "--yes"], "gamma", "member-revoked"),
    ];
    for (words, bank, wanted) in rows {
        world.run(COORDINATOR, words).await.json();
        // Its connections are cut in the same moment, perhaps under this very call.
        let told = async || {
            let (exit, found) = findings(&world, bank).await;
            let known = of(&found, "membership").iter().any(|check| check["code"] == wanted);
            known.then_some((exit, found))
        };
        let (exit, found) = world.until("the doctor says why nobody answers", told).await;
        assert_eq!(exit, Exit::Refused, "{found}");
        code(&found, "membership", "fail", wanted);
        assert_eq!(codes(&found).iter().filter(|code| **code == wanted).count(), 1, "{found}");
        for check in ["coordinator", "holder", "address", "port"] {
            assert!(of(&found, check).is_empty(), "{check}: {found}");
        }
        assert!(!codes(&found).contains(&"certificate-unknown"), "{found}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_is_told_as_a_wrong_clock() {
    let mut world = World::ready(&["alpha", "beta"], 2, 2).await;
    world.stop("beta").await;
    for (behind, state, wanted) in [
        (Duration::from_secs(20), "warn", "doctor-clock-off"),
        (Duration::from_mins(3), "fail", "doctor-clock-off"),
        (400 * DAY, "fail", "doctor-clock-behind"),
    ] {
        let clock = MovableClock::default();
        clock.back(behind);
        let way = Arc::new(world.detour.clone());
        let node = Node::start(&world.dir("beta"), clock.ports(), way).await.expect("the node starts");
        let (exit, out, notes) = node.run(&["doctor", "--json"]).await;
        node.shutdown().await;
        let found: Value =
            serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out} {notes}"));
        code(&found, "clock", state, wanted);
        assert!(state == "warn" || exit == Exit::Usage, "{exit:?} {found}");
        if wanted == "doctor-clock-behind" {
            assert_eq!(codes(&found).iter().filter(|code| **code == wanted).count(), 1, "{found}");
            assert!(of(&found, "certificate").is_empty(), "it is not in order: {found}");
            code(&found, "coordinator", "fail", "certificate-early");
            code(&found, "holder", "fail", "certificate-early");
            assert_eq!(of(&found, "holder")[0]["party"], "alpha");
            assert!(!codes(&found).contains(&"certificate-unknown"), "{found}");
        }
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_from_an_old_backup_is_told() {
    if lianfang_store::trial::server().is_some() {
        // Its store is not in its folder.
        return;
    }
    let mut world = World::ready(&["alpha", "beta"], 2, 2).await;
    let place = tempfile::tempdir().expect("a folder");
    let (dir, kept) = (world.dir(COORDINATOR), place.path().join("kept"));
    world.stop(COORDINATOR).await;
    copy(&dir, &kept);
    world.start(COORDINATOR).await;
    let changed = world.run(COORDINATOR, &["roster", "suspend", "beta"]).await.json();
    let newest = changed["roster_version"].as_u64().expect("a version").to_string();
    for (back, state, wanted) in [
        (false, "ok", "doctor-roster-ok"),
        (true, "fail", "doctor-roster-ahead"),
        (false, "fail", "doctor-roster-differs"),
    ] {
        if back {
            world.stop(COORDINATOR).await;
            std::fs::remove_dir_all(&dir).expect("removed");
            copy(&kept, &dir);
            world.start(COORDINATOR).await;
        }
        if wanted == "doctor-roster-differs" {
            world.run(COORDINATOR, &["roster", "suspend", "beta"]).await.json();
        }
        // Said of the version that alpha has to have before the coordinator forgets it.
        let told = async || {
            let (_, found) = findings(&world, "alpha").await;
            let known = of(&found, "roster").iter().any(|check| {
                check["code"] == wanted
                    && check["sentence"].as_str().is_some_and(|said| said.contains(&newest))
            });
            known.then_some(found)
        };
        let found = world.until(wanted, told).await;
        code(&found, "roster", state, wanted);
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_leads_to_another_party_is_told_with_both_names() {
    let world = World::ready(&["alpha", "beta", "gamma"], 3, 2).await;
    world.detour.lead(&address("beta"), &address("gamma"));
    let (_, found) = findings(&world, "alpha").await;
    let wrong = of(&found, "holder").into_iter().find(|check| check["code"] == "wrong-party");
    let wrong = wrong.unwrap_or_else(|| panic!("gamma answers for beta: {found}"));
    assert_eq!((&wrong["party"], &wrong["state"]), (&"beta".into(), &"warn".into()), "{found}");
    let said = wrong["sentence"].as_str().unwrap_or_default();
    assert!(said.contains("bank gamma") && said.contains("bank beta"), "{said}");
    assert!(!wrong["remedy"].as_str().unwrap_or_default().is_empty());
    let people = world.run_plain("alpha", &["doctor"]).await.out;
    assert!(people.contains("beta: "), "{people}");

    world.detour.lead(&address("alpha"), &address("gamma"));
    let (exit, found) = findings(&world, "alpha").await;
    assert_eq!(exit, Exit::Usage, "{found}");
    code(&found, "port", "fail", "doctor-port-other");
    world.end().await;
}

/// What a gauge without labels shows.
fn gauge(metrics: &str, name: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ceremony_that_waits_for_a_person_is_told() {
    let policy = |bank: &str| {
        let ceremony = if bank == "beta" { Decide::Ask } else { Decide::Automatic };
        Policy { ceremony, ..automatic() }
    };
    let world = World::with_policy(&["alpha", "beta"], policy).await;
    for bank in ["alpha", "beta"] {
        world.enrol(bank, bank).await;
    }
    let (_, found) = findings(&world, "beta").await;
    code(&found, "ceremonies", "ok", "doctor-ceremonies-ok");
    let words = ["ceremony", "start", "--holders", "alpha,beta", "--threshold", "2", "--deadline", "600s"];
    let started = world.run(COORDINATOR, &words).await.json();
    let id = started["ceremony"].as_str().expect("an id").to_owned();
    let asked = async || {
        let (exit, found) = findings(&world, "beta").await;
        let waits = of(&found, "ceremonies").iter().any(|check| check["state"] == "warn");
        waits.then_some((exit, found))
    };
    let (exit, found) = world.until("the ceremony waits for a person", asked).await;
    assert_eq!(exit, Exit::Done, "a warning: {found}");
    code(&found, "ceremonies", "warn", "doctor-ceremonies-ask");
    let remedy = of(&found, "ceremonies")[0]["remedy"].as_str().unwrap_or_default().to_owned();
    assert!(remedy.contains(&format!("key join {id}")), "{remedy}");
    assert_eq!(gauge(&world.metrics("beta").await, "lianfang_ceremonies_open"), Some(1.0));

    world.run("beta", &["key", "join", &id]).await.json();
    let over = async || {
        let open = gauge(&world.metrics("beta").await, "lianfang_ceremonies_open");
        (open == Some(0.0)).then_some(())
    };
    world.until("the ceremony is over", over).await;
    let (_, found) = findings(&world, "beta").await;
    code(&found, "ceremonies", "ok", "doctor-ceremonies-ok");
    world.end().await;
}

/// The doctor as a process of its own, in a folder that nobody serves.
async fn aside<P: Program>(dir: &Path, name: &str) -> Said {
    let words = [name, "doctor", "--json", "--dir", &dir.display().to_string()].map(std::ffi::OsString::from);
    let cwd = dir.to_owned();
    let run = move || {
        let console = Arc::new(Buffer::new(Lang::En).json());
        let shared: Arc<dyn Console> = console.clone();
        let exit = lianfang_desk::run::run_on::<P>(words.to_vec(), cwd, &shared);
        Said { exit, out: console.out_text(), notes: console.notes_text() }
    };
    let thread = std::thread::spawn(run);
    tokio::task::spawn_blocking(move || thread.join().expect("it ends")).await.expect("it ends")
}

/// Gives every file of a folder this mode.
fn opened(folder: PathBuf, mode: u32) {
    let files = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    for file in files {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).expect("its mode");
    }
}

/// A store of a program that comes later.
async fn newer(dir: &Path) {
    let url = format!("sqlite://{}", dir.join("store.sqlite").display());
    let mut store = SqliteConnection::connect(&url).await.expect("a store");
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'later', TRUE, $1, 0)";
    sqlx::query(later).bind(&[0_u8][..]).execute(&mut store).await.expect("it is later");
    store.close().await.expect("closed");
}

/// What is wrong with the folder is one finding among the others, which are looked for all the same. Each wound hides those
/// before it.
async fn wounded<P: Program>(dir: &Path, name: &str, secret: &str) {
    for (wound, check, wanted, exit) in [
        ("newer", "store", "store-newer", Exit::Usage),
        ("corrupt", "store", "store-corrupt", Exit::Data),
        ("opened", "secrets", secret, Exit::Usage),
        ("configured", "configuration", "config-unknown-field", Exit::Usage),
    ] {
        match wound {
            "newer" => newer(dir).await,
            "corrupt" => {
                for end in ["-wal", "-shm"] {
                    let _ = std::fs::remove_file(dir.join(format!("store.sqlite{end}")));
                }
                std::fs::write(dir.join("store.sqlite"), "no store at all ".repeat(1_024)).expect("written");
            }
            "opened" => opened(dir.join("secrets"), 0o644),
            _ => {
                let path = dir.join("config.toml");
                let text = std::fs::read_to_string(&path).expect("a configuration");
                std::fs::write(&path, format!("nobody-knows-this = 1\n{text}")).expect("written");
            }
        }
        let said = aside::<P>(dir, name).await;
        let found: Value =
            serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
        code(&found, check, "fail", wanted);
        assert!(codes(&found).iter().any(|code| code.starts_with("doctor-disk-")), "{found}");
        assert!(found["ok"] == false && said.exit == exit, "{wound}: {said:?}");
        if wound == "opened" {
            code(&found, "folder", "fail", "doctor-folder-open");
            let told = of(&found, check)[0]["sentence"].as_str().unwrap_or_default().to_owned();
            let file = dir.join("secrets").display().to_string() + "/";
            assert!(told.contains(&file) && told.contains("644"), "{told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_does_not_open_is_looked_at_all_the_same() {
    if lianfang_store::trial::server().is_some() {
        // Its store is not in its folder.
        return;
    }
    let mut world = World::new(&["alpha"]).await;
    for party in ["alpha", COORDINATOR] {
        world.stop(party).await;
    }
    wounded::<NodeArgs>(&world.dir("alpha"), "lianfang-node", "secret-file-open").await;
    let coordinator = world.dir(COORDINATOR);
    wounded::<lianfang_coordinator::Cli>(&coordinator, "lianfang-coordinator", "coordinator-secret-file")
        .await;
    world.end().await;
}
