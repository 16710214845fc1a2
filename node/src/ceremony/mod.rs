//! The key ceremony as one holder goes through it: a notice board between parties that do not trust the board.
//!
//! * Comes in: the coordinator's signed proposal, the other holders' signed posts. Goes out: this holder's own signed
//!   posts; at the end a share in the vault and the record that all holders have signed.
//! * Never sees: the key, another holder's share. The board sees no share at all: packages are sealed to their receiver.
//! * Trusts: the pinned roster for the holders' keys; nobody's message before it is checked.
//! * Fails: with the names of those who lied or were missing, and can be started again under a new id.
//!
//! ```text
//! new key, refresh:
//! proposal ─ accept ─▶ opening ─ all in ─▶ echo ─ all agree ─▶ sealed packages ─ all fit ─▶ endorsement ─ all M ─▶ share
//!
//! repair:                                            ┌▶ helper: sealed deltas ─ all fit ─▶ sealed sum ─ loser signs ─▶ done
//! proposal ─ accept ─▶ opening ─ all in ─▶ echo ─ all agree
//!                                                    └▶ loser: awaits the sums ─ all fit ─▶ endorsement ─▶ share
//! ```
//!
//! A new key is made by all its holders, new shares of a key by the same ones; a lost share is repaired by `T` helpers for
//! its holder. What travels sealed is sealed to a key that its receiver makes for this one ceremony and erases with it.
//!
//! **Half-way.** A refresh takes effect at each holder when it has seen all endorsements, not at all of them at once. Until
//! then its old share answers; the endorsements stand on the board, so whoever is late, or was stopped, sees them later and
//! goes on. The coordinator decides by the last endorsement whether the ceremony is done, so with an honest board either
//! nobody has them all or everybody can read them all. A board that shows them to some and not to others can strand a key
//! between two generations, and has gained nothing: no share is disclosed, and a new epoch replaces the key.
//!
//! Whatever a holder has posted it can post again to the byte: its state is on the disk, sealed, before the post leaves.
//!
//! | file | what it is |
//! | --- | --- |
//! | [`plan`] | a proposal that was checked against what this holder has pinned |
//! | [`known`] | what it is checked against |
//! | [`body`] | what stands inside posts |
//! | [`sightings`] | what the board shows, as far as its signatures hold |
//! | [`state`] | the steps, as a function of (state, event) |
//! | [`papers`] | what this holder has said |
//! | [`asked`] | what a person is asked about, and has decided |
//! | [`dealing`] | where the steps touch `crypto` |
//! | [`failure`] | why it ended, and who is named |
//! | `stored` | the state as bytes, and its sealed row |
//! | [`progress`] | how far it is, in a word |
//! | [`drive`] | one idempotent step against a board |
//!
//! Sources: `PROTOCOL` section 2 (Key); FROST 2020, figure 1; Herzberg et al. 1995; Laing, Stinson 2017; echo broadcast
//! after Goldwasser, Lindell 2005.

pub mod asked;
pub mod body;
pub mod dealing;
pub mod drive;
pub mod failure;
pub mod known;
pub mod papers;
pub mod plan;
pub mod progress;
pub mod sightings;
pub mod state;
pub(crate) mod stored;

pub use drive::{Board, BoardView, Driver, StepError};
pub use failure::{Failure, Reason};
pub use progress::Progress;

#[cfg(test)]
mod tests;
