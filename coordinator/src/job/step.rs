//! One step of the coordinator's own work, from its lease to its release.
//!
//! Comes in: an errand that was due a moment ago. Goes out: what it makes of the store and of the job's files. Whether it
//! is still due is read again in the transaction that takes the lease. Every write that counts stands in a transaction with
//! the check that the lease is still held: a process that slept through its lease changes nothing. Files are swept after
//! the write, and only then is the lease's row gone: whoever finds it knows that there may be something to sweep.

use std::collections::BTreeMap;
use std::sync::Arc;

use lianfang_proto::ids::{CeremonyId, JobId};
use lianfang_trust::Signed;
use serde_json::json;
use tokio::task::spawn_blocking;

use super::clerk::{self, Errand};
use super::files::JobFiles;
use super::folder;
use super::ledger::{self, Agreed, Job, Party};
use super::left_out;
use super::state::{Event, State, Task};
use crate::audit;
use crate::ceremony;
use crate::certificate;
use crate::fault::Error;
use crate::office::Office;
use crate::ports::Micros;
use crate::report::weave::{Standing, weave};
use crate::store::work::{
    self as rows, Ending, Held, Lease, Turn, acquire, acquire_anyway, finish, release, renew,
};
use crate::store::{Connection, Tx};
use crate::work::{self, STEP};

/// Whether the coordinator's own work on a job has failed, and nobody is at it.
pub(super) fn is_stuck(turn: &Turn, now: Micros) -> bool {
    turn.attempts > 0 && !matches!(turn.state(&STEP, now), rows::State::Held { .. })
}

/// Takes an errand as far as it goes. What stopped it is written down; it is tried again when its turn has come.
pub(super) async fn take(office: &Arc<Office>, errand: Errand) {
    let taken = match errand {
        Errand::Job(id, Task::Enter(_)) => enter_next(office, id).await,
        Errand::Job(id, Task::Match) => match_rows(office, id).await,
        Errand::Sweep(id) => sweep_again(office, id).await,
        Errand::Ceremony(id) => give_up(office, id).await,
    };
    if let Err(error) = taken {
        tracing::error!(event = "job.stopped", errand = ?errand, error = %error, "a step could not be taken");
    }
}

/// A job as it is in this transaction.
async fn read(
    office: &Office,
    tx: &mut Connection,
    id: JobId,
    now: Micros,
) -> Result<Option<(Job, Vec<Party>, Option<Task>)>, Error> {
    let Some(job) = ledger::find(office, tx, id).await? else { return Ok(None) };
    let parties = ledger::parties(tx, id).await?;
    let turn = rows::find(tx, &work::job(id)).await?.unwrap_or_default();
    let stuck = is_stuck(&turn, now);
    let facts = ledger::facts(&job, &parties, office.config.grace(), stuck, office.book.now().roster());
    let task = if job.state.is_over() { None } else { facts.task(now) };
    Ok(Some((job, parties, task)))
}

/// Enters the state that has come due.
async fn enter_next(office: &Office, id: JobId) -> Result<(), Error> {
    let mut tx = office.store.begin().await?;
    let now = office.now();
    let Some((job, parties, Some(Task::Enter(event)))) = read(office, &mut tx, id, now).await? else {
        return Ok(());
    };
    let subject = work::job(id);
    let Some(lease) = acquire_anyway(&mut tx, &office.worker, &subject, &STEP, now).await? else {
        return Ok(());
    };
    let entered = async {
        if event == Event::Gathered {
            left_out::leave_out(&mut tx, &job, &parties, office.book.now().roster(), now).await?;
        }
        if event == Event::Returned {
            let drawn = certificate::draw_up(&job.agreed, &parties, now)?;
            let signed = Signed::sign(&office.keys.coordinator, drawn);
            ledger::set_certificate(&mut tx, id, signed.bytes()).await?;
        }
        enter(&mut tx, &job, event, now).await
    };
    let entered: Result<State, Error> = entered.await;
    match entered {
        Ok(state) => {
            tx.commit().await?;
            if state.is_over() {
                tracing::info!(event = "job.over", job = %id, state = state.word(), "a job is over");
            }
            office.bell.ring();
            let files = office.files(id).written_under(job.reports);
            cleared(office, &lease, move || files.sweep(state)).await
        }
        Err(error) => {
            // The lease went with the rest of the transaction.
            drop(tx);
            let mut tx = office.store.begin().await?;
            if let Some(lease) = acquire_anyway(&mut tx, &office.worker, &subject, &STEP, now).await? {
                tx.commit().await?;
                let _ = struck(office, id, &lease, &error).await?;
            }
            Err(error)
        }
    }
}

