//! What the steps make of a store: the tables, keys and rules that stand in the end, and what becomes of rows that a
//! program of an earlier step has written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sqlx::AssertSqlSafe;

use super::Trial;
use crate::{Connection, Kind, Statement, Steps};

/// All that the tables are made of, as the engine itself tells it: columns with types, defaults, collations and whether they
/// may be empty; primary keys, unique ones, references and checks; indexes, triggers and the functions that these call, with
/// their bodies. The drivers' and the engines' own tables are left out, and so is what differs from server to server.
async fn schema(connection: &mut Connection, kind: Kind) -> String {
    let statement = match kind {
        // The words of the definitions, as they stand after every change; an index behind a key has none of its own.
        Kind::Sqlite => {
            "SELECT type || ' ' || tbl_name || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_master
             WHERE tbl_name <> '_sqlx_migrations' AND tbl_name NOT LIKE 'sqlite%'"
        }
        // The schema's name, which differs from trial to trial, is left out. That a column may not be empty newer servers
        // tell as a constraint too.
        Kind::Postgres => {
            "WITH ours AS (SELECT oid FROM pg_namespace WHERE nspname = current_schema()),
             told (line) AS (
                 SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
                     || is_identity || ' ' || COALESCE(column_default, '-') || ' ' || COALESCE(collation_name, '-')
                 FROM information_schema.columns
                 WHERE table_schema = current_schema() AND table_name <> '_sqlx_migrations'
                 UNION ALL SELECT 'constraint ' || c.relname || ' ' || o.conname || ' ' || pg_get_constraintdef(o.oid)
                 FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN ours ON ours.oid = o.connamespace
                 WHERE c.relname <> '_sqlx_migrations' AND o.contype <> 'n'
                 UNION ALL SELECT 'index ' || indexdef FROM pg_indexes
                 WHERE schemaname = current_schema() AND tablename <> '_sqlx_migrations'
                 UNION ALL SELECT 'trigger ' || pg_get_triggerdef(t.oid)
                 FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN ours ON ours.oid = c.relnamespace
                 WHERE NOT t.tgisinternal
                 UNION ALL SELECT 'function ' || pg_get_functiondef(p.oid)
                 FROM pg_proc p JOIN ours ON ours.oid = p.pronamespace
             )
             SELECT replace(line, current_schema() || '.', '') AS line FROM told"
        }
    };
    let mut told: Vec<String> =
        sqlx::query_scalar(statement).fetch_all(connection).await.expect("the schema");
    // By their bytes: servers differ in how they order text.
    told.sort_unstable();
    trimmed(&told.join("\n"))
}

/// A text without blanks at the ends of lines, without empty lines, and with an end of its own.
fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines.join("\n") + "\n"
}

/// Compares what a store is made of with the text that is kept of it, one text for each kind.
///
/// # Panics
/// If they differ. The panic tells all that the store is made of: what is to be kept, if the change was meant.
pub async fn assert_schema(connection: &mut Connection, kind: Kind, kept: &str, what: &str) {
    let actual = schema(connection, kind).await;
    assert!(actual == trimmed(kept), "{what}, {kind:?}: the kept schema is another than this one:\n{actual}");
}

type Columns = BTreeMap<String, Vec<String>>;

/// The columns of each table, but for the driver's own.
async fn columns(connection: &mut Connection, kind: Kind) -> Columns {
    let statement = match kind {
        Kind::Sqlite => {
            "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name <> '_sqlx_migrations' ORDER BY 1, 2"
        }
        Kind::Postgres => {
            "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns
             WHERE table_schema = CAST(current_schema() AS TEXT) AND table_name <> '_sqlx_migrations' ORDER BY 1, 2"
        }
    };
    let rows: Vec<(String, String)> =
        sqlx::query_as(statement).fetch_all(connection).await.expect("the columns");
    let mut columns = Columns::new();
    for (table, column) in rows {
        columns.entry(table).or_default().push(column);
    }
    columns
}

