//! Every metric that there is, of both programs. `docs/operations.md` tells what each means; a test holds the two
//! together.

use super::{Key, Kind, Metric};

macro_rules! catalogue {
    ($($(#[$doc:meta])* $constant:ident = $kind:ident $name:literal [$($key:ident),*] $help:literal;)+) => {
        $(
            #[doc = $help]
            pub static $constant: Metric =
                Metric { name: $name, kind: Kind::$kind, help: $help, keys: &[$(Key::$key),*] };
        )+

        /// Every metric.
        pub static ALL: &[&Metric] = &[$(&$constant),+];
    };
}

catalogue! {
    BUILD = Gauge "lianfang_build_info" [Version] "Always 1; the label is the program's version.";
    ENGINE = Gauge "lianfang_engine_info" [Engine] "Always 1; the label is the engine that multiplies elements.";

    // What others ask.
    CALLS = Counter "lianfang_calls_total" [Service, Method, Code] "Calls answered, by gRPC status.";
    CALL_SECONDS = Histogram "lianfang_call_seconds" [Service, Method] "Time until a call was answered; long polls wait on purpose.";
    CALLS_UNDER_WAY = Gauge "lianfang_calls_under_way" [] "Calls being answered now.";
    HANDSHAKES_FAILED = Counter "lianfang_handshakes_failed_total" [Code] "Connections that did not come about, by reason.";

    // The work.
    ELEMENTS = Counter "lianfang_elements_total" [Work] "Elements evaluated for others, blinded, and checked.";
    CHARGED = Counter "lianfang_charged_elements_total" [Class] "Elements charged to members by this holder.";
    ATTEMPTS = Counter "lianfang_attempts_total" [Outcome] "Attempts at a step of a job.";
    FAULTS = Counter "lianfang_faults_total" [Code] "What stopped attempts, by fault.";
    BYTES_SENT = Counter "lianfang_bytes_sent_total" [Peer] "Bytes sent for jobs: requests with their elements to holders, rows to the coordinator; no framing, no TLS, no other calls.";
    SUBMITTED_BYTES = Counter "lianfang_submission_bytes_total" [] "Bytes of rows taken from banks.";

    // Queues.
    JOBS = Gauge "lianfang_jobs" [State] "Jobs in this state.";
    JOB_OLDEST = Gauge "lianfang_job_oldest_seconds" [State] "Time for which the oldest job has been in this state.";
    JOB_FAULTED = Gauge "lianfang_jobs_with_fault" [] "Jobs under way whose last attempt ended with a fault.";
    JOB_LAST_DONE = Gauge "lianfang_job_last_done_seconds" [] "Time since a job was last done.";
    SUBMISSIONS = Gauge "lianfang_submissions" [State] "Participants of jobs under way, by how far they have come.";
    SUBMISSION_OLDEST = Gauge "lianfang_submission_oldest_seconds" [] "Time for which the longest open job has waited for submissions.";
    SUBMISSION_ROWS = Gauge "lianfang_submission_rows" [] "Padded rows of submissions that stand, over jobs under way.";
    CEREMONIES = Gauge "lianfang_ceremonies_open" [] "Key ceremonies under way; at a node also those that wait for a person there.";
    CEREMONY_OLDEST = Gauge "lianfang_ceremony_oldest_seconds" [] "Time for which the oldest open ceremony has stood still (node) or been open (coordinator).";

    // Quotas.
    QUOTA_LEFT = Gauge "lianfang_quota_left_elements" [Entity, Class] "Elements that a legal entity may still have evaluated by this holder in the newest epoch.";
    OWN_QUOTA_LEFT = Gauge "lianfang_own_quota_left_elements" [Holder, Class] "Elements that a holder will still evaluate for this bank, as it last said.";

    // Validity.
    CERTIFICATE_LEFT = Gauge "lianfang_certificate_left_seconds" [Whose] "Time until a certificate ends.";
    ROSTER_VERSION = Gauge "lianfang_roster_version" [] "Version of the roster in force.";
    ROSTER_AGE = Gauge "lianfang_roster_age_seconds" [] "Time since the roster in force was issued.";
    CONTACT_AGE = Gauge "lianfang_coordinator_contact_age_seconds" [] "Time since the coordinator last answered.";
    MEMBERS = Gauge "lianfang_members" [State] "Members of the roster, by standing.";

    // Results.
    MATCH_RATE = Gauge "lianfang_match_rate_ratio" [] "This bank's matches of the last job per row submitted; absent if there were fewer than are shown.";
    BANK_MATCH_RATE = Gauge "lianfang_bank_match_rate_ratio" [Bank] "A bank's matches of its last job per padded row submitted; absent if there were fewer than are shown.";
    MATCH_RATE_ALARM = Gauge "lianfang_bank_match_rate_alarm" [Bank] "1 if a bank's match rate lies above what the configuration allows.";

    // The machine.
    STORED_BYTES = Gauge "lianfang_stored_bytes" [Part] "Bytes of the store, of its write-ahead log, of work in progress.";
    DISK_FREE = Gauge "lianfang_disk_free_bytes" [] "Bytes free where the folder lies; at the coordinator the least of that and of where the jobs' files lie.";
    DISK_FREE_FILES = Gauge "lianfang_disk_free_files" [] "Files that may still be made there.";
    LOG_ENTRIES = Gauge "lianfang_audit_entries" [] "Entries of the audit log.";
    READY = Gauge "lianfang_ready" [] "1 if every check of readiness holds.";
}
