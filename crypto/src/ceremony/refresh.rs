//! Refresh: new shares of the same key; the old ones become useless.
//!
//! - **Comes in:** context, seed, messages as in a generation, and the current share with its key set.
//! - **Goes out:** a new [`KeyShare`] and a [`PublicKeySet`] with the same `Y`.
//! - **Never sees:** the key. **Trusts:** its own current share. **Fails:** naming the dealer at fault.
//!
//! Each holder deals a polynomial whose constant term is zero; adding its values moves all shares and not the key.
//! Dealerless, with all `M` holders, the threshold unchanged. The holder erases its old share only once everybody has
//! signed the new key record; that is the caller's step. Source: FROST's refresh (outside its published audit), after
//! Herzberg et al. 1995.

use frost_ristretto255::keys::{dkg, refresh};

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

/// Our new share and the new public key set, under the same `Y`.
pub fn finish(
    agreed: &Agreed,
    seed: &CeremonySeed,
    packages: &Packages,
    current: &KeyShare,
    keys: &PublicKeySet,
) -> Result<(KeyShare, PublicKeySet), CeremonyError> {
    let me = current.holder();
    if !current.belongs_to(keys) || keys.threshold() != agreed.context().threshold {
        return Err(CeremonyError::OwnState { what: "share" });
    }
    let (secret, _) = second_round(agreed, me, seed)?;
    let dealt = dealing::dealt_to(agreed, me, packages)?;
    let (old_share, old_public) = frost::packages(current, keys)?;
    let (share, public) =
        refresh::refresh_dkg_shares(&secret, &dealt.round1, &dealt.round2, old_public, old_share)
            .map_err(frost::blame)?;
    let (share, renewed) = frost::concluded(keys.threshold(), me, &share, &public)?;
    // The dealt polynomials have no constant term by their form; that `Y` stays is the whole point, so it is looked at.
    if renewed.key() == keys.key() {
        Ok((share, renewed))
    } else {
        Err(CeremonyError::OwnState { what: "key" })
    }
}

/// The secret polynomial through zero, the same at every call.
fn polynomial(
    context: &CeremonyContext,
    me: HolderIndex,
    seed: &CeremonySeed,
) -> Result<(dkg::round1::SecretPackage, dkg::round1::Package), CeremonyError> {
    let (name, holders, needed) = dealing::parties(context, me, CeremonyKind::Refresh)?;
    let stream = frost::SeedStream::new(seed, &context.digest(), me);
    refresh::refresh_dkg_part1(name, holders, needed, stream).map_err(CeremonyError::Library)
}

fn second_round(
    agreed: &Agreed,
    me: HolderIndex,
    seed: &CeremonySeed,
) -> Result<frost::SecondRound, CeremonyError> {
    let (secret, package) = polynomial(agreed.context(), me, seed)?;
    dealing::own_commitment_stands(agreed, me, &package)?;
    let round1 = frost::round1_of_others(agreed.messages(), me)?;
    refresh::refresh_dkg_part2(secret, &round1).map_err(frost::blame)
}
