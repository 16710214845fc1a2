//! Why a connection did not come about, in terms that a person can act on.
//!
//! Comes in: any error of gRPC, HTTP/2, TLS or the network. Goes out: one [`LinkError`] with a stable code, or nothing
//! where the peer itself answered with a status. In TLS 1.3 a client learns that its certificate is refused only from an
//! alert after its own handshake is done (RFC 8446, section 4.4.2.4); such alerts are read back into the same reasons.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError, OtherError};

use crate::admission::Party;
use crate::identity::Fingerprint;

/// Why a certificate is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its time is over.
    #[error("the certificate has expired; it has to be renewed")]
    Expired,
    /// Its time has not begun; often a wrong clock.
    #[error("the certificate is not valid yet; compare the clocks of both machines")]
    NotYetValid,
    /// No root that is trusted has issued it.
    #[error("the certificate was issued by an unknown authority")]
    UnknownRoot,
    /// A root that vouches for one bank has issued it for another party.
    #[error("the certificate was issued by a root that does not vouch for this party")]
    WrongRoot,
    /// Its key is pinned to nobody who is admitted now. The other side's reason comes without a fingerprint.
    #[error("the certificate's key is not admitted{}; compare it with the roster", shown(*.0))]
    NotAdmitted(Option<Fingerprint>),
    /// It belongs to another party than the one that was dialled.
    #[error("{expected} was expected, and {answered} answered; check the address")]
    WrongParty {
        /// Who should have answered.
        expected: Party,
        /// Who did.
        answered: Party,
    },
    /// At enrolment: no certificate sent has the invitation's fingerprint.
    #[error(
        "the authority's fingerprint differs from the one in the invitation; do not continue, ask the regulator"
    )]
    WrongFingerprint,
    /// At enrolment: the authority is right, but the certificate is not the coordinator's.
    #[error("the certificate is not the coordinator's; check the address")]
    NotCoordinator,
    /// None was sent where one is needed.
    #[error("no certificate was sent, and this service needs one; enrol first")]
    Missing,
    /// It was issued for another purpose than this.
    #[error("the certificate was not issued for connections of this kind")]
    WrongPurpose,
    /// It is malformed, or a signature in it or over the handshake is wrong.
    #[error("the certificate or its signature is not valid")]
    Invalid,
}

fn shown(key: Option<Fingerprint>) -> String {
    key.map_or_else(String::new, |key| format!(" (fingerprint {key})"))
}

impl Refusal {
    /// A stable word for translations and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::UnknownRoot => "unknown-root",
            Self::WrongRoot => "wrong-root",
            Self::NotAdmitted(_) => "not-admitted",
            Self::WrongParty { .. } => "wrong-party",
            Self::WrongFingerprint => "wrong-fingerprint",
            Self::NotCoordinator => "not-coordinator",
            Self::Missing => "missing",
            Self::WrongPurpose => "wrong-purpose",
            Self::Invalid => "invalid",
        }
    }

    fn of(error: &CertificateError) -> Self {
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            CertificateError::UnknownIssuer => Self::UnknownRoot,
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::WrongPurpose
            }
            CertificateError::Other(OtherError(inner)) => {
                inner.downcast_ref::<Self>().cloned().unwrap_or(Self::Invalid)
            }
            _ => Self::Invalid,
        }
    }
}

impl From<Refusal> for rustls::Error {
    fn from(refusal: Refusal) -> Self {
        Self::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refusal))))
    }
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Nothing listens at the address.
    #[error("the connection was refused: nothing listens at this address")]
    NotListening,
    /// The address cannot be resolved or reached.
    #[error("the address cannot be resolved or reached")]
    Unreachable,
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// The connection ended in the middle.
    #[error("the connection was cut")]
    Closed,
    /// No TLS 1.3 with X25519MLKEM768 on the other side.
    #[error("the other side does not offer TLS 1.3 with X25519MLKEM768 and HTTP/2")]
    Incompatible,
    /// What came is not TLS, or breaks its rules.
    #[error("the other side does not speak TLS properly; check the address and port")]
    Garbled,
    /// Too many connections of strangers at once.
    #[error("too many unauthenticated connections; try again later")]
    Overloaded,
    /// This side refuses the other's certificate.
    #[error("the other side is not trusted: {0}")]
    Untrusted(Refusal),
    /// The other side refuses this side's certificate.
    #[error("the other side does not accept this party: {0}")]
    Rejected(Refusal),
}

