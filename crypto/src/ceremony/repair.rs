//! Repair: `T` helpers rebuild a lost share without learning it, or anything of each other's.
//!
//! - **Comes in:** a plan (who lost, who helps, under which key set); helpers' shares and seeds; their messages.
//! - **Goes out:** deltas among the helpers, one sigma of each for the loser, and the share again.
//! - **Never sees:** two shares in one place. **Trusts:** `T−1` helpers at most to be dishonest.
//! - **Fails:** naming the helper whose part does not fit what it committed to.
//!
//! Helper `i` splits `λ_i(lost)·k_i` into `T` random summands, one per helper; each helper adds what it got and sends
//! the sum to the loser, who adds the sums. The result counts only if `k_j·B = Y_j`. A refresh follows. Source: Laing,
//! Stinson, *A survey and refinement of repairable threshold schemes* (2017), through FROST (outside its audit).
//!
//! A wrong sum alone would not tell whose part was wrong. So each helper first publishes its summands times `B`, as
//! Feldman (1987) does with coefficients: anybody sees that they add up to `λ_i(lost)·Y_i`, each receiver that its summand
//! is the one committed to, and the loser that each sum is the sum of what was committed to.

use std::collections::{BTreeMap, BTreeSet};

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use frost_ristretto255::keys::repairable::{self, Delta};
use frost_ristretto255::{Identifier, Ristretto255Sha512};
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use super::CeremonyError;
use super::context::{CeremonyContext, CeremonyKind, CeremonySeed};
pub use super::dealing::Packages;
use super::message::{SecretMessage, SecretPurpose};
use super::transcript::complete;
use super::{dealing, frost};
use crate::encoding::{Kind, Reader, header};
use crate::error::Malformed;
use crate::group::element;
use crate::share::commitment::PublicKeySet;
use crate::share::key_share::KeyShare;
use crate::share::polynomial;
use crate::share::threshold::HolderIndex;

const FIELD: &str = "repair commitment";

/// What every helper has committed to, for every receiver; each found to add up to the helper's part.
pub struct Commitments(BTreeMap<HolderIndex, BTreeMap<HolderIndex, RistrettoPoint>>);

/// Who repairs whose share, under which key set.
pub struct RepairPlan {
    keys: PublicKeySet,
    lost: HolderIndex,
    helpers: BTreeSet<HolderIndex>,
    binding: [u8; 64],
}

impl RepairPlan {
    /// Exactly `T` helpers of the current record, the loser not among them.
    pub fn new(
        context: &CeremonyContext,
        keys: PublicKeySet,
        lost: HolderIndex,
        helpers: BTreeSet<HolderIndex>,
    ) -> Result<Self, CeremonyError> {
        let refuse = |reason| Err(CeremonyError::Plan { reason });
        let threshold = keys.threshold();
        if context.kind != CeremonyKind::Repair || context.threshold != threshold {
            return refuse("the context is not that of a repair under this key record");
        }
        if helpers.len() != usize::from(threshold.needed()) || helpers.contains(&lost) {
            return refuse("exactly T helpers are needed, and the loser is none of them");
        }
        if !helpers.iter().chain([&lost]).all(|holder| threshold.contains(*holder)) {
            return refuse("a helper or the loser is not in this key record");
        }
        let mut hash = Sha512::new();
        hash.update(b"lianfang v1 repair");
        hash.update(context.digest());
        hash.update(keys.encode());
        hash.update([lost.get()]);
        hash.update(helpers.iter().map(|helper| helper.get()).collect::<Vec<_>>());
        Ok(Self { keys, lost, helpers, binding: hash.finalize().into() })
    }

    /// Step 0, at a helper: its summands times `B`, for everybody. In order of the helpers, after header, binding and index.
    pub fn commit(&self, share: &KeyShare, seed: &CeremonySeed) -> Result<Vec<u8>, CeremonyError> {
        let deltas = self.deltas(share, seed)?;
        let mut bytes = header(Kind::RepairCommitment).to_vec();
        bytes.extend(self.binding);
        bytes.push(share.holder().get());
        for (receiver, message) in &deltas {
            let delta = SecretMessage::decode(message, SecretPurpose::Delta)
                .map_err(|malformed| CeremonyError::Malformed { holder: *receiver, malformed })?;
            bytes.extend(element::encode(&RistrettoPoint::mul_base(&delta.scalar)));
        }
        Ok(bytes)
    }

    /// Reads what all helpers have committed to.
    pub fn collect(&self, messages: &BTreeMap<HolderIndex, Vec<u8>>) -> Result<Commitments, CeremonyError> {
        complete(self.helpers.iter().copied(), messages)?;
        let set: Vec<Scalar> = self.helpers.iter().map(|helper| helper.scalar()).collect();
        let parts = polynomial::coefficients(&self.lost.scalar(), &set);
        let mut all = BTreeMap::new();
        for ((holder, bytes), part) in messages.iter().zip(parts) {
            let holder = *holder;
            let (binding, sender, points) =
                self.read(bytes).map_err(|malformed| CeremonyError::Malformed { holder, malformed })?;
            if binding != self.binding {
                return Err(CeremonyError::OtherCeremony { holder });
            }
            if sender != holder {
                return Err(CeremonyError::Misaddressed { holder });
            }
            let sum: RistrettoPoint = points.values().sum();
            if self.keys.share_point(holder).map(|public| public * part) != Some(sum) {
                return Err(CeremonyError::InvalidProof { holder });
            }
            all.insert(holder, points);
        }
        Ok(Commitments(all))
    }

