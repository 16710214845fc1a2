//! Reads a job's report, has it verified, and keeps it.
//!
//! Comes in: the coordinator's stream. Goes out: a kept report and this bank's signed return. The report room does the
//! judging; here it is given the register and the cache, and nothing else.

use bytes::Bytes;
use futures::TryStreamExt as _;
use lianfang_proto::documents::certificate::Return;
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::signed::SignedError;
use lianfang_trust::{Canonical as _, Signed};

use super::Context;
use super::book::Entry;
use super::evaluation::Evaluation;
use super::observed::SeenSource;
use crate::fault::{of_call, of_store};
use crate::peers::coordinator::NAME;
use crate::pipeline::submit::SubmissionFiles;
use crate::report::{self, Earlier, Outcome, Participation};

/// Reads, verifies and keeps the report; gives the return to hand in.
pub async fn report(
    context: &Context,
    entry: &Entry,
    terms: &Terms,
    evaluation: &Evaluation,
) -> Result<(Outcome, Signed<Return>), Fault> {
    let files = SubmissionFiles::of(&context.spool, &entry.terms_digest);
    let part = Participation {
        terms,
        bank: &context.bank,
        files: &files,
        spool: &context.spool,
        chance: &*context.ports.chance,
    };
    let slices = context.coordinator.report(&terms.digest()).await?;
    let mut sources = Vec::new();
    let slices = slices.map_err(|status| of_call(&status, NAME)).inspect_ok(|slice| {
        // `read` refuses sources anywhere but at the beginning, and more of them than there are participants.
        if sources.is_empty() {
            sources.extend(slice.sources.iter().map(|source| source.header.clone()));
        }
    });
    let key_of = |bank: &_| context.roster.now().roster.member(bank).map(|member| member.identity);
    let verified = report::read(part, key_of, slices).await.map_err(Fault::from)?;
    keep_sources(context, entry, &sources).await?;
    let accepted = report::accept(part, verified, evaluation.outputs(), evaluation.selection()).await;
    let accepted = accepted.map_err(Fault::from)?;
    let salt = context.book.result_salt(entry.id).await.map_err(|e| of_store(&e))?;
    let earlier = earlier(context, entry, terms).await?;
    let outcome = report::keep(&context.store, entry.id, accepted, earlier, &salt).await;
    let outcome = outcome.map_err(Fault::from)?;
    let value = outcome.to_return(terms, &context.bank);
    Ok((outcome, Signed::sign(&context.secrets.identity, value)))
}

/// The report of the schedule's run before. The terms name it; a bank that was not there is compared with its own last run of
/// the schedule. A job of another schedule is never taken for one, whoever names it.
async fn earlier(context: &Context, entry: &Entry, terms: &Terms) -> Result<Earlier, Fault> {
    let Some(run) = &terms.run else { return Ok(Earlier::NoSchedule) };
    let coordinator = context.roster.now().roster.coordinator;
    let book = &context.book;
    let is_earlier = |other: &Entry| {
        let terms = other.opened(&coordinator);
        let other_run = terms.and_then(|terms| terms.run);
        other_run.filter(|other| other.schedule == run.schedule).map(|other| other.planned_at)
    };
    let kept = async |id| report::is_kept(&context.store, id).await.map_err(|e| of_store(&e));
    if let Some(named) = run.predecessor
        && let Some(named) = book.get(named).await.map_err(|e| of_store(&e))?
        && is_earlier(&named).is_some()
        && kept(named.id).await?
    {
        return Ok(Earlier::Report(named.id));
    }
    // The newest first.
    let mut before = entry.id;
    loop {
        let page = book.page(before).await.map_err(|e| of_store(&e))?;
        let Some(last) = page.last() else { return Ok(Earlier::Nothing) };
        before = last.id;
        for other in page.iter().filter(|other| is_earlier(other).is_some_and(|at| at < run.planned_at)) {
            if kept(other.id).await? {
                return Ok(Earlier::Report(other.id));
            }
        }
    }
}

/// Keeps what the sources have signed: the report has been verified under it, and the certificate will be.
async fn keep_sources(context: &Context, entry: &Entry, headers: &[Bytes]) -> Result<(), Fault> {
    let open = |header: &Bytes| {
        // Each was opened with its bank's pinned key when the report was read.
        let signer = Signed::<SubmissionHeader>::claimed_signer(header)?;
        Ok(SeenSource::of(Signed::<SubmissionHeader>::open(header, &signer)?.value()))
    };
    let seen: Result<Vec<_>, SignedError> = headers.iter().map(open).collect();
    let seen = seen.map_err(|e| Fault::new(FaultCode::Internal).got(e))?;
    context.book.keep_sources(entry.id, &seen).await.map_err(|e| of_store(&e))
}
