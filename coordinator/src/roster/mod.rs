//! Who is a member.
//!
//! Comes in: the regulator's people, who invite, compare fingerprints and confirm; a node's signed request. Goes out: the
//! next version of the roster, signed by the authority's key, and the directory that TLS asks. Never sees: a bank's
//! private keys. Trusts: a bank's claim to a key only once it has signed with it, shown an invite's secret, and a person
//! has compared its fingerprint. Fails with a fault of its own for an invite that is unknown, expired or used.

pub mod book;
pub mod enrol;
pub mod invite;
pub mod next;

use lianfang_proto::documents::roster::{Member, Roster};
use lianfang_proto::ids::BankId;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::Signed;
use serde_json::json;

pub use book::{Book, InForce};

use crate::audit;
use crate::fault::{Error, StoredAs as _};
use crate::office::Office;
use crate::ports::Micros;
use crate::secrets::Keys;
use crate::store::{Connection, Store};

/// The newest roster of the store; signs the first one, without members, if there is none.
pub async fn first(store: &Store, keys: &Keys, now: Micros) -> Result<Signed<Roster>, Error> {
    let mut tx = store.begin().await?;
    if let Some(newest) = newest(&mut tx, keys).await? {
        return Ok(newest);
    }
    let roster = Roster {
        version: 1,
        signed_at: now,
        authority_root: keys.authority.certificate().to_vec(),
        coordinator: keys.coordinator.verifying_key(),
        coordinator_certificate_key: keys.tls.fingerprint().map_err(|_| Error::Bug("certificate key"))?.0,
        members: Vec::new(),
    };
    let signed = insert(&mut tx, keys, now, roster).await?;
    tx.commit().await?;
    Ok(signed)
}

/// Puts the newest roster of the store in force, if another process has signed one since.
pub async fn catch_up(tx: &mut Connection, keys: &Keys, book: &Book) -> Result<(), Error> {
    let version: Option<i64> =
        sqlx::query_scalar("SELECT max(version) FROM roster").fetch_one(&mut *tx).await?;
    if version.and_then(|version| u64::try_from(version).ok()) > Some(book.now().roster().version)
        && let Some(newest) = newest(tx, keys).await?
    {
        book.replace(newest);
    }
    Ok(())
}

async fn newest(tx: &mut Connection, keys: &Keys) -> Result<Option<Signed<Roster>>, Error> {
    let bytes: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT signed FROM roster ORDER BY version DESC LIMIT 1")
            .fetch_optional(tx)
            .await?;
    bytes.map(|bytes| Signed::open(&bytes, &keys.roster.verifying_key()).stored_as("roster")).transpose()
}

async fn insert(
    tx: &mut Connection,
    keys: &Keys,
    now: Micros,
    roster: Roster,
) -> Result<Signed<Roster>, Error> {
    let version = roster.version;
    let signed = Signed::sign(&keys.roster, roster);
    sqlx::query("INSERT INTO roster (version, signed) VALUES ($1, $2)")
        .bind(i64::try_from(version).unwrap_or(i64::MAX))
        .bind(signed.bytes())
        .execute(&mut *tx)
        .await?;
    let body = json!({"version": version, "digest": signed.digest().to_hex()});
    audit::append(tx, now, "roster.signed", &body).await?;
    Ok(signed)
}

/// Signs the roster that `change` makes of the newest, inside a transaction of the caller's.
async fn change(
    office: &Office,
    tx: &mut Connection,
    change: impl FnOnce(&Roster, Micros) -> Result<Roster, Error>,
) -> Result<Signed<Roster>, Error> {
    let newest = newest(tx, &office.keys).await?.ok_or(Error::Bug("no roster"))?;
    let now = office.now();
    let next = change(newest.value(), now)?;
    insert(tx, &office.keys, now, next).await
}

/// From here on the new roster is in force for everybody.
fn in_force(office: &Office, roster: Signed<Roster>) {
    office.book.replace(roster);
    office.bell.ring();
}

/// Suspends a member, or lets it take part again.
pub async fn set_standing(office: &Office, bank: &BankId, active: bool) -> Result<u64, Error> {
    let mut tx = office.store.begin().await?;
    let event = if active { "member.resumed" } else { "member.suspended" };
    audit::append(&mut tx, office.now(), event, &json!({"bank": bank.as_str()})).await?;
    let roster = change(office, &mut tx, |roster, now| {
        let unknown = || Fault::field(FaultCode::MalformedField, "BANK").got(bank);
        next::with_standing(roster, bank, active, now).ok_or_else(|| unknown().into())
    })
    .await?;
    tx.commit().await?;
    let version = roster.value().version;
    in_force(office, roster);
    Ok(version)
}

/// A member's keys for what it has signed; only active members have any.
pub fn active_member(in_force: &InForce, bank: &BankId) -> Result<Member, Error> {
    let member = in_force.roster().active(bank);
    member.cloned().ok_or_else(|| Fault::new(FaultCode::NotAdmitted).at(bank.as_str()).into())
}
