//! A holder's place in the sharing.
//!
//! - **Comes in:** a byte. **Goes out:** an index from 1, for 0 is where the key lies.
//! - **Never sees:** who the holder is. **Trusts:** nobody. **Fails:** by `None`.

use std::fmt;
use std::num::NonZeroU8;

use curve25519_dalek::scalar::Scalar;

/// The point at which a holder's share is the value of the secret polynomial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HolderIndex(NonZeroU8);

impl HolderIndex {
    /// The index, unless it is 0.
    pub fn new(index: u8) -> Option<Self> {
        NonZeroU8::new(index).map(Self)
    }

    /// The number itself.
    pub fn get(self) -> u8 {
        self.0.get()
    }

    /// The number as the polynomial's argument.
    pub(crate) fn scalar(self) -> Scalar {
        Scalar::from(self.get())
    }
}

impl fmt::Display for HolderIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
