//! What decodes and what does not, wherever it stands, and the map from uniform bytes at its singular places.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use rand_core::Rng;

use super::{Batch, Bytes, encode, on_each_engine};
use crate::lanes::constants::{D, SQRT_M1};
use crate::lanes::decode::Decode;
use crate::lanes::engine::{self, Engine};
use crate::lanes::field::{Field, Limbs};
use crate::lanes::portable::Portable;
use crate::lanes::roots::{invert, square_root_of_ratio};
use crate::lanes::{Scalars, Undecodable, decode, from_uniform_bytes, multiply};
use crate::test_rng::SeededRng;

/// 2^255 − 19, and a small number more or less.
fn prime(more: i8) -> Bytes {
    let mut bytes = [0xff; 32];
    (bytes[0], bytes[31]) = (0xed_u8.wrapping_add_signed(more), 0x7f);
    bytes
}

fn number(small: u8) -> Bytes {
    let mut bytes = [0; 32];
    bytes[0] = small;
    bytes
}

fn with_high_bit(mut bytes: Bytes) -> Bytes {
    bytes[31] |= 0x80;
    bytes
}

/// `p − x` for a canonical `x` that is not zero.
fn negative(bytes: &Bytes) -> Bytes {
    let mut borrow = 0;
    std::array::from_fn(|at| {
        let difference = i16::from(prime(0)[at]) - i16::from(bytes[at]) - borrow;
        borrow = i16::from(difference < 0);
        difference.to_le_bytes()[0]
    })
}

/// One of each class of RFC 9496 that no decoder may take.
fn refused() -> Vec<Bytes> {
    let mut rng = SeededRng::new(21);
    let mut refused: Vec<Bytes> = (0..=18).map(prime).collect();
    refused.extend([prime(-1), prime(-2), number(1), number(3), [0xff; 32], with_high_bit([0; 32])]);
    let good = Batch::random(4, &mut rng).encodings;
    refused.extend(good.iter().map(negative));
    refused.extend(good.into_iter().map(with_high_bit));
    // Even and below the prime, but no square, or with a negative product x·y.
    let mut candidates = 0;
    while candidates < 12 {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        (bytes[0], bytes[31]) = (bytes[0] & 0xfe, bytes[31] & 0x3f);
        if CompressedRistretto(bytes).decompress().is_none() {
            refused.push(bytes);
            candidates += 1;
        }
    }
    assert!(refused.iter().all(|bytes| CompressedRistretto(*bytes).decompress().is_none()));
    refused
}

#[test]
fn one_bad_entry_is_named_wherever_it_stands() {
    let good = Batch::random(41, &mut SeededRng::new(22));
    on_each_engine(|| {
        for (at, bad) in refused().into_iter().enumerate() {
            let places = if at < 4 { 0..41 } else { 0..9 };
            for place in places {
                let mut encodings = good.encodings.clone();
                encodings[place] = bad;
                assert_eq!(decode(&encodings).err(), Some(Undecodable::NotAnElement(place)), "{bad:02x?}");
                // Every entry before it decodes, and a second bad one behind it changes nothing.
                if let Some(behind) = encodings.get_mut(place + 3) {
                    *behind = [0; 32];
                    assert_eq!(decode(&encodings).err(), Some(Undecodable::NotAnElement(place)));
                }
                assert_eq!(decode(&encodings[..place]).map(|points| points.len()), Ok(place));
            }
        }
        for place in 0..41 {
            let mut encodings = good.encodings.clone();
            encodings[place] = [0; 32];
            assert_eq!(decode(&encodings).err(), Some(Undecodable::Identity(place)));
        }
    });
}

#[test]
fn the_same_strings_decode_as_do_in_dalek() {
    let mut rng = SeededRng::new(23);
    let strings: Vec<Bytes> = (0..6000)
        .map(|round| {
            let mut bytes = [0; 32];
            rng.fill_bytes(&mut bytes);
            // A third of them at random, the others with better prospects.
            if round % 3 > 0 {
                (bytes[0], bytes[31]) = (bytes[0] & 0xfe, bytes[31] & 0x7f);
            }
            bytes
        })
        .collect();
    let expected: Vec<bool> =
        strings.iter().map(|bytes| CompressedRistretto(*bytes).decompress().is_some()).collect();
    assert!(expected.iter().filter(|good| **good).count() > 700, "a quarter of the likely ones decode");
    on_each_engine(|| {
        let (points, good) = engine::run(Decode { encodings: &strings });
        assert_eq!(good, expected);
        for ((encoding, good), string) in encode(&points).iter().zip(good).zip(&strings) {
            assert!(!good || encoding == string);
        }
    });
}

