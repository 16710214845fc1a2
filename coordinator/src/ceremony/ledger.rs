//! Ceremonies, their posts and the key records in the store.

use crate::store::{Connection, Row};
use lianfang_proto::FaultCode;
use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::ceremony::{Post, Proposal, Task};
use lianfang_proto::documents::key_record::EndorsedKeyRecord;
use lianfang_proto::ids::{BankId, CeremonyId, Epoch, Generation, KeyId};
use lianfang_trust::{Canonical as _, Signed};
use sqlx::Row as _;

use super::board::Place;
use super::state::{Event, Refused, State};
use crate::fault::{Error, StoredAs as _};
use crate::ports::Micros;
use crate::secrets::Keys;

/// A ceremony as it is kept.
pub struct Ceremony {
    /// What the coordinator has signed.
    pub proposal: Signed<Proposal>,
    /// How far it has come.
    pub state: State,
    /// Why it was given up; empty if it was not.
    pub failure: String,
    /// Whom that names.
    pub culprits: Vec<String>,
    /// When it was proposed.
    pub created_at: Micros,
}

impl Ceremony {
    /// Its id.
    pub fn id(&self) -> CeremonyId {
        self.proposal.value().ceremony
    }

    /// How it stands after an event, or why that changes nothing.
    pub fn after(&self, event: Event, now: Micros) -> Result<State, Refused> {
        self.state.apply(event, self.proposal.value().deadline <= now)
    }

