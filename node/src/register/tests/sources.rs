//! Servers as sources: real ones, which `.ci/run sources` starts. What is in them is in `node/tests/sources/`.

use std::time::Duration;

use zeroize::Zeroizing;

use super::inputs::says_the_same;
use super::*;
use crate::ingest::IngestError;
use crate::ingest::sql::{self, Address, Query, ServerError};

/// Both servers, with the password of their reader. Without them the test fails.
fn servers() -> [(String, Zeroizing<String>); 2] {
    let said = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} names no server"));
    let password = || Zeroizing::new(said("LIANFANG_SOURCES_PASSWORD"));
    ["LIANFANG_SOURCES_POSTGRES", "LIANFANG_SOURCES_MYSQL"].map(|name| (said(name), password()))
}

async fn ask(
    address: &str,
    password: &str,
    text: &str,
    timeout: Duration,
) -> Result<RegisterFile, IngestError> {
    let query = Query { address: Address::parse(address).unwrap(), text: text.to_owned(), timeout };
    sql::open(query, Some(Zeroizing::new(password.to_owned())), &Options::default()).await
}

const MINUTE: Duration = Duration::from_mins(1);

/// Reads to the end, as an import does: on a thread that may wait.
async fn read(register: RegisterFile) -> Result<Vec<crate::ingest::Entry>, IngestError> {
    tokio::task::spawn_blocking(move || register.collect()).await.unwrap()
}

fn codes(entries: &[crate::ingest::Entry]) -> Vec<&str> {
    entries.iter().flat_map(|entry| &entry.issues).map(|issue| issue.reason.code).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_and_a_query_say_the_same() {
    for (address, password) in servers() {
        let text = "SELECT record AS 编号, role AS 角色, mobile AS 手机号, cn_id AS 身份证号, first_seen AS 首次日期, \
                    held AS 限制 FROM cases ORDER BY place;";
        says_the_same(ask(&address, &password, text, MINUTE).await.unwrap()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn types_are_taken_as_they_are_written() {
    for (address, password) in servers() {
        let text = "SELECT record, whole AS mobile, exact AS account, rounded AS qq, day AS first_seen, moment AS last_seen, \
                    nothing AS note FROM kinds ORDER BY record";
        let entries = read(ask(&address, &password, text, MINUTE).await.unwrap()).await.unwrap();
        assert_eq!(codes(&entries), ["numeric-cell", "numeric-cell", "numeric-cell"], "{address}");
        let first = entries[0].row.as_ref().unwrap();
        let cells: Vec<&str> = first.identifiers.iter().map(|cell| cell.text.as_str()).collect();
        assert_eq!(cells, ["13912345678", "622202000000000001"]);
        assert_eq!(first.first_seen.unwrap().to_string(), "2024-01-31");
        assert_eq!(
            (first.last_seen.unwrap().to_string(), first.note.as_str()),
            ("2024-02-01".to_owned(), "")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rows_come_in_batches_and_an_answer_may_be_empty() {
    for (address, password) in servers() {
        let many = "SELECT a.record AS record, '139' AS mobile FROM many a ORDER BY a.record";
        assert_eq!(read(ask(&address, &password, many, MINUTE).await.unwrap()).await.unwrap().len(), 2_000);
        let none = "SELECT record, mobile FROM cases WHERE record = 'nobody'";
        assert!(read(ask(&address, &password, none, MINUTE).await.unwrap()).await.unwrap().is_empty());
        // Nobody reads on: the connection ends by itself.
        let mut some = ask(&address, &password, many, MINUTE).await.unwrap();
        tokio::task::spawn_blocking(move || some.next().unwrap().unwrap()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_refuses_is_told_without_its_words() {
    for (address, password) in servers() {
        let refused = async |password: &str, text: &str, timeout: Duration| {
            let error = match ask(&address, password, text, timeout).await {
                Ok(register) => read(register).await.err().unwrap(),
                Err(error) => error,
            };
            assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
            let IngestError::Server(error) = error else { panic!("{address}: {error:?}") };
            error
        };
        let select = "SELECT record, mobile FROM cases";
        assert!(matches!(refused("not-secret", select, MINUTE).await, ServerError::Refused { .. }));
        let unknown = refused(&password, "SELECT secret FROM cases", MINUTE).await;
        assert!(matches!(unknown, ServerError::Query { .. }), "{unknown:?}");
        if address.starts_with("postgres") {
            let cast = "SELECT record, cast(record AS int)::text AS mobile FROM cases";
            let cast = refused(&password, cast, MINUTE).await;
            assert!(matches!(cast, ServerError::Data { .. }), "{cast:?}");
        } else {
            let drops = refused(&password, "DROP TABLE cases", MINUTE).await;
            assert!(matches!(drops, ServerError::NoRows), "{drops:?}");
        }
        let two = refused(&password, "SELECT 1; SELECT 2", MINUTE).await;
        assert!(matches!(two, ServerError::Query { .. }), "{two:?}");
        let closed = refused(&password, "SELECT record, mobile FROM closed", MINUTE).await;
        assert!(matches!(closed, ServerError::Refused { .. }), "{closed:?}");
        let sleep = if address.starts_with("postgres") { "pg_sleep(5)::text" } else { "sleep(5)" };
        let slow = format!("SELECT record, mobile, {sleep} AS note FROM cases");
        let slow = refused(&password, &slow, Duration::from_secs(1)).await;
        assert!(matches!(slow, ServerError::TimedOut), "{slow:?}");
        // Every batch is here in time, and all of them together are not.
        let sleep = if address.starts_with("postgres") { "pg_sleep(0.002)::text" } else { "sleep(0.002)" };
        let slow = format!("SELECT record, '139' AS mobile, {sleep} AS note FROM many");
        let slow = refused(&password, &slow, Duration::from_secs(3)).await;
        assert!(matches!(slow, ServerError::TimedOut), "{slow:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_and_nobody_is_there() {
    let [(postgres, password), _] = servers();
    let writes = "SELECT record, note_it(record) AS mobile FROM cases";
    let register = ask(&postgres, &password, writes, MINUTE).await.unwrap();
    let error = read(register).await.err().unwrap();
    assert!(matches!(error, IngestError::Server(ServerError::Writes)), "{error:?}");
    for nobody in ["postgres://a@127.0.0.1:1/b", "mysql://a@127.0.0.1:1/b"] {
        let error = ask(nobody, "secret", "SELECT 1", MINUTE).await.err().unwrap();
        assert!(matches!(error, IngestError::Server(ServerError::Unreachable)), "{error:?}");
        assert_eq!(error.exit_code(), 69);
    }
    let bytes = "SELECT record, raw AS mobile FROM kinds";
    let error = ask(&postgres, &password, bytes, MINUTE).await.err().unwrap();
    assert!(
        matches!(&error, IngestError::ColumnType { column, kind } if column == "mobile" && kind == "BYTEA")
    );
}
