//! The calls that the coordinator answers, as they are named in numbers.

use lianfang_telemetry::served::Call;

/// Every call.
pub static CALLS: &[Call] = lianfang_telemetry::calls! {
    Enrolment: Enrol Renew;
    Directory: GetRoster WatchInbox CheckUp Witness;
    CeremonyBoard: ReadBoard Post GetKeyRecord ListKeyNotices;
    Jobs: GetJob Answer Return GetCertificate Countersign;
    Intake: OpenSubmission SendRows SealSubmission;
    Reports: ReadReport;
};
