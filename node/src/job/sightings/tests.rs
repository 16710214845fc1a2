use lianfang_proto::listed;

use super::judge::{Judgement, OVERTAKING, judge};
use super::*;
use crate::key_holder::tests::KEY;
use crate::store::tests::Bench;

fn holder() -> BankId {
    BankId::parse("alpha", "bank").unwrap()
}

fn open(bench: &Bench) -> Sightings {
    Sightings::new(bench.store.clone(), Log::new(bench.store.clone(), "test"))
}

fn standing(charge_number: u64, ledger_lost: bool) -> GetStandingReply {
    GetStandingReply { charge_number, ledger_lost, ..GetStandingReply::default() }
}

#[test]
fn only_a_number_that_goes_back_is_held_against_a_holder() {
    assert_eq!(judge(0, 0, false), Judgement::Fine);
    assert_eq!(judge(7, 7, false), Judgement::Fine);
    assert_eq!(judge(7, 6, false), Judgement::Behind);
    assert_eq!(judge(7, 6, true), Judgement::Declared);
    assert_eq!(judge(u64::MAX, 0, false), Judgement::Behind);
}

#[tokio::test]
async fn a_restored_holder_is_in_doubt_until_a_person_settles_it() {
    let bench = Bench::new().await;
    let sightings = open(&bench);
    sightings.answered(&holder(), KEY, 40, b"answer").await.unwrap();
    let seen = sightings.highest(&holder()).await.unwrap();
    assert_eq!(seen, Sighting { number: 40, answer: b"answer".to_vec() });
    // Answers under way at once overtake each other; that is no doubt.
    sightings.answered(&holder(), KEY, 38, b"late").await.unwrap();
    sightings.stands(&holder(), KEY, 40, &standing(41, false)).await.unwrap();
    let behind = sightings.stands(&holder(), KEY, 40, &standing(12, false)).await.unwrap_err();
    assert_eq!((behind.code, behind.party.as_deref()), (FaultCode::LedgerBehind, Some("alpha")));

    // It stands over a restart, and over later numbers that are high enough.
    let sightings = open(&bench);
    assert!(sightings.check(&holder(), KEY).await.is_err());
    assert!(sightings.stands(&holder(), KEY, 40, &standing(50, false)).await.is_err());
    let other = KeyId { epoch: Epoch(2), ..KEY };
    assert!(sightings.check(&holder(), other).await.is_ok());

    assert!(sightings.settle(&holder(), KEY.class, KEY.epoch, None, "li").await.unwrap());
    assert!(!sightings.settle(&holder(), KEY.class, KEY.epoch, None, "li").await.unwrap());
    assert!(sightings.check(&holder(), KEY).await.is_ok());
    assert_eq!(sightings.highest(&holder()).await.unwrap().number, 12, "numbers count from there on");
    assert!(sightings.stands(&holder(), KEY, 12, &standing(13, false)).await.is_ok());
    let list = sightings.list().await.unwrap();
    assert_eq!((list[0].seen, list[0].shown, list[0].settled_by.as_deref()), (40, 12, Some("li")));
    assert!(open(&bench).check(&holder(), KEY).await.is_ok());
}

#[tokio::test]
async fn a_holder_that_declares_its_ledger_lost_is_used_again() {
    let bench = Bench::new().await;
    let sightings = open(&bench);
    sightings.answered(&holder(), KEY, u64::MAX, b"x").await.unwrap();
    assert!(sightings.answered(&holder(), KEY, 0, b"y").await.is_ok());
    assert!(sightings.check(&holder(), KEY).await.is_err(), "no overtaking explains this");
    sightings.stands(&holder(), KEY, 5, &standing(3, true)).await.unwrap();
    assert!(sightings.check(&holder(), KEY).await.is_ok());
    assert_eq!(sightings.highest(&holder()).await.unwrap(), Sighting { number: 3, answer: Vec::new() });
    // A second restore is a second doubt.
    sightings.answered(&holder(), KEY, 9, b"z").await.unwrap();
    assert!(sightings.stands(&holder(), KEY, 9, &standing(8, false)).await.is_err());
}

