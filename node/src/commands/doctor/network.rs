//! What is found by asking: the own port, the coordinator and what it sees of this node, the key holders.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use lianfang_desk::Exit;
use lianfang_link::client::DialLimits;
use lianfang_link::transport::at_home;
use lianfang_link::{Dialer, LinkError, Party};
use lianfang_proto::documents::roster::Standing;
use lianfang_proto::ids::{BankId, KeyId};
use lianfang_proto::v1::{CheckUpReply, GetStandingReply};
use lianfang_proto::{Fault, FaultCode};
use lianfang_telemetry::doctor::{Finding, State};

use super::time::{self, clock};
use crate::app::{App, Joined};
use crate::fault::problem;
use crate::membership::renewal::{Renewing, is_of_certificates};
use crate::peers::coordinator::NAME;
use crate::ports::Micros;

/// Elements under which a quota is as good as used up: a small job's.
const ELEMENTS: u64 = 10_000;
/// Time for the own port to answer.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn checks(node: &App, joined: &Joined) -> Vec<Finding> {
    let asked = node.ports.clock.now();
    let seen = joined.context.coordinator.check_up().await;
    let answered = node.ports.clock.now();
    if let Some(ended) = ended(node, joined, seen.as_ref().err()).await {
        // Everybody refuses it for this one reason, so nobody else is asked.
        let mut findings = vec![Finding::problem("membership", problem(&ended))];
        findings.extend(time::certificates(node, joined));
        return findings;
    }
    let bank = joined.context.bank.as_str();
    let mut findings = vec![Finding::ok("membership", "doctor-membership-ok").with("bank", bank)];
    findings.extend(time::certificates(node, joined));
    findings.extend(port(node, joined).await);
    match seen {
        Ok(seen) => {
            findings.push(Finding::ok("coordinator", "doctor-coordinator-ok"));
            findings.push(clock("clock", NAME, seen.time_us, asked, answered));
            let pinned = joined.context.roster.now();
            findings.push(roster(pinned.roster.version, pinned.digest.as_bytes(), &seen));
            findings.push(advertised(node, &seen));
            findings.push(reached(&seen));
        }
        Err(fault) => findings.push(Finding::problem("coordinator", problem(&fault)).with("party", NAME)),
    }
    findings.extend(holders(node, joined).await);
    findings
}

/// Whether this bank takes no part any more: as the roster here says, or else the coordinator, if it is asked why it refuses
/// this node. `fault` is what it has answered.
async fn ended(node: &App, joined: &Joined, fault: Option<&Fault>) -> Option<Fault> {
    let fault = fault?;
    let context = &joined.context;
    let standing = context.roster.now().roster.member(&context.bank).map(|member| member.standing);
    let known = |code| Some(Fault::new(code).at(context.bank.as_str()));
    match standing {
        Some(Standing::Suspended) => known(FaultCode::MemberSuspended),
        Some(Standing::Revoked) => known(FaultCode::MemberRevoked),
        // A connection that a suspension has just cut is no certificate's matter yet.
        _ if is_of_certificates(fault.code) || fault.code == FaultCode::Unreachable => {
            Renewing { node, joined }.ended().await
        }
        _ => None,
    }
}

/// Whether this node answers at its own address; if nobody does, whether it could listen there.
async fn port(node: &App, joined: &Joined) -> Option<Finding> {
    let context = &joined.context;
    let limits = DialLimits { connect: PATIENCE, ..DialLimits::default() };
    let directory = std::sync::Arc::new(context.roster.clone());
    let transport = std::sync::Arc::clone(&node.transport);
    let dialer = Dialer::new(transport, Some(&joined.identity), directory, &node.clock(), limits);
    let address = at_home(&node.config.listen);
    let own = Party::Bank(context.bank.as_str().to_owned());
    let dialled = dialer.connect(&address, &own).await.map(drop);
    let listened = match &dialled {
        Err(LinkError::NotListening | LinkError::Unreachable) => {
            node.transport.listen(&node.config.listen).await.map(drop).map_err(|error| error.to_string())
        }
        _ => Ok(()),
    };
    let finding = heard(&dialled, listened)?;
    Some(finding.with("address", node.config.listen.as_str()))
}

