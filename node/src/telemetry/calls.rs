//! The calls that a node answers, as they are named in numbers.

use lianfang_telemetry::served::Call;

/// Every call.
pub static CALLS: &[Call] = lianfang_telemetry::calls! {
    KeyHolder: Evaluate BlindEvaluate GetStanding;
};
