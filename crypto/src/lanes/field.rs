//! What the curve's formulas need of a field, whatever computes it.
//!
//! - **Comes in:** limbs of the prime field of 2^255 − 19, one element per lane. **Goes out:** the same.
//! - **Never sees:** a point, a secret's meaning. **Trusts:** its callers for bounds, which debug builds assert.
//! - **Fails:** never. Nothing branches on an element and no address depends on one.
//!
//! # Carried and wide
//!
//! An element is *carried*: limb `i` has the weight of 2^(51·i) and is below 2^51 + 2^17, so that its value is below
//! 2^255 + 2^222 and not unique. A product leaves its columns before they are carried: that is [`Field::Wide`]. Sums
//! and differences of products are formed there, so that the four outputs of a point formula are carried once each and
//! its inputs never.

use zeroize::Zeroize;

use super::engine::Engine;

/// Lanes of a [`Limbs`], whatever the engine.
pub(crate) const LANES: usize = 8;

/// The low 51 bits.
pub(super) const MASK: u64 = (1 << 51) - 1;

/// Five values, from an expression over the number of the limb. A closure in its place would not be compiled for the
/// engine's instructions: it is a function of its own, which nothing obliges the compiler to inline.
macro_rules! limbs {
    ($i:ident => $value:expr) => {
        [
            {
                let $i = 0;
                $value
            },
            {
                let $i = 1;
                $value
            },
            {
                let $i = 2;
                $value
            },
            {
                let $i = 3;
                $value
            },
            {
                let $i = 4;
                $value
            },
        ]
    };
}
pub(super) use limbs;

/// Eight elements as they lie in memory: limb by limb, a lane beside the other.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Limbs(pub(super) [[u64; LANES]; 5]);

impl Zeroize for Limbs {
    fn zeroize(&mut self) {
        self.0.as_flattened_mut().zeroize();
    }
}

impl Limbs {
    /// Zero in all lanes.
    pub(super) const ZERO: Self = Self([[0; LANES]; 5]);

    /// One in all lanes.
    pub(super) const ONE: Self = Self([[1; LANES], [0; LANES], [0; LANES], [0; LANES], [0; LANES]]);

    /// Sets one lane from 32 bytes, little-endian; the highest bit is left out, as RFC 9496 section 4.3.4 has it.
    #[inline(always)]
    pub(super) fn set_bytes(&mut self, lane: usize, bytes: &[u8; 32]) {
        let (words, _) = bytes.as_chunks::<8>();
        let word = [words[0], words[1], words[2], words[3]];
        let [a, b, c, d] = word.map(u64::from_le_bytes);
        let limbs = [a, a >> 51 | b << 13, b >> 38 | c << 26, c >> 25 | d << 39, d >> 12];
        for (limb, value) in self.0.iter_mut().zip(limbs) {
            limb[lane] = value & MASK;
        }
    }

    /// Copies one lane of `from`.
    #[inline(always)]
    pub(super) fn copy_lane(&mut self, lane: usize, from: &Self, from_lane: usize) {
        for (limb, from) in self.0.iter_mut().zip(&from.0) {
            limb[lane] = from[from_lane];
        }
    }

    /// The limbs of one lane.
    #[inline(always)]
    pub(super) fn lane(&self, lane: usize) -> [u64; 5] {
        limbs!(i => self.0[i][lane])
    }

    /// One lane as 32 bytes, if its limbs are canonical.
    #[inline(always)]
    pub(super) fn bytes(&self, lane: usize) -> [u8; 32] {
        let [a, b, c, d, e] = self.lane(lane);
        let words = [a | b << 51, b >> 13 | c << 38, c >> 26 | d << 25, d >> 39 | e << 12];
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *chunk = word.to_le_bytes();
        }
        bytes
    }
}

/// A limb outgrew the multiplier, which no input can bring about: a formula is wrong.
#[cfg(target_arch = "x86_64")] // its vector engines alone look
#[cold]
#[inline(never)]
pub(super) fn outgrown() -> ! {
    panic!("a limb outgrew the multiplier")
}

/// Choices, one for each lane.
pub(crate) trait Mask: Copy {
    /// Both.
    fn and(self, other: Self) -> Self;
    /// Either.
    fn or(self, other: Self) -> Self;
    /// The other lanes.
    fn not(self) -> Self;
    /// One bit for each lane, lane 0 lowest.
    fn bits(self) -> u8;
}

