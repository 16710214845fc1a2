//! What the hashes of a batch give.

use core::ops::{Deref, DerefMut};

use crate::secret::wipe;

/// 64 bytes for each input, wiped when dropped.
pub struct Digests(Vec<[u8; 64]>);

impl Digests {
    /// Nothing yet. There is room for all of them, so that no growing vector leaves a copy behind.
    pub(super) fn zero(count: usize) -> Self {
        Self(vec![[0; 64]; count])
    }
}

impl Deref for Digests {
    type Target = [[u8; 64]];

    fn deref(&self) -> &[[u8; 64]] {
        &self.0
    }
}

impl DerefMut for Digests {
    fn deref_mut(&mut self) -> &mut [[u8; 64]] {
        &mut self.0
    }
}

impl Drop for Digests {
    fn drop(&mut self) {
        wipe(&mut self.0, [0; 64]);
    }
}
