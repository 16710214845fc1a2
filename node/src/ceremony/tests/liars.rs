//! One dishonest holder, or a dishonest board, at each phase: the honest stop and name who lied.

use lianfang_crypto::ceremony::context::CeremonySeed;
use lianfang_crypto::ceremony::generate;
use lianfang_crypto::share::threshold::HolderIndex;
use lianfang_proto::documents::ceremony::Complaint;
use lianfang_proto::documents::key_record::KeyRecord;
use lianfang_trust::{Canonical, Digest, envelope};

use super::*;
use crate::ceremony::body::{Echo, Opening, package_info};
use crate::ceremony::dealing;
use crate::ceremony::failure::{Failure, Reason};
use crate::ceremony::plan::{Known, Plan};

/// The third holder lies; gives what the two honest ones say in the end.
async fn with_liar(
    world: &World,
    board: &Notices,
    lie: impl Fn(&mut Post) + Send + Sync + 'static,
) -> Vec<Failure> {
    let drivers = world.start_all().await;
    let readers = [board.of(&drivers[0]), board.of(&drivers[1]), board.lying(&drivers[2], lie)];
    let progress = run(&drivers, &readers).await;
    let failure = |progress: &Progress| match progress {
        Progress::Failed(failure) => failure.clone(),
        other => panic!("{other:?}"),
    };
    for driver in &drivers[..2] {
        assert!(driver.vault.keys().is_empty());
    }
    progress[..2].iter().map(failure).collect()
}

/// Both name the third holder for this reason, the first of them by its own finding.
fn named(world: &World, failures: &[Failure], reason: Reason) {
    let liar = &world.parties[2].bank;
    for failure in failures {
        assert_eq!((failure.reason, &failure.culprits), (reason, &vec![liar.clone()]));
    }
    assert_eq!(failures[0].reporter, None);
}

fn plan(world: &World, at: usize) -> Plan {
    let members = &*world.members;
    Plan::accept(world.proposal(1, 2, KEY), &world.parties[at].bank, members, Known::default(), 0).unwrap()
}

/// An opening of the third holder from another seed.
fn other_opening(world: &World) -> Vec<u8> {
    let plan = plan(world, 2);
    let seed = CeremonySeed::draw(&mut *Ports::system().chance.rng());
    generate::open(plan.context(), HolderIndex::new(3).unwrap(), &seed).unwrap()
}

fn in_phase(phase: Phase, lie: impl Fn(&mut Post)) -> impl Fn(&mut Post) {
    move |post| {
        if post.phase == phase {
            lie(post);
        }
    }
}

#[tokio::test]
async fn a_malformed_opening() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let lie = in_phase(Phase::RoundOne, |post: &mut Post| post.body.truncate(40));
    named(&world, &with_liar(&world, &board, lie).await, Reason::OpeningMalformed);

    // Well signed, and no commitment inside.
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let (plan, key) = (plan(&world, 2), world.parties[2].identity.clone());
    let lie = in_phase(Phase::RoundOne, move |post: &mut Post| {
        let sealing = Opening::decode(&post.body).unwrap().sealing;
        post.body = Opening::sign(&plan, sealing, vec![1; 90], &key).encode();
    });
    named(&world, &with_liar(&world, &board, lie).await, Reason::OpeningMalformed);
}

#[tokio::test]
async fn an_opening_without_the_secret_behind_it() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let (plan, key, other) = (plan(&world, 2), world.parties[2].identity.clone(), other_opening(&world));
    let wall = board.clone();
    let lie = move |post: &mut Post| match post.phase {
        Phase::RoundOne => {
            let Opening { sealing, mut package, .. } = Opening::decode(&post.body).unwrap();
            let proof = package.len() - 64;
            package[proof..].copy_from_slice(&other[proof..]);
            post.body = Opening::sign(&plan, sealing, package, &key).encode();
        }
        // It agrees with the others on what it has shown: only the proof fails.
        Phase::Echo => {
            let opening = |name: &str| body_of(&wall, Phase::RoundOne, &crate::key_holder::tests::bank(name));
            let openings: Vec<Opening> =
                NAMES[..3].iter().map(|name| Opening::decode(&opening(name)).unwrap()).collect();
            post.body = Echo::of(dealing::view(&plan, &openings).unwrap().digest(), &openings).encode();
        }
        Phase::RoundTwo | Phase::RoundThree | Phase::Endorse | Phase::Complaint => {}
    };
    named(&world, &with_liar(&world, &board, lie).await, Reason::OpeningUnproven);
}

#[tokio::test]
async fn two_openings_for_two_readers() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let drivers = world.start_all().await;
    let readers: Vec<Reader> = drivers.iter().map(|driver| board.of(driver)).collect();
    let liar = &world.parties[2];
    let plan = plan(&world, 2);
    let sealing = *liar.sealing.public().as_bytes();
    let body = Opening::sign(&plan, sealing, other_opening(&world), &liar.identity).encode();
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
    let progress = run(&drivers, &readers).await;
    // Both find the proof in the other's echo, and name the dealer, not each other.
    for progress in &progress[..2] {
        assert_eq!(progress, &Progress::Failed(Failure::of(Reason::TwoOpenings, &liar.bank)));
    }
}

