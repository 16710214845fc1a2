//! Whether the coordinator can do its work: conditions with names of a closed list.

use lianfang_link::Identity;
use lianfang_telemetry::http::Check;
use lianfang_telemetry::volume::Volume;

use crate::office::{Office, unix_time};

/// Bytes that must be free: under them a job's submissions may no longer fit.
pub const LEAST_FREE_BYTES: u64 = 1024 * 1024 * 1024;

/// Every condition.
pub(super) async fn checks(office: &Office, identity: &Identity) -> Vec<Check> {
    vec![
        Check::of("store", store(office).await),
        Check::of("disk", Volume::lack(&office.dir, LEAST_FREE_BYTES)),
        Check::of("certificate", certificate(office, identity)),
    ]
}

async fn store(office: &Office) -> Option<&'static str> {
    let asked = sqlx::query_scalar::<_, i64>("SELECT 1").fetch_one(office.store.readers()).await;
    asked.is_err().then_some("does-not-answer")
}

fn certificate(office: &Office, identity: &Identity) -> Option<&'static str> {
    match identity.expires() {
        Ok(ends) if ends.as_secs() <= unix_time(office.now()).as_secs() => Some("expired"),
        Ok(_) => None,
        Err(_) => Some("unreadable"),
    }
}
