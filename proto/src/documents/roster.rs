//! The roster: who is a member, by which keys, at which address. Signed by the regulator's authority.
//!
//! The coordinator proposes it; a holder evaluates for a member only after a person there has admitted that member.

use lianfang_trust::canonical::strictly_ascending;
use lianfang_trust::{Canonical, DecodeError, Decoder, Encoder, VerifyingKey};

use super::Fields;
use crate::ids::{BankId, GroupId};
use crate::limits;

crate::listed! {
    /// Whether a member takes part.
    pub enum Standing {
        /// Takes part.
        Active,
        /// Takes no part until further notice; nobody answers it.
        Suspended,
        /// Takes no part any more, for good: it can come back only by a new invite, under new keys.
        Revoked,
    }
}

impl Standing {
    const fn number(self) -> u8 {
        match self {
            Self::Suspended => 0,
            Self::Active => 1,
            Self::Revoked => 2,
        }
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match from.u8("member.standing")? {
            0 => Ok(Self::Suspended),
            1 => Ok(Self::Active),
            2 => Ok(Self::Revoked),
            _ => Err(DecodeError::Value { field: "member.standing", why: "is not a standing" }),
        }
    }

    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
        }
    }
}

/// A certificate key that a member has exchanged for another, and that is accepted beside it for a while, so that nobody
/// is cut off who has not heard of the new one yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retiring {
    /// Whose it is.
    pub bank: BankId,
    /// SHA-256 of the certificate's public key.
    pub certificate_key: [u8; 32],
    /// The root that vouches for it, if it was one of the bank's own (DER).
    pub own_root: Option<Vec<u8>>,
    /// When the authority signs a roster without it, in microseconds since 1970.
    pub until: i64,
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
    /// Grows with every change: by one, and by more where a restored coordinator signs the roster anew.
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
    /// Certificate keys that are accepted beside those of their members; sorted by bank, at most one of each.
    pub retiring: Vec<Retiring>,
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

    /// The member that takes part and to whom a certificate's key belongs, be it retiring.
    pub fn holder_of(&self, certificate_key: &[u8; 32]) -> Option<&Member> {
        let pinned = self.members.iter().find(|m| m.certificate_key == *certificate_key);
        let retiring = || {
            let key = self.retiring.iter().find(|r| r.certificate_key == *certificate_key)?;
            self.member(&key.bank)
        };
        pinned.or_else(retiring).filter(|m| m.standing == Standing::Active)
    }

    /// The roots of members' own that vouch for their certificates today, each with its bank.
    pub fn own_roots(&self) -> impl Iterator<Item = (&BankId, &[u8])> {
        let of_members = self.members.iter().map(|m| (&m.bank, m.own_root.as_deref()));
        let of_retiring = self.retiring.iter().map(|r| (&r.bank, r.own_root.as_deref()));
        of_members
            .chain(of_retiring)
            .filter(|(bank, _)| self.active(bank).is_some())
            .filter_map(|(bank, root)| Some((bank, root?)))
    }
}

impl Retiring {
    fn write(&self, to: &mut Encoder) {
        to.text(self.bank.as_str())
            .fixed(&self.certificate_key)
            .option(self.own_root.as_deref(), |to, root| {
                to.bytes(root);
            })
            .i64(self.until);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            bank: from.bank("retiring.bank")?,
            certificate_key: from.fixed("retiring.certificate_key")?,
            own_root: from.option("retiring.own_root", |from| {
                from.bytes("retiring.own_root", limits::CERTIFICATE_BYTES).map(<[u8]>::to_vec)
            })?,
            until: from.i64("retiring.until")?,
        })
    }
}

