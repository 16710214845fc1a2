//! Looking up a sealed value by equality.
//!
//! The index is a keyed hash, so a stolen disk shows which rows of a column are equal and nothing about what they
//! hold. Made for identifiers, whose bare hashes are reversed in milliseconds.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::MasterKey;

/// Computes the index of one column: HMAC-SHA256 under a subkey of its own, cut to 16 bytes.
#[derive(Clone)]
pub struct BlindIndex(Hmac<Sha256>);

impl BlindIndex {
    /// The index of one column.
    pub fn new(master: &MasterKey, table: &str, column: &str) -> Self {
        Self(keyed(&master.subkey("index", &[table, column])))
    }

    /// What to store beside the sealed value, and what to look for.
    pub fn of(&self, value: &[u8]) -> [u8; 16] {
        self.of_parts(&[value])
    }

    /// The index of a value that lies in several parts, which are not told apart from their concatenation.
    pub fn of_parts(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut index = [0; 16];
        index.copy_from_slice(&full[..16]);
        index
    }
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}
