//! A person's choice, or what is due, becomes a signed proposal.
//!
//! Comes in: holders and a threshold for a new key; an epoch whose shares are to be renewed, or one of whose shares is lost.
//! Goes out: the proposal on its board, and an entry in the log with whoever chose it. What holders would refuse is refused
//! here, by the name of the option.

use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::ceremony::{Proposal, Task};
use lianfang_proto::documents::key_record::KeyRecord;
use lianfang_proto::documents::roster::Roster;
use lianfang_proto::ids::{BankId, CeremonyId, Epoch, Generation, KeyId};
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::{Canonical as _, Signed};
use serde_json::json;

use super::ledger::{self, Ceremony};
use super::life;
use super::state::State;
use crate::audit;
use crate::fault::Error;
use crate::office::Office;
use crate::ports::Micros;
use crate::store::Connection;

/// The field of a refusal that names a holder with another certificate key than the record's.
pub const EXCHANGED: &str = "certificate_key";

/// Which key, how long it may take, and who wants it.
pub struct Choice<'a> {
    /// The class.
    pub class: Class,
    /// The epoch. If left out, the newest that is not over, and of a new key the next.
    pub epoch: Option<Epoch>,
    /// How long it may take.
    pub lasts: Micros,
    /// Who chose it.
    pub by: &'a str,
}

/// What is to be signed, but for what every proposal has.
struct Draft {
    task: Task,
    key: KeyId,
    threshold: u16,
    holders: Vec<BankId>,
}

fn wrong(field: &str, got: impl std::fmt::Display) -> Error {
    Fault::field(FaultCode::MalformedField, field).got(got).into()
}

/// Proposes a new key: the next epoch of its class, or a later one, for a store that was put back from a backup does not
/// know which epochs there have been.
pub async fn start(
    office: &Office,
    choice: &Choice<'_>,
    holders: Vec<BankId>,
    threshold: u16,
) -> Result<CeremonyId, Error> {
    let in_force = office.book.now();
    if let Some(unknown) = holders.iter().find(|bank| in_force.roster().active(bank).is_none()) {
        return Err(wrong("--holders", unknown));
    }
    let mut tx = office.store.begin().await?;
    let newest = ledger::newest_record(&mut tx, choice.class, None).await?;
    let next = newest.map_or(Epoch(1), |record| Epoch(record.record().key.epoch.0.saturating_add(1)));
    let epoch = choice.epoch.unwrap_or(next);
    if epoch < next {
        return Err(wrong("--epoch", epoch.0));
    }
    let key = KeyId { class: choice.class, epoch, generation: Generation(0) };
    let draft = Draft { task: Task::Generate, key, threshold, holders };
    let id = put_up(office, &mut tx, choice, draft).await?;
    tx.commit().await?;
    office.bell.ring();
    Ok(id)
}

/// Proposes new shares of a key to all its holders.
pub async fn refresh(office: &Office, choice: &Choice<'_>) -> Result<CeremonyId, Error> {
    let mut tx = office.store.begin().await?;
    let record = standing(&mut tx, choice).await?;
    let holders: Vec<BankId> = record.holders.iter().map(|holder| holder.bank.clone()).collect();
    // No option names them: they are the key's.
    under_their_keys(office, &record, &holders, "holders")?;
    let generation = Generation(record.key.generation.0.saturating_add(1));
    let draft = Draft {
        task: Task::Refresh { record: record.digest() },
        key: KeyId { generation, ..record.key },
        threshold: record.threshold,
        holders,
    };
    let id = put_up(office, &mut tx, choice, draft).await?;
    tx.commit().await?;
    office.bell.ring();
    Ok(id)
}

/// Proposes to rebuild a holder's lost share; if nobody is named, the first `T` others help whom all would let.
pub async fn repair(
    office: &Office,
    choice: &Choice<'_>,
    lost: BankId,
    helpers: &[BankId],
) -> Result<CeremonyId, Error> {
    let mut tx = office.store.begin().await?;
    let record = standing(&mut tx, choice).await?;
    if record.holder(&lost).is_none() {
        return Err(wrong("--holder", lost));
    }
    let in_force = office.book.now();
    let helpers = helping(&record, in_force.roster(), &lost, helpers);
    let participants = [helpers.as_slice(), std::slice::from_ref(&lost)].concat();
    under_their_keys(office, &record, &participants, "--helpers")?;
    if let Some(bank) = participants.iter().find(|bank| !is_certified(&record, in_force.roster(), bank)) {
        return Err(wrong(EXCHANGED, bank));
    }
    let draft = Draft {
        task: Task::Repair { record: record.digest(), lost, helpers },
        key: record.key,
        threshold: record.threshold,
        holders: record.holders.iter().map(|holder| holder.bank.clone()).collect(),
    };
    let id = put_up(office, &mut tx, choice, draft).await?;
    tx.commit().await?;
    office.bell.ring();
    Ok(id)
}

