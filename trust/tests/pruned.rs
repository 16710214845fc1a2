//! Pruned trees: every subset of small trees, and everything that a dishonest sender could try.

#![expect(clippy::unwrap_used, reason = "a helper of tests that cannot go on has found a failure")]

use std::cell::Cell;
use std::io::{self, Cursor};

use lianfang_trust::merkle::pruned::{
    Item, ItemReader, Levels, LevelsError, LevelsWriter, MAX_LOG2, ProveError, Prover, PrunedVerifier, Step,
    StoredLevels, level_offset, levels_bytes,
};
use lianfang_trust::merkle::{Hash, ProofError, RootBuilder, leaf_hash};
use proptest::prelude::*;

fn leaf(place: u64) -> Vec<u8> {
    place.to_be_bytes()[4..].to_vec()
}

/// All levels of the tree of `2^log2` leaves, as they would stand in a file.
fn levels(log2: u8) -> (Hash, Vec<u8>) {
    let mut writer = LevelsWriter::new(Cursor::new(Vec::new()), log2).unwrap();
    for place in 0..1 << log2 {
        writer.push(leaf_hash(&leaf(place))).unwrap();
    }
    let (root, sink) = writer.finish().unwrap();
    (root, sink.into_inner())
}

fn stored(log2: u8, bytes: &[u8]) -> impl Levels + '_ {
    let read_at = move |offset: u64, hash: &mut Hash| {
        let at = usize::try_from(offset).map_err(io::Error::other)?;
        hash.copy_from_slice(bytes.get(at..at + 32).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    };
    StoredLevels::new(log2, read_at).unwrap()
}

fn prune(log2: u8, levels: &impl Levels, places: &[u64]) -> Vec<u8> {
    let mut out = Vec::new();
    for step in Prover::new(levels, log2, places.iter().copied()).unwrap() {
        match step.unwrap() {
            Step::Leaf(place) => Item::Leaf(&leaf(place)).write(&mut out).unwrap(),
            Step::Hash { height, hash } => Item::Hash { height, hash }.write(&mut out).unwrap(),
        }
    }
    out
}

fn check(log2: u8, root: &Hash, bytes: &[u8]) -> Result<Vec<(u64, Vec<u8>)>, ProofError> {
    let mut verifier = PrunedVerifier::new(log2)?;
    let mut disclosed = Vec::new();
    for item in ItemReader::new(bytes, 16) {
        let item = item?;
        if let (Some(place), Item::Leaf(leaf)) = (verifier.push(item)?, item) {
            disclosed.push((place, leaf.to_vec()));
        }
    }
    verifier.finish(root)?;
    Ok(disclosed)
}

fn subset(bits: u64) -> Vec<u64> {
    (0..64).filter(|place| bits >> place & 1 == 1).collect()
}

fn proves(log2: u8, root: &Hash, file: &[u8], places: &[u64]) {
    let pruned = prune(log2, &stored(log2, file), places);
    let expected: Vec<_> = places.iter().map(|place| (*place, leaf(*place))).collect();
    assert_eq!(check(log2, root, &pruned), Ok(expected), "{places:?}");
}

#[test]
fn every_subset_of_up_to_eight_leaves_and_many_of_sixteen() {
    for log2 in 0..=3 {
        let (root, file) = levels(log2);
        for bits in 0..1_u64 << (1 << log2) {
            proves(log2, &root, &file, &subset(bits));
        }
    }
    let (root, file) = levels(4);
    for bits in (0..=0xffff).step_by(37).chain([0xffff]) {
        proves(4, &root, &file, &subset(bits));
    }
}

