//! Cached outputs of the tag function: sealed to their row and bound to class, epoch and public key.
//!
//! * Comes in: outputs whose chunk has passed the check (PROTOCOL: nothing before). Goes out: outputs for tags.
//! * An output is kept only for an identifier that an entering record mentions *now*: what was held or retracted while
//!   its chunk was under way is not stored.
//! * Never sees: identifiers. Fails with the store; an output that was moved to another row or key does not open.

use lianfang_proto::catalogue::Class;
use lianfang_proto::ids::Epoch;
use lianfang_trust::at_rest::ColumnCipher;
use sqlx::{Row, SqliteConnection};
use zeroize::Zeroizing;

use super::{IdentifierId, Register, RegisterError};
use crate::audit::Event;
use crate::store::{Store, StoreError, rows};

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
    /// The name of its column: the cipher's key depends on all of it.
    fn column(&self) -> String {
        format!("y of {} {} {}", self.class.number(), self.epoch.0, hex::encode(self.public))
    }
}

/// The outputs under one key.
#[derive(Clone)]
pub struct Outputs {
    store: Store,
    key: OutputKey,
    cipher: ColumnCipher,
}

impl Register {
    /// The outputs under this key.
    pub fn outputs(&self, key: OutputKey) -> Outputs {
        let cipher = self.store.cipher("output", &key.column());
        Outputs { store: self.store.clone(), key, cipher }
    }

    /// Erases all outputs of an epoch at its close, under whatever public key, and says how many there were.
    pub async fn close_epoch(&self, class: Class, epoch: Epoch) -> Result<u64, RegisterError> {
        let mut tx = self.store.begin().await?;
        let erased = sqlx::query(
            "DELETE FROM output WHERE key_id IN (SELECT id FROM output_key WHERE class = ? AND epoch = ?)",
        );
        let erased = erased.bind(class.number()).bind(epoch.0).execute(&mut *tx).await?.rows_affected();
        sqlx::query("DELETE FROM output_key WHERE class = ? AND epoch = ?")
            .bind(class.number())
            .bind(epoch.0)
            .execute(&mut *tx)
            .await?;
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
        tx: &mut SqliteConnection,
        outputs: &[(IdentifierId, Output)],
    ) -> Result<u64, StoreError> {
        let key = self.key_id(&mut *tx).await?;
        let mut rng = self.store.rng();
        let mut sealed = rows::Rows::default();
        for (id, output) in outputs {
            let y = self.cipher.seal(id.0, &**output, &mut *rng).map_err(StoreError::at("output", "y"))?;
            sealed.row().int(id.0).blob(&y).end();
        }
        let stored = sqlx::query(
            "INSERT OR REPLACE INTO output (key_id, identifier_id, y)
             SELECT ?1, j.value ->> 0, unhex(j.value ->> 1) FROM json_each(?2) j
             WHERE EXISTS (SELECT 1 FROM mention m CROSS JOIN record r ON r.id = m.record_id
                           WHERE m.identifier_id = j.value ->> 0 AND r.enters)",
        );
        Ok(stored.bind(key).bind(sealed.finish()).execute(tx).await?.rows_affected())
    }

    /// The cached outputs of these identifiers, in the order of their ids; those without one are left out.
    pub async fn of(&self, ids: &[IdentifierId]) -> Result<Vec<(IdentifierId, Output)>, StoreError> {
        let found = sqlx::query(
            "SELECT o.identifier_id, o.y FROM output_key k CROSS JOIN output o ON o.key_id = k.id
             WHERE k.class = ?1 AND k.epoch = ?2 AND k.public_key = ?3
               AND o.identifier_id IN (SELECT value FROM json_each(?4)) ORDER BY o.identifier_id",
        );
        let mut reader = self.store.reader().await?;
        let found = found
            .bind(self.key.class.number())
            .bind(self.key.epoch.0)
            .bind(self.key.public.as_slice())
            .bind(rows::ints(ids.iter().map(|id| id.0)))
            .fetch_all(&mut *reader)
            .await?;
        let open = |row: &sqlx::sqlite::SqliteRow| {
            let id: i64 = row.try_get(0)?;
            let opened = self.cipher.open(id, row.try_get(1)?).map_err(StoreError::at("output", "y"))?;
            let mut output = Output::new([0; 64]);
            let malformed = StoreError::Malformed { table: "output", column: "y" };
            if opened.len() != output.len() {
                return Err(malformed);
            }
            output.copy_from_slice(&opened);
            Ok((IdentifierId(id), output))
        };
        found.iter().map(open).collect()
    }

    /// How many outputs are cached under this key.
    pub async fn count(&self) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar::<_, i64>(
            "SELECT count(*) FROM output WHERE key_id IN
                 (SELECT id FROM output_key WHERE class = ? AND epoch = ? AND public_key = ?)",
        );
        let mut reader = self.store.reader().await?;
        let key = count.bind(self.key.class.number()).bind(self.key.epoch.0).bind(self.key.public.as_slice());
        Ok(u64::try_from(key.fetch_one(&mut *reader).await?).unwrap_or(0))
    }

    async fn key_id(&self, tx: &mut SqliteConnection) -> Result<i64, StoreError> {
        // The update changes nothing; it makes the row that was there already come back.
        let id = sqlx::query_scalar(
            "INSERT INTO output_key (class, epoch, public_key) VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET class = class RETURNING id",
        );
        let key = id.bind(self.key.class.number()).bind(self.key.epoch.0).bind(self.key.public.as_slice());
        Ok(key.fetch_one(tx).await?)
    }
}
