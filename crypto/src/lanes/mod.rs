//! The batch engine: ristretto255 over many points at once.
#![expect(clippy::inline_always, reason = "kernels are compiled for an engine as a whole, see `engine::Kernel`")]

#[cfg(target_arch = "x86_64")]
mod avx2;
mod codec;
mod constants;
pub(crate) mod decode;
mod digits;
pub mod engine;
mod field;
#[cfg(target_arch = "x86_64")]
mod ifma;
mod multiply;
mod point;
pub(crate) mod points;
mod portable;
pub(crate) mod product;
mod roots;
pub(crate) mod sum;
#[cfg(target_arch = "x86_64")]
mod x86;
pub mod try_me;
