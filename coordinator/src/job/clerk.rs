//! The clerk: moves jobs on and gives up what is overdue, for as long as the coordinator serves.
//!
//! Comes in: the bell and the clock. Goes out: states, certificates, destroyed files. What is due follows from the store
//! alone ([`super::state`]); who does it, from a lease ([`crate::work`]), so that several clerks share the work. Each step
//! is safe to repeat: what a crash has interrupted is done again from what the store says, here or by another process.
//! Nothing new is begun once the coordinator is to stop; the steps in hand end.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use lianfang_proto::ids::{CeremonyId, JobId};
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};

use super::ledger;
use super::state::{State, Task};
use super::step;
use crate::ceremony;
use crate::fault::Error;
use crate::office::Office;
use crate::ports::Micros;
use crate::store::Connection;
use crate::store::work::{self as rows, Subject, Turn};
use crate::work::{self, STEP};

/// The clock may be set while the clerk sleeps, so it never sleeps longer.
const LONGEST_SLEEP: Duration = Duration::from_millis(500);

/// What the clerk can take up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    /// A task of a job.
    Job(JobId, Task),
    /// Files that a job must not have any more are destroyed.
    Sweep(JobId),
    /// A ceremony is given up.
    Ceremony(CeremonyId),
}

impl Errand {
    fn subject(self) -> Subject {
        match self {
            Self::Job(id, _) | Self::Sweep(id) => work::job(id),
            Self::Ceremony(id) => work::ceremony(id),
        }
    }
}

/// One run of the clerk.
struct Clerk {
    office: Arc<Office>,
    steps: JoinSet<Subject>,
    in_hand: HashSet<Subject>,
}