impl Member {
    fn write(&self, to: &mut Encoder) {
        to.text(self.bank.as_str())
            .text(self.group.as_str())
            .u8(self.standing.number())
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
            standing: Standing::read(from)?,
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
        // Left out where there are none: rosters that were signed before there could be any keep their one encoding.
        if !self.retiring.is_empty() {
            to.list(&self.retiring, |to, key| key.write(to));
        }
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let roster = Self {
            version: from.u64("version")?,
            signed_at: from.i64("signed_at")?,
            authority_root: from.bytes("authority_root", limits::CERTIFICATE_BYTES)?.to_vec(),
            coordinator: from.key("coordinator")?,
            coordinator_certificate_key: from.fixed("coordinator_certificate_key")?,
            members: from.list("members", limits::MEMBERS, Member::read)?,
            retiring: if from.is_at_end() {
                Vec::new()
            } else {
                from.list("retiring", limits::MEMBERS, Retiring::read)?
            },
        };
        let retiring: Vec<_> = roster.retiring.iter().map(|r| &r.bank).collect();
        strictly_ascending("retiring", &retiring)?;
        let banks: Vec<_> = roster.members.iter().map(|m| &m.bank).collect();
        strictly_ascending("members", &banks)?;
        Ok(roster)
    }
}

#[cfg(test)]
mod tests {
    use lianfang_trust::SigningKey;

    use super::*;

    fn member(name: &str, standing: Standing, key: u8) -> Member {
        Member {
            bank: BankId::parse(name, "bank").unwrap(),
            group: GroupId::parse(name, "group").unwrap(),
            standing,
            identity: SigningKey::from_bytes(&[key; 32]).verifying_key(),
            sealing: [key; 32],
            certificate_key: [key; 32],
            own_root: None,
            address: "host:1".to_owned(),
        }
    }

    fn roster() -> Roster {
        Roster {
            version: 3,
            signed_at: 5,
            authority_root: vec![1],
            coordinator: SigningKey::from_bytes(&[99; 32]).verifying_key(),
            coordinator_certificate_key: [99; 32],
            members: vec![
                member("alpha", Standing::Active, 1),
                member("beta", Standing::Suspended, 2),
                member("gamma", Standing::Revoked, 3),
            ],
            retiring: Vec::new(),
        }
    }

    fn retiring(name: &str, key: u8) -> Retiring {
        let bank = BankId::parse(name, "bank").unwrap();
        Retiring { bank, certificate_key: [key; 32], own_root: Some(vec![key]), until: 9 }
    }

    #[test]
    fn a_retiring_key_is_its_banks_and_only_while_the_bank_takes_part() {
        let mut roster = roster();
        roster.retiring = vec![retiring("alpha", 11), retiring("beta", 12)];
        assert!(Roster::decode(&roster.encode()).unwrap() == roster);
        let name = |key: u8| roster.holder_of(&[key; 32]).map(|m| m.bank.as_str());
        assert_eq!(
            (name(1), name(11), name(2), name(12), name(3)),
            (Some("alpha"), Some("alpha"), None, None, None)
        );
        let roots: Vec<_> = roster.own_roots().map(|(bank, root)| (bank.as_str(), root.to_vec())).collect();
        assert_eq!(roots, [("alpha", vec![11])]);
    }

    /// Rosters are kept for years and name each other by digest: what was signed must be read, and written, as it was.
    #[test]
    fn a_roster_without_retiring_keys_is_written_as_ever() {
        let bytes = roster().encode();
        let long = |number: usize| (number as u64).to_be_bytes();
        let text = |text: &str| [&long(text.len())[..], text.as_bytes()].concat();
        let key = |seed: u8| *SigningKey::from_bytes(&[seed; 32]).verifying_key().as_bytes();
        let mut expected = [&text("lianfang/roster")[..], &[1], &long(3), &long(5), &long(1), &[1]].concat();
        expected.extend([key(99), [99; 32]].concat());
        expected.extend(long(3));
        for (name, standing, seed) in [("alpha", 1_u8, 1_u8), ("beta", 0, 2), ("gamma", 2, 3)] {
            expected.extend([&text(name)[..], &text(name), &[standing], &key(seed)].concat());
            expected.extend([&[seed; 64][..], &[0], &text("host:1")].concat());
        }
        assert_eq!(bytes, expected);
        let mut with = roster();
        with.retiring.push(retiring("alpha", 11));
        assert!(with.encode().starts_with(&bytes));
        // An empty list that is written all the same is a second spelling.
        let spelled = [&bytes[..], &[0; 8]].concat();
        assert!(matches!(Roster::decode(&spelled), Err(DecodeError::NotCanonical { .. })));
        let mut twice = with.clone();
        twice.retiring.push(retiring("alpha", 12));
        assert!(Roster::decode(&twice.encode()).is_err());
    }
}
