//! Key ceremonies: the coordinator proposes, carries what holders post, and publishes the record that all have signed.
//!
//! Comes in: a person's choice of holders and threshold; signed posts of holders. Goes out: a signed proposal, the board
//! as far as it concerns its reader, the endorsed key record. Never sees: a share; packages are sealed to their receivers.
//! Trusts: a post's signature by the key that the roster pins. Fails by the deadline, naming who is missing, or by a
//! complaint, naming whom it accuses.

pub mod board;
pub mod ledger;

use crate::store::Connection;
use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::ceremony::{Phase, Post, Proposal};
use lianfang_proto::ids::{BankId, CeremonyId, Epoch, Generation, KeyId};
use lianfang_proto::{Fault, FaultCode, v1};
use lianfang_trust::{Canonical as _, Signed};
use serde_json::json;

use crate::audit;
use crate::bell;
use crate::fault::Error;
use crate::office::Office;
use crate::ports::Micros;
use board::Outcome;
use ledger::{Ceremony, State};

/// Proposes a ceremony. One at a time in each class.
pub async fn propose(
    office: &Office,
    class: Class,
    holders: Vec<BankId>,
    threshold: u16,
    lasts: Micros,
) -> Result<CeremonyId, Error> {
    let in_force = office.book.now();
    if let Some(unknown) = holders.iter().find(|bank| in_force.roster().active(bank).is_none()) {
        return Err(Fault::field(FaultCode::MalformedField, "--holders").got(unknown).into());
    }
    let now = office.now();
    let mut tx = office.store.begin().await?;
    let all = ledger::all(&mut tx, &office.keys).await?;
    let same_class = |c: &&Ceremony| c.proposal.value().key.class == class && c.state == State::Open;
    if let Some(open) = all.iter().find(same_class) {
        return Err(Fault::field(FaultCode::Busy, "ceremony").got(open.id()).into());
    }
    let newest = ledger::newest_record(&mut tx, class, None).await?;
    let epoch = newest.map_or(1, |record| record.record().key.epoch.0 + 1);
    let proposal = Proposal {
        ceremony: CeremonyId::from_random(office.random()),
        key: KeyId { class, epoch: Epoch(epoch), generation: Generation(0) },
        threshold,
        holders,
        roster_digest: in_force.digest(),
        deadline: now + lasts,
    };
    // Read back, so that what nodes would refuse is refused here.
    Proposal::decode(&proposal.encode())
        .map_err(|error| lianfang_proto::checked::document_fault("ceremony", &error))?;
    let id = proposal.ceremony;
    let signed = Signed::sign(&office.keys.coordinator, proposal);
    ledger::insert(&mut tx, &signed, now).await?;
    let body = json!({"ceremony": id.to_string(), "proposal": signed.digest().to_hex()});
    audit::append(&mut tx, now, "ceremony.proposed", &body).await?;
    tx.commit().await?;
    office.bell.ring();
    Ok(id)
}

/// Puts a holder's post on its board.
pub async fn post(office: &Office, caller: &BankId, post: &Signed<Post>) -> Result<(), Error> {
    let in_force = office.book.now();
    let now = office.now();
    let mut tx = office.store.begin().await?;
    let ceremony = ledger::find(&mut tx, &office.keys, post.value().ceremony).await?;
    let ceremony = ceremony.ok_or_else(|| Error::refused(FaultCode::CeremonyUnknown))?;
    let proposal = ceremony.proposal.value();
    board::admit(proposal, &ceremony.proposal.digest(), in_force.roster(), caller, post.value())?;
    match ledger::at_place(&mut tx, proposal.ceremony, &board::place(post.value())).await? {
        Some(before) if before == post.bytes() => return Ok(()),
        Some(_) => return Err(Fault::field(FaultCode::MessageRepeated, "post").into()),
        None => {}
    }
    still_open(&ceremony, now)?;
    ledger::insert_post(&mut tx, post).await?;
    bell::moved(&mut tx, now).await?;
    let posts = ledger::posts(&mut tx, proposal.ceremony).await?;
    let ends = matches!(post.value().phase, Phase::Endorse | Phase::Complaint);
    if ends {
        let outcome = board::outcome(proposal, in_force.roster(), &posts)?;
        conclude(&mut tx, now, &ceremony, outcome).await?;
    }
    tx.commit().await?;
    office.bell.ring();
    Ok(())
}

fn still_open(ceremony: &Ceremony, now: Micros) -> Result<(), Error> {
    let over = |code: FaultCode| Err(Error::from(Fault::field(code, "ceremony").got(ceremony.id())));
    match ceremony.state {
        State::Open if now < ceremony.proposal.value().deadline => Ok(()),
        State::Open => over(FaultCode::CeremonyMissing),
        State::Done => over(FaultCode::MessageRepeated),
        State::Failed => over(FaultCode::from_code(&ceremony.failure).unwrap_or(FaultCode::CeremonyMissing)),
    }
}

