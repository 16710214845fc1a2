//! Why a ceremony ended without a key, and who is named.
//!
//! Comes in: the finding of a step. Goes out: a [`Failure`] for people, for the log and for a complaint on the board.
//! Never carries content of a message. A complaint names one holder; whether a sealed package was really wrong only
//! sender and receiver know, so a failure that rests on another's word also names who gave it.

use lianfang_proto::FaultCode;
use lianfang_proto::ids::BankId;

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $code:literal;)+) => {
        /// The closed list of reasons.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Reason { $($(#[$doc])* $variant = $number,)+ }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The number that travels.
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// The reason with this number.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

reasons! {
    /// Holders did not post in time.
    Missing = 1, "missing";
    /// A first-round message is not of its form, or not signed as it says.
    OpeningMalformed = 2, "opening-malformed";
    /// A holder does not know the secret behind its commitment.
    OpeningUnproven = 3, "opening-unproven";
    /// A holder has signed two different first-round messages.
    TwoOpenings = 4, "two-openings";
    /// An echo is not of its form.
    EchoMalformed = 5, "echo-malformed";
    /// An echo claims to have seen what its dealer never signed.
    EchoFalse = 6, "echo-false";
    /// A sealed package does not open.
    PackageUnreadable = 7, "package-unreadable";
    /// A package does not fit its dealer's commitment.
    PackageWrong = 8, "package-wrong";
    /// An endorsement is not a signed key record.
    EndorsementMalformed = 9, "endorsement-malformed";
    /// An endorsement is of another record than the one that follows from the messages.
    RecordDiffers = 10, "record-differs";
    /// A holder has posted two different messages in one place.
    PostedTwice = 11, "posted-twice";
    /// A complaint is not of its form, or accuses nobody who takes part.
    ComplaintMalformed = 12, "complaint-malformed";
    /// The board shows posts of this holder that its own store does not know: a lost or restored store.
    OwnStateLost = 13, "own-state-lost";
    /// The coordinator has given the ceremony up.
    GivenUp = 14, "given-up";
    /// A later ceremony for the same key has begun.
    Superseded = 15, "superseded";
    /// The library refused where all checks had held.
    Internal = 16, "internal";
    /// The share that the ceremony begins from is here no longer.
    ShareGone = 17, "share-gone";
}

/// Why it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The reason.
    pub reason: Reason,
    /// Who lied, or who was missing.
    pub culprits: Vec<BankId>,
    /// On whose word, if this holder has not found it by itself.
    pub reporter: Option<BankId>,
}

impl Failure {
    /// A failure that names one holder, found by this one.
    pub fn of(reason: Reason, culprit: &BankId) -> Self {
        Self { reason, culprits: vec![culprit.clone()], reporter: None }
    }

    /// A failure that names nobody.
    pub fn nobodys(reason: Reason) -> Self {
        Self { reason, culprits: Vec::new(), reporter: None }
    }

    /// What others are told.
    pub fn code(&self) -> FaultCode {
        match self.reason {
            Reason::Missing | Reason::GivenUp | Reason::Superseded => FaultCode::CeremonyMissing,
            Reason::Internal | Reason::OwnStateLost | Reason::ShareGone => FaultCode::Internal,
            Reason::OpeningMalformed
            | Reason::OpeningUnproven
            | Reason::TwoOpenings
            | Reason::EchoMalformed
            | Reason::EchoFalse
            | Reason::PackageUnreadable
            | Reason::PackageWrong
            | Reason::EndorsementMalformed
            | Reason::RecordDiffers
            | Reason::PostedTwice
            | Reason::ComplaintMalformed => FaultCode::CeremonyLied,
        }
    }
}
