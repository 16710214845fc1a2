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

/// One step of an addition chain: the power in `from`, squared so many times, by the power in `by`.
struct Step {
    from: usize,
    squares: u32,
    by: usize,
}

/// Powers that a chain keeps at most.
const POWERS: usize = 11;

/// To `x^(2^250 − 1)`, the last power; `x^11` is power 2. As data, so that a square and a product are compiled once.
const CHAIN: [Step; POWERS - 1] = [
    Step { from: 0, squares: 3, by: 0 },   // 1: 9
    Step { from: 0, squares: 1, by: 1 },   // 2: 11
    Step { from: 2, squares: 1, by: 1 },   // 3: 2^5 − 1
    Step { from: 3, squares: 5, by: 3 },   // 4: 2^10 − 1
    Step { from: 4, squares: 10, by: 4 },  // 5: 2^20 − 1
    Step { from: 5, squares: 20, by: 5 },  // 6: 2^40 − 1
    Step { from: 6, squares: 10, by: 4 },  // 7: 2^50 − 1
    Step { from: 7, squares: 50, by: 7 },  // 8: 2^100 − 1
    Step { from: 8, squares: 100, by: 8 }, // 9: 2^200 − 1
    Step { from: 9, squares: 50, by: 7 },  // 10: 2^250 − 1
];

/// The chain, and one step more.
#[inline(always)]
fn power<F: Field, const N: usize>(x: [F; N], last: &Step) -> [F; N] {
    let mut powers = [x; POWERS + 1];
    for (to, step) in (1..).zip(CHAIN.iter().chain([last])) {
        powers[to] = product(square_times(powers[step.from], step.squares), powers[step.by]);
    }
    powers[POWERS]
}

/// `x^((p − 5)/8)`, the exponent being 2^252 − 3.
#[inline(always)]
fn power_p58<F: Field, const N: usize>(x: [F; N]) -> [F; N] {
    power(x, &Step { from: POWERS - 1, squares: 2, by: 0 })
}

/// `1/x`, or zero for zero: the exponent is 2^255 − 21.
#[inline(always)]
pub(super) fn invert<F: Field>(x: F) -> F {
    power([x], &Step { from: POWERS - 1, squares: 5, by: 2 })[0]
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
        // Not the element itself in the place of zero: a compiler makes a store under a mask of that.
        *element = F::select(zero, F::zero(engine), inverted);
    }
}
