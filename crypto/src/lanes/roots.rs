//! Square roots of fractions, and many inverses for the price of one.
//!
//! - **Comes in:** field elements in lanes. **Goes out:** roots and inverses. **Fails:** never; zero has zero for both.
//!
//! One exponentiation is a chain in which every square waits for the one before. So several vectors of elements go
//! through it side by side, and fill each other's waiting. Sources: RFC 9496 section 4.2 (`SQRT_RATIO_M1`); Montgomery's
//! trick for the inverses.

use super::constants::SQRT_M1;
use super::field::{Field, Mask};

/// Vectors that go through an exponentiation side by side.
pub(super) const SIDE_BY_SIDE: usize = 4;

/// Squares `count` times.
#[inline(always)]
fn square_times<F: Field, const N: usize>(mut x: [F; N], count: u32) -> [F; N] {
    for _ in 0..count {
        for x in &mut x {
            *x = x.square();
        }
    }
    x
}

#[inline(always)]
fn product<F: Field, const N: usize>(mut x: [F; N], y: [F; N]) -> [F; N] {
    for n in 0..N {
        x[n] = x[n].mul(y[n]);
    }
    x
}

/// `x^(2^250 − 1)` and `x^11`, with which the chains for roots and for inverses begin.
#[inline(always)]
fn begin<F: Field, const N: usize>(x: [F; N]) -> ([F; N], [F; N]) {
    let x2 = square_times(x, 1);
    let x9 = product(square_times(x2, 2), x);
    let x11 = product(x9, x2);
    let x5 = product(square_times(x11, 1), x9); // 2^5 − 1
    let x10 = product(square_times(x5, 5), x5);
    let x20 = product(square_times(x10, 10), x10);
    let x40 = product(square_times(x20, 20), x20);
    let x50 = product(square_times(x40, 10), x10);
    let x100 = product(square_times(x50, 50), x50);
    let x200 = product(square_times(x100, 100), x100);
    (product(square_times(x200, 50), x50), x11)
}

/// `x^((p − 5)/8)`, the exponent being 2^252 − 3.
#[inline(always)]
fn power_p58<F: Field, const N: usize>(x: [F; N]) -> [F; N] {
    let (x250, _) = begin(x);
    product(square_times(x250, 2), x)
}

/// `1/x`, or zero for zero: the exponent is 2^255 − 21.
#[inline(always)]
pub(super) fn invert<F: Field>(x: F) -> F {
    let (x250, x11) = begin([x]);
    product(square_times(x250, 5), x11)[0]
}

/// For each fraction `u/v`: whether it is a square, and its non-negative root, or that of `√−1·u/v`.
#[inline(always)]
pub(super) fn square_root_of_ratio<F: Field, const N: usize>(
    engine: F::Engine,
    u: [F; N],
    v: [F; N],
) -> [(F::Mask, F); N] {
    let v3 = product(square_times(v, 1), v);
    let v7 = product(square_times(v3, 1), v);
    let power = power_p58(product(u, v7));
    let roots = product(product(u, v3), power);
    let i = F::constant(engine, &SQRT_M1);
    let mut found = [(F::no_lane(engine), F::zero(engine)); N];
    for n in 0..N {
        let check = v[n].mul(roots[n].square());
        let right = check.sub(u[n]).is_zero();
        let flipped = check.add(u[n]).is_zero();
        let flipped_i = check.add(u[n].mul(i)).is_zero();
        let root = F::select(flipped.or(flipped_i), roots[n].mul(i), roots[n]);
        found[n] = (right.or(flipped), root.absolute(engine));
    }
    found
}

/// Replaces every element by its inverse, lane by lane; zeros stay. Three products for each element, one inversion
/// for all. `before` is room for as many elements.
#[inline(always)]
pub(super) fn invert_all<F: Field>(engine: F::Engine, elements: &mut [F], before: &mut [F]) {
    let one = F::one(engine);
    let mut product = one;
    for (element, before) in elements.iter_mut().zip(before.iter_mut()) {
        *before = product;
        product = product.mul(F::select(element.is_zero(), one, *element));
    }
    let mut inverse = invert(product);
    for (element, before) in elements.iter_mut().zip(before.iter()).rev() {
        let zero = element.is_zero();
        let inverted = inverse.mul(*before);
        inverse = inverse.mul(F::select(zero, one, *element));
        *element = F::select(zero, *element, inverted);
    }
}
