//! A signature fits one key, one kind of thing and one message.

#![expect(clippy::unwrap_used, reason = "a helper of tests that cannot go on has found a failure")]

use lianfang_trust::signed::{KeyError, SignedError};
use lianfang_trust::{Canonical, DecodeError, Decoder, Encoder, Signature, Signed, SigningKey, VerifyingKey};

#[derive(Debug, Clone, PartialEq)]
struct Note(String);

impl Canonical for Note {
    const DOMAIN: &'static str = "lianfang/note";

    fn write(&self, to: &mut Encoder) {
        to.text(&self.0);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self(from.text("note", 100)?.to_owned()))
    }
}

/// The same layout under another name.
#[derive(Clone)]
struct Other(String);

impl Canonical for Other {
    const DOMAIN: &'static str = "lianfang/other";

    fn write(&self, to: &mut Encoder) {
        to.text(&self.0);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self(from.text("note", 100)?.to_owned()))
    }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

#[test]
fn sign_and_open() {
    let key = SigningKey::generate(&mut rand::rng());
    let signed = Signed::sign(&key, Note("hello".into()));
    let opened = Signed::<Note>::open(signed.bytes(), &key.verifying_key()).unwrap();
    assert_eq!(opened.value(), &Note("hello".into()));
    assert_eq!(opened.signer(), &key.verifying_key());
    assert_eq!(opened.digest(), Note("hello".into()).digest());
    assert_eq!(opened.bytes(), signed.bytes());
    assert_eq!(Signed::<Note>::claimed_signer(signed.bytes()), Ok(key.verifying_key()));
    assert!(!format!("{opened:?}").contains("hello"));
    let again = SigningKey::from_bytes(&key.to_bytes());
    assert_eq!(again.verifying_key(), key.verifying_key());
}

#[test]
fn every_changed_byte_is_refused() {
    let signed = Signed::sign(&key(1), Note("hello".into()));
    let pinned = key(1).verifying_key();
    for at in 0..signed.bytes().len() {
        for bit in 0..8 {
            let mut bytes = signed.bytes().to_vec();
            bytes[at] ^= 1 << bit;
            assert!(Signed::<Note>::open(&bytes, &pinned).is_err(), "byte {at}, bit {bit}");
        }
        assert!(Signed::<Note>::open(&signed.bytes()[..at], &pinned).is_err());
    }
}

#[test]
fn the_reason_is_told() {
    let signed = Signed::sign(&key(1), Note("hello".into()));
    let open = |key: &SigningKey| Signed::<Note>::open(signed.bytes(), &key.verifying_key()).err();
    assert_eq!(open(&key(2)), Some(SignedError::OtherSigner));
    let other = Signed::<Other>::open(signed.bytes(), &key(1).verifying_key()).err();
    assert_eq!(other, Some(SignedError::OtherKind { expected: "lianfang/other" }));
    let mut bytes = signed.bytes().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let bad = Signed::<Note>::open(&bytes, &key(1).verifying_key()).err();
    assert_eq!(bad, Some(SignedError::BadSignature));
}

#[test]
fn a_valid_signature_over_a_bad_value_does_not_help() {
    let signed = Signed::sign(&key(1), Note("x".repeat(101)));
    let refused = Signed::<Note>::open(signed.bytes(), &key(1).verifying_key()).err();
    assert_eq!(refused, Some(SignedError::Malformed(DecodeError::TooLong { field: "note", limit: 100 })));
}

#[test]
fn a_detached_signature_is_bound_to_kind_and_value() {
    let (key, note) = (key(3), Note("a".into()));
    let signature = key.sign_value(&note);
    let public = key.verifying_key();
    assert_eq!(public.verify_value(&note, &signature), Ok(()));
    assert_eq!(public.verify_value(&Note("b".into()), &signature), Err(SignedError::BadSignature));
    assert_eq!(public.verify_value(&Other("a".into()), &signature), Err(SignedError::BadSignature));
    assert_eq!(Signed::sign(&key, note).signature(), &signature);
    // Where the domain ends and the message begins is signed too.
    let signature = key.sign("ab", b"c");
    assert_eq!(public.verify("a", b"bc", &signature), Err(SignedError::BadSignature));
}

#[test]
fn a_second_form_of_the_scalar_is_refused() {
    // s + L is the same number modulo the group order (RFC 8032, section 5.1.7, step 1).
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let (key, message) = (key(4), b"message");
    let mut bytes = *key.sign("d", message).as_bytes();
    let mut carry = 0;
    for (byte, add) in bytes[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    let refused = key.verifying_key().verify("d", message, &Signature::from_bytes(bytes));
    assert_eq!(refused, Err(SignedError::BadSignature));
}

fn point(hexadecimal: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    hex::decode_to_slice(hexadecimal, &mut bytes).unwrap();
    bytes
}

#[test]
fn weak_and_doubly_spelt_keys_are_refused() {
    let mut one = [0; 32];
    one[0] = 1;
    // The neutral element, a point of order 2, of order 4, and of order 8.
    let small = [
        one,
        point("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        [0; 32],
        point("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        point("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    ];
    for bytes in small {
        assert_eq!(VerifyingKey::from_bytes(&bytes), Err(KeyError::Weak), "{}", hex::encode(bytes));
    }
    // p + 1 is a second spelling of 1, and p + 3 of 3.
    for low in [0xee, 0xf0] {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (low, 0x7f);
        assert_eq!(VerifyingKey::from_bytes(&bytes), Err(KeyError::NotAPoint));
    }
    let mut two = [0; 32];
    two[0] = 2;
    assert_eq!(VerifyingKey::from_bytes(&two), Err(KeyError::NotAPoint));
}

#[test]
fn a_key_with_a_small_order_part_is_refused() {
    // An honest key plus the point (0, -1) of order 2 is (-x, -y): y becomes p - y, and the sign of x flips.
    let honest = *key(5).verifying_key().as_bytes();
    let prime = point("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    let mut y = honest;
    y[31] &= 0x7f;
    let mut mixed = [0; 32];
    let mut borrow = 0;
    for at in 0..32 {
        let difference = i16::from(prime[at]) - i16::from(y[at]) - borrow;
        borrow = i16::from(difference < 0);
        mixed[at] = u8::try_from(difference & 0xff).unwrap();
    }
    mixed[31] |= !honest[31] & 0x80;
    assert_eq!(VerifyingKey::from_bytes(&mixed), Err(KeyError::Weak));
    assert!(VerifyingKey::from_bytes(&honest).is_ok());
}
