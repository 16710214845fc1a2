//! The border to `frost-ristretto255`, which lives on an older generation of the curve crate.
//!
//! - **Comes in:** our types. **Goes out:** FROST's, and back. Only 32-byte canonical encodings cross.
//! - **Never sees:** more than one holder's secrets. **Trusts:** FROST for the arithmetic of its rounds.
//! - **Fails:** with the culprit that FROST names, as a holder's index.

use std::collections::BTreeMap;

use curve25519_dalek::scalar::Scalar;
use frost_ristretto255 as frost;
use frost_ristretto255::keys::{
    KeyPackage, PublicKeyPackage, SigningShare, VerifiableSecretSharingCommitment, VerifyingShare, dkg,
};
use frost_ristretto255::rand_core::{CryptoRng, Error as RngError, RngCore};
use frost_ristretto255::{
    Ciphersuite, Field, Group, Identifier, Ristretto255Sha512, RistrettoScalarField, Signature, VerifyingKey,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;
use zeroize::{Zeroize, Zeroizing};

use super::CeremonyError;
use super::context::CeremonySeed;
use super::message::CommitmentMessage;
use crate::group::{element, scalar};
use crate::share::commitment::PublicKeySet;
use crate::share::key_share::KeyShare;
use crate::share::threshold::{HolderIndex, Threshold};

type Curve = <Ristretto255Sha512 as Ciphersuite>::Group;

/// HMAC-SHA512 in counter mode under a ceremony's seed: the same bytes at every restart, others for every binding.
pub(super) struct SeedStream {
    mac: Hmac<Sha512>,
    counter: u64,
}

impl SeedStream {
    pub(super) fn new(seed: &CeremonySeed, binding: &[u8; 64], holder: HolderIndex) -> Self {
        let mut mac = Hmac::<Sha512>::new_from_slice(seed.secret()).expect("HMAC takes keys of every length");
        mac.update(b"lianfang v1 ceremony stream");
        mac.update(binding);
        mac.update(&[holder.get()]);
        Self { mac, counter: 0 }
    }
}

impl RngCore for SeedStream {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(64) {
            let mut mac = self.mac.clone();
            mac.update(&self.counter.to_be_bytes());
            let mut block = mac.finalize().into_bytes();
            chunk.copy_from_slice(&block[..chunk.len()]);
            block.zeroize();
            self.counter += 1;
        }
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), RngError> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl CryptoRng for SeedStream {}

/// FROST's name for a holder.
pub(super) fn identifier(holder: HolderIndex) -> Result<Identifier, CeremonyError> {
    Identifier::try_from(u16::from(holder.get())).map_err(CeremonyError::Library)
}

/// FROST's error with its culprit as a holder's index.
pub(super) fn blame(error: frost::Error) -> CeremonyError {
    let culprit = error.culprits().first().and_then(holder);
    match (error, culprit) {
        (frost::Error::InvalidProofOfKnowledge { .. }, Some(holder)) => {
            CeremonyError::InvalidProof { holder }
        }
        (frost::Error::InvalidSecretShare { .. }, Some(holder)) => CeremonyError::InvalidShare { holder },
        (error, _) => CeremonyError::Library(error),
    }
}

/// The holder behind FROST's name.
fn holder(identifier: &Identifier) -> Option<HolderIndex> {
    identifier.serialize().first().copied().and_then(HolderIndex::new)
}

/// FROST's commitment of a round-1 package, as the encodings we send.
pub(super) fn encodings(package: &dkg::round1::Package) -> Result<Vec<[u8; 32]>, CeremonyError> {
    let points = package.commitment().serialize().map_err(CeremonyError::Library)?;
    let own = CeremonyError::OwnState { what: "commitment" };
    points.into_iter().map(TryInto::try_into).collect::<Result<_, _>>().map_err(|_| own)
}

/// FROST's round-1 packages of everybody but `me`.
pub(super) fn round1_of_others(
    messages: &BTreeMap<HolderIndex, CommitmentMessage>,
    me: HolderIndex,
) -> Result<BTreeMap<Identifier, dkg::round1::Package>, CeremonyError> {
    messages
        .iter()
        .filter(|(holder, _)| **holder != me)
        .map(|(holder, message)| {
            let commitment = VerifiableSecretSharingCommitment::deserialize(&message.coefficients)
                .map_err(CeremonyError::Library)?;
            // A refresh proves no knowledge: its constant term is the public zero. FROST wants the field filled.
            let proof = match &message.proof {
                Some(proof) => Signature::deserialize(proof).map_err(CeremonyError::Library)?,
                None => Signature::new(Curve::generator(), RistrettoScalarField::zero()),
            };
            Ok((identifier(*holder)?, dkg::round1::Package::new(commitment, proof)))
        })
        .collect()
}

/// FROST's round-2 packages from received scalars.
pub(super) fn round2_of_others(
    shares: &BTreeMap<HolderIndex, Zeroizing<Scalar>>,
) -> Result<BTreeMap<Identifier, dkg::round2::Package>, CeremonyError> {
    shares
        .iter()
        .map(|(holder, share)| {
            let share = SigningShare::deserialize(share.as_bytes()).map_err(CeremonyError::Library)?;
            Ok((identifier(*holder)?, dkg::round2::Package::new(share)))
        })
        .collect()
}

/// The scalar in FROST's share.
pub(super) fn scalar_of(share: &SigningShare) -> Result<Zeroizing<Scalar>, CeremonyError> {
    let bytes = Zeroizing::new(share.serialize());
    let encoding =
        Zeroizing::new(crate::encoding::exactly(&bytes, "key share").map_err(CeremonyError::KeySet)?);
    Ok(Zeroizing::new(scalar::decode(&encoding, 0, "key share").map_err(CeremonyError::KeySet)?))
}

/// What FROST ends with, checked again and in our types.
pub(super) fn concluded(
    threshold: Threshold,
    me: HolderIndex,
    share: &KeyPackage,
    public: &PublicKeyPackage,
) -> Result<(KeyShare, PublicKeySet), CeremonyError> {
    let key = public.verifying_key().serialize().map_err(CeremonyError::Library)?;
    let key = decode_point(&key)?;
    let mut shares = Vec::with_capacity(usize::from(threshold.holders()));
    for holder in threshold.indices() {
        let missing = CeremonyError::Missing { holders: vec![holder] };
        let point = public.verifying_shares().get(&identifier(holder)?).ok_or(missing)?;
        shares.push(decode_point(&point.serialize().map_err(CeremonyError::Library)?)?);
    }
    let keys = PublicKeySet::new(threshold, key, shares).map_err(CeremonyError::KeySet)?;
    let share = KeyShare::new(threshold, me, key, &scalar_of(share.signing_share())?);
    if !share.belongs_to(&keys) {
        return Err(CeremonyError::OwnState { what: "share" });
    }
    Ok((share, keys))
}

fn decode_point(bytes: &[u8]) -> Result<curve25519_dalek::ristretto::RistrettoPoint, CeremonyError> {
    let encoding = crate::encoding::exactly(bytes, "public key set").map_err(CeremonyError::KeySet)?;
    element::decode(&encoding, 0, "public key set").map_err(CeremonyError::KeySet)
}

/// A share and its key set in FROST's types.
pub(super) fn packages(
    share: &KeyShare,
    keys: &PublicKeySet,
) -> Result<(KeyPackage, PublicKeyPackage), CeremonyError> {
    let needed = u16::from(keys.threshold().needed());
    let key = VerifyingKey::deserialize(&keys.key()).map_err(CeremonyError::Library)?;
    let mut publics = BTreeMap::new();
    for holder in keys.threshold().indices() {
        let missing = CeremonyError::Missing { holders: vec![holder] };
        let public = keys.share(holder).ok_or(missing)?;
        let public = VerifyingShare::deserialize(&public).map_err(CeremonyError::Library)?;
        publics.insert(identifier(holder)?, public);
    }
    let secret = SigningShare::deserialize(share.secret().as_bytes()).map_err(CeremonyError::Library)?;
    let public = VerifyingShare::deserialize(&share.public()).map_err(CeremonyError::Library)?;
    let package = KeyPackage::new(identifier(share.holder())?, secret, public, key, needed);
    Ok((package, PublicKeyPackage::new(publics, key, Some(needed))))
}

/// What FROST's second round keeps, and what it sends.
pub(super) type SecondRound = (dkg::round2::SecretPackage, BTreeMap<Identifier, dkg::round2::Package>);
