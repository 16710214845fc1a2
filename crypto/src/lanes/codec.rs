//! Points from bytes and to bytes: ristretto255's encoding, and its map from uniform bytes.
//!
//! - **Comes in:** 32 bytes a point, or 64 uniform ones; points. **Goes out:** points with a mask of those that decode;
//!   32 bytes a point.
//! - **Never sees:** meaning. **Trusts:** nobody: every second encoding of a point is refused.
//!
//! Sources: RFC 9496 sections 4.3.1 (decode), 4.3.2 (encode) and 4.3.4 (the map). The encoding of the *double* of a
//! point needs an inverse and no root; so products are computed with half the scalar, and many share one inversion.

use super::constants::{D, D_MINUS_ONE_SQ, INVSQRT_A_MINUS_D, ONE_MINUS_D_SQ, SQRT_AD_MINUS_ONE, SQRT_M1};
use super::field::{Field, Mask};
use super::point::Point;
use super::roots::square_root_of_ratio;

/// Decodes: `s` are the encodings as field elements, whose canonical form the caller has seen to. The mask says which
/// are points; the others hold anything.
#[inline(always)]
pub(super) fn decode<F: Field, const N: usize>(engine: F::Engine, s: [F; N]) -> [(F::Mask, Point<F>); N] {
    let (zero, one) = (F::zero(engine), F::one(engine));
    let d = F::constant(engine, &D);
    let (mut u1, mut u2, mut v, mut v_u2_squared) = ([one; N], [one; N], [one; N], [one; N]);
    for n in 0..N {
        let ss = s[n].square();
        (u1[n], u2[n]) = (one.sub(ss), one.add(ss));
        let u2_squared = u2[n].square();
        v[n] = zero.sub(d.mul(u1[n].square())).sub(u2_squared);
        v_u2_squared[n] = v[n].mul(u2_squared);
    }
    let ratio = square_root_of_ratio(engine, [one; N], v_u2_squared);
    let mut decoded = [(F::no_lane(engine), Point::identity(engine)); N];
    for n in 0..N {
        let (was_square, root) = ratio[n];
        let den_x = root.mul(u2[n]);
        let den_y = root.mul(den_x).mul(v[n]);
        let x = s[n].add(s[n]).mul(den_x).absolute(engine);
        let y = u1[n].mul(den_y);
        let t = x.mul(y);
        let is_point = was_square.and(t.is_negative().not()).and(y.is_zero().not());
        decoded[n] = (is_point, Point { x, y, z: one, t });
    }
    decoded
}

/// The map from a field element to the group.
#[inline(always)]
pub(super) fn map<F: Field, const N: usize>(engine: F::Engine, t: [F; N]) -> [Point<F>; N] {
    let one = F::one(engine);
    let minus_one = F::zero(engine).sub(one);
    let (d, i) = (F::constant(engine, &D), F::constant(engine, &SQRT_M1));
    let (one_minus_dd, d_minus_one_sq) =
        (F::constant(engine, &ONE_MINUS_D_SQ), F::constant(engine, &D_MINUS_ONE_SQ));
    let sqrt_ad_minus_one = F::constant(engine, &SQRT_AD_MINUS_ONE);
    let (mut r, mut u, mut v) = (t, t, t);
    for n in 0..N {
        r[n] = i.mul(t[n].square());
        u[n] = r[n].add(one).mul(one_minus_dd);
        v[n] = minus_one.sub(r[n].mul(d)).mul(r[n].add(d));
    }
    let ratio = square_root_of_ratio(engine, u, v);
    let mut points = [Point::identity(engine); N];
    for n in 0..N {
        let (was_square, root) = ratio[n];
        let other = root.mul(t[n]).absolute(engine);
        let s = F::select(was_square, root, F::zero(engine).sub(other));
        let c = F::select(was_square, minus_one, r[n]);
        let n_t = c.mul(r[n].sub(one)).mul(d_minus_one_sq).sub(v[n]);
        let ss = s.square();
        let w0 = s.add(s).mul(v[n]);
        let w1 = n_t.mul(sqrt_ad_minus_one);
        let (w2, w3) = (one.sub(ss), one.add(ss));
        points[n] = Point { x: w0.mul(w3), y: w2.mul(w1), z: w1.mul(w3), t: w0.mul(w2) };
    }
    points
}

/// The encodings of points as they are, as canonical field elements: a root each. For single points; batches are encoded
/// as doubles.
#[inline(always)]
pub(super) fn encode<F: Field>(engine: F::Engine, point: Point<F>) -> F {
    let i = F::constant(engine, &SQRT_M1);
    let Point { x, y, z, t } = point;
    let u1 = z.add(y).mul(z.sub(y));
    let u2 = x.mul(y);
    let [(_, root)] = square_root_of_ratio(engine, [F::one(engine)], [u1.mul(u2.square())]);
    let (den1, den2) = (root.mul(u1), root.mul(u2));
    let z_inverse = den1.mul(den2).mul(t);
    let rotate = t.mul(z_inverse).is_negative();
    let enchanted = den1.mul(F::constant(engine, &INVSQRT_A_MINUS_D));
    let (x, y) = (F::select(rotate, y.mul(i), x), F::select(rotate, x.mul(i), y));
    let den_inverse = F::select(rotate, enchanted, den2);
    let y = y.negate_if(engine, x.mul(z_inverse).is_negative());
    den_inverse.mul(z.sub(y)).absolute(engine).canonical()
}

/// A point on its way to the encoding of its double.
#[derive(Clone, Copy)]
pub(super) struct Doubling<F> {
    e: F,
    f: F,
    g: F,
    h: F,
    eg: F,
    fh: F,
}

impl<F: Field> Doubling<F> {
    /// The first half of the way.
    #[inline(always)]
    pub(super) fn of(engine: F::Engine, point: Point<F>) -> Self {
        let (xx, yy, zz) = (point.x.square_wide(), point.y.square_wide(), point.z.square());
        let dtt = point.t.square().mul(F::constant(engine, &D));
        let e = point.x.mul(point.y.add(point.y));
        let g = F::carry(F::wide_add(yy, xx));
        let (f, h) = (zz.add(dtt), zz.sub(dtt));
        Self { e, f, g, h, eg: e.mul(g), fh: f.mul(h) }
    }

    /// What has to be inverted for the second half; zero if the double is the identity.
    #[inline(always)]
    pub(super) fn denominator(&self) -> F {
        self.eg.mul(self.fh)
    }

    /// The second half: the encoding as a canonical field element.
    #[inline(always)]
    pub(super) fn encode(self, engine: F::Engine, inverse: F) -> F {
        let i = F::constant(engine, &SQRT_M1);
        let z_inverse = self.eg.mul(inverse);
        let t_inverse = self.fh.mul(inverse);
        // Which of the four points of the coset is encoded: RFC 9496 section 4.3.2, for the double.
        let rotate = self.eg.mul(z_inverse).is_negative();
        let e = F::select(rotate, self.g, self.e);
        let g = F::select(rotate, F::zero(engine).sub(self.e), self.g);
        let h = F::select(rotate, self.f.mul(i), self.h);
        let magic = F::select(rotate, i, F::constant(engine, &INVSQRT_A_MINUS_D));
        let g = g.negate_if(engine, h.mul(e).mul(z_inverse).is_negative());
        h.sub(g).mul(magic.mul(g.mul(t_inverse))).absolute(engine).canonical()
    }
}
