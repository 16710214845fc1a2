//! Intake: a bank's signed header, then its rows in order, then the seal.
//!
//! Comes in: bytes of proven participants. Goes out: `<bank>.rows`, exactly as it was sent, in strictly ascending order of
//! tags, with the root that its bank signed; and `<bank>.levels` for later proofs. Never sees: what a tag or a label
//! means. Trusts: the header's signature, nothing else. Fails with a fault that names the field, or the row from which to
//! go on; never names a tag. A seal is acknowledged only once all of it is on the disk for good.

mod header;
mod upload;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lianfang_proto::catalogue::Disclosure;
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::ids::{BankId, JobId};
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::{Digest, Signed};
use serde_json::json;
use tokio::task::spawn_blocking;

use crate::audit;
use crate::fault::{Error, StoredAs as _};
use crate::job::answers::part_of;
use crate::job::ledger::{self, Agreed, Handed, Job, Party};
use crate::job::state::State;
use crate::office::Office;

pub use header::check as check_header;
pub use upload::Upload;

/// Submissions under way, one lock each.
#[derive(Default)]
pub struct Uploads(Mutex<HashMap<(JobId, BankId), SharedUpload>>);

type SharedUpload = Arc<Mutex<Upload>>;

impl Uploads {
    fn get_or_open(
        &self,
        job: JobId,
        bank: &BankId,
        open: impl FnOnce() -> Result<Upload, Error>,
    ) -> Result<SharedUpload, Error> {
        let mut uploads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(upload) = uploads.get(&(job, bank.clone())) {
            return Ok(Arc::clone(upload));
        }
        let upload = Arc::new(Mutex::new(open()?));
        uploads.insert((job, bank.clone()), Arc::clone(&upload));
        Ok(upload)
    }

    fn forget_one(&self, job: JobId, bank: &BankId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(job, bank.clone()));
    }

    /// The job takes no more submissions.
    pub fn forget(&self, job: JobId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, _), _| *of != job);
    }
}

/// How far a submission has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows that are here.
    pub next_row: u64,
    /// Whether the submission stands.
    pub sealed: bool,
}

/// A submission needs an open job, and to be in time.
fn still_taken(office: &Office, job: &Job, bank: &BankId) -> Result<(), Error> {
    if job.state != State::Open || office.now() >= job.agreed.terms().taken_until(bank) {
        return Err(Error::refused(FaultCode::JobDeadlinePassed));
    }
    Ok(())
}

async fn look_up(office: &Office, caller: &BankId, digest: &Digest) -> Result<(Job, Party), Error> {
    let mut connection = office.store.readers().acquire().await?;
    part_of(office, &mut connection, digest, caller).await
}

/// The upload of a participant that has announced one.
fn upload_of(office: &Office, agreed: &Agreed, party: &Party) -> Result<SharedUpload, Error> {
    let announced =
        || Error::from(Fault::field(FaultCode::MessageOutOfOrder, "header").wanted("OpenSubmission first"));
    let bytes = party.header.as_ref().ok_or_else(announced)?;
    office.uploads.get_or_open(agreed.job(), &party.bank, || {
        let signer = Signed::<SubmissionHeader>::claimed_signer(bytes).stored_as("header")?;
        let header: Signed<SubmissionHeader> = Signed::open(bytes, &signer).stored_as("header")?;
        let files = office.files(agreed.job());
        files.make()?;
        Upload::resume(&files.rows(&party.bank), header.value())
    })
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
    let upload = upload_of(office, &job.agreed, party)?;
    let next_row = on_disk(upload, |upload| Ok(upload.next_row())).await?;
    Ok(Progress { next_row, sealed: false })
}

/// Runs disk work of one upload where it may block.
async fn on_disk<T: Send + 'static>(
    upload: SharedUpload,
    work: impl FnOnce(&mut Upload) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = spawn_blocking(move || work(&mut upload.lock().unwrap_or_else(PoisonError::into_inner)));
    done.await.map_err(|_| Error::Bug("intake"))?
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
    match &party.header {
        Some(before) if before == header.bytes() => return progress(office, &job, &party).await,
        Some(_) => return Err(Fault::field(FaultCode::SubmissionConflict, "header").into()),
        None => {}
    }
    still_taken(office, &job, caller)?;
    let mut tx = office.store.begin().await?;
    // Looked at again under the lock, for the same bank may be calling twice at once.
    let (job, party) = part_of(office, &mut tx, digest, caller).await?;
    match &party.header {
        Some(before) if before == header.bytes() => {
            drop(tx);
            return progress(office, &job, &party).await;
        }
        Some(_) => return Err(Fault::field(FaultCode::SubmissionConflict, "header").into()),
        None => {}
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
    office: &Office,
    caller: &BankId,
    digest: &Digest,
    first_row: u64,
    rows: impl AsRef<[u8]> + Send + 'static,
) -> Result<u64, Error> {
    let (job, party) = look_up(office, caller, digest).await?;
    if party.sealed {
        let rows = party.submission()?.map_or(0, |header| header.rows);
        return Err(Fault::field(FaultCode::MessageOutOfOrder, "first_row")
            .wanted(rows)
            .got(first_row)
            .into());
    }
    still_taken(office, &job, caller)?;
    let upload = upload_of(office, &job.agreed, &party)?;
    on_disk(upload, move |upload| upload.append(first_row, rows.as_ref())).await
}

/// Checks the root; from here on the submission stands.
pub async fn seal(office: &Office, caller: &BankId, digest: &Digest) -> Result<(), Error> {
    let (job, party) = look_up(office, caller, digest).await?;
    if party.sealed {
        return Ok(());
    }
    still_taken(office, &job, caller)?;
    let id = job.agreed.job();
    let upload = upload_of(office, &job.agreed, &party)?;
    let files = office.files(id);
    let levels = (job.agreed.terms().disclosure != Disclosure::Count).then(|| files.levels(caller));
    on_disk(upload, move |upload| {
        upload.seal(levels.as_deref())?;
        files.sync()
    })
    .await?;
    let mut tx = office.store.begin().await?;
    // The job may have gone on while the root was computed.
    let (job, party) = part_of(office, &mut tx, digest, caller).await?;
    if party.sealed {
        return Ok(());
    }
    if job.state != State::Open {
        return Err(Error::refused(FaultCode::JobDeadlinePassed));
    }
    ledger::set_sealed(&mut tx, id, caller, office.now()).await?;
    let body = json!({"job": id.to_string(), "bank": caller.as_str()});
    audit::append(&mut tx, office.now(), "submission.sealed", &body).await?;
    tx.commit().await?;
    office.uploads.forget_one(id, caller);
    office.bell.ring();
    Ok(())
}
