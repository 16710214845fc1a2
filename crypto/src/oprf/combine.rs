//! From checked sums to unblinded elements: `N_i = r_i^-1·Σ_j λ_j·Z_ij`.
//!
//! - **Comes in:** the witness of the check, the blinding, perhaps the bank's own share.
//! - **Goes out:** the encodings of `k·H(x_i)`, which stay inside this crate.
//! - **Never sees:** an unchecked answer. **Trusts:** the check. **Fails:** never.
//!
//! The sums arrive multiplied by a common denominator `Δ` (see [`crate::share::polynomial::Quorum`]); it leaves with
//! the blinding in one scalar, `(r_i·Δ)^-1`, and all inversions are done as one. A bank's own share is applied to
//! `H(x_i)` itself inside the same joint multiplication. Constant time in everything secret.

use curve25519_dalek::scalar::Scalar;
use zeroize::Zeroizing;

use super::blind::Blinding;
use super::check::Checked;
use crate::group::engine;
use crate::share::key_share::OwnShare;

/// Unblinds every input of the chunk; `own` is given exactly if the check counted on it.
pub(super) fn combine(
    blinding: &Blinding,
    checked: Checked,
    own: Option<&OwnShare>,
) -> Zeroizing<Vec<[u8; 32]>> {
    let unblind = unblinding_scalars(&blinding.blinds, &checked.denominator_inverse);
    // What fills the chunk stands behind the inputs, and nobody has a use for it.
    let mut sums = checked.weighed;
    sums.truncate(blinding.count());
    match (own, &checked.own) {
        (Some(own), Some(part)) => {
            let share = Zeroizing::new(own.secret() * part.coefficient);
            engine::mul_each_joint(&sums, &unblind, &blinding.hashed, &share)
        }
        _ => engine::mul_each_encoded(&sums, &unblind),
    }
}

/// `(r_i·Δ)^-1` for every `i`, with one inversion.
fn unblinding_scalars(blinds: &[Scalar], denominator_inverse: &Scalar) -> Zeroizing<Vec<Scalar>> {
    let mut scalars = Zeroizing::new(blinds.to_vec());
    Scalar::invert_batch_alloc(&mut scalars);
    for scalar in scalars.iter_mut() {
        *scalar *= denominator_inverse;
    }
    scalars
}
