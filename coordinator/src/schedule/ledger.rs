//! Schedules and their runs in the store.

use lianfang_proto::ids::{BankId, JobId, ScheduleName};
use sqlx::Row as _;

use super::BEGUN_AHEAD;
use super::due::{self, Past, Settled};
use super::fate::{Decided, Event, Fate};
use super::plan::{Plan, VERSION};
use super::standing::Standing;
use crate::fault::{Error, StoredAs as _};
use crate::job::state::State;
use crate::ports::Micros;
use crate::store::{Connection, Row};

/// So many of a schedule's latest runs decide about the next.
const RECENT: i64 = 64;

/// A schedule as it is kept.
pub struct Schedule {
    /// What the regulator calls it.
    pub name: ScheduleName,
    /// What was decided about it.
    pub plan: Plan,
    /// Whether it plans runs, by today's clock.
    pub standing: Standing,
    /// Counts changes.
    pub revision: i64,
    /// Instants up to this one are none of its business, by today's clock.
    pub since: Micros,
    /// Who decided last.
    pub changed_by: String,
}

impl Schedule {
    /// As far as it decides about runs.
    pub fn deciding(&self) -> due::Schedule<'_> {
        due::Schedule { plan: &self.plan, standing: self.standing, since: self.since }
    }

    fn of(row: &Row, now: Micros) -> Result<Self, Error> {
        let (name, plan): (String, String) = (row.try_get("name")?, row.try_get("plan")?);
        let kept = Kept::of(row)?;
        if row.try_get::<i64, _>("version")? != VERSION {
            return Err(Error::Stored { what: "version of a schedule's plan" });
        }
        Ok(Self {
            name: ScheduleName::parse(&name, "schedule").stored_as("schedule")?,
            plan: serde_json::from_str(&plan).stored_as("a schedule's plan")?,
            standing: kept.standing.by_clock(kept.changed_at, now),
            revision: row.try_get("revision")?,
            since: due::since_by_clock(kept.since, kept.changed_at, now),
            changed_by: row.try_get("changed_by")?,
        })
    }
}

/// What is kept of how a schedule stands, whatever the clock.
struct Kept {
    standing: Standing,
    since: Micros,
    changed_at: Micros,
}

impl Kept {
    fn of(row: &Row) -> Result<Self, Error> {
        let word: String = row.try_get("standing")?;
        Ok(Self {
            standing: Standing::from_word(&word).ok_or(Error::Stored { what: "standing" })?,
            since: row.try_get("since")?,
            changed_at: row.try_get("changed_at")?,
        })
    }

    /// Since when runs are the schedule's business by today's clock, if what is kept of that is ahead.
    fn since_set_right(&self, now: Micros) -> Option<Micros> {
        Some(due::since_by_clock(self.since, self.changed_at, now)).filter(|since| *since < self.since)
    }
}

/// A schedule that plans runs, or has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lasting {
    /// Its name.
    pub name: ScheduleName,
    /// How it stands by today's clock.
    pub standing: Standing,
    /// Since when runs are its business is what a clock that ran ahead has decided, and is to be set right.
    pub ran_ahead: bool,
}

/// All schedules that were not removed, by name.
pub async fn all(tx: &mut Connection, now: Micros) -> Result<Vec<Schedule>, Error> {
    let rows = sqlx::query("SELECT * FROM schedule WHERE standing <> 'removed' ORDER BY name");
    rows.fetch_all(tx).await?.iter().map(|row| Schedule::of(row, now)).collect()
}

/// Those that plan runs or have ended, by name.
pub async fn lasting(tx: &mut Connection, now: Micros) -> Result<Vec<Lasting>, Error> {
    let rows = sqlx::query(
        "SELECT name, standing, since, changed_at FROM schedule
         WHERE standing IN ('active', 'ended') ORDER BY name",
    );
    let one = |row: &Row| -> Result<Lasting, Error> {
        let kept = Kept::of(row)?;
        Ok(Lasting {
            name: ScheduleName::parse(row.try_get("name")?, "schedule").stored_as("schedule")?,
            standing: kept.standing.by_clock(kept.changed_at, now),
            ran_ahead: kept.since_set_right(now).is_some(),
        })
    };
    rows.fetch_all(tx).await?.iter().map(one).collect()
}

