//! The loop: waits for the coordinator's word, keeps the roster, goes on with ceremonies and jobs.
//!
//! Comes in: the long poll. Goes out: steps. A coordinator that cannot be reached is asked again; what is due for other
//! reasons is done meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use lianfang_proto::ids::{BankId, CeremonyId, JobId};
use lianfang_proto::v1::WatchInboxReply;
use lianfang_proto::{Fault, FaultCode};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::agenda::{Agenda, Ending};
use crate::app::Joined;
use crate::ceremony::plan::Refusal;
use crate::ceremony::{Board, BoardView, Driver, Progress};
use crate::job::Context;
use crate::key_holder::ledger::Ledger;
use crate::job::runner::Runner;
use crate::membership::pin_roster;
use crate::peers::coordinator::Coordinator;

/// Pause after the coordinator could not be reached.
const AGAIN: Duration = Duration::from_millis(500);
/// Ceremonies and jobs that are taken from one inbox; the rest has its turn when these are over.
const CEREMONIES: usize = 16;
const JOBS: usize = 256;

struct Loop {
    context: Arc<Context>,
    runner: Arc<Runner>,
    driver: Driver,
    agenda: Agenda,
    began: Instant,
    ended: mpsc::UnboundedSender<(JobId, Ended)>,
    /// What was last said of a job.
    told: BTreeMap<JobId, String>,
    /// Attempts under way; they end with the loop.
    attempts: JoinSet<()>,
    /// Ceremonies that are over for this holder.
    over: BTreeSet<CeremonyId>,
    /// Ceremonies to go on with: those that the inbox has named, and those begun before the start.
    open: BTreeSet<CeremonyId>,
}

/// Runs until stopped.
pub(super) async fn run(joined: Arc<Joined>, stop: watch::Receiver<bool>) {
    let context = Arc::clone(&joined.context);
    let (ended, mut endings) = mpsc::unbounded_channel();
    let mut this = Loop {
        runner: Arc::new(Runner::new(Arc::clone(&context))),
        driver: driver(&context),
        agenda: Agenda::default(),
        began: Instant::now(),
        ended,
        told: BTreeMap::new(),
        attempts: JoinSet::new(),
        over: BTreeSet::new(),
        open: BTreeSet::new(),
        context,
    };
    match this.driver.unfinished().await {
        Ok(begun) => this.open.extend(begun),
        Err(error) => tracing::error!(%error, "ceremonies that were begun could not be read"),
    }
    let mut seen = 0;
    loop {
        this.ceremonies().await;
        if let Err(fault) = this.context.close_due().await {
            tracing::warn!(%fault, "an epoch that is over could not be closed");
        }
        this.begin();
        let pause = this.agenda.pause(this.began.elapsed());
        let context = Arc::clone(&this.context);
        tokio::select! {
            () = super::stopped(stop.clone()) => return,
            Some((job, ended)) = endings.recv() => this.ended(job, ended),
            reply = context.coordinator.watch(seen, pause) => match reply {
                Ok(reply) => {
                    seen = reply.revision;
                    this.take(&reply).await;
                }
                Err(fault) => {
                    tracing::warn!(%fault, "the inbox could not be read");
                    tokio::time::sleep(AGAIN).await;
                }
            },
        }
    }
}

fn driver(context: &Context) -> Driver {
    Driver {
        bank: context.bank.clone(),
        identity: Arc::clone(&context.secrets.identity),
        policy: context.config.policy.ceremony,
        members: Arc::new(context.roster.clone()),
        vault: context.vault.clone(),
        ledger: Ledger::new(context.store.clone()),
        store: context.store.clone(),
        audit: Arc::new(context.log.clone()),
        ports: context.ports.clone(),
    }
}

impl Loop {
    async fn take(&mut self, reply: &WatchInboxReply) {
        if reply.roster_version > self.context.roster.now().roster.version
            && let Err(fault) = self.refresh_roster().await
        {
            tracing::error!(%fault, "the newest roster was not taken");
        }
        if let Err(fault) = self.context.take_notices(reply.key_notice).await {
            tracing::warn!(%fault, "what is announced about keys was not taken");
        }
        // What was begun goes on whether it is named or not; what was only named is forgotten when it is named no longer.
        match self.driver.unfinished().await {
            Ok(begun) => self.open = begun.into_iter().chain(named_ceremonies(reply)).collect(),
            Err(error) => tracing::error!(%error, "ceremonies that were begun could not be read"),
        }
        let mut jobs = named_jobs(reply);
        match self.context.book.under_way().await {
            Ok(under_way) => jobs.extend(under_way),
            Err(error) => tracing::error!(%error, "the jobs under way could not be read"),
        }
        self.agenda.inbox(reply.revision, &jobs);
    }

    async fn refresh_roster(&self) -> Result<(), Fault> {
        let bytes = self.context.coordinator.roster().await?;
        if let Some(newer) = self.context.roster.newer(&bytes)? {
            pin_roster(&self.context.store, &newer).await.map_err(|e| crate::fault::of_store(&e))?;
            self.context.roster.take(newer);
        }
        Ok(())
    }

