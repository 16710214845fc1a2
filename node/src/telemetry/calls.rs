//! The calls that a node answers, as they are named in numbers.

use lianfang_telemetry::served::Call;

macro_rules! calls {
    ($($service:ident: $($method:ident)+;)+) => {
        /// Every call.
        pub static CALLS: &[Call] = &[$($(Call {
            path: concat!("/lianfang.v1.", stringify!($service), "/", stringify!($method)),
            service: stringify!($service),
            method: stringify!($method),
        }),+),+];
    };
}

calls! {
    KeyHolder: Evaluate BlindEvaluate GetStanding;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_of_calls_that_there_are() {
        for call in CALLS {
            for name in [call.service, call.method] {
                let named =
                    lianfang_proto::DESCRIPTORS.windows(name.len()).any(|part| part == name.as_bytes());
                assert!(named, "{name}");
            }
        }
    }
}
