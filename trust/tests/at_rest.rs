//! What is sealed opens with its secret, for its purpose, in its place, unchanged, or not at all.

#![expect(clippy::unwrap_used, reason = "a helper of tests that cannot go on has found a failure")]

use std::fs;
use std::time::Instant;

use lianfang_trust::Canonical;
use lianfang_trust::at_rest::file::{FileError, read_limited, read_secret, write_atomically};
use lianfang_trust::at_rest::{
    AtRestError, BlindIndex, ColumnCipher, Cost, KeyRing, MAX_VALUE, MasterKey, UnlockMethod, UnlockSecret,
    VALUE_OVERHEAD, open_file, seal_file,
};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn passphrase(text: &str) -> UnlockSecret {
    UnlockSecret::passphrase(text.as_bytes()).unwrap()
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(7)
}

#[test]
fn a_passphrase_is_changed_and_what_is_sealed_stays() {
    let (old, new) =
        (passphrase("the old passphrase"), UnlockSecret::key_file(&rng().random::<[u8; 48]>()).unwrap());
    let cost = Cost::danger_almost_free();
    let (ring, master) = KeyRing::create(&old, cost, &mut rng()).unwrap();
    let sealed = seal_file(&master, "node/share", b"share", &mut rng()).unwrap();
    let ring = KeyRing::wrap(&ring.unlock(&old).unwrap(), &new, cost, &mut rng()).unwrap();
    let master = KeyRing::decode(&ring.encode()).unwrap().unlock(&new).unwrap();
    assert_eq!(open_file(&master, "node/share", &sealed).unwrap().as_slice(), b"share");
    let refused = ring.unlock(&old).err().unwrap();
    assert_eq!(
        refused,
        AtRestError::OtherMethod { stored: UnlockMethod::KeyFile, given: UnlockMethod::Passphrase }
    );
    assert!(refused.to_string().contains("sealed by a key file, and a passphrase was given"));
}

#[test]
fn a_wrong_secret_is_called_so() {
    let cost = Cost::danger_almost_free();
    let (ring, _) = KeyRing::create(&passphrase("right passphrase"), cost, &mut rng()).unwrap();
    assert_eq!(ring.unlock(&passphrase("wrong passphrase")).err(), Some(AtRestError::WrongSecret));
    assert!(ring.unlock(&passphrase("right passphrase\n")).is_ok());
    let (ring, _) = KeyRing::create(&UnlockSecret::key_file(&[1; 32]).unwrap(), cost, &mut rng()).unwrap();
    assert_eq!(ring.unlock(&UnlockSecret::key_file(&[2; 32]).unwrap()).err(), Some(AtRestError::WrongSecret));
}

#[test]
fn every_changed_byte_of_a_key_ring_is_refused() {
    let secret = UnlockSecret::key_file(&[1; 32]).unwrap();
    let (ring, _) = KeyRing::create(&secret, Cost::STANDARD, &mut rng()).unwrap();
    let bytes = ring.encode();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let opened = KeyRing::decode(&changed).map(|ring| ring.unlock(&secret).is_ok());
        assert_ne!(opened, Ok(true), "byte {at}");
    }
}

#[test]
fn secrets_and_costs_out_of_range() {
    let refused = |method, least, most| Some(AtRestError::SecretLength { method, least, most });
    assert_eq!(UnlockSecret::passphrase(b"seven..\n").err(), refused(UnlockMethod::Passphrase, 8, 1024));
    assert_eq!(UnlockSecret::key_file(&[0; 31]).err(), refused(UnlockMethod::KeyFile, 32, 4096));
    for (memory, passes, lanes) in
        [(7, 1, 1), (1 << 21, 1, 1), (64, 0, 1), (64, 17, 1), (64, 1, 0), (64, 1, 17), (64, 1, 9)]
    {
        assert_eq!(Cost::new(memory, passes, lanes), Err(AtRestError::Cost));
    }
    assert!(Cost::new(64, 1, 8).is_ok());
}

