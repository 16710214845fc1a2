//! Jobs as rows: what is known of each, and how far it has come. Every change is one statement, so that a step that was
//! cut off leaves the row as it was before it; and every change names the stage that it leads on from, so that a step that
//! was overtaken changes nothing. The log says of a step what it says in the transaction that takes it: once, or not at all.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use lianfang_proto::documents::terms::Terms;
use lianfang_proto::ids::JobId;
use lianfang_trust::at_rest::ColumnCipher;
use lianfang_trust::{Digest, Signed, VerifyingKey};
use sqlx::Row as _;
use tokio::sync::{Mutex, MutexGuard, Notify};
use zeroize::Zeroizing;

use super::state::Stage;
use crate::audit::AuditError;
use crate::key_holder::ports::Noted;
use crate::ports::Micros;
use crate::store::{Row, Statement, Store, StoreError};

mod figures;

pub use figures::Figures;

/// So many jobs are read at a time.
pub const PAGE: i64 = 1_000;

/// One job, as this bank knows it.
pub struct Entry {
    /// Its row.
    pub id: i64,
    /// The job.
    pub job: JobId,
    /// `D`.
    pub terms_digest: Digest,
    /// The signed terms, as they came.
    pub terms: Vec<u8>,
    /// How far it has come.
    pub stage: Stage,
    /// Who decided.
    pub decided_by: Option<String>,
    /// This bank's signed submission header.
    pub header: Option<Vec<u8>>,
    /// Counts and seconds.
    pub figures: Option<String>,
    /// This bank's signed return.
    pub result: Option<Vec<u8>>,
    /// Whether the coordinator has said that it has the return.
    pub handed_in: bool,
    /// What went wrong last.
    pub fault: Option<String>,
    /// When its terms were first seen.
    pub seen_at: Micros,
}

impl Entry {
    /// The terms. Those under a key that the coordinator had before were checked when they came.
    pub fn opened(&self, coordinator: &VerifyingKey) -> Option<Terms> {
        let terms = Signed::<Terms>::open(&self.terms, coordinator).or_else(|_| {
            let signer = Signed::<Terms>::claimed_signer(&self.terms)?;
            Signed::open(&self.terms, &signer)
        });
        terms.ok().map(Signed::into_value)
    }

    /// Whether policy or a person has decided on it.
    pub const fn is_decided(&self) -> bool {
        self.decided_by.is_some() || self.header.is_some()
    }

    /// The figures so far.
    pub fn figures(&self) -> Figures {
        self.figures.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}

/// The jobs of this node.
#[derive(Clone)]
pub struct Book {
    pub(super) store: Store,
    deciding: Arc<Mutex<()>>,
    woken: Arc<Notify>,
    /// Faults that a full disk would not take, by the job's row: shown all the same.
    unwritten: Arc<std::sync::Mutex<BTreeMap<i64, String>>>,
}

pub(super) const COLUMNS: &str =
    "id, job, terms_digest, terms, stage, decided_by, header, figures, result, handed_in_at, fault, seen_at";

pub(super) fn read(row: &Row) -> Result<Entry, StoreError> {
    let malformed = |column| StoreError::Malformed { table: "job", column };
    let job: Vec<u8> = row.try_get("job")?;
    let digest: Vec<u8> = row.try_get("terms_digest")?;
    Ok(Entry {
        id: row.try_get("id")?,
        job: JobId::from_slice(&job, "job").map_err(|_| malformed("job"))?,
        terms_digest: Digest::from_bytes(digest.try_into().map_err(|_| malformed("terms_digest"))?),
        terms: row.try_get("terms")?,
        stage: Stage::from_number(row.try_get("stage")?).ok_or_else(|| malformed("stage"))?,
        decided_by: row.try_get("decided_by")?,
        header: row.try_get("header")?,
        figures: row.try_get("figures")?,
        result: row.try_get("result")?,
        handed_in: row.try_get::<Option<Micros>, _>("handed_in_at")?.is_some(),
        fault: row.try_get("fault")?,
        seen_at: row.try_get("seen_at")?,
    })
}

impl Book {
    /// The jobs in this store.
    pub fn new(store: Store) -> Self {
        Self { store, deciding: Arc::default(), woken: Arc::default(), unwritten: Arc::default() }
    }

    /// A person has decided something, or restarted something: whoever works on jobs looks again.
    pub fn wake(&self) {
        self.woken.notify_one();
    }

    /// Resolves when that has happened.
    pub async fn woken(&self) {
        self.woken.notified().await;
    }

    /// Held while one job is judged and decided on: a decision depends on those that were made before it.
    pub async fn deciding(&self) -> MutexGuard<'_, ()> {
        self.deciding.lock().await
    }

    /// Takes a step, and says so in the log if it is one.
    pub(super) async fn step(&self, step: Statement<'_>, said: &Noted<'_>) -> Result<(), AuditError> {
        let mut tx = self.store.begin().await?;
        if step.execute(&mut *tx).await?.rows_affected() > 0 {
            said.append(&mut tx).await?;
        }
        Ok(tx.commit().await?)
    }

