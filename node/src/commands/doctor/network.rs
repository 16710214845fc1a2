//! What is found by asking: the own port, the coordinator and what it sees of this node, the key holders.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use lianfang_desk::Exit;
use lianfang_link::client::DialLimits;
use lianfang_link::{CertificateDer, Dialer, LinkError, Party, Validity};
use lianfang_proto::ids::{BankId, KeyId};
use lianfang_proto::v1::{CheckUpReply, GetStandingReply};
use lianfang_proto::{Fault, FaultCode};
use lianfang_telemetry::doctor::{Finding, State};

use crate::app::{App, Joined};
use crate::fault::problem;
use crate::peers::coordinator::NAME;
use crate::ports::Micros;

/// Days before a certificate's end from which on it is a matter; from the smaller number on it is a problem.
const DAYS: (u64, u64) = (30, 7);
/// Seconds that two clocks may lie apart; from the larger number on deadlines and certificates are judged wrongly.
const SECONDS: (u64, u64) = (5, 60);
/// Elements under which a quota is as good as used up: a small job's.
const ELEMENTS: u64 = 10_000;
/// Time for the own port to answer.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn checks(node: &App, joined: &Joined) -> Vec<Finding> {
    let mut findings = certificates(node, joined);
    findings.push(port(node, joined).await);
    let asked = node.ports.clock.now();
    match joined.context.coordinator.check_up().await {
        Ok(seen) => {
            let answered = node.ports.clock.now();
            findings.push(Finding::ok("coordinator", "doctor-coordinator-ok"));
            findings.push(clock("clock", NAME, seen.time_us, asked, answered));
            findings.push(roster(joined, &seen));
            findings.push(advertised(node, &seen));
            findings.push(reached(&seen));
        }
        Err(fault) => findings.push(Finding::problem("coordinator", problem(&fault))),
    }
    findings.extend(holders(node, joined).await);
    findings
}

fn certificates(node: &App, joined: &Joined) -> Vec<Finding> {
    let now = node.clock().now().as_secs();
    let days = |ends: u64| ends.saturating_sub(now) / 86_400;
    let own = match joined.identity.expires() {
        Ok(ends) => own_certificate(days(ends.as_secs()), ends.as_secs() <= now),
        Err(error) => Finding::problem("certificate", lianfang_desk::Problem::bug(error)),
    };
    let pinned = joined.context.roster.now();
    let root = CertificateDer::from(pinned.roster.authority_root.as_slice());
    let ends = Validity::of(&root).map(|validity| validity.not_after.as_secs());
    let authority = ends.map(|ends| authority(days(ends), ends <= now));
    let authority = authority.map_err(lianfang_desk::Problem::bug);
    vec![own, Finding::of("authority", authority)]
}

fn own_certificate(days: u64, over: bool) -> Finding {
    let finding = match days {
        _ if over => return Finding::fail("certificate", "doctor-certificate-over").exiting(Exit::Refused),
        _ if days < DAYS.1 => Finding::fail("certificate", "doctor-certificate-soon").exiting(Exit::Refused),
        _ if days < DAYS.0 => Finding::warn("certificate", "doctor-certificate-soon"),
        _ => Finding::ok("certificate", "doctor-certificate-ok"),
    };
    finding.with("days", days)
}

fn authority(days: u64, over: bool) -> Finding {
    let finding = match days {
        _ if over => return Finding::fail("authority", "doctor-authority-over").exiting(Exit::Refused),
        _ if days < DAYS.0 => Finding::warn("authority", "doctor-authority-soon"),
        _ => Finding::ok("authority", "doctor-authority-ok"),
    };
    finding.with("days", days)
}

/// Whether this node answers at its own address; if nobody does, whether it could listen there.
async fn port(node: &App, joined: &Joined) -> Finding {
    let context = &joined.context;
    let limits = DialLimits { connect: PATIENCE, ..DialLimits::default() };
    let directory = std::sync::Arc::new(context.roster.clone());
    let transport = std::sync::Arc::clone(&node.transport);
    let dialer = Dialer::new(transport, Some(&joined.identity), directory, &node.clock(), limits);
    let address = local(&node.config.listen);
    let own = Party::Bank(context.bank.as_str().to_owned());
    let finding = match dialer.connect(&address, &own).await {
        Ok(_) => Finding::ok("port", "doctor-port-ok"),
        Err(LinkError::NotListening | LinkError::Unreachable) => {
            match node.transport.listen(&node.config.listen).await {
                Ok(_) => Finding::warn("port", "doctor-port-idle"),
                Err(error) => Finding::fail("port", "doctor-port-taken").with("detail", error.to_string()),
            }
        }
        Err(other) => Finding::fail("port", "doctor-port-other").with("detail", other.reason()),
    };
    finding.with("address", node.config.listen.as_str())
}

