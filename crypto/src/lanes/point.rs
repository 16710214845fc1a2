//! Points of edwards25519, one in each lane, and the formulas of their group.
//!
//! - **Comes in, goes out:** points in extended coordinates: x = X/Z, y = Y/Z, T = X·Y/Z.
//! - **Trusts:** nobody needs to be trusted: the formulas are complete, so that no point is a special case.
//!
//! Source: Hisil, Wong, Carter, Dawson, "Twisted Edwards Curves Revisited" (2008), sections 3.1 and 3.3 with a = −1. An
//! addition and a doubling end in the same four values E, F, G, H, whose products are the coordinates; whoever only
//! doubles the result next leaves the product T out. The sums in front of E, F, G, H are taken over columns that are not
//! carried yet (see [`Field::Wide`]).

use zeroize::Zeroize;

use super::constants::D2;
use super::field::{Field, Limbs};

/// Eight points as they lie in memory.
#[derive(Clone, Copy)]
pub(crate) struct Block {
    pub(super) x: Limbs,
    pub(super) y: Limbs,
    pub(super) z: Limbs,
    pub(super) t: Limbs,
}

impl Zeroize for Block {
    fn zeroize(&mut self) {
        self.coordinates_mut().into_iter().for_each(Limbs::zeroize);
    }
}

impl Block {
    /// The identity in all lanes.
    pub(crate) const IDENTITY: Self = Self { x: Limbs::ZERO, y: Limbs::ONE, z: Limbs::ONE, t: Limbs::ZERO };

    /// Copies one lane of `from`.
    #[inline(always)]
    pub(super) fn copy_lane(&mut self, from: &Self, lane: usize) {
        self.x.copy_lane(lane, &from.x, lane);
        self.y.copy_lane(lane, &from.y, lane);
        self.z.copy_lane(lane, &from.z, lane);
        self.t.copy_lane(lane, &from.t, lane);
    }

    /// X, Y, Z, T.
    pub(super) fn coordinates(&self) -> [&Limbs; 4] {
        [&self.x, &self.y, &self.z, &self.t]
    }

    /// X, Y, Z, T.
    pub(super) fn coordinates_mut(&mut self) -> [&mut Limbs; 4] {
        [&mut self.x, &mut self.y, &mut self.z, &mut self.t]
    }
}

/// Eight cached points as they lie in memory.
#[derive(Clone, Copy)]
pub(super) struct CachedBlock([Limbs; 4]);

impl CachedBlock {
    /// Zeros, to be written over.
    pub(super) const EMPTY: Self = Self([Limbs::ZERO; 4]);

    /// One of the points, in every lane of a vector.
    #[inline(always)]
    pub(super) fn splat<F: Field>(&self, engine: F::Engine, lane: usize) -> Cached<F> {
        let [sum, difference, z, t2d] = &self.0;
        Cached {
            sum: F::constant(engine, &sum.lane(lane)),
            difference: F::constant(engine, &difference.lane(lane)),
            z: F::constant(engine, &z.lane(lane)),
            t2d: F::constant(engine, &t2d.lane(lane)),
        }
    }
}

/// A point in extended coordinates.
#[derive(Clone, Copy)]
pub(super) struct Point<F> {
    pub(super) x: F,
    pub(super) y: F,
    pub(super) z: F,
    pub(super) t: F,
}

/// A point as it is added many times: Y+X, Y−X, Z, 2d·T.
#[derive(Clone, Copy)]
pub(super) struct Cached<F> {
    sum: F,
    difference: F,
    z: F,
    t2d: F,
}

/// The outcome of a formula: X = E·F, Y = G·H, Z = F·G, T = E·H.
#[derive(Clone, Copy)]
pub(super) struct Outcome<F> {
    e: F,
    f: F,
    g: F,
    h: F,
}

impl<F: Field> Point<F> {
    /// The identity.
    #[inline(always)]
    pub(super) fn identity(engine: F::Engine) -> Self {
        Self { x: F::zero(engine), y: F::one(engine), z: F::one(engine), t: F::zero(engine) }
    }

    /// The lanes of a block from `at` on.
    #[inline(always)]
    pub(super) fn load(engine: F::Engine, block: &Block, at: usize) -> Self {
        Self {
            x: F::load(engine, &block.x, at),
            y: F::load(engine, &block.y, at),
            z: F::load(engine, &block.z, at),
            t: F::load(engine, &block.t, at),
        }
    }

