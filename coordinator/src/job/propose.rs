//! A template becomes signed terms, and a job.
//!
//! Comes in: a person's choice, or a schedule's; the roster in force, the newest key, the time. Goes out: terms that every
//! node will read, or the refusal that it would give; then an open job, within the caller's transaction.

use lianfang_proto::documents::terms::{Method, Run, Terms};
use lianfang_proto::ids::{BankId, JobId};
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::{Canonical as _, Digest, Signed};
use serde_json::json;

use super::ledger;
use super::template::Template;
use crate::audit;
use crate::ceremony::life::active_record;
use crate::fault::Error;
use crate::office::Office;
use crate::ports::Micros;
use crate::store::Connection;

/// The version of the normalisation rules that this program's jobs name.
const RULE_SET: u16 = 1;

/// Terms that are signed and not yet proposed.
pub struct Drawn {
    /// The terms.
    pub terms: Signed<Terms>,
    /// Banks that were chosen and cannot take part, each with what keeps it out.
    pub left_out: Vec<(BankId, &'static str)>,
}

/// Signs terms as they are now.
pub async fn draw_up(
    office: &Office,
    tx: &mut Connection,
    template: &Template,
    run: Option<Run>,
    now: Micros,
) -> Result<Drawn, Error> {
    let key = active_record(tx, template.class).await?;
    let key = key.ok_or_else(|| Error::refused(FaultCode::KeyNotAgreed))?;
    let in_force = office.book.now();
    let chosen = template.who.chosen(in_force.roster());
    let terms = Terms {
        job: JobId::from_random(office.random()),
        key: key.record().key,
        key_record_digest: key.record().digest(),
        roster_version: in_force.roster().version,
        roster_digest: in_force.digest(),
        rule_set: RULE_SET,
        kinds: template.all_kinds().iter().map(|kind| kind.number()).collect(),
        admission: template.admission(),
        match_threshold: template.match_threshold,
        disclosure: template.disclosure,
        method: Method::Plain,
        chunk_elements: template.chunk_elements,
        size_cap: template.size_cap,
        least_rows: template.least_rows,
        deadline: now.saturating_add(template.deadline),
        timing: template.timing(&chosen.participants, now),
        run,
        participants: chosen.participants,
        purpose: template.purpose.clone(),
        legal_basis: template.legal_basis.clone(),
    };
    // Read back, so that what nodes would refuse is refused here, by the name of the field.
    Terms::decode(&terms.encode())
        .map_err(|error| lianfang_proto::checked::document_fault("terms", &error))?;
    Ok(Drawn { terms: Signed::sign(&office.keys.coordinator, terms), left_out: chosen.left_out })
}

/// Opens the job within a transaction. The caller rings the bell after it.
pub async fn open(tx: &mut Connection, terms: &Signed<Terms>, now: Micros) -> Result<(), Error> {
    ledger::insert(tx, terms, now).await?;
    let body = json!({"job": terms.value().job.to_string(), "terms": terms.digest().to_hex()});
    audit::append(tx, now, "job.proposed", &body).await
}

/// Signs the terms of a single job and opens it.
pub async fn propose(office: &Office, template: &Template) -> Result<(JobId, Digest), Error> {
    let now = office.now();
    let mut tx = office.store.begin().await?;
    let drawn = draw_up(office, &mut tx, template, None, now).await?;
    if let super::template::Who::Banks(_) = template.who
        && let Some((bank, _)) = drawn.left_out.first()
    {
        return Err(Fault::field(FaultCode::MalformedField, "--banks").got(bank).into());
    }
    open(&mut tx, &drawn.terms, now).await?;
    tx.commit().await?;
    office.bell.ring();
    Ok((drawn.terms.value().job, drawn.terms.digest()))
}
