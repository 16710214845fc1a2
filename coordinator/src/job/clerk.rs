//! The clerk: moves jobs on and gives up what is overdue, for as long as the coordinator serves.
//!
//! Comes in: the bell and the clock. Goes out: states, certificates, destroyed files. Each step is safe to repeat: what a
//! crash has interrupted is done again from what the store says. Matching runs beside, one task per job. A disk that is full
//! is waited for, as long as returns would be; after any other failure it is tried a few times, and the job is given up.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::store::Connection;
use lianfang_proto::FaultCode;
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::ids::JobId;
use lianfang_trust::Signed;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;

use super::ledger::{self, Job};
use super::state::{Event, State};
use crate::audit;
use crate::certificate;
use crate::fault::Error;
use crate::office::Office;
use crate::ports::Micros;
use crate::report::weave::weave;

/// The clock may be set while the clerk sleeps, so it never sleeps longer.
const LONGEST_SLEEP: Duration = Duration::from_millis(500);
/// How often a matching is tried, and how long the clerk waits in between.
const ATTEMPTS: u32 = 4;
const BETWEEN: Duration = Duration::from_secs(1);
/// The longest wait in between.
const LONGEST_BETWEEN: u32 = 30;
/// When a job that could not be moved on is looked at again.
const RETRY: Micros = 1_000_000;

/// One run of the clerk.
struct Clerk {
    office: Arc<Office>,
    matching: JoinSet<(JobId, Result<(), Error>)>,
    at_work: HashSet<JobId>,
    attempts: HashMap<JobId, u32>,
}

