//! Prints what a hash of one element costs, many at once and one at a time:
//! `cargo bench -p lianfang-crypto --bench hashes`.
#![expect(clippy::print_stdout, reason = "its only purpose is to print")]

use std::hint::black_box;
use std::time::Instant;

use hmac::{Hmac, KeyInit, Mac};
use lianfang_crypto::lanes::engine::Lanes;
use lianfang_crypto::lanes::hashes;
use lianfang_crypto::oprf::finalise::Output;
use lianfang_crypto::tag;
use sha2::{Digest, Sha512};

const COUNT: u16 = 4096;
const ROUNDS: usize = 40;
const DOMAIN: &[u8] = b"HashToGroup-OPRFV1-\x01-ristretto255-SHA512";
const KEY: &[u8] = &[7; 32];
const TERMS: [u8; 64] = [9; 64];

/// Nanoseconds per element, in the best of several rounds.
fn best<T>(mut round: impl FnMut() -> T) -> f64 {
    let time = |_| {
        let start = Instant::now();
        drop(black_box(round()));
        start.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(time).fold(f64::INFINITY, f64::min) * 1e9 / f64::from(COUNT)
}

fn compare<A, B>(name: &str, ours: impl FnMut() -> A, one_at_a_time: impl FnMut() -> B) {
    let (ours, theirs) = (best(ours), best(one_at_a_time));
    println!("{name:34} {ours:8.1} ns {theirs:8.1} ns {:6.2}×", theirs / ours);
}

fn sha512(parts: &[&[u8]]) -> [u8; 64] {
    let mut hash = Sha512::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

fn main() {
    println!(
        "{:34} {:>11} {:>11} {:>7}",
        format!("lanes: {}", Lanes::current().name()),
        "ours",
        "sha2",
        "ratio"
    );
    let texts: Vec<Vec<u8>> =
        (0..COUNT).map(|i| format!("china-id|v1|11010119{i:06}{i:04x}").into_bytes()).collect();
    let messages: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let lens: Vec<[u8; 127]> = (0..COUNT).map(|i| [i.to_le_bytes()[0]; 127]).collect();
    let mixed: Vec<&[u8]> = lens.iter().zip(0..).map(|(text, i): (_, usize)| &text[i * 37 % 128..]).collect();
    let outputs: Vec<Output> = (0..COUNT).map(|i| Output::restore(&mut [i.to_le_bytes()[0]; 64])).collect();
    let each = |one: &dyn Fn(&[u8]) -> [u8; 64]| messages.iter().map(|text| one(text)).collect::<Vec<_>>();

    compare("sha512, one block", || hashes::digests(&messages), || each(&|text| sha512(&[text])));
    let four: Vec<[u8; 480]> = (0..COUNT).map(|i| [i.to_le_bytes()[0]; 480]).collect();
    let four: Vec<&[u8]> = four.iter().map(<[u8; 480]>::as_slice).collect();
    let theirs = || four.iter().map(|text| sha512(&[text])).collect::<Vec<_>>();
    compare("sha512, four blocks", || hashes::digests(&four), theirs);
    let theirs = || mixed.iter().map(|text| sha512(&[text])).collect::<Vec<_>>();
    compare("sha512, 0 to 127 bytes", || hashes::digests(&mixed), theirs);
    let theirs = || {
        each(&|text| {
            let first = sha512(&[&[0; 128], text, &[0, 64, 0], DOMAIN, &[40]]);
            sha512(&[&first, &[1], DOMAIN, &[40]])
        })
    };
    compare("expand_message_xmd (2 of 3 blocks)", || hashes::expand_message(&messages, DOMAIN), theirs);
    let theirs = || {
        each(&|text| {
            let mut mac = Hmac::<Sha512>::new_from_slice(KEY).expect("any length is a key");
            mac.update(DOMAIN);
            mac.update(text);
            mac.finalize().into_bytes().into()
        })
    };
    compare("hmac, one key (2 of 4 blocks)", || hashes::macs(KEY, DOMAIN, &messages), theirs);
    let theirs = || outputs.iter().map(|output| output.tag_and_seal(&TERMS)).collect::<Vec<_>>();
    compare("tag and seal (4 blocks)", || tag::tags_and_seals(&outputs, &TERMS), theirs);
    compare("tag alone (4 blocks)", || tag::tags(&outputs, &TERMS), theirs);
    let single = best(|| messages.iter().for_each(|text| drop(hashes::digests(&[*text]))));
    let alone = best(|| each(&|text| sha512(&[text])));
    println!("{:34} {single:8.1} ns {alone:8.1} ns {:6.2}×", "sha512, batches of one", alone / single);
}