#[test]
fn levels_stand_where_they_can_be_computed() {
    for log2 in 0..=11 {
        let (root, file) = levels(log2);
        assert_eq!(file.len() as u64, levels_bytes(log2));
        let mut builder = RootBuilder::new();
        for place in 0..1 << log2 {
            builder.push(&leaf(place));
            let at = usize::try_from(place).unwrap() * 32;
            assert_eq!(file[at..at + 32], leaf_hash(&leaf(place)));
        }
        assert_eq!(builder.finish(), root);
        assert_eq!(file[file.len() - 32..], root);
        assert_eq!(level_offset(log2, log2), levels_bytes(log2) - 32);
        assert!(stored(log2, &file).node(log2 + 1, 0).is_err());
        assert!(stored(log2, &file).node(0, 1 << log2).is_err());
    }
    assert_eq!(level_offset(10, 0), 0);
    assert_eq!(level_offset(10, 1), 1024 * 32);
    assert_eq!(level_offset(10, 2), (1024 + 512) * 32);
}

/// A tree whose nodes are made up as they are asked for, and counted.
struct Imagined(Cell<u32>);

impl Levels for Imagined {
    fn node(&self, height: u8, _: u64) -> io::Result<Hash> {
        self.0.set(self.0.get() + 1);
        Ok([height; 32])
    }
}

#[test]
fn one_leaf_of_the_largest_tree_costs_one_hash_a_level() {
    for place in [0, 1, 12_345_678_901, (1 << MAX_LOG2) - 1] {
        let tree = Imagined(Cell::new(0));
        let steps = Prover::new(&tree, MAX_LOG2, [place]).unwrap().map(Result::unwrap).count();
        assert_eq!((steps, tree.0.get()), (41, 40));
    }
}

#[test]
fn places_out_of_order_or_outside() {
    let tree = Imagined(Cell::new(0));
    for places in [vec![3, 3], vec![3, 2], vec![0, 8], vec![7, 8], vec![u64::MAX]] {
        let refused = *places.last().unwrap();
        let mut steps = Prover::new(&tree, 3, places).unwrap();
        let error = steps.find_map(Result::err).unwrap();
        assert!(matches!(error, ProveError::Place { place } if place == refused));
        assert!(steps.next().is_none());
    }
    assert!(Prover::new(&tree, 41, []).is_err());
    assert!(PrunedVerifier::new(41).is_err());
}

