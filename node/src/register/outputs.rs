//! Cached outputs of the tag function: sealed in their drawer, which is bound to class, epoch and public key.
//!
//! * Comes in: outputs whose chunk has passed the check (PROTOCOL: nothing before). Goes out: outputs for tags.
//! * An output is kept only for an identifier that an entering record mentions *now*: what was held or retracted while
//!   its chunk was under way is not stored.
//! * Never sees: identifiers. Fails with the store; an output that was moved to another key does not open.

use std::ops::ControlFlow;

use lianfang_proto::catalogue::Class;
use lianfang_proto::ids::Epoch;
use sqlx::Row;
use zeroize::Zeroizing;

use super::{IdentifierId, Register, RegisterError, forgetting};
use crate::audit::Event;
use crate::store::drawer::{Change, Drawer, Key, exactly, key, numbers};
use crate::store::{Connection, Store, StoreError, number};

/// The drawer of the first key.
const FIRST_DRAWER: i64 = 16;

/// `y`, wiped on drop.
pub type Output = Zeroizing<[u8; 64]>;

/// The key under which outputs are made. Its generation does not matter: a refresh keeps the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputKey {
    /// The class.
    pub class: Class,
    /// The epoch.
    pub epoch: Epoch,
    /// `Y`.
    pub public: [u8; 32],
}

impl OutputKey {
    /// The drawer of its outputs, by the row of the key. The cipher's key depends on all of it.
    fn drawer(&self, store: &Store, row: i64) -> Drawer {
        let name = format!("y of {} {} {}", self.class.number(), self.epoch.0, hex::encode(self.public));
        Drawer::new(store, FIRST_DRAWER + row, "output", &name)
    }
}

/// The outputs under one key.
#[derive(Clone)]
pub struct Outputs {
    register: Register,
    key: OutputKey,
}

/// The drawers of all keys.
pub(super) async fn drawers(connection: &mut Connection, store: &Store) -> Result<Vec<Drawer>, StoreError> {
    let keys = sqlx::query("SELECT id, class, epoch, public_key FROM output_key ORDER BY id");
    let malformed = |column| StoreError::Malformed { table: "output_key", column };
    let mut drawers = Vec::new();
    for row in keys.fetch_all(connection).await? {
        let class = Class::from_number(number(&row, "class")?).ok_or_else(|| malformed("class"))?;
        let public = row.try_get::<&[u8], _>(3)?.try_into().map_err(|_| malformed("public_key"))?;
        let key = OutputKey { class, epoch: Epoch(number(&row, "epoch")?), public };
        drawers.push(key.drawer(store, row.try_get(0)?));
    }
    Ok(drawers)
}

/// Takes an output with the number of its identifier.
type See<'a> = dyn FnMut(i64, &[u8]) -> Result<(), StoreError> + Send + 'a;

/// How many outputs there are under all keys.
pub(super) async fn count_all(connection: &mut Connection) -> Result<u64, StoreError> {
    let sum = sqlx::query_scalar::<_, i64>(
        "SELECT CAST(coalesce(sum(entries), 0) AS BIGINT) FROM block WHERE drawer >= $1",
    );
    Ok(u64::try_from(sum.bind(FIRST_DRAWER).fetch_one(connection).await?).unwrap_or(0))
}

impl Register {
    /// The outputs under this key.
    pub fn outputs(&self, key: OutputKey) -> Outputs {
        Outputs { register: self.clone(), key }
    }

    /// Whether outputs are kept under this epoch.
    pub async fn has_outputs(&self, class: Class, epoch: Epoch) -> Result<bool, StoreError> {
        let keys = sqlx::query_scalar("SELECT count(*) FROM output_key WHERE class = $1 AND epoch = $2");
        let keys: i64 = keys
            .bind(i64::from(class.number()))
            .bind(i64::from(epoch.0))
            .fetch_one(self.store.readers())
            .await?;
        Ok(keys > 0)
    }

    /// Erases all outputs of an epoch at its close, under whatever public key, and says how many there were.
    pub async fn close_epoch(&self, class: Class, epoch: Epoch) -> Result<u64, RegisterError> {
        let mut tx = self.store.begin().await?;
        let keys = sqlx::query_scalar("SELECT id FROM output_key WHERE class = $1 AND epoch = $2");
        let keys: Vec<i64> =
            keys.bind(i64::from(class.number())).bind(i64::from(epoch.0)).fetch_all(&mut *tx).await?;
        let mut erased = 0;
        for row in keys {
            // What is erased need not be opened.
            let drawer = Drawer::new(&self.store, FIRST_DRAWER + row, "output", "");
            erased += drawer.entries(&mut tx).await?;
            drawer.clear(&mut tx).await?;
            sqlx::query("DELETE FROM output_key WHERE id = $1").bind(row).execute(&mut *tx).await?;
        }
        self.log.append(&mut tx, &Event::EpochClosed { class, epoch, outputs: erased }).await?;
        tx.commit().await?;
        Ok(erased)
    }
}

