//! A ceremony's state on the disk: one row, sealed to it.
//!
//! * Comes in: a [`State`]. Goes out: the same, or an error if the row does not open or is not of its form.
//! * Never sees: the board. Trusts: the store's key. Fails: with a [`StoreError`]; a state that cannot be read back is
//!   never replaced by a fresh one, for that would be a second opening under the same name.

use lianfang_crypto::ceremony::context::CeremonySeed;
use lianfang_proto::documents::ceremony::{Post, Proposal};
use lianfang_proto::ids::{BankId, CeremonyId, KeyId};
use lianfang_proto::limits;
use lianfang_trust::{DecodeError, Decoder, Encoder, Signed, VerifyingKey};
use sqlx::Row;
use zeroize::Zeroizing;

use super::body::{Opening, bank};
use super::dealing::Secrets;
use super::failure::{Failure, Reason};
use super::papers::{Outgoing, Papers};
use super::plan::{Plan, Seat};
use super::state::{Stage, State};
use crate::key_holder::ports::Noted;
use crate::store::{Connection, Store, StoreError};

const TABLE: &str = "ceremonies";
const COLUMN: &str = "sealed";
const DOMAIN: &str = "lianfang/ceremony-state";
const POST_BYTES: usize = limits::PACKAGE_BYTES + 2_048;
const VERSION: u8 = 2;
const SHARE_BYTES: usize = 1_024;

/// Another ceremony for the same key, and how far it is.
pub(super) struct Other {
    pub(super) ceremony: CeremonyId,
    pub(super) stage: String,
}

/// The state of this ceremony, if this holder takes part in it.
pub(super) async fn load(
    store: &Store,
    ceremony: CeremonyId,
    own: &BankId,
) -> Result<Option<State>, StoreError> {
    let row = sqlx::query("SELECT id, sealed FROM ceremonies WHERE ceremony = $1");
    let row = row.bind(ceremony.as_bytes().as_slice()).fetch_optional(store.readers()).await?;
    let Some(row) = row else { return Ok(None) };
    let plain = store.cipher(TABLE, COLUMN).open(row.try_get(0)?, row.try_get(1)?);
    let plain = plain.map_err(StoreError::at(TABLE, COLUMN))?;
    let malformed = |_| StoreError::Malformed { table: TABLE, column: COLUMN };
    let state = read(&plain, own).map_err(malformed)?;
    if state.papers.plan.proposal().ceremony == ceremony {
        return Ok(Some(state));
    }
    Err(StoreError::Malformed { table: TABLE, column: "ceremony" })
}

