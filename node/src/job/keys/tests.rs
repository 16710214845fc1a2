//! Which record is kept, and which is used: every case.

use std::sync::Arc;

use lianfang_crypto::share::key_share::KeyShare;
use lianfang_proto::documents::key_record::Holder;
use lianfang_proto::documents::roster::{Member, Roster, Standing};
use lianfang_proto::ids::{Generation, GroupId};
use lianfang_proto::listed;
use lianfang_trust::{Digest, SigningKey};
use zeroize::Zeroizing;

use super::*;
use crate::config::Decide;
use crate::job::tests::Alone;
use crate::key_holder::records::RecordError;
use crate::key_holder::tests::{KEY, Party, Still, dealt};
use crate::key_holder::vault::VaultError;

fn identity(letter: char) -> SigningKey {
    SigningKey::from_bytes(&[u8::try_from(letter).unwrap(); 32])
}

/// A record of these holders, each of one letter, signed by all of them.
fn record(holders: &str, epoch: u32, generation: u32, public_key: u8) -> EndorsedKeyRecord {
    let holder = |letter: char| Holder {
        bank: BankId::parse(&letter.to_string(), "bank").unwrap(),
        identity: identity(letter).verifying_key(),
        certificate_key: [7; 32],
        public_share: [7; 32],
    };
    let record = KeyRecord {
        key: KeyId { epoch: Epoch(epoch), generation: Generation(generation), ..KEY },
        threshold: 2,
        roster_digest: Digest::of("test/roster", b"one"),
        public_key: [public_key; 32],
        holders: holders.chars().map(holder).collect(),
    };
    let sign = |letter: char| *identity(letter).sign_value(&record).as_bytes();
    let signatures = holders.chars().map(sign).collect();
    EndorsedKeyRecord::new(record, signatures).unwrap()
}

fn pinned(members: &str) -> Pinned {
    let member = |letter: char| Member {
        bank: BankId::parse(&letter.to_string(), "bank").unwrap(),
        group: GroupId::parse(&letter.to_string(), "group").unwrap(),
        standing: Standing::Active,
        identity: identity(letter).verifying_key(),
        sealing: [0; 32],
        certificate_key: [7; 32],
        own_root: None,
        address: "nobody:1".into(),
    };
    let roster = Roster {
        version: 1,
        signed_at: 0,
        authority_root: vec![1],
        coordinator: identity('z').verifying_key(),
        coordinator_certificate_key: [9; 32],
        members: members.chars().map(member).collect(),
        retiring: Vec::new(),
    };
    Pinned { roster, digest: Digest::of("test/roster", b"one"), bytes: Vec::new() }
}

listed! { enum Came { Fitting, OtherKey, OtherHolders } }
listed! { enum Known { Nothing, Earlier, Later } }
listed! { enum Before { Nothing, OfTheSame, OfStrangers } }
listed! { enum Listed { All, Few } }

/// The table: which field of the record does not fit.
fn misfit(came: Came, known: Known, before: Before, listed: Listed) -> Option<&'static str> {
    match (known, came) {
        (Known::Nothing, Came::Fitting | Came::OtherKey | Came::OtherHolders) => match (before, listed) {
            (Before::OfTheSame, Listed::All | Listed::Few) => None,
            (Before::Nothing | Before::OfStrangers, Listed::All) => None,
            (Before::Nothing | Before::OfStrangers, Listed::Few) => Some("record.holders"),
        },
        (Known::Earlier | Known::Later, Came::Fitting) => None,
        (Known::Earlier | Known::Later, Came::OtherKey) => Some("record.public_key"),
        (Known::Earlier | Known::Later, Came::OtherHolders) => Some("record.holders"),
    }
}

#[test]
fn a_relayed_record_is_kept_if_it_fits_what_is_known() {
    for came in Came::ALL {
        let relayed = match came {
            Came::Fitting => record("abc", 2, 1, 1),
            Came::OtherKey => record("abc", 2, 1, 2),
            Came::OtherHolders => record("abd", 2, 1, 1),
        };
        for known in Known::ALL {
            let here = match known {
                Known::Nothing => None,
                Known::Earlier => Some(record("abc", 2, 0, 1)),
                Known::Later => Some(record("abc", 2, 2, 1)),
            };
            for before in Before::ALL {
                let compared = match before {
                    Before::Nothing => None,
                    Before::OfTheSame => Some(record("abc", 1, 0, 9)),
                    Before::OfStrangers => Some(record("xyz", 1, 0, 9)),
                };
                for listed in Listed::ALL {
                    let roster = match listed {
                        Listed::All => pinned("abcd"),
                        Listed::Few => pinned("ab"),
                    };
                    let compared = compared.as_ref().map(EndorsedKeyRecord::record);
                    let told = fits(&relayed, here.as_ref(), compared, &roster);
                    let told = told.err().map(|fault| (fault.code, fault.field.unwrap_or_default()));
                    let wanted = misfit(came, known, before, listed);
                    let wanted = wanted.map(|field| (FaultCode::TermsDiffer, field.to_owned()));
                    assert_eq!(told, wanted, "{came:?} {known:?} {before:?} {listed:?}");
                }
            }
        }
    }
}