    fn cipher(&self, column: &'static str) -> ColumnCipher {
        self.store.cipher("job", column)
    }

    /// Takes a job down when its terms are first seen. What is there stays as it is.
    pub async fn note(&self, terms: &Signed<Terms>) -> Result<(), StoreError> {
        let now = self.store.now();
        let insert = sqlx::query(
            "INSERT INTO job (job, terms_digest, terms, stage, seen_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING",
        );
        let job = insert
            .bind(&terms.value().job.as_bytes()[..])
            .bind(&terms.digest().as_bytes()[..])
            .bind(terms.bytes())
            .bind(Stage::Proposed.number())
            .bind(now);
        self.store.write(job).await?;
        Ok(())
    }

    /// One job.
    pub async fn get(&self, job: JobId) -> Result<Option<Entry>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM job WHERE job = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(&job.as_bytes()[..]);
        let entry = row.fetch_optional(self.store.readers()).await?.as_ref().map(read).transpose()?;
        Ok(entry.map(|entry| self.with_unwritten(entry)))
    }

    pub(super) fn unwritten(&self) -> std::sync::MutexGuard<'_, BTreeMap<i64, String>> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_unwritten(&self, entry: Entry) -> Entry {
        match self.unwritten().get(&entry.id) {
            Some(fault) if !entry.stage.is_over() => Entry { fault: Some(fault.clone()), ..entry },
            _ => entry,
        }
    }

    /// Up to [`PAGE`] jobs, the newest first: those whose rows come before this one. An empty page is the end.
    pub async fn page(&self, before: i64) -> Result<Vec<Entry>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM job WHERE id < $1 ORDER BY id DESC LIMIT $2");
        self.entries(sqlx::query(sqlx::AssertSqlSafe(sql)).bind(before).bind(PAGE)).await
    }

    /// The newest jobs, for a person who looks.
    pub async fn list(&self) -> Result<Vec<Entry>, StoreError> {
        self.page(i64::MAX).await
    }

    /// Jobs that were seen after this moment, or have taken a step since, or have no end yet; the newest first.
    pub async fn since(&self, moment: Micros) -> Result<Vec<Entry>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM job WHERE seen_at > $1 OR updated_at > $1 OR stage < $2 ORDER BY id DESC"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(moment);
        self.entries(query.bind(Stage::Done.number())).await
    }

    /// Jobs that have no end here, the newest first: those that this bank has joined, of which files lie on the disk until
    /// there is a return, and those on which nobody has decided. They end here though the coordinator names them no longer.
    pub async fn unfinished(&self) -> Result<Vec<Entry>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM job WHERE stage < $1 ORDER BY id DESC");
        self.entries(sqlx::query(sqlx::AssertSqlSafe(sql)).bind(Stage::Done.number())).await
    }

    async fn entries(&self, query: Statement<'_>) -> Result<Vec<Entry>, StoreError> {
        let rows = query.fetch_all(self.store.readers()).await?;
        let entries: Result<Vec<_>, _> = rows.iter().map(read).collect();
        Ok(entries?.into_iter().map(|entry| self.with_unwritten(entry)).collect())
    }

    /// Jobs on which nobody has decided.
    pub async fn proposed(&self) -> Result<Vec<Entry>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM job WHERE stage = $1");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(Stage::Proposed.number());
        rows.fetch_all(self.store.readers()).await?.iter().map(read).collect()
    }

    /// Moves a job to one of its ends, unless it is at one. Its last fault is forgotten, unless that may be why it has failed or
    /// was missed; that nobody had decided yet is none.
    pub async fn advance(&self, id: i64, stage: Stage) -> Result<(), StoreError> {
        let sql = match stage {
            Stage::Failed | Stage::Missed => {
                "UPDATE job SET stage = $2, updated_at = $3, fault =
                     CASE WHEN fault LIKE '%\"consent-pending\"%' THEN NULL ELSE fault END
                 WHERE id = $1 AND stage < $4"
            }
            _ => "UPDATE job SET stage = $2, fault = NULL, updated_at = $3 WHERE id = $1 AND stage < $4",
        };
        let update = sqlx::query(sql).bind(id).bind(stage.number()).bind(self.store.now());
        self.store.write(update.bind(Stage::Done.number())).await.map(drop)
    }

    /// A job on which nobody had decided was missed by a clock that ran ahead: it is proposed again.
    pub async fn reopen(&self, id: i64) -> Result<(), StoreError> {
        let update = sqlx::query(
            "UPDATE job SET stage = $2, fault = NULL, updated_at = $3
             WHERE id = $1 AND stage = $4 AND decided_by IS NULL AND header IS NULL",
        );
        let update = update.bind(id).bind(Stage::Proposed.number()).bind(self.store.now());
        self.store.write(update.bind(Stage::Missed.number())).await.map(drop)
    }

    /// Takes down who decided, and how.
    pub async fn decide(&self, id: i64, stage: Stage, by: &str, said: &Noted<'_>) -> Result<(), AuditError> {
        let update = sqlx::query(
            "UPDATE job SET stage = $2, decided_by = $3, fault = NULL, updated_at = $4 WHERE id = $1 AND stage = 1",
        );
        let decided = update.bind(id).bind(stage.number()).bind(by).bind(self.store.now());
        self.step(decided, said).await?;
        self.wake();
        Ok(())
    }

    /// The seed of the submission's padding: made once, and the same ever after.
    pub async fn padding_seed(&self, id: i64) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        self.seed(
            id,
            "padding",
            "SELECT padding FROM job WHERE id = $1",
            "UPDATE job SET padding = $2 WHERE id = $1",
        )
        .await
    }

    /// The salt of the result's digest: made once, and the same ever after.
    pub async fn result_salt(&self, id: i64) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        self.seed(id, "salt", "SELECT salt FROM job WHERE id = $1", "UPDATE job SET salt = $2 WHERE id = $1")
            .await
    }

    async fn seed(
        &self,
        id: i64,
        column: &'static str,
        select: &'static str,
        update: &'static str,
    ) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        let cipher = self.cipher(column);
        let mut tx = self.store.begin().await?;
        let stored: Option<Vec<u8>> = sqlx::query_scalar(select).bind(id).fetch_one(&mut *tx).await?;
        if let Some(sealed) = stored {
            let opened = cipher.open(id, &sealed).map_err(StoreError::at("job", column))?;
            let bytes = opened.as_slice().try_into();
            return Ok(Zeroizing::new(bytes.map_err(|_| StoreError::Malformed { table: "job", column })?));
        }
        let mut seed = Zeroizing::new([0; 32]);
        let sealed = {
            let mut rng = self.store.rng();
            rng.fill_bytes(seed.as_mut());
            cipher.seal(id, seed.as_ref(), &mut *rng).map_err(StoreError::at("job", column))?
        };
        sqlx::query(update).bind(id).bind(sealed).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(seed)
    }

    /// The submission lies on the disk under this header. Header and stage change together, and once: files under a
    /// header that is stored are never written again.
    pub async fn prepared(
        &self,
        id: i64,
        header: &[u8],
        figures: &Figures,
        said: &Noted<'_>,
    ) -> Result<(), AuditError> {
        let update = sqlx::query(
            "UPDATE job SET header = $2, stage = $3, figures = $4, fault = NULL, updated_at = $5
             WHERE id = $1 AND stage = $6 AND header IS NULL",
        );
        let update = update.bind(id).bind(header).bind(Stage::Prepared.number()).bind(figures.json());
        self.step(update.bind(self.store.now()).bind(Stage::Accepted.number()), said).await
    }

    /// The submission stands.
    pub async fn submitted(&self, id: i64, figures: &Figures, said: &Noted<'_>) -> Result<(), AuditError> {
        let update = sqlx::query(
            "UPDATE job SET stage = $2, figures = $3, fault = NULL, updated_at = $4 WHERE id = $1 AND stage = $5",
        );
        let update = update.bind(id).bind(Stage::Submitted.number()).bind(figures.json());
        self.step(update.bind(self.store.now()).bind(Stage::Prepared.number()), said).await
    }

    /// The report is kept, and this is the return.
    pub async fn returned(
        &self,
        id: i64,
        result: &[u8],
        figures: &Figures,
        said: &Noted<'_>,
    ) -> Result<(), AuditError> {
        let update = sqlx::query(
            "UPDATE job SET result = $2, stage = $3, figures = $4, fault = NULL, updated_at = $5
             WHERE id = $1 AND stage = $6 AND result IS NULL",
        );
        let update = update.bind(id).bind(result).bind(Stage::Returned.number()).bind(figures.json());
        self.step(update.bind(self.store.now()).bind(Stage::Submitted.number()), said).await
    }

    /// The coordinator has the return: a certificate that says otherwise is false.
    pub async fn handed_in(&self, id: i64) -> Result<(), StoreError> {
        let update = sqlx::query("UPDATE job SET handed_in_at = $2 WHERE id = $1 AND handed_in_at IS NULL");
        self.store.write(update.bind(id).bind(self.store.now())).await.map(drop)
    }

    /// The certificate is checked.
    pub async fn certified(&self, id: i64, certificate: &[u8], said: &Noted<'_>) -> Result<(), AuditError> {
        let update = sqlx::query(
            "UPDATE job SET certificate = $2, stage = $3, fault = NULL, updated_at = $4 WHERE id = $1 AND stage = $5",
        );
        let update = update.bind(id).bind(certificate).bind(Stage::Done.number()).bind(self.store.now());
        self.step(update.bind(Stage::Returned.number()), said).await
    }
}

#[cfg(test)]
mod tests;
