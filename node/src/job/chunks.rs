//! Chunks as rows: a chunk is here, with all that makes it again, before its first byte leaves.
//!
//! A chunk that was cut off is sent again byte for byte, and then the holders charge nothing for it. A chunk one of whose
//! identifiers is gone meanwhile (retracted, held) cannot be made again; it is given up, its charge is lost, and what is
//! left of it goes into new chunks. Finished chunks keep their secrets for inspections.

use lianfang_proto::ids::KeyId;
use lianfang_trust::at_rest::ColumnCipher;
use lianfang_trust::{Decoder, Digest, Encoder};
use rand_core::CryptoRng;
use sqlx::Row as _;

use crate::pipeline::blind::{BlindedChunk, ChunkSecrets};
use crate::register::IdentifierId;
use crate::store::{Connection, Store, StoreError};

const IDENTIFIERS: &str = "lianfang/chunk-identifiers";
const UNFINISHED: i64 = 0;
const FINISHED: i64 = 1;
const GIVEN_UP: i64 = 2;

/// A chunk that was begun.
pub struct Begun {
    /// Its row.
    pub id: i64,
    /// Its number within the job.
    pub number: u64,
    /// What makes it again.
    pub secrets: ChunkSecrets,
    /// Its identifiers, in order.
    pub identifiers: Vec<IdentifierId>,
    /// What it committed to.
    pub commitment_root: [u8; 32],
}

/// The chunks of one job.
pub struct Chunks {
    store: Store,
    terms_digest: Digest,
    key: KeyId,
    secrets: ColumnCipher,
    identifiers: ColumnCipher,
}

fn malformed(column: &'static str) -> StoreError {
    StoreError::Malformed { table: "chunk", column }
}

impl Chunks {
    /// The chunks of the job with this digest.
    pub fn of(store: &Store, terms_digest: Digest, key: KeyId) -> Self {
        Self {
            terms_digest,
            key,
            secrets: store.cipher("chunk", "secrets"),
            identifiers: store.cipher("chunk", "identifiers"),
            store: store.clone(),
        }
    }

    /// The number after the last that was used, and the row after the last of all.
    pub async fn next(&self) -> Result<(u64, i64), StoreError> {
        let number: i64 =
            sqlx::query_scalar("SELECT coalesce(max(number) + 1, 0) FROM chunk WHERE terms_digest = $1")
                .bind(&self.terms_digest.as_bytes()[..])
                .fetch_one(self.store.readers())
                .await?;
        let id: i64 = sqlx::query_scalar("SELECT coalesce(max(id) + 1, 1) FROM chunk")
            .fetch_one(self.store.readers())
            .await?;
        Ok((u64::try_from(number).map_err(|_| malformed("number"))?, id))
    }

    /// Takes a chunk down, as it will be `sent`. From here on it can be.
    pub async fn begin(
        &self,
        chunk: &Begun,
        sent: &BlindedChunk,
        rng: &mut (dyn CryptoRng + Send),
    ) -> Result<(), StoreError> {
        let secrets = self.secrets.seal(chunk.id, chunk.secrets.to_bytes().as_ref(), rng);
        let mut to = Encoder::new(IDENTIFIERS, 1);
        to.list(&chunk.identifiers, |to, id| {
            to.i64(id.number());
        });
        let identifiers = self.identifiers.seal(chunk.id, &to.finish(), rng);
        let mut tx = self.store.begin().await?;
        sqlx::query(
            "INSERT INTO chunk (id, terms_digest, number, class, epoch, state, secrets, identifiers, commitment_root, made_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(chunk.id)
        .bind(&self.terms_digest.as_bytes()[..])
        .bind(i64::try_from(chunk.number).map_err(|_| malformed("number"))?)
        .bind(i64::from(self.key.class.number()))
        .bind(i64::from(self.key.epoch.0))
        .bind(UNFINISHED)
        .bind(secrets.map_err(StoreError::at("chunk", "secrets"))?)
        .bind(identifiers.map_err(StoreError::at("chunk", "identifiers"))?)
        .bind(&chunk.commitment_root[..])
        .bind(self.store.now())
        .execute(&mut *tx)
        .await?;
        sqlx::query("INSERT INTO chunk_commitment (chunk_id, leaves, elements) VALUES ($1, $2, $3)")
            .bind(chunk.id)
            .bind(sent.leaf_hashes().as_flattened())
            .bind(sent.packed())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    /// Chunks that were begun and not finished, in their order.
    pub async fn unfinished(&self) -> Result<Vec<Begun>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, number, secrets, identifiers, commitment_root FROM chunk
             WHERE terms_digest = $1 AND state = 0 ORDER BY number",
        )
        .bind(&self.terms_digest.as_bytes()[..])
        .fetch_all(self.store.readers())
        .await?;
        rows.iter().map(|row| self.read(row)).collect()
    }

    fn read(&self, row: &crate::store::Row) -> Result<Begun, StoreError> {
        let id: i64 = row.try_get("id")?;
        let secrets =
            self.secrets.open(id, row.try_get("secrets")?).map_err(StoreError::at("chunk", "secrets"))?;
        let secrets: &[u8; ChunkSecrets::LEN] =
            secrets.as_slice().try_into().map_err(|_| malformed("secrets"))?;
        let identifiers = self
            .identifiers
            .open(id, row.try_get("identifiers")?)
            .map_err(StoreError::at("chunk", "identifiers"))?;
        let root: Vec<u8> = row.try_get("commitment_root")?;
        Ok(Begun {
            id,
            number: u64::try_from(row.try_get::<i64, _>("number")?).map_err(|_| malformed("number"))?,
            secrets: ChunkSecrets::from_bytes(secrets),
            identifiers: read_identifiers(&identifiers).ok_or_else(|| malformed("identifiers"))?,
            commitment_root: root.try_into().map_err(|_| malformed("commitment_root"))?,
        })
    }

    /// The chunk's outputs are cached, in the same transaction.
    pub async fn finish(&self, tx: &mut Connection, id: i64) -> Result<(), StoreError> {
        set_state(tx, id, FINISHED).await
    }

    /// The chunk cannot be made again.
    pub async fn give_up(&self, id: i64) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
        set_state(&mut tx, id, GIVEN_UP).await?;
        tx.commit().await
    }
}

async fn set_state(tx: &mut Connection, id: i64, state: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE chunk SET state = $2 WHERE id = $1").bind(id).bind(state).execute(tx).await?;
    Ok(())
}

pub(super) fn read_identifiers(bytes: &[u8]) -> Option<Vec<IdentifierId>> {
    let mut from = Decoder::new(IDENTIFIERS, 1, bytes).ok()?;
    let limit = lianfang_proto::limits::CHUNK_ELEMENTS;
    let ids =
        from.list("identifiers", limit, |from| from.i64("identifier").map(IdentifierId::from_number)).ok()?;
    from.end().ok()?;
    Some(ids)
}
