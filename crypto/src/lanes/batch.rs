//! Batches of points: what the engine does for the rest of this crate, always on slices.
//!
//! - **Comes in:** encodings, uniform bytes, secret scalars, weights. **Goes out:** [`Points`] and encodings, as many and
//!   in the same order.
//! - **Never sees:** meaning. **Trusts:** its callers to hand slices that belong together.
//! - **Fails:** only in decoding, with the position of the first bad entry.
//!
//! Every operation is a [`Kernel`] over blocks of eight points. The last block is filled with the identity, and takes
//! as long as any other. Blocks go through in groups: long enough that the inversion which they share costs nothing,
//! short enough that they stay in the cache.

use curve25519_dalek::scalar::Scalar;
use zeroize::{Zeroize, Zeroizing};

use super::codec::{self, Doubling};
use super::digits::Digits;
use super::engine::{self, Engine, Kernel};
use super::field::{Field, LANES, Limbs, Mask};
use super::multiply::{Table, sum_of_products};
use super::point::{Block, Point};
use super::roots::{SIDE_BY_SIDE, invert_all};

/// Blocks that share one inversion.
const GROUP: usize = 64;

/// Points in blocks of eight.
#[derive(Clone)]
pub(crate) struct Points {
    blocks: Vec<Block>,
    len: usize,
}

impl Points {
    /// The number of points.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl Zeroize for Points {
    fn zeroize(&mut self) {
        for block in &mut self.blocks {
            for limbs in [&mut block.x, &mut block.y, &mut block.z, &mut block.t] {
                limbs.0.as_flattened_mut().zeroize();
            }
        }
        self.blocks.clear();
        self.len = 0;
    }
}

/// Blocks for so many points.
fn blocks_for(len: usize) -> usize {
    len.div_ceil(LANES)
}

/// Why a batch does not decode.
pub(crate) enum Undecodable {
    /// The entry is not the canonical encoding of any element.
    NotAnElement(usize),
    /// The entry is the identity.
    Identity(usize),
}

/// Decodes a batch; refuses what is not canonical, and the identity.
pub(crate) fn decode(encodings: &[[u8; 32]]) -> Result<Points, Undecodable> {
    let (points, good) = engine::run(Decode { encodings });
    let Some(index) = good.iter().position(|good| !good) else { return Ok(points) };
    Err(if encodings[index] == [0; 32] {
        Undecodable::Identity(index)
    } else {
        Undecodable::NotAnElement(index)
    })
}

struct Decode<'a> {
    encodings: &'a [[u8; 32]],
}

impl Kernel for Decode<'_> {
    type Output = (Points, Vec<bool>);

    #[inline(always)]
    fn run<E: Engine>(self, engine: E) -> Self::Output {
        let len = self.encodings.len();
        let mut points = Points { blocks: vec![Block::IDENTITY; blocks_for(len)], len };
        let mut good = vec![false; len];
        for (group, (encodings, blocks)) in self
            .encodings
            .chunks(SIDE_BY_SIDE * LANES)
            .zip(points.blocks.chunks_mut(SIDE_BY_SIDE))
            .enumerate()
        {
            let mut limbs = [Limbs::ZERO; SIDE_BY_SIDE];
            for (at, encoding) in encodings.iter().enumerate() {
                limbs[at / LANES].set_bytes(at % LANES, encoding);
            }
            for lane in (0..LANES).step_by(E::Field::LANES) {
                let s = load(engine, &limbs, lane);
                let decoded = codec::decode(engine, s);
                for (block, (is_point, point)) in decoded.into_iter().enumerate() {
                    if let Some(to) = blocks.get_mut(block) {
                        point.store(to, lane);
                    }
                    for bit in 0..E::Field::LANES {
                        let at = (group * SIDE_BY_SIDE + block) * LANES + lane + bit;
                        if let Some(good) = good.get_mut(at) {
                            *good = is_point.bits() >> bit & 1 == 1 && canonical(&self.encodings[at]);
                        }
                    }
                }
            }
        }
        (points, good)
    }
}

/// The lanes from `lane` on of several vectors.
#[inline(always)]
fn load<E: Engine>(engine: E, limbs: &[Limbs; SIDE_BY_SIDE], lane: usize) -> [E::Field; SIDE_BY_SIDE] {
    let mut loaded = [E::Field::zero(engine); SIDE_BY_SIDE];
    for (loaded, limbs) in loaded.iter_mut().zip(limbs) {
        *loaded = E::Field::load(engine, limbs, lane);
    }
    loaded
}

/// Whether the bytes are a non-negative field element below the prime, and not the identity's zero.
fn canonical(bytes: &[u8; 32]) -> bool {
    let (words, _) = bytes.as_chunks::<8>();
    let [a, b, c, d] = [0, 1, 2, 3].map(|i| u64::from_le_bytes(words[i]));
    let least_not_canonical = d == u64::MAX >> 1 && c == u64::MAX && b == u64::MAX && a >= u64::MAX - 18;
    d >> 63 == 0 && !least_not_canonical && a & 1 == 0 && (a | b | c | d) != 0
}

