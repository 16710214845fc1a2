//! Dishonest holders: each lie is refused, put to the right holder, and shown to a third party.
#![allow(clippy::unwrap_used, reason = "in a test, what should not fail stops the test")]

mod world;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use lianfang_crypto::error::Problem;
use lianfang_crypto::oprf::accusation::{Accusation, Unfounded};
use lianfang_crypto::oprf::blind::BlindedElements;
use lianfang_crypto::oprf::check::{AnswerRefused, CheckFailed, Checked, Closed, Gathering, OwnShareStale};
use lianfang_crypto::oprf::finalise::FinaliseError;
use lianfang_crypto::oprf::proof::Proof;
use lianfang_crypto::share::commitment::PublicKeySet;
use lianfang_crypto::share::key_share::KeyShare;
use proptest::prelude::*;
use world::{Holders, SeededRng, answer_check, ask, blinded, decide, gather, index};

const COUNT: usize = 20;

fn point(packed: &[u8], position: usize) -> RistrettoPoint {
    CompressedRistretto::from_slice(&packed[position * 32..][..32]).unwrap().decompress().unwrap()
}

fn put(packed: &mut [u8], position: usize, point: RistrettoPoint) {
    packed[position * 32..][..32].copy_from_slice(point.compress().as_bytes());
}

/// Adds `error` to the element at `position`.
fn shift(packed: &mut [u8], position: usize, error: RistrettoPoint) {
    put(packed, position, point(packed, position) + error);
}

fn error() -> RistrettoPoint {
    RistrettoPoint::mul_base(&Scalar::from(12345_u32))
}

/// A chunk to which holder 1 answers what `lie` makes of its honest answer, and holders 2 and 3 answer honestly. All
/// three evaluate the check element honestly.
fn lie_of_first(holders: &Holders, lie: impl FnOnce(&mut Vec<u8>)) -> Result<Checked, Box<CheckFailed>> {
    let quorum = holders.quorum(&[1, 2, 3]);
    let (_, elements) = blinded(COUNT, COUNT);
    let mut gathering = Gathering::new(holders.keys.clone(), elements, None).unwrap();
    let mut answer = quorum[0].evaluate(gathering.blinded()).into_packed();
    lie(&mut answer);
    gathering.accept(index(1), &answer, None).unwrap();
    gather(&mut gathering, &quorum[1..]);
    decide(gathering, &quorum)
}

/// Exactly these are accused, and a third party agrees after a journey as bytes.
fn assert_accused(failed: &CheckFailed, keys: &PublicKeySet, numbers: &[u8]) {
    let accused: Vec<u8> = failed.accused.iter().map(|accusation| accusation.holder().get()).collect();
    assert_eq!(accused, numbers);
    for accusation in &failed.accused {
        let travelled = Accusation::decode(&accusation.encode()).unwrap();
        assert_eq!(travelled.verify(keys), Ok(()));
    }
    assert!(failed.gathering.answered().all(|holder| !numbers.contains(&holder.get())));
}

fn refused(result: Result<Checked, Box<CheckFailed>>) -> Box<CheckFailed> {
    result.err().expect("the lie is found")
}

#[test]
fn honest_answers_pass() {
    assert!(lie_of_first(&Holders::generate(3, 5, 1), |_| ()).is_ok());
}

#[test]
fn one_wrong_point_is_found_and_another_holder_takes_over() {
    let holders = Holders::generate(3, 5, 1);
    let failed = refused(lie_of_first(&holders, |answer| shift(answer, 7, error())));
    assert_accused(&failed, &holders.keys, &[1]);
    assert!(failed.void.is_empty() && failed.unchecked.is_empty());

    let mut gathering = failed.gathering;
    assert_eq!(gathering.missing(), 1);
    gather(&mut gathering, &holders.quorum(&[5]));
    let checked = decide(gathering, &holders.quorum(&[2, 3, 5])).unwrap();
    let (blinding, _) = blinded(COUNT, COUNT);
    let expected = world::outputs(&holders, &[2, 3, 4], COUNT);
    for (ours, theirs) in blinding.finalise(checked, None).unwrap().iter().zip(&expected) {
        assert_eq!(ours.to_sealed_bytes(), theirs.to_sealed_bytes());
    }
}

