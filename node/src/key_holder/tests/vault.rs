//! Shares: sealed, bound to their key, replaced by newer generations, never by others.

use std::sync::Arc;

use lianfang_proto::catalogue::Class;
use lianfang_proto::ids::{Epoch, Generation, KeyId};
use serde_json::Value;

use super::{KEY, Party, Still, Unheard, dealt};
use crate::key_holder::ports::Noted;
use crate::key_holder::records::{Event, RecordError, Records, public_keys};
use crate::key_holder::vault::{Vault, VaultError};
use crate::store::Kind;

fn three() -> [Party; 3] {
    let clock = Arc::new(Still::default());
    ["alpha", "beta", "gamma"].map(|name| Party::new(name, &clock))
}

#[tokio::test]
async fn a_share_is_there_again_after_a_restart_and_never_in_clear() {
    let [a, b, c] = three();
    let (mut shares, endorsed) = dealt(&[&a, &b, &c], KEY);
    let share = shares.remove(0);
    let plain = share.to_sealed_bytes();
    let store = a.start().await;
    let vault = Vault::open(store.clone(), 2).await.unwrap();
    assert!(vault.current(Class::Subject, Epoch(1)).is_none());
    vault.activate(endorsed.clone(), share, &*a.ports.chance).await.unwrap();
    let secret = &plain[plain.len() - 32..];
    let sealed: Vec<u8> =
        sqlx::query_scalar("SELECT sealed FROM key_holder_shares").fetch_one(store.pool()).await.unwrap();
    assert!(!sealed.windows(32).any(|window| window == secret));
    store.close().await;

    let vault = Vault::open(a.start().await, 2).await.unwrap();
    let active = vault.current(Class::Subject, Epoch(1)).unwrap();
    assert_eq!((active.key(), active.endorsed()), (KEY, &endorsed));
    assert_eq!(vault.own_share(KEY).unwrap().holder().get(), 1);
    assert!(vault.own_share(KeyId { generation: Generation(1), ..KEY }).is_none());
    // A crash after the activation repeats it.
    let again = lianfang_crypto::share::key_share::KeyShare::decode(&plain).unwrap();
    vault.activate(endorsed, again, &*a.ports.chance).await.unwrap();
    assert_eq!(vault.keys(), [KEY]);
}

#[tokio::test]
async fn a_closed_epoch_stays_closed() {
    let [a, b, c] = three();
    let (mut shares, endorsed) = dealt(&[&a, &b, &c], KEY);
    let plain = shares[0].to_sealed_bytes();
    let store = a.start().await;
    let vault = Vault::open(store.clone(), 2).await.unwrap();
    vault.activate(endorsed.clone(), shares.remove(0), &*a.ports.chance).await.unwrap();
    assert_eq!(vault.close_epoch(Class::Subject, Epoch(1), "li").await.unwrap(), 1);
    assert_eq!(vault.close_epoch(Class::Subject, Epoch(1), "li").await.unwrap(), 0);
    assert!(vault.keys().is_empty() && vault.is_closed(Class::Subject, Epoch(1)));
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM key_holder_shares").fetch_one(store.pool()).await.unwrap();
    assert_eq!(left, 0);
    store.close().await;

    let vault = Vault::open(a.start().await, 2).await.unwrap();
    assert!(vault.is_closed(Class::Subject, Epoch(1)) && !vault.is_closed(Class::Subject, Epoch(2)));
    let again = lianfang_crypto::share::key_share::KeyShare::decode(&plain).unwrap();
    let refused = vault.activate(endorsed, again, &*a.ports.chance).await;
    assert!(matches!(refused, Err(VaultError::Closed)));
}

/// What a stolen disk would give to whoever has the secret that opens it, too.
#[tokio::test]
async fn an_erased_share_stands_nowhere_on_the_disk() {
    let [a, b, c] = three();
    let renewed = KeyId { generation: Generation(1), ..KEY };
    let (mut old, of_old) = dealt(&[&a, &b, &c], KEY);
    let (mut new, of_new) = dealt(&[&a, &b, &c], renewed);
    let store = a.start().await;
    if store.kind() == Kind::Postgres {
        // What a server does with deleted rows is the server's.
        return;
    }
    let vault = Vault::open(store.clone(), 2).await.unwrap();
    let sealed = async || -> Vec<u8> {
        sqlx::query_scalar("SELECT sealed FROM key_holder_shares").fetch_one(store.pool()).await.unwrap()
    };
    let on_disk = |blob: &[u8]| {
        let files = std::fs::read_dir(store.folder()).unwrap().map(|file| file.unwrap().path());
        let files = files.filter(|path| path.is_file()).map(|path| std::fs::read(path).unwrap());
        files.filter(|bytes| bytes.windows(blob.len()).any(|window| window == blob)).count()
    };
    vault.activate(of_old, old.remove(0), &*a.ports.chance).await.unwrap();
    let first = sealed().await;
    assert!(on_disk(&first) > 0, "else the search is blind");
    vault.activate(of_new, new.remove(0), &*a.ports.chance).await.unwrap();
    let second = sealed().await;
    assert_eq!(on_disk(&first), 0, "after a refresh");
    assert!(on_disk(&second) > 0);
    vault.close_epoch(Class::Subject, Epoch(1), "li").await.unwrap();
    store.forget().await;
    assert_eq!(on_disk(&second), 0, "after the epoch's end");
}

