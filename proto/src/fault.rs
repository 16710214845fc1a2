//! What can go wrong between parties: one short list, mapped once to gRPC.
//!
//! Comes in: a decision not to serve a request, or a gRPC status from a peer. Goes out: a status with a
//! `google.rpc.ErrorInfo` (reason, domain, metadata) that any client can read, or a [`Fault`]. A fault carries names of
//! parties, fields and limits; never an identifier, a tag or a secret. The sentences for people, in two languages, are
//! in the desk's message files under the same codes.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// `ErrorInfo.domain` of every status of ours.
pub const DOMAIN: &str = "lianfang";

/// Whose turn it is to mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The party that sent the request.
    Caller,
    /// The party that answered.
    Answerer,
    /// Nobody: the time, the network, a person who has not decided yet.
    Circumstance,
}

macro_rules! fault_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $grpc:ident, $blame:ident, $retry:literal;)+) => {
        /// The closed list of fault codes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FaultCode { $($(#[$doc])* $variant,)+ }

        impl FaultCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The code with this text.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// The gRPC status it travels under.
            pub const fn grpc(self) -> Code {
                match self { $(Self::$variant => Code::$grpc,)+ }
            }

            /// Whose turn it is to mend it.
            pub const fn blame(self) -> Blame {
                match self { $(Self::$variant => Blame::$blame,)+ }
            }

            /// Whether the same request may succeed later without anybody changing it.
            pub const fn retry(self) -> bool {
                match self { $(Self::$variant => $retry,)+ }
            }
        }
    };
}

