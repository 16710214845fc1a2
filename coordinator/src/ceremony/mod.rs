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

pub use propose::{Choice, EXCHANGED, refresh, repair, start};

use crate::store::Connection;
use lianfang_proto::documents::ceremony::{Phase, Post, Task};
use lianfang_proto::ids::{BankId, CeremonyId};
use lianfang_proto::{Fault, FaultCode, v1};
use lianfang_trust::{Canonical as _, Signed};
use serde_json::json;

use crate::audit;
use crate::bell;
use crate::fault::Error;
use crate::office::Office;
use crate::ports::Micros;
use crate::roster;
use board::{Matter, Outcome};
use ledger::Ceremony;
use state::{Event, State};

/// Puts a holder's post on its board.
pub async fn post(office: &Office, caller: &BankId, post: &Signed<Post>) -> Result<(), Error> {
    let now = office.now();
    let mut tx = office.store.begin().await?;
    // Another process may have confirmed or suspended a member a moment ago.
    roster::catch_up(&mut tx, &office.keys, &office.book).await?;
    let in_force = office.book.now();
    let ceremony = ledger::find(&mut tx, &office.keys, post.value().ceremony).await?;
    let ceremony = ceremony.ok_or_else(|| Error::refused(FaultCode::CeremonyUnknown))?;
    let proposal = ceremony.proposal.value();
    let base = ledger::base_record(&mut tx, proposal).await?;
    let before = ledger::at_place(&mut tx, proposal.ceremony, &board::place(post.value())).await?;
    if before.as_deref() == Some(post.bytes()) {
        return Ok(());
    }
    // Holders endorse under the keys of the proposal's roster, whatever is exchanged or changed in the middle. Nothing else
    // on the board is judged by a roster.
    let endorses = post.value().phase == Phase::Endorse;
    let earlier = if endorses && proposal.roster_digest != in_force.digest() {
        roster::of_digest(&mut tx, &office.keys, &proposal.roster_digest).await?
    } else {
        None
    };
    let matter = Matter {
        proposal,
        base: base.as_ref().map(lianfang_proto::documents::key_record::EndorsedKeyRecord::record),
        roster: earlier.as_ref().unwrap_or_else(|| in_force.roster()),
    };
    board::admit(matter, &ceremony.proposal.digest(), caller, post.value())?;
    if earlier.is_some() {
        board::sign_as_then(matter, in_force.roster())?;
    }
    if before.is_some() {
        return Err(Fault::field(FaultCode::MessageRepeated, "post").into());
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

#[cfg(test)]
mod tests {
    use lianfang_proto::catalogue::Class;
    use lianfang_proto::documents::ceremony::Proposal;
    use lianfang_proto::documents::key_record::{Holder, KeyRecord};
    use lianfang_proto::documents::roster::Roster;
    use lianfang_proto::ids::GroupId;
    use lianfang_trust::SigningKey;

    use super::*;
    use crate::roster::{enrol, invite};
    use crate::tests::{Bench, SECOND, bank};

    const NAMES: [&str; 2] = ["alpha", "beta"];

    /// By which a bank of the bench signs.
    fn key(name: &str) -> SigningKey {
        let at = NAMES.iter().position(|other| *other == name).unwrap();
        SigningKey::from_bytes(&[u8::try_from(at + 1).unwrap(); 32])
    }

    /// The roster is in force, and in the store.
    async fn sign(office: &Office, roster: Roster) {
        let version = i64::try_from(roster.version).unwrap();
        let signed = Signed::sign(&office.keys.roster, roster);
        let insert =
            sqlx::query("INSERT INTO roster (version, signed) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        office.store.write(insert.bind(version).bind(signed.bytes().to_vec())).await.unwrap();
        office.book.replace(signed);
    }

    /// An endorsement of a record with the holders' keys of this roster; its points mean nothing.
    fn endorsement(name: &str, proposal: &Proposal, roster: &Roster) -> Signed<Post> {
        let holder = |name: &str| {
            let member = roster.member(&bank(name)).unwrap();
            Holder {
                bank: bank(name),
                identity: member.identity,
                certificate_key: member.certificate_key,
                public_share: [1; 32],
            }
        };
        let record = KeyRecord {
            key: proposal.key,
            threshold: proposal.threshold,
            roster_digest: proposal.roster_digest,
            public_key: [2; 32],
            holders: NAMES.map(holder).to_vec(),
        };
        let post = Post {
            ceremony: proposal.ceremony,
            proposal_digest: proposal.digest(),
            from: bank(name),
            phase: Phase::Endorse,
            to: None,
            body: Signed::sign(&key(name), record).bytes().to_vec(),
        };
        Signed::sign(&key(name), post)
    }

    /// Beta exchanges the key behind its certificate after the proposal. Holders that took part before know nothing of it.
    #[tokio::test]
    async fn a_ceremony_ends_under_the_roster_that_it_was_proposed_under() {
        let bench = Bench::new().await;
        let office = &bench.us;
        let (before, proposal) = proposed(office).await;
        let ceremony = async || {
            let mut reader = office.store.reader().await.unwrap();
            ledger::find(&mut reader, &office.keys, proposal.ceremony).await.unwrap().unwrap()
        };
        let mut after = Roster { version: before.version + 1, ..before.clone() };
        after.members[1].certificate_key = [99; 32];
        sign(office, after.clone()).await;
        assert_eq!(office.book.now().roster().version, after.version);
        let other = post(office, &bank("alpha"), &endorsement("alpha", &proposal, &after)).await;
        assert!(other.is_err(), "not the keys that were proposed");
        for name in NAMES {
            assert_eq!(ceremony().await.state, State::Open);
            post(office, &bank(name), &endorsement(name, &proposal, &before)).await.unwrap();
        }
        assert_eq!(ceremony().await.state, State::Done);
    }

    /// A proposal under the roster of now, which is in the store.
    async fn proposed(office: &Office) -> (Roster, Proposal) {
        let before = office.book.now().roster().clone();
        sign(office, before.clone()).await;
        let choice = Choice { class: Class::Subject, epoch: None, lasts: 600 * SECOND, by: "one" };
        let id = start(office, &choice, NAMES.map(bank).to_vec(), 2).await.unwrap();
        let mut reader = office.store.reader().await.unwrap();
        let found = ledger::find(&mut reader, &office.keys, id).await.unwrap().unwrap();
        (before, found.proposal.value().clone())
    }

    /// Somebody who has beta's former key, after a roster of another process that names a new one.
    #[tokio::test]
    async fn nothing_is_endorsed_beside_a_key_that_was_exchanged() {
        let bench = Bench::new().await;
        let office = &bench.us;
        let (before, proposal) = proposed(office).await;
        post(office, &bank("beta"), &endorsement("beta", &proposal, &before)).await.unwrap();
        let mut after = Roster { version: before.version + 1, ..before.clone() };
        after.members[1].identity = SigningKey::from_bytes(&[77; 32]).verifying_key();
        sign(office, after).await;
        let last = post(office, &bank("alpha"), &endorsement("alpha", &proposal, &before)).await;
        let Err(Error::Refused(fault)) = last else { panic!("{last:?}") };
        assert_eq!((fault.code, fault.party.as_deref()), (FaultCode::NotParticipant, Some("beta")));
        // What stands there already is answered as before.
        post(office, &bank("beta"), &endorsement("beta", &proposal, &before)).await.unwrap();
    }

    /// A person confirms beta under another identity, and later alpha under its own.
    #[tokio::test]
    async fn a_holder_that_comes_back_under_another_identity_is_missing() {
        let bench = Bench::new().await;
        let office = &bench.us;
        let (_, proposal) = proposed(office).await;
        let state = async || {
            let mut reader = office.store.reader().await.unwrap();
            let found = ledger::find(&mut reader, &office.keys, proposal.ceremony).await.unwrap().unwrap();
            (found.state, found.culprits)
        };
        confirm(office, "alpha", key("alpha").verifying_key().as_bytes(), 78).await;
        assert_eq!(state().await, (State::Open, Vec::new()), "it signs by the same key");
        confirm(office, "beta", SigningKey::from_bytes(&[77; 32]).verifying_key().as_bytes(), 79).await;
        assert_eq!(state().await, (State::Failed, vec!["beta".to_owned()]));
    }

    /// A person confirms a bank with this identity and this certificate's key.
    async fn confirm(office: &Office, name: &str, identity: &[u8; 32], certificate: u8) {
        let group = GroupId::parse(name, "group").unwrap();
        let invite = invite::make(office, &bank(name), &group, "hub:1".to_owned()).await.unwrap();
        let used = sqlx::query("UPDATE invite SET used_by = $1 WHERE id = $2");
        let used = used.bind(identity.to_vec()).bind(invite.id.as_bytes().to_vec());
        office.store.write(used).await.unwrap();
        let asked = sqlx::query(
            "INSERT INTO enrolment (invite, bank, identity, sealing, address, leaf, certificate_key, asked_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        );
        let asked = asked
            .bind(invite.id.as_bytes().to_vec())
            .bind(name.to_owned())
            .bind(identity.to_vec())
            .bind(vec![certificate; 32])
            .bind("a:1".to_owned())
            .bind(vec![1_u8])
            .bind(vec![certificate; 32])
            .bind(office.now());
        office.store.write(asked).await.unwrap();
        let mut reader = office.store.reader().await.unwrap();
        let waiting = enrol::waiting(&mut reader).await.unwrap();
        drop(reader);
        enrol::confirm(office, &waiting[0]).await.unwrap();
    }
}
