//! What went wrong, told in one way: faults of peers, of the store, of the protocol, as problems for people.
//!
//! Comes in: a gRPC status, a [`Fault`], an error of a room. Goes out: a [`Fault`] (to a peer) or a [`Problem`] (to a
//! person). The one place where the three meet.

use std::io;

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
            Refusal::NotYetValid => FaultCode::CertificateEarly,
            Refusal::WrongParty { expected, answered } => {
                return Fault::new(FaultCode::WrongParty).wanted(expected).got(answered);
            }
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

/// A file of a job that could not be read or written: a full disk is told as one.
pub fn of_file(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::ReadOnlyFilesystem => {
            Fault::new(FaultCode::DiskFull)
        }
        _ => Fault::new(FaultCode::Internal).got(error),
    }
}

/// A record of a key that could not be read or written.
pub fn of_record(error: &RecordError) -> Fault {
    match error {
        RecordError::Store(error) => of_store(error),
        other => Fault::new(FaultCode::Internal).got(other),
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

#[cfg(test)]
mod tests {
    use lianfang_link::Party;

    use super::*;
    use crate::pipeline::submit::SubmitError;
    use crate::report::ReportError;

    #[test]
    fn a_refused_certificate_is_told_by_its_reason() {
        let bank = |id: &str| Party::Bank(id.to_owned());
        let wrong = Refusal::WrongParty { expected: bank("beta"), answered: bank("gamma") };
        for (refusal, code) in [
            (Refusal::Expired, FaultCode::CertificateExpired),
            (Refusal::NotYetValid, FaultCode::CertificateEarly),
            (Refusal::UnknownRoot, FaultCode::CertificateUnknown),
            (Refusal::NotAdmitted(None), FaultCode::CertificateUnknown),
            (wrong.clone(), FaultCode::WrongParty),
        ] {
            assert_eq!(of_link(&LinkError::Untrusted(refusal.clone())).code, code, "{refusal}");
        }
        let fault = of_link(&LinkError::Untrusted(wrong));
        assert_eq!((fault.wanted.as_deref(), fault.got.as_deref()), (Some("bank beta"), Some("bank gamma")));
    }

    #[test]
    fn a_full_disk_is_told_as_one_wherever_it_is_met() {
        for kind in
            [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::ReadOnlyFilesystem]
        {
            assert_eq!(of_file(&kind.into()).code, FaultCode::DiskFull, "{kind:?}");
            assert_eq!(Fault::from(SubmitError::Disk(kind.into())).code, FaultCode::DiskFull, "{kind:?}");
            assert_eq!(Fault::from(ReportError::Disk(kind.into())).code, FaultCode::DiskFull, "{kind:?}");
        }
        assert_eq!(of_file(&io::ErrorKind::InvalidData.into()).code, FaultCode::Internal);
        assert_eq!(of_record(&RecordError::Store(StoreError::Full)).code, FaultCode::DiskFull);
    }
}