fault_codes! {
    /// The peer showed no certificate where one is needed.
    Unauthenticated = "unauthenticated", Unauthenticated, Caller, false;
    /// A certificate is past its time; as the other side tells it, perhaps before it.
    CertificateExpired = "certificate-expired", Unauthenticated, Caller, false;
    /// A certificate is before its time, by the clock of the party that looks at it.
    CertificateEarly = "certificate-early", Unauthenticated, Caller, false;
    /// A certificate that no authority of the roster has issued.
    CertificateUnknown = "certificate-unknown", Unauthenticated, Caller, false;
    /// Another party answered than the one that was called.
    WrongParty = "wrong-party", Unauthenticated, Answerer, false;
    /// No connection could be made.
    Unreachable = "unreachable", Unavailable, Circumstance, true;
    /// No answer came in time.
    TimedOut = "timed-out", DeadlineExceeded, Circumstance, true;
    /// No person at this holder has admitted the caller.
    NotAdmitted = "not-admitted", PermissionDenied, Circumstance, true;
    /// The caller's quota at this holder is used up.
    QuotaExceeded = "quota-exceeded", ResourceExhausted, Caller, false;
    /// More rows than the job's size cap.
    SizeCapExceeded = "size-cap-exceeded", ResourceExhausted, Caller, false;
    /// The parties do not work under the same terms.
    TermsDiffer = "terms-differ", FailedPrecondition, Caller, false;
    /// A roster older than one already seen.
    RosterOlder = "roster-older", FailedPrecondition, Answerer, false;
    /// The coordinator has not confirmed this party's roster for too long: who is a member today is not known here.
    RosterStale = "roster-stale", Unavailable, Answerer, true;
    /// The member is suspended until further notice.
    MemberSuspended = "member-suspended", PermissionDenied, Caller, false;
    /// The member was revoked for good.
    MemberRevoked = "member-revoked", PermissionDenied, Caller, false;
    /// Two parties hold different rosters of one version.
    RosterDiffers = "roster-differs", FailedPrecondition, Answerer, false;
    /// No key of this class and epoch is here.
    EpochUnknown = "epoch-unknown", FailedPrecondition, Caller, false;
    /// The epoch is over here: share and outputs are erased.
    EpochClosed = "epoch-closed", FailedPrecondition, Caller, false;
    /// A holder's charge numbers went back: it was restored from a backup, and its counters are not to be relied on.
    LedgerBehind = "ledger-behind", FailedPrecondition, Answerer, true;
    /// The shares have been refreshed since; ask again under the new generation.
    GenerationChanged = "generation-changed", Aborted, Circumstance, true;
    /// No person has compared the key record yet.
    KeyNotCompared = "key-not-compared", FailedPrecondition, Circumstance, true;
    /// The federation has no key of this class yet.
    KeyNotAgreed = "key-not-agreed", FailedPrecondition, Circumstance, true;
    /// A message, batch or document over its limit.
    MessageTooLarge = "message-too-large", InvalidArgument, Caller, false;
    /// Something came before what must stand in front of it.
    MessageOutOfOrder = "message-out-of-order", OutOfRange, Caller, true;
    /// The same place was filled before with other bytes.
    MessageRepeated = "message-repeated", AlreadyExists, Caller, false;
    /// A message ends before it is whole.
    MessageTruncated = "message-truncated", InvalidArgument, Caller, false;
    /// A field is not of its form.
    MalformedField = "malformed-field", InvalidArgument, Caller, false;
    /// An element that is not the canonical encoding of a group element.
    NotCanonical = "not-canonical", InvalidArgument, Caller, false;
    /// The identity where an element is needed.
    IdentityElement = "identity-element", InvalidArgument, Caller, false;
    /// A digest is not that of the bytes beside it.
    DigestDiffers = "digest-differs", InvalidArgument, Caller, false;
    /// A signature does not verify.
    SignatureInvalid = "signature-invalid", Unauthenticated, Caller, false;
    /// A holder's answers fail the check; there is evidence.
    HolderLied = "holder-lied", DataLoss, Answerer, false;
    /// A holder answered the chunk and not the check.
    HolderUnchecked = "holder-unchecked", DataLoss, Answerer, true;
    /// Fewer than `T` holders answer.
    HoldersMissing = "holders-missing", Unavailable, Circumstance, true;
    /// A ceremony was given up because holders were missing.
    CeremonyMissing = "ceremony-failed-missing", Aborted, Circumstance, true;
    /// A ceremony was given up because a holder's message was wrong.
    CeremonyLied = "ceremony-failed-lied", Aborted, Answerer, true;
    /// No ceremony of this id.
    CeremonyUnknown = "ceremony-unknown", NotFound, Caller, false;
    /// No job with these terms.
    JobUnknown = "job-unknown", NotFound, Caller, false;
    /// The job is past the step that was asked for.
    JobClosed = "job-closed", FailedPrecondition, Caller, false;
    /// The job is not yet at the step that was asked for.
    JobNotReady = "job-not-ready", Unavailable, Circumstance, true;
    /// The deadline has passed.
    JobDeadlinePassed = "job-deadline-passed", DeadlineExceeded, Caller, false;
    /// The caller is not a participant of this job.
    NotParticipant = "not-participant", PermissionDenied, Caller, false;
    /// The bank has refused the terms.
    ConsentRefused = "consent-refused", FailedPrecondition, Circumstance, false;
    /// A person at the bank has not decided on the terms yet.
    ConsentPending = "consent-pending", FailedPrecondition, Circumstance, true;
    /// Another submission of this bank stands already.
    SubmissionConflict = "submission-conflict", AlreadyExists, Caller, false;
    /// The files of a submission that was signed are not in the bank's own folder.
    SubmissionLost = "submission-lost", FailedPrecondition, Caller, false;
    /// The coordinator has no longer the files of a submission that it had taken.
    SubmissionFilesGone = "submission-files-gone", DataLoss, Answerer, false;
    /// Rows do not have the root that was signed.
    RootDiffers = "root-differs", DataLoss, Caller, false;
    /// Too few labels open for a match that was reported.
    LabelDoesNotOpen = "label-does-not-open", DataLoss, Answerer, false;
    /// No space is left.
    DiskFull = "disk-full", Unavailable, Answerer, true;
    /// No such invite.
    InviteUnknown = "invite-unknown", PermissionDenied, Caller, false;
    /// The invite is past its time.
    InviteExpired = "invite-expired", PermissionDenied, Caller, false;
    /// The invite has been used by another key.
    InviteUsed = "invite-used", PermissionDenied, Caller, false;
    /// The service is stopping or overloaded.
    Busy = "busy", Unavailable, Circumstance, true;
    /// A bug of ours at the answering party.
    Internal = "internal", Internal, Answerer, false;
}

/// One fault, with what a person needs to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{}", code.code(), .party.as_ref().map(|p| format!(" at {p}")).unwrap_or_default(),
    .field.as_ref().map(|f| format!(" ({f})")).unwrap_or_default())]
