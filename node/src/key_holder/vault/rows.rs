//! The rows in which shares lie, sealed.

use lianfang_crypto::share::key_share::KeyShare;
use lianfang_proto::catalogue::Class;
use lianfang_proto::ids::{Epoch, Generation, KeyId};
use lianfang_trust::at_rest::ColumnCipher;
use sqlx::Row as _;
use zeroize::Zeroizing;

use super::VaultError;
use super::stands::Stands;
use crate::key_holder::ledger::columns;
use crate::store::{Connection, StoreError};

pub(super) const TABLE: &str = "key_holder_shares";
pub(super) const COLUMN: &str = "sealed";

impl Stands {
    /// How a key stands in the store.
    pub(super) async fn read(tx: &mut Connection, class: Class, epoch: Epoch) -> Result<Self, VaultError> {
        let row = sqlx::query(
            "SELECT (SELECT max(generation) FROM key_holder_shares WHERE class = $1 AND epoch = $2),
                    (SELECT count(*) FROM closed_epoch WHERE class = $1 AND epoch = $2)",
        );
        let (class, epoch) = columns(KeyId { class, epoch, generation: Generation(0) });
        let row = row.bind(class).bind(epoch).fetch_one(tx).await?;
        let malformed = |_| StoreError::Malformed { table: TABLE, column: "generation" };
        let newest = row.try_get::<Option<i64>, _>(0)?.map(|newest| newest.try_into().map_err(malformed));
        let newest = newest.transpose()?.map(Generation);
        let closed = row.try_get::<i64, _>(1)? != 0;
        Ok(if closed { Self::Closed } else { newest.map_or(Self::NoShare, Self::InUse) })
    }
}

/// The newest generation of every class and epoch in the table.
pub(super) async fn stored_keys(tx: &mut Connection) -> Result<Vec<KeyId>, VaultError> {
    let malformed = || VaultError::Store(StoreError::Malformed { table: TABLE, column: "class" });
    let rows =
        sqlx::query("SELECT class, epoch, max(generation) FROM key_holder_shares GROUP BY class, epoch");
    let mut keys = Vec::new();
    for row in rows.fetch_all(tx).await? {
        let class =
            row.try_get::<i64, _>(0)?.try_into().ok().and_then(Class::from_number).ok_or_else(malformed)?;
        let epoch = Epoch(row.try_get::<i64, _>(1)?.try_into().map_err(|_| malformed())?);
        let generation = Generation(row.try_get::<i64, _>(2)?.try_into().map_err(|_| malformed())?);
        keys.push(KeyId { class, epoch, generation });
    }
    Ok(keys)
}

pub(super) async fn load(
    tx: &mut Connection,
    cipher: &ColumnCipher,
    key: KeyId,
) -> Result<KeyShare, VaultError> {
    let row = sqlx::query(
        "SELECT id, sealed FROM key_holder_shares WHERE class = $1 AND epoch = $2 AND generation = $3",
    );
    let (class, epoch) = columns(key);
    let row = row.bind(class).bind(epoch).bind(i64::from(key.generation.0)).fetch_one(tx).await?;
    let plain = cipher.open(row.try_get(0)?, row.try_get(1)?).map_err(StoreError::at(TABLE, COLUMN))?;
    match plain.split_first_chunk::<{ KeyId::LEN }>() {
        Some((stored, share)) if *stored == key.to_bytes() => Ok(KeyShare::decode(share)?),
        _ => Err(StoreError::Malformed { table: TABLE, column: COLUMN }.into()),
    }
}

/// Deletes the shares of this class and epoch whose generation is below `generation`; the store overwrites them.
pub(super) async fn erase(
    tx: &mut Connection,
    key: KeyId,
    generation: Generation,
) -> Result<u64, VaultError> {
    let (class, epoch) = columns(key);
    let done =
        sqlx::query("DELETE FROM key_holder_shares WHERE class = $1 AND epoch = $2 AND generation < $3")
            .bind(class)
            .bind(epoch)
            .bind(i64::from(generation.0))
            .execute(tx)
            .await?;
    Ok(done.rows_affected())
}

/// The key id inside the seal: a sealed share that is moved to another class, epoch or generation is found out.
pub(super) fn with_key(key: KeyId, share: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(KeyId::LEN + share.len()));
    plain.extend(key.to_bytes());
    plain.extend_from_slice(share);
    plain
}
