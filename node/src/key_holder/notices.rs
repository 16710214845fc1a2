//! What the coordinator has announced of each epoch, as this node keeps it; and when an epoch ends here by itself.
//!
//! * Comes in: notices whose signature holds. Goes out: the last one of each epoch, and the time of its end.
//! * Never sees: shares, outputs. Trusts: the coordinator for the announcement alone; whether and when anything is erased is
//!   this node's policy, which gives its people time to object.
//! * Fails: with the store's error. An older notice, or one that would take a key back in its life, changes nothing.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::key_notice::{KeyNotice, KeyState};
use lianfang_proto::ids::Epoch;
use lianfang_trust::{Canonical as _, Digest, Signed, VerifyingKey};
use sqlx::Row as _;

use super::ports::Noted;
use crate::config::{Decide, Policy};
use crate::ports::Micros;
use crate::store::{Row, Store, StoreError};

const DAY: Micros = 86_400_000_000;

/// A notice as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What was announced.
    pub notice: KeyNotice,
    /// Since when the date of the end is known here.
    pub known_since: Micros,
}

impl Kept {
    /// When share and outputs are erased here by themselves; never unless the policy does it.
    pub fn closes_by_itself_at(&self, policy: &Policy) -> Option<Micros> {
        let closes_at = self.notice.closes_at?;
        match policy.close {
            Decide::Automatic => {
                let notice = Micros::from(policy.close_days).saturating_mul(DAY);
                Some(closes_at.max(self.known_since.saturating_add(notice)))
            }
            Decide::Ask | Decide::Refuse => None,
        }
    }
}

/// What became of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is kept.
    New,
    /// It was known, or is older than the one that is.
    Known,
    /// It does not follow on the one that is known.
    Contradicts,
}

/// What is kept once `came` is seen at `now`; nothing if it changes nothing.
pub fn next(kept: Option<&Kept>, came: &KeyNotice, now: Micros) -> (Taken, Option<Kept>) {
    let fresh = Kept { notice: *came, known_since: now };
    match kept {
        None => (Taken::New, Some(fresh)),
        Some(kept) if came.number <= kept.notice.number => (Taken::Known, None),
        Some(kept) if !came.follows(&kept.notice) => (Taken::Contradicts, None),
        Some(kept) => {
            // A date that is no earlier than the one that was known has been known since then.
            let known =
                matches!((kept.notice.closes_at, came.closes_at), (Some(old), Some(new)) if new >= old);
            let known_since = if known { kept.known_since } else { now };
            (Taken::New, Some(Kept { known_since, ..fresh }))
        }
    }
}

/// The notices in the store.
#[derive(Clone)]
pub struct Notices {
    store: Store,
    /// Contradictions that the log says since the start.
    told: Arc<Mutex<BTreeSet<Digest>>>,
}

/// Contradictions that are remembered; more than a coordinator comes to that is not out to fill the log.
const TOLD: usize = 1_024;

impl Notices {
    /// The notices in this store.
    pub fn new(store: Store) -> Self {
        Self { store, told: Arc::default() }
    }

