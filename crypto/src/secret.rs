//! Memory for secrets: wiped when dropped, compared in constant time, never printed.
//!
//! - **Comes in:** secret bytes. **Goes out:** the same bytes, to those rooms of this crate that compute with them.
//! - **Never sees:** a formatter: there is no `Debug`, no `Display`, no `Clone`.
//! - **Trusts:** `zeroize` to write through the optimiser. **Fails:** never.
//!
//! dalek's scalars and points are plain `Copy` values that nobody wipes; wherever one of them is secret and lives
//! longer than an expression, it stands in a `Zeroizing`.

use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// `N` secret bytes.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes<const N: usize>([u8; N]);

impl<const N: usize> SecretBytes<N> {
    /// Takes the bytes and wipes the place they came from.
    pub fn take(source: &mut [u8; N]) -> Self {
        let secret = Self(*source);
        source.zeroize();
        secret
    }

    /// The bytes, for a computation or for sealed storage; the name is long so that every use is seen in review.
    pub fn expose_secret(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> ConstantTimeEq for SecretBytes<N> {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}