#[tokio::test]
async fn another_share_or_another_record_is_refused() {
    let [a, b, c] = three();
    let (mut shares, endorsed) = dealt(&[&a, &b, &c], KEY);
    let (mut others, other_record) = dealt(&[&a, &b, &c], KEY);
    let vault = Vault::open(a.start().await, 1).await.unwrap();
    let refused = vault.activate(endorsed.clone(), others.remove(0), &*a.ports.chance).await;
    assert!(matches!(refused, Err(VaultError::OtherShare)));
    vault.activate(endorsed, shares.remove(0), &*a.ports.chance).await.unwrap();
    let (mut third, third_record) = (dealt(&[&a, &b, &c], KEY), other_record);
    let refused = vault.activate(third.1, third.0.remove(0), &*a.ports.chance).await;
    assert!(matches!(refused, Err(VaultError::Record(RecordError::Differs))));
    assert!(public_keys(third_record.record()).is_ok());
}

#[tokio::test]
async fn a_newer_generation_erases_the_older() {
    let [a, b, c] = three();
    let newer = KeyId { generation: Generation(1), ..KEY };
    let (mut old, old_record) = dealt(&[&a, &b, &c], KEY);
    let (mut new, new_record) = dealt(&[&a, &b, &c], newer);
    let store = a.start().await;
    let vault = Vault::open(store.clone(), 1).await.unwrap();
    vault.activate(old_record.clone(), old.remove(0), &*a.ports.chance).await.unwrap();
    vault.activate(new_record, new.remove(0), &*a.ports.chance).await.unwrap();
    assert_eq!(vault.keys(), [newer]);
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM key_holder_shares").fetch_one(store.pool()).await.unwrap();
    assert_eq!(left, 1);
    let back = vault.activate(old_record, dealt(&[&a, &b, &c], KEY).0.remove(0), &*a.ports.chance).await;
    assert!(back.is_err());
}

#[tokio::test]
async fn a_sealed_share_does_not_open_as_another_key() {
    let [a, b, c] = three();
    let (mut shares, endorsed) = dealt(&[&a, &b, &c], KEY);
    let store = a.start().await;
    let vault = Vault::open(store.clone(), 1).await.unwrap();
    vault.activate(endorsed, shares.remove(0), &*a.ports.chance).await.unwrap();
    sqlx::query("UPDATE key_holder_shares SET epoch = 2").execute(store.pool()).await.unwrap();
    assert!(Vault::open(store, 1).await.is_err());
}

#[tokio::test]
async fn a_record_is_compared_by_a_person() {
    let [a, b, c] = three();
    let (_, endorsed) = dealt(&[&a, &b, &c], KEY);
    let records = Records::new(a.start().await);
    assert_eq!(records.newest_epoch(Class::Subject).await.unwrap(), None);
    records.put(&endorsed).await.unwrap();
    records.put(&endorsed).await.unwrap();
    let kept = records.current(Class::Subject, Epoch(1)).await.unwrap().unwrap();
    assert!(!kept.compared && kept.endorsed == endorsed);
    let nothing = Noted::new(&Unheard, "", Value::Null);
    assert!(records.mark_compared(KEY, Event::Compare, "li", &nothing).await.unwrap());
    assert!(records.current(Class::Subject, Epoch(1)).await.unwrap().unwrap().compared);
    assert_eq!(records.newest_epoch(Class::Subject).await.unwrap(), Some(Epoch(1)));
    let (_, other) = dealt(&[&a, &b, &c], KEY);
    assert!(matches!(records.put(&other).await, Err(RecordError::Differs)));
}

/// Two processes over one store, as far as the vault knows.
#[tokio::test]
async fn what_one_process_changes_the_other_takes_up() {
    let [a, b, c] = three();
    let (one, two) = (a.start().await, a.start().await);
    let (here, there) = (Vault::open(one, 1).await.unwrap(), Vault::open(two, 1).await.unwrap());
    let refresh = async |vault: &Vault| vault.refresh(Class::Subject, Epoch(1)).await.unwrap();
    let current = |vault: &Vault| vault.current(Class::Subject, Epoch(1)).map(|active| active.key());

    let (mut shares, endorsed) = dealt(&[&a, &b, &c], KEY);
    here.activate(endorsed, shares.remove(0), &*a.ports.chance).await.unwrap();
    assert_eq!(current(&there), None);
    refresh(&there).await;
    assert_eq!(current(&there), Some(KEY), "a new key");

    let refreshed = KeyId { generation: Generation(1), ..KEY };
    let (mut shares, endorsed) = dealt(&[&a, &b, &c], refreshed);
    there.activate(endorsed, shares.remove(0), &*a.ports.chance).await.unwrap();
    assert_eq!(current(&here), Some(KEY));
    here.refresh_all().await.unwrap();
    assert_eq!(current(&here), Some(refreshed), "a newer share; the older one is gone from the memory");

    here.close_epoch(Class::Subject, Epoch(1), "li").await.unwrap();
    there.refresh_all().await.unwrap();
    assert_eq!(current(&there), None);
    assert!(there.is_closed(Class::Subject, Epoch(1)));
    refresh(&here).await;
    assert!(here.is_closed(Class::Subject, Epoch(1)) && here.keys().is_empty());
}
