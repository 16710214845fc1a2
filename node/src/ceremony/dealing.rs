//! Where the ceremony touches `crypto`: openings to a transcript, a transcript to sealed packages, packages to a share.
//!
//! * Comes in: bodies whose signatures hold. Goes out: the next body, or a [`Failure`] that names the holder at fault.
//! * Never sees: the board, the store. Trusts: `crypto` for every check of group elements and shares.
//! * A holder's whole secret is one [`Secrets`]: each step is computed again from it.

use std::collections::BTreeMap;

use lianfang_crypto::ceremony::CeremonyError;
use lianfang_crypto::ceremony::context::CeremonySeed;
use lianfang_crypto::ceremony::generate::Packages;
use lianfang_crypto::ceremony::repair::RepairPlan;
use lianfang_crypto::ceremony::transcript::{Agreed, Transcript};
use lianfang_crypto::ceremony::{generate, refresh};
use lianfang_crypto::share::commitment::PublicKeySet;
use lianfang_crypto::share::key_share::KeyShare;
use lianfang_crypto::share::threshold::HolderIndex;
use lianfang_proto::documents::ceremony::{Phase, Task};
use lianfang_proto::documents::key_record::{Holder, KeyRecord};
use lianfang_trust::Digest;
use lianfang_trust::envelope::{self, SealingKey, SealingPublicKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::body::{self, Echo, Opening};
use super::failure::{Failure, Reason};
use super::plan::{Plan, Seat};
use crate::key_holder::records::public_keys;
use crate::key_holder::vault::ActiveKey;

/// Everything secret that a holder has in one ceremony. Erased when the ceremony ends; wiped on drop, no `Debug`.
pub struct Secrets {
    /// From which everything that it deals follows.
    pub seed: CeremonySeed,
    /// From which the sealing key of this ceremony follows.
    pub sealing: Zeroizing<[u8; 32]>,
}

impl Secrets {
    /// Draws them; they are stored sealed before the first message leaves.
    pub fn draw(rng: &mut dyn CryptoRng) -> Self {
        let seed = CeremonySeed::draw(rng);
        let mut sealing = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *sealing);
        Self { seed, sealing }
    }

    fn key(&self) -> SealingKey {
        SealingKey::from_seed(&self.sealing)
    }
}

/// The index of a position.
fn index(plan: &Plan, at: usize) -> Result<HolderIndex, Failure> {
    plan.index(at).ok_or_else(internal)
}

/// This holder's opening: sealing key and commitment.
pub fn open(
    plan: &Plan,
    secrets: &Secrets,
    held: Option<&ActiveKey>,
) -> Result<([u8; 32], Vec<u8>), Failure> {
    let me = index(plan, plan.me())?;
    let package = match (&plan.proposal().task, plan.loser()) {
        (Task::Generate, _) => generate::open(plan.context(), me, &secrets.seed),
        (Task::Refresh { .. }, _) => refresh::open(plan.context(), me, &secrets.seed),
        (Task::Repair { .. }, Some(loser)) if loser == plan.me() => Ok(Vec::new()),
        (Task::Repair { .. }, _) => current(plan, held)?.commit(&repair(plan)?, &secrets.seed),
    };
    let package = package.map_err(|error| blame(plan, &error, Reason::Internal))?;
    Ok((*secrets.key().public().as_bytes(), package))
}

/// All openings, each signed by its dealer and of its form.
pub struct View {
    digest: [u8; 64],
    transcript: Option<Transcript>,
}

impl View {
    /// What all must have seen alike.
    pub fn digest(&self) -> [u8; 64] {
        self.digest
    }
}

