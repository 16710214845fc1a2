//! Charge numbers that holders have shown, and which holders are in doubt because theirs went back.
//!
//! * Comes in: signed answers and standings. Goes out: whether a holder may be used under a key.
//! * Trusts: nobody's word but a holder's about itself. A number never goes back at a holder that kept its ledger; one
//!   that does has forgotten charges, and would let banks evaluate again what it forgot.
//! * Fails: with the store's error. A doubt is a row, and stands over restarts until a person settles it or the holder
//!   says that its ledger counts as lost, which means full counters.
//!
//! Source: `PROTOCOL`, section 4 (a restored backup is found by the highest charge numbers that peers have seen).

mod judge;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::evaluation::{EvaluationAnswer, EvaluationRequest};
use lianfang_proto::documents::key_record::Holder;
use lianfang_proto::ids::{BankId, Epoch, KeyId};
use lianfang_proto::v1::GetStandingReply;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::Signed;
use sqlx::Row as _;

use self::judge::{Event as Heard, Step, Trust, next};
use crate::audit::{AuditError, Event, Log};
use crate::pipeline::holders::{Answered, Holders, Proven};
use crate::store::{Connection, Store, StoreError};

/// Who settles a doubt when the holder has declared its ledger lost.
const DECLARED: &str = "the holder's declaration";

/// The highest number of one holder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sighting {
    /// The number.
    pub number: u64,
    /// The holder's signed answer that shows it; empty if only a standing did.
    pub answer: Vec<u8>,
}

/// A holder whose numbers went back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The holder.
    pub holder: BankId,
    /// Under which key's class,
    pub class: Class,
    /// and epoch.
    pub epoch: Epoch,
    /// The number that was seen.
    pub seen: u64,
    /// The lower one that came after it.
    pub shown: u64,
    /// Who settled it, if anybody has.
    pub settled_by: Option<String>,
}

/// What this bank has seen. Cheap to clone. Nothing of it is remembered beside the store, which other processes may share.
#[derive(Clone)]
pub struct Sightings {
    store: Store,
    log: Log,
}

fn malformed(column: &'static str) -> StoreError {
    StoreError::Malformed { table: "holder_doubt", column }
}

fn of_audit(error: AuditError) -> StoreError {
    match error {
        AuditError::Store(error) => error,
        _ => StoreError::Malformed { table: "audit_head", column: "head" },
    }
}

