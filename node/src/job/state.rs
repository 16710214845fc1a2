//! How far a job has come on this side, and what is to be done next: a function of two states.
//!
//! ```text
//! proposed ──accept──▶ accepted ──prepare──▶ prepared ──upload──▶ submitted ──report──▶ returned ──countersign──▶ done
//!    └──refuse──▶ refused                                                                  └──────conclude────────▲
//!
//! proposed ── its deadline has passed ──────────────────────────────────────────────────────▶ missed
//! missed, and nobody had decided ── the coordinator names it open, and the deadline is to come ──▶ proposed
//! proposed, accepted ── the coordinator has gone on, or has forgotten the job ──────────────▶ missed
//! prepared ── the coordinator takes no more rows, or has closed the job ────────────────────▶ missed
//! submitted ── the coordinator has closed the job ──────────────────────────────────────────▶ missed
//! returned ── the coordinator has closed the job, and there is no certificate ──────────────▶ missed
//! prepared, submitted, returned ── the coordinator has forgotten the job ───────────────────▶ failed
//! all five before the ends ── the coordinator has given the job up ─────────────────────────▶ failed
//! ```
//!
//! | stage | the coordinator's state | step |
//! | --- | --- | --- |
//! | proposed | open, and the deadline has not passed | decide |
//! | proposed | open, and the deadline has passed | missed |
//! | accepted | open | prepare |
//! | prepared | open, matching, reporting, certified | upload: the rows may stand, and the word that they do have been lost |
//! | prepared | the same, and takes no more rows | missed |
//! | submitted | reporting, certified | read and keep the report, hand the return in |
//! | returned | reporting | hand the return in again |
//! | returned | certified | countersign |
//! | returned | closed | conclude: countersigned or too late, with the return or without it |
//! | returned | closed, and there is no certificate | missed |
//! | proposed, accepted | any later one, or unknown to it | missed |
//! | prepared, submitted, returned | unknown to it | failed: it has forgotten the job, and will never end it |
//! | prepared, submitted | closed | missed |
//! | submitted, returned | open, matching | wait |
//! | missed, and nobody had decided | open, and the deadline has not passed | reopen: this node's clock ran ahead |
//! | any but the ends | failed | failed |
//! | any but the ends | one that this version does not know | wait |
//!
//! Comes in: this bank's stage, which is stored, the coordinator's state of the job, whether its deadline has passed, and
//! whether anybody has decided. Goes out: one [`Step`]. Steps are safe to repeat: a node that dies in one of them begins it again, and what leaves it
//! twice is the same to the byte.

use lianfang_proto::v1::JobState;

/// How far this bank has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The terms are known; nobody has decided.
    Proposed = 1,
    /// This bank takes part.
    Accepted = 2,
    /// The submission lies on the disk: from here on, only these bytes.
    Prepared = 3,
    /// The coordinator has checked the submission's root.
    Submitted = 4,
    /// The report is kept, and the return signed.
    Returned = 5,
    /// The certificate is checked and countersigned.
    Done = 6,
    /// This bank takes no part.
    Refused = 7,
    /// The deadline came first. It is no end of a job on which nobody had decided, as long as there is time after all.
    Missed = 8,
    /// The coordinator gave the job up, or has forgotten it.
    Failed = 9,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 9] = [
        Self::Proposed,
        Self::Accepted,
        Self::Prepared,
        Self::Submitted,
        Self::Returned,
        Self::Done,
        Self::Refused,
        Self::Missed,
        Self::Failed,
    ];

    /// The number that is stored.
    pub const fn number(self) -> i64 {
        self as i64
    }

    /// The stage of a stored number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.number() == number)
    }

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Accepted => "accepted",
            Self::Prepared => "prepared",
            Self::Submitted => "submitted",
            Self::Returned => "returned",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Missed => "missed",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing is left to do.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Refused | Self::Missed | Self::Failed)
    }
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It was missed by a clock that ran ahead: it is proposed again.
    Reopen,
    /// Policy or a person decides on the terms.
    Decide,
    /// What is not cached is evaluated, and the submission put together.
    Prepare,
    /// The submission is sent, from where the coordinator says.
    Upload,
    /// The report is read, verified and kept, and the return handed in.
    Report,
    /// The return is handed in again, should the coordinator not have it.
    HandIn,
    /// The certificate is checked and countersigned.
    Countersign,
    /// The job is closed: its certificate is kept, and countersigned if that is still taken.
    Conclude,
    /// It is another's turn.
    Wait,
    /// Nothing more.
    End(Stage),
}

