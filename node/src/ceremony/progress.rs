//! How far a holder is, as its runner and people are told.
//!
//! Comes in: the state, and what the board shows. Goes out: a [`Progress`]. Pure.

use lianfang_proto::documents::key_record::KeyRecord;
use lianfang_proto::ids::BankId;

use super::failure::{Failure, Reason};
use super::plan::Refusal;
use super::sightings::Sightings;
use super::state::{Stage, State};

/// How far this holder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// For posts of these holders.
    Waiting {
        /// How far: the stage's code.
        stage: &'static str,
        /// Whose post has not been seen.
        awaited: Vec<BankId>,
    },
    /// The key is made, its share active.
    Done(Box<KeyRecord>),
    /// It ended (`Failure::reason` says why); start again under a new id.
    Failed(Failure),
    /// This holder does not take part in what was proposed.
    Refused(Refusal),
}

impl Progress {
    /// Whether nothing is left to do for this holder.
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Failed(_))
    }
}

/// Whoever has endorsed waits for endorsements that are missing, however late they are, until the coordinator says that they
/// will not come.
pub(super) fn progress(state: &State, board: &Sightings, given_up: bool) -> Progress {
    let waits = matches!(state.stage, Stage::Endorsed { .. }) && !given_up;
    match (&state.stage, state.failure()) {
        (_, Some(failure)) if !waits || failure.reason != Reason::Missing => {
            Progress::Failed(failure.clone())
        }
        (Stage::Done { record }, _) => Progress::Done(record.clone()),
        (stage, _) => Progress::Waiting { stage: stage.code(), awaited: state.awaited(board) },
    }
}
