//! What banks sign in the course of a job: decisions, returns, countersignatures.
//!
//! Each is opened with the key that the roster pins, must name the job and its sender, and is taken in the state that
//! waits for it. The same bytes again are no error; other bytes in their place are refused.

use crate::store::Connection;
use lianfang_proto::documents::certificate::{Countersignature, JobCertificate, Return};
use lianfang_proto::documents::terms::Decision;
use lianfang_proto::ids::BankId;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::{Digest, Signed};
use serde_json::json;

use super::ledger::{self, Handed, Job, Party};
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

/// The state must be `wanted`: before it the caller may come again, after it is too late.
fn in_state(job: &Job, wanted: State) -> Result<(), Error> {
    let code = match job.state.cmp(&wanted) {
        std::cmp::Ordering::Less => FaultCode::JobNotReady,
        std::cmp::Ordering::Equal => return Ok(()),
        std::cmp::Ordering::Greater => FaultCode::JobClosed,
    };
    Err(Fault::new(code).wanted(wanted.word()).got(job.state.word()).into())
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
    if party.accepted == Some(value.accepted) {
        return Ok(());
    }
    in_state(&job, State::Open)?;
    if party.sealed {
        return Err(Fault::field(FaultCode::SubmissionConflict, "decision.accepted").into());
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
    match &party.returned {
        Some(before) if before == returned.bytes() => return Ok(()),
        Some(_) => return Err(Fault::field(FaultCode::MessageRepeated, "return").into()),
        None => {}
    }
    in_state(&job, State::Reporting)?;
    if !party.sealed {
        return Err(Error::refused(FaultCode::JobDeadlinePassed));
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
    match &party.countersignature {
        Some(before) if before == signature.bytes() => return Ok(()),
        Some(_) => return Err(Fault::field(FaultCode::MessageRepeated, "countersignature").into()),
        None => {}
    }
    in_state(&job, State::Certified)?;
    // The certificate says of it that it was missing: there is nothing that it could have checked.
    if !party.sealed {
        return Err(Error::refused(FaultCode::JobDeadlinePassed));
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

/// Jobs in which this bank takes part and which are not over for it.
pub async fn concerning(office: &Office, bank: &BankId) -> Result<Vec<lianfang_proto::ids::JobId>, Error> {
    let mut connection = office.store.readers().acquire().await?;
    let mut wanted = Vec::new();
    for job in ledger::running(office, &mut connection).await? {
        let id = job.agreed.job();
        let Some(party) = ledger::party(&mut connection, id, bank).await? else { continue };
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
