//! A drawer against a map in memory, and what it refuses.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::store::tests::Bench;

const ALL: (Key, Key) = ([0; 16], [255; 16]);

async fn listed(
    drawer: &Drawer,
    bench: &Bench,
    ranges: Vec<(Key, Key)>,
) -> Result<Vec<(Key, Vec<u8>)>, StoreError> {
    let mut all = Vec::new();
    let mut reader = bench.store.reader().await?;
    let mut keep = |key: &Key, value: &[u8]| {
        all.push((*key, value.to_vec()));
        Ok(ControlFlow::Continue(()))
    };
    drawer.visit(&mut reader, &ranges, &mut keep).await?;
    Ok(all)
}

async fn apply(drawer: &Drawer, bench: &Bench, changes: &[Change]) {
    let mut tx = bench.store.begin().await.unwrap();
    drawer.apply(&mut tx, &mut *bench.store.rng(), changes).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn it_is_a_map_whatever_is_done_to_it() {
    let bench = Bench::new().await;
    let drawers = [1, 2].map(|number| Drawer::new(&bench.store, number, "record", "block"));
    let mut rng = StdRng::seed_from_u64(5);
    let mut maps = [BTreeMap::new(), BTreeMap::new()];
    for round in 0..40 {
        let which = round % 2;
        let mut wanted = BTreeMap::new();
        for _ in 0..rng.random_range(0..400) {
            let key = key(rng.random_range(0..900), rng.random_range(0..2));
            let gone = round > 30 || rng.random_range(0..3) == 0;
            let value = vec![rng.random_range(0..=255_u8); rng.random_range(0..1400)];
            wanted.insert(key, (!gone).then_some(value));
        }
        let changes: Vec<Change> = wanted
            .iter()
            .map(|(key, value)| Change { key: *key, value: value.clone().map(Zeroizing::new) })
            .collect();
        apply(&drawers[which], &bench, &changes).await;
        for (key, value) in wanted {
            match value {
                Some(value) => drop(maps[which].insert(key, value)),
                None => drop(maps[which].remove(&key)),
            }
        }
        let map = &maps[which];
        let all: Vec<_> = map.clone().into_iter().collect();
        assert!(listed(&drawers[which], &bench, vec![ALL]).await.unwrap() == all);
        let ranges: Vec<_> = (0..9).map(|n| (key(n * 100, 1), key(n * 100 + n * n, 0))).collect();
        let within = ranges.iter().filter(|(a, b)| a <= b).map(|(a, b)| map.range(*a..=*b));
        let within: Vec<_> = within.flatten().map(|(key, value)| (*key, value.clone())).collect();
        assert!(listed(&drawers[which], &bench, ranges).await.unwrap() == within);
        let mut reader = bench.store.reader().await.unwrap();
        assert_eq!(drawers[which].entries(&mut reader).await.unwrap(), all.len() as u64);
    }
    let blocks = "SELECT count(*) FROM block";
    let blocks: i64 = sqlx::query_scalar(blocks).fetch_one(bench.store.readers()).await.unwrap();
    assert!(blocks > 4, "there was more than one block a drawer");
}

#[tokio::test]
async fn a_block_opens_in_its_place_alone() {
    let bench = Bench::new().await;
    let drawer = Drawer::new(&bench.store, 1, "record", "block");
    let change = |n| Change { key: key(n, 0), value: Some(Zeroizing::new(vec![7; 40_000])) };
    apply(&drawer, &bench, &[change(1), change(2)]).await;
    assert_eq!(listed(&drawer, &bench, vec![ALL]).await.unwrap().len(), 2);
    let do_sql = async |sql: &'static str| sqlx::query(sql).execute(bench.store.pool()).await.unwrap();
    do_sql("UPDATE block SET body = (SELECT o.body FROM block o WHERE o.id <> block.id)").await;
    let refused = listed(&drawer, &bench, vec![ALL]).await;
    assert!(matches!(refused, Err(StoreError::Malformed { table: "record", column: "block" })));
    do_sql("UPDATE block SET drawer = 2").await;
    for other in ["block", "y"].map(|name| Drawer::new(&bench.store, 2, "record", name)) {
        let refused = listed(&other, &bench, vec![ALL]).await;
        assert!(matches!(refused, Err(StoreError::Sealed { table: "record", column: "block" })));
    }
}
