//! Every decoder of the crate, each as one function of bytes: what it takes it must write again unchanged, and nothing
//! may panic. And the engines of the batch operations, which must agree on whatever the bytes ask them for. The fuzz
//! targets and the ordinary test `tests/fuzz_seeds.rs` call the same functions.
#![allow(dead_code, reason = "a fuzz target uses one of these")]

use std::collections::BTreeMap;

use curve25519_dalek::scalar::Scalar;
use lianfang_crypto::ceremony::context::CeremonyKind;
use lianfang_crypto::ceremony::message::{CommitmentMessage, SecretMessage, SecretPurpose};
use lianfang_crypto::lanes::{self, Lanes, Points, Scalars, hashes};
use lianfang_crypto::oprf::accusation::Accusation;
use lianfang_crypto::oprf::blind::{BlindedElements, RevealedBlind};
use lianfang_crypto::oprf::finalise::Output;
use lianfang_crypto::oprf::proof::Proof;
use lianfang_crypto::seal;
use lianfang_crypto::share::commitment::PublicKeySet;
use lianfang_crypto::share::key_share::KeyShare;

type Decoder = fn(&[u8]);

/// All of them by the name of their fuzz target.
pub(crate) fn all() -> BTreeMap<&'static str, Decoder> {
    BTreeMap::from([
        ("accusation", accusation as Decoder),
        ("commitment", commitment),
        ("elements", elements),
        ("engines", engines),
        ("key_share", key_share),
        ("proof", proof),
        ("public_key_set", public_key_set),
        ("revealed_blind", revealed_blind),
        ("sealed_label", sealed_label),
        ("secret_message", secret_message),
    ])
}

pub(crate) fn accusation(data: &[u8]) {
    if let Ok(accusation) = Accusation::decode(data) {
        assert_eq!(accusation.encode(), data);
    }
}

pub(crate) fn commitment(data: &[u8]) {
    for kind in [CeremonyKind::Generate, CeremonyKind::Refresh] {
        if let Ok(message) = CommitmentMessage::decode(data, kind) {
            assert_eq!(message.encode(), data);
        }
    }
}

pub(crate) fn elements(data: &[u8]) {
    if let Ok(elements) = BlindedElements::decode(data, 64) {
        assert_eq!(elements.packed(), data);
        assert!(elements.count() <= 64, "the limit holds");
    }
}

pub(crate) fn key_share(data: &[u8]) {
    if let Ok(share) = KeyShare::decode(data) {
        assert_eq!(share.to_sealed_bytes()[..], *data);
    }
}

pub(crate) fn proof(data: &[u8]) {
    if let Ok(proof) = Proof::decode(data) {
        assert_eq!(proof.encode(), data);
    }
}

pub(crate) fn public_key_set(data: &[u8]) {
    if let Ok(keys) = PublicKeySet::decode(data) {
        assert_eq!(keys.encode(), data);
    }
}

pub(crate) fn revealed_blind(data: &[u8]) {
    let Ok(bytes) = data.try_into() else { return };
    if let Ok(blind) = RevealedBlind::decode(bytes) {
        assert_eq!(blind.to_bytes()[..], *data);
    }
}

pub(crate) fn sealed_label(data: &[u8]) {
    let (tag, key) = Output::restore(&mut [3; 64]).tag_and_seal(&[7; 64]);
    let place = seal::Place { terms_digest: &[7; 64], bank: b"bank-a", tag: &tag };
    if let Ok(label) = seal::open(&key, place, data) {
        assert!(label.len() <= seal::MAX_LABEL, "the limit holds");
    }
}

pub(crate) fn secret_message(data: &[u8]) {
    for purpose in [SecretPurpose::Package, SecretPurpose::Delta, SecretPurpose::Sigma] {
        if let Ok(message) = SecretMessage::decode(data, purpose) {
            assert_eq!(message.encode(purpose)[..], *data);
        }
    }
}

/// The most records that one input is taken for: an engine has at most eight lanes, and two blocks go through the map
/// side by side, four through the decoder.
const RECORDS: usize = 40;

/// All engines of this CPU give the same, whatever is asked of them. The input is records of 64 bytes: each is uniform
/// bytes, a scalar, a weight and, in its halves, two strings that may be encodings.
pub(crate) fn engines(data: &[u8]) {
    let records = data.as_chunks::<64>().0;
    let records = &records[..records.len().min(RECORDS)];
    let mut results =
        Lanes::ALL.into_iter().filter_map(|lanes| lanes.on(|| everything(records)).map(|all| (lanes, all)));
    let Some((first, expected)) = results.next() else { return };
    for (lanes, found) in results {
        assert_eq!(found, expected, "{} and {} disagree", lanes.name(), first.name());
    }
}

/// What the engine that computes here makes of the records.
fn everything(records: &[[u8; 64]]) -> Vec<Vec<[u8; 32]>> {
    let scalars: Vec<Scalar> = records.iter().map(Scalar::from_bytes_mod_order_wide).collect();
    let one: Scalar = scalars.iter().sum();
    let points = lanes::from_uniform_bytes(records);
    let (products, encodings) = lanes::multiply_keeping(&points, Scalars::Each(&scalars));
    let mut all = vec![
        encodings.to_vec(),
        lanes::multiply(&products, Scalars::One(&one)).to_vec(),
        lanes::multiply_joint((&points, Scalars::One(&one)), (&products, Scalars::Each(&scalars))).to_vec(),
    ];
    let weights: Vec<u128> = records.iter().map(weight).collect();
    all.push(vec![lanes::weighted_sum(&weights, &products), lanes::weighted_sum(&weights, &points)]);
    if let [one, other, ..] = weights[..] {
        let rows = lanes::sum_of_rows(&[(one & 1 == 1, one), (other & 1 == 1, other)], &[&points, &products]);
        all.push(lanes::multiply(&rows, Scalars::Each(&scalars)).to_vec());
    }
    let texts: Vec<&[u8]> = records.iter().map(|record| &record[..usize::from(record[0] % 65)]).collect();
    all.push(hashes::expand_message(&texts, b"fuzz").as_flattened().as_chunks().0.to_vec());
    let strings: Vec<[u8; 32]> = records.iter().flat_map(|record| record.as_chunks().0).copied().collect();
    all.extend([decoded(&strings), decoded(&encodings)]);
    all
}

/// Any bytes as a weight, and often one of the extremes.
fn weight(record: &[u8; 64]) -> u128 {
    match record[63] {
        0 => 0,
        0xff => u128::MAX,
        _ => u128::from_le_bytes(*record.first_chunk().unwrap_or(&[0; 16])),
    }
}

/// What decodes, encoded again, or which entry does not and why.
fn decoded(strings: &[[u8; 32]]) -> Vec<[u8; 32]> {
    let encode = |points: Points| lanes::multiply(&points, Scalars::One(&Scalar::ONE)).to_vec();
    match lanes::decode(strings) {
        Ok(points) => {
            let encodings = encode(points);
            assert_eq!(encodings, strings, "an encoding is the only one of its element");
            encodings
        }
        Err(lanes::Undecodable::NotAnElement(index)) => vec![[1; 32]; index],
        Err(lanes::Undecodable::Identity(index)) => vec![[2; 32]; index],
    }
}
