//! What a ledger is worth after its store was restored from a backup.
//!
//! * Comes in: that the store was restored, and whether a person states that this holder has answered nothing since the
//!   backup. Goes out: keys whose counters are full from then on.
//! * Trusts: that person, and nobody else. The members cannot be asked: those whose charges were forgotten are the ones
//!   who gain by it. A member that does show an answer with a higher number is believed, for this holder has signed it.
//! * Fails: with the store's error.
//!
//! Without that statement every key counts as lost that the backup knows: by a record, a share, an account, or a ceremony
//! that had begun. Keys that it does not know are new ones, except those that were agreed on after the backup. Their
//! share comes back by a repair alone, so a share of a later generation under an epoch that has no record here is of
//! such a key, and its counters are full as well (`of_repaired`).

use lianfang_proto::ids::KeyId;

use super::ledger::columns;
use crate::ports::Micros;
use crate::store::{Connection, StoreError};

const LOSE: &str = "INSERT INTO key_holder_losses (class, epoch, noted_by, noted_at)
    SELECT known.class, known.epoch, $1, $2
    FROM (SELECT class, epoch FROM key_records UNION SELECT class, epoch FROM key_holder_shares
          UNION SELECT class, epoch FROM key_holder_accounts UNION SELECT class, epoch FROM ceremonies) AS known
    WHERE 1 = 1 ON CONFLICT DO NOTHING";

const LOSE_REPAIRED: &str = "INSERT INTO key_holder_losses (class, epoch, noted_by, noted_at)
    SELECT $1, $2, restored_by, restored_at FROM store_restore
    WHERE complete = 0 AND NOT EXISTS (SELECT 1 FROM key_records WHERE class = $1 AND epoch = $2)
    ORDER BY restored_at DESC LIMIT 1 ON CONFLICT DO NOTHING";

/// Takes down within the caller's transaction that the store was restored. Unless its counters are `complete`, they are
/// full from now on.
pub async fn note(
    tx: &mut Connection,
    made_at: Micros,
    by: &str,
    complete: bool,
    now: Micros,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO store_restore (restored_at, made_at, restored_by, complete) VALUES ($1, $2, $3, $4)",
    )
    .bind(now)
    .bind(made_at)
    .bind(by)
    .bind(i64::from(complete))
    .execute(&mut *tx)
    .await?;
    if complete {
        return Ok(());
    }
    sqlx::query(LOSE).bind(by).bind(now).execute(&mut *tx).await?;
    sqlx::query("UPDATE key_holder_accounts SET spent = 0, granted = 0").execute(tx).await?;
    Ok(())
}

/// A share is about to be taken up: if it is one that a restored store had never heard of, its counters are full.
pub(super) async fn of_repaired(tx: &mut Connection, key: KeyId) -> Result<(), StoreError> {
    if key.generation.0 == 0 {
        return Ok(());
    }
    let (class, epoch) = columns(key);
    sqlx::query(LOSE_REPAIRED).bind(class).bind(epoch).execute(tx).await?;
    Ok(())
}
