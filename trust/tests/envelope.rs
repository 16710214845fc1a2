//! An envelope opens for its receiver, its purpose and its context, unchanged, or not at all.

use lianfang_trust::envelope::{EnvelopeError, MAX_PLAINTEXT, OVERHEAD, SealingKey, SealingPublicKey, seal};
use proptest::prelude::*;

fn key(seed: u8) -> SealingKey {
    SealingKey::from_seed(&[seed; 32])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn round_trip(secret in prop::collection::vec(any::<u8>(), 0..300), info in any::<[u8; 9]>(), aad in any::<[u8; 5]>()) {
        let envelope = seal(&key(1).public(), &info, &aad, &secret, &mut rand::rng()).unwrap();
        prop_assert_eq!(envelope.len(), secret.len() + OVERHEAD);
        prop_assert_eq!(&*key(1).open(&info, &aad, &envelope).unwrap(), &secret);
        prop_assert_eq!(key(2).open(&info, &aad, &envelope), Err(EnvelopeError::DoesNotOpen));
        prop_assert_eq!(key(1).open(&info[1..], &aad, &envelope), Err(EnvelopeError::DoesNotOpen));
        prop_assert_eq!(key(1).open(&info, &aad[1..], &envelope), Err(EnvelopeError::DoesNotOpen));
    }
}

#[test]
fn every_changed_byte_is_refused() {
    let envelope = seal(&key(1).public(), b"i", b"a", b"secret", &mut rand::rng()).unwrap();
    for at in 0..envelope.len() {
        for mask in [1, 0x80] {
            let mut changed = envelope.clone();
            changed[at] ^= mask;
            assert!(key(1).open(b"i", b"a", &changed).is_err(), "byte {at}");
        }
        assert!(key(1).open(b"i", b"a", &envelope[..at]).is_err());
    }
    let mut other = envelope.clone();
    other[1] = 2;
    assert_eq!(key(1).open(b"i", b"a", &other), Err(EnvelopeError::OtherVersion { layout: 1, suite: 2 }));
    assert_eq!(key(1).open(b"i", b"a", &envelope[..20]), Err(EnvelopeError::Truncated));
    let long = vec![1; MAX_PLAINTEXT + OVERHEAD + 1];
    assert_eq!(key(1).open(b"i", b"a", &long), Err(EnvelopeError::TooLong));
    let refused = seal(&key(1).public(), b"i", b"a", &long, &mut rand::rng());
    assert_eq!(refused, Err(EnvelopeError::TooLong));
}

#[test]
fn two_envelopes_of_one_secret_differ() {
    let make = || seal(&key(1).public(), b"i", b"a", b"secret", &mut rand::rng()).unwrap();
    assert_ne!(make(), make());
}

#[test]
fn weak_and_doubly_spelt_keys_are_refused() {
    let from_hex = |text: &str| {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).unwrap();
        SealingPublicKey::from_bytes(&bytes)
    };
    // The canonical points of small order of Curve25519 and its twist: 0, 1, two of order 8, and p - 1.
    for small in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ] {
        assert_eq!(from_hex(small), Err(EnvelopeError::WeakKey), "{small}");
    }
    // p + 9 spells 9, and so does 9 with its highest bit set.
    let base = "0900000000000000000000000000000000000000000000000000000000000000";
    assert!(from_hex(base).is_ok());
    for second in [
        "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0900000000000000000000000000000000000000000000000000000000000080",
    ] {
        assert_eq!(from_hex(second), Err(EnvelopeError::WeakKey));
    }
    let public = key(1).public();
    assert_eq!(SealingPublicKey::from_bytes(public.as_bytes()), Ok(public));
}
