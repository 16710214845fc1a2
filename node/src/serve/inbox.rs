//! The loop: waits for the coordinator's word, keeps the roster, goes on with ceremonies and jobs.
//!
//! Comes in: the long poll. Goes out: attempts, each under a lease. A coordinator that cannot be reached is asked again;
//! what is due for other reasons is done meanwhile. Nothing new is begun once the node is to stop, and the step in hand ends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lianfang_proto::ids::{BankId, CeremonyId, JobId};
use lianfang_proto::v1::WatchInboxReply;
use lianfang_proto::{Fault, FaultCode};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::agenda::Agenda;
use super::attempt::{Attempts, Ended, Outcome};
use super::duty::Duty;
use crate::app::Joined;
use crate::ceremony::{Board, BoardView, Driver};
use crate::job::runner::Runner;
use crate::job::{Context, reminder};
use crate::key_holder::ledger::Ledger;
use crate::membership::renewal::is_of_certificates;
use crate::membership::{pin_roster, witness};
use crate::peers::coordinator::Coordinator;
use crate::ports::Micros;
use crate::store::StoreError;
use crate::store::work::Turn;
use crate::work::{Desk, Errand, RULE};

/// Pause after the coordinator could not be reached.
const AGAIN: Duration = Duration::from_millis(500);
/// Ceremonies and jobs that are taken from one inbox; the rest has its turn when these are over.
const CEREMONIES: usize = 16;
const JOBS: usize = 256;

struct Loop {
    context: Arc<Context>,
    attempts: Arc<Attempts>,
    agenda: Agenda,
    /// Jobs are left to another process otherwise.
    duty: Duty,
    ended: mpsc::UnboundedSender<Outcome>,
    /// What was last said of a piece of work.
    told: BTreeMap<Errand, String>,
    /// Attempts under way.
    under_way: JoinSet<()>,
    /// Ceremonies that are over for this holder.
    over: BTreeSet<CeremonyId>,
    /// The charge number that was stated last.
    stated: Option<u64>,
}

/// Runs until stopped, and then until the steps in hand have ended.
pub(super) async fn run(joined: Arc<Joined>, desk: Desk, duty: Duty, stop: watch::Receiver<bool>) {
    let context = Arc::clone(&joined.context);
    let clock = Arc::clone(&context.ports.clock);
    let (ended, mut endings) = mpsc::unbounded_channel();
    let runner = Runner::new(Arc::clone(&context)).until(stop.clone());
    let mut this = Loop {
        attempts: Arc::new(Attempts::new(Arc::clone(&context), desk, runner, driver(&context))),
        agenda: Agenda::default(),
        duty,
        ended,
        told: BTreeMap::new(),
        under_way: JoinSet::new(),
        over: BTreeSet::new(),
        stated: None,
        context: Arc::clone(&context),
    };
    // Ceremonies go on without the coordinator's word, for their deadlines pass without it too.
    this.take(0, BTreeSet::new()).await;
    // Asked once and not again before there is an answer: those who wait must not keep each other waiting.
    let (mut seen, mut asked) = (0, false);
    loop {
        reminder::tell(&context).await;
        if let Err(fault) = context.close_due().await {
            tracing::warn!(event = "key.not-closed", %fault, "an epoch that is over could not be closed");
        }
        this.begin();
        let pause = this.agenda.pause(clock.now());
        tokio::select! {
            biased;
            () = super::stopped(stop.clone()) => break,
            Some(outcome) = endings.recv() => this.ended(outcome),
            () = context.book.woken() => this.woken().await,
            // Somebody waits for this holder to know who is a member: the coordinator is asked now.
            () = context.roster.wanted(), if !asked => (seen, asked) = (0, true),
            reply = context.coordinator.watch(seen, pause) => match reply {
                Ok(reply) => {
                    this.context.telemetry.contacted(this.now());
                    (seen, asked) = (reply.revision, false);
                    this.hear(&reply).await;
                }
                Err(fault) => {
                    asked = false;
                    tracing::warn!(event = "coordinator.silent", %fault, "the inbox could not be read");
                    if is_of_certificates(fault.code) {
                        joined.refused.notify_one();
                    }
                    this.close_missed().await;
                    clock.sleep(AGAIN).await;
                }
            },
        }
    }
    while this.under_way.join_next().await.is_some() {}
}