#[test]
fn swapped_order_is_found() {
    let holders = Holders::generate(3, 5, 1);
    let swap = |answer: &mut Vec<u8>| {
        let (a, b) = (point(answer, 0), point(answer, 1));
        put(answer, 0, b);
        put(answer, 1, a);
    };
    assert_accused(&refused(lie_of_first(&holders, swap)), &holders.keys, &[1]);
}

#[test]
fn errors_that_cancel_in_the_plain_sum_do_not_cancel_under_the_weights() {
    let holders = Holders::generate(3, 5, 1);
    let cancel = |answer: &mut Vec<u8>| {
        shift(answer, 3, error());
        shift(answer, 4, -error());
    };
    assert_accused(&refused(lie_of_first(&holders, cancel)), &holders.keys, &[1]);
}

#[test]
fn shares_of_another_epoch_or_generation_are_found() {
    let holders = Holders::generate(3, 5, 1);
    for other in [Holders::generate(3, 5, 99), holders.refresh(2)] {
        let stranger = &other.shares[&index(1)];
        let (_, elements) = blinded(COUNT, COUNT);
        let wrong = |answer: &mut Vec<u8>| *answer = stranger.evaluate(&elements).into_packed();
        assert_accused(&refused(lie_of_first(&holders, wrong)), &holders.keys, &[1]);

        // If it uses the wrong share for the check element too, its proof is void.
        let quorum = holders.quorum(&[2, 3]);
        let (_, elements) = blinded(COUNT, COUNT);
        let mut gathering = Gathering::new(holders.keys.clone(), elements, None).unwrap();
        gathering.accept(index(1), stranger.evaluate(gathering.blinded()).packed(), None).unwrap();
        gather(&mut gathering, &quorum);
        let mut request = ask(gathering, 1);
        let element = BlindedElements::decode(&request.element(), 1).unwrap();
        let (answer, proof) = stranger.blind_evaluate(&element, &mut SeededRng::new(3)).unwrap();
        let refusal = request.accept(index(1), answer.packed(), &proof.encode());
        let Err(AnswerRefused::InvalidProof { accusation, .. }) = refusal else {
            panic!("the proof is void")
        };
        assert_eq!(accusation.verify(&holders.keys), Ok(()));
        assert_eq!(accusation.signed_proof(), Some(proof.encode()));
        for share in quorum {
            answer_check(&mut request, share);
        }
        let failed = refused(request.decide());
        assert!(failed.accused.is_empty() && failed.unchecked.is_empty());
        assert_eq!(failed.void.iter().map(Accusation::holder).collect::<Vec<_>>(), [index(1)]);
    }
}

/// `answers[j]` of holders 1 and 2 shifted, holder 3 honest.
fn collusion(
    holders: &Holders,
    first: (usize, RistrettoPoint),
    second: (usize, RistrettoPoint),
) -> Result<Checked, Box<CheckFailed>> {
    let quorum = holders.quorum(&[1, 2, 3]);
    let (_, elements) = blinded(COUNT, COUNT);
    let mut gathering = Gathering::new(holders.keys.clone(), elements, None).unwrap();
    for (share, (position, error)) in quorum.iter().zip([first, second]) {
        let mut answer = share.evaluate(gathering.blinded()).into_packed();
        shift(&mut answer, position, error);
        gathering.accept(share.holder(), &answer, None).unwrap();
    }
    gather(&mut gathering, &quorum[2..]);
    decide(gathering, &quorum)
}

