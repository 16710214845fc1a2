//! The only unsafe code of this crate: vectors of x86-64, and the step into code that is compiled for them.
//!
//! - **Comes in:** words and vectors of words. **Goes out:** vectors of words.
//! - **Never sees:** a field, a point, a secret's meaning. No operation branches, and no address depends on a lane.
//! - **Trusts:** `is_x86_feature_detected!`. **Fails:** never: without the features there is no token to begin with.
//!
//! # Why this is sound
//!
//! An intrinsic has one requirement: the CPU must have the features that it is compiled for.
//!
//! 1. [`Ifma`] and [`Avx2`] have a private field and come into being in one place each, `detect`, behind the run-time
//!    test of exactly the features in the attribute of `run`. Whoever holds a token proves that this CPU has them.
//! 2. A vector's field is private to this file. Vectors come from functions that take the token, or from vectors. So
//!    whoever holds a vector proves the same, and every operation on vectors may use the intrinsics.
//! 3. `run` and `call` hold the token, so they may call a function that is compiled for the features.
//! 4. No pointer is followed: vectors are read from and written to arrays by value.
//!
//! Everything here is `#[inline(always)]`, so that it ends up inside the function that `run` calls and becomes single
//! instructions there. Elsewhere it would still be right, and slow.

#![expect(unsafe_code, reason = "intrinsics need the proof above, and this file is its place")]
#![expect(
    clippy::inline_always,
    reason = "an operation that is called instead of inlined costs ten times its work"
)]

use core::arch::asm;
use core::arch::x86_64::{
    __m256i, __m512i, __mmask8, _mm256_add_epi64, _mm256_and_si256, _mm256_blendv_epi8, _mm256_cmpeq_epi64,
    _mm256_mul_epu32, _mm256_or_si256, _mm256_set1_epi64x, _mm256_slli_epi64, _mm256_srli_epi64,
    _mm256_sub_epi64, _mm256_xor_si256, _mm512_add_epi64, _mm512_and_si512, _mm512_cmpeq_epi64_mask,
    _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_mask_blend_epi64, _mm512_ror_epi64,
    _mm512_set1_epi64, _mm512_slli_epi64, _mm512_srli_epi64, _mm512_sub_epi64, _mm512_ternarylogic_epi64,
};
use core::mem::transmute;

use super::engine::Kernel;

/// Proof that this CPU has AVX-512 with IFMA.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ifma(());

impl Ifma {
    /// The proof, where it can be had.
    pub(crate) fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512ifma");
        has.then_some(Self(()))
    }

    /// Runs `kernel` in code that is compiled for these features.
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
        fn compiled_for<K: Kernel>(token: Ifma, kernel: K) -> K::Output {
            kernel.run(token)
        }
        // SAFETY: the token proves the four features (point 3 above).
        unsafe { compiled_for(self, kernel) }
    }
}

/// Proof that this CPU has AVX2, and BMI2 as all of them do: its multiplication of words helps what runs in one lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// The proof, where it can be had.
    pub(crate) fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi2");
        has.then_some(Self(()))
    }

    /// Runs `kernel` in code that is compiled for these features.
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx2,bmi2")]
        fn compiled_for<K: Kernel>(token: Avx2, kernel: K) -> K::Output {
            kernel.run(token)
        }
        // SAFETY: the token proves the two features (point 3 above).
        unsafe { compiled_for(self, kernel) }
    }
}

/// A step of the arithmetic that is compiled once for an engine, and called. Its `take`, and all that it calls, is to be
/// inlined, as with a [`Kernel`].
pub(crate) trait Step {
    /// What it gives.
    type Output;

    /// Computes.
    fn take(self) -> Self::Output;
}

impl Ifma {
    /// Calls `step`, which stays a function of its own: debug builds would take minutes to compile otherwise.
    #[inline(always)]
    pub(crate) fn call<S: Step>(self, step: S) -> S::Output {
        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
        fn compiled_for<S: Step>(step: S) -> S::Output {
            step.take()
        }
        // The compiler takes no order not to inline what has features of its own. So this one stands between, without
        // any: nothing with features is inlined into it, and it is no more than a jump.
        #[inline(never)]
        fn outlined<S: Step>(_token: Ifma, step: S) -> S::Output {
            // SAFETY: the token proves the four features (point 3 above).
            unsafe { compiled_for(step) }
        }
        outlined(self, step)
    }
}