#[tokio::test]
async fn an_echo_of_what_was_never_signed() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let lie = in_phase(Phase::Echo, |post: &mut Post| {
        let mut echo = Echo::decode(&post.body).unwrap();
        echo.seen[0].package = Digest::of("test", b"made up");
        post.body = echo.encode();
    });
    named(&world, &with_liar(&world, &board, lie).await, Reason::EchoFalse);

    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let lie = in_phase(Phase::Echo, |post: &mut Post| {
        let mut echo = Echo::decode(&post.body).unwrap();
        echo.seen.pop();
        post.body = echo.encode();
    });
    named(&world, &with_liar(&world, &board, lie).await, Reason::EchoMalformed);
}

#[tokio::test]
async fn a_package_that_does_not_open_or_does_not_fit() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let alpha = world.parties[0].bank.clone();
    let to_alpha = alpha.clone();
    let lie = in_phase(Phase::RoundTwo, move |post: &mut Post| {
        if post.to.as_ref() == Some(&to_alpha) {
            *post.body.last_mut().unwrap() ^= 1;
        }
    });
    let failures = with_liar(&world, &board, lie).await;
    // The second holder got a good package and has endorsed before or after; either way it names whom it was told.
    assert_eq!(failures[0], Failure::of(Reason::PackageUnreadable, &world.parties[2].bank));
    assert_eq!(failures[1].reporter, Some(alpha));
    assert_eq!(failures[1].culprits, failures[0].culprits);

    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let (plan, wall) = (plan(&world, 2), board.clone());
    let (alpha, gamma) = (world.parties[0].bank.clone(), world.parties[2].bank.clone());
    let lie = in_phase(Phase::RoundTwo, move |post: &mut Post| {
        if post.to.as_ref() != Some(&alpha) {
            return;
        }
        let transcript = Echo::decode(&body_of(&wall, Phase::Echo, &gamma)).unwrap().transcript;
        // Header, binding, sender, receiver, and the scalar one: of its form, and off the polynomial.
        let mut package = vec![1, 1, 17];
        package.extend(transcript);
        package.extend([3, 1, 1]);
        package.extend([0; 31]);
        let (info, rng) = (package_info(&plan, Phase::RoundTwo, 2, 0), &mut *Ports::system().chance.rng());
        post.body = envelope::seal(&sealing_of(&wall, &alpha), &info, &transcript, &package, rng).unwrap();
    });
    let failures = with_liar(&world, &board, lie).await;
    assert_eq!(failures[0], Failure::of(Reason::PackageWrong, &world.parties[2].bank));
}

#[tokio::test]
async fn an_endorsement_of_another_record() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let key = world.parties[2].identity.clone();
    let lie = in_phase(Phase::Endorse, move |post: &mut Post| {
        let mut record = Signed::<KeyRecord>::open(&post.body, &key.verifying_key()).unwrap().into_value();
        record.public_key = record.holders[0].public_share;
        post.body = Signed::sign(&key, record).bytes().to_vec();
    });
    named(&world, &with_liar(&world, &board, lie).await, Reason::RecordDiffers);

    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let lie = in_phase(Phase::Endorse, |post: &mut Post| post.body = vec![0; 64]);
    named(&world, &with_liar(&world, &board, lie).await, Reason::EndorsementMalformed);
}

#[tokio::test]
async fn a_complaint_ends_it_for_all_and_names_who_gave_it() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let beta = world.parties[1].bank.clone();
    let accused = beta.clone();
    let lie = move |post: &mut Post| {
        post.phase = Phase::Complaint;
        post.body = Complaint { accused: accused.clone(), reason: Reason::PackageWrong.number() }.encode();
    };
    let reporter = Some(world.parties[2].bank.clone());
    for failure in with_liar(&world, &board, lie).await {
        let expected = Failure { reporter: reporter.clone(), ..Failure::of(Reason::PackageWrong, &beta) };
        assert_eq!(failure, expected);
    }
}

#[tokio::test]
async fn what_belongs_to_another_ceremony_or_is_signed_by_nobody_is_passed_over() {
    let world = World::new(3);
    let first = world.board(world.proposal(1, 2, KEY));
    let drivers = world.start_all().await;
    let readers: Vec<Reader> = drivers.iter().map(|driver| first.of(driver)).collect();
    run(&drivers, &readers).await;

    let others = World { parties: world.parties, ..World::new(3) };
    let members = Pinned::of(&others.parties, &others.coordinator);
    let others = World { members, ..others };
    let next = KeyId { epoch: lianfang_proto::ids::Epoch(2), ..KEY };
    let board = others.board(others.proposal(2, 2, next));
    // The board shows every post of the first ceremony in the second, and one that a stranger has signed.
    let stranger = SigningKey::generate(&mut *Ports::system().chance.rng());
    let forged = first.posts()[0].post.clone();
    let forged = Post { ceremony: board.0.ceremony, ..forged };
    let extra = first.posts().into_iter().chain([notice(Signed::sign(&stranger, forged).bytes())]);
    let extra: Vec<Vec<u8>> = extra.map(|old| old.bytes).collect();
    let mut drivers = Vec::new();
    for at in 0..3 {
        drivers.push(others.start(at).await);
    }
    let crowded: Vec<Crowded> = drivers.iter().map(|d| Crowded(board.of(d), extra.clone())).collect();
    let mut last = Vec::new();
    for _ in 0..6 {
        last.clear();
        for (driver, reader) in drivers.iter().zip(&crowded) {
            last.push(driver.step(board.0.ceremony, reader).await.unwrap());
        }
    }
    assert!(last.iter().all(|progress| matches!(progress, Progress::Done(_))), "{last:?}");
}