/// Who helps, in the order of the record: those who are named, or the first `T` active others. Those come first whose
/// certificate has the record's key, for holders refuse a repair with any other.
fn helping(record: &KeyRecord, roster: &Roster, lost: &BankId, named: &[BankId]) -> Vec<BankId> {
    let others = || record.holders.iter().map(|holder| &holder.bank).filter(|bank| *bank != lost);
    if !named.is_empty() {
        return others().filter(|bank| named.contains(bank)).cloned().collect();
    }
    let first = |fits: &dyn Fn(&BankId) -> bool| -> Vec<BankId> {
        others().filter(|bank| fits(bank)).take(record.threshold.into()).cloned().collect()
    };
    let certified = first(&|bank| is_certified(record, roster, bank));
    if certified.len() == usize::from(record.threshold) {
        return certified;
    }
    first(&|bank| roster.active(bank).is_some())
}

/// Whether an active member signs, and is certified, by the keys that the record has of it.
fn is_certified(record: &KeyRecord, roster: &Roster, bank: &BankId) -> bool {
    let (member, holder) = (roster.active(bank), record.holder(bank));
    member.zip(holder).is_some_and(|(member, (_, holder))| {
        member.identity == holder.identity && member.certificate_key == holder.certificate_key
    })
}

/// The newest record of the chosen epoch, if that is not over.
async fn standing(tx: &mut Connection, choice: &Choice<'_>) -> Result<KeyRecord, Error> {
    let lives = life::all(tx).await?;
    let of_class = lives.iter().filter(|life| life.class == choice.class && life.state.answers());
    let epoch = match choice.epoch {
        Some(epoch) => of_class.into_iter().find(|life| life.epoch == epoch).map(|life| life.epoch),
        None => of_class.map(|life| life.epoch).max(),
    };
    let unknown = || match choice.epoch {
        Some(epoch) => wrong("--epoch", epoch.0),
        None => Error::refused(FaultCode::KeyNotAgreed),
    };
    let epoch = epoch.ok_or_else(unknown)?;
    let record = ledger::newest_record(tx, choice.class, Some(epoch)).await?;
    Ok(record.ok_or_else(unknown)?.record().clone())
}

/// Whether these holders are active members, and sign by the keys that the record has of them.
fn under_their_keys(
    office: &Office,
    record: &KeyRecord,
    holders: &[BankId],
    field: &str,
) -> Result<(), Error> {
    let in_force = office.book.now();
    let same = |bank: &&BankId| {
        let member = in_force.roster().active(bank);
        let holder = record.holder(bank).map(|(_, holder)| holder);
        member.zip(holder).is_some_and(|(member, holder)| member.identity == holder.identity)
    };
    match holders.iter().find(|bank| !same(bank)) {
        Some(other) => Err(wrong(field, other)),
        None => Ok(()),
    }
}