async fn conclude(
    tx: &mut Connection,
    now: Micros,
    ceremony: &Ceremony,
    outcome: Outcome,
) -> Result<(), Error> {
    match outcome {
        Outcome::Open => Ok(()),
        Outcome::Done(record) => {
            ledger::publish(tx, ceremony.id(), &record).await?;
            let digest = record.record().digest().to_hex();
            let body = json!({"ceremony": ceremony.id().to_string(), "key_record": digest});
            audit::append(tx, now, "ceremony.done", &body).await
        }
        Outcome::Complained(named) => fail(tx, now, ceremony, FaultCode::CeremonyLied, &named).await,
    }
}

async fn fail(
    tx: &mut Connection,
    now: Micros,
    ceremony: &Ceremony,
    code: FaultCode,
    culprits: &[BankId],
) -> Result<(), Error> {
    let culprits: Vec<&str> = culprits.iter().map(BankId::as_str).collect();
    ledger::fail(tx, ceremony.id(), code, &culprits).await?;
    let body = json!({"ceremony": ceremony.id().to_string(), "failure": code.code(), "culprits": culprits});
    audit::append(tx, now, "ceremony.failed", &body).await
}

/// Gives up every open ceremony in which a bank is a holder that takes part no longer: it is the one who is missing.
pub async fn give_up_with(
    office: &Office,
    tx: &mut Connection,
    bank: &BankId,
    now: Micros,
) -> Result<(), Error> {
    let open = ledger::open(tx, &office.keys).await?;
    for ceremony in open.iter().filter(|ceremony| ceremony.proposal.value().holders.contains(bank)) {
        fail(tx, now, ceremony, FaultCode::CeremonyMissing, std::slice::from_ref(bank)).await?;
    }
    Ok(())
}

/// The open ceremonies whose deadline has passed, and the next deadline of the others.
pub async fn overdue(
    office: &Office,
    tx: &mut Connection,
    now: Micros,
) -> Result<(Vec<CeremonyId>, Option<Micros>), Error> {
    let open = ledger::open(tx, &office.keys).await?;
    let (overdue, ahead): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|c| c.proposal.value().deadline <= now);
    let next = ahead.iter().map(|ceremony| ceremony.proposal.value().deadline).min();
    Ok((overdue.iter().map(Ceremony::id).collect(), next))
}

/// Gives a ceremony up whose deadline has passed, naming who is missing. Safe to repeat.
pub async fn give_up(office: &Office, tx: &mut Connection, id: CeremonyId, now: Micros) -> Result<(), Error> {
    let Some(ceremony) = ledger::find(tx, &office.keys, id).await? else { return Ok(()) };
    if ceremony.state != State::Open || ceremony.proposal.value().deadline > now {
        return Ok(());
    }
    let posts = ledger::posts(tx, id).await?;
    let places: Vec<_> = posts.iter().map(board::place).collect();
    let missing = board::missing(ceremony.proposal.value(), &places);
    fail(tx, now, &ceremony, FaultCode::CeremonyMissing, &missing).await
}

/// The board of a ceremony, as far as it concerns one of its holders.
pub async fn read(office: &Office, caller: &BankId, id: CeremonyId) -> Result<v1::ReadBoardReply, Error> {
    let mut connection = office.store.readers().acquire().await?;
    let ceremony = ledger::find(&mut connection, &office.keys, id).await?;
    let ceremony = ceremony.ok_or_else(|| Error::refused(FaultCode::CeremonyUnknown))?;
    if !ceremony.proposal.value().holders.contains(caller) {
        return Err(Fault::field(FaultCode::NotParticipant, "ceremony").got(caller).into());
    }
    let posts = ledger::posts_for(&mut connection, id, caller).await?;
    Ok(v1::ReadBoardReply {
        proposal: ceremony.proposal.bytes().to_vec().into(),
        posts: posts.into_iter().map(Into::into).collect(),
        failure: ceremony.failure,
        culprits: ceremony.culprits,
    })
}

/// Open ceremonies in which this bank is a holder.
pub async fn concerning(office: &Office, bank: &BankId) -> Result<Vec<CeremonyId>, Error> {
    let mut connection = office.store.readers().acquire().await?;
    let open = ledger::open(&mut connection, &office.keys).await?;
    Ok(open.iter().filter(|c| c.proposal.value().holders.contains(bank)).map(Ceremony::id).collect())
}
