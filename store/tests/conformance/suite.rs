//! The suite.

use std::time::Duration;

use lianfang_store::trial::Trial;
use lianfang_store::{Connection, Database, StoreError, number};
use sqlx::Row as _;

use super::{open, processes};

const A_WHILE: Duration = Duration::from_millis(150);

async fn count(connection: &mut Connection) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM thing").fetch_one(connection).await.unwrap()
}

async fn things(database: &Database) -> i64 {
    count(&mut database.reader().await.unwrap()).await
}

async fn put(connection: &mut Connection, name: &str) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO thing (name) VALUES ($1)").bind(name).execute(connection).await?;
    Ok(())
}

/// Takes the counter's number, by reading it and writing it: only a transaction that excludes others makes that safe.
pub(crate) async fn take(database: &Database) -> Result<i64, StoreError> {
    let mut tx = database.begin().await?;
    let row = sqlx::query("SELECT next FROM counter").fetch_one(&mut *tx).await?;
    let next: i64 = number(&row, "next")?;
    sqlx::query("UPDATE counter SET next = $1").bind(next + 1).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(next)
}

pub(crate) async fn a_transaction_excludes_every_other(trial: &Trial) {
    let (one, two) = (open(trial).await.unwrap(), open(trial).await.unwrap());
    let mut first = one.begin().await.unwrap();
    assert_eq!(count(&mut first).await, 0);
    let second = tokio::spawn(async move {
        let mut tx = two.begin().await.unwrap();
        let seen = count(&mut tx).await;
        put(&mut tx, "second").await.unwrap();
        tx.commit().await.unwrap();
        seen
    });
    tokio::time::sleep(A_WHILE).await;
    assert!(!second.is_finished(), "it waits for the first to end");
    put(&mut first, "first").await.unwrap();
    first.commit().await.unwrap();
    assert_eq!(second.await.unwrap(), 1, "and sees what the first has done");
    assert_eq!(things(&one).await, 2);
}

pub(crate) async fn a_single_statement_waits_for_it_too(trial: &Trial) {
    let (one, two) = (open(trial).await.unwrap(), open(trial).await.unwrap());
    let mut tx = one.begin().await.unwrap();
    let writing =
        tokio::spawn(
            async move { two.write(sqlx::query("UPDATE counter SET next = next + 5")).await.unwrap() },
        );
    tokio::time::sleep(A_WHILE).await;
    assert!(!writing.is_finished());
    sqlx::query("UPDATE counter SET next = 10").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(writing.await.unwrap(), 1, "one row was touched");
    assert_eq!(take(&one).await.unwrap(), 15);
}

pub(crate) async fn a_snapshot_sees_one_moment(trial: &Trial) {
    let database = open(trial).await.unwrap();
    let mut snapshot = database.snapshot().await.unwrap();
    assert_eq!(count(&mut snapshot).await, 0);
    let mut tx = database.begin().await.unwrap();
    put(&mut tx, "later").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&mut snapshot).await, 0, "its moment stays");
    drop(snapshot);
    assert_eq!(count(&mut database.snapshot().await.unwrap()).await, 1);
}

pub(crate) async fn what_is_not_committed_leaves_nothing(trial: &Trial) {
    let database = open(trial).await.unwrap();
    let mut tx = database.begin().await.unwrap();
    put(&mut tx, "dropped").await.unwrap();
    drop(tx);
    assert_eq!(things(&database).await, 0);
    let mut tx = database.begin().await.unwrap();
    put(&mut tx, "kept").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(things(&database).await, 1);
}

pub(crate) async fn no_number_is_given_twice(trial: &Trial) {
    let databases = [open(trial).await.unwrap(), open(trial).await.unwrap()].map(std::sync::Arc::new);
    let takers = databases.iter().cycle().take(6).cloned().map(|database| {
        tokio::spawn(async move {
            let mut taken = Vec::new();
            for _ in 0..10 {
                taken.push(take(&database).await.unwrap());
            }
            taken
        })
    });
    let takers: Vec<_> = takers.collect();
    let mut taken = Vec::new();
    for taker in takers {
        taken.extend(taker.await.unwrap());
    }
    taken.sort_unstable();
    assert_eq!(taken, (0..60).collect::<Vec<i64>>());
}

