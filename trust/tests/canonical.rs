//! One value, one encoding; everything else is refused by name.

#[expect(
    dead_code,
    unreachable_pub,
    reason = "shared with the fuzz package, where all of it is public and used"
)]
#[path = "../fuzz/src/lib.rs"]
mod targets;

use lianfang_trust::{Canonical, DecodeError, Decoder, Encoder};
use proptest::prelude::*;
use targets::Sample;

fn flat() -> impl Strategy<Value = Sample> {
    let numbers = any::<(u8, u16, u32, u64, i64)>();
    let rest = (
        any::<bool>(),
        any::<[u8; 4]>(),
        prop::collection::vec(any::<u8>(), 0..40),
        "\\PC{0,12}",
        any::<Option<u16>>(),
        prop::collection::btree_set(any::<u32>(), 0..6),
    );
    (numbers, rest).prop_map(|(numbers, (flag, fixed, bytes, text, option, set))| Sample {
        numbers,
        flag,
        fixed,
        bytes,
        text,
        option,
        set: set.into_iter().collect(),
        inner: vec![],
    })
}

fn sample() -> impl Strategy<Value = Sample> {
    (flat(), prop::collection::vec(flat(), 0..3)).prop_map(|(sample, inner)| Sample { inner, ..sample })
}

proptest! {
    #[test]
    fn round_trip(sample in sample()) {
        prop_assert_eq!(Sample::decode(&sample.encode()), Ok(sample));
    }

    #[test]
    fn different_values_have_different_encodings(one in sample(), other in sample()) {
        prop_assert_eq!(one == other, one.encode() == other.encode());
    }

    #[test]
    fn a_changed_byte_never_reads_as_the_same_value(sample in sample(), at in any::<prop::sample::Index>(), with in 1..=255_u8) {
        let mut bytes = sample.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= with;
        prop_assert_ne!(Sample::decode(&bytes), Ok(sample));
    }

    #[test]
    fn no_cut_and_no_addition_is_read(sample in sample(), cut in any::<prop::sample::Index>(), more in 1..9_usize) {
        let mut bytes = sample.encode();
        prop_assert!(Sample::decode(&bytes[..cut.index(bytes.len())]).is_err());
        bytes.resize(bytes.len() + more, 0);
        prop_assert!(Sample::decode(&bytes).is_err());
    }
}

/// A decoder over fields without a header of interest.
fn read<T>(
    write: impl Fn(&mut Encoder),
    read: impl Fn(&mut Decoder<'_>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let mut to = Encoder::new("lianfang/test", 1);
    write(&mut to);
    let bytes = to.finish();
    let mut from = Decoder::new("lianfang/test", 1, &bytes)?;
    let value = read(&mut from)?;
    from.end()?;
    Ok(value)
}

#[test]
fn another_type_and_another_layout() {
    let bytes = Encoder::new("lianfang/test", 2).finish();
    let expected = "lianfang/other";
    assert_eq!(Decoder::new(expected, 2, &bytes).err(), Some(DecodeError::Domain { expected }));
    let version = DecodeError::Version { domain: "lianfang/test", expected: 1, got: 2 };
    assert_eq!(Decoder::new("lianfang/test", 1, &bytes).err(), Some(version));
    assert!(matches!(Decoder::new("lianfang/test", 1, &[]), Err(DecodeError::Domain { .. })));
}

#[test]
fn second_spellings() {
    let field = "flag";
    let twice = |from: &mut Decoder<'_>| from.bool(field);
    assert_eq!(
        read(
            |to| {
                to.u8(2);
            },
            twice
        ),
        Err(DecodeError::NotCanonical { field })
    );
    let option = |from: &mut Decoder<'_>| from.option("flag", |from| from.u8("value"));
    assert_eq!(
        read(
            |to| {
                to.u8(7).u8(1);
            },
            option
        ),
        Err(DecodeError::NotCanonical { field })
    );
    let unsorted = Sample { set: vec![2, 1], ..minimal() };
    assert!(matches!(Sample::decode(&unsorted.encode()), Err(DecodeError::Value { field: "set", .. })));
    let repeated = Sample { set: vec![1, 1], ..minimal() };
    assert!(matches!(Sample::decode(&repeated.encode()), Err(DecodeError::Value { field: "set", .. })));
}

/// A type whose reader is careless: it takes a set in any order.
struct Careless(Vec<u8>);

impl Canonical for Careless {
    const DOMAIN: &'static str = "lianfang/careless";

    fn write(&self, to: &mut Encoder) {
        to.list(&self.0, |to, item| {
            to.u8(*item);
        });
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut items = from.list("items", 9, |from| from.u8("item"))?;
        items.sort_unstable();
        Ok(Self(items))
    }
}

#[test]
fn a_careless_reader_is_caught() {
    assert!(Careless::decode(&Careless(vec![1, 2]).encode()).is_ok());
    let refused = Careless::decode(&Careless(vec![2, 1]).encode()).err();
    assert_eq!(refused, Some(DecodeError::NotCanonical { field: "lianfang/careless" }));
}

#[test]
fn bytes_have_their_limit() {
    let bytes = |limit| move |from: &mut Decoder<'_>| from.bytes("name", limit).map(<[u8]>::to_vec);
    let abc = |to: &mut Encoder| {
        to.bytes(b"abc");
    };
    assert_eq!(read(abc, bytes(3)), Ok(b"abc".to_vec()));
    assert_eq!(read(abc, bytes(2)), Err(DecodeError::TooLong { field: "name", limit: 2 }));
    let long = vec![0; Sample::MAX_BYTES + 1];
    let too_long = DecodeError::TooLong { field: Sample::DOMAIN, limit: Sample::MAX_BYTES };
    assert_eq!(Sample::decode(&long), Err(too_long));
    let text = |from: &mut Decoder<'_>| from.text("text", 9).map(str::to_owned);
    let no_text = |to: &mut Encoder| {
        to.bytes(&[0xff]);
    };
    assert_eq!(read(no_text, text), Err(DecodeError::NotText { field: "text" }));
}

#[test]
fn a_length_that_promises_more_than_there_is() {
    let bytes = |from: &mut Decoder<'_>| from.bytes("name", 9).map(<[u8]>::to_vec);
    let list = |from: &mut Decoder<'_>| from.list("items", usize::MAX, |from| from.u8("item"));
    let length = |length: u64| {
        move |to: &mut Encoder| {
            to.u64(length);
        }
    };
    assert_eq!(read(length(9), bytes), Err(DecodeError::Truncated { field: "name" }));
    assert_eq!(read(length(u64::MAX), bytes), Err(DecodeError::TooLong { field: "name", limit: 9 }));
    assert_eq!(read(length(1 << 40), list), Err(DecodeError::Truncated { field: "items" }));
}

#[test]
fn errors_name_the_field() {
    let bytes = minimal().encode();
    let error = Sample::decode(&bytes[..bytes.len() - 9]).unwrap_err();
    assert_eq!(error.to_string(), "the message ends within `set`; it was cut on its way, fetch it again");
}

fn minimal() -> Sample {
    Sample {
        numbers: (0, 0, 0, 0, 0),
        flag: false,
        fixed: [0; 4],
        bytes: vec![],
        text: String::new(),
        option: None,
        set: vec![],
        inner: vec![],
    }
}
