//! What becomes of runs in a real store: whatever stands there, and by whatever clock, `settle` leaves what the table says.

use lianfang_coordinator::job::state::State;
use lianfang_coordinator::ports::Micros;
use lianfang_coordinator::schedule::CLOCKS_DIFFER;
use lianfang_coordinator::schedule::due::since_by_clock;
use lianfang_coordinator::schedule::fate::{Event, Fate};
use lianfang_coordinator::schedule::ledger::{self, Decision, Lasting, Schedule};
use lianfang_coordinator::schedule::standing::Standing;
use lianfang_coordinator::store::{Connection, Store};
use lianfang_proto::ids::{JobId, ScheduleName};
use lianfang_store::trial::Trial;

use super::{DAY, MINUTE, weekly};

const NOW: Micros = 1_000;
const PLANNED: Micros = 900;

fn name() -> ScheduleName {
    ScheduleName::parse("weekly", "schedule").unwrap()
}

/// The one row of the run, if there is one.
async fn row(tx: &mut Connection) -> Option<(Fate, String, Micros)> {
    let rows = ledger::occurrences(tx, &name(), 10).await.unwrap();
    assert!(rows.len() < 2);
    rows.into_iter().next().map(|one| (one.fate, one.why, one.decided_at))
}

/// The event by which a run that is planned comes to this fate.
fn making(fate: Fate) -> Event {
    match fate {
        Fate::Waiting => Event::Wait,
        Fate::Started => Event::Start,
        Fate::Skipped => Event::Overlap,
        Fate::Missed => Event::Unattended,
    }
}

fn schedule() -> Schedule {
    let (standing, changed_by) = (Standing::Active, "somebody".to_owned());
    Schedule { name: name(), plan: weekly(), standing, revision: 1, since: 0, changed_by }
}

#[tokio::test]
async fn the_store_keeps_what_the_table_says() {
    let trial = Trial::new();
    let store = Store::open(&trial.place()).await.unwrap();
    for before in Fate::ALL.into_iter().map(Some).chain([None]) {
        for event in Event::ALL {
            for decided_at in [NOW - 1, NOW, NOW + 1] {
                // Nothing of it is kept: the next pair finds an empty store.
                let mut tx = store.begin().await.unwrap();
                ledger::put(&mut tx, &schedule(), 0).await.unwrap();
                if let Some(fate) = before {
                    let made = Decision::without_job(PLANNED, making(fate));
                    let made = ledger::settle(&mut tx, &name(), made, decided_at).await.unwrap();
                    assert_eq!(made.map(|one| one.fate), Some(fate));
                }
                let stood = row(&mut tx).await;
                let counts = before.and_then(|fate| fate.by_clock(decided_at, NOW));
                let decision = Decision::without_job(PLANNED, event);
                let settled = ledger::settle(&mut tx, &name(), decision, NOW).await.unwrap();
                let settled = settled.map(|one| (one.fate, one.why, one.decided_at));
                let stands = row(&mut tx).await;
                let pair = format!("{before:?} of {decided_at}, {event:?}");
                match Fate::apply(counts, event) {
                    Ok(Some(fate)) => {
                        assert_eq!(stands, Some((fate, event.why(fate).to_owned(), NOW)), "{pair}");
                        assert_eq!(settled, stands, "{pair}");
                    }
                    Ok(None) => assert_eq!((settled, stands), (None, None), "{pair}"),
                    Err(_) => assert_eq!((settled, stands), (None, stood), "{pair}"),
                }
            }
        }
    }
    store.close().await;
}