/// Field elements, one in each lane.
pub(crate) trait Field: Copy {
    /// The engine, whose token makes the first element.
    type Engine: Engine<Field = Self>;
    /// Columns of products that are not carried yet.
    type Wide: Copy;
    /// Choices, one for each lane.
    type Mask: Mask;
    /// An element as it lies in a table, from which one of many is picked again and again.
    type Kept: Copy;
    /// Elements at once: 1, 2, 4 or 8.
    const LANES: usize;

    /// One constant in every lane, of carried limbs.
    fn constant(engine: Self::Engine, limbs: &[u64; 5]) -> Self;
    /// The lanes from `at` on.
    fn load(engine: Self::Engine, limbs: &Limbs, at: usize) -> Self;
    /// Writes the lanes from `at` on.
    fn store(self, limbs: &mut Limbs, at: usize);

    /// Sum.
    fn add(self, other: Self) -> Self;
    /// Difference.
    fn sub(self, other: Self) -> Self;
    /// Sum of carried elements, to be squared or to be the left factor of one product: an engine whose multiplier has
    /// room for it leaves it without carries.
    #[inline(always)]
    fn add_loose(self, other: Self) -> Self {
        self.add(other)
    }
    /// Difference of carried elements, to be the left factor of one product, as above.
    #[inline(always)]
    fn sub_loose(self, other: Self) -> Self {
        self.sub(other)
    }
    /// Product, before its carries; `self` may be loose.
    fn mul_wide(self, other: Self) -> Self::Wide;
    /// Square, before its carries; `self` may be a loose sum.
    fn square_wide(self) -> Self::Wide;
    /// Sum of at most three products, counted as often as they are added.
    fn wide_add(one: Self::Wide, other: Self::Wide) -> Self::Wide;
    /// Difference: `one` is a sum of at most three products, `other` of at most two.
    fn wide_sub(one: Self::Wide, other: Self::Wide) -> Self::Wide;
    /// Carries a sum or a difference: it may be any factor.
    fn carry(wide: Self::Wide) -> Self;
    /// The one representation whose value is below 2^255 − 19.
    fn canonical(self) -> Self;

    /// Whether the value is zero.
    fn is_zero(self) -> Self::Mask;
    /// Whether the canonical value is odd, which RFC 9496 section 4.1 calls negative.
    fn is_negative(self) -> Self::Mask;
    /// The lanes from `at` on in which the word is this one.
    fn lanes_with(engine: Self::Engine, words: &[u64; LANES], at: usize, word: u64) -> Self::Mask;
    /// No lane.
    #[inline(always)]
    fn no_lane(engine: Self::Engine) -> Self::Mask {
        Self::lanes_with(engine, &[0; LANES], 0, 1)
    }
    /// `yes` where the choice is made, `no` elsewhere.
    fn select(choice: Self::Mask, yes: Self, no: Self) -> Self;

    /// The form for tables.
    fn keep(self) -> Self::Kept;
    /// The entry whose choice is made, or `otherwise` in the lanes of none. At most one choice is made in a lane.
    fn pick<const N: usize>(choices: &[Self::Mask; N], of: &[Self::Kept; N], otherwise: Self) -> Self;

    /// Product.
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self::carry(self.mul_wide(other))
    }

    /// Square.
    #[inline(always)]
    fn square(self) -> Self {
        Self::carry(self.square_wide())
    }

    /// Zero.
    #[inline(always)]
    fn zero(engine: Self::Engine) -> Self {
        Self::constant(engine, &[0; 5])
    }

    /// One.
    #[inline(always)]
    fn one(engine: Self::Engine) -> Self {
        Self::constant(engine, &[1, 0, 0, 0, 0])
    }

    /// The negative where the choice is made.
    #[inline(always)]
    fn negate_if(self, engine: Self::Engine, choice: Self::Mask) -> Self {
        Self::select(choice, Self::zero(engine).sub(self), self)
    }

    /// The one of `x` and `−x` that is not negative.
    #[inline(always)]
    fn absolute(self, engine: Self::Engine) -> Self {
        self.negate_if(engine, self.is_negative())
    }
}
