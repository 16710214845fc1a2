//! A roster that changes while people decide: a ceremony goes on under the roster that it was proposed under, with those who
//! stand today.

use lianfang_proto::documents::roster::{Member, Roster, Standing};

use super::*;
use crate::ceremony::known::Judge;
use crate::ceremony::plan::Refusal;
use crate::membership::pin_roster;
use crate::peers::roster;

/// The certificate keys of that roster; today's are others.
const EARLIER: [u8; 32] = [5; 32];

/// A roster of all holders under their identities of today.
fn earlier(world: &World) -> Roster {
    let member = |party: &Party| Member {
        bank: party.bank.clone(),
        group: party.keys().group,
        standing: Standing::Active,
        identity: party.identity.verifying_key(),
        sealing: *party.sealing.public().as_bytes(),
        certificate_key: EARLIER,
        own_root: None,
        address: "a:1".to_owned(),
    };
    Roster {
        version: 2,
        signed_at: 0,
        authority_root: vec![1],
        coordinator: world.coordinator.verifying_key(),
        coordinator_certificate_key: [9; 32],
        members: world.parties.iter().map(member).collect(),
        retiring: Vec::new(),
    }
}

async fn pin(driver: &Driver, world: &World, roster: &Roster) {
    let signed = Signed::sign(&world.coordinator, roster.clone());
    let (digest, bytes) = (signed.digest(), signed.bytes().to_vec());
    let pinned = roster::Pinned { roster: signed.into_value(), digest, bytes };
    pin_roster(&driver.store, &pinned).await.unwrap();
}

fn under(world: &World, roster: &Roster) -> Proposal {
    Proposal { roster_digest: roster.digest(), ..world.proposal(1, 2, KEY) }
}

/// These members, under the digest of this roster.
fn members(
    world: &World,
    roster: &Roster,
    members: impl Iterator<Item = (BankId, crate::key_holder::ports::MemberKeys)>,
) -> Arc<Pinned> {
    Arc::new(Pinned {
        members: Mutex::new(members.collect()),
        coordinator: world.coordinator.verifying_key(),
        digest: roster.digest(),
    })
}

/// The first holder joined before the change and the others after it: all make the same record.
#[tokio::test]
async fn whoever_joins_after_a_change_of_the_roster_makes_the_same_record() {
    let world = World::new(3);
    let roster = earlier(&world);
    let mut drivers = world.start_all().await;
    for driver in &drivers[1..] {
        pin(driver, &world, &roster).await;
    }
    let before = world.parties.iter().map(|party| {
        let keys = party.keys();
        (party.bank.clone(), crate::key_holder::ports::MemberKeys { certificate_key: EARLIER, ..keys })
    });
    drivers[0].members = members(&world, &roster, before);
    let board = world.board(under(&world, &roster));
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    for progress in run(&drivers, &readers).await {
        let Progress::Done(record) = progress else { panic!("{progress:?}") };
        assert_eq!(record.roster_digest, roster.digest());
        assert!(record.holders.iter().all(|holder| holder.certificate_key == EARLIER));
    }
}

/// A newer roster is taken while a proposal is judged: its digest was read before, and members after.
#[tokio::test]
async fn a_roster_that_comes_in_between_mixes_no_seats() {
    let world = World::new(3);
    let roster = earlier(&world);
    let mut drivers = world.start_all().await;
    for driver in &mut drivers {
        pin(driver, &world, &roster).await;
        let today = world.parties.iter().map(|party| (party.bank.clone(), party.keys()));
        driver.members = members(&world, &roster, today);
    }
    let board = world.board(under(&world, &roster));
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    for progress in run(&drivers, &readers).await {
        let Progress::Done(record) = progress else { panic!("{progress:?}") };
        assert!(record.holders.iter().all(|holder| holder.certificate_key == EARLIER));
    }
}

/// What a person is told who joins is what the node says of the proposal later.
#[tokio::test]
async fn under_an_earlier_roster_everybody_stands_today_and_signs_as_then() {
    let world = World::new(3);
    let roster = earlier(&world);
    let driver = world.start(0).await;
    let (alpha, gamma) = (&world.parties[0].bank, world.parties[2].bank.clone());
    let told = async |proposal: &Proposal| {
        let members = &*driver.members;
        let judge = Judge { bank: alpha, members, store: &driver.store, vault: &driver.vault };
        let told = judge.refuses(proposal, driver.ports.clock.now()).await.unwrap();
        if let Some(refusal) = &told {
            let board = world.board(proposal.clone());
            let stepped = driver.step(board.0.ceremony, &board.of(&driver)).await.unwrap();
            assert_eq!(stepped, Progress::Refused(refusal.clone()));
        }
        told
    };
    let proposal = under(&world, &roster);
    assert_eq!(told(&proposal).await, Some(Refusal::OtherRoster), "it was never pinned here");
    pin(&driver, &world, &roster).await;
    assert_eq!(told(&proposal).await, None);

    let change = |change: &dyn Fn(&mut crate::key_holder::ports::MemberKeys)| {
        change(world.members.members.lock().unwrap().get_mut(&gamma).unwrap());
    };
    let (own, other) = (world.parties[2].identity.verifying_key(), world.parties[1].identity.verifying_key());
    change(&|keys| keys.identity = other);
    assert_eq!(told(&proposal).await, Some(Refusal::Exchanged(gamma.clone())));
    change(&|keys| keys.identity = own);
    assert_eq!(told(&proposal).await, None);
    let gone = world.members.members.lock().unwrap().remove(&gamma).unwrap();
    assert_eq!(told(&proposal).await, Some(Refusal::Inactive(gamma.clone())), "suspended since");
    world.members.members.lock().unwrap().insert(gamma.clone(), gone);

    let mut without = roster.clone();
    without.version = 3;
    without.members.retain(|member| member.bank != gamma);
    pin(&driver, &world, &without).await;
    let proposal = under(&world, &without);
    assert_eq!(told(&proposal).await, Some(Refusal::Inactive(gamma)), "no member then");
}
