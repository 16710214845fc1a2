//! How often one batch is answered again without a charge, as a function of time.
//!
//! * Comes in: a bank, the digest of a batch that was charged before, the time. Goes out: yes, or when to come back.
//! * Never sees: elements. Fails: never. Nothing here outlives the process; what is charged is in the ledger.
//!
//! A batch is sent again after a lost answer, a restart, a refresh, or while other holders are away. Each repeat costs
//! this holder the multiplications and the bank nothing, so it is bounded: a few at once, then one in a pause.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lianfang_proto::ids::BankId;
use lianfang_trust::Digest;

use crate::ports::Micros;

/// Repeats of one batch that are answered at once.
const AT_ONCE: i64 = 32;
/// After those, one repeat is answered in this time: 120 an hour.
const PAUSE: Micros = 30_000_000;
/// Batches that are watched for one bank; nobody sends more of them again within the time that they are remembered.
const WATCHED: usize = 4_096;

/// Counts repeats.
#[derive(Default)]
pub(super) struct Repeats(Mutex<BTreeMap<BankId, HashMap<[u8; 64], Micros>>>);

impl Repeats {
    /// Whether the batch may be answered again now; else how long to wait.
    pub(super) fn allow(&self, bank: &BankId, batch: &Digest, now: Micros) -> Result<(), Duration> {
        let mut banks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let watched = banks.entry(bank.clone()).or_default();
        if watched.len() >= WATCHED {
            watched.retain(|_, paid_until| *paid_until > now);
        }
        if watched.len() >= WATCHED && !watched.contains_key(batch.as_bytes()) {
            return Err(micros(PAUSE));
        }
        // Each repeat is paid for with a pause; payment may run ahead of the time by so many pauses.
        let paid_until = watched.entry(*batch.as_bytes()).or_insert(now);
        let after = (*paid_until).max(now).saturating_add(PAUSE);
        let wait = after.saturating_sub(now.saturating_add(AT_ONCE * PAUSE));
        if wait > 0 {
            return Err(micros(wait));
        }
        *paid_until = after;
        Ok(())
    }
}

fn micros(micros: Micros) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bank(name: &str) -> BankId {
        BankId::parse(name, "bank").unwrap()
    }

    fn batch(number: usize) -> Digest {
        Digest::of("test/batch", &number.to_be_bytes())
    }

    #[test]
    fn a_batch_is_repeated_a_few_times_at_once_and_then_one_by_one() {
        let repeats = Repeats::default();
        for _ in 0..AT_ONCE {
            assert_eq!(repeats.allow(&bank("a"), &batch(1), 0), Ok(()));
        }
        assert_eq!(repeats.allow(&bank("a"), &batch(1), 0), Err(micros(PAUSE)));
        assert_eq!(repeats.allow(&bank("a"), &batch(2), 0), Ok(()), "another batch is another matter");
        assert_eq!(repeats.allow(&bank("b"), &batch(1), 0), Ok(()), "and another bank too");
        assert_eq!(repeats.allow(&bank("a"), &batch(1), PAUSE), Ok(()));
        assert!(repeats.allow(&bank("a"), &batch(1), PAUSE).is_err());
        let hour = 3_600_000_000;
        let allowed = (0..1_000).filter(|_| repeats.allow(&bank("a"), &batch(1), hour).is_ok()).count();
        assert_eq!(i64::try_from(allowed), Ok(AT_ONCE));
    }

    #[test]
    fn what_one_bank_repeats_takes_bounded_room_and_none_from_others() {
        let repeats = Repeats::default();
        for number in 0..WATCHED {
            assert_eq!(repeats.allow(&bank("a"), &batch(number), 0), Ok(()));
        }
        assert!(repeats.allow(&bank("a"), &batch(WATCHED), 0).is_err());
        assert_eq!(repeats.allow(&bank("b"), &batch(WATCHED), 0), Ok(()));
        assert_eq!(repeats.allow(&bank("a"), &batch(WATCHED), PAUSE), Ok(()), "the old ones are forgotten");
    }
}
