//! The batch operations of the protocol, in terms of the engine: always on slices.
//!
//! - **Comes in:** points and scalars, as many of one as of the other. **Goes out:** as many results, in order.
//! - **Never sees:** identifiers' meaning, peers, records.
//! - **Trusts:** its callers to hand slices that belong together. **Fails:** never; it computes.
//!
//! What is secret is said at each function: multiplications by blinding scalars, their inverses and key shares run in
//! constant time; only Lagrange weights (public) and check weights (used once, never before the answers are fixed)
//! take variable time. How a batch is computed stands in [`crate::lanes`].

use curve25519_dalek::scalar::Scalar;
use zeroize::Zeroizing;

use super::element::Elements;
use super::hash;
use crate::lanes::{self, Points, Scalars};
use crate::share::polynomial::Weight;

/// `H(x_i)` for each message.
pub(crate) fn hash_to_group<'a>(messages: impl Iterator<Item = &'a [u8]>) -> Zeroizing<Points> {
    let uniform = hash::to_group_uniform(&messages.collect::<Vec<_>>());
    Zeroizing::new(lanes::from_uniform_bytes(&uniform))
}

/// `s_i · P_i`, each point by its own secret scalar.
pub(crate) fn mul_each(points: &Points, scalars: &[Scalar]) -> Elements {
    let (products, encodings) = lanes::multiply_keeping(points, Scalars::Each(scalars));
    Elements::known(products, &encodings)
}

/// The encodings of `k · P_i`, all points by one secret scalar.
pub(crate) fn mul_all(points: &Points, scalar: &Scalar) -> Vec<[u8; 32]> {
    std::mem::take(&mut *lanes::multiply(points, Scalars::One(scalar)))
}

/// `Σ_j w_j · Z_ij` for every `i`, with public weights: `columns[j]` holds the answers of one holder.
///
/// The weights are small integers for every realistic quorum (see [`Weight`]), so a column costs a few additions;
/// weights of full size cost one multiplication per element and column.
pub(crate) fn weigh(weights: &[Weight], columns: &[&Points]) -> Points {
    let small: Option<Vec<_>> = weights.iter().map(Weight::small).collect();
    if let Some(small) = small {
        return lanes::sum_of_rows(&small, columns);
    }
    let weigh_column = |(weight, column): (&Weight, &&Points)| {
        lanes::multiply_keeping(column, Scalars::One(weight.scalar())).0
    };
    let weighed: Vec<Points> = weights.iter().zip(columns).map(weigh_column).collect();
    let columns: Vec<&Points> = weighed.iter().collect();
    lanes::sum_of_rows(&vec![(false, 1); weights.len()], &columns)
}

/// The encodings of `s_i · P_i`, each point by its own secret scalar, where the points themselves are not needed.
pub(crate) fn mul_each_encoded(points: &Points, scalars: &[Scalar]) -> Zeroizing<Vec<[u8; 32]>> {
    lanes::multiply(points, Scalars::Each(scalars))
}

/// The encodings of `s_i · P_i + k · Q_i`: the joint multiplication of a bank that is itself a holder.
pub(crate) fn mul_each_joint(
    points: &Points,
    scalars: &[Scalar],
    own: &Points,
    share: &Scalar,
) -> Zeroizing<Vec<[u8; 32]>> {
    lanes::multiply_joint((points, Scalars::Each(scalars)), (own, Scalars::One(share)))
}

/// The encoding of `Σ_i d_i · P_i` with 128-bit weights, in variable time.
pub(crate) fn sum(weights: &[u128], points: &Points) -> [u8; 32] {
    lanes::weighted_sum(weights, points)
}

#[cfg(test)]
mod tests {
    use curve25519_dalek::ristretto::RistrettoPoint;

    use super::*;
    use crate::group::element;
    use crate::share::index::HolderIndex;
    use crate::share::polynomial::{Quorum, coefficients};
    use crate::test_rng::SeededRng;

    fn points(count: usize, rng: &mut SeededRng) -> (Vec<RistrettoPoint>, Points) {
        let points: Vec<_> = (0..count).map(|_| RistrettoPoint::random(rng)).collect();
        let batch = lanes::decode(&encode(&points)).unwrap_or_else(|_| panic!("random points are elements"));
        (points, batch)
    }

    fn encode(points: &[RistrettoPoint]) -> Vec<[u8; 32]> {
        points.iter().map(element::encode).collect()
    }

    #[test]
    fn batches_equal_one_multiplication_at_a_time() {
        let mut rng = SeededRng::new(1);
        let ((batch, lanes), (own, own_lanes)) = (points(5, &mut rng), points(5, &mut rng));
        let scalars: Vec<Scalar> = (0..5).map(|_| Scalar::random(&mut rng)).collect();
        let share = Scalar::random(&mut rng);
        let each: Vec<RistrettoPoint> = batch.iter().zip(&scalars).map(|(p, s)| p * s).collect();

        let product = mul_each(&lanes, &scalars);
        assert_eq!(product.encodings(), encode(&each));
        assert_eq!(*mul_each_encoded(&lanes, &scalars), encode(&each));
        assert_eq!(mul_all(&lanes, &share), encode(&batch.iter().map(|p| p * share).collect::<Vec<_>>()));
        assert_eq!(
            mul_all(&product.points, &share),
            encode(&each.iter().map(|p| p * share).collect::<Vec<_>>())
        );
        let joint: Vec<RistrettoPoint> = each.iter().zip(&own).map(|(p, q)| p + q * share).collect();
        assert_eq!(*mul_each_joint(&lanes, &scalars, &own_lanes, &share), encode(&joint));
        let weights = [0, 1, u128::MAX, 7, 1 << 100];
        let expected: RistrettoPoint = batch.iter().zip(weights).map(|(p, d)| p * Scalar::from(d)).sum();
        assert_eq!(sum(&weights, &lanes), element::encode(&expected));
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
            let slices: Vec<&Points> = columns.iter().map(|(_, column)| column).collect();
            let set: Vec<Scalar> = holders.iter().map(|holder| holder.scalar()).collect();
            let lagrange = coefficients(&Scalar::ZERO, &set);
            let divided = mul_all(&weigh(&weights, &slices), quorum.denominator_inverse());
            for (row, weighed) in divided.iter().enumerate() {
                let expected: RistrettoPoint =
                    columns.iter().zip(&lagrange).map(|((column, _), l)| column[row] * l).sum();
                assert_eq!(*weighed, element::encode(&expected));
            }
        }
    }
}
