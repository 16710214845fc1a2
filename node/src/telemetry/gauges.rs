//! The gauges of one moment, read from the store and the machine. Each is read for itself: one that cannot be had takes
//! none of the others with it.

use std::collections::BTreeMap;
use std::path::Path;

use lianfang_crypto::lanes::Lanes;
use lianfang_link::{CertificateDer, UnixTime, Validity};
use lianfang_proto::documents::roster::Standing;
use lianfang_telemetry::metrics::{
    BUILD, CEREMONIES, CEREMONY_OLDEST, CERTIFICATE_LEFT, CONTACT_AGE, DISK_FREE, DISK_FREE_FILES, ENGINE,
    JOB_FAULTED, JOB_LAST_DONE, JOB_OLDEST, JOBS, Key, LOG_ENTRIES, Label, MATCH_RATE, MEMBERS, Moment,
    OWN_QUOTA_LEFT, QUOTA_LEFT, ROSTER_AGE, ROSTER_VERSION, STORED_BYTES,
};
use lianfang_telemetry::volume::{Volume, bytes_of};
use sqlx::Row as _;

use super::seconds;
use crate::app::{App, Joined, SPOOL};
use crate::ceremony::asked::Questions;
use crate::job::book::Figures;
use crate::job::state::Stage;
use crate::key_holder::quota::Account;
use crate::key_holder::vault::ActiveKey;
use crate::secrets::STORE;
use crate::store::{Store, StoreError, number};

/// Counts from 1 to one less than this are not told, as in summaries.
const FEW: u64 = 5;

/// All of them.
pub(super) async fn read(node: &App, moment: &Moment) {
    moment.set(&BUILD, &[Label::word(Key::Version, env!("CARGO_PKG_VERSION"))], 1.0);
    moment.set(&ENGINE, &[Label::word(Key::Engine, Lanes::current().name())], 1.0);
    machine(&node.dir, moment);
    // What fails is a store that does not answer, and the probe of readiness says so.
    let _ = jobs(node, moment).await;
    let _ = match_rate(&node.store, moment).await;
    let _ = ceremonies(node, moment).await;
    if let Ok(head) = node.log.head().await {
        moment.set(&LOG_ENTRIES, &[], head.entries() as f64);
    }
    if let Some(joined) = node.joined().await {
        membership(node, &joined, moment);
        let _ = quotas(node, &joined, moment).await;
    }
}

fn machine(dir: &Path, moment: &Moment) {
    let parts = [("store", STORE.to_owned()), ("wal", format!("{STORE}-wal")), ("spool", SPOOL.to_owned())];
    for (part, name) in parts {
        let bytes = bytes_of(&dir.join(name)).map(|bytes| bytes as f64);
        moment.set_known(&STORED_BYTES, &[Label::word(Key::Part, part)], bytes);
    }
    if let Ok(volume) = Volume::of(dir) {
        moment.set(&DISK_FREE, &[], volume.free_bytes as f64);
        moment.set_known(&DISK_FREE_FILES, &[], volume.free_files.map(|files| files as f64));
    }
}

async fn jobs(node: &App, moment: &Moment) -> Result<(), StoreError> {
    let now = node.ports.clock.now();
    let sql = "SELECT stage, count(*) AS jobs, min(seen_at) AS since FROM job GROUP BY stage";
    let mut known: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for row in sqlx::query(sql).fetch_all(node.store.readers()).await? {
        known.insert(row.try_get("stage")?, (row.try_get("jobs")?, row.try_get("since")?));
    }
    for stage in Stage::ALL {
        let state = [Label::word(Key::State, stage.code())];
        let found = known.get(&stage.number());
        moment.set(&JOBS, &state, found.map_or(0, |(jobs, _)| *jobs) as f64);
        if !stage.is_over() {
            moment.set(&JOB_OLDEST, &state, found.map_or(0.0, |(_, since)| seconds(now - since)));
        }
    }
    let faulted = "SELECT count(*) FROM job WHERE fault IS NOT NULL AND stage < $1";
    let faulted = sqlx::query_scalar::<_, i64>(faulted).bind(Stage::Done.number());
    moment.set(&JOB_FAULTED, &[], faulted.fetch_one(node.store.readers()).await? as f64);
    let done = sqlx::query_scalar::<_, Option<i64>>("SELECT max(updated_at) FROM job WHERE stage = $1");
    let done = done.bind(Stage::Done.number()).fetch_one(node.store.readers()).await?;
    moment.set_known(&JOB_LAST_DONE, &[], done.map(|done| seconds(now - done)));
    Ok(())
}

async fn match_rate(store: &Store, moment: &Moment) -> Result<(), StoreError> {
    let sql = "SELECT figures FROM job WHERE stage = $1 ORDER BY updated_at DESC LIMIT 1";
    let figures = sqlx::query_scalar::<_, Option<String>>(sql).bind(Stage::Done.number());
    let figures = figures.fetch_optional(store.readers()).await?.flatten();
    let figures: Option<Figures> = figures.and_then(|text| serde_json::from_str(&text).ok());
    moment.set_known(&MATCH_RATE, &[], figures.as_ref().and_then(rate));
    Ok(())
}

fn rate(figures: &Figures) -> Option<f64> {
    let matched: u64 = figures.matched_by_kind.values().sum();
    let told = matched == 0 || matched >= FEW;
    (told && figures.own_rows > 0).then(|| matched as f64 / figures.own_rows as f64)
}

