//! What comes of a ceremony in which all are honest, and what is not even begun.

use lianfang_crypto::oprf::blind::{BlindedElements, ChunkSeed, blind};
use lianfang_crypto::oprf::input::Input;
use lianfang_crypto::share::threshold::HolderIndex;
use lianfang_proto::catalogue::Class;
use lianfang_proto::ids::Epoch;

use super::*;
use crate::ceremony::plan::Refusal;
use crate::key_holder::records::public_keys;

fn done(progress: &[Progress]) -> KeyRecord {
    let Progress::Done(first) = &progress[0] else { panic!("{:?}", progress[0]) };
    for other in progress {
        assert_eq!(other, &progress[0]);
    }
    (**first).clone()
}

#[tokio::test]
async fn holders_come_to_one_key_with_one_share_each() {
    for (holders, threshold) in [(3, 2), (5, 3)] {
        let world = World::new(holders);
        let board = world.board(world.proposal(1, threshold, KEY));
        let drivers = world.start_all().await;
        let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
        let record = done(&run(&drivers, &readers).await);
        let keys = public_keys(&record).unwrap();
        assert_eq!((record.threshold, record.holders.len(), record.key), (threshold, holders, KEY));
        for (at, driver) in drivers.iter().enumerate() {
            let active = driver.vault.current(Class::Subject, Epoch(1)).unwrap();
            assert_eq!(active.endorsed().record(), &record);
            let own = driver.vault.own_share(KEY).unwrap().holder();
            assert_eq!(own, HolderIndex::new(u8::try_from(at + 1).unwrap()).unwrap());
            assert_eq!(keys.share(own), Some(record.holders[at].public_share));
        }
        let log = world.log.0.lock().unwrap();
        assert_eq!(log.iter().filter(|event| **event == "ceremony.done").count(), holders);
        let endorsed = held(&drivers[0]).unwrap();
        assert!(EndorsedKeyRecord::decode(&endorsed.encode()).is_ok());
    }
}

#[tokio::test]
async fn the_relay_cannot_open_a_package() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let drivers = world.start_all().await;
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    done(&run(&drivers, &readers).await);
    let mut packages = 0;
    for old in board.posts().iter().filter(|old| old.post.phase == Phase::RoundTwo) {
        packages += 1;
        // Right length of an envelope, nothing of the package's own header in it, and no other holder's key fits.
        assert!(!old.post.body.windows(3).any(|window| window == [1, 1, 17]));
        for party in world.parties.iter().filter(|party| Some(&party.bank) != old.post.to.as_ref()) {
            assert!(party.sealing.open(b"", b"", &old.post.body).is_err());
        }
    }
    assert_eq!(packages, 6);
}

#[tokio::test]
async fn steps_after_the_end_change_nothing() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let drivers = world.start_all().await;
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    let first = done(&run(&drivers, &readers).await);
    world.pass_deadline();
    assert_eq!(done(&run(&drivers, &readers).await), first);
}

