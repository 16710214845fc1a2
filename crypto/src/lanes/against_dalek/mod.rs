//! Every operation on points, on every engine that this CPU has, against curve25519-dalek and RFC 9496.
//!
//! `batches`: random points and scalars in batches of all sizes. `edges`: what random inputs never meet. `bytes`: what
//! decodes and what does not, and the map from uniform bytes. `rfc_9496`: its vectors. `tests/million.rs` of this crate
//! does the same as `batches` for a million points.

mod batches;
mod bytes;
mod edges;
mod rfc_9496;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;

use super::codec;
use super::engine::{self, Engine, Kernel, Lanes};
use super::field::{Field, LANES, Limbs};
use super::point::Point;
use super::{Points, decode};
use crate::test_rng::SeededRng;

type Bytes = [u8; 32];

/// Does `job` on every engine that this CPU has.
fn on_each_engine(job: impl Fn()) {
    let done: Vec<Lanes> = Lanes::ALL.into_iter().filter(|lanes| lanes.on(&job).is_some()).collect();
    assert!(done.contains(&Lanes::Portable));
    assert!(Lanes::ALL.into_iter().all(|lanes| lanes.available() == done.contains(&lanes)));
}

/// Points as dalek has them, and their encodings.
#[derive(Clone)]
struct Batch {
    points: Vec<RistrettoPoint>,
    encodings: Vec<Bytes>,
}

impl Batch {
    fn of(points: Vec<RistrettoPoint>) -> Self {
        let encodings = points.iter().map(|point| point.compress().0).collect();
        Self { points, encodings }
    }

    fn random(count: usize, rng: &mut SeededRng) -> Self {
        Self::of((0..count).map(|_| RistrettoPoint::random(rng)).collect())
    }

    /// Each point by its scalar.
    fn by(&self, scalars: &[Scalar]) -> Self {
        Self::of(self.points.iter().zip(scalars).map(|(point, scalar)| point * scalar).collect())
    }

    /// All points by one scalar.
    fn by_one(&self, scalar: &Scalar) -> Self {
        Self::of(self.points.iter().map(|point| point * scalar).collect())
    }

    /// The sums, point by point.
    fn plus(&self, other: &Self) -> Self {
        Self::of(self.points.iter().zip(&other.points).map(|(one, other)| one + other).collect())
    }

    /// The first points, decoded by the engine.
    fn decoded(&self, count: usize) -> Points {
        decode(&self.encodings[..count]).unwrap_or_else(|undecodable| panic!("{undecodable:?}"))
    }
}

fn random_scalars(count: usize, rng: &mut SeededRng) -> Vec<Scalar> {
    (0..count).map(|_| Scalar::random(rng)).collect()
}

/// The encoding of each point as it is, by a root of its own: another way than the one that multiplications take.
struct Encode<'a>(&'a Points);

impl Kernel for Encode<'_> {
    type Output = Vec<Bytes>;

    #[inline(always)]
    fn run<E: Engine>(self, engine: E) -> Vec<Bytes> {
        let mut encodings = vec![[0; 32]; self.0.len()];
        for (block, to) in self.0.blocks().iter().zip(encodings.chunks_mut(LANES)) {
            let mut limbs = Limbs::ZERO;
            for lane in (0..LANES).step_by(E::Field::LANES) {
                let point = Point::<E::Field>::load(engine, block, lane);
                codec::encode(engine, point).store(&mut limbs, lane);
            }
            for (lane, to) in to.iter_mut().enumerate() {
                *to = limbs.bytes(lane);
            }
        }
        encodings
    }
}

fn encode(points: &Points) -> Vec<Bytes> {
    engine::run(Encode(points))
}