/// Stores the state, and what the log says of how it came about. Returns only after the commit is on the disk. Says whether it
/// is kept: under an epoch that is over nothing is, for nobody would come to erase it.
pub(super) async fn save(store: &Store, state: &State, said: &[Noted<'_>]) -> Result<bool, StoreError> {
    let proposal = state.papers.plan.proposal();
    let ceremony = proposal.ceremony.as_bytes().as_slice();
    let mut tx = store.begin().await?;
    if is_over(&mut tx, proposal.key).await? {
        forget(&mut tx, proposal.key).await?;
        tx.commit().await?;
        store.forget().await;
        return Ok(false);
    }
    let row = sqlx::query_scalar("SELECT id FROM ceremonies WHERE ceremony = $1");
    let row: Option<i64> = row.bind(ceremony).fetch_optional(&mut *tx).await?;
    let row = match row {
        Some(row) => row,
        None => {
            sqlx::query_scalar("SELECT coalesce(max(id), 0) + 1 FROM ceremonies").fetch_one(&mut *tx).await?
        }
    };
    let sealed = store.cipher(TABLE, COLUMN).seal(row, &write(state), &mut *store.rng());
    sqlx::query(
        "INSERT INTO ceremonies (id, ceremony, class, epoch, stage, updated_at, sealed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (id) DO UPDATE SET stage = $5, updated_at = $6, sealed = $7",
    )
    .bind(row)
    .bind(ceremony)
    .bind(i64::from(proposal.key.class.number()))
    .bind(i64::from(proposal.key.epoch.0))
    .bind(state.stage.code())
    .bind(store.now())
    .bind(sealed.map_err(StoreError::at(TABLE, COLUMN))?)
    .execute(&mut *tx)
    .await?;
    for said in said {
        said.append(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Whether the epoch is over here, as the store knows it: another task or process may have closed it a moment ago.
async fn is_over(tx: &mut Connection, key: KeyId) -> Result<bool, StoreError> {
    let closed = sqlx::query_scalar("SELECT count(*) FROM closed_epoch WHERE class = $1 AND epoch = $2")
        .bind(i64::from(key.class.number()))
        .bind(i64::from(key.epoch.0));
    let closed: i64 = closed.fetch_one(tx).await?;
    Ok(closed != 0)
}

/// All other ceremonies for this key.
pub(super) async fn others(
    store: &Store,
    key: KeyId,
    ceremony: CeremonyId,
) -> Result<Vec<Other>, StoreError> {
    let rows = sqlx::query(
        "SELECT ceremony, stage FROM ceremonies WHERE class = $1 AND epoch = $2 AND ceremony <> $3",
    )
    .bind(i64::from(key.class.number()))
    .bind(i64::from(key.epoch.0))
    .bind(ceremony.as_bytes().as_slice())
    .fetch_all(store.readers())
    .await?;
    let malformed = |_| StoreError::Malformed { table: TABLE, column: "ceremony" };
    rows.iter()
        .map(|row| {
            let ceremony = CeremonyId::from_slice(row.try_get(0)?, "ceremony").map_err(malformed)?;
            Ok(Other { ceremony, stage: row.try_get(1)? })
        })
        .collect()
}

/// An epoch is over: what was kept of its ceremonies goes with its shares.
pub(crate) async fn forget(tx: &mut Connection, key: KeyId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM ceremonies WHERE class = $1 AND epoch = $2")
        .bind(i64::from(key.class.number()))
        .bind(i64::from(key.epoch.0))
        .execute(tx)
        .await?;
    Ok(())
}

/// Ceremonies that this holder has joined and that have not ended for it.
pub(super) async fn unfinished(store: &Store) -> Result<Vec<CeremonyId>, StoreError> {
    let rows =
        sqlx::query("SELECT ceremony FROM ceremonies WHERE stage NOT IN ('done', 'failed') ORDER BY id");
    let malformed = |_| StoreError::Malformed { table: TABLE, column: "ceremony" };
    let rows = rows.fetch_all(store.readers()).await?;
    rows.iter().map(|row| CeremonyId::from_slice(row.try_get(0)?, "ceremony").map_err(malformed)).collect()
}

/// The bytes that are sealed.
pub(super) fn write(state: &State) -> Zeroizing<Vec<u8>> {
    let mut to = Encoder::new(DOMAIN, VERSION);
    to.nested(state.papers.plan.proposal());
    to.list(state.papers.plan.seats(), |to, seat| {
        to.text(seat.bank.as_str()).fixed(seat.identity.as_bytes()).fixed(&seat.certificate_key);
    });
    to.option(state.papers.plan.base(), |to, record| {
        to.nested(record);
    });
    to.list(&state.papers.outbox, |to, outgoing| {
        to.bytes(outgoing.post.bytes()).bool(outgoing.sent);
    });
    write_stage(&mut to, &state.stage);
    Zeroizing::new(to.finish())
}

fn write_stage(to: &mut Encoder, stage: &Stage) {
    match stage {
        Stage::Accepted => {
            to.u8(0);
        }
        Stage::Opened { secrets } => write_secrets(to.u8(1), secrets, &[]),
        Stage::Echoed { secrets, openings } => write_secrets(to.u8(2), secrets, openings),
        Stage::Dealt { secrets, openings } => write_secrets(to.u8(3), secrets, openings),
        Stage::Summed => {
            to.u8(7);
        }
        Stage::Endorsed { share, record, trouble } => {
            to.u8(4).bytes(share).nested(&**record).option(trouble.as_ref(), write_failure);
        }
        Stage::Done { record } => {
            to.u8(5).nested(&**record);
        }
        Stage::Failed(failure) => write_failure(to.u8(6), failure),
    }
}

fn write_secrets(to: &mut Encoder, secrets: &Secrets, openings: &[Opening]) {
    to.fixed(&secrets.seed.to_sealed_bytes()).fixed(&secrets.sealing).list(openings, |to, opening| {
        to.nested(opening);
    });
}

fn write_failure(to: &mut Encoder, failure: &Failure) {
    let write_bank = |to: &mut Encoder, bank: &BankId| {
        to.text(bank.as_str());
    };
    to.u8(failure.reason.number())
        .list(&failure.culprits, write_bank)
        .option(failure.reporter.as_ref(), write_bank);
}

/// The state of these bytes, at this holder.
pub(super) fn read(plain: &[u8], own: &BankId) -> Result<State, DecodeError> {
    let mut from = Decoder::new(DOMAIN, VERSION, plain)?;
    let proposal: Proposal = from.nested("proposal")?;
    let seats = from.list("seats", limits::HOLDERS, read_seat)?;
    let base = from.option("base", |from| from.nested("base"))?;
    let unfit = DecodeError::Value { field: "seats", why: "do not fit the proposal" };
    let plan = Plan::new(proposal, seats, base, own).map_err(|_| unfit)?;
    let identity = plan.own().identity;
    let outbox = from.list("outbox", 2 * limits::HOLDERS, |from| {
        let unsigned = DecodeError::Value { field: "outbox", why: "is not signed by this holder" };
        let post =
            Signed::<Post>::open(from.bytes("outbox", POST_BYTES)?, &identity).map_err(|_| unsigned)?;
        Ok(Outgoing { post, sent: from.bool("sent")? })
    })?;
    let stage = read_stage(&mut from)?;
    from.end()?;
    Ok(State { papers: Papers { plan, outbox }, stage })
}

fn read_seat(from: &mut Decoder<'_>) -> Result<Seat, DecodeError> {
    let unusable = DecodeError::Value { field: "seat.identity", why: "is not a usable key" };
    Ok(Seat {
        bank: bank(from, "seat.bank")?,
        identity: VerifyingKey::from_bytes(&from.fixed("seat.identity")?).map_err(|_| unusable)?,
        certificate_key: from.fixed("seat.certificate_key")?,
    })
}

fn read_stage(from: &mut Decoder<'_>) -> Result<Stage, DecodeError> {
    Ok(match from.u8("stage")? {
        0 => Stage::Accepted,
        1 => Stage::Opened { secrets: read_secrets(from)?.0 },
        2 => {
            let (secrets, openings) = read_secrets(from)?;
            Stage::Echoed { secrets, openings }
        }
        3 => {
            let (secrets, openings) = read_secrets(from)?;
            Stage::Dealt { secrets, openings }
        }
        7 => Stage::Summed,
        4 => Stage::Endorsed {
            share: Zeroizing::new(from.bytes("share", SHARE_BYTES)?.to_vec()),
            record: Box::new(from.nested("record")?),
            trouble: from.option("trouble", read_failure)?,
        },
        5 => Stage::Done { record: Box::new(from.nested("record")?) },
        6 => Stage::Failed(read_failure(from)?),
        _ => return Err(DecodeError::Value { field: "stage", why: "is not one of this program's" }),
    })
}

fn read_secrets(from: &mut Decoder<'_>) -> Result<(Secrets, Vec<Opening>), DecodeError> {
    let seed = CeremonySeed::restore(&mut Zeroizing::new(from.fixed("seed")?));
    let secrets = Secrets { seed, sealing: Zeroizing::new(from.fixed("sealing")?) };
    let openings = from.list("openings", limits::HOLDERS, |from| from.nested::<Opening>("opening"))?;
    Ok((secrets, openings))
}

fn read_failure(from: &mut Decoder<'_>) -> Result<Failure, DecodeError> {
    let unknown = DecodeError::Value { field: "reason", why: "is not in this program's list" };
    Ok(Failure {
        reason: Reason::from_number(from.u8("reason")?).ok_or(unknown)?,
        culprits: from.list("culprits", limits::HOLDERS, |from| bank(from, "culprit"))?,
        reporter: from.option("reporter", |from| bank(from, "reporter"))?,
    })
}
