//! Chunks as rows: a chunk is here, with all that makes it again, before its first byte leaves.
//!
//! ```text
//! begun ──T answers pass the check──▶ finished: its outputs are cached in the same transaction
//! begun ──it cannot be made again──▶ given up: what is left of it goes into new chunks
//! ```
//!
//! A chunk that was cut off is sent again byte for byte, and then the holders charge nothing for it. A chunk one of whose
//! identifiers is gone meanwhile (retracted, held) cannot be made again; it is given up, its charge is lost, and what is
//! left of it goes into new chunks. Finished chunks keep their secrets for inspections.

use futures::TryStreamExt as _;
use lianfang_proto::ids::KeyId;
use lianfang_proto::limits::ELEMENT_BYTES;
use lianfang_trust::at_rest::ColumnCipher;
use lianfang_trust::{Decoder, Digest, Encoder};
use rand_core::CryptoRng;
use sqlx::Row as _;

use super::evaluation::Sent;
use crate::pipeline::blind::{BlindedChunk, ChunkSecrets};
use crate::register::IdentifierId;
use crate::store::{Connection, Store, StoreError};

const IDENTIFIERS: &str = "lianfang/chunk-identifiers";

/// How far a chunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It may have been sent; until it ends it is sent again.
    Begun,
    /// Its answers have passed the check, its outputs are cached.
    Finished,
    /// It is never sent again.
    GivenUp,
}

/// What ends a chunk. One that was cut off, or whose answers do not pass the check, has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// `T` answers have passed the check, and what they have shown is kept.
    Checked,
    /// It cannot be made again to the byte.
    Unmakeable,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 3] = [Self::Begun, Self::Finished, Self::GivenUp];

    /// The number that is stored.
    pub const fn number(self) -> i64 {
        match self {
            Self::Begun => 0,
            Self::Finished => 1,
            Self::GivenUp => 2,
        }
    }

    /// The stage of a stored number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.number() == number)
    }

    /// The stage after this event. What has ended stays as it is.
    #[must_use]
    pub const fn after(self, event: Event) -> Self {
        match (self, event) {
            (Self::Begun, Event::Checked) => Self::Finished,
            (Self::Begun, Event::Unmakeable) => Self::GivenUp,
            (Self::Finished | Self::GivenUp, Event::Checked | Event::Unmakeable) => self,
        }
    }
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 2] = [Self::Checked, Self::Unmakeable];
}

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
        .bind(Stage::Begun.number())
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
             WHERE terms_digest = $1 AND state = $2 ORDER BY number",
        )
        .bind(&self.terms_digest.as_bytes()[..])
        .bind(Stage::Begun.number())
        .fetch_all(self.store.readers())
        .await?;
        rows.iter().map(|row| self.read(row)).collect()
    }

    /// What was evaluated for the job, in however many attempts: the chunks that are finished.
    pub async fn evaluated(&self) -> Result<Sent, StoreError> {
        let bytes: i64 = sqlx::query_scalar(
            "SELECT coalesce(sum(length(elements)), 0) FROM chunk JOIN chunk_commitment ON chunk_id = id
             WHERE terms_digest = $1 AND state = $2",
        )
        .bind(&self.terms_digest.as_bytes()[..])
        .bind(Stage::Finished.number())
        .fetch_one(self.store.readers())
        .await?;
        let elements = u64::try_from(bytes).map_err(|_| malformed("elements"))? / ELEMENT_BYTES as u64;
        let mut sent = Sent { identifiers: 0, elements };
        let mut rows =
            sqlx::query("SELECT id, identifiers FROM chunk WHERE terms_digest = $1 AND state = $2")
                .bind(&self.terms_digest.as_bytes()[..])
                .bind(Stage::Finished.number())
                .fetch(self.store.readers());
        while let Some(row) = rows.try_next().await? {
            sent.identifiers += self.read_sealed(&row)?.len() as u64;
        }
        Ok(sent)
    }

    fn read_sealed(&self, row: &crate::store::Row) -> Result<Vec<IdentifierId>, StoreError> {
        let identifiers = self
            .identifiers
            .open(row.try_get("id")?, row.try_get("identifiers")?)
            .map_err(StoreError::at("chunk", "identifiers"))?;
        read_identifiers(&identifiers).ok_or_else(|| malformed("identifiers"))
    }

    fn read(&self, row: &crate::store::Row) -> Result<Begun, StoreError> {
        let id: i64 = row.try_get("id")?;
        let secrets =
            self.secrets.open(id, row.try_get("secrets")?).map_err(StoreError::at("chunk", "secrets"))?;
        let secrets: &[u8; ChunkSecrets::LEN] =
            secrets.as_slice().try_into().map_err(|_| malformed("secrets"))?;
        let root: Vec<u8> = row.try_get("commitment_root")?;
        Ok(Begun {
            id,
            number: u64::try_from(row.try_get::<i64, _>("number")?).map_err(|_| malformed("number"))?,
            secrets: ChunkSecrets::from_bytes(secrets),
            identifiers: self.read_sealed(row)?,
            commitment_root: root.try_into().map_err(|_| malformed("commitment_root"))?,
        })
    }

    /// The chunk's outputs are cached, in the same transaction.
    pub async fn finish(&self, tx: &mut Connection, id: i64) -> Result<(), StoreError> {
        take(tx, id, Event::Checked).await
    }

    /// The chunk cannot be made again.
    pub async fn give_up(&self, id: i64) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
        take(&mut tx, id, Event::Unmakeable).await?;
        tx.commit().await
    }
}

