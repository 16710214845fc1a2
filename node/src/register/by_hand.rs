//! What a person may do to one record: retract it, hold it, lift that hold.
//!
//! Comes in: a case number as the file has it, and who it is that acts. Goes out: the record's row, as the audit log names
//! it. Deed, consequences (outputs that must go) and audit entry are one transaction.

use lianfang_proto::catalogue::Hold;
use sqlx::{Row, SqliteConnection};

use super::{RecordId, Register, RegisterError, Standing, forgetting};
use crate::audit::Event;
use crate::store::rows;

/// What acting on a record needs to know of it.
struct Found {
    id: i64,
    standing: Standing,
    hand_hold: i64,
}

impl Register {
    /// Empties a record. A hold that a person set on it stays.
    pub async fn retract(&self, reference: &str, by: &str) -> Result<RecordId, RegisterError> {
        let mut tx = self.store.begin().await?;
        let record = self.found(&mut tx, reference).await?;
        if record.standing == Standing::Retracted {
            return Err(RegisterError::AlreadyRetracted);
        }
        forgetting::retract(&mut tx, &[record.id]).await?;
        self.log.append(&mut tx, &Event::Retracted { record: record.id, by: by.to_owned() }).await?;
        tx.commit().await?;
        Ok(RecordId(record.id))
    }

    /// Holds a record until a person lifts it, whatever files say. A second hold replaces the first.
    pub async fn hold(&self, reference: &str, hold: Hold, by: &str) -> Result<RecordId, RegisterError> {
        let mut tx = self.store.begin().await?;
        let record = self.found(&mut tx, reference).await?;
        set_hand_hold(&mut tx, record.id, hold.number().into()).await?;
        let touched = forgetting::mentioned_by(&mut tx, &rows::ints([record.id])).await?;
        forgetting::forget_unneeded(&mut tx, &touched).await?;
        self.log.append(&mut tx, &Event::HoldSet { record: record.id, hold, by: by.to_owned() }).await?;
        tx.commit().await?;
        Ok(RecordId(record.id))
    }

    /// Lifts a hold that a person set. What the file says of the record counts again.
    pub async fn lift_hold(&self, reference: &str, by: &str) -> Result<RecordId, RegisterError> {
        let mut tx = self.store.begin().await?;
        let record = self.found(&mut tx, reference).await?;
        if record.hand_hold == 0 {
            return Err(RegisterError::NotHeldByHand);
        }
        set_hand_hold(&mut tx, record.id, 0).await?;
        self.log.append(&mut tx, &Event::HoldLifted { record: record.id, by: by.to_owned() }).await?;
        tx.commit().await?;
        Ok(RecordId(record.id))
    }

    async fn found(&self, tx: &mut SqliteConnection, reference: &str) -> Result<Found, RegisterError> {
        let row = sqlx::query("SELECT id, disposition, hand_hold FROM record WHERE ref_index = ?")
            .bind(self.seals.reference.of(reference.trim().as_bytes()).as_slice())
            .fetch_optional(tx)
            .await?
            .ok_or(RegisterError::NoSuchRecord)?;
        let standing = Standing::from_number(row.try_get(1)?)?;
        Ok(Found { id: row.try_get(0)?, standing, hand_hold: row.try_get(2)? })
    }
}

async fn set_hand_hold(tx: &mut SqliteConnection, record: i64, hold: i64) -> Result<(), RegisterError> {
    sqlx::query("UPDATE record SET hand_hold = ? WHERE id = ?").bind(hold).bind(record).execute(tx).await?;
    Ok(())
}
