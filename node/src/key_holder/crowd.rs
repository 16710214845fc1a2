//! How much may be in hand at once; whoever comes on top of that is told when to come back.
//!
//! * Comes in: who asks, and a request's packed elements. Goes out: a place for as long as it is kept, or the time to come
//!   back.
//! * Trusts: the caller's name, which its certificate has proven. Looks at no element but for its first two bytes, which
//!   are random and spread those who come back.
//! * Fails: never. Nothing is charged before there is a place.
//!
//! A request in hand keeps its elements in memory, packed and decoded, and waits for the disk that charges it and for a
//! core. Without a bound a crowd would fill the memory, and all of it would wait until its patience ends, for answers
//! that nobody takes any more. One bank alone has half of the places at most: however much it asks, others are answered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lianfang_proto::ids::BankId;
use lianfang_proto::limits::ELEMENT_BYTES;

/// Elements that a place is for; a smaller request takes one as well.
const PLACE: usize = 64;
/// Places: 262,144 elements, some fifty megabytes. One core answers them in seconds.
const PLACES: usize = 4_096;
/// Places that one bank may have: eight of the largest requests.
const OF_ONE: usize = PLACES / 2;
/// When to come back, at the earliest; up to a second more for some.
const COME_BACK: Duration = Duration::from_secs(2);

/// What is in hand.
#[derive(Clone, Default)]
pub(super) struct Crowd(Arc<Mutex<InHand>>);

/// Places that are taken: of all, and of each bank that has any.
#[derive(Default)]
struct InHand {
    all: usize,
    of: BTreeMap<BankId, usize>,
}

/// A bank's place among those.
pub(super) struct Place {
    crowd: Crowd,
    bank: BankId,
    places: usize,
}

impl Crowd {
    fn in_hand(&self) -> MutexGuard<'_, InHand> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for these, or when to come back.
    pub(super) fn enter(&self, bank: &BankId, packed: &[u8]) -> Result<Place, Duration> {
        // What is larger than all that one bank may have gets in when it has nothing else here: it is not refused for good.
        let places = (packed.len() / ELEMENT_BYTES).div_ceil(PLACE).clamp(1, OF_ONE);
        let mut in_hand = self.in_hand();
        let own = in_hand.of.get(bank).copied().unwrap_or_default();
        if in_hand.all + places > PLACES || own + places > OF_ONE {
            let spread =
                packed.first_chunk().map_or(0, |bytes| u64::from(u16::from_be_bytes(*bytes)) % 1_000);
            return Err(COME_BACK + Duration::from_millis(spread));
        }
        in_hand.all += places;
        in_hand.of.insert(bank.clone(), own + places);
        Ok(Place { crowd: self.clone(), bank: bank.clone(), places })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut in_hand = self.crowd.in_hand();
        in_hand.all -= self.places;
        let left = in_hand.of.get(&self.bank).map_or(0, |own| own - self.places);
        if left == 0 {
            in_hand.of.remove(&self.bank);
        } else {
            in_hand.of.insert(self.bank.clone(), left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest request: 256 places.
    const CHUNK: usize = lianfang_proto::limits::CHUNK_ELEMENTS * ELEMENT_BYTES;

    fn bank(name: &str) -> BankId {
        BankId::parse(name, "bank").unwrap()
    }

    #[test]
    fn who_finds_no_place_is_told_when_to_come_back() {
        let crowd = Crowd::default();
        let chunk = vec![7; CHUNK];
        let banks = [bank("alpha"), bank("beta")];
        let enter = |bank: &BankId| (0..8).map(|_| crowd.enter(bank, &chunk).unwrap()).collect::<Vec<_>>();
        let mut places: Vec<Place> = banks.iter().flat_map(enter).collect();
        for request in [&chunk[..], &chunk[..ELEMENT_BYTES], &[]] {
            let wait = crowd.enter(&bank("gamma"), request).err().unwrap();
            assert!(wait >= COME_BACK && wait < COME_BACK + Duration::from_secs(1), "{wait:?}");
        }
        places.pop();
        let one = &chunk[..ELEMENT_BYTES];
        let small: Vec<_> = (0..256).map(|_| crowd.enter(&bank("gamma"), one)).collect();
        assert!(small.iter().all(Result::is_ok), "what was given back is there for the next");
        assert!(crowd.enter(&bank("gamma"), one).is_err());
        drop((places, small));
        assert!(
            crowd.in_hand().of.is_empty() && crowd.in_hand().all == 0,
            "nothing is kept of whom nothing is here"
        );
    }

    #[test]
    fn a_bank_that_asks_without_end_leaves_room_for_others() {
        let crowd = Crowd::default();
        let chunk = vec![7; CHUNK];
        let greedy: Vec<Place> = std::iter::from_fn(|| crowd.enter(&bank("alpha"), &chunk).ok()).collect();
        assert_eq!(greedy.len(), 8);
        let other: Vec<Place> = std::iter::from_fn(|| crowd.enter(&bank("beta"), &chunk).ok()).collect();
        assert_eq!(other.len(), 8);
    }

    #[test]
    fn the_largest_request_gets_in_alone() {
        let crowd = Crowd::default();
        let all = vec![0; (OF_ONE + 1) * PLACE * ELEMENT_BYTES];
        let place = crowd.enter(&bank("alpha"), &all).unwrap();
        assert!(crowd.enter(&bank("alpha"), &all[..ELEMENT_BYTES]).is_err());
        drop(place);
        assert!(crowd.enter(&bank("alpha"), &all[..ELEMENT_BYTES]).is_ok());
    }
}
