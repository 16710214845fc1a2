//! Epochs that are over at this node.
//!
//! * Comes in: a person's word that an epoch is over. Goes out: whether it is.
//! * Never sees: a share, an output; those who keep them erase them in the same transaction or after it.
//! * Fails: with the store's error. The store itself refuses shares and outputs under a closed epoch from then on.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use lianfang_proto::catalogue::Class;
use lianfang_proto::ids::{Epoch, Generation, KeyId};
use sqlx::Row;

use super::ledger::columns;
use crate::store::{Connection, Store, StoreError};

const TABLE: &str = "closed_epoch";

/// The closed epochs. Cheap to clone; all clones change together.
#[derive(Clone, Default)]
pub(super) struct ClosedEpochs(Arc<RwLock<BTreeSet<(Class, Epoch)>>>);

impl ClosedEpochs {
    /// Those in the store.
    pub(super) async fn load(tx: &mut Connection) -> Result<Self, StoreError> {
        let malformed = |column| StoreError::Malformed { table: TABLE, column };
        let rows = sqlx::query("SELECT class, epoch FROM closed_epoch").fetch_all(tx).await?;
        let mut closed = BTreeSet::new();
        for row in rows {
            let class = u8::try_from(row.try_get::<i64, _>(0)?).ok().and_then(Class::from_number);
            let epoch = u32::try_from(row.try_get::<i64, _>(1)?).map_err(|_| malformed("epoch"))?;
            closed.insert((class.ok_or_else(|| malformed("class"))?, Epoch(epoch)));
        }
        Ok(Self(Arc::new(RwLock::new(closed))))
    }

    /// Whether this epoch is over here.
    pub(super) fn contains(&self, class: Class, epoch: Epoch) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&(class, epoch))
    }

    /// Writes the mark within the caller's transaction; says whether it is new.
    pub(super) async fn mark(
        tx: &mut Connection,
        store: &Store,
        (class, epoch): (Class, Epoch),
        by: &str,
    ) -> Result<bool, StoreError> {
        let (class, epoch) = columns(KeyId { class, epoch, generation: Generation(0) });
        let done = sqlx::query(
            "INSERT INTO closed_epoch (class, epoch, closed_by, closed_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(class)
        .bind(epoch)
        .bind(by)
        .bind(store.now())
        .execute(tx)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Takes up a mark that is committed.
    pub(super) fn insert(&self, class: Class, epoch: Epoch) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert((class, epoch));
    }
}