#[test]
fn an_unreadable_level_ends_the_proof() {
    struct Torn;
    impl Levels for Torn {
        fn node(&self, _: u8, _: u64) -> io::Result<Hash> {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
    let mut steps = Prover::new(&Torn, 3, [0, 4]).unwrap();
    assert!(matches!(steps.next(), Some(Ok(Step::Leaf(0)))));
    assert!(matches!(steps.next(), Some(Err(ProveError::Read(_)))));
    assert!(steps.next().is_none());
}

fn push_all(log2: u8, items: &[Item<'_>]) -> Result<(), ProofError> {
    let mut verifier = PrunedVerifier::new(log2)?;
    for item in items {
        verifier.push(*item)?;
    }
    verifier.finish(&[0; 32])
}

#[test]
fn malformed_trees_are_refused() {
    let hash = |height| Item::Hash { height, hash: [1; 32] };
    let leaf = Item::Leaf(b"leaf");
    assert_eq!(push_all(2, &[hash(0), hash(0)]), Err(ProofError::NotMaximal));
    assert_eq!(push_all(2, &[hash(1), hash(1)]), Err(ProofError::NotMaximal));
    assert_eq!(push_all(2, &[leaf, hash(1)]), Err(ProofError::Misplaced { height: 1 }));
    assert_eq!(push_all(2, &[hash(3)]), Err(ProofError::Misplaced { height: 3 }));
    assert_eq!(push_all(2, &[hash(255)]), Err(ProofError::Misplaced { height: 255 }));
    assert_eq!(push_all(2, &[leaf, hash(2)]), Err(ProofError::Misplaced { height: 2 }));
    assert_eq!(push_all(2, &[hash(2), leaf]), Err(ProofError::Overrun));
    assert_eq!(push_all(2, &[leaf, leaf, hash(1), hash(0)]), Err(ProofError::Overrun));
    assert_eq!(push_all(2, &[leaf, leaf]), Err(ProofError::Unfinished));
    assert_eq!(push_all(2, &[]), Err(ProofError::Unfinished));
    assert_eq!(push_all(2, &[hash(2)]), Err(ProofError::OtherRoot));
    assert_eq!(push_all(2, &[leaf, hash(0), hash(1)]), Err(ProofError::OtherRoot));
    // Once refused, nothing helps.
    let mut verifier = PrunedVerifier::new(1).unwrap();
    assert!(verifier.push(hash(2)).is_err());
    assert!(verifier.push(hash(1)).is_err());
    assert!(verifier.finish(&[1; 32]).is_err());
}

#[test]
fn every_changed_byte_is_refused() {
    let (root, file) = levels(4);
    let pruned = prune(4, &stored(4, &file), &[2, 3, 9]);
    for at in 0..pruned.len() {
        for mask in [1, 0x80] {
            let mut changed = pruned.clone();
            changed[at] ^= mask;
            assert!(check(4, &root, &changed).is_err(), "byte {at}");
        }
        assert!(check(4, &root, &pruned[..at]).is_err());
    }
    assert!(check(3, &root, &pruned).is_err());
    assert!(check(5, &root, &pruned).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_subset_of_1024(places in prop::collection::btree_set(0_u64..1024, 0..80)) {
        let (root, file) = levels(10);
        let places: Vec<_> = places.into_iter().collect();
        proves(10, &root, &file, &places);
    }

    #[test]
    fn a_leaf_cannot_be_left_out_or_exchanged(places in prop::collection::btree_set(0_u64..64, 1..20), at in any::<prop::sample::Index>()) {
        let (root, file) = levels(6);
        let places: Vec<_> = places.into_iter().collect();
        let pruned = prune(6, &stored(6, &file), &places);
        let items: Vec<_> = ItemReader::new(&pruned, 16).map(Result::unwrap).collect();
        let at = at.index(items.len());
        for instead in [None, Some(Item::Leaf(b"another")), Some(Item::Hash { height: 0, hash: [0; 32] })] {
            let mut out = Vec::new();
            for (index, item) in items.iter().enumerate() {
                if index != at {
                    item.write(&mut out).unwrap();
                } else if let Some(instead) = instead {
                    instead.write(&mut out).unwrap();
                }
            }
            prop_assert!(check(6, &root, &out).is_err());
        }
    }
}

#[test]
fn the_writer_counts_its_leaves() {
    let mut writer = LevelsWriter::new(Cursor::new(Vec::new()), 1).unwrap();
    writer.push([0; 32]).unwrap();
    writer.push([1; 32]).unwrap();
    assert!(matches!(writer.push([2; 32]), Err(LevelsError::Full { leaves: 2 })));
    let mut writer = LevelsWriter::new(Cursor::new(Vec::new()), 2).unwrap();
    writer.push([0; 32]).unwrap();
    assert!(matches!(writer.finish(), Err(LevelsError::Unfinished { leaves: 4, given: 1 })));
    assert!(LevelsWriter::new(Cursor::new(Vec::new()), 41).is_err());
}

#[test]
fn long_and_cut_leaves() {
    let mut bytes = Vec::new();
    Item::Leaf(&[0; 17]).write(&mut bytes).unwrap();
    assert_eq!(
        ItemReader::new(&bytes, 16).next().map(Result::err),
        Some(Some(ProofError::LeafTooLong { limit: 16 }))
    );
    assert!(matches!(ItemReader::new(&bytes[..20], 17).next(), Some(Err(ProofError::Malformed))));
    let mut reader = ItemReader::new(&[0x7f; 33], 17);
    assert!(matches!(reader.next(), Some(Err(ProofError::Malformed))));
    assert!(reader.next().is_none());
}