impl Step {
    /// As traces name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reopen => "reopen",
            Self::Decide => "decide",
            Self::Prepare => "prepare",
            Self::Upload => "upload",
            Self::Report => "report",
            Self::HandIn => "hand-in",
            Self::Countersign => "countersign",
            Self::Conclude => "conclude",
            Self::Wait => "wait",
            Self::End(_) => "end",
        }
    }
}

/// The next step. `late` says that the deadline has passed: nobody is asked about what cannot be joined any more. `decided` says
/// that policy or a person has decided: only a job on which nobody had may be taken up again once it was missed.
pub const fn next(stage: Stage, coordinator: JobState, late: bool, decided: bool) -> Step {
    match (stage, coordinator) {
        (Stage::Missed, JobState::Open) if may_reopen(stage, late, decided) => Step::Reopen,
        (Stage::Done | Stage::Refused | Stage::Missed | Stage::Failed, _) => Step::End(stage),
        (_, JobState::Failed) => Step::End(Stage::Failed),
        (_, JobState::Unspecified) => Step::Wait,
        (Stage::Proposed, JobState::Open) if late => Step::End(Stage::Missed),
        (Stage::Proposed, JobState::Open) => Step::Decide,
        (Stage::Accepted, JobState::Open) => Step::Prepare,
        (Stage::Prepared, JobState::Open) => Step::Upload,
        (
            Stage::Proposed | Stage::Accepted,
            JobState::Matching | JobState::Reporting | JobState::Certified | JobState::Closed,
        ) => Step::End(Stage::Missed),
        // The submission may stand, and the word that it does have been lost: the coordinator is asked.
        (Stage::Prepared, JobState::Matching | JobState::Reporting | JobState::Certified) => Step::Upload,
        (Stage::Prepared, JobState::Closed) => Step::End(Stage::Missed),
        (Stage::Submitted, JobState::Open | JobState::Matching) => Step::Wait,
        (Stage::Submitted, JobState::Reporting | JobState::Certified) => Step::Report,
        (Stage::Submitted, JobState::Closed) => Step::End(Stage::Missed),
        (Stage::Returned, JobState::Open | JobState::Matching) => Step::Wait,
        (Stage::Returned, JobState::Reporting) => Step::HandIn,
        (Stage::Returned, JobState::Certified) => Step::Countersign,
        (Stage::Returned, JobState::Closed) => Step::Conclude,
    }
}

/// Whether a job that is over here is to be looked at again, should the coordinator still name it: it was missed by this node's
/// clock alone, and by that clock there is time now.
pub const fn may_reopen(stage: Stage, late: bool, decided: bool) -> bool {
    match stage {
        Stage::Missed => !late && !decided,
        Stage::Proposed
        | Stage::Accepted
        | Stage::Prepared
        | Stage::Submitted
        | Stage::Returned
        | Stage::Done
        | Stage::Refused
        | Stage::Failed => false,
    }
}

/// Where a job ends that the coordinator has forgotten.
pub const fn unknown(stage: Stage) -> Stage {
    match stage {
        Stage::Proposed | Stage::Accepted => Stage::Missed,
        Stage::Prepared | Stage::Submitted | Stage::Returned => Stage::Failed,
        Stage::Done | Stage::Refused | Stage::Missed | Stage::Failed => stage,
    }
}

#[cfg(test)]
mod tests {
    use lianfang_proto::listed;

    use super::*;

    listed! {
        /// The coordinator's states, each in its column.
        enum Theirs { Unspecified, Open, Matching, Reporting, Certified, Closed, Failed }
    }

    impl Theirs {
        const fn state(self) -> JobState {
            match self {
                Self::Unspecified => JobState::Unspecified,
                Self::Open => JobState::Open,
                Self::Matching => JobState::Matching,
                Self::Reporting => JobState::Reporting,
                Self::Certified => JobState::Certified,
                Self::Closed => JobState::Closed,
                Self::Failed => JobState::Failed,
            }
        }

        /// A state that is not listed does not compile.
        const fn of(state: JobState) -> Self {
            match state {
                JobState::Unspecified => Self::Unspecified,
                JobState::Open => Self::Open,
                JobState::Matching => Self::Matching,
                JobState::Reporting => Self::Reporting,
                JobState::Certified => Self::Certified,
                JobState::Closed => Self::Closed,
                JobState::Failed => Self::Failed,
            }
        }
    }

    /// What is done in a stage, by the coordinator's states.
    type Row = [Step; Theirs::ALL.len()];

    /// A stage without a row does not compile.
    const fn row(stage: Stage) -> usize {
        match stage {
            Stage::Proposed => 0,
            Stage::Accepted => 1,
            Stage::Prepared => 2,
            Stage::Submitted => 3,
            Stage::Returned => 4,
            Stage::Done => 5,
            Stage::Refused => 6,
            Stage::Missed => 7,
            Stage::Failed => 8,
        }
    }

