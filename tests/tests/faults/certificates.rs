//! Certificates over the years: renewed, expired, exchanged; keys of the coordinator that change.

use std::path::Path;
use std::time::Duration;

use lianfang_coordinator::Coordinator;
use lianfang_desk::Exit;
use lianfang_link::client::DialLimits;
use lianfang_link::{Dialer, Directory as _, Fingerprint, Identity, Party};
use lianfang_tests::liars::credentials;
use lianfang_tests::world::{COORDINATOR, JobTerms, World, address};
use serde_json::Value;

use crate::members::until_evaluated;
use crate::stage::{LABELS, agree, stocked};

const DAY: Duration = Duration::from_hours(24);

async fn days_left(world: &World, bank: &str) -> u64 {
    world.run(bank, &["certificate", "show"]).await.json()["days_left"].as_u64().expect("days")
}

/// Whether the coordinator lets this certificate in.
async fn admits(world: &World, bank: &str, identity: &Identity) -> bool {
    let directory = std::sync::Arc::new(credentials(world, bank).await.roster);
    let network = std::sync::Arc::new(world.network.clone());
    let dialer =
        Dialer::new(network, Some(identity), directory, &world.clock.of_link(), DialLimits::default());
    dialer.connect(&address(COORDINATOR), &Party::Coordinator).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_renewed_and_open_connections_go_on() {
    let world = World::ready(&["alpha", "beta"], 2, 2).await;
    until_evaluated(&world, "beta", "alpha", None).await;
    let before = world.network.faults(&address("alpha")).connections();
    assert!((365..=366).contains(&days_left(&world, "alpha").await));
    // A young certificate is given again, not another one.
    world.run("alpha", &["certificate", "renew"]).await.json();
    world.clock.pass(DAY * 300);
    assert!((65..=66).contains(&days_left(&world, "alpha").await));
    let shown = world.run("alpha", &["certificate", "renew"]).await.json();
    assert!(shown["days_left"].as_u64() >= Some(365), "{shown}");
    assert_eq!((&shown["pinned"], &shown["own"]), (&true.into(), &false.into()));
    until_evaluated(&world, "beta", "alpha", None).await;
    assert_eq!(world.network.faults(&address("alpha")).connections(), before, "nothing was dialled again");
    let log = world.run("alpha", &["audit", "list", "--limit", "1000"]).await;
    assert!(log.out.contains("certificate.renewed"), "{}", log.out);
    world.end().await;
}

/// Everything has been off for longer than any certificate lasts; nobody does anything, and all of it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_federation_that_was_off_past_all_its_certificates() {
    let (mut world, people) = stocked(3, 2, 2, 20).await;
    let banks = ["bank-01", "bank-02", "bank-03"];
    for party in banks.into_iter().chain([COORDINATOR]) {
        world.stop(party).await;
    }
    world.clock.pass(DAY * 500);
    for party in [COORDINATOR].into_iter().chain(banks) {
        world.start(party).await;
    }
    let (job, _) = world.whole_job(&JobTerms::new(2, LABELS)).await;
    agree(&world, &people, &banks, &job, 2, LABELS).await;
    for bank in banks {
        assert!(days_left(&world, bank).await > 360);
    }
    world.end().await;
}

