//! Key generation: after it, nobody has ever held the key.
//!
//! - **Comes in:** context, index, seed; the others' commitments (as [`Agreed`]) and packages.
//! - **Goes out:** our commitment, our packages, and at last a [`KeyShare`] with its [`PublicKeySet`].
//! - **Never sees:** the key. **Trusts:** `T−1` others at most to be dishonest. **Fails:** naming the dealer at fault.
//!
//! Each holder deals a random polynomial; the key is the sum of all constant terms. The last to speak can bias `Y`,
//! which is harmless for a key that only multiplies. Source: FROST figure 1 (Pedersen's generation with proofs of
//! knowledge).

use frost_ristretto255::keys::dkg;

use super::CeremonyError;
use super::context::{CeremonyContext, CeremonyKind, CeremonySeed};
pub use super::dealing::Packages;
use super::transcript::Agreed;
use super::{dealing, frost};
use crate::share::commitment::PublicKeySet;
use crate::share::key_share::KeyShare;
use crate::share::threshold::HolderIndex;

/// Our commitment, to be sent to everybody.
pub fn open(
    context: &CeremonyContext,
    me: HolderIndex,
    seed: &CeremonySeed,
) -> Result<Vec<u8>, CeremonyError> {
    let (_, package) = polynomial(context, me, seed)?;
    Ok(dealing::commitment(context, me, &package)?.encode())
}

/// Our packages, one for every other holder, once all digests agree.
pub fn deal(agreed: &Agreed, me: HolderIndex, seed: &CeremonySeed) -> Result<Packages, CeremonyError> {
    let (_, dealt) = second_round(agreed, me, seed)?;
    dealing::packages(agreed, me, &dealt)
}

/// Our share and the public key set. Store both before erasing the seed.
pub fn finish(
    agreed: &Agreed,
    me: HolderIndex,
    seed: &CeremonySeed,
    packages: &Packages,
) -> Result<(KeyShare, PublicKeySet), CeremonyError> {
    let (secret, _) = second_round(agreed, me, seed)?;
    let dealt = dealing::dealt_to(agreed, me, packages)?;
    let (share, public) = dkg::part3(&secret, &dealt.round1, &dealt.round2).map_err(frost::blame)?;
    frost::concluded(agreed.context().threshold, me, &share, &public)
}

/// The secret polynomial, the same at every call.
fn polynomial(
    context: &CeremonyContext,
    me: HolderIndex,
    seed: &CeremonySeed,
) -> Result<(dkg::round1::SecretPackage, dkg::round1::Package), CeremonyError> {
    let (name, holders, needed) = dealing::parties(context, me, CeremonyKind::Generate)?;
    let stream = frost::SeedStream::new(seed, &context.digest(), me);
    dkg::part1(name, holders, needed, stream).map_err(CeremonyError::Library)
}

/// FROST's second round, which verifies every proof of knowledge.
fn second_round(
    agreed: &Agreed,
    me: HolderIndex,
    seed: &CeremonySeed,
) -> Result<frost::SecondRound, CeremonyError> {
    let (secret, package) = polynomial(agreed.context(), me, seed)?;
    dealing::own_commitment_stands(agreed, me, &package)?;
    let round1 = frost::round1_of_others(agreed.messages(), me)?;
    dkg::part2(secret, &round1).map_err(frost::blame)
}
