//! The calls that the coordinator answers, as they are named in numbers.

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
    Enrolment: Enrol Renew;
    Directory: GetRoster WatchInbox CheckUp Witness;
    CeremonyBoard: ReadBoard Post GetKeyRecord ListKeyNotices;
    Jobs: GetJob Answer Return GetCertificate Countersign;
    Intake: OpenSubmission SendRows SealSubmission;
    Reports: ReadReport;
}
