//! Becoming a member, over TLS that trusts the invite's root alone.

use std::time::Duration;

use lianfang_desk::Exit;
use lianfang_link::{Authority, KeyMaterial, LinkError, Party, UnixTime, Validity};
use lianfang_proto::FaultCode;
use lianfang_proto::documents::enrolment::{CertificateSource, authority_fingerprint, possession_challenge};
use lianfang_proto::v1::{GetRosterRequest, WatchInboxRequest};
use lianfang_trust::{Signed, SigningKey};

use crate::bank::{Bank, message, request};
use crate::world::{World, code};

#[tokio::test]
async fn an_invited_and_confirmed_bank_reads_the_roster() {
    let (world, banks) = World::with(&["alpha", "beta"]).await;
    let roster = banks[0].newest_roster().await;
    let names: Vec<_> = roster.members.iter().map(|m| m.bank.as_str()).collect();
    assert_eq!((names, roster.version), (vec!["alpha", "beta"], 3));
    assert_eq!(roster.members[0].certificate_key, banks[0].tls.fingerprint().unwrap().0);
    let told = world.json(&["roster", "fingerprint"]).await;
    let invite = world.invite("gamma").await;
    assert_eq!(told["fingerprint"], hex::encode(invite.authority));
    assert_eq!(
        authority_fingerprint(&invite.authority_root_key, &invite.authority_signing_key),
        invite.authority
    );
    assert_eq!(world.coordinator().authority_fingerprint().unwrap(), invite.authority);
    assert!(world.json(&["audit", "verify"]).await["entries"].as_u64().unwrap() > 6);
}

#[tokio::test]
async fn an_invite_is_refused_by_its_own_fault() {
    let world = World::new().await;
    let invite = world.invite("alpha").await;
    let (key, other) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
    let tls = KeyMaterial::generate().unwrap();
    let mut client = world.enrolment(invite.authority_root_key);
    let mut guessed = invite.clone();
    guessed.secret = [0; 32];
    let refused = client.enrol(message(&request(&guessed, &key, &tls))).await.unwrap_err();
    assert_eq!(code(&refused).0, FaultCode::InviteUnknown);
    assert!(client.enrol(message(&request(&invite, &key, &tls))).await.is_ok());
    assert!(client.enrol(message(&request(&invite, &key, &tls))).await.is_ok(), "the same key may resume");
    let refused = client.enrol(message(&request(&invite, &other, &tls))).await.unwrap_err();
    assert_eq!(code(&refused).0, FaultCode::InviteUsed);
    let late = world.invite("beta").await;
    world.pass(7 * 24 * 3_600);
    let refused = client.enrol(message(&request(&late, &key, &tls))).await.unwrap_err();
    assert_eq!(code(&refused).0, FaultCode::InviteExpired);
    assert!(client.enrol(message(&request(&invite, &key, &tls))).await.is_ok(), "used in time");
}

#[tokio::test]
async fn nobody_is_confirmed_by_a_wrong_fingerprint_or_without_one() {
    let world = World::new().await;
    let invite = world.invite("alpha").await;
    let key = SigningKey::from_bytes(&[1; 32]);
    let tls = KeyMaterial::generate().unwrap();
    let mut client = world.enrolment(invite.authority_root_key);
    client.enrol(message(&request(&invite, &key, &tls))).await.unwrap();
    let right = key.verifying_key().fingerprint();
    let wrong = right.replace(|c: char| c.is_ascii_digit(), "a");
    let (exit, said) = world.coordinator().run(&["roster", "confirm", "alpha", "--confirm", &wrong]).await;
    assert_eq!(exit, Exit::Refused, "{said}");
    let (exit, said) = world.coordinator().run(&["roster", "confirm", "alpha"]).await;
    assert!(exit == Exit::Usage && said.contains("--confirm"), "{said}");
    let (exit, _) = world.coordinator().run(&["roster", "confirm", "beta", "--confirm", &right]).await;
    assert_eq!(exit, Exit::Later);
    let bare: String = right.chars().filter(|c| !c.is_whitespace()).collect();
    world.json(&["roster", "confirm", "alpha", "--confirm", &bare.to_uppercase()]).await;
    world.json(&["roster", "confirm", "alpha", "--confirm", &bare]).await;
    assert_eq!(world.json(&["roster", "list"]).await["version"], 2);
}

#[tokio::test]
async fn strangers_and_suspended_members_read_nothing() {
    let (world, banks) = World::with(&["alpha"]).await;
    let address = world.coordinator().address().to_owned();
    let channel = world.dialer(None, &banks[0].roster).channel(&address, &Party::Coordinator);
    let mut stranger = lianfang_proto::v1::directory_client::DirectoryClient::new(channel);
    let refused = stranger.get_roster(GetRosterRequest { version: 0 }).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unauthenticated);
    world.json(&["roster", "suspend", "alpha"]).await;
    let refused = banks[0].directory().get_roster(GetRosterRequest { version: 0 }).await.unwrap_err();
    assert!(
        refused.code() == tonic::Code::PermissionDenied || LinkError::of(&refused).is_some(),
        "{refused}"
    );
    world.json(&["roster", "resume", "alpha"]).await;
    assert_eq!(banks[0].newest_roster().await.version, 4);
}

