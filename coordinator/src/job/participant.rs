//! What a participant hands in, as a function: what may be taken of it, by what it has handed in before, the job's state
//! and the time.
//!
//! ```text
//! decision     none ──answer──▶ accepted, declined ──answer──▶ the other      (the job is open, nothing is sealed)
//! submission   none ──header──▶ announced ──all rows, and their root fits──▶ sealed      (the job is open, in time)
//!                                │ ▲ │ ▲
//!                           rows └─┘ └─┘ the root differs: the rows are dropped
//! return       none ──▶ returned            (the job is reporting, the submission is sealed)
//! signature    none ──▶ countersigned       (the job is certified, the submission is sealed)
//! gathered     suspended, revoked or under another identity by now ──▶ left out: what was sealed counts no more
//! ```
//!
//! The same once more is no error, in whatever state the job is. Of a bank that has declined nothing is taken, until it
//! accepts after all. A root that was asked for in time may be computed for longer: the rows stand if the job is still open.

use lianfang_proto::ids::BankId;
use lianfang_proto::listed;
use lianfang_proto::{Fault, FaultCode};

use super::ledger::Party;
use super::state::State;

listed! {
    /// How far a submission has come.
    pub enum Submission {
        /// Nothing of it is here.
        Nothing,
        /// Its header is here.
        Announced,
        /// It stands.
        Sealed,
    }
}

/// What a participant has handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Participant {
    /// What it decided.
    pub accepted: Option<bool>,
    /// How far its submission has come.
    pub submission: Submission,
    /// Whether its return is here.
    pub returned: bool,
    /// Whether its signature under the certificate is here.
    pub countersigned: bool,
    /// Whether the job has gone on without it.
    pub left_out: bool,
}

listed! {
    /// What comes from a participant, or happens to it. What it signs once comes again if the bytes are those that stand.
    pub enum Event {
        /// It accepts the terms.
        Accept,
        /// It declines.
        Decline,
        /// The header of a submission.
        Header,
        /// The header that stands.
        HeaderAgain,
        /// Rows of its submission.
        Rows,
        /// It asks that its submission be sealed.
        Seal,
        /// All rows are there, and their root is the signed one.
        RootFits,
        /// A return.
        Return,
        /// The return that stands.
        ReturnAgain,
        /// A signature under the certificate.
        Signature,
        /// The signature that stands.
        SignatureAgain,
        /// Submissions are no longer taken, and the bank is an active member under the identity that it has submitted under.
        GatheredActive,
        /// Submissions are no longer taken, and the bank takes part in nothing, or under another identity.
        GatheredAway,
    }
}

/// Why nothing is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The job has not come to this state, which waits for it.
    Early(State),
    /// The job has left this state, which waits for it.
    Late(State),
    /// The time for submissions is over, or nothing stood when it was.
    DeadlinePassed,
    /// The bank has declined.
    Declined,
    /// There is no header.
    Unannounced,
    /// The submission stands: no answer changes that.
    AnswerTooLate,
    /// The submission stands: it has all its rows.
    RowsTooLate,
    /// Another header stands.
    OtherHeader,
    /// Another return stands.
    OtherReturn,
    /// Another signature stands.
    OtherSignature,
}

impl Refused {
    /// What the bank is told about a job in this state.
    pub fn fault(self, bank: &BankId, job: State) -> Fault {
        let in_state = |code, wanted: State| Fault::new(code).wanted(wanted.word()).got(job.word());
        match self {
            Self::Early(wanted) => in_state(FaultCode::JobNotReady, wanted),
            Self::Late(wanted) => in_state(FaultCode::JobClosed, wanted),
            Self::DeadlinePassed => Fault::new(FaultCode::JobDeadlinePassed),
            Self::Declined => Fault::new(FaultCode::ConsentRefused).got(bank),
            Self::Unannounced => {
                Fault::field(FaultCode::MessageOutOfOrder, "header").wanted("OpenSubmission first")
            }
            Self::AnswerTooLate => Fault::field(FaultCode::SubmissionConflict, "decision.accepted"),
            Self::RowsTooLate => Fault::field(FaultCode::MessageOutOfOrder, "first_row"),
            Self::OtherHeader => Fault::field(FaultCode::SubmissionConflict, "header"),
            Self::OtherReturn => Fault::field(FaultCode::MessageRepeated, "return"),
            Self::OtherSignature => Fault::field(FaultCode::MessageRepeated, "countersignature"),
        }
    }
}

impl Event {
    /// An answer.
    pub const fn answer(accepted: bool) -> Self {
        if accepted { Self::Accept } else { Self::Decline }
    }

    /// A header, beside the one that stands.
    pub fn header(stands: Option<&[u8]>, comes: &[u8]) -> Self {
        if stands == Some(comes) { Self::HeaderAgain } else { Self::Header }
    }

    /// A return, beside the one that stands.
    pub fn returned(stands: Option<&[u8]>, comes: &[u8]) -> Self {
        if stands == Some(comes) { Self::ReturnAgain } else { Self::Return }
    }

