//! Sums of points under public weights, in variable time.
//!
//! - **Comes in:** points, weights. **Goes out:** one sum of all points, or one sum for each row of several columns.
//! - **Never sees:** a secret that is to be kept: weights of a check are secret only until the answers are in.
//! - **Trusts:** its callers to hand slices that belong together. **Fails:** never.
//!
//! The sum of all points is Pippenger's bucket method (1976) with the lanes across the windows of the weights: a point is
//! put into all lanes, and each lane adds it to the bucket of its own window's digit. So eight windows cost one addition
//! for each point, and the buckets of eight windows are summed up at once.

use super::codec;
use super::engine::{self, Engine, Kernel};
use super::field::{Field, LANES, Limbs};
use super::point::{Block, CachedBlock, Point};
use super::points::Points;
use super::portable::{F51, Portable};

/// Bits of a weight.
const BITS: usize = 128;
/// From so many points on windows are eight bits wide, below four: many buckets have to pay.
const WIDE_FROM: usize = 512;

/// The encoding of `Σ d_i·P_i`.
pub fn weighted_sum(weights: &[u128], points: &Points) -> [u8; 32] {
    let WindowsOf { bits, sums } = engine::run(WindowSums { weights, points });
    let mut sum = Point::<F51>::identity(Portable);
    for window in sums.iter().rev() {
        for _ in 0..bits {
            sum = sum.double().point();
        }
        sum = sum.add(&window.cached(Portable)).point();
    }
    let mut limbs = Limbs::ZERO;
    codec::encode(Portable, sum).store(&mut limbs, 0);
    limbs.bytes(0)
}

/// For each window of the weights the sum of the points by their digits.
struct WindowSums<'a> {
    weights: &'a [u128],
    points: &'a Points,
}

/// The sums of windows of so many bits, the lowest first.
struct WindowsOf {
    bits: usize,
    sums: Vec<Point<F51>>,
}

impl Kernel for WindowSums<'_> {
    type Output = WindowsOf;

    #[inline(always)]
    fn run<E: Engine>(self, engine: E) -> WindowsOf {
        if E::Field::LANES == 1 {
            return self.one_by_one();
        }
        let bits = if self.points.len() < WIDE_FROM { 4 } else { 8 };
        let mut cached = vec![CachedBlock::EMPTY; self.points.blocks().len()];
        for (block, to) in self.points.blocks().iter().zip(&mut cached) {
            for lane in (0..LANES).step_by(E::Field::LANES) {
                Point::<E::Field>::load(engine, block, lane).cached(engine).store(to, lane);
            }
        }
        let mut buckets = vec![Block::IDENTITY; 1 << bits];
        let mut sums = Vec::with_capacity(BITS / bits);
        for first in (0..BITS / bits).step_by(LANES) {
            buckets.fill(Block::IDENTITY);
            for (at, weight) in self.weights.iter().enumerate().take(self.points.len()) {
                let digits = digits(*weight, first, bits);
                let point = (&cached[at / LANES], at % LANES);
                for lane in (0..LANES).step_by(E::Field::LANES) {
                    drop_into_buckets(engine, &mut buckets, &digits, point, lane);
                }
            }
            let mut total = Block::IDENTITY;
            for lane in (0..LANES).step_by(E::Field::LANES) {
                sum_of_buckets(engine, &buckets, lane).store(&mut total, lane);
            }
            sums.extend((0..LANES).map(|lane| Point::<F51>::load(Portable, &total, lane)));
        }
        WindowsOf { bits, sums }
    }
}

