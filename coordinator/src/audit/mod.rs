//! The coordinator's audit log: a chain of hashes in the store.
//!
//! Comes in: what happened, as JSON of names, digests and counts. Goes out: an entry in the same transaction as the
//! thing itself, so that neither stands without the other; in the course of a command with the person who ran it. Never sees: tags, labels, secrets. Fails on a chain that does
//! not hold, and names the entry.

use crate::store::{Connection, Pool, Row};
use futures::TryStreamExt as _;
use lianfang_trust::audit::{Broken, Entry, Head};
use lianfang_trust::{Canonical as _, Digest32};
use sqlx::Row as _;

use crate::bell;
use crate::fault::{Error, StoredAs as _};
use crate::ports::Micros;

/// Whose log it is.
const NAME: &str = "lianfang-coordinator";

/// Another key comes behind the coordinator's certificate, by a command of its own or in the course of a restore.
pub const CERTIFICATE_KEY_ROTATED: &str = "coordinator.certificate-key-rotated";

tokio::task_local! {
    /// Who ran the command in whose course something is written down. It goes with the task, so that no room on the way can
    /// forget to hand it on.
    static PERSON: String;
}

/// Does a person's command: every entry that it makes says `by` whom.
pub async fn by_person<T>(person: &str, command: impl Future<Output = T>) -> T {
    PERSON.scope(person.to_owned(), command).await
}

/// Writes down what happened, and rings the bell: whoever waits for a change hears of it in whatever process it waits.
pub async fn append(
    tx: &mut Connection,
    now: Micros,
    event: &str,
    body: &serde_json::Value,
) -> Result<(), Error> {
    let mut body = body.clone();
    if let (Ok(person), Some(fields)) = (PERSON.try_with(String::clone), body.as_object_mut()) {
        fields.insert("by".to_owned(), person.into());
    }
    let head = head(tx).await?;
    let entry =
        head.entry(now, event, body.to_string().into_bytes()).map_err(|_| Error::Bug("audit entry"))?;
    let after = head.after(&entry).map_err(|_| Error::Bug("audit chain"))?;
    sqlx::query(
        "INSERT INTO audit_entry (seq, time_us, event, body, prev, hash) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(i64::try_from(entry.seq()).unwrap_or(i64::MAX))
    .bind(entry.time_us())
    .bind(entry.event())
    .bind(entry.body())
    .bind(&entry.prev().as_bytes()[..])
    .bind(&entry.hash().as_bytes()[..])
    .execute(&mut *tx)
    .await?;
    sqlx::query("INSERT INTO audit_head (id, head) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET head = $1")
        .bind(after.encode())
        .execute(&mut *tx)
        .await?;
    bell::moved(tx, now).await
}

async fn head(tx: &mut Connection) -> Result<Head, Error> {
    let stored: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT head FROM audit_head WHERE id = 1").fetch_optional(tx).await?;
    match stored {
        Some(bytes) => Head::decode(&bytes).stored_as("audit head"),
        None => Ok(Head::genesis(NAME)),
    }
}

/// What a check of the log has found.
pub enum Verified {
    /// All of it holds.
    Whole(Head),
    /// It does not.
    Broken(Broken),
}

/// Follows the chain from its beginning to the head that is kept beside it.
pub async fn verify(pool: &Pool) -> Result<Verified, Error> {
    let mut connection = pool.acquire().await?;
    let kept = head(&mut connection).await?;
    let mut reached = Head::genesis(NAME);
    let mut rows = sqlx::query("SELECT * FROM audit_entry ORDER BY seq").fetch(&mut *connection);
    while let Some(row) = rows.try_next().await? {
        match reached.after(&entry(&row)?) {
            Ok(next) => reached = next,
            Err(broken) => return Ok(Verified::Broken(broken)),
        }
    }
    match lianfang_trust::audit::verify::<[Entry; 0]>(reached, [], &[kept]) {
        Ok(head) => Ok(Verified::Whole(head)),
        Err(broken) => Ok(Verified::Broken(broken)),
    }
}

/// When the log begins, and when this event was written down last.
pub async fn times(pool: &Pool, event: &str) -> Result<(Option<Micros>, Option<Micros>), Error> {
    let row = sqlx::query(
        "SELECT (SELECT min(time_us) FROM audit_entry) AS first,
                (SELECT max(time_us) FROM audit_entry WHERE event = $1) AS last",
    );
    let row = row.bind(event).fetch_one(pool).await?;
    Ok((row.try_get("first")?, row.try_get("last")?))
}

/// The last `count` entries, oldest first.
pub async fn last(pool: &Pool, count: u32) -> Result<Vec<Entry>, Error> {
    let rows = sqlx::query("SELECT * FROM audit_entry ORDER BY seq DESC LIMIT $1")
        .bind(i64::from(count))
        .fetch_all(pool)
        .await?;
    rows.iter().rev().map(entry).collect()
}

fn entry(row: &Row) -> Result<Entry, Error> {
    let digest = |column| -> Result<Digest32, Error> {
        let bytes: Vec<u8> = row.try_get(column)?;
        Ok(Digest32::from_bytes(bytes.try_into().stored_as("audit digest")?))
    };
    let seq: i64 = row.try_get("seq")?;
    Ok(Entry::from_store(
        u64::try_from(seq).stored_as("audit number")?,
        row.try_get("time_us")?,
        row.try_get("event")?,
        row.try_get("body")?,
        digest("prev")?,
        digest("hash")?,
    ))
}
