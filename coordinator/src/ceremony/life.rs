//! The life of keys at the coordinator: where each epoch stands, and the signed notice that says so to every node.
//!
//! Comes in: a key that was made, a person's word, the clock. Goes out: a state, a notice, an entry in the log. Never sees: a
//! share. The states are [`KeyState`]'s; a key is made `pending`, and the first of its class `active` at once, for nothing
//! overlaps with it. What nodes erase, and when, is their own policy's business: this room announces.

use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::ceremony::Task;
use lianfang_proto::documents::key_notice::{KeyEvent, KeyNotice, KeyState, OutOfTurn};
use lianfang_proto::documents::key_record::{EndorsedKeyRecord, KeyRecord};
use lianfang_proto::ids::Epoch;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::Signed;
use serde_json::json;
use sqlx::Row as _;

use super::due::{Facts, Outcome, Past, refresh_at};
use super::ledger::{self, Ceremony};
use super::propose::{self, Choice};
use super::state::State;
use crate::audit;
use crate::fault::{Error, StoredAs as _};
use crate::office::Office;
use crate::ports::Micros;
use crate::store::{Connection, Row};

/// How long a refresh that was not asked for by a person may take.
const REFRESH_LASTS: Micros = 86_400_000_000;

/// Where an epoch stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// The class.
    pub class: Class,
    /// The epoch.
    pub epoch: Epoch,
    /// The state.
    pub state: KeyState,
    /// When the key was made.
    pub made_at: Micros,
    /// When shares and outputs are to be erased.
    pub closes_at: Option<Micros>,
    /// The number of the last notice.
    pub number: u64,
    /// The notice as it was signed; none of a key that is pending.
    pub notice: Option<Vec<u8>>,
}

fn read(row: &Row) -> Result<Life, Error> {
    let number = |column: &str| -> Result<i64, Error> { Ok(row.try_get(column)?) };
    let small = |value: i64| u8::try_from(value).ok();
    Ok(Life {
        class: small(number("class")?).and_then(Class::from_number).ok_or(Error::Bug("stored class"))?,
        epoch: Epoch(u32::try_from(number("epoch")?).stored_as("epoch")?),
        state: small(number("state")?).and_then(KeyState::from_number).ok_or(Error::Bug("stored state"))?,
        made_at: number("made_at")?,
        closes_at: row.try_get("closes_at")?,
        number: u64::try_from(number("number")?).stored_as("number")?,
        notice: row.try_get("notice")?,
    })
}

/// Every epoch, by class and number.
pub async fn all(tx: &mut Connection) -> Result<Vec<Life>, Error> {
    let rows = sqlx::query("SELECT * FROM key_life ORDER BY class, epoch").fetch_all(tx).await?;
    rows.iter().map(read).collect()
}

/// The record that new jobs name: the newest generation of the newest epoch that is active.
pub async fn active_record(tx: &mut Connection, class: Class) -> Result<Option<EndorsedKeyRecord>, Error> {
    let lives = all(tx).await?;
    let active = lives.iter().filter(|life| life.class == class && life.state.takes_jobs());
    match active.map(|life| life.epoch).max() {
        Some(epoch) => ledger::newest_record(tx, class, Some(epoch)).await,
        None => Ok(None),
    }
}

/// The last notice about every epoch, and the highest number among them.
pub async fn notices(tx: &mut Connection) -> Result<(u64, Vec<Vec<u8>>), Error> {
    let lives = all(tx).await?;
    let announced = lives.into_iter().filter_map(|life| Some((life.number, life.notice?)));
    let (numbers, notices): (Vec<u64>, Vec<Vec<u8>>) = announced.unzip();
    Ok((numbers.into_iter().max().unwrap_or(0), notices))
}