/// A suspended bank is told so where it asks for a certificate, and an expired one of its opens nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_bank_renews_nothing() {
    let world = World::ready(&["alpha", "beta"], 2, 2).await;
    world.run(COORDINATOR, &["roster", "suspend", "beta"]).await.json();
    // Its connections are cut in the same moment, perhaps under this very call.
    let answered = async || {
        let said = world.run("beta", &["certificate", "renew"]).await;
        (said.exit != Exit::Unreachable).then_some(said)
    };
    let said = world.until("the coordinator answers a suspended bank", answered).await;
    assert_eq!(crate::members::code(&said.notes), "member-suspended", "{said:?}");
    world.run(COORDINATOR, &["roster", "resume", "beta"]).await.json();
    world.run("beta", &["certificate", "renew"]).await.json();
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_key_is_exchanged() {
    let (mut world, people) = stocked(3, 2, 2, 20).await;
    let old = credentials(&world, "bank-01").await.identity;
    assert!(admits(&world, "bank-01", &old).await);
    let before = world.run("bank-01", &["certificate", "show"]).await.json();
    let after = world.run("bank-01", &["key", "rotate-tls"]).await.json();
    assert_ne!(before["fingerprint"], after["fingerprint"]);
    assert_eq!(after["pinned"], true);
    assert!(admits(&world, "bank-01", &old).await, "both are good for a while");
    let (job, _) = world.whole_job(&JobTerms::new(2, LABELS)).await;
    agree(&world, &people, &["bank-01", "bank-02", "bank-03"], &job, 2, LABELS).await;
    // It is the same after a restart, and another bank has heard.
    world.stop("bank-01").await;
    world.start("bank-01").await;
    assert_eq!(
        world.run("bank-01", &["certificate", "show"]).await.json()["fingerprint"],
        after["fingerprint"]
    );
    until_evaluated(&world, "bank-03", "bank-01", None).await;
    // A day later the older one is dropped; the clock alone rings nobody, so a change of the roster does here.
    world.clock.pass(DAY + Duration::from_mins(1));
    world.run(COORDINATOR, &["roster", "suspend", "bank-02"]).await.json();
    world.run(COORDINATOR, &["roster", "resume", "bank-02"]).await.json();
    let dropped = async || (!admits(&world, "bank-01", &old).await).then_some(());
    world.until("the older key is dropped", dropped).await;
    // Where somebody else may have the key, it is refused at once.
    let second = credentials(&world, "bank-01").await.identity;
    world.run("bank-01", &["key", "rotate-tls", "--at-once"]).await.json();
    assert!(!admits(&world, "bank-01", &second).await);
    until_evaluated(&world, "bank-03", "bank-01", None).await;
    world.end().await;
}

/// One exchange after the other: each ends the connections under the key before the last, and the day's last is the fourth.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_key_is_exchanged_again_at_once() {
    let world = World::ready(&["alpha", "beta"], 2, 2).await;
    let mut keys = std::collections::BTreeSet::new();
    for _ in 0..4 {
        let shown = world.run("alpha", &["key", "rotate-tls"]).await.json();
        assert_eq!(shown["pinned"], true, "{shown}");
        assert!(keys.insert(shown["fingerprint"].to_string()), "another key each time: {shown}");
    }
    let said = world.run("alpha", &["key", "rotate-tls"]).await;
    assert_eq!(said.exit, Exit::Later, "{said:?}");
    assert_eq!(crate::members::code(&said.notes), "certificate-exchanges", "{said:?}");
    until_evaluated(&world, "beta", "alpha", None).await;
    world.clock.pass(DAY + Duration::from_mins(1));
    let exchanged = async || world.run("alpha", &["key", "rotate-tls"]).await.exit.is_done().then_some(());
    world.until("it is exchanged a day later", exchanged).await;
    world.end().await;
}

/// A store from before the exchange, as a backup brings it back: the certificate in it is for a key that is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_from_before_the_exchange() {
    let mut world = World::ready(&["alpha", "beta"], 2, 2).await;
    let store = world.dir("alpha").join("store.sqlite");
    world.stop("alpha").await;
    let older = std::fs::read(&store).expect("a store");
    world.start("alpha").await;
    world.run("alpha", &["key", "rotate-tls"]).await.json();
    world.stop("alpha").await;
    std::fs::write(&store, older).expect("the older store is put back");
    world.start("alpha").await;
    world
        .until("it has a certificate again", async || {
            let shown = world.run("alpha", &["certificate", "show"]).await.json();
            (shown["days_left"].as_u64() > Some(300) && shown["pinned"] == true).then_some(())
        })
        .await;
    until_evaluated(&world, "beta", "alpha", None).await;
    world.end().await;
}

