//! A person's choice becomes signed terms.

use lianfang_proto::catalogue::{Class, Disclosure, Kind, Role};
use lianfang_proto::documents::terms::{Admission, Method, Participant, Terms};
use lianfang_proto::ids::{BankId, JobId};
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::{Canonical as _, Digest, Signed};
use serde_json::json;

use super::ledger;
use crate::audit;
use crate::ceremony::life::active_record;
use crate::fault::Error;
use crate::office::Office;
use crate::ports::Micros;

/// The version of the normalisation rules that this program's jobs name.
const RULE_SET: u16 = 1;

/// What a person has chosen; the rest of the terms follows from the roster and the newest key.
pub struct Choice {
    /// The class whose key makes the tags.
    pub class: Class,
    /// Who takes part; all active members if empty.
    pub banks: Vec<BankId>,
    /// `t`.
    pub match_threshold: u16,
    /// What members are told.
    pub disclosure: Disclosure,
    /// Kinds that enter; all if empty.
    pub kinds: Vec<Kind>,
    /// Roles that enter; all but victims if empty.
    pub roles: Vec<Role>,
    /// Elements of a full chunk.
    pub chunk_elements: u32,
    /// Most rows of one submission.
    pub size_cap: u64,
    /// Least padded rows.
    pub least_rows: u64,
    /// How long submissions are taken.
    pub lasts: Micros,
    /// What it is for.
    pub purpose: String,
    /// On which legal basis.
    pub legal_basis: String,
}

/// Signs the terms and opens the job.
pub async fn propose(office: &Office, choice: Choice) -> Result<(JobId, Digest), Error> {
    let now = office.now();
    let mut tx = office.store.begin().await?;
    let key = active_record(&mut tx, choice.class).await?;
    let key = key.ok_or_else(|| Error::refused(FaultCode::KeyNotAgreed))?;
    let in_force = office.book.now();
    let terms = Terms {
        job: JobId::from_random(office.random()),
        key: key.record().key,
        key_record_digest: key.record().digest(),
        roster_version: in_force.roster().version,
        roster_digest: in_force.digest(),
        participants: participants(office, &choice.banks)?,
        rule_set: RULE_SET,
        kinds: all_if_empty(&choice.kinds, Kind::ALL).iter().map(|kind| kind.number()).collect(),
        admission: admission(&choice.roles),
        match_threshold: choice.match_threshold,
        disclosure: choice.disclosure,
        method: Method::Plain,
        chunk_elements: choice.chunk_elements,
        size_cap: choice.size_cap,
        least_rows: choice.least_rows,
        deadline: now + choice.lasts,
        purpose: choice.purpose,
        legal_basis: choice.legal_basis,
    };
    // Read back, so that what nodes would refuse is refused here, by the name of the field.
    Terms::decode(&terms.encode())
        .map_err(|error| lianfang_proto::checked::document_fault("terms", &error))?;
    let signed = Signed::sign(&office.keys.coordinator, terms);
    let (job, digest) = (signed.value().job, signed.digest());
    ledger::insert(&mut tx, &signed, now).await?;
    let body = json!({"job": job.to_string(), "terms": digest.to_hex()});
    audit::append(&mut tx, now, "job.proposed", &body).await?;
    tx.commit().await?;
    office.bell.ring();
    Ok((job, digest))
}

fn all_if_empty<'a, T>(chosen: &'a [T], all: &'a [T]) -> &'a [T] {
    if chosen.is_empty() { all } else { chosen }
}

fn admission(roles: &[Role]) -> Admission {
    let everyone = Admission::everyone();
    if roles.is_empty() {
        return everyone;
    }
    Admission { roles: roles.iter().map(|role| role.number()).collect(), ..everyone }
}

fn participants(office: &Office, banks: &[BankId]) -> Result<Vec<Participant>, Error> {
    let in_force = office.book.now();
    let roster = in_force.roster();
    let unknown = |bank: &&BankId| roster.active(bank).is_none();
    if let Some(unknown) = banks.iter().find(unknown) {
        return Err(Fault::field(FaultCode::MalformedField, "--banks").got(unknown).into());
    }
    let chosen = roster.members.iter().filter(|member| {
        roster.active(&member.bank).is_some() && (banks.is_empty() || banks.contains(&member.bank))
    });
    Ok(chosen.map(|m| Participant { bank: m.bank.clone(), group: m.group.clone() }).collect())
}
