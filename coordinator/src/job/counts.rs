//! The last job whose numbers the next one's could be compared with.
//!
//! Comes in: the store. Goes out: a job. Goes back through jobs page by page, by the index over their age, however many there
//! were since; of each it reads the terms, and keeps none. What a job discloses stands in its signed terms alone, so each
//! that is passed over costs a signature's check, some tenth of a millisecond. Where no job has disclosed counts alone, all
//! are looked at, ten thousand in about a second, in the transaction that starts a run of such a schedule.

use lianfang_proto::catalogue::Disclosure;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::ids::JobId;
use lianfang_trust::Signed;
use sqlx::Row as _;

use super::ledger::{self, Job};
use super::state::State;
use crate::fault::{Error, StoredAs as _};
use crate::office::Office;
use crate::ports::Micros;
use crate::store::{Connection, Row};

/// So many jobs are read at a time: 16 MiB at most, for terms have a limit.
const PAGE: i64 = 64;

/// The next page of jobs that have disclosed something or may yet, from the youngest to the oldest, behind the one of this
/// age and number.
const OLDER: &str = "SELECT id, created_at, terms FROM job
    WHERE created_at <= $1 AND (created_at < $1 OR id > $2) AND state <> $3
        AND (state = $4 OR (SELECT count(*) FROM participant
            WHERE participant.job = job.id AND participant.sealed = 1 AND participant.left_out = 0) > 1)
    ORDER BY created_at DESC, id LIMIT $5";

/// The last job that discloses counts alone, and does or may yet: one that failed, or to which fewer than two have submitted,
/// has told nobody anything of others.
pub async fn last(office: &Office, tx: &mut Connection) -> Result<Option<Job>, Error> {
    let mut behind: (Micros, Vec<u8>) = (Micros::MAX, Vec::new());
    loop {
        let rows = sqlx::query(OLDER).bind(behind.0).bind(behind.1);
        let rows = rows.bind(State::Failed.wire() as i32).bind(State::Open.wire() as i32).bind(PAGE);
        let rows = rows.fetch_all(&mut *tx).await?;
        for row in &rows {
            if let Some(id) = of_counts(office, row)? {
                return ledger::find(office, tx, id).await;
            }
        }
        let Some(oldest) = rows.last() else { return Ok(None) };
        behind = (oldest.try_get("created_at")?, oldest.try_get("id")?);
    }
}

/// The job's id, if it discloses counts alone.
fn of_counts(office: &Office, row: &Row) -> Result<Option<JobId>, Error> {
    let id: Vec<u8> = row.try_get("id")?;
    let id = JobId::from_slice(&id, "job").stored_as("job")?;
    let disclosure = match office.terms.get(&id) {
        Some(agreed) => agreed.terms().disclosure,
        None => {
            let terms: Vec<u8> = row.try_get("terms")?;
            let signed: Signed<Terms> = office.keys.open_own(&terms).stored_as("terms")?;
            signed.value().disclosure
        }
    };
    Ok((disclosure == Disclosure::Count).then_some(id))
}

#[cfg(test)]
mod tests;
