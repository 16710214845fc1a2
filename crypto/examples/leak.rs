//! Whether the time that an operation takes tells its secret: `cargo run --release -p lianfang-crypto --example leak`.
//!
//! The method is that of dudect (Reparaz, Balasch, Verbauwhede, "Dude, is my code constant time?", 2017): one operation
//! is timed very often with inputs of two classes in random order, always the same secret in one of them, a fresh one in
//! the other, and Welch's t-test asks whether the two means differ. The longest times, which are interrupts, are left out
//! at several thresholds, and the largest |t| of all counts. Above 4.5 one should look, above 10 time tells the secret.
//! The last line of each engine is an operation in variable time, on a public value: it shows that the test sees what
//! there is.
//!
//! It is no test that passes or fails: on a busy machine t is noise, and no t proves that nothing leaks.
#![expect(clippy::print_stdout, reason = "its only purpose is to print")]

use std::hint::black_box;
use std::time::Instant;

use curve25519_dalek::scalar::Scalar;
use lianfang_crypto::lanes::{self, Lanes, Points, Scalars, hashes};
use sha2::{Digest, Sha512};

/// Points of a batch: one block of the widest engine and one that is not full.
const COUNT: usize = 12;
/// Times that each class is measured, about.
const ROUNDS: usize = 10_000;

/// 64 bytes that nobody chose.
struct Random(u64);

impl Random {
    fn bytes(&mut self) -> [u8; 64] {
        self.0 += 1;
        Sha512::digest(self.0.to_le_bytes()).into()
    }

    fn scalar(&mut self) -> Scalar {
        Scalar::from_bytes_mod_order_wide(&self.bytes())
    }
}

/// Number, mean and sum of squared deviations, updated one at a time (Welford).
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let difference = value - self.mean;
        self.mean += difference / self.count;
        self.squares += difference * (value - self.mean);
    }

    /// The variance of the mean.
    fn error(&self) -> f64 {
        self.squares / (self.count - 1.0) / self.count
    }
}

/// Welch's t of the two classes, of those times that are below `limit`.
fn welch(times: &[(bool, f64)], limit: f64) -> f64 {
    let mut classes = [Moments::default(); 2];
    for (class, time) in times.iter().filter(|(_, time)| *time <= limit) {
        classes[usize::from(*class)].add(*time);
    }
    (classes[0].mean - classes[1].mean) / (classes[0].error() + classes[1].error()).sqrt()
}

/// Times `run` with inputs that `make` gives for each class, and prints the largest |t|.
fn measure<I, T>(name: &str, mut make: impl FnMut(bool) -> I, run: impl Fn(&I) -> T) {
    let mut order = Random(u64::MAX / 2);
    let mut times = Vec::with_capacity(2 * ROUNDS);
    for round in 0..2 * ROUNDS {
        let class = order.bytes()[0] & 1 == 1;
        let input = make(class);
        let start = Instant::now();
        let result = black_box(run(black_box(&input)));
        let time = start.elapsed().as_nanos() as f64;
        drop(result);
        // The first ones warm caches and clock.
        if round > ROUNDS / 50 {
            times.push((class, time));
        }
    }
    let mut sorted: Vec<f64> = times.iter().map(|(_, time)| *time).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |share: usize| sorted[sorted.len() * share / 1000 - 1];
    let t = [500, 750, 900, 950, 990, 999, 1000].map(|share| welch(&times, at(share)));
    let largest = t.into_iter().fold(0.0_f64, |largest, t| if t.abs() > largest.abs() { t } else { largest });
    println!("  {name:52} {:9.1} µs   t = {largest:7.2}", at(500) / 1000.0);
}

fn fill<T>(one: impl FnMut() -> T) -> Vec<T> {
    std::iter::repeat_with(one).take(COUNT).collect()
}

/// The input of a class. Both have been made: what comes before the clock starts is to be the same.
fn of_class<T>(class: bool, fixed: T, fresh: T) -> T {
    if class { fixed } else { fresh }
}

/// The operations that have secrets.
fn secret(points: &Points) {
    let mut random = Random(0);
    let fixed = random.scalar();
    for (name, fixed) in [("random", fixed), ("zero", Scalar::ZERO), ("minus one", -Scalar::ONE)] {
        let make = |class| of_class(class, fixed, random.scalar());
        let name = format!("multiply, one scalar: {name} against fresh");
        measure(&name, make, |scalar| lanes::multiply(points, Scalars::One(scalar)));
    }
    for (name, fixed) in [("random", fixed), ("zero", Scalar::ZERO)] {
        let make = |class| fill(|| of_class(class, fixed, random.scalar()));
        let name = format!("multiply, each its own: {name} against fresh");
        measure(&name, make, |scalars| lanes::multiply(points, Scalars::Each(scalars)));
    }
    let make = |class| fill(|| of_class(class, fixed, random.scalar()));
    measure("multiply_joint: random against fresh", make, |scalars| {
        lanes::multiply_joint((points, Scalars::Each(scalars)), (points, Scalars::One(&scalars[0])))
    });
    let bytes = random.bytes();
    for (name, fixed) in [("random", bytes), ("zero", [0; 64])] {
        let make = |class| fill(|| of_class(class, fixed, random.bytes()));
        let name = format!("from_uniform_bytes: {name} against fresh");
        measure(&name, make, |uniform| lanes::from_uniform_bytes(uniform));
    }
    for (name, fixed) in [("random", bytes), ("zero", [0; 64])] {
        let make = |class| fill(|| of_class(class, fixed, random.bytes()));
        let name = format!("hash, 64 bytes: {name} against fresh");
        measure(&name, make, |texts| {
            let texts: Vec<&[u8]> = texts.iter().map(<[u8; 64]>::as_slice).collect();
            hashes::expand_message(&texts, b"leak")
        });
    }
}

/// An operation on public weights, in variable time: here t is to be large.
fn public(points: &Points) {
    let mut random = Random(1 << 32);
    let mut fresh = move || u128::from_le_bytes(*random.bytes().first_chunk().unwrap_or(&[1; 16]));
    let make = |class| (false, of_class(class, 1 << 127, fresh() | 1 << 127));
    measure("sum_of_rows: public, variable time", make, |weight| lanes::sum_of_rows(&[*weight], &[points]));
}

fn main() {
    let mut random = Random(1 << 40);
    let uniform = fill(|| random.bytes());
    for lanes in Lanes::ALL {
        let ran = lanes.on(|| {
            println!("{}, {COUNT} at once, {ROUNDS} of each class:", lanes.name());
            let points = lanes::from_uniform_bytes(&uniform);
            secret(&points);
            public(&points);
        });
        if ran.is_none() {
            println!("{}: not on this CPU", lanes.name());
        }
    }
}
