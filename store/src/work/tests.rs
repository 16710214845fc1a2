use tempfile::TempDir;

use super::*;
use crate::{Database, Place, Steps};

const RULE: Rule = Rule { lease: 30, first: 4, longest: 100, strikes: 3 };
const ALPHA: Worker = Worker { seat: [1; 16], owner: [11; 16] };
const BETA: Worker = Worker { seat: [2; 16], owner: [22; 16] };
const FULL: u64 = u64::MAX;

fn failed() -> Ending {
    Ending::Failed { fault: "unreachable".to_owned() }
}

fn struck() -> Ending {
    Ending::Struck { fault: "internal".to_owned() }
}

#[test]
fn which_state_follows_from_what_is_stored() {
    let turn = |held_until, strikes, not_before| Turn { held_until, strikes, not_before, ..Turn::default() };
    let table = [
        (turn(None, 0, 0), State::Free),
        (turn(None, 0, 1_000), State::Free),
        (turn(None, 0, 1_001), State::Waiting { until: 1_001 }),
        (turn(None, 0, 1_200), State::Waiting { until: 1_200 }),
        // The clock was set back: nothing waits, and nobody holds, for so long.
        (turn(None, 0, 1_201), State::Free),
        (turn(Some(1_061), 0, 0), State::Free),
        (turn(Some(1_000), 0, 0), State::Free),
        (turn(Some(1_001), 0, 0), State::Held { until: 1_001 }),
        (turn(Some(1_001), 2, 1_100), State::Held { until: 1_001 }),
        (turn(Some(1_000), 2, 1_100), State::Waiting { until: 1_100 }),
        (turn(None, 2, 0), State::Free),
        (turn(None, 3, 0), State::Resting),
        (turn(Some(999), 3, 1_100), State::Resting),
    ];
    for (turn, state) in table {
        assert_eq!(turn.state(&RULE, 1_000), state, "{turn:?}");
    }
}

#[test]
fn what_an_ending_makes_of_it() {
    let before = Turn { held_until: Some(9), attempts: 2, strikes: 2, not_before: 7, fault: "x".to_owned() };
    let fault = |text: &str| text.to_owned();
    let table = [
        (Ending::Done, Turn::default()),
        (Ending::Waits { until: 50 }, Turn { not_before: 50, ..Turn::default() }),
        (failed(), Turn { attempts: 3, not_before: 15, fault: fault("unreachable"), ..Turn::default() }),
        (
            struck(),
            Turn { attempts: 3, strikes: 3, not_before: 15, fault: fault("internal"), ..Turn::default() },
        ),
        (Ending::Left, Turn { held_until: None, ..before.clone() }),
    ];
    for (ending, after) in table {
        let got = before.after(&ending, &RULE, 0, FULL);
        // All but the last part of the pause: chance is a little less than one.
        assert_eq!(got, after, "{ending:?}");
    }
}

#[test]
fn pauses_double_to_the_longest_and_are_spread() {
    let table =
        [(1, 2, 3), (2, 4, 7), (3, 8, 15), (5, 32, 63), (6, 50, 99), (40, 50, 99), (u32::MAX, 50, 99)];
    for (failures, least, most) in table {
        assert_eq!((RULE.pause(failures, 0), RULE.pause(failures, FULL)), (least, most), "{failures}");
        let middle = RULE.pause(failures, FULL / 2);
        assert!((least..=most).contains(&middle), "{failures} {middle}");
    }
    assert_eq!(Rule { first: i64::MAX, longest: i64::MAX, ..RULE }.pause(9, 0), i64::MAX / 2);
}

/// A store with the table alone.
async fn store() -> (TempDir, Database) {
    let steps =
        Steps { sqlite: crate::steps!("steps": "0001_work"), postgres: crate::steps!("steps": "0001_work") };
    let dir = tempfile::tempdir().unwrap();
    let store = Database::open(&Place::File(dir.path().join("store.sqlite")), &steps).await.unwrap();
    (dir, store)
}

fn subject() -> Subject {
    Subject::new("job", [7; 16])
}

