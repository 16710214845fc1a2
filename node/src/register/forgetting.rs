//! What must go when a record goes: outputs at once, identifiers that nobody mentions, content.
//!
//! Comes in: identifiers whose mentions have changed, within the transaction that changed them. Goes out: nothing.
//! An output may stay only while a record that enters mentions its identifier; a held, retracted or victim's record does
//! not count, whoever else mentions it does.

use sqlx::{Row, SqliteConnection};

use super::Standing;
use crate::store::{StoreError, rows};

/// Deletes identifiers that no record mentions any more, with their outputs, and outputs that no entering record needs.
pub(super) async fn forget_unneeded(
    tx: &mut SqliteConnection,
    identifiers: &[i64],
) -> Result<(), StoreError> {
    if identifiers.is_empty() {
        return Ok(());
    }
    let ids = rows::ints(identifiers.iter().copied());
    sqlx::query(
        "DELETE FROM output WHERE identifier_id IN (SELECT value FROM json_each(?)) AND NOT EXISTS (
             SELECT 1 FROM mention m CROSS JOIN record r ON r.id = m.record_id
             WHERE m.identifier_id = output.identifier_id AND r.enters)",
    )
    .bind(&ids)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "DELETE FROM identifier WHERE id IN (SELECT value FROM json_each(?)) AND NOT EXISTS (
             SELECT 1 FROM mention m WHERE m.identifier_id = identifier.id)",
    )
    .bind(&ids)
    .execute(tx)
    .await?;
    Ok(())
}

/// The identifiers that these records mention.
pub(super) async fn mentioned_by(tx: &mut SqliteConnection, records: &str) -> Result<Vec<i64>, StoreError> {
    let found = sqlx::query(
        "SELECT DISTINCT identifier_id FROM mention WHERE record_id IN (SELECT value FROM json_each(?))",
    );
    let found = found.bind(records).fetch_all(tx).await?;
    found.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Takes away all mentions of these records.
pub(super) async fn unmention(tx: &mut SqliteConnection, records: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM mention WHERE record_id IN (SELECT value FROM json_each(?))")
        .bind(records)
        .execute(tx)
        .await?;
    Ok(())
}

/// Empties these records; their rows stay for the holds that persons have set.
pub(super) async fn retract(tx: &mut SqliteConnection, records: &[i64]) -> Result<(), StoreError> {
    let records = rows::ints(records.iter().copied());
    let touched = mentioned_by(&mut *tx, &records).await?;
    unmention(&mut *tx, &records).await?;
    sqlx::query(
        "UPDATE record SET disposition = ?1, print = x'', facts = x'', body = x''
         WHERE id IN (SELECT value FROM json_each(?2))",
    )
    .bind(Standing::Retracted.number())
    .bind(&records)
    .execute(&mut *tx)
    .await?;
    forget_unneeded(tx, &touched).await
}
