//! The next version of the roster, as a function of the one before.

use lianfang_proto::documents::roster::{Member, Retiring, Roster, Standing};
use lianfang_proto::ids::BankId;

use crate::ports::Micros;

fn successor(roster: &Roster, now: Micros) -> Roster {
    Roster { version: roster.version + 1, signed_at: now, ..roster.clone() }
}

/// Versions that a restored roster leaves out: more than are signed between two backups.
const LEFT_OUT: u64 = 10_000;

/// The same, with a version that no roster signed after the backup has. That includes what another restore of the same
/// backup has signed, of which this store knows nothing: so the version grows with time, in milliseconds since 1970.
pub fn after_restore(roster: &Roster, now: Micros) -> Roster {
    let by_time = u64::try_from(now / 1_000).unwrap_or(0);
    let version = roster.version.saturating_add(LEFT_OUT).max(by_time);
    Roster { version, signed_at: now, ..roster.clone() }
}

/// With this member, who takes the place of one with the same id and of its keys.
pub fn with_member(roster: &Roster, member: Member, now: Micros) -> Roster {
    let mut next = without_retiring(roster, |key| key.bank == member.bank, now);
    match next.members.binary_search_by(|m| m.bank.cmp(&member.bank)) {
        Ok(at) => next.members[at] = member,
        Err(at) => next.members.insert(at, member),
    }
    next
}

/// With another standing of this member; `None` if there is no such member. Of one that is revoked no other key is
/// accepted either.
pub fn with_standing(roster: &Roster, bank: &BankId, standing: Standing, now: Micros) -> Option<Roster> {
    let revoked = standing == Standing::Revoked;
    let mut next = without_retiring(roster, |key| revoked && key.bank == *bank, now);
    let member = next.members.iter_mut().find(|m| &m.bank == bank)?;
    member.standing = standing;
    Some(next)
}

/// With this member's new certificate key or root, and the older one beside it if it is to be accepted for a while.
pub fn with_certificate(roster: &Roster, member: Member, retiring: Option<Retiring>, now: Micros) -> Roster {
    let mut next = with_member(roster, member, now);
    if let Some(key) = retiring {
        let at = next.retiring.partition_point(|other| other.bank < key.bank);
        next.retiring.insert(at, key);
    }
    next
}

/// Without the exchanged keys that `over` names.
pub fn without_retiring(roster: &Roster, over: impl Fn(&Retiring) -> bool, now: Micros) -> Roster {
    let mut next = successor(roster, now);
    next.retiring.retain(|key| !over(key));
    next
}

