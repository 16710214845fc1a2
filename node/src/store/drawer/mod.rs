//! Entries in the order of their keys, many of them sealed together in one row of the store.
//!
//! * Comes in: keys of 16 bytes and values, sorted. Goes out: entries within ranges of keys, in order.
//! * Never sees: what an entry means.
//! * Trusts: the store's key. A block that was exchanged with another one, of this drawer or of any, does not open or is
//!   found out by the key that is sealed inside it. What cannot be noticed is an old state of a whole block put back.
//! * Fails with a [`StoreError`] that names the drawer's table.
//!
//! A row for each entry costs a walk down several trees, a seal and a message to the connection's thread; a register is
//! read and written a million entries at a time, in order, so these costs are shared by a few hundred of them here. It is
//! the leaf level of a B-tree (Bayer and McCreight, 1972) whose upper levels are the index of a table: a block holds the
//! entries from its `low` up to the next block's.

mod block;

use std::ops::ControlFlow;

use crate::store::Connection;
use lianfang_trust::at_rest::ColumnCipher;
use rand_core::CryptoRng;
use sqlx::Row;
use zeroize::Zeroizing;

pub use block::{Change, Key};

use super::{Store, StoreError};
use block::{Block, changed};

const COLUMN: &str = "block";

const HOLDING: &str = "
    SELECT b.id, b.low, b.body,
           (SELECT n.low FROM block n WHERE n.drawer = $1 AND n.low > b.low ORDER BY n.low LIMIT 1)
    FROM block b WHERE b.drawer = $1 AND b.low <= $2 ORDER BY b.low DESC LIMIT 1";

/// The key of two numbers, which are not negative: it sorts by the first and then by the second.
pub fn key(first: i64, second: i64) -> Key {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&first.to_be_bytes());
    key[8..].copy_from_slice(&second.to_be_bytes());
    key
}

/// The two numbers of a key.
pub fn numbers(key: &Key) -> (i64, i64) {
    let (mut first, mut second) = ([0; 8], [0; 8]);
    first.copy_from_slice(&key[..8]);
    second.copy_from_slice(&key[8..]);
    (i64::from_be_bytes(first), i64::from_be_bytes(second))
}

/// The least and the greatest key of a range; both are in it.
pub type Range = (Key, Key);

/// Looks at an entry, and says whether it wants to see the next.
pub type See<'a> = dyn FnMut(&Key, &[u8]) -> Result<ControlFlow<()>, StoreError> + Send + 'a;

/// Every key whose first number lies within these.
pub fn span(first: i64, last: i64) -> Range {
    (key(first, 0), key(last, i64::MAX))
}

/// Every key whose first number is one of these, which are sorted.
pub fn spans(firsts: &[i64]) -> Vec<Range> {
    firsts.iter().map(|first| span(*first, *first)).collect()
}

/// The keys of these numbers, which are sorted, and a second one.
pub fn exactly(firsts: &[i64], second: i64) -> Vec<Range> {
    firsts.iter().map(|first| (key(*first, second), key(*first, second))).collect()
}

const UPDATE: &str = "UPDATE block SET drawer = $2, low = $3, entries = $4, body = $5 WHERE id = $1";
const INSERT: &str = "INSERT INTO block (drawer, low, entries, body) VALUES ($1, $2, $3, $4)";

/// One sealed, ordered collection. Cheap to clone.
#[derive(Clone)]
pub struct Drawer {
    number: i64,
    table: &'static str,
    cipher: ColumnCipher,
}

/// The block that holds a key, if there is one, and where the next one begins.
pub struct Found {
    id: Option<i64>,
    block: Option<Block>,
    next: Option<Key>,
}

impl Found {
    /// Whether this block is the one that holds the key; keys ascend.
    pub fn reaches(&self, key: &Key) -> bool {
        self.next.is_none_or(|next| *key < next)
    }

    /// The block's first entry of a range that was not passed yet. Ranges ascend.
    pub fn first_within(&mut self, (from, to): &Range) -> Option<(&Key, &[u8])> {
        self.block.as_mut().and_then(|block| block.next_within(from, to))
    }

    /// Whether entries of a range may lie in the blocks behind this one.
    pub fn ends_within(&self, (_, to): &Range) -> bool {
        self.next.is_some_and(|next| next <= *to)
    }
}

impl Drawer {
    /// The drawer of this number; what is in it is said to be of `table`, and is sealed under a key for `name`.
    pub fn new(store: &Store, number: i64, table: &'static str, name: &str) -> Self {
        Self { number, table, cipher: store.cipher(table, name) }
    }