/// A key was made. The first of its class is used at once; a later one waits for a person.
pub(super) async fn made(
    office: &Office,
    tx: &mut Connection,
    now: Micros,
    record: &KeyRecord,
) -> Result<(), Error> {
    let (class, epoch) = (record.key.class, record.key.epoch);
    let first = all(tx).await?.iter().all(|life| life.class != class);
    sqlx::query(
        "INSERT INTO key_life (class, epoch, state, number, made_at) VALUES ($1, $2, $3, 0, $4)
         ON CONFLICT DO NOTHING",
    )
    .bind(i64::from(class.number()))
    .bind(i64::from(epoch.0))
    .bind(i64::from(KeyState::Pending.number()))
    .bind(now)
    .execute(&mut *tx)
    .await?;
    if first { turn(office, tx, (class, epoch), KeyEvent::Activate, None, "first").await } else { Ok(()) }
}

/// The number of the next notice: above `last`, and no lower than this moment in milliseconds since 1970. A store that was put
/// back from a backup knows nothing of what was announced since, and nodes take no notice whose number is not higher.
fn number_after(last: u64, now: Micros) -> u64 {
    last.saturating_add(1).max(u64::try_from(now / 1_000).unwrap_or(0))
}

/// One event of one epoch: its state, the notice, the entry.
async fn turn(
    office: &Office,
    tx: &mut Connection,
    (class, epoch): (Class, Epoch),
    event: KeyEvent,
    closes_at: Option<Micros>,
    by: &str,
) -> Result<(), Error> {
    let now = office.now();
    let lives = all(tx).await?;
    let life = lives.iter().find(|life| (life.class, life.epoch) == (class, epoch));
    let unknown = || Error::from(Fault::field(FaultCode::MalformedField, "--epoch").got(epoch.0));
    let life = life.ok_or_else(unknown)?;
    let out_of_turn = |OutOfTurn { state, .. }| {
        Error::from(Fault::field(FaultCode::MalformedField, "--epoch").got(format!(
            "{} {}",
            epoch.0,
            state.code()
        )))
    };
    let state = life.state.apply(event).map_err(out_of_turn)?;
    let record = ledger::newest_record(tx, class, Some(epoch)).await?.ok_or_else(unknown)?;
    let number = number_after(lives.iter().map(|life| life.number).max().unwrap_or(0), now);
    let notice = KeyNotice {
        class,
        epoch,
        public_key: record.record().public_key,
        number,
        state,
        announced_at: now,
        closes_at: if state >= KeyState::Retiring { Some(closes_at.unwrap_or(now)) } else { None },
    };
    let signed = Signed::sign(&office.keys.coordinator, notice);
    sqlx::query(
        "UPDATE key_life SET state = $3, number = $4, closes_at = $5, notice = $6 WHERE class = $1 AND epoch = $2",
    )
    .bind(i64::from(class.number()))
    .bind(i64::from(epoch.0))
    .bind(i64::from(state.number()))
    .bind(i64::try_from(number).unwrap_or(i64::MAX))
    .bind(notice.closes_at)
    .bind(signed.bytes())
    .execute(&mut *tx)
    .await?;
    if state == KeyState::Retired {
        ledger::forget_sealed(tx, class, epoch).await?;
    }
    let body = json!({
        "class": class.code(), "epoch": epoch.0, "closes_at": notice.closes_at, "by": by,
        "notice": signed.digest().to_hex(),
    });
    audit::append(tx, now, &format!("key.{}", state.code()), &body).await
}

/// New jobs name this epoch from now on; the one before it retires, and ends after `overlap`.
pub async fn activate(
    office: &Office,
    class: Class,
    epoch: Epoch,
    overlap: Micros,
    by: &str,
) -> Result<(), Error> {
    let mut tx = office.store.begin().await?;
    let before = all(&mut tx).await?;
    turn(office, &mut tx, (class, epoch), KeyEvent::Activate, None, by).await?;
    let closes_at = Some(office.now().saturating_add(overlap));
    for other in before.iter().filter(|l| l.class == class && l.epoch != epoch && l.state == KeyState::Active)
    {
        turn(office, &mut tx, (class, other.epoch), KeyEvent::Retire, closes_at, by).await?;
    }
    tx.commit().await?;
    office.bell.ring();
    Ok(())
}

