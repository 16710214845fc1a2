//! A proposal that this holder takes part in.
//!
//! * Comes in: the coordinator's proposal, the pinned roster, what keys there are. Goes out: a [`Plan`] with the holders'
//!   pinned keys, or a [`Refusal`]. Trusts: the roster, and of a key that there is the record that its holders have signed.
//! * Never sees: secrets. Fails: before anything is signed.

use lianfang_crypto::ceremony::context::{CeremonyContext, CeremonyKind};
use lianfang_crypto::share::threshold::{HolderIndex, Threshold};
use lianfang_proto::documents::ceremony::{Phase, Proposal, Task};
use lianfang_proto::documents::key_record::{Holder, KeyRecord};
use lianfang_proto::documents::roster::Roster;
use lianfang_proto::ids::{BankId, Epoch, Generation, KeyId};
use lianfang_trust::{Canonical, Digest, VerifyingKey};

use crate::key_holder::ports::{MemberKeys, Members};
use crate::ports::Micros;

mod seats;

/// Why this holder does not take part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The proposal is not signed by the coordinator of the pinned roster, or is for another ceremony.
    #[error("the proposal is not the coordinator's own for this ceremony; ask the coordinator for it again")]
    NotTheCoordinators,
    /// It was made under a roster that was never pinned here.
    #[error(
        "the proposal is made under a roster that this node does not have; if it has a later one, propose again"
    )]
    OtherRoster,
    /// `2 ≤ T ≤ M` does not hold, or `M` is too large.
    #[error("the threshold must be from 2 to the number of holders")]
    Threshold,
    /// This node is not one of the holders, or has no part in a repair.
    #[error("this node is not one of the proposed holders")]
    NotAHolder,
    /// A proposed holder does not take part in the federation.
    #[error("{0} is not an active member of the roster")]
    Inactive(BankId),
    /// A proposed holder signs by another key since.
    #[error("{0} has exchanged its key since it was proposed; propose again")]
    Exchanged(BankId),
    /// A holder twice.
    #[error("{0} is proposed twice")]
    Twice(BankId),
    /// The key of this class and epoch exists.
    #[error("a key of this class and epoch exists already")]
    KeyExists,
    /// Not a later epoch than the newest.
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
    /// The epoch is over here.
    #[error("the epoch is closed at this node")]
    Closed,
    /// The record that the proposal begins from is not the newest that is known here, or not known at all.
    #[error("the proposal begins from another key record than the newest one here; propose again")]
    OtherRecord,
    /// A refresh or a repair with other holders, or another number of them needed, than the record has.
    #[error(
        "a refresh and a repair keep the holders and the threshold of the key record; make a new epoch instead"
    )]
    OtherHolders,
    /// Not the generation that follows, or of a repair not the present one.
    #[error("the generation must be {}", .expected.0)]
    OtherGeneration {
        /// The one that fits.
        expected: Generation,
    },
    /// A holder has other keys in the roster than in the record.
    #[error("{0} has other keys in the roster than in the key record; make a new epoch")]
    KeysChanged(BankId),
    /// This node has no share of this generation to renew or to help with.
    #[error("this node holds no share of this generation; have it repaired first")]
    NoShare,
    /// The share that is to be repaired is here.
    #[error("the share is not lost; there is nothing to repair")]
    ShareNotLost,
    /// A person at this node decides, and has not decided yet.
    #[error("a person here decides on it; see `key ceremonies`, then `key join`")]
    Undecided,
    /// A person or the policy of this node says no.
    #[error("this node takes no part in it, by the word of {by}")]
    Declined {
        /// Who.
        by: String,
    },
}

/// One holder with its pinned keys, in the order of the share indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The bank.
    pub bank: BankId,
    /// By which it signs.
    pub identity: VerifyingKey,
    /// SHA-256 of its certificate's public key.
    pub certificate_key: [u8; 32],
}

impl From<MemberKeys> for Seat {
    fn from(keys: MemberKeys) -> Self {
        let MemberKeys { bank, identity, sealing: _, certificate_key, group: _ } = keys;
        Self { bank, identity, certificate_key }
    }
}

