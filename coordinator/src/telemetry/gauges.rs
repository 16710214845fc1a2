//! The gauges of one moment, read from the store and the machine. Each is read for itself: one that cannot be had takes
//! none of the others with it.

use std::collections::BTreeMap;

use lianfang_link::{Identity, Validity};
use lianfang_proto::documents::roster::Standing;
use lianfang_telemetry::metrics::{
    BUILD, CEREMONIES, CEREMONY_OLDEST, CERTIFICATE_LEFT, DISK_FREE, DISK_FREE_FILES, JOB_FAULTED,
    JOB_LAST_DONE, JOB_OLDEST, JOBS, Key, LOG_ENTRIES, Label, MEMBERS, Moment, ROSTER_AGE, ROSTER_VERSION,
    STORED_BYTES, SUBMISSION_OLDEST, SUBMISSION_ROWS, SUBMISSIONS,
};
use lianfang_telemetry::volume::bytes_of;
use sqlx::Row as _;

use super::{disks, rates, seconds};
use crate::fault::Error;
use crate::job::ledger::{self, Party};
use crate::job::state::State;
use crate::office::{Office, unix_time};
use crate::store::{FILE, number};

/// All of them.
pub(super) async fn read(office: &Office, moment: &Moment) {
    moment.set(&BUILD, &[Label::word(Key::Version, env!("CARGO_PKG_VERSION"))], 1.0);
    machine(office, moment).await;
    roster(office, moment);
    // What fails is a store that does not answer, and the probe of readiness says so.
    let _ = jobs(office, moment).await;
    let _ = submissions(office, moment).await;
    let _ = ceremonies(office, moment).await;
    let _ = entries(office, moment).await;
    let _ = rates::read(office, moment).await;
}

async fn machine(office: &Office, moment: &Moment) {
    for (part, name) in [("store", FILE.to_owned()), ("wal", format!("{FILE}-wal"))] {
        let bytes = bytes_of(&office.dir.join(name)).map(|bytes| bytes as f64);
        moment.set_known(&STORED_BYTES, &[Label::word(Key::Part, part)], bytes);
    }
    if let Some(volume) = disks::room(office).await.and_then(|room| room.least) {
        moment.set(&DISK_FREE, &[], volume.free_bytes as f64);
        moment.set_known(&DISK_FREE_FILES, &[], volume.free_files.map(|files| files as f64));
    }
}

fn roster(office: &Office, moment: &Moment) {
    let in_force = office.book.now();
    let roster = in_force.roster();
    moment.set(&ROSTER_VERSION, &[], roster.version as f64);
    moment.set(&ROSTER_AGE, &[], seconds(office.now() - roster.signed_at));
    let active = roster.members.iter().filter(|member| member.standing == Standing::Active).count();
    for (word, count) in [("active", active), ("not-active", roster.members.len() - active)] {
        moment.set(&MEMBERS, &[Label::word(Key::State, word)], count as f64);
    }
    let now = unix_time(office.now()).as_secs() as f64;
    let authority = Validity::of(office.keys.authority.certificate()).ok();
    let authority = authority.map(|validity| validity.not_after.as_secs() as f64 - now);
    moment.set_known(&CERTIFICATE_LEFT, &[Label::word(Key::Whose, "authority")], authority);
}

/// The certificate that the server shows.
pub(super) fn certificate(office: &Office, identity: &Identity, moment: &Moment) {
    let now = unix_time(office.now()).as_secs() as f64;
    let own = identity.expires().ok().map(|ends| ends.as_secs() as f64 - now);
    moment.set_known(&CERTIFICATE_LEFT, &[Label::word(Key::Whose, "own")], own);
}

