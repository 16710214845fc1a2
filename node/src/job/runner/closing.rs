//! The last steps of a job: the report, the return, the countersignature, the certificate.

use std::sync::Arc;

use lianfang_proto::catalogue::Disclosure;
use lianfang_proto::documents::certificate::{JobCertificate, Return};
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::{Fault, FaultCode, checked};
use lianfang_trust::{Digest, Signed};

use super::{Runner, internal};
use crate::audit::Event;
use crate::fault::{of_log, of_store};
use crate::job::book::Entry;
use crate::job::certificate::{OwnPart, check, countersign};
use crate::job::evaluation::Evaluation;
use crate::job::reporting;
use crate::job::state::Stage;
use crate::job::submission::clean;
use crate::pipeline::submit::SubmissionFiles;

/// A certificate, as it came and as it was opened.
type Certificate = (Vec<u8>, Signed<JobCertificate>);

impl Runner {
    pub(super) async fn report(&self, entry: &Entry, terms: &Terms) -> Result<(), Fault> {
        let files = SubmissionFiles::of(&self.context.spool, &entry.terms_digest);
        if !files.are_there() {
            return Err(Fault::new(FaultCode::SubmissionLost).at(self.context.bank.as_str()));
        }
        let evaluation = Evaluation::new(&self.context, terms, Arc::clone(&self.witness)).await?;
        let clock = &self.context.ports.clock;
        let began = clock.elapsed();
        let (outcome, result) = match reporting::report(&self.context, entry, terms, &evaluation).await {
            Ok(reported) => reported,
            Err(fault) => return Err(self.unsound(entry, fault).await?),
        };
        let mut figures = entry.figures();
        figures.report_rows = outcome.rows;
        figures.new_rows = outcome.rows.saturating_sub(outcome.still);
        figures.still_rows = outcome.still;
        figures.gone_rows = outcome.gone;
        figures.refused_matches = outcome.refused_matches;
        figures.matched(&outcome.by_kind);
        figures.stage("report", clock.elapsed().saturating_sub(began), clock.now());
        let digest = result.value().result_digest;
        let event = Event::Reported { terms: entry.terms_digest, lines: outcome.rows, digest };
        let said = &self.context.log.says(&event);
        let kept = self.context.book.returned(entry.id, result.bytes(), &figures, said).await;
        kept.map_err(|e| of_log(&e))?;
        // Nothing is read from the submission any more, whether or not the job is ever certified.
        clean(&self.context, &entry.terms_digest)?;
        self.hand_in(entry, result.bytes().to_vec()).await
    }

    /// A report that is not sound stands in the log, once, whatever is done about it.
    pub(super) async fn unsound(&self, entry: &Entry, fault: Fault) -> Result<Fault, Fault> {
        let digest = Digest::of("lianfang/fault", fault.to_string().as_bytes());
        let book = &self.context.book;
        if !fault.code.retry() {
            let party = fault.party.clone().unwrap_or_default();
            let event = Event::Fault { party, code: fault.code, digest };
            let found = book.found(entry.id, &digest, &self.context.log.says(&event)).await;
            found.map_err(|e| of_log(&e))?;
        }
        Ok(fault)
    }

    pub(super) async fn hand_in_again(&self, entry: &Entry) -> Result<(), Fault> {
        let Some(result) = &entry.result else { return Err(internal("no return is stored")) };
        self.hand_in(entry, result.clone()).await
    }

    async fn hand_in(&self, entry: &Entry, result: Vec<u8>) -> Result<(), Fault> {
        self.context.coordinator.hand_in(&entry.terms_digest, result).await?;
        self.context.book.handed_in(entry.id).await.map_err(|e| of_store(&e))
    }

    pub(super) async fn countersign(&self, entry: &Entry, terms: &Terms) -> Result<(), Fault> {
        let Some((bytes, certificate)) = self.certificate(entry, terms).await? else { return Ok(()) };
        self.hand_in_countersignature(entry, &certificate).await?;
        let event = Event::Certified { terms: entry.terms_digest, record: certificate.digest() };
        self.certified(entry, &event, &bytes).await
    }

