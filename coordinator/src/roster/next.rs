//! The next version of the roster, as a function of the one before.

use lianfang_proto::documents::roster::{Member, Roster, Standing};
use lianfang_proto::ids::BankId;

use crate::ports::Micros;

fn successor(roster: &Roster, now: Micros) -> Roster {
    Roster { version: roster.version + 1, signed_at: now, ..roster.clone() }
}

/// Versions that a restored roster leaves out: more than are signed between two backups.
const LEFT_OUT: u64 = 10_000;

/// The same, with a version that no roster signed after the backup has.
pub fn after_restore(roster: &Roster, now: Micros) -> Roster {
    Roster { version: roster.version.saturating_add(LEFT_OUT), signed_at: now, ..roster.clone() }
}

/// With this member, who takes the place of one with the same id.
pub fn with_member(roster: &Roster, member: Member, now: Micros) -> Roster {
    let mut next = successor(roster, now);
    match next.members.binary_search_by(|m| m.bank.cmp(&member.bank)) {
        Ok(at) => next.members[at] = member,
        Err(at) => next.members.insert(at, member),
    }
    next
}

/// With this member suspended, or active again; `None` if there is no such member.
pub fn with_standing(roster: &Roster, bank: &BankId, active: bool, now: Micros) -> Option<Roster> {
    let mut next = successor(roster, now);
    let member = next.members.iter_mut().find(|m| &m.bank == bank)?;
    member.standing = if active { Standing::Active } else { Standing::Suspended };
    Some(next)
}

/// Which of a newcomer's keys is another party's already, if one is.
pub fn taken_key(roster: &Roster, newcomer: &Member) -> Option<&'static str> {
    let others = || roster.members.iter().filter(|m| m.bank != newcomer.bank);
    if newcomer.certificate_key == roster.coordinator_certificate_key
        || others().any(|m| m.certificate_key == newcomer.certificate_key)
    {
        return Some("request.certificate");
    }
    let identity =
        newcomer.identity == roster.coordinator || others().any(|m| m.identity == newcomer.identity);
    identity.then_some("request.identity")
}

#[cfg(test)]
mod tests {
    use lianfang_proto::ids::GroupId;
    use lianfang_trust::SigningKey;

    use super::*;

    fn member(name: &str, seed: u8) -> Member {
        Member {
            bank: BankId::parse(name, "bank").unwrap(),
            group: GroupId::parse(name, "group").unwrap(),
            standing: Standing::Active,
            identity: SigningKey::from_bytes(&[seed; 32]).verifying_key(),
            sealing: [seed; 32],
            certificate_key: [seed; 32],
            own_root: None,
            address: "host:1".to_owned(),
        }
    }

    fn empty() -> Roster {
        Roster {
            version: 1,
            signed_at: 0,
            authority_root: vec![1],
            coordinator: SigningKey::from_bytes(&[99; 32]).verifying_key(),
            coordinator_certificate_key: [99; 32],
            members: Vec::new(),
        }
    }

    #[test]
    fn members_stay_sorted_and_versions_grow() {
        let roster = ["delta", "alpha", "charlie"]
            .into_iter()
            .zip(1..)
            .fold(empty(), |roster, (name, seed)| with_member(&roster, member(name, seed), 5));
        let names: Vec<_> = roster.members.iter().map(|m| m.bank.as_str()).collect();
        assert_eq!((names, roster.version), (vec!["alpha", "charlie", "delta"], 4));
        let again = with_member(&roster, member("alpha", 9), 6);
        assert_eq!((again.members.len(), again.members[0].sealing), (3, [9; 32]));
    }

    #[test]
    fn standing_changes_for_a_member_alone() {
        let alpha = BankId::parse("alpha", "bank").unwrap();
        let roster = with_member(&empty(), member("alpha", 1), 0);
        let suspended = with_standing(&roster, &alpha, false, 1).unwrap();
        assert!(suspended.active(&alpha).is_none() && suspended.member(&alpha).is_some());
        assert!(with_standing(&suspended, &alpha, true, 2).unwrap().active(&alpha).is_some());
        assert!(with_standing(&roster, &BankId::parse("beta", "bank").unwrap(), true, 1).is_none());
    }

    #[test]
    fn nobody_takes_anothers_key() {
        let roster = with_member(&empty(), member("alpha", 1), 0);
        assert_eq!(taken_key(&roster, &member("alpha", 1)), None);
        assert_eq!(taken_key(&roster, &member("beta", 2)), None);
        assert_eq!(taken_key(&roster, &member("beta", 1)), Some("request.certificate"));
        assert_eq!(taken_key(&roster, &member("beta", 99)), Some("request.certificate"));
        let same_identity = Member { certificate_key: [7; 32], ..member("beta", 1) };
        assert_eq!(taken_key(&roster, &same_identity), Some("request.identity"));
    }
}