    /// Writes the lanes of a block from `at` on.
    #[inline(always)]
    pub(super) fn store(self, block: &mut Block, at: usize) {
        self.x.store(&mut block.x, at);
        self.y.store(&mut block.y, at);
        self.z.store(&mut block.z, at);
        self.t.store(&mut block.t, at);
    }

    /// The form in which it is added.
    #[inline(always)]
    pub(super) fn cached(self, engine: F::Engine) -> Cached<F> {
        Cached {
            sum: self.y.add(self.x),
            difference: self.y.sub(self.x),
            z: self.z,
            t2d: self.t.mul(F::constant(engine, &D2)),
        }
    }

    /// Twice the point: four squares, and no use of T.
    #[inline(always)]
    pub(super) fn double(self) -> Outcome<F> {
        let sum = self.x.add_loose(self.y);
        let (xx, yy) = (self.x.square_wide(), self.y.square_wide());
        let (zz, ss) = (self.z.square_wide(), sum.square_wide());
        let both = F::wide_add(xx, yy);
        let e = F::carry(F::wide_sub(ss, both));
        let h = F::carry(both);
        let g = F::carry(F::wide_sub(yy, xx));
        let f = F::carry(F::wide_sub(F::wide_add(F::wide_add(zz, zz), xx), yy));
        Outcome { e, f, g, h }
    }

    /// The sum of two points: four products.
    #[inline(always)]
    pub(super) fn add(self, other: &Cached<F>) -> Outcome<F> {
        let plus = self.y.add_loose(self.x).mul_wide(other.sum);
        let minus = self.y.sub_loose(self.x).mul_wide(other.difference);
        let tt = self.t.mul_wide(other.t2d);
        let zz = self.z.mul_wide(other.z);
        let zz = F::wide_add(zz, zz);
        Outcome {
            e: F::carry(F::wide_sub(plus, minus)),
            h: F::carry(F::wide_add(plus, minus)),
            g: F::carry(F::wide_add(zz, tt)),
            f: F::carry(F::wide_sub(zz, tt)),
        }
    }
}

impl<F: Field> Outcome<F> {
    /// All four coordinates.
    #[inline(always)]
    pub(super) fn point(self) -> Point<F> {
        let t = self.e.mul(self.h);
        Point { t, ..self.without_t(t) }
    }

    /// Coordinates for a doubling, which does not look at T: anything may stand there.
    #[inline(always)]
    pub(super) fn without_t(self, t: F) -> Point<F> {
        Point { x: self.e.mul(self.f), y: self.g.mul(self.h), z: self.f.mul(self.g), t }
    }
}

impl<F: Field> Cached<F> {
    /// The identity.
    #[inline(always)]
    pub(super) fn identity(engine: F::Engine) -> Self {
        let (zero, one) = (F::zero(engine), F::one(engine));
        Self { sum: one, difference: one, z: one, t2d: zero }
    }

    /// Writes the lanes of a block from `at` on.
    #[inline(always)]
    pub(super) fn store(self, block: &mut CachedBlock, at: usize) {
        let [sum, difference, z, t2d] = &mut block.0;
        self.sum.store(sum, at);
        self.difference.store(difference, at);
        self.z.store(z, at);
        self.t2d.store(t2d, at);
    }

    /// The negative.
    #[inline(always)]
    pub(super) fn negated(self, engine: F::Engine) -> Self {
        let t2d = F::zero(engine).sub(self.t2d);
        Self { sum: self.difference, difference: self.sum, z: self.z, t2d }
    }

    /// This one, or its negative where the choice is made.
    #[inline(always)]
    pub(super) fn negate_if(self, engine: F::Engine, choice: F::Mask) -> Self {
        Self {
            sum: F::select(choice, self.difference, self.sum),
            difference: F::select(choice, self.sum, self.difference),
            z: self.z,
            t2d: self.t2d.negate_if(engine, choice),
        }
    }

    /// Y+X, Y−X, Z, 2d·T.
    #[inline(always)]
    pub(super) fn coordinates(self) -> [F; 4] {
        [self.sum, self.difference, self.z, self.t2d]
    }

    /// From the same four.
    #[inline(always)]
    pub(super) fn from_coordinates([sum, difference, z, t2d]: [F; 4]) -> Self {
        Self { sum, difference, z, t2d }
    }
}