    /// The job is closed: its certificate is kept as any other, and a countersignature that comes too late is left.
    pub(super) async fn conclude(&self, entry: &Entry, terms: &Terms) -> Result<(), Fault> {
        let Some((bytes, certificate)) = self.certificate(entry, terms).await? else {
            return self.end(entry, Stage::Missed).await.map(drop);
        };
        let (terms, record) = (entry.terms_digest, certificate.digest());
        let event = match self.hand_in_countersignature(entry, &certificate).await {
            Ok(()) => Event::Certified { terms, record },
            Err(fault) if fault.code == FaultCode::JobClosed => Event::CertifiedLate { terms, record },
            Err(fault) => return Err(fault),
        };
        self.certified(entry, &event, &bytes).await
    }

    /// The certificate, checked against all that this bank did and saw; `None` if there is none.
    async fn certificate(&self, entry: &Entry, terms: &Terms) -> Result<Option<Certificate>, Fault> {
        let bytes = self.context.coordinator.certificate(&entry.terms_digest).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let certificate = self.opened(&bytes, terms).await?;
        let header = self.own_header(entry)?;
        let Some(result) = &entry.result else { return Err(internal("no return is stored")) };
        let result: Signed<Return> =
            checked::open_signed(result, "return", &self.context.secrets.identity.verifying_key())?;
        let own = OwnPart {
            bank: &self.context.bank,
            header: header.value(),
            result: result.value(),
            handed_in: entry.handed_in,
        };
        let sources = match terms.disclosure {
            Disclosure::Count => None,
            _ => Some(self.context.book.sources(entry.id).await.map_err(|e| of_store(&e))?),
        };
        match check(certificate.value(), terms, &own, sources.as_deref()) {
            Ok(()) => Ok(Some((bytes, certificate))),
            Err(fault) => Err(self.unsound(entry, fault).await?),
        }
    }

    /// A bank that was away may read a certificate that was signed before the coordinator exchanged its key: the roster that
    /// the job was agreed on under names the signer, or one since. Of later jobs that key says nothing.
    async fn opened(&self, bytes: &[u8], terms: &Terms) -> Result<Signed<JobCertificate>, Fault> {
        let today = self.context.roster.now().roster.coordinator;
        let opened = checked::open_signed(bytes, "certificate", &today);
        if !matches!(&opened, Err(fault) if fault.code == FaultCode::SignatureInvalid) {
            return opened;
        }
        let Ok(signer) = Signed::<JobCertificate>::claimed_signer(bytes) else { return opened };
        if !self.context.was_coordinators(&signer, terms.roster_version).await? {
            return opened;
        }
        checked::open_signed(bytes, "certificate", &signer)
    }

    async fn hand_in_countersignature(
        &self,
        entry: &Entry,
        certificate: &Signed<JobCertificate>,
    ) -> Result<(), Fault> {
        let signed = countersign(certificate, &self.context.bank, &self.context.secrets.identity);
        self.context.coordinator.countersign(&entry.terms_digest, signed.bytes().to_vec()).await
    }

    async fn certified(&self, entry: &Entry, event: &Event, bytes: &[u8]) -> Result<(), Fault> {
        clean(&self.context, &entry.terms_digest)?;
        let kept = self.context.book.certified(entry.id, bytes, &self.context.log.says(event)).await;
        kept.map_err(|e| of_log(&e))?;
        tracing::info!(event = "job.done", job = %entry.job, "a job is done");
        Ok(())
    }

    pub(super) fn own_header(&self, entry: &Entry) -> Result<Signed<SubmissionHeader>, Fault> {
        let Some(header) = &entry.header else { return Err(internal("no header is stored")) };
        checked::open_signed(header, "header", &self.context.secrets.identity.verifying_key())
    }
}