    /// A signature under the certificate, beside the one that stands.
    pub fn signature(stands: Option<&[u8]>, comes: &[u8]) -> Self {
        if stands == Some(comes) { Self::SignatureAgain } else { Self::Signature }
    }

    /// That submissions are no longer taken. `stands` says whether the bank takes part and stands behind its header.
    pub const fn gathered(stands: bool) -> Self {
        if stands { Self::GatheredActive } else { Self::GatheredAway }
    }
}

/// Whether the job is in the state that waits for something: before it the caller may come again, after it is too late.
fn waits(job: State, wanted: State) -> Result<(), Refused> {
    match job.cmp(&wanted) {
        std::cmp::Ordering::Less => Err(Refused::Early(wanted)),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(Refused::Late(wanted)),
    }
}

impl Participant {
    /// By what is kept of it.
    pub fn of(party: &Party) -> Self {
        let submission = match (party.sealed, &party.header) {
            (true, _) => Submission::Sealed,
            (false, Some(_)) => Submission::Announced,
            (false, None) => Submission::Nothing,
        };
        Self {
            accepted: party.accepted,
            submission,
            returned: party.returned.is_some(),
            countersigned: party.countersignature.is_some(),
            left_out: party.left_out,
        }
    }

    /// What it is after the event, in a job of this state; `None` if there is nothing to do, for it is so already.
    /// `in_time` says whether its submission is still taken by the clock.
    pub fn apply(self, event: Event, job: State, in_time: bool) -> Result<Option<Self>, Refused> {
        match event {
            Event::Accept => self.answer(true, job),
            Event::Decline => self.answer(false, job),
            Event::HeaderAgain if self.submission != Submission::Nothing => Ok(None),
            Event::Header if self.submission != Submission::Nothing => Err(Refused::OtherHeader),
            Event::Header | Event::HeaderAgain => {
                self.submits(job, in_time)?;
                Ok(Some(Self { submission: Submission::Announced, ..self }))
            }
            Event::Rows => match self.submission {
                Submission::Sealed => Err(Refused::RowsTooLate),
                Submission::Nothing | Submission::Announced => self.goes_on(job, in_time).map(Some),
            },
            Event::Seal => match self.submission {
                Submission::Sealed => Ok(None),
                Submission::Nothing | Submission::Announced => self.goes_on(job, in_time).map(Some),
            },
            Event::RootFits => match self.submission {
                Submission::Sealed => Ok(None),
                Submission::Nothing | Submission::Announced => {
                    let announced = self.goes_on(job, true)?;
                    Ok(Some(Self { submission: Submission::Sealed, ..announced }))
                }
            },
            Event::ReturnAgain if self.returned => Ok(None),
            Event::Return if self.returned => Err(Refused::OtherReturn),
            Event::Return | Event::ReturnAgain => {
                self.took_part(job, State::Reporting)?;
                Ok(Some(Self { returned: true, ..self }))
            }
            Event::SignatureAgain if self.countersigned => Ok(None),
            Event::Signature if self.countersigned => Err(Refused::OtherSignature),
            Event::Signature | Event::SignatureAgain => {
                self.took_part(job, State::Certified)?;
                Ok(Some(Self { countersigned: true, ..self }))
            }
            Event::GatheredActive => waits(job, State::Open).map(|()| None),
            Event::GatheredAway => {
                waits(job, State::Open)?;
                Ok((!self.left_out).then(|| self.without()))
            }
        }
    }

    /// A decision may be changed while nothing has been sealed.
    fn answer(self, accepted: bool, job: State) -> Result<Option<Self>, Refused> {
        if self.accepted == Some(accepted) {
            return Ok(None);
        }
        waits(job, State::Open)?;
        match self.submission {
            Submission::Nothing | Submission::Announced => {
                Ok(Some(Self { accepted: Some(accepted), ..self }))
            }
            Submission::Sealed => Err(Refused::AnswerTooLate),
        }
    }

    /// A submission needs an open job, to be in time, and a bank that has not declined: nobody waits for that one, and none
    /// of its rows are to be compared.
    fn submits(self, job: State, in_time: bool) -> Result<(), Refused> {
        if job != State::Open || !in_time {
            Err(Refused::DeadlinePassed)
        } else if self.accepted == Some(false) {
            Err(Refused::Declined)
        } else {
            Ok(())
        }
    }

    /// A submission that is not sealed goes on if it was announced.
    fn goes_on(self, job: State, in_time: bool) -> Result<Self, Refused> {
        self.submits(job, in_time)?;
        if self.submission == Submission::Nothing { Err(Refused::Unannounced) } else { Ok(self) }
    }

    /// Of who was missing the certificate says so: there is nothing that it could return or check.
    fn took_part(self, job: State, wanted: State) -> Result<(), Refused> {
        waits(job, wanted)?;
        if self.submission == Submission::Sealed { Ok(()) } else { Err(Refused::DeadlinePassed) }
    }

    /// Left out: what it had sealed answers nothing.
    fn without(self) -> Self {
        let submission = match self.submission {
            Submission::Nothing => Submission::Nothing,
            Submission::Announced | Submission::Sealed => Submission::Announced,
        };
        Self { submission, left_out: true, ..self }
    }
}

#[cfg(test)]
mod tests;