/// Works until told to stop, and then until the steps in hand have ended.
pub async fn work(office: Arc<Office>, mut stop: watch::Receiver<bool>) {
    let clock = Arc::clone(&office.ports.clock);
    let mut clerk = Clerk { office, steps: JoinSet::new(), in_hand: HashSet::new() };
    if let Err(error) = sweep_all(&clerk.office).await {
        tracing::error!(event = "job.not-swept", error = %error, "files of jobs could not be swept");
    }
    loop {
        let mut bell = clerk.office.bell.listen();
        let wake = clerk.round().await.unwrap_or_else(|error| {
            tracing::error!(event = "work.not-read", error = %error, "what is due could not be read");
            Some(LONGEST_SLEEP)
        });
        let pause = async {
            match wake {
                Some(pause) => clock.sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = stop.wait_for(|stopping| *stopping) => break,
            Some(ended) = clerk.steps.join_next() => clerk.ended(ended),
            _ = bell.changed() => {}
            () = pause => {}
        }
    }
    while clerk.steps.join_next().await.is_some() {}
}

/// Destroys what a crash has left behind.
async fn sweep_all(office: &Office) -> Result<(), Error> {
    let mut connection = office.store.readers().acquire().await?;
    for job in ledger::all(office, &mut connection).await? {
        office.files(job.agreed.job()).written_under(job.reports).sweep(job.state)?;
    }
    Ok(())
}

/// Destroys what a process may have made of a job after others had swept it: whoever has lost a lease calls this once it has
/// made the last file. What it reads may be over by the time it sweeps: then less is destroyed here, and the rest by whoever
/// has moved the job on.
pub async fn sweep(office: &Office, id: JobId) -> Result<(), Error> {
    let mut connection = office.store.reader().await?;
    let Some(job) = ledger::find(office, &mut connection, id).await? else { return Ok(()) };
    drop(connection);
    let files = office.files(id).written_under(job.reports);
    spawn_blocking(move || files.sweep(job.state)).await.unwrap_or(Err(Error::Bug("sweeping")))
}

/// What is due, and when something will be.
#[derive(Default)]
pub(super) struct Due {
    pub(super) errands: Vec<Errand>,
    pub(super) next: Option<Micros>,
    running: BTreeSet<JobId>,
    open: BTreeSet<JobId>,
}

impl Due {
    fn not_before(&mut self, time: Micros) {
        self.next = Some(self.next.map_or(time, |next| next.min(time)));
    }

    /// Adds an errand if its turn has come, else the time when it will have.
    fn add(&mut self, errand: Errand, turn: &Turn, now: Micros) {
        match turn.state(&STEP, now) {
            rows::State::Free => self.errands.push(errand),
            rows::State::Held { until } | rows::State::Waiting { until } => self.not_before(until),
            // Until a person restarts it, or it is given up.
            rows::State::Resting => {}
        }
    }
}

/// Reads what is due now.
pub(super) async fn due(office: &Office, now: Micros) -> Result<Due, Error> {
    let mut tx = office.store.snapshot().await?;
    let mut due = Due::default();
    for job in ledger::running(office, &mut tx).await? {
        let id = job.agreed.job();
        let turn = rows::find(&mut tx, &work::job(id)).await?.unwrap_or_default();
        let parties = ledger::parties(&mut tx, id).await?;
        let stuck = step::is_stuck(&turn, now);
        let facts = ledger::facts(&job, &parties, office.config.grace(), stuck, office.book.now().roster());
        due.running.insert(id);
        if job.state == State::Open {
            due.open.insert(id);
        }
        if let Some(until) = facts.lasts_until() {
            due.not_before(until);
        }
        match facts.task(now) {
            Some(task @ Task::Match) => due.add(Errand::Job(id, task), &turn, now),
            // However often something has failed before: an event is entered, and a job that rests given up in the end.
            Some(task @ Task::Enter(_)) => {
                due.add(Errand::Job(id, task), &Turn { strikes: 0, ..turn }, now);
            }
            None => sweeping(&mut tx, &mut due, id, now).await?,
        }
    }
    for job in ledger::unswept(office, &mut tx).await? {
        sweeping(&mut tx, &mut due, job.agreed.job(), now).await?;
    }
    let (overdue, next) = ceremony::overdue(office, &mut tx, now).await?;
    for id in overdue {
        let turn = rows::find(&mut tx, &work::ceremony(id)).await?.unwrap_or_default();
        due.add(Errand::Ceremony(id), &turn, now);
    }
    if let Some(next) = next {
        due.not_before(next);
    }
    Ok(due)
}

/// A job of which a step is written down whose files were not swept: its row is still there.
async fn sweeping(tx: &mut Connection, due: &mut Due, id: JobId, now: Micros) -> Result<(), Error> {
    if let Some(turn) = rows::find(tx, &work::job(id)).await? {
        due.add(Errand::Sweep(id), &turn, now);
    }
    Ok(())
}

impl Clerk {
    /// Begins all that is due. Gives how long to sleep if nothing rings; `None` if there is nothing to wait for.
    async fn round(&mut self) -> Result<Option<Duration>, Error> {
        let scheduled = crate::schedule::run_due(&self.office).await?;
        let keys = ceremony::life::tend(&self.office).await?;
        let now = self.office.now();
        let due = due(&self.office, now).await?;
        self.office.uploads.keep(&due.open);
        self.office.terms.keep(&due.running);
        let mut next = due.next.into_iter().chain(scheduled).chain(keys).min();
        for errand in due.errands {
            let subject = errand.subject();
            if self.in_hand.insert(subject.clone()) {
                let office = Arc::clone(&self.office);
                self.steps.spawn(async move {
                    step::take(&office, errand).await;
                    subject
                });
            }
            // Another process may have been quicker, and may end before it is done.
            next = Some(now);
        }
        let pause = |until: Micros| Duration::from_micros(u64::try_from(until - now).unwrap_or(0));
        Ok(next.map(|until| pause(until).clamp(LONGEST_SLEEP / 5, LONGEST_SLEEP)))
    }

    fn ended(&mut self, ended: Result<Subject, tokio::task::JoinError>) {
        match ended {
            Ok(subject) => drop(self.in_hand.remove(&subject)),
            // Which one it was is not told: their leases end, and whose work is still in hand has one.
            Err(_) => self.in_hand.clear(),
        }
    }
}
