//! Names of things on the wire: banks, jobs, ceremonies, keys.
//!
//! Comes in: text or bytes from a file or a peer. Goes out: a value that keeps its form for good, or an error that
//! names the field. A [`BankId`] made from a certificate and a [`ClaimedBankId`] read from a message are two types, so
//! that a claim is never taken for an identity.

use std::fmt;

use crate::catalogue::Class;

/// An id was malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A bank, group or schedule name outside `[a-z0-9][a-z0-9-]{0,31}`.
    #[error("{field}: an id is 1 to 32 characters of a-z, 0-9 and '-', and does not begin with '-'")]
    Name {
        /// The field it stood in.
        field: &'static str,
    },
    /// A random id that is not 16 bytes, or not 32 hexadecimal digits.
    #[error("{field}: an id is 16 bytes, written as 32 hexadecimal digits")]
    Random {
        /// The field it stood in.
        field: &'static str,
    },
}

/// The form of a bank's, a legal group's or a schedule's name: `[a-z0-9][a-z0-9-]{0,31}`.
fn is_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=32).contains(&text.len())
        && text.bytes().all(|b| plain(b) || b == b'-')
        && text.bytes().next().is_some_and(plain)
}

macro_rules! name_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Reads the id from text that stood in `field`.
            pub fn parse(text: &str, field: &'static str) -> Result<Self, IdError> {
                if is_name(text) { Ok(Self(text.to_owned())) } else { Err(IdError::Name { field }) }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text, stringify!($name))
            }
        }
    };
}

name_id! {
    /// A member, as its certificate and the roster name it.
    BankId
}

name_id! {
    /// A legal group; banks of one group count as one.
    GroupId
}

name_id! {
    /// A schedule, as the regulator calls it.
    ScheduleName
}

/// A bank id that somebody wrote into a message; worth nothing until it equals the certificate's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedBankId(BankId);

impl ClaimedBankId {
    /// Reads a claim.
    pub fn parse(text: &str, field: &'static str) -> Result<Self, IdError> {
        BankId::parse(text, field).map(Self)
    }

    /// Whether the claim agrees with the identity that the connection has proven.
    pub fn agrees_with(&self, proven: &BankId) -> bool {
        &self.0 == proven
    }
}

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The id of these 16 random bytes.
            pub const fn from_random(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Reads the id from bytes that stood in `field`.
            pub fn from_slice(bytes: &[u8], field: &'static str) -> Result<Self, IdError> {
                bytes.try_into().map(Self).map_err(|_| IdError::Random { field })
            }

            /// Reads the id from 32 hexadecimal digits.
            pub fn parse(text: &str, field: &'static str) -> Result<Self, IdError> {
                let mut bytes = [0; 16];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| IdError::Random { field })?;
                Ok(Self(bytes))
            }

            /// The 16 bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), hex::encode(self.0))
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text, stringify!($name))
            }
        }
    };
}

random_id! {
    /// One run of a job.
    JobId
}

random_id! {
    /// One ceremony.
    CeremonyId
}

random_id! {
    /// One invitation.
    InviteId
}

/// The life of one federation key, counted from 1 in each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u32);

/// A refresh of shares inside an epoch, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u32);

/// Which key, and which shares of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId {
    /// The class whose key it is.
    pub class: Class,
    /// The key's epoch.
    pub epoch: Epoch,
    /// The generation of its shares.
    pub generation: Generation,
}

impl KeyId {
    /// Bytes of an encoded key id.
    pub const LEN: usize = 10;
    const VERSION: u8 = 1;

    /// Version, class, epoch, generation; what `BlindEvaluateRequest.key_id` carries.
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[0] = Self::VERSION;
        bytes[1] = self.class.number();
        bytes[2..6].copy_from_slice(&self.epoch.0.to_be_bytes());
        bytes[6..].copy_from_slice(&self.generation.0.to_be_bytes());
        bytes
    }

    /// Reads an encoded key id.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::LEN] = bytes.try_into().ok()?;
        let [version, class, e0, e1, e2, e3, g0, g1, g2, g3] = *bytes;
        if version != Self::VERSION {
            return None;
        }
        Some(Self {
            class: Class::from_number(class)?,
            epoch: Epoch(u32::from_be_bytes([e0, e1, e2, e3])),
            generation: Generation(u32::from_be_bytes([g0, g1, g2, g3])),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_form() {
        for good in ["a", "0", "alpha", "bank-17", &"a".repeat(32)] {
            assert!(BankId::parse(good, "bank").is_ok(), "{good}");
        }
        for bad in ["", "-a", "Alpha", "银行", "a b", "a/b", &"a".repeat(33)] {
            assert_eq!(BankId::parse(bad, "bank"), Err(IdError::Name { field: "bank" }), "{bad}");
        }
    }

    #[test]
    fn random_ids_lead_back() {
        let id = JobId::from_random([7; 16]);
        assert_eq!(JobId::parse(&id.to_string(), "job"), Ok(id));
        assert_eq!(JobId::from_slice(&[0; 15], "job"), Err(IdError::Random { field: "job" }));
    }

    #[test]
    fn key_id_bytes_are_golden() {
        let id = KeyId { class: Class::Subject, epoch: Epoch(3), generation: Generation(258) };
        assert_eq!(id.to_bytes(), [1, 1, 0, 0, 0, 3, 0, 0, 1, 2]);
        assert_eq!(KeyId::from_slice(&id.to_bytes()), Some(id));
        assert_eq!(KeyId::from_slice(&[2, 1, 0, 0, 0, 3, 0, 0, 1, 2]), None);
        assert_eq!(KeyId::from_slice(&[1, 9, 0, 0, 0, 3, 0, 0, 1, 2]), None);
    }
}
