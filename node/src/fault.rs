//! What went wrong, told in one way: faults of peers, of the store, of the protocol, as problems for people.
//!
//! Comes in: a gRPC status, a [`Fault`], an error of a room. Goes out: a [`Fault`] (to a peer) or a [`Problem`] (to a
//! person). The one place where the three meet.

use lianfang_desk::Problem;
use lianfang_link::{LinkError, Refusal};
use lianfang_proto::{Fault, FaultCode};
use tonic::Status;

use crate::audit::AuditError;
use crate::key_holder::ledger::LedgerError;
use crate::key_holder::records::RecordError;
use crate::key_holder::vault::VaultError;
use crate::store::StoreError;

/// What a call to `party` came to: the connection's own failure if there was one, else what the peer said.
pub fn of_call(status: &Status, party: &str) -> Fault {
    let fault = LinkError::of(status).map_or_else(|| Fault::from_status(status), |link| of_link(&link));
    if fault.party.is_some() { fault } else { fault.at(party) }
}

/// What a failed connection is called.
pub fn of_link(error: &LinkError) -> Fault {
    let code = match error {
        LinkError::NotListening | LinkError::Unreachable | LinkError::Closed | LinkError::Overloaded => {
            FaultCode::Unreachable
        }
        LinkError::TimedOut => FaultCode::TimedOut,
        LinkError::Incompatible | LinkError::Garbled => FaultCode::WrongParty,
        LinkError::Untrusted(refusal) | LinkError::Rejected(refusal) => match refusal {
            Refusal::Expired => FaultCode::CertificateExpired,
            Refusal::WrongParty { .. } => FaultCode::WrongParty,
            _ => FaultCode::CertificateUnknown,
        },
    };
    Fault::new(code).got(error)
}

/// A store's error as a peer hears it: nothing but whether to come back.
pub fn of_store(error: &StoreError) -> Fault {
    match error {
        StoreError::Full | StoreError::ReadOnly => Fault::new(FaultCode::DiskFull),
        error if error.is_passing() => Fault::new(FaultCode::Busy),
        _ => Fault::new(FaultCode::Internal),
    }
}

/// A log that could not be written: the same, for it is in the store.
pub fn of_log(error: &AuditError) -> Fault {
    match error {
        AuditError::Store(error) => of_store(error),
        other => Fault::new(FaultCode::Internal).got(other),
    }
}

/// A fault as a person hears it.
pub fn problem(fault: &Fault) -> Problem {
    let mut problem = Problem::fault(fault.code.code());
    if let Some(party) = &fault.party {
        problem = problem.at(party.clone());
    }
    if let Some(field) = &fault.field {
        problem = problem.field(field.clone());
    }
    for (name, value) in [("wanted", &fault.wanted), ("got", &fault.got)] {
        if let Some(value) = value {
            problem = problem.with(name, value.clone());
        }
    }
    problem
}

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Store(error) => error.into(),
            other => Self::fault("audit-broken").with("got", other.to_string()).because(other),
        }
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Store(error) => error.into(),
            other => Self::bug(other),
        }
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Store(error) | VaultError::Record(RecordError::Store(error)) => error.into(),
            other => Self::bug(other),
        }
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Store(error) => error.into(),
            other => Self::bug(other),
        }
    }
}
