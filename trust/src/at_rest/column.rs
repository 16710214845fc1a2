//! Sealed columns: one value, bound to its table, column and row.
//!
//! ```text
//! 0x01 ‖ nonce (24) ‖ ciphertext ‖ tag (16)        AAD = 0x01 ‖ i64 row        subkey per (table, column)
//! ```
//!
//! A value that is copied to another row, column or table does not open there. What this cannot notice is an old
//! value of the same cell put back; where that matters the row carries a counter that is checked elsewhere.
//! A cipher is made once and used for every row: a job seals millions of values.

use chacha20poly1305::XChaCha20Poly1305;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::master::{NONCE, TAG, cipher, fresh_nonce, open, seal_onto};
use super::{AtRestError, MasterKey};

/// The largest value of a sealed column.
pub const MAX_VALUE: usize = 16 << 20;

/// By how many bytes a sealed value is longer than the plain one.
pub const VALUE_OVERHEAD: usize = 1 + NONCE + TAG;

const SUITE: u8 = 1;

/// Seals and opens the values of one column. Cheap to clone, wiped on drop.
#[derive(Clone)]
pub struct ColumnCipher(XChaCha20Poly1305);

impl ColumnCipher {
    /// The cipher of one column. The names are part of the key: renaming a column means sealing it anew.
    pub fn new(master: &MasterKey, table: &str, column: &str) -> Self {
        Self(cipher(&master.subkey("column", &[table, column])))
    }

    /// Seals the value of a row. The nonce is random: with 24 bytes, 2^64 values stay far from a repetition.
    pub fn seal<R: CryptoRng + ?Sized>(
        &self,
        row: i64,
        value: &[u8],
        rng: &mut R,
    ) -> Result<Vec<u8>, AtRestError> {
        if value.len() > MAX_VALUE {
            return Err(AtRestError::TooLong { limit: MAX_VALUE });
        }
        let nonce = fresh_nonce(rng);
        let mut out = Vec::with_capacity(value.len() + VALUE_OVERHEAD);
        out.push(SUITE);
        out.extend_from_slice(&nonce);
        seal_onto(&self.0, &nonce, &aad(row), value, &mut out);
        Ok(out)
    }

    /// Opens the value of a row.
    pub fn open(&self, row: i64, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, AtRestError> {
        let (&SUITE, rest) = sealed.split_first().ok_or(AtRestError::Broken)? else {
            return Err(AtRestError::Broken);
        };
        let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(AtRestError::Broken)?;
        if rest.len() > MAX_VALUE + TAG {
            return Err(AtRestError::TooLong { limit: MAX_VALUE });
        }
        open(&self.0, nonce, &aad(row), rest)
    }
}

fn aad(row: i64) -> [u8; 9] {
    let mut aad = [SUITE; 9];
    aad[1..].copy_from_slice(&row.to_be_bytes());
    aad
}
