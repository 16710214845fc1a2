//! Whether the coordinator can do its work: conditions with names of a closed list.

use lianfang_link::Identity;
use lianfang_telemetry::http::Check;

use super::disks;
use crate::office::{Office, unix_time};

/// Bytes that must be free: under them a job's submissions may no longer fit.
pub const LEAST_FREE_BYTES: u64 = 1024 * 1024 * 1024;

/// Every condition.
pub(super) async fn checks(office: &Office, identity: &Identity) -> Vec<Check> {
    vec![
        Check::of("store", store(office).await),
        Check::of("disk", disk(office).await),
        Check::of("certificate", certificate(office, identity)),
    ]
}

async fn disk(office: &Office) -> Option<&'static str> {
    disks::room(office).await.map_or(Some("does-not-answer"), |room| room.lacks)
}

async fn store(office: &Office) -> Option<&'static str> {
    let asked = sqlx::query_scalar::<_, i64>("SELECT 1").fetch_one(office.store.readers()).await;
    asked.is_err().then_some("does-not-answer")
}

fn certificate(office: &Office, identity: &Identity) -> Option<&'static str> {
    let (Ok(validity), Ok(key)) = (identity.validity(), identity.fingerprint()) else {
        return Some("unreadable");
    };
    let now = unix_time(office.now());
    if validity.not_after <= now {
        return Some("expired");
    }
    // The clock was ahead when it was issued; it is issued anew within minutes.
    if now < validity.not_before {
        return Some("not-yet-valid");
    }
    // Another process over the same store has another key: every node refuses this one.
    let pinned = office.book.now().roster().coordinator_certificate_key;
    (key.0 != pinned).then_some("not-in-roster")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lianfang_link::KeyMaterial;
    use lianfang_proto::documents::roster::Roster;
    use lianfang_trust::Signed;

    use super::*;
    use crate::app::certify;
    use crate::tests::Bench;

    #[tokio::test]
    async fn a_certificate_is_of_use_in_time_and_over_the_key_in_the_roster() {
        let bench = Bench::new().await;
        let office = &bench.us;
        let identity = certify(office).unwrap();
        assert_eq!(certificate(office, &identity), None);
        // Another process has signed the next roster, over a key of its own.
        let before = office.book.now().roster().clone();
        let other = KeyMaterial::generate().unwrap().fingerprint().unwrap().0;
        let next = |version, key| Roster { version, coordinator_certificate_key: key, ..before.clone() };
        let pin = |roster| office.book.replace(Signed::sign(&office.keys.roster, roster));
        pin(next(before.version + 1, other));
        assert_eq!(certificate(office, &identity), Some("not-in-roster"));
        pin(next(before.version + 2, before.coordinator_certificate_key));
        assert_eq!(certificate(office, &identity), None);
        let days = 367;
        bench.hand.pass(i64::try_from(Duration::from_hours(24 * days).as_secs()).unwrap());
        assert_eq!(certificate(office, &identity), Some("expired"));
        let later = certify(office).unwrap();
        assert_eq!(certificate(office, &later), None);
        bench.hand.pass(-24 * 3_600);
        assert_eq!(certificate(office, &later), Some("not-yet-valid"));
    }
}