impl From<&Holder> for Seat {
    fn from(holder: &Holder) -> Self {
        let Holder { bank, identity, certificate_key, public_share: _ } = holder;
        Self { bank: bank.clone(), identity: *identity, certificate_key: *certificate_key }
    }
}

/// What this holder knows of the key that a proposal is about.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The newest epoch of the class of which there is a record.
    pub newest: Option<Epoch>,
    /// The newest record of the proposal's class and epoch.
    pub record: Option<KeyRecord>,
    /// The key of the share that this node answers with in this class and epoch.
    pub share: Option<KeyId>,
    /// Whether the epoch is over here.
    pub closed: bool,
    /// The roster that it was proposed under, where that is or was in force here.
    pub roster: Option<Roster>,
}

/// What a holder does in a ceremony.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Deals to all others and is dealt to by all.
    Dealer,
    /// Helps to repair.
    Helper,
    /// Its share is repaired.
    Loser,
}

/// A ceremony that this holder takes part in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    proposal: Proposal,
    digest: Digest,
    context: CeremonyContext,
    seats: Vec<Seat>,
    me: usize,
    base: Option<KeyRecord>,
}

impl Plan {
    /// Checks a proposal against the pinned roster and what is known of its key. A roster that changes while people decide
    /// does not end a ceremony: the holders' keys are those of the roster that it was proposed under.
    pub fn accept(
        proposal: Proposal,
        bank: &BankId,
        members: &dyn Members,
        known: Known,
        now: Micros,
    ) -> Result<Self, Refusal> {
        let roster = known.roster.filter(|roster| roster.digest() == proposal.roster_digest);
        if roster.is_none() && proposal.roster_digest != members.digest() {
            return Err(Refusal::OtherRoster);
        }
        if now >= proposal.deadline {
            return Err(Refusal::Late);
        }
        if known.closed {
            return Err(Refusal::Closed);
        }
        let base = match proposal.task.record() {
            None => {
                next_key(&proposal, known.newest)?;
                None
            }
            Some(digest) => {
                let record = known.record.filter(|record| record.digest() == *digest);
                let record = record.ok_or(Refusal::OtherRecord)?;
                same_key(&proposal, &record)?;
                Some(record)
            }
        };
        let seats = seats::seats(&proposal, base.as_ref(), roster.as_ref(), members)?;
        let plan = Self::new(proposal, seats, base, bank)?;
        let current = plan.base.as_ref().map(|record| record.key);
        match plan.role() {
            Role::Dealer | Role::Helper if current.is_some() && known.share != current => {
                Err(Refusal::NoShare)
            }
            Role::Loser if known.share == current => Err(Refusal::ShareNotLost),
            Role::Dealer | Role::Helper | Role::Loser => Ok(plan),
        }
    }

    /// Puts a plan together; also when it comes back from the store.
    pub(super) fn new(
        proposal: Proposal,
        seats: Vec<Seat>,
        base: Option<KeyRecord>,
        bank: &BankId,
    ) -> Result<Self, Refusal> {
        let small = |number: usize| u8::try_from(number).map_err(|_| Refusal::Threshold);
        let threshold = Threshold::new(small(proposal.threshold.into())?, small(seats.len())?);
        let threshold = threshold.map_err(|_| Refusal::Threshold)?;
        for (at, seat) in seats.iter().enumerate() {
            if seats[..at].iter().any(|other| other.bank == seat.bank || other.identity == seat.identity) {
                return Err(Refusal::Twice(seat.bank.clone()));
            }
        }
        let me = seats.iter().position(|seat| &seat.bank == bank).ok_or(Refusal::NotAHolder)?;
        if !proposal.takes_part(bank) {
            return Err(Refusal::NotAHolder);
        }
        if proposal.task.record().is_some() != base.is_some() {
            return Err(Refusal::OtherRecord);
        }
        let kind = match &proposal.task {
            Task::Generate => CeremonyKind::Generate,
            Task::Refresh { .. } => CeremonyKind::Refresh,
            Task::Repair { .. } => CeremonyKind::Repair,
        };
        let context = CeremonyContext {
            kind,
            id: *proposal.ceremony.as_bytes(),
            class: proposal.key.class.number().into(),
            epoch: proposal.key.epoch.0,
            generation: proposal.key.generation.0,
            threshold,
        };
        let digest = proposal.digest();
        Ok(Self { proposal, digest, context, seats, me, base })
    }