#[tokio::test]
async fn one_has_it_and_the_other_has_not() {
    let (_dir, store) = store().await;
    let mut tx = store.begin().await.unwrap();
    let subject = subject();
    let mut lease = acquire(&mut tx, &ALPHA, &subject, &RULE, 100).await.unwrap().unwrap();
    assert!(acquire(&mut tx, &BETA, &subject, &RULE, 129).await.unwrap().is_none());
    assert_eq!(renew(&mut tx, &mut lease, &RULE, 129).await.unwrap(), Held::Yes);
    assert!(acquire(&mut tx, &BETA, &subject, &RULE, 158).await.unwrap().is_none());
    let other = acquire(&mut tx, &BETA, &subject, &RULE, 159).await.unwrap().unwrap();
    assert!(other.fence() > lease.fence());
    // Who slept through its lease changes nothing.
    assert_eq!(renew(&mut tx, &mut lease, &RULE, 160).await.unwrap(), Held::Lost);
    assert_eq!(release(&mut tx, &lease, &Ending::Done, &RULE, 160, 0).await.unwrap(), Held::Lost);
    assert_eq!(finish(&mut tx, &lease, 160).await.unwrap(), Held::Lost);
    // Nor does who slept, and nobody has taken its place.
    let mut late = other.clone();
    assert_eq!(renew(&mut tx, &mut late, &RULE, 189).await.unwrap(), Held::Lost);
    assert_eq!(finish(&mut tx, &other, 188).await.unwrap(), Held::Yes);
    assert_eq!(find(&mut tx, &subject).await.unwrap(), None);
    let mut twice = acquire(&mut tx, &ALPHA, &subject, &RULE, 200).await.unwrap().unwrap();
    let again = acquire(&mut tx, &ALPHA, &subject, &RULE, 200).await.unwrap().unwrap();
    assert!(again.fence() > twice.fence() && twice.fence() > other.fence(), "though the row was gone");
    assert_eq!(renew(&mut tx, &mut twice, &RULE, 201).await.unwrap(), Held::Lost, "by itself");
}

#[tokio::test]
async fn strikes_end_in_rest_and_a_person_restarts() {
    let (_dir, store) = store().await;
    let mut tx = store.begin().await.unwrap();
    let subject = subject();
    let mut now = 1_000;
    for ending in [struck(), struck(), failed(), struck(), struck(), struck()] {
        let lease = acquire(&mut tx, &ALPHA, &subject, &RULE, now).await.unwrap().unwrap();
        assert_eq!(release(&mut tx, &lease, &ending, &RULE, now, FULL).await.unwrap(), Held::Yes);
        assert!(acquire(&mut tx, &BETA, &subject, &RULE, now).await.unwrap().is_none(), "not at once");
        now += RULE.longest;
    }
    let turn = find(&mut tx, &subject).await.unwrap().unwrap();
    assert_eq!((turn.state(&RULE, now), turn.fault.as_str(), turn.attempts), (State::Resting, "internal", 6));
    assert!(acquire(&mut tx, &BETA, &subject, &RULE, now + 10_000).await.unwrap().is_none());
    let anyway = acquire_anyway(&mut tx, &BETA, &subject, &RULE, now).await.unwrap().unwrap();
    assert!(acquire_anyway(&mut tx, &ALPHA, &subject, &RULE, now).await.unwrap().is_none(), "it is held");
    assert_eq!(release(&mut tx, &anyway, &Ending::Left, &RULE, now, 0).await.unwrap(), Held::Yes);
    assert!(restart(&mut tx, &subject).await.unwrap());
    assert!(!restart(&mut tx, &subject).await.unwrap(), "there is nothing more to restart");
    let lease = acquire(&mut tx, &BETA, &subject, &RULE, now).await.unwrap().unwrap();
    assert_eq!(lease.before(), &Turn::default());
}

#[tokio::test]
async fn a_seat_that_is_taken_again_frees_what_its_last_process_held() {
    let (_dir, store) = store().await;
    let mut tx = store.begin().await.unwrap();
    let (one, two) = (Subject::new("job", [1]), Subject::new("job", [2]));
    acquire(&mut tx, &ALPHA, &one, &RULE, 0).await.unwrap().unwrap();
    acquire(&mut tx, &BETA, &two, &RULE, 0).await.unwrap().unwrap();
    let reborn = Worker { owner: [12; 16], ..ALPHA };
    assert_eq!(take_seat(&mut tx, &reborn).await.unwrap(), 1);
    let lease = acquire(&mut tx, &reborn, &one, &RULE, 1).await.unwrap().unwrap();
    assert!(acquire(&mut tx, &reborn, &two, &RULE, 1).await.unwrap().is_none(), "another's seat");
    assert_eq!(take_seat(&mut tx, &reborn).await.unwrap(), 0, "its own leases stay");
    leave(&mut tx, &BETA).await.unwrap();
    assert!(acquire(&mut tx, &reborn, &two, &RULE, 1).await.unwrap().is_some());
    assert_eq!(release(&mut tx, &lease, &Ending::Left, &RULE, 2, 0).await.unwrap(), Held::Yes);
    assert_eq!(all(&mut tx, "job").await.unwrap().len(), 2);
    discard(&mut tx, "job", &[2]).await.unwrap();
    discard(&mut tx, "other", &[1]).await.unwrap();
    assert_eq!(
        all(&mut tx, "job").await.unwrap().iter().map(|(one, _)| one.clone()).collect::<Vec<_>>(),
        [one]
    );
}

