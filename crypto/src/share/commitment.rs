//! What the world may know of a shared key: `Y = k·B` and every `Y_j = k_j·B`.
//!
//! - **Comes in:** points claimed to be public shares. **Goes out:** a [`PublicKeySet`] whose points lie on one
//!   polynomial of degree `T−1` through `Y`.
//! - **Never sees:** a secret. **Trusts:** nobody; whoever made the record, the polynomial is checked here.
//! - **Fails:** with the index of the share that does not fit.
//!
//! Source: Feldman 1987: the exponents of a polynomial can be checked without knowing it.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::VartimeMultiscalarMul;

use super::index::HolderIndex;
use super::polynomial;
use super::threshold::Threshold;
use crate::encoding::{Kind, Reader, header};
use crate::error::{Malformed, Problem};
use crate::group::element;

const FIELD: &str = "public key set";

/// `Y` and all `Y_j`, checked to belong together.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKeySet {
    threshold: Threshold,
    key: RistrettoPoint,
    shares: Vec<RistrettoPoint>,
}

impl PublicKeySet {
    /// Checks that `shares[j−1]` are the values at `j` of one polynomial of degree `T−1` whose value at 0 is `key`.
    pub(crate) fn new(
        threshold: Threshold,
        key: RistrettoPoint,
        shares: Vec<RistrettoPoint>,
    ) -> Result<Self, Malformed> {
        let expected = usize::from(threshold.holders());
        if shares.len() != expected {
            let found = shares.len();
            return Err(Malformed::new(FIELD, Problem::Length { found, expected }));
        }
        let keys = Self { threshold, key, shares };
        keys.refuse_repeated()?;
        keys.refuse_off_polynomial()?;
        Ok(keys)
    }

    /// Checks a set that a record states: how many are needed, `Y`, and the `Y_j` in the order of their indices.
    pub fn from_encoded(needed: usize, key: &[u8; 32], shares: &[[u8; 32]]) -> Result<Self, Malformed> {
        // A number that does not fit its byte becomes 0, which no threshold is.
        let small = |number: usize| u8::try_from(number).unwrap_or(0);
        let threshold = Threshold::new(small(needed), small(shares.len()))?;
        let key = element::decode(key, 0, FIELD)?;
        let point = |(index, share): (usize, &[u8; 32])| element::decode(share, index + 1, FIELD);
        Self::new(threshold, key, shares.iter().enumerate().map(point).collect::<Result<_, _>>()?)
    }

    /// Decodes and checks a set.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(bytes, Kind::PublicKeySet, FIELD)?;
        let threshold = Threshold::new(reader.byte()?, reader.byte()?)?;
        let mut points = Vec::with_capacity(1 + usize::from(threshold.holders()));
        for index in 0..=usize::from(threshold.holders()) {
            points.push(element::decode(&reader.array()?, index, FIELD)?);
        }
        reader.finish()?;
        let shares = points.split_off(1);
        Self::new(threshold, points[0], shares)
    }

    /// Version, suite, kind, `T`, `M`, `Y`, `Y_1` … `Y_M`.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = header(Kind::PublicKeySet).to_vec();
        bytes.extend([self.threshold.needed(), self.threshold.holders()]);
        bytes.extend(element::encode(&self.key));
        for share in &self.shares {
            bytes.extend(element::encode(share));
        }
        bytes
    }

    /// `T` of `M`.
    pub fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// `Y`, encoded.
    pub fn key(&self) -> [u8; 32] {
        element::encode(&self.key)
    }

    /// `Y_j`, encoded.
    pub fn share(&self, holder: HolderIndex) -> Option<[u8; 32]> {
        self.share_point(holder).map(element::encode)
    }

    pub(crate) fn key_point(&self) -> &RistrettoPoint {
        &self.key
    }

    pub(crate) fn share_point(&self, holder: HolderIndex) -> Option<&RistrettoPoint> {
        self.shares.get(usize::from(holder.get()) - 1)
    }

    fn refuse_repeated(&self) -> Result<(), Malformed> {
        let mut encodings: Vec<_> =
            std::iter::once(&self.key).chain(&self.shares).map(element::encode).collect();
        let all = encodings.clone();
        encodings.sort_unstable();
        let Some(pair) = encodings.windows(2).find(|pair| pair[0] == pair[1]) else { return Ok(()) };
        let index = all.iter().rposition(|e| *e == pair[0]).unwrap_or_default();
        Err(Malformed::new(FIELD, Problem::Repeated { index }))
    }

    /// `T` points determine the polynomial: `Y` at 0 and the first `T−1` shares. All others must follow from them.
    fn refuse_off_polynomial(&self) -> Result<(), Malformed> {
        let known = usize::from(self.threshold.needed()) - 1;
        let set: Vec<Scalar> = (0..self.threshold.needed()).map(Scalar::from).collect();
        let basis: Vec<RistrettoPoint> =
            std::iter::once(&self.key).chain(&self.shares[..known]).copied().collect();
        for (index, holder) in self.threshold.indices().enumerate().skip(known) {
            let coefficients = polynomial::coefficients(&holder.scalar(), &set);
            if RistrettoPoint::vartime_multiscalar_mul(coefficients, &basis) != self.shares[index] {
                return Err(Malformed::new(FIELD, Problem::OffPolynomial { index: index + 1 }));
            }
        }
        Ok(())
    }
}
