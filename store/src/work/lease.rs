//! The machine in SQL. The table `work` stands in the steps of node and coordinator alike.

use sqlx::Row as _;

use super::Micros;
use super::turn::{Ending, Rule, Turn};
use crate::{Connection, Row, StoreError, number};

/// A process that works. The seat is its folder's, whose lock lets one process at a time sit there; the owner is made by
/// chance at every start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Where it sits.
    pub seat: [u8; 16],
    /// Which process it is.
    pub owner: [u8; 16],
}

/// A piece of work.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// Of which kind.
    pub kind: &'static str,
    /// Which one.
    pub id: Vec<u8>,
}

impl Subject {
    /// The piece of this kind with these bytes.
    pub fn new(kind: &'static str, id: impl AsRef<[u8]>) -> Self {
        Self { kind, id: id.as_ref().to_vec() }
    }
}

/// The right to work on something for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    subject: Subject,
    owner: [u8; 16],
    fence: i64,
    until: Micros,
    before: Turn,
}

impl Lease {
    /// On what.
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Grows with every acquisition: names what was made under this lease and no other.
    pub const fn fence(&self) -> i64 {
        self.fence
    }

    /// Until when it lasts.
    pub const fn until(&self) -> Micros {
        self.until
    }

    /// How the work stood when it was taken.
    pub const fn before(&self) -> &Turn {
        &self.before
    }
}

/// Whether a lease was still held when something was to be written under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "who has lost a lease must write nothing"]
pub enum Held {
    /// It was.
    Yes,
    /// Its time was over, or another has the work.
    Lost,
}

impl Held {
    fn by(rows: u64) -> Self {
        if rows == 1 { Self::Yes } else { Self::Lost }
    }
}

/// Takes a piece of work, if no other has it and its time has come. An earlier lease of the same process ends by it.
pub async fn acquire(
    tx: &mut Connection,
    worker: &Worker,
    subject: &Subject,
    rule: &Rule,
    now: Micros,
) -> Result<Option<Lease>, StoreError> {
    take(tx, worker, subject, rule, now, false).await
}

/// Takes a piece of work, if no other has it, though it waits or rests: what is to be done is something else than what
/// has failed.
pub async fn acquire_anyway(
    tx: &mut Connection,
    worker: &Worker,
    subject: &Subject,
    rule: &Rule,
    now: Micros,
) -> Result<Option<Lease>, StoreError> {
    take(tx, worker, subject, rule, now, true).await
}

async fn take(
    tx: &mut Connection,
    worker: &Worker,
    subject: &Subject,
    rule: &Rule,
    now: Micros,
    anyway: bool,
) -> Result<Option<Lease>, StoreError> {
    let until = now.saturating_add(rule.lease);
    let taken = sqlx::query(
        "INSERT INTO work (kind, subject, seat, owner, fence, held_until) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (kind, subject) DO UPDATE SET seat = $3, owner = $4, held_until = $6,
             fence = CASE WHEN work.fence < $5 THEN $5 ELSE work.fence + 1 END
         WHERE (work.owner IS NULL OR work.owner = $4 OR work.held_until <= $5 OR work.held_until > $7)
             AND ($10 = 1 OR ((work.not_before <= $5 OR work.not_before > $8) AND work.strikes < $9))
         RETURNING *",
    )
    .bind(subject.kind)
    .bind(&subject.id)
    .bind(&worker.seat[..])
    .bind(&worker.owner[..])
    .bind(now)
    .bind(until)
    .bind(now.saturating_add(rule.lease.saturating_mul(2)))
    .bind(now.saturating_add(rule.longest.saturating_mul(2)))
    .bind(i64::from(rule.strikes))
    .bind(i64::from(anyway))
    .fetch_optional(tx)
    .await?;
    let lease = |row: Row| -> Result<Lease, StoreError> {
        let (before, fence) = (Turn { held_until: None, ..turn(&row)? }, number(&row, "fence")?);
        Ok(Lease { subject: subject.clone(), owner: worker.owner, fence, until, before })
    };
    taken.map(lease).transpose()
}

fn turn(row: &Row) -> Result<Turn, StoreError> {
    let owner: Option<Vec<u8>> = row.try_get("owner")?;
    let held_until: i64 = number(row, "held_until")?;
    Ok(Turn {
        held_until: owner.is_some().then_some(held_until),
        attempts: number(row, "attempts")?,
        strikes: number(row, "strikes")?,
        not_before: number(row, "not_before")?,
        fault: row.try_get("fault")?,
    })
}

/// Makes a lease last from now on as long as a fresh one, if it is still held. In the transaction of a step's write it is
/// the check that the write may stand: nobody can take the work before that transaction has ended.
pub async fn renew(
    tx: &mut Connection,
    lease: &mut Lease,
    rule: &Rule,
    now: Micros,
) -> Result<Held, StoreError> {
    let until = now.saturating_add(rule.lease);
    let renewed = sqlx::query(
        "UPDATE work SET held_until = $1
         WHERE kind = $2 AND subject = $3 AND owner = $4 AND fence = $5 AND held_until > $6",
    )
    .bind(until)
    .bind(lease.subject.kind)
    .bind(&lease.subject.id)
    .bind(&lease.owner[..])
    .bind(lease.fence)
    .bind(now)
    .execute(tx)
    .await?;
    let held = Held::by(renewed.rows_affected());
    if held == Held::Yes {
        lease.until = until;
    }
    Ok(held)
}

