//! What the steps make of a store that an earlier program has written into.

use lianfang_store::trial::{Seed, Trial, assert_schema};

use super::*;

/// What programs of each step have written, into all tables that a later step changes or reads.
const SEEDS: [Seed; 13] = [
    Seed::new(1, "roster", "INSERT INTO roster (version, signed) VALUES (7, $1)", &[(1, 9)]),
    Seed::new(
        1,
        "ceremony",
        "INSERT INTO ceremony (id, class, epoch, proposal, state, created_at) VALUES ($1, 1, 1, $2, 'open', 3)",
        &[(1, 16), (2, 5)],
    ),
    Seed::new(
        1,
        "key_record",
        "INSERT INTO key_record (class, epoch, generation, endorsed) VALUES (1, 1, 0, $1)",
        &[(1, 4)],
    ),
    Seed::new(
        1,
        "key_record",
        "INSERT INTO key_record (class, epoch, generation, endorsed) VALUES (1, 2, 0, $1)",
        &[(2, 4)],
    ),
    Seed::new(
        1,
        "key_record",
        "INSERT INTO key_record (class, epoch, generation, endorsed) VALUES (1, 2, 1, $1)",
        &[(3, 4)],
    ),
    Seed::new(
        1,
        "key_record",
        "INSERT INTO key_record (class, epoch, generation, endorsed) VALUES (3, 1, 0, $1)",
        &[(4, 4)],
    ),
    Seed::new(
        1,
        "job",
        "INSERT INTO job (id, terms_digest, terms, state, entered_at, created_at, failure, culprits, matches)
         VALUES ($1, $2, $3, 3, 5, 4, 'internal', '[\"alpha\"]', '{\"2\":3}')",
        &[(1, 16), (2, 64), (3, 9)],
    ),
    Seed::new(
        1,
        "participant",
        "INSERT INTO participant (job, bank, decision, accepted, header, sealed, returned, countersignature)
         VALUES ($1, 'alpha', $2, 1, $3, 1, $4, $5)",
        &[(1, 16), (5, 3), (6, 3), (7, 3), (8, 3)],
    ),
    Seed::new(1, "participant", "INSERT INTO participant (job, bank) VALUES ($1, 'beta')", &[(1, 16)]),
    Seed::new(
        3,
        "participant",
        "INSERT INTO participant (job, bank, sealed, sealed_at) VALUES ($1, 'gamma', 1, 6)",
        &[(1, 16)],
    ),
    Seed::new(
        4,
        "key_life",
        "INSERT INTO key_life (class, epoch, state, number, made_at) VALUES (2, 1, 3, 9, 8)",
        &[],
    ),
    Seed::new(
        5,
        "participant",
        "INSERT INTO participant (job, bank, left_out) VALUES ($1, 'delta', 1)",
        &[(1, 16)],
    ),
    Seed::new(
        6,
        "participant",
        "INSERT INTO participant (job, bank, rows_fence) VALUES ($1, 'epsilon', 77)",
        &[(1, 16)],
    ),
];

/// What stands in newer columns of those rows.
const ADDED: [(&str, &str, &str); 4] = [
    ("job", "reports", "0"),
    ("participant", "sealed_at", "NULL"),
    ("participant", "left_out", "0"),
    ("participant", "rows_fence", "0"),
];

#[test]
fn no_step_is_forgotten() {
    STEPS.assert_files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")));
}

#[test]
fn every_table_that_a_later_step_touches_has_rows_before_it() {
    STEPS.assert_sown(
        &SEEDS,
        &[("job", 2), ("participant", 3), ("key_record", 4), ("participant", 6), ("job", 7)],
    );
}

/// What a store of this program is made of, kept as text: a change of it is seen by whoever reads the change, also of a step
/// that says something else than was meant.
const fn kept(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => include_str!("../../migrations/schema/sqlite.txt"),
        Kind::Postgres => include_str!("../../migrations/schema/postgres.txt"),
    }
}

/// Stores that earlier programs made, with rows in them, are brought up to this program's last step: nothing in them is
/// lost or changed, and they are made as the kept text says, as a fresh one is.
#[tokio::test]
async fn a_store_of_every_earlier_step_is_brought_up_to_the_last() {
    let fresh = Trial::new();
    let kind = fresh.kind();
    Store::open(&fresh.place()).await.unwrap().close().await;
    assert_schema(&mut fresh.connect().await, kind, kept(kind), "a fresh store").await;
    assert!(kept(kind).contains("job_by_age"), "indexes are told");
    for step in STEPS.numbers() {
        let trial = Trial::new();
        let sown = STEPS.sow(step, &trial, &SEEDS).await;
        Store::open(&trial.place()).await.unwrap().close().await;
        let mut connection = trial.connect().await;
        assert_schema(&mut connection, kind, kept(kind), &format!("from step {step}")).await;
        sown.look_for(&mut connection, kind, &ADDED).await;
        // Keys from before epochs had states: the newest of each class is the one that is used.
        let keys = "SELECT class, epoch, state FROM key_life WHERE number = 0 ORDER BY class, epoch";
        let keys: Vec<(i64, i64, i64)> = sqlx::query_as(keys).fetch_all(&mut connection).await.unwrap();
        let made = if step < 4 { vec![(1, 1, 4), (1, 2, 2), (3, 1, 2)] } else { vec![] };
        assert_eq!(keys, made, "from step {step}");
    }
}
