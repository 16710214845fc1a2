//! A lost share is rebuilt for its holder, with full counters; who lies is named; who stops goes on.

use lianfang_proto::ids::Epoch;
use lianfang_trust::envelope;

use super::*;
use crate::ceremony::body::{Echo, package_info};
use crate::ceremony::failure::{Failure, Reason};
use crate::ceremony::plan::{Known, Plan, Refusal};
use crate::key_holder::quota::Sharing;

/// The holder at this position has lost its store, and kept its identity.
async fn lose(world: &mut World, drivers: &mut [Driver], at: usize) {
    let lost = &world.parties[at];
    let mut fresh = Party::new(lost.bank.as_str(), &world.clock);
    (fresh.identity, fresh.sealing) = (lost.identity.clone(), lost.sealing.clone());
    drivers[at].store.close().await;
    world.parties[at] = fresh;
    drivers[at] = world.start(at).await;
}

fn readers_of(board: &Notices, drivers: &[Driver]) -> Vec<Reader> {
    drivers.iter().map(|driver| board.of(driver)).collect()
}

#[tokio::test]
async fn a_lost_share_comes_back_with_full_counters() {
    for (holders, threshold, lost, helpers) in [(3, 2, 1, vec![0, 2]), (5, 3, 4, vec![0, 1, 3])] {
        let (mut world, mut drivers, record) = with_key(holders, threshold).await;
        lose(&mut world, &mut drivers, lost).await;
        assert!(held(&drivers[lost]).is_none());
        let proposal = world.repair(2, record.record(), lost, &helpers);
        let board = world.board_with(proposal, record.encode());
        let parts: Vec<usize> = (0..holders).filter(|at| *at == lost || helpers.contains(at)).collect();
        let mut done = 0;
        for _ in 0..8 {
            done = 0;
            for at in &parts {
                let reader = board.of(&drivers[*at]);
                let progress = drivers[*at].step(board.0.ceremony, &reader).await.unwrap();
                done += usize::from(matches!(progress, Progress::Done(_)));
            }
        }
        assert_eq!(done, parts.len());
        let again = held(&drivers[lost]).unwrap();
        assert_eq!(again.record(), record.record(), "the same key and generation");
        let active = drivers[lost].vault.current(KEY.class, KEY.epoch).unwrap();
        assert_eq!(active.key(), KEY);
        let member = world.parties[0].keys();
        drivers[lost].ledger.admit(&member, 1_000, "li").await.unwrap();
        let sharing = Sharing { needed: threshold, holders: u16::try_from(holders).unwrap() };
        let standing = drivers[lost].ledger.standing(&member, KEY, sharing).await.unwrap();
        assert!(standing.account.lost && standing.account.limit() == 0, "nothing without an allowance");
        let log = world.log.0.lock().unwrap();
        assert!(log.contains(&"ceremony.repaired"));
        assert_eq!(log.iter().filter(|event| **event == "ceremony.helped").count(), helpers.len());
    }
}

#[tokio::test]
async fn every_step_of_a_repair_may_be_taken_by_a_fresh_process() {
    let (mut world, mut drivers, record) = with_key(3, 2).await;
    lose(&mut world, &mut drivers, 0).await;
    for driver in drivers {
        driver.store.close().await;
    }
    let board = world.board_with(world.repair(2, record.record(), 0, &[1, 2]), record.encode());
    let mut done = [false; 3];
    for turn in 0..24 {
        let driver = world.start(turn % 3).await;
        let progress = driver.step(board.0.ceremony, &board.of(&driver)).await.unwrap();
        done[turn % 3] = matches!(progress, Progress::Done(_));
        driver.store.close().await;
    }
    assert_eq!(done, [true; 3]);
}

#[tokio::test]
async fn a_repair_of_what_is_not_lost_or_under_other_keys_is_refused() {
    let (world, drivers, record) = with_key(3, 2).await;
    let board = world.board_with(world.repair(2, record.record(), 0, &[1, 2]), record.encode());
    let step = async |at: usize, board: &Notices| {
        let driver = &drivers[at];
        driver.step(board.0.ceremony, &board.of(driver)).await.unwrap()
    };
    assert_eq!(step(0, &board).await, Progress::Refused(Refusal::ShareNotLost));
    let other = world.repair(3, record.record(), 0, &[1, 2]);
    let other = world.board(Proposal { key: KeyId { epoch: Epoch(2), ..KEY }, ..other });
    assert_eq!(step(1, &other).await, Progress::Refused(Refusal::OtherRecord));
    // The certificate of the record, and no other.
    let alpha = world.parties[0].bank.clone();
    world.members.members.lock().unwrap().get_mut(&alpha).unwrap().certificate_key = [8; 32];
    assert_eq!(step(1, &board).await, Progress::Refused(Refusal::KeysChanged(alpha)));
    assert!(board.posts().is_empty() && other.posts().is_empty());
}

