//! A log that holds, and every way in which it no longer does.

use lianfang_proto::catalogue::{Class, Hold};
use lianfang_proto::ids::{BankId, Epoch};
use lianfang_trust::Digest;

use super::*;
use crate::ports::{Chance, SystemChance};
use crate::store::tests::Bench;

struct Kept {
    bench: Bench,
    log: Log,
    key: SigningKey,
}

async fn kept(entries: u64) -> Kept {
    let bench = Bench::new().await;
    let log = Log::new(bench.store.clone(), "alpha");
    let mut tx = bench.store.begin().await.unwrap();
    for record in 0..entries {
        let event = Event::HoldLifted { record: i64::try_from(record).unwrap(), by: "li".to_owned() };
        log.append(&mut tx, &event).await.unwrap();
    }
    tx.commit().await.unwrap();
    Kept { bench, log, key: SigningKey::generate(&mut *SystemChance.rng()) }
}

impl Kept {
    async fn change(&self, sql: &'static str) {
        for statement in sql.split(';').filter(|statement| !statement.trim().is_empty()) {
            sqlx::query(statement).execute(self.bench.store.pool()).await.unwrap();
        }
    }

    async fn verdict(&self, known: &[Head]) -> Result<Head, AuditError> {
        self.log.verify(&self.key.verifying_key(), known).await
    }
}

#[tokio::test]
async fn a_log_holds_over_pages_and_heads() {
    let kept = kept(u64::from(PAGE) * 2 + 3).await;
    let signed = kept.log.sign_head(&kept.key).await.unwrap();
    kept.log.record(&Event::Started { version: "1".to_owned() }).await.unwrap();
    let head = kept.verdict(&[*signed.value()]).await.unwrap();
    assert_eq!(head.entries(), u64::from(PAGE) * 2 + 5);
    assert_eq!(kept.log.list(1, 2).await.unwrap().iter().map(Entry::seq).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn the_newest_entries_come_in_the_order_of_time() {
    let kept = kept(5).await;
    let numbers =
        async |count| -> Vec<u64> { kept.log.last(count).await.unwrap().iter().map(Entry::seq).collect() };
    assert_eq!(numbers(2).await, [3, 4]);
    assert_eq!(numbers(100).await, [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn an_empty_log_holds() {
    let kept = kept(0).await;
    assert_eq!(kept.verdict(&[]).await.unwrap(), Head::genesis("alpha"));
}

#[tokio::test]
async fn a_deed_that_is_undone_leaves_no_entry() {
    let kept = kept(1).await;
    let mut tx = kept.bench.store.begin().await.unwrap();
    kept.log.append(&mut tx, &Event::Started { version: "1".to_owned() }).await.unwrap();
    drop(tx);
    assert_eq!(kept.verdict(&[]).await.unwrap().entries(), 1);
}

#[tokio::test]
async fn every_change_shows() {
    let kept_whole = |sql| async move {
        let kept = kept(6).await;
        kept.log.sign_head(&kept.key).await.unwrap();
        kept.change(sql).await;
        kept.verdict(&[]).await.err().unwrap()
    };
    let broken = |error: AuditError, at: u64| {
        assert!(matches!(error, AuditError::Broken(b) if b.seq == at), "{error}");
    };
    broken(kept_whole("UPDATE audit_entry SET body = substr(body, 1, 2) WHERE seq = 2").await, 2);
    broken(kept_whole("UPDATE audit_entry SET time_us = time_us + 1 WHERE seq = 3").await, 3);
    broken(kept_whole("DELETE FROM audit_entry WHERE seq = 4").await, 4);
    broken(kept_whole("DELETE FROM audit_entry WHERE seq = 0").await, 0);
    assert!(matches!(kept_whole("DELETE FROM audit_entry").await, AuditError::OtherEnd));
    assert!(matches!(kept_whole("DELETE FROM audit_entry WHERE seq >= 5").await, AuditError::OtherEnd));
    // All of it together is noticed by the signed head alone.
    let cut = "DELETE FROM audit_entry; DELETE FROM audit_head;";
    broken(kept_whole(cut).await, 0);
    assert!(matches!(
        kept_whole("UPDATE audit_signed_head SET entries = 3").await,
        AuditError::ForgedHead { entries: 3 }
    ));
}

#[tokio::test]
async fn another_nodes_head_does_not_fit() {
    let kept = kept(2).await;
    assert!(kept.verdict(&[Head::genesis("beta")]).await.is_err());
}

#[test]
fn codes_are_words_and_each_stands_once() {
    let mut codes = Event::CODES.to_vec();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Event::CODES.len());
    for code in codes {
        assert!(Head::genesis("alpha").entry(0, code, Vec::new()).is_ok(), "{code}");
    }
}

#[test]
fn bodies_are_golden() {
    let admitted = Event::Admitted {
        bank: BankId::parse("beta", "bank").unwrap(),
        class: Class::Subject,
        epoch: Epoch(3),
        quota: 4_000_000,
        by: "wang".to_owned(),
    };
    assert_eq!(admitted.code(), "quota.admitted");
    let body = serde_json::json!({ "bank": "beta", "class": "subject", "epoch": 3, "quota": 4_000_000, "by": "wang" });
    assert_eq!(admitted.body(), body);
    let held = Event::HoldSet { record: 7, hold: Hold::Dispute, by: "li".to_owned() };
    assert_eq!(held.body(), serde_json::json!({ "record": 7, "hold": "dispute", "by": "li" }));
    let digest = Digest::of("lianfang/test", b"");
    let accepted = Event::Certified { terms: digest, record: digest };
    assert_eq!(accepted.body()["terms"], digest.to_hex());
}