    #[test]
    fn rows_and_columns_are_all() {
        assert!(Stage::ALL.into_iter().map(row).eq(0..9));
        assert_eq!(Theirs::ALL.map(|theirs| Theirs::of(theirs.state())), Theirs::ALL);
        // Every number that may come, in their order.
        let numbers = 0..=i32::from(u8::MAX);
        let states = numbers.filter_map(|number| JobState::try_from(number).ok());
        assert!(states.eq(Theirs::ALL.map(Theirs::state)));
    }

    #[test]
    fn the_whole_table() {
        use Step::{Conclude, Countersign, Decide, HandIn, Prepare, Reopen, Report, Upload, Wait};
        const MISSED: Step = Step::End(Stage::Missed);
        const FAILED: Step = Step::End(Stage::Failed);
        // Unspecified, open, matching, reporting, certified, closed, failed.
        let in_time: [Row; Stage::ALL.len()] = [
            [Wait, Decide, MISSED, MISSED, MISSED, MISSED, FAILED],
            [Wait, Prepare, MISSED, MISSED, MISSED, MISSED, FAILED],
            [Wait, Upload, Upload, Upload, Upload, MISSED, FAILED],
            [Wait, Wait, Wait, Report, Report, MISSED, FAILED],
            [Wait, Wait, Wait, HandIn, Countersign, Conclude, FAILED],
            [Step::End(Stage::Done); 7],
            [Step::End(Stage::Refused); 7],
            [MISSED; 7],
            [FAILED; 7],
        ];
        let late: [Row; Stage::ALL.len()] = [
            [Wait, MISSED, MISSED, MISSED, MISSED, MISSED, FAILED],
            [Wait, Prepare, MISSED, MISSED, MISSED, MISSED, FAILED],
            [Wait, Upload, Upload, Upload, Upload, MISSED, FAILED],
            [Wait, Wait, Wait, Report, Report, MISSED, FAILED],
            [Wait, Wait, Wait, HandIn, Countersign, Conclude, FAILED],
            [Step::End(Stage::Done); 7],
            [Step::End(Stage::Refused); 7],
            [MISSED; 7],
            [FAILED; 7],
        ];
        // The same where nobody has decided, but for what was missed and is in time after all.
        let mut undecided = in_time;
        undecided[row(Stage::Missed)] = [MISSED, Reopen, MISSED, MISSED, MISSED, MISSED, MISSED];
        let tables =
            [(false, true, in_time), (true, true, late), (false, false, undecided), (true, false, late)];
        for (late, decided, table) in tables {
            for stage in Stage::ALL {
                for (theirs, wanted) in Theirs::ALL.into_iter().zip(table[row(stage)]) {
                    let state = theirs.state();
                    assert_eq!(
                        next(stage, state, late, decided),
                        wanted,
                        "{stage:?} {state:?} {late} {decided}"
                    );
                }
            }
        }
    }

    /// Nothing is asked about in vain: what may be taken up again is what some state of the coordinator's would reopen.
    #[test]
    fn what_is_over_is_looked_at_again_where_it_may_be_reopened_and_nowhere_else() {
        for stage in Stage::ALL {
            for (late, decided) in [(false, false), (false, true), (true, false), (true, true)] {
                let steps = Theirs::ALL.map(|theirs| next(stage, theirs.state(), late, decided));
                let reopens = steps.contains(&Step::Reopen);
                assert_eq!(may_reopen(stage, late, decided), reopens, "{stage:?} {late} {decided}");
                assert!(stage.is_over() || !reopens, "{stage:?}");
            }
        }
    }

    #[test]
    fn where_a_job_ends_that_the_coordinator_has_forgotten() {
        let table = [
            (Stage::Proposed, Stage::Missed, false),
            (Stage::Accepted, Stage::Missed, false),
            (Stage::Prepared, Stage::Failed, false),
            (Stage::Submitted, Stage::Failed, false),
            (Stage::Returned, Stage::Failed, false),
            (Stage::Done, Stage::Done, true),
            (Stage::Refused, Stage::Refused, true),
            (Stage::Missed, Stage::Missed, true),
            (Stage::Failed, Stage::Failed, true),
        ];
        assert_eq!(table.map(|(stage, ..)| stage), Stage::ALL);
        for (stage, end, over) in table {
            assert_eq!((unknown(stage), stage.is_over()), (end, over), "{stage:?}");
            assert!(unknown(stage).is_over(), "{stage:?}");
        }
    }

    #[test]
    fn stored_numbers_lead_back() {
        for stage in Stage::ALL {
            assert_eq!(Stage::from_number(stage.number()), Some(stage));
        }
        assert_eq!(Stage::from_number(0), None);
    }
}
