//! Generation, refresh and repair: what they give, that they survive restarts, and who is named when one is disturbed.
#![allow(clippy::unwrap_used, reason = "in a test, what should not fail stops the test")]

mod world;

use std::collections::BTreeMap;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use lianfang_crypto::ceremony::context::{CeremonyContext, CeremonyKind, CeremonySeed};
use lianfang_crypto::ceremony::generate::{self, Packages};
use lianfang_crypto::ceremony::repair::RepairPlan;
use lianfang_crypto::ceremony::transcript::Transcript;
use lianfang_crypto::ceremony::{CeremonyError, refresh};
use lianfang_crypto::error::Problem;
use lianfang_crypto::share::commitment::PublicKeySet;
use lianfang_crypto::share::key_share::KeyShare;
use lianfang_crypto::share::threshold::{HolderIndex, Threshold};
use world::{Holders, agreed, context, inbox, index, interpolate, seeds, set, subsets};

#[test]
fn every_quorum_holds_the_key_and_fewer_do_not() {
    for (needed, holders) in [(2, 2), (2, 3), (3, 5), (4, 4)] {
        let made = Holders::generate(needed, holders, 10);
        for quorum in subsets(holders, needed) {
            let key = interpolate(&made.quorum(&quorum));
            assert_eq!(RistrettoPoint::mul_base(&key).compress().to_bytes(), made.keys.key());
        }
        for fewer in subsets(holders, needed - 1) {
            assert_ne!(interpolate(&made.quorum(&fewer)), made.key());
        }
    }
}

#[test]
fn a_refresh_keeps_the_key_and_moves_every_share() {
    let before = Holders::generate(3, 5, 10);
    let after = before.refresh(11);
    assert_eq!(after.keys.key(), before.keys.key());
    assert_eq!(after.key(), before.key());
    for holder in before.keys.threshold().indices() {
        assert_ne!(before.keys.share(holder), after.keys.share(holder));
        assert!(!before.shares[&holder].belongs_to(&after.keys));
    }
    assert_eq!(after.refresh(12).key(), before.key());
}

#[test]
fn every_step_gives_the_same_bytes_after_a_restart() {
    let threshold = Threshold::new(2, 3).unwrap();
    let context = context(CeremonyKind::Generate, threshold, 1);
    let seeds = seeds(threshold, 1);
    let restored: BTreeMap<_, _> =
        seeds.iter().map(|(me, seed)| (*me, CeremonySeed::restore(&mut seed.to_sealed_bytes()))).collect();
    let open = |seeds: &BTreeMap<HolderIndex, CeremonySeed>| -> BTreeMap<_, _> {
        seeds.iter().map(|(me, seed)| (*me, generate::open(&context, *me, seed).unwrap())).collect()
    };
    assert_eq!(open(&seeds), open(&restored));
    let agreed = agreed(&context, &open(&seeds));
    let deal = |seeds: &BTreeMap<HolderIndex, CeremonySeed>| -> BTreeMap<_, _> {
        seeds.iter().map(|(me, seed)| (*me, generate::deal(&agreed, *me, seed).unwrap())).collect()
    };
    assert_eq!(deal(&seeds), deal(&restored));
    let one = index(1);
    let finish =
        |seeds: &BTreeMap<_, _>| generate::finish(&agreed, one, &seeds[&one], &inbox(&deal(seeds), one));
    let ((share, _), (again, _)) = (finish(&seeds).unwrap(), finish(&restored).unwrap());
    assert_eq!(share.to_sealed_bytes(), again.to_sealed_bytes());
    let decoded = KeyShare::decode(&share.to_sealed_bytes()).unwrap();
    assert_eq!(decoded.to_sealed_bytes(), share.to_sealed_bytes());
}

struct Opened {
    context: CeremonyContext,
    seeds: BTreeMap<HolderIndex, CeremonySeed>,
    messages: BTreeMap<HolderIndex, Vec<u8>>,
}

fn opened() -> Opened {
    let threshold = Threshold::new(2, 3).unwrap();
    let context = context(CeremonyKind::Generate, threshold, 1);
    let seeds = seeds(threshold, 1);
    let messages =
        seeds.iter().map(|(me, seed)| (*me, generate::open(&context, *me, seed).unwrap())).collect();
    Opened { context, seeds, messages }
}

fn collected(context: &CeremonyContext, messages: &BTreeMap<HolderIndex, Vec<u8>>) -> CeremonyError {
    Transcript::collect(context, messages).err().expect("the disturbance is found")
}

