//! `summary JOB`: the job's totals, small cells suppressed.

use lianfang_desk::{Console, Exit, Problem};
use lianfang_proto::ids::JobId;

use super::job::{fields, read};
use crate::office::Office;
use crate::summary;

/// Prints the object of `summary.json`.
pub(super) async fn perform(id: JobId, office: &Office, console: &dyn Console) -> Result<Exit, Problem> {
    let (job, parties) = read(office, id).await?;
    let totals = summary::of(&job, &parties, office.config.suppressed_below)?;
    if console.json() {
        console.out(&totals.to_string());
    } else {
        fields(console, &totals);
    }
    Ok(Exit::Done)
}
