//! The key ceremony as one holder goes through it: a notice board between parties that do not trust the board.
//!
//! * Comes in: the coordinator's signed proposal, the other holders' signed posts. Goes out: this holder's own signed
//!   posts; at the end a share in the vault and the record that all holders have signed.
//! * Never sees: the key, another holder's share. The board sees no share at all: packages are sealed to their receiver.
//! * Trusts: the pinned roster for the holders' keys; nobody's message before it is checked.
//! * Fails: with the names of those who lied or were missing, and can be started again under a new id.
//!
//! ```text
//! proposal ─ accept ─▶ opening ─ all in ─▶ echo ─ all agree ─▶ sealed packages ─ all fit ─▶ endorsement ─ all M ─▶ share
//! ```
//!
//! Whatever a holder has posted it can post again to the byte: its state is on the disk, sealed, before the post leaves.
//!
//! | file | what it is |
//! | --- | --- |
//! | [`plan`] | a proposal that was checked against what this holder has pinned |
//! | [`body`] | what stands inside posts |
//! | [`sightings`] | what the board shows, as far as its signatures hold |
//! | [`state`] | the steps, as a function of (state, event) |
//! | [`papers`] | what this holder has said |
//! | [`dealing`] | where the steps touch `crypto` |
//! | [`failure`] | why it ended, and who is named |
//! | `stored` | the state as bytes, and its sealed row |
//! | [`drive`] | one idempotent step against a board |
//!
//! Sources: `PROTOCOL` section 2 (Key); FROST 2020, figure 1; echo broadcast after Goldwasser, Lindell 2005.

pub mod body;
pub mod dealing;
pub mod drive;
pub mod failure;
pub mod papers;
pub mod plan;
pub mod sightings;
pub mod state;
mod stored;

pub use drive::{Board, BoardView, Driver, Progress, StepError};
pub use failure::{Failure, Reason};

#[cfg(test)]
mod tests;