    /// Shows every entry within the ranges, which are sorted and apart, until told to stop.
    pub async fn visit(
        &self,
        connection: &mut Connection,
        ranges: &[Range],
        see: &mut See<'_>,
    ) -> Result<(), StoreError> {
        let mut held: Option<Found> = None;
        for &(first, last) in ranges {
            let mut from = first;
            loop {
                let mut found = match held.take() {
                    Some(found) if found.reaches(&from) => found,
                    _ => self.holding(connection, &from).await?,
                };
                while let Some((key, value)) =
                    found.block.as_mut().and_then(|block| block.next_within(&first, &last))
                {
                    if see(key, value)?.is_break() {
                        return Ok(());
                    }
                }
                let next = found.next.filter(|next| *next <= last);
                held = Some(found);
                match next {
                    Some(next) => from = next,
                    None => break,
                }
            }
        }
        Ok(())
    }

    /// Makes the changes, which are sorted and name each key once.
    pub async fn apply(
        &self,
        tx: &mut Connection,
        rng: &mut (dyn CryptoRng + Send),
        mut changes: &[Change],
    ) -> Result<(), StoreError> {
        while let Some(first) = changes.first() {
            let found = self.holding(tx, &first.key).await?;
            let (here, later) =
                changes.split_at(changes.partition_point(|change| found.reaches(&change.key)));
            changes = later;
            self.rewrite(tx, rng, found, here).await?;
        }
        Ok(())
    }

    /// Makes changes to a block that was looked at, all of which it reaches.
    pub async fn rewrite(
        &self,
        tx: &mut Connection,
        rng: &mut (dyn CryptoRng + Send),
        found: Found,
        changes: &[Change],
    ) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut id = found.id;
        for piece in changed(found.block.as_ref(), changes) {
            let body = self.cipher.seal(self.number, &piece.bytes, rng);
            let body = body.map_err(StoreError::at(self.table, COLUMN))?;
            let write = match id.take() {
                Some(id) => sqlx::query(UPDATE).bind(id),
                None => sqlx::query(INSERT),
            };
            write
                .bind(self.number)
                .bind(piece.low())
                .bind(piece.entries)
                .bind(body)
                .execute(&mut *tx)
                .await?;
        }
        if let Some(emptied) = id {
            sqlx::query("DELETE FROM block WHERE id = $1").bind(emptied).execute(&mut *tx).await?;
        }
        Ok(())
    }

    /// How many entries there are.
    pub async fn entries(&self, connection: &mut Connection) -> Result<u64, StoreError> {
        let sum = sqlx::query_scalar::<_, i64>(
            "SELECT CAST(coalesce(sum(entries), 0) AS BIGINT) FROM block WHERE drawer = $1",
        );
        Ok(u64::try_from(sum.bind(self.number).fetch_one(connection).await?).unwrap_or(0))
    }

    /// Takes everything out.
    pub async fn clear(&self, tx: &mut Connection) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM block WHERE drawer = $1").bind(self.number).execute(tx).await?;
        Ok(())
    }

    /// The block that holds a key.
    pub async fn holding(&self, connection: &mut Connection, key: &Key) -> Result<Found, StoreError> {
        let row = sqlx::query(HOLDING).bind(self.number).bind(key.as_slice());
        if let Some(row) = row.fetch_optional(&mut *connection).await? {
            let opened = self.cipher.open(self.number, row.try_get(2)?);
            let opened: Zeroizing<Vec<u8>> = opened.map_err(StoreError::at(self.table, COLUMN))?;
            let block = Block::new(opened, row.try_get(1)?).ok_or_else(|| self.malformed())?;
            return Ok(Found { id: row.try_get(0)?, block: Some(block), next: self.bound(row.try_get(3)?)? });
        }
        let lowest = sqlx::query_scalar("SELECT low FROM block WHERE drawer = $1 ORDER BY low LIMIT 1");
        let lowest: Option<Vec<u8>> = lowest.bind(self.number).fetch_optional(connection).await?;
        Ok(Found { id: None, block: None, next: self.bound(lowest.as_deref())? })
    }

    fn bound(&self, low: Option<&[u8]>) -> Result<Option<Key>, StoreError> {
        low.map(|low| low.try_into().map_err(|_| self.malformed())).transpose()
    }

    /// What an entry that is not of its form is reported as.
    pub const fn malformed(&self) -> StoreError {
        StoreError::Malformed { table: self.table, column: COLUMN }
    }
}

#[cfg(test)]
mod tests;