/// What the coordinator signed years ago, by a key that it has no more, is still shown, and jobs go on under the new one.
#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_signing_key_that_is_no_longer_used() {
    let (mut world, people) = stocked(2, 2, 2, 20).await;
    let terms = JobTerms::new(2, LABELS);
    let (first, _) = world.whole_job(&terms).await;
    let refused = world.run(COORDINATOR, &["key", "rotate-signing"]).await;
    assert!(!refused.exit.is_done(), "not while it serves: {refused:?}");
    world.stop(COORDINATOR).await;
    let unlock =
        lianfang_coordinator::config::Config::read(&world.dir(COORDINATOR)).expect("a config").unlock;
    let ports = world.clock.ports();
    let mut rng = ports.chance.rng();
    let dir = world.dir(COORDINATOR);
    let before = std::fs::read(dir.join("secrets").join("keys")).expect("keys");
    lianfang_coordinator::secrets::rotate_signing(&dir, &unlock, &mut *rng).expect("rotated");
    let now = world.clock.of_link().now();
    lianfang_coordinator::secrets::renew_root(&dir, &unlock, now, &mut *rng).expect("renewed");
    world.start(COORDINATOR).await;
    let listed = world.run(COORDINATOR, &["job", "list"]).await.json();
    assert!(listed.to_string().contains(&first), "{listed}");
    assert_eq!(world.run(COORDINATOR, &["job", "show", &first]).await.json()["state"], "closed");
    world.run(COORDINATOR, &["ceremony", "list"]).await.json();
    let (second, _) = world.whole_job(&terms).await;
    agree(&world, &people, &["bank-01", "bank-02"], &second, 2, LABELS).await;
    // The keys from before do not come back, whoever puts them there.
    world.stop(COORDINATOR).await;
    let keys = dir.join("secrets").join("keys");
    std::fs::write(&keys, &before).expect("older keys");
    let network = std::sync::Arc::new(world.network.clone());
    let refused = Coordinator::start(&dir, world.clock.ports(), network).await;
    assert_eq!(
        refused.err().map(|problem| problem.code().to_owned()).as_deref(),
        Some("coordinator-keys-older")
    );
    let old: Value = world.job_at("bank-01", &first).await.expect("the bank has it too");
    assert_eq!(old["stage"], "done");
    world.end().await;
}

/// A bank was away while its job ended and the coordinator exchanged the key that it signs by: the job's certificate, by the key
/// before, is taken all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_certificate_of_a_signing_key_that_is_no_longer_used() {
    let (mut world, _) = stocked(3, 2, 2, 30).await;
    // One submits nothing, another returns nothing: so the third waits, and is stopped.
    world.stop("bank-03").await;
    let job = world.start_job(&JobTerms::new(2, LABELS).with("--deadline", "1h")).await;
    for bank in ["bank-01", "bank-02"] {
        world.stage(bank, &job, "submitted").await;
    }
    world.stop("bank-01").await;
    world.clock.pass(Duration::from_secs(3_601));
    world.stage("bank-02", &job, "returned").await;
    world.stop("bank-02").await;
    world.clock.pass(Duration::from_hours(2));
    let certified = async || {
        let shown = world.run(COORDINATOR, &["job", "show", &job]).await.json();
        (shown["state"] == "certified").then_some(())
    };
    world.until("the job is certified", certified).await;
    world.clock.pass(Duration::from_hours(2));
    world.closed(&job).await;

    world.stop(COORDINATOR).await;
    let (dir, ports) = (world.dir(COORDINATOR), world.clock.ports());
    let (exit, said) = Coordinator::run_alone(&dir, ports, &["key", "rotate-signing"]).await;
    assert_eq!(exit, Exit::Done, "{said}");
    world.start(COORDINATOR).await;
    world.start("bank-02").await;
    world.stage("bank-02", &job, "done").await;
    world.end().await;
}

