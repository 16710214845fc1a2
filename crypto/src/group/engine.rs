//! The batch engine: every bulk operation on the group goes through here, always on slices.
//!
//! - **Comes in:** slices of points and scalars of equal length. **Goes out:** slices of the same length.
//! - **Never sees:** identifiers' meaning, peers, records.
//! - **Trusts:** its callers to hand slices that belong together. **Fails:** never; it computes.
//!
//! What is secret is said at each function: multiplications by blinding scalars, their inverses and key shares run in
//! constant time; only Lagrange weights (public) and check weights (used once, never before the answers are fixed)
//! take variable time.
//!
//! Results that are only sent are computed as halves and doubled while they are encoded: ristretto255 encodes the
//! double of a point without an inverse square root, with one field inversion for the whole batch
//! (`double_and_compress_batch`), and halving a scalar costs nothing beside a multiplication.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{Identity, MultiscalarMul, VartimeMultiscalarMul};
use zeroize::{Zeroize, Zeroizing};

use super::element::Elements;
use super::hash;
use crate::share::polynomial::Weight;

/// `H(x_i)` for each message.
pub(crate) fn hash_to_group<'a>(messages: impl Iterator<Item = &'a [u8]>) -> Zeroizing<Vec<RistrettoPoint>> {
    let uniform = hash::to_group_uniform(&messages.collect::<Vec<_>>());
    Zeroizing::new(uniform.iter().map(RistrettoPoint::from_uniform_bytes).collect())
}

/// `s_i · P_i`, each point by its own secret scalar.
pub(crate) fn mul_each(points: &[RistrettoPoint], scalars: &[Scalar]) -> Elements {
    let halves = Zeroizing::new(
        points.iter().zip(scalars).map(|(point, scalar)| point * half(scalar)).collect::<Vec<_>>(),
    );
    let encodings = encode_doubled(&halves);
    Elements::known(halves.iter().map(|half| half + half).collect(), &encodings)
}

/// The encodings of `k · P_i`, all points by one secret scalar.
pub(crate) fn mul_all(points: &[RistrettoPoint], scalar: &Scalar) -> Vec<[u8; 32]> {
    let scalar = Zeroizing::new(half(scalar));
    let halves: Vec<_> = points.iter().map(|point| point * *scalar).collect();
    encode_doubled(&halves)
}

/// `Σ_j w_j · Z_ij` for every `i`, with public weights: `columns[j]` holds the answers of one holder.
///
/// The weights are small integers for every realistic quorum (see [`Weight`]), so a column costs a few additions;
/// weights of full size fall back to one variable-time joint multiplication per element.
pub(crate) fn weigh(weights: &[Weight], columns: &[&[RistrettoPoint]]) -> Vec<RistrettoPoint> {
    let rows = columns.first().map_or(0, |column| column.len());
    let small: Option<Vec<_>> = weights.iter().map(Weight::small).collect();
    match small {
        Some(small) => (0..rows).map(|row| weigh_small(&small, columns, row)).collect(),
        None => (0..rows)
            .map(|row| {
                let scalars = weights.iter().map(Weight::scalar);
                RistrettoPoint::vartime_multiscalar_mul(scalars, columns.iter().map(|column| column[row]))
            })
            .collect(),
    }
}

/// One row of [`weigh`]: all weights share the doublings.
fn weigh_small(weights: &[(bool, u128)], columns: &[&[RistrettoPoint]], row: usize) -> RistrettoPoint {
    let bits = weights.iter().map(|(_, size)| u128::BITS - size.leading_zeros()).max().unwrap_or(0);
    let mut sum = RistrettoPoint::identity();
    for bit in (0..bits).rev() {
        if bit + 1 < bits {
            sum += sum;
        }
        for ((negative, size), column) in weights.iter().zip(columns) {
            match (size >> bit & 1, negative) {
                (0, _) => {}
                (_, false) => sum += column[row],
                (_, true) => sum -= column[row],
            }
        }
    }
    sum
}

/// The encodings of `s_i · P_i`, each point by its own secret scalar, where the points themselves are not needed.
pub(crate) fn mul_each_encoded(points: &[RistrettoPoint], scalars: &[Scalar]) -> Zeroizing<Vec<[u8; 32]>> {
    let halves = points.iter().zip(scalars).map(|(point, scalar)| point * half(scalar));
    let halves = Zeroizing::new(halves.collect::<Vec<_>>());
    Zeroizing::new(encode_doubled(&halves))
}

