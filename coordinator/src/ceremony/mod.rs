//! Key ceremonies: the coordinator proposes, carries what holders post, and publishes the record that all have signed.
//!
//! Comes in: a person's choice of holders and threshold; signed posts of holders. Goes out: a signed proposal, the board
//! as far as it concerns its reader, the endorsed key record. Never sees: a share; packages are sealed to their receivers.
//! Trusts: a post's signature by the key that the roster pins. Fails by the deadline, naming who is missing, or by a
//! complaint, naming whom it accuses.
//!
//! | file | what it is |
//! | --- | --- |
//! | `propose` | a person's choice, or what is due, as a signed proposal |
//! | [`board`] | what may stand on a board, and what it comes to |
//! | [`state`] | how far a ceremony has come, as a function |
//! | [`ledger`] | ceremonies, posts and records in the store |
//! | [`life`] | where each epoch stands, and what is announced of it |
//! | [`due`] | when shares are renewed and epochs end, as functions |

pub mod board;
pub mod due;
pub mod ledger;
pub mod life;
mod propose;
pub mod state;

pub use propose::{Choice, refresh, repair, start};

use crate::store::Connection;
use lianfang_proto::documents::ceremony::{Post, Task};
use lianfang_proto::ids::{BankId, CeremonyId};
use lianfang_proto::{Fault, FaultCode, v1};
use lianfang_trust::{Canonical as _, Signed};
use serde_json::json;

use crate::audit;
use crate::bell;
use crate::fault::Error;
use crate::office::Office;
use crate::ports::Micros;
use board::{Matter, Outcome};
use ledger::Ceremony;
use state::{Event, State};

/// Puts a holder's post on its board.
pub async fn post(office: &Office, caller: &BankId, post: &Signed<Post>) -> Result<(), Error> {
    let in_force = office.book.now();
    let now = office.now();
    let mut tx = office.store.begin().await?;
    let ceremony = ledger::find(&mut tx, &office.keys, post.value().ceremony).await?;
    let ceremony = ceremony.ok_or_else(|| Error::refused(FaultCode::CeremonyUnknown))?;
    let proposal = ceremony.proposal.value();
    let base = ledger::base_record(&mut tx, proposal).await?;
    let matter = Matter {
        proposal,
        base: base.as_ref().map(lianfang_proto::documents::key_record::EndorsedKeyRecord::record),
        roster: in_force.roster(),
    };
    board::admit(matter, &ceremony.proposal.digest(), caller, post.value())?;
    match ledger::at_place(&mut tx, proposal.ceremony, &board::place(post.value())).await? {
        Some(before) if before == post.bytes() => return Ok(()),
        Some(_) => return Err(Fault::field(FaultCode::MessageRepeated, "post").into()),
        None => {}
    }
    let event = Event::of(post.value().phase);
    after(&ceremony, event, now)?;
    ledger::insert_post(&mut tx, post).await?;
    bell::moved(&mut tx, now).await?;
    if event.may_end() {
        let posts = ledger::posts(&mut tx, proposal.ceremony).await?;
        let outcome = board::outcome(matter, &posts)?;
        conclude(office, &mut tx, now, &ceremony, outcome).await?;
    }
    tx.commit().await?;
    office.bell.ring();
    Ok(())
}

/// How a ceremony stands after a post of a holder, who is told why if it changes nothing any more.
fn after(ceremony: &Ceremony, event: Event, now: Micros) -> Result<State, Fault> {
    ceremony.after(event, now).map_err(|refused| {
        let code = refused.code(FaultCode::from_code(&ceremony.failure));
        Fault::field(code, "ceremony").got(ceremony.id())
    })
}

