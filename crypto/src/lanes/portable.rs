//! One field element in portable Rust: the twin that the vectors are compared with, and the engine of other CPUs.
//!
//! - **Comes in, goes out:** as [`Field`]. Five limbs of 51 bits, products of 128.

use core::hint::black_box;

use super::field::{Field, LANES, Limbs, MASK, Mask, limbs};

/// The engine of every CPU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

/// One element, carried.
#[derive(Clone, Copy)]
pub(crate) struct F51([u64; 5]);

/// Columns of a product.
#[derive(Clone, Copy)]
pub(crate) struct Columns([u128; 5]);

/// A multiple of the prime (2^63-fold) whose limbs are above any column.
const BIAS: [u128; 5] = [
    (MASK as u128 - 18) << 63,
    (MASK as u128) << 63,
    (MASK as u128) << 63,
    (MASK as u128) << 63,
    (MASK as u128) << 63,
];
/// Four times the prime.
const FOUR_P: [u64; 5] = [4 * (MASK - 18), 4 * MASK, 4 * MASK, 4 * MASK, 4 * MASK];

/// A choice: all bits or none.
#[derive(Clone, Copy)]
pub(crate) struct Choice(u64);

impl Choice {
    /// Whether a word is zero. The barrier keeps the compiler from finding out that there are two cases.
    #[inline(always)]
    fn is_zero(word: u64) -> Self {
        let not_zero = (word | word.wrapping_neg()) >> 63;
        Self(black_box(not_zero).wrapping_sub(1))
    }
}

impl Mask for Choice {
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[inline(always)]
    fn not(self) -> Self {
        Self(!self.0)
    }

    #[inline(always)]
    fn bits(self) -> u8 {
        u8::from(self.0 != 0)
    }
}

/// The whole product.
#[inline(always)]
fn m(x: u64, y: u64) -> u128 {
    u128::from(x) * u128::from(y)
}

/// The low 64 bits of a carry, which is below 2^64 for every column this engine makes.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the caller's bound says that nothing is cut off")]
fn low(word: u128) -> u64 {
    word as u64
}

impl F51 {
    /// Carries once, in order, limbs below 2^63.
    #[inline(always)]
    fn carry_limbs(limbs: [u64; 5]) -> Self {
        let carries = limbs!(i => limbs[i] >> 51);
        let low = limbs!(i => limbs[i] & MASK);
        Self([
            low[0] + carries[4] * 19,
            low[1] + carries[0],
            low[2] + carries[1],
            low[3] + carries[2],
            low[4] + carries[3],
        ])
    }
}

impl Field for F51 {
    type Engine = Portable;
    type Wide = Columns;
    type Mask = Choice;
    const LANES: usize = 1;

    #[inline(always)]
    fn constant(_engine: Portable, limbs: &[u64; 5]) -> Self {
        Self(*limbs)
    }

    #[inline(always)]
    fn load(_engine: Portable, limbs: &Limbs, at: usize) -> Self {
        Self(limbs!(i => limbs.0[i][at]))
    }

    #[inline(always)]
    fn store(self, limbs: &mut Limbs, at: usize) {
        for (limb, value) in limbs.0.iter_mut().zip(self.0) {
            limb[at] = value;
        }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self::carry_limbs(limbs!(i => self.0[i] + other.0[i]))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self::carry_limbs(limbs!(i => self.0[i] + FOUR_P[i] - other.0[i]))
    }

