//! The decision on a job: by policy or by a person, over terms that were checked first, told to the coordinator.
//!
//! Comes in: a job that is proposed. Goes out: a stored decision. Trusts: what this node knows by itself, and what the
//! holders confirm. Fails with the fault that says what differs; then nothing is decided.

use lianfang_proto::catalogue::Disclosure;
use lianfang_proto::documents::terms::{Decision, Terms};
use lianfang_proto::ids::JobId;
use lianfang_proto::{Fault, FaultCode, checked};
use lianfang_trust::Signed;

use super::Context;
use super::book::Entry;
use super::consent::{Consent, Past, check_deadline, check_terms, consent};
use super::state::Stage;
use crate::audit::Event;
use crate::fault::{of_log, of_store};
use crate::ports::Micros;

const DAY: Micros = 86_400_000_000;

impl Context {
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
    pub(super) async fn examine(&self, entry: &Entry, terms: &Terms) -> Result<Consent, Fault> {
        let kept = self.compared_record(terms.key.class, terms.key.epoch).await?;
        let pinned = self.roster.now();
        let record = kept.endorsed.record();
        // Shares may have been renewed since, and the roster moved on: terms are judged under what they name.
        let of_terms = self.named_record(terms.key).await?;
        let named = self.roster_of(terms.roster_version).await?;
        check_terms(terms, &self.bank, &named, Some(&of_terms), crate::normalise::RULE_SET)?;
        self.in_its_life(terms).await?;
        match self.agree_with_holders(record, &pinned).await {
            Err(fault)
                if fault.code == FaultCode::GenerationChanged && self.is_renewed(record.key).await? =>
            {
                let kept = self.compared_record(terms.key.class, terms.key.epoch).await?;
                self.agree_with_holders(kept.endorsed.record(), &pinned).await?;
            }
            agreed => agreed?,
        }
        check_deadline(terms, &self.bank, self.ports.clock.now())?;
        let past = self.past(entry, terms).await?;
        Ok(consent(terms, &self.config.policy, &past))
    }

    /// The jobs in which this bank took part before: those that records may have entered within the policy's days, and, where
    /// these terms disclose counts alone, the last job that did, however long ago.
    pub(super) async fn past(&self, entry: &Entry, terms: &Terms) -> Result<Past, Fault> {
        let since = self.ports.clock.now() - Micros::from(self.config.policy.jobs_days) * DAY;
        let recent = self.book.since(since).await.map_err(|e| of_store(&e))?;
        let last_count = match terms.disclosure {
            Disclosure::Count => self.last_count(entry).await?,
            _ => None,
        };
        let is_recent = |other: &Entry| {
            self.took_part(entry, other).filter(|terms| self.entered_by(other, terms) > since)
        };
        Ok(Past { last_count, recent: recent.iter().filter_map(is_recent).collect() })
    }

    /// By when records have entered a job in which this bank took part: when its rows were sent, or, of a job that ended before
    /// that, put together. As long as they were not, they may yet be: until they are taken no more, and what is put together
    /// for as long as the coordinator may ask for it, whenever that was.
    fn entered_by(&self, other: &Entry, terms: &Terms) -> Micros {
        if other.stage == Stage::Prepared {
            return Micros::MAX;
        }
        let last = terms.taken_until(&self.bank);
        let entered = match other.header {
            Some(_) => other.figures().ended.get("submit").copied().unwrap_or(last),
            None if other.stage.is_over() => other.seen_at,
            None => last,
        };
        entered.max(other.seen_at)
    }

    async fn last_count(&self, entry: &Entry) -> Result<Option<Terms>, Fault> {
        let mut before = i64::MAX;
        loop {
            let page = self.book.page(before).await.map_err(|e| of_store(&e))?;
            let Some(last) = page.last() else { return Ok(None) };
            before = last.id;
            for other in &page {
                let terms = self.took_part(entry, other);
                let Some(terms) = terms.filter(|terms| terms.disclosure == Disclosure::Count) else {
                    continue;
                };
                if !self.told_nothing(other.id).await? {
                    return Ok(Some(terms));
                }
            }
        }
    }

    /// Whether a job is over to which no other bank has submitted: it has told nothing of any.
    async fn told_nothing(&self, id: i64) -> Result<bool, Fault> {
        let certificate = self.book.certificate(id).await.map_err(|e| of_store(&e))?;
        Ok(certificate.is_some_and(|certificate| {
            certificate.entries.iter().filter(|entry| entry.submission.is_some()).count() < 2
        }))
    }

    /// The terms of another job, if this bank took part in it.
    fn took_part(&self, entry: &Entry, other: &Entry) -> Option<Terms> {
        let entered = match other.stage {
            Stage::Proposed | Stage::Refused => false,
            // Its records entered if they were put together, whether or not they came in time.
            Stage::Missed => other.header.is_some(),
            _ => true,
        };
        let counts = entered && other.id != entry.id;
        counts.then(|| other.opened(&self.roster.now().roster.coordinator)).flatten()
    }

    /// This bank takes part. The caller holds the book's decision.
    pub(super) async fn join(&self, entry: &Entry, by: &str) -> Result<(), Fault> {
        let event = Event::JobAccepted { job: entry.job, terms: entry.terms_digest, by: by.to_owned() };
        let decided = self.book.decide(entry.id, Stage::Accepted, by, &self.log.says(&event)).await;
        decided.map_err(|e| of_log(&e))
    }

    /// This bank takes no part, and tells the coordinator.
    pub async fn refuse(&self, entry: &Entry, job: JobId, reason: &str, by: &str) -> Result<(), Fault> {
        let event = Event::JobRefused {
            job,
            terms: entry.terms_digest,
            reason: reason.to_owned(),
            by: by.to_owned(),
        };
        self.send_decision(entry, false).await?;
        let decided = self.book.decide(entry.id, Stage::Refused, by, &self.log.says(&event)).await;
        decided.map_err(|e| of_log(&e))
    }

    pub(super) async fn send_decision(&self, entry: &Entry, accepted: bool) -> Result<(), Fault> {
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
