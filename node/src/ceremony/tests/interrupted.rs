//! Processes end at any point, holders stay away, stores are lost: what goes on and what ends with names.

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::ceremony::StepError;
use crate::ceremony::failure::{Failure, Reason};
use crate::ceremony::plan::Refusal;

/// A board on which one call of `post` ends the process: before or after the board has taken the post.
struct Crashing {
    inner: Reader,
    at: usize,
    delivered: bool,
    count: AtomicUsize,
}

#[async_trait]
impl Board for Crashing {
    async fn read(&self, ceremony: CeremonyId) -> Result<BoardView, Fault> {
        self.inner.read(ceremony).await
    }

    async fn post(&self, ceremony: CeremonyId, post: &[u8]) -> Result<(), Fault> {
        if self.count.fetch_add(1, Ordering::Relaxed) != self.at {
            return self.inner.post(ceremony, post).await;
        }
        if self.delivered {
            self.inner.post(ceremony, post).await?;
        }
        Err(Fault::new(FaultCode::Unreachable))
    }
}

#[tokio::test]
async fn a_crash_at_any_post_is_made_good_with_the_same_bytes() {
    // Opening, echo, two packages, endorsement.
    for (at, delivered) in (0..5).flat_map(|at| [(at, false), (at, true)]) {
        let world = World::new(3);
        let board = world.board(world.proposal(1, 2, KEY));
        let mut drivers = world.start_all().await;
        let inner = board.of(&drivers[0]);
        let crashing = Crashing { inner, at, delivered, count: AtomicUsize::new(0) };
        let mut crashed = false;
        for _ in 0..6 {
            if drivers[0].step(board.0.ceremony, &crashing).await.is_err() {
                drivers[0].store.close().await;
                drivers[0] = world.start(0).await;
                crashed = true;
            }
            for driver in &drivers[1..] {
                driver.step(board.0.ceremony, &board.of(driver)).await.unwrap();
            }
        }
        assert!(crashed, "post {at}");
        let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
        for progress in run(&drivers, &readers).await {
            assert!(matches!(progress, Progress::Done(_)), "post {at}, {delivered}: {progress:?}");
        }
    }
}

/// A board that is silent whenever an endorsement is posted.
struct DeafToEndorsements(Reader);

#[async_trait]
impl Board for DeafToEndorsements {
    async fn read(&self, ceremony: CeremonyId) -> Result<BoardView, Fault> {
        self.0.read(ceremony).await
    }

    async fn post(&self, ceremony: CeremonyId, post: &[u8]) -> Result<(), Fault> {
        match notice(post).post.phase {
            Phase::Endorse => Err(Fault::new(FaultCode::Unreachable)),
            Phase::RoundOne | Phase::Echo | Phase::RoundTwo | Phase::RoundThree | Phase::Complaint => {
                self.0.post(ceremony, post).await
            }
        }
    }
}

#[tokio::test]
async fn a_key_is_not_used_before_all_can_see_that_all_have_signed() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let drivers = world.start_all().await;
    let deaf = DeafToEndorsements(board.of(&drivers[0]));
    for _ in 0..6 {
        for driver in &drivers[1..] {
            driver.step(board.0.ceremony, &board.of(driver)).await.unwrap();
        }
        // It tries again and again.
        let _ = drivers[0].step(board.0.ceremony, &deaf).await;
    }
    let stopped = drivers[0].step(board.0.ceremony, &deaf).await;
    assert!(matches!(stopped, Err(StepError::Board(_))), "{stopped:?}");
    for driver in &drivers {
        assert!(driver.vault.current(KEY.class, KEY.epoch).is_none(), "{}", driver.bank);
    }
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    for progress in run(&drivers, &readers).await {
        assert!(matches!(progress, Progress::Done(_)), "{progress:?}");
    }
}

#[tokio::test]
async fn every_step_may_be_taken_by_a_fresh_process() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let mut done = 0;
    for turn in 0..18 {
        let driver = world.start(turn % 3).await;
        let progress = driver.step(board.0.ceremony, &board.of(&driver)).await.unwrap();
        done += usize::from(matches!(progress, Progress::Done(_)));
        driver.store.close().await;
    }
    assert!(done >= 3);
}

#[tokio::test]
async fn who_is_missing_at_the_deadline_is_named_and_a_new_ceremony_can_begin() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let drivers = world.start_all().await;
    let two = [board.of(&drivers[0]), board.of(&drivers[1])];
    let waiting = run(&drivers[..2], &two).await;
    let gamma = world.parties[2].bank.clone();
    assert_eq!(waiting[0], Progress::Waiting { stage: "opened", awaited: vec![gamma.clone()] });
    world.pass_deadline();
    let ended = Progress::Failed(Failure::of(Reason::Missing, &gamma));
    assert_eq!(run(&drivers[..2], &two).await, [ended.clone(), ended]);
    assert!(world.log.0.lock().unwrap().contains(&"ceremony.failed"));

    let later = Proposal { deadline: 2 * DEADLINE, ..world.proposal(2, 2, KEY) };
    let board = world.board(later);
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    for progress in run(&drivers, &readers).await {
        assert!(matches!(progress, Progress::Done(_)), "{progress:?}");
    }
}