/// The encodings of `s_i · P_i + k · Q_i`: the joint multiplication of a bank that is itself a holder.
pub(crate) fn mul_each_joint(
    points: &[RistrettoPoint],
    scalars: &[Scalar],
    own: &[RistrettoPoint],
    share: &Scalar,
) -> Zeroizing<Vec<[u8; 32]>> {
    let share = Zeroizing::new(half(share));
    let rows = points.iter().zip(scalars).zip(own);
    let halves = rows.map(|((point, scalar), own)| {
        RistrettoPoint::multiscalar_mul([&half(scalar), &*share], [point, own])
    });
    let halves = Zeroizing::new(halves.collect::<Vec<_>>());
    Zeroizing::new(encode_doubled(&halves))
}

/// `Σ_i d_i · P_i` with 128-bit weights: one multi-scalar multiplication in variable time.
pub(crate) fn sum(weights: &[u128], points: &[RistrettoPoint]) -> RistrettoPoint {
    let mut scalars: Vec<Scalar> = weights.iter().copied().map(Scalar::from).collect();
    let sum = RistrettoPoint::vartime_multiscalar_mul(&scalars, points);
    scalars.zeroize();
    sum
}

/// The encodings of `2 · P_i`.
fn encode_doubled(halves: &[RistrettoPoint]) -> Vec<[u8; 32]> {
    RistrettoPoint::double_and_compress_batch(halves).iter().map(|encoding| encoding.0).collect()
}

/// `s / 2`, in constant time.
fn half(scalar: &Scalar) -> Scalar {
    scalar.div_by_2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::element;
    use crate::share::index::HolderIndex;
    use crate::share::polynomial::{Quorum, coefficients};
    use crate::test_rng::SeededRng;

    fn points(count: usize, rng: &mut SeededRng) -> Vec<RistrettoPoint> {
        (0..count).map(|_| RistrettoPoint::random(rng)).collect()
    }

    #[test]
    fn batches_equal_one_multiplication_at_a_time() {
        let mut rng = SeededRng::new(1);
        let (batch, own) = (points(5, &mut rng), points(5, &mut rng));
        let scalars: Vec<Scalar> = (0..5).map(|_| Scalar::random(&mut rng)).collect();
        let share = Scalar::random(&mut rng);
        let each: Vec<RistrettoPoint> = batch.iter().zip(&scalars).map(|(p, s)| p * s).collect();
        let encode = |points: &[RistrettoPoint]| points.iter().map(element::encode).collect::<Vec<_>>();

        let product = mul_each(&batch, &scalars);
        assert!(product.points == each);
        assert_eq!(product.encodings(), encode(&each));
        assert_eq!(*mul_each_encoded(&batch, &scalars), encode(&each));
        assert_eq!(mul_all(&batch, &share), encode(&batch.iter().map(|p| p * share).collect::<Vec<_>>()));
        let joint: Vec<RistrettoPoint> = each.iter().zip(&own).map(|(p, q)| p + q * share).collect();
        assert_eq!(*mul_each_joint(&batch, &scalars, &own, &share), encode(&joint));
        let weights = [0, 1, u128::MAX, 7, 1 << 100];
        let expected: RistrettoPoint = batch.iter().zip(weights).map(|(p, d)| p * Scalar::from(d)).sum();
        assert!(sum(&weights, &batch) == expected);
    }

    #[test]
    fn small_and_full_weights_interpolate_alike() {
        let mut rng = SeededRng::new(2);
        for (count, small) in [(2, true), (3, true), (20, true), (120, false)] {
            let holders: Vec<_> = (1..=count).filter_map(|j| HolderIndex::new(2 * j - 1)).collect();
            let quorum = Quorum::of(&holders);
            let weights = quorum.weights(&holders);
            assert_eq!(weights.iter().all(|weight| weight.small().is_some()), small, "{count} holders");
            let columns: Vec<_> = holders.iter().map(|_| points(2, &mut rng)).collect();
            let slices: Vec<&[RistrettoPoint]> = columns.iter().map(Vec::as_slice).collect();
            let set: Vec<Scalar> = holders.iter().map(|holder| holder.scalar()).collect();
            let lagrange = coefficients(&Scalar::ZERO, &set);
            for (row, weighed) in weigh(&weights, &slices).iter().enumerate() {
                let expected: RistrettoPoint =
                    columns.iter().zip(&lagrange).map(|(column, l)| column[row] * l).sum();
                assert!(weighed * quorum.denominator_inverse() == expected);
            }
        }
    }
}