#[test]
fn disturbed_commitments_are_put_to_their_sender() {
    let Opened { context, mut messages, .. } = opened();
    let honest = messages.clone();

    messages.remove(&index(2));
    assert!(
        matches!(collected(&context, &messages), CeremonyError::Missing { holders } if holders == [index(2)])
    );
    messages = honest.clone();
    messages.insert(index(9), honest[&index(1)].clone());
    assert!(
        matches!(collected(&context, &messages), CeremonyError::Unexpected { holders } if holders == [index(9)])
    );
    messages = honest.clone();
    messages.insert(index(2), honest[&index(1)].clone());
    assert!(
        matches!(collected(&context, &messages), CeremonyError::Misaddressed { holder } if holder == index(2))
    );
    messages = honest.clone();
    messages.get_mut(&index(3)).unwrap()[70..100].fill(0xff);
    let error = collected(&context, &messages);
    assert!(matches!(error, CeremonyError::Malformed { .. }));
    assert_eq!(error.culprits(), [index(3)]);
    for other in [
        CeremonyContext { id: [9; 16], ..context },
        CeremonyContext { class: 7, ..context },
        CeremonyContext { epoch: 7, ..context },
        CeremonyContext { generation: 7, ..context },
        CeremonyContext { threshold: Threshold::new(3, 3).unwrap(), ..context },
    ] {
        assert!(matches!(collected(&other, &honest), CeremonyError::OtherCeremony { .. }));
    }
    let refresh = CeremonyContext { kind: CeremonyKind::Refresh, ..context };
    assert!(Transcript::collect(&refresh, &honest).is_err());
}

#[test]
fn different_views_stop_the_ceremony() {
    let Opened { context, messages, .. } = opened();
    let transcript = Transcript::collect(&context, &messages).unwrap();
    let mut digests: BTreeMap<_, _> = messages.keys().map(|holder| (*holder, transcript.digest())).collect();
    digests.insert(index(3), [0; 64]);
    let error = transcript.clone().agree(&digests).err().unwrap();
    assert!(matches!(&error, CeremonyError::Disagreement { holders } if *holders == [index(3)]));
    assert!(error.culprits().is_empty(), "who lied is not known from this");
    digests.remove(&index(3));
    assert!(matches!(transcript.agree(&digests), Err(CeremonyError::Missing { .. })));
}

#[test]
fn a_borrowed_proof_of_knowledge_is_found() {
    let Opened { context, seeds, mut messages } = opened();
    let proof = messages[&index(1)][3 + 64 + 1 + 64..].to_vec();
    messages.get_mut(&index(2)).unwrap()[3 + 64 + 1 + 64..].copy_from_slice(&proof);
    let agreed = agreed(&context, &messages);
    let error = generate::deal(&agreed, index(3), &seeds[&index(3)]).err().unwrap();
    assert!(matches!(error, CeremonyError::InvalidProof { holder } if holder == index(2)));
}

#[test]
fn a_share_off_the_polynomial_is_put_to_its_dealer() {
    let Opened { context, seeds, messages } = opened();
    let agreed = agreed(&context, &messages);
    let dealt: BTreeMap<_, _> =
        seeds.iter().map(|(me, seed)| (*me, generate::deal(&agreed, *me, seed).unwrap())).collect();
    let me = index(1);
    let finish = |packages: &Packages| generate::finish(&agreed, me, &seeds[&me], packages).err();
    let mut packages = inbox(&dealt, me);
    assert!(finish(&packages).is_none());
    packages.get_mut(&index(3)).unwrap()[69] ^= 1;
    assert!(matches!(finish(&packages), Some(CeremonyError::InvalidShare { holder }) if holder == index(3)));
    let mut packages = inbox(&dealt, me);
    packages.insert(index(3), dealt[&index(3)][&index(2)].clone());
    assert!(matches!(finish(&packages), Some(CeremonyError::Misaddressed { holder }) if holder == index(3)));
    packages.get_mut(&index(3)).unwrap()[10] ^= 1;
    assert!(matches!(finish(&packages), Some(CeremonyError::OtherCeremony { holder }) if holder == index(3)));
    packages.remove(&index(3));
    assert!(matches!(finish(&packages), Some(CeremonyError::Missing { .. })));
}

#[test]
fn another_seed_than_the_announced_one_is_our_own_fault() {
    let Opened { context, seeds, messages } = opened();
    let agreed = agreed(&context, &messages);
    let error = generate::deal(&agreed, index(1), &seeds[&index(2)]).err().unwrap();
    assert!(matches!(error, CeremonyError::OwnState { .. }));
}

#[test]
fn a_refresh_names_its_liar() {
    let before = Holders::generate(2, 3, 1);
    let threshold = before.keys.threshold();
    let context = context(CeremonyKind::Refresh, threshold, 2);
    let seeds = seeds(threshold, 5);
    let messages =
        seeds.iter().map(|(me, seed)| (*me, refresh::open(&context, *me, seed).unwrap())).collect();
    let agreed = agreed(&context, &messages);
    let dealt: BTreeMap<_, _> =
        seeds.iter().map(|(me, seed)| (*me, refresh::deal(&agreed, *me, seed).unwrap())).collect();
    let me = index(1);
    let mut packages = inbox(&dealt, me);
    packages.get_mut(&index(2)).unwrap()[69] ^= 1;
    let finish = |share: &KeyShare, packages| {
        refresh::finish(&agreed, &seeds[&me], packages, share, &before.keys).err()
    };
    let error = finish(&before.shares[&me], &packages);
    assert!(matches!(error, Some(CeremonyError::InvalidShare { holder }) if holder == index(2)));
    let other = Holders::generate(2, 3, 77);
    let error = finish(&other.shares[&me], &inbox(&dealt, me));
    assert!(matches!(error, Some(CeremonyError::OwnState { .. })), "a share of another key is not refreshed");
}

