//! Trees of every shape up to 70 leaves against the definition, and known roots.

use lianfang_trust::Canonical;
use lianfang_trust::merkle::{
    Hash, InclusionProof, ProofError, RootBuilder, empty_root, leaf_hash, node_hash, prove,
};

/// RFC 6962, section 2.1, word for word.
fn definition(leaves: &[Vec<u8>]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => leaf_hash(leaf),
        _ => {
            let mut split = 1;
            while split * 2 < leaves.len() {
                split *= 2;
            }
            node_hash(&definition(&leaves[..split]), &definition(&leaves[split..]))
        }
    }
}

fn leaves(count: u8) -> Vec<Vec<u8>> {
    (0..count).map(|index| vec![index; usize::from(index % 5)]).collect()
}

fn root(leaves: &[Vec<u8>]) -> Hash {
    let mut builder = RootBuilder::new();
    for leaf in leaves {
        builder.push(leaf);
    }
    assert_eq!(builder.leaves(), leaves.len() as u64);
    builder.finish()
}

#[test]
fn known_roots() {
    // The inputs and roots that Certificate Transparency's own implementations are tested with.
    let inputs =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let inputs: Vec<_> = inputs.iter().map(|input| hex::decode(input).unwrap()).collect();
    for (count, expected) in roots.iter().enumerate() {
        assert_eq!(&hex::encode(root(&inputs[..count])), expected);
    }
}

#[test]
fn every_leaf_of_every_tree() {
    for count in 0..=70 {
        let leaves = leaves(count);
        let root = root(&leaves);
        assert_eq!(root, definition(&leaves));
        let hashes: Vec<_> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
        for (index, leaf) in leaves.iter().enumerate() {
            let proof = prove(&hashes, index).unwrap();
            assert_eq!(proof.verify(leaf, &root), Ok(()), "leaf {index} of {count}");
            assert_eq!(InclusionProof::decode(&proof.encode()), Ok(proof.clone()));
            refuses_what_is_near(&proof, leaf, &root);
        }
        assert_eq!(prove(&hashes, leaves.len()), None);
    }
}

fn refuses_what_is_near(proof: &InclusionProof, leaf: &[u8], root: &Hash) {
    let other_leaf = [leaf, b"x"].concat();
    assert_eq!(proof.verify(&other_leaf, root), Err(ProofError::OtherRoot));
    let shifted = InclusionProof { index: proof.index + 1, ..proof.clone() };
    assert!(shifted.verify(leaf, root).is_err());
    let longer = InclusionProof { path: [proof.path.as_slice(), &[[0; 32]]].concat(), ..proof.clone() };
    assert_eq!(longer.verify(leaf, root), Err(ProofError::PathLength));
    if let Some((_, shorter)) = proof.path.split_last() {
        let shorter = InclusionProof { path: shorter.to_vec(), ..proof.clone() };
        assert_eq!(shorter.verify(leaf, root), Err(ProofError::PathLength));
    }
    for at in 0..proof.path.len() {
        let mut changed = proof.clone();
        changed.path[at][31] ^= 1;
        assert_eq!(changed.verify(leaf, root), Err(ProofError::OtherRoot));
    }
}

#[test]
fn places_outside_the_tree_and_at_its_limits() {
    let proof = |index, leaves| InclusionProof { index, leaves, path: vec![] };
    assert_eq!(proof(0, 0).verify(b"", &empty_root()), Err(ProofError::OutsideTree { leaves: 0 }));
    assert_eq!(proof(5, 5).verify(b"", &[0; 32]), Err(ProofError::OutsideTree { leaves: 5 }));
    let extreme = InclusionProof { index: u64::MAX - 1, leaves: u64::MAX, path: vec![[0; 32]; 64] };
    assert!(extreme.verify(b"", &[0; 32]).is_err());
}

#[test]
fn an_inner_node_does_not_pass_for_a_leaf() {
    let pair = [leaf_hash(b"a"), leaf_hash(b"b")];
    let inner = node_hash(&pair[0], &pair[1]);
    let proof = InclusionProof { index: 0, leaves: 1, path: vec![] };
    assert_eq!(proof.verify(&pair.concat(), &inner), Err(ProofError::OtherRoot));
}