/// The group elements of 64 uniform bytes each.
pub(crate) fn from_uniform_bytes(uniform: &[[u8; 64]]) -> Points {
    engine::run(FromUniform { uniform })
}

struct FromUniform<'a> {
    uniform: &'a [[u8; 64]],
}

impl Kernel for FromUniform<'_> {
    type Output = Points;

    #[inline(always)]
    fn run<E: Engine>(self, engine: E) -> Points {
        const BLOCKS: usize = SIDE_BY_SIDE / 2;
        let len = self.uniform.len();
        let mut points = Points { blocks: vec![Block::IDENTITY; blocks_for(len)], len };
        for (uniform, blocks) in self.uniform.chunks(BLOCKS * LANES).zip(points.blocks.chunks_mut(BLOCKS)) {
            let mut limbs = [Limbs::ZERO; SIDE_BY_SIDE];
            for (at, uniform) in uniform.iter().enumerate() {
                let (halves, _) = uniform.as_chunks::<32>();
                limbs[at / LANES].set_bytes(at % LANES, &halves[0]);
                limbs[BLOCKS + at / LANES].set_bytes(at % LANES, &halves[1]);
            }
            for lane in (0..LANES).step_by(E::Field::LANES) {
                let t = load(engine, &limbs, lane);
                let mapped = codec::map(engine, t);
                for (block, to) in blocks.iter_mut().enumerate() {
                    let sum = mapped[block].add(&mapped[BLOCKS + block].cached(engine));
                    sum.point().store(to, lane);
                }
            }
            limbs.iter_mut().for_each(|limbs| limbs.0.as_flattened_mut().zeroize());
        }
        points
    }
}

/// The scalars of a multiplication.
#[derive(Clone, Copy)]
pub(crate) enum Scalars<'a> {
    /// One for all points.
    One(&'a Scalar),
    /// One for each point.
    Each(&'a [Scalar]),
}

/// One term of a joint multiplication.
pub(crate) type Term<'a> = (&'a Points, Scalars<'a>);

/// The encodings of `Σ s·P` over the terms, and half of each sum.
struct Multiply<'a, const TERMS: usize> {
    terms: [Term<'a>; TERMS],
    /// Where the points themselves go, if they are wanted.
    sums: Option<&'a mut Points>,
}

/// The encodings of `s_i·P_i`.
pub(crate) fn multiply(points: &Points, scalars: Scalars<'_>) -> Zeroizing<Vec<[u8; 32]>> {
    engine::run(Multiply { terms: [(points, scalars)], sums: None })
}

/// The encodings of `s_i·P_i`, and the points.
pub(crate) fn multiply_keeping(points: &Points, scalars: Scalars<'_>) -> (Points, Zeroizing<Vec<[u8; 32]>>) {
    let mut sums = Points { blocks: vec![Block::IDENTITY; points.blocks.len()], len: points.len };
    let encodings = engine::run(Multiply { terms: [(points, scalars)], sums: Some(&mut sums) });
    (sums, encodings)
}

/// The encodings of `s_i·P_i + t_i·Q_i`.
pub(crate) fn multiply_joint(one: Term<'_>, other: Term<'_>) -> Zeroizing<Vec<[u8; 32]>> {
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
        let len = self.terms[0].0.len;
        let blocks = self.terms[0].0.blocks.len();
        let mut encodings = Zeroizing::new(vec![[0; 32]; len]);
        let mut all_digits: [Digits; TERMS] = core::array::from_fn(|_| Digits::zero());
        let mut tables = [Table::<E::Field>::of_identity(engine); TERMS];
        let mut halves = vec![Block::IDENTITY; GROUP.min(blocks)];
        for group in (0..blocks).step_by(GROUP) {
            let end = blocks.min(group + GROUP);
            for block in group..end {
                for ((_, scalars), digits_of_term) in self.terms.iter().zip(&mut all_digits) {
                    digits(*scalars, block, digits_of_term);
                }
                for lane in (0..LANES).step_by(E::Field::LANES) {
                    for (table, (points, _)) in tables.iter_mut().zip(&self.terms) {
                        table.fill(engine, Point::load(engine, &points.blocks[block], lane));
                    }
                    sum_of_products(engine, &tables, &all_digits, lane)
                        .store(&mut halves[block - group], lane);
                }
            }
            let end_point = len.min(end * LANES);
            encode_doubled(engine, &halves[..end - group], &mut encodings[group * LANES..end_point]);
            if let Some(sums) = &mut self.sums {
                for (half, to) in halves.iter().zip(&mut sums.blocks[group..end]) {
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
    for lane in (0..LANES).step_by(E::Field::LANES) {
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