impl WindowSums<'_> {
    /// One window after the other, for the engine of one lane: nothing is gathered, and neither a digit of zero nor an
    /// empty bucket costs an addition. So windows are as wide as suits the number of points.
    fn one_by_one(&self) -> WindowsOf {
        let bits = match self.points.len() {
            0..=16 => 2,
            17..=64 => 4,
            65..=255 => 5,
            256..=1023 => 6,
            _ => 8,
        };
        let blocks = self.points.blocks().iter();
        let lanes =
            blocks.flat_map(|block| (0..LANES).map(move |lane| Point::<F51>::load(Portable, block, lane)));
        let points: Vec<_> =
            lanes.take(self.points.len()).map(|point| (point, point.cached(Portable))).collect();
        let mut buckets = vec![None; (1 << bits) - 1];
        let mut sums = Vec::with_capacity(BITS.div_ceil(bits));
        for window in 0..BITS.div_ceil(bits) {
            buckets.fill(None);
            for (weight, (point, cached)) in self.weights.iter().zip(&points) {
                let [digit, ..] = digits(*weight, window, bits);
                if let Some(bucket) = digit.checked_sub(1).and_then(|at| buckets.get_mut(at)) {
                    *bucket = Some(match bucket.take() {
                        None => *point,
                        Some(sum) => Point::add(sum, cached).point(),
                    });
                }
            }
            let (mut running, mut total) = (None, None);
            for bucket in buckets.iter().rev() {
                running = sum_of(running, *bucket);
                total = sum_of(total, running);
            }
            sums.push(total.unwrap_or(Point::identity(Portable)));
        }
        WindowsOf { bits, sums }
    }
}

/// The sum of what is there.
fn sum_of(one: Option<Point<F51>>, other: Option<Point<F51>>) -> Option<Point<F51>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.add(&other.cached(Portable)).point()),
        (one, other) => one.or(other),
    }
}

/// The digits of eight windows from `first` on.
#[inline(always)]
fn digits(weight: u128, first: usize, bits: usize) -> [usize; LANES] {
    let low = usize::MAX >> (usize::BITS as usize - bits);
    let mut digits = [0; LANES];
    for (window, digit) in (first..BITS.div_ceil(bits)).zip(&mut digits) {
        let bytes = (weight >> (window * bits)).to_le_bytes();
        *digit = usize::from(bytes[0]) & low;
    }
    digits
}

/// Adds one point to a bucket of every lane from `lane` on: the bucket that the lane's digit names.
#[inline(always)]
fn drop_into_buckets<E: Engine>(
    engine: E,
    buckets: &mut [Block],
    digits: &[usize; LANES],
    (block, at): (&CachedBlock, usize),
    lane: usize,
) {
    let mut gathered = Block::IDENTITY;
    for l in lane..lane + E::Field::LANES {
        gathered.copy_lane(&buckets[digits[l]], l);
    }
    let sum = Point::<E::Field>::load(engine, &gathered, lane).add(&block.splat(engine, at)).point();
    sum.store(&mut gathered, lane);
    for l in lane..lane + E::Field::LANES {
        buckets[digits[l]].copy_lane(&gathered, l);
    }
}

/// `Σ n·bucket_n`, from above: every bucket is in all the running sums after it. Bucket 0 counts for nothing.
#[inline(always)]
fn sum_of_buckets<E: Engine>(engine: E, buckets: &[Block], lane: usize) -> Point<E::Field> {
    let (mut running, mut total) = (Point::identity(engine), Point::identity(engine));
    for bucket in buckets[1..].iter().rev() {
        running = running.add(&Point::load(engine, bucket, lane).cached(engine)).point();
        total = total.add(&running.cached(engine)).point();
    }
    total
}

/// `Σ_j w_j·P_ij` for every row `i`, with public integer weights: sign and size of each.
pub fn rows(weights: &[(bool, u128)], columns: &[&Points]) -> Points {
    engine::run(Rows { weights, columns })
}

struct Rows<'a> {
    weights: &'a [(bool, u128)],
    columns: &'a [&'a Points],
}

impl Kernel for Rows<'_> {
    type Output = Points;

    #[inline(always)]
    fn run<E: Engine>(self, engine: E) -> Points {
        let mut sums = Points::identities(self.columns.first().map_or(0, |column| column.len()));
        let bits = self.weights.iter().map(|(_, size)| u128::BITS - size.leading_zeros()).max().unwrap_or(0);
        for (at, to) in sums.blocks_mut().iter_mut().enumerate() {
            for lane in (0..LANES).step_by(E::Field::LANES) {
                // All weights share the doublings.
                let mut sum = Point::<E::Field>::identity(engine);
                for bit in (0..bits).rev() {
                    sum = sum.double().point();
                    for ((negative, size), column) in self.weights.iter().zip(self.columns) {
                        if size >> bit & 1 == 1 {
                            let term = Point::load(engine, &column.blocks()[at], lane).cached(engine);
                            let term = if *negative { term.negated(engine) } else { term };
                            sum = sum.add(&term).point();
                        }
                    }
                }
                sum.store(to, lane);
            }
        }
        sums
    }
}
