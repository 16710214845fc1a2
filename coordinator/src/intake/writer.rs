//! Who may write a submission's rows: one process at a time, by a lease.
//!
//! Comes in: an announced submission. Goes out: its [`Upload`], to one request at a time. A bank whose rows another process
//! takes is told `busy` and comes again; what has been silent for the length of a lease may go on anywhere. An upload that
//! is taken up is read from the disk, never remembered from before. Few are taken up at once: each is a copy.
//!
//! A process may be stopped between the look at its lease and the write, for longer than the lease lasts, and still writes:
//! into files under the number of its own lease. Which lease's files count, the store says (`rows_fence`): it is written
//! down with the check that the lease is held, once the files are made, and so is the seal. So what a process does that has
//! lost its lease is read by nobody, and of what stands every byte was written by who held it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use lianfang_proto::catalogue::Disclosure;
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::ids::{BankId, JobId};
use lianfang_proto::{Fault, FaultCode};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use super::{Upload, announced, rows_here};
use crate::fault::Error;
use crate::job::clerk;
use crate::job::ledger::{self, Agreed, Party};
use crate::job::state::State;
use crate::office::Office;
use crate::ports::Micros;
use crate::store::Connection;
use crate::store::work::{Held, Lease, acquire, finish, renew};
use crate::work::{self, INTAKE};

/// An upload, and the lease under which it was taken up.
struct Taken {
    lease: Lease,
    upload: Option<Upload>,
}

type Place = Arc<Mutex<Option<Taken>>>;

/// How many submissions a process copies at once. After a restart all that were under way are taken up, and each copy
/// takes as much room again until what it was made of is gone.
const COPIES: usize = 2;
/// How long a request waits for leave to copy.
const LEAVE: Duration = Duration::from_secs(10);

/// Submissions that this process takes, one lock each.
pub struct Uploads {
    places: std::sync::Mutex<HashMap<(JobId, BankId), Place>>,
    /// Leave to copy one.
    copies: Arc<Semaphore>,
}

impl Default for Uploads {
    fn default() -> Self {
        Self { places: std::sync::Mutex::default(), copies: Arc::new(Semaphore::new(COPIES)) }
    }
}

impl Uploads {
    fn place(&self, job: JobId, bank: &BankId) -> Place {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry((job, bank.clone())).or_default())
    }

    /// Forgets one that stands.
    pub(super) fn forget(&self, job: JobId, bank: &BankId) {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).remove(&(job, bank.clone()));
    }

    /// Forgets those of all other jobs, which take no more submissions.
    pub fn keep(&self, open: &BTreeSet<JobId>) {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).retain(|(job, _), place| {
            // What a request holds stays: a second place beside it would let two write.
            open.contains(job) || Arc::strong_count(place) > 1
        });
    }

    /// The right to write a participant's rows, for one request; `None` if none are taken any more.
    pub(super) async fn writer(
        &self,
        office: &Arc<Office>,
        agreed: &Agreed,
        party: &Party,
    ) -> Result<Option<Writer>, Error> {
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
            let leave = self.leave_to_copy(office, agreed.job(), &party.bank, &header).await?;
            let (office, id) = (Arc::clone(office), agreed.job());
            let with_levels = agreed.terms().disclosure != Disclosure::Count;
            // Goes on though whoever asked has left: what it makes must not be left behind.
            let taking = tokio::spawn(async move {
                let done = take_up(&office, id, header, with_levels).await;
                drop(leave);
                *taken = done?;
                Ok::<_, Error>(taken)
            });
            taken = taking.await.map_err(|_| Error::Bug("intake"))??;
        }
        Ok(taken.is_some().then_some(Writer(taken)))
    }

    /// Leave to take a submission up: to be had at once where there is nothing to copy, else in the order in which it is
    /// asked for, so that no bank is kept from it by others. One that has waited too long is told `busy`, and comes again.
    /// It is asked for before the lease is: whoever is turned away holds nothing.
    async fn leave_to_copy(
        &self,
        office: &Office,
        job: JobId,
        bank: &BankId,
        header: &SubmissionHeader,
    ) -> Result<Option<OwnedSemaphorePermit>, Error> {
        // Read only now, under the submission's lock: rows may have come since its bank was looked up.
        let mut reader = office.store.reader().await?;
        let party = ledger::party(&mut reader, job, bank).await?.ok_or(Error::Bug("participant"))?;
        drop(reader);
        if rows_here(office, job, &party, header.clone()).await? == 0 {
            return Ok(None);
        }
        let leave = Arc::clone(&self.copies).acquire_owned();
        match office.ports.clock.within(LEAVE, leave).await {
            Some(Ok(permit)) => Ok(Some(permit)),
            Some(Err(_)) | None => Err(busy()),
        }
    }
}

