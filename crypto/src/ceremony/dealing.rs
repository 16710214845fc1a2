//! What generation and refresh have in common: each holder deals a polynomial's values to all others.
//!
//! - **Comes in:** the confirmed transcript, our seed, the packages dealt to us.
//! - **Goes out:** packages for the others; the shares dealt to us, each found on its dealer's polynomial.
//! - **Never sees:** whether the constant term is a secret or zero. **Trusts:** the agreed commitments.
//! - **Fails:** naming the dealer.

use std::collections::BTreeMap;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use frost_ristretto255::Identifier;
use frost_ristretto255::keys::dkg;
use zeroize::Zeroizing;

use super::CeremonyError;
use super::context::{CeremonyContext, CeremonyKind};
use super::frost;
use super::message::{CommitmentMessage, SecretMessage, SecretPurpose};
use super::transcript::{Agreed, complete};
use crate::share::threshold::HolderIndex;

/// Packages by receiver, in clear: the caller seals each to its receiver at once.
pub type Packages = BTreeMap<HolderIndex, Zeroizing<Vec<u8>>>;

/// `T`, `M` and our name in FROST's terms.
pub(super) fn parties(
    context: &CeremonyContext,
    me: HolderIndex,
    kind: CeremonyKind,
) -> Result<(Identifier, u16, u16), CeremonyError> {
    if context.kind != kind {
        return Err(CeremonyError::Plan { reason: "the context is that of another kind of ceremony" });
    }
    if !context.threshold.contains(me) {
        return Err(CeremonyError::Plan { reason: "this holder's index is above M" });
    }
    let (holders, needed) = (context.threshold.holders(), context.threshold.needed());
    Ok((frost::identifier(me)?, holders.into(), needed.into()))
}

/// The commitment that opens a dealing.
pub(super) fn commitment(
    context: &CeremonyContext,
    me: HolderIndex,
    package: &dkg::round1::Package,
) -> Result<CommitmentMessage, CeremonyError> {
    let proof = match context.kind {
        CeremonyKind::Generate => {
            let proof = package.proof_of_knowledge().serialize().map_err(CeremonyError::Library)?;
            Some(crate::encoding::exactly(&proof, "proof of knowledge").map_err(CeremonyError::KeySet)?)
        }
        CeremonyKind::Refresh | CeremonyKind::Repair => None,
    };
    let coefficients = frost::encodings(package)?;
    Ok(CommitmentMessage { binding: context.digest(), sender: me, coefficients, proof })
}

/// The commitment that all agreed upon must be the one that our seed gives.
pub(super) fn own_commitment_stands(
    agreed: &Agreed,
    me: HolderIndex,
    package: &dkg::round1::Package,
) -> Result<(), CeremonyError> {
    let ours = commitment(agreed.context(), me, package)?;
    if agreed.messages().get(&me) == Some(&ours) {
        return Ok(());
    }
    Err(CeremonyError::OwnState { what: "seed" })
}

/// The packages for everybody else, bound to the confirmed transcript.
pub(super) fn packages(
    agreed: &Agreed,
    me: HolderIndex,
    dealt: &BTreeMap<Identifier, dkg::round2::Package>,
) -> Result<Packages, CeremonyError> {
    let mut packages = BTreeMap::new();
    for receiver in agreed.context().threshold.indices().filter(|holder| *holder != me) {
        let missing = CeremonyError::Missing { holders: vec![receiver] };
        let package = dealt.get(&frost::identifier(receiver)?).ok_or(missing)?;
        let scalar = frost::scalar_of(package.signing_share())?;
        let message = SecretMessage { binding: agreed.digest(), sender: me, receiver, scalar };
        packages.insert(receiver, message.encode(SecretPurpose::Package));
    }
    Ok(packages)
}

/// What all others have dealt to `me`, as FROST's last step takes it.
pub(super) struct Dealt {
    pub(super) round1: BTreeMap<Identifier, dkg::round1::Package>,
    pub(super) round2: BTreeMap<Identifier, dkg::round2::Package>,
}

/// Opens what was dealt to `me`; the last step of a generation and of a refresh begins with it.
pub(super) fn dealt_to(
    agreed: &Agreed,
    me: HolderIndex,
    packages: &Packages,
) -> Result<Dealt, CeremonyError> {
    let shares = received(agreed, me, packages)?;
    let round1 = frost::round1_of_others(agreed.messages(), me)?;
    Ok(Dealt { round1, round2: frost::round2_of_others(&shares)? })
}

/// Opens the packages of everybody else and holds each against its dealer's commitment.
fn received(
    agreed: &Agreed,
    me: HolderIndex,
    packages: &Packages,
) -> Result<BTreeMap<HolderIndex, Zeroizing<Scalar>>, CeremonyError> {
    let others = || agreed.context().threshold.indices().filter(|holder| *holder != me);
    complete(others(), packages)?;
    let shares = open_secrets(&agreed.digest(), me, packages, SecretPurpose::Package)?;
    for (holder, share) in &shares {
        let committed = agreed.messages().get(holder).and_then(|m| m.value_at(me, agreed.context()));
        if committed != Some(RistrettoPoint::mul_base(share)) {
            return Err(CeremonyError::InvalidShare { holder: *holder });
        }
    }
    Ok(shares)
}

/// Opens secret messages to `me` under one binding.
pub(super) fn open_secrets(
    binding: &[u8; 64],
    me: HolderIndex,
    messages: &Packages,
    purpose: SecretPurpose,
) -> Result<BTreeMap<HolderIndex, Zeroizing<Scalar>>, CeremonyError> {
    let open = |(holder, bytes): (&HolderIndex, &Zeroizing<Vec<u8>>)| {
        let holder = *holder;
        let message = SecretMessage::decode(bytes, purpose)
            .map_err(|malformed| CeremonyError::Malformed { holder, malformed })?;
        if message.binding != *binding {
            return Err(CeremonyError::OtherCeremony { holder });
        }
        if message.sender != holder || message.receiver != me {
            return Err(CeremonyError::Misaddressed { holder });
        }
        Ok((holder, message.scalar))
    };
    messages.iter().map(open).collect()
}
