//! The matrix of certificates: each refusal is told to both sides in its own words.

use std::sync::Arc;

use lianfang_link::server::AcceptLimits;
use lianfang_link::{Authority, Gate, Identity, KeyMaterial, LinkError, Party, Refusal, Root, Tcp, Validity};
use rstest::rstest;
use tokio::sync::watch;
use tonic::Code;

use crate::world::{Book, World, bank, call, days, limits};

#[tokio::test]
async fn admitted_parties_talk_over_memory() {
    let world = World::new();
    let (alpha, beta) = (world.member(&bank("alpha")), world.member(&bank("beta")));
    let server = world.serve(&alpha).await;
    let channel = world.dialer(Some(&beta)).channel(&server.addr, &bank("alpha"));
    assert_eq!(call(channel.clone()).await, Ok(()));
    assert_eq!(call(channel).await, Ok(()));
    assert_eq!(world.memory.faults(&server.addr).connections(), 1, "one connection serves both calls");
}

#[tokio::test]
async fn admitted_parties_talk_over_tcp() {
    let world = World::new();
    let (hub, alpha) = (world.member(&Party::Coordinator), world.member(&bank("alpha")));
    let gate = Gate::new(&hub, world.book.clone(), &world.clock, AcceptLimits::default()).unwrap();
    let server = world.run(&Tcp::default(), "127.0.0.1:0", gate, &[]).await;
    let dialer = world.dialer_over(Arc::new(Tcp::default()), Some(&alpha));
    assert_eq!(call(dialer.channel(&server.addr, &Party::Coordinator)).await, Ok(()));
}

/// What is wrong with the certificate of one side.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    Expired,
    NotYetValid,
    ForeignAuthority,
    NotAdmitted,
    OthersRoot,
}

impl Flaw {
    fn identity(self, world: &World, party: &Party) -> Identity {
        let foreign = || {
            let other = Authority::create("other", Validity::starting(world.now(), days(3000)));
            other.expect("an authority")
        };
        let identity = match self {
            Self::Expired => world.certify(&world.authority, party, days(1)),
            Self::NotYetValid | Self::NotAdmitted => world.certify(&world.authority, party, days(100)),
            Self::ForeignAuthority => world.certify(&foreign(), party, days(100)),
            Self::OthersRoot => {
                let own = foreign();
                world.book.roots.lock().unwrap().push(Root::of_bank(own.certificate().clone(), "gamma"));
                world.certify(&own, party, days(100))
            }
        };
        if !matches!(self, Self::NotAdmitted) {
            world.pin(&identity, party);
        }
        identity
    }

    fn refusal(self, identity: &Identity) -> Refusal {
        match self {
            Self::Expired => Refusal::Expired,
            Self::NotYetValid => Refusal::NotYetValid,
            Self::ForeignAuthority => Refusal::UnknownRoot,
            Self::NotAdmitted => Refusal::NotAdmitted(identity.fingerprint().ok()),
            Self::OthersRoot => Refusal::WrongRoot,
        }
    }

    /// The same reason as far as an alert can carry it.
    fn alert(self) -> Refusal {
        match self {
            Self::Expired | Self::NotYetValid => Refusal::Expired,
            Self::ForeignAuthority => Refusal::UnknownRoot,
            Self::NotAdmitted | Self::OthersRoot => Refusal::NotAdmitted(None),
        }
    }
}

#[rstest]
#[case(Flaw::Expired)]
#[case(Flaw::NotYetValid)]
#[case(Flaw::ForeignAuthority)]
#[case(Flaw::NotAdmitted)]
#[case(Flaw::OthersRoot)]
#[tokio::test]
async fn a_flawed_certificate_is_refused_on_either_side(
    #[case] flaw: Flaw,
    #[values(true, false)] flawed_is_client: bool,
) {
    let world = World::new();
    if matches!(flaw, Flaw::NotYetValid) {
        // The flawed certificate is made on a day that then has not come.
        world.pass(days(20));
    }
    let flawed = flaw.identity(&world, &bank("beta"));
    if matches!(flaw, Flaw::NotYetValid) {
        world.rewind(days(20));
    }
    let good = world.member(&bank("alpha"));
    if matches!(flaw, Flaw::Expired) {
        world.pass(days(2));
    }
    let (client, server, expected) =
        if flawed_is_client { (&flawed, &good, bank("alpha")) } else { (&good, &flawed, bank("beta")) };
    let server = world.serve(server).await;
    let told = call(world.dialer(Some(client)).channel(&server.addr, &expected)).await;
    let (refuser, refused) = (flaw.refusal(&flawed), flaw.alert());
    let reported = server.reported().await;
    if flawed_is_client {
        assert_eq!(told, Err(Ok(LinkError::Rejected(refused))));
        assert_eq!(reported, vec![LinkError::Untrusted(refuser)]);
    } else {
        assert_eq!(told, Err(Ok(LinkError::Untrusted(refuser))));
        assert_eq!(reported, vec![LinkError::Rejected(refused)]);
    }
}