/// Signs and keeps it. One ceremony at a time in each class.
async fn put_up(
    office: &Office,
    tx: &mut Connection,
    choice: &Choice<'_>,
    draft: Draft,
) -> Result<CeremonyId, Error> {
    let now = office.now();
    let all = ledger::all(tx, &office.keys).await?;
    let same_class = |c: &&Ceremony| c.proposal.value().key.class == choice.class && c.state == State::Open;
    if let Some(open) = all.iter().find(same_class) {
        return Err(Fault::field(FaultCode::Busy, "ceremony").got(open.id()).into());
    }
    let Draft { task, key, threshold, holders } = draft;
    let proposal = Proposal {
        ceremony: CeremonyId::from_random(office.random()),
        task,
        key,
        threshold,
        holders,
        roster_digest: office.book.now().digest(),
        deadline: now + choice.lasts,
    };
    // Read back, so that what nodes would refuse is refused here.
    Proposal::decode(&proposal.encode())
        .map_err(|error| lianfang_proto::checked::document_fault("ceremony", &error))?;
    let (id, task) = (proposal.ceremony, proposal.task.code());
    let signed = Signed::sign(&office.keys.coordinator, proposal);
    ledger::insert(tx, &signed, now).await?;
    let body = json!({
        "ceremony": id.to_string(), "task": task, "proposal": signed.digest().to_hex(), "by": choice.by,
    });
    audit::append(tx, now, "ceremony.proposed", &body).await?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use lianfang_proto::documents::key_record::Holder;
    use lianfang_proto::documents::roster::{Member, Standing};
    use lianfang_proto::ids::GroupId;
    use lianfang_trust::{Digest, SigningKey};

    use super::*;

    const NAMES: [&str; 4] = ["alpha", "beta", "delta", "gamma"];

    fn bank(name: &str) -> BankId {
        BankId::parse(name, "bank").unwrap()
    }

    /// A key of which two are needed, made while each certificate had the key 1.
    fn record() -> KeyRecord {
        let holder = |name: &str| Holder {
            bank: bank(name),
            identity: SigningKey::from_bytes(&[name.as_bytes()[0]; 32]).verifying_key(),
            certificate_key: [1; 32],
            public_share: [3; 32],
        };
        KeyRecord {
            key: KeyId { class: Class::Subject, epoch: Epoch(1), generation: Generation(0) },
            threshold: 2,
            roster_digest: Digest::of("x", b""),
            public_key: [2; 32],
            holders: NAMES.map(holder).to_vec(),
        }
    }

    /// These have exchanged their certificates' keys since, and these are suspended.
    fn roster(exchanged: &[&str], suspended: &[&str]) -> Roster {
        let member = |holder: &Holder| Member {
            bank: holder.bank.clone(),
            group: GroupId::parse(holder.bank.as_str(), "group").unwrap(),
            standing: if suspended.contains(&holder.bank.as_str()) {
                Standing::Suspended
            } else {
                Standing::Active
            },
            identity: holder.identity,
            sealing: [0; 32],
            certificate_key: if exchanged.contains(&holder.bank.as_str()) { [2; 32] } else { [1; 32] },
            own_root: None,
            address: "a:1".to_owned(),
        };
        Roster {
            version: 1,
            signed_at: 0,
            authority_root: Vec::new(),
            coordinator: SigningKey::from_bytes(&[9; 32]).verifying_key(),
            coordinator_certificate_key: [0; 32],
            members: record().holders.iter().map(member).collect(),
            retiring: Vec::new(),
        }
    }

    /// Who helps beta, and which of them the holders would refuse.
    #[test]
    fn those_help_whose_certificates_are_the_records() {
        let check = |exchanged: &[&str],
                     suspended: &[&str],
                     named: &[&str],
                     help: [&str; 2],
                     refused: Option<&str>| {
            let (record, roster) = (record(), roster(exchanged, suspended));
            let named: Vec<BankId> = named.iter().map(|name| bank(name)).collect();
            let helpers = helping(&record, &roster, &bank("beta"), &named);
            assert_eq!(helpers, help.map(bank), "{exchanged:?} {suspended:?}");
            let participants = [helpers, vec![bank("beta")]].concat();
            let found = participants.iter().find(|bank| !is_certified(&record, &roster, bank));
            assert_eq!(found.map(BankId::as_str), refused, "{exchanged:?} {suspended:?}");
        };
        check(&[], &[], &[], ["alpha", "delta"], None);
        check(&["alpha"], &[], &[], ["delta", "gamma"], None);
        check(&[], &["alpha"], &[], ["delta", "gamma"], None);
        check(&["beta"], &[], &[], ["alpha", "delta"], Some("beta"));
        check(&["alpha", "gamma"], &[], &[], ["alpha", "delta"], Some("alpha"));
        // Who is named is named, in the order of the record.
        check(&[], &[], &["gamma", "alpha"], ["alpha", "gamma"], None);
        check(&["gamma"], &[], &["alpha", "gamma"], ["alpha", "gamma"], Some("gamma"));

        // Alpha was enrolled anew with the certificate that it had.
        let mut anew = roster(&[], &[]);
        anew.members[0].identity = SigningKey::from_bytes(&[77; 32]).verifying_key();
        assert_eq!(helping(&record(), &anew, &bank("beta"), &[]), ["delta", "gamma"].map(bank));
        assert!(!is_certified(&record(), &anew, &bank("alpha")));
    }
}
