//! Writes one batch of subjects, in one transaction and a fixed number of statements.
//!
//! Comes in: subjects, normalised and indexed. Goes out: which of them were new, changed, unchanged, or there before in the
//! same file. Trusts: the transaction, which holds the writer. A batch that was written before is all `unchanged`, so an
//! import that was killed ends in the same state when it is run again.

use std::collections::{BTreeMap, HashMap, HashSet};

use rand_core::CryptoRng;
use sqlx::{Row, SqliteConnection};

use super::subject::Subject;
use super::{Seals, forgetting};
use crate::store::{StoreError, rows, take_numbers};

/// The fate of a batch's subjects, as places in it.
#[derive(Default)]
pub(super) struct Sorted {
    /// Not in the register yet.
    pub(super) added: Vec<usize>,
    /// There, and saying something else now; with the record's row.
    pub(super) changed: Vec<(usize, i64)>,
    /// How many of the changed were retracted before.
    pub(super) revived: u64,
    /// There, and saying the same; only the record's row.
    pub(super) unchanged: Vec<i64>,
    /// An earlier row of the same file has the same record.
    pub(super) duplicates: Vec<usize>,
}

struct Known {
    id: i64,
    print: Vec<u8>,
    seen: Option<i64>,
}

/// Sorts subjects by what the register knows of them. `import` is the number of the running import; a dry run, which
/// leaves no trace in the register, remembers the `earlier` records itself.
pub(super) async fn sort(
    connection: &mut SqliteConnection,
    import: i64,
    subjects: &[Subject],
    earlier: &HashSet<[u8; 16]>,
) -> Result<Sorted, StoreError> {
    let known = known(connection, subjects).await?;
    let mut seen = HashSet::with_capacity(subjects.len());
    let mut sorted = Sorted::default();
    for (at, subject) in subjects.iter().enumerate() {
        let known = known.get(&subject.ref_index);
        let before =
            earlier.contains(&subject.ref_index) || known.is_some_and(|known| known.seen == Some(import));
        if !seen.insert(subject.ref_index) || before {
            sorted.duplicates.push(at);
            continue;
        }
        match known {
            None => sorted.added.push(at),
            Some(known) if known.print == subject.print => sorted.unchanged.push(known.id),
            Some(known) => {
                sorted.changed.push((at, known.id));
                sorted.revived += u64::from(known.print.is_empty());
            }
        }
    }
    Ok(sorted)
}

async fn known(
    connection: &mut SqliteConnection,
    subjects: &[Subject],
) -> Result<HashMap<[u8; 16], Known>, StoreError> {
    let found = sqlx::query(
        "SELECT r.id, r.ref_index, r.print, s.import FROM record r LEFT JOIN record_seen s ON s.record_id = r.id
         WHERE r.ref_index IN (SELECT unhex(value) FROM json_each(?))",
    );
    let found = found.bind(rows::blobs(subjects.iter().map(|subject| subject.ref_index)));
    let found = found.fetch_all(connection).await?;
    let known = |row: &sqlx::sqlite::SqliteRow| {
        let known = Known { id: row.try_get(0)?, print: row.try_get(2)?, seen: row.try_get(3)? };
        Ok((index(row.try_get(1)?, "record", "ref_index")?, known))
    };
    found.iter().map(known).collect()
}

/// Writes what is new in a batch.
pub(super) async fn write(
    tx: &mut SqliteConnection,
    seals: &Seals,
    rng: &mut (dyn CryptoRng + Send),
    import: i64,
    subjects: &[Subject],
) -> Result<Sorted, StoreError> {
    let sorted = sort(&mut *tx, import, subjects, &HashSet::new()).await?;
    let first = take_numbers(&mut *tx, "record", sorted.added.len()).await?;
    let mut writes: Vec<(i64, &Subject)> =
        (first..).zip(sorted.added.iter().map(|&at| &subjects[at])).collect();
    writes.extend(sorted.changed.iter().map(|&(at, id)| (id, &subjects[at])));
    if !writes.is_empty() {
        write_records(&mut *tx, seals, &mut *rng, &writes).await?;
        let identifiers = write_identifiers(&mut *tx, seals, rng, &writes).await?;
        let changed = rows::ints(sorted.changed.iter().map(|&(_, id)| id));
        let touched = forgetting::mentioned_by(&mut *tx, &changed).await?;
        forgetting::unmention(&mut *tx, &changed).await?;
        write_mentions(&mut *tx, &identifiers, &writes).await?;
        forgetting::forget_unneeded(&mut *tx, &touched).await?;
    }
    let seen = sorted.unchanged.iter().copied().chain(writes.iter().map(|&(id, _)| id));
    sqlx::query(
        "INSERT INTO record_seen (record_id, import) SELECT value, ?1 FROM json_each(?2) WHERE TRUE
         ON CONFLICT (record_id) DO UPDATE SET import = excluded.import",
    )
    .bind(import)
    .bind(rows::ints(seen))
    .execute(tx)
    .await?;
    Ok(sorted)
}

