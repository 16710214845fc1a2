//! Who may write a submission's rows: one process at a time, by a lease.
//!
//! Comes in: an announced submission. Goes out: its [`Upload`], to one request at a time. A bank whose rows another process
//! takes is told `busy` and comes again; what has been silent for the length of a lease may go on anywhere. An upload that
//! is taken up is read from the disk, never remembered from before. A process that was stopped between the look at its
//! lease and the write, for longer than the lease lasts, still writes: the same bytes at the same place if its bank is
//! honest, and else rows of that bank alone that do not have the root it signed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};

use lianfang_proto::ids::{BankId, JobId};
use lianfang_proto::{Fault, FaultCode};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::spawn_blocking;

use super::{Upload, announced};
use crate::fault::Error;
use crate::job::ledger::{Agreed, Party};
use crate::office::Office;
use crate::ports::Micros;
use crate::store::Connection;
use crate::store::work::{Held, Lease, acquire, finish};
use crate::work::{self, INTAKE};

/// An upload, and the lease under which it was taken up.
struct Taken {
    lease: Lease,
    upload: Option<Upload>,
}

type Place = Arc<Mutex<Option<Taken>>>;

/// Submissions that this process takes, one lock each.
#[derive(Default)]
pub struct Uploads(std::sync::Mutex<HashMap<(JobId, BankId), Place>>);

impl Uploads {
    fn place(&self, job: JobId, bank: &BankId) -> Place {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry((job, bank.clone())).or_default())
    }

    /// Forgets one that stands.
    pub(super) fn forget(&self, job: JobId, bank: &BankId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(job, bank.clone()));
    }

    /// Forgets those of all other jobs, which take no more submissions.
    pub fn keep(&self, open: &BTreeSet<JobId>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(job, _), place| {
            // What a request holds stays: a second place beside it would let two write.
            open.contains(job) || Arc::strong_count(place) > 1
        });
    }

    /// The right to write a participant's rows, for one request.
    pub(super) async fn writer(
        &self,
        office: &Office,
        agreed: &Agreed,
        party: &Party,
    ) -> Result<Writer, Error> {
        let header = announced(party)?;
        let mut taken = self.place(agreed.job(), &party.bank).lock_owned().await;
        if let Some(held) = taken.as_mut() {
            let now = office.now();
            let half = held.lease.until().saturating_sub(INTAKE.lease / 2);
            let lost = now >= half && work::renewed(office, &mut held.lease, &INTAKE).await? == Held::Lost;
            // A clock that was set back says nothing about how long the lease has lasted.
            let strange = held.lease.until() > now.saturating_add(INTAKE.lease);
            if lost || strange || held.upload.is_none() {
                *taken = None;
            }
        }
        if taken.is_none() {
            let lease = lease(office, agreed.job(), &party.bank).await?;
            let files = office.files(agreed.job());
            let bank = party.bank.clone();
            let opened = spawn_blocking(move || {
                files.make()?;
                Upload::resume(&files.rows(&bank), &header)
            });
            let upload = Some(opened.await.map_err(|_| Error::Bug("intake"))??);
            *taken = Some(Taken { lease, upload });
        }
        Ok(Writer(taken))
    }
}

async fn lease(office: &Office, job: JobId, bank: &BankId) -> Result<Lease, Error> {
    let mut tx = office.store.begin().await?;
    let subject = work::submission(job, bank);
    let lease = acquire(&mut tx, &office.worker, &subject, &INTAKE, office.now()).await?;
    tx.commit().await?;
    lease.ok_or_else(|| Fault::field(FaultCode::Busy, "submission").into())
}

/// One request's hold on an upload. It goes with the disk work, so that a request whose caller has left still keeps others
/// away until its work has ended.
pub(super) struct Writer(OwnedMutexGuard<Option<Taken>>);

impl Writer {
    fn taken(&mut self) -> Result<&mut Taken, Error> {
        self.0.as_mut().ok_or(Error::Bug("intake"))
    }

    /// Does disk work where it may block. Work that panics leaves no upload behind: the next request takes it up anew.
    pub(super) async fn on_disk<T: Send + 'static>(
        mut self,
        work: impl FnOnce(&mut Upload) -> Result<T, Error> + Send + 'static,
    ) -> Result<(Self, T), Error> {
        let done = spawn_blocking(move || -> Result<(Self, T), Error> {
            let mut upload = self.taken()?.upload.take().ok_or(Error::Bug("intake"))?;
            let done = work(&mut upload);
            self.taken()?.upload = Some(upload);
            Ok((self, done?))
        });
        done.await.map_err(|_| Error::Bug("intake"))?
    }

    /// Does disk work that may take longer than a lease lasts.
    pub(super) async fn renewing<T: Send + 'static>(
        mut self,
        office: &Office,
        work: impl FnOnce(&mut Upload) -> Result<T, Error> + Send + 'static,
    ) -> Result<(Self, T), Error> {
        let mut lease = self.taken()?.lease.clone();
        let done = work::under(office, &mut lease, &INTAKE, self.on_disk(work)).await;
        let lost = || Error::from(Fault::field(FaultCode::Busy, "submission"));
        let (mut writer, done) = done.ok_or_else(lost)??;
        writer.taken()?.lease = lease;
        Ok((writer, done))
    }

    /// The submission stands, if the lease was still held.
    pub(super) async fn finish(&mut self, tx: &mut Connection, now: Micros) -> Result<(), Error> {
        match finish(tx, &self.taken()?.lease, now).await? {
            Held::Yes => Ok(()),
            Held::Lost => Err(Fault::field(FaultCode::Busy, "submission").into()),
        }
    }
}
