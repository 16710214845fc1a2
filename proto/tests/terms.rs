//! Terms on the wire: golden bytes of their second layout, and what no terms can say.

#![expect(clippy::unwrap_used, reason = "tests")]

use lianfang_proto::catalogue::{Class, Disclosure};
use lianfang_proto::documents::terms::{Admission, Method, Participant, Run, Terms, Timing};
use lianfang_proto::ids::{BankId, Epoch, Generation, GroupId, JobId, KeyId, ScheduleName};
use lianfang_proto::label::NumberSet;
use lianfang_trust::{Canonical, DecodeError, Digest};

const GOLDEN: &str = "\
     000000000000000e6c69616e66616e672f7465726d730201010101010101010101010101010101010000000300000001 \
     020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202 \
     020202020202020202020202020202020000000000000007030303030303030303030303030303030303030303030303 \
     030303030303030303030303030303030303030303030303030303030303030303030303030303030000000000000002 \
     0000000000000005616c7068610000000000000005616c70686100000000000000046265746100000000000000036269 \
     670001000000160000000e00000002010000000e01ffffffffffffffff0000000000004e200002030100000040000000 \
     00000003e8000000000000040000066517289880000000000000000001000000000000000462657461000665172dbedc \
     000000000000000002000000141dd76000000000050775d8000000000a0eebb0000100000000000000067765656b6c79 \
     0006651728893dc00109090909090909090909090909090909000000000000000ce88194e998b2e88194e6b2bb000000 \
     00000000056261736973";

fn bank(name: &str) -> BankId {
    BankId::parse(name, "bank").unwrap()
}

fn terms() -> Terms {
    let participant =
        |name, group| Participant { bank: bank(name), group: GroupId::parse(group, "group").unwrap() };
    Terms {
        job: JobId::from_random([1; 16]),
        key: KeyId { class: Class::Subject, epoch: Epoch(3), generation: Generation(1) },
        key_record_digest: Digest::from_bytes([2; 64]),
        roster_version: 7,
        roster_digest: Digest::from_bytes([3; 64]),
        participants: vec![participant("alpha", "alpha"), participant("beta", "big")],
        rule_set: 1,
        kinds: NumberSet::from_bits(0b10110),
        admission: Admission {
            roles: NumberSet::from_bits(0b1110),
            typologies: NumberSet::from_bits(0b10),
            without_typology: true,
            grades: NumberSet::from_bits(0b1110),
            window: Some((-1, 20_000)),
        },
        match_threshold: 2,
        disclosure: Disclosure::Labels,
        method: Method::Plain,
        chunk_elements: 64,
        size_cap: 1_000,
        least_rows: 1_024,
        deadline: 1_800_000_000_000_000,
        timing: Timing {
            exceptions: vec![(bank("beta"), 1_800_000_086_400_000)],
            reminders: vec![86_400_000_000, 21_600_000_000],
            grace: 43_200_000_000,
        },
        run: Some(Run {
            schedule: ScheduleName::parse("weekly", "schedule").unwrap(),
            planned_at: 1_799_999_999_000_000,
            predecessor: Some(JobId::from_random([9; 16])),
        }),
        purpose: "联防联治".to_owned(),
        legal_basis: "basis".to_owned(),
    }
}

#[test]
fn the_bytes_are_golden() {
    let golden: String = GOLDEN.split_whitespace().collect();
    assert_eq!(hex::encode(terms().encode()), golden);
    assert_eq!(Terms::decode(&hex::decode(golden).unwrap()).unwrap(), terms());
}

#[test]
fn an_earlier_layout_is_told_from_this_one() {
    let mut bytes = terms().encode();
    let version = 8 + Terms::DOMAIN.len();
    bytes[version] = 1;
    let refused = Terms::decode(&bytes);
    assert!(matches!(refused, Err(DecodeError::Version { expected: 2, got: 1, .. })), "{refused:?}");
}

#[test]
fn who_is_awaited_until_when() {
    let terms = terms();
    let (alpha, beta) = (bank("alpha"), bank("beta"));
    assert_eq!(terms.deadline_of(&alpha), terms.deadline);
    assert_eq!(terms.taken_until(&alpha), terms.deadline + terms.timing.grace);
    assert_eq!(terms.deadline_of(&beta), terms.deadline + 86_400_000);
    assert_eq!(terms.last_taken(), terms.taken_until(&beta));
}

#[test]
fn what_no_terms_can_say() {
    const DAY: i64 = 86_400_000_000;
    let timing = |change: &dyn Fn(&mut Timing)| {
        let mut terms = terms();
        change(&mut terms.timing);
        terms
    };
    let table = [
        (timing(&|t| t.exceptions.push((bank("alpha"), 0))), "exceptions"),
        (timing(&|t| t.exceptions.push((bank("beta"), 0))), "exceptions"),
        (timing(&|t| t.exceptions[0].0 = bank("omega")), "exceptions"),
        (timing(&|t| t.reminders.reverse()), "reminders"),
        (timing(&|t| t.reminders.push(0)), "reminders"),
        (timing(&|t| t.reminders[0] = 367 * DAY), "reminders"),
        (timing(&|t| t.reminders = (1..=9).rev().collect()), "reminders"),
        (timing(&|t| t.grace = -1), "grace"),
        (timing(&|t| t.grace = 367 * DAY), "grace"),
    ];
    for (terms, named) in table {
        let field = match Terms::decode(&terms.encode()).unwrap_err() {
            DecodeError::Value { field, .. }
            | DecodeError::NotCanonical { field }
            | DecodeError::TooLong { field, .. } => field.to_owned(),
            other => other.to_string(),
        };
        assert!(field.contains(named), "{named}: {field}");
    }
}