async fn write_records(
    tx: &mut SqliteConnection,
    seals: &Seals,
    rng: &mut (dyn CryptoRng + Send),
    writes: &[(i64, &Subject)],
) -> Result<(), StoreError> {
    let mut records = rows::Rows::default();
    for &(id, subject) in writes {
        let facts = seals.facts.seal(id, &subject.facts, rng).map_err(StoreError::at("record", "facts"))?;
        let body = seals.body.seal(id, &subject.body, rng).map_err(StoreError::at("record", "body"))?;
        records
            .row()
            .int(id)
            .blob(&subject.ref_index)
            .blob(&subject.print)
            .blob(&facts)
            .blob(&body)
            .int(subject.standing.number())
            .end();
    }
    sqlx::query(
        "INSERT INTO record (id, ref_index, print, facts, body, disposition)
         SELECT value ->> 0, unhex(value ->> 1), unhex(value ->> 2), unhex(value ->> 3), unhex(value ->> 4), value ->> 5
         FROM json_each(?) WHERE TRUE
         ON CONFLICT (id) DO UPDATE SET
             print = excluded.print, facts = excluded.facts, body = excluded.body, disposition = excluded.disposition",
    )
    .bind(records.finish())
    .execute(tx)
    .await?;
    Ok(())
}

/// Makes sure of every identifier of the subjects, and gives their rows.
async fn write_identifiers(
    tx: &mut SqliteConnection,
    seals: &Seals,
    rng: &mut (dyn CryptoRng + Send),
    writes: &[(i64, &Subject)],
) -> Result<HashMap<[u8; 16], i64>, StoreError> {
    // In the order of the index, so that neighbours in its tree are written together.
    let found = writes.iter().flat_map(|(_, subject)| &subject.identifiers);
    let wanted: BTreeMap<_, _> = found.map(|found| (found.x_index, &found.value)).collect();
    let mut ids = identifier_ids(&mut *tx, wanted.keys()).await?;
    let missing: Vec<_> = wanted.iter().filter(|(x_index, _)| !ids.contains_key(*x_index)).collect();
    let first = take_numbers(&mut *tx, "identifier", missing.len()).await?;
    let mut identifiers = rows::Rows::default();
    for (id, (x_index, value)) in (first..).zip(missing) {
        let sealed = seals.value.seal(id, value.value().as_bytes(), rng);
        let sealed = sealed.map_err(StoreError::at("identifier", "value"))?;
        identifiers.row().int(id).blob(x_index).int(value.kind().number().into()).blob(&sealed).end();
        ids.insert(*x_index, id);
    }
    sqlx::query(
        "INSERT INTO identifier (id, x_index, kind, value)
         SELECT value ->> 0, unhex(value ->> 1), value ->> 2, unhex(value ->> 3) FROM json_each(?)",
    )
    .bind(identifiers.finish())
    .execute(tx)
    .await?;
    Ok(ids)
}

async fn identifier_ids(
    tx: &mut SqliteConnection,
    wanted: impl Iterator<Item = &[u8; 16]>,
) -> Result<HashMap<[u8; 16], i64>, StoreError> {
    let found = sqlx::query(
        "SELECT x_index, id FROM identifier WHERE x_index IN (SELECT unhex(value) FROM json_each(?))",
    );
    let found = found.bind(rows::blobs(wanted)).fetch_all(tx).await?;
    found.iter().map(|row| Ok((index(row.try_get(0)?, "identifier", "x_index")?, row.try_get(1)?))).collect()
}

async fn write_mentions(
    tx: &mut SqliteConnection,
    identifiers: &HashMap<[u8; 16], i64>,
    writes: &[(i64, &Subject)],
) -> Result<(), StoreError> {
    let mut mentions = rows::Rows::default();
    for &(record, subject) in writes {
        for id in subject.identifiers.iter().filter_map(|found| identifiers.get(&found.x_index)) {
            mentions.row().int(record).int(*id).end();
        }
    }
    sqlx::query(
        "INSERT INTO mention (record_id, identifier_id) SELECT value ->> 0, value ->> 1 FROM json_each(?)",
    )
    .bind(mentions.finish())
    .execute(tx)
    .await?;
    Ok(())
}

fn index(bytes: &[u8], table: &'static str, column: &'static str) -> Result<[u8; 16], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Malformed { table, column })
}