impl LinkError {
    /// Finds the reason in an error's chain of sources; `None` where no connection is at fault, as with a status that
    /// the peer itself has sent.
    pub fn of(error: &(dyn StdError + 'static)) -> Option<Self> {
        let mut next = Some(error);
        let mut general = None;
        while let Some(error) = next {
            if let Some(link) = error.downcast_ref::<Self>() {
                return Some(link.clone());
            }
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                return Some(Self::of_tls(tls));
            }
            if error.is::<tonic::TimeoutExpired>() {
                return Some(Self::TimedOut);
            }
            if let Some(http) = error.downcast_ref::<hyper::Error>() {
                if http.is_timeout() {
                    return Some(Self::TimedOut);
                }
                if http.is_closed() || http.is_canceled() || http.is_incomplete_message() {
                    general = Some(Self::Closed);
                }
            }
            next = match error.downcast_ref::<io::Error>() {
                // An io::Error's source is that of what it wraps; what it wraps is here.
                Some(io) => {
                    general = Self::of_kind(io.kind()).or(general);
                    io.get_ref().map(|inner| inner as &(dyn StdError + 'static))
                }
                None => error.source(),
            };
        }
        general
    }

    /// The reason behind an error of the network or of a handshake.
    pub fn of_io(error: &io::Error) -> Self {
        Self::of(error).unwrap_or(Self::Unreachable)
    }

    /// A stable word for translations and metrics; that of the refusal is its second half.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotListening => "not-listening",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed-out",
            Self::Closed => "closed",
            Self::Incompatible => "incompatible",
            Self::Garbled => "garbled",
            Self::Overloaded => "overloaded",
            Self::Untrusted(_) => "untrusted",
            Self::Rejected(_) => "rejected",
        }
    }

    /// The most telling word: why a certificate was refused, where one was.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Untrusted(refusal) | Self::Rejected(refusal) => refusal.code(),
            other => other.code(),
        }
    }

    /// Whether the same attempt may succeed later without a person.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::NotListening | Self::Unreachable | Self::TimedOut | Self::Closed | Self::Overloaded
        )
    }

    fn of_kind(kind: io::ErrorKind) -> Option<Self> {
        use io::ErrorKind as Kind;
        match kind {
            Kind::ConnectionRefused => Some(Self::NotListening),
            Kind::TimedOut => Some(Self::TimedOut),
            Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::BrokenPipe
            | Kind::NotConnected
            | Kind::UnexpectedEof => Some(Self::Closed),
            Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::NetworkDown
            | Kind::AddrNotAvailable
            | Kind::InvalidInput
            | Kind::NotFound => Some(Self::Unreachable),
            _ => None,
        }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(certificate) => Self::Untrusted(Refusal::of(certificate)),
            rustls::Error::NoCertificatesPresented => Self::Untrusted(Refusal::Missing),
            rustls::Error::AlertReceived(alert) => Self::of_alert(*alert),
            rustls::Error::PeerIncompatible(_) | rustls::Error::NoApplicationProtocol => Self::Incompatible,
            _ => Self::Garbled,
        }
    }

    fn of_alert(alert: AlertDescription) -> Self {
        use AlertDescription as Alert;
        match alert {
            Alert::CertificateExpired => Self::Rejected(Refusal::Expired),
            Alert::UnknownCA => Self::Rejected(Refusal::UnknownRoot),
            Alert::CertificateUnknown | Alert::AccessDenied | Alert::CertificateRevoked => {
                Self::Rejected(Refusal::NotAdmitted(None))
            }
            Alert::CertificateRequired | Alert::NoCertificate => Self::Rejected(Refusal::Missing),
            Alert::UnsupportedCertificate => Self::Rejected(Refusal::WrongPurpose),
            Alert::BadCertificate | Alert::DecryptError => Self::Rejected(Refusal::Invalid),
            Alert::HandshakeFailure
            | Alert::ProtocolVersion
            | Alert::InsufficientSecurity
            | Alert::NoApplicationProtocol => Self::Incompatible,
            Alert::CloseNotify | Alert::UserCanceled => Self::Closed,
            _ => Self::Garbled,
        }
    }
}