#[tokio::test]
async fn a_proposal_that_does_not_fit_is_refused_before_anything_is_signed() {
    let world = World::new(3);
    let driver = world.start(0).await;
    let step = async |change: &dyn Fn(&mut Proposal)| {
        let mut proposal = world.proposal(1, 2, KEY);
        change(&mut proposal);
        let board = world.board(proposal);
        let progress = driver.step(board.0.ceremony, &board.of(&driver)).await.unwrap();
        assert!(board.posts().is_empty());
        let Progress::Refused(refusal) = progress else { panic!("{progress:?}") };
        refusal
    };
    let stranger = crate::key_holder::tests::bank("omega");
    let other = lianfang_trust::Digest::of("test/roster", b"puppets");
    assert_eq!(step(&|p| p.roster_digest = other).await, Refusal::OtherRoster);
    assert_eq!(step(&|p| p.holders[1] = stranger.clone()).await, Refusal::Inactive(stranger.clone()));
    assert_eq!(step(&|p| drop(p.holders.remove(0))).await, Refusal::NotAHolder);
    assert_eq!(step(&|p| p.key.generation = Generation(1)).await, Refusal::NotTheCoordinators);
    assert_eq!(step(&|p| p.key.epoch = Epoch(0)).await, Refusal::NotNext { expected: Epoch(1) });
    assert_eq!(step(&|p| p.deadline = 0).await, Refusal::Late);
    // Encoded proposals with these cannot even be read.
    assert_eq!(step(&|p| p.threshold = 1).await, Refusal::NotTheCoordinators);
    assert_eq!(step(&|p| p.threshold = 4).await, Refusal::NotTheCoordinators);
    assert_eq!(step(&|p| p.holders[1] = p.holders[0].clone()).await, Refusal::NotTheCoordinators);

    let board = world.board(world.proposal(1, 2, KEY));
    let forged = Signed::sign(&world.parties[1].identity, world.proposal(1, 2, KEY)).bytes().to_vec();
    let mut wall = Arc::try_unwrap(board.0).ok().unwrap();
    wall.proposal = forged;
    let board = Notices(Arc::new(wall));
    let progress = driver.step(board.0.ceremony, &board.of(&driver)).await.unwrap();
    assert_eq!(progress, Progress::Refused(Refusal::NotTheCoordinators));
}

#[tokio::test]
async fn a_key_is_made_once_and_the_next_is_the_next() {
    let world = World::new(3);
    let drivers = world.start_all().await;
    let first = world.board(world.proposal(1, 2, KEY));
    let readers: Vec<Reader> = drivers.iter().map(|driver| first.of(driver)).collect();
    let old = done(&run(&drivers, &readers).await);
    let again = world.board(world.proposal(2, 2, KEY));
    let progress = drivers[0].step(again.0.ceremony, &again.of(&drivers[0])).await.unwrap();
    assert_eq!(progress, Progress::Refused(Refusal::KeyExists));
    let next = world.board(world.proposal(4, 2, KeyId { epoch: Epoch(2), ..KEY }));
    let readers: Vec<Reader> = drivers.iter().map(|driver| next.of(driver)).collect();
    let new = done(&run(&drivers, &readers).await);
    assert_ne!(old.public_key, new.public_key);
    let before = world.board(world.proposal(3, 2, KEY));
    let progress = drivers[0].step(before.0.ceremony, &before.of(&drivers[0])).await.unwrap();
    assert_eq!(progress, Progress::Refused(Refusal::NotNext { expected: Epoch(3) }));
    assert_eq!(drivers[0].vault.keys().len(), 2);
}

/// The shares evaluate under the key that the record states: two holders' proofs hold under their `Y_j`.
#[tokio::test]
async fn the_shares_evaluate_under_the_record() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let drivers = world.start_all().await;
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    let record = done(&run(&drivers, &readers).await);
    let keys = public_keys(&record).unwrap();
    let seed = ChunkSeed::draw(&mut *Ports::system().chance.rng(), b"s", b"c");
    let inputs = vec![Input::new("mobile", 1, "13912345678").unwrap()];
    let (_, blinded) = blind(inputs, &seed, 1).unwrap();
    for (at, driver) in drivers.iter().enumerate() {
        let ledger = Ledger::new(driver.store.clone());
        let member = world.parties[0].keys();
        ledger.admit(&member, 10, "li").await.unwrap();
        let active = driver.vault.current(Class::Subject, Epoch(1)).unwrap();
        let ask = crate::key_holder::ledger::Ask {
            member: &member,
            key: KEY,
            sharing: active.sharing(),
            elements_digest: lianfang_trust::Digest::of("test", b"x"),
            elements: 1,
            request: None,
            automatic: None,
            log: &*driver.audit,
        };
        let receipt = ledger.charge(&ask).await.unwrap();
        let again = BlindedElements::decode(blinded.packed(), 1).unwrap();
        let chance = Ports::system().chance;
        let (evaluated, proof) =
            driver.vault.blind_evaluate(&active, &receipt, again, &*chance).await.unwrap();
        let index = HolderIndex::new(u8::try_from(at + 1).unwrap()).unwrap();
        assert!(proof.verify(&keys, index, blinded.packed(), evaluated.packed()).unwrap());
    }
}