listed! { enum State { NotHere, Kept, Compared } }
listed! { enum Deed {
    Relayed,
    Made,
    AnotherRelayed,
    AnotherMade,
    UsedAndRests,
    UsedAndPolicyAsks,
    UsedAndPolicyAgrees,
    UsedAndPolicyRefuses,
    ComparedByAPerson,
} }

/// How a record stands after a deed.
#[derive(Debug, PartialEq, Eq)]
enum After {
    NotHere,
    Kept,
    /// By whose word.
    Compared(String),
}

/// What is said of a deed.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Nothing,
    /// Another record of the key is here.
    Differs,
    /// The coordinator was asked for it, and is not there.
    Unreachable,
}

/// The table. The record was compared by "a person" before; who compares it now is "li".
fn after(state: State, deed: Deed) -> (Told, After) {
    let by = |who: &str| After::Compared(who.to_owned());
    match (state, deed) {
        (State::NotHere, Deed::Relayed | Deed::Made | Deed::AnotherRelayed | Deed::AnotherMade) => {
            (Told::Nothing, After::Kept)
        }
        (State::NotHere, Deed::UsedAndRests | Deed::UsedAndPolicyAsks) => (Told::Unreachable, After::NotHere),
        (State::NotHere, Deed::UsedAndPolicyAgrees | Deed::UsedAndPolicyRefuses) => {
            (Told::Unreachable, After::NotHere)
        }
        (State::NotHere, Deed::ComparedByAPerson) => (Told::Nothing, After::NotHere),
        (State::Kept, Deed::Relayed | Deed::Made) => (Told::Nothing, After::Kept),
        (State::Kept, Deed::AnotherRelayed | Deed::AnotherMade) => (Told::Differs, After::Kept),
        (State::Kept, Deed::UsedAndRests) => (Told::Nothing, by("succession")),
        (State::Kept, Deed::UsedAndPolicyAsks) => (Told::Nothing, After::Kept),
        (State::Kept, Deed::UsedAndPolicyAgrees) => (Told::Nothing, by("policy")),
        (State::Kept, Deed::UsedAndPolicyRefuses) => (Told::Nothing, After::Kept),
        (State::Kept, Deed::ComparedByAPerson) => (Told::Nothing, by("li")),
        (State::Compared, Deed::Relayed | Deed::Made) => (Told::Nothing, by("a person")),
        (State::Compared, Deed::AnotherRelayed | Deed::AnotherMade) => (Told::Differs, by("a person")),
        (State::Compared, Deed::UsedAndRests | Deed::UsedAndPolicyAsks) => (Told::Nothing, by("a person")),
        (State::Compared, Deed::UsedAndPolicyAgrees | Deed::UsedAndPolicyRefuses) => {
            (Told::Nothing, by("a person"))
        }
        (State::Compared, Deed::ComparedByAPerson) => (Told::Nothing, by("li")),
    }
}

/// A record with a share that fits it.
struct Dealt(Zeroizing<Vec<u8>>, EndorsedKeyRecord);

/// Two records of one key, made by holders who are known from no other case; and one of the epoch before.
struct Case {
    key: KeyId,
    first: Dealt,
    another: Dealt,
    before: Dealt,
}

impl Case {
    fn new(epoch: u32) -> Self {
        let clock = Arc::new(Still::default());
        let [a, b] = ["alpha", "beta"].map(|name| Party::new(name, &clock));
        let of = |epoch| {
            let (shares, endorsed) = dealt(&[&a, &b], KeyId { epoch: Epoch(epoch), ..KEY });
            Dealt(shares[0].to_sealed_bytes(), endorsed)
        };
        let key = KeyId { epoch: Epoch(epoch), ..KEY };
        Self { key, first: of(epoch), another: of(epoch), before: of(epoch - 1) }
    }

    async fn bring(&self, at: &Context, to: State) {
        match to {
            State::NotHere => {}
            State::Kept => at.records.put(&self.first.1).await.unwrap(),
            State::Compared => keep_compared(at, &self.first).await,
        }
    }

