//! Chunks as they were committed to and sent: for inspections, and for evidence about the answers to them.
//!
//! Comes in: the store. Goes out: one chunk at a time, with the secrets that open it. Never sees: the register; whoever
//! opens a leaf finds the record by himself. Fails with the store's error.

use futures::{Stream, TryStreamExt as _};
use lianfang_crypto::group::element::elements_digest;
use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::evaluation::{EvaluationRequest, blinded_context};
use lianfang_proto::ids::{BankId, Epoch, KeyId};
use lianfang_trust::Digest;
use lianfang_trust::merkle::Hash;
use sqlx::Row as _;

use super::chunks::read_identifiers;
use crate::pipeline::blind::ChunkSecrets;
use crate::register::IdentifierId;
use crate::store::{Row, Store, StoreError, number};

/// A chunk as it left. No `Debug`: it holds what blinds.
pub struct CommittedChunk {
    /// `D` of the job.
    pub terms_digest: Digest,
    /// Its number within the job.
    pub number: u64,
    /// The class of its key.
    pub class: Class,
    /// The epoch of its key.
    pub epoch: Epoch,
    /// What makes blinds and salts.
    pub secrets: ChunkSecrets,
    /// Its identifiers, in order; what comes after them filled the chunk.
    pub identifiers: Vec<IdentifierId>,
    /// What it committed to.
    pub commitment_root: Hash,
    /// The hashes of all its leaves; none if they were not kept.
    pub leaves: Vec<Hash>,
    /// Its blinded elements, packed.
    pub elements: Vec<u8>,
}

impl CommittedChunk {
    /// The request by which it was sent, under this key.
    pub fn request(&self, bank: &BankId, key: KeyId) -> EvaluationRequest {
        EvaluationRequest {
            terms_digest: self.terms_digest,
            bank: bank.clone(),
            key,
            chunk: self.number,
            elements: u32::try_from(self.leaves.len()).unwrap_or(u32::MAX),
            elements_digest: Digest::from_bytes(elements_digest(&blinded_context(bank, key), &self.elements)),
            commitment_root: self.commitment_root,
        }
    }
}

/// All chunks that were ever begun here, in their order.
pub fn committed(store: &Store) -> impl Stream<Item = Result<CommittedChunk, StoreError>> + use<'_> {
    let secrets = store.cipher("chunk", "secrets");
    let identifiers = store.cipher("chunk", "identifiers");
    let rows = sqlx::query(
        "SELECT id, terms_digest, number, class, epoch, secrets, identifiers, commitment_root,
                leaves, elements
         FROM chunk LEFT JOIN chunk_commitment ON chunk_id = id ORDER BY id",
    );
    let read = move |row: Row| {
        let id: i64 = row.try_get("id")?;
        let opened = secrets.open(id, row.try_get("secrets")?).map_err(StoreError::at("chunk", "secrets"))?;
        let opened: &[u8; ChunkSecrets::LEN] =
            opened.as_slice().try_into().map_err(|_| malformed("secrets"))?;
        let ids = identifiers
            .open(id, row.try_get("identifiers")?)
            .map_err(StoreError::at("chunk", "identifiers"))?;
        let leaves: Option<Vec<u8>> = row.try_get("leaves")?;
        let (leaves, _) = leaves.as_deref().unwrap_or_default().as_chunks();
        Ok(CommittedChunk {
            terms_digest: Digest::from_bytes(fixed(&row, "terms_digest")?),
            number: u64::try_from(row.try_get::<i64, _>("number")?).map_err(|_| malformed("number"))?,
            class: Class::from_number(number(&row, "class")?).ok_or_else(|| malformed("class"))?,
            epoch: Epoch(number(&row, "epoch")?),
            secrets: ChunkSecrets::from_bytes(opened),
            identifiers: read_identifiers(&ids).ok_or_else(|| malformed("identifiers"))?,
            commitment_root: fixed(&row, "commitment_root")?,
            leaves: leaves.to_vec(),
            elements: row.try_get::<Option<Vec<u8>>, _>("elements")?.unwrap_or_default(),
        })
    };
    rows.fetch(store.readers()).map_err(StoreError::from).and_then(move |row| std::future::ready(read(row)))
}

fn fixed<const N: usize>(row: &Row, column: &'static str) -> Result<[u8; N], StoreError> {
    row.try_get::<&[u8], _>(column)?.try_into().map_err(|_| malformed(column))
}

fn malformed(column: &'static str) -> StoreError {
    StoreError::Malformed { table: "chunk", column }
}
