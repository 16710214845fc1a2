//! Charges: once, durable, within the quota, whatever is interrupted or asked at the same time.

use std::sync::Arc;

use lianfang_crypto::group::element::elements_digest;
use lianfang_proto::documents::evaluation::EvaluationRequest;
use lianfang_proto::ids::{Generation, GroupId, KeyId};
use lianfang_trust::{Digest, Signed};

use super::{KEY, Party, Still, Unheard};
use crate::key_holder::ledger::{Ask, Ledger, LedgerError};
use crate::key_holder::ports::MemberKeys;
use crate::key_holder::quota::Sharing;
use crate::store::tests::{allow, refuse};

const ALL: Sharing = Sharing { needed: 2, holders: 2 };

fn digest(number: u8) -> Digest {
    Digest::from_bytes(elements_digest(b"test", &[number]))
}

pub(super) fn ask(member: &MemberKeys, number: u8, elements: u32) -> Ask<'_> {
    let elements_digest = digest(number);
    let (request, automatic) = (None, None);
    Ask { member, key: KEY, sharing: ALL, elements_digest, elements, request, automatic, log: &Unheard }
}

fn signed(party: &Party, root: u8) -> Signed<EvaluationRequest> {
    let request = EvaluationRequest {
        terms_digest: digest(0),
        bank: party.bank.clone(),
        key: KEY,
        chunk: 1,
        elements: 4,
        elements_digest: digest(1),
        commitment_root: [root; 32],
    };
    Signed::sign(&party.identity, request)
}

async fn spent(ledger: &Ledger, member: &MemberKeys) -> (u64, u64) {
    let standing = ledger.standing(member, KEY, ALL).await.unwrap();
    (standing.account.spent, standing.charge_number)
}

#[tokio::test]
async fn a_charge_survives_the_crash_before_its_answer_and_is_made_once() {
    let party = Party::new("alpha", &Arc::new(Still::default()));
    let member = party.keys();
    let store = party.start().await;
    let ledger = Ledger::new(store.clone());
    ledger.admit(&member, 100, "li").await.unwrap();
    let receipt = ledger.charge(&ask(&member, 1, 10)).await.unwrap();
    assert_eq!((receipt.charge_number(), receipt.repeated()), (1, false));
    // The process ends here: nothing was multiplied, nothing was answered.
    store.close().await;

    let ledger = Ledger::new(party.start().await);
    assert_eq!(spent(&ledger, &member).await, (10, 1));
    let receipt = ledger.charge(&ask(&member, 1, 10)).await.unwrap();
    assert_eq!((receipt.charge_number(), receipt.repeated()), (1, true));
    assert_eq!(spent(&ledger, &member).await, (10, 1));
    // A repetition under a newer generation is the same batch.
    let refreshed = KeyId { generation: Generation(1), ..KEY };
    assert!(ledger.charge(&Ask { key: refreshed, ..ask(&member, 1, 10) }).await.unwrap().repeated());
}

