//! Four field elements with AVX2: ten limbs of 26 and 25 bits by turns, in registers of four lanes.
//!
//! - **Comes in, goes out:** as [`Field`]. **Trusts:** the token behind every vector.
//!
//! `vpmuludq` multiplies 32 by 32 bits. Limb `i` has the weight of 2^⌈25.5·i⌉: the product of two odd limbs counts twice,
//! and what passes column 9 comes back 19-fold (Bernstein 2006, section 4). In memory two of these limbs are one of 51
//! bits. An element is carried when its even limbs are below 2^26 + 2^13 and its odd ones below 2^25 + 2^13.

use super::field::{Field, LANES, Limbs, Mask};
use super::x86::{Avx2, U64x4};

/// Four elements, carried.
#[derive(Clone, Copy)]
pub(crate) struct F25x4 {
    limbs: [U64x4; 10],
    engine: Avx2,
}

/// Columns of a product of four elements.
#[derive(Clone, Copy)]
pub(crate) struct Columns {
    columns: [U64x4; 10],
    engine: Avx2,
}

/// The low 26 bits.
const LOW26: u64 = (1 << 26) - 1;
/// The low 25 bits.
const LOW25: u64 = (1 << 25) - 1;

/// A multiple of the prime whose limbs are `factor` times those of the prime.
const fn multiple_of_p(factor: u64) -> [u64; 10] {
    let (even, odd) = (LOW26 * factor, LOW25 * factor);
    [(LOW26 - 18) * factor, odd, even, odd, even, odd, even, odd, even, odd]
}

/// Limbs of at least 2^60 − 2^35: above any sum of two products' columns, for those of odd number are half as large.
const BIAS: [u64; 10] = multiple_of_p(1 << 35);
/// Limbs above any carried one.
const TWICE_P: [u64; 10] = multiple_of_p(2);

/// A choice for each of four lanes: all bits or none.
#[derive(Clone, Copy)]
pub(crate) struct Mask4(U64x4);

impl Mask for Mask4 {
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(self.0.and(other.0))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0))
    }

    #[inline(always)]
    fn not(self) -> Self {
        Self(self.0.xor(self.0.equal(self.0)))
    }

    #[inline(always)]
    fn bits(self) -> u8 {
        let [a, b, c, d] = self.0.words();
        u8::from(a != 0) | u8::from(b != 0) << 1 | u8::from(c != 0) << 2 | u8::from(d != 0) << 3
    }
}

impl F25x4 {
    #[inline(always)]
    fn of(engine: Avx2, limbs: [U64x4; 10]) -> Self {
        Self { limbs, engine }
    }

    /// In debug builds: whether a limb times 19 still fits the multiplier.
    #[inline(always)]
    fn assert_multipliable(self) {
        for limb in self.limbs {
            debug_assert!(limb.words().iter().all(|word| *word < 1 << 27), "a limb outgrew the multiplier");
        }
    }

    /// Carries limbs below 2^63 from each to the next: two chains side by side, as each waits for its own.
    #[inline(always)]
    fn carry_limbs(engine: Avx2, mut limbs: [U64x4; 10]) -> Self {
        let (low26, low25) = (U64x4::splat(engine, LOW26), U64x4::splat(engine, LOW25));
        for i in 0..5 {
            for i in [i, i + 4] {
                let (carry, low) = if i % 2 == 0 {
                    (limbs[i].shr::<26>(), limbs[i].and(low26))
                } else {
                    (limbs[i].shr::<25>(), limbs[i].and(low25))
                };
                limbs[i] = low;
                limbs[i + 1] = limbs[i + 1].add(carry);
            }
        }
        let carry = limbs[9].shr::<25>();
        limbs[9] = limbs[9].and(low25);
        limbs[0] = limbs[0].add(carry).add(carry.shl::<1>()).add(carry.shl::<4>());
        limbs[1] = limbs[1].add(limbs[0].shr::<26>());
        limbs[0] = limbs[0].and(low26);
        limbs[5] = limbs[5].add(limbs[4].shr::<26>());
        limbs[4] = limbs[4].and(low26);
        Self::of(engine, limbs)
    }

    /// Carries small limbs, all side by side.
    #[inline(always)]
    fn carry_once(engine: Avx2, limbs: [U64x4; 10]) -> Self {
        let (low26, low25) = (U64x4::splat(engine, LOW26), U64x4::splat(engine, LOW25));
        let mut carried = limbs;
        let mut carry = limbs[9].shr::<25>();
        carry = carry.add(carry.shl::<1>()).add(carry.shl::<4>());
        for i in 0..10 {
            let next;
            (carried[i], next) = if i % 2 == 0 {
                (limbs[i].and(low26).add(carry), limbs[i].shr::<26>())
            } else {
                (limbs[i].and(low25).add(carry), limbs[i].shr::<25>())
            };
            carry = next;
        }
        Self::of(engine, carried)
    }

