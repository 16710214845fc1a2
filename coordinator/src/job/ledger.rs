//! Jobs and their participants in the store. Rows and reports are never here.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use crate::store::{Connection, Row, number};
use lianfang_proto::documents::roster::Roster;
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::ids::{BankId, JobId};
use lianfang_trust::{Canonical as _, Digest, Signed};
use sqlx::Row as _;

use super::left_out;
use super::state::{Facts, Part, State};
use crate::fault::{Error, StoredAs as _};
use crate::office::Office;
use crate::ports::Micros;
use crate::work;

/// Terms as they were signed, with their digest.
pub struct Agreed {
    /// The terms.
    pub signed: Signed<Terms>,
    /// `D`.
    pub digest: Digest,
}

impl Agreed {
    /// The terms.
    pub fn terms(&self) -> &Terms {
        self.signed.value()
    }

    /// The job's id.
    pub fn job(&self) -> JobId {
        self.terms().job
    }
}

/// Terms that have been read: a submission asks for them with every slice.
#[derive(Default)]
pub struct TermsCache(RwLock<HashMap<JobId, Arc<Agreed>>>);

impl TermsCache {
    pub(super) fn get(&self, job: &JobId) -> Option<Arc<Agreed>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(job).cloned()
    }

    fn put(&self, agreed: &Arc<Agreed>) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.insert(agreed.job(), Arc::clone(agreed));
    }

    /// Forgets all others: they are over.
    pub fn keep(&self, running: &BTreeSet<JobId>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|job, _| running.contains(job));
    }
}

/// A job as it is kept.
pub struct Job {
    /// What was agreed on.
    pub agreed: Arc<Agreed>,
    /// How far it has come.
    pub state: State,
    /// Since when.
    pub entered_at: Micros,
    /// Why it was given up, or waits; empty if it does neither.
    pub failure: String,
    /// Whom that names.
    pub culprits: Vec<String>,
    /// Tags by the number of legal groups that hold them.
    pub matches: BTreeMap<u32, u64>,
    /// The signed certificate.
    pub certificate: Option<Vec<u8>>,
    /// The lease under which the reports that stand were written.
    pub reports: i64,
}

/// A participant as it is kept.
pub struct Party {
    /// The bank.
    pub bank: BankId,
    /// What it decided.
    pub accepted: Option<bool>,
    /// Its signed submission header.
    pub header: Option<Vec<u8>>,
    /// Whether the submission stands.
    pub sealed: bool,
    /// Since when.
    pub sealed_at: Option<Micros>,
    /// The lease under whose name the rows lie that were taken so far.
    pub rows: i64,
    /// Its signed return.
    pub returned: Option<Vec<u8>>,
    /// Its signed countersignature.
    pub countersignature: Option<Vec<u8>>,
    /// Whether the job has gone on without it, for it took part no longer.
    pub left_out: bool,
}

impl Party {
    fn of(row: &Row) -> Result<Self, Error> {
        let left_out = row.try_get::<i64, _>("left_out")? != 0;
        Ok(Self {
            left_out,
            bank: BankId::parse(row.try_get("bank")?, "bank").stored_as("participant")?,
            accepted: row.try_get::<Option<i64>, _>("accepted")?.map(|accepted| accepted != 0),
            header: row.try_get("header")?,
            // What it had submitted is compared with nobody's, and answers nothing.
            sealed: row.try_get::<i64, _>("sealed")? != 0 && !left_out,
            sealed_at: row.try_get("sealed_at")?,
            rows: number(row, "rows_fence")?,
            returned: row.try_get("returned")?,
            countersignature: row.try_get("countersignature")?,
        })
    }

    /// Whether the submission stood only after the bank's deadline.
    pub fn is_late(&self, terms: &Terms) -> bool {
        self.sealed && self.sealed_at.is_some_and(|at| at >= terms.deadline_of(&self.bank))
    }

    /// What decides about the job.
    pub fn part(&self, terms: &Terms) -> Part {
        if self.left_out {
            return Part { declined: true, ..Part::default() };
        }
        Part {
            taken_until: terms.taken_until(&self.bank),
            declined: self.accepted == Some(false) && !self.sealed,
            sealed: self.sealed,
            returned: self.returned.is_some(),
            countersigned: self.countersignature.is_some(),
        }
    }

    /// The header of a submission that stands. Its signature was checked when it was taken.
    pub fn submission(&self) -> Result<Option<SubmissionHeader>, Error> {
        let Some(bytes) = self.header.as_ref().filter(|_| self.sealed) else { return Ok(None) };
        let signer = Signed::<SubmissionHeader>::claimed_signer(bytes).stored_as("header")?;
        Ok(Some(Signed::open(bytes, &signer).stored_as("header")?.into_value()))
    }
}