impl Outputs {
    /// The key.
    pub const fn key(&self) -> OutputKey {
        self.key
    }

    /// Stores outputs within the caller's transaction, and says how many; those whose identifier no entering record
    /// mentions any more are not kept.
    pub async fn put(
        &self,
        tx: &mut Connection,
        outputs: &[(IdentifierId, Output)],
    ) -> Result<u64, StoreError> {
        let drawer = self.made_drawer(&mut *tx).await?;
        let mut sorted: Vec<&(IdentifierId, Output)> = outputs.iter().collect();
        sorted.sort_by_key(|(id, _)| *id);
        sorted.dedup_by_key(|(id, _)| *id);
        let ids: Vec<i64> = sorted.iter().map(|(id, _)| id.0).collect();
        let entering = forgetting::entering(&mut *tx, &self.register, &ids).await?;
        let kept = sorted.into_iter().filter(|(id, _)| entering.binary_search(&id.0).is_ok());
        let value = |output: &Output| Some(Zeroizing::new(output.to_vec()));
        let changes: Vec<_> =
            kept.map(|(id, output)| Change { key: key(id.0, 0), value: value(output) }).collect();
        drawer.apply(tx, &mut *self.register.store.rng(), &changes).await?;
        Ok(changes.len() as u64)
    }

    /// The cached outputs of these identifiers, in the order of their ids; those without one are left out.
    pub async fn of(&self, ids: &[IdentifierId]) -> Result<Vec<(IdentifierId, Output)>, StoreError> {
        let mut ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut found = Vec::with_capacity(ids.len());
        let mut snapshot = self.register.store.snapshot().await?;
        self.visit(&mut snapshot, &ids, &mut |id, value| {
            let mut output = Output::new([0; 64]);
            if value.len() != output.len() {
                return Err(StoreError::Malformed { table: "output", column: "block" });
            }
            output.copy_from_slice(value);
            found.push((IdentifierId(id), output));
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// Those of these identifiers, sorted, that have an output.
    pub(super) async fn cached(
        &self,
        connection: &mut Connection,
        ids: &[i64],
    ) -> Result<Vec<i64>, StoreError> {
        let mut cached = Vec::new();
        self.visit(connection, ids, &mut |id, _| {
            cached.push(id);
            Ok(())
        })
        .await?;
        Ok(cached)
    }

    /// How many outputs are cached under this key.
    pub async fn count(&self) -> Result<u64, StoreError> {
        let mut snapshot = self.register.store.snapshot().await?;
        match self.drawer(&mut snapshot).await? {
            Some(drawer) => drawer.entries(&mut snapshot).await,
            None => Ok(0),
        }
    }

    async fn visit(
        &self,
        connection: &mut Connection,
        ids: &[i64],
        see: &mut See<'_>,
    ) -> Result<(), StoreError> {
        let Some(drawer) = self.drawer(&mut *connection).await? else { return Ok(()) };
        let mut see = |key: &Key, value: &[u8]| see(numbers(key).0, value).map(ControlFlow::Continue);
        drawer.visit(connection, &exactly(ids, 0), &mut see).await
    }

    async fn drawer(&self, connection: &mut Connection) -> Result<Option<Drawer>, StoreError> {
        let row = sqlx::query_scalar(
            "SELECT id FROM output_key WHERE class = $1 AND epoch = $2 AND public_key = $3",
        );
        let row = row
            .bind(i64::from(self.key.class.number()))
            .bind(i64::from(self.key.epoch.0))
            .bind(self.key.public.as_slice());
        let row: Option<i64> = row.fetch_optional(connection).await?;
        Ok(row.map(|row| self.key.drawer(&self.register.store, row)))
    }

    async fn made_drawer(&self, tx: &mut Connection) -> Result<Drawer, StoreError> {
        // The update changes nothing; it makes the row that was there already come back.
        let row = sqlx::query_scalar(
            "INSERT INTO output_key (class, epoch, public_key) VALUES ($1, $2, $3)
             ON CONFLICT (class, epoch, public_key) DO UPDATE SET class = $1 RETURNING id",
        );
        let row = row
            .bind(i64::from(self.key.class.number()))
            .bind(i64::from(self.key.epoch.0))
            .bind(self.key.public.as_slice());
        Ok(self.key.drawer(&self.register.store, row.fetch_one(tx).await?))
    }
}