    /// Whether the log says already that this notice contradicts what is known: it comes again with every answer.
    pub fn is_told(&self, notice: &Digest) -> bool {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).contains(notice)
    }

    /// The log says it.
    pub fn told(&self, notice: &Digest) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= TOLD {
            told.clear();
        }
        told.insert(*notice);
    }

    /// Takes a notice of the coordinator. The log says so when it is new.
    pub async fn take(&self, signed: &Signed<KeyNotice>, said: &Noted<'_>) -> Result<Taken, StoreError> {
        let came = signed.value();
        let kept = self.of(came.class, came.epoch).await?;
        let (taken, next) = next(kept.as_ref(), came, self.store.now());
        let Some(next) = next else { return Ok(taken) };
        let mut tx = self.store.begin().await?;
        sqlx::query(
            "INSERT INTO key_notice (class, epoch, number, state, closes_at, known_since, signed) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (class, epoch) DO UPDATE SET \
             number = $3, state = $4, closes_at = $5, known_since = $6, signed = $7",
        )
        .bind(i64::from(came.class.number()))
        .bind(i64::from(came.epoch.0))
        .bind(i64::try_from(came.number).unwrap_or(i64::MAX))
        .bind(i64::from(came.state.number()))
        .bind(came.closes_at)
        .bind(next.known_since)
        .bind(signed.bytes())
        .execute(&mut *tx)
        .await?;
        if taken == Taken::New {
            said.append(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(taken)
    }

    /// The last notice about an epoch.
    pub async fn of(&self, class: Class, epoch: Epoch) -> Result<Option<Kept>, StoreError> {
        let row = sqlx::query("SELECT signed, known_since FROM key_notice WHERE class = $1 AND epoch = $2");
        let row = row.bind(i64::from(class.number())).bind(i64::from(epoch.0));
        row.fetch_optional(self.store.readers()).await?.as_ref().map(read).transpose()
    }

    /// The last notice about every epoch.
    pub async fn all(&self) -> Result<Vec<Kept>, StoreError> {
        let rows = sqlx::query("SELECT signed, known_since FROM key_notice ORDER BY class, epoch");
        rows.fetch_all(self.store.readers()).await?.iter().map(read).collect()
    }

    /// The highest number of a notice that is kept.
    pub async fn highest(&self) -> Result<u64, StoreError> {
        let number = sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM key_notice");
        let number: i64 = number.fetch_one(self.store.readers()).await?;
        Ok(u64::try_from(number).unwrap_or(0))
    }

    /// Where an epoch stands: what was announced, or pending where nothing was.
    pub async fn state(&self, class: Class, epoch: Epoch) -> Result<KeyState, StoreError> {
        Ok(self.of(class, epoch).await?.map_or(KeyState::Pending, |kept| kept.notice.state))
    }
}

/// The signature was the coordinator's when the notice was taken.
fn read(row: &Row) -> Result<Kept, StoreError> {
    let malformed = StoreError::Malformed { table: "key_notice", column: "signed" };
    let bytes: &[u8] = row.try_get(0)?;
    let signer: Option<VerifyingKey> = Signed::<KeyNotice>::claimed_signer(bytes).ok();
    let notice = signer.and_then(|signer| Signed::<KeyNotice>::open(bytes, &signer).ok());
    Ok(Kept { notice: *notice.ok_or(malformed)?.value(), known_since: row.try_get(1)? })
}

/// The longest that a notice is on the wire.
pub const NOTICE_BYTES: usize = KeyNotice::MAX_BYTES + 256;

#[cfg(test)]
mod tests {
    use super::*;

    const NOTICE: KeyNotice = KeyNotice {
        class: Class::Subject,
        epoch: Epoch(1),
        public_key: [1; 32],
        number: 4,
        state: KeyState::Retiring,
        announced_at: 0,
        closes_at: Some(10 * DAY),
    };

    #[test]
    fn an_epoch_ends_at_its_date_and_never_sooner_than_the_policy_wants_to_know_it() {
        let at = |close, close_days, known_since| {
            let policy = Policy { close, close_days, ..Policy::default() };
            Kept { notice: NOTICE, known_since }.closes_by_itself_at(&policy)
        };
        assert_eq!(at(Decide::Automatic, 7, 0), Some(10 * DAY));
        assert_eq!(at(Decide::Automatic, 7, 9 * DAY), Some(16 * DAY), "announced a day before");
        assert_eq!(at(Decide::Automatic, 0, 9 * DAY), Some(10 * DAY));
        assert_eq!(at(Decide::Ask, 0, 0), None);
        assert_eq!(at(Decide::Refuse, 0, 0), None);
        let active = KeyNotice { state: KeyState::Active, closes_at: None, ..NOTICE };
        assert_eq!(Kept { notice: active, known_since: 0 }.closes_by_itself_at(&Policy::default()), None);
    }

    #[test]
    fn the_table_of_notices() {
        let active = KeyNotice { state: KeyState::Active, closes_at: None, number: 3, ..NOTICE };
        let kept = |notice, known_since| Kept { notice, known_since };
        assert_eq!(next(None, &active, 5), (Taken::New, Some(kept(active, 5))));
        assert_eq!(next(Some(&kept(NOTICE, 5)), &active, 9), (Taken::Known, None), "older");
        assert_eq!(next(Some(&kept(active, 5)), &NOTICE, 9), (Taken::New, Some(kept(NOTICE, 9))));
        let later = KeyNotice { number: 5, closes_at: Some(11 * DAY), ..NOTICE };
        assert_eq!(next(Some(&kept(NOTICE, 9)), &later, 12), (Taken::New, Some(kept(later, 9))));
        let sooner = KeyNotice { number: 5, closes_at: Some(DAY), ..NOTICE };
        assert_eq!(next(Some(&kept(NOTICE, 9)), &sooner, 12), (Taken::New, Some(kept(sooner, 12))));
        let back = KeyNotice { number: 5, ..active };
        assert_eq!(next(Some(&kept(NOTICE, 9)), &back, 12), (Taken::Contradicts, None));
        let other = KeyNotice { number: 5, public_key: [2; 32], ..NOTICE };
        assert_eq!(next(Some(&kept(NOTICE, 9)), &other, 12), (Taken::Contradicts, None));
    }
}