    async fn perform(&self, at: &mut Context, deed: Deed) -> Told {
        match deed {
            Deed::Relayed => relayed(at, &self.first).await,
            Deed::AnotherRelayed => relayed(at, &self.another).await,
            Deed::Made => made(at, &self.first).await,
            Deed::AnotherMade => made(at, &self.another).await,
            Deed::UsedAndRests => {
                keep_compared(at, &self.before).await;
                used(at, self.key, Decide::Ask).await
            }
            Deed::UsedAndPolicyAsks => used(at, self.key, Decide::Ask).await,
            Deed::UsedAndPolicyAgrees => used(at, self.key, Decide::Automatic).await,
            Deed::UsedAndPolicyRefuses => used(at, self.key, Decide::Refuse).await,
            Deed::ComparedByAPerson => {
                at.mark_compared(self.first.1.record(), records::Event::Compare, "li").await.unwrap();
                Told::Nothing
            }
        }
    }

    async fn stands(&self, at: &Context) -> After {
        let by = sqlx::query_scalar("SELECT compared_by FROM key_records WHERE epoch = $1");
        let by = by.bind(i64::from(self.key.epoch.0));
        let by: Option<Option<String>> = by.fetch_optional(at.store.readers()).await.unwrap();
        match by {
            None => After::NotHere,
            Some(None) => After::Kept,
            Some(Some(by)) => After::Compared(by),
        }
    }
}

async fn keep_compared(at: &Context, Dealt(_, endorsed): &Dealt) {
    at.records.put(endorsed).await.unwrap();
    at.mark_compared(endorsed.record(), records::Event::Compare, "a person").await.unwrap();
}

/// As it is kept once it was found to fit.
async fn relayed(at: &Context, Dealt(_, endorsed): &Dealt) -> Told {
    match at.records.put(endorsed).await {
        Ok(()) => Told::Nothing,
        Err(RecordError::Differs) => Told::Differs,
        Err(other) => panic!("{other}"),
    }
}

/// As it comes of a ceremony here.
async fn made(at: &Context, Dealt(share, endorsed): &Dealt) -> Told {
    let share = KeyShare::decode(share).unwrap();
    match at.vault.activate(endorsed.clone(), share, &*at.ports.chance).await {
        Ok(()) => Told::Nothing,
        Err(VaultError::Record(RecordError::Differs)) => Told::Differs,
        Err(other) => panic!("{other}"),
    }
}

/// As it is looked for when it is needed.
async fn used(at: &mut Context, key: KeyId, compare: Decide) -> Told {
    Arc::make_mut(&mut at.config).policy.compare = compare;
    match at.fetch_record(key.class, key.epoch).await {
        Ok(()) => Told::Nothing,
        Err(fault) if fault.code == FaultCode::Unreachable => Told::Unreachable,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn every_deed_at_every_state_of_a_record() {
    let mut alone = Alone::new().await;
    let at = Arc::get_mut(&mut alone.context).expect("nobody else has it");
    let pairs = State::ALL.iter().flat_map(|state| Deed::ALL.iter().map(move |deed| (*state, *deed)));
    for (epoch, (state, deed)) in (10..).step_by(2).zip(pairs) {
        let case = Case::new(epoch);
        case.bring(at, state).await;
        let told = case.perform(at, deed).await;
        let stands = case.stands(at).await;
        let wanted = after(state, deed);
        assert_eq!((told, &stands), (wanted.0, &wanted.1), "{state:?} {deed:?}");

        // Nothing is used that was not compared.
        Arc::make_mut(&mut at.config).policy.compare = Decide::Ask;
        let used = at.compared_record(case.key.class, case.key.epoch).await;
        let refused = match stands {
            After::NotHere => Some(FaultCode::Unreachable),
            After::Kept => Some(FaultCode::KeyNotCompared),
            After::Compared(_) => None,
        };
        assert_eq!(used.err().map(|fault| fault.code), refused, "{state:?} {deed:?}");
    }
}

/// Where a record that is needed was looked at before a person compared it, and is settled afterwards.
#[tokio::test]
async fn a_policy_that_is_late_takes_nothing_from_a_person() {
    let mut alone = Alone::new().await;
    let at = Arc::get_mut(&mut alone.context).expect("nobody else has it");
    Arc::make_mut(&mut at.config).policy.compare = Decide::Automatic;
    for (epoch, rests) in [(10, false), (12, true)] {
        let case = Case::new(epoch);
        case.bring(at, State::Kept).await;
        if rests {
            keep_compared(at, &case.before).await;
        }
        let looked_at = at.records.exact(case.key).await.unwrap().unwrap();
        assert!(!looked_at.compared);
        at.mark_compared(case.first.1.record(), records::Event::Compare, "li").await.unwrap();
        let log = at.log.head().await.unwrap();
        at.settle(&looked_at).await.unwrap();
        assert_eq!(case.stands(at).await, After::Compared("li".to_owned()), "it rests: {rests}");
        assert!(at.log.head().await.unwrap() == log, "the log says more: {rests}");
    }
}