#[tokio::test]
async fn the_inbox_waits_for_a_change_and_ends_with_the_server() {
    let (mut world, banks) = World::with(&["alpha"]).await;
    let mut inbox = banks[0].directory();
    let first = inbox.watch_inbox(WatchInboxRequest { seen: 0, wait_ms: 20_000 }).await.unwrap().into_inner();
    let wait = WatchInboxRequest { seen: first.revision, wait_ms: 20_000 };
    let mut again = banks[0].directory();
    let waiting = tokio::spawn(async move { again.watch_inbox(wait).await.unwrap().into_inner() });
    Bank::join(&world, "beta").await;
    let second = waiting.await.unwrap();
    assert_ne!(first.revision, second.revision);
    let seen = inbox.watch_inbox(WatchInboxRequest { seen: 0, wait_ms: 0 }).await.unwrap().into_inner();
    let idle = WatchInboxRequest { seen: seen.revision, wait_ms: 30 };
    assert_eq!(inbox.watch_inbox(idle).await.unwrap().into_inner().revision, seen.revision);
    let wait = WatchInboxRequest { seen: seen.revision, wait_ms: 20_000 };
    let mut again = banks[0].directory();
    let waiting = tokio::spawn(async move { again.watch_inbox(wait).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    world.restart().await;
    assert!(waiting.await.unwrap().is_ok(), "a poll that waits is answered before the server goes");
    assert_eq!(banks[0].newest_roster().await.members.len(), 2);
}

/// As when a node begins a long poll and at once has something better to do: its call is there before its message.
#[tokio::test]
async fn a_call_that_ends_before_its_message_is_counted_as_cancelled() {
    use tonic::codegen::{Service as _, http};
    let (world, banks) = World::with(&["alpha"]).await;
    let request = http::Request::post("http://lianfang.invalid/lianfang.v1.Directory/WatchInbox");
    let request = request.header("content-type", "application/grpc").body(tonic::body::Body::empty());
    let mut channel = banks[0].channel.clone();
    std::future::poll_fn(|cx| channel.poll_ready(cx)).await.unwrap();
    let answer = channel.call(request.unwrap()).await.unwrap();
    assert_eq!(answer.headers().get("grpc-status").unwrap(), "13", "tonic's own word for it");
    let numbers = world.coordinator().metrics().await;
    let line = "lianfang_calls_total{service=\"Directory\",method=\"WatchInbox\",code=\"cancelled\"} 1\n";
    assert!(numbers.contains(line), "{numbers}");
}

#[tokio::test]
async fn a_bank_brings_its_own_certificate_and_nobody_elses() {
    let (world, banks) = World::with(&["alpha"]).await;
    let now = UnixTime::since_unix_epoch(Duration::from_hours(500_000));
    let own = Authority::create("own", Validity::starting(now, Duration::from_hours(24 * 700))).unwrap();
    let tls = KeyMaterial::generate().unwrap();
    let asked = tls.certificate_request().unwrap();
    let validity = Validity::starting(now, Duration::from_hours(24 * 300));
    let issued = own.issue(&asked, &Party::Bank("whatever".to_owned()), validity).unwrap();
    let invite = world.invite("beta").await;
    let key = SigningKey::from_bytes(&[1; 32]);
    let mut client = world.enrolment(invite.authority_root_key);
    let ask = |leaf: Vec<u8>| {
        let mut request = request(&invite, &key, &tls).into_value();
        let challenge = possession_challenge(&invite.id, &key.verifying_key());
        let proof = lianfang_link::possession::prove(&pem(&tls), &challenge).unwrap();
        request.certificate = CertificateSource::Own { leaf, root: own.certificate().to_vec(), proof };
        message(&Signed::sign(&key, request))
    };
    let stolen = client.enrol(ask(banks[0].tls.chain()[0].to_vec())).await.unwrap_err();
    assert_eq!(code(&stolen), (FaultCode::SignatureInvalid, Some("request.certificate.proof".to_owned())));
    let garbage = client.enrol(ask(vec![1, 2, 3])).await.unwrap_err();
    assert_eq!(code(&garbage), (FaultCode::MalformedField, Some("request.certificate".to_owned())));
    client.enrol(ask(issued.chain[0].to_vec())).await.unwrap();
    world.json(&["roster", "confirm", "beta", "--confirm", &key.verifying_key().fingerprint()]).await;
    let reply = client.enrol(ask(issued.chain[0].to_vec())).await.unwrap().into_inner();
    assert!(reply.membership.unwrap().certificate_chain.is_empty());
    let identity = tls.certified(vec![issued.chain[0].clone()]).unwrap();
    let dialer = world.dialer(Some(&identity), &banks[0].roster);
    let channel = dialer.channel(world.coordinator().address(), &Party::Coordinator);
    let mut directory = lianfang_proto::v1::directory_client::DirectoryClient::new(channel);
    assert!(directory.get_roster(GetRosterRequest { version: 0 }).await.is_ok());
}

/// The key as a bank's own PKI would hand it out.
fn pem(key: &KeyMaterial) -> Vec<u8> {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(key.pkcs8());
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n").into_bytes()
}
