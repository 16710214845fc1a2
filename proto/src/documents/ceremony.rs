//! A key ceremony's proposal and what holders post on its board.
//!
//! Comes in: bytes under a signature. Goes out: a proposal whose parts fit each other, a post of its form. A proposal that
//! renews or repairs names the record that it begins from, so it means nothing under another one.

use lianfang_trust::{Canonical, DecodeError, Decoder, Digest, Encoder};

use super::{Fields, listed};
use crate::catalogue::Class;
use crate::ids::{BankId, CeremonyId, Epoch, Generation, KeyId};
use crate::limits;

/// What a ceremony is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// A new key.
    Generate,
    /// New shares of a key that there is, in the hands of the same holders.
    Refresh {
        /// The digest of its newest record.
        record: Digest,
    },
    /// One lost share of a key that there is.
    Repair {
        /// The digest of its newest record.
        record: Digest,
        /// Whose share is lost.
        lost: BankId,
        /// The `T` holders that help, in the order of their shares.
        helpers: Vec<BankId>,
    },
}

impl Task {
    /// The stable word for it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Generate => "generate",
            Self::Refresh { .. } => "refresh",
            Self::Repair { .. } => "repair",
        }
    }

    /// The digest of the record that it begins from; a new key has none.
    pub const fn record(&self) -> Option<&Digest> {
        match self {
            Self::Generate => None,
            Self::Refresh { record } | Self::Repair { record, .. } => Some(record),
        }
    }

    fn write(&self, to: &mut Encoder) {
        match self {
            Self::Generate => {
                to.u8(1);
            }
            Self::Refresh { record } => {
                to.u8(2).fixed(record.as_bytes());
            }
            Self::Repair { record, lost, helpers } => {
                to.u8(3).fixed(record.as_bytes()).text(lost.as_str()).list(helpers, super::write_bank);
            }
        }
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match from.u8("task")? {
            1 => Ok(Self::Generate),
            2 => Ok(Self::Refresh { record: from.digest("task.record")? }),
            3 => Ok(Self::Repair {
                record: from.digest("task.record")?,
                lost: from.bank("task.lost")?,
                helpers: from.list("task.helpers", limits::HOLDERS, |from| from.bank("task.helper"))?,
            }),
            _ => Err(DecodeError::Value { field: "task", why: "is not in this program's catalogue" }),
        }
    }
}

/// What the coordinator proposes; holders take part only if it fits the roster that they have pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// A fresh random id.
    pub ceremony: CeremonyId,
    /// What it is for.
    pub task: Task,
    /// Which key and generation it will make, or repair.
    pub key: KeyId,
    /// Holders that must evaluate together.
    pub threshold: u16,
    /// The holders, in the order of their share indices (the first has index 1).
    pub holders: Vec<BankId>,
    /// The roster under which the holders' keys are looked up.
    pub roster_digest: Digest,
    /// When it is given up, in microseconds since 1970.
    pub deadline: i64,
}

/// Writes a [`KeyId`] field by field.
pub(crate) fn write_key(to: &mut Encoder, key: KeyId) {
    to.u8(key.class.number()).u32(key.epoch.0).u32(key.generation.0);
}

/// Reads a [`KeyId`] field by field.
pub(crate) fn read_key(from: &mut Decoder<'_>) -> Result<KeyId, DecodeError> {
    Ok(KeyId {
        class: listed("class", from.u8("class")?, Class::from_number)?,
        epoch: Epoch(from.u32("epoch")?),
        generation: Generation(from.u32("generation")?),
    })
}

/// `2 ≤ T ≤ M`, and no holder twice.
pub(crate) fn check_holders(threshold: u16, holders: &[BankId]) -> Result<(), DecodeError> {
    if threshold < 2 || usize::from(threshold) > holders.len() {
        return Err(DecodeError::Value {
            field: "threshold",
            why: "must be from 2 to the number of holders",
        });
    }
    let mut sorted: Vec<_> = holders.iter().collect();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(DecodeError::Value { field: "holders", why: "names a holder twice" });
    }
    Ok(())
}

impl Canonical for Proposal {
    const DOMAIN: &'static str = "lianfang/ceremony-proposal";
    const VERSION: u8 = 2;
    const MAX_BYTES: usize = 16 * 1_024;

