//! Whether this bank takes part: its own policy, over terms that it has checked against what it knows itself.
//!
//! Comes in: terms whose signature is the coordinator's, the roster and the key record that this node trusts, the
//! policy. Goes out: yes, no with its reason, or a question for a person. Pure.

use std::collections::BTreeSet;

use lianfang_proto::catalogue::Disclosure;
use lianfang_proto::documents::key_record::KeyRecord;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::ids::BankId;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::Canonical as _;

use crate::config::{Decide, Policy};
use crate::peers::roster::Pinned;

/// What the policy says of terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Takes part.
    Accept,
    /// A person decides.
    AskPerson(Why),
    /// Takes no part.
    Refuse(Why),
}

/// Why a person is asked, or the terms are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The policy says so for every job.
    Policy,
    /// `t` groups or fewer take part.
    SmallJob,
    /// The match threshold is under the policy's least.
    ThresholdTooLow,
    /// Counts alone are disclosed, and one or two participants come or go against the last such job: the difference of
    /// two counts would name them.
    CountSinglesOut,
    /// Submissions would be padded to fewer rows than the policy's least.
    PaddingTooSmall,
    /// A record could enter more jobs than the policy lets it in so many days.
    TooOften,
}

impl Why {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::SmallJob => "small-job",
            Self::ThresholdTooLow => "threshold-too-low",
            Self::CountSinglesOut => "count-singles-out",
            Self::PaddingTooSmall => "padding-too-small",
            Self::TooOften => "too-often",
        }
    }
}

/// What this bank has taken part in before.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The terms of the last job that disclosed counts alone. Who is named counts, not who came: a bank that stays away once
    /// must not stop every job that follows.
    pub last_count: Option<Terms>,
    /// The terms of the jobs within the policy's days.
    pub recent: Vec<Terms>,
}

/// What the policy says. A strict answer beats a lenient one.
pub fn consent(terms: &Terms, policy: &Policy, past: &Past) -> Consent {
    if terms.match_threshold < policy.least_threshold {
        return Consent::Refuse(Why::ThresholdTooLow);
    }
    if terms.least_rows < policy.least_rows {
        return Consent::Refuse(Why::PaddingTooSmall);
    }
    let singles_out = past.last_count.as_ref().is_some_and(|last| singles_out(terms, last));
    let concerns = [
        (true, policy.accept, Why::Policy),
        (terms.is_small(), policy.accept_small, Why::SmallJob),
        (singles_out, policy.accept_count_difference, Why::CountSinglesOut),
        (too_often(terms, policy, &past.recent), policy.accept_frequent, Why::TooOften),
    ];
    let concerns = || concerns.iter().filter(|(concerned, ..)| *concerned);
    let first = |wanted: Decide| concerns().find(|(_, decide, _)| *decide == wanted).map(|(.., why)| *why);
    match (first(Decide::Refuse), first(Decide::Ask)) {
        (Some(why), _) => Consent::Refuse(why),
        (None, Some(why)) => Consent::AskPerson(why),
        (None, None) => Consent::Accept,
    }
}

/// Whether the counts of the two jobs could be told apart by one or two participants (PROTOCOL.md 3.2).
fn singles_out(terms: &Terms, last: &Terms) -> bool {
    let banks = |terms: &Terms| -> BTreeSet<BankId> {
        terms.participants.iter().map(|participant| participant.bank.clone()).collect()
    };
    let difference = banks(terms).symmetric_difference(&banks(last)).count();
    terms.disclosure == Disclosure::Count && (1..=2).contains(&difference)
}

/// Whether some record could enter more jobs than the policy lets it within its days. Every job counts that admits a role
/// which these terms admit, so no record enters more often, whatever else the terms ask of it.
fn too_often(terms: &Terms, policy: &Policy, recent: &[Terms]) -> bool {
    if policy.jobs_of_a_record == 0 {
        return false;
    }
    let meets = |other: &&Terms| terms.admission.roles.meets(other.admission.roles);
    recent.iter().filter(meets).count() as u64 >= u64::from(policy.jobs_of_a_record)
}

/// Whether there is still time: nothing is begun or submitted after this bank's deadline and the grace behind it, by this
/// node's own clock.
pub fn check_deadline(terms: &Terms, bank: &BankId, now: i64) -> Result<(), Fault> {
    let taken_until = terms.taken_until(bank);
    if now < taken_until {
        return Ok(());
    }
    let time =
        |micros| jiff::Timestamp::from_microsecond(micros).map(|time| time.to_string()).unwrap_or_default();
    let fault = Fault::field(FaultCode::JobDeadlinePassed, "terms.deadline");
    Err(fault.wanted(time(taken_until)).got(time(now)))
}

