//! What the steps make of a store that an earlier program has written into.

use lianfang_store::trial::{Seed, Trial, assert_schema};

use super::super::*;

/// What programs of each step have written, into all tables that a later step changes or reads.
const SEEDS: [Seed; 11] = [
    Seed::new(1, "sequence", "UPDATE sequence SET next = 77 WHERE name = 'import'", &[]),
    Seed::new(
        1,
        "output_key",
        "INSERT INTO output_key (id, class, epoch, public_key) VALUES (3, 1, 2, $1)",
        &[(1, 32)],
    ),
    Seed::new(
        2,
        "key_holder_shares",
        "INSERT INTO key_holder_shares (id, class, epoch, generation, sealed) VALUES (4, 1, 2, 0, $1)",
        &[(1, 60)],
    ),
    Seed::new(2, "sequence", "UPDATE sequence SET next = 78 WHERE name = 'charge'", &[]),
    Seed::new(
        4,
        "audit_entry",
        "INSERT INTO audit_entry (seq, time_us, event, body, prev, hash) VALUES (0, 1, 'x', $1, $2, $3)",
        &[(1, 3), (2, 64), (3, 64)],
    ),
    Seed::new(
        5,
        "job",
        "INSERT INTO job (id, job, terms_digest, terms, stage, decided_by, header, figures, seen_at, updated_at)
         VALUES (1, $1, $2, $3, 4, 'zhang', $4, '{}', 5, 6)",
        &[(1, 16), (2, 64), (3, 9), (4, 9)],
    ),
    Seed::new(5, "charge_sighting", "INSERT INTO charge_sighting (holder, highest) VALUES ('alpha', 9)", &[]),
    Seed::new(
        8,
        "charge_sighting",
        "INSERT INTO charge_sighting (holder, highest, answer) VALUES ('beta', 8, $1)",
        &[(7, 5)],
    ),
    Seed::new(
        8,
        "job",
        "INSERT INTO job (id, job, terms_digest, terms, stage, seen_at, updated_at, recorded)
         VALUES (2, $1, $2, $3, 1, 5, 5, $4)",
        &[(11, 16), (12, 64), (13, 9), (14, 32)],
    ),
    Seed::new(
        15,
        "job",
        "INSERT INTO job (id, job, terms_digest, terms, stage, seen_at, updated_at, reminded)
         VALUES (3, $1, $2, $3, 1, 5, 5, 2)",
        &[(21, 16), (22, 64), (23, 9)],
    ),
    Seed::new(
        16,
        "job",
        "INSERT INTO job (id, job, terms_digest, terms, stage, seen_at, updated_at, handed_in_at)
         VALUES (4, $1, $2, $3, 1, 5, 5, 6)",
        &[(31, 16), (32, 64), (33, 9)],
    ),
];

/// What stands in newer columns of those rows.
const ADDED: [(&str, &str, &str); 4] = [
    ("charge_sighting", "answer", "NULL"),
    ("job", "recorded", "NULL"),
    ("job", "reminded", "0"),
    ("job", "handed_in_at", "NULL"),
];

#[test]
fn no_step_is_forgotten() {
    STEPS.assert_files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")));
}

#[test]
fn every_table_that_a_later_step_touches_has_rows_before_it() {
    STEPS.assert_sown(&SEEDS, &[("sequence", 2), ("output_key", 8), ("job", 8), ("job", 15), ("job", 16)]);
}

/// What a store of this program is made of, kept as text: a change of it is seen by whoever reads the change, also of a step
/// that says something else than was meant.
const fn kept(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => include_str!("../../../migrations/schema/sqlite.txt"),
        Kind::Postgres => include_str!("../../../migrations/schema/postgres.txt"),
    }
}

/// Stores that earlier programs made, with rows in them, are brought up to this program's last step: nothing in them is
/// lost or changed, and they are made as the kept text says, as a fresh one is.
#[tokio::test]
async fn a_store_of_every_earlier_step_is_brought_up_to_the_last() {
    let fresh = Trial::new();
    let kind = fresh.kind();
    let master = Arc::new(MasterKey::ephemeral(&mut *Ports::system().chance.rng()));
    super::open(&fresh.place(), fresh.folder(), &master).await.unwrap().close().await;
    assert_schema(&mut fresh.connect().await, kind, kept(kind), "a fresh store").await;
    assert!(kept(kind).contains("output_of_closed_epoch"), "triggers are told");
    for step in STEPS.numbers() {
        let trial = Trial::new();
        let sown = STEPS.sow(step, &trial, &SEEDS).await;
        let store = super::open(&trial.place(), trial.folder(), &master).await.unwrap();
        let mut connection = trial.connect().await;
        assert_schema(&mut connection, kind, kept(kind), &format!("from step {step}")).await;
        sown.look_for(&mut connection, kind, &ADDED).await;
        drop(connection);
        let mut tx = store.begin().await.unwrap();
        assert_eq!(take_numbers(&mut tx, "import", 1).await.unwrap(), 77, "from step {step}");
        drop(tx);
        store.close().await;
    }
}
