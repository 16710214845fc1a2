//! One field element in portable Rust: the twin that the vectors are compared with, and the engine of other CPUs.
//!
//! - **Comes in, goes out:** as [`Field`]. Five limbs of 51 bits, products of 128.
//!
//! Words of 64 bits leave 13 bits above a limb, and columns of 128 cost two instructions for each sum. So products are
//! carried at once, and it is the sums behind them that go without.

use core::hint::black_box;

use super::field::{Field, LANES, Limbs, MASK, Mask, limbs};

/// The engine of every CPU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

/// One element, of limbs below 2^54: so much the multiplier takes. What comes from memory, and every product, is carried.
#[derive(Clone, Copy)]
pub(crate) struct F51([u64; 5]);

/// Limbs above any that is carried, and above the sum of two: between 2^53 − 76 and 2^53.
const FOUR_P: [u64; 5] = [4 * (MASK - 18), 4 * MASK, 4 * MASK, 4 * MASK, 4 * MASK];
/// Limbs above any: between 2^54 and 2^55.
const SIXTEEN_P: [u64; 5] = [16 * (MASK - 18), 16 * MASK, 16 * MASK, 16 * MASK, 16 * MASK];

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
    /// Carries once, all limbs side by side: limbs below 2^63 become limbs below 2^51 + 19·2^12.
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

    /// Carries the columns of a product of limbs below 2^54, from each to the next. Columns below 77·2^108 leave carries
    /// below 2^64. The last column has nothing that came back 19-fold: below 5·2^108 + 2^64, its carry fits the word when
    /// it comes back 19-fold itself. The second limb ends below 2^51 + 2^13, all others below 2^51.
    #[inline(always)]
    fn carry_columns(mut columns: [u128; 5]) -> Self {
        let mut limbs = [0; 5];
        for i in 0..4 {
            columns[i + 1] += u128::from(low(columns[i] >> 51));
            limbs[i] = low(columns[i]) & MASK;
        }
        limbs[4] = low(columns[4]) & MASK;
        limbs[0] += 19 * low(columns[4] >> 51);
        limbs[1] += limbs[0] >> 51;
        limbs[0] &= MASK;
        Self(limbs)
    }
}

/// The product, carried. Columns are below (1 + 4·19)·2^108, see `carry_columns`.
#[inline(always)]
fn product(one: &F51, other: &F51) -> F51 {
    let (a, b) = (&one.0, &other.0);
    debug_assert!(a.iter().chain(b).all(|limb| *limb < 1 << 54), "a limb outgrew its bound");
    let [b1, b2, b3, b4] = [b[1] * 19, b[2] * 19, b[3] * 19, b[4] * 19];
    F51::carry_columns([
        m(a[0], b[0]) + m(a[4], b1) + m(a[3], b2) + m(a[2], b3) + m(a[1], b4),
        m(a[1], b[0]) + m(a[0], b[1]) + m(a[4], b2) + m(a[3], b3) + m(a[2], b4),
        m(a[2], b[0]) + m(a[1], b[1]) + m(a[0], b[2]) + m(a[4], b3) + m(a[3], b4),
        m(a[3], b[0]) + m(a[2], b[1]) + m(a[1], b[2]) + m(a[0], b[3]) + m(a[4], b4),
        m(a[4], b[0]) + m(a[3], b[1]) + m(a[2], b[2]) + m(a[1], b[3]) + m(a[0], b[4]),
    ])
}

/// The square, carried; bounds are those of the product.
#[inline(always)]
fn square(one: &F51) -> F51 {
    let a = &one.0;
    debug_assert!(a.iter().all(|limb| *limb < 1 << 54), "a limb outgrew its bound");
    let [d0, d1, d2] = [a[0] * 2, a[1] * 2, a[2] * 2];
    let (a3, a4) = (a[3] * 19, a[4] * 19);
    F51::carry_columns([
        m(a[0], a[0]) + m(d1, a4) + m(d2, a3),
        m(d0, a[1]) + m(d2, a4) + m(a[3], a3),
        m(d0, a[2]) + m(a[1], a[1]) + m(a[3] * 2, a4),
        m(d0, a[3]) + m(d1, a[2]) + m(a[4], a4),
        m(d0, a[4]) + m(d1, a[3]) + m(a[2], a[2]),
    ])
}

impl Field for F51 {
    type Engine = Portable;
    type Wide = Self;
    type Mask = Choice;
    type Kept = Self;
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
        Self::carry_limbs(limbs!(i => self.0[i] + SIXTEEN_P[i] - other.0[i]))
    }

    /// Below 2^52 + 2^43.
    #[inline(always)]
    fn add_loose(self, other: Self) -> Self {
        Self(limbs!(i => self.0[i] + other.0[i]))
    }

    /// Below 2^53 + 2^52.
    #[inline(always)]
    fn sub_loose(self, other: Self) -> Self {
        Self(limbs!(i => self.0[i] + FOUR_P[i] - other.0[i]))
    }

    #[inline(always)]
    fn mul_wide(self, other: Self) -> Self {
        product(&self, &other)
    }

    #[inline(always)]
    fn square_wide(self) -> Self {
        square(&self)
    }

    /// Three products: below 2^52 + 2^51 + 2^15.
    #[inline(always)]
    fn wide_add(one: Self, other: Self) -> Self {
        Self(limbs!(i => one.0[i] + other.0[i]))
    }

    /// Below 2^53 more than three products, and so below 2^54. Two products are below four times the prime.
    #[inline(always)]
    fn wide_sub(one: Self, other: Self) -> Self {
        Self(limbs!(i => one.0[i] + FOUR_P[i] - other.0[i]))
    }

    /// Sums are factors as they are.
    #[inline(always)]
    fn carry(wide: Self) -> Self {
        wide
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
        Choice::is_zero(self.canonical().0.iter().fold(0, |any, limb| any | limb))
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

    #[inline(always)]
    fn keep(self) -> Self {
        self
    }

    #[inline(always)]
    fn pick<const N: usize>(choices: &[Choice; N], of: &[Self; N], otherwise: Self) -> Self {
        let mut found = otherwise;
        for n in 0..N {
            found = Self::select(choices[n], of[n], found);
        }
        found
    }
}