/// Whether the terms fit what this node knows by itself. It does not go on with terms that differ.
pub fn check_terms(
    terms: &Terms,
    bank: &BankId,
    pinned: &Pinned,
    record: Option<&KeyRecord>,
    rule_set: u16,
) -> Result<(), Fault> {
    let differs = |field: &str| Err(Fault::field(FaultCode::TermsDiffer, field));
    if terms.roster_version != pinned.roster.version || terms.roster_digest != pinned.digest {
        let fault = Fault::field(FaultCode::RosterDiffers, "terms.roster_version");
        return Err(fault.wanted(pinned.roster.version).got(terms.roster_version));
    }
    if terms.participant(bank).is_none() {
        return Err(Fault::new(FaultCode::NotParticipant).at(bank.as_str()));
    }
    for participant in &terms.participants {
        if pinned.roster.active(&participant.bank).is_none_or(|member| member.group != participant.group) {
            return differs("terms.participants");
        }
    }
    let Some(record) = record else { return Err(Fault::new(FaultCode::KeyNotAgreed)) };
    if record.key != terms.key || record.digest() != terms.key_record_digest {
        return differs("terms.key_record_digest");
    }
    if terms.rule_set != rule_set {
        let fault = Fault::field(FaultCode::TermsDiffer, "terms.rule_set");
        return Err(fault.wanted(rule_set).got(terms.rule_set));
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use lianfang_proto::catalogue::{Class, Kind, Role};
    use lianfang_proto::documents::terms::{Admission, Method, Participant, Timing};
    use lianfang_proto::ids::{Epoch, Generation, GroupId, JobId, KeyId};

    use lianfang_trust::Digest;

    use super::*;

    pub(in crate::job) fn terms(banks: &[&str], match_threshold: u16) -> Terms {
        let id = |name: &&str| Participant {
            bank: BankId::parse(name, "bank").unwrap(),
            group: GroupId::parse(name, "group").unwrap(),
        };
        Terms {
            job: JobId::from_random([1; 16]),
            key: KeyId { class: Class::Subject, epoch: Epoch(1), generation: Generation(0) },
            key_record_digest: Digest::from_bytes([2; 64]),
            roster_version: 1,
            roster_digest: Digest::from_bytes([3; 64]),
            participants: banks.iter().map(id).collect(),
            rule_set: 1,
            kinds: Kind::ALL.iter().map(|k| k.number()).collect(),
            admission: Admission::everyone(),
            match_threshold,
            disclosure: Disclosure::Labels,
            method: Method::Plain,
            chunk_elements: 64,
            size_cap: 100,
            least_rows: 1024,
            deadline: i64::MAX,
            timing: Timing::default(),
            run: None,
            purpose: "p".into(),
            legal_basis: "b".into(),
        }
    }

    #[test]
    fn the_stricter_answer_stands() {
        use Decide::{Ask, Automatic, Refuse};

        let policy = |accept, accept_small, least_threshold| Policy {
            accept,
            accept_small,
            least_threshold,
            ..Policy::default()
        };
        let (small, large) = (terms(&["a", "b"], 2), terms(&["a", "b", "c"], 2));
        for (of, given, wanted) in [
            (&large, policy(Automatic, Refuse, 2), Consent::Accept),
            (&small, policy(Automatic, Refuse, 2), Consent::Refuse(Why::SmallJob)),
            (&small, policy(Automatic, Ask, 2), Consent::AskPerson(Why::SmallJob)),
            (&small, policy(Refuse, Automatic, 2), Consent::Refuse(Why::Policy)),
            (&small, policy(Ask, Refuse, 2), Consent::Refuse(Why::SmallJob)),
            (&large, policy(Ask, Automatic, 2), Consent::AskPerson(Why::Policy)),
            (&large, policy(Automatic, Automatic, 3), Consent::Refuse(Why::ThresholdTooLow)),
        ] {
            assert_eq!(consent(of, &given, &Past::default()), wanted);
        }
    }

    #[test]
    fn a_small_job_is_asked_about_even_where_others_are_not() {
        let policy = Policy { accept: Decide::Automatic, ..Policy::default() };
        assert_eq!(consent(&terms(&["a", "b", "c"], 2), &policy, &Past::default()), Consent::Accept);
        assert_eq!(
            consent(&terms(&["a", "b"], 2), &policy, &Past::default()),
            Consent::AskPerson(Why::SmallJob)
        );
    }

    #[test]
    fn the_defaults_ask_a_person() {
        assert_eq!(
            consent(&terms(&["a", "b", "c"], 2), &Policy::default(), &Past::default()),
            Consent::AskPerson(Why::Policy)
        );
    }

    #[test]
    fn counts_of_two_jobs_must_not_name_a_bank_by_their_difference() {
        let policy =
            Policy { accept: Decide::Automatic, accept_small: Decide::Automatic, ..Policy::default() };
        let count = |banks: &[&str]| Terms { disclosure: Disclosure::Count, ..terms(banks, 2) };
        let past = Past { last_count: Some(count(&["a", "b", "c", "d"])), ..Past::default() };
        let refused = Consent::Refuse(Why::CountSinglesOut);
        for (banks, wanted) in [
            (&["a", "b", "c", "d"][..], Consent::Accept),
            (&["a", "b", "c"], refused),
            (&["a", "b", "c", "e"], refused),
            (&["a", "b", "c", "d", "e", "f"], refused),
            (&["a", "b", "c", "d", "e", "f", "g"], Consent::Accept),
        ] {
            assert_eq!(consent(&count(banks), &policy, &past), wanted, "{banks:?}");
        }
        assert_eq!(consent(&terms(&["a", "b", "c"], 2), &policy, &past), Consent::Accept);
        for (decide, wanted) in
            [(Decide::Ask, Consent::AskPerson(Why::CountSinglesOut)), (Decide::Automatic, Consent::Accept)]
        {
            let policy = Policy { accept_count_difference: decide, ..policy.clone() };
            assert_eq!(consent(&count(&["a", "b", "c"]), &policy, &past), wanted);
        }
    }

    fn lenient() -> Policy {
        Policy { accept: Decide::Automatic, accept_small: Decide::Automatic, ..Policy::default() }
    }

    #[test]
    fn a_record_enters_no_more_jobs_than_the_policy_lets_it() {
        let job = terms(&["a", "b", "c"], 2);
        let of_role = |role: Role| {
            let roles = [role.number()].into_iter().collect();
            Terms { admission: Admission { roles, ..job.admission }, ..job.clone() }
        };
        let (agents, agencies) = (of_role(Role::Agent), of_role(Role::Agency));
        let bounded = |jobs_of_a_record| Policy { jobs_of_a_record, ..lenient() };
        let past = |recent: &[&Terms]| Past {
            recent: recent.iter().map(|terms| (*terms).clone()).collect(),
            ..Past::default()
        };
        let refused = Consent::Refuse(Why::TooOften);
        assert_eq!(consent(&job, &bounded(0), &past(&[&job; 50])), Consent::Accept, "no bound is set");
        assert_eq!(consent(&job, &bounded(2), &past(&[&job])), Consent::Accept);
        assert_eq!(consent(&job, &bounded(2), &past(&[&job, &job])), refused);
        assert_eq!(consent(&job, &bounded(2), &past(&[&job, &agents])), refused, "an agent was in both");
        assert_eq!(
            consent(&agencies, &bounded(1), &past(&[&agents])),
            Consent::Accept,
            "no record was in both"
        );
        let asks = Policy { accept_frequent: Decide::Ask, ..bounded(1) };
        assert_eq!(consent(&job, &asks, &past(&[&job])), Consent::AskPerson(Why::TooOften));
    }

    #[test]
    fn no_job_is_joined_that_pads_to_fewer_rows_than_the_policy_wants() {
        let job = Terms { least_rows: 1_024, ..terms(&["a", "b", "c"], 2) };
        let least = |least_rows| consent(&job, &Policy { least_rows, ..lenient() }, &Past::default());
        assert_eq!(least(1_024), Consent::Accept);
        assert_eq!(least(1_025), Consent::Refuse(Why::PaddingTooSmall));
    }

    #[test]
    fn nothing_is_begun_after_the_deadline() {
        let job = Terms { deadline: 1_000_000, ..terms(&["a", "b"], 2) };
        let [a, b] = ["a", "b"].map(|name| BankId::parse(name, "bank").unwrap());
        assert_eq!(check_deadline(&job, &a, 999_999), Ok(()));
        let timing = Timing { exceptions: vec![(b.clone(), 2_000_000)], grace: 10, ..Timing::default() };
        let longer = Terms { timing, ..job.clone() };
        assert_eq!(check_deadline(&longer, &a, 1_000_009), Ok(()));
        assert!(check_deadline(&longer, &a, 1_000_010).is_err());
        assert_eq!(check_deadline(&longer, &b, 2_000_009), Ok(()));
        assert!(check_deadline(&longer, &b, 2_000_010).is_err());
        let fault = check_deadline(&job, &a, 1_000_000).unwrap_err();
        assert_eq!(fault.code, FaultCode::JobDeadlinePassed);
        assert_eq!(fault.wanted.as_deref(), Some("1970-01-01T00:00:01Z"));
    }
}
