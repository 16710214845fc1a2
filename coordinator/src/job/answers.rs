//! What banks sign in the course of a job: decisions, returns, countersignatures.
//!
//! Each is opened with the key that the roster pins and must name the job and its sender; whether it is taken now,
//! [`super::participant`] decides.

use crate::store::Connection;
use lianfang_proto::documents::certificate::{Countersignature, JobCertificate, Return};
use lianfang_proto::documents::terms::Decision;
use lianfang_proto::ids::BankId;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::{Digest, Signed};
use serde_json::json;

use super::ledger::{self, Handed, Job, Party};
use super::left_out;
use super::participant::{Event, Participant};
use super::state::State;
use crate::audit;
use crate::fault::{Error, StoredAs as _};
use crate::office::Office;

/// The job with these terms and the caller's part in it.
pub async fn part_of(
    office: &Office,
    tx: &mut Connection,
    digest: &Digest,
    bank: &BankId,
) -> Result<(Job, Party), Error> {
    let job = ledger::with_terms(office, tx, digest).await?;
    let job = job.ok_or_else(|| Fault::field(FaultCode::JobUnknown, "terms_digest"))?;
    let party = ledger::party(tx, job.agreed.job(), bank).await?;
    let party = party.ok_or_else(|| Fault::new(FaultCode::NotParticipant).got(bank))?;
    Ok((job, party))
}

fn same(stated: &Digest, digest: &Digest, bank: &BankId, caller: &BankId, field: &str) -> Result<(), Error> {
    if stated != digest {
        return Err(Fault::field(FaultCode::TermsDiffer, &format!("{field}.terms_digest")).into());
    }
    if bank != caller {
        return Err(Fault::field(FaultCode::Unauthenticated, &format!("{field}.bank")).got(bank).into());
    }
    Ok(())
}

/// Whether what a participant hands in is new, and may be taken now. `false` if it is there already.
pub fn is_new(office: &Office, job: &Job, party: &Party, event: Event) -> Result<bool, Error> {
    let in_time = office.now() < job.agreed.terms().taken_until(&party.bank);
    let after = Participant::of(party).apply(event, job.state, in_time);
    Ok(after.map_err(|refused| refused.fault(&party.bank, job.state))?.is_some())
}

/// Takes a decision. It may be changed while the job is open and nothing has been submitted.
pub async fn decide(
    office: &Office,
    caller: &BankId,
    digest: &Digest,
    decision: &Signed<Decision>,
) -> Result<(), Error> {
    let value = decision.value();
    same(&value.terms_digest, digest, &value.bank, caller, "decision")?;
    let mut tx = office.store.begin().await?;
    let (job, party) = part_of(office, &mut tx, digest, caller).await?;
    if !is_new(office, &job, &party, Event::answer(value.accepted))? {
        return Ok(());
    }
    ledger::set_decision(&mut tx, job.agreed.job(), caller, value.accepted, decision.bytes()).await?;
    let body =
        json!({"job": job.agreed.job().to_string(), "bank": caller.as_str(), "accepted": value.accepted});
    audit::append(&mut tx, office.now(), "job.answered", &body).await?;
    tx.commit().await?;
    office.bell.ring();
    Ok(())
}

/// Takes a return of a bank that has submitted.
pub async fn take_return(
    office: &Office,
    caller: &BankId,
    digest: &Digest,
    returned: &Signed<Return>,
) -> Result<(), Error> {
    let value = returned.value();
    same(&value.terms_digest, digest, &value.bank, caller, "return")?;
    let mut tx = office.store.begin().await?;
    let (job, party) = part_of(office, &mut tx, digest, caller).await?;
    let event = Event::returned(party.returned.as_deref(), returned.bytes());
    if !is_new(office, &job, &party, event)? {
        return Ok(());
    }
    ledger::set_handed(&mut tx, job.agreed.job(), caller, Handed::Return, returned.bytes()).await?;
    let body = json!({
        "job": job.agreed.job().to_string(),
        "bank": caller.as_str(),
        "result": value.result_digest.to_hex(),
        "refused_matches": value.refused_matches,
    });
    audit::append(&mut tx, office.now(), "job.returned", &body).await?;
    tx.commit().await?;
    office.bell.ring();
    Ok(())
}

/// Takes a countersignature under the certificate.
pub async fn countersign(
    office: &Office,
    caller: &BankId,
    digest: &Digest,
    signature: &Signed<Countersignature>,
) -> Result<(), Error> {
    let mut tx = office.store.begin().await?;
    let (job, party) = part_of(office, &mut tx, digest, caller).await?;
    if &signature.value().bank != caller {
        let fault = Fault::field(FaultCode::Unauthenticated, "countersignature.bank");
        return Err(fault.got(&signature.value().bank).into());
    }
    let event = Event::signature(party.countersignature.as_deref(), signature.bytes());
    if !is_new(office, &job, &party, event)? {
        return Ok(());
    }
    let certificate = job.certificate.as_ref().ok_or(Error::Bug("no certificate"))?;
    let certificate: Signed<JobCertificate> = office.keys.open_own(certificate).stored_as("certificate")?;
    if signature.value().certificate_digest != certificate.digest() {
        return Err(Fault::field(FaultCode::DigestDiffers, "countersignature.certificate_digest").into());
    }
    ledger::set_handed(&mut tx, job.agreed.job(), caller, Handed::Countersignature, signature.bytes())
        .await?;
    let body = json!({"job": job.agreed.job().to_string(), "bank": caller.as_str()});
    audit::append(&mut tx, office.now(), "job.countersigned", &body).await?;
    tx.commit().await?;
    office.bell.ring();
    Ok(())
}

/// Jobs in which this bank takes part and which are not over for it. Those in which it has submitted under another identity are.
pub async fn concerning(office: &Office, bank: &BankId) -> Result<Vec<lianfang_proto::ids::JobId>, Error> {
    let mut connection = office.store.readers().acquire().await?;
    let in_force = office.book.now();
    let mut wanted = Vec::new();
    for job in ledger::running(office, &mut connection).await? {
        let id = job.agreed.job();
        let Some(party) = ledger::party(&mut connection, id, bank).await? else { continue };
        if left_out::is_away(&party, in_force.roster()) {
            continue;
        }
        let part = party.part(job.agreed.terms());
        let concerns = match job.state {
            State::Open => !part.declined,
            State::Matching | State::Reporting => part.sealed,
            State::Certified => part.sealed && !part.countersigned,
            State::Closed | State::Failed => false,
        };
        if concerns {
            wanted.push(id);
        }
    }
    Ok(wanted)
}
