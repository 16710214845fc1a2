//! Keys that were a member's once and are nobody's any more.
//!
//! Comes in: keys that were exchanged or revoked. Goes out: whether a key is one of them. Whoever was revoked cannot come
//! back under a key that it had, and a key that was exchanged because somebody else may have it is never pinned again.

use lianfang_proto::ids::BankId;

use crate::fault::Error;
use crate::ports::Micros;
use crate::store::Connection;

/// The key is nobody's from now on.
pub(super) async fn note(
    tx: &mut Connection,
    key: &[u8; 32],
    bank: &BankId,
    now: Micros,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO spent_key (key, bank, spent_at) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING",
    )
    .bind(&key[..])
    .bind(bank.as_str())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// Whether one of these keys was somebody's before.
pub(super) async fn any(tx: &mut Connection, keys: &[&[u8; 32]]) -> Result<bool, Error> {
    for key in keys {
        let found: i64 = sqlx::query_scalar("SELECT count(*) FROM spent_key WHERE key = $1")
            .bind(&key[..])
            .fetch_one(&mut *tx)
            .await?;
        if found != 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// When a member exchanged the last key but so many, if that was since then.
pub(super) async fn since(
    tx: &mut Connection,
    bank: &BankId,
    since: Micros,
    later: i64,
) -> Result<Option<Micros>, Error> {
    let at = sqlx::query_scalar(
        "SELECT spent_at FROM spent_key WHERE bank = $1 AND spent_at > $2 ORDER BY spent_at DESC LIMIT 1 OFFSET $3",
    );
    Ok(at.bind(bank.as_str()).bind(since).bind(later).fetch_optional(tx).await?)
}