/// What stands in these columns of a table: a line for each row, with every value as the engine writes it down.
async fn contents(connection: &mut Connection, kind: Kind, table: &str, columns: &[String]) -> Vec<String> {
    let quote = if kind == Kind::Sqlite { "quote" } else { "quote_nullable" };
    let values: Vec<String> = columns.iter().map(|column| format!("{quote}(\"{column}\")")).collect();
    let statement = format!("SELECT {} FROM \"{table}\" ORDER BY 1", values.join(" || ' ' || "));
    sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(connection).await.expect("the contents")
}

/// Something that a program of an earlier step has written.
pub struct Seed {
    /// The first step whose program could write it so.
    pub since: i64,
    /// Into which table.
    pub table: &'static str,
    /// The statement. Its parameters are bytes.
    pub statement: &'static str,
    /// The bytes: which, and how many of them.
    pub bytes: &'static [(u8, usize)],
}

/// What stood in a store before it was brought up to the last step.
pub struct Sown {
    columns: Columns,
    /// By table.
    rows: BTreeMap<&'static str, Vec<String>>,
}

impl Seed {
    /// A statement with these values, that writes into this table as programs from this step on did.
    pub const fn new(
        since: i64,
        table: &'static str,
        statement: &'static str,
        bytes: &'static [(u8, usize)],
    ) -> Self {
        Self { since, table, statement, bytes }
    }
}

impl Steps {
    /// Looks whether every file of the folders is one of the steps: a forgotten one would be missed only where it is needed.
    ///
    /// # Panics
    /// If one is not, or the folder cannot be read.
    pub fn assert_files(&self, migrations: &Path) {
        for (folder, steps) in [("sqlite", &self.sqlite), ("postgres", &self.postgres)] {
            let files = std::fs::read_dir(migrations.join(folder)).expect("a readable folder");
            assert_eq!(files.count(), steps.iter().count(), "files of {folder}");
        }
    }

    /// Looks whether rows stand in every table before a later step changes it: else nobody would see them lost.
    ///
    /// # Panics
    /// If a step touches a table into which no seed of an earlier one writes, or does not touch one that it is known to.
    pub fn assert_sown(&self, seeds: &[Seed], known: &[(&str, i64)]) {
        for kind in [Kind::Sqlite, Kind::Postgres] {
            let touched = self.touched(kind);
            for (table, step) in known {
                assert!(touched.contains(&((*table).to_owned(), *step)), "{touched:?}");
            }
            for (table, step) in touched {
                let sown = seeds.iter().any(|seed| seed.table == table && seed.since < step);
                assert!(sown, "step {step} touches {table}, and no earlier program has written into it");
            }
        }
    }

    /// The numbers of all steps, from the first.
    pub fn numbers(&self) -> Vec<i64> {
        self.sqlite.iter().map(|step| step.version).collect()
    }

    /// Brings a store as far as an earlier program would have.
    pub async fn run_to(&self, step: i64, trial: &Trial) {
        let steps = if trial.kind() == Kind::Sqlite { &self.sqlite } else { &self.postgres };
        steps.run_to(step, &mut trial.connect().await).await.expect("the steps");
    }

    /// The same, and writes what that program could write.
    pub async fn sow(&self, step: i64, trial: &Trial, seeds: &[Seed]) -> Sown {
        self.run_to(step, trial).await;
        let (mut connection, kind) = (trial.connect().await, trial.kind());
        let mut tables = BTreeSet::new();
        for seed in seeds.iter().filter(|seed| seed.since <= step) {
            let mut statement: Statement<'_> = sqlx::query(seed.statement);
            for (byte, count) in seed.bytes {
                statement = statement.bind(vec![*byte; *count]);
            }
            let done = statement.execute(&mut connection).await.expect(seed.statement);
            assert_eq!(done.rows_affected(), 1, "{}", seed.statement);
            tables.insert(seed.table);
        }
        let columns = columns(&mut connection, kind).await;
        let mut rows = BTreeMap::new();
        for table in tables {
            rows.insert(table, contents(&mut connection, kind, table, &columns[table]).await);
        }
        Sown { columns, rows }
    }