/// What dialling the own address has shown; and, where nobody is there, listening at it. Nothing where the own certificate is
/// not valid at this time: who answers cannot be told then, and `certificate` or `clock` says why.
fn heard(dialled: &Result<(), LinkError>, listened: Result<(), String>) -> Option<Finding> {
    Some(match dialled {
        Ok(()) => Finding::ok("port", "doctor-port-ok"),
        Err(LinkError::NotListening | LinkError::Unreachable) => match listened {
            Ok(()) => Finding::warn("port", "doctor-port-idle"),
            Err(detail) => Finding::fail("port", "doctor-port-taken").with("detail", detail),
        },
        Err(other) if matches!(other.reason(), "expired" | "not-yet-valid") => return None,
        Err(other) => Finding::fail("port", "doctor-port-other").with("detail", other.reason()),
    })
}

/// Whether coordinator and node have the same roster; `own` and `digest` are those of the one in force here.
fn roster(own: u64, digest: &[u8], seen: &CheckUpReply) -> Finding {
    let version = seen.roster_version;
    match own.cmp(&version) {
        Ordering::Less => {
            Finding::warn("roster", "doctor-roster-behind").with("own", own).with("version", version)
        }
        Ordering::Greater => {
            let finding = Finding::fail("roster", "doctor-roster-ahead").exiting(Exit::Refused);
            finding.with("own", own).with("version", version)
        }
        Ordering::Equal if seen.roster_digest == *digest => {
            Finding::ok("roster", "doctor-roster-ok").with("version", version)
        }
        Ordering::Equal => differs(NAME, version),
    }
}

fn differs(party: &str, version: u64) -> Finding {
    let finding = Finding::fail("roster", "doctor-roster-differs").exiting(Exit::Refused);
    finding.with("party", party).with("version", version)
}

fn advertised(node: &App, seen: &CheckUpReply) -> Finding {
    let own = node.config.advertised();
    if own == seen.address {
        return Finding::ok("configuration", "doctor-config-ok");
    }
    Finding::fail("configuration", "doctor-address-differs")
        .with("own", own)
        .with("address", shown(&seen.address))
}

/// Whether the coordinator reaches this node. Its word for the reason is of a closed list, or it is none.
fn reached(seen: &CheckUpReply) -> Finding {
    let finding = match seen.reached.as_str() {
        "ok" => Finding::ok("address", "doctor-address-ok"),
        "not-tried" => return Finding::warn("address", "doctor-address-untried"),
        "not-listening" | "unreachable" | "timed-out" | "closed" | "overloaded" => {
            Finding::fail("address", "doctor-address-unreachable").exiting(Exit::Unreachable)
        }
        "incompatible" | "garbled" => Finding::fail("address", "doctor-address-incompatible"),
        _ => Finding::fail("address", "doctor-address-refused"),
    };
    finding.with("address", shown(&seen.address)).with("why", shown(&seen.reached))
}

/// What a peer wrote, as it may be shown on a terminal.
fn shown(text: &str) -> String {
    let plain = |c: &char| c.is_ascii_graphic();
    text.chars().filter(plain).take(lianfang_proto::limits::ADDRESS_BYTES).collect()
}

/// What the holders of the newest keys say. Too few of them is a problem, one of many is not yet.
async fn holders(node: &App, joined: &Joined) -> Vec<Finding> {
    let records = joined.context.records.all().await.unwrap_or_default();
    let Some(newest) = records
        .iter()
        .map(lianfang_proto::documents::key_record::EndorsedKeyRecord::record)
        .max_by_key(|record| record.key.epoch.0)
    else {
        return Vec::new();
    };
    let own = &joined.context.bank;
    let others: BTreeSet<&BankId> =
        newest.holders.iter().map(|holder| &holder.bank).filter(|bank| *bank != own).collect();
    let asked = others.iter().map(|bank| holder(node, joined, bank, newest.key));
    let findings: Vec<Vec<Finding>> = join_all(asked).await;
    let answering = findings.iter().filter(|of_one| answers(of_one)).count();
    let needed = usize::from(newest.threshold) - usize::from(newest.holder(own).is_some());
    let soften = |finding: Finding| {
        if answering >= needed && finding.check() == "holder" {
            finding.softened_if_failed()
        } else {
            finding
        }
    };
    findings.into_iter().flatten().map(soften).collect()
}

fn answers(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.check() != "holder" || finding.state() != State::Fail)
}

async fn holder(node: &App, joined: &Joined, bank: &BankId, key: KeyId) -> Vec<Finding> {
    let seen = joined.context.sightings.highest(bank).await;
    let shown = seen.map(|seen| seen.answer).unwrap_or_default();
    let asked = node.ports.clock.now();
    match joined.context.holders.standing(bank, key, shown).await {
        Ok(standing) => standing_of(joined, bank, &standing, asked, node.ports.clock.now()),
        // It answers, and has not admitted this bank.
        Err(fault) if fault.code == FaultCode::NotAdmitted => vec![refused(&fault, bank)],
        Err(fault) => vec![Finding::problem("holder", problem(&fault)).with("party", bank.as_str())],
    }
}