    fn of(row: &Row, keys: &Keys) -> Result<Self, Error> {
        let bytes: Vec<u8> = row.try_get("proposal")?;
        let state: String = row.try_get("state")?;
        let culprits: String = row.try_get("culprits")?;
        Ok(Self {
            proposal: keys.open_own(&bytes).stored_as("proposal")?,
            state: State::from_word(&state).ok_or(Error::Stored { what: "ceremony state" })?,
            failure: row.try_get("failure")?,
            culprits: serde_json::from_str(&culprits).stored_as("culprits")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

/// Keeps a new ceremony.
pub async fn insert(tx: &mut Connection, proposal: &Signed<Proposal>, now: Micros) -> Result<(), Error> {
    let key = proposal.value().key;
    sqlx::query(
        "INSERT INTO ceremony (id, class, epoch, proposal, state, created_at) VALUES ($1, $2, $3, $4, 'open', $5)",
    )
    .bind(&proposal.value().ceremony.as_bytes()[..])
    .bind(i64::from(key.class.number()))
    .bind(i64::from(key.epoch.0))
    .bind(proposal.bytes())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// All ceremonies, oldest first.
pub async fn all(tx: &mut Connection, keys: &Keys) -> Result<Vec<Ceremony>, Error> {
    let rows = sqlx::query("SELECT * FROM ceremony ORDER BY created_at, id").fetch_all(tx).await?;
    rows.iter().map(|row| Ceremony::of(row, keys)).collect()
}

/// Those that go on.
pub async fn open(tx: &mut Connection, keys: &Keys) -> Result<Vec<Ceremony>, Error> {
    let rows =
        sqlx::query("SELECT * FROM ceremony WHERE state = 'open' ORDER BY created_at").fetch_all(tx).await?;
    rows.iter().map(|row| Ceremony::of(row, keys)).collect()
}

/// The one with this id.
pub async fn find(tx: &mut Connection, keys: &Keys, id: CeremonyId) -> Result<Option<Ceremony>, Error> {
    let row = sqlx::query("SELECT * FROM ceremony WHERE id = $1")
        .bind(&id.as_bytes()[..])
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(|row| Ceremony::of(row, keys)).transpose()
}

fn recipient(to: Option<&BankId>) -> &str {
    to.map_or("", BankId::as_str)
}

/// The post that stands in a place.
pub async fn at_place(tx: &mut Connection, id: CeremonyId, place: &Place) -> Result<Option<Vec<u8>>, Error> {
    let (from, phase, to) = place;
    let found = sqlx::query_scalar(
        "SELECT signed FROM post WHERE ceremony = $1 AND sender = $2 AND phase = $3 AND recipient = $4",
    );
    let found = found
        .bind(&id.as_bytes()[..])
        .bind(from.as_str())
        .bind(i64::from(*phase as u8))
        .bind(recipient(to.as_ref()));
    Ok(found.fetch_optional(tx).await?)
}

/// Keeps a post in its place, which is free.
pub async fn insert_post(tx: &mut Connection, post: &Signed<Post>) -> Result<(), Error> {
    let value = post.value();
    sqlx::query("INSERT INTO post (ceremony, sender, phase, recipient, signed) VALUES ($1, $2, $3, $4, $5)")
        .bind(&value.ceremony.as_bytes()[..])
        .bind(value.from.as_str())
        .bind(i64::from(value.phase as u8))
        .bind(recipient(value.to.as_ref()))
        .bind(post.bytes())
        .execute(tx)
        .await?;
    Ok(())
}

/// All posts of a ceremony. Each was signed by its sender when it was taken.
pub async fn posts(tx: &mut Connection, id: CeremonyId) -> Result<Vec<Post>, Error> {
    let all: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT signed FROM post WHERE ceremony = $1 ORDER BY phase, sender, recipient")
            .bind(&id.as_bytes()[..])
            .fetch_all(tx)
            .await?;
    all.iter()
        .map(|bytes| {
            let signer = Signed::<Post>::claimed_signer(bytes).stored_as("post")?;
            Ok(Signed::<Post>::open(bytes, &signer).stored_as("post")?.into_value())
        })
        .collect()
}

/// Posts for everybody, and those to or from this holder.
pub async fn posts_for(tx: &mut Connection, id: CeremonyId, bank: &BankId) -> Result<Vec<Vec<u8>>, Error> {
    let found = sqlx::query_scalar(
        "SELECT signed FROM post WHERE ceremony = $1 AND (recipient = '' OR recipient = $2 OR sender = $2)
         ORDER BY phase, sender, recipient",
    );
    Ok(found.bind(&id.as_bytes()[..]).bind(bank.as_str()).fetch_all(tx).await?)
}

/// Where posts stand.
pub async fn places(tx: &mut Connection, id: CeremonyId) -> Result<Vec<Place>, Error> {
    Ok(posts(tx, id).await?.iter().map(super::board::place).collect())
}

/// The record of a ceremony that is done: it may be read.
pub async fn publish(tx: &mut Connection, record: &EndorsedKeyRecord) -> Result<(), Error> {
    let key = record.record().key;
    sqlx::query("INSERT INTO key_record (class, epoch, generation, endorsed) VALUES ($1, $2, $3, $4)")
        .bind(i64::from(key.class.number()))
        .bind(i64::from(key.epoch.0))
        .bind(i64::from(key.generation.0))
        .bind(record.encode())
        .execute(tx)
        .await?;
    Ok(())
}

/// The ceremony is in this state from now on.
pub async fn enter(tx: &mut Connection, id: CeremonyId, state: State) -> Result<(), Error> {
    sqlx::query("UPDATE ceremony SET state = $1 WHERE id = $2")
        .bind(state.word())
        .bind(&id.as_bytes()[..])
        .execute(tx)
        .await?;
    Ok(())
}

/// What was sealed to holders in the ceremonies of an epoch that is over.
pub async fn forget_sealed(tx: &mut Connection, class: Class, epoch: Epoch) -> Result<(), Error> {
    sqlx::query(
        "DELETE FROM post WHERE recipient <> '' AND ceremony IN
         (SELECT id FROM ceremony WHERE class = $1 AND epoch = $2)",
    )
    .bind(i64::from(class.number()))
    .bind(i64::from(epoch.0))
    .execute(tx)
    .await?;
    Ok(())
}

/// Why the ceremony is given up, and whom that names.
pub async fn set_failure(
    tx: &mut Connection,
    id: CeremonyId,
    code: FaultCode,
    culprits: &[&str],
) -> Result<(), Error> {
    sqlx::query("UPDATE ceremony SET failure = $1, culprits = $2 WHERE id = $3")
        .bind(code.code())
        .bind(serde_json::json!(culprits).to_string())
        .bind(&id.as_bytes()[..])
        .execute(tx)
        .await?;
    Ok(())
}

/// The record of exactly this key and generation.
pub async fn exact_record(tx: &mut Connection, key: KeyId) -> Result<Option<EndorsedKeyRecord>, Error> {
    let found = sqlx::query_scalar(
        "SELECT endorsed FROM key_record WHERE class = $1 AND epoch = $2 AND generation = $3",
    );
    let found = found
        .bind(i64::from(key.class.number()))
        .bind(i64::from(key.epoch.0))
        .bind(i64::from(key.generation.0));
    let bytes: Option<Vec<u8>> = found.fetch_optional(tx).await?;
    bytes.map(|bytes| EndorsedKeyRecord::decode(&bytes).stored_as("key record")).transpose()
}

/// The record that a proposal begins from; a new key has none.
pub async fn base_record(
    tx: &mut Connection,
    proposal: &Proposal,
) -> Result<Option<EndorsedKeyRecord>, Error> {
    let generation = match &proposal.task {
        Task::Generate => return Ok(None),
        Task::Refresh { .. } => proposal.key.generation.0.saturating_sub(1),
        Task::Repair { .. } => proposal.key.generation.0,
    };
    exact_record(tx, KeyId { generation: Generation(generation), ..proposal.key }).await
}

/// The newest record of a class, in one epoch or in all.
pub async fn newest_record(
    tx: &mut Connection,
    class: Class,
    epoch: Option<Epoch>,
) -> Result<Option<EndorsedKeyRecord>, Error> {
    let found = sqlx::query_scalar(
        "SELECT endorsed FROM key_record WHERE class = $1 AND ($2 IS NULL OR epoch = $2)
         ORDER BY epoch DESC, generation DESC LIMIT 1",
    );
    let found = found.bind(i64::from(class.number())).bind(epoch.map(|epoch| i64::from(epoch.0)));
    let bytes: Option<Vec<u8>> = found.fetch_optional(tx).await?;
    bytes.map(|bytes| EndorsedKeyRecord::decode(&bytes).stored_as("key record")).transpose()
}
