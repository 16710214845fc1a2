//! How much may be in hand at once; whoever comes on top of that is told when to come back.
//!
//! * Comes in: a request's packed elements. Goes out: a place for as long as it is kept, or the time to come back.
//! * Looks at no element but for its first two bytes, which are random and spread those who come back.
//! * Fails: never. Nothing is charged before there is a place.
//!
//! A request in hand keeps its elements in memory, packed and decoded, and waits for the disk that charges it and for a
//! core. Without a bound a crowd would fill the memory, and all of it would wait until its patience ends, for answers
//! that nobody takes any more.

use std::sync::Arc;
use std::time::Duration;

use lianfang_proto::limits::ELEMENT_BYTES;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Elements that a place is for; a smaller request takes one as well.
const PLACE: usize = 64;
/// Places: 262,144 elements, some fifty megabytes. One core answers them in seconds.
const PLACES: usize = 4_096;
/// When to come back, at the earliest; up to a second more for some.
const COME_BACK: Duration = Duration::from_secs(2);

/// What is in hand.
pub(super) struct Crowd(Arc<Semaphore>);

/// A place among those.
pub(super) struct Place(#[expect(dead_code, reason = "held, never read")] OwnedSemaphorePermit);

impl Default for Crowd {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(PLACES)))
    }
}

impl Crowd {
    /// A place for these, or when to come back.
    pub(super) fn enter(&self, packed: &[u8]) -> Result<Place, Duration> {
        let places = (packed.len() / ELEMENT_BYTES).div_ceil(PLACE).clamp(1, PLACES);
        let places = u32::try_from(places).unwrap_or(u32::MAX);
        let spread = packed.first_chunk().map_or(0, |bytes| u64::from(u16::from_be_bytes(*bytes)) % 1_000);
        let entered = Arc::clone(&self.0).try_acquire_many_owned(places);
        entered.map(Place).map_err(|_| COME_BACK + Duration::from_millis(spread))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_finds_no_place_is_told_when_to_come_back() {
        let crowd = Crowd::default();
        let chunk = vec![7; 8_192 * ELEMENT_BYTES];
        let mut places: Vec<Place> = (0..32).map(|_| crowd.enter(&chunk).unwrap()).collect();
        for request in [&chunk[..], &chunk[..ELEMENT_BYTES], &[]] {
            let wait = crowd.enter(request).err().unwrap();
            assert!(wait >= COME_BACK && wait < COME_BACK + Duration::from_secs(1), "{wait:?}");
        }
        places.pop();
        assert!(crowd.enter(&chunk).is_ok(), "what was given back is there for the next");
        assert!((0..128).map(|_| crowd.enter(&chunk[..ELEMENT_BYTES])).all(|place| place.is_ok()));
    }

    /// What is larger than all the room gets in when nobody else is there: it is not refused for good.
    #[test]
    fn the_largest_request_gets_in_alone() {
        let crowd = Crowd::default();
        let all = vec![0; (PLACES + 1) * PLACE * ELEMENT_BYTES];
        let place = crowd.enter(&all).unwrap();
        assert!(crowd.enter(&all[..ELEMENT_BYTES]).is_err());
        drop(place);
        assert!(crowd.enter(&all[..ELEMENT_BYTES]).is_ok());
    }
}
