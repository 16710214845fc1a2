//! From this room's errors to what the caller is told: one place, by code, field and limit, never by content.

use lianfang_crypto::error::{Malformed, Problem};
use lianfang_proto::{Fault, FaultCode};

use super::ledger::LedgerError;
use super::vault::VaultError;
use crate::store::StoreError;

/// What a batch is refused for; `field` is the message's own name for it.
pub(super) fn malformed(error: &Malformed, field: &str) -> Fault {
    let (code, entry) = match error.problem {
        Problem::Identity { index } => (FaultCode::IdentityElement, Some(index)),
        Problem::NotAnElement { index } | Problem::NotAScalar { index } => {
            (FaultCode::NotCanonical, Some(index))
        }
        Problem::Length { .. } | Problem::Ragged { .. } | Problem::Empty => {
            (FaultCode::MessageTruncated, None)
        }
        Problem::TooMany { .. } => (FaultCode::MessageTooLarge, None),
        _ => (FaultCode::MalformedField, None),
    };
    let fault = Fault::field(code, field);
    match entry {
        Some(index) => fault.got(format_args!("entry {index}")),
        None => fault,
    }
}

impl From<LedgerError> for Fault {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::NotAdmitted => Self::field(FaultCode::NotAdmitted, "certificate"),
            LedgerError::Exceeded { limit, spent } => {
                Self::field(FaultCode::QuotaExceeded, "blinded_elements").wanted(limit).got(spent)
            }
            LedgerError::TooManyCommitments => Self::field(FaultCode::MessageRepeated, "request"),
            LedgerError::Store(error) => of_store(&error),
        }
    }
}

impl From<VaultError> for Fault {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Malformed(error) => malformed(&error, "blinded_elements"),
            VaultError::Store(error) => of_store(&error),
            VaultError::Stopped => Self::new(FaultCode::Busy),
            VaultError::Closed => Self::new(FaultCode::EpochClosed),
            VaultError::OtherShare | VaultError::Superseded | VaultError::Record(_) => {
                Self::new(FaultCode::Internal)
            }
        }
    }
}

fn of_store(error: &StoreError) -> Fault {
    Fault::new(match error {
        StoreError::Full => FaultCode::DiskFull,
        error if error.is_passing() => FaultCode::Busy,
        _ => FaultCode::Internal,
    })
}