#[tokio::test]
async fn what_fails_inside_the_transaction_charges_nothing() {
    let party = Party::new("alpha", &Arc::new(Still::default()));
    let member = party.keys();
    let ledger = Ledger::new(party.start().await);
    ledger.admit(&member, 100, "li").await.unwrap();
    refuse(&ledger.store, "key_holder_commitments").await;
    let request = signed(&party, 1);
    let refused = ledger.charge(&Ask { request: Some(&request), ..ask(&member, 1, 10) }).await;
    assert!(matches!(refused, Err(LedgerError::Store(_))));
    assert_eq!(spent(&ledger, &member).await, (0, 0));
    allow(&ledger.store, "key_holder_commitments").await;
    assert!(
        !ledger.charge(&Ask { request: Some(&request), ..ask(&member, 1, 10) }).await.unwrap().repeated()
    );
    assert_eq!(spent(&ledger, &member).await, (10, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_at_the_same_time_neither_pass_the_quota_nor_charge_twice() {
    let party = Party::new("alpha", &Arc::new(Still::default()));
    let member = party.keys();
    let ledger = Ledger::new(party.start().await);
    ledger.admit(&member, 35, "li").await.unwrap();
    let tasks = (0..16_u8).map(|number| {
        let (ledger, member) = (ledger.clone(), member.clone());
        // Eight batches, each asked for twice.
        tokio::spawn(async move { ledger.charge(&ask(&member, number / 2, 10)).await.map(|r| r.repeated()) })
    });
    let mut charged = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(repeated) => charged += usize::from(!repeated),
            Err(error) => assert!(matches!(error, LedgerError::Exceeded { limit: 35, spent: 30 }), "{error}"),
        }
    }
    assert_eq!(charged, 3);
    assert_eq!(spent(&ledger, &member).await, (30, 3));
}

#[tokio::test]
async fn banks_of_one_entity_share_a_counter_and_epochs_do_not() {
    let clock = Arc::new(Still::default());
    let (one, two) = (Party::new("alpha", &clock), Party::new("beta", &clock));
    let sister = MemberKeys { group: one.keys().group, ..two.keys() };
    let ledger = Ledger::new(one.start().await);
    ledger.admit(&one.keys(), 20, "li").await.unwrap();
    ledger.admit(&sister, 20, "li").await.unwrap();
    let _ = ledger.charge(&ask(&one.keys(), 1, 15)).await.unwrap();
    let refused = ledger.charge(&ask(&sister, 2, 6)).await;
    assert!(matches!(refused, Err(LedgerError::Exceeded { limit: 20, spent: 15 })));
    let next = KeyId { epoch: lianfang_proto::ids::Epoch(2), ..KEY };
    let _ = ledger.charge(&Ask { key: next, ..ask(&sister, 2, 20) }).await.unwrap();
}

#[tokio::test]
async fn an_admission_is_of_these_keys_and_the_policy_decides_only_where_nobody_has() {
    let clock = Arc::new(Still::default());
    let (party, puppet) = (Party::new("alpha", &clock), Party::new("alpha", &clock));
    let (member, other_key) = (party.keys(), puppet.keys());
    let other_entity = MemberKeys { group: GroupId::parse("beta", "group").unwrap(), ..party.keys() };
    let ledger = Ledger::new(party.start().await);
    let refused = |result: Result<_, LedgerError>| matches!(result, Err(LedgerError::NotAdmitted));
    assert!(refused(ledger.charge(&ask(&member, 1, 1)).await));
    let automatic = |member| Ask { automatic: Some(5), ..ask(member, 1, 1) };
    let _ = ledger.charge(&automatic(&member)).await.unwrap();
    for stranger in [&other_key, &other_entity] {
        assert!(refused(ledger.charge(&automatic(stranger)).await), "not under changed keys");
    }
    assert!(ledger.revoke(&member.bank, "li").await.unwrap());
    assert!(refused(ledger.charge(&automatic(&member)).await), "not against a person");
    ledger.admit(&other_key, 9, "li").await.unwrap();
    let _ = ledger.charge(&ask(&other_key, 2, 1)).await.unwrap();
    let admissions = ledger.admissions().await.unwrap();
    assert_eq!(admissions.len(), 1);
    assert!(admissions[0].is_under(&other_key.identity) && !admissions[0].revoked);
}

#[tokio::test]
async fn allowances_open_and_a_lost_ledger_closes() {
    let party = Party::new("alpha", &Arc::new(Still::default()));
    let member = party.keys();
    let ledger = Ledger::new(party.start().await);
    ledger.admit(&member, 10, "li").await.unwrap();
    let _ = ledger.charge(&ask(&member, 1, 10)).await.unwrap();
    assert!(ledger.charge(&ask(&member, 2, 1)).await.is_err());
    ledger.grant(&member, KEY, 3).await.unwrap();
    let _ = ledger.charge(&ask(&member, 2, 1)).await.unwrap();
    ledger.deduct(&member, KEY, 2).await.unwrap();
    assert!(ledger.charge(&ask(&member, 3, 1)).await.is_err());

    ledger.declare_lost(&[KEY], 40, "li", None).await.unwrap();
    assert!(matches!(
        ledger.charge(&ask(&member, 4, 1)).await,
        Err(LedgerError::Exceeded { limit: 0, spent: 0 })
    ));
    ledger.grant(&member, KEY, 1).await.unwrap();
    assert_eq!(ledger.charge(&ask(&member, 4, 1)).await.unwrap().charge_number(), 41);
}

#[tokio::test]
async fn commitments_are_kept_and_not_without_end() {
    let party = Party::new("alpha", &Arc::new(Still::default()));
    let member = party.keys();
    let ledger = Ledger::new(party.start().await);
    ledger.admit(&member, 100, "li").await.unwrap();
    let mut kept = Vec::new();
    for root in 0..64 {
        let request = signed(&party, root);
        for _ in 0..2 {
            let _ = ledger.charge(&Ask { request: Some(&request), ..ask(&member, 1, 4) }).await.unwrap();
        }
        kept.push(request.bytes().to_vec());
    }
    let request = signed(&party, 64);
    let refused = ledger.charge(&Ask { request: Some(&request), ..ask(&member, 1, 4) }).await;
    assert!(matches!(refused, Err(LedgerError::TooManyCommitments)));
    let mut found = ledger.commitments_of(&party.bank, KEY).await.unwrap();
    found.sort();
    kept.sort();
    assert_eq!(found, kept);
    assert_eq!(spent(&ledger, &member).await, (4, 1));
}