async fn conclude(
    office: &Office,
    tx: &mut Connection,
    now: Micros,
    ceremony: &Ceremony,
    outcome: Outcome,
) -> Result<(), Error> {
    match outcome {
        Outcome::Open => Ok(()),
        Outcome::Done(record) => {
            let state = after(ceremony, Event::LastEndorsement, now)?;
            ledger::publish(tx, &record).await?;
            ledger::enter(tx, ceremony.id(), state).await?;
            if ceremony.proposal.value().task == Task::Generate {
                life::made(office, tx, now, record.record()).await?;
            }
            let digest = record.record().digest().to_hex();
            let body = json!({"ceremony": ceremony.id().to_string(), "key_record": digest});
            audit::append(tx, now, "ceremony.done", &body).await
        }
        Outcome::Repaired => {
            let state = after(ceremony, Event::LastEndorsement, now)?;
            ledger::enter(tx, ceremony.id(), state).await?;
            let body = json!({"ceremony": ceremony.id().to_string()});
            audit::append(tx, now, "ceremony.repaired", &body).await
        }
        Outcome::Complained(named) => {
            let state = after(ceremony, Event::Complaint, now)?;
            fail(tx, now, ceremony, state, (FaultCode::CeremonyLied, &named)).await
        }
    }
}

/// The ceremony comes to this state, and is over: why, and whom that names.
async fn fail(
    tx: &mut Connection,
    now: Micros,
    ceremony: &Ceremony,
    state: State,
    (code, culprits): (FaultCode, &[BankId]),
) -> Result<(), Error> {
    let culprits: Vec<&str> = culprits.iter().map(BankId::as_str).collect();
    ledger::enter(tx, ceremony.id(), state).await?;
    ledger::set_failure(tx, ceremony.id(), code, &culprits).await?;
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
    for ceremony in open.iter().filter(|ceremony| ceremony.proposal.value().takes_part(bank)) {
        if let Ok(state) = ceremony.after(Event::HolderGone, now) {
            let missing = (FaultCode::CeremonyMissing, std::slice::from_ref(bank));
            fail(tx, now, ceremony, state, missing).await?;
        }
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
        open.into_iter().partition(|ceremony| ceremony.after(Event::Deadline, now).is_ok());
    let next = ahead.iter().map(|ceremony| ceremony.proposal.value().deadline).min();
    Ok((overdue.iter().map(Ceremony::id).collect(), next))
}

/// Gives a ceremony up whose deadline has passed, naming who is missing. Safe to repeat.
pub async fn give_up(office: &Office, tx: &mut Connection, id: CeremonyId, now: Micros) -> Result<(), Error> {
    let Some(ceremony) = ledger::find(tx, &office.keys, id).await? else { return Ok(()) };
    let Ok(state) = ceremony.after(Event::Deadline, now) else { return Ok(()) };
    let posts = ledger::posts(tx, id).await?;
    let places: Vec<_> = posts.iter().map(board::place).collect();
    let in_force = office.book.now();
    let matter = Matter { proposal: ceremony.proposal.value(), base: None, roster: in_force.roster() };
    let missing = board::missing(matter, &places);
    fail(tx, now, &ceremony, state, (FaultCode::CeremonyMissing, &missing)).await
}

/// The board of a ceremony, as far as it concerns one of its holders.
pub async fn read(office: &Office, caller: &BankId, id: CeremonyId) -> Result<v1::ReadBoardReply, Error> {
    let mut connection = office.store.readers().acquire().await?;
    let ceremony = ledger::find(&mut connection, &office.keys, id).await?;
    let ceremony = ceremony.ok_or_else(|| Error::refused(FaultCode::CeremonyUnknown))?;
    let base = ledger::base_record(&mut connection, ceremony.proposal.value()).await?;
    if !ceremony.proposal.value().takes_part(caller) {
        return Err(Fault::field(FaultCode::NotParticipant, "ceremony").got(caller).into());
    }
    let posts = ledger::posts_for(&mut connection, id, caller).await?;
    Ok(v1::ReadBoardReply {
        proposal: ceremony.proposal.bytes().to_vec().into(),
        posts: posts.into_iter().map(Into::into).collect(),
        failure: ceremony.failure,
        culprits: ceremony.culprits,
        record: base.map(|base| base.encode()).unwrap_or_default().into(),
    })
}

/// Open ceremonies in which this bank is a holder.
pub async fn concerning(office: &Office, bank: &BankId) -> Result<Vec<CeremonyId>, Error> {
    let mut connection = office.store.readers().acquire().await?;
    let open = ledger::open(&mut connection, &office.keys).await?;
    Ok(open.iter().filter(|c| c.proposal.value().takes_part(bank)).map(Ceremony::id).collect())
}
