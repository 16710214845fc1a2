//! Secrets do not survive their owner: the memory is looked at after the drop.
#![allow(clippy::unwrap_used, reason = "in a test, what should not fail stops the test")]
#![expect(unsafe_code, reason = "only by reading memory after a drop can it be shown to be wiped")]

mod world;

use std::mem::{ManuallyDrop, size_of};

use lianfang_crypto::ceremony::context::CeremonySeed;
use lianfang_crypto::oprf::blind::{ChunkSeed, RevealedBlind};
use lianfang_crypto::oprf::finalise::Output;
use lianfang_crypto::secret::SecretBytes;
use world::{Holders, index, secret};

/// Whether `secret` stands in the memory of `value` before its drop, and whether it still does afterwards.
fn before_and_after<T>(value: T, secret: &[u8]) -> (bool, bool) {
    let mut slot = Box::new(ManuallyDrop::new(value));
    let address = (&raw const *slot).cast::<u8>();
    let found = || {
        // SAFETY: the box keeps `size_of::<T>()` bytes allocated throughout; the value in it is never used after its
        // drop, its bytes are only read one by one, volatile, so that the read is not reasoned away.
        let bytes: Vec<u8> = (0..size_of::<T>()).map(|i| unsafe { address.add(i).read_volatile() }).collect();
        bytes.windows(secret.len()).any(|window| window == secret)
    };
    let before = found();
    // SAFETY: dropped exactly once, and not used as a `T` again.
    unsafe { ManuallyDrop::drop(&mut slot) };
    (before, found())
}

#[test]
fn dropped_secrets_are_gone() {
    let marked: [u8; 32] = std::array::from_fn(|i| 32 - u8::try_from(i).unwrap());
    let wiped = (true, false);
    assert_eq!(before_and_after(SecretBytes::take(&mut marked.clone()), &marked), wiped);
    assert_eq!(before_and_after(ChunkSeed::restore(&mut marked.clone()), &marked), wiped);
    assert_eq!(before_and_after(CeremonySeed::restore(&mut marked.clone()), &marked), wiped);
    assert_eq!(before_and_after(RevealedBlind::decode(&marked).unwrap(), &marked), wiped);
    let output = [marked, marked].concat().try_into().unwrap();
    assert_eq!(before_and_after(Output::restore(&mut { output }), &marked), wiped);

    let mut holders = Holders::generate(2, 2, 1);
    let share = holders.shares.remove(&index(1)).unwrap();
    let scalar = secret(&share).to_bytes();
    assert_eq!(before_and_after(share.own_share(), &scalar), wiped);
    assert_eq!(before_and_after(share, &scalar), wiped);
}

#[test]
fn taking_a_secret_wipes_its_source() {
    let mut source = [9; 32];
    let seed = ChunkSeed::restore(&mut source);
    assert_eq!(source, [0; 32]);
    assert_eq!(*seed.to_sealed_bytes(), [9; 32]);
}