    fn write(&self, to: &mut Encoder) {
        to.fixed(self.ceremony.as_bytes());
        self.task.write(to);
        write_key(to, self.key);
        to.u16(self.threshold)
            .list(&self.holders, super::write_bank)
            .fixed(self.roster_digest.as_bytes())
            .i64(self.deadline);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let proposal = Self {
            ceremony: CeremonyId::from_random(from.fixed("ceremony")?),
            task: Task::read(from)?,
            key: read_key(from)?,
            threshold: from.u16("threshold")?,
            holders: from.list("holders", limits::HOLDERS, |from| from.bank("holder"))?,
            roster_digest: from.digest("roster_digest")?,
            deadline: from.i64("deadline")?,
        };
        check_holders(proposal.threshold, &proposal.holders)?;
        proposal.check_task()?;
        Ok(proposal)
    }
}

impl Proposal {
    /// Whether this holder has a part in it: everybody makes and renews, a repair is for the loser and its helpers.
    pub fn takes_part(&self, bank: &BankId) -> bool {
        match &self.task {
            Task::Generate | Task::Refresh { .. } => self.holders.contains(bank),
            Task::Repair { lost, helpers, .. } => lost == bank || helpers.contains(bank),
        }
    }

    /// A new key has generation 0, a renewed one a later; exactly `T` holders help, in their order, the loser not among
    /// them.
    fn check_task(&self) -> Result<(), DecodeError> {
        let wrong = |field, why| Err(DecodeError::Value { field, why });
        let generation = self.key.generation.0;
        match &self.task {
            Task::Generate if generation != 0 => wrong("generation", "must be 0 for a new key"),
            Task::Refresh { .. } if generation == 0 => {
                wrong("generation", "must be above 0 for a renewed key")
            }
            Task::Generate | Task::Refresh { .. } => Ok(()),
            Task::Repair { lost, .. } if !self.holders.contains(lost) => {
                wrong("task.lost", "must be a holder")
            }
            Task::Repair { lost, helpers, .. } => {
                let mut in_order = self.holders.iter().filter(|holder| helpers.contains(holder));
                let fits = helpers.len() == usize::from(self.threshold)
                    && !helpers.contains(lost)
                    && helpers.iter().all(|helper| in_order.next() == Some(helper));
                if fits { Ok(()) } else { wrong("task.helpers", "must be T other holders in their order") }
            }
        }
    }
}

crate::listed! {
    /// What a holder posts, and when.
    #[derive(PartialOrd, Ord)]
    pub enum Phase {
        /// The commitment that all must see alike.
        RoundOne = 1,
        /// The digests of all first-round packages, as this holder saw them, with their dealers' signatures.
        Echo = 2,
        /// A share's part for one other holder, or of a repair for one other helper, sealed to it.
        RoundTwo = 3,
        /// The signed key record.
        Endorse = 4,
        /// This holder gives the ceremony up and says whose message was wrong.
        Complaint = 5,
        /// A helper's sum for the holder whose share is repaired, sealed to it.
        RoundThree = 6,
    }
}

impl Phase {
    const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::RoundOne),
            2 => Some(Self::Echo),
            3 => Some(Self::RoundTwo),
            4 => Some(Self::Endorse),
            5 => Some(Self::Complaint),
            6 => Some(Self::RoundThree),
            _ => None,
        }
    }
}

/// One message on the board; signed by the holder's identity key.
#[derive(Clone, PartialEq, Eq)]
pub struct Post {
    /// The ceremony it belongs to.
    pub ceremony: CeremonyId,
    /// The digest of the proposal: class, epoch, generation, `T`, holders and roster are bound by it.
    pub proposal_digest: Digest,
    /// Who posts.
    pub from: BankId,
    /// What it is.
    pub phase: Phase,
    /// For whom it is; all holders if empty.
    pub to: Option<BankId>,
    /// The package, digest, sealed package or signature.
    pub body: Vec<u8>,
}

impl Canonical for Post {
    const DOMAIN: &'static str = "lianfang/ceremony-post";
    const MAX_BYTES: usize = limits::PACKAGE_BYTES + 1_024;

    fn write(&self, to: &mut Encoder) {
        to.fixed(self.ceremony.as_bytes())
            .fixed(self.proposal_digest.as_bytes())
            .text(self.from.as_str())
            .u8(self.phase as u8)
            .option(self.to.as_ref(), super::write_bank)
            .bytes(&self.body);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            ceremony: CeremonyId::from_random(from.fixed("ceremony")?),
            proposal_digest: from.digest("proposal_digest")?,
            from: from.bank("from")?,
            phase: listed("phase", from.u8("phase")?, Phase::from_number)?,
            to: from.option("to", |from| from.bank("to"))?,
            body: from.bytes("body", limits::PACKAGE_BYTES)?.to_vec(),
        })
    }
}

