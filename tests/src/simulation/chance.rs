//! Chance that comes from a seed: every party, every life of it and every piece of work has its own.

use std::sync::atomic::{AtomicU64, Ordering};

use lianfang_ports::Chance;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use sha2::{Digest as _, Sha256};

/// A party's chance during one of its lives.
pub struct Seeded {
    seed: [u8; 32],
    pieces: AtomicU64,
}

/// A generator for whatever these words name.
pub fn generator(seed: u64, words: &[&str]) -> StdRng {
    StdRng::from_seed(hashed(seed, words))
}

fn hashed(seed: u64, words: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    for word in words {
        hash.update((word.len() as u64).to_be_bytes());
        hash.update(word);
    }
    hash.finalize().into()
}

impl Seeded {
    /// Of this party in this life.
    pub fn of(seed: u64, party: &str, life: u64) -> Self {
        Self { seed: hashed(seed, &["party", party, &life.to_string()]), pieces: AtomicU64::new(0) }
    }

    fn next(&self) -> StdRng {
        let piece = self.pieces.fetch_add(1, Ordering::SeqCst);
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(piece.to_be_bytes());
        StdRng::from_seed(hash.finalize().into())
    }
}

impl Chance for Seeded {
    fn rng(&self) -> Box<dyn rand::CryptoRng + Send> {
        Box::new(self.next())
    }
}
