//! Batches of products: points by secret scalars, and their encodings.
//!
//! - **Comes in:** points, secret scalars. **Goes out:** encodings, and points where they are wanted, in order.
//! - **Never sees:** meaning. **Trusts:** its callers to hand slices that belong together. **Fails:** never.
//!
//! Products are computed by half the scalar and doubled while they are encoded (see [`super::codec`]). Blocks go
//! through in groups: long enough that the inversion which they share costs little, short enough for the cache.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::MultiscalarMul;
use zeroize::Zeroizing;

use super::codec::Doubling;
use super::digits::Digits;
use super::engine::{self, Engine, Kernel};
use super::field::{Field, LANES, Limbs};
use super::multiply::{Table, sum_of_products};
use super::point::{Block, Point};
use super::points::Points;
use super::roots::invert_all;

/// Blocks that share one inversion.
const GROUP: usize = 64;

/// The scalars of a multiplication.
#[derive(Clone, Copy)]
pub enum Scalars<'a> {
    /// One for all points.
    One(&'a Scalar),
    /// One for each point.
    Each(&'a [Scalar]),
}

impl Scalars<'_> {
    /// The scalar of the first point.
    fn first(&self) -> &Scalar {
        match self {
            Self::One(scalar) => scalar,
            Self::Each(scalars) => &scalars[0],
        }
    }
}

/// The encoding of a point that came alone.
fn encoded(point: &RistrettoPoint) -> Zeroizing<Vec<[u8; 32]>> {
    Zeroizing::new(vec![point.compress().0])
}

/// One term of a joint multiplication.
pub type Term<'a> = (&'a Points, Scalars<'a>);

/// The encodings of `Σ s·P` over the terms, and half of each sum.
struct Multiply<'a, const TERMS: usize> {
    terms: [Term<'a>; TERMS],
    /// Where the points themselves go, if they are wanted.
    sums: Option<&'a mut Points>,
}

/// The encodings of `s_i·P_i`.
pub fn multiply(points: &Points, scalars: Scalars<'_>) -> Zeroizing<Vec<[u8; 32]>> {
    if let Some(point) = points.alone() {
        return encoded(&Zeroizing::new(point * scalars.first()));
    }
    engine::run(Multiply { terms: [(points, scalars)], sums: None })
}

/// The encodings of `s_i·P_i`, and the points.
pub fn multiply_keeping(points: &Points, scalars: Scalars<'_>) -> (Points, Zeroizing<Vec<[u8; 32]>>) {
    if let Some(point) = points.alone() {
        let product = point * scalars.first();
        return (Points::one(product), encoded(&product));
    }
    let mut sums = Points::identities(points.len());
    let encodings = engine::run(Multiply { terms: [(points, scalars)], sums: Some(&mut sums) });
    (sums, encodings)
}

/// The encodings of `s_i·P_i + t_i·Q_i`.
pub fn multiply_joint(one: Term<'_>, other: Term<'_>) -> Zeroizing<Vec<[u8; 32]>> {
    if let (Some(point), Some(with)) = (one.0.alone(), other.0.alone()) {
        let scalars = [one.1.first(), other.1.first()];
        return encoded(&Zeroizing::new(RistrettoPoint::multiscalar_mul(scalars, [point, with])));
    }
    engine::run(Multiply { terms: [one, other], sums: None })
}

/// The digits of a block's scalars, halved.
fn digits(scalars: Scalars<'_>, block: usize, into: &mut Digits) {
    match scalars {
        Scalars::One(scalar) => {
            if block == 0 {
                let half = Zeroizing::new(scalar.div_by_2().to_bytes());
                *into = Digits::splat(&half);
            }
        }
        Scalars::Each(scalars) => {
            for (lane, scalar) in scalars.iter().skip(block * LANES).take(LANES).enumerate() {
                let half = Zeroizing::new(scalar.div_by_2().to_bytes());
                into.set(lane, &half);
            }
        }
    }
}

impl<const TERMS: usize> Kernel for Multiply<'_, TERMS> {
    type Output = Zeroizing<Vec<[u8; 32]>>;

    #[inline(always)]
    fn run<E: Engine>(mut self, engine: E) -> Self::Output {
        let len = self.terms[0].0.len();
        let blocks = self.terms[0].0.blocks().len();
        let mut encodings = Zeroizing::new(vec![[0; 32]; len]);
        let mut all_digits: [Digits; TERMS] = core::array::from_fn(|_| Digits::zero());
        let mut tables = [Table::<E::Field>::empty(engine); TERMS];
        let mut halves = Zeroizing::new(vec![Block::IDENTITY; GROUP.min(blocks)]);
        for group in (0..blocks).step_by(GROUP) {
            let end = blocks.min(group + GROUP);
            for block in group..end {
                for ((_, scalars), digits_of_term) in self.terms.iter().zip(&mut all_digits) {
                    digits(*scalars, block, digits_of_term);
                }
                let filled = LANES.min(len - block * LANES);
                for lane in (0..filled).step_by(E::Field::LANES) {
                    for (table, (points, _)) in tables.iter_mut().zip(&self.terms) {
                        table.fill(engine, Point::load(engine, &points.blocks()[block], lane));
                    }
                    sum_of_products(engine, &tables, &all_digits, lane)
                        .store(&mut halves[block - group], lane);
                }
            }
            let end_point = len.min(end * LANES);
            encode_doubled(engine, &halves[..end - group], &mut encodings[group * LANES..end_point]);
            if let Some(sums) = &mut self.sums {
                for (half, to) in halves.iter().zip(&mut sums.blocks_mut()[group..end]) {
                    for lane in (0..LANES).step_by(E::Field::LANES) {
                        Point::<E::Field>::load(engine, half, lane).double().point().store(to, lane);
                    }
                }
            }
        }
        encodings
    }
}

/// Encodes the doubles of the points.
#[inline(always)]
fn encode_doubled<E: Engine>(engine: E, halves: &[Block], encodings: &mut [[u8; 32]]) {
    let one = E::Field::one(engine);
    let mut inverses = [one; GROUP];
    let mut before = [one; GROUP];
    let filled = LANES.min(encodings.len());
    for lane in (0..filled).step_by(E::Field::LANES) {
        for (half, inverse) in halves.iter().zip(&mut inverses) {
            *inverse = Doubling::of(engine, Point::<E::Field>::load(engine, half, lane)).denominator();
        }
        invert_all(engine, &mut inverses[..halves.len()], &mut before[..halves.len()]);
        for ((half, inverse), to) in halves.iter().zip(inverses).zip(encodings.chunks_mut(LANES)) {
            let state = Doubling::of(engine, Point::<E::Field>::load(engine, half, lane));
            let mut limbs = Limbs::ZERO;
            state.encode(engine, inverse).store(&mut limbs, lane);
            for (at, to) in to.iter_mut().enumerate().skip(lane).take(E::Field::LANES) {
                *to = limbs.bytes(at);
            }
        }
    }
}
