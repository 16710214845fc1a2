//! Intake: a bank's signed header, then its rows in order, then the seal.
//!
//! Comes in: bytes of proven participants. Goes out: `<bank>.<lease>.rows`, exactly as it was sent, in strictly ascending
//! order of tags, with the root that its bank signed; and `<bank>.<lease>.levels` for later proofs. Never sees: what a tag
//! or a label means. Trusts: the header's signature, nothing else. Fails with a fault that names the field, or the row from
//! which to go on; never names a tag. Several coordinators may take rows of one bank, one after the other: whose turn it
//! is, a lease says (`writer`). A seal is acknowledged only once all of it is on the disk for good.

mod header;
mod upload;
mod writer;

use std::sync::Arc;

use lianfang_proto::FaultCode;
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::ids::{BankId, JobId};
use lianfang_trust::{Digest, Signed};
use serde_json::json;
use tokio::task::spawn_blocking;

use crate::audit;
use crate::fault::{Error, StoredAs as _};
use crate::job::answers::{is_new, part_of};
use crate::job::ledger::{self, Handed, Job, Party};
use crate::job::participant::{Event, Participant, Refused};
use crate::job::state::State;
use crate::office::Office;

pub use header::check as check_header;
pub use upload::Upload;
pub use writer::Uploads;

/// How far a submission has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows that are here.
    pub next_row: u64,
    /// Whether the submission stands.
    pub sealed: bool,
}

async fn look_up(office: &Office, caller: &BankId, digest: &Digest) -> Result<(Job, Party), Error> {
    let mut connection = office.store.readers().acquire().await?;
    part_of(office, &mut connection, digest, caller).await
}

/// The header of a submission that has been announced.
fn announced(party: &Party) -> Result<SubmissionHeader, Error> {
    let bytes = party.header.as_ref().ok_or(Error::Bug("no header"))?;
    let signer = Signed::<SubmissionHeader>::claimed_signer(bytes).stored_as("header")?;
    Ok(Signed::open(bytes, &signer).stored_as("header")?.into_value())
}

/// How far the caller's submission has come.
pub async fn progress(office: &Office, job: &Job, party: &Party) -> Result<Progress, Error> {
    if party.sealed {
        let rows = party.submission()?.map_or(0, |header| header.rows);
        return Ok(Progress { next_row: rows, sealed: true });
    }
    if party.header.is_none() || job.state != State::Open {
        return Ok(Progress { next_row: 0, sealed: false });
    }
    let rows = rows_here(office, job.agreed.job(), party, announced(party)?).await?;
    Ok(Progress { next_row: rows, sealed: false })
}

/// How many whole rows of a participant lie on the disk: that counts, whichever process has written it.
async fn rows_here(
    office: &Office,
    job: JobId,
    party: &Party,
    header: SubmissionHeader,
) -> Result<u64, Error> {
    let path = office.files(job).rows(&party.bank, party.rows);
    spawn_blocking(move || upload::rows_at(&path, &header)).await.map_err(|_| Error::Bug("intake"))?
}

/// Takes a submission's header. The same again tells how far it has come; another one is refused.
pub async fn open(
    office: &Office,
    caller: &BankId,
    digest: &Digest,
    header: &Signed<SubmissionHeader>,
) -> Result<Progress, Error> {
    let (job, party) = look_up(office, caller, digest).await?;
    check_header(header.value(), caller, &job.agreed)?;
    let event = |party: &Party| Event::header(party.header.as_deref(), header.bytes());
    if !is_new(office, &job, &party, event(&party))? {
        return progress(office, &job, &party).await;
    }
    let mut tx = office.store.begin().await?;
    // Looked at again under the lock, for the same bank may be calling twice at once.
    let (job, party) = part_of(office, &mut tx, digest, caller).await?;
    if !is_new(office, &job, &party, event(&party))? {
        drop(tx);
        return progress(office, &job, &party).await;
    }
    ledger::set_handed(&mut tx, job.agreed.job(), caller, Handed::Header, header.bytes()).await?;
    let value = header.value();
    let body = json!({
        "job": job.agreed.job().to_string(),
        "bank": caller.as_str(),
        "rows": value.rows,
        "root": hex::encode(value.root),
    });
    audit::append(&mut tx, office.now(), "submission.announced", &body).await?;
    tx.commit().await?;
    Ok(Progress { next_row: 0, sealed: false })
}

/// Takes rows that follow on those that are here. Gives the number of the next.
pub async fn rows(
    office: &Arc<Office>,
    caller: &BankId,
    digest: &Digest,
    first_row: u64,
    rows: impl AsRef<[u8]> + Send + 'static,
) -> Result<u64, Error> {
    let (job, party) = look_up(office, caller, digest).await?;
    let in_time = office.now() < job.agreed.terms().taken_until(caller);
    if let Err(refused) = Participant::of(&party).apply(Event::Rows, job.state, in_time) {
        let fault = refused.fault(caller, job.state);
        let stands = party.submission()?.filter(|_| refused == Refused::RowsTooLate);
        // Whoever sends them once more is told how many stand.
        return Err(match stands {
            Some(header) => fault.wanted(header.rows).got(first_row),
            None => fault,
        }
        .into());
    }
    let writer = office.uploads.writer(office, &job.agreed, &party).await?;
    // Something has changed just now; whoever comes again is told what.
    let writer = writer.ok_or_else(|| Error::refused(FaultCode::Busy))?;
    let (_, next_row) = writer.on_disk(move |upload| upload.append(first_row, rows.as_ref())).await?;
    Ok(next_row)
}

/// Checks the root; from here on the submission stands.
pub async fn seal(office: &Arc<Office>, caller: &BankId, digest: &Digest) -> Result<(), Error> {
    let (job, party) = look_up(office, caller, digest).await?;
    if !is_new(office, &job, &party, Event::Seal)? {
        return Ok(());
    }
    let id = job.agreed.job();
    let writer = office.uploads.writer(office, &job.agreed, &party).await?;
    // Another request may have sealed it meanwhile: what stands is not touched again.
    let (job, party) = look_up(office, caller, digest).await?;
    if !is_new(office, &job, &party, Event::Seal)? {
        return Ok(());
    }
    let writer = writer.ok_or_else(|| Error::refused(FaultCode::Busy))?;
    let files = office.files(id);
    let sealing = writer.renewing(office, move |upload| {
        upload.seal()?;
        files.sync()
    });
    let (mut writer, ()) = sealing.await?;
    let mut tx = office.store.begin().await?;
    // The job may have gone on while the root was computed.
    let (job, party) = part_of(office, &mut tx, digest, caller).await?;
    if !is_new(office, &job, &party, Event::RootFits)? {
        return Ok(());
    }
    // Only the rows of which this process has computed the root may be said to have it; as long as it has the lease they
    // are those that the store names.
    writer.finish(&mut tx, office.now()).await?;
    ledger::set_sealed(&mut tx, id, caller, office.now()).await?;
    let body = json!({"job": id.to_string(), "bank": caller.as_str()});
    audit::append(&mut tx, office.now(), "submission.sealed", &body).await?;
    tx.commit().await?;
    drop(writer);
    office.uploads.forget(id, caller);
    office.bell.ring();
    Ok(())
}
