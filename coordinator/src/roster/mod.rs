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
pub mod reach;
pub mod renewal;
mod spent;
mod standing;
pub mod witness;

use lianfang_link::Fingerprint;
use lianfang_proto::documents::roster::{Member, Roster};
use lianfang_proto::ids::BankId;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::signed::SignedError;
use lianfang_trust::{Canonical as _, Digest, Signed, VerifyingKey};
use serde_json::json;

pub use book::{Book, InForce};
pub use reach::Reach;
pub use standing::set_standing;

use crate::audit;
use crate::fault::Error;
use crate::office::Office;
use crate::ports::Micros;
use crate::secrets::Keys;
use crate::store::{Connection, Store, StoreError};

/// The newest roster of the store. Signs the first one, without members, if there is none; and the next one, if the
/// folder has other keys or another root than the newest names, as after they were renewed or exchanged.
pub async fn first(store: &Store, keys: &Keys, now: Micros) -> Result<Signed<Roster>, Error> {
    let mut tx = store.begin().await?;
    let own = own_roster(keys, now)?;
    let next = match newest(&mut tx, keys).await? {
        None => own,
        Some(newest) if is_of(newest.value(), &own) => return Ok(newest),
        Some(newest) => {
            let before = newest.into_value();
            // Of this moment in the transaction, so that no two folders take turns.
            if rosters(&mut tx, keys).await?.iter().any(|earlier| comes_back(earlier, &before, &own)) {
                return Err(Error::OldKeys);
            }
            Roster { version: before.version + 1, members: before.members, retiring: before.retiring, ..own }
        }
    };
    let signed = insert(&mut tx, keys, now, next).await?;
    tx.commit().await?;
    Ok(signed)
}

/// The first roster that these keys would sign: the folder's own keys and root, and no members.
fn own_roster(keys: &Keys, now: Micros) -> Result<Roster, Error> {
    Ok(Roster {
        version: 1,
        signed_at: now,
        authority_root: keys.authority.certificate().to_vec(),
        coordinator: keys.coordinator.verifying_key(),
        coordinator_certificate_key: keys.tls.fingerprint().map_err(|_| Error::Bug("certificate key"))?.0,
        members: Vec::new(),
        retiring: Vec::new(),
    })
}

/// Whether the folder's own roster names a key or a root that an earlier one named and the newest, `before`, names no more.
/// Such a key was exchanged, and whoever puts it back has an older folder, or should not have it at all.
fn comes_back(earlier: &Roster, before: &Roster, own: &Roster) -> bool {
    let again = |of: fn(&Roster) -> &[u8]| of(earlier) == of(own) && of(own) != of(before);
    again(|roster| roster.coordinator.as_bytes().as_slice())
        || again(|roster| roster.authority_root.as_slice())
        || again(|roster| roster.coordinator_certificate_key.as_slice())
}

/// Whether it names the authority and the coordinator as they are now.
fn is_of(roster: &Roster, own: &Roster) -> bool {
    roster.authority_root == own.authority_root
        && roster.coordinator == own.coordinator
        && roster.coordinator_certificate_key == own.coordinator_certificate_key
}

/// The keys by which the coordinator has ever signed, by the rosters: what it signed years ago is still its own.
pub async fn coordinators_keys(store: &Store, keys: &Keys) -> Result<Vec<VerifyingKey>, Error> {
    let mut connection = store.readers().acquire().await?;
    let mut known: Vec<VerifyingKey> = Vec::new();
    for roster in rosters(&mut connection, keys).await? {
        if !known.contains(&roster.coordinator) {
            known.push(roster.coordinator);
        }
    }
    Ok(known)
}

/// Every roster that was ever signed, oldest first.
async fn rosters(tx: &mut Connection, keys: &Keys) -> Result<Vec<Roster>, Error> {
    let all: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT signed FROM roster ORDER BY version").fetch_all(tx).await?;
    all.iter().map(|bytes| opened(bytes, keys).map(Signed::into_value)).collect()
}

/// The roster with this digest, whichever version it is: what was proposed under it is judged under it.
pub async fn of_digest(tx: &mut Connection, keys: &Keys, digest: &Digest) -> Result<Option<Roster>, Error> {
    let mut below = i64::MAX;
    loop {
        // One at a time, newest first: it is most often the one before.
        let row = sqlx::query_as(
            "SELECT version, signed FROM roster WHERE version < $1 ORDER BY version DESC LIMIT 1",
        );
        let row: Option<(i64, Vec<u8>)> = row.bind(below).fetch_optional(&mut *tx).await?;
        let Some((version, bytes)) = row else { return Ok(None) };
        let roster = opened(&bytes, keys)?.into_value();
        if roster.digest() == *digest {
            return Ok(Some(roster));
        }
        below = version;
    }
}

/// A roster of the store. One that another authority has signed is in another party's store, or this folder is not its.
fn opened(bytes: &[u8], keys: &Keys) -> Result<Signed<Roster>, Error> {
    Signed::open(bytes, &keys.roster.verifying_key()).map_err(|error| match error {
        SignedError::OtherSigner => Error::Store(StoreError::WrongKey),
        _ => Error::Stored { what: "roster" },
    })
}

