//! Shares are renewed: the key stays, old shares go and only then; who lies is named; who stops goes on.

use lianfang_crypto::ceremony::context::CeremonySeed;
use lianfang_crypto::ceremony::refresh;
use lianfang_crypto::share::threshold::HolderIndex;
use lianfang_proto::ids::Epoch;
use lianfang_trust::envelope;

use super::*;
use crate::ceremony::body::{Echo, package_info};
use crate::ceremony::failure::{Failure, Reason};
use crate::ceremony::plan::{Known, Plan, Refusal};

fn generation(driver: &Driver) -> u32 {
    held(driver).unwrap().record().key.generation.0
}

/// Rows of shares that a holder keeps.
async fn shares(driver: &Driver) -> i64 {
    let rows = sqlx::query_scalar("SELECT count(*) FROM key_holder_shares");
    rows.fetch_one(driver.store.readers()).await.unwrap()
}

#[tokio::test]
async fn a_refresh_keeps_the_key_and_replaces_every_share() {
    let (world, drivers, before) = with_key(3, 2).await;
    let board = world.board(world.refresh(2, before.record()));
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    for progress in run(&drivers, &readers).await {
        assert!(matches!(progress, Progress::Done(_)), "{progress:?}");
    }
    let after = held(&drivers[0]).unwrap();
    assert_eq!(after.record().public_key, before.record().public_key);
    assert_eq!(after.follows(before.record()), Ok(()));
    for (driver, (old, new)) in
        drivers.iter().zip(before.record().holders.iter().zip(&after.record().holders))
    {
        assert_ne!(old.public_share, new.public_share);
        assert_eq!((generation(driver), shares(driver).await), (1, 1), "the old share is erased");
        assert!(driver.vault.own_share(before.record().key).is_none());
    }
    // And once more, from the new shares.
    let board = world.board(world.refresh(3, after.record()));
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    run(&drivers, &readers).await;
    assert!(drivers.iter().all(|driver| generation(driver) == 2));
}

#[tokio::test]
async fn until_the_last_endorsement_the_old_shares_answer_and_then_the_new_ones() {
    let (world, drivers, before) = with_key(3, 2).await;
    let board = world.board(world.refresh(2, before.record()));
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    let endorsements = || board.posts().iter().filter(|old| old.post.phase == Phase::Endorse).count();
    while endorsements() < 3 {
        for (driver, reader) in drivers.iter().zip(&readers) {
            driver.step(board.0.ceremony, reader).await.unwrap();
            if endorsements() < 3 {
                assert_eq!(generation(driver), 0, "nobody is ahead of the last endorsement");
            }
        }
    }
    // One has seen all of them. The others are stopped, or slow: the old shares are still a quorum.
    drivers[0].step(board.0.ceremony, &readers[0]).await.unwrap();
    let quorum = drivers.iter().filter(|driver| generation(driver) == 0).count();
    assert!(quorum >= 2 || drivers.iter().filter(|driver| generation(driver) == 1).count() >= 2);
    world.pass_deadline();
    for (at, late) in drivers.iter().enumerate().skip(1).take(2) {
        late.store.close().await;
        let again = world.start(at).await;
        let progress = again.step(board.0.ceremony, &board.of(&again)).await.unwrap();
        assert!(matches!(progress, Progress::Done(_)), "{progress:?}");
        assert_eq!(generation(&again), 1, "whoever is late reads the same endorsements");
    }
}

#[tokio::test]
async fn every_step_of_a_refresh_may_be_taken_by_a_fresh_process() {
    let (world, drivers, before) = with_key(3, 2).await;
    for driver in drivers {
        driver.store.close().await;
    }
    let board = world.board(world.refresh(2, before.record()));
    let mut done = [false; 3];
    for turn in 0..18 {
        let driver = world.start(turn % 3).await;
        let progress = driver.step(board.0.ceremony, &board.of(&driver)).await.unwrap();
        done[turn % 3] = matches!(progress, Progress::Done(_));
        assert!(driver.vault.current(KEY.class, KEY.epoch).is_some(), "it always has a share");
        driver.store.close().await;
    }
    assert_eq!(done, [true; 3]);
}

