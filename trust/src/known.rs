//! What was checked once and found good: public keys and signatures.
//!
//! * Comes in: a digest over all that a check looks at. Goes out: whether this process has seen it pass.
//! * Never sees: secrets. Trusts: SHA-256; whoever could find two questions with one digest could forge documents, too.
//! * Fails: never. What was forgotten is checked again, and what failed is never remembered.
//!
//! Parties read the same rosters, records and notices from their stores and from each other again and again, and a
//! signature costs some forty microseconds each time: a good part of what a node that waits does at all.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

/// Digests of a generation. Two are kept: less than a megabyte.
const GENERATION: usize = 4_096;

/// A bounded memory of digests. When the young generation is full it becomes the old one, and the old one is forgotten.
pub(crate) struct Known(Mutex<Option<[HashSet<[u8; 32]>; 2]>>);

impl Known {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Runs the check, unless it has passed before for these parts; their number and lengths are fixed by the caller, but
    /// for the last one's.
    pub(crate) fn check<E>(&self, parts: &[&[u8]], check: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part);
        }
        let digest: [u8; 32] = digest.finalize().into();
        if self.contains(&digest) {
            return Ok(());
        }
        check()?;
        self.remember(digest);
        Ok(())
    }

    fn contains(&self, digest: &[u8; 32]) -> bool {
        let generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.iter().flatten().any(|generation| generation.contains(digest))
    }

    fn remember(&self, digest: [u8; 32]) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [young, old] = generations.get_or_insert_default();
        if young.len() >= GENERATION {
            *old = std::mem::take(young);
        }
        young.insert(digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passed_is_known_and_only_for_a_while() {
        let known = Known::new();
        let mut checks = 0;
        let mut ask = |part: u64, passes: bool| {
            let check = || {
                checks += 1;
                if passes { Ok(()) } else { Err(()) }
            };
            (known.check(&[b"key", &part.to_be_bytes()], check), checks)
        };
        assert_eq!(ask(0, false), (Err(()), 1));
        assert_eq!(ask(0, false), (Err(()), 2), "a failure is not remembered");
        assert_eq!(ask(0, true), (Ok(()), 3));
        assert_eq!(ask(0, false), (Ok(()), 3), "nothing is checked that has passed");
        let many = GENERATION as u64;
        for part in 1..many {
            let _ = ask(part, true);
        }
        assert_eq!(ask(0, true).1, 2 + GENERATION, "the old generation is known still");
        for part in many..3 * many {
            let _ = ask(part, true);
        }
        assert_eq!(ask(0, false).0, Err(()), "and forgotten after the next");
    }
}