/// A roster by its version; the newest for 0.
pub async fn signed(office: &Office, version: u64) -> Result<Vec<u8>, Error> {
    let in_force = office.book.now();
    if version == 0 || version == in_force.roster().version {
        return Ok(in_force.bytes().to_vec());
    }
    let unknown = || Error::from(Fault::field(FaultCode::MalformedField, "version").got(version));
    let number = i64::try_from(version).map_err(|_| unknown())?;
    let mut connection = office.store.readers().acquire().await?;
    let found = sqlx::query_scalar("SELECT signed FROM roster WHERE version = $1").bind(number);
    found.fetch_optional(&mut *connection).await?.ok_or_else(unknown)
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
    bytes.map(|bytes| opened(&bytes, keys)).transpose()
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

/// The newest roster of a restored store, signed anew with a version above all that were signed after the backup: banks
/// take no older one, and no other one of a version that they have. It names the folder's keys, and the key `next` behind the
/// certificate, if one comes: there must be no roster above all others that names a key from before. Keys that were exchanged
/// are refused as at every start. Nothing if there is no roster yet.
pub async fn after_restore(
    tx: &mut Connection,
    keys: &Keys,
    next: Option<Fingerprint>,
    now: Micros,
) -> Result<u64, Error> {
    let Some(newest) = newest(tx, keys).await? else { return Ok(0) };
    let mut own = own_roster(keys, now)?;
    if let Some(Fingerprint(key)) = next {
        own.coordinator_certificate_key = key;
    }
    if rosters(tx, keys).await?.iter().any(|earlier| comes_back(earlier, newest.value(), &own)) {
        return Err(Error::OldKeys);
    }
    let before = next::after_restore(newest.value(), now);
    let roster =
        Roster { version: before.version, members: before.members, retiring: before.retiring, ..own };
    Ok(insert(tx, keys, now, roster).await?.value().version)
}

/// From here on the new roster is in force for everybody.
fn in_force(office: &Office, roster: Signed<Roster>) {
    office.book.replace(roster);
    office.bell.ring();
}

/// A member's keys for what it has signed; only active members have any.
pub fn active_member(in_force: &InForce, bank: &BankId) -> Result<Member, Error> {
    let member = in_force.roster().active(bank);
    member.cloned().ok_or_else(|| Fault::new(FaultCode::NotAdmitted).at(bank.as_str()).into())
}

#[cfg(test)]
mod tests {
    use lianfang_trust::SigningKey;

    use super::*;
    use crate::tests::Bench;

    /// A roster with this root, this signing key and this certificate key.
    fn naming([root, signing, certificate]: [u8; 3]) -> Roster {
        Roster {
            version: 1,
            signed_at: 0,
            authority_root: vec![root],
            coordinator: SigningKey::from_bytes(&[signing; 32]).verifying_key(),
            coordinator_certificate_key: [certificate; 32],
            members: Vec::new(),
            retiring: Vec::new(),
        }
    }

    /// Each of the three keys by itself: the newest roster names the second, and the folder has the first, the second or a
    /// third.
    #[test]
    fn a_key_that_was_exchanged_does_not_come_back() {
        for place in 0..3 {
            let with = |key: u8| {
                let mut keys = [1; 3];
                keys[place] = key;
                naming(keys)
            };
            let (earlier, before) = (with(1), with(2));
            for (own, wanted) in [(1, true), (2, false), (3, false)] {
                assert_eq!(comes_back(&earlier, &before, &with(own)), wanted, "key {place}: {own}");
                assert!(!comes_back(&before, &before, &with(own)), "key {place}: {own}");
            }
        }
    }

    /// A restored store may name keys that the folder has no more, and the folder keys that were exchanged before the backup.
    #[tokio::test]
    async fn a_restored_roster_names_the_folders_keys_unless_they_were_exchanged() {
        let bench = Bench::new().await;
        let us = &bench.us;
        let mut tx = us.store.begin().await.unwrap();
        let own = own_roster(&us.keys, us.now()).unwrap();
        let before = newest(&mut tx, &us.keys).await.unwrap().unwrap().into_value();
        let older = Roster { coordinator_certificate_key: [9; 32], ..before.clone() };
        sqlx::query("DELETE FROM roster").execute(&mut *tx).await.unwrap();
        insert(&mut tx, &us.keys, us.now(), older).await.unwrap();
        let version = after_restore(&mut tx, &us.keys, None, us.now()).await.unwrap();
        let restored = newest(&mut tx, &us.keys).await.unwrap().unwrap().into_value();
        assert!(version > before.version && restored.version == version, "{version}");
        assert!(is_of(&restored, &own) && restored.members == before.members);

        let key = |key: u8| Some(Fingerprint([key; 32]));
        after_restore(&mut tx, &us.keys, key(10), us.now()).await.unwrap();
        for exchanged in [None, key(9)] {
            let refused = after_restore(&mut tx, &us.keys, exchanged, us.now()).await;
            assert!(matches!(refused, Err(Error::OldKeys)), "{refused:?}");
        }
        let again = after_restore(&mut tx, &us.keys, key(11), us.now()).await.unwrap();
        let restored = newest(&mut tx, &us.keys).await.unwrap().unwrap().into_value();
        assert_eq!((restored.version, restored.coordinator_certificate_key), (again, [11; 32]));
    }
}
