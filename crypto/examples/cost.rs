//! Prints what each stage costs per element on one core: `cargo run --release -p lianfang-crypto --example cost`.
#![expect(clippy::print_stdout, reason = "its only purpose is to print")]
#![expect(clippy::unwrap_used, reason = "honest parties on one machine; a failure here should stop it")]

#[path = "../tests/world/mod.rs"]
mod world;

use std::time::Instant;

use lianfang_crypto::oprf::blind::BlindedElements;
use lianfang_crypto::oprf::check::Gathering;
use world::{Holders, answer_check, ask, blinded, index};

const COUNT: usize = 4096;

/// Runs `stage` and prints its time per element.
fn timed<T>(name: &str, stage: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = stage();
    println!("{name:28} {:8.2} µs", start.elapsed().as_secs_f64() * 1e6 / f64::from(4096_u16));
    result
}

fn main() {
    let holders = Holders::generate(3, 5, 1);
    let quorum = holders.quorum(&[1, 3, 5]);
    let (blinding, elements) = timed("blind", || blinded(COUNT, COUNT));
    let packed = elements.packed().to_vec();
    let decoded = timed("holder: decode", || BlindedElements::decode(&packed, COUNT).unwrap());
    let mut gathering = Gathering::new(holders.keys.clone(), elements, None).unwrap();
    for share in &quorum {
        let answer = timed("holder: evaluate", || share.evaluate(&decoded));
        timed("accept one answer", || gathering.accept(share.holder(), answer.packed(), None).unwrap());
    }
    let mut request = timed("weights and C", || ask(gathering, 1));
    timed("C: evaluate and verify, T=3", || {
        for share in &quorum {
            answer_check(&mut request, share);
        }
    });
    let checked = timed("combine shares and check", || request.decide().unwrap());
    timed("unblind and finalise", || blinding.finalise(checked, None).unwrap());

    let own = holders.shares[&index(3)].own_share();
    let others = holders.quorum(&[1, 5]);
    let (blinding, elements) = blinded(COUNT, COUNT);
    let mut gathering = Gathering::new(holders.keys.clone(), elements, Some(&own)).unwrap();
    world::gather(&mut gathering, &others);
    let checked = world::decide(gathering, &others).unwrap();
    timed("the same with an own share", || blinding.finalise(checked, Some(&own)).unwrap());
}
