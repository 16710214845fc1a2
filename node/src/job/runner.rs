//! Takes jobs as far as they go, one step after the other, and writes down what stopped them.
//!
//! Comes in: a job's id from the inbox. Goes out: the stage at which it waits, or a fault, after which the same call
//! begins with the same step again. At most one runner works on a job.

use std::sync::Arc;
use std::time::Instant;

use lianfang_proto::catalogue::Disclosure;
use lianfang_proto::documents::certificate::{JobCertificate, Return};
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::{Decision, Terms};
use lianfang_proto::ids::JobId;
use lianfang_proto::v1::JobState;
use lianfang_proto::{Fault, FaultCode, checked};
use lianfang_trust::{Digest, Signed};
use tokio::sync::Mutex;

use super::book::Entry;
use super::certificate::{OwnPart, check, countersign};
use super::consent::{Consent, check_terms, consent};
use super::evaluation::{Evaluation, Sent};
use super::state::{Stage, Step, next};
use super::submission::{Assembled, assemble, check_size, clean, upload};
use super::witness::Notary;
use super::{Context, reporting};
use crate::audit::Event;
use crate::fault::{of_log, of_store};
use crate::pipeline::evaluate::Witness;

/// Works on jobs.
pub struct Runner {
    context: Arc<Context>,
    witness: Arc<dyn Witness>,
    /// One job evaluates at a time: two would find the same identifiers without output, and be charged for both.
    evaluating: Mutex<()>,
}

/// Rounds of evaluation while records come in at the same time.
const ROUNDS: usize = 8;

fn internal(error: impl std::fmt::Display) -> Fault {
    Fault::new(FaultCode::Internal).got(error)
}

