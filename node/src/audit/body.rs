//! How an event becomes a code and a body.
//!
//! Comes in: the list of events (`event.rs`), field by field. Goes out: the enum, its codes, and one JSON object for each.
//! What has no [`Field`] cannot stand in a body: the list of types below is all that an inspector may be shown.

use lianfang_proto::FaultCode;
use lianfang_proto::catalogue::{Class, Hold};
use lianfang_proto::ids::{BankId, CeremonyId, Epoch, JobId};
use lianfang_trust::{Digest, Digest32};
use serde_json::Value;

/// Stamps out the list: the enum, its codes, and its bodies field by field.
macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $code:literal { $($(#[$field_doc:meta])* $field:ident: $of:ty,)* })+) => {
        /// Something that happened at this node. `by` is the person, or the policy that acted in a person's place.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Event { $($(#[$doc])* $variant { $($(#[$field_doc])* $field: $of,)* },)+ }

        impl Event {
            /// Every code.
            pub const CODES: &'static [&'static str] = &[$($code,)+];

            /// The stable code.
            pub const fn code(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $code,)+ }
            }

            /// The body: one JSON object.
            pub fn body(&self) -> serde_json::Value {
                let mut body = serde_json::Map::new();
                match self { $(Self::$variant { $($field),* } => {
                    $(body.insert(stringify!($field).to_owned(), $crate::audit::body::Field::json($field));)*
                })+ }
                serde_json::Value::Object(body)
            }
        }
    };
}

pub(super) use events;

/// How a field stands in a body. Only what may be shown to an inspector implements it.
pub(super) trait Field {
    /// Its value.
    fn json(&self) -> Value;
}

/// Values that JSON has itself.
macro_rules! plain_fields {
    ($($of:ty),+) => { $(impl Field for $of {
        fn json(&self) -> Value {
            self.clone().into()
        }
    })+ };
}

/// Values that stand as their text.
macro_rules! text_fields {
    ($($of:ty = $text:expr;)+) => { $(impl Field for $of {
        fn json(&self) -> Value {
            let text: fn(&Self) -> String = $text;
            text(self).into()
        }
    })+ };
}

plain_fields!(String, bool, u64, i64);

text_fields! {
    Digest = Digest::to_hex;
    Digest32 = Digest32::to_hex;
    BankId = ToString::to_string;
    CeremonyId = ToString::to_string;
    JobId = ToString::to_string;
    Class = ToString::to_string;
    Hold = ToString::to_string;
    FaultCode = |code| code.code().to_owned();
}

impl Field for Epoch {
    fn json(&self) -> Value {
        self.0.into()
    }
}

impl Field for Vec<BankId> {
    fn json(&self) -> Value {
        self.iter().map(ToString::to_string).collect()
    }
}
