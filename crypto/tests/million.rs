//! A million random points through each operation of the batch engine, on every engine that this CPU has, against
//! curve25519-dalek:
//!
//! `cargo test --release --locked -p lianfang-crypto --features million --test million -- --nocapture`
//!
//! It takes some minutes of all cores, which is why it has a feature of its own. dalek computes each result once.
#![cfg(feature = "million")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that tells how far it went")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::VartimeMultiscalarMul;
use lianfang_crypto::lanes::{
    Lanes, Scalars, Undecodable, decode, from_uniform_bytes, multiply, multiply_joint, multiply_keeping,
    sum_of_rows, weighted_sum,
};
use sha2::{Digest, Sha512};

/// Points of one chunk. No multiple of eight, so that every chunk ends in a block that is not full.
const CHUNK: usize = 4095;
const CHUNKS: usize = 257;
/// Strings of a chunk that must not decode.
const REFUSED: usize = 512;

type Bytes = [u8; 32];

/// 64 bytes that nobody chose, the same in every run.
fn random(domain: u8, chunk: usize, index: usize) -> [u8; 64] {
    let mut hash = Sha512::new();
    hash.update([domain]);
    hash.update(chunk.to_le_bytes());
    hash.update(index.to_le_bytes());
    hash.finalize().into()
}

fn encode(points: impl Iterator<Item = RistrettoPoint>) -> Vec<Bytes> {
    points.map(|point| point.compress().0).collect()
}

/// The weights of holders 1, 3 and 5.
const ROW: [(bool, u128); 3] = [(false, 15), (true, 10), (false, 3)];

/// One chunk: what goes in, and what dalek makes of it.
struct Chunk {
    uniform: Vec<[u8; 64]>,
    scalars: Vec<Scalar>,
    one: Scalar,
    weights: Vec<u128>,
    /// The encodings of the points.
    points: Vec<Bytes>,
    /// Of each by its own scalar, and of all by one.
    each: Vec<Bytes>,
    all: Vec<Bytes>,
    /// Of `s_i·P_i + k·P_(i+1)`, and of `k·(15·P_i − 10·P_(i+1) + 3·P_(i+2))`.
    joint: Vec<Bytes>,
    rows: Vec<Bytes>,
    /// Of `Σ d_i·s_i·P_i`.
    sum: Bytes,
    /// What is not the encoding of an element.
    refused: Vec<Bytes>,
}

impl Chunk {
    fn new(chunk: usize) -> Self {
        let uniform: Vec<[u8; 64]> = (0..CHUNK).map(|index| random(0, chunk, index)).collect();
        let wide = |domain, index| Scalar::from_bytes_mod_order_wide(&random(domain, chunk, index));
        let scalars: Vec<Scalar> = (0..CHUNK).map(|index| wide(1, index)).collect();
        let weight = |index| u128::from_le_bytes(*random(2, chunk, index).first_chunk().unwrap());
        let (one, weights) = (wide(3, 0), (0..CHUNK).map(weight).collect::<Vec<_>>());
        let points: Vec<RistrettoPoint> = uniform.iter().map(RistrettoPoint::from_uniform_bytes).collect();
        let each: Vec<RistrettoPoint> =
            points.iter().zip(&scalars).map(|(point, scalar)| point * scalar).collect();
        let all: Vec<RistrettoPoint> = points.iter().map(|point| point * one).collect();
        let next = |index: usize, by| (index + by) % CHUNK;
        let twice = |point: RistrettoPoint| point + point;
        let row = |index| {
            let [a, b, c] = [0, 1, 2].map(|by| all[next(index, by)]);
            // 15·a − 10·b + 3·c.
            twice(twice(twice(twice(a))) - b - twice(twice(b))) - a + twice(c) + c
        };
        let full = weights.iter().copied().map(Scalar::from);
        Self {
            sum: RistrettoPoint::vartime_multiscalar_mul(full, &each).compress().0,
            points: encode(points.iter().copied()),
            joint: encode((0..CHUNK).map(|index| each[index] + all[next(index, 1)])),
            rows: encode((0..CHUNK).map(row)),
            each: encode(each.into_iter()),
            all: encode(all.into_iter()),
            refused: refused(chunk),
            uniform,
            scalars,
            one,
            weights,
        }
    }

    /// Computes everything on the engine that is chosen here.
    fn check(&self) {
        let one = Scalars::One(&self.one);
        let points = from_uniform_bytes(&self.uniform);
        let (kept, encodings) = multiply_keeping(&points, Scalars::Each(&self.scalars));
        same("from_uniform_bytes and multiply_keeping", &encodings, &self.each);
        assert!(weighted_sum(&self.weights, &kept) == self.sum, "weighted_sum, or the points that were kept");

        let columns: Vec<_> = (0..3).map(|by| decode(&rotated(&self.points, by)).unwrap()).collect();
        same("decode and multiply", &multiply(&columns[0], one), &self.all);
        let joint = multiply_joint((&columns[0], Scalars::Each(&self.scalars)), (&columns[1], one));
        same("multiply_joint", &joint, &self.joint);
        let rows = sum_of_rows(&ROW, &columns.iter().collect::<Vec<_>>());
        same("sum_of_rows", &multiply(&rows, one), &self.rows);

        for (index, bad) in self.refused.iter().enumerate() {
            let mut block: [Bytes; 8] = *self.points[index..].first_chunk().unwrap();
            block[index % 8] = *bad;
            assert_eq!(decode(&block).err(), Some(Undecodable::NotAnElement(index % 8)), "{bad:02x?}");
        }
    }
}

/// Even numbers below the prime that dalek does not decode.
fn refused(chunk: usize) -> Vec<Bytes> {
    let candidates = (0..).map(|index| {
        let mut bytes: Bytes = *random(4, chunk, index).first_chunk().unwrap();
        (bytes[0], bytes[31]) = (bytes[0] & 0xfe, bytes[31] & 0x7f);
        bytes
    });
    candidates.filter(|bytes| CompressedRistretto(*bytes).decompress().is_none()).take(REFUSED).collect()
}

fn rotated(encodings: &[Bytes], by: usize) -> Vec<Bytes> {
    let mut rotated = encodings.to_vec();
    rotated.rotate_left(by);
    rotated
}

fn same(operation: &str, found: &[Bytes], expected: &[Bytes]) {
    assert_eq!(found.len(), expected.len(), "{operation}");
    let differs = found.iter().zip(expected).position(|(found, expected)| found != expected);
    assert_eq!(differs, None, "{operation}: the first that differs");
}

#[test]
fn a_million_points_through_each_operation() {
    let engines: Vec<Lanes> = Lanes::ALL.into_iter().filter(|lanes| lanes.available()).collect();
    let begun = Instant::now();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let chunk = next.fetch_add(1, Ordering::Relaxed);
            if chunk >= CHUNKS {
                return;
            }
            let chunk_of_dalek = Chunk::new(chunk);
            for lanes in &engines {
                lanes.on(|| chunk_of_dalek.check()).unwrap_or_else(|| panic!("{} is there", lanes.name()));
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for thread in all {
            thread.join().unwrap();
        }
    });
    for lanes in engines {
        println!(
            "{:8} agrees with dalek: {} points through each of 7 operations, {} strings refused",
            lanes.name(),
            CHUNK * CHUNKS,
            REFUSED * CHUNKS
        );
    }
    println!("{threads} threads, {:.0} s", begun.elapsed().as_secs_f64());
}