/// A coordinator that has given the ceremony up for gamma's sake.
struct GivingUp(Reader);

#[async_trait]
impl Board for GivingUp {
    async fn read(&self, ceremony: CeremonyId) -> Result<BoardView, Fault> {
        let view = self.0.read(ceremony).await?;
        Ok(BoardView { given_up: Some(vec![crate::key_holder::tests::bank("gamma")]), ..view })
    }
    async fn post(&self, ceremony: CeremonyId, post: &[u8]) -> Result<(), Fault> {
        self.0.post(ceremony, post).await
    }
}

/// A coordinator that shows nothing, and why.
struct Silent(FaultCode);

#[async_trait]
impl Board for Silent {
    async fn read(&self, _: CeremonyId) -> Result<BoardView, Fault> {
        Err(Fault::new(self.0))
    }
    async fn post(&self, _: CeremonyId, _: &[u8]) -> Result<(), Fault> {
        Err(Fault::new(self.0))
    }
}

#[tokio::test]
async fn after_the_endorsement_the_deadline_does_not_throw_the_share_away() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let drivers = world.start_all().await;
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    for _ in 0..3 {
        for (driver, reader) in drivers.iter().zip(&readers) {
            driver.step(board.0.ceremony, reader).await.unwrap();
        }
    }
    // The first two have endorsed; the third's endorsement is held back until the deadline has passed.
    let held: Vec<Notice> = {
        let mut posts = board.0.posts.lock().unwrap();
        let last = world.parties[2].bank.clone();
        let held = |old: &Notice| old.post.phase == Phase::Endorse && old.post.from == last;
        let taken = posts.iter().filter(|old| held(old)).cloned().collect();
        posts.retain(|old| !held(old));
        taken
    };
    world.pass_deadline();
    let progress = drivers[0].step(board.0.ceremony, &readers[0]).await.unwrap();
    // It waits on: the coordinator has not said that the last one will not come. So does one that sees no board at all.
    let gamma = world.parties[2].bank.clone();
    assert_eq!(progress, Progress::Waiting { stage: "endorsed", awaited: vec![gamma.clone()] });
    let unseen = drivers[1].step(board.0.ceremony, &Silent(FaultCode::Unreachable)).await;
    assert!(matches!(unseen, Err(StepError::Board(_))), "{unseen:?}");
    let forgotten = drivers[1].step(board.0.ceremony, &Silent(FaultCode::CeremonyUnknown)).await;
    assert!(matches!(forgotten, Ok(Progress::Failed(_))), "{forgotten:?}");
    let given_up = drivers[1].step(board.0.ceremony, &GivingUp(board.of(&drivers[1]))).await.unwrap();
    assert!(matches!(given_up, Progress::Failed(_)), "until it says so");
    for old in held {
        board.put(&old.bytes).unwrap();
    }
    for progress in run(&drivers, &readers).await {
        assert!(matches!(progress, Progress::Done(_)), "{progress:?}");
    }
}

#[tokio::test]
async fn a_second_ceremony_waits_for_the_first() {
    let world = World::new(3);
    let driver = world.start(0).await;
    let first = world.board(world.proposal(1, 2, KEY));
    driver.step(first.0.ceremony, &first.of(&driver)).await.unwrap();
    let second = world.board(world.proposal(2, 2, KEY));
    let progress = driver.step(second.0.ceremony, &second.of(&driver)).await.unwrap();
    assert_eq!(progress, Progress::Refused(Refusal::Running));
}

#[tokio::test]
async fn a_holder_that_lost_its_store_does_not_open_twice() {
    let mut world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let driver = world.start(0).await;
    driver.step(board.0.ceremony, &board.of(&driver)).await.unwrap();
    let lost = &world.parties[0];
    let mut fresh = Party::new("alpha", &world.clock);
    (fresh.identity, fresh.sealing) = (lost.identity.clone(), lost.sealing.clone());
    world.parties[0] = fresh;
    let driver = world.start(0).await;
    let progress = driver.step(board.0.ceremony, &board.of(&driver)).await.unwrap();
    assert_eq!(progress, Progress::Failed(Failure::of(Reason::OwnStateLost, &driver.bank)));
    let phases: Vec<Phase> = board.posts().iter().map(|old| old.post.phase).collect();
    assert_eq!(phases, [Phase::RoundOne, Phase::Complaint]);
}

#[tokio::test]
async fn a_ceremony_that_the_coordinator_gives_up_ends() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let driver = world.start(0).await;
    let progress = driver.step(board.0.ceremony, &GivingUp(board.of(&driver))).await.unwrap();
    assert_eq!(progress, Progress::Failed(Failure::of(Reason::GivenUp, &world.parties[2].bank)));
}
