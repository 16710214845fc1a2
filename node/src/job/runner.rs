//! Takes jobs as far as they go, one step after the other, and writes down what stopped them.
//!
//! Comes in: a job's id from the inbox. Goes out: the stage at which it waits, or a fault, after which the same call
//! begins with the same step again. At most one runner works on a job.

use std::sync::Arc;

use lianfang_proto::documents::terms::Terms;
use lianfang_proto::ids::JobId;
use lianfang_proto::v1::{GetJobReply, JobState};
use lianfang_proto::{Fault, FaultCode, checked};
use lianfang_trust::{Digest32, Signed};
use tokio::sync::{Mutex, watch};

use super::Context;
use super::book::Entry;
use super::consent::{Consent, check_deadline};
use super::state::{Stage, Step, may_reopen, next, unknown};
use super::submission::{clean, upload};
use super::witness::Notary;
use crate::audit::Event;
use crate::fault::{of_log, of_store};
use crate::peers::coordinator::NAME;
use crate::pipeline::evaluate::Witness;
use crate::store::StoreError;

mod closing;
mod preparing;

/// Works on jobs.
pub struct Runner {
    context: Arc<Context>,
    witness: Arc<dyn Witness>,
    /// One job evaluates at a time: two would find the same identifiers without output, and be charged for both.
    evaluating: Mutex<()>,
    /// Whether the node is to stop: then no further step is begun.
    stop: Option<watch::Receiver<bool>>,
}

fn internal(error: impl std::fmt::Display) -> Fault {
    Fault::new(FaultCode::Internal).got(error)
}

impl Runner {
    /// A runner over what this node has; its observations of holders are written down.
    pub fn new(context: Arc<Context>) -> Self {
        let witness = Notary::start(context.store.clone(), context.log.clone(), context.sightings.clone());
        Self { context, witness, evaluating: Mutex::default(), stop: None }
    }

    /// The same, beginning no further step once it is to stop.
    #[must_use]
    pub fn until(self, stop: watch::Receiver<bool>) -> Self {
        Self { stop: Some(stop), ..self }
    }

