//! A proposal that this holder takes part in.
//!
//! * Comes in: the coordinator's proposal, the pinned roster, what keys there are. Goes out: a [`Plan`] with the holders'
//!   pinned keys, or a [`Refusal`]. Trusts: the roster alone; a proposal under another roster is not looked at further.
//! * Never sees: secrets. Fails: before anything is signed.

use lianfang_crypto::ceremony::context::{CeremonyContext, CeremonyKind};
use lianfang_crypto::share::threshold::{HolderIndex, Threshold};
use lianfang_proto::documents::ceremony::Proposal;
use lianfang_proto::ids::{BankId, Epoch};
use lianfang_trust::envelope::SealingPublicKey;
use lianfang_trust::{Canonical, Digest, VerifyingKey};

use crate::key_holder::ports::{MemberKeys, Members};
use crate::ports::Micros;

/// Why this holder does not take part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The proposal is not signed by the coordinator of the pinned roster, or is for another ceremony.
    #[error("the proposal is not the coordinator's own for this ceremony; ask the coordinator for it again")]
    NotTheCoordinators,
    /// It was made under another roster than the one that is pinned here.
    #[error("the proposal is made under another roster; fetch the current roster, then propose again")]
    OtherRoster,
    /// `2 ≤ T ≤ M` does not hold, or `M` is too large.
    #[error("the threshold must be from 2 to the number of holders")]
    Threshold,
    /// This node is not one of the holders.
    #[error("this node is not one of the proposed holders")]
    NotAHolder,
    /// A proposed holder does not take part in the federation.
    #[error("{0} is not an active member of the roster")]
    Inactive(BankId),
    /// A holder twice.
    #[error("{0} is proposed twice")]
    Twice(BankId),
    /// The key of this class and epoch exists.
    #[error("a key of this class and epoch exists already")]
    KeyExists,
    /// Not the next epoch, or not its first generation.
    #[error("the next key of this class has epoch {} and generation 0", .expected.0)]
    NotNext {
        /// The next epoch.
        expected: Epoch,
    },
    /// The deadline has passed.
    #[error("the ceremony's deadline has passed")]
    Late,
    /// Another ceremony for the same key is under way.
    #[error("another ceremony for this key is under way; wait until it ends or its deadline passes")]
    Running,
}

/// One holder with its pinned keys, in the order of the share indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The bank.
    pub bank: BankId,
    /// By which it signs.
    pub identity: VerifyingKey,
    /// To which packages are sealed.
    pub sealing: SealingPublicKey,
    /// SHA-256 of its certificate's public key.
    pub certificate_key: [u8; 32],
}

impl From<MemberKeys> for Seat {
    fn from(keys: MemberKeys) -> Self {
        let MemberKeys { bank, identity, sealing, certificate_key, group: _ } = keys;
        Self { bank, identity, sealing, certificate_key }
    }
}

/// A ceremony that this holder takes part in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    proposal: Proposal,
    digest: Digest,
    context: CeremonyContext,
    seats: Vec<Seat>,
    me: usize,
}

impl Plan {
    /// Checks a proposal against the pinned roster and the newest epoch of its class.
    pub fn accept(
        proposal: Proposal,
        bank: &BankId,
        members: &dyn Members,
        newest: Option<Epoch>,
        now: Micros,
    ) -> Result<Self, Refusal> {
        if proposal.roster_digest != members.digest() {
            return Err(Refusal::OtherRoster);
        }
        if now >= proposal.deadline {
            return Err(Refusal::Late);
        }
        next_key(&proposal, newest)?;
        let seat = |bank: &BankId| {
            members.active(bank).map(Seat::from).ok_or_else(|| Refusal::Inactive(bank.clone()))
        };
        let seats = proposal.holders.iter().map(seat).collect::<Result<Vec<_>, _>>()?;
        Self::new(proposal, seats, bank)
    }

    /// Puts a plan together; also when it comes back from the store.
    pub(super) fn new(proposal: Proposal, seats: Vec<Seat>, bank: &BankId) -> Result<Self, Refusal> {
        let small = |number: usize| u8::try_from(number).map_err(|_| Refusal::Threshold);
        let threshold = Threshold::new(small(proposal.threshold.into())?, small(seats.len())?);
        let threshold = threshold.map_err(|_| Refusal::Threshold)?;
        for (at, seat) in seats.iter().enumerate() {
            if seats[..at].iter().any(|other| other.bank == seat.bank || other.identity == seat.identity) {
                return Err(Refusal::Twice(seat.bank.clone()));
            }
        }
        let me = seats.iter().position(|seat| &seat.bank == bank).ok_or(Refusal::NotAHolder)?;
        let context = CeremonyContext {
            kind: CeremonyKind::Generate,
            id: *proposal.ceremony.as_bytes(),
            class: proposal.key.class.number().into(),
            epoch: proposal.key.epoch.0,
            generation: proposal.key.generation.0,
            threshold,
        };
        let digest = proposal.digest();
        Ok(Self { proposal, digest, context, seats, me })
    }

    /// The proposal.
    pub fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// Its digest, which every post carries.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What `crypto` binds its messages to.
    pub fn context(&self) -> &CeremonyContext {
        &self.context
    }

    /// The holders, in the order of their share indices.
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// This holder's position among the seats.
    pub fn me(&self) -> usize {
        self.me
    }

    /// This holder's seat.
    pub fn own(&self) -> &Seat {
        &self.seats[self.me]
    }

    /// The positions of all others.
    pub fn others(&self) -> impl Iterator<Item = usize> {
        (0..self.seats.len()).filter(|at| *at != self.me)
    }

    /// The share index of a position.
    pub fn index(&self, at: usize) -> Option<HolderIndex> {
        u8::try_from(at + 1).ok().and_then(HolderIndex::new)
    }

    /// The seat of a share index.
    pub fn seat_of(&self, index: HolderIndex) -> Option<&Seat> {
        self.seats.get(usize::from(index.get()) - 1)
    }
}

/// A new key is the next of its class. A node that knows no key of the class (it has just joined) takes the proposal's
/// word for the number: the record that comes of it is compared by people.
fn next_key(proposal: &Proposal, newest: Option<Epoch>) -> Result<(), Refusal> {
    let (epoch, generation) = (proposal.key.epoch, proposal.key.generation.0);
    let expected = newest.map_or(Epoch(epoch.0.max(1)), |newest| Epoch(newest.0.saturating_add(1)));
    match newest {
        Some(newest) if newest == epoch && generation == 0 => Err(Refusal::KeyExists),
        _ if epoch != expected || generation != 0 => Err(Refusal::NotNext { expected }),
        _ => Ok(()),
    }
}
