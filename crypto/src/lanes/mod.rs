//! The batch engine: ristretto255 over many points at once.
#![expect(clippy::inline_always, reason = "kernels are compiled for an engine as a whole, see `engine::Kernel`")]

#[cfg(target_arch = "x86_64")]
mod avx2;
mod codec;
mod constants;
mod decode;
mod digits;
mod engine;
mod field;
#[cfg(target_arch = "x86_64")]
mod ifma;
mod multiply;
mod point;
mod points;
mod portable;
mod product;
mod roots;
mod sum;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use self::engine::{Lanes, LanesRefused};

pub(crate) use self::decode::{Undecodable, decode, from_uniform_bytes};
pub(crate) use self::points::Points;
pub(crate) use self::product::{Scalars, multiply, multiply_joint, multiply_keeping};
pub(crate) use self::sum::{rows as sum_of_rows, weighted_sum};
