//! The tag function, one file per step, in the order of the paper.
//!
//! ```text
//! Input ─ blind ─▶ Blinding + BlindedElements ─ evaluate (T holders) ─▶ check ─▶ Checked ─ combine, finalise ─▶ Output
//! ```
//!
//! - **Comes in:** canonical identifiers, key shares, answers of holders.
//! - **Goes out:** 64-byte outputs that equal those of an RFC 9497 server with the whole key.
//! - **Never sees:** that key. **Trusts:** no holder: only what `check` has passed can be finalised.
//! - **Fails:** naming the holder, with evidence where it is a holder's fault.
//!
//! Sources: RFC 9497 (mode VOPRF); Jarecki, Kiayias, Krawczyk, Xu, *TOPPSS* (2017) for the threshold form.

pub mod accusation;
pub mod blind;
pub mod check;
mod combine;
pub mod evaluate;
pub mod finalise;
pub mod input;
pub mod proof;
