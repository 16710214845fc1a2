//! Members that are suspended or revoked: at once, and everywhere.

use std::time::Duration;

use lianfang_desk::Exit;
use lianfang_proto::FaultCode;
use lianfang_tests::people::{Shape, World as People};
use lianfang_tests::world::{COORDINATOR, JobTerms, World, address};
use serde_json::Value;

use crate::stage::{LABELS, agree, channel, stock, stocked};
use crate::told::{in_both_languages, in_both_languages_with};

/// The group's base point.
pub(crate) const ELEMENT: &str = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76";

/// The code of the last problem that a command told.
pub(crate) fn code(notes: &str) -> String {
    let last = notes.lines().last().unwrap_or_default();
    let error: Value = serde_json::from_str(last).unwrap_or(Value::Null);
    error["error"]["code"].as_str().unwrap_or_default().to_owned()
}

/// One element, evaluated at a holder: the code of the refusal, or nothing.
pub(crate) async fn evaluated(world: &World, bank: &str, holder: &str) -> Option<String> {
    let words = ["key", "evaluate", "--holder", holder, "--json"];
    let said = world.run_with(bank, &words, ELEMENT).await;
    (!said.exit.is_done()).then(|| code(&said.notes))
}

/// Waits until an evaluation ends so.
pub(crate) async fn until_evaluated(world: &World, bank: &str, holder: &str, wanted: Option<&str>) {
    let seen = std::cell::RefCell::new(None);
    let what = format!("{bank} at {holder}: {wanted:?}");
    let reached = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            let now = evaluated(world, bank, holder).await;
            if now.as_deref() == wanted {
                return;
            }
            seen.replace(now);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(reached.await.is_ok(), "in vain: {what}; {:?}", seen.take());
}

/// What the coordinator's log says of one kind of event.
async fn entries(world: &World, event: &str) -> Vec<Value> {
    let said = world.run(COORDINATOR, &["audit", "list", "--last", "1000"]).await;
    let lines = said.out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|entry| entry["event"] == event).collect()
}