    fn stopping(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| *stop.borrow())
    }

    /// Takes the job as far as it goes; what stopped it is written down with it.
    pub async fn work(&self, job: JobId) -> Result<Stage, Fault> {
        let result = self.run(job).await.map_err(|fault| self.context.named(fault));
        if let Ok(Some(entry)) = self.context.book.get(job).await {
            self.context.book.forget_unwritten(entry.id);
            if let Err(fault) = &result
                && !entry.stage.is_over()
            {
                self.context.book.fault(entry.id, fault).await.map_err(|e| of_store(&e))?;
            }
        }
        result
    }

    /// The job could not even be begun: what stopped it is shown with it.
    pub async fn stopped(&self, job: JobId, fault: &Fault) {
        let fault = self.context.named(fault.clone());
        if let Ok(Some(entry)) = self.context.book.get(job).await
            && !entry.stage.is_over()
        {
            self.context.book.forget_unwritten(entry.id);
            // What the disk does not take is shown all the same.
            let _ = self.context.book.fault(entry.id, &fault).await;
        }
    }

    /// Ends jobs on which nobody has decided before their deadline. Tells which, for nothing is left to do about them.
    pub async fn close_missed(&self) -> Result<Vec<JobId>, Fault> {
        let now = self.context.ports.clock.now();
        let mut ended = Vec::new();
        for entry in self.context.book.proposed().await.map_err(|e| of_store(&e))? {
            let terms = self.open_terms(&entry.terms, entry.job).await;
            // Terms under a key of the coordinator's that is no more are looked at by people.
            if terms.is_ok_and(|terms| check_deadline(terms.value(), &self.context.bank, now).is_err()) {
                self.end(&entry, Stage::Missed).await?;
                ended.push(entry.job);
            }
        }
        Ok(ended)
    }

    /// Whether nothing is to be done about this job, whoever names it: it is over here, and not because of a clock that ran
    /// ahead.
    pub async fn is_over(&self, job: JobId) -> Result<bool, StoreError> {
        let Some(entry) = self.context.book.get(job).await?.filter(|entry| entry.stage.is_over()) else {
            return Ok(false);
        };
        let terms = entry.opened(&self.context.roster.now().roster.coordinator);
        let late = terms.is_none_or(|terms| self.is_late(&terms));
        Ok(!may_reopen(entry.stage, late, entry.is_decided()))
    }

    /// Whether this bank's deadline has passed, and the grace behind it, by this node's clock.
    fn is_late(&self, terms: &Terms) -> bool {
        check_deadline(terms, &self.context.bank, self.context.ports.clock.now()).is_err()
    }

    /// A step of the job panicked: what is known of it is written down. Nothing of what it worked on is told.
    pub async fn panicked(&self, job: JobId) {
        let fault = Fault::field(FaultCode::Internal, "panic").at(self.context.bank.as_str());
        let noted = async {
            let Some(entry) = self.context.book.get(job).await.map_err(|e| of_store(&e))? else {
                return Ok(());
            };
            self.unsound(&entry, fault.clone()).await?;
            self.context.book.fault(entry.id, &fault).await.map_err(|e| of_store(&e))
        };
        if let Err(error) = noted.await {
            tracing::error!(event = "job.panic-not-written", %job, %error, "a panic could not be written down");
        }
    }

    async fn run(&self, job: JobId) -> Result<Stage, Fault> {
        loop {
            let reply = match self.context.coordinator.job(job).await {
                // It was proposed once, and is no more.
                Err(fault) if fault.code == FaultCode::JobUnknown => {
                    return self.forgotten(job, &fault).await;
                }
                reply => reply?,
            };
            let terms = self.open_terms(&reply.terms, job).await?;
            self.context.book.note(&terms).await.map_err(|e| of_store(&e))?;
            let entry = self.entry(job).await?;
            if entry.terms_digest != terms.digest() {
                return Err(Fault::field(FaultCode::TermsDiffer, "terms").at("coordinator"));
            }
            let state = JobState::try_from(reply.state).unwrap_or(JobState::Unspecified);
            let before = entry.stage;
            match next(entry.stage, state, self.is_late(terms.value()), entry.is_decided()) {
                Step::Wait => return Ok(entry.stage),
                Step::End(Stage::Failed) => return self.given_up(&entry, &reply).await,
                Step::End(stage) => return self.end(&entry, stage).await,
                step => self.traced(step, &entry, terms.value()).await?,
            }
            let after = self.entry(job).await?.stage;
            if after == before || self.stopping() {
                return Ok(after);
            }
        }
    }

    /// The coordinator does not know the job, for it was put back from a backup that is older: nobody but this bank will
    /// ever end it.
    async fn forgotten(&self, job: JobId, fault: &Fault) -> Result<Stage, Fault> {
        let entry = self.context.book.get(job).await.map_err(|e| of_store(&e))?;
        let entry = entry.ok_or_else(|| fault.clone())?;
        let end = unknown(entry.stage);
        if end == Stage::Failed && end != entry.stage {
            self.context.book.fault(entry.id, fault).await.map_err(|e| of_store(&e))?;
        }
        self.end(&entry, end).await
    }

    /// The coordinator has given the job up. Why it has, where it says so, is shown with the job from then on; else what
    /// went wrong here last.
    async fn given_up(&self, entry: &Entry, reply: &GetJobReply) -> Result<Stage, Fault> {
        if let Some(code) = FaultCode::from_code(&reply.failure)
            && entry.stage != Stage::Failed
        {
            let fault = Fault::new(code).at(NAME);
            self.context.book.fault(entry.id, &fault).await.map_err(|e| of_store(&e))?;
        }
        self.end(entry, Stage::Failed).await
    }

    async fn entry(&self, job: JobId) -> Result<Entry, Fault> {
        let entry = self.context.book.get(job).await.map_err(|e| of_store(&e))?;
        entry.ok_or_else(|| Fault::new(FaultCode::JobUnknown))
    }

    async fn open_terms(&self, bytes: &[u8], job: JobId) -> Result<Signed<Terms>, Fault> {
        let mut coordinator = self.context.roster.now().roster.coordinator;
        let entry = self.context.book.get(job).await.map_err(|e| of_store(&e))?;
        // Terms that were taken before stand, though the coordinator may sign by another key by now.
        if entry.is_some_and(|entry| entry.terms == bytes) {
            coordinator = Signed::<Terms>::claimed_signer(bytes).unwrap_or(coordinator);
        }
        let terms: Signed<Terms> = checked::open_signed(bytes, "terms", &coordinator)?;
        if terms.value().job == job {
            Ok(terms)
        } else {
            Err(Fault::field(FaultCode::TermsDiffer, "terms.job"))
        }
    }

    /// Takes a step within a span of the job's trace.
    async fn traced(&self, step: Step, entry: &Entry, terms: &Terms) -> Result<(), Fault> {
        let mut span = self.context.telemetry.stage(entry.job, step.name());
        let taken = span.around(self.step(step, entry, terms)).await;
        if let Err(fault) = &taken {
            span.failed(fault.code.code());
        }
        taken
    }

    async fn step(&self, step: Step, entry: &Entry, terms: &Terms) -> Result<(), Fault> {
        match step {
            Step::Reopen => self.context.book.reopen(entry.id).await.map_err(|e| of_store(&e)),
            Step::Decide => self.decide(entry, terms).await,
            Step::Prepare => self.prepare(entry, terms).await,
            Step::Upload => match self.upload(entry, terms).await {
                // It never stood, and it is too late for it.
                Err(fault) if fault.code == FaultCode::JobDeadlinePassed => {
                    self.end(entry, Stage::Missed).await.map(drop)
                }
                done => done,
            },
            Step::Report => self.report(entry, terms).await,
            Step::HandIn => self.hand_in_again(entry).await,
            Step::Countersign => self.countersign(entry, terms).await,
            Step::Conclude => self.conclude(entry, terms).await,
            Step::Wait | Step::End(_) => Ok(()),
        }
    }

    async fn decide(&self, entry: &Entry, terms: &Terms) -> Result<(), Fault> {
        let _one_at_a_time = self.context.book.deciding().await;
        match self.context.examine(entry, terms).await? {
            Consent::Accept => self.context.join(entry, "policy").await,
            Consent::Refuse(why) => self.context.refuse(entry, terms.job, why.code(), "policy").await,
            Consent::AskPerson(_) => {
                Err(Fault::new(FaultCode::ConsentPending).at(self.context.bank.as_str()))
            }
        }
    }

    /// Whether the policy still lets so small a submission leave.
    fn large_enough(&self, terms: &Terms) -> Result<(), Fault> {
        let least = self.context.config.policy.least_rows;
        if terms.least_rows < least {
            let fault = Fault::field(FaultCode::ConsentRefused, "terms.least_rows");
            return Err(fault.at(self.context.bank.as_str()).wanted(least).got(terms.least_rows));
        }
        Ok(())
    }

    async fn upload(&self, entry: &Entry, terms: &Terms) -> Result<(), Fault> {
        // Whether it is in time the coordinator says: it may have sealed the rows, and its answer been lost.
        self.large_enough(terms)?;
        let header = self.own_header(entry)?;
        let clock = &self.context.ports.clock;
        let began = clock.elapsed();
        let mut sent = 0;
        let uploaded = upload(&self.context, &header, &mut sent).await;
        self.context.telemetry.sent_to_coordinator(sent);
        if let Err(fault) = uploaded {
            self.count_sent(entry, sent).await;
            return Err(fault);
        }
        let mut figures = entry.figures();
        figures.bytes_sent += sent;
        figures.stage("submit", clock.elapsed().saturating_sub(began), clock.now());
        let root = Digest32::from_bytes(header.value().root);
        let event = Event::Submitted { terms: entry.terms_digest, rows: header.value().rows, root };
        let kept = self.context.book.submitted(entry.id, &figures, &self.context.log.says(&event)).await;
        kept.map_err(|e| of_log(&e))
    }

    async fn end(&self, entry: &Entry, stage: Stage) -> Result<Stage, Fault> {
        if entry.stage != stage {
            clean(&self.context, &entry.terms_digest)?;
            self.context.book.advance(entry.id, stage).await.map_err(|e| of_store(&e))?;
        }
        Ok(stage)
    }
}

impl Context {
    /// What failed on this machine bears this bank's name; what others did was named where they were asked.
    fn named(&self, fault: Fault) -> Fault {
        let own = matches!(fault.code, FaultCode::DiskFull | FaultCode::Busy | FaultCode::Internal);
        if own && fault.party.is_none() { fault.at(self.bank.as_str()) } else { fault }
    }
}
