//! A batch of points in memory: blocks of eight, whatever the engine.
//!
//! - **Comes in, goes out:** points, in order. The last block is filled with the identity, and takes as long as any.
//! - **Never sees:** an encoding. **Fails:** never.

use zeroize::Zeroize;

use super::field::LANES;
use super::point::Block;

/// Points in blocks of eight.
#[derive(Clone)]
pub struct Points {
    pub(super) blocks: Vec<Block>,
    len: usize,
}

impl Points {
    /// So many points, all of them the identity.
    pub(super) fn identities(len: usize) -> Self {
        Self { blocks: vec![Block::IDENTITY; len.div_ceil(LANES)], len }
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
            self.blocks.truncate(len.div_ceil(LANES));
            self.len = len;
        }
    }

    /// Adds the points of `other` after these.
    pub(crate) fn append(&mut self, other: &Self) {
        for at in 0..other.len {
            let (block, lane) = (&other.blocks[at / LANES], at % LANES);
            if self.len.is_multiple_of(LANES) {
                self.blocks.push(Block::IDENTITY);
            }
            let to_lane = self.len % LANES;
            if let Some(to) = self.blocks.last_mut() {
                for (to, from) in to.coordinates_mut().into_iter().zip(block.coordinates()) {
                    to.copy_lane(to_lane, from, lane);
                }
            }
            self.len += 1;
        }
    }
}

impl Zeroize for Points {
    fn zeroize(&mut self) {
        for block in &mut self.blocks {
            for limbs in block.coordinates_mut() {
                limbs.zeroize();
            }
        }
        self.blocks.clear();
        self.len = 0;
    }
}
