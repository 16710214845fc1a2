//! Blind: a page of identifiers becomes a chunk that holders may see.
//!
//! Comes in: identifiers of one page, a sealed seed. Goes out: [`BlindedChunk`]: the blinded elements, the blinding
//! that only `finalise` can use, and the commitment to what is evaluated (PROTOCOL.md 3.3). The same seed gives the
//! same bytes, so that a chunk that was cut off is sent again as it was.

use lianfang_crypto::oprf::blind::{BlindedElements, Blinding, ChunkSeed, blind};
use lianfang_crypto::oprf::input::Input;
use lianfang_proto::catalogue::Kind;
use lianfang_trust::merkle::{self, RootBuilder};
use lianfang_trust::{Digest32, Encoder};
use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use crate::normalise::RULE_SET;

/// Elements of the smallest chunk.
pub const LEAST_ELEMENTS: usize = 64;

/// One identifier on its way into a chunk. No `Debug`: it is what the whole system protects.
pub struct Element {
    /// Its row in the store.
    pub row: i64,
    /// Its kind.
    pub kind: Kind,
    /// Its canonical value.
    pub value: Zeroizing<String>,
    /// The bank's own reference of the record on whose account it is evaluated.
    pub record: Zeroizing<String>,
    /// Digest or reference of the evidence in that record's file.
    pub evidence: Zeroizing<String>,
}

/// Everything from which a chunk can be made again; sealed in the store until it has been finalised, and after that as
/// long as inspections last.
pub struct ChunkSecrets {
    /// Derives the blinds.
    pub seed: ChunkSeed,
    /// Derives the salts of the commitment's leaves.
    pub salts: Zeroizing<[u8; 32]>,
}

impl ChunkSecrets {
    /// Bytes of the sealed form.
    pub const LEN: usize = 64;

    /// Fresh secrets, hedged with the node's own secret against a generator that repeats itself after a restore.
    pub fn draw(rng: &mut dyn CryptoRng, node_secret: &[u8; 32], context: &[u8]) -> Self {
        let seed = ChunkSeed::draw(rng, node_secret, context);
        let mut salts = Zeroizing::new([0; 32]);
        rng.fill_bytes(salts.as_mut());
        Self { seed, salts }
    }

    /// The bytes to seal.
    pub fn to_bytes(&self) -> Zeroizing<[u8; Self::LEN]> {
        let mut bytes = Zeroizing::new([0; Self::LEN]);
        bytes[..32].copy_from_slice(self.seed.to_sealed_bytes().as_ref());
        bytes[32..].copy_from_slice(self.salts.as_ref());
        bytes
    }

    /// The secrets of these bytes.
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Self {
        let mut seed = [0; 32];
        seed.copy_from_slice(&bytes[..32]);
        let mut salts = Zeroizing::new([0; 32]);
        salts.copy_from_slice(&bytes[32..]);
        let secrets = Self { seed: ChunkSeed::restore(&mut seed), salts };
        seed.zeroize();
        secrets
    }

    /// The salt of one leaf.
    pub fn salt(&self, position: u32) -> Digest32 {
        let mut to = Zeroizing::new([0; 36]);
        to[..32].copy_from_slice(self.salts.as_ref());
        to[32..].copy_from_slice(&position.to_be_bytes());
        Digest32::of("lianfang/commitment-salt", to.as_ref())
    }
}

/// A chunk that may be sent.
pub struct BlindedChunk {
    rows: Vec<i64>,
    blinding: Blinding,
    blinded: BlindedElements,
    leaf_hashes: Vec<merkle::Hash>,
    commitment_root: [u8; 32],
}

/// The chunk as the next stage takes it apart: rows, blinding, elements.
pub(super) struct Parts {
    pub(super) rows: Vec<i64>,
    pub(super) blinding: Blinding,
    pub(super) blinded: BlindedElements,
}