/// The key behind the coordinator's certificate, as its folder has it.
pub(crate) fn tls_key(dir: &Path) -> Fingerprint {
    let unlock = lianfang_coordinator::config::Config::read(dir).expect("a configuration").unlock;
    let keys = lianfang_coordinator::secrets::Keys::open(dir, &unlock).expect("keys");
    keys.tls.fingerprint().expect("a fingerprint")
}

/// Exchanges it while nothing serves; the new one.
pub(crate) async fn exchange_tls(world: &World) -> Fingerprint {
    let dir = world.dir(COORDINATOR);
    let (exit, said) = Coordinator::run_alone(&dir, world.clock.ports(), &["key", "rotate-tls"]).await;
    let key = tls_key(&dir);
    assert!(exit.is_done() && said.contains(&key.to_string()), "{said}");
    key
}

/// How many exchanges the coordinator's log tells of.
pub(crate) async fn exchanges(world: &World) -> usize {
    let log = world.run(COORDINATOR, &["audit", "list", "--last", "1000"]).await;
    assert!(log.exit.is_done(), "{log:?}");
    log.out.matches("coordinator.certificate-key-rotated").count()
}

/// Whether a bank's roster names the last of these keys as the coordinator's, and none of the others.
pub(crate) async fn has_heard(world: &World, bank: &str, keys: &[Fingerprint]) -> bool {
    let roster = credentials(world, bank).await.roster;
    let named: Vec<_> = keys.iter().filter(|key| roster.party(key) == Some(Party::Coordinator)).collect();
    named == [keys.last().expect("a key")]
}

/// Another key behind the coordinator's certificate, twice: nodes that were on and one that was off hear of it by themselves.
#[tokio::test(flavor = "multi_thread")]
async fn the_key_behind_the_coordinators_certificate_is_exchanged() {
    let (mut world, people) = stocked(3, 2, 2, 20).await;
    let served = world.run(COORDINATOR, &["key", "rotate-tls"]).await;
    assert_eq!(served.exit, Exit::Usage, "not while it serves: {served:?}");
    for party in ["bank-03", COORDINATOR] {
        world.stop(party).await;
    }
    let dir = world.dir(COORDINATOR);
    let file = dir.join("secrets").join("keys");
    let before = std::fs::read(&file).expect("keys");
    let mut keys = vec![tls_key(&dir)];
    for _ in 0..2 {
        keys.push(exchange_tls(&world).await);
    }
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2], "{keys:?}");
    for party in [COORDINATOR, "bank-03"] {
        world.start(party).await;
    }
    let (job, _) = world.whole_job(&JobTerms::new(2, LABELS)).await;
    agree(&world, &people, &["bank-01", "bank-02", "bank-03"], &job, 2, LABELS).await;
    for bank in ["bank-01", "bank-03"] {
        assert!(has_heard(&world, bank, &keys).await, "{bank}");
    }
    assert_eq!(exchanges(&world).await, 2);
    // The key from before does not come back, whoever puts it there.
    world.stop(COORDINATOR).await;
    std::fs::write(&file, &before).expect("older keys");
    let network = std::sync::Arc::new(world.network.clone());
    let refused = Coordinator::start(&dir, world.clock.ports(), network).await.err().expect("a refusal");
    assert_eq!(refused.code(), "coordinator-keys-older");
    let (exit, said) = Coordinator::run_alone(&dir, world.clock.ports(), &["roster", "list"]).await;
    assert_eq!(exit, Exit::Usage, "{said}");
    assert_eq!(tls_key(&dir), keys[0], "no other command exchanges it");
    // Whoever has no later backup goes on under one more.
    keys.push(exchange_tls(&world).await);
    world.start(COORDINATOR).await;
    for bank in ["bank-01", "bank-03"] {
        let heard = async || has_heard(&world, bank, &keys).await.then_some(());
        world.until("the bank has heard of the third", heard).await;
    }
    assert_eq!(exchanges(&world).await, 3);
    world.end().await;
}