/// All that decides what is due in a job. `stuck` says that the coordinator's own work on it has failed. Nobody waits for
/// a bank that takes part no longer, or under another identity than that which has signed its header.
pub fn facts(job: &Job, parties: &[Party], grace: Micros, stuck: bool, roster: &Roster) -> Facts {
    let part = |party: &Party| {
        let away = Part { declined: true, ..Part::default() };
        if left_out::is_away(party, roster) { away } else { party.part(job.agreed.terms()) }
    };
    Facts {
        state: job.state,
        entered_at: job.entered_at,
        deadline: job.agreed.terms().last_taken(),
        grace,
        stuck,
        parts: parties.iter().map(part).collect(),
    }
}

/// Keeps a new job.
pub async fn insert(tx: &mut Connection, terms: &Signed<Terms>, now: Micros) -> Result<(), Error> {
    let id = terms.value().job;
    sqlx::query("INSERT INTO job (id, terms_digest, terms, state, entered_at, created_at) VALUES ($1, $2, $3, $4, $5, $5)")
        .bind(&id.as_bytes()[..])
        .bind(&terms.digest().as_bytes()[..])
        .bind(terms.bytes())
        .bind(State::Open.wire() as i32)
        .bind(now)
        .execute(&mut *tx)
        .await?;
    for participant in &terms.value().participants {
        sqlx::query("INSERT INTO participant (job, bank) VALUES ($1, $2)")
            .bind(&id.as_bytes()[..])
            .bind(participant.bank.as_str())
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

fn job_of(office: &Office, row: &Row) -> Result<Job, Error> {
    let id: Vec<u8> = row.try_get("id")?;
    let id = JobId::from_slice(&id, "job").stored_as("job")?;
    let agreed = if let Some(agreed) = office.terms.get(&id) {
        agreed
    } else {
        let bytes: Vec<u8> = row.try_get("terms")?;
        let signed: Signed<Terms> = office.keys.open_own(&bytes).stored_as("terms")?;
        let agreed = Arc::new(Agreed { digest: signed.value().digest(), signed });
        office.terms.put(&agreed);
        agreed
    };
    let state: i32 = row.try_get("state")?;
    let (culprits, matches): (String, String) = (row.try_get("culprits")?, row.try_get("matches")?);
    Ok(Job {
        agreed,
        state: State::from_number(state).ok_or(Error::Stored { what: "job state" })?,
        entered_at: row.try_get("entered_at")?,
        failure: row.try_get("failure")?,
        culprits: serde_json::from_str(&culprits).stored_as("culprits")?,
        matches: serde_json::from_str(&matches).stored_as("matches")?,
        certificate: row.try_get("certificate")?,
        reports: number(row, "reports")?,
    })
}

/// The job with this id.
pub async fn find(office: &Office, tx: &mut Connection, id: JobId) -> Result<Option<Job>, Error> {
    let row =
        sqlx::query("SELECT * FROM job WHERE id = $1").bind(&id.as_bytes()[..]).fetch_optional(tx).await?;
    row.map(|row| job_of(office, &row)).transpose()
}

/// The job with these terms.
pub async fn with_terms(office: &Office, tx: &mut Connection, digest: &Digest) -> Result<Option<Job>, Error> {
    let row = sqlx::query("SELECT * FROM job WHERE terms_digest = $1");
    let row = row.bind(&digest.as_bytes()[..]).fetch_optional(tx).await?;
    row.map(|row| job_of(office, &row)).transpose()
}

/// All jobs, oldest first.
pub async fn all(office: &Office, tx: &mut Connection) -> Result<Vec<Job>, Error> {
    let rows = sqlx::query("SELECT * FROM job ORDER BY created_at, id").fetch_all(tx).await?;
    rows.iter().map(|row| job_of(office, row)).collect()
}

/// Those that are not over.
pub async fn running(office: &Office, tx: &mut Connection) -> Result<Vec<Job>, Error> {
    let rows = sqlx::query("SELECT * FROM job WHERE state NOT IN ($1, $2) ORDER BY created_at, id")
        .bind(State::Closed.wire() as i32)
        .bind(State::Failed.wire() as i32)
        .fetch_all(tx)
        .await?;
    rows.iter().map(|row| job_of(office, row)).collect()
}

/// Those that are over, and of which files may be left.
pub async fn unswept(office: &Office, tx: &mut Connection) -> Result<Vec<Job>, Error> {
    let rows = sqlx::query(
        "SELECT * FROM job WHERE state IN ($1, $2) AND id IN (SELECT subject FROM work WHERE kind = $3)",
    )
    .bind(State::Closed.wire() as i32)
    .bind(State::Failed.wire() as i32)
    .bind(work::JOB)
    .fetch_all(tx)
    .await?;
    rows.iter().map(|row| job_of(office, row)).collect()
}

/// All participants of a job, sorted by bank.
pub async fn parties(tx: &mut Connection, job: JobId) -> Result<Vec<Party>, Error> {
    let rows = sqlx::query("SELECT * FROM participant WHERE job = $1 ORDER BY bank");
    let rows = rows.bind(&job.as_bytes()[..]).fetch_all(tx).await?;
    rows.iter().map(Party::of).collect()
}

/// One participant.
pub async fn party(tx: &mut Connection, job: JobId, bank: &BankId) -> Result<Option<Party>, Error> {
    let row = sqlx::query("SELECT * FROM participant WHERE job = $1 AND bank = $2");
    let row = row.bind(&job.as_bytes()[..]).bind(bank.as_str()).fetch_optional(tx).await?;
    row.as_ref().map(Party::of).transpose()
}

/// The job is in this state from now on.
pub async fn enter(tx: &mut Connection, job: JobId, state: State, now: Micros) -> Result<(), Error> {
    sqlx::query("UPDATE job SET state = $1, entered_at = $2 WHERE id = $3")
        .bind(state.wire() as i32)
        .bind(now)
        .bind(&job.as_bytes()[..])
        .execute(tx)
        .await?;
    Ok(())
}

/// What the matching has counted.
pub async fn set_matches(tx: &mut Connection, job: JobId, matches: &BTreeMap<u32, u64>) -> Result<(), Error> {
    let text = serde_json::to_string(matches).stored_as("matches")?;
    let id = &job.as_bytes()[..];
    sqlx::query("UPDATE job SET matches = $1 WHERE id = $2").bind(text).bind(id).execute(tx).await?;
    Ok(())
}

/// Why the job was given up, or does not go on; empty where it does.
pub async fn set_failure(tx: &mut Connection, job: JobId, code: &str) -> Result<(), Error> {
    let id = &job.as_bytes()[..];
    sqlx::query("UPDATE job SET failure = $1 WHERE id = $2").bind(code).bind(id).execute(tx).await?;
    Ok(())
}

/// The reports that stand were written under this lease.
pub async fn set_reports(tx: &mut Connection, job: JobId, turn: i64) -> Result<(), Error> {
    let id = &job.as_bytes()[..];
    sqlx::query("UPDATE job SET reports = $1 WHERE id = $2").bind(turn).bind(id).execute(tx).await?;
    Ok(())
}

/// The certificate as it was signed.
pub async fn set_certificate(tx: &mut Connection, job: JobId, signed: &[u8]) -> Result<(), Error> {
    let id = &job.as_bytes()[..];
    sqlx::query("UPDATE job SET certificate = $1 WHERE id = $2").bind(signed).bind(id).execute(tx).await?;
    Ok(())
}

/// What a participant hands in, by the column that keeps it.
#[derive(Clone, Copy)]
pub enum Handed {
    /// A submission's header.
    Header,
    /// A return.
    Return,
    /// A countersignature.
    Countersignature,
}

/// Keeps what a participant has signed.
pub async fn set_handed(
    tx: &mut Connection,
    job: JobId,
    bank: &BankId,
    what: Handed,
    signed: &[u8],
) -> Result<(), Error> {
    let update = match what {
        Handed::Header => "UPDATE participant SET header = $1 WHERE job = $2 AND bank = $3",
        Handed::Return => "UPDATE participant SET returned = $1 WHERE job = $2 AND bank = $3",
        Handed::Countersignature => {
            "UPDATE participant SET countersignature = $1 WHERE job = $2 AND bank = $3"
        }
    };
    sqlx::query(update).bind(signed).bind(&job.as_bytes()[..]).bind(bank.as_str()).execute(tx).await?;
    Ok(())
}

/// Keeps a participant's decision.
pub async fn set_decision(
    tx: &mut Connection,
    job: JobId,
    bank: &BankId,
    accepted: bool,
    signed: &[u8],
) -> Result<(), Error> {
    sqlx::query("UPDATE participant SET decision = $1, accepted = $2 WHERE job = $3 AND bank = $4")
        .bind(signed)
        .bind(i64::from(accepted))
        .bind(&job.as_bytes()[..])
        .bind(bank.as_str())
        .execute(tx)
        .await?;
    Ok(())
}

/// The job goes on without this participant.
pub async fn set_left_out(tx: &mut Connection, job: JobId, bank: &BankId) -> Result<(), Error> {
    let update = sqlx::query("UPDATE participant SET left_out = 1 WHERE job = $1 AND bank = $2");
    update.bind(&job.as_bytes()[..]).bind(bank.as_str()).execute(tx).await?;
    Ok(())
}

/// The participant's rows lie under this lease's name.
pub async fn set_rows(tx: &mut Connection, job: JobId, bank: &BankId, turn: i64) -> Result<(), Error> {
    let update = sqlx::query("UPDATE participant SET rows_fence = $1 WHERE job = $2 AND bank = $3");
    update.bind(turn).bind(&job.as_bytes()[..]).bind(bank.as_str()).execute(tx).await?;
    Ok(())
}

/// The participant's submission stands.
pub async fn set_sealed(tx: &mut Connection, job: JobId, bank: &BankId, now: Micros) -> Result<(), Error> {
    let update =
        sqlx::query("UPDATE participant SET sealed = 1, sealed_at = $3 WHERE job = $1 AND bank = $2");
    update.bind(&job.as_bytes()[..]).bind(bank.as_str()).bind(now).execute(tx).await?;
    Ok(())
}