pub(super) fn driver(context: &Context) -> Driver {
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
    async fn hear(&mut self, reply: &WatchInboxReply) {
        if reply.roster_version > self.context.roster.now().roster.version
            && let Err(fault) = self.refresh_roster().await
        {
            tracing::error!(event = "roster.refused", %fault, "the newest roster was not taken");
        }
        if let Err(fault) = self.context.take_notices(reply.key_notice).await {
            tracing::warn!(event = "key.not-noticed", %fault, "what is announced about keys was not taken");
        }
        self.confirm(reply).await;
        self.close_missed().await;
        let mut named = named_ceremonies(reply);
        named.extend(named_jobs(reply));
        match self.context.book.unfinished().await {
            Ok(unfinished) => named.extend(unfinished.iter().map(|entry| Errand::Job(entry.job))),
            Err(error) => {
                tracing::error!(event = "job.not-read", %error, "the jobs under way could not be read");
            }
        }
        self.take(reply.revision, named).await;
    }

    /// Takes up what the inbox names, and what was begun: that goes on whether it is named or not.
    async fn take(&mut self, revision: u64, mut errands: BTreeSet<Errand>) {
        match self.attempts.driver.unfinished().await {
            Ok(begun) => errands.extend(begun.into_iter().map(Errand::Ceremony)),
            Err(error) => {
                tracing::error!(event = "ceremony.not-read", %error, "ceremonies that were begun could not be read");
            }
        }
        // Of what is named no more nothing is kept: it is somebody else's word.
        self.over.retain(|id| errands.contains(&Errand::Ceremony(*id)));
        let on_duty = self.duty.is_on();
        let ours = |errand: &Errand| on_duty || !matches!(errand, Errand::Job(_));
        let mut wanted: Vec<Errand> = errands.into_iter().filter(ours).collect();
        let unknown: Vec<Errand> = self.agenda.unknown(&wanted).collect();
        for errand in unknown {
            match self.turn(errand).await {
                Ok(Some(turn)) => self.agenda.stands(errand, turn),
                Ok(None) => wanted.retain(|other| *other != errand),
                Err(error) => {
                    tracing::error!(event = "work.not-read", %error, "how work stands could not be read");
                }
            }
        }
        self.agenda.inbox(revision, &wanted);
        let left: BTreeSet<Errand> = self.agenda.all().into_iter().collect();
        self.told.retain(|errand, _| left.contains(errand));
    }

    /// How a piece of work stands that was named; `None` if it is over for this node.
    async fn turn(&self, errand: Errand) -> Result<Option<Turn>, StoreError> {
        let over = match errand {
            Errand::Ceremony(id) => self.over.contains(&id),
            Errand::Job(job) => self.attempts.runner.is_over(job).await?,
        };
        if over {
            return Ok(None);
        }
        Ok(Some(self.attempts.desk.turn(errand).await?.unwrap_or_default()))
    }

    /// A person has decided on something, or restarted it.
    async fn woken(&mut self) {
        for errand in self.agenda.all() {
            match self.attempts.desk.turn(errand).await {
                Ok(turn) => self.agenda.woken(errand, turn),
                Err(error) => {
                    tracing::error!(event = "work.not-read", %error, "how work stands could not be read");
                }
            }
        }
    }

    /// The roster is the newest that the coordinator knows of, and this holder has charged no less than it has ever said: from
    /// here on members are answered for a while.
    async fn confirm(&mut self, reply: &WatchInboxReply) {
        if !self.context.roster.is_newest(reply.roster_version) {
            return;
        }
        match witness::state(&self.context, &mut self.stated).await {
            Ok(()) => self.context.roster.confirm(reply.roster_version, self.context.ports.clock.now()),
            Err(fault) => {
                tracing::warn!(event = "holder.not-witnessed", %fault, "what this holder has charged could not be stated");
            }
        }
    }

    async fn refresh_roster(&self) -> Result<(), Fault> {
        let bytes = self.context.coordinator.roster().await?;
        if let Some(newer) = self.context.roster.newer(&bytes)? {
            pin_roster(&self.context.store, &newer).await.map_err(|e| crate::fault::of_store(&e))?;
            self.context.roster.take(newer);
        }
        Ok(())
    }

    /// Jobs on which nobody has decided before their deadline are missed, whether the coordinator still names them or not.
    async fn close_missed(&self) {
        match self.attempts.runner.close_missed().await {
            Ok(ended) => {
                for errand in ended.into_iter().map(Errand::Job) {
                    // An attempt that is under way here finds it ended, and gives its own lease back.
                    if !self.agenda.is_running(errand) {
                        self.attempts.desk.strike_off(errand).await;
                    }
                }
            }
            Err(fault) => {
                tracing::error!(event = "job.not-closed", %fault, "jobs that were missed could not be closed");
            }
        }
    }

    fn now(&self) -> Micros {
        self.context.ports.clock.now()
    }

    fn begin(&mut self) {
        while self.under_way.try_join_next().is_some() {}
        for errand in self.agenda.begin(self.now()) {
            let (attempts, ended) = (Arc::clone(&self.attempts), self.ended.clone());
            let stood = self.agenda.turn(errand);
            self.under_way.spawn(async move {
                let outcome = Box::pin(attempts.make(errand, &stood)).await;
                // The loop that listens ends only with the node.
                let _ = ended.send(outcome);
            });
        }
    }

    /// An attempt has ended. What stops a piece of work again and again is said once.
    fn ended(&mut self, outcome: Outcome) {
        let Outcome { errand, ended, turn } = outcome;
        let (word, fault) = ended.told();
        self.context.telemetry.attempted(word, fault);
        match ended {
            Ended::Done | Ended::Waits | Ended::Elsewhere => {
                self.told.remove(&errand);
            }
            Ended::Over => {
                self.told.remove(&errand);
                if let Errand::Ceremony(id) = errand {
                    self.over.insert(id);
                }
            }
            Ended::Failed(fault) => {
                let waits = fault.code == FaultCode::ConsentPending;
                if self.told.insert(errand, fault.to_string()).as_ref() != Some(&fault.to_string()) && !waits
                {
                    tracing::warn!(event = "job.stopped", ?errand, %fault, "the work did not go on");
                }
            }
            Ended::Panicked => tracing::error!(event = "job.panicked", ?errand, "a step panicked"),
        }
        if turn.as_ref().is_some_and(|turn: &Turn| turn.strikes >= RULE.strikes) {
            tracing::error!(event = "job.rests", ?errand, "the work rests until a person restarts it");
        }
        self.agenda.ended(errand, turn, self.now());
    }
}

