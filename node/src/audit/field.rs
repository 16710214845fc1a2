//! How the fields of an event stand in its body.

use lianfang_proto::FaultCode;
use lianfang_proto::catalogue::{Class, Hold};
use lianfang_proto::ids::{BankId, CeremonyId, Epoch, JobId};
use lianfang_trust::{Digest, Digest32};
use serde_json::Value;

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
