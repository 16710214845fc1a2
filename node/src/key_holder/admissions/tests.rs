//! Every decision on every admission: what the table says, and that the ledger does it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use lianfang_proto::ids::GroupId;
use lianfang_proto::listed;

use super::*;
use crate::key_holder::tests::{KEY, Party, Still};

const BEFORE: Micros = 3;
const NOW: Micros = 5;

listed! { enum State { Undecided, ByPolicy, ByPerson, Revoked, RevokedUndecided } }
listed! { enum Deed {
    Policy,
    PolicyOtherKey,
    PolicyOtherEntity,
    Admit,
    AdmitOtherKey,
    AdmitOtherEntity,
    Revoke,
    Grant,
    Deduct
} }
listed! { enum Keys { Own, OtherKey, OtherEntity } }

/// What comes of a decision.
#[derive(Clone, Copy)]
enum Then {
    /// What stood.
    Unchanged,
    /// This member is admitted with this quota, by whom.
    Admitted(Keys, u64, &'static str),
    /// Whoever was admitted is so no longer.
    Revoked,
}

/// The table.
fn then(state: State, deed: Deed) -> Then {
    match (state, deed) {
        (State::Undecided, Deed::Policy) => Then::Admitted(Keys::Own, 7, "policy"),
        (State::Undecided, Deed::PolicyOtherKey) => Then::Admitted(Keys::OtherKey, 7, "policy"),
        (State::Undecided, Deed::PolicyOtherEntity) => Then::Admitted(Keys::OtherEntity, 7, "policy"),
        (
            State::ByPolicy | State::ByPerson | State::Revoked | State::RevokedUndecided,
            Deed::Policy | Deed::PolicyOtherKey | Deed::PolicyOtherEntity,
        ) => Then::Unchanged,
        (
            State::Undecided | State::ByPolicy | State::ByPerson | State::Revoked | State::RevokedUndecided,
            Deed::Admit,
        ) => Then::Admitted(Keys::Own, 9, "wang"),
        (
            State::Undecided | State::ByPolicy | State::ByPerson | State::Revoked | State::RevokedUndecided,
            Deed::AdmitOtherKey,
        ) => Then::Admitted(Keys::OtherKey, 9, "wang"),
        (
            State::Undecided | State::ByPolicy | State::ByPerson | State::Revoked | State::RevokedUndecided,
            Deed::AdmitOtherEntity,
        ) => Then::Admitted(Keys::OtherEntity, 9, "wang"),
        (
            State::Undecided | State::ByPolicy | State::ByPerson | State::Revoked | State::RevokedUndecided,
            Deed::Revoke,
        ) => Then::Revoked,
        (
            State::Undecided | State::ByPolicy | State::ByPerson | State::Revoked | State::RevokedUndecided,
            Deed::Grant | Deed::Deduct,
        ) => Then::Unchanged,
    }
}

/// A bank as three rosters have it.
struct Bank {
    own: MemberKeys,
    other_key: MemberKeys,
    other_entity: MemberKeys,
}

impl Bank {
    fn new() -> Self {
        let clock = Arc::new(Still::default());
        let (own, other_key) = (Party::new("beta", &clock).keys(), Party::new("beta", &clock).keys());
        let group = GroupId::parse("gamma", "group").unwrap();
        let other_entity = MemberKeys { group, ..own.clone() };
        Self { own, other_key, other_entity }
    }

    fn with(&self, keys: Keys) -> &MemberKeys {
        match keys {
            Keys::Own => &self.own,
            Keys::OtherKey => &self.other_key,
            Keys::OtherEntity => &self.other_entity,
        }
    }

    fn admission(&self, keys: Keys, quota: u64, by: &str, decided_at: Micros) -> Admission {
        let member = self.with(keys);
        Admission {
            bank: "beta".to_owned(),
            entity: member.group.as_str().to_owned(),
            identity: member.identity.as_bytes().to_vec(),
            quota,
            decided_by: by.to_owned(),
            decided_at,
            revoked: false,
        }
    }

    /// One that was never admitted, by the word of a person.
    fn never(&self, decided_at: Micros) -> Admission {
        let nobody = Admission { entity: String::new(), identity: vec![0; 32], quota: 0, ..self.in_use() };
        Admission { decided_at, revoked: true, ..nobody }
    }

    fn in_use(&self) -> Admission {
        self.admission(Keys::Own, 6, "li", BEFORE)
    }

    fn stands(&self, state: State) -> Option<Admission> {
        match state {
            State::Undecided => None,
            State::ByPolicy => Some(self.admission(Keys::Own, 7, POLICY, BEFORE)),
            State::ByPerson => Some(self.in_use()),
            State::Revoked => Some(Admission { revoked: true, ..self.in_use() }),
            State::RevokedUndecided => Some(self.never(BEFORE)),
        }
    }

    /// What the table has for this pair.
    fn after(&self, state: State, deed: Deed) -> Option<Admission> {
        match (then(state, deed), self.stands(state)) {
            (Then::Unchanged, stands) => stands,
            (Then::Admitted(keys, quota, by), _) => Some(self.admission(keys, quota, by, NOW)),
            (Then::Revoked, Some(stands)) => {
                let (decided_by, decided_at) = ("wang".to_owned(), NOW);
                Some(Admission { decided_by, decided_at, revoked: true, ..stands })
            }
            (Then::Revoked, None) => Some(Admission { decided_by: "wang".to_owned(), ..self.never(NOW) }),
        }
    }

