//! All vectors of RFC 9496 appendix A for ristretto255.

use curve25519_dalek::scalar::Scalar;
use serde_json::Value;

use super::{Bytes, encode, on_each_engine};
use crate::lanes::engine::{self, Engine, Kernel};
use crate::lanes::field::{Field, LANES, Limbs, Mask};
use crate::lanes::roots::square_root_of_ratio;
use crate::lanes::{Points, Scalars, Undecodable, decode, from_uniform_bytes, multiply, weighted_sum};

const VECTORS: &str = include_str!("../../../tests/vectors/rfc9496-ristretto255.json");

fn section(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(VECTORS).unwrap();
    all[name].as_array().unwrap().clone()
}

fn unhex<const N: usize>(value: &Value) -> [u8; N] {
    hex::decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

/// Appendix A.1.
#[test]
fn multiples_of_the_generator() {
    let multiples: Vec<Bytes> = section("multiples_of_the_generator").iter().map(unhex).collect();
    let scalars: Vec<Scalar> = (0..16_u8).map(Scalar::from).collect();
    let weights: Vec<u128> = (0..16).map(|at| u128::from(at == 1)).collect();
    on_each_engine(|| {
        let generators = decode(&[multiples[1]; 16]).unwrap_or_else(|_| panic!("the generator decodes"));
        assert_eq!(*multiply(&generators, Scalars::Each(&scalars)), multiples);
        for (at, multiple) in multiples.iter().enumerate() {
            let weights: Vec<u128> = weights.iter().map(|weight| weight * at as u128).collect();
            assert_eq!(weighted_sum(&weights, &generators), *multiple);
        }
        let points = decode(&multiples[1..]).unwrap_or_else(|_| panic!("multiples decode"));
        assert_eq!(encode(&points), multiples[1..]);
        assert_eq!(decode(&multiples).err(), Some(Undecodable::Identity(0)));
    });
}

/// Appendix A.2, each of them in each lane.
#[test]
fn invalid_encodings() {
    let invalid: Vec<Bytes> = section("invalid_encodings").iter().map(unhex).collect();
    assert_eq!(invalid.len(), 29);
    let generator: Bytes = unhex(&section("multiples_of_the_generator")[1]);
    on_each_engine(|| {
        for encoding in &invalid {
            for lane in 0..LANES {
                let mut batch = [generator; LANES];
                batch[lane] = *encoding;
                assert_eq!(decode(&batch).err(), Some(Undecodable::NotAnElement(lane)));
            }
        }
        assert_eq!(decode(&invalid).err(), Some(Undecodable::NotAnElement(0)));
    });
}

/// Appendix A.3, and the four inputs in several representations that give one output.
#[test]
fn uniform_bytes() {
    let (inputs, outputs): (Vec<[u8; 64]>, Vec<Bytes>) =
        section("uniform_bytes").iter().map(|pair| (unhex(&pair[0]), unhex(&pair[1]))).unzip();
    assert_eq!(inputs.len(), 11);
    on_each_engine(|| {
        let points: Points = from_uniform_bytes(&inputs);
        assert_eq!(encode(&points), outputs);
        assert_eq!(*multiply(&points, Scalars::One(&Scalar::ONE)), outputs);
    });
}

/// The root of each ratio, and whether it is one of the ratio itself, with the ratio in all lanes.
struct Roots<'a>(&'a [(Bytes, Bytes)]);

impl Kernel for Roots<'_> {
    type Output = Vec<(bool, Bytes)>;

    #[inline(always)]
    fn run<E: Engine>(self, engine: E) -> Self::Output {
        let mut roots = Vec::new();
        for (u, v) in self.0 {
            let (mut nominator, mut denominator) = (Limbs::ZERO, Limbs::ZERO);
            for lane in 0..LANES {
                nominator.set_bytes(lane, u);
                denominator.set_bytes(lane, v);
            }
            let (u, v) = (E::Field::load(engine, &nominator, 0), E::Field::load(engine, &denominator, 0));
            let [(was_square, root)] = square_root_of_ratio(engine, [u], [v]);
            let mut limbs = Limbs::ZERO;
            root.canonical().store(&mut limbs, 0);
            for lane in 0..E::Field::LANES {
                roots.push((was_square.bits() >> lane & 1 == 1, limbs.bytes(lane)));
            }
        }
        roots
    }
}

/// Appendix A.4.
#[test]
fn square_roots_of_ratios() {
    let vectors = section("square_roots_of_ratios");
    assert_eq!(vectors.len(), 6);
    let ratios: Vec<(Bytes, Bytes)> =
        vectors.iter().map(|vector| (unhex(&vector[0]), unhex(&vector[1]))).collect();
    on_each_engine(|| {
        let roots = engine::run(Roots(&ratios));
        let lanes = roots.len() / vectors.len();
        for (found, vector) in roots.chunks(lanes).zip(&vectors) {
            let expected = (vector[2].as_bool().unwrap(), unhex(&vector[3]));
            assert!(found.iter().all(|root| *root == expected), "{vector}");
        }
    });
}