fn to_column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn from_column(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

impl Sightings {
    /// Those in the store.
    pub const fn new(store: Store, log: Log) -> Self {
        Self { store, log }
    }

    /// The highest number that this holder has shown.
    pub async fn highest(&self, holder: &BankId) -> Result<Sighting, StoreError> {
        let row = sqlx::query("SELECT highest, answer FROM charge_sighting WHERE holder = $1");
        let row = row.bind(holder.as_str()).fetch_optional(self.store.readers()).await?;
        let Some(row) = row else { return Ok(Sighting::default()) };
        let answer: Option<Vec<u8>> = row.try_get(1)?;
        Ok(Sighting { number: from_column(row.try_get(0)?), answer: answer.unwrap_or_default() })
    }

    /// A holder's signed answer showed this number. Answers that are under way at once may overtake each other.
    pub async fn answered(
        &self,
        holder: &BankId,
        key: KeyId,
        number: u64,
        answer: &[u8],
    ) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
        let before = highest(&mut tx, holder).await?;
        let trust = trust(&mut tx, holder, key.class, key.epoch).await?;
        match next(trust, Heard::Answered { before, shown: number }) {
            Step::Doubt => self.doubt(&mut tx, holder, key, before, number).await?,
            Step::Raise => remember(&mut tx, holder, number, Some(answer)).await?,
            Step::Nothing | Step::Settle => {}
        }
        tx.commit().await
    }

    /// A holder said where it stands, after `before` had been seen: then no overtaking explains a lower number.
    pub async fn stands(
        &self,
        holder: &BankId,
        key: KeyId,
        before: u64,
        standing: &GetStandingReply,
    ) -> Result<(), Fault> {
        let judged = self.stood(holder, key, before, standing).await;
        judged.map_err(|error| crate::fault::of_store(&error))?;
        self.check(holder, key).await
    }

    async fn stood(
        &self,
        holder: &BankId,
        key: KeyId,
        before: u64,
        standing: &GetStandingReply,
    ) -> Result<(), StoreError> {
        let (shown, lost) = (standing.charge_number, standing.ledger_lost);
        let mut tx = self.store.begin().await?;
        // Who has settled a doubt while the holder was asked has let its numbers begin anew: what was seen before counts
        // no longer.
        let before = before.min(highest(&mut tx, holder).await?);
        let trust = trust(&mut tx, holder, key.class, key.epoch).await?;
        match next(trust, Heard::Stands { before, shown, lost }) {
            Step::Nothing | Step::Raise => return Ok(()),
            Step::Settle => {
                self.settle_in(&mut tx, holder, (key.class, key.epoch), Some(shown), DECLARED).await?;
            }
            Step::Doubt => self.doubt(&mut tx, holder, key, before, shown).await?,
        }
        tx.commit().await
    }

    /// Whether this holder's answers may be used under this key.
    pub async fn check(&self, holder: &BankId, key: KeyId) -> Result<(), Fault> {
        match self.trust(holder, key).await.map_err(|error| crate::fault::of_store(&error))? {
            Trust::Trusted => Ok(()),
            Trust::InDoubt => Err(Fault::field(FaultCode::LedgerBehind, "charge_number").at(holder.as_str())),
        }
    }

    async fn trust(&self, holder: &BankId, key: KeyId) -> Result<Trust, StoreError> {
        trust(&mut *self.store.reader().await?, holder, key.class, key.epoch).await
    }

    /// Every doubt that there was.
    pub async fn list(&self) -> Result<Vec<Doubt>, StoreError> {
        let rows = sqlx::query(
            "SELECT holder, class, epoch, seen, shown, settled_by FROM holder_doubt ORDER BY holder, class, epoch",
        );
        let rows = rows.fetch_all(self.store.readers()).await?;
        let read = |row: &crate::store::Row| {
            let class = u8::try_from(row.try_get::<i64, _>(1)?).ok().and_then(Class::from_number);
            let epoch = u32::try_from(row.try_get::<i64, _>(2)?).map_err(|_| malformed("epoch"))?;
            Ok(Doubt {
                holder: BankId::parse(row.try_get(0)?, "holder").map_err(|_| malformed("holder"))?,
                class: class.ok_or_else(|| malformed("class"))?,
                epoch: Epoch(epoch),
                seen: from_column(row.try_get(3)?),
                shown: from_column(row.try_get(4)?),
                settled_by: row.try_get(5)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// The doubt is settled, and numbers are counted from `from` on (from the one that caused the doubt if left out).
    /// Says whether there was one.
    pub async fn settle(
        &self,
        holder: &BankId,
        class: Class,
        epoch: Epoch,
        from: Option<u64>,
        by: &str,
    ) -> Result<bool, StoreError> {
        let mut tx = self.store.begin().await?;
        let settled = self.settle_in(&mut tx, holder, (class, epoch), from, by).await?;
        tx.commit().await?;
        Ok(settled)
    }

    async fn settle_in(
        &self,
        tx: &mut Connection,
        holder: &BankId,
        (class, epoch): (Class, Epoch),
        from: Option<u64>,
        by: &str,
    ) -> Result<bool, StoreError> {
        let step = next(trust(tx, holder, class, epoch).await?, Heard::Settled);
        if from.is_none() && step == Step::Nothing {
            return Ok(false);
        }
        let shown: Option<i64> = sqlx::query_scalar(
            "UPDATE holder_doubt SET settled_by = $4, settled_at = $5
             WHERE holder = $1 AND class = $2 AND epoch = $3 AND settled_by IS NULL RETURNING shown",
        )
        .bind(holder.as_str())
        .bind(i64::from(class.number()))
        .bind(i64::from(epoch.0))
        .bind(by)
        .bind(self.store.now())
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(number) = from.or(shown.map(from_column)) {
            remember(tx, holder, number, None).await?;
        }
        if shown.is_some() {
            let event = Event::DoubtSettled { holder: holder.clone(), class, epoch, by: by.to_owned() };
            self.log.append(tx, &event).await.map_err(of_audit)?;
        }
        Ok(shown.is_some())
    }

    async fn doubt(
        &self,
        tx: &mut Connection,
        holder: &BankId,
        key: KeyId,
        seen: u64,
        shown: u64,
    ) -> Result<(), StoreError> {
        let done = sqlx::query(
            "INSERT INTO holder_doubt (holder, class, epoch, seen, shown, noted_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (holder, class, epoch) DO UPDATE
                 SET seen = $4, shown = $5, noted_at = $6, settled_by = NULL, settled_at = NULL
                 WHERE holder_doubt.settled_by IS NOT NULL",
        )
        .bind(holder.as_str())
        .bind(i64::from(key.class.number()))
        .bind(i64::from(key.epoch.0))
        .bind(to_column(seen))
        .bind(to_column(shown))
        .bind(self.store.now())
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(());
        }
        tracing::error!(
            event = "holder.doubted",
            holder = holder.as_str(),
            "a holder's charge number went back: it was restored from a backup, and is not used until this is settled"
        );
        let (class, epoch) = (key.class, key.epoch);
        let event = Event::Doubted { holder: holder.clone(), class, epoch, seen, shown };
        self.log.append(tx, &event).await.map_err(of_audit)
    }
}

async fn trust(
    tx: &mut Connection,
    holder: &BankId,
    class: Class,
    epoch: Epoch,
) -> Result<Trust, StoreError> {
    let open = sqlx::query_scalar(
        "SELECT count(*) FROM holder_doubt
         WHERE holder = $1 AND class = $2 AND epoch = $3 AND settled_by IS NULL",
    );
    let open = open.bind(holder.as_str()).bind(i64::from(class.number())).bind(i64::from(epoch.0));
    let open: i64 = open.fetch_one(tx).await?;
    Ok(if open == 0 { Trust::Trusted } else { Trust::InDoubt })
}

async fn highest(tx: &mut Connection, holder: &BankId) -> Result<u64, StoreError> {
    let highest = sqlx::query_scalar("SELECT highest FROM charge_sighting WHERE holder = $1");
    let highest: Option<i64> = highest.bind(holder.as_str()).fetch_optional(tx).await?;
    Ok(highest.map(from_column).unwrap_or_default())
}

async fn remember(
    tx: &mut Connection,
    holder: &BankId,
    number: u64,
    answer: Option<&[u8]>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO charge_sighting (holder, highest, answer) VALUES ($1, $2, $3)
         ON CONFLICT (holder) DO UPDATE SET highest = $2, answer = $3",
    )
    .bind(holder.as_str())
    .bind(to_column(number))
    .bind(answer)
    .execute(tx)
    .await?;
    Ok(())
}

/// The way to the holders, with those left out whose ledger is in doubt.
pub struct Undoubted {
    /// The way.
    pub holders: Arc<dyn Holders>,
    /// Who is in doubt.
    pub sightings: Sightings,
}

#[async_trait]
impl Holders for Undoubted {
    async fn evaluate(
        &self,
        holder: &Holder,
        request: &Signed<EvaluationRequest>,
        blinded: Bytes,
    ) -> Result<Answered, Fault> {
        self.sightings.check(&holder.bank, request.value().key).await?;
        self.holders.evaluate(holder, request, blinded).await
    }

    async fn blind_evaluate(&self, holder: &Holder, key: KeyId, blinded: Bytes) -> Result<Proven, Fault> {
        self.sightings.check(&holder.bank, key).await?;
        self.holders.blind_evaluate(holder, key, blinded).await
    }
}

/// A signed answer as it is kept.
pub fn as_kept(answer: &Signed<EvaluationAnswer>) -> (KeyId, u64, Vec<u8>) {
    (answer.value().key, answer.value().charge_number, answer.bytes().to_vec())
}

#[cfg(test)]
mod tests;
