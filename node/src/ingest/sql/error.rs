//! Why a server gave no rows, or no more.
//!
//! Comes in: what the driver says. Goes out: one case for each remedy, with the server's code and never its words: they may
//! repeat values.

/// Why a server gave no rows, or no more.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is none.
    #[error("the address is not one of postgres://user@host/database and mysql://user@host/database")]
    Address,
    /// The address has a password in it.
    #[error("the address holds a password; put it into a file and name that with --password-file")]
    PasswordInAddress,
    /// The program was built without this kind of server.
    #[error("this program was built without {0}")]
    NotBuilt(&'static str),
    /// Nobody answers, or the connection broke.
    #[error("the server cannot be reached, or broke off")]
    Unreachable,
    /// It is not who the address says, as far as certificates tell, or has none.
    #[error("the server's certificate is not one that the address trusts")]
    Certificate,
    /// The server does not let the user in, or not at this table.
    #[error("the server refuses the user, the password or what the query reads (code {code})")]
    Refused {
        /// The server's code.
        code: String,
    },
    /// The query is not one that the server understands.
    #[error("the server does not understand the query (code {code}); it must be one SELECT")]
    Query {
        /// The server's code.
        code: String,
    },
    /// The statement is one that gives no rows.
    #[error("the query gives no rows; it must be one SELECT")]
    NoRows,
    /// A value that the query reads is not what the query takes it for.
    #[error("a value that the query reads is not of its type or out of its range (code {code})")]
    Data {
        /// The server's code.
        code: String,
    },
    /// The query would change something.
    #[error("the query would change something; it may only read")]
    Writes,
    /// The query took too long.
    #[error("the query took longer than its timeout")]
    TimedOut,
    /// Something else.
    #[error("the server ended the query (code {code})")]
    Failed {
        /// The server's code.
        code: String,
    },
}

impl ServerError {
    /// The stable code, by which the desk has a sentence for each.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Address => "source-address",
            Self::PasswordInAddress => "source-password-in-address",
            Self::NotBuilt(_) => "source-not-built",
            Self::Unreachable => "source-unreachable",
            Self::Certificate => "source-certificate",
            Self::Refused { .. } => "source-refused",
            Self::Query { .. } => "source-query",
            Self::NoRows => "source-no-rows",
            Self::Data { .. } => "source-data",
            Self::Writes => "source-writes",
            Self::TimedOut => "source-timed-out",
            Self::Failed { .. } => "source-failed",
        }
    }

    /// The number a command ends with.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Address
            | Self::PasswordInAddress
            | Self::NotBuilt(_)
            | Self::Certificate
            | Self::Query { .. }
            | Self::NoRows
            | Self::Writes => 64,
            Self::Unreachable => 69,
            Self::Refused { .. } => 77,
            Self::TimedOut => 75,
            Self::Data { .. } | Self::Failed { .. } => 65,
        }
    }

    /// By a code of SQL's own classes (ISO 9075), as both kinds of server have it.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    fn of_state(state: &str) -> Self {
        let code = state.to_owned();
        match state {
            "57014" => Self::TimedOut,
            "25006" => Self::Writes,
            "42501" => Self::Refused { code },
            _ if state.starts_with("28") => Self::Refused { code },
            _ if state.starts_with("22") => Self::Data { code },
            _ if ["42", "3D", "0A", "34"].iter().any(|class| state.starts_with(class)) => {
                Self::Query { code }
            }
            _ if ["08", "53", "57"].iter().any(|class| state.starts_with(class)) => Self::Unreachable,
            _ => Self::Failed { code },
        }
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl From<sqlx::Error> for ServerError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(told) => {
                #[cfg(feature = "mysql")]
                if let Some(told) = super::mysql::told(told.as_ref()) {
                    return told;
                }
                told.code().map_or_else(|| Self::Failed { code: String::new() }, |code| Self::of_state(&code))
            }
            sqlx::Error::Tls(_) => Self::Certificate,
            // So a handshake ends in which one side does not take what the other shows.
            sqlx::Error::Io(told) if told.kind() == std::io::ErrorKind::InvalidData => Self::Certificate,
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => Self::Unreachable,
            sqlx::Error::Configuration(_) => Self::Address,
            _ => Self::Failed { code: String::new() },
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    use super::*;

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    #[test]
    fn states_are_told_apart() {
        let exit = |state| (ServerError::of_state(state).code(), ServerError::of_state(state).exit_code());
        assert_eq!(exit("22P02"), ("source-data", 65));
        assert_eq!(exit("42601"), ("source-query", 64));
        assert_eq!(exit("57014"), ("source-timed-out", 75));
    }

    /// Who waits for a network that is in order waits for ever.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    #[test]
    fn a_certificate_that_is_not_trusted_is_no_server_that_is_away() {
        use std::io::ErrorKind;
        let exit = |error: sqlx::Error| {
            let error = ServerError::from(error);
            (error.code(), error.exit_code())
        };
        let certificate = ("source-certificate", 64);
        assert_eq!(exit(sqlx::Error::Tls("of the driver".into())), certificate);
        assert_eq!(exit(sqlx::Error::Io(ErrorKind::InvalidData.into())), certificate);
        for kind in [
            ErrorKind::ConnectionRefused,
            ErrorKind::ConnectionReset,
            ErrorKind::NotFound,
            ErrorKind::TimedOut,
            ErrorKind::UnexpectedEof,
        ] {
            assert_eq!(exit(sqlx::Error::Io(kind.into())), ("source-unreachable", 69), "{kind}");
        }
    }
}