/// A holder is asked where it stands, and before it has answered a person settles the doubt that there was.
#[tokio::test]
async fn a_doubt_that_was_settled_meanwhile_is_not_raised_again() {
    let bench = Bench::new().await;
    let sightings = open(&bench);
    sightings.answered(&holder(), KEY, 40, b"answer").await.unwrap();
    let before = sightings.highest(&holder()).await.unwrap().number;
    assert!(sightings.stands(&holder(), KEY, before, &standing(12, false)).await.is_err());
    assert!(sightings.settle(&holder(), KEY.class, KEY.epoch, None, "li").await.unwrap());
    sightings.stands(&holder(), KEY, before, &standing(13, false)).await.unwrap();
    assert_eq!(sightings.list().await.unwrap()[0].settled_by.as_deref(), Some("li"));
    // What has gone back since is a doubt of its own, and is told from where numbers began anew.
    assert!(sightings.stands(&holder(), KEY, before, &standing(11, false)).await.is_err());
    let list = sightings.list().await.unwrap();
    assert_eq!((list[0].seen, list[0].shown, list[0].settled_by.as_deref()), (12, 11, None));
}

/// The highest number before.
const BEFORE: u64 = 4 * OVERTAKING;
/// The one that caused the doubt, where there is one.
const CAUSE: u64 = 3 * OVERTAKING;
/// One that explains itself by nothing.
const LOW: u64 = BEFORE - OVERTAKING - 1;

listed! { enum State { NeverDoubted, InDoubt, Settled } }
listed! { enum Deed {
    AnswerGoesOn,
    AnswerSame,
    AnswerOvertaken,
    AnswerGoesBack,
    StandsFurther,
    StandsSame,
    StandsBack,
    LostAndFurther,
    LostAndSame,
    LostAndBack,
    SettledByAPerson,
} }

impl State {
    fn trust(self) -> Trust {
        match self {
            Self::NeverDoubted | Self::Settled => Trust::Trusted,
            Self::InDoubt => Trust::InDoubt,
        }
    }

    fn all_of(trust: Trust) -> &'static [Self] {
        match trust {
            Trust::Trusted => &[Self::NeverDoubted, Self::Settled],
            Trust::InDoubt => &[Self::InDoubt],
        }
    }
}

impl Deed {
    fn heard(self) -> Heard {
        let answered = |shown| Heard::Answered { before: BEFORE, shown };
        let stands = |shown, lost| Heard::Stands { before: BEFORE, shown, lost };
        match self {
            Self::AnswerGoesOn => answered(BEFORE + 1),
            Self::AnswerSame => answered(BEFORE),
            Self::AnswerOvertaken => answered(BEFORE - OVERTAKING),
            Self::AnswerGoesBack => answered(LOW),
            Self::StandsFurther => stands(BEFORE + 1, false),
            Self::StandsSame => stands(BEFORE, false),
            Self::StandsBack => stands(BEFORE - 1, false),
            Self::LostAndFurther => stands(BEFORE + 1, true),
            Self::LostAndSame => stands(BEFORE, true),
            Self::LostAndBack => stands(BEFORE - 1, true),
            Self::SettledByAPerson => Heard::Settled,
        }
    }

    fn all_of(heard: Heard) -> &'static [Self] {
        match heard {
            Heard::Answered { .. } => {
                &[Self::AnswerGoesOn, Self::AnswerSame, Self::AnswerOvertaken, Self::AnswerGoesBack]
            }
            Heard::Stands { lost: false, .. } => &[Self::StandsFurther, Self::StandsSame, Self::StandsBack],
            Heard::Stands { lost: true, .. } => &[Self::LostAndFurther, Self::LostAndSame, Self::LostAndBack],
            Heard::Settled => &[Self::SettledByAPerson],
        }
    }
}

/// The table.
fn step(trust: Trust, deed: Deed) -> Step {
    match (trust, deed) {
        (Trust::Trusted, Deed::AnswerGoesOn) => Step::Raise,
        (Trust::Trusted, Deed::AnswerSame) => Step::Nothing,
        (Trust::Trusted, Deed::AnswerOvertaken) => Step::Nothing,
        (Trust::Trusted, Deed::AnswerGoesBack) => Step::Doubt,
        (Trust::Trusted, Deed::StandsFurther) => Step::Nothing,
        (Trust::Trusted, Deed::StandsSame) => Step::Nothing,
        (Trust::Trusted, Deed::StandsBack) => Step::Doubt,
        (Trust::Trusted, Deed::LostAndFurther) => Step::Nothing,
        (Trust::Trusted, Deed::LostAndSame) => Step::Nothing,
        (Trust::Trusted, Deed::LostAndBack) => Step::Settle,
        (Trust::Trusted, Deed::SettledByAPerson) => Step::Nothing,
        (Trust::InDoubt, Deed::AnswerGoesOn) => Step::Raise,
        (Trust::InDoubt, Deed::AnswerSame | Deed::AnswerOvertaken | Deed::AnswerGoesBack) => Step::Nothing,
        (Trust::InDoubt, Deed::StandsFurther | Deed::StandsSame | Deed::StandsBack) => Step::Nothing,
        (Trust::InDoubt, Deed::LostAndFurther | Deed::LostAndSame | Deed::LostAndBack) => Step::Settle,
        (Trust::InDoubt, Deed::SettledByAPerson) => Step::Settle,
    }
}