pub(crate) async fn a_conflict_is_met_or_told_and_harms_nothing_else(trial: &Trial) {
    let database = open(trial).await.unwrap();
    let insert = || sqlx::query("INSERT INTO thing (name, number) VALUES ('a', 1) ON CONFLICT DO NOTHING");
    assert_eq!(database.write(insert()).await.unwrap(), 1);
    assert_eq!(database.write(insert()).await.unwrap(), 0);
    let upsert = "INSERT INTO thing (name, number) VALUES ('a', $1) ON CONFLICT (name) DO UPDATE SET number = $1 \
                  WHERE thing.number < $1 RETURNING number";
    let mut tx = database.begin().await.unwrap();
    let done: Option<i64> = sqlx::query_scalar(upsert).bind(7_i64).fetch_optional(&mut *tx).await.unwrap();
    assert_eq!(done, Some(7));
    let done: Option<i64> = sqlx::query_scalar(upsert).bind(3_i64).fetch_optional(&mut *tx).await.unwrap();
    assert_eq!(done, None);
    tx.commit().await.unwrap();
    let mut tx = database.begin().await.unwrap();
    put(&mut tx, "b").await.unwrap();
    assert!(matches!(put(&mut tx, "a").await, Err(StoreError::Other(_))));
    drop(tx);
    assert_eq!(things(&database).await, 1, "the whole transaction is gone, and the store goes on");
    take(&database).await.unwrap();
}

pub(crate) async fn values_come_back_as_they_went(trial: &Trial) {
    type Values = (Option<i64>, Option<String>, Option<Vec<u8>>);
    let database = open(trial).await.unwrap();
    let large: Vec<u8> = (0..1_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let all: [Values; 4] = [
        (None, None, None),
        (Some(0), Some(String::new()), Some(Vec::new())),
        (Some(i64::MIN), Some("防“𠮷” ' \" \\ $1 ?".to_owned()), Some(vec![0, 255, 0, 10, 92])),
        (Some(i64::MAX), Some("x".repeat(100_000)), Some(large)),
    ];
    for (id, (number, name, body)) in (1_i64..).zip(&all) {
        let insert = sqlx::query("INSERT INTO thing (id, number, name, body) VALUES ($1, $2, $3, $4)");
        let insert = insert.bind(id).bind(number).bind(name.as_deref()).bind(body.as_deref());
        assert_eq!(database.write(insert).await.unwrap(), 1);
    }
    let rows = sqlx::query("SELECT * FROM thing ORDER BY id").fetch_all(database.readers()).await.unwrap();
    let read = |row: &lianfang_store::Row| -> Values {
        (row.try_get("number").unwrap(), row.try_get("name").unwrap(), row.try_get("body").unwrap())
    };
    assert!(rows.iter().map(read).eq(all));
    let nothing = sqlx::query("UPDATE thing SET name = $1, number = $2, body = $3 WHERE id = 4");
    let nothing = nothing.bind(None::<String>).bind(None::<i64>).bind(None::<Vec<u8>>);
    assert_eq!(database.write(nothing).await.unwrap(), 1);
    let distinct = "SELECT count(*) FROM thing WHERE body IS DISTINCT FROM $1";
    let distinct = sqlx::query_scalar::<_, i64>(distinct).bind(&[0_u8, 255, 0, 10, 92][..]);
    assert_eq!(distinct.fetch_one(database.readers()).await.unwrap(), 3);
}

pub(crate) async fn text_is_ordered_by_its_bytes(trial: &Trial) {
    let database = open(trial).await.unwrap();
    let mut names = vec!["b", "B", "a-b", "ab", "阿", "z", "中", "_", "é"];
    let mut tx = database.begin().await.unwrap();
    for name in &names {
        put(&mut tx, name).await.unwrap();
    }
    tx.commit().await.unwrap();
    let stored: Vec<String> = sqlx::query_scalar("SELECT name FROM thing ORDER BY name")
        .fetch_all(database.readers())
        .await
        .unwrap();
    names.sort_unstable();
    assert_eq!(stored, names);
}

pub(crate) async fn readers_cannot_write(trial: &Trial) {
    let database = open(trial).await.unwrap();
    let refused = sqlx::query("UPDATE counter SET next = 9").execute(database.readers()).await.unwrap_err();
    assert!(matches!(StoreError::from(refused), StoreError::ReadOnly));
    let mut snapshot = database.snapshot().await.unwrap();
    let refused = sqlx::query("UPDATE counter SET next = 9").execute(&mut *snapshot).await.unwrap_err();
    assert!(matches!(StoreError::from(refused), StoreError::ReadOnly));
    drop(snapshot);
    assert_eq!(take(&database).await.unwrap(), 0);
}

pub(crate) async fn a_store_opens_again_as_it_was(trial: &Trial) {
    let database = open(trial).await.unwrap();
    let mut tx = database.begin().await.unwrap();
    put(&mut tx, "kept").await.unwrap();
    tx.commit().await.unwrap();
    database.close().await;
    assert!(database.begin().await.is_err(), "a closed store takes nothing");
    for _ in 0..2 {
        let again = open(trial).await.unwrap();
        assert_eq!(things(&again).await, 1);
        again.close().await;
    }
}

pub(crate) async fn a_newer_store_is_refused(trial: &Trial) {
    let database = open(trial).await.unwrap();
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'later', TRUE, $1, 0)";
    database.write(sqlx::query(later).bind(&[0_u8][..])).await.unwrap();
    database.close().await;
    let refused = open(trial).await.err().unwrap();
    assert!(matches!(refused, StoreError::Newer { found: 9999, known: 2 }), "{refused}");
}

