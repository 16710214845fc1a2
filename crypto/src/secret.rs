//! Memory for secrets: wiped when dropped, compared in constant time, never printed.
//!
//! - **Comes in:** secret bytes. **Goes out:** the same bytes, to those rooms of this crate that compute with them.
//! - **Never sees:** a formatter: there is no `Debug`, no `Display`, no `Clone`.
//! - **Trusts:** `zeroize`'s barrier to keep the optimiser from leaving the zeros out. **Fails:** never.
//!
//! dalek's scalars and points are plain `Copy` values that nobody wipes; wherever one of them is secret and lives
//! longer than an expression, it stands in a `Zeroizing`.

use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, optimization_barrier};

/// Overwrites all of `place` with `zero`. One write for a whole register at a time, then a barrier: `zeroize` writes
/// byte after byte, which for millions of hashes costs half as much as the hashes.
pub(crate) fn wipe<T: Copy>(place: &mut [T], zero: T) {
    place.fill(zero);
    optimization_barrier(place);
}

/// `N` secret bytes.
pub struct SecretBytes<const N: usize>([u8; N]);

impl<const N: usize> SecretBytes<N> {
    /// Takes the bytes and wipes the place they came from.
    pub fn take(source: &mut [u8; N]) -> Self {
        let secret = Self(*source);
        wipe(source, 0);
        secret
    }

    /// The bytes, for a computation or for sealed storage; the name is long so that every use is seen in review.
    pub fn expose_secret(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> Zeroize for SecretBytes<N> {
    fn zeroize(&mut self) {
        wipe(&mut self.0, 0);
    }
}

impl<const N: usize> Drop for SecretBytes<N> {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl<const N: usize> ZeroizeOnDrop for SecretBytes<N> {}

impl<const N: usize> ConstantTimeEq for SecretBytes<N> {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}
