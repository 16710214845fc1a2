//! The `voprf` crate as an oracle: its server and our holders, its client and our holders, give the same bytes.
#![allow(clippy::unwrap_used, reason = "in a test, what should not fail stops the test")]

mod world;

use std::convert::Infallible;

use lianfang_crypto::oprf::blind::{BlindedElements, ChunkSeed, blind};
use lianfang_crypto::oprf::check::{Closed, Gathering};
use lianfang_crypto::oprf::input::Input;
use proptest::prelude::*;
use voprf::{BlindedElement, EvaluationElement, Group, Proof, Ristretto255, VoprfClient, VoprfServer};
use world::{Holders, SeededRng, outputs, secret, subsets};

/// Our generator behind the trait that `voprf` takes.
struct ForVoprf(SeededRng);

impl rand_core_of_voprf::TryRngCore for ForVoprf {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        rand_core::TryRng::try_next_u32(&mut self.0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        rand_core::TryRng::try_next_u64(&mut self.0)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        rand_core::TryRng::try_fill_bytes(&mut self.0, out)
    }
}

impl rand_core_of_voprf::TryCryptoRng for ForVoprf {}

#[test]
fn every_quorum_gives_what_a_server_with_the_whole_key_gives() {
    let holders = Holders::generate(3, 5, 1);
    let server = VoprfServer::<Ristretto255>::new_with_key(holders.key().as_bytes()).unwrap();
    for count in [3, 20] {
        for quorum in subsets(5, 3) {
            let ours = outputs(&holders, &quorum, count);
            for (input, output) in world::inputs(count).iter().zip(ours) {
                let expected = server.evaluate(input.canonical_bytes()).unwrap();
                assert_eq!(output.to_sealed_bytes()[..], expected[..], "quorum {quorum:?}");
            }
        }
    }
}

#[test]
fn too_few_shares_give_something_else() {
    let holders = Holders::generate(3, 5, 1);
    for pair in subsets(5, 2) {
        assert_ne!(world::interpolate(&holders.quorum(&pair)), holders.key());
    }
    let refreshed = holders.refresh(2);
    let mixed = [
        &holders.shares[&world::index(1)],
        &holders.shares[&world::index(2)],
        &refreshed.shares[&world::index(3)],
    ];
    assert_ne!(world::interpolate(&mixed), holders.key(), "generations do not mix");
    assert_eq!(refreshed.key(), holders.key());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_voprf_client_accepts_our_holder(value in proptest::collection::vec(any::<u8>(), 1..80), number in any::<u64>()) {
        let holders = Holders::generate(2, 2, number);
        let share = &holders.shares[&world::index(1)];
        let client = VoprfClient::<Ristretto255>::blind(&value, &mut ForVoprf(SeededRng::new(number))).unwrap();
        let blinded = BlindedElements::decode(&client.message.serialize(), 1).unwrap();
        let (answer, proof) = share.blind_evaluate(&blinded, &mut SeededRng::new(number)).unwrap();
        let answer = EvaluationElement::<Ristretto255>::deserialize(answer.packed()).unwrap();
        let proof = Proof::<Ristretto255>::deserialize(&proof.encode()).unwrap();
        let public = <Ristretto255 as Group>::deserialize_elem(&share.public()).unwrap();
        let output = client.state.finalize(&value, &answer, &proof, public).unwrap();
        let server = VoprfServer::<Ristretto255>::new_with_key(secret(share).as_bytes()).unwrap();
        prop_assert_eq!(&output[..], &server.evaluate(&value).unwrap()[..]);
    }

    #[test]
    fn our_client_accepts_voprf_servers(
        values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..80), 1..8), number in any::<u64>()
    ) {
        let holders = Holders::generate(2, 3, number);
        let inputs = values.iter().map(|value| Input::verbatim(value).unwrap()).collect();
        let seed = ChunkSeed::draw(&mut SeededRng::new(number), b"secret", b"context");
        let (blinding, elements) = blind(inputs, &seed, 0).unwrap();
        let decoded: Vec<_> =
            elements.encodings().iter().map(|e| BlindedElement::<Ristretto255>::deserialize(e).unwrap()).collect();
        let mut gathering = Gathering::new(holders.keys.clone(), elements, None).unwrap();
        for holder in [1, 3] {
            let share = &holders.shares[&world::index(holder)];
            let server = VoprfServer::<Ristretto255>::new_with_key(secret(share).as_bytes()).unwrap();
            let result = server.batch_blind_evaluate(&mut ForVoprf(SeededRng::new(number)), &decoded).unwrap();
            let packed: Vec<u8> = result.messages.iter().flat_map(|m| m.serialize().to_vec()).collect();
            gathering.accept(share.holder(), &packed, Some(&result.proof.serialize())).unwrap();
        }
        let Ok(Closed::Passed(checked)) = gathering.close(&mut SeededRng::new(number)) else { panic!("passes") };
        let whole = VoprfServer::<Ristretto255>::new_with_key(holders.key().as_bytes()).unwrap();
        for (value, output) in values.iter().zip(blinding.finalise(checked, None).unwrap()) {
            prop_assert_eq!(&output.to_sealed_bytes()[..], &whole.evaluate(value).unwrap()[..]);
        }
    }
}