#[test]
fn colluders_are_both_found() {
    let holders = Holders::generate(3, 5, 1);
    // With holders 1, 2, 3 the coefficients at zero are 3, −3, 1: these errors cancel in a sum over the chunk.
    let failed = refused(collusion(&holders, (3, error()), (4, error())));
    assert_accused(&failed, &holders.keys, &[1, 2]);
}

#[test]
fn errors_that_cancel_within_one_element_change_nothing() {
    let holders = Holders::generate(3, 5, 1);
    let checked = collusion(&holders, (3, error()), (3, error())).unwrap();
    let (blinding, _) = blinded(COUNT, COUNT);
    let expected = world::outputs(&holders, &[3, 4, 5], COUNT);
    for (ours, theirs) in blinding.finalise(checked, None).unwrap().iter().zip(&expected) {
        assert_eq!(
            ours.to_sealed_bytes(),
            theirs.to_sealed_bytes(),
            "the sum is what counts, and it is right"
        );
    }
}

#[test]
fn silence_on_the_check_element_is_recorded_and_not_punished() {
    let holders = Holders::generate(3, 5, 1);
    let quorum = holders.quorum(&[1, 2, 3]);
    let (_, elements) = blinded(COUNT, COUNT);
    let mut gathering = Gathering::new(holders.keys.clone(), elements, None).unwrap();
    gather(&mut gathering, &quorum);
    let first_check = {
        let mut request = ask(gathering, 1);
        answer_check(&mut request, quorum[0]);
        answer_check(&mut request, quorum[2]);
        assert_eq!(request.unanswered().collect::<Vec<_>>(), [index(2)]);
        let element = request.element();
        let failed = refused(request.decide());
        assert_eq!(failed.unchecked, [index(2)]);
        assert!(failed.accused.is_empty() && failed.void.is_empty());
        gathering = failed.gathering;
        element
    };
    gather(&mut gathering, &holders.quorum(&[4]));
    let request = ask(gathering, 2);
    assert_ne!(request.element(), first_check, "every try has weights of its own");
}

#[test]
fn a_small_chunk_stands_on_proofs() {
    let holders = Holders::generate(2, 3, 1);
    let (_, elements) = blinded(5, 8);
    let mut gathering = Gathering::new(holders.keys.clone(), elements, None).unwrap();
    assert!(gathering.with_proof());
    let share = &holders.shares[&index(1)];
    let (answer, proof) = share.blind_evaluate(gathering.blinded(), &mut SeededRng::new(1)).unwrap();
    let mut wrong = answer.packed().to_vec();
    shift(&mut wrong, 2, error());
    let refusal = gathering.accept(index(1), &wrong, Some(&proof.encode()));
    let Err(AnswerRefused::InvalidProof { accusation, .. }) = refusal else { panic!("the proof is void") };
    assert_eq!(Accusation::decode(&accusation.encode()).unwrap().verify(&holders.keys), Ok(()));
    let bare = gathering.accept(index(1), answer.packed(), None);
    assert!(matches!(bare, Err(AnswerRefused::WrongCall { wanted: true, .. })));
    gathering.accept(index(1), answer.packed(), Some(&proof.encode())).unwrap();
}

