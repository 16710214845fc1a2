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
}

impl Why {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::SmallJob => "small-job",
            Self::ThresholdTooLow => "threshold-too-low",
            Self::CountSinglesOut => "count-singles-out",
        }
    }
}

/// What the policy says. A strict answer beats a lenient one. `last_count` is the last job that this bank took part in
/// and that disclosed counts alone.
pub fn consent(terms: &Terms, policy: &Policy, last_count: Option<&Terms>) -> Consent {
    if last_count.is_some_and(|last| singles_out(terms, last)) {
        return Consent::Refuse(Why::CountSinglesOut);
    }
    if terms.match_threshold < policy.least_threshold {
        return Consent::Refuse(Why::ThresholdTooLow);
    }
    let by = |decide, why| match decide {
        Decide::Automatic => Consent::Accept,
        Decide::Ask => Consent::AskPerson(why),
        Decide::Refuse => Consent::Refuse(why),
    };
    let any = by(policy.accept, Why::Policy);
    let small = if terms.is_small() { by(policy.accept_small, Why::SmallJob) } else { Consent::Accept };
    match (any, small) {
        (Consent::Refuse(_), _) => any,
        (_, Consent::Refuse(_)) => small,
        (Consent::AskPerson(_), _) => any,
        (Consent::Accept, _) => small,
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
    use lianfang_proto::catalogue::{Class, Kind};
    use lianfang_proto::documents::terms::{Admission, Method, Participant};
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
            deadline: 0,
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
            assert_eq!(consent(of, &given, None), wanted);
        }
    }

    #[test]
    fn a_small_job_is_asked_about_even_where_others_are_not() {
        let policy = Policy { accept: Decide::Automatic, ..Policy::default() };
        assert_eq!(consent(&terms(&["a", "b", "c"], 2), &policy, None), Consent::Accept);
        assert_eq!(consent(&terms(&["a", "b"], 2), &policy, None), Consent::AskPerson(Why::SmallJob));
    }

    #[test]
    fn the_defaults_ask_a_person() {
        assert_eq!(
            consent(&terms(&["a", "b", "c"], 2), &Policy::default(), None),
            Consent::AskPerson(Why::Policy)
        );
    }

    #[test]
    fn counts_of_two_jobs_must_not_name_a_bank_by_their_difference() {
        let policy =
            Policy { accept: Decide::Automatic, accept_small: Decide::Automatic, ..Policy::default() };
        let count = |banks: &[&str]| Terms { disclosure: Disclosure::Count, ..terms(banks, 2) };
        let last = count(&["a", "b", "c", "d"]);
        let refused = Consent::Refuse(Why::CountSinglesOut);
        for (banks, wanted) in [
            (&["a", "b", "c", "d"][..], Consent::Accept),
            (&["a", "b", "c"], refused),
            (&["a", "b", "c", "e"], refused),
            (&["a", "b", "c", "d", "e", "f"], refused),
            (&["a", "b", "c", "d", "e", "f", "g"], Consent::Accept),
        ] {
            assert_eq!(consent(&count(banks), &policy, Some(&last)), wanted, "{banks:?}");
        }
        assert_eq!(consent(&terms(&["a", "b", "c"], 2), &policy, Some(&last)), Consent::Accept);
    }
}