impl BlindedChunk {
    /// Blinds a page of at most `full` elements; the chunk is filled to the next power of two.
    pub fn new(
        page: Vec<Element>,
        secrets: &ChunkSecrets,
    ) -> Result<Self, lianfang_crypto::error::Malformed> {
        let mut inputs = Vec::with_capacity(page.len());
        for element in &page {
            inputs.push(Input::new(element.kind.code(), RULE_SET, &element.value)?);
        }
        let filled = page.len().max(LEAST_ELEMENTS).next_power_of_two();
        let (blinding, blinded) = blind(inputs, &secrets.seed, filled)?;
        let mut leaf_hashes = Vec::with_capacity(filled);
        for (position, (element, encoding)) in (0_u32..).zip(page.iter().zip(blinded.encodings())) {
            let salt = secrets.salt(position);
            let clear =
                leaf(&salt, &element.record, element.kind, &element.evidence, &element.value, encoding);
            leaf_hashes.push(merkle::leaf_hash(&clear));
        }
        // What fills the chunk is committed to as well: it stands for no record, and an inspector can see that.
        for (position, encoding) in (0_u32..).zip(blinded.encodings()).skip(page.len()) {
            leaf_hashes.push(merkle::leaf_hash(&filling_leaf(&secrets.salt(position), encoding)));
        }
        let mut root = RootBuilder::new();
        for hash in &leaf_hashes {
            root.push_hash(*hash);
        }
        let rows = page.into_iter().map(|element| element.row).collect();
        Ok(Self { rows, blinding, blinded, leaf_hashes, commitment_root: root.finish() })
    }

    /// The Merkle root of the chunk's commitments.
    pub fn commitment_root(&self) -> &merkle::Hash {
        &self.commitment_root
    }

    /// The hashes of the leaves under that root: one for each element.
    pub fn leaf_hashes(&self) -> &[merkle::Hash] {
        &self.leaf_hashes
    }

    /// The packed elements, as they are sent.
    pub fn packed(&self) -> &[u8] {
        self.blinded.packed()
    }

    /// Elements, the filling included.
    pub fn count(&self) -> usize {
        self.blinded.count()
    }

    pub(super) fn into_parts(self) -> Parts {
        Parts { rows: self.rows, blinding: self.blinding, blinded: self.blinded }
    }
}

/// The clear bytes of one leaf: salt, record, kind, evidence, identifier, blinded element.
pub fn leaf(
    salt: &Digest32,
    record: &str,
    kind: Kind,
    evidence: &str,
    value: &str,
    blinded: &[u8; 32],
) -> Zeroizing<Vec<u8>> {
    let mut to = Encoder::new("lianfang/commitment-leaf", 1);
    to.fixed(salt.as_bytes()).text(record).u8(kind.number()).text(evidence).text(value).fixed(blinded);
    Zeroizing::new(to.finish())
}

/// The clear bytes of a leaf that stands for no record: salt and the element that fills the chunk.
pub fn filling_leaf(salt: &Digest32, blinded: &[u8; 32]) -> Vec<u8> {
    let mut to = Encoder::new("lianfang/commitment-filling", 1);
    to.fixed(salt.as_bytes()).fixed(blinded);
    to.finish()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn page(count: u32) -> Vec<Element> {
        (0..count)
            .map(|n| Element {
                row: i64::from(n),
                kind: Kind::Mobile,
                value: Zeroizing::new(format!("+86139{n:08}")),
                record: Zeroizing::new(format!("A{n}")),
                evidence: Zeroizing::new(String::new()),
            })
            .collect()
    }

    #[test]
    fn the_same_secrets_give_the_same_bytes() {
        let secrets = ChunkSecrets::draw(&mut StdRng::seed_from_u64(1), &[1; 32], b"chunk 1");
        let one = BlindedChunk::new(page(70), &secrets).unwrap();
        let two = BlindedChunk::new(page(70), &ChunkSecrets::from_bytes(&secrets.to_bytes())).unwrap();
        assert!(one.packed() == two.packed());
        assert_eq!(one.commitment_root(), two.commitment_root());
        assert_eq!(one.count(), 128);
        let other = ChunkSecrets::draw(&mut StdRng::seed_from_u64(1), &[2; 32], b"chunk 1");
        assert!(BlindedChunk::new(page(70), &other).unwrap().packed() != one.packed());
    }

    #[test]
    fn a_small_page_is_filled_to_the_least_chunk() {
        let secrets = ChunkSecrets::draw(&mut StdRng::seed_from_u64(1), &[1; 32], b"chunk 1");
        assert_eq!(BlindedChunk::new(page(1), &secrets).unwrap().count(), LEAST_ELEMENTS);
    }
}
