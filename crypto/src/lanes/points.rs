//! A batch of points in memory: blocks of eight, whatever the engine.
//!
//! - **Comes in, goes out:** points, in order. What stands in the lanes behind the last point is anybody's.
//! - **Never sees:** meaning. **Fails:** never.
//!
//! A point that comes alone leaves lanes empty whatever is done. curve25519-dalek computes inside one point: it is given
//! such a point, which is put into a block only if it is asked for together with others.

use std::sync::OnceLock;

use curve25519_dalek::ristretto::RistrettoPoint;
use zeroize::Zeroize;

use super::decode;
use super::field::LANES;
use super::point::Block;

/// Points in blocks of eight, or one point.
#[derive(Clone)]
pub struct Points {
    blocks: OnceLock<Vec<Block>>,
    alone: Option<Box<RistrettoPoint>>,
    len: usize,
}

impl Points {
    /// So many points, all of them the identity.
    pub(super) fn identities(len: usize) -> Self {
        Self { blocks: vec![Block::IDENTITY; len.div_ceil(LANES)].into(), alone: None, len }
    }

    /// One point.
    pub(super) fn one(point: RistrettoPoint) -> Self {
        Self { blocks: OnceLock::new(), alone: Some(Box::new(point)), len: 1 }
    }

    /// The one point, if it came alone.
    pub(super) fn alone(&self) -> Option<&RistrettoPoint> {
        self.alone.as_deref()
    }

    /// The blocks.
    pub(super) fn blocks(&self) -> &[Block] {
        self.blocks.get_or_init(|| self.alone().map(decode::in_block).into_iter().collect())
    }

    /// The blocks, to be written to.
    pub(super) fn blocks_mut(&mut self) -> &mut Vec<Block> {
        self.blocks();
        self.forget_alone();
        self.blocks.get_mut().unwrap_or_else(|| unreachable!("the blocks have just been made"))
    }

    fn forget_alone(&mut self) {
        if let Some(mut alone) = self.alone.take() {
            alone.zeroize();
        }
    }

    /// The number of points.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Keeps the first `len` points.
    pub(crate) fn truncate(&mut self, len: usize) {
        if len < self.len {
            self.blocks_mut().truncate(len.div_ceil(LANES));
            self.len = len;
        }
    }

    /// Adds the points of `other` after these.
    pub(crate) fn append(&mut self, other: &Self) {
        let first = self.len;
        let blocks = self.blocks_mut();
        blocks.resize((first + other.len).div_ceil(LANES), Block::IDENTITY);
        for at in 0..other.len {
            let (from, lane) = (&other.blocks()[at / LANES], at % LANES);
            let (to, to_lane) = (&mut blocks[(first + at) / LANES], (first + at) % LANES);
            for (to, from) in to.coordinates_mut().into_iter().zip(from.coordinates()) {
                to.copy_lane(to_lane, from, lane);
            }
        }
        self.len += other.len;
    }
}

impl Zeroize for Points {
    fn zeroize(&mut self) {
        self.forget_alone();
        for block in self.blocks.get_mut().into_iter().flatten() {
            block.zeroize();
        }
        self.blocks = Vec::new().into();
        self.len = 0;
    }
}