/// No new job names this epoch, and it ends at this time.
pub async fn retire(
    office: &Office,
    class: Class,
    epoch: Epoch,
    closes_at: Micros,
    by: &str,
) -> Result<(), Error> {
    let mut tx = office.store.begin().await?;
    turn(office, &mut tx, (class, epoch), KeyEvent::Retire, Some(closes_at), by).await?;
    tx.commit().await?;
    office.bell.ring();
    Ok(())
}

/// The epoch is over now.
pub async fn close(office: &Office, class: Class, epoch: Epoch, by: &str) -> Result<(), Error> {
    let mut tx = office.store.begin().await?;
    let now = office.now();
    let ended = all(&mut tx).await?.into_iter().find(|life| (life.class, life.epoch) == (class, epoch));
    // A date that has come is the end that was announced, and stays.
    let closes_at = ended.and_then(|life| life.closes_at).map_or(now, |at| at.min(now));
    turn(office, &mut tx, (class, epoch), KeyEvent::Close, Some(closes_at), by).await?;
    tx.commit().await?;
    office.bell.ring();
    Ok(())
}

/// Does what is due: ends epochs whose date has come, proposes to renew shares. Gives when the next is.
pub async fn tend(office: &Office) -> Result<Option<Micros>, Error> {
    let now = office.now();
    let mut connection = office.store.readers().acquire().await?;
    let lives = all(&mut connection).await?;
    let ceremonies = ledger::all(&mut connection, &office.keys).await?;
    drop(connection);
    let mut next: Option<Micros> = None;
    let mut wait = |at: Micros| next = Some(next.map_or(at, |next| next.min(at)));
    for life in &lives {
        match (life.state, life.closes_at) {
            (KeyState::Retiring, Some(at)) if at <= now => {
                close(office, life.class, life.epoch, "date").await?;
            }
            (KeyState::Retiring, Some(at)) => wait(at),
            (KeyState::Active, _) => {
                match refresh_at(&facts(life, &ceremonies), office.config.refresh_every(), now) {
                    Some(at) if at <= now => {
                        let epoch = Some(life.epoch);
                        let choice =
                            Choice { class: life.class, epoch, lasts: REFRESH_LASTS, by: "schedule" };
                        // A holder that is suspended stands in the way until a person makes a new epoch.
                        if let Err(error) = propose::refresh(office, &choice).await {
                            tracing::warn!(
                                event = "key.not-refreshed",
                                epoch = life.epoch.0,
                                %error,
                                "a refresh is due and cannot be proposed"
                            );
                        }
                    }
                    Some(at) => wait(at),
                    None => {}
                }
            }
            (KeyState::Pending | KeyState::Retiring | KeyState::Retired, _) => {}
        }
    }
    Ok(next)
}

