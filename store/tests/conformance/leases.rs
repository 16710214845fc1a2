//! Leases in their order of time, and the functions against the statements over random sequences.

use lianfang_store::Database;
use lianfang_store::trial::Trial;
use lianfang_store::work::{
    Ending, Held, Lease, Micros, Rule, State, Subject, Turn, Worker, acquire, acquire_anyway, all, discard,
    find, finish, leave, release, renew, restart, take_seat,
};

use super::WORK;

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

async fn store(trial: &Trial) -> Database {
    Database::open(&trial.place(), &WORK).await.unwrap()
}

fn subject() -> Subject {
    Subject::new("job", [7; 16])
}

pub(crate) async fn one_has_it_and_the_other_has_not(trial: &Trial) {
    let store = store(trial).await;
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

pub(crate) async fn strikes_end_in_rest_and_a_person_restarts(trial: &Trial) {
    let store = store(trial).await;
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
    assert!(restart(&mut tx, &subject, &RULE, now).await.unwrap());
    assert!(!restart(&mut tx, &subject, &RULE, now).await.unwrap(), "there is nothing more to restart");
    let lease = acquire(&mut tx, &BETA, &subject, &RULE, now).await.unwrap().unwrap();
    assert_eq!(lease.before(), &Turn::default());
}

/// Something else was done about work that rests, and whoever did it never came back.
pub(crate) async fn what_died_with_its_process_can_be_restarted(trial: &Trial) {
    let store = store(trial).await;
    let mut tx = store.begin().await.unwrap();
    let (subject, mut now) = (subject(), 1_000);
    for _ in 0..RULE.strikes {
        let lease = acquire(&mut tx, &ALPHA, &subject, &RULE, now).await.unwrap().unwrap();
        assert_eq!(release(&mut tx, &lease, &struck(), &RULE, now, FULL).await.unwrap(), Held::Yes);
        now += RULE.longest;
    }
    let mut dead = acquire_anyway(&mut tx, &ALPHA, &subject, &RULE, now).await.unwrap().unwrap();
    assert!(!restart(&mut tx, &subject, &RULE, now + RULE.lease - 1).await.unwrap(), "it is being worked on");
    now += RULE.lease;
    assert!(acquire(&mut tx, &BETA, &subject, &RULE, now).await.unwrap().is_none(), "it rests");
    assert!(restart(&mut tx, &subject, &RULE, now).await.unwrap());
    assert_eq!(renew(&mut tx, &mut dead, &RULE, now).await.unwrap(), Held::Lost);
    let lease = acquire(&mut tx, &BETA, &subject, &RULE, now).await.unwrap().unwrap();
    assert_eq!(lease.before(), &Turn::default());
}

/// With the clock set back, who holds the work for longer than any lease lasts may be alive, and gives it back later.
pub(crate) async fn what_a_person_has_cleared_is_not_brought_back(trial: &Trial) {
    let store = store(trial).await;
    let mut tx = store.begin().await.unwrap();
    let (subject, now) = (subject(), 1_000);
    let lease = acquire(&mut tx, &ALPHA, &subject, &RULE, now).await.unwrap().unwrap();
    assert_eq!(release(&mut tx, &lease, &struck(), &RULE, now, FULL).await.unwrap(), Held::Yes);
    let ahead = now + 10 * RULE.lease;
    let mut alive = acquire_anyway(&mut tx, &ALPHA, &subject, &RULE, ahead).await.unwrap().unwrap();
    assert!(restart(&mut tx, &subject, &RULE, now).await.unwrap());
    assert_eq!(renew(&mut tx, &mut alive, &RULE, now).await.unwrap(), Held::Lost);
    assert_eq!(release(&mut tx, &alive, &Ending::Left, &RULE, now, 0).await.unwrap(), Held::Lost);
    assert_eq!(finish(&mut tx, &alive, now).await.unwrap(), Held::Lost);
    assert_eq!(find(&mut tx, &subject).await.unwrap(), Some(Turn::default()));
    let next = acquire(&mut tx, &ALPHA, &subject, &RULE, now).await.unwrap().unwrap();
    assert!(next.fence() > alive.fence(), "a number is given once");
}

pub(crate) async fn a_seat_that_is_taken_again_frees_what_its_last_process_held(trial: &Trial) {
    let store = store(trial).await;
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
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
pub(crate) async fn statements_and_functions_agree(trial: &Trial) {
    let store = store(trial).await;
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
                    let expected = !is_held && model.as_ref().is_some_and(|turn| turn.attempts > 0);
                    assert_eq!(
                        restart(&mut tx, &subject, &RULE, now).await.unwrap(),
                        expected,
                        "seed {seed}, step {step}"
                    );
                    if expected {
                        // Nobody's, also where a lease was over that nobody had given back.
                        model = Some(Turn::default());
                        holder = None;
                    }
                }
            }
            assert_eq!(find(&mut tx, &subject).await.unwrap(), model, "seed {seed}, step {step}");
        }
        tx.commit().await.unwrap();
    }
}
