//! Eight field elements with AVX-512 IFMA: five limbs of 51 bits in registers of eight lanes.
//!
//! - **Comes in, goes out:** as [`Field`]. **Trusts:** the token behind every vector.
//!
//! `vpmadd52` multiplies 52 by 52 bits and adds the low or the high 52 bits of the product to 64. With limbs of 51 bits
//! the high half of `aᵢ·bⱼ` has the weight 2^(51·(i+j)+52), twice that of column `i+j+1`: so all high halves of a column
//! are summed first, the sum is doubled once, and the low halves are added to it. A product costs 50 of these
//! instructions, a square 30; columns 5 to 9 come back 19-fold, for 2^255 = 19.

use super::engine::Engine;
use super::field::{Field, LANES, Limbs, MASK, Mask, limbs, outgrown};
use super::x86::{Ifma, Mask8, Step, U64x8};

/// Eight elements, carried.
#[derive(Clone, Copy)]
pub(crate) struct F51x8 {
    limbs: [U64x8; 5],
    engine: Ifma,
}

/// Columns of a product of eight elements.
#[derive(Clone, Copy)]
pub(crate) struct Columns {
    columns: [U64x8; 5],
    engine: Ifma,
}

/// A multiple of the prime (513-fold) whose limbs are between 2^60 and 2^61: added before a subtraction.
const BIAS: [u64; 5] = [513 * ((1 << 51) - 19), 513 * MASK, 513 * MASK, 513 * MASK, 513 * MASK];
/// Twice the prime.
const TWICE_P: [u64; 5] = [(1 << 52) - 38, (1 << 52) - 2, (1 << 52) - 2, (1 << 52) - 2, (1 << 52) - 2];

impl Mask for Mask8 {
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self::from_bits(self.bits() & other.bits())
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self::from_bits(self.bits() | other.bits())
    }

    #[inline(always)]
    fn not(self) -> Self {
        Self::from_bits(!self.bits())
    }

    #[inline(always)]
    fn bits(self) -> u8 {
        Self::bits(self)
    }
}

impl F51x8 {
    #[inline(always)]
    fn of(engine: Ifma, limbs: [U64x8; 5]) -> Self {
        Self { limbs, engine }
    }

    /// In debug builds: whether the multiplier sees all bits of every limb.
    #[inline(always)]
    fn assert_multipliable(self) {
        if cfg!(debug_assertions) {
            let [a, b, c, d, e] = self.limbs;
            let any = a.ternary::<0xfe>(b, c).ternary::<0xfe>(d, e).shr::<52>();
            if any.equal(U64x8::splat(self.engine, 0)).bits() != u8::MAX {
                outgrown();
            }
        }
    }

    /// Carries once, all limbs side by side: limbs below 2^63 become limbs below 2^51 + 19·2^12.
    #[inline(always)]
    fn carry_limbs(engine: Ifma, limbs: [U64x8; 5]) -> Self {
        let mask = U64x8::splat(engine, MASK);
        let carries = limbs!(i => limbs[i].shr::<51>());
        let low = limbs!(i => limbs[i].and(mask));
        let first = low[0].madd52lo(carries[4], U64x8::splat(engine, 19));
        let [_, b, c, d, e] = low;
        let limbs = [first, b.add(carries[0]), c.add(carries[1]), d.add(carries[2]), e.add(carries[3])];
        Self::of(engine, limbs)
    }

    /// Folds ten columns into five.
    #[inline(always)]
    fn fold(engine: Ifma, z: [U64x8; 10]) -> Columns {
        let columns = limbs!(k => z[k].add(z[k + 5]).add(z[k + 5].shl::<1>()).add(z[k + 5].shl::<4>()));
        Columns { columns, engine }
    }

    /// Limbs below 2^51 + 2^17 have products whose low half is below 2^52 and whose high half below 2^50 + 2^18. The
    /// largest column, the first, has 1 + 19·4 low and 19·5 doubled high halves: less than 125·2^52 < 2^59.
    #[inline(always)]
    fn product(self, other: Self) -> Columns {
        self.assert_multipliable();
        other.assert_multipliable();
        let (a, b) = (self.limbs, other.limbs);
        let mut z = [U64x8::splat(self.engine, 0); 10];
        for i in 0..5 {
            for j in 0..5 {
                z[i + j + 1] = z[i + j + 1].madd52hi(a[i], b[j]);
            }
        }
        for column in &mut z[1..] {
            *column = column.add(*column);
        }
        for i in 0..5 {
            for j in 0..5 {
                z[i + j] = z[i + j].madd52lo(a[i], b[j]);
            }
        }
        Self::fold(self.engine, z)
    }

    /// The bound is that of the product. Halves of mixed products count twice: the high ones four times in all, the low
    /// ones and the high ones of squares twice, the low ones of squares once.
    #[inline(always)]
    fn squared(self) -> Columns {
        self.assert_multipliable();
        let a = self.limbs;
        let mut z = [U64x8::splat(self.engine, 0); 10];
        for i in 0..5 {
            for j in i + 1..5 {
                z[i + j + 1] = z[i + j + 1].madd52hi(a[i], a[j]);
            }
        }
        for column in &mut z[2..9] {
            *column = column.add(*column);
        }
        for i in 0..5 {
            z[2 * i + 1] = z[2 * i + 1].madd52hi(a[i], a[i]);
            for j in i + 1..5 {
                z[i + j] = z[i + j].madd52lo(a[i], a[j]);
            }
        }
        for column in &mut z[1..] {
            *column = column.add(*column);
        }
        for i in 0..5 {
            z[2 * i] = z[2 * i].madd52lo(a[i], a[i]);
        }
        Self::fold(self.engine, z)
    }
}

