//! Every decoder of the crate, each as one function of bytes: what it takes it must write again unchanged, and nothing
//! may panic. The fuzz targets and the ordinary test `tests/fuzz_seeds.rs` call the same functions.
#![allow(dead_code, reason = "a fuzz target uses one of these")]

use std::collections::BTreeMap;

use lianfang_crypto::ceremony::context::CeremonyKind;
use lianfang_crypto::ceremony::message::{CommitmentMessage, SecretMessage, SecretPurpose};
use lianfang_crypto::oprf::accusation::Accusation;
use lianfang_crypto::oprf::blind::{BlindedElements, RevealedBlind};
use lianfang_crypto::oprf::finalise::Output;
use lianfang_crypto::oprf::proof::Proof;
use lianfang_crypto::seal;
use lianfang_crypto::share::commitment::PublicKeySet;
use lianfang_crypto::share::key_share::KeyShare;

type Decoder = fn(&[u8]);

/// All decoders by the name of their fuzz target.
pub(crate) fn all() -> BTreeMap<&'static str, Decoder> {
    BTreeMap::from([
        ("accusation", accusation as Decoder),
        ("commitment", commitment),
        ("elements", elements),
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
