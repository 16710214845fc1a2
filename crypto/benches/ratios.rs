//! Prints, for each operation on batches, what an element costs here and what it costs with curve25519-dalek at its best:
//! `cargo bench -p lianfang-crypto --bench ratios`.
//!
//! Both are timed in turns in one run, and the best round of each counts. dalek's backend is the one that this build
//! gives it: with `RUSTFLAGS=-Ctarget-cpu=native` its fastest, otherwise the one that it chooses at run time. It is also
//! given its own batch encoding, which saves it a square root for each element.
#![expect(clippy::print_stdout, reason = "its only purpose is to print")]

use std::hint::black_box;
use std::time::Instant;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{MultiscalarMul, VartimeMultiscalarMul};
use lianfang_crypto::lanes::{self, Lanes, Scalars, hashes};
use sha2::{Digest, Sha512};

/// Elements of a batch.
const COUNT: usize = 4096;
/// Elements of a batch of which dalek does its share: its time for each does not depend on their number.
const SAMPLE: usize = 256;
const ROUNDS: usize = 12;
/// Single elements of a round.
const SINGLES: usize = 100;
const DOMAIN: &[u8] = b"HashToGroup-OPRFV1-\x01-ristretto255-SHA512";

fn seconds<T>(run: &mut impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    drop(black_box(run()));
    start.elapsed().as_secs_f64()
}

/// Times both in turns and prints the line.
fn compare<A, B>(
    name: &str,
    counts: (usize, usize),
    mut ours: impl FnMut() -> A,
    mut dalek: impl FnMut() -> B,
) {
    let mut best = (f64::INFINITY, f64::INFINITY);
    for _ in 0..ROUNDS {
        best = (best.0.min(seconds(&mut ours)), best.1.min(seconds(&mut dalek)));
    }
    let (ours, dalek) = (best.0 * 1e6 / counts.0 as f64, best.1 * 1e6 / counts.1 as f64);
    println!("{name:44} {ours:8.2} {dalek:8.2} {:7.2}×", dalek / ours);
}

/// What this build gives dalek.
fn dalek_backend() -> &'static str {
    if cfg!(curve25519_dalek_backend = "serial") {
        return "serial";
    }
    if cfg!(all(target_feature = "avx512ifma", target_feature = "avx512vl")) {
        return "avx512, chosen at compile time";
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        return "avx2, chosen at run time";
    }
    "serial"
}

/// One batch of everything, as bytes and as dalek has it.
struct Batch {
    texts: Vec<Vec<u8>>,
    encodings: Vec<[u8; 32]>,
    points: Vec<RistrettoPoint>,
    scalars: Vec<Scalar>,
    weights: Vec<u128>,
}

impl Batch {
    fn new(count: usize) -> Self {
        let wide = |i: usize, domain: u8| {
            let mut hash = Sha512::new();
            hash.update([domain]);
            hash.update(i.to_le_bytes());
            <[u8; 64]>::from(hash.finalize())
        };
        let points: Vec<_> = (0..count).map(|i| RistrettoPoint::from_uniform_bytes(&wide(i, 0))).collect();
        let scalars: Vec<_> = (0..count).map(|i| Scalar::from_bytes_mod_order_wide(&wide(i, 1))).collect();
        let low = |i| u128::from_le_bytes(*wide(i, 2).first_chunk().unwrap_or(&[1; 16]));
        Self {
            texts: (0..count).map(|i| format!("china-id|v1|110101{i:012}").into_bytes()).collect(),
            encodings: points.iter().map(|point| point.compress().0).collect(),
            points,
            scalars,
            weights: (0..count).map(low).collect(),
        }
    }

    fn texts(&self) -> Vec<&[u8]> {
        self.texts.iter().map(Vec::as_slice).collect()
    }
}

fn decompress(encoding: &[u8; 32]) -> RistrettoPoint {
    CompressedRistretto(*encoding).decompress().unwrap_or_default()
}

/// RFC 9380 section 5.3.1 with SHA-512, for 64 bytes.
fn expand(message: &[u8]) -> [u8; 64] {
    let suffix = |hash: &mut Sha512| {
        hash.update(DOMAIN);
        hash.update([DOMAIN.len().to_le_bytes()[0]]);
    };
    let mut first = Sha512::new();
    first.update([0; 128]);
    first.update(message);
    first.update([0, 64, 0]);
    suffix(&mut first);
    let mut second = Sha512::new();
    second.update(first.finalize());
    second.update([1]);
    suffix(&mut second);
    second.finalize().into()
}

fn main() {
    println!("lanes: {}    dalek: {}", Lanes::current().name(), dalek_backend());
    println!("{:44} {:>8} {:>8} {:>8}", "name", "ours_us", "dalek_us", "ratio");
    let batch = Batch::new(COUNT);
    evaluation(&batch);
    blinding(&batch);
    combination(&batch);
    check(&batch);
    single(&batch);
}

