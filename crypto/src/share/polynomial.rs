//! Interpolation: which multiples of the shares add up to the value elsewhere.
//!
//! - **Comes in:** a set of indices and the place asked for. **Goes out:** Lagrange's coefficients.
//! - **Never sees:** a share. Everything here is public and in variable time.
//! - **Trusts:** its caller that the indices differ. **Fails:** never.
//!
//! `f(x) = Σ_j λ_j(x)·f(j)` with `λ_j(x) = Π_{m≠j} (x−m)/(j−m)` for every polynomial of lower degree than there are
//! indices. Source: Shamir 1979.

use curve25519_dalek::scalar::Scalar;

use super::index::HolderIndex;

/// `λ_j(x)` for every `j` of `set`, in order.
pub(crate) fn coefficients(x: &Scalar, set: &[Scalar]) -> Vec<Scalar> {
    set.iter()
        .map(|j| {
            let others = || set.iter().filter(|m| *m != j);
            let numerator: Scalar = others().map(|m| x - m).product();
            let denominator: Scalar = others().map(|m| j - m).product();
            numerator * denominator.invert()
        })
        .collect()
}

/// A public weight of one holder in a sum: an integer where that is small, a scalar otherwise.
#[derive(Clone)]
pub(crate) struct Weight {
    scalar: Scalar,
    small: Option<(bool, u128)>,
}

impl Weight {
    fn integer(value: i128) -> Self {
        let size = value.unsigned_abs();
        let scalar = Scalar::from(size);
        Self { scalar: if value < 0 { -scalar } else { scalar }, small: Some((value < 0, size)) }
    }

    /// The weight as a scalar.
    pub(crate) fn scalar(&self) -> &Scalar {
        &self.scalar
    }

    /// Whether it is negative, and its size, if it is an integer.
    pub(crate) fn small(&self) -> Option<(bool, u128)> {
        self.small
    }
}

/// Lagrange's coefficients at zero with their common denominator taken out: `λ_j = w_j / Δ`.
///
/// For a realistic quorum the `w_j` are integers of a few bits, so `Σ_j w_j·Z_ij` costs a handful of additions; the one
/// division by `Δ` goes into the scalar that removes the blinding and is free. The coefficients of a holder that is
/// applied apart (a bank's own share) are divided here.
pub(crate) struct Quorum {
    holders: Vec<HolderIndex>,
    weights: Vec<Weight>,
    denominator_inverse: Scalar,
}

impl Quorum {
    /// The weights of `holders`, which differ.
    pub(crate) fn of(holders: &[HolderIndex]) -> Self {
        let (weights, denominator_inverse) = cleared(holders).unwrap_or_else(|| full(holders));
        Self { holders: holders.to_vec(), weights, denominator_inverse }
    }

    /// `w_j` of the holders asked for, in the order asked.
    pub(crate) fn weights(&self, asked: &[HolderIndex]) -> Vec<Weight> {
        let weight = |j: &HolderIndex| self.holders.iter().position(|h| h == j).map(|i| &self.weights[i]);
        asked.iter().filter_map(weight).cloned().collect()
    }

    /// `1/Δ`.
    pub(crate) fn denominator_inverse(&self) -> &Scalar {
        &self.denominator_inverse
    }

    /// `λ_j` of one holder.
    pub(crate) fn coefficient(&self, holder: HolderIndex) -> Option<Scalar> {
        self.weights(&[holder]).first().map(|weight| weight.scalar * self.denominator_inverse)
    }
}

/// The integer weights and `1/Δ`, unless an intermediate value outgrows 127 bits.
fn cleared(holders: &[HolderIndex]) -> Option<(Vec<Weight>, Scalar)> {
    let indices: Vec<i128> = holders.iter().map(|h| i128::from(h.get())).collect();
    let mut fractions = Vec::with_capacity(indices.len());
    for j in &indices {
        let (mut top, mut bottom) = (1_i128, 1_i128);
        for m in indices.iter().filter(|m| *m != j) {
            top = top.checked_mul(*m)?;
            bottom = bottom.checked_mul(m - j)?;
            let common = gcd(top, bottom);
            top /= common;
            bottom /= common;
        }
        fractions.push(if bottom < 0 { (-top, -bottom) } else { (top, bottom) });
    }
    let mut denominator = 1_i128;
    for (_, bottom) in &fractions {
        denominator = (denominator / gcd(denominator, *bottom)).checked_mul(*bottom)?;
    }
    let weight = |(top, bottom): &(i128, i128)| Some(Weight::integer(top.checked_mul(denominator / bottom)?));
    let weights = fractions.iter().map(weight).collect::<Option<_>>()?;
    Some((weights, Weight::integer(denominator).scalar.invert()))
}

/// Full-size weights, with `Δ = 1`.
fn full(holders: &[HolderIndex]) -> (Vec<Weight>, Scalar) {
    let set: Vec<Scalar> = holders.iter().map(|h| h.scalar()).collect();
    let coefficients = coefficients(&Scalar::ZERO, &set);
    (coefficients.into_iter().map(|scalar| Weight { scalar, small: None }).collect(), Scalar::ONE)
}

/// The greatest common divisor, positive.
fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.abs()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quorum(indices: &[u8]) -> Vec<HolderIndex> {
        indices.iter().map(|i| HolderIndex::new(*i).expect("not zero")).collect()
    }

    #[test]
    fn small_quorums_have_small_integers() {
        let quorum = Quorum::of(&quorum(&[1, 3, 5]));
        let small: Vec<_> = quorum.weights.iter().map(Weight::small).collect();
        assert_eq!(small, [Some((false, 15)), Some((true, 10)), Some((false, 3))]);
        assert_eq!(*quorum.denominator_inverse() * Scalar::from(8_u8), Scalar::ONE);
    }

    proptest! {
        #[test]
        fn cleared_and_full_weights_are_the_same_coefficients(
            set in proptest::collection::btree_set(1_u8..=255, 2..40)
        ) {
            let holders = quorum(&set.into_iter().collect::<Vec<_>>());
            let set: Vec<Scalar> = holders.iter().map(|h| h.scalar()).collect();
            let expected = coefficients(&Scalar::ZERO, &set);
            let quorum = Quorum::of(&holders);
            for (holder, expected) in holders.iter().zip(expected) {
                prop_assert!(quorum.coefficient(*holder) == Some(expected));
            }
        }

        #[test]
        fn a_polynomial_is_met_everywhere(
            coefficients_of_f in proptest::collection::vec(any::<u64>(), 4), x in any::<u64>()
        ) {
            let f = |x: Scalar| {
                let steps = coefficients_of_f.iter().rev();
                steps.fold(Scalar::ZERO, |sum, c| sum * x + Scalar::from(*c))
            };
            let x = Scalar::from(x) + Scalar::from(1000_u16) * Scalar::from(u64::MAX);
            let set: Vec<Scalar> = [2_u8, 3, 7, 200].into_iter().map(Scalar::from).collect();
            let sum: Scalar = coefficients(&x, &set).iter().zip(&set).map(|(l, j)| l * f(*j)).sum();
            prop_assert!(sum == f(x));
        }
    }
}