#[test]
fn whatever_is_heard_of_a_holder_trusted_or_not() {
    for state in State::ALL {
        assert!(State::all_of(state.trust()).contains(&state));
        for deed in Deed::ALL {
            assert!(Deed::all_of(deed.heard()).contains(&deed), "{deed:?}");
            assert_eq!(next(state.trust(), deed.heard()), step(state.trust(), deed), "{state:?} {deed:?}");
        }
    }
}

/// Brings a holder of whom nothing is known into this state, with [`BEFORE`] as its highest number.
async fn bring(sightings: &Sightings, to: State) {
    sightings.answered(&holder(), KEY, BEFORE, b"before").await.unwrap();
    if to == State::NeverDoubted {
        return;
    }
    assert!(sightings.stands(&holder(), KEY, BEFORE, &standing(CAUSE, false)).await.is_err());
    if to == State::Settled {
        assert!(sightings.settle(&holder(), KEY.class, KEY.epoch, None, "wang").await.unwrap());
        sightings.answered(&holder(), KEY, BEFORE, b"before").await.unwrap();
    }
}

/// The row of the doubt as it was brought about.
fn doubt(settled_by: Option<&str>) -> Doubt {
    let (class, epoch) = (KEY.class, KEY.epoch);
    let settled_by = settled_by.map(str::to_owned);
    Doubt { holder: holder(), class, epoch, seen: BEFORE, shown: CAUSE, settled_by }
}

/// The row and the highest number that the table demands, and whether the holder is used.
fn wanted(state: State, deed: Deed) -> (Option<Doubt>, Sighting, bool) {
    let row = match state {
        State::NeverDoubted => None,
        State::InDoubt => Some(doubt(None)),
        State::Settled => Some(doubt(Some("wang"))),
    };
    let (shown, by) = match deed.heard() {
        Heard::Answered { shown, .. } | Heard::Stands { shown, .. } => (shown, DECLARED),
        Heard::Settled => (CAUSE, "li"),
    };
    let before = Sighting { number: BEFORE, answer: b"before".to_vec() };
    let trusted = state.trust() == Trust::Trusted;
    match step(state.trust(), deed) {
        Step::Nothing => (row, before, trusted),
        Step::Raise => (row, Sighting { number: shown, answer: b"now".to_vec() }, trusted),
        Step::Doubt => (Some(Doubt { shown, ..doubt(None) }), before, false),
        Step::Settle => {
            let row = if trusted { row } else { Some(doubt(Some(by))) };
            (row, Sighting { number: shown, answer: Vec::new() }, true)
        }
    }
}

#[tokio::test]
async fn the_store_does_what_the_table_says() {
    for state in State::ALL {
        for deed in Deed::ALL {
            let case = format!("{state:?} {deed:?}");
            let bench = Bench::new().await;
            let sightings = open(&bench);
            bring(&sightings, state).await;
            let (row, highest, used) = wanted(state, deed);
            match deed.heard() {
                Heard::Answered { shown, .. } => {
                    sightings.answered(&holder(), KEY, shown, b"now").await.unwrap();
                }
                Heard::Stands { before, shown, lost } => {
                    let told = sightings.stands(&holder(), KEY, before, &standing(shown, lost)).await;
                    assert_eq!(told.is_ok(), used, "{case}");
                }
                Heard::Settled => {
                    let settled = sightings.settle(&holder(), KEY.class, KEY.epoch, None, "li").await;
                    assert_eq!(settled.unwrap(), state == State::InDoubt, "{case}");
                }
            }
            // Another process, or this one after a restart, finds the same.
            for sightings in [sightings, open(&bench)] {
                assert_eq!(sightings.check(&holder(), KEY).await.is_ok(), used, "{case}");
                assert_eq!(sightings.highest(&holder()).await.unwrap(), highest, "{case}");
                assert_eq!(sightings.list().await.unwrap().pop(), row, "{case}");
            }
        }
    }
}