    /// Limbs below 2^52: columns below (1 + 19·4)·2^104 < 2^111.
    #[inline(always)]
    fn mul_wide(self, other: Self) -> Columns {
        let (a, b) = (self.0, other.0);
        debug_assert!(a.iter().chain(&b).all(|limb| *limb < 1 << 52), "a limb outgrew its bound");
        let [b1, b2, b3, b4] = [b[1] * 19, b[2] * 19, b[3] * 19, b[4] * 19];
        Columns([
            m(a[0], b[0]) + m(a[1], b4) + m(a[2], b3) + m(a[3], b2) + m(a[4], b1),
            m(a[0], b[1]) + m(a[1], b[0]) + m(a[2], b4) + m(a[3], b3) + m(a[4], b2),
            m(a[0], b[2]) + m(a[1], b[1]) + m(a[2], b[0]) + m(a[3], b4) + m(a[4], b3),
            m(a[0], b[3]) + m(a[1], b[2]) + m(a[2], b[1]) + m(a[3], b[0]) + m(a[4], b4),
            m(a[0], b[4]) + m(a[1], b[3]) + m(a[2], b[2]) + m(a[3], b[1]) + m(a[4], b[0]),
        ])
    }

    #[inline(always)]
    fn square_wide(self) -> Columns {
        let a = self.0;
        debug_assert!(a.iter().all(|limb| *limb < 1 << 52), "a limb outgrew its bound");
        let (twice0, twice1) = (a[0] * 2, a[1] * 2);
        let (a3, a4) = (a[3] * 19, a[4] * 19);
        Columns([
            m(a[0], a[0]) + m(twice1, a4) + 2 * m(a[2], a3),
            m(twice0, a[1]) + 2 * m(a[2], a4) + m(a[3], a3),
            m(twice0, a[2]) + m(a[1], a[1]) + 2 * m(a[3], a4),
            m(twice0, a[3]) + m(twice1, a[2]) + m(a[4], a4),
            m(twice0, a[4]) + m(twice1, a[3]) + m(a[2], a[2]),
        ])
    }

    #[inline(always)]
    fn wide_add(one: Columns, other: Columns) -> Columns {
        Columns(limbs!(i => one.0[i] + other.0[i]))
    }

    #[inline(always)]
    fn wide_sub(one: Columns, other: Columns) -> Columns {
        Columns(limbs!(i => one.0[i] + BIAS[i] - other.0[i]))
    }

    /// Columns are below 2^115: carries through the columns stay below 2^64 (in order, for that is cheapest here), the
    /// last one comes back 19-fold.
    #[inline(always)]
    fn carry(wide: Columns) -> Self {
        let mut columns = wide.0;
        let mut limbs = [0; 5];
        for i in 0..4 {
            columns[i + 1] += columns[i] >> 51;
            limbs[i] = low(columns[i]) & MASK;
        }
        limbs[4] = low(columns[4]) & MASK;
        let first = u128::from(limbs[0]) + 19 * (columns[4] >> 51);
        limbs[0] = low(first) & MASK;
        limbs[1] += low(first >> 51);
        Self(limbs)
    }

    #[inline(always)]
    fn canonical(self) -> Self {
        let mut limbs = self.0;
        for _ in 0..2 {
            for i in 0..4 {
                limbs[i + 1] += limbs[i] >> 51;
                limbs[i] &= MASK;
            }
            limbs[0] += 19 * (limbs[4] >> 51);
            limbs[4] &= MASK;
        }
        let mut carry = (limbs[0] + 19) >> 51;
        for limb in &limbs[1..] {
            carry = (limb + carry) >> 51;
        }
        limbs[0] += 19 * carry;
        for i in 0..4 {
            limbs[i + 1] += limbs[i] >> 51;
            limbs[i] &= MASK;
        }
        limbs[4] &= MASK;
        Self(limbs)
    }

    #[inline(always)]
    fn is_zero(self) -> Choice {
        let [a, b, c, d, e] = self.canonical().0;
        Choice::is_zero(a | b | c | d | e)
    }

    #[inline(always)]
    fn is_negative(self) -> Choice {
        Choice::is_zero(self.canonical().0[0] & 1 ^ 1)
    }

    #[inline(always)]
    fn lanes_with(_engine: Portable, words: &[u64; LANES], at: usize, word: u64) -> Choice {
        Choice::is_zero(words[at] ^ word)
    }

    #[inline(always)]
    fn select(choice: Choice, yes: Self, no: Self) -> Self {
        Self(limbs!(i => no.0[i] ^ choice.0 & (yes.0[i] ^ no.0[i])))
    }
}