/// Enters the state that the event makes, and writes it down.
async fn enter(tx: &mut Connection, job: &Job, event: Event, now: Micros) -> Result<State, Error> {
    let state = job.state.apply(event).map_err(|_| Error::Bug("event out of turn"))?;
    let id = job.agreed.job();
    ledger::enter(tx, id, state, now).await?;
    if job.state == State::Open {
        work::take_no_more(tx, id).await?;
    }
    let word = format!("job.{}", state.word());
    audit::append(tx, now, &word, &json!({"job": id.to_string()})).await?;
    Ok(state)
}

/// Sweeps files under a lease, and gives it back for good.
async fn cleared(
    office: &Office,
    lease: &Lease,
    sweep: impl FnOnce() -> Result<(), Error> + Send + 'static,
) -> Result<(), Error> {
    let swept = spawn_blocking(sweep).await.unwrap_or(Err(Error::Bug("sweeping")));
    let mut tx = office.store.begin().await?;
    let now = office.now();
    let held = match &swept {
        Ok(()) => finish(&mut tx, lease, now).await?,
        Err(error) => release(&mut tx, lease, &work::ending(error), &STEP, now, office.chance()).await?,
    };
    tx.commit().await?;
    match held {
        Held::Yes => swept,
        // Another sweeps.
        Held::Lost => Ok(()),
    }
}

async fn sweep_again(office: &Office, id: JobId) -> Result<(), Error> {
    let mut tx = office.store.begin().await?;
    let now = office.now();
    let Some((job, _, None)) = read(office, &mut tx, id, now).await? else { return Ok(()) };
    let Some(lease) = acquire(&mut tx, &office.worker, &work::job(id), &STEP, now).await? else {
        return Ok(());
    };
    tx.commit().await?;
    let files = office.files(id).written_under(job.reports);
    cleared(office, &lease, move || files.sweep(job.state)).await
}

/// Matches what was submitted, and lets the reports stand.
async fn match_rows(office: &Arc<Office>, id: JobId) -> Result<(), Error> {
    let mut tx = office.store.begin().await?;
    let now = office.now();
    let Some((job, parties, Some(Task::Match))) = read(office, &mut tx, id, now).await? else {
        return Ok(());
    };
    let Some(mut lease) = acquire(&mut tx, &office.worker, &work::job(id), &STEP, now).await? else {
        return Ok(());
    };
    tx.commit().await?;
    let standing = submissions(&parties);
    let files = office.files(id).written_under(lease.fence());
    let mut span = office.telemetry.stage(id, "matching");
    span.count("participants", parties.len() as u64);
    let mut weaving = {
        let (files, agreed) = (files.clone(), Arc::clone(&job.agreed));
        spawn_blocking(move || write_reports(&files, &agreed, &standing?))
    };
    let Some(woven) = work::under(office, &mut lease, &STEP, &mut weaving).await else {
        // Another has the job: what was written here stands for nothing. It may still be writing, where all is swept by now.
        drop(weaving.await);
        return forsake(office, id).await;
    };
    let ended = written(office, id, &mut lease, woven.unwrap_or(Err(Error::Bug("matching")))).await;
    conclude(office, id, &lease, files, ended).await
}

/// What is matched: all submissions that stand.
fn submissions(parties: &[Party]) -> Result<Vec<Standing>, Error> {
    let standing = parties.iter().filter_map(|party| {
        let header = party.submission().transpose()?;
        Some(header.map(|header| Standing { header, turn: party.rows }))
    });
    standing.collect()
}

/// Writes the reports, under the number of the lease that these files bear. Blocks.
fn write_reports(
    files: &JobFiles,
    agreed: &Agreed,
    standing: &[Standing],
) -> Result<BTreeMap<u32, u64>, Error> {
    files.make()?;
    files.unreport_older()?;
    weave(files, agreed.terms(), standing).inspect_err(|_| drop(files.unreport()))
}

/// Lets what was written stand, or gives up what cannot be matched any more. Gives the state that was entered, unless the
/// lease was lost.
async fn written(
    office: &Office,
    id: JobId,
    lease: &mut Lease,
    woven: Result<BTreeMap<u32, u64>, Error>,
) -> Result<Option<State>, Error> {
    match woven {
        Ok(counts) => report(office, id, lease, &counts).await,
        Err(error @ Error::Gone { .. }) => give_up_lost(office, id, lease, &error).await,
        Err(error) => Err(error),
    }
}

/// Sweeps after a matching, however it ended. What stands by now is never touched by what has failed here.
async fn conclude(
    office: &Office,
    id: JobId,
    lease: &Lease,
    files: JobFiles,
    ended: Result<Option<State>, Error>,
) -> Result<(), Error> {
    match ended {
        Ok(Some(state)) => cleared(office, lease, move || files.sweep(state)).await,
        Ok(None) => forsake(office, id).await,
        Err(error) => {
            if has_gone_on(office, id).await? {
                return clerk::sweep(office, id).await;
            }
            drop(spawn_blocking(move || files.unreport()).await);
            if struck(office, id, lease, &error).await? == Held::Lost {
                forsake(office, id).await?;
            }
            Err(error)
        }
    }
}

