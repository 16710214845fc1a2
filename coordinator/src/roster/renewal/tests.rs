use std::time::Duration;

use lianfang_proto::ids::GroupId;
use lianfang_trust::SigningKey;

use super::*;

const NOW: Micros = 1_800_000_000_000_000;

fn member(standing: Standing, own_root: Option<Vec<u8>>) -> Member {
    Member {
        bank: BankId::parse("alpha", "bank").unwrap(),
        group: GroupId::parse("alpha", "group").unwrap(),
        standing,
        identity: SigningKey::from_bytes(&[1; 32]).verifying_key(),
        sealing: [1; 32],
        certificate_key: [1; 32],
        own_root,
        address: "host:1".to_owned(),
    }
}

fn renewal(replaces: u8, at: Micros) -> CertificateRenewal {
    CertificateRenewal {
        bank: BankId::parse("alpha", "bank").unwrap(),
        replaces: [replaces; 32],
        at,
        overlap: true,
        certificate: CertificateSource::Authority(Vec::new()),
    }
}

fn issued(days_ago: i64) -> Validity {
    Validity::starting(unix_time(NOW - days_ago * DAY), lianfang_link::authority::LEAF_LASTS)
}

#[test]
fn whoever_exchanged_too_many_keys_is_told_the_limit_and_when_to_come_back() {
    let hours = |hours: u64| Duration::from_hours(hours);
    let fault = all_exchanged(NOW - 20 * HOUR, NOW);
    assert_eq!((fault.code, fault.wanted.as_deref()), (FaultCode::Busy, Some("4")));
    assert_eq!(fault.field.as_deref(), Some("renewal.certificate"));
    assert_eq!(fault.retry_after, Some(hours(4)));
    // A clock that leapt gives no time that is past.
    assert_eq!(all_exchanged(NOW - 30 * HOUR, NOW).retry_after, Some(hours(0)));
}

type Row = (Member, u8, u8, Option<Vec<u8>>, Option<i64>, Micros, Result<Verdict, FaultCode>);

#[test]
fn what_is_done_with_a_request() {
    use Standing::{Active, Revoked, Suspended};
    let own = || Some(vec![7]);
    // the member; replaces; asked key; asked root; days since the last was issued; age of the request; the verdict
    let table: Vec<Row> = vec![
        (member(Active, None), 1, 1, None, None, 0, Ok(Verdict::Issue)),
        (member(Active, None), 1, 1, None, Some(10), 0, Ok(Verdict::Again)),
        (member(Active, None), 1, 1, None, Some(200), 0, Ok(Verdict::Issue)),
        (member(Active, None), 1, 1, None, Some(4_000), 0, Ok(Verdict::Issue)),
        // The coordinator's clock was ahead when it was issued.
        (member(Active, None), 1, 1, None, Some(-1), 0, Ok(Verdict::Issue)),
        (member(Active, own()), 1, 1, own(), None, 0, Ok(Verdict::Known)),
        (member(Active, own()), 1, 1, Some(vec![8]), None, 0, Ok(Verdict::Exchange)),
        (member(Active, own()), 1, 1, None, None, 0, Ok(Verdict::Exchange)),
        (member(Active, None), 1, 2, None, None, 0, Ok(Verdict::Exchange)),
        // The answer to an exchange was lost: the key is the pinned one by now.
        (member(Active, None), 9, 1, None, Some(0), 0, Ok(Verdict::Again)),
        // An older exchange is shown again.
        (member(Active, None), 9, 2, None, None, 0, Err(FaultCode::DigestDiffers)),
        (member(Active, None), 1, 1, None, None, AGE + 1, Err(FaultCode::MalformedField)),
        (member(Active, None), 1, 1, None, None, -AGE - 1, Err(FaultCode::MalformedField)),
        (member(Suspended, None), 1, 1, None, None, 0, Err(FaultCode::MemberSuspended)),
        (member(Revoked, None), 1, 1, None, None, 0, Err(FaultCode::MemberRevoked)),
    ];
    for (number, (member, replaces, key, root, last, age, wanted)) in table.into_iter().enumerate() {
        let renewal = renewal(replaces, NOW - age);
        let asked = Asked { renewal: &renewal, key: [key; 32], own_root: root.as_deref() };
        let verdict = judge(&member, &asked, last.map(issued), NOW).map_err(|fault| fault.code);
        assert_eq!(verdict, wanted, "row {number}");
    }
}

