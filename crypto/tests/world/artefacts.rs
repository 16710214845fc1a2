//! One example of every encoding, the same bytes on every machine.

use lianfang_crypto::ceremony::context::CeremonyKind;
use lianfang_crypto::ceremony::repair::RepairPlan;
use lianfang_crypto::ceremony::{generate, refresh};
use lianfang_crypto::group::element::elements_digest;
use lianfang_crypto::oprf::blind::{BlindedElements, ChunkSeed};
use lianfang_crypto::oprf::check::{AnswerRefused, Gathering};
use lianfang_crypto::oprf::finalise::Output;
use lianfang_crypto::seal;

use super::{
    Holders, SeededRng, TERMS, agreed, ask, blinded, context, gather, index, inputs, outputs, seeds, set,
};

/// A fuzz target's name, the example's name, its bytes. Without a target the bytes are only golden.
pub(crate) type Artefact = (Option<&'static str>, &'static str, Vec<u8>);

pub(crate) fn all() -> Vec<Artefact> {
    let holders = Holders::generate(2, 3, 1);
    [oprf(&holders), accusations(&holders), ceremonies(&holders)].concat()
}

fn oprf(holders: &Holders) -> Vec<Artefact> {
    let share = &holders.shares[&index(1)];
    let (_, elements) = blinded(3, 4);
    let (answer, proof) = share.blind_evaluate(&elements, &mut SeededRng::new(1)).unwrap();
    let output = outputs(holders, &[1, 2], 1).remove(0);
    let (tag, _) = output.tag_and_seal(&TERMS);
    let (sealing_tag, key) = Output::restore(&mut [3; 64]).tag_and_seal(&TERMS);
    let place = seal::Place { terms_digest: &TERMS, bank: b"bank-a", tag: &sealing_tag };
    let seed = ChunkSeed::draw(&mut SeededRng::new(77), b"node secret", b"chunk 0");
    vec![
        (None, "chunk_seed", seed.to_sealed_bytes().to_vec()),
        (Some("revealed_blind"), "revealed_blind", seed.reveal(0, &inputs(1)[0]).to_bytes().to_vec()),
        (None, "elements_digest", elements_digest(b"context", elements.packed()).to_vec()),
        (Some("elements"), "blinded_elements", elements.packed().to_vec()),
        (Some("elements"), "evaluated_elements", answer.into_packed()),
        (Some("proof"), "proof", proof.encode().to_vec()),
        (None, "output", output.to_sealed_bytes().to_vec()),
        (None, "tag", tag.as_bytes().to_vec()),
        (Some("sealed_label"), "sealed_label", seal::seal(&key, [5; 24], place, b"label").unwrap()),
        (Some("key_share"), "key_share", share.to_sealed_bytes().to_vec()),
        (Some("public_key_set"), "public_key_set", holders.keys.encode()),
    ]
}

fn accusations(holders: &Holders) -> Vec<Artefact> {
    let quorum = holders.quorum(&[1, 2]);
    let mut gathering = Gathering::new(holders.keys.clone(), blinded(9, 9).1, None).unwrap();
    let mut answer = quorum[0].evaluate(gathering.blinded()).into_packed();
    let reflected = [&gathering.blinded().packed()[..32], &answer[32..]].concat();
    let Err(AnswerRefused::Reflected { accusation: reflected, .. }) =
        gathering.accept(index(1), &reflected, None)
    else {
        panic!("reflected")
    };
    answer.copy_within(32..64, 0);
    gathering.accept(index(1), &answer, None).unwrap();
    gather(&mut gathering, &quorum[1..]);
    let mut request = ask(gathering, 4);
    super::answer_check(&mut request, quorum[0]);
    let element = BlindedElements::decode(&request.element(), 1).unwrap();
    let (_, proof) = quorum[0].blind_evaluate(&element, &mut SeededRng::new(6)).unwrap();
    let wrong = quorum[1].evaluate(&element);
    let Err(AnswerRefused::InvalidProof { accusation: void, .. }) =
        request.accept(index(2), wrong.packed(), &proof.encode())
    else {
        panic!("void")
    };
    let failed = request.decide().err().unwrap();
    vec![
        (Some("accusation"), "accusation_reflected", reflected.encode()),
        (Some("accusation"), "accusation_proof", void.encode()),
        (Some("accusation"), "accusation_sum", failed.accused[0].encode()),
    ]
}

fn ceremonies(holders: &Holders) -> Vec<Artefact> {
    let threshold = holders.keys.threshold();
    let seeds = seeds(threshold, 1);
    let generation = context(CeremonyKind::Generate, threshold, 1);
    let messages =
        seeds.iter().map(|(me, seed)| (*me, generate::open(&generation, *me, seed).unwrap())).collect();
    let agreed = agreed(&generation, &messages);
    let packages = generate::deal(&agreed, index(1), &seeds[&index(1)]).unwrap();
    let refreshing = context(CeremonyKind::Refresh, threshold, 2);
    let repairing = context(CeremonyKind::Repair, threshold, 3);
    let plan = RepairPlan::new(&repairing, holders.keys.clone(), index(3), set(&[1, 2])).unwrap();
    let deltas = |number| plan.deltas(&holders.shares[&index(number)], &seeds[&index(number)]).unwrap();
    let (one, two) = (deltas(1), deltas(2));
    let to_one = [(index(1), one[&index(1)].clone()), (index(2), two[&index(1)].clone())].into();
    vec![
        (None, "context_digest", generation.digest().to_vec()),
        (None, "transcript_digest", agreed.digest().to_vec()),
        (Some("commitment"), "generate_commitment", messages[&index(1)].clone()),
        (
            Some("commitment"),
            "refresh_commitment",
            refresh::open(&refreshing, index(1), &seeds[&index(1)]).unwrap(),
        ),
        (Some("secret_message"), "share_package", packages[&index(2)].to_vec()),
        (Some("secret_message"), "repair_delta", one[&index(2)].to_vec()),
        (Some("secret_message"), "repair_sigma", plan.sigma(index(1), &to_one).unwrap().to_vec()),
    ]
}
