//! A proof for one leaf: RFC 6962, section 2.1.1; checked as in RFC 9162, section 2.1.3.2.

use super::{Hash, ProofError, RootBuilder, leaf_hash, node_hash};
use crate::canonical::{Canonical, DecodeError, Decoder, Encoder};

/// The hashes that lead from one leaf to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// Which leaf, from 0.
    pub index: u64,
    /// How many leaves the tree has.
    pub leaves: u64,
    /// The siblings on the way, lowest first.
    pub path: Vec<Hash>,
}

/// Proves the leaf at `index` of the tree over these leaf hashes; nothing if there is no such leaf.
pub fn prove(leaves: &[Hash], index: usize) -> Option<InclusionProof> {
    if index >= leaves.len() {
        return None;
    }
    let (mut from, mut to) = (0, leaves.len());
    let mut path = Vec::new();
    while to - from > 1 {
        let middle = from + largest_power_below(to - from);
        let (near, far) =
            if index < middle { (from..middle, middle..to) } else { (middle..to, from..middle) };
        path.push(root(&leaves[far]));
        (from, to) = (near.start, near.end);
    }
    path.reverse();
    Some(InclusionProof { index: index as u64, leaves: leaves.len() as u64, path })
}

impl InclusionProof {
    /// Checks that these bytes are the leaf at `index` of the tree with this root. The caller has compared
    /// [`leaves`](Self::leaves) with the number that was signed.
    pub fn verify(&self, leaf: &[u8], root: &Hash) -> Result<(), ProofError> {
        if self.index >= self.leaves {
            return Err(ProofError::OutsideTree { leaves: self.leaves });
        }
        let (mut place, mut last) = (self.index, self.leaves - 1);
        let mut hash = leaf_hash(leaf);
        for sibling in &self.path {
            if last == 0 {
                return Err(ProofError::PathLength);
            }
            if place % 2 == 1 || place == last {
                hash = node_hash(sibling, &hash);
                while place % 2 == 0 && place != 0 {
                    (place, last) = (place / 2, last / 2);
                }
            } else {
                hash = node_hash(&hash, sibling);
            }
            (place, last) = (place / 2, last / 2);
        }
        match (last, hash == *root) {
            (0, true) => Ok(()),
            (0, false) => Err(ProofError::OtherRoot),
            _ => Err(ProofError::PathLength),
        }
    }
}

impl Canonical for InclusionProof {
    const DOMAIN: &'static str = "lianfang/inclusion-proof";
    const MAX_BYTES: usize = 4096;

    fn write(&self, to: &mut Encoder) {
        to.u64(self.index).u64(self.leaves).list(&self.path, |to, hash| {
            to.fixed(hash);
        });
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let (index, leaves) = (from.u64("index")?, from.u64("leaves")?);
        let path = from.list("path", 64, |from| from.fixed("path"))?;
        Ok(Self { index, leaves, path })
    }
}

fn root(leaves: &[Hash]) -> Hash {
    let mut builder = RootBuilder::new();
    for leaf in leaves {
        builder.push_hash(*leaf);
    }
    builder.finish()
}

/// The largest power of two below `count`, for counts of two and more.
fn largest_power_below(count: usize) -> usize {
    1 << (count - 1).ilog2()
}