/// Whoever reads a schedule, and the clerk, find what is kept by today's clock. Set right, it is found so once for all, and
/// whose clock is ahead finds its own word as it was, so that neither undoes what the other does.
#[tokio::test]
async fn the_store_gives_a_schedule_as_it_stands_by_the_clock() {
    let trial = Trial::new();
    let store = Store::open(&trial.place()).await.unwrap();
    for standing in Standing::ALL {
        for changed_at in [NOW - 1, NOW, NOW + 1, NOW + CLOCKS_DIFFER + 1] {
            for since in [0, changed_at] {
                let mut tx = store.begin().await.unwrap();
                let kept = Schedule { standing, since, ..schedule() };
                ledger::put(&mut tx, &kept, changed_at).await.unwrap();
                let pair = format!("{standing:?} of {changed_at} since {since}");
                let wanted = (standing.by_clock(changed_at, NOW), since_by_clock(since, changed_at, NOW));
                let found = ledger::find(&mut tx, &name(), NOW).await.unwrap().unwrap();
                assert_eq!((found.standing, found.since), wanted, "{pair}");
                let all = ledger::all(&mut tx, NOW).await.unwrap();
                let all: Vec<_> = all.iter().map(|one| (one.standing, one.since)).collect();
                assert_eq!(all, vec![wanted; usize::from(standing != Standing::Removed)], "{pair}");
                let lasts = usize::from(matches!(standing, Standing::Active | Standing::Ended));
                let ran_ahead = wanted.1 < since;
                let mut lasting = Lasting { name: name(), standing: wanted.0, ran_ahead };
                let looked_at = ledger::lasting(&mut tx, NOW).await.unwrap();
                assert_eq!(looked_at, vec![lasting.clone(); lasts], "{pair}");
                for right in [ran_ahead.then_some(wanted.1), None] {
                    let set = ledger::set_right(&mut tx, &name(), NOW).await.unwrap();
                    assert_eq!(set, right, "{pair}");
                }
                let found = ledger::find(&mut tx, &name(), NOW).await.unwrap().unwrap();
                assert_eq!((found.standing, found.since), wanted, "{pair}");
                lasting.ran_ahead = false;
                let looked_at = ledger::lasting(&mut tx, NOW).await.unwrap();
                assert_eq!(looked_at, vec![lasting.clone(); lasts], "{pair}");
                lasting.standing = standing;
                let looked_at = ledger::lasting(&mut tx, changed_at).await.unwrap();
                assert_eq!(looked_at, vec![lasting; lasts], "{pair}, by its own clock");
            }
        }
    }
    store.close().await;
}

/// A job that is not over is running, unless a clock that ran more than a day ahead has started it: it would hold up its
/// schedule so long.
#[tokio::test]
async fn which_jobs_are_running() {
    let trial = Trial::new();
    let store = Store::open(&trial.place()).await.unwrap();
    let job = JobId::from_slice(&[7; 16], "job").unwrap();
    for state in State::ALL {
        for (decided_at, by_clock) in [
            (NOW - 1, true),
            (NOW, true),
            (NOW + 2 * MINUTE, true),
            (NOW + DAY, true),
            (NOW + DAY + 1, false),
            (NOW + 365 * DAY, false),
        ] {
            let mut tx = store.begin().await.unwrap();
            ledger::put(&mut tx, &schedule(), 0).await.unwrap();
            sqlx::query(
                "INSERT INTO job (id, terms_digest, terms, state, entered_at, created_at)
                 VALUES ($1, $2, $3, $4, 0, 0)",
            )
            .bind(job.as_bytes().to_vec())
            .bind(vec![1_u8; 64])
            .bind(vec![2_u8; 9])
            .bind(state.wire() as i32)
            .execute(&mut *tx)
            .await
            .unwrap();
            let started = Decision::without_job(PLANNED, Event::Start);
            let started = Decision { number: Some(1), job: Some(job), ..started };
            ledger::settle(&mut tx, &name(), started, decided_at).await.unwrap().unwrap();
            let past = ledger::past(&mut tx, &name(), NOW).await.unwrap();
            assert_eq!(past.running, by_clock && !state.is_over(), "{state:?} of {decided_at}");
        }
    }
    store.close().await;
}

/// A person who lets a schedule rest means every run that waits.
#[tokio::test]
async fn runs_that_wait_are_found_however_many_came_after_them() {
    let trial = Trial::new();
    let store = Store::open(&trial.place()).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    ledger::put(&mut tx, &schedule(), 0).await.unwrap();
    for planned_at in 1..200 {
        let event = if planned_at < 3 { Event::Wait } else { Event::Unattended };
        let decision = Decision::without_job(planned_at, event);
        ledger::settle(&mut tx, &name(), decision, NOW).await.unwrap().unwrap();
    }
    assert_eq!(ledger::waiting(&mut tx, &name()).await.unwrap(), [1, 2]);
    drop(tx);
    store.close().await;
}