/// Which of a newcomer's keys is another party's already, if one is.
pub fn taken_key(roster: &Roster, newcomer: &Member) -> Option<&'static str> {
    let others = || roster.members.iter().filter(|m| m.bank != newcomer.bank);
    if newcomer.certificate_key == roster.coordinator_certificate_key
        || others().any(|m| m.certificate_key == newcomer.certificate_key)
        || roster
            .retiring
            .iter()
            .any(|r| r.bank != newcomer.bank && r.certificate_key == newcomer.certificate_key)
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
    use lianfang_proto::listed;
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
            retiring: Vec::new(),
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
    fn a_second_restore_of_one_backup_is_above_the_first_and_what_followed_it() {
        let restored = |version, now| after_restore(&Roster { version, ..empty() }, now);
        let now: Micros = 1_800_000_000_000_000;
        let first = restored(7, now);
        assert_eq!((first.version, first.signed_at), (1_800_000_000_000, now));
        let followed = with_member(&first, member("alpha", 1), now);
        assert!(restored(7, now + 2_000).version > followed.version);
        // A backup that was made after a restore; a clock that tells no time; a version beyond which there is none.
        assert_eq!(restored(first.version, now).version, first.version + LEFT_OUT);
        assert_eq!([0, -now].map(|now| restored(7, now).version), [7 + LEFT_OUT; 2]);
        assert_eq!(restored(u64::MAX, now).version, u64::MAX);
    }

    #[test]
    fn standing_changes_for_a_member_alone() {
        let alpha = BankId::parse("alpha", "bank").unwrap();
        let roster = with_member(&empty(), member("alpha", 1), 0);
        let suspended = with_standing(&roster, &alpha, Standing::Suspended, 1).unwrap();
        assert!(suspended.active(&alpha).is_none() && suspended.member(&alpha).is_some());
        assert!(with_standing(&suspended, &alpha, Standing::Active, 2).unwrap().active(&alpha).is_some());
        assert!(
            with_standing(&roster, &BankId::parse("beta", "bank").unwrap(), Standing::Active, 1).is_none()
        );
    }

    #[test]
    fn an_exchanged_key_stays_beside_the_new_one_until_it_is_over() {
        let retiring = |name: &str, key: u8, until: Micros| Retiring {
            bank: BankId::parse(name, "bank").unwrap(),
            certificate_key: [key; 32],
            own_root: None,
            until,
        };
        let roster = with_member(&with_member(&empty(), member("alpha", 1), 0), member("beta", 2), 0);
        let beta = Member { certificate_key: [12; 32], ..member("beta", 2) };
        let roster = with_certificate(&roster, beta, Some(retiring("beta", 2, 9)), 1);
        let alpha = Member { certificate_key: [11; 32], ..member("alpha", 1) };
        let both = with_certificate(&roster, alpha.clone(), Some(retiring("alpha", 1, 20)), 2);
        let holder =
            |roster: &Roster, key: u8| roster.holder_of(&[key; 32]).map(|m| m.bank.as_str().to_owned());
        for (key, name) in [(1, "alpha"), (11, "alpha"), (2, "beta"), (12, "beta")] {
            assert_eq!(holder(&both, key).as_deref(), Some(name), "{key}");
        }
        assert_eq!(taken_key(&both, &member("gamma", 1)), Some("request.certificate"));
        // Exchanged again: the key before the last is gone, with or without an overlap of the last.
        let again = with_certificate(&both, Member { certificate_key: [21; 32], ..alpha }, None, 3);
        assert_eq!((holder(&again, 1), holder(&again, 11)), (None, None));
        let later = without_retiring(&both, |key| key.until <= 9, 4);
        assert_eq!((holder(&later, 2), holder(&later, 1).as_deref()), (None, Some("alpha")));
        let gone =
            with_standing(&both, &BankId::parse("alpha", "bank").unwrap(), Standing::Revoked, 5).unwrap();
        assert_eq!((holder(&gone, 1), holder(&gone, 11)), (None, None));
        assert!(gone.retiring.iter().all(|key| key.bank.as_str() == "beta"));
    }

    #[test]
    fn whoever_was_invited_anew_is_active() {
        let alpha = BankId::parse("alpha", "bank").unwrap();
        for before in [None, Some(Standing::Active), Some(Standing::Suspended), Some(Standing::Revoked)] {
            let roster = match before {
                None => empty(),
                Some(standing) => {
                    let roster = with_member(&empty(), member("alpha", 1), 0);
                    with_standing(&roster, &alpha, standing, 1).unwrap()
                }
            };
            let roster = with_member(&roster, member("alpha", 2), 2);
            assert_eq!(roster.active(&alpha).map(|m| m.certificate_key), Some([2; 32]), "{before:?}");
        }
    }

    listed! {
        /// Where a certificate key stands.
        enum Key {
            Pinned,
            Retiring,
            Gone,
        }
    }

    listed! {
        /// What happens to its member.
        enum Happens {
            ExchangedWithOverlap,
            ExchangedWithout,
            DayOver,
            Suspended,
            Resumed,
            Revoked,
            InvitedUnderAnotherKey,
            InvitedUnderTheSameKey,
            AnotherExchanges,
        }
    }

    /// A member's keys: the pinned one, the retiring one, and one that is gone.
    const KEYS: [(Key, u8); 3] = [(Key::Pinned, 11), (Key::Retiring, 1), (Key::Gone, 7)];

    fn retiring(name: &str, key: u8) -> Retiring {
        let bank = BankId::parse(name, "bank").unwrap();
        Retiring { bank, certificate_key: [key; 32], own_root: None, until: 20 }
    }

    fn next(roster: &Roster, event: Happens) -> Roster {
        let alpha = |key| Member { certificate_key: [key; 32], ..member("alpha", 1) };
        let bank = alpha(0).bank;
        let stands = |standing| with_standing(roster, &bank, standing, 20).unwrap();
        match event {
            Happens::ExchangedWithOverlap => {
                with_certificate(roster, alpha(21), Some(retiring("alpha", 11)), 20)
            }
            Happens::ExchangedWithout => with_certificate(roster, alpha(21), None, 20),
            Happens::DayOver => without_retiring(roster, |key| key.until <= 20, 20),
            Happens::Suspended => stands(Standing::Suspended),
            Happens::Resumed => stands(Standing::Active),
            Happens::Revoked => stands(Standing::Revoked),
            Happens::InvitedUnderAnotherKey => with_member(roster, alpha(21), 20),
            Happens::InvitedUnderTheSameKey => with_member(roster, alpha(11), 20),
            Happens::AnotherExchanges => {
                let beta = Member { certificate_key: [12; 32], ..member("beta", 2) };
                with_certificate(roster, beta, Some(retiring("beta", 2)), 20)
            }
        }
    }

    /// Where a member's key stands: by what is pinned, unless it was revoked.
    fn stands(roster: &Roster, key: u8) -> Key {
        let alpha = roster.members.iter().find(|member| member.bank.as_str() == "alpha").unwrap();
        let retires = roster.retiring.iter().any(|other| other.certificate_key == [key; 32]);
        let stands = match (alpha.standing, alpha.certificate_key == [key; 32], retires) {
            (Standing::Revoked, ..) => Key::Gone,
            (Standing::Active | Standing::Suspended, true, _) => Key::Pinned,
            (Standing::Active | Standing::Suspended, false, true) => Key::Retiring,
            (Standing::Active | Standing::Suspended, false, false) => Key::Gone,
        };
        // It opens doors as long as it stands, and its member takes part.
        let opens = stands != Key::Gone && alpha.standing == Standing::Active;
        assert_eq!(roster.holder_of(&[key; 32]).is_some(), opens, "{key}");
        stands
    }

    /// What each event makes of [`KEYS`].
    fn after(event: Happens) -> [Key; 3] {
        use Key::{Gone, Pinned, Retiring};
        match event {
            Happens::ExchangedWithOverlap => [Retiring, Gone, Gone],
            Happens::ExchangedWithout => [Gone, Gone, Gone],
            Happens::DayOver => [Pinned, Gone, Gone],
            Happens::Suspended => [Pinned, Retiring, Gone],
            Happens::Resumed => [Pinned, Retiring, Gone],
            Happens::Revoked => [Gone, Gone, Gone],
            Happens::InvitedUnderAnotherKey => [Gone, Gone, Gone],
            Happens::InvitedUnderTheSameKey => [Pinned, Gone, Gone],
            Happens::AnotherExchanges => [Pinned, Retiring, Gone],
        }
    }

    #[test]
    fn every_pair_of_certificate_key_and_event() {
        let roster = with_member(&with_member(&empty(), member("alpha", 1), 0), member("beta", 2), 0);
        let alpha = Member { certificate_key: [11; 32], ..member("alpha", 1) };
        let roster = with_certificate(&roster, alpha, Some(retiring("alpha", 1)), 2);
        assert_eq!(KEYS.map(|(key, _)| key), Key::ALL);
        for event in Happens::ALL {
            let later = next(&roster, event);
            for ((before, key), wanted) in KEYS.into_iter().zip(after(event)) {
                assert_eq!(stands(&roster, key), before);
                assert_eq!(stands(&later, key), wanted, "{before:?} {event:?}");
            }
        }
        // Whoever is let go on finds its keys as they were.
        let suspended = next(&roster, Happens::Suspended);
        let resumed = next(&suspended, Happens::Resumed);
        assert_eq!(KEYS.map(|(_, key)| stands(&resumed, key)), Key::ALL);
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