/// Keeps since when runs are a schedule's business by today's clock, in place of what a clock that ran ahead has decided, and
/// gives it. `None` if nothing is ahead, or no longer. How the schedule stands, and when that was decided, stay as they are:
/// nobody has decided anything anew, and two processes whose clocks differ would undo each other's word for ever.
pub async fn set_right(
    tx: &mut Connection,
    name: &ScheduleName,
    now: Micros,
) -> Result<Option<Micros>, Error> {
    let row = sqlx::query("SELECT standing, since, changed_at FROM schedule WHERE name = $1");
    let row = row.bind(name.as_str()).fetch_optional(&mut *tx).await?;
    let kept = row.as_ref().map(Kept::of).transpose()?;
    let Some(since) = kept.and_then(|kept| kept.since_set_right(now)) else { return Ok(None) };
    let right = sqlx::query("UPDATE schedule SET since = $2 WHERE name = $1");
    right.bind(name.as_str()).bind(since).execute(tx).await?;
    Ok(Some(since))
}

/// The schedule with this name, also one that was removed.
pub async fn find(tx: &mut Connection, name: &ScheduleName, now: Micros) -> Result<Option<Schedule>, Error> {
    let row = sqlx::query("SELECT * FROM schedule WHERE name = $1").bind(name.as_str());
    row.fetch_optional(tx).await?.as_ref().map(|row| Schedule::of(row, now)).transpose()
}

