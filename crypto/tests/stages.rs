//! The stages that no holder takes part in: input, blinding, inspection, tag, seal, digests.
#![allow(clippy::unwrap_used, reason = "in a test, what should not fail stops the test")]

mod world;

use curve25519_dalek::ristretto::CompressedRistretto;
use lianfang_crypto::error::Problem;
use lianfang_crypto::group::element::{MAX_BATCH, elements_digest};
use lianfang_crypto::oprf::blind::{BlindedElements, ChunkSeed, RevealedBlind, blind};
use lianfang_crypto::oprf::evaluate::MAX_PROVEN;
use lianfang_crypto::oprf::finalise::Output;
use lianfang_crypto::oprf::input::{Input, MAX_VALUE};
use lianfang_crypto::oprf::proof::Proof;
use lianfang_crypto::seal::{self, MAX_LABEL, OVERHEAD, Place, SealError};
use proptest::prelude::*;
use world::{Holders, SeededRng, TERMS, index, inputs};

fn seed(number: u64) -> ChunkSeed {
    ChunkSeed::draw(&mut SeededRng::new(number), b"secret", b"context")
}

#[test]
fn an_input_is_the_canonical_text() {
    let input = Input::new("letter-band", 1, "a|b").unwrap();
    assert_eq!(input.canonical_bytes(), b"letter-band|v1|a|b");
    assert_eq!(Input::new("phone", 12, "联防").unwrap().canonical_bytes(), "phone|v12|联防".as_bytes());
    let refused = |kind: &str, version, value: &str| Input::new(kind, version, value).err().map(|e| e.field);
    assert_eq!(refused("", 1, "x"), Some("identifier kind"));
    assert_eq!(refused("pho|ne", 1, "x"), Some("identifier kind"));
    assert_eq!(refused("Phone", 1, "x"), Some("identifier kind"));
    assert_eq!(refused(&"k".repeat(33), 1, "x"), Some("identifier kind"));
    assert_eq!(refused("phone", 0, "x"), Some("rule version"));
    assert_eq!(refused("phone", 1, ""), Some("identifier value"));
    assert_eq!(refused("phone", 1, "1\n2"), Some("identifier value"));
    assert_eq!(refused("phone", 1, &"9".repeat(MAX_VALUE + 1)), Some("identifier value"));
    assert!(Input::verbatim(&vec![0; 65536]).is_err());
}

#[test]
fn a_chunk_is_rebuilt_byte_for_byte_from_its_stored_seed() {
    let first = seed(1);
    let (_, sent) = blind(inputs(5), &first, 8).unwrap();
    let restored = ChunkSeed::restore(&mut first.to_sealed_bytes());
    let (_, again) = blind(inputs(5), &restored, 8).unwrap();
    assert_eq!(sent.packed(), again.packed());
    assert_eq!(sent.count(), 8);
    let (_, other) = blind(inputs(5), &seed(2), 8).unwrap();
    assert!(sent.encodings().iter().all(|element| !other.encodings().contains(element)));
}

#[test]
fn one_seed_never_blinds_two_inputs_alike() {
    // The same seed at the same position: with one scalar for both, the ratio of the two hashes would show.
    let at = |value: &str| {
        let input = Input::verbatim(value.as_bytes()).unwrap();
        seed(1).reveal(0, &input).to_bytes()
    };
    assert_ne!(at("a"), at("b"));
    let input = &inputs(1)[0];
    assert_ne!(seed(1).reveal(0, input).to_bytes(), seed(1).reveal(1, input).to_bytes());
}

#[test]
fn a_seed_is_hedged() {
    let draw = |number, secret: &[u8], context: &[u8]| {
        ChunkSeed::draw(&mut SeededRng::new(number), secret, context).to_sealed_bytes()
    };
    let base = draw(1, b"secret", b"context");
    assert_eq!(base, draw(1, b"secret", b"context"));
    assert_ne!(base, draw(2, b"secret", b"context"), "randomness counts");
    assert_ne!(base, draw(1, b"Secret", b"context"), "the node's secret counts after a snapshot");
    assert_ne!(base, draw(1, b"secret", b"Context"), "the chunk counts");
    assert_ne!(base, draw(1, b"secretc", b"ontext"), "and nothing moves between them");
}

#[test]
fn chunk_sizes_are_bounded() {
    assert!(blind(Vec::new(), &seed(1), 4).is_err());
    assert!(blind(inputs(1), &seed(1), MAX_BATCH + 1).is_err());
    let problem = |bytes: &[u8], limit| BlindedElements::decode(bytes, limit).err().unwrap().problem;
    let (_, elements) = blind(inputs(3), &seed(1), 0).unwrap();
    assert_eq!(problem(elements.packed(), 2), Problem::TooMany { found: 3, limit: 2 });
    assert_eq!(problem(&elements.packed()[1..], 3), Problem::Ragged { found: 95 });
    assert_eq!(problem(&[], 3), Problem::Empty);
    assert_eq!(problem(&[elements.packed(), &[0; 32]].concat(), 9), Problem::Identity { index: 3 });
    let holders = Holders::generate(2, 2, 1);
    let (_, many) = blind(inputs(MAX_PROVEN + 1), &seed(1), 0).unwrap();
    assert!(holders.shares[&index(1)].blind_evaluate(&many, &mut SeededRng::new(1)).is_err());
}

