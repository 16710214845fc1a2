//! An epoch that ends in the middle of a refresh, and two processes over one store: nothing comes back under a closed epoch,
//! and what the other process did counts.

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::ceremony::plan::Refusal;

/// A board on which the epoch is closed at this holder while its post is on the way.
struct Closing {
    inner: Reader,
    vault: Vault,
    at: usize,
    count: AtomicUsize,
}

#[async_trait]
impl Board for Closing {
    async fn read(&self, ceremony: CeremonyId) -> Result<BoardView, Fault> {
        self.inner.read(ceremony).await
    }

    async fn post(&self, ceremony: CeremonyId, post: &[u8]) -> Result<(), Fault> {
        if self.count.fetch_add(1, Ordering::Relaxed) == self.at {
            self.vault.close_epoch(KEY.class, KEY.epoch, "li").await.unwrap();
        }
        self.inner.post(ceremony, post).await
    }
}

/// Rows of ceremonies, and of shares.
async fn rows(driver: &Driver) -> (i64, i64) {
    let ceremonies = sqlx::query_scalar("SELECT count(*) FROM ceremonies");
    let shares = sqlx::query_scalar("SELECT count(*) FROM key_holder_shares");
    let readers = driver.store.readers();
    (ceremonies.fetch_one(readers).await.unwrap(), shares.fetch_one(readers).await.unwrap())
}

#[tokio::test]
async fn nothing_of_a_ceremony_is_stored_under_an_epoch_that_is_over() {
    // Opening, echo, two packages, endorsement.
    for at in 0..5 {
        let (world, drivers, before) = with_key(3, 2).await;
        let board = world.board(world.refresh(2, before.record()));
        let (inner, vault) = (board.of(&drivers[0]), drivers[0].vault.clone());
        let closing = Closing { inner, vault, at, count: AtomicUsize::new(0) };
        let mut last = None;
        for _ in 0..6 {
            last = Some(drivers[0].step(board.0.ceremony, &closing).await.unwrap());
            if closing.count.load(Ordering::Relaxed) > at {
                break;
            }
            for driver in &drivers[1..] {
                driver.step(board.0.ceremony, &board.of(driver)).await.unwrap();
            }
        }
        assert_eq!(last, Some(Progress::Refused(Refusal::Closed)), "post {at}");
        assert_eq!(rows(&drivers[0]).await, (0, 0), "post {at}");
        let again = drivers[0].step(board.0.ceremony, &board.of(&drivers[0])).await.unwrap();
        assert_eq!(again, Progress::Refused(Refusal::Closed), "post {at}");
    }
}

/// A row that an earlier program has left behind.
#[tokio::test]
async fn what_was_left_under_an_epoch_that_is_over_goes_at_the_next_step() {
    type Kept = (i64, Vec<u8>, i64, i64, String, i64, Vec<u8>);
    let (world, drivers, before) = with_key(3, 2).await;
    let (driver, board) = (&drivers[0], world.board(world.refresh(2, before.record())));
    driver.step(board.0.ceremony, &board.of(driver)).await.unwrap();
    let columns = "SELECT id, ceremony, class, epoch, stage, updated_at, sealed FROM ceremonies \
                   WHERE ceremony = $1";
    let kept = sqlx::query_as(columns).bind(board.0.ceremony.as_bytes().as_slice());
    let kept: Kept = kept.fetch_one(driver.store.readers()).await.unwrap();
    driver.vault.close_epoch(KEY.class, KEY.epoch, "li").await.unwrap();
    let mut tx = driver.store.begin().await.unwrap();
    sqlx::query(
        "INSERT INTO ceremonies (id, ceremony, class, epoch, stage, updated_at, sealed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(kept.0)
    .bind(kept.1)
    .bind(kept.2)
    .bind(kept.3)
    .bind(kept.4)
    .bind(kept.5)
    .bind(kept.6)
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(rows(driver).await, (1, 0));
    assert_eq!(driver.unfinished().await.unwrap(), [board.0.ceremony]);
    let progress = driver.step(board.0.ceremony, &board.of(driver)).await.unwrap();
    assert_eq!((progress, rows(driver).await), (Progress::Refused(Refusal::Closed), (0, 0)));
}

/// The second process was started before the first refresh, of which it has heard nothing.
#[tokio::test]
async fn a_process_goes_on_with_what_another_one_has_taken_up() {
    let (world, mut drivers, before) = with_key(3, 2).await;
    let other = world.start(0).await;
    let board = world.board(world.refresh(2, before.record()));
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    run(&drivers, &readers).await;
    let after = held(&drivers[0]).unwrap();
    assert_eq!(held(&other), Some(before), "it has the old share in its memory");

    // In turns: each finds what the other has left.
    let board = world.board(world.refresh(3, after.record()));
    let first = drivers.remove(0);
    let mut done = [false; 3];
    for turn in 0..12 {
        let own = if turn % 2 == 0 { &other } else { &first };
        for (at, driver) in [own, &drivers[0], &drivers[1]].into_iter().enumerate() {
            let progress = driver.step(board.0.ceremony, &board.of(driver)).await.unwrap();
            done[at] = matches!(progress, Progress::Done(_));
        }
    }
    assert_eq!(done, [true; 3]);

    // The next one, with a process that was not asked since.
    first.vault.close_epoch(KEY.class, KEY.epoch, "li").await.unwrap();
    let next = held(&drivers[0]).unwrap();
    let board = world.board(world.refresh(4, next.record()));
    let progress = other.step(board.0.ceremony, &board.of(&other)).await.unwrap();
    assert_eq!(progress, Progress::Refused(Refusal::Closed));
    assert_eq!(rows(&other).await, (0, 0));
}
