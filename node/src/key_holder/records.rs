//! Key records that all their holders have signed, and whether a person has compared the short digest.
//!
//! * Comes in: an [`EndorsedKeyRecord`]. Goes out: the same, with the public keys that it states, checked to lie on one
//!   polynomial. Never sees: a share.
//! * Trusts: the signatures inside; that the holders are who they seem is what people compare.
//! * Fails: with a [`RecordError`]; a second record for one key is refused, never merged.

mod stands;

use lianfang_crypto::error::Malformed;
use lianfang_crypto::share::commitment::PublicKeySet;
use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::key_record::{EndorsedKeyRecord, KeyRecord};
use lianfang_proto::ids::{Epoch, KeyId};
use lianfang_trust::Canonical;
use sqlx::Row as _;

pub use self::stands::{Event, Refused, Stands};
use super::ledger::columns;
use super::ports::Noted;
use crate::store::{Connection, Row, Store, StoreError};

/// Why a record is not kept.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Another record of the same class, epoch and generation stands already.
    #[error("another record of this key is kept already; compare both with the other holders' people")]
    Differs,
    /// The public shares do not belong together.
    #[error("the key record does not hold together: {0}")]
    Inconsistent(#[from] Malformed),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for RecordError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A record as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRecord {
    /// The record.
    pub endorsed: EndorsedKeyRecord,
    /// Whether a person has compared its short digest with people at the holders.
    pub compared: bool,
}

/// The public keys that a record states, if they lie on one polynomial of degree `T−1` through `Y`.
pub fn public_keys(record: &KeyRecord) -> Result<PublicKeySet, Malformed> {
    let shares: Vec<[u8; 32]> = record.holders.iter().map(|holder| holder.public_share).collect();
    PublicKeySet::from_encoded(record.threshold.into(), &record.public_key, &shares)
}

/// The records in the store.
#[derive(Clone)]
pub struct Records {
    store: Store,
}

impl Records {
    /// The records in this store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Keeps a record. Keeping the same again changes nothing.
    pub async fn put(&self, endorsed: &EndorsedKeyRecord) -> Result<(), RecordError> {
        public_keys(endorsed.record())?;
        let mut tx = self.store.begin().await?;
        insert(&mut tx, endorsed).await?;
        Ok(tx.commit().await?)
    }

    /// The record of the newest generation of a key.
    pub async fn current(&self, class: Class, epoch: Epoch) -> Result<Option<KeptRecord>, RecordError> {
        let row = sqlx::query(
            "SELECT record, compared_at FROM key_records WHERE class = $1 AND epoch = $2 ORDER BY generation DESC LIMIT 1",
        );
        let (class, epoch) = columns(KeyId { class, epoch, generation: lianfang_proto::ids::Generation(0) });
        let row = row.bind(class).bind(epoch).fetch_optional(self.store.readers()).await?;
        Ok(row.as_ref().map(kept).transpose()?)
    }

    /// The record of exactly this key and generation.
    pub async fn exact(&self, key: KeyId) -> Result<Option<KeptRecord>, RecordError> {
        find(&mut *self.store.reader().await?, key).await
    }

    /// The newest record before this one that a person has compared, or that rests on one that was.
    pub async fn compared_before(&self, key: KeyId) -> Result<Option<KeyRecord>, RecordError> {
        let (class, epoch) = columns(key);
        let row = sqlx::query(
            "SELECT record, compared_at FROM key_records WHERE class = $1 AND compared_at IS NOT NULL \
             AND (epoch < $2 OR (epoch = $2 AND generation < $3)) ORDER BY epoch DESC, generation DESC LIMIT 1",
        );
        let row = row.bind(class).bind(epoch).bind(i64::from(key.generation.0));
        let row = row.fetch_optional(self.store.readers()).await?;
        Ok(row.as_ref().map(kept).transpose()?.map(|kept| kept.endorsed.record().clone()))
    }

    /// Every record, of every class, epoch and generation.
    pub async fn all(&self) -> Result<Vec<EndorsedKeyRecord>, RecordError> {
        let rows =
            sqlx::query("SELECT record, compared_at FROM key_records ORDER BY class, epoch, generation");
        let rows = rows.fetch_all(self.store.readers()).await?;
        rows.iter().map(|row| Ok(kept(row)?.endorsed)).collect()
    }

    /// The newest epoch of a class that this node has a record of.
    pub async fn newest_epoch(&self, class: Class) -> Result<Option<Epoch>, RecordError> {
        let newest = sqlx::query_scalar("SELECT max(epoch) FROM key_records WHERE class = $1");
        let newest: Option<i64> =
            newest.bind(i64::from(class.number())).fetch_one(self.store.readers()).await?;
        Ok(newest.and_then(|epoch| u32::try_from(epoch).ok()).map(Epoch))
    }

    /// By this event the record of this key counts as compared, and the log says so. Says whether there is such a record.
    /// Who has compared it before stays its voucher, unless a person compares it again: it may have been compared since
    /// the caller has looked.
    pub async fn mark_compared(
        &self,
        key: KeyId,
        event: Event<'_>,
        by: &str,
        said: &Noted<'_>,
    ) -> Result<bool, RecordError> {
        let (class, epoch) = columns(key);
        let mut tx = self.store.begin().await?;
        let kept = find(&mut tx, key).await?;
        let stands = Stands::of(kept.as_ref());
        let Ok(after) = stands.apply(event) else { return Ok(false) };
        if after == stands && event != Event::Compare {
            return Ok(true);
        }
        sqlx::query(
            "UPDATE key_records SET compared_by = $1, compared_at = $2 WHERE class = $3 AND epoch = $4 AND generation = $5",
        )
        .bind(by)
        .bind(self.store.now())
        .bind(class)
        .bind(epoch)
        .bind(i64::from(key.generation.0))
        .execute(&mut *tx)
        .await?;
        said.append(&mut tx).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Keeps a record inside a transaction.
pub(super) async fn insert(tx: &mut Connection, endorsed: &EndorsedKeyRecord) -> Result<(), RecordError> {
    let key = endorsed.record().key;
    let kept = find(tx, key).await?;
    let stands = Stands::of(kept.as_ref());
    let after = stands.apply(Event::Came(endorsed.record())).map_err(|_| RecordError::Differs)?;
    if after == stands {
        return Ok(());
    }
    let (class, epoch) = columns(key);
    sqlx::query("INSERT INTO key_records (class, epoch, generation, record) VALUES ($1, $2, $3, $4)")
        .bind(class)
        .bind(epoch)
        .bind(i64::from(key.generation.0))
        .bind(endorsed.encode())
        .execute(tx)
        .await?;
    Ok(())
}

/// The record of exactly this key and generation.
pub(super) async fn find(tx: &mut Connection, key: KeyId) -> Result<Option<KeptRecord>, RecordError> {
    let (class, epoch) = columns(key);
    let row = sqlx::query(
        "SELECT record, compared_at FROM key_records WHERE class = $1 AND epoch = $2 AND generation = $3",
    );
    let row = row.bind(class).bind(epoch).bind(i64::from(key.generation.0)).fetch_optional(tx).await?;
    Ok(row.as_ref().map(kept).transpose()?)
}

fn kept(row: &Row) -> Result<KeptRecord, StoreError> {
    let malformed = |_| StoreError::Malformed { table: "key_records", column: "record" };
    let endorsed = EndorsedKeyRecord::decode(row.try_get::<&[u8], _>(0)?).map_err(malformed)?;
    Ok(KeptRecord { endorsed, compared: row.try_get::<Option<i64>, _>(1)?.is_some() })
}

#[cfg(test)]
mod tests;