/// The body of a complaint: a holder gives the ceremony up and names the one whose message was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Who.
    pub accused: BankId,
    /// Of what: a number of the holders' own list of reasons.
    pub reason: u8,
}

impl Canonical for Complaint {
    const DOMAIN: &'static str = "lianfang/ceremony-complaint";
    const MAX_BYTES: usize = 256;

    fn write(&self, to: &mut Encoder) {
        to.text(self.accused.as_str()).u8(self.reason);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { accused: from.bank("accused")?, reason: from.u8("reason")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bank(name: &str) -> BankId {
        BankId::parse(name, "bank").unwrap()
    }

    fn banks(names: &[&str]) -> Vec<BankId> {
        names.iter().map(|name| bank(name)).collect()
    }

    fn proposal(task: Task, generation: u32) -> Proposal {
        Proposal {
            ceremony: CeremonyId::from_random([7; 16]),
            task,
            key: KeyId { class: Class::Subject, epoch: Epoch(2), generation: Generation(generation) },
            threshold: 2,
            holders: banks(&["a", "b", "c"]),
            roster_digest: Digest::from_bytes([1; 64]),
            deadline: 5,
        }
    }

    fn repair(lost: &str, helpers: &[&str]) -> Proposal {
        let record = Digest::from_bytes([2; 64]);
        proposal(Task::Repair { record, lost: bank(lost), helpers: banks(helpers) }, 1)
    }

    #[test]
    fn proposals_of_every_kind_are_golden() {
        let names = |names: &str| {
            let count = format!("{:016x}", names.len());
            names.bytes().fold(count, |all, name| format!("{all}0000000000000001{name:02x}"))
        };
        let with = |generation: &str| {
            let roster = "01".repeat(64);
            format!("0100000002{generation}0002{}{roster}0000000000000005", names("abc"))
        };
        let head = |proposal: &Proposal| {
            let bytes = proposal.encode();
            let prefix = Encoder::new(Proposal::DOMAIN, Proposal::VERSION).finish();
            assert!(bytes.starts_with(&prefix));
            hex::encode(&bytes[prefix.len()..])
        };
        let (id, record) = ("07".repeat(16), "02".repeat(64));
        assert_eq!(head(&proposal(Task::Generate, 0)), format!("{id}01{}", with("00000000")));
        let task = Task::Refresh { record: Digest::from_bytes([2; 64]) };
        assert_eq!(head(&proposal(task, 1)), format!("{id}02{record}{}", with("00000001")));
        let (lost, helpers) = ("000000000000000162", names("ac"));
        let expected = format!("{id}03{record}{lost}{helpers}{}", with("00000001"));
        assert_eq!(head(&repair("b", &["a", "c"])), expected);
    }

    #[test]
    fn a_proposal_whose_parts_do_not_fit_is_refused_by_the_field() {
        let record = Digest::from_bytes([2; 64]);
        let refused = |proposal: &Proposal| match Proposal::decode(&proposal.encode()) {
            Ok(read) => {
                assert_eq!(&read, proposal);
                ""
            }
            Err(DecodeError::Value { field, .. }) => field,
            Err(other) => panic!("{other}"),
        };
        for (proposal, field) in [
            (proposal(Task::Generate, 0), ""),
            (proposal(Task::Generate, 1), "generation"),
            (proposal(Task::Refresh { record }, 1), ""),
            (proposal(Task::Refresh { record }, 0), "generation"),
            (repair("b", &["a", "c"]), ""),
            (repair("d", &["a", "c"]), "task.lost"),
            (repair("b", &["a", "b"]), "task.helpers"),
            (repair("b", &["c", "a"]), "task.helpers"),
            (repair("b", &["a"]), "task.helpers"),
            (repair("b", &["a", "d"]), "task.helpers"),
        ] {
            assert_eq!(refused(&proposal), field, "{proposal:?}");
        }
        let repair = repair("b", &["a", "c"]);
        assert!(["a", "b", "c"].iter().all(|name| repair.takes_part(&bank(name))));
        assert!(!repair.takes_part(&bank("d")));
    }
}