    /// Tables of an earlier step that a later one changes or reads, each with that later step. Rows of theirs are what may
    /// be lost.
    fn touched(&self, kind: Kind) -> BTreeSet<(String, i64)> {
        let steps = if kind == Kind::Sqlite { &self.sqlite } else { &self.postgres };
        let (mut made, mut touched) = (BTreeSet::new(), BTreeSet::new());
        for step in steps.iter() {
            let (own, named) = tables(step.sql.as_str(), &made);
            touched.extend(named.into_iter().map(|table| (table, step.version)));
            made.extend(own);
        }
        touched
    }
}

/// The tables that a step makes, and those that were made before and that it names.
fn tables(sql: &str, made: &BTreeSet<String>) -> (Vec<String>, BTreeSet<String>) {
    let text: Vec<&str> = sql.lines().filter_map(|line| line.split("--").next()).collect();
    let text = text.join(" ");
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    // Nothing follows on the last word, which may be a table's name.
    let words: Vec<&str> = words.chain([""]).collect();
    let (mut own, mut named) = (Vec::new(), BTreeSet::new());
    for three in words.windows(3) {
        match three {
            ["CREATE", "TABLE", table] => own.push((*table).to_owned()),
            ["TABLE" | "FROM" | "JOIN" | "INTO" | "UPDATE" | "ON", table, _] if made.contains(*table) => {
                named.insert((*table).to_owned());
            }
            _ => {}
        }
    }
    (own, named)
}

impl Sown {
    /// Looks for all of it in the store that is at the last step now. `added` says what stands in columns that are newer
    /// than a row: table, column, value.
    ///
    /// # Panics
    /// If something is lost or changed, or if a newer column is none of those.
    pub async fn look_for(self, connection: &mut Connection, kind: Kind, added: &[(&str, &str, &str)]) {
        let now = columns(connection, kind).await;
        for (table, rows) in self.rows {
            let before = &self.columns[table];
            let there = contents(connection, kind, table, before).await;
            for row in rows {
                assert!(there.contains(&row), "{table} has lost {row}: {there:?}");
            }
            for column in now[table].iter().filter(|column| !before.contains(column)) {
                let said = added.iter().find(|(of, name, _)| *of == table && name == column);
                let (_, _, wanted) = said.unwrap_or_else(|| panic!("nobody says what {table}.{column} is"));
                for value in contents(connection, kind, table, std::slice::from_ref(column)).await {
                    assert_eq!(value.trim_matches('\''), *wanted, "{table}.{column}");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_names_the_tables_that_it_makes_and_touches() {
        let made = BTreeSet::from(["job", "party", "row"].map(str::to_owned));
        let told = |sql| {
            let (own, named) = tables(sql, &made);
            (own.join(" "), named.into_iter().collect::<Vec<_>>().join(" "))
        };
        let said = |own: &str, named: &str| (own.to_owned(), named.to_owned());
        assert_eq!(told("CREATE TABLE later (id INTEGER);"), said("later", ""));
        assert_eq!(told("ALTER TABLE job ADD COLUMN x BLOB; UPDATE party SET y = 1;"), said("", "job party"));
        assert_eq!(told("DELETE FROM job;"), said("", "job"), "as the last word");
        assert_eq!(told("DROP TABLE row"), said("", "row"), "also without an end");
        assert_eq!(told("CREATE INDEX i ON job (id); -- DELETE FROM party;"), said("", "job"));
        assert_eq!(told("DELETE FROM stranger;"), said("", ""), "nobody has made it");
    }
}
