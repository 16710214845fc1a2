//! Four field elements with AVX2: ten limbs of 26 and 25 bits by turns, in registers of four lanes.
//!
//! - **Comes in, goes out:** as [`Field`]. **Trusts:** the token behind every vector.
//!
//! `vpmuludq` multiplies 32 by 32 bits. Limb `i` has the weight of 2^⌈25.5·i⌉: the product of two odd limbs counts twice,
//! and what passes column 9 comes back 19-fold (Bernstein 2006, section 4). In memory two of these limbs are one of 51
//! bits. An element is carried when its even limbs are below 2^26 + 2^13 and its odd ones below 2^25 + 2^15; a loose one
//! has limbs up to three times as large.

#![expect(
    clippy::needless_range_loop,
    reason = "loops over numbers of limbs unroll, and iterators would be called"
)]
#![expect(clippy::large_types_passed_by_value, reason = "what is inlined is not passed")]

use super::avx2_product::{Product, Square, WideProduct, WideSquare};
use super::field::{Field, LANES, Limbs, Mask, limbs};
use super::x86::{Avx2, U64x4};

/// Four elements, carried.
#[derive(Clone, Copy)]
pub(crate) struct F25x4 {
    pub(super) limbs: [U64x4; 10],
    pub(super) engine: Avx2,
}

/// Four elements in half the memory: each even limb, and the odd one after it 32 bits higher.
#[derive(Clone, Copy)]
pub(crate) struct Packed([U64x4; 5]);

/// Columns of a product of four elements.
#[derive(Clone, Copy)]
pub(crate) struct Columns {
    pub(super) columns: [U64x4; 10],
    pub(super) engine: Avx2,
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

/// Even limbs of 2^61 − 19·2^35 or more, odd ones of 2^60 − 2^35: above the columns of two carried products (250·2^52 and
/// 154·2^52, even and odd) and of one with a loose factor (375·2^52 and 231·2^52).
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

    /// Carries limbs below 2^62 from each to the next: two chains side by side, as each waits for its own. Limb 1 receives
    /// last: less than 19·2^37 / 2^26.
    #[inline(always)]
    pub(super) fn carry_limbs(engine: Avx2, mut limbs: [U64x4; 10]) -> Self {
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
}

impl Field for F25x4 {
    type Engine = Avx2;
    type Wide = Columns;
    type Mask = Mask4;
    type Kept = Packed;
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
        Self::carry_once(self.engine, self.add_loose(other).limbs)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self::carry_once(self.engine, self.sub_loose(other).limbs)
    }

    #[inline(always)]
    fn add_loose(self, other: Self) -> Self {
        let mut sum = self.limbs;
        for i in 0..10 {
            sum[i] = sum[i].add(other.limbs[i]);
        }
        Self::of(self.engine, sum)
    }

    #[inline(always)]
    fn sub_loose(self, other: Self) -> Self {
        let mut difference = self.limbs;
        for i in 0..10 {
            let biased = difference[i].add(U64x4::splat(self.engine, TWICE_P[i]));
            difference[i] = biased.sub(other.limbs[i]);
        }
        Self::of(self.engine, difference)
    }

    #[inline(always)]
    fn mul_wide(self, other: Self) -> Columns {
        self.engine.call(WideProduct(&self, &other))
    }

    #[inline(always)]
    fn square_wide(self) -> Columns {
        self.engine.call(WideSquare(&self))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.engine.call(Product(&self, &other))
    }

    #[inline(always)]
    fn square(self) -> Self {
        self.engine.call(Square(&self))
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

    #[inline(always)]
    fn keep(self) -> Packed {
        let limbs = self.limbs;
        Packed(limbs!(i => limbs[2 * i].or(limbs[2 * i + 1].shl::<32>())))
    }

    /// Word by word over all entries: the choices stay in registers, and the entries are read where they lie.
    #[inline(always)]
    fn pick<const N: usize>(choices: &[Mask4; N], of: &[Packed; N], otherwise: Self) -> Self {
        let low32 = U64x4::splat(otherwise.engine, u64::from(u32::MAX));
        let mut found = otherwise.keep().0;
        let mut limbs = otherwise.limbs;
        for i in 0..5 {
            for n in 0..N {
                found[i] = choices[n].0.select(of[n].0[i], found[i]);
            }
            limbs[2 * i] = found[i].and(low32);
            limbs[2 * i + 1] = found[i].shr::<32>();
        }
        Self::of(otherwise.engine, limbs)
    }
}