/// Those under way, and those that wait for a person here.
async fn ceremonies(node: &App, moment: &Moment) -> Result<(), StoreError> {
    let sql = "SELECT count(*) AS open, min(updated_at) AS since FROM ceremonies WHERE stage NOT IN ('done', 'failed')";
    let row = sqlx::query(sql).fetch_one(node.store.readers()).await?;
    let now = node.ports.clock.now();
    let asked = Questions::new(node.store.clone()).open(now).await?;
    moment.set(&CEREMONIES, &[], f64::from(number::<u32>(&row, "open")?) + asked.len() as f64);
    let since: Option<i64> = row.try_get("since")?;
    let oldest = since.into_iter().chain(asked.iter().map(|asked| asked.asked_at)).min();
    let age = oldest.map_or(0.0, |since| seconds(now - since));
    moment.set(&CEREMONY_OLDEST, &[], age);
    Ok(())
}

fn membership(node: &App, joined: &Joined, moment: &Moment) {
    let (now, clock) = (node.ports.clock.now(), node.clock().now());
    let pinned = joined.context.roster.now();
    let left = |ends: UnixTime| ends.as_secs() as f64 - clock.as_secs() as f64;
    let own = joined.identity.expires().ok().map(left);
    moment.set_known(&CERTIFICATE_LEFT, &[Label::word(Key::Whose, "own")], own);
    let root = CertificateDer::from(pinned.roster.authority_root.as_slice());
    let authority = Validity::of(&root).ok().map(|validity| left(validity.not_after));
    moment.set_known(&CERTIFICATE_LEFT, &[Label::word(Key::Whose, "authority")], authority);
    moment.set(&ROSTER_VERSION, &[], pinned.roster.version as f64);
    moment.set(&ROSTER_AGE, &[], seconds(now - pinned.roster.signed_at));
    let contact = node.telemetry.last_contact();
    moment.set_known(&CONTACT_AGE, &[], (contact > 0).then(|| seconds(now - contact)));
    let active = pinned.roster.members.iter().filter(|member| member.standing == Standing::Active).count();
    let suspended = pinned.roster.members.len() - active;
    for (word, count) in [("active", active), ("not-active", suspended)] {
        moment.set(&MEMBERS, &[Label::word(Key::State, word)], count as f64);
    }
    for ((holder, class), quota) in node.telemetry.own_quota() {
        let labels = [Label::party(Key::Holder, holder.as_str()), Label::word(Key::Class, class)];
        moment.set(&OWN_QUOTA_LEFT, &labels, quota as f64);
    }
}

/// What each legal entity has left at this holder, under the newest key of each class.
async fn quotas(node: &App, joined: &Joined, moment: &Moment) -> Result<(), StoreError> {
    let vault = &joined.context.vault;
    let mut newest = BTreeMap::new();
    for key in vault.keys() {
        if let Some(active) = vault.current(key.class, key.epoch) {
            let slot = newest.entry(key.class.number()).or_insert_with(|| active.clone());
            if slot.key().epoch.0 < key.epoch.0 {
                *slot = active;
            }
        }
    }
    for active in newest.values() {
        quotas_under(node, active, moment).await?;
    }
    Ok(())
}

async fn quotas_under(node: &App, active: &ActiveKey, moment: &Moment) -> Result<(), StoreError> {
    let key = active.key();
    let (class, epoch) = (i64::from(key.class.number()), i64::from(key.epoch.0));
    let sql = "SELECT a.entity AS entity, max(a.quota) AS quota, \
         CAST(coalesce(max(s.spent), 0) AS BIGINT) AS spent, CAST(coalesce(max(s.granted), 0) AS BIGINT) AS granted \
         FROM key_holder_admissions a LEFT JOIN key_holder_accounts s \
         ON s.entity = a.entity AND s.class = $1 AND s.epoch = $2 \
         WHERE a.revoked = 0 GROUP BY a.entity ORDER BY a.entity";
    let rows = sqlx::query(sql).bind(class).bind(epoch).fetch_all(node.store.readers()).await?;
    let lost = "SELECT count(*) FROM key_holder_losses WHERE class = $1 AND epoch = $2";
    let lost = sqlx::query_scalar::<_, i64>(lost).bind(class).bind(epoch);
    let lost = lost.fetch_one(node.store.readers()).await? > 0;
    for row in rows {
        let spent = number::<u64>(&row, "spent")?;
        let (quota, granted) = (Some(number(&row, "quota")?), number(&row, "granted")?);
        let account = Account { quota, sharing: active.sharing(), granted, spent, lost };
        let left = account.limit().saturating_sub(spent);
        let entity: String = row.try_get("entity")?;
        let labels = [Label::party(Key::Entity, &entity), Label::word(Key::Class, key.class.code())];
        moment.set(&QUOTA_LEFT, &labels, left as f64);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_matches_are_not_told() {
        let figures = |matched: u64, own_rows| {
            let matched_by_kind = BTreeMap::from([("mobile".to_owned(), matched)]);
            rate(&Figures { own_rows, matched_by_kind, ..Figures::default() })
        };
        assert_eq!(figures(0, 100), Some(0.0));
        assert_eq!(figures(1, 100), None);
        assert_eq!(figures(4, 100), None);
        assert_eq!(figures(5, 100), Some(0.05));
        assert_eq!(figures(0, 0), None);
    }
}