fn elements(encodings: &[[u8; 32]]) -> lanes::Points {
    lanes::decode(encodings).unwrap_or_else(|_| unreachable!("encodings of points decode"))
}

fn evaluation(batch: &Batch) {
    let key = batch.scalars[0];
    let half = key.div_by_2();
    let sample = &batch.encodings[..SAMPLE];
    compare(
        "evaluate: decode · multiply · encode",
        (COUNT, SAMPLE),
        || lanes::multiply(&elements(&batch.encodings), Scalars::One(&key)),
        || {
            let halves: Vec<_> = sample.iter().map(|encoding| decompress(encoding) * half).collect();
            RistrettoPoint::double_and_compress_batch(&halves)
        },
    );
}

fn blinding(batch: &Batch) {
    let texts = batch.texts();
    let halves: Vec<_> = batch.scalars.iter().map(Scalar::div_by_2).collect();
    compare(
        "hash to group",
        (COUNT, SAMPLE),
        || lanes::from_uniform_bytes(&hashes::expand_message(&texts, DOMAIN)),
        || {
            texts[..SAMPLE]
                .iter()
                .map(|text| RistrettoPoint::from_uniform_bytes(&expand(text)))
                .collect::<Vec<_>>()
        },
    );
    compare(
        "blind: hash · multiply each · encode",
        (COUNT, SAMPLE),
        || {
            let points = lanes::from_uniform_bytes(&hashes::expand_message(&texts, DOMAIN));
            lanes::multiply_keeping(&points, Scalars::Each(&batch.scalars))
        },
        || {
            let points = texts[..SAMPLE].iter().map(|text| RistrettoPoint::from_uniform_bytes(&expand(text)));
            let products: Vec<_> = points.zip(&halves).map(|(point, half)| point * half).collect();
            RistrettoPoint::double_and_compress_batch(&products)
        },
    );
}

/// Holders 1, 3 and 5 have the weights 15, −10 and 3, over 8.
fn combination(batch: &Batch) {
    let small = [(false, 15), (true, 10), (false, 3)];
    let eighth = Scalar::from(8_u8).invert();
    let lagrange = [Scalar::from(15_u8) * eighth, -Scalar::from(10_u8) * eighth, Scalar::from(3_u8) * eighth];
    let columns: Vec<Vec<[u8; 32]>> = [0, 1, 2].map(|shift| rotated(&batch.encodings, shift)).to_vec();
    compare(
        "combine and unblind, T = 3",
        (COUNT, SAMPLE),
        || {
            let decoded: Vec<_> = columns.iter().map(|column| elements(column)).collect();
            let sums = lanes::sum_of_rows(&small, &decoded.iter().collect::<Vec<_>>());
            lanes::multiply(&sums, Scalars::Each(&batch.scalars))
        },
        || {
            let halves: Vec<_> = (0..SAMPLE)
                .map(|i| {
                    let points = [0, 1, 2].map(|j| decompress(&columns[j][i]));
                    let unblind = batch.scalars[i].div_by_2();
                    RistrettoPoint::multiscalar_mul(lagrange.map(|weight| weight * unblind), points)
                })
                .collect();
            RistrettoPoint::double_and_compress_batch(&halves)
        },
    );
}

fn rotated(encodings: &[[u8; 32]], shift: usize) -> Vec<[u8; 32]> {
    let mut rotated = encodings.to_vec();
    rotated.rotate_left(shift);
    rotated
}

fn check(batch: &Batch) {
    let points = elements(&batch.encodings);
    compare(
        "check: two multi-scalar multiplications",
        (COUNT, COUNT),
        || [lanes::weighted_sum(&batch.weights, &points), lanes::weighted_sum(&batch.weights, &points)],
        || [0, 1].map(|_| RistrettoPoint::vartime_multiscalar_mul(&batch.scalars, &batch.points)),
    );
}

/// Does the same over and over: one element alone is too short to be timed.
fn again<T>(mut once: impl FnMut() -> T) {
    for _ in 0..SINGLES {
        drop(black_box(once()));
    }
}

fn single(batch: &Batch) {
    let key = batch.scalars[0];
    compare(
        "a single element: decode · multiply · encode",
        (SINGLES, SINGLES),
        || again(|| lanes::multiply(&elements(&batch.encodings[..1]), Scalars::One(&key))),
        || again(|| (decompress(&batch.encodings[0]) * key).compress()),
    );
    let text = [batch.texts[0].as_slice()];
    compare(
        "a single element: blind",
        (SINGLES, SINGLES),
        || {
            again(|| {
                let points = lanes::from_uniform_bytes(&hashes::expand_message(&text, DOMAIN));
                lanes::multiply_keeping(&points, Scalars::Each(&batch.scalars[..1]))
            });
        },
        || again(|| (RistrettoPoint::from_uniform_bytes(&expand(text[0])) * batch.scalars[0]).compress()),
    );
}
