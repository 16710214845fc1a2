//! The last job whose numbers the next one's could be compared with.
//!
//! Comes in: the store. Goes out: a job. Goes back through jobs page by page, however many there were since.

use lianfang_proto::catalogue::Disclosure;

use super::ledger::{Job, job_of};
use super::state::State;
use crate::fault::Error;
use crate::office::Office;
use crate::store::Connection;

/// So many jobs are looked at at a time.
const PAGE: i64 = 256;

/// The last job that discloses counts alone, and does or may yet: one that failed, or to which fewer than two have submitted,
/// has told nobody anything of others.
pub async fn last(office: &Office, tx: &mut Connection) -> Result<Option<Job>, Error> {
    for page in 0_i64.. {
        let rows = sqlx::query(
            "SELECT * FROM job WHERE state <> $1 AND (state = $2 OR (SELECT count(*) FROM participant
               WHERE participant.job = job.id AND participant.sealed = 1 AND participant.left_out = 0) > 1)
             ORDER BY created_at DESC, id LIMIT $3 OFFSET $4",
        );
        let rows = rows.bind(State::Failed.wire() as i32).bind(State::Open.wire() as i32);
        let rows = rows.bind(PAGE).bind(page * PAGE);
        let rows = rows.fetch_all(&mut *tx).await?;
        for row in &rows {
            let job = job_of(office, row)?;
            if job.agreed.terms().disclosure == Disclosure::Count {
                return Ok(Some(job));
            }
        }
        if rows.is_empty() {
            break;
        }
    }
    Ok(None)
}