/// Reads the openings, in the order of those who take part.
pub fn view(plan: &Plan, openings: &[Opening]) -> Result<View, Failure> {
    let mut packages = BTreeMap::new();
    for (at, opening) in plan.participants().into_iter().zip(openings) {
        let malformed = || Failure::of(Reason::OpeningMalformed, &plan.seats()[at].bank);
        if !opening.seen().is_of(plan, at) || SealingPublicKey::from_bytes(&opening.sealing).is_err() {
            return Err(malformed());
        }
        if Some(at) == plan.loser() {
            if !opening.package.is_empty() {
                return Err(malformed());
            }
        } else {
            packages.insert(index(plan, at)?, opening.package.clone());
        }
    }
    let malformed = |error| blame(plan, &error, Reason::OpeningMalformed);
    if plan.loser().is_some() {
        repair(plan)?.collect(&packages).map_err(|error| match error {
            CeremonyError::InvalidProof { .. } => blame(plan, &error, Reason::OpeningUnproven),
            error => malformed(error),
        })?;
        let seen: Vec<u8> = openings.iter().flat_map(|opening| *opening.seen().package.as_bytes()).collect();
        let all = [plan.digest().as_bytes().as_slice(), &seen].concat();
        let digest = Digest::of("lianfang/ceremony-repair-transcript", &all);
        return Ok(View { digest: *digest.as_bytes(), transcript: None });
    }
    let transcript = Transcript::collect(plan.context(), &packages).map_err(malformed)?;
    Ok(View { digest: transcript.digest(), transcript: Some(transcript) })
}

