//! What only a server can do to a store: refuse, go away, and leave a commit without an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use lianfang_store::trial::{self, Trial};
use lianfang_store::{Database, Place, StoreError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{STEPS, on_a_server, open, suite};

fn address() -> String {
    trial::server().unwrap_or_else(|| panic!("{} names no server", trial::SERVER))
}

/// The address with other bytes between its `@` and its path.
fn at(address: &str, host: &str) -> String {
    let (before, rest) = address.split_once('@').unwrap();
    let path = rest.find(['/', '?']).map_or("", |at| &rest[at..]);
    format!("{before}@{host}{path}")
}

fn host(address: &str) -> &str {
    let (_, rest) = address.split_once('@').unwrap();
    &rest[..rest.find(['/', '?']).unwrap_or(rest.len())]
}

async fn refused(address: &str) -> StoreError {
    let place = match Place::server(address.as_bytes()) {
        Ok(place) => place,
        Err(error) => return error,
    };
    assert!(!format!("{place:?}").contains("wrong-secret"));
    let error = Database::open(&place, &STEPS).await.err().unwrap();
    assert!(!format!("{error} {error:?}").contains("wrong-secret"), "{error:?}");
    let problem = lianfang_desk::Problem::from(error);
    assert!(!problem.render(lianfang_desk::Lang::En, true).contains("wrong-secret"));
    Database::open(&place, &STEPS).await.err().unwrap()
}

#[test]
fn what_is_no_address_is_refused_before_it_is_dialled() {
    let good = " postgres://u:p@h/d?sslmode=verify-full&sslrootcert=/x&options=-csearch_path%3Dbank\n";
    assert!(Place::server(good.as_bytes()).is_ok());
    for wrong in
        ["", "h/d", "mysql://u@h/d", "sqlite://x", "postgres://u@h/d?passwort=wrong-secret", "\u{ff}"]
    {
        assert!(matches!(Place::server(wrong.as_bytes()), Err(StoreError::NoAddress)), "{wrong}");
    }
    assert!(matches!(Place::server(&[0xff]), Err(StoreError::NoAddress)));
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn a_server_that_refuses_is_told_from_one_that_is_away_and_no_password_is_shown() {
    let address = address();
    let (_, rest) = address.split_once('@').unwrap();
    let error = refused(&format!("postgres://nobody-known:wrong-secret@{rest}")).await;
    assert!(matches!(error, StoreError::Refused), "{error}");
    let vacant = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = refused(&format!("postgres://nobody:wrong-secret@{vacant}/x")).await;
    assert!(matches!(error, StoreError::Unreachable) && error.is_passing(), "{error}");
    let joint = if address.contains('?') { '&' } else { '?' };
    let error = refused(&format!("{address}{joint}options=-csearch_path%3Dno_such_schema")).await;
    assert!(matches!(error, StoreError::Unfit { .. }), "{error}");
    assert!(matches!(refused("postgres://u@h/d?passwrd=wrong-secret").await, StoreError::NoAddress));
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn a_process_that_stops_within_a_transaction_is_cut_off_sooner_if_it_holds_the_store() {
    let trial = on_a_server();
    let database = open(&trial).await.unwrap();
    let asked = "SELECT current_setting('idle_in_transaction_session_timeout')";
    for (pool, wanted) in [(database.writer(), "90s"), (database.readers(), "5min")] {
        let set: String = sqlx::query_scalar(asked).fetch_one(pool).await.unwrap();
        assert_eq!(set, wanted);
    }
}

/// Longer than anybody is let wait for the lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server, and half a minute"]
async fn who_waits_too_long_hears_that_another_process_holds_the_store() {
    let trial = on_a_server();
    let (one, two) = (open(&trial).await.unwrap(), open(&trial).await.unwrap());
    let held = one.begin().await.unwrap();
    let error = two.begin().await.err().unwrap();
    assert!(matches!(error, StoreError::Locked) && error.is_passing(), "{error}");
    let problem = trial.place().problem(error);
    assert_eq!(problem.code(), "store-busy");
    drop(held);
    assert_eq!(suite::take(&two).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server"]
async fn a_connection_that_is_cut_is_a_passing_error_and_the_store_goes_on() {
    let trial = on_a_server();
    let database = open(&trial).await.unwrap();
    suite::take(&database).await.unwrap();
    let mut tx = database.begin().await.unwrap();
    sqlx::query("UPDATE counter SET next = 100").execute(&mut *tx).await.unwrap();
    let own: i64 =
        sqlx::query_scalar("SELECT CAST(pg_backend_pid() AS BIGINT)").fetch_one(&mut *tx).await.unwrap();
    let mut other = trial.connect().await;
    let end = "SELECT CASE WHEN pg_terminate_backend(CAST($1 AS INTEGER)) THEN 1 ELSE 0 END";
    sqlx::query(end).bind(own).fetch_one(&mut other).await.unwrap();
    let cut = sqlx::query("UPDATE counter SET next = 200").execute(&mut *tx).await.unwrap_err();
    assert!(StoreError::from(cut).is_passing());
    assert!(tx.commit().await.is_err(), "what was cut off is not committed");
    assert_eq!(suite::take(&database).await.unwrap(), 1, "nothing of it is there, and nothing is lost");
}

/// What the way to the server does to the next commit.
const PASS: u8 = 0;
/// The commit arrives; its answer does not.
const CUT_ANSWER: u8 = 1;
/// The commit does not arrive.
const CUT_QUESTION: u8 = 2;
/// From now on nothing is carried to the client, and nobody is told.
const SILENT: u8 = 3;

/// A way to the server on which commits can be cut off.
async fn way(to: String) -> (String, Arc<AtomicU8>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().to_string();
    let mode = Arc::new(AtomicU8::new(PASS));
    let shared = Arc::clone(&mode);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&to).await.unwrap();
            tokio::spawn(carry(client, server, Arc::clone(&shared)));
        }
    });
    (own, mode)
}

async fn carry(client: TcpStream, server: TcpStream, mode: Arc<AtomicU8>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let silent = Arc::clone(&mode);
    let answers = tokio::spawn(async move {
        let mut buffer = vec![0; 65_536];
        while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
            while silent.load(Ordering::SeqCst) == SILENT {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            if to_client.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    });
    let mut buffer = vec![0; 65_536];
    // The statement ends with a zero; the level of isolation has the same word in it.
    while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
        let commits = buffer[..read].windows(7).any(|window| window == b"COMMIT\0");
        if commits && mode.load(Ordering::SeqCst) != SILENT {
            match mode.swap(PASS, Ordering::SeqCst) {
                CUT_ANSWER => {
                    answers.abort();
                    to_server.write_all(&buffer[..read]).await.unwrap();
                    // Long enough for the server to have done it.
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    return;
                }
                CUT_QUESTION => {
                    answers.abort();
                    return;
                }
                _ => {}
            }
        }
        if to_server.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    answers.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server"]
async fn a_commit_whose_answer_is_lost_is_found_out_about() {
    let trial: Trial = on_a_server();
    let Place::Server(direct) = trial.place() else { panic!("no server") };
    let (own, mode) = way(host(&direct).to_owned()).await;
    let place = Place::server(at(&direct, &own).as_bytes()).unwrap();
    let database = Database::open(&place, &STEPS).await.unwrap();
    assert_eq!(suite::take(&database).await.unwrap(), 0);
    mode.store(CUT_ANSWER, Ordering::SeqCst);
    assert_eq!(suite::take(&database).await.unwrap(), 1, "it was carried out, and that is found out");
    assert_eq!(mode.load(Ordering::SeqCst), PASS, "a commit was cut off");
    mode.store(CUT_QUESTION, Ordering::SeqCst);
    let error = suite::take(&database).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable) && error.is_passing(), "{error}");
    assert_eq!(suite::take(&database).await.unwrap(), 2, "it was not carried out, and is repeated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server"]
async fn a_server_that_falls_silent_is_not_waited_for_for_ever() {
    let trial: Trial = on_a_server();
    let Place::Server(direct) = trial.place() else { panic!("no server") };
    let (own, mode) = way(host(&direct).to_owned()).await;
    let place = Place::server(at(&direct, &own).as_bytes()).unwrap();
    let database = Database::open(&place, &STEPS).await.unwrap();
    assert_eq!(suite::take(&database).await.unwrap(), 0);
    // Somebody holds the store, and while it is waited for the network goes.
    let other = Database::open(&trial.place(), &STEPS).await.unwrap();
    let held = other.begin().await.unwrap();
    let began = Instant::now();
    let waits = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        mode.store(SILENT, Ordering::SeqCst);
        held.commit().await.unwrap();
    };
    let (begun, ()) = tokio::join!(database.begin_within(Duration::from_secs(1)), waits);
    let error = begun.err().unwrap();
    assert!(matches!(error, StoreError::Unreachable) && error.is_passing(), "{error}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    mode.store(PASS, Ordering::SeqCst);
    assert_eq!(suite::take(&database).await.unwrap(), 1, "it goes on as soon as it is answered");
}