/// A bank that has submitted is suspended before the job has all: the job goes on without it, what it has submitted is
/// compared with nobody's, and it is told nothing. The next job has it again.
async fn suspended_in_the_middle(suspended: &str) {
    let (mut world, people) = stocked(4, 3, 2, 30).await;
    world.stop("bank-04").await;
    let terms = JobTerms::new(2, LABELS);
    let job = world.start_job(&terms).await;
    for bank in ["bank-01", "bank-02", "bank-03"] {
        world.stage(bank, &job, "submitted").await;
    }
    world.run(COORDINATOR, &["roster", "suspend", suspended]).await.json();
    // Where a holder is suspended, the others evaluate without it.
    world.start("bank-04").await;
    let others: Vec<&str> =
        ["bank-01", "bank-02", "bank-03", "bank-04"].into_iter().filter(|bank| *bank != suspended).collect();
    for bank in &others {
        world.stage(bank, &job, "done").await;
    }
    agree(&world, &people, &others, &job, 2, LABELS).await;
    let summary = world.run(COORDINATOR, &["summary", &job]).await.json();
    assert_eq!(summary["missing"], serde_json::json!([suspended]));
    let left_out = entries(&world, "job.left-out").await;
    assert_eq!(left_out.len(), 1, "{left_out:?}");
    assert_eq!(left_out[0]["body"]["bank"], suspended);
    assert_eq!(left_out[0]["body"]["submitted"], true);
    let shown = world.job_at(suspended, &job).await.expect("it has heard of the job");
    assert!(
        ["submitted", "missed", "failed"].contains(&shown["stage"].as_str().unwrap_or_default()),
        "{shown}"
    );
    let report = world.run(suspended, &["report", &job, "--out", "/nonexistent"]).await;
    assert!(!report.exit.is_done(), "a suspended bank has no report: {report:?}");

    world.run(COORDINATOR, &["roster", "resume", suspended]).await.json();
    let (job, _) = world.whole_job(&terms).await;
    let all: Vec<&str> = people.banks.iter().map(|bank| bank.id.as_str()).collect();
    agree(&world, &people, &all, &job, 2, LABELS).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_is_suspended_in_the_middle_of_a_job() {
    // With its submission sealed and its share not needed any more by those that have submitted.
    suspended_in_the_middle("bank-03").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_bank_that_is_suspended_while_it_evaluates() {
    let (world, people) = stocked(4, 3, 2, 30).await;
    // Nobody answers it further than that: it is in the middle when it is suspended.
    for holder in ["bank-01", "bank-02", "bank-03"] {
        world.run(holder, &["policy", "admit", "bank-04", "--quota", "1"]).await.json();
    }
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    for bank in ["bank-01", "bank-02", "bank-03"] {
        world.stage(bank, &job, "submitted").await;
    }
    world.run(COORDINATOR, &["roster", "suspend", "bank-04"]).await.json();
    for bank in ["bank-01", "bank-02", "bank-03"] {
        world.stage(bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02", "bank-03"], &job, 2, LABELS).await;
    world.end().await;
}

/// Connections that a bank holds open are worth nothing from then on, at the coordinator and at every holder.
#[tokio::test(flavor = "multi_thread")]
async fn open_connections_of_a_suspended_bank() {
    use lianfang_proto::v1::directory_client::DirectoryClient;
    use lianfang_proto::v1::{GetRosterRequest, WatchInboxRequest};

    let world = World::ready(&["alpha", "beta", "gamma"], 2, 2).await;
    until_evaluated(&world, "gamma", "alpha", None).await;
    let mut held = DirectoryClient::new(channel(&world, "gamma", COORDINATOR).await);
    held.get_roster(GetRosterRequest { version: 0 }).await.expect("it is admitted");
    let now = held.watch_inbox(WatchInboxRequest { seen: 0, wait_ms: 0 }).await.expect("its inbox");
    let wait = WatchInboxRequest { seen: now.into_inner().revision, wait_ms: 20_000 };
    let mut polling = held.clone();
    let polled = tokio::spawn(async move { polling.watch_inbox(wait).await });
    let connections = world.network.faults(&address("alpha")).connections();
    world.run(COORDINATOR, &["roster", "suspend", "gamma"]).await.json();
    assert!(polled.await.expect("it ends").is_err(), "a poll that waits ends without an inbox");
    assert!(held.get_roster(GetRosterRequest { version: 0 }).await.is_err());
    // Its own channel to the holder was open; whatever it tries now is refused in the handshake.
    until_evaluated(&world, "gamma", "alpha", Some("certificate-unknown")).await;
    assert!(
        world.network.faults(&address("alpha")).connections() > connections,
        "the old connection was closed"
    );
    until_evaluated(&world, "beta", "alpha", None).await;
    world.run(COORDINATOR, &["roster", "resume", "gamma"]).await.json();
    until_evaluated(&world, "gamma", "alpha", None).await;
    world.end().await;
}

/// A holder that cannot hear of a suspension answers for an hour as before, and then nobody, until it has heard.
#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_missed_the_roster() {
    let mut world = World::ready(&["alpha", "beta", "gamma"], 2, 2).await;
    until_evaluated(&world, "gamma", "alpha", None).await;
    let hub = world.network.faults(&address(COORDINATOR));
    hub.refuse(true);
    hub.cut();
    world.run(COORDINATOR, &["roster", "revoke", "gamma", "--yes"]).await.json();
    assert_eq!(evaluated(&world, "gamma", "alpha").await, None, "it has not heard");
    world.clock.pass(Duration::from_mins(61));
    for bank in ["gamma", "beta"] {
        let words = ["key", "evaluate", "--holder", "alpha"];
        in_both_languages_with(&world, bank, &words, ELEMENT, (FaultCode::RosterStale.code(), "alpha")).await;
    }
    // One that starts without having heard answers nobody either: its disk may be an old one.
    world.stop("alpha").await;
    world.start("alpha").await;
    assert_eq!(evaluated(&world, "beta", "alpha").await.as_deref(), Some("roster-stale"));
    hub.refuse(false);
    until_evaluated(&world, "beta", "alpha", None).await;
    until_evaluated(&world, "gamma", "alpha", Some("certificate-unknown")).await;
    world.end().await;
}

/// An open ceremony ends with the bank as the one who is missing, and can be started again without it.
#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_is_suspended_during_a_ceremony() {
    let mut world = World::new(&["alpha", "beta", "gamma"]).await;
    for bank in ["alpha", "beta", "gamma"] {
        world.enrol(bank, bank).await;
    }
    world.stop("gamma").await;
    let words =
        ["ceremony", "start", "--holders", "alpha,beta,gamma", "--threshold", "2", "--deadline", "1h"];
    let started = world.run(COORDINATOR, &words).await.json();
    let id = started["ceremony"].as_str().expect("an id").to_owned();
    world.run(COORDINATOR, &["roster", "suspend", "gamma"]).await.json();
    let shown = world.run(COORDINATOR, &["ceremony", "show", &id]).await.json();
    assert_eq!((&shown["state"], &shown["failure"]), (&"failed".into(), &"ceremony-failed-missing".into()));
    assert_eq!(shown["culprits"], serde_json::json!(["gamma"]));
    world.agree(&["alpha", "beta"], 2).await;
    world.end().await;
}

/// Revoked is for good: neither resumed nor enrolled again under a key that it had; back only under new ones.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_bank_comes_back_under_new_keys_alone() {
    let mut world = World::new(&["alpha", "beta", "anew"]).await;
    for bank in ["alpha", "beta"] {
        world.enrol(bank, bank).await;
    }
    let asked = world.run_plain(COORDINATOR, &["roster", "revoke", "beta"]).await;
    assert_eq!(asked.exit, Exit::Usage, "a person is asked first: {asked:?}");
    let version = world.run(COORDINATOR, &["roster", "revoke", "beta", "--yes"]).await.json();
    let again = world.run(COORDINATOR, &["roster", "revoke", "beta", "--yes"]).await.json();
    assert_eq!(version["roster_version"], again["roster_version"], "repeated, it changes nothing");
    in_both_languages(&world, COORDINATOR, &["roster", "resume", "beta"], "member-revoked", "beta").await;
    in_both_languages(&world, COORDINATOR, &["roster", "suspend", "beta"], "member-revoked", "beta").await;
    let renewed = world.run("beta", &["certificate", "renew"]).await;
    assert_eq!(code(&renewed.notes), "member-revoked", "{renewed:?}");

    let invite = world.run(COORDINATOR, &["invite", "beta"]).await.json();
    let (text, print) =
        (invite["invite"].as_str().expect("text"), invite["fingerprint"].as_str().expect("hex"));
    // The same keys in a folder that knows of no membership.
    world.stop("beta").await;
    std::fs::remove_file(world.dir("beta").join("store.sqlite")).expect("a store");
    world.start("beta").await;
    let enrol = ["enrol", text, "--fingerprint", print, "--wait", "0"];
    let refused = world.run("beta", &enrol).await;
    assert_eq!(code(&refused.notes), "malformed-field", "{refused:?}");
    world.stop("beta").await;
    // Another folder with keys of its own takes the name.
    let said = world.run("anew", &enrol).await;
    assert_eq!(said.exit, Exit::Later, "{said:?}");
    let own = world.fingerprint("anew");
    world.run(COORDINATOR, &["roster", "confirm", "beta", "--confirm", &own]).await.json();
    world.run("anew", &enrol).await.json();
    let list = world.run(COORDINATOR, &["roster", "list"]).await.json();
    let members = list["members"].as_array().expect("members");
    assert!(members.iter().all(|member| member["standing"] == "active"), "{list}");
    world.end().await;
}

/// What a bank had submitted under keys that it has lost since is compared with nobody's, and the others have their reports.
#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_has_new_keys_in_the_middle_of_a_job() {
    let people = People::generate(11, 4, 30, Shape::Ordinary);
    let (others, lost) = (["bank-01", "bank-02", "bank-03"], "bank-04");
    let mut world = World::new(&["bank-01", "bank-02", "bank-03", lost, "anew"]).await;
    for bank in others.into_iter().chain([lost]) {
        world.enrol(bank, bank).await;
    }
    world.agree(&others, 2).await;
    stock(&world, &people).await;
    world.stop("bank-03").await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    for bank in ["bank-01", "bank-02", lost] {
        world.stage(bank, &job, "submitted").await;
    }
    world.stop(lost).await;
    world.run(COORDINATOR, &["roster", "revoke", lost, "--yes"]).await.json();
    let invite = world.run(COORDINATOR, &["invite", lost]).await.json();
    let (text, print) =
        (invite["invite"].as_str().expect("text"), invite["fingerprint"].as_str().expect("hex"));
    let enrol = ["enrol", text, "--fingerprint", print, "--wait", "0"];
    let said = world.run("anew", &enrol).await;
    assert_eq!(said.exit, Exit::Later, "{said:?}");
    let own = world.fingerprint("anew");
    world.run(COORDINATOR, &["roster", "confirm", lost, "--confirm", &own]).await.json();
    world.run("anew", &enrol).await.json();
    world.start("bank-03").await;
    for bank in others {
        world.stage(bank, &job, "done").await;
    }
    agree(&world, &people, &others, &job, 2, LABELS).await;
    let summary = world.run(COORDINATOR, &["summary", &job]).await.json();
    assert_eq!(summary["missing"], serde_json::json!([lost]));
    let left_out = entries(&world, "job.left-out").await;
    assert_eq!(left_out.len(), 1, "{left_out:?}");
    assert_eq!(left_out[0]["body"]["bank"], lost);
    world.end().await;
}

/// A bank decides on terms that were signed under a roster which has moved on since: they are judged under that one.
#[tokio::test(flavor = "multi_thread")]
async fn terms_of_an_earlier_roster() {
    let (mut world, people): (World, People) = stocked(3, 2, 2, 20).await;
    world.stop("bank-03").await;
    world.stop("bank-02").await;
    let job = world.start_job(&JobTerms::new(2, LABELS)).await;
    // Two versions pass that the banks which are away never see.
    world.run("bank-01", &["key", "rotate-tls"]).await.json();
    world.run(COORDINATOR, &["roster", "suspend", "bank-03"]).await.json();
    world.run(COORDINATOR, &["roster", "resume", "bank-03"]).await.json();
    world.start("bank-02").await;
    world.start("bank-03").await;
    for bank in ["bank-01", "bank-02", "bank-03"] {
        world.stage(bank, &job, "done").await;
    }
    agree(&world, &people, &["bank-01", "bank-02", "bank-03"], &job, 2, LABELS).await;
    world.end().await;
}
