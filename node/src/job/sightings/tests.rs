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