fn busy() -> Error {
    Fault::field(FaultCode::Busy, "submission").into()
}

/// The lease, and the one under whose name the rows lie so far; `None` if none are taken any more. That is looked at in the
/// transaction that takes the lease: nobody takes up what is sealed or swept, and no number is given out twice.
async fn lease(office: &Office, job: JobId, bank: &BankId) -> Result<Option<(Lease, i64)>, Error> {
    let mut tx = office.store.begin().await?;
    let found = ledger::find(office, &mut tx, job).await?.ok_or(Error::Bug("job"))?;
    let party = ledger::party(&mut tx, job, bank).await?.ok_or(Error::Bug("participant"))?;
    if found.state != State::Open || party.sealed {
        return Ok(None);
    }
    let subject = work::submission(job, bank);
    let lease = acquire(&mut tx, &office.worker, &subject, &INTAKE, office.now()).await?;
    tx.commit().await?;
    Ok(Some((lease.ok_or_else(busy)?, party.rows)))
}

/// Takes a submission up under a new lease.
async fn take_up(
    office: &Office,
    job: JobId,
    header: SubmissionHeader,
    with_levels: bool,
) -> Result<Option<Taken>, Error> {
    let bank = header.bank.clone();
    let Some((mut lease, before)) = lease(office, job, &bank).await? else { return Ok(None) };
    let opened = open(office, &mut lease, job, header, before, with_levels).await;
    stand(office, lease, job, bank, opened).await.map(Some)
}

/// Makes the files under this lease's name, with what lay there under the one `before` it.
async fn open(
    office: &Office,
    lease: &mut Lease,
    job: JobId,
    header: SubmissionHeader,
    before: i64,
    with_levels: bool,
) -> Result<Upload, Error> {
    let (files, turn) = (office.files(job), lease.fence());
    let mut opening = spawn_blocking(move || {
        files.make()?;
        Upload::resume(&files, &header, (before, turn), with_levels)
    });
    let opened = match work::under(office, lease, &INTAKE, &mut opening).await {
        Some(opened) => opened,
        // Only what is there can be removed.
        None => opening.await,
    };
    opened.unwrap_or(Err(Error::Bug("intake")))
}

/// The files that were made count from here on, if the lease is still held; else they go again, and nothing else does.
async fn stand(
    office: &Office,
    mut lease: Lease,
    job: JobId,
    bank: BankId,
    opened: Result<Upload, Error>,
) -> Result<Taken, Error> {
    let (files, turn) = (office.files(job), lease.fence());
    let (error, unnamed) = match opened {
        Err(error) => (error, true),
        Ok(upload) => match count(office, &mut lease, job, &bank).await {
            Ok(Held::Yes) => {
                // What cannot be removed now is swept with the job's other files.
                drop(spawn_blocking(move || files.forget_older_rows(&bank, turn)).await);
                return Ok(Taken { lease, upload: Some(upload) });
            }
            Ok(Held::Lost) => (busy(), true),
            // The store may name them all the same: a commit is carried out though its answer is lost.
            Err(error) => (error, false),
        },
    };
    // They may have been made where all is swept already. Nothing was sealed under this lease yet.
    if unnamed {
        drop(spawn_blocking(move || files.forget_rows(&bank, turn)).await);
    }
    if let Err(unswept) = clerk::sweep(office, job).await {
        tracing::warn!(event = "job.not-swept", %job, error = %unswept, "files of a job could not be swept");
    }
    Err(error)
}

/// From here on the files under this lease's name are those that count, if it is still held.
async fn count(office: &Office, lease: &mut Lease, job: JobId, bank: &BankId) -> Result<Held, Error> {
    let mut tx = office.store.begin().await?;
    let held = renew(&mut tx, lease, &INTAKE, office.now()).await?;
    if held == Held::Yes {
        ledger::set_rows(&mut tx, job, bank, lease.fence()).await?;
        tx.commit().await?;
    }
    Ok(held)
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
        let (mut writer, done) = done.ok_or_else(busy)??;
        writer.taken()?.lease = lease;
        Ok((writer, done))
    }

    /// The submission stands, if the lease was still held.
    pub(super) async fn finish(&mut self, tx: &mut Connection, now: Micros) -> Result<(), Error> {
        match finish(tx, &self.taken()?.lease, now).await? {
            Held::Yes => Ok(()),
            Held::Lost => Err(busy()),
        }
    }
}

#[cfg(test)]
mod tests;