    /// Column `K` of a product: `f` may have its odd limbs doubled, `g19` is 19 times `g`.
    #[inline(always)]
    fn column<const K: usize>(f: &[U64x4; 10], g: &[U64x4; 10], g19: &[U64x4; 10]) -> U64x4 {
        let mut column = f[0].mul32(g[K]);
        for i in 1..10 {
            let factor = if i <= K { g[K - i] } else { g19[10 + K - i] };
            column = column.add(f[i].mul32(factor));
        }
        column
    }

    /// Column `K` of a square: `f2` is twice `f`, `f4` four times.
    #[inline(always)]
    fn square_column<const K: usize>([f, f2, f4, f19]: &[[U64x4; 10]; 4], zero: U64x4) -> U64x4 {
        let mut column = zero;
        for i in 0..10 {
            let j = (10 + K - i) % 10;
            let right = if i + j < 10 { f[j] } else { f19[j] };
            // A product of two different limbs counts twice, one of two odd limbs twice again.
            let left = match (i < j, i % 2 == 1 && j % 2 == 1) {
                (true, true) => f4[i],
                (true, false) => f2[i],
                (false, true) => f2[i],
                (false, false) => f[i],
            };
            if i <= j {
                column = column.add(left.mul32(right));
            }
        }
        column
    }
}

/// The ten columns, each by its number.
macro_rules! columns {
    ($column:ident($($argument:expr),*)) => {
        [
            Self::$column::<0>($($argument),*), Self::$column::<1>($($argument),*),
            Self::$column::<2>($($argument),*), Self::$column::<3>($($argument),*),
            Self::$column::<4>($($argument),*), Self::$column::<5>($($argument),*),
            Self::$column::<6>($($argument),*), Self::$column::<7>($($argument),*),
            Self::$column::<8>($($argument),*), Self::$column::<9>($($argument),*),
        ]
    };
}

impl Field for F25x4 {
    type Engine = Avx2;
    type Wide = Columns;
    type Mask = Mask4;
    const LANES: usize = 4;

    #[inline(always)]
    fn constant(engine: Avx2, limbs: &[u64; 5]) -> Self {
        let mut split = [U64x4::splat(engine, 0); 10];
        for i in 0..5 {
            split[2 * i] = U64x4::splat(engine, limbs[i] & LOW26);
            split[2 * i + 1] = U64x4::splat(engine, limbs[i] >> 26);
        }
        Self::of(engine, split)
    }

    #[inline(always)]
    fn load(engine: Avx2, limbs: &Limbs, at: usize) -> Self {
        let low26 = U64x4::splat(engine, LOW26);
        let mut split = [low26; 10];
        for i in 0..5 {
            let [a, b, c, d] = [limbs.0[i][at], limbs.0[i][at + 1], limbs.0[i][at + 2], limbs.0[i][at + 3]];
            let limb = U64x4::load(engine, &[a, b, c, d]);
            split[2 * i] = limb.and(low26);
            split[2 * i + 1] = limb.shr::<26>();
        }
        Self::of(engine, split)
    }

    #[inline(always)]
    fn store(self, limbs: &mut Limbs, at: usize) {
        for i in 0..5 {
            let limb = self.limbs[2 * i].add(self.limbs[2 * i + 1].shl::<26>());
            limbs.0[i][at..at + 4].copy_from_slice(&limb.words());
        }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let mut sum = self.limbs;
        for i in 0..10 {
            sum[i] = sum[i].add(other.limbs[i]);
        }
        Self::carry_once(self.engine, sum)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let mut difference = self.limbs;
        for i in 0..10 {
            let biased = difference[i].add(U64x4::splat(self.engine, TWICE_P[i]));
            difference[i] = biased.sub(other.limbs[i]);
        }
        Self::carry_once(self.engine, difference)
    }

