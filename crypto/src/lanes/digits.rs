//! Scalars as signed digits, window by window, a lane beside the other.
//!
//! - **Comes in:** canonical scalars, 32 bytes each. **Goes out:** [`Digits`], wiped when dropped.
//! - **Never sees:** points. Nothing branches on a scalar and no address depends on one.
//!
//! `s = Σ dᵢ·16^i` with `−8 ≤ dᵢ < 8`: 64 windows hold the 253 bits of a scalar and the last carry.

use zeroize::Zeroize;

use super::field::LANES;

/// Bits of a window.
pub(super) const WINDOW: u32 = 4;
/// Windows of a scalar.
pub(super) const WINDOWS: usize = 64;
/// Windows of a word of 64 bits.
const WINDOWS_OF_WORD: usize = 16;
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
        let (words, _) = scalar.as_chunks::<8>();
        let mut carry = 0;
        for window in 0..WINDOWS {
            let word = u64::from_le_bytes(words[window / WINDOWS_OF_WORD]);
            let digit = (word >> (WINDOW as usize * (window % WINDOWS_OF_WORD)) & 15) + carry;
            // 8 and more become negative, and the next window takes one more.
            carry = (digit + 8) >> WINDOW;
            self.sizes[window][lane] = (digit ^ carry.wrapping_neg()).wrapping_add(carry * 17) & 15;
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