/// A board that shows more than belongs on it.
struct Crowded(Reader, Vec<Vec<u8>>);

#[async_trait]
impl Board for Crowded {
    async fn read(&self, ceremony: CeremonyId) -> Result<BoardView, Fault> {
        let mut view = self.0.read(ceremony).await?;
        view.posts.splice(0..0, self.1.iter().cloned().chain([vec![0; 10]]));
        Ok(view)
    }

    async fn post(&self, ceremony: CeremonyId, post: &[u8]) -> Result<(), Fault> {
        self.0.post(ceremony, post).await
    }
}

#[tokio::test]
async fn a_package_of_another_ceremony_does_not_open_even_if_its_sender_signs_it_again() {
    let world = World::new(3);
    let first = world.board(world.proposal(1, 2, KEY));
    let drivers = world.start_all().await;
    let two: Vec<Reader> = drivers.iter().map(|driver| first.of(driver)).collect();
    for _ in 0..2 {
        for (driver, reader) in drivers.iter().zip(&two) {
            driver.step(first.0.ceremony, reader).await.unwrap();
        }
    }
    for (driver, reader) in drivers.iter().zip(&two).skip(2) {
        driver.step(first.0.ceremony, reader).await.unwrap();
    }
    let posts = first.posts();
    let alpha = Some(&world.parties[0].bank);
    let from_liar = |old: &&Notice| old.post.from == world.parties[2].bank && old.post.to.as_ref() == alpha;
    let old = posts.iter().find(from_liar).unwrap().post.body.clone();
    world.pass_deadline();
    let board = world.board(Proposal { deadline: 2 * DEADLINE, ..world.proposal(2, 2, KEY) });
    let to_alpha = world.parties[0].bank.clone();
    for driver in &drivers {
        driver.store.close().await;
    }
    let lie = in_phase(Phase::RoundTwo, move |post: &mut Post| {
        if post.to.as_ref() == Some(&to_alpha) {
            post.body.clone_from(&old);
        }
    });
    let failures = with_liar(&world, &board, lie).await;
    assert_eq!(failures[0], Failure::of(Reason::PackageUnreadable, &world.parties[2].bank));
}

/// A board that takes endorsements of one record alone: of the one that was endorsed first.
struct FirstRecordAlone(Reader);

#[async_trait]
impl Board for FirstRecordAlone {
    async fn read(&self, ceremony: CeremonyId) -> Result<BoardView, Fault> {
        self.0.read(ceremony).await
    }

    async fn post(&self, ceremony: CeremonyId, post: &[u8]) -> Result<(), Fault> {
        let record = |notice: &Notice| {
            let signer = Signed::<KeyRecord>::claimed_signer(&notice.post.body).unwrap();
            Signed::<KeyRecord>::open(&notice.post.body, &signer).unwrap().into_value()
        };
        let new = notice(post);
        let endorsed = self.0.wall.posts().into_iter().find(|old| old.post.phase == Phase::Endorse);
        match endorsed {
            Some(first) if new.post.phase == Phase::Endorse && record(&first) != record(&new) => {
                Err(Fault::field(FaultCode::DigestDiffers, "post.body.record"))
            }
            _ => self.0.post(ceremony, post).await,
        }
    }
}

#[tokio::test]
async fn a_false_endorsement_that_comes_first_is_complained_about() {
    let world = World::new(3);
    let board = world.board(world.proposal(1, 2, KEY));
    let key = world.parties[2].identity.clone();
    let lie = in_phase(Phase::Endorse, move |post: &mut Post| {
        let mut record = Signed::<KeyRecord>::open(&post.body, &key.verifying_key()).unwrap().into_value();
        record.public_key = record.holders[0].public_share;
        post.body = Signed::sign(&key, record).bytes().to_vec();
    });
    let drivers = world.start_all().await;
    let mut readers = vec![(&drivers[2], FirstRecordAlone(board.lying(&drivers[2], lie)))];
    readers.extend(drivers[..2].iter().map(|driver| (driver, FirstRecordAlone(board.of(driver)))));
    for _ in 0..6 {
        for (driver, reader) in &readers {
            driver.step(board.0.ceremony, reader).await.unwrap();
        }
    }
    let complaint = Complaint::decode(&body_of(&board, Phase::Complaint, &world.parties[0].bank)).unwrap();
    assert_eq!(complaint.accused, world.parties[2].bank);
}