/// A product as a function of its own.
struct Product<'a>(&'a F51x8, &'a F51x8);

impl Step for Product<'_> {
    type Output = Columns;

    #[inline(always)]
    fn take(self) -> Columns {
        self.0.product(*self.1)
    }
}

/// A square as a function of its own.
struct Square<'a>(&'a F51x8);

impl Step for Square<'_> {
    type Output = Columns;

    #[inline(always)]
    fn take(self) -> Columns {
        self.0.squared()
    }
}

impl Field for F51x8 {
    type Engine = Ifma;
    type Wide = Columns;
    type Mask = Mask8;
    type Kept = Self;
    const LANES: usize = 8;

    #[inline(always)]
    fn constant(engine: Ifma, limbs: &[u64; 5]) -> Self {
        Self::of(engine, limbs!(i => U64x8::splat(engine, limbs[i])))
    }

    #[inline(always)]
    fn load(engine: Ifma, limbs: &Limbs, _at: usize) -> Self {
        Self::of(engine, limbs!(i => U64x8::load(engine, &limbs.0[i])))
    }

    #[inline(always)]
    fn store(self, limbs: &mut Limbs, _at: usize) {
        limbs.0 = limbs!(i => self.limbs[i].words());
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let sums = limbs!(i => self.limbs[i].add(other.limbs[i]));
        Self::carry_limbs(self.engine, sums)
    }

    /// Twice the prime is added, limb by limb more than any carried limb.
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let twice_p = limbs!(i => U64x8::splat(self.engine, TWICE_P[i]));
        let differences = limbs!(i => self.limbs[i].add(twice_p[i]).sub(other.limbs[i]));
        Self::carry_limbs(self.engine, differences)
    }

    #[inline(always)]
    fn mul_wide(self, other: Self) -> Columns {
        if cfg!(debug_assertions) { self.engine.call(Product(&self, &other)) } else { self.product(other) }
    }

    #[inline(always)]
    fn square_wide(self) -> Columns {
        if cfg!(debug_assertions) { self.engine.call(Square(&self)) } else { self.squared() }
    }

    #[inline(always)]
    fn wide_add(one: Columns, other: Columns) -> Columns {
        let columns = limbs!(i => one.columns[i].add(other.columns[i]));
        Columns { columns, engine: one.engine }
    }

    #[inline(always)]
    fn wide_sub(one: Columns, other: Columns) -> Columns {
        let bias = limbs!(i => U64x8::splat(one.engine, BIAS[i]));
        let columns = limbs!(i => one.columns[i].add(bias[i]).sub(other.columns[i]));
        Columns { columns, engine: one.engine }
    }

    #[inline(always)]
    fn carry(wide: Columns) -> Self {
        Self::carry_limbs(wide.engine, wide.columns)
    }

    /// The value is below 2p. Adding 19 and carrying through tells by the 256th bit whether it is at least p; then that
    /// bit, taken 19-fold and cut off, takes p away.
    #[inline(always)]
    fn canonical(self) -> Self {
        let mask = U64x8::splat(self.engine, MASK);
        let nineteen = U64x8::splat(self.engine, 19);
        // One more round of carries, in order, makes every limb but the last at most 51 bits long.
        let mut limbs = self.limbs;
        for _ in 0..2 {
            for i in 0..4 {
                limbs[i + 1] = limbs[i + 1].add(limbs[i].shr::<51>());
                limbs[i] = limbs[i].and(mask);
            }
            limbs[0] = limbs[0].madd52lo(limbs[4].shr::<51>(), nineteen);
            limbs[4] = limbs[4].and(mask);
        }
        let mut carry = limbs[0].add(nineteen).shr::<51>();
        for limb in &limbs[1..] {
            carry = limb.add(carry).shr::<51>();
        }
        limbs[0] = limbs[0].madd52lo(carry, nineteen);
        for i in 0..4 {
            limbs[i + 1] = limbs[i + 1].add(limbs[i].shr::<51>());
            limbs[i] = limbs[i].and(mask);
        }
        limbs[4] = limbs[4].and(mask);
        Self::of(self.engine, limbs)
    }

    #[inline(always)]
    fn is_zero(self) -> Mask8 {
        // `a | b | c` and `a | b`, as tables of three bits.
        let [a, b, c, d, e] = self.canonical().limbs;
        let any = a.ternary::<0xfe>(b, c).ternary::<0xfe>(d, e);
        any.equal(U64x8::splat(self.engine, 0))
    }

    #[inline(always)]
    fn is_negative(self) -> Mask8 {
        let one = U64x8::splat(self.engine, 1);
        self.canonical().limbs[0].and(one).equal(one)
    }

    #[inline(always)]
    fn lanes_with(engine: Ifma, words: &[u64; LANES], _at: usize, word: u64) -> Mask8 {
        U64x8::load(engine, words).equal(U64x8::splat(engine, word))
    }

    #[inline(always)]
    fn select(choice: Mask8, yes: Self, no: Self) -> Self {
        let limbs = limbs!(i => choice.select(yes.limbs[i], no.limbs[i]));
        Self::of(yes.engine, limbs)
    }

    #[inline(always)]
    fn keep(self) -> Self {
        self
    }

    #[inline(always)]
    fn pick<const N: usize>(choices: &[Mask8; N], of: &[Self; N], otherwise: Self) -> Self {
        let mut found = otherwise;
        for n in 0..N {
            found = Self::select(choices[n], of[n], found);
        }
        found
    }
}

const _: () = assert!(<Ifma as Engine>::Field::LANES == LANES, "one vector fills the lanes of a block");