    async fn ceremonies(&mut self) {
        for ceremony in self.open.clone() {
            if self.over.contains(&ceremony) {
                self.open.remove(&ceremony);
                continue;
            }
            match self.driver.step(ceremony, &self.context.coordinator).await {
                Ok(Progress::Waiting { .. }) => {}
                // If the board names it again, it lacks what this holder has said.
                Ok(Progress::Done(record)) => {
                    self.open.remove(&ceremony);
                    let key = record.key;
                    if let Err(fault) = self.context.fetch_record(key.class, key.epoch).await {
                        tracing::error!(%fault, "the new key record could not be taken up");
                    }
                }
                Ok(Progress::Failed(failure)) => {
                    tracing::error!(%ceremony, ?failure, "the ceremony has failed; start it again");
                    self.over.insert(ceremony);
                }
                // It stands in the log, and in `key ceremonies`.
                Ok(Progress::Refused(Refusal::Undecided)) => {}
                Ok(Progress::Refused(refusal)) => {
                    // The roster that it names may still be on its way, or an earlier ceremony may end.
                    tracing::warn!(%ceremony, ?refusal, "the ceremony's proposal is not accepted");
                }
                Err(error) => tracing::warn!(%ceremony, %error, "the ceremony did not go on"),
            }
        }
    }

    fn begin(&mut self) {
        while self.attempts.try_join_next().is_some() {}
        for job in self.agenda.begin(self.began.elapsed()) {
            let (runner, ended) = (Arc::clone(&self.runner), self.ended.clone());
            self.attempts.spawn(async move {
                let worker = Arc::clone(&runner);
                let ending = caught(async move { worker.work(job).await }).await;
                if matches!(ending, Ended::Panicked) {
                    runner.panicked(job).await;
                }
                // The loop that listens ends only with the node.
                let _ = ended.send((job, ending));
            });
        }
    }

    /// An attempt has ended. What stops a job again and again is said once.
    fn ended(&mut self, job: JobId, ended: Ended) {
        let ending = match ended {
            Ended::Done => {
                self.told.remove(&job);
                Ending::Done
            }
            Ended::Failed(fault) => {
                let waits = fault.code == FaultCode::ConsentPending;
                if self.told.insert(job, fault.to_string()).as_ref() != Some(&fault.to_string()) && !waits {
                    tracing::warn!(%job, %fault, "the job did not go on");
                }
                Ending::Failed
            }
            Ended::Panicked => {
                tracing::error!(%job, "a step of the job panicked");
                Ending::Panicked
            }
        };
        self.agenda.ended(job, ending, self.began.elapsed());
    }
}

/// How an attempt ended, and what stopped it.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Done,
    Failed(Fault),
    Panicked,
}

/// Does work as a task of its own, so that a panic ends it and nothing else; in a set, so that it does not outlive this.
async fn caught<T: Send + 'static>(work: impl Future<Output = Result<T, Fault>> + Send + 'static) -> Ended {
    let mut task = JoinSet::new();
    task.spawn(work);
    match task.join_next().await {
        Some(Ok(Ok(_))) => Ended::Done,
        Some(Ok(Err(fault))) => Ended::Failed(fault),
        Some(Err(error)) if error.is_panic() => Ended::Panicked,
        // Nobody aborts it; an end without a word is a failure.
        Some(Err(_)) | None => Ended::Failed(Fault::new(FaultCode::Busy)),
    }
}

/// Ceremonies that the inbox names, up to a limit: an inbox is somebody else's word.
fn named_ceremonies(reply: &WatchInboxReply) -> Vec<CeremonyId> {
    let named = reply.ceremonies.iter().take(CEREMONIES);
    named.filter_map(|id| CeremonyId::from_slice(id, "ceremony").ok()).collect()
}

/// Jobs that the inbox names, up to a limit.
fn named_jobs(reply: &WatchInboxReply) -> Vec<JobId> {
    reply.jobs.iter().take(JOBS).filter_map(|id| JobId::from_slice(id, "job").ok()).collect()
}

#[async_trait]
impl Board for Coordinator {
    async fn read(&self, ceremony: CeremonyId) -> Result<BoardView, Fault> {
        let reply = self.board(ceremony).await?;
        let culprits =
            || reply.culprits.iter().filter_map(|bank| BankId::parse(bank, "culprits").ok()).collect();
        Ok(BoardView {
            record: reply.record.to_vec(),
            given_up: (!reply.failure.is_empty()).then(culprits),
            proposal: reply.proposal.to_vec(),
            posts: reply.posts.iter().map(|post| post.to_vec()).collect(),
        })
    }

    async fn post(&self, _ceremony: CeremonyId, post: &[u8]) -> Result<(), Fault> {
        Self::post(self, post.to_vec()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_an_attempt_and_nothing_else() {
        assert_eq!(caught(async { Ok::<_, Fault>(()) }).await, Ended::Done);
        let fault = Fault::new(FaultCode::DiskFull);
        let stopped = fault.clone();
        assert_eq!(caught(async { Err::<(), _>(stopped) }).await, Ended::Failed(fault));
        let broken = async {
            let none: Option<u8> = std::hint::black_box(None);
            Ok(none.expect("a defect"))
        };
        assert_eq!(caught(broken).await, Ended::Panicked);
    }

    #[test]
    fn an_inbox_is_taken_up_to_a_limit() {
        let id = |n: usize| bytes::Bytes::copy_from_slice(&(n as u128).to_be_bytes());
        let ids: Vec<_> = (0..10_000).map(id).collect();
        let reply = WatchInboxReply { ceremonies: ids.clone(), jobs: ids, ..Default::default() };
        assert_eq!((named_ceremonies(&reply).len(), named_jobs(&reply).len()), (CEREMONIES, JOBS));
        let short = WatchInboxReply { jobs: vec![id(1).slice(1..), id(1)], ..Default::default() };
        assert_eq!(named_jobs(&short), [JobId::from_random(1_u128.to_be_bytes())]);
    }
}