async fn jobs(office: &Office, moment: &Moment) -> Result<(), Error> {
    let now = office.now();
    let sql = "SELECT state, count(*) AS jobs, min(entered_at) AS since FROM job GROUP BY state";
    let mut known: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for row in sqlx::query(sql).fetch_all(office.store.readers()).await? {
        known.insert(number(&row, "state")?, (row.try_get("jobs")?, row.try_get("since")?));
    }
    for state in State::ALL {
        let label = [Label::word(Key::State, state.word())];
        let found = known.get(&i64::from(state.wire() as i32));
        moment.set(&JOBS, &label, found.map_or(0, |(jobs, _)| *jobs) as f64);
        if !state.is_over() {
            moment.set(&JOB_OLDEST, &label, found.map_or(0.0, |(_, since)| seconds(now - since)));
        }
    }
    let closed = i64::from(State::Closed.wire() as i32);
    let failed = i64::from(State::Failed.wire() as i32);
    let faulted = "SELECT count(*) FROM job WHERE failure <> '' AND state NOT IN ($1, $2)";
    let faulted = sqlx::query_scalar::<_, i64>(faulted).bind(closed).bind(failed);
    moment.set(&JOB_FAULTED, &[], faulted.fetch_one(office.store.readers()).await? as f64);
    let done = sqlx::query_scalar::<_, Option<i64>>("SELECT max(entered_at) FROM job WHERE state = $1");
    let done = done.bind(closed).fetch_one(office.store.readers()).await?;
    moment.set_known(&JOB_LAST_DONE, &[], done.map(|done| seconds(now - done)));
    Ok(())
}

/// How far a participant has come.
fn reached(party: &Party) -> &'static str {
    match party {
        Party { countersignature: Some(_), .. } => "countersigned",
        Party { returned: Some(_), .. } => "returned",
        Party { sealed: true, .. } => "sealed",
        Party { accepted: Some(false), .. } => "declined",
        Party { header: Some(_), .. } => "sending",
        Party { accepted: Some(true), .. } => "accepted",
        Party { accepted: None, .. } => "undecided",
    }
}

const REACHED: [&str; 7] =
    ["undecided", "accepted", "declined", "sending", "sealed", "returned", "countersigned"];

async fn submissions(office: &Office, moment: &Moment) -> Result<(), Error> {
    let mut connection = office.store.readers().acquire().await?;
    let mut counts: BTreeMap<&'static str, u32> = REACHED.into_iter().map(|word| (word, 0)).collect();
    let (mut rows, mut oldest) = (0_u64, None);
    for job in ledger::running(office, &mut connection).await? {
        if job.state == State::Open {
            oldest = oldest.min(Some(job.entered_at)).or(Some(job.entered_at));
        }
        for party in ledger::parties(&mut connection, job.agreed.job()).await? {
            *counts.entry(reached(&party)).or_default() += 1;
            rows = rows.saturating_add(party.submission()?.map_or(0, |header| header.rows));
        }
    }
    for (word, count) in counts {
        moment.set(&SUBMISSIONS, &[Label::word(Key::State, word)], count.into());
    }
    moment.set(&SUBMISSION_ROWS, &[], rows as f64);
    moment.set(&SUBMISSION_OLDEST, &[], oldest.map_or(0.0, |since| seconds(office.now() - since)));
    Ok(())
}

async fn ceremonies(office: &Office, moment: &Moment) -> Result<(), Error> {
    let sql = "SELECT count(*) AS open, min(created_at) AS since FROM ceremony WHERE state = 'open'";
    let row = sqlx::query(sql).fetch_one(office.store.readers()).await?;
    moment.set(&CEREMONIES, &[], number::<u32>(&row, "open")?.into());
    let since: Option<i64> = row.try_get("since")?;
    moment.set(&CEREMONY_OLDEST, &[], since.map_or(0.0, |since| seconds(office.now() - since)));
    Ok(())
}

async fn entries(office: &Office, moment: &Moment) -> Result<(), Error> {
    let entries = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM audit_entry");
    moment.set(&LOG_ENTRIES, &[], entries.fetch_one(office.store.readers()).await? as f64);
    Ok(())
}
