//! Where the ceremony touches `crypto`: openings to a transcript, a transcript to packages, packages to a share.
//!
//! * Comes in: bodies whose signatures hold. Goes out: the next body, or a [`Failure`] that names the holder at fault.
//! * Never sees: the board, the store. Trusts: `crypto` for every check of group elements and shares.
//! * A holder's whole secret is one seed: each step is computed again from it.

use std::collections::BTreeMap;

use lianfang_crypto::ceremony::CeremonyError;
use lianfang_crypto::ceremony::context::CeremonySeed;
use lianfang_crypto::ceremony::generate::{self, Packages};
use lianfang_crypto::ceremony::transcript::{Agreed, Transcript};
use lianfang_crypto::share::commitment::PublicKeySet;
use lianfang_crypto::share::key_share::KeyShare;
use lianfang_crypto::share::threshold::HolderIndex;
use lianfang_proto::documents::key_record::{Holder, KeyRecord};
use lianfang_trust::envelope::{self, SealingKey};
use rand_core::CryptoRng;

use super::body::{self, Echo, Opening};
use super::failure::{Failure, Reason};
use super::plan::Plan;

/// This holder's share index.
fn own_index(plan: &Plan) -> Result<HolderIndex, Failure> {
    plan.index(plan.me()).ok_or_else(internal)
}

/// This holder's commitment.
pub fn open(plan: &Plan, seed: &CeremonySeed) -> Result<Vec<u8>, Failure> {
    generate::open(plan.context(), own_index(plan)?, seed)
        .map_err(|error| blame(plan, &error, Reason::Internal))
}

/// All openings, each signed by its dealer and of its form.
pub fn transcript(plan: &Plan, openings: &[Opening]) -> Result<Transcript, Failure> {
    let mut packages = BTreeMap::new();
    for (at, opening) in openings.iter().enumerate() {
        if !opening.seen().is_of(plan, at) {
            return Err(Failure::of(Reason::OpeningMalformed, &plan.seats()[at].bank));
        }
        packages.insert(plan.index(at).ok_or_else(internal)?, opening.package.clone());
    }
    Transcript::collect(plan.context(), &packages)
        .map_err(|error| blame(plan, &error, Reason::OpeningMalformed))
}

/// Compares what all have seen. Who differs is told apart: a dealer with two openings, or an echo that is made up.
pub fn agree(plan: &Plan, openings: &[Opening], echoes: &[Echo]) -> Result<Agreed, Failure> {
    let transcript = transcript(plan, openings)?;
    let ours = Echo::of(&transcript, openings);
    for (author, echo) in echoes.iter().enumerate() {
        let author = &plan.seats()[author].bank;
        if echo.seen.len() != ours.seen.len() {
            return Err(Failure::of(Reason::EchoMalformed, author));
        }
        for (dealer, (theirs, ours)) in echo.seen.iter().zip(&ours.seen).enumerate() {
            if theirs.package == ours.package {
                continue;
            }
            return Err(if theirs.is_of(plan, dealer) {
                Failure::of(Reason::TwoOpenings, &plan.seats()[dealer].bank)
            } else {
                Failure::of(Reason::EchoFalse, author)
            });
        }
        if echo.transcript != ours.transcript {
            return Err(Failure::of(Reason::EchoFalse, author));
        }
    }
    agreed(plan, transcript)
}

/// The transcript that all have confirmed.
fn agreed(plan: &Plan, transcript: Transcript) -> Result<Agreed, Failure> {
    let digest = transcript.digest();
    let digests = plan.context().threshold.indices().map(|index| (index, digest)).collect();
    transcript.agree(&digests).map_err(|error| blame(plan, &error, Reason::Internal))
}

/// One package for every other holder, by its position, each sealed to the receiver's pinned key.
pub fn deal(
    plan: &Plan,
    agreed: &Agreed,
    seed: &CeremonySeed,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<(usize, Vec<u8>)>, Failure> {
    let packages = generate::deal(agreed, own_index(plan)?, seed);
    let packages = packages.map_err(|error| blame(plan, &error, Reason::OpeningUnproven))?;
    plan.others()
        .map(|to| {
            let plain = plan.index(to).and_then(|index| packages.get(&index)).ok_or_else(internal)?;
            let info = body::package_info(plan, plan.me(), to);
            let sealed = envelope::seal(&plan.seats()[to].sealing, &info, &agreed.digest(), plain, rng);
            Ok((to, sealed.map_err(|_| internal())?))
        })
        .collect()
}

/// The share, the public keys and the record that follows from them, the same for every holder.
pub fn finish(
    plan: &Plan,
    openings: &[Opening],
    seed: &CeremonySeed,
    sealed: &[(usize, &[u8])],
    key: &SealingKey,
) -> Result<(KeyShare, KeyRecord), Failure> {
    let agreed = agreed(plan, transcript(plan, openings)?)?;
    let mut packages = Packages::new();
    for (from, envelope) in sealed {
        let info = body::package_info(plan, *from, plan.me());
        let unreadable = |_| Failure::of(Reason::PackageUnreadable, &plan.seats()[*from].bank);
        let plain = key.open(&info, &agreed.digest(), envelope).map_err(unreadable)?;
        packages.insert(plan.index(*from).ok_or_else(internal)?, plain);
    }
    let (share, keys) = generate::finish(&agreed, own_index(plan)?, seed, &packages)
        .map_err(|error| blame(plan, &error, Reason::PackageWrong))?;
    let record = record(plan, &keys)?;
    Ok((share, record))
}

fn record(plan: &Plan, keys: &PublicKeySet) -> Result<KeyRecord, Failure> {
    let holder = |(at, seat): (usize, &super::plan::Seat)| {
        let public_share = plan.index(at).and_then(|index| keys.share(index)).ok_or_else(internal)?;
        Ok(Holder {
            bank: seat.bank.clone(),
            identity: seat.identity,
            certificate_key: seat.certificate_key,
            public_share,
        })
    };
    let proposal = plan.proposal();
    Ok(KeyRecord {
        key: proposal.key,
        threshold: proposal.threshold,
        roster_digest: proposal.roster_digest,
        public_key: keys.key(),
        holders: plan.seats().iter().enumerate().map(holder).collect::<Result<_, Failure>>()?,
    })
}

/// The holder that `crypto` names, for what it did in this step; nobody if nobody is named.
fn blame(plan: &Plan, error: &CeremonyError, reason: Reason) -> Failure {
    let culprits = error.culprits();
    let named =
        culprits.iter().filter_map(|index| plan.seat_of(*index)).map(|seat| seat.bank.clone()).collect();
    if culprits.is_empty() { internal() } else { Failure { reason, culprits: named, reporter: None } }
}

fn internal() -> Failure {
    Failure::nobodys(Reason::Internal)
}