#[test]
fn answers_that_are_no_answers_are_refused() {
    let holders = Holders::generate(3, 5, 1);
    let quorum = holders.quorum(&[1, 2, 3]);
    let (_, elements) = blinded(COUNT, COUNT);
    let sent = elements.packed().to_vec();
    let mut gathering = Gathering::new(holders.keys.clone(), elements, None).unwrap();
    let honest = quorum[0].evaluate(gathering.blinded()).into_packed();

    let mut reflected = honest.clone();
    reflected[9 * 32..10 * 32].copy_from_slice(&sent[9 * 32..10 * 32]);
    let Err(AnswerRefused::Reflected { accusation, .. }) = gathering.accept(index(1), &reflected, None)
    else {
        panic!("a reflected element is refused")
    };
    assert_eq!(Accusation::decode(&accusation.encode()).unwrap().verify(&holders.keys), Ok(()));

    let problem = |gathering: &mut Gathering, answer: &[u8]| match gathering.accept(index(1), answer, None) {
        Err(AnswerRefused::Malformed { malformed, .. }) => malformed.problem,
        _ => panic!("malformed answers are refused"),
    };
    let mut identity = honest.clone();
    identity[4 * 32..5 * 32].fill(0);
    assert_eq!(problem(&mut gathering, &identity), Problem::Identity { index: 4 });
    let mut broken = honest.clone();
    broken[4 * 32..5 * 32].fill(0xff);
    assert_eq!(problem(&mut gathering, &broken), Problem::NotAnElement { index: 4 });
    let short = Problem::Length { found: honest.len() - 32, expected: honest.len() };
    assert_eq!(problem(&mut gathering, &honest[32..]), short);

    assert!(matches!(gathering.accept(index(6), &honest, None), Err(AnswerRefused::NotAsked { .. })));
    let proof = quorum[0].blind_evaluate(&blinded(1, 1).1, &mut SeededRng::new(1)).unwrap().1;
    let unwanted = gathering.accept(index(1), &honest, Some(&proof.encode()));
    assert!(matches!(unwanted, Err(AnswerRefused::WrongCall { wanted: false, .. })));
    gathering.accept(index(1), &honest, None).unwrap();
    assert!(matches!(gathering.accept(index(1), &honest, None), Err(AnswerRefused::NotNeeded { .. })));
    let copied = gathering.accept(index(2), &honest, None);
    assert!(matches!(copied, Err(AnswerRefused::Copied { other, .. }) if other == index(1)));
    assert_eq!(gathering.missing(), 2);
    let Err(gathering) = gathering.close(&mut SeededRng::new(1)) else { panic!("answers are missing") };
    assert_eq!(gathering.missing(), 2, "and none is lost");
}

#[test]
fn a_bank_that_holds_a_share_needs_one_answer_less() {
    for count in [5, COUNT] {
        let holders = Holders::generate(3, 5, 1);
        let own = holders.shares[&index(2)].own_share();
        let others = holders.quorum(&[1, 5]);
        let (blinding, elements) = blinded(count, count);
        let mut gathering = Gathering::new(holders.keys.clone(), elements, Some(&own)).unwrap();
        let foreign = gathering.accept(index(2), &[], None);
        assert!(matches!(foreign, Err(AnswerRefused::NotAsked { .. })), "its own index is never asked");
        gather(&mut gathering, &others);
        let checked = if gathering.with_proof() {
            let Ok(Closed::Passed(checked)) = gathering.close(&mut SeededRng::new(1)) else {
                panic!("passes")
            };
            checked
        } else {
            decide(gathering, &others).unwrap()
        };
        let expected = world::outputs(&holders, &[1, 3, 4], count);
        for (ours, theirs) in blinding.finalise(checked, Some(&own)).unwrap().iter().zip(&expected) {
            assert_eq!(ours.to_sealed_bytes(), theirs.to_sealed_bytes());
        }
    }
}

#[test]
fn what_does_not_belong_together_is_not_finalised() {
    let holders = Holders::generate(2, 3, 1);
    let refreshed = holders.refresh(2);
    let own = holders.shares[&index(2)].own_share();
    let stale = refreshed.shares[&index(2)].own_share();
    let gathering = Gathering::new(holders.keys.clone(), blinded(20, 20).1, Some(&stale));
    assert!(matches!(gathering, Err(OwnShareStale)));

    let passed = |own: Option<&_>, quorum: &[&KeyShare]| {
        let mut gathering = Gathering::new(holders.keys.clone(), blinded(20, 20).1, own).unwrap();
        gather(&mut gathering, quorum);
        decide(gathering, quorum).unwrap()
    };
    let (one, two) = (holders.quorum(&[1]), holders.quorum(&[1, 3]));
    let verdict = |checked, count, own| blinded(count, count).0.finalise(checked, own).err();
    assert_eq!(verdict(passed(Some(&own), &one), 20, None), Some(FinaliseError::OwnShareMismatch));
    assert_eq!(verdict(passed(None, &two), 20, Some(&own)), Some(FinaliseError::OwnShareMismatch));
    assert_eq!(verdict(passed(Some(&own), &one), 20, Some(&stale)), Some(FinaliseError::OwnShareStale));
    assert_eq!(verdict(passed(None, &two), 19, None), Some(FinaliseError::OtherChunk));
}