    /// The decision of a deed. What people allow on top is the account's, and no decision on who is admitted.
    fn decision(&self, deed: Deed) -> Option<Decision<'_>> {
        let policy = |keys| Some(Decision::Policy { member: self.with(keys), quota: 7 });
        let admit = |keys| Some(Decision::Admit { member: self.with(keys), quota: 9, by: "wang" });
        match deed {
            Deed::Policy => policy(Keys::Own),
            Deed::PolicyOtherKey => policy(Keys::OtherKey),
            Deed::PolicyOtherEntity => policy(Keys::OtherEntity),
            Deed::Admit => admit(Keys::Own),
            Deed::AdmitOtherKey => admit(Keys::OtherKey),
            Deed::AdmitOtherEntity => admit(Keys::OtherEntity),
            Deed::Revoke => Some(Decision::Revoke { bank: &self.own.bank, by: "wang" }),
            Deed::Grant | Deed::Deduct => None,
        }
    }

    async fn perform(&self, deed: Deed, at: &Ledger) {
        match (self.decision(deed), deed) {
            (Some(Decision::Policy { member, quota }), _) => {
                at.admit_by_policy(member, Admit::Automatic { quota }).await.unwrap();
            }
            (Some(Decision::Admit { member, quota, by }), _) => at.admit(member, quota, by).await.unwrap(),
            (Some(Decision::Revoke { bank, by }), _) => {
                at.revoke(bank, by).await.unwrap();
            }
            (None, Deed::Deduct) => at.deduct(&self.own, KEY, 1).await.unwrap(),
            (None, _) => at.grant(&self.own, KEY, 1).await.unwrap(),
        }
    }

    /// Brings a bank that is new here into this state.
    async fn bring(&self, at: &Ledger, to: State) {
        match to {
            State::Undecided => {}
            State::ByPolicy => at.admit_by_policy(&self.own, Admit::Automatic { quota: 7 }).await.unwrap(),
            State::ByPerson => at.admit(&self.own, 6, "li").await.unwrap(),
            State::Revoked => {
                at.admit(&self.own, 6, "li").await.unwrap();
                assert!(at.revoke(&self.own.bank, "li").await.unwrap());
            }
            State::RevokedUndecided => assert!(!at.revoke(&self.own.bank, "li").await.unwrap()),
        }
    }
}

#[test]
fn every_decision_on_every_admission() {
    let bank = Bank::new();
    for state in State::ALL {
        let stands = bank.stands(state);
        for deed in Deed::ALL {
            let Some(decision) = bank.decision(deed) else { continue };
            let next = decision::next(stands.as_ref(), decision, NOW);
            if matches!(then(state, deed), Then::Unchanged) {
                assert_eq!(next, None, "{state:?} {deed:?}");
            } else {
                assert_eq!(next, bank.after(state, deed), "{state:?} {deed:?}");
            }
        }
    }
}

/// For every admission and all keys under which the bank may come: its quota, and whether it is let in where the policy
/// admits by itself, waits for a person, refuses.
#[test]
fn an_admission_counts_under_its_own_keys_alone() {
    let bank = Bank::new();
    let policies = [Admit::Automatic { quota: 7 }, Admit::Ask, Admit::Refuse];
    for state in State::ALL {
        let stands = bank.stands(state);
        for keys in Keys::ALL {
            let (quota, let_in) = match (state, keys) {
                (State::Undecided, Keys::Own | Keys::OtherKey | Keys::OtherEntity) => {
                    (None, [true, false, false])
                }
                (State::ByPolicy, Keys::Own) => (Some(7), [true; 3]),
                (State::ByPerson, Keys::Own) => (Some(6), [true; 3]),
                (State::ByPolicy | State::ByPerson, Keys::OtherKey | Keys::OtherEntity) => (None, [false; 3]),
                (
                    State::Revoked | State::RevokedUndecided,
                    Keys::Own | Keys::OtherKey | Keys::OtherEntity,
                ) => (None, [false; 3]),
            };
            let member = bank.with(keys);
            assert_eq!(decision::quota(stands.as_ref(), member), quota, "{state:?} {keys:?}");
            for (policy, wanted) in policies.into_iter().zip(let_in) {
                let admitted = decision::admits(stands.as_ref(), member, policy);
                assert_eq!(admitted, wanted, "{state:?} {keys:?} {policy:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_ledger_does_what_the_table_says() {
    let bank = Bank::new();
    for state in State::ALL {
        for deed in Deed::ALL {
            let clock = Arc::new(Still::default());
            let holder = Party::new("alpha", &clock);
            let ledger = Ledger::new(holder.start().await);
            clock.0.store(BEFORE, Ordering::Relaxed);
            bank.bring(&ledger, state).await;
            assert_eq!(ledger.admissions().await.unwrap().pop(), bank.stands(state), "{state:?}");
            clock.0.store(NOW, Ordering::Relaxed);
            bank.perform(deed, &ledger).await;

            let wanted = bank.after(state, deed);
            let stands = ledger.admissions().await.unwrap();
            assert_eq!(stands, wanted.iter().cloned().collect::<Vec<_>>(), "{state:?} {deed:?}");
            let policy = Admit::Automatic { quota: 7 };
            for keys in Keys::ALL {
                let member = bank.with(keys);
                let wanted = decision::admits(wanted.as_ref(), member, policy);
                let admitted = ledger.is_admitted(member, policy).await.unwrap();
                assert_eq!(admitted, wanted, "{state:?} {deed:?} {keys:?}");
            }
        }
    }
}