    /// The record that a refresh or a repair begins from.
    pub fn base(&self) -> Option<&KeyRecord> {
        self.base.as_ref()
    }

    /// What this holder does.
    pub fn role(&self) -> Role {
        match &self.proposal.task {
            Task::Generate | Task::Refresh { .. } => Role::Dealer,
            Task::Repair { lost, .. } if *lost == self.own().bank => Role::Loser,
            Task::Repair { .. } => Role::Helper,
        }
    }

    /// The positions of those who take part, this holder among them, in the order of their shares.
    pub fn participants(&self) -> Vec<usize> {
        let takes_part = |at: &usize| self.proposal.takes_part(&self.seats[*at].bank);
        (0..self.seats.len()).filter(takes_part).collect()
    }

    /// The position of the holder whose share is repaired.
    pub fn loser(&self) -> Option<usize> {
        let Task::Repair { lost, .. } = &self.proposal.task else { return None };
        self.seats.iter().position(|seat| seat.bank == *lost)
    }

    /// The positions of those who deal to this holder in the second round, and to whom it deals: all others, or of a
    /// repair the other helpers.
    pub fn partners(&self) -> Vec<usize> {
        let loser = self.loser();
        if self.role() == Role::Loser {
            return Vec::new();
        }
        self.others().filter(|at| Some(*at) != loser).collect()
    }

    /// The positions of those who must sign the record in the end: all holders, or the one whose share is repaired.
    pub fn endorsers(&self) -> Vec<usize> {
        self.loser().map_or_else(|| (0..self.seats.len()).collect(), |loser| vec![loser])
    }

    /// From whom this holder awaits a sealed message once the echoes agree, and in which phase.
    pub fn awaited_sealed(&self) -> (Phase, Vec<usize>) {
        match self.role() {
            Role::Dealer | Role::Helper => (Phase::RoundTwo, self.partners()),
            Role::Loser => (Phase::RoundThree, self.others().collect()),
        }
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

    /// The positions of all others who take part.
    pub fn others(&self) -> impl Iterator<Item = usize> {
        self.participants().into_iter().filter(|at| *at != self.me)
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

/// A new key is of a later epoch than every one that is known here. A node that has not heard of the newest takes the
/// proposal's word for the number: the record that comes of it is compared.
fn next_key(proposal: &Proposal, newest: Option<Epoch>) -> Result<(), Refusal> {
    let (epoch, generation) = (proposal.key.epoch, proposal.key.generation.0);
    let expected = newest.map_or(Epoch(epoch.0.max(1)), |newest| Epoch(newest.0.saturating_add(1)));
    match newest {
        Some(newest) if newest == epoch && generation == 0 => Err(Refusal::KeyExists),
        _ if epoch < expected || generation != 0 => Err(Refusal::NotNext { expected }),
        _ => Ok(()),
    }
}

/// A refresh and a repair keep everything but the shares.
fn same_key(proposal: &Proposal, record: &KeyRecord) -> Result<(), Refusal> {
    let (proposed, current) = (proposal.key, record.key);
    if (proposed.class, proposed.epoch) != (current.class, current.epoch) {
        return Err(Refusal::OtherRecord);
    }
    let same = record.holders.len() == proposal.holders.len()
        && record.holders.iter().zip(&proposal.holders).all(|(holder, bank)| holder.bank == *bank);
    if !same || record.threshold != proposal.threshold {
        return Err(Refusal::OtherHolders);
    }
    let expected = match &proposal.task {
        Task::Refresh { .. } => Generation(current.generation.0.saturating_add(1)),
        Task::Generate | Task::Repair { .. } => current.generation,
    };
    if proposed.generation == expected { Ok(()) } else { Err(Refusal::OtherGeneration { expected }) }
}