/// Works until told to stop.
pub async fn work(office: Arc<Office>, mut stop: watch::Receiver<bool>) {
    let mut clerk =
        Clerk { office, matching: JoinSet::new(), at_work: HashSet::new(), attempts: HashMap::new() };
    if let Err(error) = sweep_all(&clerk.office).await {
        tracing::error!(error = %error, "files of jobs could not be swept");
    }
    loop {
        let mut bell = clerk.office.bell.listen();
        let wake = clerk.round().await.unwrap_or_else(|error| {
            tracing::error!(error = %error, "a job could not be moved on");
            Some(LONGEST_SLEEP)
        });
        let pause = async {
            match wake {
                Some(pause) => sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = bell.changed() => {}
            () = pause => {}
            Some(done) = clerk.matching.join_next() => clerk.matched(done).await,
            () = async { drop(stop.wait_for(|stopping| *stopping).await) } => return,
        }
    }
}

/// Destroys what a crash has left behind.
async fn sweep_all(office: &Office) -> Result<(), Error> {
    let mut connection = office.store.readers().acquire().await?;
    for job in ledger::all(office, &mut connection).await? {
        office.files(job.agreed.job()).sweep(job.state)?;
    }
    Ok(())
}

impl Clerk {
    /// Does all that is due. Gives how long to sleep if nothing rings; `None` if there is nothing to wait for.
    async fn round(&mut self) -> Result<Option<Duration>, Error> {
        let ceremonies = crate::ceremony::give_up_overdue(&self.office).await?;
        let keys = crate::ceremony::life::tend(&self.office).await?;
        let mut next = ceremonies.into_iter().chain(keys).min();
        for job in self.running().await? {
            let id = job.agreed.job();
            // A job that cannot be moved on now must not hold up the others.
            let until = self.move_on(job).await.unwrap_or_else(|error| {
                tracing::error!(job = %id, error = %error, "a job could not be moved on");
                Some(self.office.now() + RETRY)
            });
            next = match (next, until) {
                (Some(next), Some(until)) => Some(next.min(until)),
                (next, until) => next.or(until),
            };
        }
        let now = self.office.now();
        let pause = |until: Micros| Duration::from_micros(u64::try_from(until - now).unwrap_or(0).max(1_000));
        Ok(next.map(|until| pause(until).min(LONGEST_SLEEP)))
    }

    async fn running(&self) -> Result<Vec<Job>, Error> {
        let mut connection = self.office.store.readers().acquire().await?;
        ledger::running(&self.office, &mut connection).await
    }

    /// Moves one job on as far as it goes. Gives until when it may stay where it is.
    async fn move_on(&mut self, mut job: Job) -> Result<Option<Micros>, Error> {
        let office = Arc::clone(&self.office);
        let id = job.agreed.job();
        loop {
            if job.state == State::Matching {
                self.start_matching(&job).await?;
                return Ok(None);
            }
            let mut tx = office.store.begin().await?;
            let Some(current) = ledger::find(&office, &mut tx, id).await? else { return Ok(None) };
            let parties = ledger::parties(&mut tx, id).await?;
            let facts = ledger::facts(&current, &parties, office.config.grace());
            let now = office.now();
            let Some(event) = facts.due(now) else { return Ok(facts.lasts_until()) };
            if event == Event::Returned {
                let drawn = certificate::draw_up(&current.agreed, &parties, now)?;
                let signed = Signed::sign(&office.keys.coordinator, drawn);
                ledger::set_certificate(&mut tx, id, signed.bytes()).await?;
            }
            let state = enter(&mut tx, &current, event, now).await?;
            tx.commit().await?;
            office.uploads.forget(id);
            office.files(id).sweep(state)?;
            office.bell.ring();
            if state.is_over() {
                office.terms.forget(&id);
                return Ok(None);
            }
            job = Job { state, ..current };
        }
    }

    async fn start_matching(&mut self, job: &Job) -> Result<(), Error> {
        let id = job.agreed.job();
        if self.at_work.contains(&id) {
            return Ok(());
        }
        let mut connection = self.office.store.readers().acquire().await?;
        let parties = ledger::parties(&mut connection, id).await?;
        let submissions: Vec<SubmissionHeader> =
            parties.iter().filter_map(|party| party.submission().transpose()).collect::<Result<_, _>>()?;
        let (office, agreed) = (Arc::clone(&self.office), Arc::clone(&job.agreed));
        let attempt = self.attempts.entry(id).or_default();
        *attempt += 1;
        let pause = BETWEEN * (*attempt - 1).min(LONGEST_BETWEEN);
        self.at_work.insert(id);
        self.matching.spawn(async move {
            sleep(pause).await;
            let files = office.files(id);
            let woven = spawn_blocking(move || {
                files.make()?;
                weave(&files, agreed.terms(), &submissions).inspect_err(|_| drop(files.unreport()))
            });
            let counts = match woven.await {
                Ok(counts) => counts,
                Err(_) => Err(Error::Bug("matching")),
            };
            let reported = match counts {
                Ok(counts) => report(&office, id, &counts).await,
                Err(error) => Err(error),
            };
            (id, reported)
        });
        Ok(())
    }

    /// A matching has ended, one way or the other.
    async fn matched(&mut self, done: Result<(JobId, Result<(), Error>), tokio::task::JoinError>) {
        let Ok((id, outcome)) = done else {
            self.at_work.clear();
            return;
        };
        self.at_work.remove(&id);
        let Err(error) = outcome else {
            self.attempts.remove(&id);
            return;
        };
        tracing::error!(job = %id, error = %error, "matching failed");
        let attempts = self.attempts.get(&id).copied().unwrap_or_default();
        if let Err(error) = failed(&self.office, id, error.fault().code, attempts).await {
            tracing::error!(job = %id, error = %error, "why a job does not go on could not be written down");
        }
    }
}

/// Enters the state that the event makes, and writes it down.
async fn enter(tx: &mut Connection, job: &Job, event: Event, now: Micros) -> Result<State, Error> {
    let state = job.state.apply(event).map_err(|_| Error::Bug("event out of turn"))?;
    let id = job.agreed.job();
    ledger::enter(tx, id, state, now).await?;
    let word = format!("job.{}", state.word());
    audit::append(tx, now, &word, &json!({"job": id.to_string()})).await?;
    Ok(state)
}

/// The reports stand: from here on nobody needs the submissions.
async fn report(office: &Office, id: JobId, counts: &BTreeMap<u32, u64>) -> Result<(), Error> {
    let mut tx = office.store.begin().await?;
    let job = ledger::find(office, &mut tx, id).await?.ok_or(Error::Bug("job"))?;
    ledger::set_matches(&mut tx, id, counts).await?;
    ledger::set_failure(&mut tx, id, "").await?;
    let state = enter(&mut tx, &job, Event::Reported, office.now()).await?;
    tx.commit().await?;
    office.files(id).sweep(state)?;
    office.bell.ring();
    Ok(())
}

/// Writes down why a matching failed, and gives the job up where another attempt would not help.
async fn failed(office: &Office, id: JobId, code: FaultCode, attempts: u32) -> Result<(), Error> {
    let mut tx = office.store.begin().await?;
    let job = ledger::find(office, &mut tx, id).await?.ok_or(Error::Bug("job"))?;
    ledger::set_failure(&mut tx, id, code.code()).await?;
    let waited_for = code == FaultCode::DiskFull
        && office.now()
            < job.agreed.terms().deadline.max(job.entered_at).saturating_add(office.config.grace());
    if waited_for || attempts < ATTEMPTS {
        return Ok(tx.commit().await?);
    }
    let state = enter(&mut tx, &job, Event::GivenUp, office.now()).await?;
    tx.commit().await?;
    office.files(id).sweep(state)?;
    office.bell.ring();
    Ok(())
}