/// What is asked for beside what is pinned: under the authority, or a root of the bank's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Roots {
    /// The authority's, as before.
    Authority,
    /// The bank's own, as before.
    Own,
    /// Another than before.
    Changed,
}

/// What is done with a timely request of an active member, if no certificate was issued before, the last is young, the last
/// is old, the last is to begin only tomorrow.
fn verdicts(pinned_key: bool, roots: Roots, replaces_pinned: bool) -> [Result<Verdict, FaultCode>; 4] {
    let exchange = if replaces_pinned { Ok(Verdict::Exchange) } else { Err(FaultCode::DigestDiffers) };
    match (pinned_key, roots) {
        (true, Roots::Authority) => {
            [Ok(Verdict::Issue), Ok(Verdict::Again), Ok(Verdict::Issue), Ok(Verdict::Issue)]
        }
        (true, Roots::Own) => [Ok(Verdict::Known); 4],
        (true, Roots::Changed) => [exchange; 4],
        (false, Roots::Authority | Roots::Own | Roots::Changed) => [exchange; 4],
    }
}

/// Whether a request is heard at all, by its member's standing and its age.
fn heard(standing: Standing, in_time: bool) -> Result<(), FaultCode> {
    match (standing, in_time) {
        (Standing::Active, true) => Ok(()),
        (Standing::Active, false) => Err(FaultCode::MalformedField),
        (Standing::Suspended, _) => Err(FaultCode::MemberSuspended),
        (Standing::Revoked, _) => Err(FaultCode::MemberRevoked),
    }
}

/// The roots that are pinned and asked for, and what the one is to the other.
type PinnedAndAsked = (Roots, Option<Vec<u8>>, Option<Vec<u8>>);

#[test]
fn every_request_of_every_member() {
    let roots: [PinnedAndAsked; 5] = [
        (Roots::Authority, None, None),
        (Roots::Own, Some(vec![7]), Some(vec![7])),
        (Roots::Changed, Some(vec![7]), Some(vec![8])),
        (Roots::Changed, Some(vec![7]), None),
        (Roots::Changed, None, Some(vec![7])),
    ];
    let ages = [(0, true), (AGE, true), (-AGE, true), (AGE + 1, false), (-AGE - 1, false)];
    for standing in Standing::ALL {
        for (age, in_time) in ages {
            for (kind, pinned_root, asked_root) in &roots {
                for bits in 0..4 {
                    let [pinned_key, replaces_pinned] = [1, 2].map(|bit| bits & bit != 0);
                    let member = member(standing, pinned_root.clone());
                    let renewal = renewal(if replaces_pinned { 1 } else { 9 }, NOW - age);
                    let key = [if pinned_key { 1 } else { 2 }; 32];
                    let asked = Asked { renewal: &renewal, key, own_root: asked_root.as_deref() };
                    let last = [None, Some(10), Some(200), Some(-1)];
                    for (last, wanted) in last.into_iter().zip(verdicts(pinned_key, *kind, replaces_pinned)) {
                        let verdict = judge(&member, &asked, last.map(issued), NOW);
                        let verdict = verdict.map_err(|fault| fault.code);
                        let wanted = heard(standing, in_time).and(wanted);
                        assert_eq!(verdict, wanted, "{standing:?} {age} {kind:?} {pinned_key} {last:?}");
                    }
                }
            }
        }
    }
}
