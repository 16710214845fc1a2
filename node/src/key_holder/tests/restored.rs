//! What counters are worth after a restore.

use std::sync::Arc;

use lianfang_proto::ids::{Epoch, Generation, KeyId};

use super::ledger::ask;
use super::{KEY, Party, Still, dealt};
use crate::key_holder::ledger::{Ledger, LedgerError};
use crate::key_holder::restored::note;
use crate::key_holder::vault::Vault;
use crate::store::Store;

async fn restored(store: &Store, complete: bool) {
    let mut tx = store.begin().await.unwrap();
    note(&mut tx, 5, "li", complete, store.now()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_restored_ledger_counts_as_used_up() {
    let party = Party::new("alpha", &Arc::new(Still::default()));
    let member = party.keys();
    let store = party.start().await;
    let ledger = Ledger::new(store.clone());
    ledger.admit(&member, 100, "li").await.unwrap();
    assert!(!ledger.charge(&ask(&member, 1, 10)).await.unwrap().repeated());
    restored(&store, false).await;
    // What was charged before is answered again; nothing new is, until people allow it.
    assert!(ledger.charge(&ask(&member, 1, 10)).await.unwrap().repeated());
    let refused = ledger.charge(&ask(&member, 2, 1)).await;
    assert!(matches!(refused, Err(LedgerError::Exceeded { .. })));
    ledger.grant(&member, KEY, 5).await.unwrap();
    assert!(!ledger.charge(&ask(&member, 3, 5)).await.unwrap().repeated());
    assert!(ledger.charge(&ask(&member, 4, 1)).await.is_err());
}

#[tokio::test]
async fn counters_stay_if_a_person_states_that_nothing_was_answered_since() {
    let party = Party::new("alpha", &Arc::new(Still::default()));
    let member = party.keys();
    let store = party.start().await;
    let ledger = Ledger::new(store.clone());
    ledger.admit(&member, 100, "li").await.unwrap();
    assert!(!ledger.charge(&ask(&member, 1, 60)).await.unwrap().repeated());
    restored(&store, true).await;
    let refused = ledger.charge(&ask(&member, 2, 41)).await;
    assert!(matches!(refused, Err(LedgerError::Exceeded { .. })));
    assert!(!ledger.charge(&ask(&member, 3, 40)).await.unwrap().repeated());
}

/// A key that was agreed on after the backup comes back by a repair: what was charged under it is unknown.
#[tokio::test]
async fn a_key_that_is_repaired_after_a_restore_has_full_counters_and_a_new_one_has_not() {
    let still = Arc::new(Still::default());
    let parties = [Party::new("alpha", &still), Party::new("beta", &still)];
    let member = parties[1].keys();
    let store = parties[0].start().await;
    let ledger = Ledger::new(store.clone());
    ledger.admit(&member, 100, "li").await.unwrap();
    restored(&store, false).await;
    let vault = Vault::open(store.clone(), 1).await.unwrap();
    let repaired = KeyId { epoch: Epoch(4), generation: Generation(1), ..KEY };
    let fresh = KeyId { epoch: Epoch(5), generation: Generation(0), ..KEY };
    for key in [repaired, fresh] {
        let (mut shares, endorsed) = dealt(&[&parties[0], &parties[1]], key);
        vault.activate(endorsed, shares.remove(0), &*parties[0].ports.chance).await.unwrap();
        let asked =
            crate::key_holder::ledger::Ask { key, ..ask(&member, key.epoch.0.try_into().unwrap(), 1) };
        assert_eq!(ledger.charge(&asked).await.is_ok(), key == fresh, "{}", key.epoch.0);
    }
}
