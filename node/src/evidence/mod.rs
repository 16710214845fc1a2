//! Evidence for people outside this node: what a holder did, what this bank has evaluated and on whose account.
//!
//! * Comes in: rows of this node, or a file that somebody hands over. Goes out: files that a third party verifies with
//!   nothing but the roster and the key records ([`papers`]), and verdicts.
//! * Never sees: a share. A file of an inspection holds identifiers in clear and is for the inspector alone.
//! * Trusts: in a verdict, the papers; and those only as far as people compare their digests, which every verdict names.
//! * Fails: making a file, with the store's error; verifying one, with a [`Flaw`] that says what does not hold.
//!
//! | file | what it is |
//! | --- | --- |
//! | [`papers`] | roster and key records, for whoever verifies |
//! | [`accusation`] | that a holder answered wrongly |
//! | [`commitments`] | what a bank has committed itself to, as a holder kept it |
//! | [`inspection`] | some of those commitments, opened |
//! | [`form`] | how such files are written and read |
//!
//! Source: `PROTOCOL`, sections 2 (Check) and 3.3.

pub mod accusation;
pub mod commitments;
pub mod form;
pub mod inspection;
pub mod papers;

/// What does not hold in a file. The code of each is stable, and has its sentence in the message files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It is not one of our files, or a field of it is not of its form.
    #[error("the field {0} is not of its form")]
    Malformed(&'static str),
    /// The papers lack the bank, or the holder, or the key.
    #[error("the papers do not name what the file is about")]
    NotInPapers,
    /// A request is not signed by the bank that it names.
    #[error("the bank has not signed the request")]
    RequestNotSigned,
    /// The answer is not signed by the holder that it names.
    #[error("the holder has not signed the answer")]
    AnswerNotSigned,
    /// The answer is to another request, or another key.
    #[error("the answer is to another request")]
    OtherRequest,
    /// Elements are not those that were signed for.
    #[error("the elements are not those that were signed for")]
    OtherElements,
    /// The accusation names another holder than the answer.
    #[error("the accusation is about another holder")]
    OtherHolder,
    /// The accusation rests on something that nobody has signed.
    #[error("the accusation rests on a proof that the holder has not signed")]
    Unsigned,
    /// The proof on the check element does not hold.
    #[error("nothing pins what the answer should have been")]
    NothingPinned,
    /// The answer is right.
    #[error("the holder answered correctly")]
    Honest,
    /// A leaf does not lead to the root that the bank signed.
    #[error("a record does not lead to the signed root")]
    OtherRoot,
    /// An element is not the blinding of the identifier that is shown.
    #[error("an element is not the blinding of the identifier shown for it")]
    OtherIdentifier,
    /// The holder has kept no such request.
    #[error("the holder has kept no such commitment")]
    NotCommitted,
}

impl Flaw {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::NotInPapers => "not-in-papers",
            Self::RequestNotSigned => "request-not-signed",
            Self::AnswerNotSigned => "answer-not-signed",
            Self::OtherRequest => "other-request",
            Self::OtherElements => "other-elements",
            Self::OtherHolder => "other-holder",
            Self::Unsigned => "unsigned",
            Self::NothingPinned => "nothing-pinned",
            Self::Honest => "honest",
            Self::OtherRoot => "other-root",
            Self::OtherIdentifier => "other-identifier",
            Self::NotCommitted => "not-committed",
        }
    }
}

#[cfg(test)]
mod tests;
