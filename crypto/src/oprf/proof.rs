//! The batched proof that one scalar takes every `B_i` to `Z_i` and the generator to `Y_j`.
//!
//! - **Comes in:** a share and a batch with its evaluation; or a public share and a proof to verify.
//! - **Goes out:** 64 bytes `c ‖ s`, or a verdict. **Never sees:** inputs.
//! - **Trusts:** for the prover's nonce, three things together: the share, the statement, fresh randomness.
//! - **Fails:** on scalars that are not canonical; a wrong proof is a verdict, not an error.
//!
//! Source: RFC 9497 section 2.2 (`GenerateProof`, `VerifyProof`, `ComputeCompositesFast`).

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::VartimeMultiscalarMul;
use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::error::Malformed;
use crate::group::element::{self, Elements};
use crate::group::hash::{self, length_prefix};
use crate::group::scalar;
use crate::share::commitment::PublicKeySet;
use crate::share::key_share::KeyShare;
use crate::share::threshold::HolderIndex;

/// Bytes of a proof.
pub const PROOF_LEN: usize = 64;

/// `(c, s)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    challenge: Scalar,
    response: Scalar,
}

impl Proof {
    /// Decodes `c ‖ s`, both canonical.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let bytes: [u8; PROOF_LEN] = crate::encoding::exactly(bytes, "proof")?;
        let (halves, _) = bytes.as_chunks::<32>();
        let challenge = scalar::decode(&halves[0], 0, "proof")?;
        let response = scalar::decode(&halves[1], 1, "proof")?;
        Ok(Self { challenge, response })
    }

    /// `c ‖ s`.
    pub fn encode(&self) -> [u8; PROOF_LEN] {
        let mut bytes = [0; PROOF_LEN];
        bytes[..32].copy_from_slice(self.challenge.as_bytes());
        bytes[32..].copy_from_slice(self.response.as_bytes());
        bytes
    }

    /// Whether the proof holds for this batch, its evaluation and the public share of `holder`, all from outside.
    pub fn verify(
        &self,
        keys: &PublicKeySet,
        holder: HolderIndex,
        blinded: &[u8],
        evaluated: &[u8],
    ) -> Result<bool, Malformed> {
        let limit = super::evaluate::MAX_PROVEN;
        let blinded = Elements::decode(blinded, limit, "blinded elements")?;
        let evaluated = super::evaluate::decode_answer(evaluated, blinded.len())?;
        Ok(keys.share_point(holder).is_some_and(|public| self.holds(public, &blinded, &evaluated)))
    }

    /// Whether the proof holds; everything here is public.
    pub(crate) fn holds(&self, public: &RistrettoPoint, blinded: &Elements, evaluated: &Elements) -> bool {
        if blinded.len() != evaluated.len() {
            return false;
        }
        let weights = composite_weights(public, blinded.encodings(), evaluated.encodings());
        let m = RistrettoPoint::vartime_multiscalar_mul(&weights, blinded.single_points());
        let z = RistrettoPoint::vartime_multiscalar_mul(&weights, evaluated.single_points());
        let (c, s) = (&self.challenge, &self.response);
        let t2 = RistrettoPoint::vartime_double_scalar_mul_basepoint(c, public, s);
        let t3 = RistrettoPoint::vartime_multiscalar_mul([s, c], [&m, &z]);
        challenge(public, &m, &z, &t2, &t3) == *c
    }
}

/// `GenerateProof` with a hedged nonce.
pub(crate) fn generate(
    share: &KeyShare,
    blinded: &Elements,
    evaluated: &[[u8; 32]],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Proof {
    let nonce = hedged_nonce(share, blinded, evaluated, rng);
    generate_with_nonce(share, blinded, evaluated, &nonce)
}

/// `GenerateProof` with the nonce `r` as a parameter.
fn generate_with_nonce(
    share: &KeyShare,
    blinded: &Elements,
    evaluated: &[[u8; 32]],
    nonce: &Scalar,
) -> Proof {
    let public = share.public_point();
    let weights = composite_weights(public, blinded.encodings(), evaluated);
    let m = RistrettoPoint::vartime_multiscalar_mul(&weights, blinded.single_points());
    let z = m * share.secret();
    let t2 = RistrettoPoint::mul_base(nonce);
    let t3 = m * nonce;
    let challenge = challenge(public, &m, &z, &t2, &t3);
    Proof { challenge, response: nonce - challenge * share.secret() }
}

/// A nonce from the share, the statement and fresh randomness: a restored snapshot repeats a nonce only together with
/// the whole statement, and then the proof is the same one.
fn hedged_nonce(
    share: &KeyShare,
    blinded: &Elements,
    evaluated: &[[u8; 32]],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Zeroizing<Scalar> {
    let mut fresh = Zeroizing::new([0; 32]);
    loop {
        rng.fill_bytes(&mut *fresh);
        let mut mac = Hmac::<Sha512>::new_from_slice(share.secret().as_bytes())
            .expect("HMAC takes keys of every length");
        mac.update(b"lianfang v1 proof nonce");
        mac.update(&*fresh);
        mac.update(&share.public());
        mac.update(&(blinded.packed.len() as u64).to_be_bytes());
        mac.update(&blinded.packed);
        mac.update(evaluated.as_flattened());
        let wide: Zeroizing<[u8; 64]> = Zeroizing::new(mac.finalize().into_bytes().into());
        let nonce = Zeroizing::new(Scalar::from_bytes_mod_order_wide(&wide));
        if *nonce != Scalar::ZERO {
            return nonce;
        }
    }
}

/// The `d_i` of `ComputeComposites`: they follow from the whole statement, so no prover can choose around them.
fn composite_weights(public: &RistrettoPoint, blinded: &[[u8; 32]], evaluated: &[[u8; 32]]) -> Vec<Scalar> {
    let public = element::encode(public);
    let mut seed = Sha512::new();
    seed.update(length_prefix(&public));
    seed.update(public);
    seed.update(length_prefix(hash::SEED));
    seed.update(hash::SEED);
    let seed: [u8; 64] = seed.finalize().into();

    let pairs = blinded.iter().zip(evaluated);
    (0_u16..)
        .zip(pairs)
        .map(|(i, (blinded, evaluated))| {
            hash::to_scalar(&[
                &length_prefix(&seed),
                &seed,
                &i.to_be_bytes(),
                &length_prefix(blinded),
                blinded,
                &length_prefix(evaluated),
                evaluated,
                b"Composite",
            ])
        })
        .collect()
}

/// The Fiat–Shamir challenge over `Y_j, M, Z, t2, t3`.
fn challenge(
    public: &RistrettoPoint,
    m: &RistrettoPoint,
    z: &RistrettoPoint,
    t2: &RistrettoPoint,
    t3: &RistrettoPoint,
) -> Scalar {
    let mut transcript = Vec::with_capacity(5 * 34 + 9);
    for point in [public, m, z, t2, t3] {
        let encoding = element::encode(point);
        transcript.extend(length_prefix(&encoding));
        transcript.extend(encoding);
    }
    hash::to_scalar(&[&transcript, b"Challenge"])
}

#[cfg(test)]
#[path = "rfc_vectors.rs"]
mod rfc_vectors;