#[tokio::test]
async fn a_refresh_that_fails_leaves_the_old_shares_and_the_next_one_works() {
    let (world, drivers, before) = with_key(3, 2).await;
    let board = world.board(world.refresh(2, before.record()));
    let two = [board.of(&drivers[0]), board.of(&drivers[1])];
    run(&drivers[..2], &two).await;
    world.pass_deadline();
    let gamma = &world.parties[2].bank;
    let ended = Progress::Failed(Failure::of(Reason::Missing, gamma));
    assert_eq!(run(&drivers[..2], &two).await, [ended.clone(), ended]);
    assert!(drivers.iter().all(|driver| generation(driver) == 0));
    let later = Proposal { deadline: 2 * DEADLINE, ..world.refresh(3, before.record()) };
    let board = world.board(later);
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    run(&drivers, &readers).await;
    assert!(drivers.iter().all(|driver| generation(driver) == 1));
}

#[tokio::test]
async fn a_refresh_with_anything_else_than_new_shares_is_refused() {
    let (world, drivers, before) = with_key(3, 2).await;
    let step = async |change: &dyn Fn(&mut Proposal)| {
        let mut proposal = world.refresh(2, before.record());
        change(&mut proposal);
        let board = world.board(proposal);
        let progress = drivers[0].step(board.0.ceremony, &board.of(&drivers[0])).await.unwrap();
        assert!(board.posts().is_empty());
        let Progress::Refused(refusal) = progress else { panic!("{progress:?}") };
        refusal
    };
    let other = KeyRecord { public_key: [3; 32], ..before.record().clone() };
    let record = other.digest();
    assert_eq!(step(&|p| p.task = Task::Refresh { record }).await, Refusal::OtherRecord, "another key");
    assert_eq!(step(&|p| p.threshold = 3).await, Refusal::OtherHolders);
    assert_eq!(step(&|p| p.holders.swap(1, 2)).await, Refusal::OtherHolders);
    assert_eq!(step(&|p| drop(p.holders.pop())).await, Refusal::OtherHolders);
    let expected = Generation(1);
    let skips = |p: &mut Proposal| p.key.generation = Generation(2);
    assert_eq!(step(&skips).await, Refusal::OtherGeneration { expected });
    assert_eq!(step(&|p| p.key.epoch = Epoch(2)).await, Refusal::OtherRecord);
    drivers[0].vault.close_epoch(KEY.class, KEY.epoch, "li").await.unwrap();
    assert_eq!(step(&|_| ()).await, Refusal::Closed);
}

#[tokio::test]
async fn an_epoch_that_ends_takes_a_half_done_refresh_with_it() {
    let (world, drivers, before) = with_key(3, 2).await;
    let board = world.board(world.refresh(2, before.record()));
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    for _ in 0..3 {
        for (driver, reader) in drivers.iter().zip(&readers).take(2) {
            driver.step(board.0.ceremony, reader).await.unwrap();
        }
        drivers[2].step(board.0.ceremony, &readers[2]).await.unwrap();
    }
    drivers[0].vault.close_epoch(KEY.class, KEY.epoch, "li").await.unwrap();
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM ceremonies")
        .fetch_one(drivers[0].store.readers())
        .await
        .unwrap();
    assert_eq!((rows, shares(&drivers[0]).await), (0, 0));
    let progress = drivers[0].step(board.0.ceremony, &readers[0]).await.unwrap();
    assert_eq!(progress, Progress::Refused(Refusal::Closed));
}

/// The third holder lies in a refresh; gives what the two honest ones say. Their old shares stay.
async fn with_liar(
    world: &World,
    drivers: &[Driver],
    board: &Notices,
    lie: impl Fn(&mut Post) + Send + Sync + 'static,
) -> Vec<Failure> {
    let readers = [board.of(&drivers[0]), board.of(&drivers[1]), board.lying(&drivers[2], lie)];
    let failure = |progress: &Progress| match progress {
        Progress::Failed(failure) => failure.clone(),
        other => panic!("{other:?}"),
    };
    let failures = run(drivers, &readers).await[..2].iter().map(failure).collect();
    assert!(drivers[..2].iter().all(|driver| generation(driver) == 0));
    let _ = world;
    failures
}

fn plan(world: &World, proposal: &Proposal, at: usize, record: &KeyRecord) -> Plan {
    let known = Known { record: Some(record.clone()), share: Some(record.key), ..Known::default() };
    Plan::accept(proposal.clone(), &world.parties[at].bank, &*world.members, known, 0).unwrap()
}

