//! What a job's row holds besides its way: the last fault, what was recorded once, what others have signed.

use lianfang_proto::Fault;
use lianfang_proto::documents::certificate::JobCertificate;
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::ids::BankId;
use lianfang_trust::{Digest, Signed};
use sqlx::Row as _;

use super::book::{Book, Figures};
use super::state::Stage;
use crate::audit::AuditError;
use crate::key_holder::ports::Noted;
use crate::store::StoreError;

/// What another bank has signed of its submission, as this bank's report showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenSource {
    /// The bank.
    pub bank: BankId,
    /// Padded rows.
    pub rows: u64,
    /// The root over them.
    pub root: [u8; 32],
}

impl SeenSource {
    /// What this header says.
    pub fn of(header: &SubmissionHeader) -> Self {
        Self { bank: header.bank.clone(), rows: header.rows, root: header.root }
    }
}

fn malformed(column: &'static str) -> StoreError {
    StoreError::Malformed { table: "job_source", column }
}

impl Book {
    /// Keeps what the report's sources have signed; what was kept before goes.
    pub async fn keep_sources(&self, id: i64, sources: &[SeenSource]) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
        sqlx::query("DELETE FROM job_source WHERE job_id = $1").bind(id).execute(&mut *tx).await?;
        for source in sources {
            sqlx::query("INSERT INTO job_source (job_id, bank, rows, root) VALUES ($1, $2, $3, $4)")
                .bind(id)
                .bind(source.bank.as_str())
                .bind(i64::try_from(source.rows).map_err(|_| malformed("rows"))?)
                .bind(&source.root[..])
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await
    }

    /// What the report's sources have signed.
    pub async fn sources(&self, id: i64) -> Result<Vec<SeenSource>, StoreError> {
        let rows = sqlx::query("SELECT bank, rows, root FROM job_source WHERE job_id = $1 ORDER BY bank");
        let rows = rows.bind(id).fetch_all(self.store.readers()).await?;
        let read = |row: &crate::store::Row| {
            let root: Vec<u8> = row.try_get(2)?;
            Ok(SeenSource {
                bank: BankId::parse(row.try_get(0)?, "bank").map_err(|_| malformed("bank"))?,
                rows: u64::try_from(row.try_get::<i64, _>(1)?).map_err(|_| malformed("rows"))?,
                root: root.try_into().map_err(|_| malformed("root"))?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// The job's certificate, which was checked when it came; none of a job that has none.
    pub async fn certificate(&self, id: i64) -> Result<Option<JobCertificate>, StoreError> {
        let row = sqlx::query("SELECT certificate FROM job WHERE id = $1").bind(id);
        let Some(row) = row.fetch_optional(self.store.readers()).await? else { return Ok(None) };
        let Some(bytes) = row.try_get::<Option<Vec<u8>>, _>(0)? else { return Ok(None) };
        let signer = Signed::<JobCertificate>::claimed_signer(&bytes);
        let signed = signer.and_then(|signer| Signed::<JobCertificate>::open(&bytes, &signer));
        Ok(signed.ok().map(Signed::into_value))
    }

    /// Something was found about the job: the log says so if it is not what it said last, for it is found at every try.
    pub async fn found(&self, id: i64, what: &Digest, said: &Noted<'_>) -> Result<(), AuditError> {
        let mark = sqlx::query("UPDATE job SET recorded = $2 WHERE id = $1 AND recorded IS DISTINCT FROM $2");
        self.step(mark.bind(id).bind(&what.as_bytes()[..]), said).await
    }

    /// Counts of an attempt that came to nothing; the steps that succeed write their own.
    pub async fn keep_figures(&self, id: i64, figures: &Figures) -> Result<(), StoreError> {
        let update = sqlx::query("UPDATE job SET figures = $2 WHERE id = $1 AND stage < $3");
        let update = update.bind(id).bind(figures.json()).bind(Stage::Done.number());
        self.store.write(update).await.map(drop)
    }

    /// What went wrong last; shown to people, and gone with the next step that succeeds; of a job that has failed, why. What the store does not take,
    /// for its disk may be what is full, is shown until the next attempt.
    pub async fn fault(&self, id: i64, fault: &Fault) -> Result<(), StoreError> {
        let text = serde_json::json!({
            "code": fault.code.code(), "party": fault.party, "field": fault.field,
            "wanted": fault.wanted, "got": fault.got,
        });
        let written = self
            .store
            .write(
                sqlx::query("UPDATE job SET fault = $2, updated_at = $3 WHERE id = $1")
                    .bind(id)
                    .bind(text.to_string())
                    .bind(self.store.now()),
            )
            .await;
        if written.is_err() {
            self.unwritten().insert(id, text.to_string());
        }
        written?;
        Ok(())
    }

    /// Another attempt has ended.
    pub fn forget_unwritten(&self, id: i64) {
        self.unwritten().remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use lianfang_trust::{Signed, SigningKey};

    use super::*;
    use crate::audit::{Event, Log};
    use crate::job::consent::tests::terms;
    use crate::store::tests::Bench;

    #[tokio::test]
    async fn what_is_found_again_is_recorded_once_and_sources_are_kept() {
        let bench = Bench::new().await;
        let book = Book::new(bench.store.clone());
        let signed = Signed::sign(&SigningKey::from_bytes(&[1; 32]), terms(&["a", "b"], 2));
        book.note(&signed).await.unwrap();
        let id = book.get(signed.value().job).await.unwrap().unwrap().id;
        let (one, two) = (Digest::of("test", b"1"), Digest::of("test", b"2"));
        let log = Log::new(bench.store.clone(), "test");
        let event = Event::Started { version: "1".to_owned() };
        let mut entries = Vec::new();
        for what in [&one, &one, &two, &two, &one] {
            book.found(id, what, &log.says(&event)).await.unwrap();
            entries.push(log.head().await.unwrap().entries());
        }
        assert_eq!(entries, [1, 1, 2, 2, 3]);

        let bank = BankId::parse("b", "bank").unwrap();
        let source = SeenSource { bank, rows: 1_024, root: [7; 32] };
        for sources in [vec![source.clone()], vec![], vec![source]] {
            book.keep_sources(id, &sources).await.unwrap();
            assert_eq!(book.sources(id).await.unwrap(), sources);
        }
    }
}
