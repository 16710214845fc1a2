//! How far each holder says that it has charged.
//!
//! Comes in: a holder's own signed statement, with every few charges and at its start. Goes out: the highest that it has
//! ever made, which it reads under its own key. A holder whose ledger was put back sees by it that charges are missing,
//! even where the bank that made them is the only one that knows of them. Trusts: nobody; the statement is opened by who
//! made it. A coordinator that hides one is no worse than none: members show holders their own answers too.

use lianfang_proto::documents::membership::ChargeStatement;
use lianfang_proto::ids::BankId;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::Signed;
use sqlx::Row as _;

use crate::fault::Error;
use crate::office::Office;

/// Keeps the statement if it is the highest; gives the highest.
pub async fn witness(
    office: &Office,
    caller: &BankId,
    statement: &Signed<ChargeStatement>,
) -> Result<Vec<u8>, Error> {
    let stated = statement.value();
    if &stated.holder != caller {
        return Err(Fault::field(FaultCode::Unauthenticated, "statement.holder").got(&stated.holder).into());
    }
    let number = i64::try_from(stated.number)
        .map_err(|_| Fault::field(FaultCode::MalformedField, "statement.number"))?;
    let identity = &statement.signer().as_bytes()[..];
    let mut tx = office.store.begin().await?;
    let before =
        sqlx::query("SELECT number, signed FROM charge_statement WHERE holder = $1 AND identity = $2")
            .bind(caller.as_str())
            .bind(identity)
            .fetch_optional(&mut *tx)
            .await?;
    if let Some(before) = before
        && before.try_get::<i64, _>("number")? >= number
    {
        return Ok(before.try_get("signed")?);
    }
    sqlx::query(
        "INSERT INTO charge_statement (holder, identity, number, signed) VALUES ($1, $2, $3, $4)
         ON CONFLICT (holder, identity) DO UPDATE SET number = $3, signed = $4",
    )
    .bind(caller.as_str())
    .bind(identity)
    .bind(number)
    .bind(statement.bytes())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(statement.bytes().to_vec())
}