#[test]
fn an_inspector_sees_what_was_blinded() {
    let (_, elements) = blind(inputs(5), &seed(1), 8).unwrap();
    let shown = inputs(5);
    for (position, input) in shown.iter().enumerate() {
        let revealed = RevealedBlind::decode(&seed(1).reveal(position, input).to_bytes()).unwrap();
        assert!(revealed.opens(input, &elements.encodings()[position]));
        assert!(!revealed.opens(&shown[(position + 1) % 5], &elements.encodings()[position]));
        assert!(!revealed.opens(input, &elements.encodings()[(position + 1) % 5]));
    }
    assert!(RevealedBlind::decode(&[0; 32]).is_err(), "zero opens nothing");
    assert!(RevealedBlind::decode(&[0xff; 32]).is_err());
}

#[test]
fn a_proof_verifies_only_for_its_own_statement() {
    let holders = Holders::generate(2, 3, 1);
    let share = &holders.shares[&index(1)];
    let (_, sent) = blind(inputs(4), &seed(1), 0).unwrap();
    let (answer, proof) = share.blind_evaluate(&sent, &mut SeededRng::new(1)).unwrap();
    let verify =
        |holder, sent: &[u8], answer: &[u8]| proof.verify(&holders.keys, index(holder), sent, answer);
    assert_eq!(verify(1, sent.packed(), answer.packed()), Ok(true));
    assert_eq!(verify(2, sent.packed(), answer.packed()), Ok(false));
    assert_eq!(verify(9, sent.packed(), answer.packed()), Ok(false));
    let swapped = [&answer.packed()[32..64], &answer.packed()[..32], &answer.packed()[64..]].concat();
    assert_eq!(verify(1, sent.packed(), &swapped), Ok(false));
    assert!(verify(1, sent.packed(), &answer.packed()[32..]).is_err());
    let (_, again) = share.blind_evaluate(&sent, &mut SeededRng::new(2)).unwrap();
    assert_ne!(proof, again, "a fresh nonce");
    assert!(Proof::decode(&[0xff; 64]).is_err());
}

#[test]
fn tags_follow_terms_and_labels_open_only_in_their_place() {
    let output = || Output::restore(&mut [3; 64]);
    let (tag, key) = output().tag_and_seal(&TERMS);
    let (other_tag, other_key) = output().tag_and_seal(&[8; 64]);
    assert!(tag != other_tag, "tags of two jobs are not linked");
    let place = Place { terms_digest: &TERMS, bank: b"bank-a", tag: &tag };
    let sealed = seal::seal(&key, [1; 24], place, b"victim, 3 months").unwrap();
    assert_eq!(sealed.len(), 16 + OVERHEAD);
    assert_eq!(**seal::open(&key, place, &sealed).unwrap(), *b"victim, 3 months");

    let elsewhere = [
        Place { terms_digest: &[8; 64], ..place },
        Place { bank: b"bank-b", ..place },
        Place { tag: &other_tag, ..place },
    ];
    for place in elsewhere {
        assert_eq!(seal::open(&key, place, &sealed).err(), Some(SealError::DoesNotOpen));
    }
    assert_eq!(seal::open(&other_key, place, &sealed).err(), Some(SealError::DoesNotOpen));
    assert_eq!(seal::open(&key, place, &sealed[1..]).err(), Some(SealError::DoesNotOpen));
    assert_eq!(seal::open(&key, place, &sealed[..39]).err(), Some(SealError::Length(39)));
    assert_eq!(seal::open(&key, place, &[0; 295]).err(), Some(SealError::Length(295)));
    let too_long = seal::seal(&key, [1; 24], place, &[0; MAX_LABEL + 1]);
    assert_eq!(too_long.err(), Some(SealError::TooLong(MAX_LABEL + 1)));
}

#[test]
fn a_digest_covers_context_and_elements_apart() {
    let base = elements_digest(b"ab", b"cd");
    assert_ne!(base, elements_digest(b"abc", b"d"));
    assert_ne!(base, elements_digest(b"ab", b"ce"));
    assert_ne!(base, elements_digest(b"", b"abcd"));
}

proptest! {
    #[test]
    fn every_label_comes_back(label in proptest::collection::vec(any::<u8>(), 0..=MAX_LABEL), flip in any::<proptest::sample::Index>()) {
        let (tag, key) = Output::restore(&mut [3; 64]).tag_and_seal(&TERMS);
        let place = Place { terms_digest: &TERMS, bank: b"bank-a", tag: &tag };
        let mut sealed = seal::seal(&key, [1; 24], place, &label).unwrap();
        prop_assert_eq!(sealed.len(), label.len() + OVERHEAD);
        prop_assert_eq!(&**seal::open(&key, place, &sealed).unwrap(), &label[..]);
        let flip = flip.index(sealed.len());
        sealed[flip] ^= 1;
        prop_assert!(seal::open(&key, place, &sealed).is_err());
    }

    #[test]
    fn only_canonical_encodings_are_elements(bytes in any::<[u8; 32]>()) {
        let ours = BlindedElements::decode(&bytes, 1);
        let dalek = CompressedRistretto(bytes).decompress();
        prop_assert_eq!(ours.is_ok(), dalek.is_some());
        if let Some(point) = dalek {
            prop_assert_eq!(point.compress().to_bytes(), bytes);
        }
    }
}
