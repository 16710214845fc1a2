//! Scalars, points and weights that random inputs never meet, in every lane.

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity;

use super::{Batch, Bytes, encode, on_each_engine, random_scalars};
use crate::lanes::constants::SQRT_M1;
use crate::lanes::engine::{self, Engine, Kernel};
use crate::lanes::field::{Field, LANES};
use crate::lanes::point::Point;
use crate::lanes::{Points, Scalars, multiply, multiply_joint, multiply_keeping, sum_of_rows, weighted_sum};
use crate::test_rng::SeededRng;

/// The points with one of the four points added that ristretto255 does not tell from the identity, another in each
/// lane: the same elements in other coordinates.
struct Moved<'a>(&'a Points, usize);

impl Kernel for Moved<'_> {
    type Output = Points;

    #[inline(always)]
    fn run<E: Engine>(self, engine: E) -> Points {
        let mut moved = self.0.clone();
        let (zero, one) = (E::Field::zero(engine), E::Field::one(engine));
        let i = E::Field::constant(engine, &SQRT_M1);
        let torsion = [(zero, one), (i, zero), (zero, zero.sub(one)), (zero.sub(i), zero)];
        for block in moved.blocks_mut() {
            let before = *block;
            for (lane, (x, y)) in (0..LANES).zip(torsion.into_iter().cycle().skip(self.1)) {
                let to = Point { x, y, z: one, t: zero }.cached(engine);
                let mut sums = before;
                let at = lane / E::Field::LANES * E::Field::LANES;
                Point::load(engine, &before, at).add(&to).point().store(&mut sums, at);
                block.copy_lane(&sums, lane);
            }
        }
        moved
    }
}

/// `2·half`, for the multiplication is by halves: their digits are what these numbers are made for.
fn twice(mut half: Bytes, lowest: u8, highest: u8) -> Scalar {
    (half[0], half[31]) = (lowest, highest);
    let half = Scalar::from_canonical_bytes(half).unwrap();
    half + half
}

fn scalars() -> Vec<Scalar> {
    let (one, half) = (Scalar::ONE, Scalar::ONE.div_by_2());
    let mut scalars: Vec<Scalar> = (0..=17_u8).map(Scalar::from).collect();
    scalars.extend([-one, -one - one, half, -half, half - one, one - half]);
    scalars.extend([Scalar::from(u64::MAX), Scalar::from(u128::MAX), -Scalar::from(u128::MAX)]);
    // All digits −8, −7, 7, −1, 8 before the carry, and the highest window.
    scalars.extend([
        twice([0x77; 32], 0x78, 0x07),
        twice([0x88; 32], 0x89, 0x08),
        twice([0x77; 32], 0x77, 0x07),
        twice([0xff; 32], 0xff, 0x0f),
        twice([0x88; 32], 0x88, 0x08),
        twice([0x00; 32], 0x00, 0x10),
        twice([0x00; 32], 0x08, 0x00),
    ]);
    scalars
}

/// Points that are elements to be decoded, and what dalek has for them.
fn elements() -> Batch {
    let random = RistrettoPoint::random(&mut SeededRng::new(11));
    let point = RISTRETTO_BASEPOINT_POINT;
    Batch::of(vec![point, -point, random, -random, point + random])
}

#[test]
fn every_scalar_meets_every_point_in_every_coset() {
    let (mut points, mut each) = (Vec::new(), Vec::new());
    for scalar in scalars() {
        for point in elements().points {
            points.push(point);
            each.push(scalar);
        }
    }
    let batch = Batch::of(points);
    let products = batch.by(&each);
    let other = Scalar::random(&mut SeededRng::new(12));
    let (again, joint) = (products.by_one(&other), products.plus(&batch.by_one(&other)));
    on_each_engine(|| {
        for coset in 0..4 {
            let points = engine::run(Moved(&batch.decoded(batch.points.len()), coset));
            assert_eq!(encode(&points), batch.encodings);
            let (kept, encodings) = multiply_keeping(&points, Scalars::Each(&each));
            assert_eq!(*encodings, products.encodings);
            assert_eq!(encode(&kept), products.encodings);
            // The identity is among the factors now, and in no coset of its own.
            let kept = engine::run(Moved(&kept, coset + 1));
            assert_eq!(*multiply(&kept, Scalars::One(&other)), again.encodings);
            let (one, all) = (Scalars::One(&other), Scalars::Each(&each));
            assert_eq!(*multiply_joint((&points, all), (&points, one)), joint.encodings);
        }
        for scalar in scalars() {
            let points = elements().decoded(5);
            assert_eq!(*multiply(&points, Scalars::One(&scalar)), elements().by_one(&scalar).encodings);
        }
    });
}

