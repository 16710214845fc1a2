//! The canonical input of the tag function.
//!
//! - **Comes in:** an identifier's kind, its rule version and its normalised value.
//! - **Goes out:** the bytes `kind|v1|value`; only the first two bars separate, so the value may contain bars.
//! - **Never sees:** the raw identifier, the record it came from.
//! - **Trusts:** the normaliser for the value; checks only what keeps two kinds apart.
//! - **Fails:** with [`Problem::Text`], never repeating the text.

use zeroize::Zeroizing;

use crate::error::{Malformed, Problem};

/// Bytes of a kind's code at most.
pub const MAX_KIND: usize = 32;
/// Bytes of a value at most.
pub const MAX_VALUE: usize = 1024;
/// Bytes that RFC 9497 lets an input have at most.
const MAX_VERBATIM: usize = u16::MAX as usize;

/// One canonical identifier, wiped when dropped; it has neither `Debug` nor `Clone`.
pub struct Input(Zeroizing<Vec<u8>>);

impl Input {
    /// Joins kind, rule version and normalised value.
    pub fn new(kind: &str, rule_version: u16, value: &str) -> Result<Self, Malformed> {
        let in_code = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if kind.is_empty() || kind.len() > MAX_KIND || !kind.bytes().all(in_code) {
            return Err(Malformed::new("identifier kind", Problem::Text));
        }
        if rule_version == 0 {
            return Err(Malformed::new("rule version", Problem::Range { found: 0 }));
        }
        if value.len() > MAX_VALUE {
            let problem = Problem::TooMany { found: value.len(), limit: MAX_VALUE };
            return Err(Malformed::new("identifier value", problem));
        }
        if value.is_empty() || value.chars().any(char::is_control) {
            return Err(Malformed::new("identifier value", Problem::Text));
        }
        // The capacity is exact, so that no growing vector leaves a copy behind.
        let version = rule_version.to_string();
        let mut bytes = Vec::with_capacity(kind.len() + version.len() + value.len() + 3);
        for part in [kind, "|v", &version, "|", value] {
            bytes.extend_from_slice(part.as_bytes());
        }
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// Takes bytes as they are: for the RFC's vectors, and for canaries that two banks have agreed upon.
    pub fn verbatim(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > MAX_VERBATIM {
            let problem = Problem::TooMany { found: bytes.len(), limit: MAX_VERBATIM };
            return Err(Malformed::new("input", problem));
        }
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }

    /// The canonical bytes, for the leaf of a chunk's commitment.
    pub fn canonical_bytes(&self) -> &[u8] {
        &self.0
    }
}
