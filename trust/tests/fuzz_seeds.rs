//! Runs every fuzz target over its seeds, over mutations of them, and over arbitrary bytes: nothing may panic.

#![expect(clippy::unwrap_used, reason = "a helper of tests that cannot go on has found a failure")]

#[expect(unreachable_pub, reason = "shared with the fuzz package, where all of it is public")]
#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use targets::TARGETS;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

#[test]
fn seeds_and_their_simplest_mutations() {
    for (name, run) in TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in seeds {
            run(&seed);
            for at in 0..seed.len() {
                run(&seed[..at]);
                for with in [seed[at] ^ 1, seed[at] ^ 0x80, 0, 0xff] {
                    let mut mutation = seed.clone();
                    mutation[at] = with;
                    run(&mutation);
                }
            }
            run(&[seed.as_slice(), &[0]].concat());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes(data in prop::collection::vec(any::<u8>(), 0..200)) {
        for (_, run) in TARGETS {
            run(&data);
        }
    }

    #[test]
    fn spliced_seeds(target in 0..TARGETS.len(), one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(),
                     cut in any::<prop::sample::Index>(), paste in any::<prop::sample::Index>()) {
        let (name, run) = TARGETS[target];
        let seeds = seeds(name);
        let (one, other) = (one.get(&seeds), other.get(&seeds));
        let cut = cut.index(one.len() + 1);
        let paste = paste.index(other.len() + 1);
        run(&[&one[..cut], &other[paste..]].concat());
    }
}