    /// Limbs are below 2^26 + 2^13, so that 19 times one fits 32 bits. The largest column has one product of 52 bits, four
    /// that are taken 19-fold, and five of 50 bits that are taken 38-fold: less than 125·2^52 < 2^59.
    #[inline(always)]
    fn mul_wide(self, other: Self) -> Columns {
        self.assert_multipliable();
        other.assert_multipliable();
        let (f, g) = (self.limbs, other.limbs);
        let nineteen = U64x4::splat(self.engine, 19);
        let (mut odd_doubled, mut g19) = (f, g);
        for i in 0..10 {
            g19[i] = g[i].mul32(nineteen);
            if i % 2 == 1 {
                odd_doubled[i] = f[i].add(f[i]);
            }
        }
        let even = columns!(column(&odd_doubled, &g, &g19));
        let odd = columns!(column(&f, &g, &g19));
        let columns = [even[0], odd[1], even[2], odd[3], even[4], odd[5], even[6], odd[7], even[8], odd[9]];
        Columns { columns, engine: self.engine }
    }

    #[inline(always)]
    fn square_wide(self) -> Columns {
        self.assert_multipliable();
        let f = self.limbs;
        let nineteen = U64x4::splat(self.engine, 19);
        let (mut f2, mut f4, mut f19) = (f, f, f);
        for i in 0..10 {
            f2[i] = f[i].add(f[i]);
            f4[i] = f2[i].add(f2[i]);
            f19[i] = f[i].mul32(nineteen);
        }
        let forms = [f, f2, f4, f19];
        let zero = U64x4::splat(self.engine, 0);
        Columns { columns: columns!(square_column(&forms, zero)), engine: self.engine }
    }

    #[inline(always)]
    fn wide_add(one: Columns, other: Columns) -> Columns {
        let mut columns = one.columns;
        for i in 0..10 {
            columns[i] = columns[i].add(other.columns[i]);
        }
        Columns { columns, engine: one.engine }
    }

    #[inline(always)]
    fn wide_sub(one: Columns, other: Columns) -> Columns {
        let mut columns = one.columns;
        for i in 0..10 {
            columns[i] = columns[i].add(U64x4::splat(one.engine, BIAS[i])).sub(other.columns[i]);
        }
        Columns { columns, engine: one.engine }
    }

    #[inline(always)]
    fn carry(wide: Columns) -> Self {
        Self::carry_limbs(wide.engine, wide.columns)
    }

    /// As with limbs of 51 bits: adding 19 and carrying through tells whether the value is at least p.
    #[inline(always)]
    fn canonical(self) -> Self {
        let twice = Self::carry_limbs(self.engine, Self::carry_limbs(self.engine, self.limbs).limbs);
        let mut limbs = Self::carry_limbs(self.engine, twice.limbs).limbs;
        let nineteen = U64x4::splat(self.engine, 19);
        let mut carry = limbs[0].add(nineteen).shr::<26>();
        for i in 1..10 {
            let limb = limbs[i].add(carry);
            carry = if i % 2 == 0 { limb.shr::<26>() } else { limb.shr::<25>() };
        }
        limbs[0] = limbs[0].add(carry.mul32(nineteen));
        let (low26, low25) = (U64x4::splat(self.engine, LOW26), U64x4::splat(self.engine, LOW25));
        for i in 0..9 {
            let (next, low) = if i % 2 == 0 {
                (limbs[i].shr::<26>(), limbs[i].and(low26))
            } else {
                (limbs[i].shr::<25>(), limbs[i].and(low25))
            };
            limbs[i + 1] = limbs[i + 1].add(next);
            limbs[i] = low;
        }
        limbs[9] = limbs[9].and(low25);
        Self::of(self.engine, limbs)
    }

    #[inline(always)]
    fn is_zero(self) -> Mask4 {
        let limbs = self.canonical().limbs;
        let mut any = limbs[0];
        for limb in &limbs[1..] {
            any = any.or(*limb);
        }
        Mask4(any.equal(U64x4::splat(self.engine, 0)))
    }

    #[inline(always)]
    fn is_negative(self) -> Mask4 {
        let one = U64x4::splat(self.engine, 1);
        Mask4(self.canonical().limbs[0].and(one).equal(one))
    }

    #[inline(always)]
    fn lanes_with(engine: Avx2, words: &[u64; LANES], at: usize, word: u64) -> Mask4 {
        let words = U64x4::load(engine, &[words[at], words[at + 1], words[at + 2], words[at + 3]]);
        Mask4(words.equal(U64x4::splat(engine, word)))
    }

    #[inline(always)]
    fn select(choice: Mask4, yes: Self, no: Self) -> Self {
        let mut limbs = no.limbs;
        for i in 0..10 {
            limbs[i] = choice.0.select(yes.limbs[i], no.limbs[i]);
        }
        Self::of(yes.engine, limbs)
    }
}
