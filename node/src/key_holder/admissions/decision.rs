//! What stands of a bank's admission once somebody has decided: a function of what stood.
//!
//! * Comes in: the decision that stands, if any, and the next one. Goes out: the decision that stands then; the quota of
//!   a member that is admitted under exactly the keys that it has. Never sees: a store, a roster, an account.
//! * Fails: never. What changes nothing is `None`.

use lianfang_proto::ids::BankId;

use super::{Admission, Admit, POLICY};
use crate::key_holder::ports::MemberKeys;
use crate::ports::Micros;

/// Who decides what.
#[derive(Clone, Copy, Debug)]
pub(super) enum Decision<'a> {
    /// The policy admits this member with this quota, where it may.
    Policy { member: &'a MemberKeys, quota: u64 },
    /// A person admits this member under the keys that it has now, with this quota.
    Admit { member: &'a MemberKeys, quota: u64, by: &'a str },
    /// A person wants this bank answered no longer.
    Revoke { bank: &'a BankId, by: &'a str },
}

impl Decision<'_> {
    /// Whom it is about.
    pub(super) fn bank(&self) -> &BankId {
        match self {
            Self::Policy { member, .. } | Self::Admit { member, .. } => &member.bank,
            Self::Revoke { bank, .. } => bank,
        }
    }
}

/// What stands after a decision. The policy decides only where nobody has: never over a person, and never for changed
/// keys. A bank that is revoked before anybody has admitted it is not admitted by the policy afterwards.
pub(super) fn next(stands: Option<&Admission>, decision: Decision<'_>, now: Micros) -> Option<Admission> {
    match (decision, stands) {
        (Decision::Policy { .. }, Some(_)) => None,
        (Decision::Policy { member, quota }, None) => Some(admitted(member, quota, POLICY, now)),
        (Decision::Admit { member, quota, by }, None | Some(_)) => Some(admitted(member, quota, by, now)),
        (Decision::Revoke { by, .. }, Some(stands)) => {
            let (decided_by, decided_at) = (by.to_owned(), now);
            Some(Admission { decided_by, decided_at, revoked: true, ..stands.clone() })
        }
        (Decision::Revoke { bank, by }, None) => Some(Admission {
            bank: bank.as_str().to_owned(),
            entity: String::new(),
            identity: vec![0; 32],
            quota: 0,
            decided_by: by.to_owned(),
            decided_at: now,
            revoked: true,
        }),
    }
}

fn admitted(member: &MemberKeys, quota: u64, by: &str, now: Micros) -> Admission {
    Admission {
        bank: member.bank.as_str().to_owned(),
        entity: member.group.as_str().to_owned(),
        identity: member.identity.as_bytes().to_vec(),
        quota,
        decided_by: by.to_owned(),
        decided_at: now,
        revoked: false,
    }
}

/// The quota of a member, if it is admitted under exactly these keys.
pub(super) fn quota(stands: Option<&Admission>, member: &MemberKeys) -> Option<u64> {
    let under = |stands: &&Admission| {
        !stands.revoked && stands.entity == member.group.as_str() && stands.is_under(&member.identity)
    };
    stands.filter(under).map(|stands| stands.quota)
}

/// Whether a member is admitted, or would be by the policy if it asked for something.
pub(super) fn admits(stands: Option<&Admission>, member: &MemberKeys, policy: Admit) -> bool {
    match stands {
        Some(_) => quota(stands, member).is_some(),
        None => policy.automatic().is_some(),
    }
}