#[test]
fn a_sealed_file_is_bound_to_its_purpose_and_key() {
    let (one, other) = (MasterKey::ephemeral(&mut rng()), MasterKey::ephemeral(&mut rand::rng()));
    let sealed = seal_file(&one, "node/identity", b"content", &mut rng()).unwrap();
    assert_eq!(open_file(&one, "node/identity", &sealed).unwrap().as_slice(), b"content");
    let renamed = open_file(&one, "node/share", &sealed).err();
    assert_eq!(renamed, Some(AtRestError::OtherPurpose { expected: "node/share" }));
    assert_eq!(open_file(&other, "node/identity", &sealed).err(), Some(AtRestError::Broken));
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 0x10;
        assert!(open_file(&one, "node/identity", &changed).is_err(), "byte {at}");
        assert!(open_file(&one, "node/identity", &sealed[..at]).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn column_round_trip(row in any::<i64>(), value in prop::collection::vec(any::<u8>(), 0..200)) {
        let cipher = ColumnCipher::new(&MasterKey::ephemeral(&mut rng()), "records", "identifier");
        let sealed = cipher.seal(row, &value, &mut rand::rng()).unwrap();
        prop_assert_eq!(sealed.len(), value.len() + VALUE_OVERHEAD);
        prop_assert_eq!(&*cipher.open(row, &sealed).unwrap(), &value);
        prop_assert_eq!(cipher.open(row.wrapping_add(1), &sealed), Err(AtRestError::Broken));
    }
}

#[test]
fn a_sealed_value_is_bound_to_its_cell() {
    let master = MasterKey::ephemeral(&mut rng());
    let cipher = ColumnCipher::new(&master, "records", "identifier");
    let sealed = cipher.seal(3, b"value", &mut rng()).unwrap();
    // The last pair has the same letters: where one name ends and the next begins is part of the key.
    for (table, column) in [("records", "other"), ("others", "identifier"), ("recordsi", "dentifier")] {
        let elsewhere = ColumnCipher::new(&master, table, column);
        assert_eq!(elsewhere.open(3, &sealed), Err(AtRestError::Broken));
    }
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert_eq!(cipher.open(3, &changed), Err(AtRestError::Broken), "byte {at}");
        assert_eq!(cipher.open(3, &sealed[..at]), Err(AtRestError::Broken));
    }
    let long = vec![0; MAX_VALUE + 1];
    assert_eq!(cipher.seal(3, &long, &mut rng()), Err(AtRestError::TooLong { limit: MAX_VALUE }));
}

#[test]
fn an_index_finds_equal_values_of_one_column_only() {
    let master = MasterKey::ephemeral(&mut rng());
    let index = BlindIndex::new(&master, "records", "identifier");
    assert_eq!(index.of(b"value"), BlindIndex::new(&master, "records", "identifier").of(b"value"));
    assert_ne!(index.of(b"value"), index.of(b"valuf"));
    assert_ne!(index.of(b"value"), BlindIndex::new(&master, "records", "other").of(b"value"));
    let other = MasterKey::ephemeral(&mut rand::rng());
    assert_ne!(index.of(b"value"), BlindIndex::new(&other, "records", "identifier").of(b"value"));
}

/// A job seals and opens a million values: this must stay a matter of a second or two. The bound is far above what is
/// measured, for slow and shared machines.
#[test]
fn sealing_is_fast_enough_for_a_million_rows() {
    let cipher = ColumnCipher::new(&MasterKey::ephemeral(&mut rng()), "outputs", "y");
    let (mut rng, value, rows) = (rng(), [5; 64], 20_000);
    let start = Instant::now();
    for row in 0..rows {
        let sealed = cipher.seal(row, &value, &mut rng).unwrap();
        assert_eq!(cipher.open(row, &sealed).unwrap().as_slice(), value);
    }
    let per_pair = start.elapsed() / u32::try_from(rows).unwrap();
    println!("seal and open: {per_pair:?}");
    assert!(per_pair.as_micros() < 50, "{per_pair:?} for one value sealed and opened");
}

#[test]
fn files_are_replaced_whole_and_kept_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key-ring");
    write_atomically(&path, b"first").unwrap();
    // What a crash in the middle of a write leaves behind.
    fs::write(folder.path().join("key-ring.unfinished"), b"half").unwrap();
    write_atomically(&path, b"second").unwrap();
    assert_eq!(read_secret(&path, 6).unwrap().as_slice(), b"second");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(matches!(read_secret(&path, 5), Err(FileError::Unexpected { limit: 5, .. })));
    assert!(matches!(read_limited(folder.path(), 1 << 20), Err(FileError::Unexpected { .. })));
    assert!(matches!(read_limited(&folder.path().join("none"), 9), Err(FileError::Io { .. })));
    assert!(matches!(write_atomically(std::path::Path::new("/"), b""), Err(FileError::NoName { .. })));
    let nowhere = folder.path().join("missing").join("file");
    assert!(matches!(write_atomically(&nowhere, b""), Err(FileError::Io { .. })));
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("passphrase");
    write_atomically(&path, b"secret").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(read_secret(&path, 100), Err(FileError::TooOpen { mode: 0o640, .. })));
    assert_eq!(read_limited(&path, 100).unwrap().as_slice(), b"secret");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_unfinished_file_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, victim) = (folder.path().join("state"), folder.path().join("victim"));
    fs::write(&victim, b"untouched").unwrap();
    std::os::unix::fs::symlink(&victim, folder.path().join("state.unfinished")).unwrap();
    write_atomically(&path, b"new").unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"untouched");
    assert_eq!(fs::read(&path).unwrap(), b"new");
}
