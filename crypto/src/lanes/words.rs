//! Words of 64 bits, one for each lane, and what SHA-512 does with them.
//!
//! - **Comes in:** rows of words, one for each lane. **Goes out:** the same.
//! - **Never sees:** messages. No operation branches, and no address depends on a lane.
//! - **Trusts:** the engine's token, without which there is no vector. **Fails:** never.
//!
//! Source of the functions: FIPS 180-4 section 4.1.3. AVX-512 rotates in one instruction and has any function of three
//! bits in another; AVX2 has neither. So the functions, not the rotations, are what an engine implements.

#![expect(
    clippy::inline_always,
    reason = "an operation that is called instead of inlined costs ten times its work"
)]

use super::portable::Portable;
#[cfg(target_arch = "x86_64")]
use super::x86::{Avx2, Ifma, U64x4, U64x8};

/// One word of memory for each lane.
pub(crate) trait Row: Copy + AsRef<[u64]> + AsMut<[u64]> {
    /// How many lanes there are.
    const LANES: usize;

    /// The same word in all lanes.
    fn splat(word: u64) -> Self;
}

impl<const N: usize> Row for [u64; N] {
    const LANES: usize = N;

    #[inline(always)]
    fn splat(word: u64) -> Self {
        [word; N]
    }
}

/// One word for each lane, in a register.
pub(crate) trait Words: Copy {
    /// The proof that the instructions are there.
    type Engine: Copy;
    /// The same words in memory.
    type Row: Row;

    /// One word in all lanes.
    fn splat(engine: Self::Engine, word: u64) -> Self;
    /// A word for each lane.
    fn load(engine: Self::Engine, row: &Self::Row) -> Self;
    /// The word of each lane.
    fn row(self) -> Self::Row;
    /// Sum, modulo 2^64.
    fn plus(self, other: Self) -> Self;
    /// Bits of `yes` where this is set, of `no` elsewhere: `Ch`.
    fn choose(self, yes: Self, no: Self) -> Self;
    /// Bits that at least two of the three have: `Maj`.
    fn majority(self, b: Self, c: Self) -> Self;
    /// `Σ0`: rotations by 28, 34 and 39.
    fn big_sigma0(self) -> Self;
    /// `Σ1`: rotations by 14, 18 and 41.
    fn big_sigma1(self) -> Self;
    /// `σ0`: rotations by 1 and 8, a shift by 7.
    fn small_sigma0(self) -> Self;
    /// `σ1`: rotations by 19 and 61, a shift by 6.
    fn small_sigma1(self) -> Self;
}

#[cfg(target_arch = "x86_64")]
impl Words for U64x8 {
    type Engine = Ifma;
    type Row = [u64; 8];

    #[inline(always)]
    fn splat(engine: Ifma, word: u64) -> Self {
        Self::splat(engine, word)
    }

    #[inline(always)]
    fn load(engine: Ifma, row: &[u64; 8]) -> Self {
        Self::load(engine, row)
    }

    #[inline(always)]
    fn row(self) -> [u64; 8] {
        self.words()
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.add(other)
    }

    #[inline(always)]
    fn choose(self, yes: Self, no: Self) -> Self {
        self.ternary::<0b1100_1010>(yes, no)
    }

    #[inline(always)]
    fn majority(self, b: Self, c: Self) -> Self {
        self.ternary::<0b1110_1000>(b, c)
    }

    #[inline(always)]
    fn big_sigma0(self) -> Self {
        odd(self.rotate_right::<28>(), self.rotate_right::<34>(), self.rotate_right::<39>())
    }

    #[inline(always)]
    fn big_sigma1(self) -> Self {
        odd(self.rotate_right::<14>(), self.rotate_right::<18>(), self.rotate_right::<41>())
    }

    #[inline(always)]
    fn small_sigma0(self) -> Self {
        odd(self.rotate_right::<1>(), self.rotate_right::<8>(), self.shr::<7>())
    }

    #[inline(always)]
    fn small_sigma1(self) -> Self {
        odd(self.rotate_right::<19>(), self.rotate_right::<61>(), self.shr::<6>())
    }
}

/// Bits that an odd number of the three have.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn odd(a: U64x8, b: U64x8, c: U64x8) -> U64x8 {
    a.ternary::<0b1001_0110>(b, c)
}

/// A rotation where there are only shifts. What two shifts leave has no bit in common, so `xor` joins it.
#[cfg(target_arch = "x86_64")]
macro_rules! rotated {
    ($word:ident, $bits:literal) => {
        $word.shr::<$bits>().xor($word.shl::<{ 64 - $bits }>())
    };
}

#[cfg(target_arch = "x86_64")]
impl Words for U64x4 {
    type Engine = Avx2;
    type Row = [u64; 4];

    #[inline(always)]
    fn splat(engine: Avx2, word: u64) -> Self {
        Self::splat(engine, word)
    }

    #[inline(always)]
    fn load(engine: Avx2, row: &[u64; 4]) -> Self {
        Self::load(engine, row)
    }

    #[inline(always)]
    fn row(self) -> [u64; 4] {
        self.words()
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.add(other)
    }

    #[inline(always)]
    fn choose(self, yes: Self, no: Self) -> Self {
        self.and(yes.xor(no)).xor(no)
    }

    #[inline(always)]
    fn majority(self, b: Self, c: Self) -> Self {
        self.and(b.or(c)).or(b.and(c))
    }

    #[inline(always)]
    fn big_sigma0(self) -> Self {
        rotated!(self, 28).xor(rotated!(self, 34)).xor(rotated!(self, 39))
    }

    #[inline(always)]
    fn big_sigma1(self) -> Self {
        rotated!(self, 14).xor(rotated!(self, 18)).xor(rotated!(self, 41))
    }

    #[inline(always)]
    fn small_sigma0(self) -> Self {
        rotated!(self, 1).xor(rotated!(self, 8)).xor(self.shr::<7>())
    }

    #[inline(always)]
    fn small_sigma1(self) -> Self {
        rotated!(self, 19).xor(rotated!(self, 61)).xor(self.shr::<6>())
    }
}

impl Words for u64 {
    type Engine = Portable;
    type Row = [u64; 1];

    #[inline(always)]
    fn splat(_engine: Portable, word: u64) -> Self {
        word
    }

    #[inline(always)]
    fn load(_engine: Portable, row: &[u64; 1]) -> Self {
        row[0]
    }

    #[inline(always)]
    fn row(self) -> [u64; 1] {
        [self]
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn choose(self, yes: Self, no: Self) -> Self {
        (self & yes) ^ (!self & no)
    }

    #[inline(always)]
    fn majority(self, b: Self, c: Self) -> Self {
        (self & b) ^ (self & c) ^ (b & c)
    }

    #[inline(always)]
    fn big_sigma0(self) -> Self {
        self.rotate_right(28) ^ self.rotate_right(34) ^ self.rotate_right(39)
    }

    #[inline(always)]
    fn big_sigma1(self) -> Self {
        self.rotate_right(14) ^ self.rotate_right(18) ^ self.rotate_right(41)
    }

    #[inline(always)]
    fn small_sigma0(self) -> Self {
        self.rotate_right(1) ^ self.rotate_right(8) ^ (self >> 7)
    }

    #[inline(always)]
    fn small_sigma1(self) -> Self {
        self.rotate_right(19) ^ self.rotate_right(61) ^ (self >> 6)
    }
}
