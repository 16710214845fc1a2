//! Products and squares of the AVX2 engine: the steps that it calls.
//!
//! - **Comes in:** elements, by reference. **Goes out:** columns, or an element that is carried.
//! - **Trusts:** its callers for bounds, which debug builds assert. **Fails:** never.
//!
//! A product takes far more registers than the sixteen there are. So products and squares are called, not inlined: each
//! is compiled once, keeps one factor in registers and reads the other from memory, column after column.

use super::avx2::{Columns, F25x4};
use super::field::outgrown;
use super::x86::{Step, U64x4};

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

impl F25x4 {
    /// In debug builds: whether all limbs are small enough for the multiplier.
    #[inline(always)]
    fn assert_below(&self, bound: u64) {
        for limb in self.limbs {
            if cfg!(debug_assertions) && limb.words().iter().any(|word| *word >= bound) {
                outgrown();
            }
        }
    }

    /// The ten columns of a product; `self` may be loose. 19 times a carried limb fits 32 bits. The largest column, the
    /// first, has one product of 52 bits, four that are taken 19-fold, and five of 50 bits that are taken 38-fold: less
    /// than 125·2^52 and three times that for a loose factor. Odd columns have less than 77·2^52.
    #[inline(always)]
    fn product_columns(&self, other: &Self) -> [U64x4; 10] {
        self.assert_below(1 << 28);
        other.assert_below(1 << 27);
        let (f, g) = (&self.limbs, &other.limbs);
        let nineteen = U64x4::splat(self.engine, 19);
        let mut g19 = *g;
        for i in 1..10 {
            g19[i] = g[i].mul32_by_constant(nineteen);
        }
        columns!(product_column(f, g, &g19))
    }

    /// Column `K` of a product of `f` and `g`; `g19` is 19 times `g`.
    #[inline(always)]
    fn product_column<const K: usize>(f: &[U64x4; 10], g: &[U64x4; 10], g19: &[U64x4; 10]) -> U64x4 {
        let mut even = f[0].mul32(g[K]);
        let mut odd = f[1].mul32(if K == 0 { g19[9] } else { g[K - 1] });
        for i in (2..10).step_by(2) {
            even = even.add(f[i].mul32(if i <= K { g[K - i] } else { g19[10 + K - i] }));
            odd = odd.add(f[i + 1].mul32(if i < K { g[K - i - 1] } else { g19[9 + K - i] }));
        }
        // In even columns odd limbs meet odd ones: summed up for themselves, they are doubled together.
        if K.is_multiple_of(2) { even.add(odd.add(odd)) } else { even.add(odd) }
    }

    /// The ten columns of a square. A loose sum has limbs below 2^27 + 2^14 and 2^26 + 2^16, so that 19 times an even one
    /// and 38 times an odd one fit 32 bits; its columns are four times those of a carried element.
    #[inline(always)]
    fn square_columns(&self) -> [U64x4; 10] {
        self.assert_below((1 << 27) + (1 << 15));
        let f = &self.limbs;
        let (nineteen, thirty_eight) = (U64x4::splat(self.engine, 19), U64x4::splat(self.engine, 38));
        let (mut twice, mut back) = (*f, *f);
        for i in 0..10 {
            twice[i] = f[i].add(f[i]);
            if i >= 5 {
                back[i] = f[i].mul32_by_constant(if i % 2 == 0 { nineteen } else { thirty_eight });
            }
        }
        columns!(square_column(f, &twice, &back))
    }

    /// Column `K` of a square of `f`, from twice `f` and from what comes `back`: even limbs 19-fold, odd ones 38-fold.
    #[inline(always)]
    fn square_column<const K: usize>(f: &[U64x4; 10], twice: &[U64x4; 10], back: &[U64x4; 10]) -> U64x4 {
        let mut column = f[0].xor(f[0]);
        for i in 0..10 {
            let j = (10 + K - i) % 10;
            let (returns, mixed, odd) = (i + j >= 10, i < j, i % 2 == 1 && j % 2 == 1);
            // A product of two different limbs counts twice, one of two odd limbs twice again.
            let left_twice =
                if returns { mixed && (i % 2 == 1 || j.is_multiple_of(2)) } else { mixed || odd };
            let left = if left_twice { twice[i] } else { f[i] };
            let right = if returns {
                back[j]
            } else if mixed && odd {
                twice[j]
            } else {
                f[j]
            };
            if i <= j {
                column = column.add(left.mul32(right));
            }
        }
        column
    }
}

/// A product, carried.
pub(super) struct Product<'a>(pub(super) &'a F25x4, pub(super) &'a F25x4);
/// A product's columns.
pub(super) struct WideProduct<'a>(pub(super) &'a F25x4, pub(super) &'a F25x4);
/// A square, carried.
pub(super) struct Square<'a>(pub(super) &'a F25x4);
/// A square's columns.
pub(super) struct WideSquare<'a>(pub(super) &'a F25x4);

impl Step for Product<'_> {
    type Output = F25x4;

    #[inline(always)]
    fn take(self) -> F25x4 {
        F25x4::carry_limbs(self.0.engine, self.0.product_columns(self.1))
    }
}

impl Step for WideProduct<'_> {
    type Output = Columns;

    #[inline(always)]
    fn take(self) -> Columns {
        Columns { columns: self.0.product_columns(self.1), engine: self.0.engine }
    }
}

impl Step for Square<'_> {
    type Output = F25x4;

    #[inline(always)]
    fn take(self) -> F25x4 {
        F25x4::carry_limbs(self.0.engine, self.0.square_columns())
    }
}

impl Step for WideSquare<'_> {
    type Output = Columns;

    #[inline(always)]
    fn take(self) -> Columns {
        Columns { columns: self.0.square_columns(), engine: self.0.engine }
    }
}
