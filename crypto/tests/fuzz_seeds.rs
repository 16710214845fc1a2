//! The decoders that are fuzzed, over their seeds and thousands of mutations of them: nothing panics, nothing is taken
//! that would be written differently; and the engines of this CPU agree.
#![allow(clippy::unwrap_used, reason = "in a test, what should not fail stops the test")]

#[path = "../fuzz/decoders.rs"]
mod decoders;
mod world;

use std::fs;
use std::path::Path;

use rand_core::Rng;
use world::SeededRng;

const MUTATIONS: usize = 800;
/// For the engines, each of which computes everything.
const MUTATIONS_FOR_ENGINES: usize = 150;

/// One change of the kind a fuzzer makes first.
fn mutate(bytes: &mut Vec<u8>, rng: &mut SeededRng) {
    let at = if bytes.is_empty() { 0 } else { rng.next_u32() as usize % bytes.len() };
    match rng.next_u32() % 8 {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << (rng.next_u32() % 8),
        1 if !bytes.is_empty() => bytes[at] = rng.next_u32().to_le_bytes()[0],
        2 => bytes.truncate(at),
        3 => bytes.insert(at, rng.next_u32().to_le_bytes()[0]),
        4 => bytes.extend_from_within(at..),
        5 => {
            let end = bytes.len().min(at + 32);
            bytes[at..end].fill(0xff);
        }
        6 => {
            let end = bytes.len().min(at + 32);
            bytes[at..end].fill(0);
        }
        _ => {
            bytes.drain(..at.min(40));
        }
    }
}

#[test]
fn no_mutation_of_a_seed_breaks_a_decoder() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut rng = SeededRng::new(2026);
    for (target, decode) in decoders::all() {
        let files = fs::read_dir(seeds.join(target)).unwrap();
        let seeds: Vec<Vec<u8>> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
        assert!(!seeds.is_empty(), "{target} has seeds");
        let mutations = if target == "engines" { MUTATIONS_FOR_ENGINES } else { MUTATIONS };
        for seed in seeds {
            decode(&seed);
            for round in 0..mutations {
                let mut bytes = seed.clone();
                for _ in 0..=round % 3 {
                    mutate(&mut bytes, &mut rng);
                }
                decode(&bytes);
            }
        }
    }
}

#[test]
fn every_target_is_in_the_fuzzing_package() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/Cargo.toml")).unwrap();
    for target in decoders::all().keys() {
        assert!(manifest.contains(&format!("fuzz_targets/{target}.rs")), "{target}");
    }
}