#[tokio::test]
async fn who_lies_in_a_refresh_is_named() {
    // A share that does not lie on the polynomial that was committed to.
    let (world, drivers, before) = with_key(3, 2).await;
    let proposal = world.refresh(2, before.record());
    let board = world.board(proposal.clone());
    let (plan, wall) = (plan(&world, &proposal, 2, before.record()), board.clone());
    let (alpha, gamma) = (world.parties[0].bank.clone(), world.parties[2].bank.clone());
    let lie = move |post: &mut Post| {
        if post.phase != Phase::RoundTwo || post.to.as_ref() != Some(&alpha) {
            return;
        }
        let transcript = Echo::decode(&body_of(&wall, Phase::Echo, &gamma)).unwrap().transcript;
        let mut package = vec![1, 1, 17];
        package.extend(transcript);
        package.extend([3, 1, 1]);
        package.extend([0; 31]);
        let (info, rng) = (package_info(&plan, Phase::RoundTwo, 2, 0), &mut *Ports::system().chance.rng());
        post.body = envelope::seal(&sealing_of(&wall, &alpha), &info, &transcript, &package, rng).unwrap();
    };
    let failures = with_liar(&world, &drivers, &board, lie).await;
    assert_eq!(failures[0], Failure::of(Reason::PackageWrong, &world.parties[2].bank));

    // A commitment of a new key's polynomial, whose constant term would move `Y`.
    let (world, drivers, before) = with_key(3, 2).await;
    let board = world.board(world.refresh(2, before.record()));
    let lie = move |post: &mut Post| {
        if post.phase == Phase::RoundOne {
            post.body.truncate(60);
        }
    };
    for failure in with_liar(&world, &drivers, &board, lie).await {
        assert_eq!(failure.reason, Reason::OpeningMalformed);
        assert_eq!(failure.culprits, [world.parties[2].bank.clone()]);
    }

    // An endorsement of a record with another key.
    let (world, drivers, before) = with_key(3, 2).await;
    let board = world.board(world.refresh(2, before.record()));
    let key = world.parties[2].identity.clone();
    let lie = move |post: &mut Post| {
        if post.phase == Phase::Endorse {
            let mut record =
                Signed::<KeyRecord>::open(&post.body, &key.verifying_key()).unwrap().into_value();
            record.public_key = record.holders[0].public_share;
            post.body = Signed::sign(&key, record).bytes().to_vec();
        }
    };
    assert_eq!(
        with_liar(&world, &drivers, &board, lie).await[0],
        Failure::of(Reason::RecordDiffers, &world.parties[2].bank)
    );
}

#[tokio::test]
async fn two_faces_and_posts_of_another_refresh_lead_nowhere() {
    let (world, drivers, before) = with_key(3, 2).await;
    let proposal = world.refresh(2, before.record());
    let board = world.board(proposal.clone());
    let plan = plan(&world, &proposal, 2, before.record());
    let liar = &world.parties[2];
    let seed = CeremonySeed::draw(&mut *Ports::system().chance.rng());
    let package = refresh::open(plan.context(), HolderIndex::new(3).unwrap(), &seed).unwrap();
    let body = Opening::sign(&plan, *liar.sealing.public().as_bytes(), package, &liar.identity).encode();
    let post = Post {
        ceremony: board.0.ceremony,
        proposal_digest: plan.digest(),
        from: liar.bank.clone(),
        phase: Phase::RoundOne,
        to: None,
        body,
    };
    let second = notice(Signed::sign(&liar.identity, post).bytes());
    board.0.swapped.lock().unwrap().push((world.parties[1].bank.clone(), second));
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    for progress in &run(&drivers, &readers).await[..2] {
        assert_eq!(progress, &Progress::Failed(Failure::of(Reason::TwoOpenings, &liar.bank)));
    }

    // The same posts on the board of the next refresh say nothing.
    let (old, posts) = (board, world.refresh(3, before.record()));
    world.pass_deadline();
    let board = world.board(Proposal { deadline: 2 * DEADLINE, ..posts });
    board.0.posts.lock().unwrap().extend(old.posts().into_iter().filter(|old| old.post.to.is_none()));
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    let mut last = Vec::new();
    for _ in 0..6 {
        last.clear();
        for (driver, reader) in drivers.iter().zip(&readers) {
            last.push(driver.step(board.0.ceremony, reader).await);
        }
    }
    assert!(drivers.iter().all(|driver| driver.vault.keys().len() == 1));
}
