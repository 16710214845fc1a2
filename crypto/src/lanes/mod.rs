//! The batch engine: the same computation on many inputs at once, one in each lane of a vector.
//!
//! - **Comes in:** slices: encodings, scalars, messages. **Goes out:** one result for each, in their order.
//! - **Never sees:** what the bytes stand for. **Trusts:** the run-time test of the CPU's features.
//! - **Fails:** in decoding only, with the position; a forced engine that is not there is refused where the process
//!   starts.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `engine` | which engine computes; a computation as a kernel that is compiled for each of them |
//! | `x86` | vectors of words: the only unsafe code, with its proof |
//! | `field`, `ifma`, `avx2`, `avx2_product`, `portable` | the field: what formulas need of it, and three implementations |
//! | `constants`, `point`, `multiply`, `digits`, `roots`, `codec` | the curve, over any field |
//! | `points`, `decode`, `product`, `sum` | batches of points: from bytes, by scalars, summed up |
//! | `words`, `sha512`, `message`, `hashing`, `expand`, `digests`, `hashes` | batches of hashes |
#![expect(
    clippy::inline_always,
    reason = "a kernel is compiled for its engine as a whole, see `engine::Kernel`"
)]
#![expect(clippy::many_single_char_names, reason = "limbs and coordinates have the names of the papers")]
#![expect(
    clippy::large_types_passed_by_value,
    reason = "what is inlined is not passed: it stays in registers"
)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx2_product;
mod codec;
mod constants;
mod decode;
mod digests;
mod digits;
pub mod engine;
mod expand;
mod field;
pub mod hashes;
mod hashing;
#[cfg(target_arch = "x86_64")]
mod ifma;
pub(crate) mod message;
mod multiply;
mod point;
mod points;
mod portable;
mod product;
mod roots;
mod sha512;
mod sum;
mod words;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(test)]
mod against_dalek;
#[cfg(test)]
mod field_tests;
#[cfg(test)]
mod tests;

pub use self::engine::{Lanes, LanesRefused, VARIABLE};

pub use self::decode::{Undecodable, decode, from_uniform_bytes};
pub use self::points::Points;
pub use self::product::{Scalars, Term, multiply, multiply_joint, multiply_keeping};
pub use self::sum::{rows as sum_of_rows, weighted_sum};