fn refused(fault: &Fault, bank: &BankId) -> Finding {
    Finding::problem("holder", problem(fault)).with("party", bank.as_str()).exiting(Exit::Refused)
}

fn standing_of(
    joined: &Joined,
    bank: &BankId,
    standing: &GetStandingReply,
    asked: Micros,
    answered: Micros,
) -> Vec<Finding> {
    let party = bank.as_str();
    let left = standing.quota.saturating_sub(standing.charged);
    let low = left < ELEMENTS;
    let quota = if low {
        Finding::warn("quota", "doctor-quota-low")
    } else {
        Finding::ok("holder", "doctor-holder-ok")
    };
    let mut findings = vec![quota.with("party", party).with("left", left)];
    if standing.time_us > 0 {
        let clock = clock("clock", party, standing.time_us, asked, answered);
        findings.extend((clock.state() != State::Ok).then_some(clock));
    }
    let pinned = joined.context.roster.now();
    let same_version = standing.roster_version == pinned.roster.version;
    if same_version && standing.roster_digest != pinned.digest.as_bytes()[..] {
        findings.push(differs(party, standing.roster_version));
    }
    findings
}

#[cfg(test)]
mod tests {
    use lianfang_link::Refusal;

    use super::*;

    fn state(finding: &Finding) -> (State, String) {
        (finding.state(), finding.code().to_owned())
    }

    #[test]
    fn what_the_coordinator_met_is_told_apart() {
        let seen =
            |word: &str| reached(&CheckUpReply { reached: word.to_owned(), ..CheckUpReply::default() });
        assert_eq!(state(&seen("ok")), (State::Ok, "doctor-address-ok".to_owned()));
        assert_eq!(state(&seen("not-tried")).0, State::Warn);
        assert_eq!(state(&seen("not-listening")), (State::Fail, "doctor-address-unreachable".to_owned()));
        assert_eq!(state(&seen("untrusted")), (State::Fail, "doctor-address-refused".to_owned()));
        let odd = seen("\u{1b}[2Jok").sentence(lianfang_desk::Lang::En);
        assert!(!odd.contains('\u{1b}'), "{odd}");
    }

    #[test]
    fn rosters_are_compared_by_version_and_digest() {
        for (own, version, digest, wanted) in [
            (3, 3, 7_u8, (State::Ok, "doctor-roster-ok")),
            (3, 4, 8, (State::Warn, "doctor-roster-behind")),
            (3, 4, 7, (State::Warn, "doctor-roster-behind")),
            (4, 3, 8, (State::Fail, "doctor-roster-ahead")),
            (3, 3, 8, (State::Fail, "doctor-roster-differs")),
        ] {
            let roster_digest = vec![digest; 32].into();
            let seen = CheckUpReply { roster_version: version, roster_digest, ..CheckUpReply::default() };
            assert_eq!(
                state(&roster(own, &[7; 32], &seen)),
                (wanted.0, wanted.1.to_owned()),
                "{own} {version}"
            );
        }
    }

    #[test]
    fn the_own_port_is_judged_by_who_answers_there() {
        let (alpha, beta) = (Party::Bank("alpha".to_owned()), Party::Bank("beta".to_owned()));
        let wrong = Refusal::WrongParty { expected: alpha, answered: beta };
        let in_use = || Err("in use".to_owned());
        for (dialled, listened, wanted) in [
            (Ok(()), Ok(()), Some((State::Ok, "doctor-port-ok"))),
            (Err(LinkError::NotListening), Ok(()), Some((State::Warn, "doctor-port-idle"))),
            (Err(LinkError::Unreachable), Ok(()), Some((State::Warn, "doctor-port-idle"))),
            (Err(LinkError::NotListening), in_use(), Some((State::Fail, "doctor-port-taken"))),
            (Err(LinkError::TimedOut), Ok(()), Some((State::Fail, "doctor-port-other"))),
            (Err(LinkError::Garbled), Ok(()), Some((State::Fail, "doctor-port-other"))),
            (Err(LinkError::Untrusted(wrong)), Ok(()), Some((State::Fail, "doctor-port-other"))),
            (Err(LinkError::Untrusted(Refusal::NotYetValid)), Ok(()), None),
            (Err(LinkError::Untrusted(Refusal::Expired)), Ok(()), None),
        ] {
            let found = heard(&dialled, listened).map(|finding| state(&finding));
            assert_eq!(found, wanted.map(|(state, code)| (state, code.to_owned())), "{dialled:?}");
        }
    }
}