#[tokio::test]
async fn an_alert_reaches_the_client_over_tcp_too() {
    let world = World::new();
    let alpha = world.member(&bank("alpha"));
    let beta = Flaw::Expired.identity(&world, &bank("beta"));
    world.pass(days(2));
    let gate = Gate::new(&alpha, world.book.clone(), &world.clock, AcceptLimits::default()).unwrap();
    let server = world.run(&Tcp::default(), "127.0.0.1:0", gate, &[]).await;
    let dialer = world.dialer_over(Arc::new(Tcp::default()), Some(&beta));
    for _ in 0..5 {
        let told = call(dialer.channel(&server.addr, &bank("alpha"))).await;
        assert_eq!(told, Err(Ok(LinkError::Rejected(Refusal::Expired))));
    }
}

#[tokio::test]
async fn another_party_at_the_address_is_named() {
    let world = World::new();
    let (alpha, beta) = (world.member(&bank("alpha")), world.member(&bank("beta")));
    let server = world.serve(&alpha).await;
    let told = call(world.dialer(Some(&beta)).channel(&server.addr, &bank("gamma"))).await;
    let refusal = Refusal::WrongParty { expected: bank("gamma"), answered: bank("alpha") };
    assert_eq!(told, Err(Ok(LinkError::Untrusted(refusal.clone()))));
    let sentence = LinkError::Untrusted(refusal).to_string();
    assert!(sentence.contains("bank gamma was expected, and bank alpha answered"), "{sentence}");
}

#[tokio::test]
async fn a_bank_with_its_own_root_is_admitted() {
    let world = World::new();
    let alpha = world.member(&bank("alpha"));
    let own = Authority::create("own", Validity::starting(world.now(), days(3000))).unwrap();
    world.book.roots.lock().unwrap().push(Root::of_bank(own.certificate().clone(), "beta"));
    let beta = world.certify(&own, &bank("whatever-its-pki-writes"), days(100));
    world.pin(&beta, &bank("beta"));
    let server = world.serve(&alpha).await;
    assert_eq!(call(world.dialer(Some(&beta)).channel(&server.addr, &bank("alpha"))).await, Ok(()));
}

#[tokio::test]
async fn strangers_are_refused_where_a_certificate_is_needed() {
    let world = World::new();
    let server = world.serve(&world.member(&bank("alpha"))).await;
    let told = call(world.dialer(None).channel(&server.addr, &bank("alpha"))).await;
    assert_eq!(told, Err(Ok(LinkError::Rejected(Refusal::Missing))));
    assert_eq!(server.reported().await, vec![LinkError::Untrusted(Refusal::Missing)]);
}

#[tokio::test]
async fn strangers_reach_open_services_only_and_few_at_a_time() {
    let world = World::new();
    let hub = world.member(&Party::Coordinator);
    let alpha = world.member(&bank("alpha"));
    let closed = world.serve_anybody(&hub, &["lianfang.v1.Enrolment", "grpc.health.v1"]).await;
    let stranger = world.dialer(None);
    let told = call(stranger.channel(&closed.addr, &Party::Coordinator)).await;
    assert_eq!(told, Err(Err(Code::Unauthenticated)));
    assert_eq!(call(world.dialer(Some(&alpha)).channel(&closed.addr, &Party::Coordinator)).await, Ok(()));

    let open = world.serve_anybody(&hub, &["grpc.health.v1.Health"]).await;
    let (first, second) = (
        stranger.channel(&open.addr, &Party::Coordinator),
        stranger.channel(&open.addr, &Party::Coordinator),
    );
    assert_eq!(call(first.clone()).await, Ok(()));
    assert_eq!(call(second.clone()).await, Ok(()));
    assert!(call(stranger.channel(&open.addr, &Party::Coordinator)).await.is_err());
    assert_eq!(open.reported().await, vec![LinkError::Overloaded]);
    assert_eq!(call(world.dialer(Some(&alpha)).channel(&open.addr, &Party::Coordinator)).await, Ok(()));
}

/// Few strangers come in at once, so none of them keeps a connection over which it asks for nothing.
#[tokio::test(start_paused = true)]
async fn strangers_keep_a_connection_as_long_as_they_ask_for_something() {
    let world = World::new();
    let (hub, alpha) = (world.member(&Party::Coordinator), world.member(&bank("alpha")));
    let server = world.serve_anybody(&hub, &["grpc.health.v1.Health"]).await;
    let faults = world.memory.faults(&server.addr);
    let channel = |identity| world.dialer(identity).channel(&server.addr, &Party::Coordinator);
    let (member, asking) = (channel(Some(&alpha)), channel(None));
    assert_eq!(call(member.clone()).await, Ok(()));
    assert_eq!(call(asking.clone()).await, Ok(()));
    let silent = world.dialer(None).connect(&server.addr, &Party::Coordinator).await.unwrap();
    assert!(call(channel(None)).await.is_err(), "both places are taken");
    let (pause, made) = (limits().idle / 3 * 2, faults.connections());
    tokio::time::sleep(pause).await;
    assert_eq!(call(asking.clone()).await, Ok(()));
    assert!(call(channel(None)).await.is_err(), "the time is not over yet");
    tokio::time::sleep(pause).await;
    assert_eq!(call(asking.clone()).await, Ok(()));
    assert_eq!(
        faults.connections(),
        made + 1,
        "one was refused; who has asked since goes on over its connection"
    );
    assert_eq!(call(channel(None)).await, Ok(()), "the silent one has made room");
    drop(silent);
    tokio::time::sleep(limits().idle * 2).await;
    let made = faults.connections();
    assert_eq!(call(member).await, Ok(()));
    assert_eq!(faults.connections(), made, "a member keeps its own");
    assert_eq!(call(asking).await, Ok(()));
    assert_eq!(faults.connections(), made + 1, "a stranger that comes back dials anew");
}