/// Keeps a schedule, in place of an earlier one of this name.
pub async fn put(tx: &mut Connection, schedule: &Schedule, now: Micros) -> Result<(), Error> {
    let plan = serde_json::to_string(&schedule.plan).stored_as("a schedule's plan")?;
    sqlx::query(
        "INSERT INTO schedule (name, version, plan, standing, revision, since, changed_by, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         ON CONFLICT (name) DO UPDATE SET version = $2, plan = $3, standing = $4, revision = $5, since = $6,
         changed_by = $7, changed_at = $8",
    )
    .bind(schedule.name.as_str())
    .bind(VERSION)
    .bind(plan)
    .bind(schedule.standing.word())
    .bind(schedule.revision)
    .bind(schedule.since)
    .bind(&schedule.changed_by)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// What was decided about one planned run.
pub struct Decision {
    /// Its instant.
    pub planned_at: Micros,
    /// What comes to it.
    pub event: Event,
    /// Why no job comes of it, where the event does not say.
    pub why: String,
    /// Which of the schedule's jobs it is.
    pub number: Option<i64>,
    /// The job.
    pub job: Option<JobId>,
    /// Banks that could not take part, each with what kept it out.
    pub left_out: Vec<(String, String)>,
    /// Missed runs that it stands for.
    pub stands_for: u64,
    /// The person who asked for it outside the rhythm.
    pub asked_by: Option<String>,
}

impl Decision {
    /// One without a job.
    pub const fn without_job(planned_at: Micros, event: Event) -> Self {
        Self {
            planned_at,
            event,
            why: String::new(),
            number: None,
            job: None,
            left_out: Vec::new(),
            stands_for: 1,
            asked_by: None,
        }
    }

    /// With those who could not take part.
    #[must_use]
    pub fn leaving_out(mut self, banks: &[(BankId, &str)]) -> Self {
        self.left_out = banks.iter().map(|(bank, why)| (bank.to_string(), (*why).to_owned())).collect();
        self
    }

    /// What has become of the run by it.
    fn come_to(self, fate: Fate, now: Micros) -> Occurrence {
        let Self { planned_at, event, why, number, job, left_out, stands_for, asked_by } = self;
        let why = if why.is_empty() { event.why(fate).to_owned() } else { why };
        Occurrence { planned_at, fate, why, number, job, left_out, stands_for, asked_by, decided_at: now }
    }
}

/// What has become of one planned run.
pub struct Occurrence {
    /// Its instant.
    pub planned_at: Micros,
    /// What has become of it.
    pub fate: Fate,
    /// Why it was left out.
    pub why: String,
    /// Which of the schedule's jobs it is.
    pub number: Option<i64>,
    /// The job.
    pub job: Option<JobId>,
    /// Banks that could not take part, each with what kept it out.
    pub left_out: Vec<(String, String)>,
    /// Missed runs that it stands for.
    pub stands_for: u64,
    /// The person who asked for it outside the rhythm.
    pub asked_by: Option<String>,
    /// When it was decided.
    pub decided_at: Micros,
}

impl Occurrence {
    fn of(row: &Row) -> Result<Self, Error> {
        let (fate, left_out): (String, String) = (row.try_get("fate")?, row.try_get("left_out")?);
        let job: Option<Vec<u8>> = row.try_get("job")?;
        Ok(Self {
            planned_at: row.try_get("planned_at")?,
            fate: Fate::from_word(&fate).ok_or(Error::Stored { what: "fate" })?,
            why: row.try_get("why")?,
            number: row.try_get("number")?,
            job: job.map(|id| JobId::from_slice(&id, "job").stored_as("job")).transpose()?,
            left_out: serde_json::from_str(&left_out).stored_as("banks that were left out")?,
            stands_for: u64::try_from(row.try_get::<i64, _>("stands_for")?).stored_as("stands_for")?,
            asked_by: row.try_get("asked_by")?,
            decided_at: row.try_get("decided_at")?,
        })
    }

    fn settled(&self) -> Settled {
        Settled {
            planned_at: self.planned_at,
            decided_at: self.decided_at,
            fate: self.fate,
            by_hand: self.asked_by.is_some(),
        }
    }
}

/// Takes down what a decision makes of a planned run, and gives it. `None` if nothing stands there by it: the run was
/// decided before, or is planned as it was. Within a transaction that holds the store, so that what is read stays true.
pub async fn settle(
    tx: &mut Connection,
    schedule: &ScheduleName,
    decision: Decision,
    now: Micros,
) -> Result<Option<Occurrence>, Error> {
    let row = sqlx::query("SELECT * FROM occurrence WHERE schedule = $1 AND planned_at = $2")
        .bind(schedule.as_str())
        .bind(decision.planned_at)
        .fetch_optional(&mut *tx)
        .await?
        .as_ref()
        .map(Occurrence::of)
        .transpose()?;
    let before = row.and_then(|row| row.fate.by_clock(row.decided_at, now));
    match Fate::apply(before, decision.event) {
        Ok(Some(fate)) => {
            let one = decision.come_to(fate, now);
            write(tx, schedule, &one).await?;
            Ok(Some(one))
        }
        // A planned run has no row; one that stood here was a wrong clock's.
        Ok(None) => {
            let planned = sqlx::query("DELETE FROM occurrence WHERE schedule = $1 AND planned_at = $2");
            planned.bind(schedule.as_str()).bind(decision.planned_at).execute(tx).await?;
            Ok(None)
        }
        Err(Decided { .. }) => Ok(None),
    }
}

async fn write(tx: &mut Connection, schedule: &ScheduleName, one: &Occurrence) -> Result<(), Error> {
    let left_out = serde_json::to_string(&one.left_out).stored_as("banks that were left out")?;
    sqlx::query(
        "INSERT INTO occurrence
             (schedule, planned_at, fate, why, number, job, left_out, stands_for, asked_by, decided_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (schedule, planned_at) DO UPDATE SET fate = $3, why = $4, number = $5, job = $6, left_out = $7,
             stands_for = $8, decided_at = $10",
    )
    .bind(schedule.as_str())
    .bind(one.planned_at)
    .bind(one.fate.word())
    .bind(&one.why)
    .bind(one.number)
    .bind(one.job.as_ref().map(|job| job.as_bytes().to_vec()))
    .bind(left_out)
    .bind(i64::try_from(one.stands_for).unwrap_or(i64::MAX))
    .bind(one.asked_by.as_deref())
    .bind(one.decided_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Planned instants of the runs that wait, the earliest first.
pub async fn waiting(tx: &mut Connection, schedule: &ScheduleName) -> Result<Vec<Micros>, Error> {
    let waiting = sqlx::query_scalar(
        "SELECT planned_at FROM occurrence WHERE schedule = $1 AND fate = 'waiting' ORDER BY planned_at",
    );
    Ok(waiting.bind(schedule.as_str()).fetch_all(tx).await?)
}

/// A schedule's latest runs, the latest first.
pub async fn occurrences(
    tx: &mut Connection,
    schedule: &ScheduleName,
    most: i64,
) -> Result<Vec<Occurrence>, Error> {
    let rows = sqlx::query("SELECT * FROM occurrence WHERE schedule = $1 ORDER BY planned_at DESC LIMIT $2");
    let rows = rows.bind(schedule.as_str()).bind(most).fetch_all(tx).await?;
    rows.iter().map(Occurrence::of).collect()
}

/// What decides about the next runs.
pub async fn past(tx: &mut Connection, schedule: &ScheduleName, now: Micros) -> Result<Past, Error> {
    // What a clock that ran ahead has decided is left aside here already, so that it does not hide what counts.
    let rows = sqlx::query(
        "SELECT * FROM occurrence
         WHERE schedule = $1 AND planned_at <= $2 AND (fate = 'started' OR decided_at <= $2)
         ORDER BY planned_at DESC LIMIT $3",
    );
    let rows = rows.bind(schedule.as_str()).bind(now).bind(RECENT).fetch_all(&mut *tx).await?;
    // The last start counts however many runs were left out since.
    let started = sqlx::query(
        "SELECT * FROM occurrence WHERE schedule = $1 AND fate = 'started' AND decided_at <= $2
         ORDER BY decided_at DESC LIMIT 1",
    );
    let started = started.bind(schedule.as_str()).bind(now).fetch_optional(&mut *tx).await?;
    let settled: Result<Vec<_>, Error> =
        rows.iter().chain(&started).map(|row| Occurrence::of(row).map(|one| one.settled())).collect();
    // A job that a clock which ran far ahead has started may last until that time, and nobody is to wait for it so long. One
    // that was begun less far ahead is running: a clock may have been set since, or another process's may be ahead.
    let running: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM occurrence o JOIN job j ON j.id = o.job
         WHERE o.schedule = $1 AND j.state NOT IN ($2, $3) AND o.decided_at <= $4",
    )
    .bind(schedule.as_str())
    .bind(i64::from(State::Closed.wire() as i32))
    .bind(i64::from(State::Failed.wire() as i32))
    .bind(now.saturating_add(BEGUN_AHEAD))
    .fetch_one(tx)
    .await?;
    Ok(Past { settled: settled?, running: running > 0 })
}

/// The number of the schedule's next job, and the job before it that has not failed.
pub async fn succession(tx: &mut Connection, schedule: &ScheduleName) -> Result<(i64, Option<JobId>), Error> {
    let next = sqlx::query_scalar("SELECT coalesce(max(number), 0) + 1 FROM occurrence WHERE schedule = $1");
    let next: i64 = next.bind(schedule.as_str()).fetch_one(&mut *tx).await?;
    let job: Option<Vec<u8>> = sqlx::query_scalar(
        "SELECT o.job FROM occurrence o JOIN job j ON j.id = o.job
         WHERE o.schedule = $1 AND j.state <> $2 ORDER BY o.number DESC LIMIT 1",
    )
    .bind(schedule.as_str())
    .bind(i64::from(State::Failed.wire() as i32))
    .fetch_optional(tx)
    .await?;
    Ok((next, job.map(|id| JobId::from_slice(&id, "job").stored_as("job")).transpose()?))
}
