//! RFC 9497, appendix A.1.2: every value of the ristretto255-SHA512 VOPRF vectors, through the same functions that run
//! in production and on each engine that this CPU has, with blinds and proof nonce as the vector fixes them.

use super::*;
use crate::lanes::Lanes;
use crate::oprf::blind::{BlindedElements, blind_with};
use crate::oprf::check::{Closed, Gathering};
use crate::oprf::input::Input;
use crate::share::threshold::Threshold;
use crate::test_rng::SeededRng;

const VECTORS: &str = include_str!("../../tests/vectors/rfc9497-ristretto255-sha512.json");

fn unhex(value: &serde_json::Value) -> Vec<Vec<u8>> {
    value.as_str().unwrap().split(',').map(|part| hex::decode(part).unwrap()).collect()
}

fn scalars(value: &serde_json::Value) -> Vec<Scalar> {
    let parse = |bytes: Vec<u8>| Scalar::from_canonical_bytes(bytes.try_into().unwrap()).unwrap();
    unhex(value).into_iter().map(parse).collect()
}

/// The server's key, and its vectors.
fn suite() -> (Scalar, serde_json::Value, Vec<serde_json::Value>) {
    let all: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
    let suite = all["suites"].as_array().unwrap().iter().find(|suite| suite["mode"] == 1).unwrap().clone();
    let vectors = suite["vectors"].as_array().unwrap().clone();
    assert!(vectors.iter().any(|vector| vector["Batch"] == 2), "the batch vector is there");
    (scalars(&suite["skSm"])[0], suite["pkSm"].clone(), vectors)
}

fn share_of(secret: Scalar, holder: u8) -> KeyShare {
    let threshold = Threshold::new(2, 3).unwrap();
    let key = RistrettoPoint::mul_base(&suite().0);
    KeyShare::new(threshold, HolderIndex::new(holder).unwrap(), key, &Zeroizing::new(secret))
}

fn client(vector: &serde_json::Value) -> (crate::oprf::blind::Blinding, BlindedElements) {
    let inputs = unhex(&vector["Input"]).iter().map(|bytes| Input::verbatim(bytes).unwrap()).collect();
    blind_with(inputs, Zeroizing::new(scalars(&vector["Blind"]))).unwrap()
}

#[test]
fn on_each_engine() {
    let done: Vec<Lanes> = Lanes::ALL
        .into_iter()
        .filter(|lanes| lanes.on(|| (server_side(), client_side_with_the_key_shared_among_three())).is_some())
        .collect();
    assert!(done.contains(&Lanes::Portable));
}

fn server_side() {
    let (key, public, vectors) = suite();
    let server = share_of(key, 1);
    assert_eq!(server.public().to_vec(), unhex(&public)[0]);
    for vector in &vectors {
        let (_, blinded) = client(vector);
        assert_eq!(blinded.packed(), unhex(&vector["BlindedElement"]).concat());
        let evaluated = server.evaluate(&blinded);
        assert_eq!(evaluated.packed(), unhex(&vector["EvaluationElement"]).concat());
        let (encodings, _) = evaluated.packed().as_chunks::<32>();
        let nonce = scalars(&vector["Proof"]["r"])[0];
        let proof = generate_with_nonce(&server, &blinded.0, encodings, &nonce);
        assert_eq!(proof.encode().to_vec(), unhex(&vector["Proof"]["proof"])[0]);
        let evaluated = Elements::decode(evaluated.packed(), 2, "answer").unwrap();
        assert!(proof.holds(server.public_point(), &blinded.0, &evaluated));
    }
}

fn client_side_with_the_key_shared_among_three() {
    let (key, _, vectors) = suite();
    let slope = Scalar::from(0x1234_5678_9abc_def0_u64);
    let shares: Vec<KeyShare> = (1..=3).map(|j| share_of(key + slope * Scalar::from(j), j)).collect();
    let publics = shares.iter().map(|share| *share.public_point()).collect();
    let threshold = Threshold::new(2, 3).unwrap();
    let keys = PublicKeySet::new(threshold, RistrettoPoint::mul_base(&key), publics).unwrap();
    let mut rng = SeededRng::new(1);
    for vector in &vectors {
        for quorum in [[0, 1], [0, 2], [2, 1]] {
            for own in [None, Some(shares[quorum[0]].own_share())] {
                let (blinding, blinded) = client(vector);
                let mut gathering = Gathering::new(keys.clone(), blinded, own.as_ref()).unwrap();
                for share in quorum.map(|i| &shares[i]).into_iter().skip(usize::from(own.is_some())) {
                    let (answer, proof) = share.blind_evaluate(gathering.blinded(), &mut rng).unwrap();
                    gathering.accept(share.holder(), answer.packed(), Some(&proof.encode())).unwrap();
                }
                let Ok(Closed::Passed(checked)) = gathering.close(&mut rng) else {
                    panic!("all proofs hold")
                };
                let outputs = blinding.finalise(checked, own.as_ref()).unwrap();
                let outputs: Vec<Vec<u8>> = outputs.iter().map(|o| o.to_sealed_bytes().to_vec()).collect();
                assert_eq!(outputs, unhex(&vector["Output"]));
            }
        }
    }
}