/// Ceremonies that the inbox names, up to a limit: an inbox is somebody else's word.
fn named_ceremonies(reply: &WatchInboxReply) -> BTreeSet<Errand> {
    let named = reply.ceremonies.iter().take(CEREMONIES);
    named.filter_map(|id| CeremonyId::from_slice(id, "ceremony").ok()).map(Errand::Ceremony).collect()
}

/// Jobs that the inbox names, up to a limit.
fn named_jobs(reply: &WatchInboxReply) -> BTreeSet<Errand> {
    let named = reply.jobs.iter().take(JOBS);
    named.filter_map(|id| JobId::from_slice(id, "job").ok()).map(Errand::Job).collect()
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

    #[test]
    fn an_inbox_is_taken_up_to_a_limit() {
        let id = |n: usize| bytes::Bytes::copy_from_slice(&(n as u128).to_be_bytes());
        let ids: Vec<_> = (0..10_000).map(id).collect();
        let reply = WatchInboxReply { ceremonies: ids.clone(), jobs: ids, ..Default::default() };
        assert_eq!((named_ceremonies(&reply).len(), named_jobs(&reply).len()), (CEREMONIES, JOBS));
        let short = WatchInboxReply { jobs: vec![id(1).slice(1..), id(1)], ..Default::default() };
        let only = Errand::Job(JobId::from_random(1_u128.to_be_bytes()));
        assert_eq!(named_jobs(&short), BTreeSet::from([only]));
    }
}
