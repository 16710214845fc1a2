//! The first steps of a job that is joined: what is not cached is evaluated, in as many attempts as it takes, and the
//! submission put together, once.

use std::sync::Arc;

use lianfang_proto::documents::terms::Terms;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::Signed;

use super::Runner;
use crate::audit::Event;
use crate::fault::{of_log, of_store};
use crate::job::book::Entry;
use crate::job::consent::check_deadline;
use crate::job::evaluation::{Evaluation, Sent};
use crate::job::submission::{Assembled, assemble, check_size};

/// Rounds of evaluation while records come in at the same time.
const ROUNDS: usize = 8;

impl Runner {
    pub(super) async fn prepare(&self, entry: &Entry, terms: &Terms) -> Result<(), Fault> {
        check_deadline(terms, &self.context.bank, self.context.ports.clock.now())?;
        self.large_enough(terms)?;
        self.context.send_decision(entry, true).await?;
        check_size(&self.context, terms).await?;
        let _one_at_a_time = self.evaluating.lock().await;
        let sent_before = self.context.holders.bytes_sent();
        let prepared = self.evaluate(entry, terms, sent_before).await;
        let bytes_sent = self.context.holders.bytes_sent() - sent_before;
        self.context.telemetry.sent_to_holders(bytes_sent);
        if prepared.is_err() {
            self.count_sent(entry, bytes_sent).await;
        }
        prepared
    }

    async fn evaluate(&self, entry: &Entry, terms: &Terms, sent_before: u64) -> Result<(), Fault> {
        let mut evaluation = Evaluation::new(&self.context, terms, Arc::clone(&self.witness)).await?;
        self.context.sight_holders(evaluation.record()).await?;
        let clock = &self.context.ports.clock;
        let began = clock.elapsed();
        let mut sent = Sent::default();
        let mut span = self.context.telemetry.part("evaluate");
        for _ in 0..ROUNDS {
            sent += match evaluation.run().await {
                // The shares were renewed: what is left goes on under the new ones, in the same chunks.
                Err(fault) if self.renewed(&fault, &evaluation).await? => {
                    evaluation = Evaluation::new(&self.context, terms, Arc::clone(&self.witness)).await?;
                    continue;
                }
                ran => ran?,
            };
            span.count("elements", sent.elements);
            span.count("identifiers", sent.identifiers);
            let (evaluate, evaluated_at) = (clock.elapsed().saturating_sub(began), clock.now());
            let padding = self.context.book.padding_seed(entry.id).await.map_err(|e| of_store(&e))?;
            let Assembled::Ready(submission) = assemble(&self.context, terms, &evaluation, *padding).await?
            else {
                continue;
            };
            // An attempt that was cut off has evaluated too, and its chunks are not sent again.
            let all = evaluation.evaluated().await?;
            let mut figures = entry.figures();
            figures.bytes_sent += self.context.holders.bytes_sent() - sent_before;
            figures.evaluated = all.identifiers;
            figures.own_rows = submission.own_rows;
            figures.cached = submission.own_rows.saturating_sub(figures.evaluated);
            figures.stage("evaluate", evaluate, evaluated_at);
            let assemble = clock.elapsed().saturating_sub(began).saturating_sub(evaluate);
            figures.stage("submit", assemble, clock.now());
            let event = Event::Evaluated { terms: entry.terms_digest, elements: all.elements };
            let header = Signed::sign(&self.context.secrets.identity, submission.header);
            let said = &self.context.log.says(&event);
            let kept = self.context.book.prepared(entry.id, header.bytes(), &figures, said).await;
            return kept.map_err(|e| of_log(&e));
        }
        Err(Fault::new(FaultCode::Busy).at(self.context.bank.as_str()))
    }

    async fn renewed(&self, fault: &Fault, evaluation: &Evaluation) -> Result<bool, Fault> {
        Ok(fault.code == FaultCode::GenerationChanged
            && self.context.is_renewed(evaluation.record().key).await?)
    }

    /// What an attempt has sent counts, though it came to nothing.
    pub(super) async fn count_sent(&self, entry: &Entry, bytes: u64) {
        if bytes == 0 {
            return;
        }
        let mut figures = entry.figures();
        figures.bytes_sent += bytes;
        // What stopped the attempt is worth more than its figures, and may be what keeps them from being written.
        let _ = self.context.book.keep_figures(entry.id, &figures).await;
    }
}