pub struct Fault {
    /// What it is.
    pub code: FaultCode,
    /// The party at which it happened or that it names.
    pub party: Option<String>,
    /// The field, limit or thing that is meant.
    pub field: Option<String>,
    /// What was wanted (a limit, a digest's short form, a row number).
    pub wanted: Option<String>,
    /// What was there instead.
    pub got: Option<String>,
    /// When to come back.
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// A fault that says no more than its code.
    pub const fn new(code: FaultCode) -> Self {
        Self { code, party: None, field: None, wanted: None, got: None, retry_after: None }
    }

    /// A field that is not of its form.
    pub fn field(code: FaultCode, field: &str) -> Self {
        Self::new(code).named(field)
    }

    /// Names the party.
    #[must_use]
    pub fn at(mut self, party: impl Into<String>) -> Self {
        self.party = Some(party.into());
        self
    }

    /// Names the field.
    #[must_use]
    pub fn named(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// Says what was wanted.
    #[must_use]
    pub fn wanted(mut self, wanted: impl std::fmt::Display) -> Self {
        self.wanted = Some(format!("{wanted}"));
        self
    }

    /// Says what was there.
    #[must_use]
    pub fn got(mut self, got: impl std::fmt::Display) -> Self {
        self.got = Some(format!("{got}"));
        self
    }

    /// Reads a peer's status. A status that is not ours keeps its gRPC code's nearest fault.
    pub fn from_status(status: &Status) -> Self {
        let details = status.get_error_details();
        let known = details
            .error_info()
            .filter(|info| info.domain == DOMAIN)
            .and_then(|info| FaultCode::from_code(&info.reason).map(|code| (code, &info.metadata)));
        let Some((code, metadata)) = known else {
            return Self::new(nearest(status.code()));
        };
        // A peer's words end up in logs and on terminals: none of them may begin a line there or steer it.
        let plain = |value: &String| value.chars().filter(|c| !c.is_control()).take(200).collect();
        let text = |key: &str| metadata.get(key).map(plain);
        Self {
            code,
            party: text("party"),
            field: text("field"),
            wanted: text("wanted"),
            got: text("got"),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
        }
    }
}

/// What a foreign status comes nearest to.
const fn nearest(code: Code) -> FaultCode {
    match code {
        Code::Unavailable => FaultCode::Unreachable,
        Code::DeadlineExceeded | Code::Cancelled => FaultCode::TimedOut,
        Code::Unauthenticated => FaultCode::Unauthenticated,
        Code::OutOfRange | Code::ResourceExhausted => FaultCode::MessageTooLarge,
        Code::InvalidArgument => FaultCode::MalformedField,
        Code::PermissionDenied => FaultCode::NotAdmitted,
        _ => FaultCode::Internal,
    }
}

impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        let message = fault.to_string();
        let mut metadata = HashMap::new();
        for (key, value) in
            [("party", fault.party), ("field", fault.field), ("wanted", fault.wanted), ("got", fault.got)]
        {
            if let Some(value) = value {
                metadata.insert(key.to_owned(), value);
            }
        }
        let mut details = ErrorDetails::with_error_info(fault.code.code(), DOMAIN, metadata);
        if fault.code.retry() {
            details.set_retry_info(Some(fault.retry_after.unwrap_or(Duration::from_secs(1))));
        }
        Self::with_error_details(fault.code.grpc(), message, details)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_survives_the_wire() {
        for &code in FaultCode::ALL {
            let fault = Fault::new(code).at("alpha").named("epoch").wanted(3).got(4);
            let back = Fault::from_status(&Status::from(fault.clone()));
            assert_eq!(back.code, fault.code);
            assert_eq!(back.party, fault.party);
            assert_eq!(back.field, fault.field);
            assert_eq!((back.wanted, back.got), (fault.wanted, fault.got));
            assert_eq!(back.retry_after.is_some(), code.retry());
        }
    }

    #[test]
    fn a_peers_words_neither_begin_lines_nor_grow() {
        let fault =
            Fault::new(FaultCode::Busy).at("alpha\n2026 ERROR").wanted("\u{1b}[2Jx").got("y".repeat(999));
        let back = Fault::from_status(&Status::from(fault));
        assert_eq!(back.party.as_deref(), Some("alpha2026 ERROR"));
        assert_eq!(back.wanted.as_deref(), Some("[2Jx"));
        assert_eq!(back.got.map(|got| got.len()), Some(200));
    }

    #[test]
    fn a_foreign_status_is_read_by_its_code() {
        let status = Status::unavailable("nobody there");
        assert_eq!(Fault::from_status(&status).code, FaultCode::Unreachable);
    }
}
