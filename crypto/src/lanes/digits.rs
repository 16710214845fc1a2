//! Scalars as signed digits, window by window, a lane beside the other.
//!
//! - **Comes in:** canonical scalars, 32 bytes each. **Goes out:** [`Digits`], wiped when dropped.
//! - **Never sees:** points. Nothing branches on a scalar and no address depends on one.
//!
//! `s = Σ dᵢ·32^i` with `−16 ≤ dᵢ < 16`: 51 windows hold the 253 bits of a scalar and the last carry.

use zeroize::Zeroize;

use super::field::LANES;

/// Bits of a window.
pub(super) const WINDOW: u32 = 5;
/// Windows of a scalar.
pub(super) const WINDOWS: usize = 51;
/// The largest size of a digit: so many multiples of a point are needed.
pub(super) const LARGEST: usize = 1 << (WINDOW - 1);

/// The digits of eight scalars.
pub(super) struct Digits {
    /// `|dᵢ|`, window by window.
    pub(super) sizes: [[u64; LANES]; WINDOWS],
    /// 1 where the digit is negative.
    pub(super) signs: [[u64; LANES]; WINDOWS],
}

impl Digits {
    /// Zero in all lanes.
    pub(super) fn zero() -> Self {
        Self { sizes: [[0; LANES]; WINDOWS], signs: [[0; LANES]; WINDOWS] }
    }

    /// One scalar in all lanes.
    pub(super) fn splat(scalar: &[u8; 32]) -> Self {
        let mut digits = Self::zero();
        for lane in 0..LANES {
            digits.set(lane, scalar);
        }
        digits
    }

    /// Sets one lane.
    #[inline(always)]
    pub(super) fn set(&mut self, lane: usize, scalar: &[u8; 32]) {
        let (chunks, _) = scalar.as_chunks::<8>();
        let words = [0, 1, 2, 3].map(|i| u64::from_le_bytes(chunks[i]));
        let mut carry = 0;
        for window in 0..WINDOWS {
            let bit = window * WINDOW as usize;
            let (word, shift) = (bit / 64, bit % 64);
            let above = if shift > 59 && word < 3 { words[word + 1] << (64 - shift) } else { 0 };
            let digit = ((words[word] >> shift | above) & 31) + carry;
            // 16 and more become negative, and the next window takes one more.
            carry = (digit + 16) >> 5;
            let size = (digit ^ carry.wrapping_neg()).wrapping_add(carry * 33) & 31;
            self.sizes[window][lane] = size;
            self.signs[window][lane] = carry;
        }
    }
}

impl Drop for Digits {
    fn drop(&mut self) {
        self.sizes.as_flattened_mut().zeroize();
        self.signs.as_flattened_mut().zeroize();
    }
}
