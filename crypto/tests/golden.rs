//! The bytes of every encoding, fixed. A change here is a change of what banks have stored and what peers understand.
#![allow(clippy::unwrap_used, reason = "in a test, what should not fail stops the test")]

mod world;

use std::fs;
use std::path::{Path, PathBuf};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).with_extension("hex")
}

fn seeds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds")
}

#[test]
fn every_encoding_is_as_it_was() {
    for (target, name, bytes) in world::artefacts::all() {
        let expected = fs::read_to_string(golden(name)).unwrap();
        assert_eq!(hex::encode(&bytes), expected.trim(), "{name}");
        if let Some(target) = target {
            assert_eq!(bytes, fs::read(seeds().join(target).join(name)).unwrap(), "the seed of {target}");
        }
    }
}

/// Writes the golden files and the fuzzing seeds. Only for an encoding that is new, or whose version byte has moved.
#[test]
#[ignore = "rewrites the golden files; run it by hand for a new encoding"]
fn bless() {
    for (target, name, bytes) in world::artefacts::all() {
        fs::create_dir_all(golden(name).parent().unwrap()).unwrap();
        fs::write(golden(name), hex::encode(&bytes) + "\n").unwrap();
        if let Some(target) = target {
            fs::create_dir_all(seeds().join(target)).unwrap();
            fs::write(seeds().join(target).join(name), bytes).unwrap();
        }
    }
}
