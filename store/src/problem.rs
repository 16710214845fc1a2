//! What the person at the desk hears when the store refuses.

use lianfang_desk::Problem;

use crate::StoreError;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let problem = match &error {
            StoreError::Full => Self::fault("disk-full"),
            StoreError::ReadOnly => Self::fault("disk-read-only"),
            StoreError::Locked => Self::fault("busy"),
            StoreError::WrongKey => Self::fault("wrong-passphrase"),
            StoreError::Newer { .. } | StoreError::Foreign { .. } => Self::fault("store-newer"),
            StoreError::Unreachable => Self::fault("store-unreachable"),
            StoreError::Refused | StoreError::Unfit { .. } => Self::usage("store-refused"),
            StoreError::NoAddress => Self::usage("store-address"),
            StoreError::NoServers => Self::usage("store-without-servers"),
            _ => Self::fault("store-corrupt"),
        };
        problem.with("path", "store.sqlite").with("detail", error.to_string()).because(error)
    }
}
