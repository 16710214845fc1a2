//! Random points and scalars, in batches that fill their last block and that do not, and on both sides of every
//! threshold: 16 points are two blocks of the map, 32 are four of the decoder, 512 share one inversion, and from 512 on
//! a weighted sum takes wider windows.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use rand_core::Rng;

use super::{Batch, encode, on_each_engine, random_scalars};
use crate::lanes::{
    Points, Scalars, from_uniform_bytes, multiply, multiply_joint, multiply_keeping, sum_of_rows,
    weighted_sum,
};
use crate::test_rng::SeededRng;

const LARGEST: usize = 1000;

fn sizes() -> impl Iterator<Item = usize> {
    (1..=20).chain([31, 32, 33, 63, 64, 65, 511, 512, 513, LARGEST])
}

#[test]
fn points_come_back_from_their_encodings() {
    let batch = Batch::random(LARGEST, &mut SeededRng::new(1));
    on_each_engine(|| {
        for size in sizes() {
            assert_eq!(encode(&batch.decoded(size)), batch.encodings[..size], "{size}");
        }
    });
}

#[test]
fn uniform_bytes_become_points() {
    let mut rng = SeededRng::new(2);
    let uniform: Vec<[u8; 64]> = (0..LARGEST)
        .map(|_| {
            let mut bytes = [0; 64];
            rng.fill_bytes(&mut bytes);
            bytes
        })
        .collect();
    let expected = Batch::of(uniform.iter().map(RistrettoPoint::from_uniform_bytes).collect());
    on_each_engine(|| {
        for size in sizes() {
            let points = from_uniform_bytes(&uniform[..size]);
            assert_eq!(points.len(), size);
            assert_eq!(encode(&points), expected.encodings[..size], "{size}");
        }
    });
}

#[test]
fn products() {
    let mut rng = SeededRng::new(3);
    let batch = Batch::random(LARGEST, &mut rng);
    let (each, one) = (random_scalars(LARGEST, &mut rng), Scalar::random(&mut rng));
    let (by_each, by_one) = (batch.by(&each), batch.by_one(&one));
    let by_both = by_each.by_one(&one);
    on_each_engine(|| {
        for size in sizes() {
            let (points, scalars) = (batch.decoded(size), Scalars::Each(&each[..size]));
            assert_eq!(*multiply(&points, Scalars::One(&one)), by_one.encodings[..size], "{size}");
            assert_eq!(*multiply(&points, scalars), by_each.encodings[..size], "{size}");
            // The products themselves are points that everything else can go on with.
            for (scalars, expected, again) in
                [(scalars, &by_each, Scalars::One(&one)), (Scalars::One(&one), &by_one, scalars)]
            {
                let (products, encodings) = multiply_keeping(&points, scalars);
                assert_eq!(*encodings, expected.encodings[..size], "{size}");
                assert_eq!(encode(&products), expected.encodings[..size], "{size}");
                assert_eq!(*multiply(&products, again), by_both.encodings[..size], "{size}");
            }
        }
    });
}

#[test]
fn joint_products() {
    let mut rng = SeededRng::new(4);
    let (left, right) = (Batch::random(LARGEST, &mut rng), Batch::random(LARGEST, &mut rng));
    let [s, t] = [(); 2].map(|()| random_scalars(LARGEST, &mut rng));
    let one = Scalar::random(&mut rng);
    let (left_each, right_each, right_one) = (left.by(&s), right.by(&t), right.by_one(&one));
    let (both_each, each_and_one) = (left_each.plus(&right_each), left_each.plus(&right_one));
    on_each_engine(|| {
        for size in sizes() {
            let (p, q) = (left.decoded(size), right.decoded(size));
            let (s, t) = (Scalars::Each(&s[..size]), Scalars::Each(&t[..size]));
            assert_eq!(*multiply_joint((&p, s), (&q, t)), both_each.encodings[..size], "{size}");
            let expected = &each_and_one.encodings[..size];
            assert_eq!(*multiply_joint((&p, s), (&q, Scalars::One(&one))), *expected, "{size}");
            assert_eq!(*multiply_joint((&q, Scalars::One(&one)), (&p, s)), *expected, "{size}");
        }
    });
}

/// A public weight as a scalar.
fn scalar(&(negative, size): &(bool, u128)) -> Scalar {
    let size = Scalar::from(size);
    if negative { -size } else { size }
}

#[test]
fn sums_of_rows() {
    let mut rng = SeededRng::new(5);
    let columns: Vec<Batch> = (0..3).map(|_| Batch::random(LARGEST, &mut rng)).collect();
    let large = (true, u128::from(rng.next_u64()) << 63);
    for weights in [
        vec![(false, 15), (true, 10), (false, 3)],
        vec![(false, 1); 3],
        vec![(true, u128::MAX), (false, u128::MAX), large],
        vec![(true, 1)],
    ] {
        let weighed: Vec<Batch> =
            columns.iter().zip(&weights).map(|(column, weight)| column.by_one(&scalar(weight))).collect();
        let expected = weighed[1..].iter().fold(weighed[0].clone(), |sum, column| sum.plus(column));
        on_each_engine(|| {
            for size in sizes() {
                let columns: Vec<Points> =
                    columns[..weights.len()].iter().map(|column| column.decoded(size)).collect();
                let sums = sum_of_rows(&weights, &columns.iter().collect::<Vec<_>>());
                assert_eq!(encode(&sums), expected.encodings[..size], "{size}");
            }
        });
    }
}

#[test]
fn weighted_sums() {
    let mut rng = SeededRng::new(6);
    let batch = Batch::random(LARGEST, &mut rng);
    let weights: Vec<u128> =
        (0..LARGEST).map(|_| u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64())).collect();
    let scalars: Vec<Scalar> = weights.iter().copied().map(Scalar::from).collect();
    let products = batch.by(&scalars);
    on_each_engine(|| {
        for size in sizes() {
            let expected: RistrettoPoint = products.points[..size].iter().sum();
            let points = batch.decoded(size);
            assert_eq!(weighted_sum(&weights[..size], &points), expected.compress().0, "{size}");
        }
    });
}

#[test]
fn batches_are_cut_and_put_together() {
    let batch = Batch::random(40, &mut SeededRng::new(7));
    on_each_engine(|| {
        for (kept, added) in [(1, 1), (3, 8), (8, 3), (7, 1), (16, 20), (13, 27), (0, 9)] {
            let mut points = batch.decoded(40);
            points.truncate(kept);
            points.append(&batch.decoded(added));
            let expected = [&batch.encodings[..kept], &batch.encodings[..added]].concat();
            assert_eq!(encode(&points), expected);
            assert_eq!(*multiply(&points, Scalars::One(&Scalar::ONE)), expected);
        }
    });
}