/// Writes down what follows from the event.
async fn take(tx: &mut Connection, id: i64, event: Event) -> Result<(), StoreError> {
    let row = sqlx::query("SELECT state FROM chunk WHERE id = $1").bind(id).fetch_one(&mut *tx).await?;
    let stage = Stage::from_number(row.try_get("state")?).ok_or_else(|| malformed("state"))?;
    let after = stage.after(event);
    let update = sqlx::query("UPDATE chunk SET state = $2 WHERE id = $1").bind(id).bind(after.number());
    update.execute(tx).await?;
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

#[cfg(test)]
mod tests {
    use lianfang_proto::catalogue::Kind;
    use zeroize::Zeroizing;

    use super::*;
    use crate::key_holder::tests::KEY;
    use crate::pipeline::blind::Element;
    use crate::ports::Ports;
    use crate::store::tests::Bench;

    /// A chunk with so many identifiers that is sent; gives its elements.
    async fn begun(chunks: &Chunks, id: i64, count: i64) -> u64 {
        let text = |text: String| Zeroizing::new(text);
        let elements = (1..=count).map(|row| Element {
            row,
            kind: Kind::Mobile,
            value: text(format!("+8613800000{row:03}")),
            record: text("A1".to_owned()),
            evidence: text(String::new()),
        });
        let chance = Ports::system().chance;
        let mut rng = chance.rng();
        let secrets = ChunkSecrets::draw(&mut *rng, &[1; 32], &id.to_be_bytes());
        let chunk = BlindedChunk::new(elements.collect(), &secrets).unwrap();
        let identifiers = (1..=count).map(IdentifierId::from_number).collect();
        let (number, commitment_root) = (id.unsigned_abs(), *chunk.commitment_root());
        let begun = Begun { id, number, secrets, identifiers, commitment_root };
        chunks.begin(&begun, &chunk, &mut *rng).await.unwrap();
        chunk.count() as u64
    }

    /// What comes of each stage by each event, in their order.
    const TABLE: [(Stage, [Stage; Event::ALL.len()]); Stage::ALL.len()] = [
        (Stage::Begun, [Stage::Finished, Stage::GivenUp]),
        (Stage::Finished, [Stage::Finished, Stage::Finished]),
        (Stage::GivenUp, [Stage::GivenUp, Stage::GivenUp]),
    ];

    #[test]
    fn the_whole_table() {
        assert_eq!(TABLE.map(|(stage, _)| stage), Stage::ALL);
        assert_eq!(Stage::ALL.map(Stage::number), [0, 1, 2]);
        assert_eq!(Event::ALL, [Event::Checked, Event::Unmakeable]);
        for (stage, row) in TABLE {
            assert_eq!(Stage::from_number(stage.number()), Some(stage));
            for (event, after) in Event::ALL.into_iter().zip(row) {
                assert_eq!(stage.after(event), after, "{stage:?}, {event:?}");
            }
        }
        assert_eq!(Stage::from_number(3), None);
    }

    #[tokio::test]
    async fn rows_follow_the_table() {
        let bench = Bench::new().await;
        let job = Chunks::of(&bench.store, Digest::of("test/terms", b"1"), KEY);
        let happens = async |id: i64, event: Event| match event {
            Event::Checked => {
                let mut tx = bench.store.begin().await.unwrap();
                job.finish(&mut tx, id).await.unwrap();
                tx.commit().await.unwrap();
            }
            Event::Unmakeable => job.give_up(id).await.unwrap(),
        };
        let mut id = 0;
        for (stage, row) in TABLE {
            for (event, after) in Event::ALL.into_iter().zip(row) {
                id += 1;
                begun(&job, id, 1).await;
                match stage {
                    Stage::Begun => {}
                    Stage::Finished => happens(id, Event::Checked).await,
                    Stage::GivenUp => happens(id, Event::Unmakeable).await,
                }
                let waits = async || job.unfinished().await.unwrap().iter().any(|begun| begun.id == id);
                assert_eq!(waits().await, stage == Stage::Begun, "{stage:?} is sent again");
                happens(id, event).await;
                let row = sqlx::query_scalar("SELECT state FROM chunk WHERE id = $1").bind(id);
                let number: i64 = row.fetch_one(bench.store.readers()).await.unwrap();
                assert_eq!(Stage::from_number(number), Some(after), "{stage:?}, {event:?}");
                assert!(!waits().await, "{stage:?}, {event:?}: it has ended");
            }
        }
    }

    #[tokio::test]
    async fn what_was_evaluated_is_counted_over_all_attempts() {
        let bench = Bench::new().await;
        let of = |terms: &[u8]| Chunks::of(&bench.store, Digest::of("test/terms", terms), KEY);
        let (job, other) = (of(b"1"), of(b"2"));
        assert_eq!(job.evaluated().await.unwrap(), Sent::default());
        let first = begun(&job, 1, 3).await;
        begun(&job, 2, 5).await;
        let third = begun(&job, 3, 70).await;
        begun(&job, 4, 7).await;
        begun(&other, 5, 9).await;
        let finish = async |chunks: &Chunks, id: i64| {
            let mut tx = bench.store.begin().await.unwrap();
            chunks.finish(&mut tx, id).await.unwrap();
            tx.commit().await.unwrap();
        };
        finish(&job, 1).await;
        job.give_up(2).await.unwrap();
        // The fourth was cut off, and with it the attempt; the next one goes on from here.
        finish(&job, 3).await;
        finish(&other, 5).await;
        let sent = Sent { identifiers: 73, elements: first + third };
        assert_eq!(job.evaluated().await.unwrap(), sent);
        finish(&job, 4).await;
        assert_eq!(job.evaluated().await.unwrap().identifiers, 80);
    }
}