/// What the ceremonies say of a key.
fn facts(life: &Life, ceremonies: &[Ceremony]) -> Facts {
    let of_class = || ceremonies.iter().filter(|c| c.proposal.value().key.class == life.class);
    let of_key = of_class().filter(|c| c.proposal.value().key.epoch == life.epoch);
    let past = of_key.filter_map(|ceremony| {
        let outcome = match (&ceremony.proposal.value().task, ceremony.state) {
            (Task::Generate | Task::Refresh { .. }, State::Done) => Outcome::Made,
            (Task::Refresh { .. }, State::Failed) => Outcome::NotMade,
            (Task::Repair { .. }, State::Done) => Outcome::Repaired,
            (Task::Generate | Task::Repair { .. }, State::Failed) | (_, State::Open) => return None,
        };
        let proposal = ceremony.proposal.value();
        let at = if outcome == Outcome::NotMade { proposal.deadline } else { ceremony.created_at };
        Some(Past { outcome, generation: proposal.key.generation, at })
    });
    let under_way = of_class().any(|c| c.state == State::Open);
    Facts::of(life.made_at, under_way, &past.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use lianfang_proto::documents::key_record::Holder;
    use lianfang_proto::ids::{BankId, Generation, KeyId};
    use lianfang_trust::{Digest, SigningKey};

    use super::*;
    use crate::tests::Bench;

    /// A key of alpha and beta whose points mean nothing.
    fn key() -> EndorsedKeyRecord {
        let signers = ["alpha", "beta"].map(|name| (name, SigningKey::from_bytes(&[name.as_bytes()[0]; 32])));
        let holder = |(name, signer): &(&str, SigningKey)| Holder {
            bank: BankId::parse(name, "bank").unwrap(),
            identity: signer.verifying_key(),
            certificate_key: [name.as_bytes()[0]; 32],
            public_share: [3; 32],
        };
        let record = KeyRecord {
            key: KeyId { class: Class::Subject, epoch: Epoch(1), generation: Generation(0) },
            threshold: 2,
            roster_digest: Digest::of("x", b""),
            public_key: [2; 32],
            holders: signers.iter().map(holder).collect(),
        };
        let sign =
            |(_, signer): &(&str, SigningKey)| *Signed::sign(signer, record.clone()).signature().as_bytes();
        let signatures = signers.iter().map(sign).collect();
        EndorsedKeyRecord::new(record, signatures).unwrap()
    }

    /// The only epoch, and its notice as nodes have it.
    async fn announced(office: &Office) -> (Life, KeyNotice) {
        let mut reader = office.store.readers().acquire().await.unwrap();
        let life = all(&mut reader).await.unwrap().remove(0);
        let signer = office.keys.coordinator.verifying_key();
        let notice = Signed::<KeyNotice>::open(life.notice.as_ref().unwrap(), &signer).unwrap().into_value();
        (life, notice)
    }

    /// The backup was made while the key was active. Its end was announced after that, and was forgotten by the restore.
    #[tokio::test]
    async fn what_a_restored_store_announces_follows_on_what_nodes_have() {
        let bench = Bench::new().await;
        let (office, key) = (&bench.us, key());
        let mut tx = office.store.begin().await.unwrap();
        ledger::publish(&mut tx, &key).await.unwrap();
        made(office, &mut tx, office.now(), key.record()).await.unwrap();
        tx.commit().await.unwrap();
        let (backup, first) = announced(office).await;
        assert_eq!(first.state, KeyState::Active);
        bench.hand.pass(60);
        let ends = office.now();
        for _ in 0..3 {
            retire(office, Class::Subject, Epoch(1), ends, "one").await.unwrap();
        }
        let (_, told) = announced(office).await;
        assert!(told.follows(&first), "{told:?}");

        let back = sqlx::query("UPDATE key_life SET state = $1, number = $2, closes_at = NULL, notice = $3")
            .bind(i64::from(backup.state.number()))
            .bind(i64::try_from(backup.number).unwrap())
            .bind(backup.notice.clone());
        office.store.write(back).await.unwrap();
        assert_eq!(announced(office).await, (backup, first));
        bench.hand.pass(60);
        retire(office, Class::Subject, Epoch(1), ends, "two").await.unwrap();
        let (life, again) = announced(office).await;
        assert!(again.follows(&told), "{again:?} {told:?}");
        assert_eq!(life.number, again.number, "as it is stored");
    }

    #[test]
    fn a_number_grows_by_itself_and_with_time() {
        assert_eq!(number_after(0, 1_800_000_000_000_000), 1_800_000_000_000);
        assert_eq!(number_after(1_800_000_000_000, 1_800_000_000_000_000), 1_800_000_000_001);
        // A clock that was put back, or tells no time.
        assert_eq!([0, -1_000_000].map(|now| number_after(7, now)), [8; 2]);
        assert_eq!(number_after(u64::MAX, 0), u64::MAX);
    }
}
