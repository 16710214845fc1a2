//! Certificates, invites and ceremonies that are not what they should be.

use std::sync::Arc;
use std::time::Duration;

use lianfang_desk::Exit;
use lianfang_link::client::DialLimits;
use lianfang_link::{Authority, Dialer, Identity, KeyMaterial, Party, UnixTime, Validity};
use lianfang_node::fault::of_link;
use lianfang_proto::{Fault, FaultCode};
use lianfang_tests::liars::{Curious, credentials, in_the_place_of_under};
use lianfang_tests::world::{COORDINATOR, World, address};
use serde_json::Value;

use crate::told::{in_both_languages, in_both_languages_with, of_ceremony};

/// How a call fails between two parties of a world, at the time of its clock.
async fn dialled(world: &World, identity: &Identity, to: &str) -> Result<(), Fault> {
    let directory = Arc::new(credentials(world, to).await.roster);
    let transport = Arc::new(world.network.clone());
    let dialer =
        Dialer::new(transport, Some(identity), directory, &world.clock.of_link(), DialLimits::default());
    let party = Party::Bank(to.to_owned());
    dialer.connect(&address(to), &party).await.map(drop).map_err(|error| of_link(&error).at(to))
}

const EVALUATE: [&str; 4] = ["key", "evaluate", "--holder", "beta"];
/// The group's base point.
const ELEMENT: &str = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76";

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_are_expired_or_foreign() {
    let world = World::ready(&["alpha", "beta"], 2, 2).await;
    let own = credentials(&world, "alpha").await.identity;
    dialled(&world, &own, "beta").await.expect("it is admitted");
    let key = KeyMaterial::generate().expect("a key");
    let now = UnixTime::now();
    let lasts = Validity::starting(now, Duration::from_hours(24));
    let foreign = Authority::create("somebody", lasts).expect("an authority");
    let request = key.certificate_request().expect("a request");
    let issued = foreign.issue(&request, &Party::Bank("alpha".to_owned()), lasts).expect("a certificate");
    let foreign = key.certified(issued.chain).expect("an identity");
    let refused = dialled(&world, &foreign, "beta").await.expect_err("nobody vouches for it");
    assert_eq!(refused.code, FaultCode::CertificateUnknown);
    // The same meets a person at the command line whose holder shows a certificate that nobody vouches for.
    let _middle = in_the_place_of_under(&world, "beta", foreign, Arc::new(Curious::default())).await;
    in_both_languages_with(&world, "alpha", &EVALUATE, ELEMENT, ("certificate-unknown", "beta")).await;
    world.detour.lead(&address("beta"), &address("beta"));
    world.network.faults("middle-of-beta:7000").cut();
    world.clock.pass(Duration::from_hours(400 * 24));
    let refused = dialled(&world, &own, "beta").await.expect_err("a year is over");
    assert_eq!(refused.code, FaultCode::CertificateExpired);
    world.network.faults(&address("beta")).cut();
    in_both_languages_with(&world, "alpha", &EVALUATE, ELEMENT, ("certificate-expired", "beta")).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ceremony_names_who_was_missing_and_can_be_started_again() {
    let mut world = World::new(&["alpha", "beta", "gamma"]).await;
    for bank in ["alpha", "beta", "gamma"] {
        world.enrol(bank, bank).await;
    }
    world.stop("gamma").await;
    let shown = world.ceremony(&["alpha", "beta", "gamma"], 2, "2s").await;
    assert_eq!((&shown["state"], &shown["failure"]), (&"failed".into(), &"ceremony-failed-missing".into()));
    assert_eq!(shown["culprits"], serde_json::json!(["gamma"]));
    let ceremony = shown["ceremony"].as_str().expect("an id");
    of_ceremony(&world, ceremony, FaultCode::CeremonyMissing, "gamma").await;
    world.start("gamma").await;
    world.agree(&["alpha", "beta", "gamma"], 2).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_that_is_expired_used_or_for_another() {
    let world = World::new(&["alpha", "beta"]).await;
    let invite = world.run(COORDINATOR, &["invite", "alpha"]).await.json();
    let (text, print) =
        (invite["invite"].as_str().expect("text"), invite["fingerprint"].as_str().expect("hex"));
    let wrong = format!("{:0>64}", "1");
    let code = |notes: &str| {
        let last = notes.lines().last().unwrap_or_default();
        let error: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{notes}"));
        error["error"]["code"].as_str().unwrap_or_default().to_owned()
    };
    let said = world.run("alpha", &["enrol", text, "--fingerprint", &wrong, "--wait", "1"]).await;
    assert_eq!((said.exit, code(&said.notes).as_str()), (Exit::Refused, "fingerprint-differs"));
    let said = world.run("alpha", &["enrol", text, "--fingerprint", print, "--wait", "0"]).await;
    assert_eq!(said.exit, Exit::Later, "nobody has confirmed: {}", said.notes);
    let said = world.run("beta", &["enrol", text, "--fingerprint", print, "--wait", "0"]).await;
    assert_eq!((said.exit, code(&said.notes).as_str()), (Exit::Refused, "invite-used"));
    let enrol = ["enrol", text, "--fingerprint", print, "--wait", "0"];
    in_both_languages(&world, "beta", &enrol, "invite-used", "coordinator").await;
    world.clock.pass(Duration::from_hours(8 * 24));
    let said = world.run("beta", &["enrol", text, "--fingerprint", print, "--wait", "0"]).await;
    assert_eq!((said.exit, code(&said.notes).as_str()), (Exit::Refused, "invite-expired"));
    in_both_languages(&world, "beta", &enrol, "invite-expired", "coordinator").await;
    world.end().await;
}
