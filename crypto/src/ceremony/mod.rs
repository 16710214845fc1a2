//! The three ceremonies of the holders: generate a key, refresh its shares, repair a lost share.
//!
//! - **Comes in:** a [`context::CeremonyContext`], a secret seed, the other holders' messages as bytes.
//! - **Goes out:** messages as bytes; at the end a [`crate::share::key_share::KeyShare`] and the
//!   [`crate::share::commitment::PublicKeySet`].
//! - **Never sees:** the key; who the holders are; signatures and envelopes, which are the caller's.
//! - **Trusts:** `frost-ristretto255` for the rounds (its refresh and repair lie outside its published audit, so every
//!   result is checked again here: shares against commitments, public shares against one polynomial).
//! - **Fails:** with [`CeremonyError`], naming the holders at fault.
//!
//! ```text
//! open ─▶ commitments of all ─ collect ─▶ Transcript ─ all digests agree ─▶ Agreed ─ deal ─▶ packages ─ finish ─▶ share
//! ```
//!
//! **The whole state of a holder is one seed** and the messages it received: every step is recomputed from them, so a
//! process may stop and start anywhere and sends the same bytes again. The seed is erased when the ceremony ends.
//!
//! Sources: Komlo, Goldberg, *FROST* (2020), figure 1; Pedersen 1991; Laing, Stinson, *repairable threshold schemes*
//! (2017).

pub mod context;
mod dealing;
mod frost;
pub mod generate;
pub mod message;
pub mod refresh;
pub mod repair;
pub mod transcript;

use thiserror::Error;

use crate::error::Malformed;
use crate::share::threshold::HolderIndex;

/// Why a ceremony stopped.
#[derive(Debug, Error)]
pub enum CeremonyError {
    /// A holder's message could not be decoded.
    #[error("the message of holder {holder} is malformed: {malformed}")]
    Malformed {
        /// Whose message.
        holder: HolderIndex,
        /// What is wrong.
        malformed: Malformed,
    },
    /// A message belongs to another ceremony, class, epoch, generation or threshold.
    #[error("the message of holder {holder} belongs to another ceremony; it must answer this one")]
    OtherCeremony {
        /// Whose message.
        holder: HolderIndex,
    },
    /// A message names another sender or receiver than the envelope it came in.
    #[error(
        "the message of holder {holder} names another sender or receiver; its envelope and content must agree"
    )]
    Misaddressed {
        /// Whose envelope.
        holder: HolderIndex,
    },
    /// Messages of some holders are missing.
    #[error("messages of holders {} are missing; ask them again", list(.holders))]
    Missing {
        /// Whose.
        holders: Vec<HolderIndex>,
    },
    /// Messages came from indices that take no part.
    #[error("holders {} take no part in this; drop their messages", list(.holders))]
    Unexpected {
        /// Whose.
        holders: Vec<HolderIndex>,
    },
    /// Holders saw other commitments than we did: somebody showed different ones to different holders.
    #[error("holders {} saw other commitments; stop, and start with a new ceremony id", list(.holders))]
    Disagreement {
        /// Whose digest differs from ours.
        holders: Vec<HolderIndex>,
    },
    /// A holder does not know the secret behind its commitment.
    #[error("holder {holder} did not prove knowledge of its secret; start anew without its message")]
    InvalidProof {
        /// Whose proof.
        holder: HolderIndex,
    },
    /// A holder dealt us a share that does not lie on its committed polynomial.
    #[error("holder {holder} dealt a share off its committed polynomial; stop, and keep its signed message")]
    InvalidShare {
        /// Whose dealing.
        holder: HolderIndex,
    },
    /// Our own seed, share or index does not belong to this ceremony.
    #[error("the stored {what} does not belong to this ceremony; start with a new ceremony id")]
    OwnState {
        /// What does not belong.
        what: &'static str,
    },
    /// The plan of a ceremony cannot work.
    #[error("the ceremony cannot be run like this: {reason}")]
    Plan {
        /// What stands against it.
        reason: &'static str,
    },
    /// The repaired share is not the lost one. The sum does not tell which helper was wrong.
    #[error("the repaired share does not fit its public share; erase it and repeat with other helpers")]
    RepairFailed,
    /// The new public shares are not one polynomial through the key.
    #[error("the resulting key set does not hold together: {0}")]
    KeySet(Malformed),
    /// The library refused for a reason that the checks above should have caught.
    #[error("key generation refused: {0}; report this, it should have been found before")]
    Library(#[source] frost_ristretto255::Error),
}

impl CeremonyError {
    /// The holders that this failure is to be put to.
    pub fn culprits(&self) -> Vec<HolderIndex> {
        match self {
            Self::Malformed { holder, .. }
            | Self::OtherCeremony { holder }
            | Self::Misaddressed { holder }
            | Self::InvalidProof { holder }
            | Self::InvalidShare { holder } => vec![*holder],
            Self::Missing { holders } | Self::Unexpected { holders } => holders.clone(),
            // Two honest holders disagree when a third lied to one of them; nobody is a culprit by that alone.
            Self::Disagreement { .. }
            | Self::OwnState { .. }
            | Self::Plan { .. }
            | Self::RepairFailed
            | Self::KeySet(_)
            | Self::Library(_) => Vec::new(),
        }
    }
}

fn list(holders: &[HolderIndex]) -> String {
    holders.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
