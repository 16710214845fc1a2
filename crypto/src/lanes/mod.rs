//! The same computation on many inputs at once, one in each lane of a vector.
//!
//! - **Comes in:** slices of inputs. **Goes out:** one result for each, in their order.
//! - **Never sees:** what the bytes stand for. **Trusts:** the run-time test of the CPU's features.
//! - **Fails:** never; a forced engine that is not there is refused where the process starts.

mod digests;
pub mod engine;
mod expand;
pub mod hashes;
mod hashing;
pub(crate) mod message;
mod portable;
mod sha512;
mod words;
#[cfg(target_arch = "x86_64")]
#[expect(dead_code, reason = "the field's operations are not used by the hashes")]
mod x86;

#[cfg(test)]
mod tests;
