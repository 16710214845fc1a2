//! The one way in without a certificate: trust rests on the invitation's fingerprint.

use std::sync::Arc;

use lianfang_link::client::{DialLimits, enrolment_channel};
use lianfang_link::{Authority, Fingerprint, LinkError, Party, Refusal, Validity};

use crate::world::{World, bank, call, days};

async fn enrol(world: &World, addr: &str, root: Fingerprint) -> Result<(), Result<LinkError, tonic::Code>> {
    let transport = Arc::new(world.memory.clone());
    call(enrolment_channel(transport, addr, root, &world.clock, DialLimits::default())).await
}

#[tokio::test]
async fn the_invitation_s_fingerprint_is_enough() {
    let world = World::new();
    let server = world.serve_anybody(&world.member(&Party::Coordinator), &["grpc.health.v1.Health"]).await;
    assert_eq!(enrol(&world, &server.addr, world.authority.fingerprint().unwrap()).await, Ok(()));
}

#[tokio::test]
async fn another_authority_is_refused() {
    let world = World::new();
    let other = Authority::create("authority", Validity::starting(world.now(), days(3000))).unwrap();
    let server = world.serve_anybody(&world.certify(&other, &Party::Coordinator, days(9)), &[]).await;
    let told = enrol(&world, &server.addr, world.authority.fingerprint().unwrap()).await;
    assert_eq!(told, Err(Ok(LinkError::Untrusted(Refusal::WrongFingerprint))));
}

#[tokio::test]
async fn the_right_root_beside_a_foreign_leaf_is_refused() {
    let world = World::new();
    let other = Authority::create("authority", Validity::starting(world.now(), days(3000))).unwrap();
    let key = lianfang_link::KeyMaterial::generate().unwrap();
    let request = key.certificate_request().unwrap();
    let mut chain =
        other.issue(&request, &Party::Coordinator, Validity::starting(world.now(), days(9))).unwrap().chain;
    chain.push(world.authority.certificate().clone());
    let server = world.serve_anybody(&key.certified(chain).unwrap(), &[]).await;
    let told = enrol(&world, &server.addr, world.authority.fingerprint().unwrap()).await;
    assert!(matches!(told, Err(Ok(LinkError::Untrusted(_)))), "{told:?}");
}

#[tokio::test]
async fn a_bank_cannot_pose_as_the_coordinator() {
    let world = World::new();
    let server = world.serve_anybody(&world.member(&bank("alpha")), &["grpc.health.v1.Health"]).await;
    let told = enrol(&world, &server.addr, world.authority.fingerprint().unwrap()).await;
    assert_eq!(told, Err(Ok(LinkError::Untrusted(Refusal::NotCoordinator))));
}

#[tokio::test]
async fn an_expired_coordinator_is_refused() {
    let world = World::new();
    let hub = world.certify(&world.authority, &Party::Coordinator, days(1));
    let server = world.serve_anybody(&hub, &["grpc.health.v1.Health"]).await;
    world.pass(days(2));
    let told = enrol(&world, &server.addr, world.authority.fingerprint().unwrap()).await;
    assert_eq!(told, Err(Ok(LinkError::Untrusted(Refusal::Expired))));
}
