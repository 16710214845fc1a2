//! Batches of points from bytes.
//!
//! - **Comes in:** encodings, or uniform bytes from a hash. **Goes out:** [`Points`], in order.
//! - **Never sees:** meaning. **Trusts:** nobody.
//! - **Fails:** with the position of the first entry that is not the canonical encoding of an element other than the
//!   identity.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::traits::IsIdentity;
use zeroize::Zeroize;

use super::codec;
use super::engine::{self, Engine, Kernel};
use super::field::{Field, LANES, Limbs, Mask};
use super::point::Block;
use super::points::Points;
use super::roots::SIDE_BY_SIDE;

/// Why a batch does not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecodable {
    /// The entry is not the canonical encoding of any element.
    NotAnElement(usize),
    /// The entry is the identity.
    Identity(usize),
}

/// Decodes a batch; refuses what is not canonical, and the identity.
pub fn decode(encodings: &[[u8; 32]]) -> Result<Points, Undecodable> {
    if let [encoding] = encodings {
        return match CompressedRistretto(*encoding).decompress() {
            None => Err(Undecodable::NotAnElement(0)),
            Some(point) if point.is_identity() => Err(Undecodable::Identity(0)),
            Some(point) => Ok(Points::one(point)),
        };
    }
    let (points, good) = engine::run(Decode { encodings });
    let Some(index) = good.iter().position(|good| !good) else { return Ok(points) };
    let identity = encodings[index] == [0; 32];
    Err(if identity { Undecodable::Identity(index) } else { Undecodable::NotAnElement(index) })
}

/// One point in the first lane of a block.
pub(super) fn in_block(point: &RistrettoPoint) -> Block {
    let (points, _) = engine::run(Decode { encodings: &[point.compress().0] });
    points.blocks()[0]
}

/// Points, and which of them are any.
pub(super) struct Decode<'a> {
    pub(super) encodings: &'a [[u8; 32]],
}

impl Kernel for Decode<'_> {
    type Output = (Points, Vec<bool>);

    #[inline(always)]
    fn run<E: Engine>(self, engine: E) -> Self::Output {
        let mut points = Points::identities(self.encodings.len());
        let mut good: Vec<bool> = self.encodings.iter().map(canonical).collect();
        let whole = self.encodings.len() / (SIDE_BY_SIDE * LANES) * SIDE_BY_SIDE;
        for block in (0..whole).step_by(SIDE_BY_SIDE) {
            decode_blocks::<E, SIDE_BY_SIDE>(engine, self.encodings, block, &mut points, &mut good);
        }
        for block in whole..points.blocks().len() {
            decode_blocks::<E, 1>(engine, self.encodings, block, &mut points, &mut good);
        }
        (points, good)
    }
}

/// Decodes `N` blocks from `first` on, side by side.
#[inline(always)]
fn decode_blocks<E: Engine, const N: usize>(
    engine: E,
    encodings: &[[u8; 32]],
    first: usize,
    points: &mut Points,
    good: &mut [bool],
) {
    let end = encodings.len().min((first + N) * LANES);
    let mut limbs = [Limbs::ZERO; N];
    for (at, encoding) in encodings[first * LANES..end].iter().enumerate() {
        limbs[at / LANES].set_bytes(at % LANES, encoding);
    }
    let filled = LANES.min(end - first * LANES);
    for lane in (0..filled).step_by(E::Field::LANES) {
        let decoded = codec::decode(engine, load(engine, &limbs, lane));
        for (n, (is_point, point)) in decoded.into_iter().enumerate() {
            point.store(&mut points.blocks_mut()[first + n], lane);
            let at = (first + n) * LANES + lane;
            for (bit, good) in good.iter_mut().skip(at).take(E::Field::LANES).enumerate() {
                *good &= is_point.bits() >> bit & 1 == 1;
            }
        }
    }
}

/// The lanes from `lane` on of several vectors.
#[inline(always)]
fn load<E: Engine, const N: usize>(engine: E, limbs: &[Limbs; N], lane: usize) -> [E::Field; N] {
    let mut loaded = [E::Field::zero(engine); N];
    for (loaded, limbs) in loaded.iter_mut().zip(limbs) {
        *loaded = E::Field::load(engine, limbs, lane);
    }
    loaded
}

/// Whether the bytes are a non-negative field element below the prime, and not the identity's zero.
fn canonical(bytes: &[u8; 32]) -> bool {
    let (words, _) = bytes.as_chunks::<8>();
    let [a, b, c, d] = [words[0], words[1], words[2], words[3]].map(u64::from_le_bytes);
    let below_p = d < u64::MAX >> 1 || c != u64::MAX || b != u64::MAX || a < u64::MAX - 18;
    d >> 63 == 0 && below_p && a & 1 == 0 && (a | b | c | d) != 0
}

/// The group elements of 64 uniform bytes each: the sum of two points, RFC 9496 section 4.3.4.
pub fn from_uniform_bytes(uniform: &[[u8; 64]]) -> Points {
    if let [uniform] = uniform {
        return Points::one(RistrettoPoint::from_uniform_bytes(uniform));
    }
    engine::run(FromUniform { uniform })
}

/// The group elements of 64 uniform bytes each.
pub(super) struct FromUniform<'a> {
    pub(super) uniform: &'a [[u8; 64]],
}

impl Kernel for FromUniform<'_> {
    type Output = Points;

    #[inline(always)]
    fn run<E: Engine>(self, engine: E) -> Points {
        let mut points = Points::identities(self.uniform.len());
        // Two vectors go through the map for each block of points: blocks go in pairs, and the last perhaps alone.
        let whole = self.uniform.len() / (2 * LANES) * 2;
        for block in (0..whole).step_by(2) {
            map_blocks::<E, 4>(engine, self.uniform, block, &mut points);
        }
        for block in whole..points.blocks().len() {
            map_blocks::<E, 2>(engine, self.uniform, block, &mut points);
        }
        points
    }
}

/// Maps `N / 2` blocks from `first` on, side by side.
#[inline(always)]
fn map_blocks<E: Engine, const N: usize>(engine: E, uniform: &[[u8; 64]], first: usize, points: &mut Points) {
    let end = uniform.len().min((first + N / 2) * LANES);
    let mut limbs = [Limbs::ZERO; N];
    for (at, uniform) in uniform[first * LANES..end].iter().enumerate() {
        let (halves, _) = uniform.as_chunks::<32>();
        limbs[at / LANES].set_bytes(at % LANES, &halves[0]);
        limbs[N / 2 + at / LANES].set_bytes(at % LANES, &halves[1]);
    }
    let filled = LANES.min(end - first * LANES);
    for lane in (0..filled).step_by(E::Field::LANES) {
        let mapped = codec::map(engine, load(engine, &limbs, lane));
        for n in 0..N / 2 {
            let sum = mapped[n].add(&mapped[N / 2 + n].cached(engine));
            sum.point().store(&mut points.blocks_mut()[first + n], lane);
        }
    }
    limbs.zeroize();
}
