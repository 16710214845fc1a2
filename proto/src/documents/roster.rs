//! The roster: who is a member, by which keys, at which address. Signed by the regulator's authority.
//!
//! The coordinator proposes it; a holder evaluates for a member only after a person there has admitted that member.

use lianfang_trust::canonical::strictly_ascending;
use lianfang_trust::{Canonical, DecodeError, Decoder, Encoder, VerifyingKey};

use super::Fields;
use crate::ids::{BankId, GroupId};
use crate::limits;

/// Whether a member takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Takes part.
    Active,
    /// Takes no part until further notice; nobody answers it.
    Suspended,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub bank: BankId,
    /// Its legal group; its own id unless the invite named another.
    pub group: GroupId,
    /// Whether it takes part.
    pub standing: Standing,
    /// By which it signs.
    pub identity: VerifyingKey,
    /// To which ceremony packages are sealed (X25519).
    pub sealing: [u8; 32],
    /// SHA-256 of its certificate's public key.
    pub certificate_key: [u8; 32],
    /// The root of its own public-key infrastructure, if it brings one (DER).
    pub own_root: Option<Vec<u8>>,
    /// Where its node listens, `host:port`.
    pub address: String,
}

/// The signed, versioned list of members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    /// Grows by one with every change.
    pub version: u64,
    /// When it was signed, in microseconds since 1970.
    pub signed_at: i64,
    /// The authority's root certificate (DER).
    pub authority_root: Vec<u8>,
    /// By which the coordinator signs terms and certificates of jobs.
    pub coordinator: VerifyingKey,
    /// SHA-256 of the coordinator's certificate's public key.
    pub coordinator_certificate_key: [u8; 32],
    /// Sorted by id, each once.
    pub members: Vec<Member>,
}

impl Roster {
    /// The member with this id.
    pub fn member(&self, bank: &BankId) -> Option<&Member> {
        self.members.binary_search_by(|m| m.bank.cmp(bank)).ok().map(|at| &self.members[at])
    }

    /// The member with this id, if it takes part.
    pub fn active(&self, bank: &BankId) -> Option<&Member> {
        self.member(bank).filter(|m| m.standing == Standing::Active)
    }
}

impl Member {
    fn write(&self, to: &mut Encoder) {
        to.text(self.bank.as_str())
            .text(self.group.as_str())
            .bool(self.standing == Standing::Active)
            .fixed(self.identity.as_bytes())
            .fixed(&self.sealing)
            .fixed(&self.certificate_key)
            .option(self.own_root.as_deref(), |to, root| {
                to.bytes(root);
            })
            .text(&self.address);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            bank: from.bank("member.bank")?,
            group: from.group("member.group")?,
            standing: if from.bool("member.active")? { Standing::Active } else { Standing::Suspended },
            identity: from.key("member.identity")?,
            sealing: from.fixed("member.sealing")?,
            certificate_key: from.fixed("member.certificate_key")?,
            own_root: from.option("member.own_root", |from| {
                from.bytes("member.own_root", limits::CERTIFICATE_BYTES).map(<[u8]>::to_vec)
            })?,
            address: from.text("member.address", limits::ADDRESS_BYTES)?.to_owned(),
        })
    }
}

impl Canonical for Roster {
    const DOMAIN: &'static str = "lianfang/roster";
    const MAX_BYTES: usize = limits::DOCUMENT_BYTES;

    fn write(&self, to: &mut Encoder) {
        to.u64(self.version)
            .i64(self.signed_at)
            .bytes(&self.authority_root)
            .fixed(self.coordinator.as_bytes())
            .fixed(&self.coordinator_certificate_key)
            .list(&self.members, |to, member| member.write(to));
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let roster = Self {
            version: from.u64("version")?,
            signed_at: from.i64("signed_at")?,
            authority_root: from.bytes("authority_root", limits::CERTIFICATE_BYTES)?.to_vec(),
            coordinator: from.key("coordinator")?,
            coordinator_certificate_key: from.fixed("coordinator_certificate_key")?,
            members: from.list("members", limits::MEMBERS, Member::read)?,
        };
        let banks: Vec<_> = roster.members.iter().map(|m| &m.bank).collect();
        strictly_ascending("members", &banks)?;
        Ok(roster)
    }
}