pub(crate) async fn a_foreign_step_is_refused(trial: &Trial) {
    let database = open(trial).await.unwrap();
    let other = "UPDATE _sqlx_migrations SET checksum = $1 WHERE version = 1";
    database.write(sqlx::query(other).bind(&[0_u8][..])).await.unwrap();
    database.close().await;
    let refused = open(trial).await.err().unwrap();
    assert!(matches!(refused, StoreError::Foreign { step: 1 }), "{refused}");
}

/// The last step was taken, and the list does not say so: taken again it meets what it has made.
pub(crate) async fn a_step_that_the_list_has_lost_is_refused(trial: &Trial) {
    let database = open(trial).await.unwrap();
    database.write(sqlx::query("DELETE FROM _sqlx_migrations WHERE version = 2")).await.unwrap();
    database.close().await;
    let refused = open(trial).await.err().unwrap();
    assert!(matches!(refused, StoreError::Foreign { step: 2 }), "{refused}");
}

pub(crate) async fn no_error_shows_a_value(trial: &Trial) {
    let database = open(trial).await.unwrap();
    let insert = || sqlx::query("INSERT INTO thing (name, number) VALUES ($1, 1)").bind("geheim-4711");
    database.write(insert()).await.unwrap();
    let refused = database.write(insert()).await.unwrap_err();
    assert!(!format!("{refused} {refused:?} {refused:#?}").contains("4711"), "{refused:?}");
    let problem = lianfang_desk::Problem::from(refused);
    assert!(!problem.render(lianfang_desk::Lang::En, true).contains("4711"));
}

pub(crate) async fn several_processes_count_together(trial: &Trial) {
    open(trial).await.unwrap().close().await;
    let taken = processes::run(trial, 3).await;
    assert_eq!(taken, (0..3 * processes::EACH).collect::<Vec<i64>>());
}
