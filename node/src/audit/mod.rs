//! The node's audit log: everything that matters, in a chain of hashes inside the store.
//!
//! * Comes in: an [`Event`] and the transaction of the deed itself, so that deed and entry are durable together or not
//!   at all. Goes out: entries for an inspector, signed heads for others to keep.
//! * Never sees: identifiers, tags, record references, secrets; [`Event`] has no place for them.
//! * Trusts: the clock and the store. A log that was changed, or cut behind a head that somebody kept, shows when it is
//!   verified; cutting its end *and* every head that was ever given out does not.
//! * Fails with an [`AuditError`] that tells the store's failure from a broken chain.

mod body;
mod event;

use lianfang_trust::audit::{self, Broken, Entry, EntryError, Head, SignedHead};
use lianfang_trust::{Canonical, DecodeError, Digest32, Signed, SigningKey, VerifyingKey};
use sqlx::Row as _;

pub use event::Event;

use crate::key_holder::ports::{AuditSink, Noted};
use crate::store::{Connection, Row, Store, StoreError};

/// Entries read at a time.
const PAGE: u32 = 512;

/// Why the log could not be written, read or believed.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The event is too long for an entry.
    #[error("the audit log takes no such entry: {0}")]
    Entry(#[from] EntryError),
    /// The chain does not hold.
    #[error("{0}; keep the store as it is, and compare it with the heads that others hold")]
    Broken(#[from] Broken),
    /// A stored head cannot be read.
    #[error("the stored head of the audit log cannot be read ({0}); the store was changed from outside")]
    Head(#[from] DecodeError),
    /// The last entries and the stored head do not belong together.
    #[error("the audit log does not end at its stored head; entries were removed or put in from outside")]
    OtherEnd,
    /// A head that this node is said to have signed does not verify.
    #[error("the signed head at {entries} entries is not one that this node signed")]
    ForgedHead {
        /// How many entries it claims to cover.
        entries: u64,
    },
}

impl From<sqlx::Error> for AuditError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// The log of one node.
#[derive(Clone)]
pub struct Log {
    store: Store,
    name: String,
}

impl Log {
    /// The log in this store; `name` is the node's, so that no other node's entries fit in here.
    pub fn new(store: Store, name: &str) -> Self {
        Self { store, name: name.to_owned() }
    }

    /// What this log is to say of a deed, once the deed's own transaction is there.
    pub fn says(&self, event: &Event) -> Noted<'_> {
        Noted::new(self, event.code(), event.body())
    }

    /// Writes an entry within the caller's transaction, which must be a writing one.
    pub async fn append(&self, tx: &mut Connection, event: &Event) -> Result<(), AuditError> {
        self.write(tx, event.code(), &event.body()).await
    }

    async fn write(
        &self,
        tx: &mut Connection,
        event: &str,
        body: &serde_json::Value,
    ) -> Result<(), AuditError> {
        let head = self.stored_head(&mut *tx).await?;
        let entry = head.entry(self.store.now(), event, body.to_string().into_bytes())?;
        let after = head.after(&entry)?;
        let insert =
            "INSERT INTO audit_entry (seq, time_us, event, body, prev, hash) VALUES ($1, $2, $3, $4, $5, $6)";
        sqlx::query(insert)
            .bind(number(entry.seq()))
            .bind(entry.time_us())
            .bind(entry.event())
            .bind(entry.body())
            .bind(entry.prev().as_bytes().as_slice())
            .bind(entry.hash().as_bytes().as_slice())
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO audit_head (id, head) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET head = $1",
        )
        .bind(after.encode())
        .execute(tx)
        .await?;
        Ok(())
    }

    /// Writes an entry for a deed that is not in the store.
    pub async fn record(&self, event: &Event) -> Result<(), AuditError> {
        let mut tx = self.store.begin().await?;
        self.append(&mut tx, event).await?;
        Ok(tx.commit().await?)
    }

    /// Writes an entry of a room that has its own list of events (the answering role, the ceremony).
    pub async fn note(&self, event: &'static str, body: &serde_json::Value) -> Result<(), AuditError> {
        let mut tx = self.store.begin().await?;
        self.write(&mut tx, event, body).await?;
        Ok(tx.commit().await?)
    }

    /// All that the log has said so far.
    pub async fn head(&self) -> Result<Head, AuditError> {
        let mut reader = self.store.reader().await?;
        self.stored_head(&mut reader).await
    }

    /// Up to `limit` entries from number `from` on.
    pub async fn list(&self, from: u64, limit: u32) -> Result<Vec<Entry>, AuditError> {
        let page = sqlx::query(
            "SELECT seq, time_us, event, body, prev, hash FROM audit_entry WHERE seq >= $1 ORDER BY seq LIMIT $2",
        );
        let mut reader = self.store.reader().await?;
        let rows = page.bind(number(from)).bind(i64::from(limit)).fetch_all(&mut *reader).await?;
        rows.iter().map(entry).collect()
    }

    /// The last `count` entries, oldest first.
    pub async fn last(&self, count: u32) -> Result<Vec<Entry>, AuditError> {
        let page = sqlx::query(
            "SELECT seq, time_us, event, body, prev, hash FROM audit_entry ORDER BY seq DESC LIMIT $1",
        );
        let mut reader = self.store.reader().await?;
        let rows = page.bind(i64::from(count)).fetch_all(&mut *reader).await?;
        rows.iter().rev().map(entry).collect()
    }

    /// When the log begins, and when this event was written down last.
    pub async fn times(&self, event: &str) -> Result<(Option<i64>, Option<i64>), AuditError> {
        let row = sqlx::query(
            "SELECT (SELECT min(time_us) FROM audit_entry) AS first,
                    (SELECT max(time_us) FROM audit_entry WHERE event = $1) AS last",
        );
        let mut reader = self.store.reader().await?;
        let row = row.bind(event).fetch_one(&mut *reader).await?;
        Ok((row.try_get("first")?, row.try_get("last")?))
    }

    /// Signs the head as it is, keeps it, and gives it out. The signing is an entry of its own, after the head.
    pub async fn sign_head(&self, key: &SigningKey) -> Result<SignedHead, AuditError> {
        let mut tx = self.store.begin().await?;
        let signed = Signed::sign(key, self.stored_head(&mut tx).await?);
        let entries = signed.value().entries();
        sqlx::query(
            "INSERT INTO audit_signed_head (entries, time_us, signature) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(number(entries))
        .bind(self.store.now())
        .bind(signed.bytes())
        .execute(&mut *tx)
        .await?;
        self.append(&mut tx, &Event::HeadSigned { entries }).await?;
        tx.commit().await?;
        Ok(signed)
    }

    /// Follows the whole chain, past every head that this node signed and every head in `known` (from others), to the
    /// stored end. Memory stays that of a page and the heads.
    pub async fn verify(&self, own: &VerifyingKey, known: &[Head]) -> Result<Head, AuditError> {
        // The end is read first: what is written while the chain is followed lies behind it.
        let end = self.head().await?;
        let mut heads = self.signed_heads(own).await?;
        heads.extend_from_slice(known);
        heads.push(end);
        heads.sort_unstable_by_key(Head::entries);
        let mut head = Head::genesis(&self.name);
        while head.entries() < end.entries() {
            let left = u32::try_from(end.entries() - head.entries()).unwrap_or(PAGE).min(PAGE);
            let page = self.list(head.entries(), left).await?;
            if page.is_empty() {
                return Err(AuditError::OtherEnd);
            }
            let within = head.entries() + page.len() as u64;
            let near: Vec<_> = heads.iter().filter(|known| known.entries() <= within).copied().collect();
            heads.retain(|known| known.entries() > within);
            head = audit::verify(head, &page, &near)?;
        }
        // What is left claims more than there is; an empty log is checked here, too.
        let head = audit::verify(head, std::iter::empty::<Entry>(), &heads)?;
        if head == end { Ok(head) } else { Err(AuditError::OtherEnd) }
    }

    async fn signed_heads(&self, own: &VerifyingKey) -> Result<Vec<Head>, AuditError> {
        let mut reader = self.store.reader().await?;
        let rows = sqlx::query("SELECT entries, signature FROM audit_signed_head ORDER BY entries")
            .fetch_all(&mut *reader)
            .await?;
        let mut heads = Vec::with_capacity(rows.len());
        for row in rows {
            let entries = u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(u64::MAX);
            let signed = SignedHead::open(row.try_get(1)?, own).ok();
            let head = signed.filter(|signed| signed.value().entries() == entries);
            heads.push(head.ok_or(AuditError::ForgedHead { entries })?.into_value());
        }
        Ok(heads)
    }

    async fn stored_head(&self, connection: &mut Connection) -> Result<Head, AuditError> {
        let stored = sqlx::query_scalar::<_, Vec<u8>>("SELECT head FROM audit_head WHERE id = 1");
        match stored.fetch_optional(connection).await? {
            Some(bytes) => Ok(Head::decode(&bytes)?),
            None => Ok(Head::genesis(&self.name)),
        }
    }
}

fn entry(row: &Row) -> Result<Entry, AuditError> {
    let malformed = |column| StoreError::Malformed { table: "audit_entry", column };
    let hash = |at: usize, column| {
        let bytes: &[u8] = row.try_get(at)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| malformed(column))?;
        Ok::<_, AuditError>(Digest32::from_bytes(bytes))
    };
    let seq = u64::try_from(row.try_get::<i64, _>(0)?).map_err(|_| malformed("seq"))?;
    let (prev, own) = (hash(4, "prev")?, hash(5, "hash")?);
    Ok(Entry::from_store(seq, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, prev, own))
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[async_trait::async_trait]
impl AuditSink for Log {
    async fn record(&self, event: &'static str, body: serde_json::Value) {
        if let Err(error) = self.note(event, &body).await {
            tracing::error!(event = "audit.not-written", %error, entry = event, "the audit log could not be written");
        }
    }

    async fn append(
        &self,
        tx: &mut Connection,
        event: &'static str,
        body: &serde_json::Value,
    ) -> Result<(), StoreError> {
        self.write(tx, event, body).await.map_err(|error| match error {
            AuditError::Store(error) => error,
            _ => StoreError::Malformed { table: "audit_head", column: "head" },
        })
    }
}

#[cfg(test)]
mod tests;