fn plan(holders: &Holders, lost: u8, helpers: &[u8]) -> Result<RepairPlan, CeremonyError> {
    let context = context(CeremonyKind::Repair, holders.keys.threshold(), 3);
    RepairPlan::new(&context, holders.keys.clone(), index(lost), set(helpers))
}

/// Steps 1 and 2 of a repair.
fn sigmas(holders: &Holders, plan: &RepairPlan, helpers: &[u8]) -> Packages {
    let seeds = seeds(holders.keys.threshold(), 8);
    let deltas = |share: &&KeyShare| (share.holder(), plan.deltas(share, &seeds[&share.holder()]).unwrap());
    let deltas: BTreeMap<_, _> = holders.quorum(helpers).iter().map(deltas).collect();
    let sigma =
        |number: &u8| (index(*number), plan.sigma(index(*number), &inbox(&deltas, index(*number))).unwrap());
    helpers.iter().map(sigma).collect()
}

#[test]
fn a_repair_gives_back_exactly_the_lost_share() {
    let holders = Holders::generate(3, 5, 1);
    for (lost, helpers) in [(2, [1, 3, 5]), (5, [2, 3, 4])] {
        let plan = plan(&holders, lost, &helpers).unwrap();
        let sigmas = sigmas(&holders, &plan, &helpers);
        let share = plan.recover(&sigmas).unwrap();
        assert_eq!(share.to_sealed_bytes(), holders.shares[&index(lost)].to_sealed_bytes());
        let mut wrong = sigmas.clone();
        wrong.get_mut(&index(helpers[0])).unwrap()[70] ^= 1;
        assert!(matches!(plan.recover(&wrong), Err(CeremonyError::RepairFailed)));
        let mut fewer = sigmas;
        fewer.remove(&index(helpers[1]));
        assert!(matches!(plan.recover(&fewer), Err(CeremonyError::Missing { .. })));
    }
}

#[test]
fn a_repair_that_cannot_work_is_not_begun() {
    let holders = Holders::generate(3, 5, 1);
    for (lost, helpers) in
        [(2, &[1, 3][..]), (2, &[1, 3, 4, 5]), (2, &[1, 2, 3]), (2, &[1, 3, 6]), (6, &[1, 2, 3])]
    {
        assert!(matches!(plan(&holders, lost, helpers), Err(CeremonyError::Plan { .. })));
    }
    let refreshed = holders.refresh(2);
    let plan = plan(&holders, 2, &[1, 3, 5]).unwrap();
    let seed = CeremonySeed::draw(&mut world::SeededRng::new(1));
    let stale = plan.deltas(&refreshed.shares[&index(1)], &seed);
    assert!(matches!(stale, Err(CeremonyError::OwnState { .. })), "generations do not mix");
}

#[test]
fn a_key_set_that_does_not_hold_together_is_refused() {
    let holders = Holders::generate(3, 5, 1);
    let encoded = holders.keys.encode();
    let at = |number: usize| 5 + number * 32..5 + (number + 1) * 32;
    let problem = |bytes: &[u8]| PublicKeySet::decode(bytes).err().unwrap().problem;
    assert!(PublicKeySet::decode(&encoded).unwrap() == holders.keys);

    let mut other = encoded.clone();
    other[at(4)].copy_from_slice(RistrettoPoint::mul_base(&Scalar::from(3_u8)).compress().as_bytes());
    assert_eq!(problem(&other), Problem::OffPolynomial { index: 4 });
    let mut other = encoded.clone();
    other[at(0)].copy_from_slice(RistrettoPoint::mul_base(&Scalar::from(3_u8)).compress().as_bytes());
    assert!(matches!(problem(&other), Problem::OffPolynomial { .. }));
    let mut other = encoded.clone();
    other.copy_within(at(2), at(5).start);
    assert_eq!(problem(&other), Problem::Repeated { index: 5 });
    let mut other = encoded.clone();
    other[at(1)].fill(0);
    assert_eq!(problem(&other), Problem::Identity { index: 1 });
    let mut other = encoded.clone();
    other[3] = 1;
    assert_eq!(problem(&other), Problem::Range { found: 1 });
    other[3] = 6;
    assert!(matches!(problem(&other), Problem::Range { .. }));
    assert!(matches!(problem(&encoded[..100]), Problem::Length { .. }));
    assert!(matches!(problem(&[encoded, vec![0]].concat()), Problem::Length { .. }));
}