impl Runner {
    /// A runner over what this node has; its observations of holders are written down.
    pub fn new(context: Arc<Context>) -> Self {
        let witness = Notary::start(context.store.clone(), context.log.clone());
        Self { context, witness, evaluating: Mutex::default() }
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

    async fn run(&self, job: JobId) -> Result<Stage, Fault> {
        loop {
            let reply = self.context.coordinator.job(job).await?;
            let terms = self.open_terms(&reply.terms, job)?;
            self.context.book.note(&terms).await.map_err(|e| of_store(&e))?;
            let entry = self.entry(job).await?;
            if entry.terms_digest != terms.digest() {
                return Err(Fault::field(FaultCode::TermsDiffer, "terms").at("coordinator"));
            }
            let state = JobState::try_from(reply.state).unwrap_or(JobState::Unspecified);
            let before = entry.stage;
            match next(entry.stage, state) {
                Step::Wait => return Ok(entry.stage),
                Step::End(stage) => return self.end(&entry, stage).await,
                step => self.step(step, &entry, terms.value()).await?,
            }
            if self.entry(job).await?.stage == before {
                return Ok(before);
            }
        }
    }

    async fn entry(&self, job: JobId) -> Result<Entry, Fault> {
        let entry = self.context.book.get(job).await.map_err(|e| of_store(&e))?;
        entry.ok_or_else(|| Fault::new(FaultCode::JobUnknown))
    }

    fn open_terms(&self, bytes: &[u8], job: JobId) -> Result<Signed<Terms>, Fault> {
        let coordinator = self.context.roster.now().roster.coordinator;
        let terms: Signed<Terms> = checked::open_signed(bytes, "terms", &coordinator)?;
        if terms.value().job == job {
            Ok(terms)
        } else {
            Err(Fault::field(FaultCode::TermsDiffer, "terms.job"))
        }
    }

    async fn step(&self, step: Step, entry: &Entry, terms: &Terms) -> Result<(), Fault> {
        match step {
            Step::Decide => self.decide(entry, terms).await,
            Step::Prepare => self.prepare(entry, terms).await,
            Step::Upload => match self.upload(entry).await {
                // It never stood, and it is too late for it.
                Err(fault) if fault.code == FaultCode::JobDeadlinePassed => {
                    self.end(entry, Stage::Missed).await.map(drop)
                }
                done => done,
            },
            Step::Report => self.report(entry, terms).await,
            Step::HandIn => self.hand_in(entry).await,
            Step::Countersign => self.countersign(entry, terms).await,
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

    async fn prepare(&self, entry: &Entry, terms: &Terms) -> Result<(), Fault> {
        self.context.send_decision(entry, true).await?;
        check_size(&self.context, terms).await?;
        let _one_at_a_time = self.evaluating.lock().await;
        let evaluation = Evaluation::new(&self.context, terms, Arc::clone(&self.witness)).await?;
        let began = Instant::now();
        let sent_before = self.context.holders.bytes_sent();
        let mut sent = Sent::default();
        for _ in 0..ROUNDS {
            sent += evaluation.run().await?;
            let (evaluate, evaluated_at) = (began.elapsed(), self.context.ports.clock.now());
            let padding = self.context.book.padding_seed(entry.id).await.map_err(|e| of_store(&e))?;
            let Assembled::Ready(submission) = assemble(&self.context, terms, &evaluation, *padding).await?
            else {
                continue;
            };
            let mut figures = entry.figures();
            figures.bytes_sent += self.context.holders.bytes_sent() - sent_before;
            figures.evaluated += sent.identifiers;
            figures.own_rows = submission.own_rows;
            figures.cached = submission.own_rows.saturating_sub(figures.evaluated);
            figures.stage("evaluate", evaluate, evaluated_at);
            let assemble = began.elapsed().saturating_sub(evaluate);
            figures.stage("submit", assemble, self.context.ports.clock.now());
            let event = Event::Evaluated { terms: entry.terms_digest, elements: sent.elements };
            self.context.log.record(&event).await.map_err(|e| of_log(&e))?;
            let header = Signed::sign(&self.context.secrets.identity, submission.header);
            let kept = self.context.book.prepared(entry.id, header.bytes(), &figures).await;
            return kept.map_err(|e| of_store(&e));
        }
        Err(Fault::new(FaultCode::Busy).at(self.context.bank.as_str()))
    }

    async fn upload(&self, entry: &Entry) -> Result<(), Fault> {
        let header = self.own_header(entry)?;
        let began = Instant::now();
        let sent = upload(&self.context, &header).await?;
        let mut figures = entry.figures();
        figures.bytes_sent += sent;
        figures.stage("submit", began.elapsed(), self.context.ports.clock.now());
        self.context.book.moved(entry.id, Stage::Submitted, &figures).await.map_err(|e| of_store(&e))
    }

    async fn report(&self, entry: &Entry, terms: &Terms) -> Result<(), Fault> {
        let evaluation = Evaluation::new(&self.context, terms, Arc::clone(&self.witness)).await?;
        let began = Instant::now();
        let (outcome, result) = match reporting::report(&self.context, entry, terms, &evaluation).await {
            Ok(reported) => reported,
            Err(fault) => return Err(self.unsound(fault).await?),
        };
        let mut figures = entry.figures();
        figures.report_rows = outcome.rows;
        figures.refused_matches = outcome.refused_matches;
        figures.matched(&outcome.by_kind);
        figures.stage("report", began.elapsed(), self.context.ports.clock.now());
        let kept = self.context.book.returned(entry.id, result.bytes(), &figures).await;
        kept.map_err(|e| of_store(&e))?;
        // Nothing is read from the submission any more, whether or not the job is ever certified.
        clean(&self.context, &entry.terms_digest)?;
        self.context.coordinator.hand_in(&entry.terms_digest, result.bytes().to_vec()).await
    }

    /// A report that is not sound stands in the log, whatever is done about it.
    async fn unsound(&self, fault: Fault) -> Result<Fault, Fault> {
        if !fault.code.retry() {
            let party = fault.party.clone().unwrap_or_default();
            let digest = Digest::of("lianfang/fault", fault.to_string().as_bytes());
            let event = Event::Fault { party, code: fault.code, digest };
            self.context.log.record(&event).await.map_err(|e| of_log(&e))?;
        }
        Ok(fault)
    }

    async fn hand_in(&self, entry: &Entry) -> Result<(), Fault> {
        let Some(result) = &entry.result else { return Err(internal("no return is stored")) };
        self.context.coordinator.hand_in(&entry.terms_digest, result.clone()).await
    }

    async fn countersign(&self, entry: &Entry, terms: &Terms) -> Result<(), Fault> {
        let bytes = self.context.coordinator.certificate(&entry.terms_digest).await?;
        if bytes.is_empty() {
            return Ok(());
        }
        let coordinator = self.context.roster.now().roster.coordinator;
        let certificate: Signed<JobCertificate> = checked::open_signed(&bytes, "certificate", &coordinator)?;
        let header = self.own_header(entry)?;
        let Some(result) = &entry.result else { return Err(internal("no return is stored")) };
        let result: Signed<Return> =
            checked::open_signed(result, "return", &self.context.secrets.identity.verifying_key())?;
        let own = OwnPart { bank: &self.context.bank, header: header.value(), result: result.value() };
        check(certificate.value(), terms, &own)?;
        let signed = countersign(&certificate, &self.context.bank, &self.context.secrets.identity);
        self.context.coordinator.countersign(&entry.terms_digest, signed.bytes().to_vec()).await?;
        let event = Event::Certified { terms: entry.terms_digest, record: certificate.digest() };
        self.context.log.record(&event).await.map_err(|e| of_log(&e))?;
        clean(&self.context, &entry.terms_digest)?;
        self.context.book.certified(entry.id, &bytes).await.map_err(|e| of_store(&e))
    }

    fn own_header(&self, entry: &Entry) -> Result<Signed<SubmissionHeader>, Fault> {
        let Some(header) = &entry.header else { return Err(internal("no header is stored")) };
        checked::open_signed(header, "header", &self.context.secrets.identity.verifying_key())
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

    /// A person says that this bank takes part. A person can say yes where the policy asks, and nowhere else: terms
    /// that differ from what this node knows, and what the policy refuses, are not joined by anybody's word.
    pub async fn accept(&self, entry: &Entry, job: JobId, by: &str) -> Result<(), Fault> {
        let _one_at_a_time = self.book.deciding().await;
        let coordinator = self.roster.now().roster.coordinator;
        let terms: Signed<Terms> = checked::open_signed(&entry.terms, "terms", &coordinator)?;
        if terms.value().job != job || terms.digest() != entry.terms_digest {
            return Err(Fault::field(FaultCode::TermsDiffer, "terms.job"));
        }
        match self.examine(entry, terms.value()).await? {
            Consent::Accept | Consent::AskPerson(_) => self.join(entry, by).await,
            Consent::Refuse(why) => {
                Err(Fault::new(FaultCode::ConsentRefused).at(self.bank.as_str()).got(why.code()))
            }
        }
    }

    /// What the policy says of terms that fit roster, key record and holders; nobody decides on others.
    async fn examine(&self, entry: &Entry, terms: &Terms) -> Result<Consent, Fault> {
        let kept = self.compared_record(terms.key.class, terms.key.epoch).await?;
        let pinned = self.roster.now();
        let record = kept.endorsed.record();
        check_terms(terms, &self.bank, &pinned, Some(record), crate::normalise::RULE_SET)?;
        self.agree_with_holders(record, &pinned).await?;
        let last_count = self.last_count(entry).await?;
        Ok(consent(terms, &self.config.policy, last_count.as_ref()))
    }

    /// The terms of the last job of counts alone in which this bank took part.
    async fn last_count(&self, entry: &Entry) -> Result<Option<Terms>, Fault> {
        let coordinator = self.roster.now().roster.coordinator;
        let jobs = self.book.list().await.map_err(|e| of_store(&e))?;
        let others = jobs.iter().filter(|other| {
            other.id != entry.id && !matches!(other.stage, Stage::Proposed | Stage::Refused | Stage::Missed)
        });
        for other in others {
            // Terms under a key that the coordinator had before are of a time before this roster.
            let terms = checked::open_signed::<Terms>(&other.terms, "terms", &coordinator);
            if let Some(terms) = terms.ok().filter(|terms| terms.value().disclosure == Disclosure::Count) {
                return Ok(Some(terms.into_value()));
            }
        }
        Ok(None)
    }

    /// This bank takes part. The caller holds the book's decision.
    async fn join(&self, entry: &Entry, by: &str) -> Result<(), Fault> {
        let event = Event::JobAccepted { job: entry.job, terms: entry.terms_digest, by: by.to_owned() };
        self.log.record(&event).await.map_err(|e| of_log(&e))?;
        self.book.decide(entry.id, Stage::Accepted, by).await.map_err(|e| of_store(&e))
    }

    /// This bank takes no part, and tells the coordinator.
    pub async fn refuse(&self, entry: &Entry, job: JobId, reason: &str, by: &str) -> Result<(), Fault> {
        let event = Event::JobRefused {
            job,
            terms: entry.terms_digest,
            reason: reason.to_owned(),
            by: by.to_owned(),
        };
        self.log.record(&event).await.map_err(|e| of_log(&e))?;
        self.send_decision(entry, false).await?;
        self.book.decide(entry.id, Stage::Refused, by).await.map_err(|e| of_store(&e))
    }

    async fn send_decision(&self, entry: &Entry, accepted: bool) -> Result<(), Fault> {
        let value = Decision { terms_digest: entry.terms_digest, bank: self.bank.clone(), accepted };
        let signed = Signed::sign(&self.secrets.identity, value);
        let answered = self.coordinator.answer(&entry.terms_digest, signed.bytes().to_vec()).await;
        // It has told us of this job itself; if it does not know these terms, it has shown others to the others.
        answered.map_err(|fault| match fault.code {
            FaultCode::JobUnknown => Fault { code: FaultCode::TermsDiffer, ..fault },
            _ => fault,
        })
    }
}
