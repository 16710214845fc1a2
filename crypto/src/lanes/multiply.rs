//! Multiplication of points by secret scalars, in fixed windows.
//!
//! - **Comes in:** points, and for each term the digits of its scalars. **Goes out:** the sum of the products.
//! - **Never sees:** where scalars come from. **Fails:** never.
//!
//! Eight multiples of every point are kept; each window looks at all of them and keeps the one it needs by a mask, so
//! neither time nor addresses tell a digit. Terms that are added up share the doublings (Straus 1964).

use super::digits::{Digits, LARGEST, WINDOW, WINDOWS};
use super::field::Field;
use super::point::{Cached, Point};

/// The multiples 1 to 8 of the points in the lanes, coordinate by coordinate.
#[derive(Clone, Copy)]
pub(super) struct Table<F: Field>([[F::Kept; LARGEST]; 4]);

impl<F: Field> Table<F> {
    /// Nothing yet.
    #[inline(always)]
    pub(super) fn empty(engine: F::Engine) -> Self {
        Self([[F::zero(engine).keep(); LARGEST]; 4])
    }

    /// Every even multiple is doubled from its half, every odd one is the one before and the point: a short chain of
    /// dependencies, so that the multiplier is kept busy.
    #[inline(always)]
    pub(super) fn fill(&mut self, engine: F::Engine, point: Point<F>) {
        let once = point.cached(engine);
        self.put(1, once);
        let mut multiples = [point; LARGEST / 2];
        for half in 1..=LARGEST / 2 {
            let even = multiples[half - 1].double().point();
            self.put(2 * half, even.cached(engine));
            if 2 * half <= LARGEST / 2 {
                multiples[2 * half - 1] = even;
            }
            if half < LARGEST / 2 {
                let odd = even.add(&once).point();
                self.put(2 * half + 1, odd.cached(engine));
                if 2 * half < LARGEST / 2 {
                    multiples[2 * half] = odd;
                }
            }
        }
    }

    #[inline(always)]
    fn put(&mut self, size: usize, multiple: Cached<F>) {
        for (kept, coordinate) in self.0.iter_mut().zip(multiple.coordinates()) {
            kept[size - 1] = coordinate.keep();
        }
    }

    /// The multiple that one window of the digits asks for, in the lanes from `at` on.
    #[inline(always)]
    fn select(&self, engine: F::Engine, digits: &Digits, window: usize, at: usize) -> Cached<F> {
        let sizes = &digits.sizes[window];
        let mut choices = [F::no_lane(engine); LARGEST];
        for (size, choice) in (1..).zip(&mut choices) {
            *choice = F::lanes_with(engine, sizes, at, size);
        }
        let mut found = Cached::identity(engine).coordinates();
        for (found, kept) in found.iter_mut().zip(&self.0) {
            *found = F::pick(&choices, kept, *found);
        }
        let negative = F::lanes_with(engine, &digits.signs[window], at, 1);
        Cached::from_coordinates(found).negate_if(engine, negative)
    }
}

/// `Σ s·P` over the terms, each a table and its digits.
#[inline(always)]
pub(super) fn sum_of_products<F: Field, const TERMS: usize>(
    engine: F::Engine,
    tables: &[Table<F>; TERMS],
    digits: &[Digits; TERMS],
    at: usize,
) -> Point<F> {
    let zero = F::zero(engine);
    let mut sum = Point::identity(engine);
    for window in (0..WINDOWS).rev() {
        if window + 1 < WINDOWS {
            for _ in 1..WINDOW {
                sum = sum.double().without_t(zero);
            }
            sum = sum.double().point();
        }
        for term in 0..TERMS {
            let outcome = sum.add(&tables[term].select(engine, &digits[term], window, at));
            sum = if term + 1 == TERMS && window > 0 { outcome.without_t(zero) } else { outcome.point() };
        }
    }
    sum
}
