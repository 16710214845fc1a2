//! The batch engine: ristretto255 over many points at once.
#![expect(
    clippy::inline_always,
    reason = "kernels are compiled for an engine as a whole, see `engine::Kernel`"
)]

pub(crate) mod batch;
mod codec;
mod constants;
mod digits;
pub mod engine;
mod field;
#[cfg(target_arch = "x86_64")]
mod ifma;
mod multiply;
mod point;
mod portable;
mod roots;
pub mod try_me;
#[cfg(target_arch = "x86_64")]
mod x86;