/// What was sealed in a ceremony opens with no key that a node keeps: not with its long-lived one, not from its store.
#[tokio::test]
async fn what_was_sealed_in_a_ceremony_opens_with_nothing_that_is_kept() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let drivers = world.start_all().await;
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    for _ in 0..3 {
        for (driver, reader) in drivers.iter().zip(&readers) {
            driver.step(board.0.ceremony, reader).await.unwrap();
        }
    }
    let sealed = async |driver: &Driver| -> Vec<u8> {
        let row = sqlx::query_scalar::<_, Vec<u8>>("SELECT sealed FROM ceremonies")
            .fetch_one(driver.store.readers());
        driver.store.cipher("ceremonies", "sealed").open(1, &row.await.unwrap()).unwrap().to_vec()
    };
    run(&drivers, &readers).await;
    for (party, driver) in world.parties.iter().zip(&drivers) {
        let public = sealing_of(&board, &party.bank);
        assert_ne!(public.as_bytes(), party.sealing.public().as_bytes(), "a fresh key");
        let kept = sealed(driver).await;
        // No 32 bytes of what is left of the ceremony are the seed of the key that it opened with.
        for window in kept.windows(32) {
            let seed: [u8; 32] = window.try_into().unwrap();
            let key = lianfang_trust::envelope::SealingKey::from_seed(&seed);
            assert_ne!(key.public().as_bytes(), public.as_bytes());
        }
    }
}

/// A person decides where the policy asks, and the decision stands.
#[tokio::test]
async fn a_holder_takes_part_by_its_policy_or_by_a_persons_word() {
    use crate::ceremony::asked::Questions;
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let ceremony = board.0.ceremony;
    let with = async |policy| Driver { policy, ..world.start(0).await };
    let driver = with(Decide::Refuse).await;
    let progress = driver.step(ceremony, &board.of(&driver)).await.unwrap();
    assert_eq!(progress, Progress::Refused(Refusal::Declined { by: "policy".to_owned() }));
    let driver = with(Decide::Ask).await;
    for _ in 0..2 {
        let progress = driver.step(ceremony, &board.of(&driver)).await.unwrap();
        assert_eq!(progress, Progress::Refused(Refusal::Undecided));
    }
    assert!(board.posts().is_empty());
    let questions = Questions::new(driver.store.clone());
    assert_eq!(questions.all().await.unwrap().len(), 1);
    let now = driver.ports.clock.now();
    assert_eq!(questions.open(now).await.unwrap().len(), 1);
    assert!(questions.open(i64::MAX).await.unwrap().is_empty(), "its deadline has passed");
    assert!(questions.decide(ceremony, true, "li").await.unwrap());
    assert!(questions.open(now).await.unwrap().is_empty());
    assert!(!questions.decide(ceremony, false, "wang").await.unwrap(), "it stands");
    let progress = driver.step(ceremony, &board.of(&driver)).await.unwrap();
    assert!(matches!(progress, Progress::Waiting { stage: "opened", .. }), "{progress:?}");

    let other = world.board(world.proposal(2, 2, KeyId { epoch: Epoch(2), ..KEY }));
    driver.step(other.0.ceremony, &other.of(&driver)).await.unwrap();
    assert!(questions.decide(other.0.ceremony, false, "li").await.unwrap());
    let progress = driver.step(other.0.ceremony, &other.of(&driver)).await.unwrap();
    assert_eq!(progress, Progress::Refused(Refusal::Declined { by: "li".to_owned() }));
}