/// An address that means every one of this machine is dialled at its own.
fn local(listen: &str) -> String {
    match listen.rsplit_once(':') {
        Some(("0.0.0.0" | "*", port)) => format!("127.0.0.1:{port}"),
        Some(("[::]", port)) => format!("[::1]:{port}"),
        _ => listen.to_owned(),
    }
}

/// How far another clock is away: what it said lies somewhere between question and answer.
fn clock(check: &'static str, party: &str, theirs: Micros, asked: Micros, answered: Micros) -> Finding {
    let away =
        if theirs < asked { asked.saturating_sub(theirs) } else { theirs.saturating_sub(answered).max(0) };
    let seconds = u64::try_from(away / 1_000_000).unwrap_or(0);
    let finding = match seconds {
        _ if seconds >= SECONDS.1 => Finding::fail(check, "doctor-clock-off"),
        _ if seconds >= SECONDS.0 => Finding::warn(check, "doctor-clock-off"),
        _ => return Finding::ok(check, "doctor-clock-ok").with("party", party),
    };
    finding.with("party", party).with("seconds", seconds)
}

/// Whether coordinator and node have the same roster.
fn roster(joined: &Joined, seen: &CheckUpReply) -> Finding {
    let pinned = joined.context.roster.now();
    let (own, version) = (pinned.roster.version, seen.roster_version);
    let same = seen.roster_digest == pinned.digest.as_bytes()[..];
    match own.cmp(&version) {
        std::cmp::Ordering::Less => {
            Finding::warn("roster", "doctor-roster-behind").with("own", own).with("version", version)
        }
        std::cmp::Ordering::Greater => {
            let finding = Finding::fail("roster", "doctor-roster-ahead").exiting(Exit::Refused);
            finding.with("own", own).with("version", version)
        }
        std::cmp::Ordering::Equal if same => {
            Finding::ok("roster", "doctor-roster-ok").with("version", version)
        }
        std::cmp::Ordering::Equal => differs(NAME, version),
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
        Err(fault) if fault.code == FaultCode::NotAdmitted => vec![refused(&fault)],
        Err(fault) => vec![Finding::problem("holder", problem(&fault))],
    }
}

fn refused(fault: &Fault) -> Finding {
    Finding::problem("holder", problem(fault)).exiting(Exit::Refused)
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
    use super::*;

    fn state(finding: &Finding) -> (State, String) {
        (finding.state(), finding.code().to_owned())
    }

    #[test]
    fn a_clock_is_judged_by_what_lies_between_question_and_answer() {
        let s = 1_000_000;
        let judged = |theirs| clock("clock", "alpha", theirs, 1_000 * s, 1_010 * s).state();
        assert_eq!(judged(1_000 * s), State::Ok);
        assert_eq!(judged(1_010 * s), State::Ok);
        assert_eq!(judged(1_014 * s), State::Ok);
        assert_eq!(judged(1_016 * s), State::Warn);
        assert_eq!(judged(994 * s), State::Warn);
        assert_eq!(judged(939 * s), State::Fail);
        assert_eq!(judged(1_071 * s), State::Fail);
        assert_eq!(judged(i64::MIN), State::Fail);
        assert_eq!(judged(i64::MAX), State::Fail);
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
    fn certificates_are_told_in_time() {
        assert_eq!(own_certificate(300, false).state(), State::Ok);
        assert_eq!(own_certificate(29, false).state(), State::Warn);
        assert_eq!(own_certificate(6, false).state(), State::Fail);
        assert_eq!(state(&own_certificate(0, true)), (State::Fail, "doctor-certificate-over".to_owned()));
        assert_eq!(authority(29, false).state(), State::Warn);
        assert_eq!(authority(0, true).state(), State::Fail);
    }

    #[test]
    fn an_address_of_all_is_dialled_at_home() {
        assert_eq!(local("0.0.0.0:7000"), "127.0.0.1:7000");
        assert_eq!(local("[::]:7000"), "[::1]:7000");
        assert_eq!(local("bank:7000"), "bank:7000");
    }
}