#[tokio::test]
async fn a_change_of_the_directory_takes_effect_at_once() {
    let world = World::new();
    let (alpha, beta) = (world.member(&bank("alpha")), world.member(&bank("beta")));
    let server = world.serve(&alpha).await;
    let dialer = world.dialer(Some(&beta));
    let held = dialer.channel(&server.addr, &bank("alpha"));
    assert_eq!(call(held.clone()).await, Ok(()));

    world.unpin(&beta);
    assert_eq!(
        call(held.clone()).await,
        Err(Err(Code::PermissionDenied)),
        "the open connection is no way in"
    );
    let told = call(dialer.channel(&server.addr, &bank("alpha"))).await;
    assert_eq!(told, Err(Ok(LinkError::Rejected(Refusal::NotAdmitted(None)))));

    world.pin(&beta, &bank("beta"));
    assert_eq!(call(held).await, Ok(()));
    assert_eq!(call(dialer.channel(&server.addr, &bank("alpha"))).await, Ok(()));
}

/// Whoever is no longer admitted loses the connection itself, not only the next request on it.
#[tokio::test]
async fn a_connection_ends_with_the_admission_of_its_party() {
    use tokio::io::AsyncReadExt as _;

    let world = World::with(Book { changes: Some(watch::Sender::new(0)), ..Book::default() });
    let ring = || world.book.changes.as_ref().unwrap().send_modify(|change| *change += 1);
    let (alpha, beta, gamma) =
        (world.member(&bank("alpha")), world.member(&bank("beta")), world.member(&bank("gamma")));
    let server = world.serve(&alpha).await;
    let mut held = world.dialer(Some(&beta)).connect(&server.addr, &bank("alpha")).await.unwrap();
    let other = world.dialer(Some(&gamma)).channel(&server.addr, &bank("alpha"));
    assert_eq!(call(other.clone()).await, Ok(()));
    ring();
    let mut bytes = [0; 1024];
    let pause = std::time::Duration::from_millis(100);
    // What comes now is the server's settings, and nothing ends.
    while let Ok(read) = tokio::time::timeout(pause, held.read(&mut bytes)).await {
        assert_ne!(read.unwrap(), 0, "a change that does not concern it ends no connection");
    }
    world.unpin(&beta);
    ring();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), async {
        while held.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
    });
    ended.await.expect("the connection has ended");
    assert_eq!(call(other).await, Ok(()), "others keep theirs");
    assert_eq!(world.memory.faults(&server.addr).connections(), 2);
}

#[tokio::test]
async fn a_party_without_a_certificate_can_start_and_is_refused() {
    let world = World::new();
    let alpha = world.member(&bank("alpha"));
    let key = KeyMaterial::generate().unwrap();
    let beta = key.uncertified().unwrap();
    assert_eq!(beta.validity().unwrap().left(world.now()), std::time::Duration::ZERO);
    world.pin(&beta, &bank("beta"));
    let server = world.serve(&alpha).await;
    let dialer = world.dialer(Some(&beta));
    assert!(call(dialer.channel(&server.addr, &bank("alpha"))).await.is_err());
    let request = key.certificate_request().unwrap();
    let lasts = world.authority.leaf_validity(world.now()).unwrap();
    let issued = world.authority.issue(&request, &bank("beta"), lasts).unwrap();
    assert!(key.is_behind(&issued.chain[0]) && !key.is_behind(&alpha.chain()[0]));
    beta.replace(&key.certified(issued.chain).unwrap());
    assert_eq!(call(dialer.channel(&server.addr, &bank("alpha"))).await, Ok(()));
}

#[tokio::test]
async fn a_renewed_certificate_reaches_servers_and_clients_that_run() {
    let world = World::new();
    let (alpha, beta) =
        (world.certify(&world.authority, &bank("alpha"), days(1)), world.member(&bank("beta")));
    world.pin(&alpha, &bank("alpha"));
    let server = world.serve(&alpha).await;
    let dialer = world.dialer(Some(&beta));
    world.pass(days(2));
    let told = call(dialer.channel(&server.addr, &bank("alpha"))).await;
    assert_eq!(told, Err(Ok(LinkError::Untrusted(Refusal::Expired))));
    alpha.replace(&world.member(&bank("alpha")));
    assert_eq!(call(dialer.channel(&server.addr, &bank("alpha"))).await, Ok(()));
}