fn plan(world: &World, proposal: &Proposal, at: usize, record: &KeyRecord) -> Plan {
    let known = Known { record: Some(record.clone()), share: Some(record.key), ..Known::default() };
    Plan::accept(proposal.clone(), &world.parties[at].bank, &*world.members, known, 0).unwrap()
}

/// The third holder, a helper, sends a wrong scalar in this phase to the holder at `to`.
async fn with_wrong(phase: Phase, purpose: u8, to: usize) -> (World, Vec<Progress>) {
    let (mut world, mut drivers, record) = with_key(3, 2).await;
    lose(&mut world, &mut drivers, 0).await;
    let proposal = world.repair(2, record.record(), 0, &[1, 2]);
    let board = world.board_with(proposal.clone(), record.encode());
    let (plan, wall) = (plan(&world, &proposal, 2, record.record()), board.clone());
    let (victim, gamma) = (world.parties[to].bank.clone(), world.parties[2].bank.clone());
    let binding = {
        // The binding stands in the liar's own commitment, after three bytes of header.
        let wall = board.clone();
        let gamma = gamma.clone();
        move || {
            let opening = Opening::decode(&body_of(&wall, Phase::RoundOne, &gamma)).unwrap();
            opening.package[3..67].to_vec()
        }
    };
    let lie = move |post: &mut Post| {
        if post.phase != phase {
            return;
        }
        let transcript = Echo::decode(&body_of(&wall, Phase::Echo, &gamma)).unwrap().transcript;
        let mut message = vec![1, 1, purpose];
        message.extend(binding());
        message.extend([3, u8::try_from(to + 1).unwrap(), 1]);
        message.extend([0; 31]);
        let (info, rng) = (package_info(&plan, phase, 2, to), &mut *Ports::system().chance.rng());
        post.body = envelope::seal(&sealing_of(&wall, &victim), &info, &transcript, &message, rng).unwrap();
    };
    let readers = [board.of(&drivers[0]), board.of(&drivers[1]), board.lying(&drivers[2], lie)];
    let progress = run(&drivers, &readers).await;
    assert!(held(&drivers[0]).is_none(), "a share that does not fit is not taken");
    (world, progress)
}

#[tokio::test]
async fn a_helper_that_gives_a_wrong_summand_or_a_wrong_sum_is_named() {
    let (world, progress) = with_wrong(Phase::RoundTwo, 32, 1).await;
    let named = Failure::of(Reason::PackageWrong, &world.parties[2].bank);
    assert_eq!(progress[1], Progress::Failed(named.clone()), "by the other helper");
    let (world, progress) = with_wrong(Phase::RoundThree, 33, 0).await;
    let named = Failure { culprits: vec![world.parties[2].bank.clone()], ..named };
    assert_eq!(progress[0], Progress::Failed(named), "by the loser");
}

#[tokio::test]
async fn a_helper_whose_summands_are_not_its_share_or_that_stays_away_is_named() {
    let (mut world, mut drivers, record) = with_key(3, 2).await;
    lose(&mut world, &mut drivers, 0).await;
    let proposal = world.repair(2, record.record(), 0, &[1, 2]);
    let board = world.board_with(proposal.clone(), record.encode());
    let (plan, key) = (plan(&world, &proposal, 2, record.record()), world.parties[2].identity.clone());
    let lie = move |post: &mut Post| {
        if post.phase == Phase::RoundOne {
            let Opening { sealing, mut package, .. } = Opening::decode(&post.body).unwrap();
            // Its two summands in each other's place and one of them twice: points, but not of its part.
            let first = package[68..100].to_vec();
            package[100..132].copy_from_slice(&first);
            post.body = Opening::sign(&plan, sealing, package, &key).encode();
        }
    };
    let readers = [board.of(&drivers[0]), board.of(&drivers[1]), board.lying(&drivers[2], lie)];
    let gamma = &world.parties[2].bank;
    for progress in &run(&drivers, &readers).await[..2] {
        let Progress::Failed(failure) = progress else { panic!("{progress:?}") };
        assert_eq!((failure.reason, &failure.culprits), (Reason::OpeningUnproven, &vec![gamma.clone()]));
    }

    let board = world.board_with(world.repair(3, record.record(), 0, &[1, 2]), record.encode());
    let two = readers_of(&board, &drivers[..2]);
    run(&drivers[..2], &two).await;
    world.pass_deadline();
    for progress in run(&drivers[..2], &two).await {
        assert_eq!(progress, Progress::Failed(Failure::of(Reason::Missing, gamma)));
    }
}