/// Gives the work back, with what came of it.
pub async fn release(
    tx: &mut Connection,
    lease: &Lease,
    ending: &Ending,
    rule: &Rule,
    now: Micros,
    chance: u64,
) -> Result<Held, StoreError> {
    let after = lease.before.after(ending, rule, now, chance);
    let released = sqlx::query(
        "UPDATE work SET seat = NULL, owner = NULL, held_until = 0, attempts = $1, strikes = $2, not_before = $3, fault = $4
         WHERE kind = $5 AND subject = $6 AND owner = $7 AND fence = $8 AND held_until > $9",
    )
    .bind(i64::from(after.attempts))
    .bind(i64::from(after.strikes))
    .bind(after.not_before)
    .bind(after.fault)
    .bind(lease.subject.kind)
    .bind(&lease.subject.id)
    .bind(&lease.owner[..])
    .bind(lease.fence)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(Held::by(released.rows_affected()))
}

/// The work is over: its row goes.
pub async fn finish(tx: &mut Connection, lease: &Lease, now: Micros) -> Result<Held, StoreError> {
    let gone = sqlx::query(
        "DELETE FROM work WHERE kind = $1 AND subject = $2 AND owner = $3 AND fence = $4 AND held_until > $5",
    )
    .bind(lease.subject.kind)
    .bind(&lease.subject.id)
    .bind(&lease.owner[..])
    .bind(lease.fence)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(Held::by(gone.rows_affected()))
}

/// Frees what an earlier process in this seat has held: it is gone, for the seat is taken. Tells how much that was.
pub async fn take_seat(tx: &mut Connection, worker: &Worker) -> Result<u64, StoreError> {
    let freed = sqlx::query(
        "UPDATE work SET seat = NULL, owner = NULL, held_until = 0 WHERE seat = $1 AND owner <> $2",
    )
    .bind(&worker.seat[..])
    .bind(&worker.owner[..])
    .execute(tx)
    .await?;
    Ok(freed.rows_affected())
}

/// Frees all that this process holds, as it ends.
pub async fn leave(tx: &mut Connection, worker: &Worker) -> Result<(), StoreError> {
    sqlx::query("UPDATE work SET seat = NULL, owner = NULL, held_until = 0 WHERE owner = $1")
        .bind(&worker.owner[..])
        .execute(tx)
        .await?;
    Ok(())
}

/// A person says that it is to be tried again, now. Tells whether there was anything to restart: what somebody works on is
/// left alone, and what a process held that was never heard of again is nobody's. So is what is held for longer than any lease
/// lasts: where the clock was set back its holder may be alive, and must not bring back the failures that are cleared here.
pub async fn restart(
    tx: &mut Connection,
    subject: &Subject,
    rule: &Rule,
    now: Micros,
) -> Result<bool, StoreError> {
    let restarted = sqlx::query(
        "UPDATE work SET seat = NULL, owner = NULL, held_until = 0, attempts = 0, strikes = 0, not_before = 0, fault = ''
         WHERE kind = $1 AND subject = $2 AND attempts > 0
             AND (owner IS NULL OR held_until <= $3 OR held_until > $4)",
    )
    .bind(subject.kind)
    .bind(&subject.id)
    .bind(now)
    .bind(now.saturating_add(rule.lease.saturating_mul(2)))
    .execute(tx)
    .await?;
    Ok(restarted.rows_affected() == 1)
}

/// Forgets all work of a kind whose subject begins with these bytes, whoever holds it.
pub async fn discard(tx: &mut Connection, kind: &'static str, prefix: &[u8]) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM work WHERE kind = $1 AND substr(subject, 1, CAST($2 AS INTEGER)) = $3")
        .bind(kind)
        .bind(i64::try_from(prefix.len()).unwrap_or(i64::MAX))
        .bind(prefix)
        .execute(tx)
        .await?;
    Ok(())
}

/// How a piece of work stands, if it was ever taken.
pub async fn find(tx: &mut Connection, subject: &Subject) -> Result<Option<Turn>, StoreError> {
    let row = sqlx::query("SELECT * FROM work WHERE kind = $1 AND subject = $2")
        .bind(subject.kind)
        .bind(&subject.id)
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(turn).transpose()
}

/// How all work of a kind stands that was ever taken and is not over.
pub async fn all(tx: &mut Connection, kind: &'static str) -> Result<Vec<(Subject, Turn)>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM work WHERE kind = $1 ORDER BY subject").bind(kind).fetch_all(tx).await?;
    let subject = |row: &Row| -> Result<_, StoreError> {
        Ok((Subject { kind, id: row.try_get("subject")? }, turn(row)?))
    };
    rows.iter().map(subject).collect()
}