    #[expect(clippy::type_complexity, reason = "the three parts of one message, taken apart at once")]
    fn read(
        &self,
        bytes: &[u8],
    ) -> Result<([u8; 64], HolderIndex, BTreeMap<HolderIndex, RistrettoPoint>), Malformed> {
        let mut reader = Reader::open(bytes, Kind::RepairCommitment, FIELD)?;
        let (binding, sender) = (reader.array()?, reader.holder()?);
        let mut points = BTreeMap::new();
        for (index, receiver) in self.helpers.iter().enumerate() {
            points.insert(*receiver, element::decode(&reader.array()?, index, FIELD)?);
        }
        reader.finish()?;
        Ok((binding, sender, points))
    }

    /// Whether each delta to `me` is the one that its helper has committed to.
    pub fn check_deltas(
        &self,
        me: HolderIndex,
        commitments: &Commitments,
        deltas: &Packages,
    ) -> Result<(), CeremonyError> {
        let committed = |helper| commitments.0.get(&helper).and_then(|points| points.get(&me)).copied();
        self.check(me, deltas, SecretPurpose::Delta, committed)
    }

    /// Whether each sum is that of what was committed to for its helper.
    pub fn check_sigmas(&self, commitments: &Commitments, sigmas: &Packages) -> Result<(), CeremonyError> {
        let committed = |helper| {
            let points = commitments.0.values().map(|points| points.get(&helper).copied());
            points.sum::<Option<RistrettoPoint>>()
        };
        self.check(self.lost, sigmas, SecretPurpose::Sigma, committed)
    }

    fn check(
        &self,
        me: HolderIndex,
        messages: &Packages,
        purpose: SecretPurpose,
        committed: impl Fn(HolderIndex) -> Option<RistrettoPoint>,
    ) -> Result<(), CeremonyError> {
        let scalars = dealing::open_secrets(&self.binding, me, messages, purpose)?;
        for (holder, scalar) in &scalars {
            if committed(*holder) != Some(RistrettoPoint::mul_base(scalar)) {
                return Err(CeremonyError::InvalidShare { holder: *holder });
            }
        }
        Ok(())
    }

    /// Step 1, at a helper: one delta for every helper, itself included.
    pub fn deltas(&self, share: &KeyShare, seed: &CeremonySeed) -> Result<Packages, CeremonyError> {
        let me = share.holder();
        if !self.helpers.contains(&me) || !share.belongs_to(&self.keys) {
            return Err(CeremonyError::OwnState { what: "share" });
        }
        let names = self.helpers.iter().map(|helper| frost::identifier(*helper));
        let names: Vec<Identifier> = names.collect::<Result<_, _>>()?;
        let (package, _) = frost::packages(share, &self.keys)?;
        let mut stream = frost::SeedStream::new(seed, &self.binding, me);
        let lost = frost::identifier(self.lost)?;
        let deltas =
            repairable::repair_share_part1::<Ristretto255Sha512, _>(&names, &package, &mut stream, lost)
                .map_err(CeremonyError::Library)?;
        let message = |(helper, name): (&HolderIndex, &Identifier)| {
            let missing = CeremonyError::Missing { holders: vec![*helper] };
            let bytes = Zeroizing::new(deltas.get(name).ok_or(missing)?.serialize());
            Ok((*helper, self.seal_scalar(me, *helper, &bytes, SecretPurpose::Delta)?))
        };
        self.helpers.iter().zip(&names).map(message).collect()
    }

    /// Step 2, at a helper: the sum of all deltas it received, its own among them, for the loser.
    pub fn sigma(&self, me: HolderIndex, deltas: &Packages) -> Result<Zeroizing<Vec<u8>>, CeremonyError> {
        complete(self.helpers.iter().copied(), deltas)?;
        let scalars = dealing::open_secrets(&self.binding, me, deltas, SecretPurpose::Delta)?;
        let deltas = scalars.values().map(|scalar| Delta::deserialize(scalar.as_bytes()));
        let deltas: Vec<Delta> = deltas.collect::<Result<_, _>>().map_err(CeremonyError::Library)?;
        let sigma = Zeroizing::new(repairable::repair_share_part2(&deltas).serialize());
        self.seal_scalar(me, self.lost, &sigma, SecretPurpose::Sigma)
    }

    /// Step 3, at the loser: the share again, if and only if it is the one of the key record.
    pub fn recover(&self, sigmas: &Packages) -> Result<KeyShare, CeremonyError> {
        complete(self.helpers.iter().copied(), sigmas)?;
        let scalars = dealing::open_secrets(&self.binding, self.lost, sigmas, SecretPurpose::Sigma)?;
        let sum = Zeroizing::new(scalars.values().map(|scalar| **scalar).sum());
        let share = KeyShare::new(self.keys.threshold(), self.lost, *self.keys.key_point(), &sum);
        if share.belongs_to(&self.keys) { Ok(share) } else { Err(CeremonyError::RepairFailed) }
    }

    fn seal_scalar(
        &self,
        sender: HolderIndex,
        receiver: HolderIndex,
        bytes: &[u8],
        purpose: SecretPurpose,
    ) -> Result<Zeroizing<Vec<u8>>, CeremonyError> {
        let malformed = |malformed| CeremonyError::Malformed { holder: sender, malformed };
        let encoding = Zeroizing::new(crate::encoding::exactly(bytes, "scalar").map_err(malformed)?);
        let scalar = Zeroizing::new(crate::group::scalar::decode(&encoding, 0, "scalar").map_err(malformed)?);
        Ok(SecretMessage { binding: self.binding, sender, receiver, scalar }.encode(purpose))
    }
}