/// A little generator, so that a failure can be had again.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Whether it would be free if nobody held it.
fn due(turn: Option<&Turn>, now: Micros) -> bool {
    turn.is_none_or(|turn| Turn { held_until: None, ..turn.clone() }.state(&RULE, now) == State::Free)
}

/// The statements do what the functions say, whatever happens in whatever order.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
async fn statements_and_functions_agree() {
    let (_dir, store) = store().await;
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let mut tx = store.begin().await.unwrap();
        let subject = Subject::new("job", seed.to_be_bytes());
        let (mut model, mut now): (Option<Turn>, Micros) = (None, 1_000);
        let mut leases: Vec<Lease> = Vec::new();
        let mut holder: Option<(Worker, i64)> = None;
        for step in 0..60 {
            now += i64::try_from(dice.throw(40)).unwrap();
            let state = model.clone().unwrap_or_default().state(&RULE, now);
            let is_held = matches!(state, State::Held { .. });
            let held =
                |lease: &Lease| is_held && holder.as_ref().is_some_and(|(_, fence)| *fence == lease.fence());
            match dice.throw(6) {
                0 | 1 => {
                    let worker = if dice.throw(2) == 0 { ALPHA } else { BETA };
                    let got = acquire(&mut tx, &worker, &subject, &RULE, now).await.unwrap();
                    // Whose lease is over, and who gave it back, comes in its turn again.
                    let own = is_held
                        && holder.as_ref().is_some_and(|(by, _)| *by == worker)
                        && due(model.as_ref(), now);
                    assert_eq!(
                        got.is_some(),
                        state == State::Free || own,
                        "seed {seed}, step {step}: {model:?} at {now}"
                    );
                    if let Some(lease) = got {
                        let before = model.take().unwrap_or_default();
                        model = Some(Turn { held_until: Some(now + RULE.lease), ..before });
                        holder = Some((worker, lease.fence()));
                        leases.push(lease);
                    }
                }
                2 => {
                    let Some(lease) = leases.last_mut() else { continue };
                    let expected = if held(lease) { Held::Yes } else { Held::Lost };
                    assert_eq!(
                        renew(&mut tx, lease, &RULE, now).await.unwrap(),
                        expected,
                        "seed {seed}, step {step}"
                    );
                    if let (Held::Yes, Some(turn)) = (expected, &mut model) {
                        turn.held_until = Some(now + RULE.lease);
                    }
                }
                3 | 4 => {
                    let until = now + 20;
                    let endings = [Ending::Done, Ending::Waits { until }, failed(), struck(), Ending::Left];
                    let ending = &endings[usize::try_from(dice.throw(5)).unwrap()];
                    let (chance, which) =
                        (dice.throw(u64::MAX) << 32, dice.throw(leases.len().max(1) as u64));
                    let Some(lease) = leases.get(usize::try_from(which).unwrap()) else { continue };
                    let expected = if held(lease) { Held::Yes } else { Held::Lost };
                    let got = release(&mut tx, lease, ending, &RULE, now, chance).await.unwrap();
                    assert_eq!(got, expected, "seed {seed}, step {step}");
                    if expected == Held::Yes {
                        model = model.map(|turn| turn.after(ending, &RULE, now, chance));
                        holder = None;
                    }
                }
                _ => {
                    let free = |turn: &Turn| turn.held_until.is_none() && turn.attempts > 0;
                    let expected = model.as_ref().is_some_and(free);
                    assert_eq!(
                        restart(&mut tx, &subject).await.unwrap(),
                        expected,
                        "seed {seed}, step {step}"
                    );
                    model = if expected { Some(Turn::default()) } else { model };
                }
            }
            assert_eq!(find(&mut tx, &subject).await.unwrap(), model, "seed {seed}, step {step}");
        }
        tx.commit().await.unwrap();
    }
}