/// Compares what all have seen. Who differs is told apart: a dealer with two openings, or an echo that is made up.
pub fn agree(plan: &Plan, openings: &[Opening], echoes: &[Echo]) -> Result<(), Failure> {
    let ours = Echo::of(view(plan, openings)?.digest(), openings);
    for (author, echo) in plan.participants().into_iter().zip(echoes) {
        let author = &plan.seats()[author].bank;
        if echo.seen.len() != ours.seen.len() {
            return Err(Failure::of(Reason::EchoMalformed, author));
        }
        for (dealer, (theirs, ours)) in plan.participants().into_iter().zip(echo.seen.iter().zip(&ours.seen))
        {
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
    Ok(())
}

/// What one holder computes with once all openings are known to be the same everywhere.
pub struct Table<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The openings, in the order of those who take part.
    pub openings: &'a [Opening],
    /// This holder's secrets.
    pub secrets: &'a Secrets,
    /// The share that it answers with in this class and epoch.
    pub held: Option<&'a ActiveKey>,
}

impl Table<'_> {
    /// The transcript that all have confirmed.
    fn agreed(&self) -> Result<Agreed, Failure> {
        let transcript = view(self.plan, self.openings)?.transcript.ok_or_else(internal)?;
        let digest = transcript.digest();
        let digests = self.plan.context().threshold.indices().map(|index| (index, digest)).collect();
        transcript.agree(&digests).map_err(|error| blame(self.plan, &error, Reason::Internal))
    }

    /// One package for every partner, by its position, each sealed to the receiver's key of this ceremony.
    pub fn deal(&self, rng: &mut dyn CryptoRng) -> Result<Vec<(usize, Vec<u8>)>, Failure> {
        let (plan, seed) = (self.plan, &self.secrets.seed);
        let me = index(plan, plan.me())?;
        let partners = plan.partners();
        let packages = match &plan.proposal().task {
            _ if partners.is_empty() => Ok(Packages::new()),
            Task::Generate => generate::deal(&self.agreed()?, me, seed),
            Task::Refresh { .. } => refresh::deal(&self.agreed()?, me, seed),
            Task::Repair { .. } => current(plan, self.held)?.deltas(&repair(plan)?, seed),
        };
        let packages = packages.map_err(|error| blame(plan, &error, Reason::OpeningUnproven))?;
        let sealed = |to: usize| {
            let plain = packages.get(&index(plan, to)?).ok_or_else(internal)?;
            Ok((to, self.seal(Phase::RoundTwo, to, plain, rng)?))
        };
        partners.into_iter().map(sealed).collect()
    }

    /// A helper's sum for the holder whose share is repaired, sealed to it.
    pub fn sum(
        &self,
        sealed: &[(usize, &[u8])],
        rng: &mut dyn CryptoRng,
    ) -> Result<(usize, Vec<u8>), Failure> {
        let plan = self.plan;
        let (repair, me) = (repair(plan)?, index(plan, plan.me())?);
        let mut deltas = self.opened(Phase::RoundTwo, sealed)?;
        let own = current(plan, self.held)?.deltas(&repair, &self.secrets.seed);
        let mut own = own.map_err(|error| blame(plan, &error, Reason::Internal))?;
        deltas.insert(me, own.remove(&me).ok_or_else(internal)?);
        let commitments = self.commitments(&repair)?;
        let wrong = |error| blame(plan, &error, Reason::PackageWrong);
        repair.check_deltas(me, &commitments, &deltas).map_err(wrong)?;
        let sigma = repair.sigma(me, &deltas).map_err(wrong)?;
        let loser = plan.loser().ok_or_else(internal)?;
        Ok((loser, self.seal(Phase::RoundThree, loser, &sigma, rng)?))
    }

    /// The share, and the record that all (or, of a repair, this holder alone) are to sign.
    pub fn finish(&self, sealed: &[(usize, &[u8])]) -> Result<(KeyShare, KeyRecord), Failure> {
        let (plan, seed) = (self.plan, &self.secrets.seed);
        let wrong = |error| blame(plan, &error, Reason::PackageWrong);
        let (share, keys) = match &plan.proposal().task {
            Task::Generate => {
                let packages = self.opened(Phase::RoundTwo, sealed)?;
                generate::finish(&self.agreed()?, index(plan, plan.me())?, seed, &packages).map_err(wrong)?
            }
            Task::Refresh { .. } => {
                let packages = self.opened(Phase::RoundTwo, sealed)?;
                current(plan, self.held)?.renewed(&self.agreed()?, seed, &packages).map_err(wrong)?
            }
            Task::Repair { .. } => {
                let (repair, sigmas) = (repair(plan)?, self.opened(Phase::RoundThree, sealed)?);
                repair.check_sigmas(&self.commitments(&repair)?, &sigmas).map_err(wrong)?;
                let share = repair.recover(&sigmas).map_err(wrong)?;
                return Ok((share, plan.base().cloned().ok_or_else(internal)?));
            }
        };
        let record = record(plan, &keys)?;
        Ok((share, record))
    }

    fn commitments(
        &self,
        repair: &RepairPlan,
    ) -> Result<lianfang_crypto::ceremony::repair::Commitments, Failure> {
        let mut packages = BTreeMap::new();
        for (at, opening) in self.plan.participants().into_iter().zip(self.openings) {
            if Some(at) != self.plan.loser() {
                packages.insert(index(self.plan, at)?, opening.package.clone());
            }
        }
        repair.collect(&packages).map_err(|error| blame(self.plan, &error, Reason::OpeningUnproven))
    }

    fn seal(
        &self,
        phase: Phase,
        to: usize,
        plain: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, Failure> {
        let plan = self.plan;
        let place = plan.participants().iter().position(|at| *at == to).ok_or_else(internal)?;
        let key = SealingPublicKey::from_bytes(&self.openings.get(place).ok_or_else(internal)?.sealing);
        let info = body::package_info(plan, phase, plan.me(), to);
        let digest = view(plan, self.openings)?.digest();
        envelope::seal(&key.map_err(|_| internal())?, &info, &digest, plain, rng).map_err(|_| internal())
    }

    fn opened(&self, phase: Phase, sealed: &[(usize, &[u8])]) -> Result<Packages, Failure> {
        let (plan, key) = (self.plan, self.secrets.key());
        let digest = view(plan, self.openings)?.digest();
        let mut packages = Packages::new();
        for (from, envelope) in sealed {
            let info = body::package_info(plan, phase, *from, plan.me());
            let unreadable = |_| Failure::of(Reason::PackageUnreadable, &plan.seats()[*from].bank);
            packages.insert(index(plan, *from)?, key.open(&info, &digest, envelope).map_err(unreadable)?);
        }
        Ok(packages)
    }
}

/// The share that the ceremony begins from; it may be gone since, with its epoch.
fn current<'a>(plan: &Plan, held: Option<&'a ActiveKey>) -> Result<&'a ActiveKey, Failure> {
    let wanted = plan.base().map(|record| record.key);
    let held = held.filter(|held| Some(held.key()) == wanted);
    held.ok_or_else(|| Failure::of(Reason::ShareGone, &plan.own().bank))
}

fn repair(plan: &Plan) -> Result<RepairPlan, Failure> {
    let base = plan.base().ok_or_else(internal)?;
    let keys = public_keys(base).map_err(|_| internal())?;
    let loser = plan.loser().ok_or_else(internal)?;
    let helpers = plan.participants().into_iter().filter(|at| *at != loser);
    let helpers = helpers.map(|at| index(plan, at)).collect::<Result<_, _>>()?;
    RepairPlan::new(plan.context(), keys, index(plan, loser)?, helpers)
        .map_err(|error| blame(plan, &error, Reason::Internal))
}

fn record(plan: &Plan, keys: &PublicKeySet) -> Result<KeyRecord, Failure> {
    let holder = |(at, seat): (usize, &Seat)| {
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