type F = <Portable as Engine>::Field;

fn to_bytes(element: F) -> Bytes {
    let mut limbs = Limbs::ZERO;
    element.canonical().store(&mut limbs, 0);
    limbs.bytes(0)
}

fn root(u: F, v: F) -> F {
    let [(_, root)] = square_root_of_ratio(Portable, [u], [v]);
    root
}

/// Field elements at which the map does something else than elsewhere, each with all its encodings.
fn singular() -> Vec<Bytes> {
    let (zero, one) = (F::zero(Portable), F::one(Portable));
    let (d, i) = (F::constant(Portable, &D), F::constant(Portable, &SQRT_M1));
    let minus_one = zero.sub(one);
    // r = i·t² is −d or −1/d, so that v is zero; ±1, where that has a root; and what those have for neighbours.
    let roots = [
        root(zero.sub(d), i),
        root(minus_one, d.mul(i)),
        root(one, i),
        root(minus_one, i),
        root(d, i),
        root(one, d.mul(i)),
        root(d, one),
        root(one, d),
        i,
        zero.sub(i),
        root(i, one),
    ];
    let mut singular: Vec<Bytes> = roots.into_iter().map(to_bytes).collect();
    singular.extend((0..=18).map(prime));
    singular.extend([0, 1, 2, 3, 4, 18, 19].map(number));
    singular.extend([prime(-1), prime(-2), prime(-4)]);
    let high: Vec<Bytes> = singular.iter().copied().map(with_high_bit).collect();
    singular.extend(high);
    singular
}

/// Some elements `t` and `±1/(i·t)`, whose `r` is the inverse: the map has them at points that belong together.
fn related() -> Vec<Bytes> {
    let i = F::constant(Portable, &SQRT_M1);
    let mut limbs = Limbs::ZERO;
    let mut related = Vec::new();
    for seed in 0..6 {
        let mut bytes = [0; 32];
        SeededRng::new(seed).fill_bytes(&mut bytes);
        limbs.set_bytes(0, &bytes);
        let t = F::load(Portable, &limbs, 0);
        let other = invert(i.mul(t));
        let zero = F::zero(Portable);
        related.extend([t, zero.sub(t), other, zero.sub(other)].map(to_bytes));
    }
    related
}

#[test]
fn the_map_at_its_singular_places() {
    let inputs = singular();
    let related = related();
    let mut uniform: Vec<[u8; 64]> = Vec::new();
    let mut pair = |one: &Bytes, other: &Bytes| uniform.push([*one, *other].concat().try_into().unwrap());
    for one in &inputs {
        for other in inputs.iter().step_by(3).chain(&related[..3]) {
            pair(one, other);
            pair(other, one);
        }
    }
    for one in &related {
        for other in &related {
            pair(one, other);
        }
    }
    let points: Vec<RistrettoPoint> = uniform.iter().map(RistrettoPoint::from_uniform_bytes).collect();
    let of_zeros = uniform.iter().filter(|bytes| **bytes == [0; 64]).count();
    let identities = points.iter().filter(|point| point.is_identity()).count();
    assert!(identities > of_zeros + 20, "a point and its negative are among them: {identities}");
    let expected = Batch::of(points);
    on_each_engine(|| {
        let points = from_uniform_bytes(&uniform);
        assert_eq!(encode(&points), expected.encodings);
        assert_eq!(*multiply(&points, Scalars::One(&Scalar::ONE)), expected.encodings);
    });
}

#[test]
fn one_singular_input_in_each_lane() {
    let mut rng = SeededRng::new(24);
    let mut usual = [0; 64];
    rng.fill_bytes(&mut usual);
    for odd in [[0; 64], [0xff; 64], [singular()[0], singular()[1]].concat().try_into().unwrap()] {
        for place in 0..=19 {
            let uniform: Vec<[u8; 64]> = (0..19).map(|at| if at == place { odd } else { usual }).collect();
            let expected = Batch::of(uniform.iter().map(RistrettoPoint::from_uniform_bytes).collect());
            on_each_engine(|| assert_eq!(encode(&from_uniform_bytes(&uniform)), expected.encodings));
        }
    }
}