/// Whether a job is matched no more, though matching it ended with an error: a commit may be carried out and its answer
/// lost, and then the reports of this very lease stand. Asked where nobody writes meanwhile.
async fn has_gone_on(office: &Office, id: JobId) -> Result<bool, Error> {
    let mut tx = office.store.begin().await?;
    Ok(ledger::find(office, &mut tx, id).await?.is_some_and(|job| job.state != State::Matching))
}

/// A file of a submission that stands is not there: nothing brings it back, and nobody waits for what cannot come right.
/// Gives the state that was entered, unless the lease was lost: then another has matched, and swept what was missed here.
async fn give_up_lost(
    office: &Office,
    id: JobId,
    lease: &mut Lease,
    error: &Error,
) -> Result<Option<State>, Error> {
    // Whoever looks into another folder than the others says nothing of what was submitted.
    if folder::agreed(office).await? == Some(false) {
        return Err(Error::Bug("files elsewhere"));
    }
    let mut tx = office.store.begin().await?;
    let now = office.now();
    if renew(&mut tx, lease, &STEP, now).await? == Held::Lost {
        return Ok(None);
    }
    let job = ledger::find(office, &mut tx, id).await?.ok_or(Error::Bug("job"))?;
    ledger::set_failure(&mut tx, id, error.fault().code.code()).await?;
    let state = enter(&mut tx, &job, Event::GivenUp, now).await?;
    tx.commit().await?;
    office.bell.ring();
    tracing::info!(event = "job.over", job = %id, state = state.word(), "a job is over");
    tracing::error!(event = "job.files-gone", job = %id, error = %error, "a job is given up, for what was submitted is not there");
    Ok(Some(state))
}

/// The reports stand: from here on nobody needs the submissions. Gives the state that was entered, unless the lease was lost.
async fn report(
    office: &Office,
    id: JobId,
    lease: &mut Lease,
    counts: &BTreeMap<u32, u64>,
) -> Result<Option<State>, Error> {
    let mut tx = office.store.begin().await?;
    let now = office.now();
    if renew(&mut tx, lease, &STEP, now).await? == Held::Lost {
        return Ok(None);
    }
    let job = ledger::find(office, &mut tx, id).await?.ok_or(Error::Bug("job"))?;
    ledger::set_matches(&mut tx, id, counts).await?;
    ledger::set_failure(&mut tx, id, "").await?;
    ledger::set_reports(&mut tx, id, lease.fence()).await?;
    let state = enter(&mut tx, &job, Event::Reported, now).await?;
    tx.commit().await?;
    office.bell.ring();
    Ok(Some(state))
}

/// Leaves nothing behind of work whose lease was lost. What stands now, another has made.
async fn forsake(office: &Office, id: JobId) -> Result<(), Error> {
    tracing::warn!(event = "job.taken-over", job = %id, "another coordinator has taken the job over");
    clerk::sweep(office, id).await
}

/// Writes down why a step was not taken, and when it is tried again.
async fn struck(office: &Office, id: JobId, lease: &Lease, error: &Error) -> Result<Held, Error> {
    let mut tx = office.store.begin().await?;
    let held = put_off(office, &mut tx, lease, error).await?;
    if held == Held::Yes {
        ledger::set_failure(&mut tx, id, error.fault().code.code()).await?;
        tx.commit().await?;
        office.bell.ring();
    }
    Ok(held)
}

async fn put_off(office: &Office, tx: &mut Tx, lease: &Lease, error: &Error) -> Result<Held, Error> {
    let ending = work::ending(error);
    if matches!(ending, Ending::Struck { .. }) && lease.before().strikes + 1 >= STEP.strikes {
        tracing::error!(event = "job.rests", error = %error, "the work rests until a person restarts it");
    }
    Ok(release(tx, lease, &ending, &STEP, office.now(), office.chance()).await?)
}

/// Gives a ceremony up whose deadline has passed.
async fn give_up(office: &Office, id: CeremonyId) -> Result<(), Error> {
    let mut tx = office.store.begin().await?;
    let now = office.now();
    let subject = work::ceremony(id);
    let Some(lease) = acquire(&mut tx, &office.worker, &subject, &STEP, now).await? else { return Ok(()) };
    tx.commit().await?;
    let mut tx = office.store.begin().await?;
    let given_up = async {
        let now = office.now();
        if finish(&mut tx, &lease, now).await? == Held::Yes {
            ceremony::give_up(office, &mut tx, id, now).await?;
            tx.commit().await?;
            office.bell.ring();
        }
        Ok(())
    };
    let given_up: Result<(), Error> = given_up.await;
    if let Err(error) = given_up {
        let mut tx = office.store.begin().await?;
        if put_off(office, &mut tx, &lease, &error).await? == Held::Yes {
            tx.commit().await?;
        }
        return Err(error);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