#[test]
fn every_power_of_two() {
    let powers: Vec<Scalar> =
        std::iter::successors(Some(Scalar::ONE), |one| Some(one + one)).take(256).collect();
    let batch = Batch::of(vec![RISTRETTO_BASEPOINT_POINT; powers.len()]);
    let (up, down) = (batch.by(&powers), batch.by(&powers.iter().map(|power| -power).collect::<Vec<_>>()));
    on_each_engine(|| {
        let points = batch.decoded(powers.len());
        assert_eq!(*multiply(&points, Scalars::Each(&powers)), up.encodings);
        let negative: Vec<Scalar> = powers.iter().map(|power| -power).collect();
        assert_eq!(*multiply(&points, Scalars::Each(&negative)), down.encodings);
    });
}

#[test]
fn sums_that_are_the_identity() {
    let mut rng = SeededRng::new(13);
    let batch = Batch::random(17, &mut rng);
    let negative = batch.by_one(&-Scalar::ONE);
    let scalars = random_scalars(17, &mut rng);
    let opposite: Vec<Scalar> = scalars.iter().map(|scalar| -scalar).collect();
    let zeros = vec![[0; 32]; 17];
    on_each_engine(|| {
        let (points, negative) = (batch.decoded(17), negative.decoded(17));
        let identities = Points::identities(17);
        let (each, opposite) = (Scalars::Each(&scalars), Scalars::Each(&opposite));
        let zero = Scalars::One(&Scalar::ZERO);
        for (one, other) in [
            ((&points, each), (&points, opposite)),
            ((&points, each), (&negative, each)),
            ((&points, zero), (&negative, zero)),
            ((&identities, each), (&points, zero)),
            ((&identities, each), (&identities, opposite)),
        ] {
            assert_eq!(*multiply_joint(one, other), zeros);
            assert_eq!(*multiply_joint(other, one), zeros);
        }
        let (products, encodings) = multiply_keeping(&identities, each);
        assert_eq!((encode(&products), &*encodings), (zeros.clone(), &zeros));
        for weights in
            [vec![(false, 5), (false, 5)], vec![(true, u128::MAX); 2], vec![(false, 0), (true, 0)], vec![]]
        {
            assert_eq!(encode(&sum_of_rows(&weights, &[&points, &negative])), zeros);
        }
        let sums = sum_of_rows(&[(false, 3), (true, 3)], &[&points, &points]);
        assert_eq!(*multiply(&sums, each), zeros);
        assert_eq!(sum_of_rows(&[], &[]).len(), 0);
    });
}

#[test]
fn weights_of_a_sum() {
    let mut rng = SeededRng::new(14);
    for count in [1, 2, 7, 8, 9, 511, 512] {
        let mut points = Batch::random(count, &mut rng).points;
        if count > 8 {
            // The same bucket is met again and again, and points meet their negatives in it.
            points[1] = points[0];
            points[3] = -points[2];
        }
        let batch = Batch::of(points);
        for pattern in [
            vec![0],
            vec![1],
            vec![u128::MAX],
            vec![0, u128::MAX],
            vec![1 << 127, 1],
            vec![0xf0f0_f0f0_f0f0_f0f0_f0f0_f0f0_f0f0_f0f0, 0x8080_8080_8080_8080_8080_8080_8080_8080],
        ] {
            let weights: Vec<u128> = pattern.into_iter().cycle().take(count).collect();
            let scalars: Vec<Scalar> = weights.iter().copied().map(Scalar::from).collect();
            let products = batch.by(&scalars);
            let expected = products.points.iter().fold(RistrettoPoint::identity(), |sum, point| sum + point);
            on_each_engine(|| {
                let points = engine::run(Moved(&batch.decoded(count), 0));
                assert_eq!(weighted_sum(&weights, &points), expected.compress().0, "{count}");
            });
        }
    }
    on_each_engine(|| assert_eq!(weighted_sum(&[], &Points::identities(0)), [0; 32]));
}

#[test]
fn all_lanes_alike_and_one_that_is_not() {
    let mut rng = SeededRng::new(15);
    let [usual, odd] = [(); 2].map(|()| RistrettoPoint::random(&mut rng));
    let [often, seldom] = [(); 2].map(|()| Scalar::random(&mut rng));
    for count in [8, 17] {
        for place in 0..=count {
            // One place after the last: nobody is odd.
            let put =
                |usual, odd| (0..count).map(|at| if at == place { odd } else { usual }).collect::<Vec<_>>();
            for (points, scalars) in [
                (put(usual, odd), vec![often; count]),
                (vec![usual; count], (0..count).map(|at| if at == place { seldom } else { often }).collect()),
                (
                    vec![usual; count],
                    (0..count).map(|at| if at == place { Scalar::ZERO } else { often }).collect(),
                ),
                (put(usual, -usual), vec![often; count]),
            ] {
                let batch = Batch::of(points);
                let products = batch.by(&scalars);
                on_each_engine(|| {
                    let points = batch.decoded(count);
                    let (kept, encodings) = multiply_keeping(&points, Scalars::Each(&scalars));
                    assert_eq!(*encodings, products.encodings);
                    assert_eq!(encode(&kept), products.encodings);
                });
            }
        }
    }
}
