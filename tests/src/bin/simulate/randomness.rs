//! What this program's own processes take for the system's randomness: numbers that follow from a seed.
//!
//! Hash maps choose their order by it, and `tokio::select!` the branch that it looks at first. Both are part of a list's
//! course, and neither lets itself be given a seed. This program plays lists and is never installed; no other has this.

#![expect(unsafe_code, reason = "a function of C's library is given another body; the proof is below")]

use std::sync::atomic::{AtomicU64, Ordering};

static STATE: AtomicU64 = AtomicU64::new(0);

/// From now on all randomness follows from this seed.
pub(crate) fn begin(seed: u64) {
    STATE.store(seed, Ordering::SeqCst);
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, figure 17): every state is a new number.
fn next() -> [u8; 8] {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut mixed = STATE.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).to_ne_bytes()
}

/// `getrandom(2)`, which the linker takes for that of C's library: fills `buffer`, and always wholly.
///
/// # Safety
/// `buffer` is valid for writes of `length` bytes, as the system call asks.
// Safety: the name and the signature are those of <sys/random.h>, so whoever calls the one may call the other.
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut u8, length: usize, _flags: u32) -> isize {
    let mut written = 0;
    while written < length {
        for byte in next().into_iter().take(length - written) {
            // Safety: `written` is less than `length`, and the caller vouches for that many bytes.
            unsafe { buffer.add(written).write(byte) };
            written += 1;
        }
    }
    written.cast_signed()
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher as _, RandomState};

    use super::*;

    #[test]
    fn hash_maps_follow_the_seed() {
        let hash = |seed| {
            // Each thread asks for randomness once.
            let asked = std::thread::spawn(move || {
                begin(seed);
                RandomState::new().hash_one(0)
            });
            asked.join().unwrap()
        };
        assert_eq!(hash(7), hash(7));
        assert_ne!(hash(7), hash(8));
    }
}