impl Avx2 {
    /// Calls `step`, which stays a function of its own. Sixteen registers hold no formula of points: where each step
    /// reads its operands from memory in the instructions that use them, code stays small and nothing is moved twice.
    #[inline(always)]
    pub(crate) fn call<S: Step>(self, step: S) -> S::Output {
        #[target_feature(enable = "avx2")]
        fn compiled_for<S: Step>(step: S) -> S::Output {
            step.take()
        }
        // As above.
        #[inline(never)]
        fn outlined<S: Step>(_token: Avx2, step: S) -> S::Output {
            // SAFETY: the token proves the feature (point 3 above).
            unsafe { compiled_for(step) }
        }
        outlined(self, step)
    }
}

/// Operations that are one intrinsic: `name(arguments) = intrinsic`.
macro_rules! intrinsics {
    ($vector:ident { $($(#[$doc:meta])* $name:ident($($argument:ident),*) = $intrinsic:ident;)* }) => {
        impl $vector {
            $($(#[$doc])*
            #[inline(always)]
            pub(crate) fn $name(self $(, $argument: Self)*) -> Self {
                // SAFETY: a vector proves the features of its kind (point 2 above).
                Self(unsafe { $intrinsic(self.0 $(, $argument.0)*) })
            })*
        }
    };
}

/// Eight words of 64 bits.
#[derive(Clone, Copy)]
pub(crate) struct U64x8(__m512i);

intrinsics!(U64x8 {
    /// Sum, modulo 2^64.
    add(other) = _mm512_add_epi64;
    /// Difference, modulo 2^64.
    sub(other) = _mm512_sub_epi64;
    /// Bits that both have.
    and(other) = _mm512_and_si512;
    /// This, and the low 52 bits of the product of the low 52 bits of `a` and `b`.
    madd52lo(a, b) = _mm512_madd52lo_epu64;
    /// This, and bits 52 to 103 of the same product.
    madd52hi(a, b) = _mm512_madd52hi_epu64;
});

impl U64x8 {
    /// One word in all lanes.
    #[inline(always)]
    pub(crate) fn splat(_proof: Ifma, word: u64) -> Self {
        // SAFETY: the token proves the features (point 1 above).
        Self(unsafe { _mm512_set1_epi64(word.cast_signed()) })
    }

    /// A word for each lane.
    #[inline(always)]
    pub(crate) fn load(_proof: Ifma, words: &[u64; 8]) -> Self {
        // SAFETY: both are 64 bytes, and every bit pattern is a value of either.
        Self(unsafe { transmute::<[u64; 8], __m512i>(*words) })
    }

    /// The word of each lane.
    #[inline(always)]
    pub(crate) fn words(self) -> [u64; 8] {
        // SAFETY: both are 64 bytes, and every bit pattern is a value of either.
        unsafe { transmute::<__m512i, [u64; 8]>(self.0) }
    }

    /// Shifted right by `N` bits.
    #[inline(always)]
    pub(crate) fn shr<const N: u32>(self) -> Self {
        // SAFETY: a vector proves the features (point 2 above).
        Self(unsafe { _mm512_srli_epi64::<N>(self.0) })
    }

    /// Shifted left by `N` bits.
    #[inline(always)]
    pub(crate) fn shl<const N: u32>(self) -> Self {
        // SAFETY: a vector proves the features (point 2 above).
        Self(unsafe { _mm512_slli_epi64::<N>(self.0) })
    }

    /// Rotated right by `N` bits.
    #[inline(always)]
    pub(crate) fn rotate_right<const N: i32>(self) -> Self {
        // SAFETY: a vector proves the features (point 2 above).
        Self(unsafe { _mm512_ror_epi64::<N>(self.0) })
    }

    /// Any function of three bits, bit by bit: `TABLE` has its value for (this, b, c) at position `4·this + 2·b + c`.
    #[inline(always)]
    pub(crate) fn ternary<const TABLE: i32>(self, b: Self, c: Self) -> Self {
        // SAFETY: a vector proves the features (point 2 above).
        Self(unsafe { _mm512_ternarylogic_epi64::<TABLE>(self.0, b.0, c.0) })
    }

    /// The lanes in which both are equal.
    #[inline(always)]
    pub(crate) fn equal(self, other: Self) -> Mask8 {
        // SAFETY: a vector proves the features (point 2 above).
        Mask8(unsafe { _mm512_cmpeq_epi64_mask(self.0, other.0) })
    }
}

/// A choice for each of eight lanes. It is a register of its own kind, so nothing branches on it.
#[derive(Clone, Copy)]
pub(crate) struct Mask8(__mmask8);

impl Mask8 {
    /// `yes` where the choice is made, `no` elsewhere.
    #[inline(always)]
    pub(crate) fn select(self, yes: U64x8, no: U64x8) -> U64x8 {
        // SAFETY: a vector proves the features (point 2 above).
        U64x8(unsafe { _mm512_mask_blend_epi64(self.0, no.0, yes.0) })
    }

    /// The choices as bits, lane 0 lowest.
    #[inline(always)]
    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    /// Choices from bits.
    #[inline(always)]
    pub(crate) fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}

/// Four words of 64 bits.
#[derive(Clone, Copy)]
pub(crate) struct U64x4(__m256i);

intrinsics!(U64x4 {
    /// Sum, modulo 2^64.
    add(other) = _mm256_add_epi64;
    /// Difference, modulo 2^64.
    sub(other) = _mm256_sub_epi64;
    /// Bits that both have.
    and(other) = _mm256_and_si256;
    /// Bits that either has.
    or(other) = _mm256_or_si256;
    /// Bits that one of them has.
    xor(other) = _mm256_xor_si256;
    /// The product of the low 32 bits.
    mul32(other) = _mm256_mul_epu32;
    /// All bits in the lanes in which both are equal, none elsewhere.
    equal(other) = _mm256_cmpeq_epi64;
});

impl U64x4 {
    /// One word in all lanes.
    #[inline(always)]
    pub(crate) fn splat(_proof: Avx2, word: u64) -> Self {
        // SAFETY: the token proves the feature (point 1 above).
        Self(unsafe { _mm256_set1_epi64x(word.cast_signed()) })
    }

    /// A word for each lane.
    #[inline(always)]
    pub(crate) fn load(_proof: Avx2, words: &[u64; 4]) -> Self {
        // SAFETY: both are 32 bytes, and every bit pattern is a value of either.
        Self(unsafe { transmute::<[u64; 4], __m256i>(*words) })
    }

    /// The word of each lane.
    #[inline(always)]
    pub(crate) fn words(self) -> [u64; 4] {
        // SAFETY: both are 32 bytes, and every bit pattern is a value of either.
        unsafe { transmute::<__m256i, [u64; 4]>(self.0) }
    }

    /// The product of the low 32 bits with a constant, in one instruction. As an intrinsic it is open to the compiler, which
    /// sees that some products are used by half, and takes three multiplications and two shifts for such.
    #[inline(always)]
    pub(crate) fn mul32_by_constant(self, factor: Self) -> Self {
        #[target_feature(enable = "avx2")]
        #[inline]
        fn multiplied(one: __m256i, other: __m256i) -> __m256i {
            let product;
            // SAFETY: the instruction belongs to the feature, and touches nothing but the three registers.
            unsafe {
                asm!(
                    "vpmuludq {}, {}, {}", out(ymm_reg) product, in(ymm_reg) one, in(ymm_reg) other,
                    options(pure, nomem, nostack, preserves_flags)
                );
            }
            product
        }
        // SAFETY: a vector proves the feature (point 2 above).
        Self(unsafe { multiplied(self.0, factor.0) })
    }

    /// Shifted right by `N` bits.
    #[inline(always)]
    pub(crate) fn shr<const N: i32>(self) -> Self {
        // SAFETY: a vector proves the feature (point 2 above).
        Self(unsafe { _mm256_srli_epi64::<N>(self.0) })
    }

    /// Shifted left by `N` bits.
    #[inline(always)]
    pub(crate) fn shl<const N: i32>(self) -> Self {
        // SAFETY: a vector proves the feature (point 2 above).
        Self(unsafe { _mm256_slli_epi64::<N>(self.0) })
    }

    /// `yes` where all bits of this mask's lane are set, `no` where none is.
    #[inline(always)]
    pub(crate) fn select(self, yes: Self, no: Self) -> Self {
        // SAFETY: a vector proves the feature (point 2 above).
        Self(unsafe { _mm256_blendv_epi8(no.0, yes.0, self.0) })
    }
}
