//! A transaction, and what becomes of a commit whose answer is lost.
//!
//! * Comes in: a transaction that the store's kind has begun. Goes out: statements within it, and its end.
//! * Trusts: the store to have synced what it says is committed.
//! * Fails: with nothing stored. When the connection to a server dies during the commit, or falls silent, nobody has said whether it was
//!   carried out: the server is asked, over another connection and by the transaction's own number, what became of it
//!   (postgresql.org, “Transaction ID and Snapshot Information Functions”, `pg_xact_status`). Only if it cannot be asked
//!   within the time that anything may take is the caller told to do the step again.

use std::ops::{Deref, DerefMut};

use sqlx::{Any, AnyConnection, Transaction};

use crate::StoreError;
use crate::server::{SILENCE, Stake, within};

/// A transaction. Dropped before it is committed, it leaves nothing behind.
pub struct Tx {
    transaction: Transaction<'static, Any>,
    stake: Option<Stake>,
}

impl Tx {
    pub(crate) fn new(transaction: Transaction<'static, Any>, stake: Option<Stake>) -> Self {
        Self { transaction, stake }
    }

    /// Makes all of it durable, or none.
    pub async fn commit(self) -> Result<(), StoreError> {
        let Self { transaction, stake } = self;
        let Some(stake) = stake else { return Ok(transaction.commit().await?) };
        match within(SILENCE, transaction.commit()).await {
            Err(StoreError::Unreachable) => stake.settle().await,
            ended => ended,
        }
    }
}

impl Deref for Tx {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.transaction
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }
}