/// An accusation as a dishonest bank would write it by hand.
fn forged(
    keys: &PublicKeySet,
    sent: &[u8],
    answer: &[u8],
    weights: &[u128],
    check: &[u8],
    proof: &Proof,
) -> Accusation {
    let mut bytes = vec![1, 1, 3, 1, 1];
    bytes.extend(keys.share(index(1)).unwrap());
    bytes.extend(u32::try_from(weights.len()).unwrap().to_be_bytes());
    bytes.extend(sent);
    bytes.extend(answer);
    bytes.extend(weights.iter().flat_map(|weight| weight.to_le_bytes()));
    bytes.extend(check);
    bytes.extend(proof.encode());
    Accusation::decode(&bytes).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_weights_frame_an_honest_holder(
        weights in proptest::collection::vec(prop_oneof![Just(0), Just(u128::MAX), any::<u128>()], 1..12),
        number in any::<u64>(),
    ) {
        let holders = Holders::generate(2, 2, 4);
        let share = &holders.shares[&index(1)];
        let mut source = SeededRng::new(number);
        let mut points: Vec<_> = weights.iter().map(|_| RistrettoPoint::random(&mut source)).collect();
        // Elements that stand in a relation known to the accuser.
        if let [first, .., last] = points.as_mut_slice() {
            *last = -*first;
        }
        let sent: Vec<u8> = points.iter().flat_map(|point| point.compress().to_bytes()).collect();
        let elements = BlindedElements::decode(&sent, 12).unwrap();
        let answer = share.evaluate(&elements);
        let check: RistrettoPoint = points.iter().zip(&weights).map(|(point, d)| point * Scalar::from(*d)).sum();
        let check = check.compress().to_bytes();
        let mut rng = SeededRng::new(number);
        let proven = BlindedElements::decode(&check, 1).ok();
        let (claimed, proof) = match &proven {
            Some(check) => share.blind_evaluate(check, &mut rng).unwrap(),
            // The weighted sum is the identity: the holder refuses it, and the accuser has only other proofs.
            None => share.blind_evaluate(&blinded(1, 1).1, &mut rng).unwrap(),
        };
        let verdict = forged(&holders.keys, &sent, answer.packed(), &weights, claimed.packed(), &proof).verify(&holders.keys);
        let expected = if proven.is_some() { Unfounded::Honest } else { Unfounded::NothingPinned };
        prop_assert_eq!(verdict, Err(expected));

        // With a claim of the accuser's own nothing is pinned.
        let claim = RistrettoPoint::mul_base(&Scalar::from(number)).compress().to_bytes();
        prop_assume!(number != 0);
        let verdict = forged(&holders.keys, &sent, answer.packed(), &weights, &claim, &proof).verify(&holders.keys);
        prop_assert_eq!(verdict, Err(Unfounded::NothingPinned));
    }
}

#[test]
fn an_accusation_under_another_key_record_is_unfounded() {
    let holders = Holders::generate(3, 5, 1);
    let failed = refused(lie_of_first(&holders, |answer| shift(answer, 0, error())));
    let refreshed = holders.refresh(2);
    assert_eq!(failed.accused[0].verify(&refreshed.keys), Err(Unfounded::OtherKey));
}
